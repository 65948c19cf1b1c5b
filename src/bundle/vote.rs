//! How much a bundle has to say beside others.

use serde::{Deserialize, Serialize};

/// Up to this [`distance`](super::distance) a clip is as near as those of training are, …
const HOME: f64 = 1.0;
/// … and from this one on, where the recordings of other corpora begin, it is elsewhere.
const ELSEWHERE: f64 = 1.5;

/// How many times a bundle's vote counts: more where it is at home. A bundle without one has a vote that counts once.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Vote {
    /// On a clip as near to its training as training itself.
    pub near: f64,
    /// On one that lies half as far away again, or farther; in a straight line between.
    pub far: f64,
}

impl Vote {
    /// How many times it counts on a clip at `distance` from the training.
    #[must_use]
    pub fn at(&self, distance: f64) -> f64 {
        self.far + (self.near - self.far) * ((ELSEWHERE - distance) / (ELSEWHERE - HOME)).clamp(0.0, 1.0)
    }

    /// Both ends of the line: the distances at which it counts most, and least.
    pub(super) const fn line() -> [f64; 2] {
        [HOME, ELSEWHERE]
    }

    /// Looks for contradictions.
    pub(super) fn check(&self) -> Result<(), String> {
        match [self.near, self.far].iter().all(|times| times.is_finite() && *times > 0.0) {
            true => Ok(()),
            false => Err(format!("a vote that counts {} and {} times", self.near, self.far)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vote_counts_more_at_home() {
        let vote = Vote { near: 5.0, far: 1.0 };
        assert_eq!([0.0, 1.0, 1.25, 1.5, 9.0].map(|distance| vote.at(distance)), [5.0, 5.0, 3.0, 1.0, 1.0]);
        assert!(vote.check().is_ok() && Vote { far: 0.0, ..vote }.check().unwrap_err().contains("0 times"));
    }
}
