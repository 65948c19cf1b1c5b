//! The stock modules' weights, rearranged into the panels that the kernels stream through.
//!
//! Gate columns are stored in blocks of [`PANEL`]: input, forget, cell and output gate of [`LANES`] hidden units. The last
//! block is filled up with units whose weights are zero; such a unit stays exactly zero.

use super::gates::GATES;
use crate::buffer::Buffer;
use crate::level::Level;
use crate::panel::{PANEL, panels};
use crate::simd::LANES;

const _: () = assert!(PANEL == GATES * LANES, "a panel is the gates of a block of units");

/// The parameters of one gate, row-major as in [`burn::nn::Linear`].
#[derive(Debug, Clone, Copy)]
pub struct Gate<'a> {
    /// `[d_input, d_hidden]`
    pub input: &'a [f32],
    /// `[d_hidden, d_hidden]`
    pub hidden: &'a [f32],
    /// Two vectors `[d_hidden]`, of which only the sum matters.
    pub bias: [&'a [f32]; 2],
}

/// The gates of one direction: input, forget, cell, output.
pub type Gates<'a> = [Gate<'a>; GATES];

/// The gradients of one gate's parameters, laid out like [`Gate`].
#[derive(Debug, Clone, Default)]
pub struct GateGradient {
    /// `[d_input, d_hidden]`
    pub input: Vec<f32>,
    /// `[d_hidden, d_hidden]`
    pub hidden: Vec<f32>,
    /// `[d_hidden]`, the gradient of either bias.
    pub bias: Vec<f32>,
}

/// The sizes of a layer and, derived from them, of everything in memory (in numbers).
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    /// The instruction set that everything runs with.
    pub level: Level,
    /// Numbers per input row.
    pub d_input: usize,
    /// Hidden units.
    pub d_hidden: usize,
}

impl Sizes {
    /// Blocks of hidden units, each a panel of gate columns.
    pub fn blocks(&self) -> usize {
        self.d_hidden.div_ceil(LANES)
    }

    /// Gate columns, the filling included.
    pub fn gates(&self) -> usize {
        self.blocks() * PANEL
    }

    /// From one row of inputs to the next.
    pub fn input_stride(&self) -> usize {
        stride(self.d_input)
    }

    /// From one row of gates to the next.
    pub fn gates_stride(&self) -> usize {
        stride(self.gates())
    }

    /// From one row of cells or hidden states to the next.
    pub fn state_stride(&self) -> usize {
        stride(self.blocks() * LANES)
    }

    /// From one row of gradients of hidden states or cells to the next: a whole number of [`LANES`].
    pub fn d_state_stride(&self) -> usize {
        stride(self.d_hidden.next_multiple_of(LANES))
    }

    /// From one row of gradients of inputs to the next: a whole number of [`LANES`].
    pub fn d_input_stride(&self) -> usize {
        stride(self.d_input.next_multiple_of(LANES))
    }
}

/// The distance between rows of `len` numbers: an odd number of cache lines, so that a column of a tall matrix spreads
/// over all sets of the cache rather than competing for a few.
fn stride(len: usize) -> usize {
    (len.div_ceil(16) | 1) * 16
}

/// Weights for the forward pass: `[block][row of the matrix][PANEL]`.
pub fn pack(sizes: &Sizes, gates: [&[f32]; GATES], rows: usize) -> Buffer {
    let units = sizes.d_hidden;
    let mut packed = Buffer::new(sizes.blocks() * rows * PANEL);
    for (block, to) in packed.chunks_exact_mut((rows * PANEL).max(1)).enumerate() {
        let unit = block * LANES;
        let count = LANES.min(units - unit);
        for (row, to) in to.chunks_exact_mut(PANEL).enumerate() {
            for (gate, to) in gates.iter().zip(to.chunks_exact_mut(LANES)) {
                to[..count].copy_from_slice(&gate[row * units + unit..][..count]);
                to[count..].fill(0.0);
            }
        }
    }
    packed
}

/// The sum of both biases, in the order of the gate columns.
pub fn pack_bias(sizes: &Sizes, gates: &Gates) -> Buffer {
    let units = sizes.d_hidden;
    let mut packed = Buffer::zeros(sizes.gates());
    for (block, to) in packed.chunks_exact_mut(PANEL).enumerate() {
        for (gate, to) in gates.iter().zip(to.chunks_exact_mut(LANES)) {
            let [first, second] = gate.bias;
            for ((to, first), second) in to.iter_mut().zip(&first[block * LANES..units]).zip(&second[block * LANES..]) {
                *to = first + second;
            }
        }
    }
    packed
}

/// Weights for the backward pass, transposed: `[panel of the matrix' rows][gate column][rows of the panel]`.
pub fn pack_transposed(sizes: &Sizes, gates: [&[f32]; GATES], rows: usize) -> Buffer {
    let (units, depth, width) = (sizes.d_hidden, sizes.gates(), rows.next_multiple_of(LANES));
    let mut packed = Buffer::zeros(width * depth);
    for part in panels(width) {
        let to = &mut packed[part.start * depth..part.end * depth];
        // Sixteen lines at a time are written, which stay in the nearest cache.
        for (group, to) in to.chunks_exact_mut(LANES * part.len()).enumerate() {
            let (block, gate) = (group / GATES, group % GATES);
            let unit = block * LANES;
            let count = LANES.min(units - unit);
            for row in part.start..rows.min(part.end) {
                let from = &gates[gate][row * units + unit..][..count];
                for (to, from) in to[row - part.start..].iter_mut().step_by(part.len()).zip(from) {
                    *to = *from;
                }
            }
        }
    }
    packed
}

/// Undoes the block order: numbers of each gate, row by row, from rows of gate columns `stride` apart.
pub fn unpack(sizes: &Sizes, rows: usize, stride: usize, from: &[f32]) -> [Vec<f32>; GATES] {
    let units = sizes.d_hidden;
    std::array::from_fn(|gate| {
        let mut numbers = Vec::with_capacity(rows * units);
        for row in 0..rows {
            for block in 0..sizes.blocks() {
                let count = LANES.min(units - block * LANES);
                numbers.extend_from_slice(&from[row * stride + block * PANEL + gate * LANES..][..count]);
            }
        }
        numbers
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_weight_lands_where_the_panels_expect_it() {
        for (rows, units) in [(1, 1), (3, 5), (70, 16), (20, 37), (128, 64)] {
            let sizes = Sizes { level: Level::current(), d_input: rows, d_hidden: units };
            let matrices: Vec<Vec<f32>> =
                (0..GATES).map(|g| (0..rows * units).map(|i| (g * rows * units + i + 1) as f32).collect()).collect();
            let gates = [0, 1, 2, 3].map(|g| matrices[g].as_slice());
            let (packed, transposed) = (pack(&sizes, gates, rows), pack_transposed(&sizes, gates, rows));
            let depth = sizes.gates();
            for column in 0..depth {
                let (block, gate, lane) = (column / PANEL, column % PANEL / LANES, column % LANES);
                let unit = block * LANES + lane;
                for part in panels(rows.next_multiple_of(LANES)) {
                    for row in part.start..part.end.min(rows) {
                        let expected = if unit < units { matrices[gate][row * units + unit] } else { 0.0 };
                        assert_eq!(packed[(block * rows + row) * PANEL + column % PANEL], expected);
                        let at = part.start * depth + column * part.len() + row - part.start;
                        assert_eq!(transposed[at], expected);
                    }
                }
            }
            let mut rows_of_columns = vec![0.0; rows * depth];
            for (block, from) in packed.chunks_exact(rows * PANEL).enumerate() {
                for (row, from) in from.chunks_exact(PANEL).enumerate() {
                    rows_of_columns[row * depth + block * PANEL..][..PANEL].copy_from_slice(from);
                }
            }
            assert_eq!(unpack(&sizes, rows, depth, &rows_of_columns).to_vec(), matrices);
        }
    }
}
