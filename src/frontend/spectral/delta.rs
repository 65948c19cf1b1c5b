//! Derivatives over time: librosa's `delta`, a Savitzky–Golay filter of width 9 whose polynomial has the degree of the
//! derivative.
//!
//! Near the ends librosa fits the polynomial to the first and last nine frames (`mode = "interp"`). As the degree of the
//! polynomial is that of the derivative, its derivative is the same all along those frames: the first four frames repeat
//! the fifth, the last four the last but four.
//!
//! librosa refuses clips of fewer than nine frames. Here the window shrinks to the widest odd number of frames that the
//! clip has; where even that cannot carry the polynomial (one or two frames; three for the third derivative) the
//! derivative is 0.

use super::super::matrix::Matrix;

/// Frames in the window, where there are as many.
pub const WIDTH: usize = 9;

/// The derivative of `order` (1 or more) of each column, per frame to the power of `order`, `[frames, dims]`.
#[must_use]
pub fn delta(matrix: &Matrix, order: usize) -> Matrix {
    let mut out = Matrix::zeros(matrix.frames(), matrix.dims());
    let dims = matrix.dims();
    differentiate(matrix.as_slice(), dims, order, out.as_mut_slice(), dims, 0);
    out
}

/// Writes the derivative of each column of `input`, `[frames, dims]`, to the columns from `offset` of `out`,
/// `[frames, out_dims]`.
pub(super) fn differentiate(input: &[f32], dims: usize, order: usize, out: &mut [f32], out_dims: usize, offset: usize) {
    if dims == 0 || out_dims == 0 {
        return;
    }
    let frames = input.len() / dims;
    let half = WIDTH.min(frames).saturating_sub(1) / 2;
    let weights = weights(half, order);
    for (t, row) in out.chunks_exact_mut(out_dims).take(frames).enumerate() {
        let row = &mut row[offset..offset + dims];
        row.fill(0.0);
        // Within `half` frames of an end, the fit of the window that touches it.
        let centre = t.clamp(half, frames - 1 - half);
        for (x, &w) in input[(centre - half) * dims..].chunks_exact(dims).zip(&weights) {
            for (out, &x) in row.iter_mut().zip(x) {
                *out += w * x;
            }
        }
    }
}

/// The filter's weights for `-half..=half`; none where the window is too narrow for the order.
///
/// The derivative of order `m` of a least-squares polynomial of degree `m` is `m!` times its leading coefficient, and that
/// is the projection of the data on the monic orthogonal polynomial of degree `m` over those points (Gram's), which
/// the three-term recurrence builds.
pub(super) fn weights(half: usize, order: usize) -> Vec<f32> {
    if order > 2 * half {
        return Vec::new();
    }
    let points = || (0..=2 * half).map(|i| i as f64 - half as f64);
    let square = |p: &[f64]| p.iter().map(|x| x * x).sum::<f64>();
    let mut previous = vec![0.0; 2 * half + 1];
    let mut gram = vec![1.0; 2 * half + 1];
    let mut ratio = 0.0;
    let mut factorial = 1.0;
    for degree in 1..=order {
        factorial *= degree as f64;
        let next: Vec<f64> = points().zip(&gram).zip(&previous).map(|((x, p), q)| x * p - ratio * q).collect();
        ratio = square(&next) / square(&gram);
        previous = std::mem::replace(&mut gram, next);
    }
    let norm = factorial / square(&gram);
    gram.into_iter().map(|p| (p * norm) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(values: impl IntoIterator<Item = f32>) -> Matrix {
        let data: Vec<f32> = values.into_iter().collect();
        Matrix::new(data.len(), 1, data).expect("one column")
    }

    #[test]
    fn the_weights_are_those_of_the_literature() {
        let expected: Vec<f32> = (-4..=4).map(|j| j as f32 / 60.0).collect();
        approx::assert_abs_diff_eq!(weights(4, 1)[..], expected[..], epsilon = 1e-8);
        let expected: Vec<f32> = [28.0, 7.0, -8.0, -17.0, -20.0, -17.0, -8.0, 7.0, 28.0].map(|w| w / 462.0).to_vec();
        approx::assert_abs_diff_eq!(weights(4, 2)[..], expected[..], epsilon = 1e-7);
    }

    #[test]
    fn polynomials_are_differentiated_exactly() {
        let slope = delta(&column((0..20).map(|t| 3.0 * t as f32)), 1);
        approx::assert_abs_diff_eq!(slope.as_slice(), [3.0; 20].as_slice(), epsilon = 1e-5);
        let curvature = delta(&column((0..20).map(|t| (t * t) as f32)), 2);
        approx::assert_abs_diff_eq!(curvature.as_slice(), [2.0; 20].as_slice(), epsilon = 1e-4);
        let third = delta(&column((0..20).map(|t| (t * t * t) as f32)), 3);
        approx::assert_abs_diff_eq!(third.as_slice(), [6.0; 20].as_slice(), epsilon = 1e-2);
    }

    #[test]
    fn short_clips_have_a_narrower_window_and_the_shortest_no_slope() {
        for frames in 3..9 {
            let slope = delta(&column((0..frames).map(|t| 2.0 * t as f32)), 1);
            approx::assert_abs_diff_eq!(slope.as_slice(), vec![2.0; frames].as_slice(), epsilon = 1e-5);
        }
        for frames in 0..3 {
            assert_eq!(delta(&column((0..frames).map(|t| t as f32)), 1).as_slice(), vec![0.0; frames]);
        }
        assert_eq!(delta(&column([1.0, 5.0, 2.0]), 3).as_slice(), [0.0; 3]);
    }
}
