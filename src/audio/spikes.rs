//! Single samples far beyond all others, as damage leaves them in floating-point numbers.

use super::fault::Fault;

/// What full scale of ±1 may be overdriven to and is no damage yet, in most of the samples.
const USUAL: f32 = 4.0;

/// What no sample reaches that belongs to samples of [`USUAL`] size: 30 dB above full scale.
const FAR: f32 = 32.0;

/// Where more samples than one of so many are beyond [`USUAL`], full scale is another one.
const RARE: u64 = 1_000;

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Spikes {
    samples: u64,
    beyond: u64,
    /// The place and value of the furthest.
    furthest: Option<(u64, f32)>,
}

impl Spikes {
    pub(super) fn add(&mut self, samples: &[f32]) {
        let (least, most) = super::decode::extremes(samples);
        if least < -USUAL || most > USUAL {
            for (at, x) in (self.samples..).zip(samples) {
                self.beyond += u64::from(x.abs() > USUAL);
                if x.abs() > self.furthest.map_or(FAR, |(_, furthest)| furthest.abs()) {
                    self.furthest = Some((at, *x));
                }
            }
        }
        self.samples += samples.len() as u64;
    }

    /// What is wrong with all samples together.
    ///
    /// # Errors
    ///
    /// Where a few are far beyond the others.
    pub(super) fn check(&self) -> Result<(), Fault> {
        match self.furthest {
            // Samples of 16 or of 32 bits that were never scaled are many. Of a few samples nothing is known.
            Some((at, value)) if self.beyond.saturating_mul(RARE) <= self.samples => Err(Fault::damaged(format!(
                "is damaged: sample {at} is {value:e}, where all but {} of {} are within ±{USUAL}; fetch it again, or \
                     have its samples clipped",
                self.beyond, self.samples
            ))),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(samples: impl Iterator<Item = f32>) -> Result<(), String> {
        let mut spikes = Spikes::default();
        samples.collect::<Vec<_>>().chunks(700).for_each(|block| spikes.add(block));
        spikes.check().map_err(|fault| fault.problem)
    }

    #[test]
    fn a_spike_is_told_and_another_full_scale_is_none() {
        let tone = |i: u32| 0.7 * (i as f32 * 0.1).sin();
        assert_eq!(checked((0..5_000).map(tone)), Ok(()));
        for scale in [1.9, 128.0, 32_768.0, 2_147_483_648.0] {
            assert_eq!(checked((0..5_000).map(|i| scale * tone(i))), Ok(()), "{scale}");
        }
        for spike in [40.0, -3e4, 2e9] {
            let problem = checked((0..5_000).map(|i| if i == 777 { spike } else { tone(i) })).unwrap_err();
            assert!(problem.contains("sample 777 is"), "{problem}");
        }
    }
}
