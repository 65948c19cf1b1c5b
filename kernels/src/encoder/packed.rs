//! The weights of a dense layer, laid out once for its product.

use std::ops::Range;

use crate::buffer::Buffer;
use crate::level::Level;
use crate::panel::{PANEL, Panel, Start, multiply, panels};
use crate::simd::LANES;

/// Length of the runs into which the inputs are cut, so that a panel of that many rows leaves room in the first-level cache.
const DEPTH: usize = 96;

/// A dense layer `x · weightᵀ + bias`, ready for its product. The outputs are filled up to a multiple of [`LANES`] with
/// zero weights.
#[derive(Clone)]
pub struct Packed {
    inputs: usize,
    /// The panels of `weightᵀ`: `[panel][input][columns of the panel]`.
    weights: Buffer,
    bias: Vec<f32>,
}

/// Rows of numbers in memory.
#[derive(Clone, Copy)]
pub struct Rows {
    /// The first number.
    pub first: *const f32,
    /// How many there are.
    pub count: usize,
    /// Numbers from one to the next.
    pub stride: usize,
}

/// What a product's sums start from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// The layer's bias.
    Bias,
    /// What is there already.
    Sum,
}

impl Packed {
    /// A layer whose weights to output `o` are those that `row` writes into zeros.
    pub fn new([outputs, inputs]: [usize; 2], row: impl Fn(usize, &mut [f32]), bias: impl Fn(usize) -> f32) -> Self {
        let width = outputs.next_multiple_of(LANES);
        let mut weights = Buffer::zeros(width * inputs);
        let mut own = vec![0.0; inputs];
        for part in panels(width) {
            let panel = &mut weights[part.start * inputs..part.end * inputs];
            for (column, output) in (part.start..part.end.min(outputs)).enumerate() {
                own.fill(0.0);
                row(output, &mut own);
                for (to, weight) in panel[column..].iter_mut().step_by(part.len()).zip(&own) {
                    *to = *weight;
                }
            }
        }
        let mut bias: Vec<f32> = (0..outputs).map(bias).collect();
        bias.resize(width, 0.0);
        Self { inputs, weights, bias }
    }

    /// Numbers that a row gives, a multiple of [`LANES`].
    pub fn width(&self) -> usize {
        self.bias.len()
    }

    /// The bias, zeros behind it up to the width.
    pub fn bias(&self) -> &[f32] {
        &self.bias
    }

    /// The outputs `columns` of the layer for the rows `x`, of which it takes the inputs `depth`; other inputs count for
    /// nothing. Every output is one chain of multiply-adds over the inputs in ascending order. `to` is where the first
    /// row's output `columns.start` goes.
    ///
    /// # Safety
    ///
    /// `x` has so many rows of `depth.len()` readable numbers, of which the first is input `depth.start`; `to` so many
    /// writable ones of `columns.len()`, which no other thread touches.
    ///
    /// # Panics
    ///
    /// If `columns` or `depth` is beyond the layer, or `columns` does not start and end at a panel.
    pub unsafe fn multiply(
        &self,
        level: Level,
        x: Rows,
        (columns, depth): (Range<usize>, Range<usize>),
        (to, to_stride): (*mut f32, usize),
        begin: Begin,
    ) {
        assert!(columns.end <= self.width() && depth.end <= self.inputs, "within the layer");
        assert!(
            columns.start.is_multiple_of(PANEL) && (columns.end.is_multiple_of(PANEL) || columns.end == self.width()),
            "whole panels"
        );
        let offset = columns.start;
        for part in panels(self.width()).filter(|part| columns.contains(&part.start)) {
            for k in depth.clone().step_by(DEPTH) {
                let start = if begin == Begin::Bias && k == depth.start {
                    Start::Row(self.bias[part.start..].as_ptr())
                } else {
                    Start::Sum
                };
                let panel = Panel {
                    rows: x.count,
                    columns: part.len(),
                    depth: DEPTH.min(depth.end - k),
                    a: x.first.wrapping_add(k - depth.start),
                    a_row: x.stride,
                    a_column: 1,
                    b: self.weights[part.start * self.inputs + k * part.len()..].as_ptr(),
                    b_row: part.len(),
                    c: to.wrapping_add(part.start - offset),
                    c_row: to_stride,
                    start,
                };
                // SAFETY: the caller vouches for A and C; B is a run of rows of one panel, which the assertions above keep
                // within the layer's weights.
                unsafe { multiply(level, panel) };
            }
        }
    }
}
