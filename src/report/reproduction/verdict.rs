//! Whether a figure of ours reaches a published one.

use std::fmt;

use crate::eval::{Interval, Spread};

/// How ours stands to theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Theirs lies below our 95 % intervals, over speakers and over utterances: of few speakers the first says little.
    Beaten,
    /// Ours is the higher, or lower by no more than a standard deviation: theirs where they say it, else ours over seeds.
    Reproduced,
    /// Ours is lower by more than that.
    NotReached,
}

impl Verdict {
    /// All figures are shares, 0 to 1.
    #[must_use]
    pub fn of(ours: Spread, intervals: &[Interval], theirs: f64, their_std: Option<f64>) -> Self {
        if !intervals.is_empty() && intervals.iter().all(|interval| interval.low > theirs) {
            Self::Beaten
        } else if ours.mean >= theirs - their_std.or(ours.std).unwrap_or(0.0) {
            Self::Reproduced
        } else {
            Self::NotReached
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Beaten => "beaten",
            Self::Reproduced => "reproduced",
            Self::NotReached => "not reached",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_interval_reaches_nothing_and_a_clear_lead_beats() {
        let ours = Spread { mean: 0.6, std: Some(0.01), n: 5 };
        let wide = [Interval { low: 0.5, high: 0.7 }, Interval { low: 0.58, high: 0.62 }];
        for (theirs, std, verdict) in [
            (0.45, None, Verdict::Beaten),
            (0.55, None, Verdict::Reproduced),
            (0.605, None, Verdict::Reproduced),
            (0.65, None, Verdict::NotReached),
            (0.65, Some(0.06), Verdict::Reproduced),
        ] {
            assert_eq!(Verdict::of(ours, &wide, theirs, std), verdict, "{theirs}");
        }
        assert_eq!(Verdict::of(ours, &[], 0.1, None), Verdict::Reproduced);
    }
}
