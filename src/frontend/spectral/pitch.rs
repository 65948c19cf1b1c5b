//! Fundamental frequency: YIN (de Cheveigné & Kawahara 2002) as librosa's `yin` computes it, zeros beyond the ends.
//!
//! There is no decision on voicing: a frame without a clear period gets the least bad one, and a silent frame the highest
//! frequency looked for.

use std::{fmt, sync::Arc};

use realfft::{ComplexToReal, RealFftPlanner, RealToComplex, num_complex::Complex};

use super::{config::Frames, extractor::Feature, stft::Frame};

/// A dip of the normalised difference below this is a period; the first such dip is taken.
const TROUGH: f64 = 0.1;

/// Whether a period of `fmin` Hz fits in a frame.
pub(super) fn period_fits(fmin: f32, frames: &Frames) -> bool {
    f64::from(frames.sample_rate) / f64::from(fmin) < (frames.length - 1) as f64
}

/// Fundamental frequency of a frame, Hz.
#[derive(Clone)]
pub(super) struct Pitch {
    sample_rate: f64,
    /// Shortest and longest period, samples.
    periods: (usize, usize),
    forward: Arc<dyn RealToComplex<f64>>,
    inverse: Arc<dyn ComplexToReal<f64>>,
    signal: Vec<f64>,
    spectrum: Vec<Complex<f64>>,
    scratch: Vec<Complex<f64>>,
    /// Normalised difference at each period from the shortest to the longest.
    difference: Vec<f64>,
}

impl Pitch {
    pub fn new(fmin: f32, fmax: f32, frames: &Frames) -> Self {
        let sample_rate = f64::from(frames.sample_rate);
        let shortest = (sample_rate / f64::from(fmax)).floor().max(1.0) as usize;
        let longest = ((sample_rate / f64::from(fmin)).ceil() as usize).min(frames.length - 1);
        // Long enough that the lags wanted do not wrap around.
        let length = quick_length(frames.length + longest);
        let mut planner = RealFftPlanner::new();
        let (forward, inverse) = (planner.plan_fft_forward(length), planner.plan_fft_inverse(length));
        let scratch = forward.get_scratch_len().max(inverse.get_scratch_len());
        Self {
            sample_rate,
            periods: (shortest, longest.max(shortest)),
            signal: forward.make_input_vec(),
            spectrum: forward.make_output_vec(),
            scratch: vec![Complex::default(); scratch],
            difference: Vec::with_capacity(longest),
            forward,
            inverse,
        }
    }

    /// Leaves the autocorrelation of `samples` in `self.signal`.
    fn autocorrelate(&mut self, samples: &[f32]) {
        for (out, &x) in self.signal.iter_mut().zip(samples) {
            *out = f64::from(x);
        }
        self.signal[samples.len()..].fill(0.0);
        // They fail only on buffers of the wrong size or an input that is no spectrum of real samples; this one is.
        let there = self.forward.process_with_scratch(&mut self.signal, &mut self.spectrum, &mut self.scratch);
        for x in &mut self.spectrum {
            *x = Complex::new(x.norm_sqr(), 0.0);
        }
        let back = self.inverse.process_with_scratch(&mut self.spectrum, &mut self.signal, &mut self.scratch);
        debug_assert!(there.is_ok() && back.is_ok());
        let scale = 1.0 / self.signal.len() as f64;
        for x in &mut self.signal {
            *x *= scale;
        }
    }

    /// Fills `self.difference`: the paper's cumulative mean normalised difference, equation 8.
    fn normalised_difference(&mut self, samples: &[f32]) {
        self.autocorrelate(samples);
        let (shortest, longest) = self.periods;
        self.difference.clear();
        let (mut energy, mut sum) = (0.0, 0.0);
        for lag in 1..=longest {
            let sample = f64::from(samples[lag - 1]);
            energy += sample * sample;
            // librosa leaves the first sample's energy out of the difference at lag 1, though not at the others.
            let gone = if lag == 1 { 0.0 } else { energy };
            let difference = 2.0 * (self.signal[0] - self.signal[lag]) - gone;
            sum += difference;
            if lag >= shortest {
                self.difference.push(difference / (sum / lag as f64 + f64::from(f32::MIN_POSITIVE)));
            }
        }
    }
}

impl Feature for Pitch {
    fn frame(&mut self, frame: &Frame<'_>, out: &mut [f32]) {
        self.normalised_difference(frame.samples);
        let i = first_trough(&self.difference);
        let period = (self.periods.0 + i) as f64 + vertex(&self.difference, i);
        out[0] = (self.sample_rate / period) as f32;
    }

    fn boxed(&self) -> Box<dyn Feature> {
        Box::new(self.clone())
    }
}

impl fmt::Debug for Pitch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pitch").field("periods", &self.periods).finish_non_exhaustive()
    }
}

/// Index of the first local minimum below the threshold, else of the lowest value.
fn first_trough(x: &[f64]) -> usize {
    let falls = |i: usize| i == 0 || x[i] < x[i - 1];
    let rises = |i: usize| match x.get(i + 1) {
        Some(&next) if i == 0 => x[i] < next,
        Some(&next) => x[i] <= next,
        None => true,
    };
    (0..x.len()).find(|&i| x[i] < TROUGH && falls(i) && rises(i)).unwrap_or_else(|| {
        let mut lowest = 0;
        for i in 1..x.len() {
            if x[i] < x[lowest] {
                lowest = i;
            }
        }
        lowest
    })
}

/// Where the parabola through `x[i]` and its neighbours turns, relative to `i`; 0 if that is further than one step.
fn vertex(x: &[f64], i: usize) -> f64 {
    if i == 0 || i + 1 >= x.len() {
        return 0.0;
    }
    let curvature = x[i + 1] + x[i - 1] - 2.0 * x[i];
    let slope = (x[i + 1] - x[i - 1]) / 2.0;
    if slope.abs() >= curvature.abs() { 0.0 } else { -slope / curvature }
}

/// The least length from `n` up that is a power of two, or three or five times one.
fn quick_length(n: usize) -> usize {
    [1, 3, 5].map(|factor: usize| factor * n.div_ceil(factor).next_power_of_two()).into_iter().min().unwrap_or(n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_has_its_pitch() {
        let frames = Frames { sample_rate: 16_000, length: 1024, hop: 256 };
        let mut pitch = Pitch::new(65.0, 600.0, &frames);
        for hz in [80.0, 150.0, 333.3] {
            let samples: Vec<f32> =
                (0..1024).map(|i| (std::f32::consts::TAU * hz * i as f32 / 16_000.0).sin()).collect();
            let mut out = [0.0];
            pitch.frame(&Frame { index: 0, samples: &samples, power: &[], magnitude: &[] }, &mut out);
            approx::assert_relative_eq!(out[0], hz, max_relative = 0.01);
        }
    }

    #[test]
    fn quick_lengths_are_short_and_long_enough() {
        assert_eq!([2387, 2561, 3073, 4097].map(quick_length), [2560, 3072, 4096, 5120]);
    }
}
