//! Bringing a clip to a common level.

use serde::{Deserialize, Serialize};

use super::loudness;

/// The level that [`Normalise::Rms`] brings a clip to: −20 dB of full scale, which leaves speech room for its peaks.
const RMS_TARGET: f32 = 0.1;

/// What a clip's level is brought to. A silent clip stays as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Normalise {
    /// As recorded.
    #[default]
    None,
    /// The largest magnitude becomes 1.
    Peak,
    /// The root mean square becomes 0.1 (−20 dB of full scale).
    Rms,
    /// The integrated loudness of ITU-R BS.1770 becomes a number of LUFS.
    Loudness,
}

impl Normalise {
    /// Scales the samples, at `sample_rate` Hz, in place; `lufs` is what [`Normalise::Loudness`] brings them to.
    pub fn apply(self, samples: &mut [f32], sample_rate: u32, lufs: f64) {
        let (level, target) = match self {
            Self::None => return,
            Self::Peak => (samples.iter().fold(0f32, |peak, s| peak.max(s.abs())), 1.0),
            Self::Rms => {
                let power: f64 = samples.iter().map(|&s| f64::from(s) * f64::from(s)).sum();
                ((power / samples.len().max(1) as f64).sqrt() as f32, RMS_TARGET)
            }
            Self::Loudness => match loudness(samples, sample_rate) {
                Some(level) => (1.0, 10f64.powf((lufs - level) / 20.0) as f32),
                None => return,
            },
        };
        if level > f32::MIN_POSITIVE {
            let gain = target / level;
            samples.iter_mut().for_each(|s| *s *= gain);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_reached_and_silence_stays() {
        let mut samples = [0.1, -0.2];
        Normalise::Peak.apply(&mut samples, 16_000, 0.0);
        assert_eq!(samples, [0.5, -1.0]);
        Normalise::Rms.apply(&mut samples, 16_000, 0.0);
        let rms = ((samples[0] * samples[0] + samples[1] * samples[1]) / 2.0).sqrt();
        approx::assert_relative_eq!(rms, 0.1, max_relative = 1e-6);
        let mut silence = [0.0; 3];
        for normalise in [Normalise::Peak, Normalise::Rms, Normalise::Loudness] {
            normalise.apply(&mut silence, 16_000, -23.0);
        }
        assert_eq!(silence, [0.0; 3]);
        let mut tone: Vec<f32> = (0..16_000).map(|i| 0.01 * (i as f32 * 0.3).sin()).collect();
        Normalise::Loudness.apply(&mut tone, 16_000, -23.0);
        approx::assert_abs_diff_eq!(loudness(&tone, 16_000).unwrap(), -23.0, epsilon = 1e-3);
    }
}
