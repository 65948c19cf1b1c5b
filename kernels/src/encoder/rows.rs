//! What happens to rows of numbers one by one: layer normalisation, GELU, softmax.
//!
//! A sum over a row is sixteen chains, one for each lane of a block, which are added in pairs at the end: the same order at
//! every level.

use crate::functions::{exponential, gelu};
use crate::simd::{LANES, Lanes, per_level};

/// Registers that [`LANES`] numbers take at most.
const REGISTERS: usize = 4;

/// The sum of [`LANES`] numbers in the first `LANES / N` of the registers.
///
/// # Safety
/// The processor has the instruction set.
#[inline(always)]
unsafe fn total<V: Lanes>(sums: [V; REGISTERS]) -> f32 {
    let mut lanes = [0f32; LANES];
    for (i, sum) in sums.iter().enumerate().take(LANES / V::N) {
        // SAFETY: a block holds LANES numbers.
        unsafe { sum.store(lanes.as_mut_ptr().add(i * V::N)) };
    }
    let mut half = LANES / 2;
    while half > 0 {
        for i in 0..half {
            lanes[i] += lanes[i + half];
        }
        half /= 2;
    }
    lanes[0]
}

/// Rows to be normalised.
#[derive(Clone, Copy)]
pub struct Normalise {
    /// How many there are.
    pub rows: usize,
    /// Numbers in each: a multiple of [`LANES`].
    pub columns: usize,
    /// The first row.
    pub x: *mut f32,
    /// Numbers from one row to the next.
    pub x_row: usize,
    /// Scale and shift, `columns` each.
    pub weight: *const f32,
    /// See `weight`.
    pub bias: *const f32,
    /// What is added to the variance.
    pub epsilon: f32,
    /// Where the first normalised row goes; may be `x`.
    pub to: *mut f32,
    /// Numbers from one to the next.
    pub to_row: usize,
    /// What is added to `x` once it has been read, `columns` numbers; null for nothing.
    pub then: *const f32,
}

per_level!(
    /// Layer normalisation of each row.
    ///
    /// # Safety
    /// The pointers are valid for the rows and columns that are described, and no other thread touches them.
    fn normalise(at: Normalise) = normalise_body;
);

#[inline(always)]
unsafe fn normalise_body<V: Lanes>(at: Normalise) {
    let share = 1.0 / at.columns as f32;
    for row in 0..at.rows {
        // SAFETY: the caller guarantees so many rows of so many columns.
        unsafe {
            let (x, to) = (at.x.add(row * at.x_row), at.to.add(row * at.to_row));
            let mut sums = [V::splat(0.0); REGISTERS];
            for block in (0..at.columns).step_by(LANES) {
                for (i, sum) in sums.iter_mut().enumerate().take(LANES / V::N) {
                    *sum = sum.add(V::load(x.add(block + i * V::N)));
                }
            }
            let mean = V::splat(total(sums) * share);
            let mut squares = [V::splat(0.0); REGISTERS];
            for block in (0..at.columns).step_by(LANES) {
                for (i, sum) in squares.iter_mut().enumerate().take(LANES / V::N) {
                    let centred = V::load(x.add(block + i * V::N)).sub(mean);
                    *sum = centred.mul_add(centred, *sum);
                }
            }
            let scale = V::splat(1.0 / (total(squares) * share + at.epsilon).sqrt());
            for column in (0..at.columns).step_by(V::N) {
                let value = V::load(x.add(column));
                if !at.then.is_null() {
                    value.add(V::load(at.then.add(column))).store(x.add(column));
                }
                let scaled = value.sub(mean).mul(scale);
                scaled.mul_add(V::load(at.weight.add(column)), V::load(at.bias.add(column))).store(to.add(column));
            }
        }
    }
}

per_level!(
    /// GELU of each number of `rows` rows of `columns`, a multiple of [`LANES`].
    ///
    /// # Safety
    /// `x` is valid for so many numbers, and no other thread touches them.
    fn gelu_rows(x: *mut f32, rows: usize, columns: usize, stride: usize) = gelu_body;
);

#[inline(always)]
unsafe fn gelu_body<V: Lanes>(x: *mut f32, rows: usize, columns: usize, stride: usize) {
    for row in 0..rows {
        for column in (0..columns).step_by(V::N) {
            // SAFETY: the caller guarantees so many rows of so many columns.
            unsafe {
                let at = x.add(row * stride + column);
                gelu(V::load(at)).store(at);
            }
        }
    }
}

per_level!(
    /// Adds `rows` rows of `columns` numbers, a multiple of [`LANES`], to others.
    ///
    /// # Safety
    /// Both are valid for so many numbers, and no other thread touches them.
    fn add_rows(x: *const f32, to: *mut f32, rows: usize, columns: usize, x_stride: usize, to_stride: usize) = add_body;
);

#[inline(always)]
unsafe fn add_body<V: Lanes>(
    x: *const f32,
    to: *mut f32,
    rows: usize,
    columns: usize,
    x_stride: usize,
    to_stride: usize,
) {
    for row in 0..rows {
        for column in (0..columns).step_by(V::N) {
            // SAFETY: the caller guarantees so many rows of so many columns.
            unsafe {
                let to = to.add(row * to_stride + column);
                V::load(to).add(V::load(x.add(row * x_stride + column))).store(to);
            }
        }
    }
}

per_level!(
    /// `e^(x - m)` of each number of a row, where `m` is the row's largest, and one over their sum: a row has `columns`
    /// numbers, and room for a multiple of [`LANES`], which is filled up with zeros.
    ///
    /// # Safety
    /// `x` is valid for `rows` rows of `stride` numbers, at least `columns` rounded up to a multiple of [`LANES`];
    /// `inverse` for `rows` numbers; no other thread touches them.
    fn softmax_rows(x: *mut f32, rows: usize, columns: usize, stride: usize, inverse: *mut f32) = softmax_body;
);

#[inline(always)]
unsafe fn softmax_body<V: Lanes>(x: *mut f32, rows: usize, columns: usize, stride: usize, inverse: *mut f32) {
    let width = columns.next_multiple_of(LANES);
    for row in 0..rows {
        // SAFETY: the caller guarantees so many rows of so many columns, rounded up.
        unsafe {
            let x = x.add(row * stride);
            for column in columns..width {
                *x.add(column) = f32::NEG_INFINITY;
            }
            let mut most = [V::splat(f32::NEG_INFINITY); REGISTERS];
            for block in (0..width).step_by(LANES) {
                for (i, most) in most.iter_mut().enumerate().take(LANES / V::N) {
                    *most = V::load(x.add(block + i * V::N)).at_least(*most);
                }
            }
            let mut lanes = [f32::NEG_INFINITY; LANES];
            for (i, most) in most.iter().enumerate().take(LANES / V::N) {
                most.store(lanes.as_mut_ptr().add(i * V::N));
            }
            let mut largest = lanes[0];
            for lane in lanes {
                largest = if lane > largest { lane } else { largest };
            }
            let most = V::splat(largest);
            let mut sums = [V::splat(0.0); REGISTERS];
            for block in (0..width).step_by(LANES) {
                for i in 0..LANES / V::N {
                    let at = x.add(block + i * V::N);
                    exponential(V::load(at).sub(most)).store(at);
                }
                if block + LANES > columns {
                    for column in columns..width {
                        *x.add(column) = 0.0;
                    }
                }
                for (i, sum) in sums.iter_mut().enumerate().take(LANES / V::N) {
                    *sum = sum.add(V::load(x.add(block + i * V::N)));
                }
            }
            *inverse.add(row) = 1.0 / total(sums);
        }
    }
}

per_level!(
    /// Multiplies each of `rows` rows of `columns` numbers, a multiple of [`LANES`], by its own factor.
    ///
    /// # Safety
    /// `x` is valid for so many numbers, `factors` for one a row, and no other thread touches `x`.
    fn scale_rows(x: *mut f32, rows: usize, columns: usize, stride: usize, factors: *const f32) = scale_body;
);

#[inline(always)]
unsafe fn scale_body<V: Lanes>(x: *mut f32, rows: usize, columns: usize, stride: usize, factors: *const f32) {
    for row in 0..rows {
        // SAFETY: the caller guarantees so many rows of so many columns, and a factor for each.
        unsafe {
            let factor = V::splat(*factors.add(row));
            for column in (0..columns).step_by(V::N) {
                let at = x.add(row * stride + column);
                V::load(at).mul(factor).store(at);
            }
        }
    }
}
