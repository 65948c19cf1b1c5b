//! What happens to the gates of one step, element by element: the sigmoids and hyperbolic tangents of the forward
//! pass, and their derivatives in the backward pass.
//!
//! A row of gates holds blocks of four times [`LANES`] numbers: input, forget, cell and output gate of as many units.
//! Every element is computed by the same instructions wherever it stands, so that nothing depends on the batch.

use crate::functions::{sigmoid, tanh};
use crate::simd::{LANES, Lanes, per_level};

/// The number of gates, in the order in which they are stored: input, forget, cell, output.
pub const GATES: usize = 4;

/// Where a step's rows lie in memory. Pointers are to the first row and the first unit of the block.
#[derive(Clone, Copy)]
pub struct ForwardRows {
    /// Number of items.
    pub rows: usize,
    /// Gate sums in, activated gates out (if `keep`); one block of four times [`LANES`] numbers per row.
    pub gates: *mut f32,
    /// Numbers from one row of gates to the next.
    pub gates_stride: usize,
    /// Cells of the step before; null at an item's first step, where they are zero. May be the same as `cells`.
    pub before: *const f32,
    /// Cells of this step.
    pub cells: *mut f32,
    /// Numbers from one row of cells to the next.
    pub cells_stride: usize,
    /// Hidden state of this step.
    pub hidden: *mut f32,
    /// Numbers from one row of hidden states to the next.
    pub hidden_stride: usize,
    /// Whether the backward pass will want the activated gates.
    pub keep: bool,
}

per_level!(
    /// Turns the gate sums of one block of hidden units into cells and hidden states:
    /// `c = f c' + i g`, `h = o tanh(c)`.
    ///
    /// # Safety
    /// Every row that the pointers and strides describe is valid for [`LANES`] numbers (gates: four times as many), and
    /// no other thread touches the rows that are written.
    fn gates_forward(at: ForwardRows) = gates_forward_body;
);

#[inline(always)]
unsafe fn gates_forward_body<V: Lanes>(at: ForwardRows) {
    for row in 0..at.rows {
        for lane in (0..LANES).step_by(V::N) {
            // SAFETY: the caller guarantees `at.rows` rows behind each pointer.
            unsafe {
                let gates = at.gates.add(row * at.gates_stride + lane);
                let input = sigmoid(V::load(gates));
                let forget = sigmoid(V::load(gates.add(LANES)));
                let candidate = tanh(V::load(gates.add(2 * LANES)));
                let output = sigmoid(V::load(gates.add(3 * LANES)));
                let mut cell = input.mul(candidate);
                if !at.before.is_null() {
                    cell = forget.mul_add(V::load(at.before.add(row * at.cells_stride + lane)), cell);
                }
                cell.store(at.cells.add(row * at.cells_stride + lane));
                output.mul(tanh(cell)).store(at.hidden.add(row * at.hidden_stride + lane));
                if at.keep {
                    input.store(gates);
                    forget.store(gates.add(LANES));
                    candidate.store(gates.add(2 * LANES));
                    output.store(gates.add(3 * LANES));
                }
            }
        }
    }
}

/// Where a step's rows lie in memory on the way back. Pointers are to the first row and the first unit.
#[derive(Clone, Copy)]
pub struct BackwardRows {
    /// Number of items.
    pub rows: usize,
    /// Blocks of [`LANES`] hidden units.
    pub blocks: usize,
    /// Activated gates in, gradients of the gate sums out; `blocks` blocks of four times [`LANES`] numbers per row.
    pub gates: *mut f32,
    /// Numbers from one row of gates to the next.
    pub gates_stride: usize,
    /// Cells of the step before; null at an item's first step.
    pub before: *const f32,
    /// Cells of this step.
    pub cells: *const f32,
    /// Numbers from one row of cells to the next.
    pub cells_stride: usize,
    /// Gradient of this step's hidden states.
    pub d_hidden: *const f32,
    /// Gradient of this step's cells in, of the step before out.
    pub d_cells: *mut f32,
    /// Numbers from one row of `d_hidden` or `d_cells` to the next.
    pub d_stride: usize,
}

per_level!(
    /// The derivative of [`gates_forward`], for all hidden units.
    ///
    /// # Safety
    /// As [`gates_forward`], with `blocks` times as many numbers in a row.
    fn gates_backward(at: BackwardRows) = gates_backward_body;
);

#[inline(always)]
unsafe fn gates_backward_body<V: Lanes>(at: BackwardRows) {
    for row in 0..at.rows {
        for unit in (0..at.blocks * LANES).step_by(V::N) {
            // SAFETY: the caller guarantees `at.rows` rows of `at.blocks` blocks behind each pointer.
            unsafe {
                let one = V::splat(1.0);
                let gates = at.gates.add(row * at.gates_stride + unit / LANES * GATES * LANES + unit % LANES);
                let input = V::load(gates);
                let forget = V::load(gates.add(LANES));
                let candidate = V::load(gates.add(2 * LANES));
                let output = V::load(gates.add(3 * LANES));
                // Recomputed from the cell: cheaper than the memory traffic of saving it.
                let squashed = tanh(V::load(at.cells.add(row * at.cells_stride + unit)));
                let d_hidden = V::load(at.d_hidden.add(row * at.d_stride + unit));
                let d_cells = at.d_cells.add(row * at.d_stride + unit);

                let through_output = d_hidden.mul(output);
                let d_cell = through_output.mul(one.sub(squashed.mul(squashed))).add(V::load(d_cells));
                let d_output = d_hidden.mul(squashed);
                let d_input = d_cell.mul(candidate);
                let d_candidate = d_cell.mul(input);
                let d_forget = if at.before.is_null() {
                    V::splat(0.0)
                } else {
                    d_cell.mul(V::load(at.before.add(row * at.cells_stride + unit)))
                };
                d_cell.mul(forget).store(d_cells);
                d_input.mul(input.mul(one.sub(input))).store(gates);
                d_forget.mul(forget.mul(one.sub(forget))).store(gates.add(LANES));
                d_candidate.mul(one.sub(candidate.mul(candidate))).store(gates.add(2 * LANES));
                d_output.mul(output.mul(one.sub(output))).store(gates.add(3 * LANES));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::Level;

    per_level!(
        fn sigmoid_of(values: &mut [f32]) = sigmoid_body;
    );
    per_level!(
        fn tanh_of(values: &mut [f32]) = tanh_body;
    );

    #[inline(always)]
    unsafe fn sigmoid_body<V: Lanes>(values: &mut [f32]) {
        for chunk in values.chunks_exact_mut(V::N) {
            // SAFETY: the chunk holds `N` numbers.
            unsafe { sigmoid(V::load(chunk.as_ptr())).store(chunk.as_mut_ptr()) }
        }
    }

    #[inline(always)]
    unsafe fn tanh_body<V: Lanes>(values: &mut [f32]) {
        for chunk in values.chunks_exact_mut(V::N) {
            // SAFETY: the chunk holds `N` numbers.
            unsafe { tanh(V::load(chunk.as_ptr())).store(chunk.as_mut_ptr()) }
        }
    }

    /// Both signs, from 1e-9 to 80 in small factors, and zero.
    fn arguments() -> Vec<f32> {
        let mut values = vec![0.0f32; 16];
        let mut x = 1e-9f64;
        while x < 80.0 {
            values.extend([x as f32, -x as f32]);
            x *= 1.000_5;
        }
        values.resize(values.len().next_multiple_of(16), 1.0);
        values
    }

    fn worst(level: Level, ours: unsafe fn(Level, &mut [f32]), reference: fn(f64) -> f64) -> f64 {
        let x = arguments();
        let mut y = x.clone();
        // SAFETY: the level is one of this processor's.
        unsafe { ours(level, &mut y) };
        let relative = |(x, y): (&f32, &f32)| {
            let exact = reference(f64::from(*x));
            if exact == 0.0 { f64::from(y.abs()) } else { ((f64::from(*y) - exact) / exact).abs() }
        };
        x.iter().zip(&y).map(relative).fold(0.0, f64::max)
    }

    #[test]
    fn sigmoid_and_tanh_agree_with_double_precision_to_a_few_units_in_the_last_place() {
        for level in Level::all() {
            let sigmoid = worst(level, sigmoid_of, |x| 1.0 / (1.0 + (-x).exp()));
            let tanh = worst(level, tanh_of, f64::tanh);
            println!("{level:?}: sigmoid {sigmoid:.2e}, tanh {tanh:.2e}");
            assert!(sigmoid < 4e-7 && tanh < 4e-7, "{level:?}: sigmoid {sigmoid:e}, tanh {tanh:e}");
        }
    }

    #[test]
    fn extremes_saturate_and_nan_is_not_swallowed() {
        let x = [f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 1e30, -1e30, 0.0, 200.0, -200.0];
        for level in Level::all() {
            let (mut s, mut t) = ([x; 2].concat(), [x; 2].concat());
            // SAFETY: the level is one of this processor's.
            unsafe {
                sigmoid_of(level, &mut s);
                tanh_of(level, &mut t);
            }
            assert_eq!((t[0], t[1], t[3], t[4], t[5]), (1.0, -1.0, 1.0, -1.0, 0.0));
            assert_eq!((s[0], s[3], s[5], s[6]), (1.0, 1.0, 0.5, 1.0));
            assert!(s[1] < 1e-37 && s[4] < 1e-37 && s[7] < 1e-37);
            assert!(s[2].is_nan() && t[2].is_nan());
        }
    }
}
