//! The short-time Fourier transform that all features share: librosa's `stft`, centred, periodic Hann window, zero
//! padding.

use std::{f64::consts::TAU, fmt, sync::Arc};

use realfft::{RealFftPlanner, RealToComplex, num_complex::Complex};
use ser_kernels::wide;

use super::config::Frames;

/// Buffers of bins are padded with zeros to a multiple of this, so that loops over them run in whole blocks.
pub(in crate::frontend) const LANES: usize = 16;

/// One frame of a clip, as the features see it.
pub(super) struct Frame<'a> {
    /// Which frame it is, from 0.
    pub index: usize,
    /// The samples before windowing, zeros beyond the ends of the clip, `[frame_length]`.
    pub samples: &'a [f32],
    /// Squared magnitude of the windowed spectrum, `[bins]`, padded with zeros to a multiple of [`LANES`].
    pub power: &'a [f32],
    /// Magnitude of the windowed spectrum, `[bins]`; empty unless a feature asked for it.
    pub magnitude: &'a [f32],
}

/// A planned transform and its buffers.
///
/// It runs in double precision because librosa's does (a double-precision window promotes the samples; the result is then
/// stored in single): in single precision the rounding of a frame's strongest partial covers what lies 80 dB below it,
/// and the decibels of quiet bands come out different.
#[derive(Clone)]
pub(super) struct Stft {
    frames: Frames,
    fft: Arc<dyn RealToComplex<f64>>,
    window: Arc<[f64]>,
    padded: Vec<f32>,
    windowed: Vec<f64>,
    spectrum: Vec<Complex<f64>>,
    scratch: Vec<Complex<f64>>,
    power: Vec<f32>,
    magnitude: Vec<f32>,
}

impl Stft {
    pub fn new(frames: &Frames, with_magnitude: bool) -> Self {
        let length = frames.length;
        let fft = RealFftPlanner::new().plan_fft_forward(length);
        Self {
            frames: *frames,
            window: (0..length).map(|i| 0.5 - 0.5 * (TAU * i as f64 / length as f64).cos()).collect(),
            padded: vec![0.0; length],
            windowed: fft.make_input_vec(),
            spectrum: fft.make_output_vec(),
            scratch: fft.make_scratch_vec(),
            power: vec![0.0; frames.bins().next_multiple_of(LANES)],
            magnitude: if with_magnitude { vec![0.0; frames.bins()] } else { Vec::new() },
            fft,
        }
    }

    /// Transforms frame `index` of `clip`.
    pub fn frame<'a>(&'a mut self, clip: &'a [f32], index: usize) -> Frame<'a> {
        let samples = cut(clip, &self.frames, index, &mut self.padded);
        wide(
            #[inline(always)]
            || {
                for ((out, &x), &w) in self.windowed.iter_mut().zip(samples).zip(self.window.iter()) {
                    *out = f64::from(x) * w;
                }
            },
        );
        // It fails only on buffers of the wrong size, and these were made for it.
        let done = self.fft.process_with_scratch(&mut self.windowed, &mut self.spectrum, &mut self.scratch);
        debug_assert!(done.is_ok());
        wide(
            #[inline(always)]
            || {
                for (p, x) in self.power.iter_mut().zip(&self.spectrum) {
                    *p = (x.re * x.re + x.im * x.im) as f32;
                }
                // Without magnitudes there is no room for them.
                for (m, p) in self.magnitude.iter_mut().zip(&self.power) {
                    *m = p.sqrt();
                }
            },
        );
        Frame { index, samples, power: &self.power, magnitude: &self.magnitude }
    }
}

impl fmt::Debug for Stft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stft").field("frames", &self.frames).finish_non_exhaustive()
    }
}

/// The samples of frame `index`: a slice of the clip where it lies within, else a copy in `padded` with zeros around it.
fn cut<'a>(clip: &'a [f32], frames: &Frames, index: usize, padded: &'a mut [f32]) -> &'a [f32] {
    let half = frames.length / 2;
    let centre = index * frames.hop;
    if centre >= half && centre - half + frames.length <= clip.len() {
        return &clip[centre - half..centre - half + frames.length];
    }
    let before = half.saturating_sub(centre); // zeros ahead of the clip
    let start = (centre + before - half).min(clip.len());
    let length = (frames.length - before).min(clip.len() - start);
    padded[..before].fill(0.0);
    padded[before..before + length].copy_from_slice(&clip[start..start + length]);
    padded[before + length..].fill(0.0);
    padded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cosine_on_a_bin_has_the_power_of_the_hann_window() {
        let frames = Frames { sample_rate: 16_000, length: 64, hop: 16 };
        let clip: Vec<f32> = (0..256).map(|i| (TAU * 8.0 * f64::from(i) / 64.0).cos() as f32).collect();
        let mut stft = Stft::new(&frames, true);
        let frame = stft.frame(&clip, 4);
        // Half the amplitude on either side of 0 Hz, times the window's sum of 32: 16, and half of it in the bins beside.
        for (bin, magnitude) in [(6, 0.0), (7, 8.0), (8, 16.0), (9, 8.0), (10, 0.0)] {
            approx::assert_abs_diff_eq!(frame.magnitude[bin], magnitude, epsilon = 1e-5);
        }
        approx::assert_relative_eq!(frame.power[8], 256.0, max_relative = 1e-6);
    }

    #[test]
    fn frames_beyond_the_ends_are_padded_with_zeros() {
        let frames = Frames { sample_rate: 16_000, length: 8, hop: 2 };
        let clip = [1.0, 2.0, 3.0];
        let mut padded = [9.0; 8];
        assert_eq!(cut(&clip, &frames, 0, &mut padded), [0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 3.0, 0.0]);
        assert_eq!(cut(&clip, &frames, 1, &mut padded), [0.0, 0.0, 1.0, 2.0, 3.0, 0.0, 0.0, 0.0]);
        assert_eq!(frames.count(3), 2);
        assert_eq!((frames.count(0), frames.count(1)), (0, 1));
    }
}
