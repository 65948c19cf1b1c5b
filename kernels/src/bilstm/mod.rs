//! The layer on plain slices: forward, and backward through time, of both directions.
//!
//! Work is cut by direction and, where there are more than two threads, by items and by hidden units. Neither cut
//! touches the order of any sum, so that the result is the same to the last bit for any number of threads; and in the
//! forward pass and in the gradient of the input, the same for an item alone as within a batch.

mod backward;
mod forward;
mod gates;
mod ragged;
mod steps;
mod weight_gradients;
mod weights;

use rayon::prelude::*;

pub use backward::backward;
pub use forward::forward;
pub use gates::GATES;
pub use ragged::Ragged;
pub use weights::{Gate, GateGradient, Gates, Sizes};

use crate::buffer::Buffer;
use crate::view::View;

/// Length of the runs into which k is cut, so that a panel of that many rows stays in the first-level cache.
const DEPTH: usize = 128;

/// What one direction computed; rows as in [`Ragged`].
#[derive(Debug, Clone)]
pub struct Side {
    /// Hidden states, `[rows, state_stride]`.
    pub hidden: Buffer,
    /// Activated gates for the backward pass, `[rows, gates_stride]`; empty without one.
    gates: Buffer,
    /// Cells for the backward pass, `[rows, state_stride]`; empty without one.
    cells: Buffer,
}

/// The gradients of one direction.
#[derive(Debug)]
pub struct SideGradient {
    /// `[rows, d_input_stride]`, if it was asked for.
    pub input: Option<Buffer>,
    /// The parameters of each gate.
    pub gates: [GateGradient; GATES],
}

/// Copies the valid rows of a batch into packed order, `[rows, input_stride]`.
pub fn gather(sizes: &Sizes, batch: &Ragged, view: View) -> Buffer {
    let stride = sizes.input_stride();
    let mut packed = Buffer::new(batch.rows() * stride);
    let mut steps = Vec::with_capacity(batch.steps());
    let mut rest: &mut [f32] = &mut packed;
    for &active in &batch.active {
        let (step, after) = rest.split_at_mut(active * stride);
        steps.push(step);
        rest = after;
    }
    steps.into_par_iter().enumerate().with_min_len(4).for_each(|(step, rows)| {
        for (row, &item) in rows.chunks_exact_mut(stride).zip(&batch.order) {
            view.copy_row(item, step, &mut row[..sizes.d_input]);
        }
    });
    packed
}

/// The inverse of [`gather`] for `[items, steps, width]`: `write(row, to)` fills the place of one packed row, and what
/// has no row becomes zero.
pub fn scatter(batch: &Ragged, steps: usize, width: usize, write: impl Fn(usize, &mut [f32]) + Sync) -> Vec<f32> {
    let mut numbers = vec![0.0; batch.order.len() * steps * width];
    let mut places = vec![0; batch.order.len()];
    for (place, &item) in batch.order.iter().enumerate() {
        places[item] = place;
    }
    if steps * width > 0 {
        numbers.par_chunks_exact_mut(steps * width).zip(&places).for_each(|(to, &place)| {
            for (step, to) in to.chunks_exact_mut(width).enumerate().take(batch.steps()) {
                if place < batch.active[step] {
                    write(batch.first[step] + place, to);
                }
            }
        });
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::Level;
    use crate::trial::Numbers;

    /// A layer's parameters per direction and gate: input weights, hidden weights, two biases.
    type Parameters = [[[Vec<f32>; 4]; GATES]; 2];

    struct Case {
        d_input: usize,
        d_hidden: usize,
        steps: usize,
        lengths: Vec<usize>,
        input: Vec<f32>,
        /// What the loss multiplies the outputs by; its gradient with respect to them.
        wanted: Vec<f32>,
        parameters: Parameters,
    }

    impl Case {
        fn new(d_input: usize, d_hidden: usize, steps: usize, lengths: &[usize]) -> Self {
            let mut random = Numbers(12_345);
            let mut numbers = |n: usize| random.take(n);
            Self {
                d_input,
                d_hidden,
                steps,
                lengths: lengths.to_vec(),
                input: numbers(lengths.len() * steps * d_input),
                wanted: numbers(lengths.len() * steps * 2 * d_hidden),
                parameters: [(); 2].map(|()| {
                    [(); GATES].map(|()| {
                        let mut tensors =
                            [d_input * d_hidden, d_hidden * d_hidden, d_hidden, d_hidden].map(&mut numbers);
                        // As large as they are at the start of training.
                        tensors.iter_mut().flatten().for_each(|x| *x /= (d_hidden as f32).sqrt());
                        tensors
                    })
                }),
            }
        }

        /// Outputs, gradient of the input, and gradients of each gate's parameters.
        fn run(&self, level: Level) -> (Vec<f32>, Vec<f32>, [[GateGradient; GATES]; 2]) {
            let sizes = Sizes { level, d_input: self.d_input, d_hidden: self.d_hidden };
            let batch = Ragged::new(&self.lengths);
            let weights = self.parameters.each_ref().map(|gates| {
                gates.each_ref().map(|[input, hidden, first, second]| Gate { input, hidden, bias: [first, second] })
            });
            let view = |data, width| View { data, strides: [self.steps * width, width, 1] };
            let packed = gather(&sizes, &batch, view(&self.input, self.d_input));
            let sides = forward(&sizes, &batch, &packed, &weights, true);
            let passing = forward(&sizes, &batch, &packed, &weights, false);
            let units = self.d_hidden;
            let output = |sides: &[Side; 2]| {
                scatter(&batch, self.steps, 2 * units, |row, to| {
                    for (to, side) in to.chunks_exact_mut(units).zip(sides) {
                        to.copy_from_slice(&side.hidden[row * sizes.state_stride()..][..units]);
                    }
                })
            };
            let outputs = output(&sides);
            assert_eq!(outputs, output(&passing), "saving for the backward pass changes nothing");
            let d_output = view(&self.wanted, 2 * units);
            let [ahead, back] = backward(&sizes, &batch, &packed, &weights, sides, d_output, true);
            let (d_ahead, d_back) = (ahead.input.unwrap(), back.input.unwrap());
            let stride = sizes.d_input_stride();
            let d_input = scatter(&batch, self.steps, self.d_input, |row, to| {
                for (i, to) in to.iter_mut().enumerate() {
                    *to = d_ahead[row * stride + i] + d_back[row * stride + i];
                }
            });
            (outputs, d_input, [ahead.gates, back.gates])
        }

        /// The layer written down from its definition, in double precision: outputs.
        fn reference(&self, input: &[f64], parameters: &[[[Vec<f64>; 4]; GATES]; 2]) -> Vec<f64> {
            let (d, units) = (self.d_input, self.d_hidden);
            let mut output = vec![0.0; self.lengths.len() * self.steps * 2 * units];
            for (item, &length) in self.lengths.iter().enumerate() {
                for (direction, gates) in parameters.iter().enumerate() {
                    let (mut hidden, mut cell) = (vec![0.0; units], vec![0.0; units]);
                    for i in 0..length {
                        let step = if direction == 0 { i } else { length - 1 - i };
                        let x = &input[(item * self.steps + step) * d..][..d];
                        let before = hidden.clone();
                        for unit in 0..units {
                            let [i, f, g, o] = gates.each_ref().map(|[w, u, b, c]| {
                                let from_input: f64 = (0..d).map(|k| x[k] * w[k * units + unit]).sum();
                                let from_hidden: f64 = (0..units).map(|k| before[k] * u[k * units + unit]).sum();
                                from_input + from_hidden + b[unit] + c[unit]
                            });
                            let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
                            cell[unit] = sigmoid(f) * cell[unit] + sigmoid(i) * g.tanh();
                            hidden[unit] = sigmoid(o) * cell[unit].tanh();
                        }
                        let to = (item * self.steps + step) * 2 * units + direction * units;
                        output[to..to + units].copy_from_slice(&hidden);
                    }
                }
            }
            output
        }

        fn loss(&self, input: &[f64], parameters: &[[[Vec<f64>; 4]; GATES]; 2]) -> f64 {
            let output = self.reference(input, parameters);
            output.iter().zip(&self.wanted).map(|(y, w)| y * f64::from(*w)).sum()
        }
    }

    fn double(numbers: &[f32]) -> Vec<f64> {
        numbers.iter().map(|&x| f64::from(x)).collect()
    }

    fn furthest(ours: &[f32], exact: &[f64]) -> f64 {
        assert_eq!(ours.len(), exact.len());
        ours.iter().zip(exact).map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max)
    }

    #[test]
    fn outputs_agree_with_the_definition_in_double_precision() {
        for level in Level::all() {
            let cases = [
                Case::new(3, 5, 4, &[4, 1, 3]),
                Case::new(1, 1, 1, &[1]),
                Case::new(39, 17, 30, &[30; 7]),
                Case::new(20, 40, 50, &[13, 50, 1, 49, 2, 2, 31, 50, 7, 20, 20, 11, 3]),
            ];
            for case in cases {
                let exact = case.reference(
                    &double(&case.input),
                    &case.parameters.clone().map(|g| g.map(|p| p.map(|v| double(&v)))),
                );
                let off = furthest(&case.run(level).0, &exact);
                assert!(off < 2e-6, "{level:?}: {off:e}");
            }
        }
    }

    #[test]
    fn gradients_agree_with_finite_differences_of_the_definition() {
        let case = Case::new(3, 5, 6, &[6, 1, 4, 4]);
        let exact = case.parameters.clone().map(|gates| gates.map(|tensors| tensors.map(|t| double(&t))));
        let input = double(&case.input);
        let h = 1e-5;
        let d_input: Vec<f64> = (0..input.len())
            .map(|i| {
                let at = |shift: f64| {
                    let mut input = input.clone();
                    input[i] += shift;
                    case.loss(&input, &exact)
                };
                (at(h) - at(-h)) / (2.0 * h)
            })
            .collect();
        for level in Level::all() {
            let (_, ours, gates) = case.run(level);
            let off = furthest(&ours, &d_input);
            assert!(off < 1e-6, "{level:?} input: {off:e}");
            for (direction, gates) in gates.iter().enumerate() {
                for (gate, ours) in gates.iter().enumerate() {
                    for (tensor, ours) in [&ours.input, &ours.hidden, &ours.bias, &ours.bias].into_iter().enumerate() {
                        let difference = |i: usize| {
                            let at = |shift: f64| {
                                let mut moved = exact.clone();
                                moved[direction][gate][tensor][i] += shift;
                                case.loss(&input, &moved)
                            };
                            (at(h) - at(-h)) / (2.0 * h)
                        };
                        let wanted: Vec<f64> = (0..ours.len()).map(difference).collect();
                        let off = furthest(ours, &wanted);
                        assert!(off < 3e-6, "{level:?} direction {direction} gate {gate} tensor {tensor}: {off:e}");
                    }
                }
            }
        }
    }

    #[test]
    fn every_level_gives_the_same_bits() {
        for (d_input, d_hidden) in [(3, 5), (39, 64), (20, 37)] {
            let case = Case::new(d_input, d_hidden, 12, &[12, 3, 7, 1, 12]);
            let bits = |level: Level| {
                let (output, d_input, gates) = case.run(level);
                let gates = gates.into_iter().flatten().flat_map(|gate| [gate.input, gate.hidden, gate.bias].concat());
                [output, d_input, gates.collect()].concat()
            };
            let first = bits(Level::all()[0]);
            for level in Level::all() {
                assert!(bits(level) == first, "{level}, {d_input} to {d_hidden}");
            }
        }
    }

    #[test]
    fn nothing_depends_on_the_number_of_threads() {
        let lengths: Vec<usize> = (0..40).map(|i| 1 + (i * 7) % 23).collect();
        for level in Level::all() {
            let case = Case::new(24, 72, 23, &lengths);
            let with = |threads: usize| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                pool.install(|| case.run(level))
            };
            let (output, d_input, gates) = with(1);
            for threads in [2, 3, 6, 16] {
                let (same_output, same_input, same_gates) = with(threads);
                assert_eq!(output, same_output);
                assert_eq!(d_input, same_input);
                for (a, b) in gates.iter().flatten().zip(same_gates.iter().flatten()) {
                    assert_eq!((&a.input, &a.hidden, &a.bias), (&b.input, &b.hidden, &b.bias));
                }
            }
        }
    }

    #[test]
    fn an_item_alone_gives_the_same_bits_as_within_a_batch() {
        for level in Level::all() {
            let lengths = [3, 19, 1, 12, 19, 7, 2, 2, 5, 18, 19, 4, 6];
            let case = Case::new(10, 21, 19, &lengths);
            let (outputs, d_inputs, _) = case.run(level);
            for (item, &length) in lengths.iter().enumerate() {
                let part = |numbers: &[f32], width: usize| numbers[item * 19 * width..][..length * width].to_vec();
                // Alone, and without its padding.
                let alone = Case {
                    lengths: vec![length],
                    steps: length,
                    input: part(&case.input, 10),
                    wanted: part(&case.wanted, 42),
                    parameters: case.parameters.clone(),
                    ..case
                };
                let (output, d_input, _) = alone.run(level);
                assert_eq!(output, part(&outputs, 42));
                assert_eq!(d_input, part(&d_inputs, 10));
            }
        }
    }
}
