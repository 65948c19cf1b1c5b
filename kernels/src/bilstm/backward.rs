//! Backward through time: from the gradient of the outputs to those of the gate sums and the inputs.

use rayon::prelude::*;

use super::steps::{Steps, groups};
use super::weight_gradients::weight_gradients;
use super::{DEPTH, Side, SideGradient};
use crate::bilstm::gates::{BackwardRows, gates_backward};
use crate::bilstm::ragged::Ragged;
use crate::bilstm::weights::{Gates, Sizes, pack_transposed};
use crate::buffer::Buffer;
use crate::panel::{Panel, Start, multiply, panels};
use crate::shared::Shared;
use crate::simd::LANES;
use crate::view::View;

/// Takes the gradient of both directions' outputs back to the inputs (if `wants_input`) and the parameters.
///
/// `d_output` is `[items, steps, 2 * d_hidden]`, forward half first, with a last stride of 1; what stands beyond an
/// item's length is not read. `sides` come from `forward` with `keep`; their gates are overwritten.
pub fn backward(
    sizes: &Sizes,
    batch: &Ragged,
    input: &[f32],
    weights: &[Gates; 2],
    mut sides: [Side; 2],
    d_output: View,
    wants_input: bool,
) -> [SideGradient; 2] {
    let rows = batch.rows();
    assert!(input.len() >= rows * sizes.input_stride(), "packed inputs hold a row per item and step");
    for side in &sides {
        let states = rows * sizes.state_stride();
        assert!(
            side.gates.len() >= rows * sizes.gates_stride()
                && side.cells.len() >= states
                && side.hidden.len() >= states,
            "the forward pass kept what the backward pass needs"
        );
    }
    let [item, step, column] = d_output.strides;
    assert!(
        rows == 0
            || column == 1
                && (batch.order.len() - 1) * item + (batch.steps() - 1) * step + 2 * sizes.d_hidden
                    <= d_output.data.len(),
        "output gradients hold a row per item and step"
    );
    let transposed = |gates: &Gates| {
        let hidden = pack_transposed(sizes, gates.map(|gate| gate.hidden), sizes.d_hidden);
        let input = wants_input.then(|| pack_transposed(sizes, gates.map(|gate| gate.input), sizes.d_input));
        (hidden, input)
    };
    let packed = rayon::join(|| transposed(&weights[0]), || transposed(&weights[1]));
    let packed = [packed.0, packed.1];

    let mut d_inputs = [(); 2].map(|()| wants_input.then(|| Buffer::new(rows * sizes.d_input_stride())));
    let mut tasks = Vec::new();
    for (reverse, ((side, packed), d_input)) in
        [false, true].into_iter().zip(sides.iter_mut().zip(&packed).zip(&mut d_inputs))
    {
        let gates = Shared::new(&mut side.gates);
        let d_input = d_input.as_mut().map(|d_input| Shared::new(d_input));
        for items in groups(batch) {
            let steps = Steps::new(batch, items, reverse);
            tasks.push(Backward { sizes, steps, packed, gates, cells: &side.cells, d_output, d_input });
        }
    }
    // SAFETY: the buffers hold every row of the batch (those of `sides` since the forward pass), and the tasks of a
    // direction share no item, hence no row.
    tasks.into_par_iter().with_max_len(1).for_each(|task| unsafe { task.run() });

    let [forward, reverse] = weight_gradients(sizes, batch, input, &sides);
    let [d_forward, d_reverse] = d_inputs;
    [SideGradient { input: d_forward, gates: forward }, SideGradient { input: d_reverse, gates: reverse }]
}

struct Backward<'a> {
    sizes: &'a Sizes,
    steps: Steps<'a>,
    /// Transposed weights: hidden, input.
    packed: &'a (Buffer, Option<Buffer>),
    gates: Shared<'a>,
    cells: &'a [f32],
    d_output: View<'a>,
    d_input: Option<Shared<'a>>,
}

impl Backward<'_> {
    /// # Safety
    /// The buffers hold every row of the batch, and nobody else touches the rows of the task's items.
    unsafe fn run(self) {
        let Self { sizes, steps, .. } = &self;
        let (gates_stride, state_stride, d_stride) =
            (sizes.gates_stride(), sizes.state_stride(), sizes.d_state_stride());
        let half = if steps.reverse { sizes.d_hidden } else { 0 };
        let [by_item, by_step, _] = self.d_output.strides;
        let mut d_hidden = Buffer::zeros(steps.items.len() * d_stride);
        let mut d_cells = Buffer::zeros(steps.items.len() * d_stride);

        for chunk in steps.ordered_chunks(true) {
            for i in 0..chunk.len() {
                let step = steps.nth(&chunk, i, true);
                let before = steps.before(step);
                let (active, linked) = (steps.active(step), steps.linked(step, before));
                if active == 0 {
                    continue;
                }
                // What comes back from the step after, for the items that have one; nothing for the others.
                let ongoing = steps.linked(step, steps.after(step));
                d_hidden[ongoing * d_stride..active * d_stride].fill(0.0);
                d_cells[ongoing * d_stride..active * d_stride].fill(0.0);
                let items = &steps.batch.order[steps.items.clone()][..active];
                for (d_hidden, &item) in d_hidden.chunks_exact_mut(d_stride).zip(items) {
                    let from = &self.d_output.data[item * by_item + step * by_step + half..][..sizes.d_hidden];
                    for (sum, from) in d_hidden.iter_mut().zip(from) {
                        *sum += from;
                    }
                }
                let row = steps.first(step);
                let row_before = before.filter(|_| linked > 0).map_or(row, |before| steps.first(before));
                // SAFETY: rows of this step and the step before, of the task's own items, of which the first `linked`
                // have a predecessor.
                unsafe {
                    let rows = BackwardRows {
                        rows: linked,
                        blocks: sizes.blocks(),
                        gates: self.gates.at(row * gates_stride),
                        gates_stride,
                        before: self.cells.as_ptr().add(row_before * state_stride),
                        cells: self.cells.as_ptr().add(row * state_stride),
                        cells_stride: state_stride,
                        d_hidden: d_hidden.as_ptr(),
                        d_cells: d_cells.as_mut_ptr(),
                        d_stride,
                    };
                    gates_backward(sizes.level, rows);
                    let fresh = BackwardRows {
                        rows: active - linked,
                        gates: rows.gates.add(linked * gates_stride),
                        before: std::ptr::null(),
                        cells: rows.cells.add(linked * state_stride),
                        d_hidden: rows.d_hidden.add(linked * d_stride),
                        d_cells: rows.d_cells.add(linked * d_stride),
                        ..rows
                    };
                    gates_backward(sizes.level, fresh);
                    let to = (d_hidden.as_mut_ptr(), d_stride);
                    self.through_weights(row, linked, &self.packed.0, sizes.d_hidden, to);
                }
            }
            if let (Some(d_input), Some(packed)) = (self.d_input, &self.packed.1) {
                let stride = sizes.d_input_stride();
                for (row, _, rows) in steps.stretches(&chunk) {
                    // SAFETY: the rows are the task's own, and hold the gradients of the gate sums by now.
                    unsafe {
                        let to = (d_input.at(row * stride), stride);
                        self.through_weights(row, rows, packed, sizes.d_input, to);
                    }
                }
            }
        }
    }

    /// Multiplies gradients of gate sums by the transposed weights of a matrix of `width` rows.
    ///
    /// # Safety
    /// `rows` rows of gates from `row` on are the task's own; `to` has that many rows of `width` numbers, rounded up to a
    /// whole number of [`LANES`].
    unsafe fn through_weights(&self, row: usize, rows: usize, packed: &[f32], width: usize, to: (*mut f32, usize)) {
        let sizes = self.sizes;
        if rows == 0 {
            return;
        }
        for part in panels(width.next_multiple_of(LANES)) {
            for k in (0..sizes.gates()).step_by(DEPTH) {
                // SAFETY: as promised by the caller; `packed` holds `gates` rows for each part.
                unsafe {
                    let product = Panel {
                        rows,
                        columns: part.len(),
                        depth: DEPTH.min(sizes.gates() - k),
                        a: self.gates.at(row * sizes.gates_stride() + k),
                        a_row: sizes.gates_stride(),
                        a_column: 1,
                        b: packed.as_ptr().add(part.start * sizes.gates() + k * part.len()),
                        b_row: part.len(),
                        c: to.0.add(part.start),
                        c_row: to.1,
                        start: if k == 0 { Start::Zero } else { Start::Sum },
                    };
                    multiply(sizes.level, product);
                }
            }
        }
    }
}
