//! How long and how loud a clip is, as its file has it: before resampling, trimming and levelling.

use super::Source;
use super::{Audio, load};
use crate::error::Result;

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
        let mut power = Power::default();
        power.add(&audio.samples);
        Self {
            seconds: audio.samples.len() as f64 / f64::from(audio.sample_rate.max(1)),
            rms_db: power.rms_db(),
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

/// The power of a signal that comes block by block.
#[derive(Debug, Default)]
pub(super) struct Power {
    sum: f64,
    samples: u64,
}

impl Power {
    pub(super) fn add(&mut self, block: &[f32]) {
        self.sum = block.iter().fold(self.sum, |sum, &x| sum + f64::from(x) * f64::from(x));
        self.samples += block.len() as u64;
    }

    pub(super) fn samples(&self) -> u64 {
        self.samples
    }

    pub(super) fn rms_db(&self) -> f64 {
        (10.0 * (self.sum / self.samples.max(1) as f64).log10()).max(FLOOR_DB)
    }
}

/// How far speech stands above the noise behind it, in dB, estimated from the clip alone: of the power of its frames of
/// 20 ms the 95th percentile, which is taken for speech and noise, less the 10th, which is taken for noise, over the
/// latter. The levels are read off the distribution of frame energies, after the idea of NIST's `stnr` (Speech Quality
/// Assurance Package); the percentiles are ours.
///
/// It needs pauses: of speech without any it says how far loud frames stand above quiet ones. Frames of digital silence
/// do not count as noise. None where fewer than ten frames are left, or all have one level.
#[must_use]
pub fn snr_db(audio: &Audio) -> Option<f64> {
    let mut snr = Snr::default();
    snr.add(&audio.samples, audio.sample_rate);
    snr.finish()
}

/// [`snr_db`] of a signal that comes block by block.
#[derive(Debug, Default)]
pub(super) struct Snr {
    powers: Vec<f64>,
    /// What of a frame there is by now: its power, its samples.
    pending: (f64, usize),
}

impl Snr {
    pub(super) fn add(&mut self, block: &[f32], sample_rate: u32) {
        const SILENCE: f64 = 1e-12; // FLOOR_DB
        let length = (sample_rate as usize / 50).max(1);
        for &x in block {
            self.pending.0 += f64::from(x) * f64::from(x);
            self.pending.1 += 1;
            if self.pending.1 == length {
                let power = self.pending.0 / length as f64;
                if power.is_finite() && power > SILENCE {
                    self.powers.push(power);
                }
                self.pending = (0.0, 0);
            }
        }
    }

    pub(super) fn finish(self) -> Option<f64> {
        const FEWEST: usize = 10;
        let mut powers = self.powers;
        if powers.len() < FEWEST {
            return None;
        }
        powers.sort_by(f64::total_cmp);
        let at = |share: f64| powers[(share * (powers.len() - 1) as f64).round() as usize];
        let (noise, both) = (at(0.10), at(0.95));
        (both > noise).then(|| 10.0 * ((both - noise) / noise).log10())
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;
    use crate::rng;

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

    #[test]
    fn a_known_ratio_is_found_whatever_the_level() {
        let rate = 16_000;
        for (snr, level) in [(5.0_f64, 1.0), (20.0, 1.0), (20.0, 0.01), (40.0, 0.3)] {
            let mut stream = rng::stream(1, &[&"snr"]);
            // Speech for half of the time, at a tone's power of 1/2; uniform noise has a third of its squared width.
            let width = (3.0 * 0.5 / 10_f64.powf(snr / 10.0)).sqrt();
            let sample = |i: usize| {
                let speech = if (i / rate).is_multiple_of(2) { (i as f64 * 0.3).sin() } else { 0.0 };
                (level * (speech + stream.random_range(-width..width))) as f32
            };
            let samples: Vec<f32> = (0..4 * rate).map(sample).collect();
            let found = snr_db(&Audio { samples: samples.clone(), sample_rate: rate as u32 }).unwrap();
            assert!((found - snr).abs() < 1.5, "{snr} dB at {level}: {found}");
            // Zeros around a clip are not a quiet room.
            let padded = [vec![0.0; 2 * rate], samples].concat();
            let again = snr_db(&Audio { samples: padded, sample_rate: rate as u32 }).unwrap();
            assert!((again - found).abs() < 0.1, "{again} {found}");
        }
        for samples in [vec![], vec![0.0; 16_000], vec![0.5; 16_000], vec![0.5; 100]] {
            assert_eq!(snr_db(&Audio { samples, sample_rate: 16_000 }), None);
        }
    }
}
