//! The stock module's weights, rearranged into the panels that the kernels stream through.

use crate::buffer::Buffer;
use crate::panel::COLUMNS;
use crate::simd::Level;

/// The sizes of a block and, derived from them and the register width, of everything in memory (in numbers).
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    /// The instruction set that everything is laid out for.
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

    /// Columns of a panel.
    pub fn panel(&self) -> usize {
        COLUMNS * self.level.lanes()
    }

    /// From one row of outputs to the next: a whole number of panels, the columns beyond `d_output` being zero.
    pub fn width(&self) -> usize {
        self.d_output.next_multiple_of(self.panel())
    }

    /// Columns of input gradients: a whole number of panels.
    pub fn width_in(&self) -> usize {
        self.d_input.next_multiple_of(self.panel())
    }
}

/// Weights `[d_output, d_input, taps]` for the forward pass: `[panel][tap, input channel][columns of the panel]`.
pub fn pack(sizes: &Sizes, weights: &[f32]) -> Buffer {
    let &Sizes { d_input, d_output, taps, .. } = sizes;
    let panel = sizes.panel();
    let depth = taps * d_input;
    let mut packed = Buffer::zeros(sizes.width() * depth);
    for (column, from) in weights.chunks_exact(depth.max(1)).enumerate().take(d_output) {
        let to = &mut packed[column / panel * depth * panel + column % panel..];
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
    let (panel, width) = (sizes.panel(), sizes.width());
    let depth = taps * width;
    let mut packed = Buffer::zeros(sizes.width_in() * depth);
    for (output, from) in weights.chunks_exact((taps * d_input).max(1)).enumerate().take(d_output) {
        for (tap, from) in (0..taps).map(|tap| (tap, from[tap..].iter().step_by(taps))) {
            let row = (taps - 1 - tap) * width + output;
            for (part, channel) in (0..d_input).step_by(panel).enumerate() {
                let to = &mut packed[(part * depth + row) * panel..][..panel.min(d_input - channel)];
                for (to, &weight) in to.iter_mut().zip(from.clone().skip(channel)) {
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

/// One number per output channel, followed by zeros up to a whole number of panels.
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
        for level in Level::all() {
            for (d_input, d_output, taps) in [(1, 1, 1), (39, 64, 3), (5, 70, 5), (130, 3, 7)] {
                let sizes = Sizes { level, d_input, d_output, taps };
                let (panel, width) = (sizes.panel(), sizes.width());
                let weights: Vec<f32> = (0..d_input * d_output * taps).map(|i| (i + 1) as f32).collect();
                let (packed, transposed) = (pack(&sizes, &weights), pack_transposed(&sizes, &weights));
                let depth = taps * d_input;
                let mut rows = vec![0.0; depth * width];
                for (part, from) in packed.chunks_exact(depth * panel).enumerate() {
                    for (row, from) in from.chunks_exact(panel).enumerate() {
                        rows[row * width + part * panel..][..panel].copy_from_slice(from);
                    }
                }
                assert_eq!(unpack(&sizes, &rows), weights);
                for tap in 0..taps {
                    for output in 0..width {
                        for channel in 0..sizes.width_in() {
                            let row = (taps - 1 - tap) * width + output;
                            let value = transposed[(channel / panel * taps * width + row) * panel + channel % panel];
                            let inside = output < d_output && channel < d_input;
                            let expected =
                                if inside { weights[(output * d_input + channel) * taps + tap] } else { 0.0 };
                            assert_eq!(value, expected);
                        }
                    }
                }
            }
        }
    }
}
