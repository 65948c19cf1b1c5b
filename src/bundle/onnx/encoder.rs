//! The way from samples to a pretrained encoder's states as operators: windows, Whisper's spectrogram, its stem and its
//! layers.
//!
//! Clips of a batch have lengths of their own, and so have their windows: where a sample, a frame or a step belongs is
//! reckoned in whole numbers as the graph runs. The spectrogram is in double precision, as ours is.

use std::{
    borrow::Cow,
    f64::consts::{LN_10, TAU},
    ops::Range,
};

use ser_kernels::encoder::UNITS;
use ser_onnx::{Graph, Setting, Value};

use super::clips::Clips;
use crate::{
    arrays::{Arrays, Precision, Weight},
    audio::AudioConfig,
    bundle::{Bundle, BundleEncoder},
    error::{Error, Result},
    frontend::{
        EncoderConfig, Level, Pool,
        encoder::{Architecture, Seen, TransformerConfig},
    },
};

/// What stands for a score that counts for nothing.
const NOTHING: f32 = -1e9;
/// The greatest whole number of 8 bits that the kernels use, and what counts for nothing in a row.
const MOST: f32 = 127.0;
/// See [`MOST`].
const LEAST: f32 = 1e-30;
/// Below every logarithm of a power.
const LOWEST: f64 = -1e30;

/// Windows of clips under way: `[batch, windows, steps, …]`, and the steps of each, `[batch, windows]`.
struct Windows {
    x: Value,
    steps: Value,
}

/// The encoder of a bundle, where all of the way to it can be written as operators.
pub(super) struct Encoder<'a> {
    audio: &'a AudioConfig,
    config: &'a EncoderConfig,
    transformer: &'a TransformerConfig,
    arrays: Cow<'a, Arrays>,
    precision: Precision,
    seen: Seen,
    layers: Vec<usize>,
}

impl<'a> Encoder<'a> {
    /// That of a bundle that carries its encoder; otherwise why not.
    pub(super) fn of(bundle: &'a Bundle, encoder: &'a BundleEncoder) -> std::result::Result<Self, &'static str> {
        let Some(inside) = &bundle.inside else {
            return Err("the encoder is not in the bundle: --self-contained puts it there");
        };
        if !bundle.features.kinds.is_empty() {
            return Err("beside the encoder it has features, which have no operators here");
        }
        let (audio, config) = (&bundle.audio, &encoder.config);
        let manifest = inside.manifest();
        if !matches!(manifest.architecture, Architecture::Whisper(_)) || !manifest.transformer.pre_norm {
            return Err("the encoder is not of Whisper's architecture");
        }
        let seen = inside.encoder().seen_as(config).seen().ok_or("the encoder has no spectrogram")?;
        let layers = config.layer.resolve(manifest.transformer.layers, &manifest.name);
        let layers = layers.map_err(|_| "the encoder has not the layers that are asked for")?;
        let arrays = inside.own_arrays();
        Ok(Self {
            audio,
            config,
            transformer: &manifest.transformer,
            arrays,
            precision: manifest.precision,
            seen,
            layers,
        })
    }

    /// Whether the network's steps are rounded to 16 bits.
    pub(super) fn rounds(&self) -> bool {
        self.config.rounds()
    }

    /// Whether each clip has one step.
    pub(super) fn is_pooled(&self) -> bool {
        self.config.pool != Pool::None
    }

    fn weight(&self, name: &str) -> Result<&Weight> {
        let found = self.arrays.iter().find(|(own, _)| own == name).map(|(_, weight)| weight);
        found.ok_or_else(|| Error::Data(format!("the encoder's {name} is missing")))
    }

    fn constant(&self, graph: &mut Graph, name: &str) -> Result<Value> {
        let weight = self.weight(name)?;
        Ok(graph.floats(&format!("encoder.{name}"), &weight.shape, &weight.values))
    }

    /// From `[batch, samples]` and their lengths `[batch]` to the columns `[batch, steps, dims]`, `least` steps or more where they are
    /// not pooled into one, and the steps of each clip `[batch]`.
    pub(super) fn columns(
        &self,
        graph: &mut Graph,
        samples: &Value,
        lengths: &Value,
        least: usize,
    ) -> Result<(Value, Value)> {
        let clips = Clips::of(graph, self.audio, samples, lengths);
        let frames = self.frames(graph, &clips);
        let spectrogram = self.spectrogram(graph, frames);
        let stem = self.stem(graph, spectrogram)?;
        let states = self.states(graph, stem)?;
        Ok(self.gathered(graph, &states, lengths, least))
    }

    /// The spectrogram's frames `[batch, windows, frames, samples of one]` in double precision: each clip in windows of equal length
    /// but for the last, each window continued by its mirror image.
    fn frames(&self, graph: &mut Graph, clips: &Clips) -> Windows {
        let Seen { longest, least_samples, step, hop, .. } = self.seen;
        let [longest, least, step, hop] = [longest, least_samples, step, hop].map(|samples| graph.int(samples as i64));
        let (zero, one) = (graph.int(0), graph.int(1));
        let at_least_one = |graph: &mut Graph, x: &Value| graph.max(x, &one);
        // [batch, 1]
        let wanted = graph.div_ceil(&clips.count, &longest);
        let wanted = at_least_one(graph, &wanted);
        let length = graph.div_ceil(&clips.count, &wanted);
        let length = graph.div_ceil(&length, &step);
        let length = graph.mul(&length, &step);
        let length = graph.min(&length, &longest);
        let length = at_least_one(graph, &length);
        let own = graph.div_ceil(&clips.count, &length);
        let own = at_least_one(graph, &own);
        // [batch, windows]
        let most = graph.largest_of_all(&own);
        let window = graph.range(&most);
        let start = graph.mul(&length, &window);
        let rest = graph.sub(&clips.count, &start);
        let rest = graph.max(&rest, &zero);
        let rest = graph.min(&rest, &length);
        let there = graph.less(&window, &own);
        let padded = graph.max(&rest, &least);
        let padded = graph.choose(&there, &padded, &zero);
        let steps = graph.div(&padded, &hop);
        let start = graph.add(&start, &clips.first);
        // [batch, windows, frames, samples]
        let frames = graph.largest_of_all(&steps);
        let frame = graph.range(&frames);
        let centre = graph.mul(&frame, &hop);
        let centre = graph.unsqueeze(&centre, &[1]);
        let size = self.seen.window.len();
        let offsets: Vec<i64> = (0..size as i64).map(|at| at - size as i64 / 2).collect();
        let offsets = graph.list(&offsets);
        let at = graph.add(&centre, &offsets);
        let [start, rest, padded] = [&start, &rest, &padded].map(|of| graph.unsqueeze(of, &[2, 3]));
        let last = graph.sub(&padded, &one);
        let at = graph.op("Abs", &[&at], &[]);
        let twice = graph.add(&last, &last);
        let mirrored = graph.sub(&twice, &at);
        let beyond = graph.less(&last, &at);
        let at = graph.choose(&beyond, &mirrored, &at);
        let at = graph.max(&at, &zero);
        let inside = graph.less(&at, &rest);
        let index = graph.add(&start, &at);
        let most = graph.extent(&clips.samples, 1);
        let most = graph.sub(&most, &one);
        let index = graph.choose(&inside, &index, &zero);
        let index = graph.min(&index, &most);
        let index = graph.unsqueeze(&index, &[4]);
        let found = graph.op("GatherND", &[&clips.samples, &index], &[("batch_dims", Setting::Int(1))]);
        let silence = graph.scalar(0.0);
        let x = graph.choose(&inside, &found, &silence);
        Windows { x: graph.double_of(&x), steps }
    }

    /// Whisper's spectrogram, `[batch, windows, frames, bands]`, with zeros where a window has ended.
    fn spectrogram(&self, graph: &mut Graph, frames: Windows) -> Windows {
        let Seen { window, bins, bands, bank, least, range, level, reference, active, noise, .. } = &self.seen;
        let turn = |part: fn(f64) -> f64| -> Vec<f64> {
            let size = window.len();
            let of = |at: usize| {
                let window = window[at];
                (0..*bins).map(move |bin| window * part(TAU * ((at * bin) % size) as f64 / size as f64))
            };
            (0..size).flat_map(of).collect()
        };
        let cosines = graph.doubles("spectrogram.cosines", &[window.len(), *bins], &turn(f64::cos));
        let sines = graph.doubles("spectrogram.sines", &[window.len(), *bins], &turn(f64::sin));
        let mel = graph.doubles("spectrogram.mel", &[*bins, *bands], bank);
        let (real, imaginary) = (graph.matmul(&frames.x, &cosines), graph.matmul(&frames.x, &sines));
        let (real, imaginary) = (graph.mul(&real, &real), graph.mul(&imaginary, &imaginary));
        let power = graph.add(&real, &imaginary);
        let power = graph.matmul(&power, &mel);
        let least = graph.double(*least);
        let power = graph.max(&power, &least);
        let mut x = log10(graph, &power);
        // [batch, windows, frames, 1]
        let there = mask(graph, &x, &frames.steps);
        let zero = graph.double(0.0);
        if level.is_free() {
            let sums = graph.sum(&power, &[3]);
            let sums = graph.choose(&there, &sums, &zero);
            let loudest = graph.largest(&sums, &[2]);
            let part = graph.double(10f64.powf(-active));
            let threshold = graph.mul(&loudest, &part);
            let quiet = graph.less(&sums, &threshold);
            let loud = graph.op("Not", &[&quiet], &[]);
            let loud = graph.op("And", &[&loud, &there], &[]);
            let count = graph.double_of(&loud);
            let count = graph.sum(&count, &[2]);
            let one = graph.double(1.0);
            let count = graph.max(&count, &one);
            let heard = graph.choose(&loud, &power, &zero);
            let sum = graph.sum(&heard, &[2]);
            // [batch, windows, 1, bands]
            let mean = graph.div(&sum, &count);
            let smallest = graph.double(f64::MIN_POSITIVE);
            let (mean, reference) = match level {
                Level::Spectrum => (mean, graph.doubles("spectrogram.reference", &[*bands], reference)),
                Level::Kept | Level::Free => {
                    let total: f64 = reference.iter().map(|x| 10f64.powf(*x)).sum();
                    (graph.sum(&mean, &[3]), graph.double(total.max(f64::MIN_POSITIVE).log10()))
                }
            };
            let mean = graph.max(&mean, &smallest);
            let mean = log10(graph, &mean);
            let offset = graph.sub(&reference, &mean);
            x = graph.add(&x, &offset);
        }
        if let Some(noise) = noise {
            let scale = graph.double(LN_10);
            let power = graph.mul(&x, &scale);
            let power = graph.op("Exp", &[&power], &[]);
            let noise = graph.doubles("spectrogram.noise", &[*bands], noise);
            let power = graph.add(&power, &noise);
            x = log10(graph, &power);
        }
        let lowest = graph.double(LOWEST);
        let heard = graph.choose(&there, &x, &lowest);
        let loudest = graph.largest(&heard, &[2, 3]);
        let range = graph.double(*range);
        let floor = graph.sub(&loudest, &range);
        let x = graph.max(&x, &floor);
        let four = graph.double(4.0);
        let x = graph.add(&x, &four);
        let x = graph.div(&x, &four);
        let x = graph.choose(&there, &x, &zero);
        Windows { x: graph.float_of(&x), steps: frames.steps }
    }

    /// Hidden state 0, `[batch, windows, steps, dims]`.
    fn stem(&self, graph: &mut Graph, bands: Windows) -> Result<Windows> {
        let x = self.convolution(graph, &bands.x, "conv1", 1)?;
        let x = gelu(graph, &x);
        // The second convolution looks one frame beyond the clip, where it must see zeros.
        let x = cleared(graph, &x, &bands.steps);
        let x = self.convolution(graph, &x, "conv2", 2)?;
        let x = gelu(graph, &x);
        let two = graph.int(2);
        let steps = graph.div_ceil(&bands.steps, &two);
        let positions = self.constant(graph, "positions")?;
        let at = graph.places(&x, 2);
        let positions = graph.op("Gather", &[&positions, &at], &[("axis", Setting::Int(0))]);
        let x = graph.add(&x, &positions);
        Ok(Windows { x: cleared(graph, &x, &steps), steps })
    }

    /// A convolution over three steps, every `stride`-th of them, as a product: the operator takes no more than one axis before
    /// the channels.
    fn convolution(&self, graph: &mut Graph, x: &Value, name: &str, stride: i64) -> Result<Value> {
        let Weight { shape, values } = self.weight(&format!("{name}.weight"))?;
        let &[outputs, inputs, 3] = &shape[..] else {
            return Err(Error::Data(format!("the encoder's {name} is no convolution over three steps")));
        };
        // [3 × inputs, outputs]
        let at = |tap: usize, input: usize, output: usize| values[(output * inputs + input) * 3 + tap];
        let turned: Vec<f32> = (0..3 * inputs)
            .flat_map(|row| (0..outputs).map(move |output| at(row / inputs, row % inputs, output)))
            .collect();
        let weight = graph.floats(&format!("encoder.{name}.weight"), &[3 * inputs, outputs], &turned);
        let pads = graph.list(&[0, 0, 1, 0, 0, 0, 1, 0]);
        let padded = graph.op("Pad", &[x, &pads], &[]);
        let (axis, stride) = (graph.list(&[2]), graph.list(&[stride]));
        let taps: Vec<Value> = [(0, -2), (1, -1), (2, i64::MAX)]
            .into_iter()
            .map(|(from, until)| {
                let (from, until) = (graph.list(&[from]), graph.list(&[until]));
                graph.op("Slice", &[&padded, &from, &until, &axis, &stride], &[])
            })
            .collect();
        let taps = graph.op("Concat", &taps.iter().collect::<Vec<_>>(), &[("axis", Setting::Int(3))]);
        let product = graph.matmul(&taps, &weight);
        let bias = self.constant(graph, &format!("{name}.bias"))?;
        Ok(graph.add(&product, &bias))
    }

    /// The states that are asked for, side by side.
    fn states(&self, graph: &mut Graph, stem: Windows) -> Result<Windows> {
        let Windows { x: mut state, steps } = stem;
        let highest = self.layers.iter().copied().max().unwrap_or(0);
        let whole = self.transformer.layers == self.transformer.total_layers;
        let mut states = vec![state.clone()];
        for layer in 0..highest {
            state = self.layer(graph, &state, &steps, &format!("transformer.layers.{layer}"))?;
            let last = layer + 1 == self.transformer.layers && whole;
            let out = if last { self.norm(graph, &state, "transformer.closing")? } else { state.clone() };
            states.push(cleared(graph, &out, &steps));
        }
        let chosen: Vec<&Value> = self.layers.iter().map(|&layer| &states[layer]).collect();
        let x = match chosen[..] {
            [one] => one.clone(),
            _ => graph.op("Concat", &chosen, &[("axis", Setting::Int(3))]),
        };
        Ok(Windows { x, steps })
    }

    fn layer(&self, graph: &mut Graph, x: &Value, steps: &Value, name: &str) -> Result<Value> {
        let heads = self.transformer.heads as i64;
        let width = self.transformer.dims as i64 / heads;
        let seen = self.norm(graph, x, &format!("{name}.attention_norm"))?;
        let mut part = |part: &str, order: &[i64]| -> Result<Value> {
            let of = self.linear(graph, &seen, &format!("{name}.attention.{part}"))?;
            let of = graph.reshape(&of, &[0, 0, 0, heads, width]);
            Ok(graph.transpose(&of, order))
        };
        let query = part("query", &[0, 1, 3, 2, 4])?;
        let (key, value) = (part("key", &[0, 1, 3, 4, 2])?, part("value", &[0, 1, 3, 2, 4])?);
        let scores = graph.matmul(&query, &key);
        let scale = graph.scalar(1.0 / (width as f32).sqrt());
        let scores = graph.mul(&scores, &scale);
        // [batch, windows, 1, 1, steps]
        let there = mask(graph, x, steps);
        let there = graph.transpose(&there, &[0, 1, 3, 2]);
        let there = graph.unsqueeze(&there, &[2]);
        let nothing = graph.scalar(NOTHING);
        let scores = graph.choose(&there, &scores, &nothing);
        let parts = graph.op("Softmax", &[&scores], &[("axis", Setting::Int(-1))]);
        let attended = graph.matmul(&parts, &value);
        let attended = graph.transpose(&attended, &[0, 1, 3, 2, 4]);
        let attended = graph.reshape(&attended, &[0, 0, 0, heads * width]);
        let attended = self.linear(graph, &attended, &format!("{name}.attention.output"))?;
        let x = graph.add(x, &attended);
        let seen = self.norm(graph, &x, &format!("{name}.feed_norm"))?;
        let up = self.linear(graph, &seen, &format!("{name}.up"))?;
        let up = gelu(graph, &up);
        let down = self.linear(graph, &up, &format!("{name}.down"))?;
        Ok(graph.add(&x, &down))
    }

    fn norm(&self, graph: &mut Graph, x: &Value, name: &str) -> Result<Value> {
        let [weight, bias] = ["weight", "bias"].map(|part| self.constant(graph, &format!("{name}.{part}")));
        let epsilon = ("epsilon", Setting::Float(self.transformer.epsilon as f32));
        Ok(graph.op("LayerNormalization", &[x, &weight?, &bias?], &[("axis", Setting::Int(-1)), epsilon]))
    }

    fn linear(&self, graph: &mut Graph, x: &Value, name: &str) -> Result<Value> {
        let product = match self.precision {
            Precision::Int8 => self.whole_product(graph, x, name)?,
            _ => {
                let ([outputs, inputs], values) = self.matrix(name)?;
                let turned = turned(values, outputs, 0..inputs, inputs);
                let weight = graph.floats(&format!("encoder.{name}.weight"), &[inputs, outputs], &turned);
                graph.matmul(x, &weight)
            }
        };
        let bias = format!("{name}.bias");
        if !self.arrays.iter().any(|(own, _)| *own == bias) {
            return Ok(product);
        }
        let bias = self.constant(graph, &bias)?;
        Ok(graph.add(&product, &bias))
    }

    fn matrix(&self, name: &str) -> Result<([usize; 2], &[f32])> {
        let Weight { shape, values } = self.weight(&format!("{name}.weight"))?;
        let &[outputs, inputs] = &shape[..] else {
            return Err(Error::Data(format!("the encoder's {name}.weight is no matrix")));
        };
        Ok(([outputs, inputs], values))
    }

    /// A product as the kernels have it in 8 bits: each row of inputs and each output's weights are whole numbers up to 127 with
    /// a factor. They are multiplied as numbers in single precision, whose sums are exact as long as they stay below 2²⁴.
    fn whole_product(&self, graph: &mut Graph, x: &Value, name: &str) -> Result<Value> {
        let ([outputs, inputs], values) = self.matrix(name)?;
        let (mut whole, mut factors) = (Vec::with_capacity(values.len()), Vec::with_capacity(outputs));
        for row in values.chunks(inputs.max(1)) {
            let most = row.iter().fold(0f32, |most, x| most.max(x.abs()));
            let inverse = if most > LEAST { MOST / most } else { 0.0 };
            whole.extend(row.iter().map(|x| (x * inverse).round_ties_even() as i8));
            factors.push(if most > LEAST { most / MOST } else { 0.0 });
        }
        let factors = graph.floats(&format!("encoder.{name}.factors"), &[outputs], &factors);
        // What is rounded together: the second dense layer is given its hidden units in parts.
        let together = if name.ends_with(".down") { UNITS } else { inputs };
        let mut sum = None;
        for first in (0..inputs).step_by(together.max(1)) {
            let part = first..inputs.min(first + together);
            let seen = if part.len() == inputs {
                x.clone()
            } else {
                let axis = graph.list(&[-1]);
                let (from, until) = (graph.list(&[part.start as i64]), graph.list(&[part.end as i64]));
                graph.op("Slice", &[x, &from, &until, &axis], &[])
            };
            let (rounded, row) = rounded(graph, &seen);
            let at = format!("encoder.{name}.weight.{first}");
            let weight = graph.bytes(&at, &[part.len(), outputs], &turned(&whole, outputs, part, inputs));
            let weight = graph.float_of(&weight);
            let product = graph.matmul(&rounded, &weight);
            let factor = graph.mul(&row, &factors);
            let product = graph.mul(&product, &factor);
            sum = Some(match sum {
                Some(sum) => graph.add(&sum, &product),
                None => product,
            });
        }
        sum.ok_or_else(|| Error::Data(format!("the encoder's {name}.weight is empty")))
    }

    /// The windows of each clip behind one another, or pooled: `[batch, steps, dims]` and `[batch]`.
    fn gathered(&self, graph: &mut Graph, states: &Windows, lengths: &Value, least: usize) -> (Value, Value) {
        let one = graph.int(1);
        // [batch, 1]
        let counts = graph.sum(&states.steps, &[1]);
        if self.is_pooled() {
            return (self.pooled(graph, states, &counts), graph.min(lengths, &one));
        }
        // A full window's steps, which the first one is or is the only one.
        let (from, until, axis) = (graph.list(&[0]), graph.list(&[1]), graph.list(&[1]));
        let full = graph.op("Slice", &[&states.steps, &from, &until, &axis], &[]);
        let full = graph.max(&full, &one);
        let steps = graph.largest_of_all(&counts);
        let least = graph.int(least as i64);
        let steps = graph.max(&steps, &least);
        let at = graph.range(&steps);
        let at = graph.unsqueeze(&at, &[0]);
        let window = graph.div(&at, &full);
        let before = graph.mul(&window, &full);
        let within = graph.sub(&at, &before);
        let windows = graph.places(&states.x, 1);
        let last = graph.largest_of_all(&windows);
        let window = graph.min(&window, &last);
        let [window, within] = [window, within].map(|of| graph.unsqueeze(&of, &[2]));
        let place = graph.op("Concat", &[&window, &within], &[("axis", Setting::Int(2))]);
        let x = graph.op("GatherND", &[&states.x, &place], &[("batch_dims", Setting::Int(1))]);
        let axis = graph.list(&[1]);
        let counts = graph.op("Squeeze", &[&counts, &axis], &[]);
        if !self.config.rounds() {
            return (x, counts);
        }
        // As the cache keeps them.
        let most = half::f16::MAX.to_f32();
        let (lowest, highest) = (graph.scalar(-most), graph.scalar(most));
        let x = graph.op("Clip", &[&x, &lowest, &highest], &[]);
        let x = graph.half_of(&x);
        (graph.float_of(&x), counts)
    }

    /// Mean, and standard deviation where asked for, of each state over a clip's steps, `[batch, 1, columns]`.
    fn pooled(&self, graph: &mut Graph, states: &Windows, counts: &Value) -> Value {
        let there = mask(graph, &states.x, &states.steps);
        let zero = graph.double(0.0);
        let x = graph.double_of(&states.x);
        let counts = graph.double_of(counts);
        let counts = graph.unsqueeze(&counts, &[2, 3]);
        let sum = graph.sum(&x, &[1, 2]);
        let mean = graph.div(&sum, &counts);
        let dims = self.transformer.dims as i64;
        let layers = self.layers.len() as i64;
        if self.config.pool == Pool::Mean {
            let mean = graph.reshape(&mean, &[0, 1, layers * dims]);
            return graph.float_of(&mean);
        }
        let centred = graph.sub(&x, &mean);
        let centred = graph.choose(&there, &centred, &zero);
        let squares = graph.mul(&centred, &centred);
        let sum = graph.sum(&squares, &[1, 2]);
        let variance = graph.div(&sum, &counts);
        let std = graph.op("Sqrt", &[&variance], &[]);
        // Each state's mean, then its deviation.
        let [mean, std] = [mean, std].map(|of| graph.reshape(&of, &[0, layers, dims]));
        let both = graph.op("Concat", &[&mean, &std], &[("axis", Setting::Int(2))]);
        let both = graph.reshape(&both, &[0, 1, 2 * dims * layers]);
        graph.float_of(&both)
    }
}

/// The decimal logarithm.
fn log10(graph: &mut Graph, x: &Value) -> Value {
    let scale = graph.double(1.0 / LN_10);
    let log = graph.op("Log", &[x], &[]);
    graph.mul(&log, &scale)
}

/// The columns `part` of `[outputs, inputs]`, as a product takes them: `[part, outputs]`.
fn turned<T: Copy>(values: &[T], outputs: usize, part: Range<usize>, inputs: usize) -> Vec<T> {
    part.flat_map(|input| (0..outputs).map(move |output| values[output * inputs + input])).collect()
}

/// Each row as whole numbers up to 127, and what a whole number of it stands for, `[…, 1]`.
fn rounded(graph: &mut Graph, x: &Value) -> (Value, Value) {
    let size = graph.op("Abs", &[x], &[]);
    let largest = graph.largest(&size, &[-1]);
    let (least, zero, most) = (graph.scalar(LEAST), graph.scalar(0.0), graph.scalar(MOST));
    let counts = graph.less(&least, &largest);
    let inverse = graph.div(&most, &largest);
    let inverse = graph.choose(&counts, &inverse, &zero);
    let factor = graph.div(&largest, &most);
    let scaled = graph.mul(x, &inverse);
    // To the even one of two that are as near, as the kernels do.
    (graph.op("Round", &[&scaled], &[]), factor)
}

/// The Gaussian error linear unit, with the error function itself.
fn gelu(graph: &mut Graph, x: &Value) -> Value {
    let (root, one, half) = (graph.scalar(std::f32::consts::FRAC_1_SQRT_2), graph.scalar(1.0), graph.scalar(0.5));
    let scaled = graph.mul(x, &root);
    let error = graph.op("Erf", &[&scaled], &[]);
    let part = graph.add(&error, &one);
    let product = graph.mul(x, &part);
    graph.mul(&product, &half)
}

/// Whether each step of `[batch, windows, steps, …]`, is one of its window, `[batch, windows, steps, 1]`.
fn mask(graph: &mut Graph, x: &Value, steps: &Value) -> Value {
    let at = graph.places(x, 2);
    let steps = graph.unsqueeze(steps, &[2]);
    let there = graph.less(&at, &steps);
    graph.unsqueeze(&there, &[3])
}

/// Zero wherever a window has ended.
fn cleared(graph: &mut Graph, x: &Value, steps: &Value) -> Value {
    let there = mask(graph, x, steps);
    let zero = graph.scalar(0.0);
    graph.choose(&there, x, &zero)
}
