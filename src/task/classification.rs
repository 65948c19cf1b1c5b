//! One of several classes.

use super::{ClassWeights, CrossEntropy, Judged, Kind, Loss, Task};
use crate::{
    error::Result,
    events::Figure,
    metrics::{Confusion, scores},
    numeric::argmax,
};

/// Settings of the loss.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ClassificationLoss {
    /// The part of the truth that is spread evenly over all classes (Szegedy et al. 2016), from 0 to below 1.
    pub label_smoothing: f64,
    /// The exponent of focal loss (Lin et al. 2017); 0 is plain cross-entropy.
    pub focal_gamma: f64,
    /// How much a clip of each class counts.
    pub class_weights: ClassWeights,
}

/// Each clip is of one class.
#[derive(Debug, Clone)]
pub struct Classification {
    classes: Vec<String>,
    labels: Vec<usize>,
    /// What each clip is taught as, a share of each class, where that is more than its class.
    shares: Option<Vec<Vec<f32>>>,
    loss: ClassificationLoss,
}

impl Classification {
    /// The task of giving each clip its class: `labels` are places in `classes`, one a clip.
    #[must_use]
    pub fn new(classes: Vec<String>, labels: Vec<usize>, loss: ClassificationLoss) -> Self {
        Self { classes, labels, shares: None, loss }
    }

    /// The same, each clip taught as so much of each class: `shares` `[clips, classes]`, a row of which sums to 1. What is right
    /// stays the class alone.
    #[must_use]
    pub fn taught(self, shares: Option<Vec<Vec<f32>>>) -> Self {
        Self { shares, ..self }
    }

    /// Each clip's class, a place in [`Task::outputs`].
    pub(super) fn labels(&self) -> &[usize] {
        &self.labels
    }
}

impl Task for Classification {
    fn kind(&self) -> Kind {
        Kind::Classification
    }

    fn outputs(&self) -> &[String] {
        &self.classes
    }

    fn words(&self) -> String {
        format!("{} classes: {}", self.classes.len(), self.classes.join(", "))
    }

    /// All for the class, less what is spread over all classes.
    fn target(&self, clip: usize) -> Vec<f32> {
        let smoothing = self.loss.label_smoothing;
        let spread = smoothing / self.classes.len() as f64;
        if let Some(shares) = &self.shares {
            let part = |share: &f32| ((1.0 - smoothing) * f64::from(*share) + spread) as f32;
            return shares[clip].iter().map(part).collect();
        }
        let mut target = vec![spread as f32; self.classes.len()];
        target[self.labels[clip]] = (1.0 - smoothing + spread) as f32;
        target
    }

    fn class_counts(&self, clips: &[usize], classes: usize) -> Vec<f64> {
        let mut counts = vec![0.0; classes];
        for &clip in clips {
            match &self.shares {
                Some(shares) => counts.iter_mut().zip(&shares[clip]).for_each(|(sum, part)| *sum += f64::from(*part)),
                None => counts[self.labels[clip]] += 1.0,
            }
        }
        counts
    }

    /// Each class's part of the target counts as the class does, as in [`CrossEntropy`].
    fn weighed(&self, clip: usize, class_weights: Option<&[f32]>) -> (Vec<f32>, f32) {
        let mut target = self.target(clip);
        let weights = class_weights.unwrap_or_default();
        target.iter_mut().zip(weights).for_each(|(part, weight)| *part *= weight);
        (target, 1.0)
    }

    fn stratum(&self, clip: usize) -> usize {
        self.labels[clip]
    }

    fn loss(&self, clips: &[usize]) -> Result<Box<dyn Loss>> {
        let counts = self.class_counts(clips, self.classes.len());
        let weights = self.loss.class_weights.resolve(&self.classes, &counts)?;
        Ok(Box::new(CrossEntropy { weights, focal_gamma: self.loss.focal_gamma }))
    }

    fn judge(&self, clips: &[usize], answers: &[Vec<f32>]) -> Judged {
        let truth = clips.iter().map(|&clip| self.labels[clip]);
        let loss: f64 = truth.clone().zip(answers).map(|(class, row)| -f64::from(row[class])).sum();
        let pairs = truth.zip(answers.iter().map(|row| argmax(row)));
        let confusion = Confusion::from_pairs(self.classes.clone(), pairs);
        let uar = confusion.ok().and_then(|confusion| scores::uar(&confusion)).unwrap_or(f64::NAN);
        Judged { loss: loss / clips.len().max(1) as f64, figure: Figure::Uar(uar) }
    }

    /// `truth`, `prediction`, then a probability for each class, `p_CLASS`.
    fn columns(&self) -> Vec<String> {
        let fixed = ["truth", "prediction"].map(str::to_owned);
        fixed.into_iter().chain(self.classes.iter().map(|class| format!("p_{class}"))).collect()
    }

    fn cells(&self, clip: usize, answer: &[f32]) -> Vec<String> {
        let probabilities: Vec<f32> = answer.iter().map(|p| p.exp().min(1.0)).collect();
        let names = [self.labels[clip], argmax(&probabilities)].map(|class| self.classes[class].clone());
        names.into_iter().chain(probabilities.iter().map(ToString::to_string)).collect()
    }

    fn digest(&self) -> Option<blake3::Hash> {
        let mut hasher = blake3::Hasher::new();
        self.shares.as_ref()?.iter().flatten().for_each(|share| _ = hasher.update(&share.to_le_bytes()));
        Some(hasher.finalize())
    }

    fn plain(&self) -> Box<dyn Task> {
        Box::new(Self { loss: ClassificationLoss::default(), ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(loss: ClassificationLoss) -> Classification {
        Classification::new(["angry", "sad"].map(String::from).into(), vec![0, 1, 1], loss)
    }

    #[test]
    fn targets_are_smoothed_and_sum_to_one() {
        assert_eq!(task(ClassificationLoss::default()).target(1), [0.0, 1.0]);
        let smooth = ClassificationLoss { label_smoothing: 0.2, ..ClassificationLoss::default() };
        assert_eq!(task(smooth).target(0), [0.9, 0.1]);
    }

    #[test]
    fn what_is_taught_in_shares_is_judged_by_the_class() {
        let weights = ClassificationLoss { class_weights: ClassWeights::Balanced, ..ClassificationLoss::default() };
        let plain = task(weights.clone());
        let taught = plain.clone().taught(Some(vec![vec![0.75, 0.25], vec![0.0, 1.0], vec![0.25, 0.75]]));
        assert_eq!((taught.target(0), plain.target(0)), (vec![0.75, 0.25], vec![1.0, 0.0]));
        assert_eq!(
            (taught.class_counts(&[0, 1, 2], 2), plain.class_counts(&[0, 1, 2], 2)),
            (vec![1.0, 2.0], vec![1.0, 2.0])
        );
        assert_eq!(taught.weighed(0, Some(&[1.5, 0.5])), (vec![1.125, 0.125], 1.0));
        assert_eq!(plain.weighed(1, Some(&[1.5, 0.5])), (vec![0.0, 0.5], 1.0));
        assert_eq!(plain.weighed(1, None), (vec![0.0, 1.0], 1.0));
        let answers = vec![vec![-0.5f32, -1.0]; 3];
        assert_eq!(taught.judge(&[0, 1, 2], &answers), plain.judge(&[0, 1, 2], &answers));
        assert!(plain.digest().is_none() && taught.digest().is_some());
        let smooth = Classification { loss: ClassificationLoss { label_smoothing: 0.2, ..weights }, ..taught };
        assert!(smooth.target(0).iter().zip([0.7, 0.3]).all(|(a, b): (&f32, f32)| (a - b).abs() < 1e-6));
    }

    #[test]
    fn answers_are_judged_by_recall_of_classes_and_cross_entropy() {
        let task = task(ClassificationLoss::default());
        let answers: Vec<Vec<f32>> =
            [[0.8f32, 0.2], [0.4, 0.6], [0.7, 0.3]].iter().map(|row| row.iter().map(|p| p.ln()).collect()).collect();
        let judged = task.judge(&[0, 1, 2], &answers);
        assert_eq!(judged.figure, Figure::Uar(0.75));
        let expected = -(0.8f64.ln() + 0.6f64.ln() + 0.3f64.ln()) / 3.0;
        assert!((judged.loss - expected).abs() < 1e-6, "{judged:?}");
        assert_eq!(task.columns(), ["truth", "prediction", "p_angry", "p_sad"]);
        let cells = task.cells(2, &answers[2]);
        assert_eq!(cells[..2], ["sad", "angry"]);
        assert!((cells[3].parse::<f32>().unwrap() - 0.3).abs() < 1e-6, "{cells:?}");
    }
}
