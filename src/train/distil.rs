//! `[distil]`: distillation from trained networks.

use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    setting::out_of_range,
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
        Ok(())
    }
}

/// What teachers say of clips that they hear for themselves, because what they see of a clip is not what the network does.
pub(crate) struct Answers {
    /// The mean answer to each clip and then to each of its copies, `[variants][classes]`; nothing of clips that are not learnt.
    pub by_clip: Vec<Vec<Vec<f32>>>,
    /// The weight of their answer in the target.
    pub share: f64,
}

impl Answers {
    /// What the network should say of a clip, or of one of its copies, whose label's target is `truth`.
    pub(crate) fn target(&self, clip: usize, copy: Option<usize>, truth: Vec<f32>) -> Vec<f32> {
        let variant = copy.map_or(0, |copy| copy + 1);
        let Some(answer) = self.by_clip.get(clip).and_then(|variants| variants.get(variant)) else { return truth };
        let share = self.share as f32;
        truth.iter().zip(answer).map(|(truth, answer)| share * answer + (1.0 - share) * truth).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_that_to_the_copy_which_is_shown() {
        let by_clip = vec![vec![], vec![vec![0.5, 0.5], vec![0.25, 0.75]]];
        let answers = Answers { by_clip, share: 0.5 };
        assert_eq!(answers.target(1, None, vec![1.0, 0.0]), [0.75, 0.25]);
        assert_eq!(answers.target(1, Some(0), vec![1.0, 0.0]), [0.625, 0.375]);
        assert_eq!(answers.target(0, None, vec![1.0, 0.0]), [1.0, 0.0], "nobody was asked of it");
    }
}
