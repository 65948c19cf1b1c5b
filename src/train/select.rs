//! Which epoch's network a run keeps.

use serde::{Deserialize, Serialize};

/// `train.select`: the epoch whose network is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Select {
    /// The one with the best validation UAR; training stops where `train.patience` runs out.
    #[default]
    Best,
    /// The last one: the schedule is run to its end, and no side decides anything. Where validation is a few speakers, the
    /// best epoch is much their own taste.
    Last,
}

impl Select {
    /// Whether it is what a config without one means.
    #[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
    pub(super) fn is_default(&self) -> bool {
        *self == Self::Best
    }
}
