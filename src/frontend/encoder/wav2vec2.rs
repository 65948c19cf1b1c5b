//! wav2vec 2.0 (Baevski et al. 2020, <https://arxiv.org/abs/2006.11477>) and those built like it, HuBERT (Hsu et al. 2021,
//! <https://arxiv.org/abs/2106.07447>) and WavLM (Chen et al. 2022, <https://arxiv.org/abs/2110.13900>): convolutions over
//! the samples, a projection, a convolution for the positions, transformer layers.

use burn::{module::Module, tensor::Tensor};
use serde::{Deserialize, Serialize};

use super::{
    Input,
    layer::{Transformer, TransformerConfig},
    lengths::Lengths,
    ops::{self, Stride},
    weights::{Builder, Conv, Linear, Norm},
};
use crate::error::Result;

/// What stands below the layers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaveConfig {
    /// The convolutions over the samples, first to last.
    pub convolutions: Vec<ConvolutionConfig>,
    /// Whether those have a bias.
    pub convolution_bias: bool,
    /// How those are normalised.
    pub convolution_norm: FrontNorm,
    /// Whether a normalisation stands before the projection.
    pub projection_norm: bool,
    /// Frames that the convolution for the positions sees.
    pub position_kernel: usize,
    /// Groups of channels of that convolution.
    pub position_groups: usize,
    /// Whether a clip's samples are brought to mean 0 and variance 1.
    pub standardise: bool,
}

/// One convolution over the samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConvolutionConfig {
    /// Output channels.
    pub channels: usize,
    /// Steps that it sees.
    pub kernel: usize,
    /// Steps from one output to the next.
    pub stride: usize,
}

/// How the convolutions over the samples are normalised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FrontNorm {
    /// The first one alone, each channel over the clip: base models.
    Group,
    /// Every one, each step over its channels: large models.
    Layer,
}

/// What the normalisations of the front add to the variance.
const EPSILON: f64 = 1e-5;

impl WaveConfig {
    /// Frames of a clip of `samples`.
    pub(super) fn frames(&self, samples: usize) -> usize {
        self.convolutions.iter().fold(samples, |steps, convolution| convolution.steps(steps))
    }

    /// Samples from one frame to the next; nothing where that is no number.
    pub(super) fn hop(&self) -> Option<usize> {
        self.convolutions.iter().try_fold(1_usize, |hop, convolution| hop.checked_mul(convolution.stride))
    }

    /// Samples of the shortest clip that gives a frame.
    pub(super) fn least(&self) -> usize {
        self.convolutions
            .iter()
            .rev()
            .fold(1, |steps, convolution| (steps - 1) * convolution.stride + convolution.kernel)
    }
}

impl ConvolutionConfig {
    fn steps(self, steps: usize) -> usize {
        steps.checked_sub(self.kernel).map_or(0, |room| room / self.stride + 1)
    }
}

/// The network.
#[derive(Module, Debug)]
pub(super) struct Wav2Vec2 {
    front: Vec<FrontLayer>,
    projection_norm: Option<Norm>,
    projection: Linear,
    position_conv: Conv,
    /// The normalisation below the first layer, where layers have theirs behind each part.
    opening: Option<Norm>,
    pub transformer: Transformer,
}

impl Wav2Vec2 {
    pub fn build(config: &WaveConfig, layers: &TransformerConfig, builder: &mut Builder) -> Result<Self> {
        let TransformerConfig { dims, epsilon, .. } = *layers;
        let mut inputs = 1;
        let mut front = Vec::new();
        for index in 0..config.convolutions.len() {
            front.push(FrontLayer::build(config, index, inputs, builder)?);
            inputs = config.convolutions[index].channels;
        }
        let (kernel, groups) = (config.position_kernel, config.position_groups);
        let stride = Stride { stride: 1, padding: kernel / 2, groups };
        Ok(Self {
            front,
            projection_norm: config
                .projection_norm
                .then(|| builder.norm("projection_norm", inputs, epsilon))
                .transpose()?,
            projection: builder.linear("projection", inputs, dims, true)?,
            position_conv: builder.conv("position_conv", [dims, dims / groups, kernel], true, stride)?,
            opening: (!layers.pre_norm).then(|| builder.norm("opening", dims, epsilon)).transpose()?,
            transformer: builder.layers(layers)?,
        })
    }

    /// Hidden state 0, `[batch, frames, dims]`, from `[batch, samples, 1]`.
    pub fn stem(&self, input: Input) -> (Tensor<3>, Lengths) {
        let Input { features: mut x, mut lengths } = input;
        for layer in &self.front {
            (x, lengths) = layer.forward(x, lengths);
        }
        if let Some(norm) = &self.projection_norm {
            x = norm.forward(x);
        }
        let x = lengths.zeroed(self.projection.forward(x));
        // An even kernel, centred, gives one frame too many.
        let frames = x.dims()[1];
        let positions = ops::gelu(self.position_conv.forward(x.clone()).narrow(1, 0, frames));
        let x = x + positions;
        let x = match &self.opening {
            Some(norm) => norm.forward(x),
            None => x,
        };
        (lengths.zeroed(x), lengths)
    }
}

/// A convolution of the front, its normalisation, GELU.
#[derive(Module, Debug)]
struct FrontLayer {
    conv: Conv,
    norm: Option<Norm>,
    /// Whether it is normalised over the clip rather than over the channels.
    over_time: bool,
    kernel: usize,
    step: usize,
}

impl FrontLayer {
    fn build(config: &WaveConfig, index: usize, inputs: usize, builder: &mut Builder) -> Result<Self> {
        let ConvolutionConfig { channels, kernel, stride } = config.convolutions[index];
        let over_time = config.convolution_norm == FrontNorm::Group;
        let normalised = !over_time || index == 0;
        let shape = [channels, inputs, kernel];
        Ok(Self {
            conv: builder.conv(
                &format!("front.{index}.conv"),
                shape,
                config.convolution_bias,
                Stride { stride, padding: 0, groups: 1 },
            )?,
            norm: normalised.then(|| builder.norm(&format!("front.{index}.norm"), channels, EPSILON)).transpose()?,
            over_time,
            kernel,
            step: stride,
        })
    }

    fn forward(&self, x: Tensor<3>, lengths: Lengths) -> (Tensor<3>, Lengths) {
        let x = self.conv.forward(x);
        let lengths =
            lengths.map(|n| ConvolutionConfig { channels: 0, kernel: self.kernel, stride: self.step }.steps(n));
        let x = match &self.norm {
            Some(norm) if self.over_time => {
                // Over the clip's own steps, so that the padding has no part in it.
                let (mean, variance) = lengths.moments(x.clone());
                let scale = norm.weight.val().unsqueeze::<3>() / (variance + norm.epsilon).sqrt();
                (x - mean) * scale + norm.bias.val().unsqueeze::<3>()
            }
            Some(norm) => norm.forward(x),
            None => x,
        };
        (ops::gelu(x), lengths)
    }
}

/// A clip with mean 0 and variance 1.
pub(super) fn standardise(clip: &[f32]) -> Vec<f32> {
    let count = clip.len().max(1) as f64;
    let mean = clip.iter().map(|&x| f64::from(x)).sum::<f64>() / count;
    let variance = clip.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / count;
    let scale = 1.0 / (variance + 1e-7).sqrt();
    clip.iter().map(|&x| ((f64::from(x) - mean) * scale) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_every_20_ms_from_25_ms_on() {
        let steps = [(10, 5), (3, 2), (3, 2), (3, 2), (3, 2), (2, 2), (2, 2)];
        let config = WaveConfig {
            convolutions: steps.map(|(kernel, stride)| ConvolutionConfig { channels: 512, kernel, stride }).to_vec(),
            convolution_bias: false,
            convolution_norm: FrontNorm::Group,
            projection_norm: true,
            position_kernel: 128,
            position_groups: 16,
            standardise: true,
        };
        assert_eq!((config.hop(), config.least()), (Some(320), 400));
        assert_eq!([0, 399, 400, 719, 720, 16_000].map(|n| config.frames(n)), [0, 0, 1, 1, 2, 49]);
    }
}
