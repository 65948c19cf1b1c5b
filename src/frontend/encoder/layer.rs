//! Transformer layers: self-attention, then two linear layers with a GELU between them, each with a shortcut and a layer
//! normalisation, before it (Whisper, large wav2vec 2.0) or after it (base wav2vec 2.0). Vaswani et al. 2017,
//! <https://arxiv.org/abs/1706.03762>.

use burn::{
    module::{Module, Param},
    tensor::{Device, Int, Tensor, TensorData, activation::sigmoid},
};
use serde::{Deserialize, Serialize};

use super::{
    lengths::Lengths,
    lora::LoraConfig,
    ops,
    weights::{Builder, Linear, Norm},
};
use crate::error::Result;

/// The layers above an encoder's stem.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransformerConfig {
    /// Channels of a hidden state.
    pub dims: usize,
    /// Attention heads, which share the channels.
    pub heads: usize,
    /// Units between the two linear layers.
    pub feed_forward: usize,
    /// Layers that are kept.
    pub layers: usize,
    /// Layers of the whole encoder.
    pub total_layers: usize,
    /// Whether a normalisation stands before each part, and a closing one after the last layer; else behind each part.
    pub pre_norm: bool,
    /// Whether keys have a bias: not in Whisper.
    pub key_bias: bool,
    /// What a normalisation adds to the variance.
    pub epsilon: f64,
    /// WavLM's bias by the distance of two frames.
    pub relative: Option<RelativeConfig>,
}

/// WavLM's relative positions (Chen et al. 2022, <https://arxiv.org/abs/2110.13900>).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelativeConfig {
    /// Classes of distances, forwards and backwards together.
    pub buckets: usize,
    /// Frames beyond which all distances are one class.
    pub max_distance: usize,
}

/// The layers above the stem.
#[derive(Module, Debug)]
pub(super) struct Transformer {
    layers: Vec<Layer>,
    /// The normalisation of the last state; none where the upper layers were left out.
    closing: Option<Norm>,
    /// WavLM: a bias for each class of distances and head, `[buckets, heads]`.
    relative: Option<Param<Tensor<2>>>,
    max_distance: usize,
}

impl Transformer {
    pub fn build(config: &TransformerConfig, builder: &mut Builder) -> Result<Self> {
        Self::above(config, 0, builder)
    }

    /// `config.layers` layers, the first of which the source calls the layer `first`.
    pub fn above(config: &TransformerConfig, first: usize, builder: &mut Builder) -> Result<Self> {
        let mut layers = Vec::with_capacity(config.layers.min(256));
        for index in first..first + config.layers {
            layers.push(Layer::build(config, &format!("transformer.layers.{index}"), builder)?);
        }
        let whole = config.layers == config.total_layers;
        let closing = config.pre_norm && whole;
        let relative = config.relative.as_ref();
        Ok(Self {
            layers,
            closing: closing.then(|| builder.norm("transformer.closing", config.dims, config.epsilon)).transpose()?,
            relative: relative
                .map(|relative| builder.param("transformer.relative", [relative.buckets, config.heads]))
                .transpose()?,
            max_distance: relative.map_or(0, |relative| relative.max_distance),
        })
    }

    /// Hidden states `from + 1` to `highest`, from the state `from`, each `[batch, frames, dims]` with zeros in the
    /// padding. No layer above `highest` is computed.
    pub fn forward(&self, state: Tensor<3>, lengths: &Lengths, from: usize, highest: usize) -> Vec<Tensor<3>> {
        let distances = self.relative.as_ref().map(|relative| self.distances(relative.val(), state.dims()[1]));
        let mut states = Vec::new();
        let mut x = state;
        for (index, layer) in self.layers.iter().enumerate().take(highest).skip(from) {
            x = layer.forward(x, lengths, distances.clone());
            let last = index + 1 == self.layers.len();
            let state = match &self.closing {
                Some(norm) if last => norm.forward(x.clone()),
                _ => x.clone(),
            };
            states.push(lengths.zeroed(state));
        }
        states
    }

    /// Lets the layers' matrices learn through additions of low rank alone, and nothing else.
    pub fn adapted(self, lora: LoraConfig, device: &Device) -> Self {
        let still = self.no_grad();
        Self { layers: still.layers.into_iter().map(|layer| layer.adapted(lora, device)).collect(), ..still }
    }

    /// Keeps WavLM's bias, which the layers below share, as it is.
    pub fn with_fixed_distances(self) -> Self {
        let still = |relative: Param<Tensor<2>>| relative.no_grad();
        Self { relative: self.relative.map(still), ..self }
    }

    /// A bias for each pair of frames, `[1, heads, frames, frames]`.
    fn distances(&self, relative: Tensor<2>, frames: usize) -> Tensor<4> {
        let [buckets, heads] = relative.dims();
        let pairs = (0..frames).flat_map(|query| (0..frames).map(move |key| (query, key)));
        let classes: Vec<i64> = pairs
            .map(|(query, key)| bucket(key as i64 - query as i64, buckets as i64, self.max_distance as i64))
            .collect();
        let classes = Tensor::<1, Int>::from_data(TensorData::new(classes, [frames * frames]), &relative.device());
        relative.select(0, classes).transpose().reshape([1, heads, frames, frames])
    }
}

/// The class of a distance in frames: half of the classes for keys after the query; of each half, one half for single
/// distances, the other for longer ones on a logarithmic scale.
fn bucket(distance: i64, buckets: i64, max_distance: i64) -> i64 {
    let half = buckets / 2;
    let exact = half / 2;
    let after = if distance > 0 { half } else { 0 };
    let distance = distance.abs();
    if distance < exact {
        return after + distance;
    }
    // In single precision and in this order, as the weights were trained: rounding decides at the classes' edges.
    let far = (distance as f32 / exact as f32).ln() / (max_distance as f64 / exact as f64).ln() as f32;
    after + ((exact as f32 + far * (half - exact) as f32) as i64).min(half - 1)
}

/// One layer.
#[derive(Module, Debug)]
struct Layer {
    attention: Attention,
    attention_norm: Norm,
    up: Linear,
    down: Linear,
    feed_norm: Norm,
    pre_norm: bool,
}

impl Layer {
    fn build(config: &TransformerConfig, name: &str, builder: &mut Builder) -> Result<Self> {
        let TransformerConfig { dims, feed_forward, epsilon, .. } = *config;
        Ok(Self {
            attention: Attention::build(config, &format!("{name}.attention"), builder)?,
            attention_norm: builder.norm(&format!("{name}.attention_norm"), dims, epsilon)?,
            up: builder.linear(&format!("{name}.up"), dims, feed_forward, true)?,
            down: builder.linear(&format!("{name}.down"), feed_forward, dims, true)?,
            feed_norm: builder.norm(&format!("{name}.feed_norm"), dims, epsilon)?,
            pre_norm: config.pre_norm,
        })
    }

    fn adapted(self, lora: LoraConfig, device: &Device) -> Self {
        let Attention { query, key, value, output, gate, heads } = self.attention;
        let [query, key, value, output, up, down] =
            [query, key, value, output, self.up, self.down].map(|linear| linear.adapted(lora, device));
        Self { attention: Attention { query, key, value, output, gate, heads }, up, down, ..self }
    }

    fn forward(&self, x: Tensor<3>, lengths: &Lengths, distances: Option<Tensor<4>>) -> Tensor<3> {
        if self.pre_norm {
            let x = x.clone() + self.attention.forward(self.attention_norm.forward(x), lengths, distances);
            x.clone() + self.feed(self.feed_norm.forward(x))
        } else {
            let x = self.attention_norm.forward(x.clone() + self.attention.forward(x, lengths, distances));
            self.feed_norm.forward(x.clone() + self.feed(x))
        }
    }

    fn feed(&self, x: Tensor<3>) -> Tensor<3> {
        self.down.forward(ops::gelu(self.up.forward(x)))
    }
}

/// Self-attention.
#[derive(Module, Debug)]
struct Attention {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    gate: Option<Gate>,
    heads: usize,
}

impl Attention {
    fn build(config: &TransformerConfig, name: &str, builder: &mut Builder) -> Result<Self> {
        let TransformerConfig { dims, heads, .. } = *config;
        let mut linear = |part: &str, bias| builder.linear(&format!("{name}.{part}"), dims, dims, bias);
        Ok(Self {
            query: linear("query", true)?,
            key: linear("key", config.key_bias)?,
            value: linear("value", true)?,
            output: linear("output", true)?,
            gate: if config.relative.is_some() {
                Some(Gate::build(dims / heads, heads, &format!("{name}.gate"), builder)?)
            } else {
                None
            },
            heads,
        })
    }

    fn forward(&self, x: Tensor<3>, lengths: &Lengths, distances: Option<Tensor<4>>) -> Tensor<3> {
        let bias = self.gate.as_ref().zip(distances).map(|(gate, distances)| gate.forward(x.clone()) * distances);
        let projected = [self.query.forward(x.clone()), self.key.forward(x.clone()), self.value.forward(x)];
        self.output.forward(ops::attention(projected, self.heads, lengths, bias))
    }
}

/// How much of WavLM's bias by distance each query takes.
#[derive(Module, Debug)]
struct Gate {
    /// `[1, heads, 1, 1]`.
    constant: Param<Tensor<4>>,
    projection: Linear,
}

impl Gate {
    fn build(head: usize, heads: usize, name: &str, builder: &mut Builder) -> Result<Self> {
        Ok(Self {
            constant: builder.param(&format!("{name}.constant"), [1, heads, 1, 1])?,
            projection: builder.linear(&format!("{name}.projection"), head, 8, true)?,
        })
    }

    /// The gate of each frame and head, `[batch, heads, frames, 1]`, from the layer's input `[batch, frames, dims]`.
    fn forward(&self, x: Tensor<3>) -> Tensor<4> {
        let [batch, frames, dims] = x.dims();
        let heads = self.constant.dims()[1];
        let x = self.projection.forward(x.reshape([batch, frames * heads, dims / heads]));
        // Two gates, each the sum of four units.
        let gates = sigmoid(x.reshape([batch * frames * heads, 2, 4]).sum_dim(2));
        let gate = |index: usize| {
            let gate = gates.clone().narrow(1, index, 1).reshape([batch, frames, heads, 1]);
            gate.swap_dims(1, 2)
        };
        gate(0) * (gate(1) * self.constant.val() - 1.0) + 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_classed_by_side_and_size() {
        let classes = [-1000, -800, -81, -80, -79, -1, 0, 1, 79, 80, 81, 800, 1000].map(|d| bucket(d, 320, 800));
        assert_eq!(classes, [159, 159, 80, 80, 79, 1, 0, 161, 239, 240, 240, 319, 319]);
    }
}
