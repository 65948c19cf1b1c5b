//! Clip ↔ spectra, for what changes a clip in the frequency domain: librosa's `stft` and `istft` (periodic Hann window,
//! frames centred, zeros beyond the ends), a frame at a time.

use std::{f64::consts::TAU, fmt, sync::Arc};

use realfft::{ComplexToReal, RealFftPlanner, RealToComplex, num_complex::Complex};
use ser_kernels::wide;

/// A planned pair of transforms. Single precision does, where what comes out are samples: it is 130 dB below the loudest.
#[derive(Clone)]
pub(crate) struct Spectrum {
    hop: usize,
    window: Arc<[f32]>,
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    frame: Vec<f32>,
    scratch: Vec<Complex<f32>>,
}

impl Spectrum {
    /// For frames of `length` samples, an even number, every `hop` samples.
    pub(crate) fn new(length: usize, hop: usize) -> Self {
        let mut planner = RealFftPlanner::new();
        let (forward, inverse) = (planner.plan_fft_forward(length), planner.plan_fft_inverse(length));
        let scratch = forward.get_scratch_len().max(inverse.get_scratch_len());
        Self {
            hop,
            window: (0..length).map(|i| 0.5 - 0.5 * (TAU * i as f64 / length as f64).cos()).map(|x| x as f32).collect(),
            frame: forward.make_input_vec(),
            scratch: vec![Complex::default(); scratch],
            forward,
            inverse,
        }
    }

    /// Bins of a spectrum.
    pub(crate) fn bins(&self) -> usize {
        self.window.len() / 2 + 1
    }

    /// Frames of a clip of `samples` samples.
    pub(crate) fn frames(&self, samples: usize) -> usize {
        1 + samples / self.hop
    }

    /// Writes the spectrum of frame `index` of `clip`, `[bins]`.
    pub(crate) fn analyse(&mut self, clip: &[f32], index: usize, spectrum: &mut [Complex<f32>]) {
        let half = self.window.len() / 2;
        let centre = index * self.hop;
        let before = half.saturating_sub(centre); // zeros ahead of the clip
        let start = (centre + before - half).min(clip.len());
        let length = (self.window.len() - before).min(clip.len() - start);
        self.frame.fill(0.0);
        let (inside, window, clip) = (&mut self.frame[before..], &self.window[before..], &clip[start..start + length]);
        wide(
            #[inline(always)]
            || {
                for ((out, window), &x) in inside.iter_mut().zip(window).zip(clip) {
                    *out = x * window;
                }
            },
        );
        // It fails only on buffers of the wrong size, and these were made for it.
        let done = self.forward.process_with_scratch(&mut self.frame, spectrum, &mut self.scratch);
        debug_assert!(done.is_ok());
    }

    /// Adds the next frame, given by its spectrum, to `sum`. The spectrum is used up.
    pub(crate) fn synthesise(&mut self, spectrum: &mut [Complex<f32>], sum: &mut Overlap) {
        // The spectrum of a real frame is real at both ends; what is left there would be an error.
        let last = spectrum.len() - 1;
        spectrum[0].im = 0.0;
        spectrum[last].im = 0.0;
        let done = self.inverse.process_with_scratch(spectrum, &mut self.frame, &mut self.scratch);
        debug_assert!(done.is_ok());
        let scale = 1.0 / self.window.len() as f32;
        let (sums, weights) = (&mut sum.sums, &mut sum.weights);
        wide(
            #[inline(always)]
            || {
                let places = sums.iter_mut().zip(weights);
                for (((sample, weight), &x), &window) in places.zip(&self.frame).zip(self.window.iter()) {
                    *sample += scale * window * x;
                    *weight += window * window;
                }
            },
        );
        sum.settle(self.hop);
    }

    /// An empty sum for a clip of `samples` samples.
    pub(crate) fn overlap(&self, samples: usize) -> Overlap {
        let frame = self.window.len();
        Overlap {
            before: frame / 2,
            length: samples,
            samples: Vec::with_capacity(samples),
            sums: vec![0.0; frame],
            weights: vec![0.0; frame],
        }
    }

    /// Frames that reach into a clip of `samples` samples, at the most.
    pub(crate) fn frames_that_reach(&self, samples: usize) -> usize {
        (samples + 2 * (self.window.len() / 2)).div_ceil(self.hop)
    }
}

impl fmt::Debug for Spectrum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spectrum").field("length", &self.window.len()).field("hop", &self.hop).finish_non_exhaustive()
    }
}

/// Overlapping frames, added up: the samples that no further frame reaches, and sums where the next one will lie. These are
/// few enough to stay near the processor, which those of the whole clip are not.
pub(crate) struct Overlap {
    /// Sums still to come that lie ahead of the clip: the first frame is centred on its first sample.
    before: usize,
    length: usize,
    samples: Vec<f32>,
    sums: Vec<f32>,
    weights: Vec<f32>,
}

impl Overlap {
    /// Takes the first `count` sums as settled and moves on: each is divided by that of the squared windows, which makes
    /// the least-squares estimate (Griffin & Lim 1984).
    fn settle(&mut self, count: usize) {
        let ahead = self.before.min(count);
        self.before -= ahead;
        let within = ahead..ahead + (count - ahead).min(self.length - self.samples.len());
        let places = self.sums[within.clone()].iter().zip(&self.weights[within]);
        self.samples.extend(places.map(|(x, &weight)| if weight > f32::MIN_POSITIVE { x / weight } else { *x }));
        for line in [&mut self.sums, &mut self.weights] {
            line.copy_within(count.., 0);
            let kept = line.len() - count;
            line[kept..].fill(0.0);
        }
    }

    /// The clip. What no frame reached is silence.
    pub(crate) fn finish(mut self) -> Vec<f32> {
        self.settle(self.sums.len());
        self.samples.resize(self.length, 0.0);
        self.samples
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_is_the_clip() {
        for n in [1, 100, 3_000, 4_096] {
            let clip: Vec<f32> = (0..n).map(|i| ((i * i % 97) as f32 / 97.0) - 0.5).collect();
            let mut spectrum = Spectrum::new(512, 128);
            let mut bins = vec![Complex::default(); spectrum.bins()];
            let mut sum = spectrum.overlap(n);
            for i in 0..spectrum.frames(n) {
                spectrum.analyse(&clip, i, &mut bins);
                spectrum.synthesise(&mut bins, &mut sum);
            }
            let back = sum.finish();
            assert_eq!(back.len(), n);
            // The very last samples of a hop's rest are under few windows.
            let worst = clip.iter().zip(&back).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(worst < 1e-5, "{n} samples: {worst}");
        }
    }
}
