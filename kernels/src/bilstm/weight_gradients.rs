//! The gradients of the parameters, in a few large products once all steps are done.

use std::ops::Range;

use rayon::prelude::*;

use super::{DEPTH, Side};
use crate::bilstm::gates::GATES;
use crate::bilstm::ragged::{Ragged, Run};
use crate::bilstm::weights::{GateGradient, Sizes, unpack};
use crate::buffer::Buffer;
use crate::panel::{PANEL, Panel, Start, multiply};
use crate::shared::Shared;

/// The gradients of weights and biases, from each direction's hidden states and gradients of gate sums.
pub fn weight_gradients(sizes: &Sizes, batch: &Ragged, input: &[f32], sides: &[Side; 2]) -> [[GateGradient; GATES]; 2] {
    let (rows, stride) = (batch.rows(), sizes.gates_stride());
    assert!(
        input.len() >= rows * sizes.input_stride()
            && sides
                .iter()
                .all(|side| { side.gates.len() >= rows * stride && side.hidden.len() >= rows * sizes.state_stride() }),
        "inputs, hidden states and gates hold a row per item and step"
    );
    let mut sums = [(); 2].map(|()| [sizes.d_input, sizes.d_hidden, 1].map(|rows| Buffer::new(rows * stride)));
    // Gate columns are independent of one another: more threads than two share them.
    let share = sizes.blocks().div_ceil(rayon::current_num_threads().div_ceil(2)).max(1);
    let mut tasks = Vec::new();
    for ((sums, Side { hidden, gates, .. }), reverse) in sums.iter_mut().zip(sides).zip([false, true]) {
        let [d_input, d_hidden, d_bias] = sums.each_mut().map(|sums| Shared::new(sums));
        for first in (0..sizes.blocks()).step_by(share) {
            let blocks = first..sizes.blocks().min(first + share);
            let runs = batch.runs(reverse);
            tasks.push(Weights { sizes, rows, runs, blocks, input, hidden, gates, d_input, d_hidden, d_bias });
        }
    }
    // SAFETY: inputs, states and gates have their rows by the assertion, the buffers were sized above for every gate column,
    // and the tasks of a direction share no column.
    tasks.into_par_iter().with_max_len(1).for_each(|task| unsafe { task.run() });

    let collect = |[d_input, d_hidden, d_bias]: &[Buffer; 3]| {
        let [mut inputs, mut hiddens, mut biases] = [(d_input, sizes.d_input), (d_hidden, sizes.d_hidden), (d_bias, 1)]
            .map(|(sums, rows)| unpack(sizes, rows, stride, sums));
        std::array::from_fn(|gate| GateGradient {
            input: std::mem::take(&mut inputs[gate]),
            hidden: std::mem::take(&mut hiddens[gate]),
            bias: std::mem::take(&mut biases[gate]),
        })
    };
    let (forward, reverse) = rayon::join(|| collect(&sums[0]), || collect(&sums[1]));
    [forward, reverse]
}

struct Weights<'a> {
    sizes: &'a Sizes,
    rows: usize,
    runs: Vec<Run>,
    blocks: Range<usize>,
    input: &'a [f32],
    hidden: &'a [f32],
    gates: &'a [f32],
    d_input: Shared<'a>,
    d_hidden: Shared<'a>,
    d_bias: Shared<'a>,
}

impl Weights<'_> {
    /// # Safety
    /// The buffers hold every row of the batch or every gate column, and nobody else touches the task's columns.
    unsafe fn run(self) {
        let sizes = self.sizes;
        let everything = [Run { row: 0, before: 0, len: self.rows }];
        let input = (self.input, sizes.input_stride());
        let hidden = (self.hidden, sizes.state_stride());
        // SAFETY: passed on from the caller; runs name rows of the batch only.
        unsafe {
            self.accumulate(&everything, (&[1.0], 0), 1, self.d_bias);
            self.accumulate(&everything, input, sizes.d_input, self.d_input);
            self.accumulate(&self.runs, hidden, sizes.d_hidden, self.d_hidden);
        }
    }

    /// `to[width, gate columns] = from[before rows, width]ᵀ gates[rows, gate columns]` over all runs.
    ///
    /// # Safety
    /// As [`Weights::run`]; `from` holds every `before` row at the given stride.
    unsafe fn accumulate(&self, runs: &[Run], from: (&[f32], usize), width: usize, to: Shared) {
        let sizes = self.sizes;
        let stride = sizes.gates_stride();
        let mut start = Start::Zero;
        for run in runs {
            for k in (0..run.len).step_by(DEPTH) {
                for block in self.blocks.clone() {
                    // SAFETY: as promised by the caller.
                    unsafe {
                        let product = Panel {
                            rows: width,
                            columns: PANEL,
                            depth: DEPTH.min(run.len - k),
                            a: from.0.as_ptr().add((run.before + k) * from.1),
                            a_row: 1,
                            a_column: from.1,
                            b: self.gates.as_ptr().add((run.row + k) * stride + block * PANEL),
                            b_row: stride,
                            c: to.at(block * PANEL),
                            c_row: stride,
                            start,
                        };
                        multiply(sizes.level, product);
                    }
                }
                start = Start::Sum;
            }
        }
        if matches!(start, Start::Zero) {
            // No row at all, as where every item is one step long and nothing recurs.
            for row in 0..width {
                for block in self.blocks.clone() {
                    // SAFETY: a panel of the task's own columns.
                    unsafe { to.at(row * stride + block * PANEL).write_bytes(0, PANEL) };
                }
            }
        }
    }
}
