//! SpecAugment (Park et al. 2019) on a matrix of features: runs of frames and of columns are masked. A masked value
//! becomes the mean of its column, which says nothing of the clip's course.

use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use crate::{error::Result, setting::out_of_range};

/// `augment.spec_augment`: how much is masked. Drawn again for each clip and epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SpecAugment {
    /// How many runs of frames are masked.
    pub time_masks: usize,
    /// The longest of them, in frames.
    pub frames: usize,
    /// The longest of them as a part of the clip, so that a short one is not masked away.
    pub share: f64,
    /// How many runs of columns are masked.
    pub column_masks: usize,
    /// The widest of them, in columns.
    pub columns: usize,
}

impl Default for SpecAugment {
    fn default() -> Self {
        Self { time_masks: 2, frames: 20, share: 0.2, column_masks: 1, columns: 6 }
    }
}

impl SpecAugment {
    pub(super) fn validate(&self) -> Result<()> {
        for (key, masks) in [
            ("augment.spec_augment.time_masks", self.time_masks),
            ("augment.spec_augment.column_masks", self.column_masks),
        ] {
            if masks > 100 {
                return Err(out_of_range(key, masks, "masks, up to 100"));
            }
        }
        if !(0.0..=1.0).contains(&self.share) {
            return Err(out_of_range("augment.spec_augment.share", self.share, "a part of the clip, from 0 to 1"));
        }
        Ok(())
    }

    /// Masks a matrix `[frames, dims]`, row after row, in place. The width of a mask is drawn from 0 up.
    pub fn mask(&self, rows: &mut [f32], dims: usize, stream: &mut impl Rng) {
        let frames = rows.len() / dims.max(1);
        if frames == 0 || dims == 0 {
            return;
        }
        let mut means = vec![0f64; dims];
        for row in rows.chunks_exact(dims) {
            means.iter_mut().zip(row).for_each(|(mean, &x)| *mean += f64::from(x));
        }
        let means: Vec<f32> = means.iter().map(|sum| (sum / frames as f64) as f32).collect();
        let widest = self.frames.min((self.share * frames as f64) as usize);
        for _ in 0..self.time_masks {
            for t in run(frames, widest, stream) {
                rows[t * dims..][..dims].copy_from_slice(&means);
            }
        }
        for _ in 0..self.column_masks {
            let masked = run(dims, self.columns, stream);
            for row in rows.chunks_exact_mut(dims) {
                row[masked.clone()].copy_from_slice(&means[masked.clone()]);
            }
        }
    }
}

/// A run of up to `widest` of `n` places.
fn run(n: usize, widest: usize, stream: &mut impl Rng) -> std::ops::Range<usize> {
    // Drawn as 64 bits, since the width of usize is the machine's.
    let width = stream.random_range(0..=widest.min(n) as u64) as usize;
    let start = stream.random_range(0..=(n - width) as u64) as usize;
    start..start + width
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng;

    #[test]
    fn masks_are_runs_of_the_columns_mean() {
        let (frames, dims) = (50, 10);
        let whole: Vec<f32> = (0..frames * dims).map(|i| i as f32).collect();
        let mean = |column: usize| (column + dims * (frames - 1) / 2) as f32;
        let settings = SpecAugment { time_masks: 1, frames: 8, share: 1.0, column_masks: 1, columns: 3 };
        let mut sizes = std::collections::BTreeSet::new();
        for clip in 0..200 {
            let mut rows = whole.clone();
            settings.mask(&mut rows, dims, &mut rng::stream(1, &[&"mask", &clip]));
            let is_mean = |t: usize, c: usize| rows[t * dims + c] == mean(c);
            let full_rows = (0..frames).filter(|&t| (0..dims).all(|c| is_mean(t, c))).count();
            let full_columns = (0..dims).filter(|&c| (0..frames).all(|t| is_mean(t, c))).count();
            assert!(full_rows <= 8 && full_columns <= 3);
            for t in 0..frames {
                for c in 0..dims {
                    let masked = rows[t * dims + c] != whole[t * dims + c];
                    assert!(!masked || is_mean(t, c));
                }
            }
            sizes.insert((full_rows, full_columns));
        }
        assert_eq!(sizes.len(), 9 * 4, "every size from none to the widest comes up");
    }

    #[test]
    fn a_short_clip_is_not_masked_away() {
        let mut rows: Vec<f32> = (0..9).map(|i| i as f32).collect();
        let whole = rows.clone();
        let settings = SpecAugment { column_masks: 0, share: 0.1, ..SpecAugment::default() };
        settings.mask(&mut rows, 3, &mut rng::stream(1, &[&"mask"]));
        assert_eq!(rows, whole);
        SpecAugment::default().mask(&mut [], 3, &mut rng::stream(1, &[&"mask"]));
    }
}
