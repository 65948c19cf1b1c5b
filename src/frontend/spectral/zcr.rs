//! Zero crossings: librosa's `zero_crossing_rate`, the first and last sample repeated beyond the ends of the clip.

use ser_kernels::wide;

use super::{config::Frames, extractor::Feature, stft::Frame};

/// A sample within this of zero counts as zero, and zero as positive.
const THRESHOLD: f32 = 1e-10;

/// Changes of sign from one sample to the next, per sample of the frame.
#[derive(Clone, Debug)]
pub(super) struct Zcr {
    frames: Frames,
    /// Whether each sample of the clip (1) or not (0) has another sign than the one before.
    crossings: Vec<u8>,
}

impl Zcr {
    pub fn new(frames: &Frames) -> Self {
        Self { frames: *frames, crossings: Vec::new() }
    }
}

impl Feature for Zcr {
    fn begin(&mut self, clip: &[f32]) {
        self.crossings.clear();
        self.crossings.resize(clip.len(), 0);
        wide(
            #[inline(always)]
            || {
                for (crossing, &[a, b]) in self.crossings.iter_mut().skip(1).zip(clip.array_windows()) {
                    *crossing = u8::from((a < -THRESHOLD) != (b < -THRESHOLD));
                }
            },
        );
    }

    fn frame(&mut self, frame: &Frame<'_>, out: &mut [f32]) {
        let (length, centre) = (self.frames.length, frame.index * self.frames.hop);
        // From the frame's second sample on; the repeated samples beyond the ends never change sign.
        let start = (centre + 1).saturating_sub(length / 2);
        let end = (centre + length - length / 2).min(self.crossings.len());
        let count = wide(
            #[inline(always)]
            || sum(self.crossings.get(start..end).unwrap_or_default()),
        );
        out[0] = count as f32 / length as f32;
    }

    fn boxed(&self) -> Box<dyn Feature> {
        Box::new(self.clone())
    }
}

/// Sum of zeros and ones.
#[inline(always)]
fn sum(x: &[u8]) -> u32 {
    const LANES: usize = 32;
    let mut total = 0;
    // So many that a byte can hold each partial sum.
    for part in x.chunks(LANES * 255) {
        let (blocks, rest) = part.as_chunks::<LANES>();
        let mut sums = [0_u8; LANES];
        for block in blocks {
            for i in 0..LANES {
                sums[i] += block[i];
            }
        }
        total += sums.iter().chain(rest).map(|&x| u32::from(x)).sum::<u32>();
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternating_samples_cross_at_every_step_but_the_first() {
        let frames = Frames { sample_rate: 16_000, length: 8, hop: 4 };
        let clip: Vec<f32> = (0..24).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect();
        let mut zcr = Zcr::new(&frames);
        zcr.begin(&clip);
        let rates: Vec<f32> = (0..frames.count(clip.len()))
            .map(|index| {
                let mut out = [0.0];
                zcr.frame(&Frame { index, samples: &[], power: &[], magnitude: &[] }, &mut out);
                out[0] * 8.0
            })
            .collect();
        assert_eq!(rates, [3.0, 7.0, 7.0, 7.0, 7.0, 7.0, 3.0]);
    }
}
