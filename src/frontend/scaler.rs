//! Standardisation: each column to mean 0 and standard deviation 1, as fitted on the frames it was shown.

use serde::{Deserialize, Serialize};

use super::Matrix;

/// On what the standardisation of the columns is fitted; in every case the test side has no say in it.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ScalerScope {
    /// On the frames of the training side.
    #[default]
    Train,
    /// On each speaker's own clips, with no label seen.
    Speaker,
    /// On each clip alone.
    Utterance,
    /// No standardisation.
    None,
}

impl ScalerScope {
    /// What the scaler is fitted on, for people: a sentence fragment.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Train => "training side alone",
            Self::Speaker => "each speaker's own clips, test speakers included",
            Self::Utterance => "each utterance by itself",
            Self::None => "none",
        }
    }
}

/// A column whose standard deviation is below this part of its mean is constant: what varies is rounding.
const CONSTANT: f64 = 1e-7;

/// Means and standard deviations, one of each per column.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Scaler {
    /// Mean of each column, in its own unit.
    pub mean: Vec<f32>,
    /// Standard deviation of each column (of the population, as scikit-learn's `StandardScaler` has it); 1 for a constant
    /// column, which thus becomes 0.
    pub std: Vec<f32>,
}

impl Scaler {
    /// Fits on matrices of `dims` columns. Their order matters to the last bits: hand them over in a settled one.
    pub fn fit<'a>(dims: usize, matrices: impl IntoIterator<Item = &'a Matrix>) -> Self {
        let mut fit = ScalerFit::new(dims);
        for matrix in matrices {
            fit.add(matrix.as_slice());
        }
        fit.finish()
    }

    /// How many columns it was fitted on.
    #[must_use]
    pub fn dims(&self) -> usize {
        self.mean.len()
    }

    /// Standardises rows of [`dims`](Self::dims) columns in place.
    pub fn apply(&self, rows: &mut [f32]) {
        for row in rows.chunks_exact_mut(self.dims().max(1)) {
            for ((x, mean), std) in row.iter_mut().zip(&self.mean).zip(&self.std) {
                *x = (*x - mean) / std;
            }
        }
    }
}

/// A scaler in the making: counts, means and squared deviations in double precision.
///
/// Each clip is summed by itself and then merged (Chan, Golub & LeVeque 1979), so that no large mean cancels a small
/// spread. The same clips in the same order give the same bits; parts fitted apart can be merged, in a settled order too.
#[derive(Clone, Debug, PartialEq)]
pub struct ScalerFit {
    frames: u64,
    mean: Vec<f64>,
    /// Sum of squared deviations from the mean.
    squares: Vec<f64>,
}

impl ScalerFit {
    /// One that has seen nothing, for rows of `dims` columns.
    #[must_use]
    pub fn new(dims: usize) -> Self {
        Self { frames: 0, mean: vec![0.0; dims], squares: vec![0.0; dims] }
    }

    /// How many frames it has seen.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Takes in the frames of one clip, row-major, `[frames, dims]`.
    pub fn add(&mut self, rows: &[f32]) {
        let dims = self.mean.len();
        if dims == 0 || rows.len() < dims {
            return;
        }
        let mut clip = Self::new(dims);
        for row in rows.chunks_exact(dims) {
            for (sum, &x) in clip.mean.iter_mut().zip(row) {
                *sum += f64::from(x);
            }
            clip.frames += 1;
        }
        for mean in &mut clip.mean {
            *mean /= clip.frames as f64;
        }
        for row in rows.chunks_exact(dims) {
            for ((sum, mean), &x) in clip.squares.iter_mut().zip(&clip.mean).zip(row) {
                let deviation = f64::from(x) - mean;
                *sum += deviation * deviation;
            }
        }
        self.merge(&clip);
    }

    /// Takes in what `other`, of the same number of columns, has seen.
    pub fn merge(&mut self, other: &Self) {
        if other.frames == 0 {
            return;
        }
        let (own, others) = (self.frames as f64, other.frames as f64);
        let share = others / (own + others);
        for i in 0..self.mean.len().min(other.mean.len()) {
            let gap = other.mean[i] - self.mean[i];
            self.squares[i] += other.squares[i] + gap * gap * own * share;
            self.mean[i] += gap * share;
        }
        self.frames += other.frames;
    }

    /// The scaler of all that was seen; of nothing, one that changes nothing.
    #[must_use]
    pub fn finish(&self) -> Scaler {
        let frames = self.frames.max(1) as f64;
        let std = self.mean.iter().zip(&self.squares).map(|(mean, squares)| {
            let std = (squares / frames).sqrt();
            if std <= CONSTANT * mean.abs() || std < f64::from(f32::MIN_POSITIVE) { 1.0 } else { std as f32 }
        });
        Scaler { std: std.collect(), mean: self.mean.iter().map(|&x| x as f32).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(rows: &[[f32; 2]]) -> Matrix {
        Matrix::new(rows.len(), 2, rows.concat()).expect("two columns")
    }

    #[test]
    fn columns_become_standard() {
        let (a, b) = (matrix(&[[1.0, -500.0], [3.0, -500.0]]), matrix(&[[5.0, -500.0], [7.0, -500.0]]));
        let scaler = Scaler::fit(2, [&a, &b]);
        assert_eq!(scaler.mean, [4.0, -500.0]);
        assert_eq!(scaler.std, [5.0_f32.sqrt(), 1.0], "a constant column is divided by 1");
        let mut rows = a.into_vec();
        scaler.apply(&mut rows);
        approx::assert_abs_diff_eq!(rows[..], [-3.0 / 5.0_f32.sqrt(), 0.0, -1.0 / 5.0_f32.sqrt(), 0.0], epsilon = 1e-6);
    }

    #[test]
    fn a_constant_that_no_float_holds_is_still_constant() {
        let clip = Matrix::new(1000, 1, vec![0.1; 1000]).expect("one column");
        assert_eq!(Scaler::fit(1, [&clip, &clip, &clip]).std, [1.0]);
    }

    #[test]
    fn parts_merge_to_the_whole() {
        let clips: Vec<Matrix> = (0..6)
            .map(|c| matrix(&[[c as f32, 1e4 + c as f32], [2.0 * c as f32, 1e4], [0.5, 1e4 - c as f32]]))
            .collect();
        let whole = Scaler::fit(2, &clips);
        let (mut left, mut right) = (ScalerFit::new(2), ScalerFit::new(2));
        clips[..2].iter().for_each(|m| left.add(m.as_slice()));
        clips[2..].iter().for_each(|m| right.add(m.as_slice()));
        left.merge(&right);
        assert_eq!(left.frames(), 18);
        let merged = left.finish();
        approx::assert_relative_eq!(merged.mean[..], whole.mean[..], max_relative = 1e-6);
        approx::assert_relative_eq!(merged.std[..], whole.std[..], max_relative = 1e-6);
    }

    #[test]
    fn no_frames_make_a_scaler_that_changes_nothing() {
        let scaler = Scaler::fit(2, [&Matrix::zeros(0, 2)]);
        assert_eq!((scaler.mean, scaler.std), (vec![0.0; 2], vec![1.0; 2]));
    }
}
