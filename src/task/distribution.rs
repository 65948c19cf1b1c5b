//! What listeners disagree on: the share of them that hears each class.

use burn::tensor::{Tensor, activation::log_softmax};

use super::{Judged, Kind, Loss, Task};
use crate::{
    error::{Error, Result},
    events::Figure,
    metrics::divergence::{jensen_shannon, kullback_leibler, shares},
};

/// Each clip has the votes of its listeners.
#[derive(Debug, Clone)]
pub struct Distribution {
    classes: Vec<String>,
    votes: Vec<Vec<f64>>,
    strata: Vec<usize>,
    temperature: f64,
}

impl Distribution {
    /// The task of giving each clip the shares of its `votes`, one a class: counts or shares. Shares are learnt as they are at
    /// `temperature` 1. `strata` are the groups that balanced sampling draws clips from: their emotions.
    #[must_use]
    pub fn new(classes: Vec<String>, votes: Vec<Vec<f64>>, strata: Vec<usize>, temperature: f64) -> Self {
        Self { classes, votes, strata, temperature }
    }
}

impl Task for Distribution {
    fn kind(&self) -> Kind {
        Kind::Distribution
    }

    fn outputs(&self) -> &[String] {
        &self.classes
    }

    fn words(&self) -> String {
        let temperature = match self.temperature {
            1.0 => String::new(),
            t => format!("; temperature {t}"),
        };
        format!("listeners' votes on {} classes: {}{temperature}", self.classes.len(), self.classes.join(", "))
    }

    /// The shares, each to the inverse of the temperature and normalised.
    fn target(&self, clip: usize) -> Vec<f32> {
        let powers: Vec<f64> = shares(&self.votes[clip]).map(|share| share.powf(1.0 / self.temperature)).collect();
        shares(&powers).map(|share| share as f32).collect()
    }

    fn stratum(&self, clip: usize) -> usize {
        self.strata[clip]
    }

    /// # Errors
    ///
    /// [`Error::Data`] where nobody votes for a class in any of the clips: nothing can be learnt of it.
    fn loss(&self, clips: &[usize]) -> Result<Box<dyn Loss>> {
        let nobody = |class: &usize| clips.iter().all(|&clip| self.votes[clip][*class] == 0.0);
        match (0..self.classes.len()).find(nobody).filter(|_| !clips.is_empty()) {
            Some(class) => Err(Error::Data(format!(
                "task.votes: nobody votes for {} in any of the {} clips that are learnt from: name the other columns in \
                 task.votes, without it, or other folds under [protocol]",
                self.classes[class],
                clips.len()
            ))),
            None => Ok(Box::new(KullbackLeibler)),
        }
    }

    /// The loss is the mean divergence in nats of the answers from the votes as they are.
    fn judge(&self, clips: &[usize], answers: &[Vec<f32>]) -> Judged {
        let (mut loss, mut divergence) = (0.0, 0.0);
        for (&clip, answer) in clips.iter().zip(answers) {
            let votes: Vec<f64> = shares(&self.votes[clip]).collect();
            let answer: Vec<f64> = answer.iter().map(|p| f64::from(p.exp())).collect();
            loss += kullback_leibler(&votes, &answer);
            divergence += jensen_shannon(&votes, &answer);
        }
        let n = clips.len().max(1) as f64;
        Judged { loss: loss / n, figure: Figure::Likeness(1.0 - divergence / n) }
    }

    /// `truth_CLASS` (the votes as the table has them), `prediction_CLASS` (a probability) of every class.
    fn columns(&self) -> Vec<String> {
        self.classes.iter().flat_map(|name| [format!("truth_{name}"), format!("prediction_{name}")]).collect()
    }

    fn cells(&self, clip: usize, answer: &[f32]) -> Vec<String> {
        let each = self.votes[clip].iter().zip(answer);
        each.flat_map(|(votes, p)| [votes.to_string(), p.exp().min(1.0).to_string()]).collect()
    }

    fn digest(&self) -> Option<blake3::Hash> {
        let mut hasher = blake3::Hasher::new();
        for name in &self.classes {
            hasher.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes());
        }
        for value in self.votes.iter().flatten() {
            hasher.update(&value.to_le_bytes());
        }
        Some(hasher.finalize())
    }

    fn plain(&self) -> Box<dyn Task> {
        Box::new(self.clone())
    }
}

/// The Kullback-Leibler divergence of the answers from the targets, in nats.
struct KullbackLeibler;

impl Loss for KullbackLeibler {
    fn of(&self, outputs: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
        // Of 0 the logarithm is not asked for.
        let own = targets.clone().clamp_min(1e-12).log();
        ((own - log_softmax(outputs, 1)) * targets).sum_dim(1).mean()
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;

    fn task(votes: &[[f64; 3]], temperature: f64) -> Distribution {
        let classes = ["angry", "neutral", "sad"].map(String::from).into();
        Distribution::new(classes, votes.iter().map(|row| row.to_vec()).collect(), vec![0; votes.len()], temperature)
    }

    #[test]
    fn targets_are_shares_which_the_temperature_sharpens() {
        let votes = [[6.0, 3.0, 0.0], [0.2, 0.3, 0.5]];
        assert_eq!(task(&votes, 1.0).target(0), [2.0 / 3.0, 1.0 / 3.0, 0.0]);
        assert_eq!(task(&votes, 1.0).target(1), [0.2, 0.3, 0.5]);
        assert_eq!(task(&votes, 0.5).target(0), [0.8, 0.2, 0.0], "4 to 1");
        assert_eq!(task(&votes, 1.0).columns()[..2], ["truth_angry", "prediction_angry"]);
        assert_eq!(task(&votes, 1.0).cells(0, &[0.0, f32::NEG_INFINITY, -1.0])[..4], ["6", "1", "3", "0"]);
        assert_ne!(task(&votes, 1.0).digest(), task(&[[6.0, 3.0, 1.0], [0.2, 0.3, 0.5]], 1.0).digest());
    }

    #[test]
    fn the_loss_is_the_divergence_and_its_gradient_the_difference() {
        let device = Device::flex().autodiff();
        let (outputs, targets) = ([[1.0, 2.0, 0.5], [0.1, -1.0, 3.0]], [[0.5, 0.5, 0.0], [0.1, 0.2, 0.7]]);
        let given = Tensor::<2>::from_data(outputs, &device).require_grad();
        let value = KullbackLeibler.of(given.clone(), Tensor::from_data(targets, &device));
        let gradient = given.grad(&value.clone().backward()).unwrap();
        let numbers = |data: TensorData| data.iter::<f32>().map(f64::from).collect::<Vec<_>>();
        let softmax = |row: &[f64; 3]| shares(&row.map(f64::exp)).collect::<Vec<f64>>();
        let each = outputs.iter().zip(&targets).map(|(o, t)| kullback_leibler(t, &softmax(o)));
        let expected = each.sum::<f64>() / 2.0;
        assert!((numbers(value.into_data())[0] - expected).abs() < 1e-6);
        let slope = (softmax(&outputs[0])[2] - 0.0) / 2.0;
        assert!((numbers(gradient.into_data())[2] - slope).abs() < 1e-6);
    }

    #[test]
    fn answers_are_judged_by_their_likeness_and_a_class_without_votes_is_refused() {
        let task = task(&[[6.0, 3.0, 0.0], [0.0, 0.0, 4.0]], 1.0);
        let right = [vec![(2f32 / 3.0).ln(), (1f32 / 3.0).ln(), f32::NEG_INFINITY], vec![-99.0, -99.0, 0.0]];
        let judged = task.judge(&[0, 1], &right);
        assert!(judged.loss.abs() < 1e-6 && (judged.figure.value() - 1.0).abs() < 1e-6, "{judged:?}");
        let wrong = task.judge(&[1], &[vec![0.0, -99.0, -99.0]]);
        assert!(wrong.figure.value() < 1e-6 && wrong.loss > 20.0, "{wrong:?}");
        let error = task.loss(&[0]).err().unwrap().to_string();
        assert!(error.contains("nobody votes for sad in any of the 1 clips"), "{error}");
        assert!(task.loss(&[0, 1]).is_ok());
    }
}
