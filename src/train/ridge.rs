//! Least squares with an L2 penalty, solved at once: the linear head of a task that learns numbers.
//!
//! The objective is `½ ‖W‖² + C Σ_i ½ ‖y_i − W x_i − b‖²`, with an intercept that is not penalised: scikit-learn's `Ridge`
//! with `alpha = 1 / C`. It is solved by the normal equations in double precision (Cholesky). Each entry of a product is
//! summed in one order, so that the number of threads does not change a bit.

use rayon::prelude::*;

use crate::error::{Error, Result};

/// Sums that run side by side in a product, whatever the processor.
const LANES: usize = 8;

/// What is learnt from.
pub(crate) struct Measured<'a> {
    /// `[rows, dims]`, standardised.
    pub rows: &'a [f32],
    /// Columns.
    pub dims: usize,
    /// `[rows, targets]`.
    pub targets: &'a [f32],
    /// How much each row counts.
    pub weights: &'a [f32],
}

/// A fitted regression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    /// `[targets, dims]`.
    pub weights: Vec<f64>,
    /// One for each target.
    pub intercepts: Vec<f64>,
    /// The mean squared error of the rows and targets.
    pub loss: f64,
}

impl Measured<'_> {
    /// Fits the regression for the inverse strength `c` of the penalty.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] where there are no rows, or a value is not finite.
    pub(crate) fn fit(&self, c: f64) -> Result<Line> {
        let (n, dims) = (self.weights.len(), self.dims);
        if n == 0 || self.weights.iter().all(|weight| *weight == 0.0) {
            return Err(Error::Data("there is no row to learn from".into()));
        }
        if let Some(at) = self.rows.iter().position(|value| !value.is_finite()) {
            return Err(Error::Data(format!(
                "row {}, column {} of what is learnt from is {}: not a number to compute with",
                at / dims,
                at % dims,
                self.rows[at]
            )));
        }
        let count = self.targets.len() / n;
        let all: f64 = self.weights.iter().map(|&weight| f64::from(weight)).sum();
        let columns = |values: &[f32], width: usize| -> (Vec<Vec<f64>>, Vec<f64>) {
            // Centred, and each row by the root of its weight.
            (0..width)
                .into_par_iter()
                .map(|column| {
                    let value = |row: usize| f64::from(values[row * width + column]);
                    let mean = (0..n).map(|row| f64::from(self.weights[row]) * value(row)).sum::<f64>() / all;
                    let centred = |row: usize| f64::from(self.weights[row]).sqrt() * (value(row) - mean);
                    ((0..n).map(centred).collect::<Vec<f64>>(), mean)
                })
                .unzip()
        };
        let (x, x_mean) = columns(self.rows, dims);
        let (y, y_mean) = columns(self.targets, count);
        // The lower half of X'X + I / C.
        let mut gram: Vec<Vec<f64>> = (0..dims)
            .into_par_iter()
            .map(|i| (0..=i).map(|j| product(&x[i], &x[j]) + if i == j { 1.0 / c } else { 0.0 }).collect())
            .collect();
        cholesky(&mut gram)?;
        let solved: Vec<Vec<f64>> =
            y.par_iter().map(|target| solve(&gram, x.iter().map(|column| product(column, target)).collect())).collect();
        let intercepts = solved.iter().zip(&y_mean).map(|(w, mean)| mean - product(w, &x_mean)).collect();
        let residuals: f64 = solved
            .iter()
            .zip(&y)
            .map(|(w, target)| {
                let residual = |row: usize| target[row] - w.iter().zip(&x).map(|(w, x)| w * x[row]).sum::<f64>();
                (0..n).map(|row| residual(row).powi(2)).sum::<f64>()
            })
            .sum();
        let loss = residuals / (all * count.max(1) as f64);
        Ok(Line { weights: solved.concat(), intercepts, loss })
    }
}

/// Turns the lower half of a symmetric matrix into its Cholesky factor.
fn cholesky(matrix: &mut [Vec<f64>]) -> Result<()> {
    for j in 0..matrix.len() {
        let (done, rest) = matrix.split_at_mut(j);
        let Some((pivot, below)) = rest.split_first_mut() else { break };
        let square = pivot[j] - product(&pivot[..j], &pivot[..j]);
        if !(square > 0.0 && square.is_finite()) {
            return Err(Error::Data(
                "the columns depend on each other too much to solve for their weights: lower model.c".into(),
            ));
        }
        let root = square.sqrt();
        pivot[j] = root;
        let pivot: &[f64] = pivot;
        below.par_iter_mut().for_each(|row| row[j] = (row[j] - product(&row[..j], &pivot[..j])) / root);
        let _ = done;
    }
    Ok(())
}

/// The solution of a system whose matrix has this Cholesky factor.
fn solve(factor: &[Vec<f64>], mut of: Vec<f64>) -> Vec<f64> {
    for i in 0..of.len() {
        of[i] = (of[i] - product(&factor[i][..i], &of[..i])) / factor[i][i];
    }
    for i in (0..of.len()).rev() {
        let sum: f64 = (i + 1..of.len()).map(|j| factor[j][i] * of[j]).sum();
        of[i] = (of[i] - sum) / factor[i][i];
    }
    of
}

/// The sum of products, in lanes whose number is fixed.
fn product(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0f64; LANES];
    let (a, b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f64 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a.zip(b) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += a * b;
        }
    }
    lanes.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `Ridge(alpha=2).fit(x, y, sample_weight=w)` of scikit-learn on these eight rows.
    #[test]
    fn agrees_with_scikit_learn() {
        let rows: [f32; 16] = [0., 1., 1., 0., 2., 1., 1., 2., 3., 0., 0., 3., 2., 2., 1., 1.];
        let targets: [f32; 16] = [0.1, 1., 0.2, 0., 0.5, 1., 0.4, 2., 0.9, 0., 0.3, 3., 0.8, 2., 0.2, 1.];
        let weights: [f32; 8] = [1., 1., 2., 1., 0.5, 1., 1., 3.];
        let fitted = Measured { rows: &rows, dims: 2, targets: &targets, weights: &weights }.fit(0.5).unwrap();
        for (value, expected) in fitted.weights.iter().chain(&fitted.intercepts).zip(SKLEARN) {
            assert!((value - expected).abs() < 1e-9, "{fitted:?}");
        }
    }

    const SKLEARN: [f64; 6] = [
        0.205_731_622_653_681_14,
        0.083_412_006_874_182_53,
        -0.070_128_118_678_354_7,
        0.755_900_202_292_65,
        0.018_476_062_738_766_84,
        0.385_704_652_730_950_9,
    ];

    #[test]
    fn more_columns_than_rows_are_solved_and_threads_change_no_bit() {
        let (n, dims) = (40, 70);
        let rows: Vec<f32> = (0..n * dims).map(|i| ((i * i) as f32 * 0.37).sin()).collect();
        let targets: Vec<f32> = (0..n).map(|i| (i as f32 * 0.7).cos()).collect();
        let measured = Measured { rows: &rows, dims, targets: &targets, weights: &vec![1.0; n] };
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| measured.fit(1e3).unwrap())
        };
        let fitted = with(1);
        assert_eq!(fitted, with(3));
        assert!(fitted.loss < 1e-4, "{}", fitted.loss);
        assert!(Measured { weights: &[], rows: &[], targets: &[], dims }.fit(1.0).is_err());
    }
}
