//! Cutting a clip into windows of one length that overlap: each is trained on by itself, and the probabilities of a clip's
//! windows are averaged into the clip's prediction.
//!
//! Windows are ranges of frames of the clip's one matrix, not clips of their own. They are therefore always on the side
//! of the split that their clip is on, and the cache need not know of them.

use std::ops::Range;

/// Length of a window and step from one to the next, in frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Windows {
    length: usize,
    step: usize,
}

impl Windows {
    /// One window: the whole clip, whatever its length.
    pub const WHOLE: Self = Self { length: usize::MAX, step: 1 };

    /// Windows of so many frames, the part `overlap` (0 up to 1) of which each shares with the next one, at the least.
    #[must_use]
    pub fn new(frames: usize, overlap: f64) -> Self {
        let length = frames.max(1);
        Self { length, step: ((length as f64 * (1.0 - overlap)).round() as usize).max(1) }
    }

    /// Frames of a window.
    #[must_use]
    pub fn length(self) -> usize {
        self.length
    }

    /// How many windows a clip of so many frames has: one, if it is no longer than a window.
    #[must_use]
    pub fn count(self, frames: usize) -> usize {
        1 + frames.saturating_sub(self.length).div_ceil(self.step)
    }

    /// The frames of window `index` of a clip of so many frames. The first begins where the clip begins, the last ends
    /// where it ends, and the others lie evenly between; what is shorter than a window is one, and padded in the batch.
    #[must_use]
    pub fn range(self, frames: usize, index: usize) -> Range<usize> {
        let spare = frames.saturating_sub(self.length);
        let last = self.count(frames) - 1;
        let start = if last == 0 { 0 } else { (2 * index.min(last) * spare + last) / (2 * last) };
        start..(start + self.length.min(frames)).min(frames)
    }

    /// Log-probabilities of a clip from those of its windows: the logarithm of the mean probability of each class. Those of
    /// a single window stay as they are, to the bit.
    #[must_use]
    pub fn average(log_probabilities: &[Vec<f32>]) -> Vec<f32> {
        match log_probabilities {
            [] => Vec::new(),
            [only] => only.clone(),
            [first, ..] => (0..first.len())
                .map(|class| {
                    let sum: f64 = log_probabilities.iter().map(|row| f64::from(row[class]).exp()).sum();
                    (sum / log_probabilities.len() as f64).ln() as f32
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_cover_the_clip_and_overlap_as_asked() {
        for (length, overlap) in [(10, 0.5), (7, 0.25), (1, 0.0), (86, 0.9), (5, 0.0)] {
            let windows = Windows::new(length, overlap);
            for frames in 0..300 {
                let ranges: Vec<_> = (0..windows.count(frames)).map(|i| windows.range(frames, i)).collect();
                assert_eq!((ranges[0].start, ranges[ranges.len() - 1].end), (0, frames));
                assert!(ranges.iter().all(|range| range.len() == length.min(frames)), "{frames}: {ranges:?}");
                for pair in ranges.windows(2) {
                    assert!(pair[1].start > pair[0].start, "{frames}: {ranges:?}");
                    assert!(pair[1].start - pair[0].start <= windows.step, "{frames}: {ranges:?}");
                }
            }
        }
        assert_eq!(Windows::new(10, 0.5).count(30), 5);
        assert_eq!((Windows::WHOLE.count(1_000), Windows::WHOLE.range(1_000, 0)), (1, 0..1_000));
    }

    #[test]
    fn probabilities_are_averaged_and_not_their_logarithms() {
        let row = |p: [f32; 2]| p.map(f32::ln).to_vec();
        let mean = Windows::average(&[row([0.9, 0.1]), row([0.1, 0.9]), row([0.8, 0.2])]);
        approx::assert_relative_eq!(mean[0].exp(), 0.6, max_relative = 1e-6);
        approx::assert_relative_eq!(mean[1].exp(), 0.4, max_relative = 1e-6);
        assert_eq!(Windows::average(&[vec![-0.3, f32::NEG_INFINITY]]), [-0.3, f32::NEG_INFINITY]);
    }
}
