//! Numbers: dimensions of emotion, intensity, anything that a table rates.

use super::{Judged, Kind, Loss, RegressionLoss, Scale, Task};
use crate::{
    error::{Error, Result},
    events::Figure,
    metrics::{Concordance, mean_ccc},
};

/// Each clip has a number for every target.
#[derive(Debug, Clone)]
pub struct Regression {
    targets: Vec<String>,
    scales: Vec<Scale>,
    values: Vec<Vec<f64>>,
    strata: Vec<usize>,
    loss: RegressionLoss,
}

impl Regression {
    /// The task of giving each clip its `values`, one a target and on its scale. `strata` are the groups that balanced
    /// sampling draws clips from: their emotions.
    #[must_use]
    pub fn new(
        targets: Vec<String>,
        scales: Vec<Scale>,
        values: Vec<Vec<f64>>,
        strata: Vec<usize>,
        loss: RegressionLoss,
    ) -> Self {
        Self { targets, scales, values, strata, loss }
    }

    fn figures(&self, clips: &[usize], answers: &[Vec<f32>]) -> Vec<Concordance> {
        let of = |target: usize| {
            let truth = clips.iter().map(move |&clip| self.scales[target].part(self.values[clip][target]));
            Concordance::of(truth.zip(answers.iter().map(move |answer| f64::from(answer[target]))))
        };
        (0..self.targets.len()).map(of).collect()
    }
}

impl Task for Regression {
    fn kind(&self) -> Kind {
        Kind::Regression
    }

    fn outputs(&self) -> &[String] {
        &self.targets
    }

    fn scales(&self) -> &[Scale] {
        &self.scales
    }

    fn words(&self) -> String {
        let each = self.targets.iter().zip(&self.scales).map(|(name, scale)| format!("{name} ({scale})"));
        let n = self.targets.len();
        format!("{n} target{}: {}", if n == 1 { "" } else { "s" }, each.collect::<Vec<_>>().join(", "))
    }

    /// In parts of the range.
    fn target(&self, clip: usize) -> Vec<f32> {
        self.values[clip].iter().zip(&self.scales).map(|(&value, scale)| scale.part(value) as f32).collect()
    }

    fn stratum(&self, clip: usize) -> usize {
        self.strata[clip]
    }

    /// # Errors
    ///
    /// [`Error::Data`] where a target is the same number in all of the clips: nothing can be learnt of it.
    fn loss(&self, clips: &[usize]) -> Result<Box<dyn Loss>> {
        for (target, name) in self.targets.iter().enumerate() {
            let mut values = clips.iter().map(|&clip| self.values[clip][target]);
            let Some(first) = values.next() else { continue };
            if values.all(|value| value == first) {
                return Err(Error::Data(format!(
                    "task.targets: {name} is {first} in all {} clips that are learnt from: there is nothing to learn; name \
                     another column, or other folds under [protocol]",
                    clips.len()
                )));
            }
        }
        Ok(Box::new(self.loss))
    }

    /// The loss is that of all clips together, in parts of the range.
    fn judge(&self, clips: &[usize], answers: &[Vec<f32>]) -> Judged {
        let figures = self.figures(clips, answers);
        let ccc = mean_ccc(&figures);
        let mse = figures.iter().map(|of| of.rmse * of.rmse).sum::<f64>() / figures.len().max(1) as f64;
        let loss = match self.loss {
            RegressionLoss::Ccc => 1.0 - ccc,
            RegressionLoss::Mse => mse,
            RegressionLoss::Both => 1.0 - ccc + mse,
        };
        Judged { loss, figure: Figure::Ccc(ccc) }
    }

    /// `truth_TARGET`, `prediction_TARGET` of every target, in its own unit.
    fn columns(&self) -> Vec<String> {
        self.targets.iter().flat_map(|name| [format!("truth_{name}"), format!("prediction_{name}")]).collect()
    }

    fn cells(&self, clip: usize, answer: &[f32]) -> Vec<String> {
        let each = self.values[clip].iter().zip(&self.scales).zip(answer);
        each.flat_map(|((truth, scale), &part)| [truth.to_string(), scale.value(part).to_string()]).collect()
    }

    fn digest(&self) -> Option<blake3::Hash> {
        let mut hasher = blake3::Hasher::new();
        for (name, scale) in self.targets.iter().zip(&self.scales) {
            hasher.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes());
            hasher.update(&scale.low.to_le_bytes()).update(&scale.high.to_le_bytes());
        }
        for value in self.values.iter().flatten() {
            hasher.update(&value.to_le_bytes());
        }
        Some(hasher.finalize())
    }

    fn plain(&self) -> Box<dyn Task> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(values: &[[f64; 2]]) -> Regression {
        Regression::new(
            ["arousal", "valence"].map(String::from).into(),
            vec![Scale { low: 1.0, high: 5.0 }, Scale { low: -1.0, high: 1.0 }],
            values.iter().map(|row| row.to_vec()).collect(),
            vec![0; values.len()],
            RegressionLoss::Both,
        )
    }

    #[test]
    fn targets_are_parts_of_their_range_and_cells_are_in_their_unit() {
        let task = task(&[[2.0, -1.0], [5.0, 0.5]]);
        assert_eq!((task.target(0), task.target(1)), (vec![0.25, 0.0], vec![1.0, 0.75]));
        assert_eq!(task.columns(), ["truth_arousal", "prediction_arousal", "truth_valence", "prediction_valence"]);
        assert_eq!(task.cells(1, &[0.5, 1.0]), ["5", "3", "0.5", "1"]);
        assert_eq!(task.words(), "2 targets: arousal (1 to 5), valence (-1 to 1)");
    }

    #[test]
    fn answers_are_judged_by_the_mean_coefficient() {
        let task = task(&[[1.0, -1.0], [3.0, 0.0], [5.0, 1.0]]);
        let judged = task.judge(&[0, 1, 2], &[vec![0.0, 0.5], vec![0.5, 0.5], vec![1.0, 0.5]]);
        // One is right, the other says nothing: 0, and a mean square of (0.25 + 0 + 0.25) / 3 of one of two.
        assert_eq!(judged.figure, Figure::Ccc(0.5));
        assert!((judged.loss - (0.5 + 0.5 / 6.0)).abs() < 1e-12, "{judged:?}");
    }

    #[test]
    fn a_target_that_is_one_number_is_refused_and_data_has_a_digest() {
        let same = task(&[[2.0, 0.0], [2.0, 1.0]]);
        let error = same.loss(&[0, 1]).err().unwrap().to_string();
        assert!(error.contains("arousal is 2 in all 2 clips"), "{error}");
        let varied = task(&[[2.0, 0.0], [2.5, 1.0]]);
        assert!(varied.loss(&[0, 1]).is_ok() && varied.loss(&[]).is_ok());
        assert_ne!(same.digest(), varied.digest());
    }
}
