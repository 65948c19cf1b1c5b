//! The forward pass.

use super::{Layer, Normal, Statistics, Trained, Windows, each};
use crate::buffer::Buffer;
use crate::conv::frames::{Frames, Piece};
use crate::conv::norm::{Affine, Moments, Pool, moments, pool};
use crate::conv::weights::{Sizes, pack, per_channel};

/// With the batch's own statistics: the pooled output `[items, steps, d_output]`, zero where there is no frame, and what
/// the backward pass needs. `input` comes from [`super::gather`].
pub fn train(sizes: &Sizes, frames: &Frames, input: &[f32], layer: &Layer, steps: usize) -> (Vec<f32>, Trained) {
    let width = sizes.width();
    let (weights, bias) = (pack(sizes, layer.weight), per_channel(sizes, layer.bias.iter().copied()));
    let windows = Windows { packed: input, width: sizes.d_input, taps: sizes.taps };
    let mut y = Buffer::new(frames.rows * width);
    let mut parts = Buffer::new(frames.pieces.len() * 2 * width);
    let rows = frames.split_rows(width, &mut y).into_iter().zip(parts.chunks_exact_mut(2 * width));
    each(frames.pieces.iter().zip(rows).collect(), |(piece, (y, part)): (&Piece, (&mut [f32], &mut [f32]))| {
        windows.multiply(sizes, piece, &weights, Some(&bias), y);
        let (mean, squares) = part.split_at_mut(width);
        let at =
            Moments { rows: piece.len(), width, y: y.as_ptr(), mean: mean.as_mut_ptr(), squares: squares.as_mut_ptr() };
        // SAFETY: `y` holds the piece's rows, either half of `part` a row.
        unsafe { moments(sizes.level, at) };
    });

    let statistics = merge(sizes, frames, &parts);
    let normal = Normal::new(sizes, layer, &statistics);
    let mut output = vec![0.0; frames.items * steps * sizes.d_output];
    let tasks = frames.pieces.iter().zip(frames.split_steps(steps, sizes.d_output, &mut output)).collect();
    each(tasks, |(piece, to): (&Piece, &mut [f32])| {
        pool_piece(sizes, piece, &normal, &y[piece.row * width..piece.rows().end * width], to);
    });
    (output, Trained { y, normal, statistics })
}

/// With given statistics: the pooled output as of [`train`].
pub fn infer(
    sizes: &Sizes,
    frames: &Frames,
    input: &[f32],
    layer: &Layer,
    statistics: &Statistics,
    steps: usize,
) -> Vec<f32> {
    let (weights, bias) = (pack(sizes, layer.weight), per_channel(sizes, layer.bias.iter().copied()));
    let windows = Windows { packed: input, width: sizes.d_input, taps: sizes.taps };
    let normal = Normal::new(sizes, layer, statistics);
    let mut output = vec![0.0; frames.items * steps * sizes.d_output];
    let tasks = frames.pieces.iter().zip(frames.split_steps(steps, sizes.d_output, &mut output)).collect();
    each(tasks, |(piece, to): (&Piece, &mut [f32])| {
        let mut y = Buffer::new(piece.len() * sizes.width());
        windows.multiply(sizes, piece, &weights, Some(&bias), &mut y);
        pool_piece(sizes, piece, &normal, &y, to);
    });
    output
}

/// Normalises and pools a piece's rows `y` into its steps of the output.
fn pool_piece(sizes: &Sizes, piece: &Piece, normal: &Normal, y: &[f32], to: &mut [f32]) {
    let (steps, channels, width) = (piece.steps().len(), sizes.d_output, sizes.width());
    assert!(y.len() >= 2 * steps * width && to.len() >= steps * channels, "a piece has its rows and steps");
    let affine = Affine { scale: normal.scale.as_ptr(), shift: normal.shift.as_ptr() };
    // SAFETY: rows and steps were counted above, and the normalisation has `width` numbers.
    unsafe { pool(sizes.level, Pool { steps, channels, width, y: y.as_ptr(), affine, to: to.as_mut_ptr() }) };
}

/// The statistics of a batch from each piece's mean and squared deviations.
fn merge(sizes: &Sizes, frames: &Frames, parts: &[f32]) -> Statistics {
    let width = sizes.width();
    let count = frames.real.max(1) as f64;
    let parts = || frames.pieces.iter().map(Piece::len).zip(parts.chunks_exact(2 * width));
    let mut mean = vec![0.0; sizes.d_output];
    for (rows, part) in parts() {
        for (sum, &of) in mean.iter_mut().zip(part) {
            *sum += rows as f64 * f64::from(of);
        }
    }
    mean.iter_mut().for_each(|sum| *sum /= count);
    let mut variance = vec![0.0; sizes.d_output];
    for (rows, part) in parts() {
        let (means, squares) = part.split_at(width);
        for (((sum, mean), &of), &squares) in variance.iter_mut().zip(&mean).zip(means).zip(squares) {
            *sum += f64::from(squares) + rows as f64 * (f64::from(of) - mean).powi(2);
        }
    }
    variance.iter_mut().for_each(|sum| *sum /= count);
    Statistics { mean, variance }
}
