//! Which sides the weights are trained on.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::protocol::Fold;

/// `train.train_on`: what weights, scaler and class weights come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TrainOn {
    /// The training side. Validation is held out.
    #[default]
    #[serde(rename = "train")]
    Train,
    /// Validation's clips, too: for a recipe that is settled, so that nothing is left to choose on them.
    #[serde(rename = "train+validation")]
    TrainAndValidation,
}

impl TrainOn {
    /// Whether it is what a config without one means.
    #[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
    pub(super) fn is_default(&self) -> bool {
        *self == Self::Train
    }

    /// Those clips of the fold.
    pub(crate) fn members(self, fold: &Fold) -> Cow<'_, [usize]> {
        match self {
            Self::Train => Cow::Borrowed(&fold.train),
            Self::TrainAndValidation => [&fold.train[..], &fold.validation].concat().into(),
        }
    }
}
