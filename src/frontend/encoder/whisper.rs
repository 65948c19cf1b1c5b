//! Whisper's encoder (Radford et al. 2022, <https://arxiv.org/abs/2212.04356>): a logarithmic mel spectrogram, two
//! convolutions, positions, transformer layers with the normalisation before each part.
//!
//! A clip is seen at its own length: positions are cut to its frames, where Whisper itself pads to 30 s.

use burn::{
    module::{Module, Param},
    tensor::Tensor,
};
use serde::{Deserialize, Serialize};

use super::{
    Input,
    layer::{Transformer, TransformerConfig},
    lengths::Lengths,
    ops::{self, Stride},
    weights::{Builder, Conv},
};
use crate::error::Result;

/// What stands below the layers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhisperConfig {
    /// Mel bands of the spectrogram: 80, or 128 in large-v3.
    pub mel_bands: usize,
    /// Frames that there are positions for: 1500, which are 30 s.
    pub positions: usize,
}

/// The network.
#[derive(Module, Debug)]
pub(super) struct Whisper {
    conv1: Conv,
    conv2: Conv,
    /// `[positions, dims]`.
    positions: Param<Tensor<2>>,
    pub transformer: Transformer,
}

impl Whisper {
    pub fn build(config: &WhisperConfig, layers: &TransformerConfig, builder: &mut Builder) -> Result<Self> {
        let dims = layers.dims;
        let stride = |stride| Stride { stride, padding: 1, groups: 1 };
        Ok(Self {
            conv1: builder.conv("conv1", [dims, config.mel_bands, 3], true, stride(1))?,
            conv2: builder.conv("conv2", [dims, dims, 3], true, stride(2))?,
            positions: builder.param("positions", [config.positions, dims])?,
            transformer: builder.layers(layers)?,
        })
    }

    /// Hidden state 0, `[batch, frames, dims]`, from `[batch, frames × 2, mel bands]`.
    pub fn stem(&self, input: Input) -> (Tensor<3>, Lengths) {
        let Input { features, lengths } = input;
        // The second convolution looks one frame beyond the clip, where it must see zeros.
        let x = lengths.zeroed(ops::gelu(self.conv1.forward(features)));
        let x = ops::gelu(self.conv2.forward(x));
        let lengths = lengths.map(halved);
        let frames = x.dims()[1];
        let x = x + self.positions.val().narrow(0, 0, frames).unsqueeze();
        (lengths.zeroed(x), lengths)
    }
}

/// The frames that the second convolution leaves.
pub(super) fn halved(frames: usize) -> usize {
    frames.div_ceil(2)
}
