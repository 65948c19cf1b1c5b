//! What probabilities are calibrated on.

use serde::{Deserialize, Serialize};

/// `train.calibration`: what the temperature is fitted on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Calibration {
    /// The validation side as it was recorded.
    #[default]
    Validation,
    /// The validation side and altered copies of its clips, as `[augment]` makes them, with the distance from the clips of
    /// training; answers below an even chance are then "uncertain".
    Altered,
    /// The validation side and clips of the test side's corpora that `train.calibrate_on` names, as many of each, with the distance
    /// from the clips of training: how sure it may be of strangers is learnt from strangers. Those clips are tested too, and the
    /// report's calibration is not independent of them; every other figure is.
    Corpora,
}

impl Calibration {
    #[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
