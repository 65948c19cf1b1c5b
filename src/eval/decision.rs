//! What a figure with its interval says of a limit.

use serde::{Deserialize, Serialize};

use super::Interval;

/// What a figure with its interval says of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// The whole interval is beyond the limit.
    Failed,
    /// The interval holds the limit, or there is none.
    NotDecided,
    /// No part of the interval is beyond the limit.
    Passed,
}

/// Speakers below which nothing is decided: two or three people are no sample of anybody.
pub const LEAST_SPEAKERS: usize = 4;

impl Decision {
    /// Whether a figure with that interval, of so many speakers, is at least `limit`.
    #[must_use]
    pub fn at_least(limit: f64, interval: Option<Interval>, speakers: usize) -> Self {
        match interval {
            Some(_) if speakers < LEAST_SPEAKERS => Self::NotDecided,
            Some(Interval { low, .. }) if low >= limit => Self::Passed,
            Some(Interval { high, .. }) if high < limit => Self::Failed,
            _ => Self::NotDecided,
        }
    }

    /// Whether a difference with that interval is no larger than `limit` either way; of so many speakers on the side that has
    /// fewer.
    #[must_use]
    pub fn within(limit: f64, interval: Option<Interval>, speakers: usize) -> Self {
        match interval {
            Some(_) if speakers < LEAST_SPEAKERS => Self::NotDecided,
            Some(Interval { low, high }) if low >= -limit && high <= limit => Self::Passed,
            Some(Interval { low, high }) if low > limit || high < -limit => Self::Failed,
            _ => Self::NotDecided,
        }
    }

    /// Of two that must both be passed.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.min(other)
    }

    /// In words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::NotDecided => "not decided",
            Self::Passed => "passed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_decide_and_few_speakers_do_not() {
        let of = |low, high| Some(Interval { low, high });
        for (interval, expected) in [
            (of(-0.02, 0.03), Decision::Passed),
            (of(-0.02, 0.08), Decision::NotDecided),
            (of(0.06, 0.08), Decision::Failed),
            (of(-0.08, -0.06), Decision::Failed),
            (of(-0.08, 0.08), Decision::NotDecided),
            (None, Decision::NotDecided),
        ] {
            assert_eq!(Decision::within(0.05, interval, 4), expected, "{interval:?}");
            assert_eq!(Decision::within(0.05, interval, 3), Decision::NotDecided);
        }
        assert_eq!(Decision::at_least(-0.05, of(-0.04, 0.1), 9), Decision::Passed);
        assert_eq!(Decision::at_least(-0.05, of(-0.2, -0.06), 9), Decision::Failed);
        assert_eq!(Decision::Failed.and(Decision::NotDecided), Decision::Failed);
    }
}
