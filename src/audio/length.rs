//! Cutting a clip to a fixed length. What is shorter stays: batches are padded, and padding is masked.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// Which part of a long clip is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Crop {
    /// The middle.
    #[default]
    Centre,
    /// The beginning.
    Start,
}

impl Crop {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The samples of `n` that are kept where there may be `most`.
    #[must_use]
    pub fn range(self, n: usize, most: usize) -> Range<usize> {
        let kept = n.min(most);
        let start = match self {
            Self::Centre => (n - kept) / 2,
            Self::Start => 0,
        };
        start..start + kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_clips_are_cut_and_short_ones_stay() {
        assert_eq!(Crop::Centre.range(10, 4), 3..7);
        assert_eq!(Crop::Start.range(10, 4), 0..4);
        assert_eq!(Crop::Centre.range(3, 4), 0..3);
    }
}
