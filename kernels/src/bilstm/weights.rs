//! The stock modules' weights, rearranged into the panels that the kernels stream through.
//!
//! Gate columns are stored in blocks of `4 N`: input, forget, cell and output gate of `N` hidden units, `N` being the
//! lanes of a register. The last block is filled up with units whose weights are zero; such a unit stays exactly zero.

use super::gates::GATES;
use crate::buffer::Buffer;
use crate::simd::Level;

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

/// The sizes of a layer and, derived from them and the register width, of everything in memory (in numbers).
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    /// The instruction set that everything is laid out for.
    pub level: Level,
    /// Numbers per input row.
    pub d_input: usize,
    /// Hidden units.
    pub d_hidden: usize,
}

impl Sizes {
    /// Lanes of a register.
    pub fn lanes(&self) -> usize {
        self.level.lanes()
    }

    /// Columns of a panel.
    pub fn panel(&self) -> usize {
        GATES * self.lanes()
    }

    /// Blocks of hidden units, that is panels of gate columns.
    pub fn blocks(&self) -> usize {
        self.d_hidden.div_ceil(self.lanes())
    }

    /// Gate columns, the filling included.
    pub fn gates(&self) -> usize {
        self.blocks() * self.panel()
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
        stride(self.blocks() * self.lanes())
    }

    /// From one row of gradients of hidden states or cells to the next: a whole number of panels.
    pub fn d_state_stride(&self) -> usize {
        stride(self.d_hidden.next_multiple_of(self.panel()))
    }

    /// From one row of gradients of inputs to the next: a whole number of panels.
    pub fn d_input_stride(&self) -> usize {
        stride(self.d_input.next_multiple_of(self.panel()))
    }
}

/// The distance between rows of `len` numbers: an odd number of cache lines, so that a column of a tall matrix spreads
/// over all sets of the cache rather than competing for a few.
fn stride(len: usize) -> usize {
    (len.div_ceil(16) | 1) * 16
}

/// Weights for the forward pass: `[block][row of the matrix][4 N]`.
pub fn pack(sizes: &Sizes, gates: [&[f32]; GATES], rows: usize) -> Buffer {
    let (units, lanes, panel) = (sizes.d_hidden, sizes.lanes(), sizes.panel());
    let mut packed = Buffer::new(sizes.blocks() * rows * panel);
    for (block, to) in packed.chunks_exact_mut((rows * panel).max(1)).enumerate() {
        let unit = block * lanes;
        let count = lanes.min(units - unit);
        for (row, to) in to.chunks_exact_mut(panel).enumerate() {
            for (gate, to) in gates.iter().zip(to.chunks_exact_mut(lanes)) {
                to[..count].copy_from_slice(&gate[row * units + unit..][..count]);
                to[count..].fill(0.0);
            }
        }
    }
    packed
}

/// The sum of both biases, in the order of the gate columns.
pub fn pack_bias(sizes: &Sizes, gates: &Gates) -> Buffer {
    let (units, lanes) = (sizes.d_hidden, sizes.lanes());
    let mut packed = Buffer::zeros(sizes.gates());
    for (block, to) in packed.chunks_exact_mut(sizes.panel()).enumerate() {
        for (gate, to) in gates.iter().zip(to.chunks_exact_mut(lanes)) {
            let [first, second] = gate.bias;
            for ((to, first), second) in to.iter_mut().zip(&first[block * lanes..units]).zip(&second[block * lanes..]) {
                *to = first + second;
            }
        }
    }
    packed
}

/// Weights for the backward pass, transposed: `[panel of the matrix' rows][gate column][4 N]`.
pub fn pack_transposed(sizes: &Sizes, gates: [&[f32]; GATES], rows: usize) -> Buffer {
    let (units, lanes, panel) = (sizes.d_hidden, sizes.lanes(), sizes.panel());
    let mut packed = Buffer::zeros(rows.div_ceil(panel) * sizes.gates() * panel);
    for (part, to) in packed.chunks_exact_mut((sizes.gates() * panel).max(1)).enumerate() {
        let first = part * panel;
        // Sixteen lines at a time are written, which stay in the nearest cache.
        for (group, to) in to.chunks_exact_mut(lanes * panel).enumerate() {
            let (block, gate) = (group / GATES, group % GATES);
            let unit = block * lanes;
            let count = lanes.min(units - unit);
            for row in first..rows.min(first + panel) {
                let from = &gates[gate][row * units + unit..][..count];
                for (to, from) in to[row - first..].iter_mut().step_by(panel).zip(from) {
                    *to = *from;
                }
            }
        }
    }
    packed
}

/// Undoes the block order: numbers of each gate, row by row, from rows of gate columns `stride` apart.
pub fn unpack(sizes: &Sizes, rows: usize, stride: usize, from: &[f32]) -> [Vec<f32>; GATES] {
    let (units, lanes, panel) = (sizes.d_hidden, sizes.lanes(), sizes.panel());
    std::array::from_fn(|gate| {
        let mut numbers = Vec::with_capacity(rows * units);
        for row in 0..rows {
            for block in 0..sizes.blocks() {
                let count = lanes.min(units - block * lanes);
                numbers.extend_from_slice(&from[row * stride + block * panel + gate * lanes..][..count]);
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
        for level in Level::all() {
            for (rows, units) in [(1, 1), (3, 5), (70, 16), (20, 37), (128, 64)] {
                let sizes = Sizes { level, d_input: rows, d_hidden: units };
                let (lanes, panel) = (sizes.lanes(), sizes.panel());
                let matrices: Vec<Vec<f32>> = (0..GATES)
                    .map(|g| (0..rows * units).map(|i| (g * rows * units + i + 1) as f32).collect())
                    .collect();
                let gates = [0, 1, 2, 3].map(|g| matrices[g].as_slice());
                let (packed, transposed) = (pack(&sizes, gates, rows), pack_transposed(&sizes, gates, rows));
                for column in 0..sizes.gates() {
                    let (block, gate, lane) = (column / panel, column % panel / lanes, column % lanes);
                    let unit = block * lanes + lane;
                    for row in 0..rows {
                        let expected = if unit < units { matrices[gate][row * units + unit] } else { 0.0 };
                        assert_eq!(packed[(block * rows + row) * panel + column % panel], expected);
                        let part = row / panel * sizes.gates() + column;
                        assert_eq!(transposed[part * panel + row % panel], expected);
                    }
                }
                let width = sizes.gates();
                let mut rows_of_columns = vec![0.0; rows * width];
                for (block, from) in packed.chunks_exact(rows * panel).enumerate() {
                    for (row, from) in from.chunks_exact(panel).enumerate() {
                        rows_of_columns[row * width + block * panel..][..panel].copy_from_slice(from);
                    }
                }
                assert_eq!(unpack(&sizes, rows, width, &rows_of_columns).to_vec(), matrices);
            }
        }
    }
}
