use super::*;
use crate::{level::Level, trial::Numbers};

#[derive(Clone)]
struct Case {
    d_input: usize,
    d_output: usize,
    taps: usize,
    frames: usize,
    lengths: Vec<usize>,
    input: Vec<f32>,
    /// What the loss multiplies the outputs by; its gradient with respect to them.
    wanted: Vec<f32>,
    /// Weight, bias, gamma, beta.
    parameters: [Vec<f32>; 4],
}

const EPSILON: f64 = 1e-5;

/// Outputs, statistics and gradients.
type Run = (Vec<f32>, Statistics, Gradients);

impl Case {
    fn new(d_input: usize, d_output: usize, taps: usize, frames: usize, lengths: &[usize]) -> Self {
        let mut random = Numbers(12_345);
        let mut numbers = |n: usize| random.take(n);
        Self {
            d_input,
            d_output,
            taps,
            frames,
            lengths: lengths.to_vec(),
            input: numbers(lengths.len() * frames * d_input),
            wanted: numbers(lengths.len() * (frames / 2) * d_output),
            // Factors of either sign.
            parameters: [d_output * d_input * taps, d_output, d_output, d_output].map(&mut numbers),
        }
    }

    fn sizes(&self, level: Level) -> Sizes {
        Sizes { level, d_input: self.d_input, d_output: self.d_output, taps: self.taps }
    }

    fn layer(&self) -> Layer<'_> {
        let [weight, bias, gamma, beta] = self.parameters.each_ref();
        Layer { weight, bias, gamma, beta, epsilon: EPSILON }
    }

    fn run(&self, level: Level) -> Run {
        let (sizes, frames) = (self.sizes(level), Frames::new(&self.lengths, self.taps / 2));
        let view = |data, frames, width| View { data, strides: [frames * width, width, 1] };
        let input = gather(&sizes, &frames, view(&self.input, self.frames, self.d_input));
        let steps = self.frames / 2;
        let (output, trained) = train(&sizes, &frames, &input, &self.layer(), steps);
        let statistics = trained.statistics().clone();
        let wanted = view(&self.wanted, steps, self.d_output);
        let gradients = backward(&sizes, &frames, &input, &self.layer(), trained, wanted, Some(self.frames));
        (output, statistics, gradients)
    }

    fn infer(&self, level: Level) -> Vec<f32> {
        let (sizes, frames) = (self.sizes(level), Frames::new(&self.lengths, self.taps / 2));
        let strides = [self.frames * self.d_input, self.d_input, 1];
        let input = gather(&sizes, &frames, View { data: &self.input, strides });
        let mean = (0..self.d_output).map(|c| (c as f64).sin()).collect();
        let variance = (0..self.d_output).map(|c| 1.0 + (c as f64).cos()).collect();
        infer(&sizes, &frames, &input, &self.layer(), &Statistics { mean, variance }, self.frames / 2)
    }

    /// The block written down from its definition, in double precision.
    fn reference(&self, input: &[f64], parameters: &[Vec<f64>; 4]) -> Vec<f64> {
        let [weight, bias, gamma, beta] = parameters;
        let (d, half, steps) = (self.d_input, self.taps / 2, self.frames / 2);
        let mut output = vec![0.0; self.lengths.len() * steps * self.d_output];
        for c in 0..self.d_output {
            let convolved = |item: usize, frame: usize| -> f64 {
                let tap = |tap: usize| -> f64 {
                    let Some(at) = (frame + tap).checked_sub(half).filter(|&at| at < self.lengths[item]) else {
                        return 0.0;
                    };
                    let row = &input[(item * self.frames + at) * d..][..d];
                    row.iter().enumerate().map(|(i, x)| x * weight[(c * d + i) * self.taps + tap]).sum()
                };
                bias[c] + (0..self.taps).map(tap).sum::<f64>()
            };
            let y: Vec<Vec<f64>> = (0..self.lengths.len())
                .map(|item| (0..self.lengths[item]).map(|frame| convolved(item, frame)).collect())
                .collect();
            let count = self.lengths.iter().sum::<usize>() as f64;
            let mean = y.iter().flatten().sum::<f64>() / count;
            let variance = y.iter().flatten().map(|y| (y - mean).powi(2)).sum::<f64>() / count;
            let v = |y: f64| (y - mean) / (variance + EPSILON).sqrt() * gamma[c] + beta[c];
            for (item, y) in y.iter().enumerate() {
                for (step, pair) in y.chunks_exact(2).enumerate() {
                    output[(item * steps + step) * self.d_output + c] = v(pair[0]).max(v(pair[1])).max(0.0);
                }
            }
        }
        output
    }

    fn loss(&self, input: &[f64], parameters: &[Vec<f64>; 4]) -> f64 {
        let output = self.reference(input, parameters);
        output.iter().zip(&self.wanted).map(|(y, w)| y * f64::from(*w)).sum()
    }
}

fn double(numbers: &[f32]) -> Vec<f64> {
    numbers.iter().map(|&x| f64::from(x)).collect()
}

fn furthest(ours: &[f32], exact: &[f64]) -> f64 {
    assert_eq!(ours.len(), exact.len());
    let largest = exact.iter().fold(1.0f64, |most, x| most.max(x.abs()));
    ours.iter().zip(exact).map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max) / largest
}

#[test]
fn outputs_agree_with_the_definition_in_double_precision() {
    let cases = [
        Case::new(3, 5, 3, 4, &[4, 1, 3]),
        Case::new(39, 17, 5, 30, &[30; 7]),
        Case::new(5, 66, 1, 9, &[2, 9, 3, 1]),
        Case::new(2, 3, 7, 600, &[600, 257, 513, 2]),
    ];
    for case in cases {
        let exact = case.reference(&double(&case.input), &case.parameters.each_ref().map(|p| double(p)));
        for level in Level::all() {
            let off = furthest(&case.run(level).0, &exact);
            assert!(off < 3e-6, "{level:?}: {off:e}");
        }
    }
}

#[test]
fn gradients_agree_with_finite_differences_of_the_definition() {
    for taps in [1, 3, 5] {
        let case = Case::new(3, 5, taps, 7, &[7, 1, 4, 3]);
        let exact = case.parameters.each_ref().map(|tensor| double(tensor));
        let input = double(&case.input);
        let h = 1e-6;
        let difference = |loss: &dyn Fn(f64) -> f64| (loss(h) - loss(-h)) / (2.0 * h);
        let d_input: Vec<f64> = (0..input.len())
            .map(|i| {
                difference(&|shift| {
                    let mut input = input.clone();
                    input[i] += shift;
                    case.loss(&input, &exact)
                })
            })
            .collect();
        for level in Level::all() {
            let (_, _, ours) = case.run(level);
            let off = furthest(&ours.input.unwrap(), &d_input);
            assert!(off < 3e-6, "{level:?} input: {off:e}");
            let no_bias = vec![0.0; case.d_output];
            for (tensor, ours) in [&ours.weight, &no_bias, &ours.gamma, &ours.beta].into_iter().enumerate() {
                let wanted: Vec<f64> = (0..ours.len())
                    .map(|i| {
                        difference(&|shift| {
                            let mut moved = exact.clone();
                            moved[tensor][i] += shift;
                            case.loss(&input, &moved)
                        })
                    })
                    .collect();
                let off = furthest(ours, &wanted);
                assert!(off < 3e-6, "{level:?} parameter {tensor}: {off:e}");
            }
        }
    }
}

#[test]
fn every_level_gives_the_same_bits() {
    for (d_input, d_output, taps) in [(3, 5, 3), (39, 64, 5), (20, 130, 1)] {
        let case = Case::new(d_input, d_output, taps, 40, &[40, 3, 17, 1]);
        let first = (case.run(Level::all()[0]), case.infer(Level::all()[0]));
        for level in Level::all() {
            assert!((case.run(level), case.infer(level)) == first, "{level}, {d_input} to {d_output} channels");
        }
    }
}

#[test]
fn nothing_depends_on_the_number_of_threads() {
    let lengths: Vec<usize> = (0..40).map(|i| 1 + (i * 97) % 523).collect();
    for level in Level::all() {
        let case = Case::new(24, 72, 3, 523, &lengths);
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| (case.run(level), case.infer(level)))
        };
        let alone = with(1);
        for threads in [2, 3, 6, 16] {
            assert!(with(threads) == alone, "{threads} threads");
        }
    }
}

#[test]
fn an_item_alone_is_inferred_to_the_same_bits_as_within_a_batch() {
    for level in Level::all() {
        let lengths = [3, 19, 1, 12, 700, 7, 2, 2, 5, 18, 256, 4, 6];
        let case = Case::new(10, 21, 5, 700, &lengths);
        let together = case.infer(level);
        for (item, &length) in lengths.iter().enumerate() {
            // Alone, and without its padding.
            let input = case.input[item * 700 * 10..][..length * 10].to_vec();
            let alone = Case { lengths: vec![length], frames: length, input, ..case.clone() };
            let steps = &together[item * 350 * 21..(item + 1) * 350 * 21];
            assert_eq!(alone.infer(level), steps[..length / 2 * 21]);
            assert!(steps[length / 2 * 21..].iter().all(|&x| x == 0.0));
        }
    }
}

#[test]
fn nan_in_a_frame_is_not_swallowed() {
    for level in Level::all() {
        for frame in 0..6 {
            let mut case = Case::new(2, 3, 1, 6, &[6]);
            case.input[frame * 2] = f32::NAN;
            let output = case.infer(level);
            assert!(output[frame / 2 * 3..][..3].iter().all(|x| x.is_nan()), "{level:?} {frame} {output:?}");
        }
    }
}
