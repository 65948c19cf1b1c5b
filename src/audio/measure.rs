//! How long and how loud a clip is, as its file has it: before resampling, trimming and levelling.

use super::{Audio, load};
use crate::{corpus::Source, error::Result};

/// What is quieter than this counts as this: no 16-bit file reaches it, but one of floating-point silence would be at −∞.
const FLOOR_DB: f64 = -120.0;

/// The measures of one clip.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measure {
    /// Its length.
    pub seconds: f64,
    /// Its level over the whole clip, silence included: the root mean square of the mean of the channels, in dB of full
    /// scale (a full sine has −3). Not below −120.
    pub rms_db: f64,
    /// Its sample rate, in Hz.
    pub sample_rate: u32,
}

impl Measure {
    /// Measures decoded audio.
    #[must_use]
    pub fn of(audio: &Audio) -> Self {
        let n = audio.samples.len().max(1) as f64;
        let power = audio.samples.iter().map(|&sample| f64::from(sample) * f64::from(sample)).sum::<f64>() / n;
        Self {
            seconds: audio.samples.len() as f64 / f64::from(audio.sample_rate.max(1)),
            rms_db: (10.0 * power.log10()).max(FLOOR_DB),
            sample_rate: audio.sample_rate,
        }
    }

    /// Decodes and measures a clip.
    ///
    /// # Errors
    ///
    /// As [`load`].
    pub fn take(source: &Source) -> Result<Self> {
        load(source).map(|audio| Self::of(&audio))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_and_level_are_those_of_the_samples() {
        let sine = (0..8_000).map(|i| (i as f32 * 0.3).sin()).collect();
        let measure = Measure::of(&Audio { samples: sine, sample_rate: 16_000 });
        assert_eq!((measure.seconds, measure.sample_rate), (0.5, 16_000));
        approx::assert_abs_diff_eq!(measure.rms_db, -3.01, epsilon = 0.01);
        for samples in [vec![0.0; 10], vec![]] {
            assert_eq!(Measure::of(&Audio { samples, sample_rate: 16_000 }).rms_db, FLOOR_DB);
        }
    }
}
