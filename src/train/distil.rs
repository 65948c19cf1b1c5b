//! `[distil]`: distillation from trained networks.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    setting::out_of_range,
    task::Loss,
};

/// The config's key of the bundles.
pub(crate) const KEY: &str = "distil.bundles";

/// `[distil]`: trained networks whose mean answer is the target in place of the labels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DistilConfig {
    /// Their bundles: folders, relative to where the program runs, in which `{fold}` and `{seed}` stand for the run's.
    pub bundles: Vec<String>,
    /// The weight of their mean answer in the target; the labels have the rest.
    #[serde(default = "all")]
    pub share: f64,
    /// How much it counts that the network cannot tell what they see of a clip: the mean squared error of the mean over time of their
    /// scaled features or states, for teachers who hear for themselves.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub hints: f64,
}

// serde's signature
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(value: &f64) -> bool {
    *value == 0.0
}

fn all() -> f64 {
    1.0
}

impl DistilConfig {
    pub(crate) fn validate(&self) -> Result<()> {
        if self.bundles.is_empty() || self.bundles.iter().any(String::is_empty) {
            return Err(Error::Config(format!("{KEY}: name the folders of bundles, or leave [distil] out")));
        }
        if !(self.share > 0.0 && self.share <= 1.0) {
            return Err(out_of_range("distil.share", self.share, "a part above 0, up to 1"));
        }
        if !(0.0..=1e3).contains(&self.hints) {
            return Err(out_of_range("distil.hints", self.hints, "0 to 1000"));
        }
        Ok(())
    }
}

/// What teachers say of clips that they hear for themselves, because what they see of a clip is not what the network does.
pub(crate) struct Answers {
    /// The mean answer to each clip and then to each of its copies, `[variants][classes]`; nothing of clips that are not learnt.
    pub by_clip: Vec<Vec<Vec<f32>>>,
    /// The weight of their answer in the target.
    pub share: f64,
    /// What they see of the same, and how much it counts to tell it.
    pub hints: Option<Hints>,
}

/// What teachers see of clips, each column of about unit variance.
pub(crate) struct Hints {
    /// The mean over time of each clip and then of each of its copies, `[variants][columns]`, teacher beside teacher.
    pub by_clip: Vec<Vec<Vec<f32>>>,
    /// How many columns there are.
    pub columns: usize,
    /// The weight of their mean squared error in the loss.
    pub weight: f64,
}

impl Hints {
    /// A loss with theirs beside it: their columns stand behind its own, which are `outputs`.
    pub(crate) fn beside(&self, loss: Box<dyn Loss>, outputs: usize) -> Box<dyn Loss> {
        Box::new(Hinted { loss, outputs, columns: self.columns, weight: self.weight })
    }
}

struct Hinted {
    loss: Box<dyn Loss>,
    outputs: usize,
    columns: usize,
    weight: f64,
}

impl Loss for Hinted {
    fn of(&self, outputs: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
        let [batch, _] = outputs.dims();
        let part = |of: &Tensor<2>, from, columns: usize| of.clone().slice([0..batch, from..from + columns]);
        let of_task = self.loss.of(part(&outputs, 0, self.outputs), part(&targets, 0, self.outputs));
        let error = part(&outputs, self.outputs, self.columns) - part(&targets, self.outputs, self.columns);
        of_task + error.square().mean().mul_scalar(self.weight)
    }
}

impl Answers {
    /// What the network should say of a clip, or of one of its copies, whose label's target is `truth`.
    pub(crate) fn target(&self, clip: usize, copy: Option<usize>, truth: Vec<f32>) -> Vec<f32> {
        let variant = copy.map_or(0, |copy| copy + 1);
        let of = |by_clip: &'_ [Vec<Vec<f32>>]| by_clip.get(clip).and_then(|variants| variants.get(variant)).cloned();
        let share = self.share as f32;
        let mut target = truth;
        if let Some(answer) = of(&self.by_clip) {
            target.iter_mut().zip(answer).for_each(|(truth, answer)| *truth = share * answer + (1.0 - share) * *truth);
        }
        if let Some(hints) = &self.hints {
            target.extend(of(&hints.by_clip).unwrap_or_else(|| vec![0.0; hints.columns]));
        }
        target
    }

    /// How many columns [`Answers::target`] has behind the truth's.
    pub(crate) fn hints(&self) -> usize {
        self.hints.as_ref().map_or(0, |hints| hints.columns)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::task::CrossEntropy;

    #[test]
    fn the_answer_is_that_to_the_copy_which_is_shown() {
        let by_clip = vec![vec![], vec![vec![0.5, 0.5], vec![0.25, 0.75]]];
        let answers = Answers { by_clip, share: 0.5, hints: None };
        assert_eq!(answers.target(1, None, vec![1.0, 0.0]), [0.75, 0.25]);
        assert_eq!(answers.target(1, Some(0), vec![1.0, 0.0]), [0.625, 0.375]);
        assert_eq!(answers.target(0, None, vec![1.0, 0.0]), [1.0, 0.0], "nobody was asked of it");
        let by_clip = vec![vec![], vec![vec![3.0], vec![-2.0]]];
        let hinted = Answers { hints: Some(Hints { by_clip, columns: 1, weight: 0.5 }), ..answers };
        assert_eq!(hinted.target(1, Some(0), vec![1.0, 0.0]), [0.625, 0.375, -2.0]);
    }

    #[test]
    fn the_error_of_hints_is_added_by_its_weight() {
        let hints = Hints { by_clip: vec![], columns: 2, weight: 0.5 };
        let both = hints.beside(Box::new(CrossEntropy::default()), 2);
        let device = Device::flex();
        let tensor = |values: [[f32; 4]; 2]| Tensor::<2>::from_data(values, &device);
        let outputs = [[0.3, -0.2, 1.0, 2.0], [0.5, 0.9, -1.0, 0.0]];
        let targets = [[1.0, 0.0, 1.5, 1.0], [0.0, 1.0, -1.0, 3.0]];
        let value = |loss: Tensor<1>| loss.into_data().iter::<f32>().next().unwrap();
        let of_task = |rows: [[f32; 4]; 2]| tensor(rows).slice([0..2, 0..2]);
        let expected = value(CrossEntropy::default().of(of_task(outputs), of_task(targets)))
            + 0.5 * (0.25 + 1.0 + 0.0 + 9.0) / 4.0;
        approx::assert_relative_eq!(value(both.of(tensor(outputs), tensor(targets))), expected, max_relative = 1e-6);
    }
}
