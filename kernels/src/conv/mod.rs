//! The block on plain slices: forward in training and in inference, and backward.
//!
//! Work is cut into the pieces of [`Frames`], which depend on the lengths alone; sums over a batch are taken per piece
//! and then over the pieces in order. So no result depends on the number of threads, and in inference, where nothing is
//! summed over a batch, an item's result is the same to the last bit alone and within any batch.

mod backward;
mod forward;
mod frames;
mod norm;
mod weights;

use rayon::prelude::*;

pub use backward::backward;
pub use forward::{infer, train};
pub use frames::Frames;
pub use weights::Sizes;

use frames::Piece;
use weights::per_channel;

use crate::buffer::Buffer;
use crate::panel::{Panel, Start, multiply, panels};
use crate::simd::LANES;
use crate::view::View;

/// The parameters of a block.
#[derive(Debug, Clone, Copy)]
pub struct Layer<'a> {
    /// Of the convolution, `[d_output, d_input, taps]`.
    pub weight: &'a [f32],
    /// Of the convolution, `[d_output]`.
    pub bias: &'a [f32],
    /// The normalisation's factors, `[d_output]`.
    pub gamma: &'a [f32],
    /// The normalisation's summands, `[d_output]`.
    pub beta: &'a [f32],
    /// Added to variances, so that none is zero.
    pub epsilon: f64,
}

/// Mean and variance of each channel over the real frames.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Statistics {
    /// `[d_output]`
    pub mean: Vec<f64>,
    /// `[d_output]`, divided by the number of frames.
    pub variance: Vec<f64>,
}

/// What the backward pass needs of a forward pass.
#[derive(Debug, Clone)]
pub struct Trained {
    /// The convolution's output, a row of `width` numbers per packed row; what stands between items is arbitrary.
    y: Buffer,
    normal: Normal,
    statistics: Statistics,
}

impl Trained {
    /// The batch's statistics.
    pub fn statistics(&self) -> &Statistics {
        &self.statistics
    }
}

/// The gradients of a block.
#[derive(Debug, Clone, PartialEq)]
pub struct Gradients {
    /// `[items, frames, d_input]`, if it was asked for.
    pub input: Option<Vec<f32>>,
    /// As [`Layer::weight`].
    pub weight: Vec<f32>,
    /// As [`Layer::gamma`].
    pub gamma: Vec<f32>,
    /// As [`Layer::beta`].
    pub beta: Vec<f32>,
}

/// The normalisation as one product and one sum, `width` numbers each, and the mean in it.
#[derive(Debug, Clone)]
struct Normal {
    scale: Buffer,
    shift: Buffer,
    mean: Buffer,
}

impl Normal {
    fn new(sizes: &Sizes, layer: &Layer, statistics: &Statistics) -> Self {
        let Statistics { mean, variance } = statistics;
        let scale = |c: usize| f64::from(layer.gamma[c]) / (variance[c] + layer.epsilon).sqrt();
        let channels = 0..sizes.d_output;
        Self {
            scale: per_channel(sizes, channels.clone().map(|c| scale(c) as f32)),
            shift: per_channel(sizes, channels.map(|c| (f64::from(layer.beta[c]) - mean[c] * scale(c)) as f32)),
            mean: per_channel(sizes, mean.iter().map(|&mean| mean as f32)),
        }
    }
}

/// Does the tasks, side by side where there are several.
fn each<T: Send>(mut tasks: Vec<T>, work: impl Fn(T) + Sync + Send) {
    if tasks.len() > 1 {
        tasks.into_par_iter().with_max_len(1).for_each(work);
    } else if let Some(task) = tasks.pop() {
        work(task);
    }
}

/// Copies the real frames of a batch `[items, frames, d_input]` into packed order, with zeros around each item.
pub fn gather(sizes: &Sizes, frames: &Frames, view: View) -> Buffer {
    let width = sizes.d_input;
    let mut packed = Buffer::new(frames.rows * width);
    frames.clear_gaps(width, &mut packed);
    let tasks = frames.pieces.iter().zip(frames.split_rows(width, &mut packed)).collect();
    each(tasks, |(piece, rows): (&Piece, &mut [f32])| {
        let [by_item, by_step, by_column] = view.strides;
        if by_column == 1 && by_step == width {
            rows.copy_from_slice(&view.data[piece.item * by_item + piece.frames.start * width..][..rows.len()]);
            return;
        }
        for (frame, row) in piece.frames.clone().zip(rows.chunks_exact_mut(width.max(1))) {
            view.copy_row(piece.item, frame, row);
        }
    });
    packed
}

/// Rows of a matrix whose rows overlap: `taps` rows of `width` numbers around each packed row of the piece.
struct Windows<'a> {
    packed: &'a [f32],
    width: usize,
    taps: usize,
}

impl Windows<'_> {
    /// Multiplies the piece's windows by `weights`, `[panel][window][columns of the panel]`, into rows of `columns`
    /// numbers, a whole number of [`LANES`].
    fn multiply(&self, sizes: &Sizes, piece: &Piece, weights: &[f32], bias: Option<&[f32]>, to: &mut [f32]) {
        let (depth, rows) = (self.taps * self.width, piece.len());
        let columns = weights.len() / depth.max(1);
        let Some(first) = piece.row.checked_sub(self.taps / 2) else {
            unreachable!("half a kernel of rows stands before the first piece")
        };
        assert!(
            columns.is_multiple_of(LANES)
                && weights.len() == columns * depth
                && to.len() >= rows * columns
                && bias.is_none_or(|bias| bias.len() >= columns)
                && (first + rows + self.taps - 1) * self.width <= self.packed.len(),
            "a convolution's rows are within its arrays"
        );
        for part in panels(columns) {
            // SAFETY: the windows, weights and rows are within the slices by the assertion, and `to` is borrowed for
            // writing.
            unsafe {
                let product = Panel {
                    rows,
                    columns: part.len(),
                    depth,
                    a: self.packed.as_ptr().add(first * self.width),
                    a_row: self.width,
                    a_column: 1,
                    b: weights.as_ptr().add(part.start * depth),
                    b_row: part.len(),
                    c: to.as_mut_ptr().add(part.start),
                    c_row: columns,
                    start: bias.map_or(Start::Zero, |bias| Start::Row(bias.as_ptr().add(part.start))),
                };
                multiply(sizes.level, product);
            }
        }
    }
}

#[cfg(test)]
mod tests;
