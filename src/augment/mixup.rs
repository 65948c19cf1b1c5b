//! Mixup (Zhang et al. 2018): the network learns from weighted means of two clips and of their classes. Here is how the
//! weight is drawn; the means are the trainer's business.

use rand::Rng;
use rand_distr::{Beta, Distribution};
use serde::{Deserialize, Serialize};

use crate::{error::Result, setting::out_of_range};

/// `augment.mixup`: how strongly clips are mixed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mixup {
    /// Of the Beta(alpha, alpha) distribution of the weights: near 0, one of the two clips is all but alone; at 1, every
    /// weight is as likely.
    pub alpha: f64,
}

impl Mixup {
    pub(super) fn validate(&self) -> Result<()> {
        if !(self.alpha > 0.0 && self.alpha <= 100.0) {
            return Err(out_of_range("augment.mixup.alpha", self.alpha, "above 0 and up to 100"));
        }
        Ok(())
    }

    /// The weight of the first of two clips, from 0 to 1; that of the second is the rest.
    pub fn weight(&self, stream: &mut impl Rng) -> f32 {
        // It fails only on an alpha that is not positive: then nothing is mixed.
        Beta::new(self.alpha, self.alpha).map_or(1.0, |beta| beta.sample(stream)) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng;

    #[test]
    fn weights_are_distributed_as_beta() {
        for alpha in [0.3, 1.0, 4.0] {
            let mut stream = rng::stream(1, &[&"mixup"]);
            let mixup = Mixup { alpha };
            let weights: Vec<f64> = (0..20_000).map(|_| f64::from(mixup.weight(&mut stream))).collect();
            let mean = weights.iter().sum::<f64>() / weights.len() as f64;
            let variance = weights.iter().map(|w| (w - mean) * (w - mean)).sum::<f64>() / weights.len() as f64;
            assert!((mean - 0.5).abs() < 0.01, "{alpha}: mean {mean}");
            let expected = 1.0 / (4.0 * (2.0 * alpha + 1.0));
            assert!((variance / expected - 1.0).abs() < 0.05, "{alpha}: variance {variance}, expected {expected}");
            assert!(weights.iter().all(|w| (0.0..=1.0).contains(w)));
        }
    }
}
