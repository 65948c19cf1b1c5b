//! The forward pass.

use rayon::prelude::*;

use super::Side;
use super::steps::{CHUNK, Steps, groups};
use crate::bilstm::gates::{ForwardRows, gates_forward};
use crate::bilstm::ragged::Ragged;
use crate::bilstm::weights::{Gates, Sizes, pack, pack_bias};
use crate::buffer::Buffer;
use crate::panel::{PANEL, Panel, Start, multiply};
use crate::shared::Shared;
use crate::simd::LANES;

/// The weights of one direction, arranged for the forward pass.
struct Packed {
    input: Buffer,
    hidden: Buffer,
    bias: Buffer,
}

/// Runs both directions over packed inputs; `keep` saves what `backward` needs.
pub fn forward(sizes: &Sizes, batch: &Ragged, input: &[f32], weights: &[Gates; 2], keep: bool) -> [Side; 2] {
    let rows = batch.rows();
    assert!(input.len() >= rows * sizes.input_stride(), "packed inputs hold a row per item and step");
    let arrange = |gates: &Gates| Packed {
        input: pack(sizes, gates.map(|gate| gate.input), sizes.d_input),
        hidden: pack(sizes, gates.map(|gate| gate.hidden), sizes.d_hidden),
        bias: pack_bias(sizes, gates),
    };
    let packed = rayon::join(|| arrange(&weights[0]), || arrange(&weights[1]));
    let side = || Side {
        hidden: Buffer::new(rows * sizes.state_stride()),
        gates: Buffer::new(if keep { rows * sizes.gates_stride() } else { 0 }),
        cells: Buffer::new(if keep { rows * sizes.state_stride() } else { 0 }),
    };
    let mut sides = [side(), side()];
    let mut tasks = Vec::new();
    for ((side, packed), reverse) in sides.iter_mut().zip([&packed.0, &packed.1]).zip([false, true]) {
        let hidden = Shared::new(&mut side.hidden);
        let kept = keep.then(|| (Shared::new(&mut side.gates), Shared::new(&mut side.cells)));
        for items in groups(batch) {
            tasks.push(Forward { sizes, steps: Steps::new(batch, items, reverse), input, packed, hidden, kept });
        }
    }
    // SAFETY: the buffers were sized above for every row of the batch, and the tasks of a direction share no item,
    // hence no row.
    tasks.into_par_iter().with_max_len(1).for_each(|task| unsafe { task.run() });
    sides
}

struct Forward<'a> {
    sizes: &'a Sizes,
    steps: Steps<'a>,
    input: &'a [f32],
    packed: &'a Packed,
    hidden: Shared<'a>,
    kept: Option<(Shared<'a>, Shared<'a>)>,
}

impl Forward<'_> {
    /// # Safety
    /// The buffers hold every row of the batch, and nobody else touches the rows of the task's items.
    unsafe fn run(self) {
        let Self { sizes, steps, packed, .. } = &self;
        let (input_stride, gates_stride, state_stride) =
            (sizes.input_stride(), sizes.gates_stride(), sizes.state_stride());
        let keep = self.kept.is_some();
        // Without a backward pass, gates live for a chunk and cells for a step.
        let mut passing_gates = Buffer::new(if keep { 0 } else { (CHUNK + steps.items.len()) * gates_stride });
        let mut passing_cells = Buffer::new(if keep { 0 } else { steps.items.len() * state_stride });
        let (gates, cells) =
            self.kept.map_or((passing_gates.as_mut_ptr(), passing_cells.as_mut_ptr()), |(g, c)| (g.at(0), c.at(0)));

        for chunk in steps.ordered_chunks(false) {
            let stretches = steps.stretches(&chunk);
            for block in 0..sizes.blocks() {
                for &(row, local, rows) in &stretches {
                    // SAFETY: the rows are the task's own; the weights of a block are `d_input` rows of a panel.
                    unsafe {
                        let product = Panel {
                            rows,
                            columns: PANEL,
                            depth: sizes.d_input,
                            a: self.input.as_ptr().add(row * input_stride),
                            a_row: input_stride,
                            a_column: 1,
                            b: packed.input.as_ptr().add(block * sizes.d_input * PANEL),
                            b_row: PANEL,
                            c: gates.add(if keep { row } else { local } * gates_stride + block * PANEL),
                            c_row: gates_stride,
                            start: Start::Row(packed.bias.as_ptr().add(block * PANEL)),
                        };
                        multiply(sizes.level, product);
                    }
                }
            }
            for i in 0..chunk.len() {
                let step = steps.nth(&chunk, i, false);
                let before = steps.before(step);
                let (active, linked) = (steps.active(step), steps.linked(step, before));
                if active == 0 {
                    continue;
                }
                let row = steps.first(step);
                let row_before = before.filter(|_| linked > 0).map_or(row, |before| steps.first(before));
                for block in 0..sizes.blocks() {
                    let unit = block * LANES;
                    // SAFETY: rows of this step and the step before, of the task's own items, of which the first
                    // `linked` have a predecessor.
                    unsafe {
                        let local = steps.rows[step] - steps.rows[chunk.start];
                        let gates = gates.add(if keep { row } else { local } * gates_stride + block * PANEL);
                        let cells = cells.add(unit);
                        let hidden = self.hidden.at(unit);
                        if linked > 0 {
                            let product = Panel {
                                rows: linked,
                                columns: PANEL,
                                depth: sizes.d_hidden,
                                a: self.hidden.at(row_before * state_stride),
                                a_row: state_stride,
                                a_column: 1,
                                b: packed.hidden.as_ptr().add(block * sizes.d_hidden * PANEL),
                                b_row: PANEL,
                                c: gates,
                                c_row: gates_stride,
                                start: Start::Sum,
                            };
                            multiply(sizes.level, product);
                        }
                        let rows = ForwardRows {
                            rows: linked,
                            gates,
                            gates_stride,
                            before: cells.add(if keep { row_before } else { 0 } * state_stride),
                            cells: cells.add(if keep { row } else { 0 } * state_stride),
                            cells_stride: state_stride,
                            hidden: hidden.add(row * state_stride),
                            hidden_stride: state_stride,
                            keep,
                        };
                        gates_forward(sizes.level, rows);
                        let fresh = ForwardRows {
                            rows: active - linked,
                            gates: gates.add(linked * gates_stride),
                            before: std::ptr::null(),
                            cells: rows.cells.add(linked * state_stride),
                            hidden: rows.hidden.add(linked * state_stride),
                            ..rows
                        };
                        gates_forward(sizes.level, fresh);
                    }
                }
            }
        }
    }
}
