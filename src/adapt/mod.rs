//! Adaptation to a speaker without labels: what a voice and its microphone add to every answer is estimated from the
//! answers themselves, and taken away.
//!
//! ```text
//! log-probabilities of a speaker's clips ─► plane.rs: centred ─► estimate.rs: the speaker's offset, or why there is none
//! validation speakers ─► fit.rs: where classes lie, how clips and speakers spread ─► the bundle
//! ```
//!
//! Where several emotions are heard, a second head joins in by degrees (centred.rs): one that was trained on what a clip differs by
//! from its speaker's mean, and may see clips otherwise than the network.
//!
//! The rest works on log-probabilities, so that it is for any classifier. Nothing is assumed of how often a speaker has which
//! emotion: a mean over clips takes an emotion that prevails away with the speaker, so proportions are estimated beside
//! the offset, and where no more than one emotion seems to be heard the adaptation is left off.
//!
//! The model: a clip of class k lies at `means[k] + offset`, with covariance `within`; the offset has covariance `prior`
//! around 0; the classes' proportions are free. The offset is the one of largest posterior density (expectation and
//! maximisation; Dempster, Laird & Rubin, 1977).

mod centred;
mod estimate;
mod fit;
mod matrix;
mod plane;

use serde::{Deserialize, Serialize};

pub use centred::CentredHead;
pub use estimate::{Centred, Estimate, Heard, Off};
pub use fit::Labelled;

/// What a bundle must know to adapt to a speaker. Coordinates are those of the plane of centred log-probabilities, one
/// fewer than classes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Adaptation {
    /// The mean length of the clips that it was fitted on, in seconds.
    pub seconds: f64,
    /// How many speakers those were of.
    pub speakers: usize,
    /// Where the clips of each class lie, `[classes, classes − 1]`.
    pub means: Vec<Vec<f64>>,
    /// How the clips of a speaker and a class spread, `[classes − 1, classes − 1]`.
    pub within: Vec<Vec<f64>>,
    /// How the offsets of speakers and recordings spread, `[classes − 1, classes − 1]`.
    pub prior: Vec<Vec<f64>>,
    /// A second head, which joins in where many emotions are heard; none in bundles of earlier versions. It stands among the
    /// bundle's arrays.
    #[serde(skip)]
    pub centred: Option<CentredHead>,
    /// The same of the second head's scores, which tells how many emotions are heard where the first head sees few apart; none
    /// in bundles of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<Box<Adaptation>>,
    /// What log-probabilities are multiplied by where the mean of what was heard has all of its part: answers that know the speaker are
    /// right more often. Absent in bundles of earlier versions: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sharpness: Option<f64>,
}

/// What a sharpness may be.
pub const SHARPNESS: std::ops::RangeInclusive<f64> = 1.0..=4.0;

impl Adaptation {
    /// What tells it from any other: a digest of all that it knows.
    #[must_use]
    pub fn identity(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        // Finite numbers can be written.
        hasher.update(&serde_json::to_vec(self).unwrap_or_default());
        self.centred.iter().for_each(|head| head.digest(&mut hasher));
        hasher.finalize().to_hex()[..16].to_owned()
    }

    /// Looks for contradictions; `classes` is how many there are.
    ///
    /// # Errors
    ///
    /// A text that says what is wrong.
    pub fn check(&self, classes: usize) -> Result<(), String> {
        let width = classes.saturating_sub(1);
        let shaped = |rows: &[Vec<f64>], n: usize| {
            rows.len() == n && rows.iter().all(|row| row.len() == width && row.iter().all(|value| value.is_finite()))
        };
        if !(shaped(&self.means, classes) && shaped(&self.within, width) && shaped(&self.prior, width)) {
            return Err(format!("an adaptation that is not of {classes} classes"));
        }
        self.centred.as_ref().map_or(Ok(()), |head| head.check(classes))?;
        self.second.as_ref().map_or(Ok(()), |second| match second.second {
            None => second.check(classes),
            Some(_) => Err("a second head with a second head".into()),
        })?;
        if let Some(sharpness) = self.sharpness.filter(|sharpness| !SHARPNESS.contains(sharpness)) {
            return Err(format!("an adaptation of sharpness {sharpness}"));
        }
        if !(self.seconds.is_finite() && self.seconds > 0.0) {
            return Err(format!("an adaptation fitted on clips of {} s", self.seconds));
        }
        match [&self.within, &self.prior].iter().all(|matrix| matrix::Factor::of(matrix).is_some()) {
            true => Ok(()),
            false => Err("an adaptation with a spread that is none".into()),
        }
    }
}
