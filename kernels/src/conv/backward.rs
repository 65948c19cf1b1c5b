//! From the gradient of the pooled output to those of the input and the parameters.

use super::{Gradients, Layer, Trained, Windows, each};
use crate::buffer::Buffer;
use crate::conv::frames::{Frames, Piece};
use crate::conv::norm::{Affine, Back, Through, gradient_rows, gradient_sums};
use crate::conv::weights::{Sizes, pack_transposed, per_channel, unpack};
use crate::panel::{Panel, Start, multiply, panels};
use crate::view::View;

/// Length of the runs into which sums over rows are cut, so that a panel of that many rows stays in the first-level cache.
const DEPTH: usize = 96;

/// Takes the gradient of the pooled output back to the parameters and, for `d_input` of that many frames per item, to
/// the input.
///
/// `d_pooled` is `[items, steps, d_output]` with a last stride of 1; what stands beyond an item's steps is not read.
/// The convolution's bias has no gradient: the mean of the batch takes it out again.
pub fn backward(
    sizes: &Sizes,
    frames: &Frames,
    input: &[f32],
    layer: &Layer,
    trained: Trained,
    d_pooled: View,
    d_input: Option<usize>,
) -> Gradients {
    let (width, channels) = (sizes.width(), sizes.d_output);
    let Trained { mut y, normal, statistics } = trained;
    let [by_item, by_step, by_column] = d_pooled.strides;
    let last = |piece: &Piece| piece.item * by_item + (piece.steps().end - 1) * by_step + channels;
    assert!(
        by_column == 1
            && frames.pieces.iter().all(|piece| piece.steps().is_empty() || last(piece) <= d_pooled.data.len())
            && y.len() >= frames.rows * width
            && input.len() >= frames.rows * sizes.d_input,
        "a backward pass has the rows of its forward pass"
    );
    let back = |piece: &Piece| Back {
        steps: piece.steps().len(),
        odd: piece.len() % 2 == 1,
        channels,
        width,
        affine: Affine { scale: normal.scale.as_ptr(), shift: normal.shift.as_ptr() },
        mean: normal.mean.as_ptr(),
        // Of a piece without steps there may be nothing to point at.
        d_pooled: d_pooled
            .data
            .get(piece.item * by_item + piece.steps().start * by_step..)
            .map_or(std::ptr::null(), <[f32]>::as_ptr),
        d_stride: by_step,
    };

    // What comes back through mean and variance is the same for all frames.
    let mut parts = Buffer::new(frames.pieces.len() * 2 * width);
    let tasks = frames.pieces.iter().zip(parts.chunks_exact_mut(2 * width)).collect();
    each(tasks, |(piece, part): (&Piece, &mut [f32])| {
        let (sums, products) = part.split_at_mut(width);
        let rows = &y[piece.row * width..piece.rows().end * width];
        // SAFETY: rows and gradients were counted above, either half of `part` is a row.
        unsafe { gradient_sums(sizes.level, back(piece), rows.as_ptr(), sums.as_mut_ptr(), products.as_mut_ptr()) };
    });
    let mut sums = vec![0.0f64; 2 * width];
    for part in parts.chunks_exact(2 * width) {
        sums.iter_mut().zip(part).for_each(|(sum, &part)| *sum += f64::from(part));
    }
    let (beta, products) = sums.split_at(width);
    let count = frames.real.max(1) as f64;
    let inverse = |c: usize| 1.0 / (statistics.variance[c] + layer.epsilon).sqrt();
    let scale = |c: usize| f64::from(layer.gamma[c]) * inverse(c);
    let over = |value: &dyn Fn(usize) -> f64| per_channel(sizes, (0..channels).map(|c| value(c) as f32));
    let slope = over(&|c| scale(c) * inverse(c).powi(2) * products[c] / count);
    let offset = over(&|c| scale(c) * beta[c] / count);
    let through = [&normal.scale, &slope, &offset].map(|buffer| &buffer[..]);

    frames.clear_gaps(width, &mut y);
    let tasks = frames.pieces.iter().zip(frames.split_rows(width, &mut y)).collect();
    each(tasks, |(piece, rows): (&Piece, &mut [f32])| {
        let [scale, slope, offset] = through.map(<[f32]>::as_ptr);
        // SAFETY: as above; each piece writes its own rows.
        unsafe { gradient_rows(sizes.level, back(piece), rows.as_mut_ptr(), Through { scale, slope, offset }) };
    });

    let (weight, input) = rayon::join(
        || weight_gradient(sizes, frames, input, &y),
        || d_input.map(|length| input_gradient(sizes, frames, &y, layer.weight, length)),
    );
    Gradients {
        input,
        weight,
        gamma: (0..channels).map(|c| (products[c] * inverse(c)) as f32).collect(),
        beta: beta[..channels].iter().map(|&sum| sum as f32).collect(),
    }
}

/// One product per tap and group of pieces, then the sum over the groups.
fn weight_gradient(sizes: &Sizes, frames: &Frames, input: &[f32], d_y: &[f32]) -> Vec<f32> {
    let (width, d_input) = (sizes.width(), sizes.d_input);
    let groups = frames.groups();
    let size = sizes.taps * d_input * width;
    let mut parts = Buffer::new(groups.len().max(1) * size);
    if groups.is_empty() {
        parts.fill(0.0);
    }
    let per_tap = parts.chunks_exact_mut((d_input * width).max(1));
    let tasks = (0..groups.len() * sizes.taps).zip(per_tap).collect();
    each(tasks, |(task, to): (usize, &mut [f32])| {
        let (group, tap) = (groups[task / sizes.taps], task % sizes.taps);
        // Over the gaps between items, too, where the gradient of `y` is zero.
        let rows = group[0].row..group[group.len() - 1].rows().end;
        let first = rows.start + tap - sizes.half();
        assert!((first + rows.len()) * d_input <= input.len() && rows.end * width <= d_y.len());
        for start in (0..rows.len()).step_by(DEPTH) {
            for part in panels(width) {
                // SAFETY: both sides have the rows by the assertion, and `to` has a row for every input channel.
                unsafe {
                    let product = Panel {
                        rows: d_input,
                        columns: part.len(),
                        depth: DEPTH.min(rows.len() - start),
                        a: input.as_ptr().add((first + start) * d_input),
                        a_row: 1,
                        a_column: d_input,
                        b: d_y.as_ptr().add((rows.start + start) * width + part.start),
                        b_row: width,
                        c: to.as_mut_ptr().add(part.start),
                        c_row: width,
                        start: if start == 0 { Start::Zero } else { Start::Sum },
                    };
                    multiply(sizes.level, product);
                }
            }
        }
    });
    let (sums, rest) = parts.split_at_mut(size);
    for part in rest.chunks_exact(size.max(1)) {
        sums.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
    }
    unpack(sizes, sums)
}

/// The convolution of the output's gradient with the turned weights: `[items, length, d_input]`.
fn input_gradient(sizes: &Sizes, frames: &Frames, d_y: &[f32], weights: &[f32], length: usize) -> Vec<f32> {
    let weights = pack_transposed(sizes, weights);
    let windows = Windows { packed: d_y, width: sizes.width(), taps: sizes.taps };
    let (width, columns) = (sizes.d_input, sizes.width_in());
    let mut gradient = vec![0.0; frames.items * length * width];
    let tasks = frames.pieces.iter().zip(frames.split_frames(length, width, &mut gradient)).collect();
    each(tasks, |(piece, to): (&Piece, &mut [f32])| {
        if width == columns {
            windows.multiply(sizes, piece, &weights, None, to);
            return;
        }
        let mut rows = Buffer::new(piece.len() * columns);
        windows.multiply(sizes, piece, &weights, None, &mut rows);
        for (to, from) in to.chunks_exact_mut(width).zip(rows.chunks_exact(columns)) {
            to.copy_from_slice(&from[..width]);
        }
    });
    gradient
}
