//! Noise reduction by spectral gating: each bin of each frame is attenuated by as much of its power as is noise.
//!
//! Frames and hop are noisereduce's (Sainburg, Thielk & Gentner 2020), and so is the choice between one noise floor for
//! the clip and one that follows it. The floor is not: noisereduce takes the mean over all frames, speech included, and
//! gates speech with it. Here it comes from the quietest fifth of the frames, and the mask is that of spectral subtraction
//! of power on a smoothed spectrum (Berouti, Schwartz & Makhoul 1979) with a floor of its own, so that speech is never
//! silenced. Smoothing the mask over 500 Hz and 50 ms, as noisereduce does, was measured on the embedded corpus in white
//! and pink noise: it costs 3 to 12 dB, and from 10 dB up speech comes out noisier than it went in.

use std::ops::Range;

use realfft::num_complex::Complex;
use serde::{Deserialize, Serialize};

use super::spectrum::Spectrum;

/// Frame and hop, in samples.
const FRAME: usize = 1024;
const HOP: usize = 256;

/// The part of the frames that are taken for noise alone.
const QUIET: f64 = 0.2;
/// A clip without a pause has speech in its quietest frames, but seldom all the time in the same bins. So no bin's noise
/// is taken for more than this many times its own quietest fifth. White noise is 2.1 times that, smoothed as here, and in
/// one bin of 200 more than this.
const BY_QUIET: f64 = 3.1;
/// How many times the noise is subtracted, since its power in one frame is often above its mean.
const OVER_SUBTRACTION: f64 = 3.0;
/// No bin is attenuated by more than 20 dB.
const LEAST_POWER: f64 = 0.01;
/// Weights of a bin's neighbours, two on either side, and of a frame's, one on either side.
const OVER_BINS: [f32; 5] = [1.0 / 9.0, 2.0 / 9.0, 3.0 / 9.0, 2.0 / 9.0, 1.0 / 9.0];
const OVER_FRAMES: [f32; 3] = [0.25, 0.5, 0.25];
/// The floor that follows the clip is that of so many seconds on either side, taken every so many.
const REACH_SECONDS: f64 = 2.0;
const STEP_SECONDS: f64 = 0.5;

/// Whether and how noise is reduced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Denoise {
    /// As recorded.
    #[default]
    None,
    /// One noise floor for the whole clip.
    Stationary,
    /// A noise floor that follows the clip, over two seconds on either side.
    Adaptive,
}

impl Denoise {
    pub(super) fn is_none(&self) -> bool {
        *self == Self::None
    }

    /// Reduces the noise of a clip at `sample_rate` Hz; its length stays.
    #[must_use]
    pub fn apply(self, samples: Vec<f32>, sample_rate: u32) -> Vec<f32> {
        if self == Self::None || samples.is_empty() {
            return samples;
        }
        let mut spectrum = Spectrum::new(FRAME, HOP);
        let power = Power::of(&samples, &mut spectrum);
        let per_second = f64::from(sample_rate) / HOP as f64;
        let floors = match self {
            Self::Adaptive => Floors::following(&power, REACH_SECONDS * per_second, STEP_SECONDS * per_second),
            Self::None | Self::Stationary => Floors { step: 1.0, floors: vec![power.floor(0..power.frames)] },
        };
        let mut sum = spectrum.overlap(samples.len());
        let mut bins = vec![Complex::default(); power.bins];
        for t in 0..power.frames {
            spectrum.analyse(&samples, t, &mut bins);
            for (bin, x) in bins.iter_mut().enumerate() {
                let noise = OVER_SUBTRACTION * floors.at(t, bin) / f64::from(power.at(t, bin)).max(f64::MIN_POSITIVE);
                *x *= (1.0 - noise).max(LEAST_POWER).sqrt() as f32;
            }
            spectrum.synthesise(&mut bins, &mut sum);
        }
        sum.finish()
    }
}

/// The smoothed power of a clip, `[frames, bins]`.
struct Power {
    frames: usize,
    bins: usize,
    values: Vec<f32>,
}

impl Power {
    fn of(samples: &[f32], spectrum: &mut Spectrum) -> Self {
        let (frames, bins) = (spectrum.frames(samples.len()), spectrum.bins());
        let mut frame = vec![Complex::default(); bins];
        let mut raw = vec![0f32; frames * bins];
        for (t, row) in raw.chunks_exact_mut(bins).enumerate() {
            spectrum.analyse(samples, t, &mut frame);
            for (bin, out) in row.iter_mut().enumerate() {
                // What is at the edge stands for what is beyond it.
                let weighted = OVER_BINS.iter().enumerate().map(|(i, weight)| {
                    let near = (bin + i).saturating_sub(OVER_BINS.len() / 2).min(bins - 1);
                    weight * frame[near].norm_sqr()
                });
                *out = weighted.sum();
            }
        }
        let mut values = vec![0f32; raw.len()];
        for (t, row) in values.chunks_exact_mut(bins).enumerate() {
            for (i, weight) in OVER_FRAMES.iter().enumerate() {
                let near = (t + i).saturating_sub(OVER_FRAMES.len() / 2).min(frames - 1);
                row.iter_mut().zip(&raw[near * bins..]).for_each(|(out, x)| *out += weight * x);
            }
        }
        Self { frames, bins, values }
    }

    fn at(&self, frame: usize, bin: usize) -> f32 {
        self.values[frame * self.bins + bin]
    }

    fn frame(&self, frame: usize) -> &[f32] {
        &self.values[frame * self.bins..][..self.bins]
    }

    /// The mean power of the noise in some of the frames, `[bins]`.
    fn floor(&self, frames: Range<usize>) -> Vec<f64> {
        let quiet = ((QUIET * frames.len() as f64).ceil() as usize).clamp(1, frames.len().max(1));
        let lowest = self.lowest(frames.clone(), quiet);
        let mut sums = vec![0f64; self.bins];
        for t in self.quietest(frames, quiet, &lowest) {
            sums.iter_mut().zip(self.frame(t)).for_each(|(sum, &x)| *sum += f64::from(x));
        }
        sums.iter().zip(&lowest).map(|(sum, lowest)| (sum / quiet as f64).min(BY_QUIET * lowest)).collect()
    }

    /// Mean power of each bin in its own `quiet` quietest frames, `[bins]`.
    fn lowest(&self, frames: Range<usize>, quiet: usize) -> Vec<f64> {
        let mut column = Vec::with_capacity(frames.len());
        (0..self.bins)
            .map(|bin| {
                column.clear();
                column.extend(frames.clone().map(|t| self.at(t, bin)));
                let (below, last, _) = column.select_nth_unstable_by(quiet - 1, f32::total_cmp);
                // Sorted, so that the order of the sum is settled.
                below.sort_unstable_by(f32::total_cmp);
                let sum: f64 = below.iter().chain([&*last]).copied().map(f64::from).sum();
                sum / quiet as f64
            })
            .collect()
    }

    /// The `quiet` frames that are quietest as a whole. Each bin counts by how far it is above its `lowest`, so that noise
    /// of a few bins does not decide.
    fn quietest(&self, frames: Range<usize>, quiet: usize, lowest: &[f64]) -> impl Iterator<Item = usize> {
        let weights: Vec<f64> = lowest.iter().map(|x| 1.0 / x.max(f64::from(f32::MIN_POSITIVE))).collect();
        let loudness = |t| self.frame(t).iter().zip(&weights).map(|(&x, weight)| f64::from(x) * weight).sum::<f64>();
        let mut ranked: Vec<(f64, usize)> = frames.map(|t| (loudness(t), t)).collect();
        ranked.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        ranked.into_iter().take(quiet).map(|(_, t)| t)
    }
}

/// Noise floors at every `step` frames, straight lines between them.
struct Floors {
    step: f64,
    floors: Vec<Vec<f64>>,
}

impl Floors {
    fn following(power: &Power, reach: f64, step: f64) -> Self {
        let count = (power.frames as f64 / step).ceil() as usize + 1;
        let floors = (0..count).map(|i| {
            let centre = (i as f64 * step).min(power.frames as f64 - 1.0);
            let start = (centre - reach).max(0.0) as usize;
            power.floor(start..((centre + reach) as usize + 1).min(power.frames))
        });
        Self { step, floors: floors.collect() }
    }

    fn at(&self, frame: usize, bin: usize) -> f64 {
        let place = frame as f64 / self.step;
        let before = (place as usize).min(self.floors.len() - 1);
        let after = (before + 1).min(self.floors.len() - 1);
        let (a, b) = (self.floors[before][bin], self.floors[after][bin]);
        a + place.fract() * (b - a)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        augment::{add_noise, pink, white},
        rng,
        synthetic::{SAMPLE_RATE, Utterance},
    };

    const MODES: [Denoise; 2] = [Denoise::Stationary, Denoise::Adaptive];

    fn speech() -> Vec<Vec<f32>> {
        let of = |(speaker, emotion, sentence)| Utterance { speaker, emotion, sentence, take: 0 }.samples();
        [(0, 0, 0), (3, 4, 1), (6, 5, 2), (9, 3, 3)].into_iter().map(of).collect()
    }

    fn power(x: impl Iterator<Item = f32>) -> f64 {
        x.map(|x| f64::from(x) * f64::from(x)).sum()
    }

    /// Ratio of the clean clip to what another one has besides it, dB.
    fn snr(clean: &[f32], other: &[f32]) -> f64 {
        10.0 * (power(clean.iter().copied()) / power(clean.iter().zip(other).map(|(a, b)| a - b))).log10()
    }

    #[test]
    fn noisy_speech_gains_at_every_ratio() {
        for mode in MODES {
            for kind in ["white", "pink"] {
                for ratio in [0.0, 5.0, 10.0, 20.0] {
                    let gains: Vec<f64> = speech()
                        .iter()
                        .enumerate()
                        .map(|(i, clean)| {
                            let stream = &mut rng::stream(1, &[&kind, &i]);
                            let n = clean.len();
                            let noise = if kind == "white" { white(n, stream) } else { pink(n, stream) };
                            let mut noisy = clean.clone();
                            add_noise(&mut noisy, &noise, ratio);
                            snr(clean, &mode.apply(noisy, SAMPLE_RATE)) - ratio
                        })
                        .collect();
                    let mean = gains.iter().sum::<f64>() / gains.len() as f64;
                    let least = gains.iter().copied().fold(f64::INFINITY, f64::min);
                    println!("{mode:?}, {kind} at {ratio} dB: {mean:+.1} dB, {least:+.1} at the least");
                    assert!(least > 1.5, "{mode:?}, {kind} at {ratio} dB: {gains:?}");
                }
            }
        }
    }

    #[test]
    fn clean_speech_stays_and_no_sample_of_it_is_silenced() {
        for mode in MODES {
            for clean in speech() {
                let after = mode.apply(clean.clone(), SAMPLE_RATE);
                assert_eq!(after.len(), clean.len());
                let level = 10.0 * (power(after.iter().copied()) / power(clean.iter().copied())).log10();
                println!("{mode:?}: {level:+.3} dB, what changed is {:.1} dB below", snr(&clean, &after));
                assert!(level.abs() < 0.5 && snr(&clean, &after) > 20.0, "{mode:?}: {level} dB");
                for (before, after) in clean.chunks(1_024).zip(after.chunks(1_024)) {
                    let left = power(after.iter().copied()) / power(before.iter().copied()).max(1e-12);
                    assert!(left > 0.008, "{mode:?}: a piece is attenuated to {left}");
                }
            }
        }
    }

    #[test]
    fn a_floor_that_follows_the_clip_serves_noise_that_changes() {
        let clean: Vec<f32> = speech().concat();
        let half = clean.len() / 2;
        let mut noise = white(clean.len(), &mut rng::stream(1, &[&"steps"]));
        noise[half..].iter_mut().for_each(|x| *x *= 10.0);
        let mut noisy = clean.clone();
        add_noise(&mut noisy, &noise, 5.0);
        let [one, following] = MODES.map(|mode| snr(&clean, &mode.apply(noisy.clone(), SAMPLE_RATE)));
        println!("from 5 dB: {one:.1} dB with one floor, {following:.1} with one that follows");
        assert!(following > one + 1.0 && following > 7.0, "{one}, {following}");
    }

    #[test]
    fn odd_clips_are_survived() {
        for mode in MODES {
            for n in [0, 1, 100, 1_024] {
                assert_eq!(mode.apply(vec![0.0; n], 16_000), vec![0.0; n]);
                assert!(mode.apply(vec![0.1; n], 16_000).iter().all(|x| x.is_finite()));
            }
        }
    }
}
