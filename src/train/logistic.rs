//! Multinomial logistic regression with an L2 penalty, solved to convergence: the head that a pretrained encoder's states
//! must be judged with before any other.
//!
//! The objective is scikit-learn's, `½ ‖W‖² + C Σ_i −ln p(y_i | x_i)`, with an intercept that is not penalised, in double
//! precision. It is convex: the solution depends on nothing but the data and C. Sums run over blocks of rows in a fixed
//! order, so that the number of threads does not change a bit. The method is L-BFGS (Nocedal & Wright 2006, algorithm
//! 7.4) with a line search that ensures the Wolfe conditions by bisection.

use std::collections::VecDeque;

use rayon::prelude::*;

use ser_kernels::wide;

use crate::{
    error::{Error, Result},
    numeric::softmax,
};

/// Rows that one task sums over.
const BLOCK: usize = 128;
/// Pairs of steps and gradient changes that approximate the curvature.
const MEMORY: usize = 12;
/// The search ends where the largest entry of the gradient of the objective over `C · n` is below this …
pub(crate) const SOLVED: f64 = 1e-7;
/// … or this, where solutions are compared by what they answer.
pub(crate) const NEARLY_SOLVED: f64 = 1e-5;
/// Far beyond what the search takes on standardised columns.
const MOST_STEPS: usize = 5_000;
/// Sums that run side by side in a product of rows, whatever the processor.
const LANES: usize = 8;
/// Rows that share what is read of the weights. Blocks are whole groups.
const GROUP: usize = 4;
/// Columns that a group works on at a time.
const TILE: usize = 256;

/// What is trained on: rows of `dims` columns, with the weight of each class in every row's target.
pub(crate) struct Examples<'a> {
    /// `[rows, dims]`, standardised.
    pub rows: &'a [f32],
    /// Columns.
    pub dims: usize,
    /// `[rows, classes]`: how much a row counts for each class; a plain label is a 1 among zeros.
    pub targets: &'a [f32],
    /// Classes.
    pub classes: usize,
}

/// A fitted regression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fitted {
    /// `[classes, dims]`.
    pub weights: Vec<f64>,
    /// One for each class; they sum to 0.
    pub intercepts: Vec<f64>,
    /// Steps that the search took.
    pub steps: usize,
    /// The mean cross-entropy of the rows, in nats.
    pub loss: f64,
}

impl Examples<'_> {
    /// Fits the regression for the inverse strength `c` of the penalty.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] where a value is not finite, or the search does not end.
    pub(crate) fn fit(&self, c: f64) -> Result<Fitted> {
        self.fit_to(c, SOLVED)
    }

    /// The same, to a tolerance such as [`NEARLY_SOLVED`].
    pub(crate) fn fit_to(&self, c: f64, tolerance: f64) -> Result<Fitted> {
        if let Some(at) = self.rows.iter().position(|value| !value.is_finite()) {
            return Err(Error::Data(format!(
                "row {}, column {} of what is trained on is {}: not a number to compute with",
                at / self.dims,
                at % self.dims,
                self.rows[at]
            )));
        }
        // Over the weight of all rows, so that steps have a similar size whatever the corpus.
        let scale = 1.0 / (c * self.count());
        let size = self.classes * (self.dims + 1);
        let mut x = vec![0f64; size];
        let (mut value, mut gradient) = self.objective(&x, scale);
        let mut memory = VecDeque::<(Vec<f64>, Vec<f64>, f64)>::new();
        for steps in 0..MOST_STEPS {
            if gradient.iter().fold(0.0, |most: f64, g| most.max(g.abs())) < tolerance {
                return Ok(self.fitted(x, steps, scale));
            }
            let mut direction = direction(&gradient, &memory);
            let mut slope = dot(&direction, &gradient);
            if slope >= 0.0 {
                memory.clear();
                direction = gradient.iter().map(|g| -g).collect();
                slope = dot(&direction, &gradient);
            }
            let Some((next, next_value, next_gradient)) = self.search(&x, value, &direction, slope, scale) else {
                // No step lowers the objective any more: rounding is all that is left.
                return Ok(self.fitted(x, steps, scale));
            };
            let step: Vec<f64> = next.iter().zip(&x).map(|(a, b)| a - b).collect();
            let change: Vec<f64> = next_gradient.iter().zip(&gradient).map(|(a, b)| a - b).collect();
            let curvature = dot(&step, &change);
            if curvature > 0.0 {
                memory.push_back((step, change, 1.0 / curvature));
                if memory.len() > MEMORY {
                    memory.pop_front();
                }
            }
            (x, value, gradient) = (next, next_value, next_gradient);
        }
        Err(Error::Data(format!("logistic regression did not converge in {MOST_STEPS} steps: lower model.c = {c}")))
    }

    /// The weight of all rows.
    fn count(&self) -> f64 {
        self.targets.iter().map(|&target| f64::from(target)).sum::<f64>().max(f64::MIN_POSITIVE)
    }

    fn fitted(&self, x: Vec<f64>, steps: usize, scale: f64) -> Fitted {
        let (weights, intercepts) = x.split_at(self.classes * self.dims);
        let penalty = 0.5 * scale * dot(weights, weights);
        let loss = self.objective(&x, scale).0 - penalty;
        // The intercepts are free but for a constant, which no probability depends on.
        let mean = intercepts.iter().sum::<f64>() / self.classes as f64;
        let intercepts = intercepts.iter().map(|b| b - mean).collect();
        Fitted { weights: weights.to_vec(), intercepts, steps, loss }
    }

    /// A point along the direction that satisfies the weak Wolfe conditions, with its value and gradient.
    fn search(
        &self,
        x: &[f64],
        value: f64,
        direction: &[f64],
        slope: f64,
        scale: f64,
    ) -> Option<(Vec<f64>, f64, Vec<f64>)> {
        const DECREASE: f64 = 1e-4;
        const CURVATURE: f64 = 0.9;
        let (mut low, mut high, mut length) = (0.0, f64::INFINITY, 1.0);
        for _ in 0..60 {
            let next: Vec<f64> = x.iter().zip(direction).map(|(x, d)| x + length * d).collect();
            let (next_value, next_gradient) = self.objective(&next, scale);
            if next_value > value + DECREASE * length * slope {
                high = length;
            } else if dot(&next_gradient, direction) < CURVATURE * slope {
                low = length;
            } else {
                return Some((next, next_value, next_gradient));
            }
            length = if high.is_finite() { 0.5 * (low + high) } else { 2.0 * length };
        }
        None
    }

    /// The objective over `C · n` and its gradient at `x`: weights `[classes, dims]`, then intercepts.
    fn objective(&self, x: &[f64], scale: f64) -> (f64, Vec<f64>) {
        let (weights, intercepts) = x.split_at(self.classes * self.dims);
        let blocks: Vec<(f64, Vec<f64>)> = self
            .rows
            .par_chunks(BLOCK * self.dims.max(1))
            .zip(self.targets.par_chunks(BLOCK * self.classes))
            .map(|(rows, targets)| {
                wide(
                    #[inline(always)]
                    || self.block(rows, targets, weights, intercepts),
                )
            })
            .collect();
        let count = self.count();
        let (mut loss, mut gradient) = (0.0, vec![0f64; x.len()]);
        for (part, of) in &blocks {
            loss += part;
            gradient.iter_mut().zip(of).for_each(|(sum, g)| *sum += g);
        }
        gradient.iter_mut().for_each(|g| *g /= count);
        gradient.iter_mut().zip(weights).for_each(|(g, w)| *g += scale * w);
        (loss / count + 0.5 * scale * dot(weights, weights), gradient)
    }

    /// The loss of some rows, and its gradient. Rows go through in groups, columns in tiles that stay in the fastest cache; what is
    /// added to what in which order does not depend on the tiles.
    #[inline(always)] // into `wide`
    fn block(&self, rows: &[f32], targets: &[f32], weights: &[f64], intercepts: &[f64]) -> (f64, Vec<f64>) {
        let (dims, classes) = (self.dims, self.classes);
        let (mut loss, mut gradient) = (0.0, vec![0f64; weights.len() + intercepts.len()]);
        let mut wider = vec![0f64; GROUP * dims];
        let mut errors = vec![[0f64; GROUP]; classes];
        for (rows, targets) in rows.chunks(GROUP * dims.max(1)).zip(targets.chunks(GROUP * classes)) {
            wider.iter_mut().zip(rows).for_each(|(wider, &x)| *wider = f64::from(x));
            let products = products(&wider, weights, dims, classes);
            errors.fill([0.0; GROUP]);
            for (row, target) in targets.chunks_exact(classes).enumerate() {
                let logits: Vec<f64> =
                    intercepts.iter().zip(&products).map(|(intercept, of)| intercept + of[row]).collect();
                let probabilities = softmax(&logits);
                let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let normaliser = largest + logits.iter().map(|l| (l - largest).exp()).sum::<f64>().ln();
                let count: f64 = target.iter().map(|&t| f64::from(t)).sum();
                for (class, &target) in target.iter().enumerate() {
                    loss += f64::from(target) * (normaliser - logits[class]);
                    errors[class][row] = count * probabilities[class] - f64::from(target);
                    gradient[weights.len() + class] += errors[class][row];
                }
            }
            for tile in (0..dims).step_by(TILE) {
                let width = TILE.min(dims - tile);
                let part: [&[f64]; GROUP] = std::array::from_fn(|row| &wider[row * dims + tile..][..width]);
                for (class, errors) in errors.iter().enumerate() {
                    let into = &mut gradient[class * dims + tile..][..width];
                    for (at, g) in into.iter_mut().enumerate() {
                        for row in 0..GROUP {
                            *g += errors[row] * part[row][at];
                        }
                    }
                }
            }
        }
        (loss, gradient)
    }
}

/// The direction of descent: the gradient through the inverse of the approximate curvature, negated.
fn direction(gradient: &[f64], memory: &VecDeque<(Vec<f64>, Vec<f64>, f64)>) -> Vec<f64> {
    let mut q = gradient.to_vec();
    let mut factors = Vec::with_capacity(memory.len());
    for (step, change, rho) in memory.iter().rev() {
        let factor = rho * dot(step, &q);
        q.iter_mut().zip(change).for_each(|(q, y)| *q -= factor * y);
        factors.push(factor);
    }
    let gamma = memory.back().map_or(1.0, |(_, change, rho)| 1.0 / (rho * dot(change, change)));
    q.iter_mut().for_each(|q| *q *= gamma);
    for ((step, change, rho), factor) in memory.iter().zip(factors.into_iter().rev()) {
        let beta = rho * dot(change, &q);
        q.iter_mut().zip(step).for_each(|(q, s)| *q += (factor - beta) * s);
    }
    q.iter_mut().for_each(|q| *q = -*q);
    q
}

/// The products of a group of rows with the weights of each class: `[classes][row]`. Each is summed in lanes whose number is fixed.
#[inline(always)] // into `wide`
fn products(rows: &[f64], weights: &[f64], dims: usize, classes: usize) -> Vec<[f64; GROUP]> {
    let whole = dims - dims % LANES;
    let mut lanes = vec![[[0f64; LANES]; GROUP]; classes];
    for tile in (0..whole).step_by(TILE) {
        let width = TILE.min(whole - tile);
        let part: [&[f64]; GROUP] = std::array::from_fn(|row| &rows[row * dims + tile..][..width]);
        for (class, lanes) in lanes.iter_mut().enumerate() {
            let weights = &weights[class * dims + tile..][..width];
            let mut sums = *lanes;
            for (at, w) in weights.chunks_exact(LANES).enumerate() {
                for (sums, part) in sums.iter_mut().zip(part) {
                    let x = &part[at * LANES..][..LANES];
                    for lane in 0..LANES {
                        sums[lane] += x[lane] * w[lane];
                    }
                }
            }
            *lanes = sums;
        }
    }
    let of_class = |(class, lanes): (usize, &[[f64; LANES]; GROUP])| {
        std::array::from_fn(|row| {
            let rest = (whole..dims).map(|at| rows[row * dims + at] * weights[class * dims + at]);
            lanes[row].iter().sum::<f64>() + rest.sum::<f64>()
        })
    };
    lanes.iter().enumerate().map(of_class).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;
    use crate::rng;

    /// Rows around a mean for each class.
    fn blobs(rows: usize, dims: usize, classes: usize) -> (Vec<f32>, Vec<f32>) {
        let mut stream = rng::stream(7, &[&"blobs"]);
        let mut targets = vec![0f32; rows * classes];
        let mut values = Vec::with_capacity(rows * dims);
        for i in 0..rows {
            targets[i * classes + i % classes] = 1.0;
            values.extend((0..dims).map(|d| {
                let mean = if d % classes == i % classes { 1.0 } else { 0.0 };
                mean + stream.random_range(-2.0..2.0f32)
            }));
        }
        (values, targets)
    }

    #[test]
    fn the_gradient_is_that_of_the_objective_and_vanishes_at_the_solution() {
        let (rows, targets) = blobs(300, 7, 3);
        let examples = Examples { rows: &rows, dims: 7, targets: &targets, classes: 3 };
        let x: Vec<f64> = (0..24).map(|i| (f64::from(i) * 0.7).sin()).collect();
        let (_, gradient) = examples.objective(&x, 0.01);
        for at in 0..x.len() {
            let moved = |by: f64| {
                let mut x = x.clone();
                x[at] += by;
                examples.objective(&x, 0.01).0
            };
            let slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            assert!((slope - gradient[at]).abs() < 1e-8, "{at}: {slope} {}", gradient[at]);
        }
        let fitted = examples.fit(0.1).unwrap();
        let solution: Vec<f64> = fitted.weights.iter().chain(&fitted.intercepts).copied().collect();
        let (_, gradient) = examples.objective(&solution, 1.0 / (0.1 * 300.0));
        assert!(gradient.iter().all(|g| g.abs() < 1e-6), "{gradient:?}");
        assert!(fitted.steps < 100 && fitted.intercepts.iter().sum::<f64>().abs() < 1e-9);
    }

    #[test]
    fn the_number_of_threads_changes_no_bit() {
        let (rows, targets) = blobs(1_000, 12, 4);
        let examples = Examples { rows: &rows, dims: 12, targets: &targets, classes: 4 };
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| examples.fit(1.0).unwrap())
        };
        assert_eq!(with(1), with(3));
    }

    /// `LogisticRegression(C=0.5, tol=1e-12, max_iter=100000).fit(x, y)` of scikit-learn 1.9.1 on these eight rows.
    #[test]
    fn agrees_with_scikit_learn() {
        let rows: [f32; 16] = [0., 1., 1., 0., 2., 1., 1., 2., 3., 0., 0., 3., 2., 2., 1., 1.];
        let labels = [0, 1, 2, 0, 1, 2, 2, 0];
        let targets: Vec<f32> = labels.iter().flat_map(|&l| (0..3).map(move |c| f32::from(u8::from(c == l)))).collect();
        let fitted = Examples { rows: &rows, dims: 2, targets: &targets, classes: 3 }.fit(0.5).unwrap();
        let expected = SKLEARN;
        for (value, expected) in fitted.weights.iter().chain(&fitted.intercepts).zip(expected) {
            assert!((value - expected).abs() < 1e-6, "{fitted:?}");
        }
    }

    const SKLEARN: [f64; 9] = [
        -0.423_955_143,
        0.031_404_774,
        0.252_112_127,
        -0.631_532_697,
        0.171_843_017,
        0.600_127_924,
        0.717_512_647,
        0.045_144_347,
        -0.762_656_994,
    ];
}
