//! What makes a recogniser doubt its answer.

use serde::{Deserialize, Serialize};

/// How far what a network knows carries: fitted on validation speakers and altered copies of their clips
/// (`train.calibration = "altered"`).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Doubt {
    /// The temperature of a clip rises with this power of its [`distance`], where that is above 1.
    pub power: f64,
    /// The confidence below which an answer is "uncertain".
    pub threshold: f64,
    /// The part of the answers that were not, where it was fitted.
    pub kept: f64,
    /// The part of those that were right.
    pub right: f64,
}

impl Doubt {
    /// What a clip's temperature is multiplied by.
    #[must_use]
    pub fn factor(&self, distance: f64) -> f64 {
        distance.max(1.0).powf(self.power)
    }

    /// Looks for contradictions.
    pub(super) fn check(&self) -> std::result::Result<(), String> {
        let parts = [self.threshold, self.kept, self.right];
        match self.power.is_finite() && self.power >= 0.0 && parts.iter().all(|part| (0.0..=1.0).contains(part)) {
            true => Ok(()),
            false => Err(format!("doubt {self:?}")),
        }
    }
}

/// How far a clip lies from those of training: the mean square of its standardised values, which is 1 for them on average.
#[must_use]
pub fn distance(rows: &[f32]) -> f64 {
    rows.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>() / rows.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_far_is_doubted_and_the_near_is_not() {
        let doubt = Doubt { power: 0.5, threshold: 0.5, kept: 0.7, right: 0.8 };
        assert!((distance(&[2.0, -2.0]) - 4.0).abs() < 1e-12 && distance(&[]) == 0.0);
        assert!((doubt.factor(4.0) - 2.0).abs() < 1e-12 && (doubt.factor(0.1) - 1.0).abs() < 1e-12);
        assert!(doubt.check().is_ok());
        assert!(Doubt { power: -1.0, ..doubt }.check().unwrap_err().contains("power: -1"));
        assert!(Doubt { kept: 1.5, ..doubt }.check().is_err());
    }
}
