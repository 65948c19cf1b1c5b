//! Loudness of the samples: librosa's `rms` of the waveform, zeros beyond the ends of the clip.

use ser_kernels::wide;

use super::{extractor::Feature, stft::Frame};

/// Root mean square of a frame's samples.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rms;

impl Feature for Rms {
    fn frame(&mut self, frame: &Frame<'_>, out: &mut [f32]) {
        out[0] = (wide(
            #[inline(always)]
            || energy(frame.samples),
        ) / frame.samples.len() as f32)
            .sqrt();
    }

    fn boxed(&self) -> Box<dyn Feature> {
        Box::new(*self)
    }
}

/// Sum of squares, in parallel partial sums.
#[inline(always)]
fn energy(samples: &[f32]) -> f32 {
    let (blocks, rest) = samples.as_chunks::<16>();
    let mut sums = [0.0_f32; 16];
    for block in blocks {
        for (sum, x) in sums.iter_mut().zip(block) {
            *sum += x * x;
        }
    }
    sums.iter().sum::<f32>() + rest.iter().map(|x| x * x).sum::<f32>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_is_its_own_root_mean_square() {
        for length in [1, 16, 441, 2048] {
            let samples = vec![-0.5; length];
            let mut out = [0.0];
            Rms.frame(&Frame { index: 0, samples: &samples, power: &[], magnitude: &[] }, &mut out);
            approx::assert_abs_diff_eq!(out[0], 0.5, epsilon = 1e-6);
        }
    }
}
