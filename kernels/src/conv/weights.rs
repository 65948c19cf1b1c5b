//! The stock module's weights, rearranged into the panels that the kernels stream through.

use crate::buffer::Buffer;
use crate::level::Level;
use crate::panel::{PANEL, panels};
use crate::simd::LANES;

/// The sizes of a block and, derived from them, of everything in memory (in numbers).
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    /// The instruction set that everything runs with.
    pub level: Level,
    /// Channels of the input.
    pub d_input: usize,
    /// Channels of the output.
    pub d_output: usize,
    /// Frames that the convolution sees: odd.
    pub taps: usize,
}

impl Sizes {
    /// Frames that the convolution sees before the one in its centre.
    pub fn half(&self) -> usize {
        self.taps / 2
    }

    /// From one row of outputs to the next: a whole number of [`LANES`], the columns beyond `d_output` being zero.
    pub fn width(&self) -> usize {
        self.d_output.next_multiple_of(LANES)
    }

    /// Columns of input gradients: a whole number of [`LANES`].
    pub fn width_in(&self) -> usize {
        self.d_input.next_multiple_of(LANES)
    }
}

/// Weights `[d_output, d_input, taps]` for the forward pass: `[panel][tap, input channel][columns of the panel]`.
pub fn pack(sizes: &Sizes, weights: &[f32]) -> Buffer {
    let &Sizes { d_input, d_output, taps, .. } = sizes;
    let depth = taps * d_input;
    let mut packed = Buffer::zeros(sizes.width() * depth);
    for (column, from) in weights.chunks_exact(depth.max(1)).enumerate().take(d_output) {
        let first = column / PANEL * PANEL;
        let panel = PANEL.min(sizes.width() - first);
        let to = &mut packed[first * depth + column % PANEL..];
        for (channel, from) in from.chunks_exact(taps).enumerate() {
            for (tap, &weight) in from.iter().enumerate() {
                to[(tap * d_input + channel) * panel] = weight;
            }
        }
    }
    packed
}

/// Weights for the gradient of the input: a convolution of the output's gradient with the taps in reverse order,
/// `[panel of input channels][tap, output channel][columns of the panel]`.
pub fn pack_transposed(sizes: &Sizes, weights: &[f32]) -> Buffer {
    let &Sizes { d_input, d_output, taps, .. } = sizes;
    let width = sizes.width();
    let depth = taps * width;
    let mut packed = Buffer::zeros(sizes.width_in() * depth);
    for (output, from) in weights.chunks_exact((taps * d_input).max(1)).enumerate().take(d_output) {
        for (tap, from) in (0..taps).map(|tap| (tap, from[tap..].iter().step_by(taps))) {
            let row = (taps - 1 - tap) * width + output;
            for channels in panels(sizes.width_in()) {
                let to = &mut packed[channels.start * depth + row * channels.len()..][..channels.len()];
                for (to, &weight) in to.iter_mut().zip(from.clone().skip(channels.start)) {
                    *to = weight;
                }
            }
        }
    }
    packed
}

/// The inverse of the layout `[tap, input channel][width]`: `[d_output, d_input, taps]`.
pub fn unpack(sizes: &Sizes, sums: &[f32]) -> Vec<f32> {
    let &Sizes { d_input, d_output, taps, .. } = sizes;
    let width = sizes.width();
    let mut weights = Vec::with_capacity(d_output * d_input * taps);
    for output in 0..d_output {
        for channel in 0..d_input {
            weights.extend((0..taps).map(|tap| sums[(tap * d_input + channel) * width + output]));
        }
    }
    weights
}

/// One number per output channel, followed by zeros up to the width.
pub fn per_channel(sizes: &Sizes, values: impl Iterator<Item = f32>) -> Buffer {
    let mut padded = Buffer::zeros(sizes.width());
    for (to, value) in padded.iter_mut().zip(values.take(sizes.d_output)) {
        *to = value;
    }
    padded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_weight_lands_where_the_panels_expect_it() {
        for (d_input, d_output, taps) in [(1, 1, 1), (39, 64, 3), (5, 70, 5), (130, 3, 7)] {
            let sizes = Sizes { level: Level::current(), d_input, d_output, taps };
            let (width, width_in) = (sizes.width(), sizes.width_in());
            let weights: Vec<f32> = (0..d_input * d_output * taps).map(|i| (i + 1) as f32).collect();
            let (packed, transposed) = (pack(&sizes, &weights), pack_transposed(&sizes, &weights));
            // Rows of all columns, out of panels.
            let rows = |packed: &[f32], depth: usize, width: usize| {
                let mut rows = vec![0.0; depth * width];
                for columns in panels(width) {
                    let part = &packed[columns.start * depth..columns.end * depth];
                    for (row, from) in part.chunks_exact(columns.len()).enumerate() {
                        rows[row * width + columns.start..][..columns.len()].copy_from_slice(from);
                    }
                }
                rows
            };
            assert_eq!(unpack(&sizes, &rows(&packed, taps * d_input, width)), weights);
            let transposed = rows(&transposed, taps * width, width_in);
            for tap in 0..taps {
                for output in 0..width {
                    for channel in 0..width_in {
                        let value = transposed[((taps - 1 - tap) * width + output) * width_in + channel];
                        let inside = output < d_output && channel < d_input;
                        let expected = if inside { weights[(output * d_input + channel) * taps + tap] } else { 0.0 };
                        assert_eq!(value, expected);
                    }
                }
            }
        }
    }
}
