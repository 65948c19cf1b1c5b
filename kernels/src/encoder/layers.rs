//! Transformer layers: self-attention, then two dense layers with a GELU between them, each with a shortcut and a layer
//! normalisation before or behind it.

use std::ops::Range;

use rayon::prelude::*;

use crate::buffer::Buffer;
use crate::encoder::attention::Heads;
use crate::encoder::dense::Dense;
use crate::encoder::packed::{Begin, Rows};
use crate::encoder::rows::{Normalise, add_rows, gelu_rows, normalise};
use crate::encoder::{Block, blocks, serves};
use crate::level::Level;
use crate::panel::PANEL;
use crate::shared::Shared;
use crate::simd::LANES;

/// Hidden units of the two dense layers that exist at a time: four panels. In 8 bits they are rounded together, too: each row
/// of them has a factor of its own.
pub const UNITS: usize = 4 * PANEL;

/// The sizes of a stack of layers.
#[derive(Clone, Copy, Debug)]
pub struct LayersConfig {
    /// Channels of a state: a multiple of sixteen.
    pub dims: usize,
    /// Attention heads, which share the channels.
    pub heads: usize,
    /// Units between the two dense layers.
    pub feed_forward: usize,
    /// Whether a normalisation stands before each part, else behind it.
    pub pre_norm: bool,
    /// Whether the dense layers compute with whole numbers of 8 bits: weights with a factor for each output, what they see
    /// with one for each row. Faster, and a quarter of the memory; less exact.
    pub bytes: bool,
}

/// A dense layer's weights.
#[derive(Clone, Debug, Default)]
pub struct Linear {
    /// `[outputs, inputs]`, row-major.
    pub weight: Vec<f32>,
    /// `[outputs]`; empty for none.
    pub bias: Vec<f32>,
}

impl Linear {
    fn sized(&self, outputs: usize, inputs: usize) -> bool {
        self.weight.len() == outputs * inputs && (self.bias.is_empty() || self.bias.len() == outputs)
    }

    /// The weights to an output.
    fn row(&self, output: usize, inputs: usize) -> &[f32] {
        &self.weight[output * inputs..(output + 1) * inputs]
    }

    fn bias(&self, output: usize) -> f32 {
        self.bias.get(output).copied().unwrap_or(0.0)
    }
}

/// A layer normalisation's weights.
#[derive(Clone, Debug)]
pub struct Norm {
    /// `[dims]`.
    pub weight: Vec<f32>,
    /// `[dims]`.
    pub bias: Vec<f32>,
    /// What is added to the variance.
    pub epsilon: f32,
}

impl Norm {
    fn sized(&self, dims: usize) -> bool {
        self.weight.len() == dims && self.bias.len() == dims
    }
}

/// The weights of a layer.
#[derive(Clone, Debug)]
pub struct LayerWeights {
    /// The attention's projections, each from `dims` to `dims`.
    pub query: Linear,
    /// See `query`.
    pub key: Linear,
    /// See `query`.
    pub value: Linear,
    /// What the heads' results go through.
    pub output: Linear,
    /// Before the attention, or behind it.
    pub attention_norm: Norm,
    /// From `dims` to `feed_forward`.
    pub up: Linear,
    /// From `feed_forward` to `dims`.
    pub down: Linear,
    /// Before the two dense layers, or behind them.
    pub feed_norm: Norm,
}

/// Transformer layers, ready to compute.
#[derive(Clone)]
pub struct Layers {
    config: LayersConfig,
    layers: Vec<Layer>,
    closing: Option<Norm>,
}

#[derive(Clone)]
struct Layer {
    /// To queries, keys and values, each `[head][channel]` with every head filled up to a multiple of [`LANES`].
    projections: Dense,
    /// From the same.
    output: Dense,
    attention_norm: Norm,
    up: Dense,
    down: Dense,
    feed_norm: Norm,
}

impl Layer {
    fn new(config: &LayersConfig, weights: LayerWeights) -> Self {
        let LayersConfig { dims, heads, feed_forward, bytes, .. } = *config;
        let LayerWeights { query, key, value, output, attention_norm, up, down, feed_norm } = weights;
        let sized = [&query, &key, &value, &output].iter().all(|linear| linear.sized(dims, dims))
            && up.sized(feed_forward, dims)
            && down.sized(dims, feed_forward)
            && attention_norm.sized(dims)
            && feed_norm.sized(dims);
        assert!(sized, "a layer's weights are of its sizes");
        let head = dims / heads;
        let width = head.next_multiple_of(LANES);
        // The real channel behind one of a head that is filled up.
        let real = move |channel: usize| (channel % width < head).then_some(channel / width * head + channel % width);
        let scale = 1.0 / (head as f32).sqrt();
        let projection = |output: usize| {
            let (which, channel) = (output / (heads * width), real(output % (heads * width)));
            let (linear, scale) = [(&query, scale), (&key, 1.0), (&value, 1.0)][which];
            channel.map(|channel| (linear, channel, scale))
        };
        let projections = Dense::new(
            bytes,
            [3 * heads * width, dims],
            |to, row| {
                if let Some((linear, channel, scale)) = projection(to) {
                    row.iter_mut().zip(linear.row(channel, dims)).for_each(|(to, weight)| *to = weight * scale);
                }
            },
            |to| projection(to).map_or(0.0, |(linear, channel, scale)| linear.bias(channel) * scale),
        );
        // Units beyond the real ones are GELU of zero, which is zero.
        let dense = |sizes: [usize; 2], linear: &Linear, inputs: usize| {
            let row = |to, row: &mut [f32]| row[..inputs].copy_from_slice(linear.row(to, inputs));
            Dense::new(bytes, sizes, row, |to| linear.bias(to))
        };
        Self {
            projections,
            output: Dense::new(
                bytes,
                [dims, heads * width],
                |to, row| {
                    let heads = row.chunks_exact_mut(width).zip(output.row(to, dims).chunks_exact(head));
                    heads.for_each(|(to, weights)| to[..head].copy_from_slice(weights));
                },
                |to| output.bias(to),
            ),
            attention_norm,
            up: dense([feed_forward, dims], &up, dims),
            down: dense([dims, feed_forward.next_multiple_of(LANES)], &down, feed_forward),
            feed_norm,
        }
    }
}

impl Layers {
    /// No layers yet.
    ///
    /// # Panics
    ///
    /// If `config` is none that [`serves`] takes.
    #[must_use]
    pub fn new(config: LayersConfig) -> Self {
        let LayersConfig { dims, heads, feed_forward, .. } = config;
        assert!(serves(dims) && feed_forward > 0 && heads > 0 && dims.is_multiple_of(heads), "layers of such sizes");
        Self { config, layers: Vec::new(), closing: None }
    }

    /// Lays out the weights of one more layer above the others.
    ///
    /// # Panics
    ///
    /// If weights are not of the sizes of the config.
    pub fn push(&mut self, weights: LayerWeights) {
        self.layers.push(Layer::new(&self.config, weights));
    }

    /// Adds the normalisation of the last state, which no other state goes through.
    ///
    /// # Panics
    ///
    /// If it is not of the size of the config.
    pub fn close(&mut self, norm: Norm) {
        assert!(norm.sized(self.config.dims), "the closing normalisation is of its size");
        self.closing = Some(norm);
    }

    /// How many layers there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.layers.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.layers.is_empty()
    }

    /// The states `from + 1` to `highest` of clips of so many frames, which follow one another in every state, from their
    /// state `from`: `[frames of all clips, dims]`. No layer above `highest` is computed.
    ///
    /// # Panics
    ///
    /// If `x` is not of that size, or there are fewer layers than `highest`.
    #[must_use]
    pub fn forward(&self, x: Vec<f32>, lengths: &[usize], from: usize, highest: usize) -> Vec<Vec<f32>> {
        self.forward_at(Level::current(), x, lengths, from..highest)
    }

    pub(super) fn forward_at(
        &self,
        level: Level,
        mut x: Vec<f32>,
        lengths: &[usize],
        layers: Range<usize>,
    ) -> Vec<Vec<f32>> {
        let dims = self.config.dims;
        let total = lengths.iter().sum::<usize>();
        assert!(x.len() == total * dims, "{} numbers are no states of {total} frames × {dims}", x.len());
        assert!(layers.end <= self.layers.len(), "layer {} of {}", layers.end, self.layers.len());
        let mut states: Vec<Vec<f32>> = layers.clone().map(|_| vec![0.0; total * dims]).collect();
        if layers.is_empty() || total == 0 {
            return states;
        }
        let places = Places::new(&self.config, lengths);
        let mut projected = Buffer::new(total * 3 * places.channels);
        // A layer's keys and values are still read where those of the next are written.
        let mut keys = [Buffer::new(places.keys), Buffer::new(places.keys)];
        let mut values = [Buffer::new(places.values), Buffer::new(places.values)];
        let work = Work {
            level,
            config: &self.config,
            places: &places,
            x: Shared::new(&mut x),
            projected: Shared::new(&mut projected),
            keys: keys.each_mut().map(|buffer| Shared::new(buffer)),
            values: values.each_mut().map(|buffer| Shared::new(buffer)),
        };
        let states_at: Vec<Shared> = states.iter_mut().map(|state| Shared::new(state)).collect();
        let blocks = blocks(lengths);
        for at in layers.start..=layers.end {
            blocks.par_iter().for_each(|&block| {
                // SAFETY: every block is a task of its own, and a task writes what belongs to its block alone: its rows of
                // `x`, of `projected` and of the state; its frames' keys and values. It reads other blocks' keys and values
                // of the layer before, which are whole since all tasks of the round before are done.
                unsafe {
                    if at > layers.start {
                        let index = at - 1;
                        work.finish(&self.layers[index], index, block);
                        let closing = self.closing.as_ref().filter(|_| at == self.layers.len());
                        work.keep(closing, block, states_at[index - layers.start]);
                    }
                    if at < layers.end {
                        work.project(&self.layers[at], at, block);
                    }
                }
            });
        }
        states
    }
}

impl std::fmt::Debug for Layers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Layers")
            .field("config", &self.config)
            .field("layers", &self.layers.len())
            .finish_non_exhaustive()
    }
}

/// Where each clip's numbers lie.
struct Places {
    /// Of each clip: its attention, its first row, its first key's and its first value's number.
    items: Vec<(Heads, usize, usize, usize)>,
    channels: usize,
    keys: usize,
    values: usize,
}

impl Places {
    fn new(config: &LayersConfig, lengths: &[usize]) -> Self {
        let width = (config.dims / config.heads).next_multiple_of(LANES);
        let mut places =
            Self { items: Vec::with_capacity(lengths.len()), channels: config.heads * width, keys: 0, values: 0 };
        let mut row = 0;
        for &frames in lengths {
            let heads = Heads { count: config.heads, width, frames };
            places.items.push((heads, row, places.keys, places.values));
            row += frames;
            places.keys += heads.keys();
            places.values += heads.values();
        }
        places
    }
}

/// What the tasks of all blocks share.
struct Work<'a> {
    level: Level,
    config: &'a LayersConfig,
    places: &'a Places,
    /// `[frames of all clips, dims]`.
    x: Shared<'a>,
    /// Queries, keys and values of each frame.
    projected: Shared<'a>,
    /// By turns those of a layer and of the next.
    keys: [Shared<'a>; 2],
    values: [Shared<'a>; 2],
}

impl Work<'_> {
    /// Queries, keys and values of a block.
    ///
    /// # Safety
    /// No other thread touches the block's rows of `x` and of `projected`, nor its keys and values of this layer.
    unsafe fn project(&self, layer: &Layer, index: usize, Block { item, first, rows }: Block) {
        let (heads, row, key, value) = self.places.items[item];
        let (dims, width) = (self.config.dims, 3 * heads.channels());
        let row = row + first;
        // SAFETY: all rows are the block's, within arrays of which `Shared` saw the size.
        unsafe {
            let x = self.x.at(row * dims);
            let mut normed = Buffer::new(if self.config.pre_norm { rows * dims } else { 0 });
            let input = if self.config.pre_norm {
                let at = self.normalise(&layer.attention_norm, x, rows);
                // The attention's result is summed on `x`.
                normalise(self.level, Normalise { to: normed.as_mut_ptr(), then: layer.output.bias().as_ptr(), ..at });
                normed.as_ptr()
            } else {
                x.cast_const()
            };
            let projected = self.projected.at(row * width);
            let input = layer.projections.sees(Rows { first: input, count: rows, stride: dims }, dims);
            layer.projections.multiply(self.level, &input, (0..width, 0), (projected, width), Begin::Bias);
            let (keys, values) = (self.keys[index % 2].at(key), self.values[index % 2].at(value));
            heads.place(projected, (first, rows), keys, values);
        }
    }

    /// A block through what follows the projections: its attention over the clip, then the two dense layers.
    ///
    /// # Safety
    /// No other thread touches the block's rows of `x`, or writes its rows of `projected` or the clip's keys and values.
    unsafe fn finish(&self, layer: &Layer, index: usize, Block { item, first, rows }: Block) {
        let (heads, row, key, value) = self.places.items[item];
        let (level, dims, channels) = (self.level, self.config.dims, heads.channels());
        let row = row + first;
        let mut normed = Buffer::new(rows * dims.max(channels));
        let mut hidden = Buffer::new(rows * UNITS);
        // SAFETY: all rows are the block's, within arrays of which `Shared` saw the size; buffers have room for its rows.
        unsafe {
            let x = self.x.at(row * dims);
            let queries = (self.projected.at(row * 3 * channels).cast_const(), 3 * channels);
            let (keys, values) = (self.keys[index % 2].at(key), self.values[index % 2].at(value));
            heads.attend(level, queries, rows, keys, values, normed.as_mut_ptr());
            if !self.config.pre_norm {
                add_rows(level, layer.output.bias().as_ptr(), x, rows, dims, 0, dims);
            }
            let input = layer.output.sees(Rows { first: normed.as_ptr(), count: rows, stride: channels }, channels);
            layer.output.multiply(level, &input, (0..dims, 0), (x, dims), Begin::Sum);
            let then = layer.down.bias().as_ptr();
            if self.config.pre_norm {
                let at = self.normalise(&layer.feed_norm, x, rows);
                normalise(level, Normalise { to: normed.as_mut_ptr(), then, ..at });
            } else {
                normalise(level, self.normalise(&layer.attention_norm, x, rows));
                std::ptr::copy_nonoverlapping(x.cast_const(), normed.as_mut_ptr(), rows * dims);
                add_rows(level, then, x, rows, dims, 0, dims);
            }
            let units = layer.up.width();
            let input = layer.up.sees(Rows { first: normed.as_ptr(), count: rows, stride: dims }, dims);
            for chunk in (0..units).step_by(UNITS) {
                let chunk = chunk..units.min(chunk + UNITS);
                for first in chunk.clone().step_by(PANEL) {
                    let panel = first..chunk.end.min(first + PANEL);
                    let to = hidden.as_mut_ptr().add(first - chunk.start);
                    layer.up.multiply(level, &input, (panel.clone(), 0), (to, UNITS), Begin::Bias);
                    gelu_rows(level, to, rows, panel.len(), UNITS);
                }
                let hidden = Rows { first: hidden.as_ptr(), count: rows, stride: UNITS };
                let input = layer.down.sees(hidden, chunk.len());
                layer.down.multiply(level, &input, (0..dims, chunk.start), (x, dims), Begin::Sum);
            }
            if !self.config.pre_norm {
                normalise(level, self.normalise(&layer.feed_norm, x, rows));
            }
        }
    }

    /// Copies a block of `x` into a state, through the closing normalisation where there is one.
    ///
    /// # Safety
    /// No other thread touches the block's rows of `x` and of the state.
    unsafe fn keep(&self, closing: Option<&Norm>, Block { item, first, rows }: Block, state: Shared) {
        let dims = self.config.dims;
        let row = self.places.items[item].1 + first;
        // SAFETY: the block's rows of two arrays of one size.
        unsafe {
            let (x, to) = (self.x.at(row * dims), state.at(row * dims));
            match closing {
                Some(norm) => normalise(self.level, Normalise { to, ..self.normalise(norm, x, rows) }),
                None => std::ptr::copy_nonoverlapping(x.cast_const(), to, rows * dims),
            }
        }
    }

    /// The normalisation of rows of `x` in their place.
    fn normalise(&self, norm: &Norm, x: *mut f32, rows: usize) -> Normalise {
        let dims = self.config.dims;
        Normalise {
            rows,
            columns: dims,
            x,
            x_row: dims,
            weight: norm.weight.as_ptr(),
            bias: norm.bias.as_ptr(),
            epsilon: norm.epsilon,
            to: x,
            to_row: dims,
            then: std::ptr::null(),
        }
    }
}
