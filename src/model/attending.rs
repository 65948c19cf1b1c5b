//! A small transformer over the frames (Vaswani et al. 2017, <https://arxiv.org/abs/1706.03762>), with the normalisation before
//! each part and positions of sines, which a clip of any length has.

use burn::{
    module::Module,
    nn::{
        Linear, LinearConfig,
        transformer::{TransformerEncoder, TransformerEncoderConfig, TransformerEncoderInput},
    },
    tensor::{Device, Tensor, TensorData},
};

use super::{linear::linear, mask};

/// Layers of self-attention over frames of `hidden` channels.
#[derive(Module, Debug)]
pub(super) struct Attending {
    project: Linear,
    layers: TransformerEncoder,
}

impl Attending {
    /// From frames of `width` columns to frames of `hidden` channels.
    pub fn new(width: usize, hidden: usize, layers: usize, heads: usize, device: &Device) -> Self {
        // What training drops is drawn by the network, from a stream of the experiment's.
        let config = TransformerEncoderConfig::new(hidden, 4 * hidden, heads, layers).with_dropout(0.0);
        Self {
            project: LinearConfig::new(width, hidden).init(device),
            layers: config.with_norm_first(true).init(device),
        }
    }

    /// `[batch, frames, width]` → `[batch, frames, hidden]`, zero in the padding.
    pub fn forward(&self, x: Tensor<3>, lengths: &[usize]) -> Tensor<3> {
        let ([batch, frames, width], device) = (x.dims(), x.device());
        let x = linear(&self.project, x.reshape([batch * frames, width]));
        let [_, hidden] = x.dims();
        let x = x.reshape([batch, frames, hidden]) + positions(frames, hidden, &device);
        let input = TransformerEncoderInput::new(x);
        if !mask::is_padded(lengths, frames) {
            return self.layers.forward(input);
        }
        // [batch, frames, 1]
        let real = mask::steps_mask(lengths, frames, &device).swap_dims(1, 2);
        let padding = real.clone().reshape([batch, frames]).equal_elem(0.0);
        self.layers.forward(input.mask_pad(padding)) * real
    }
}

/// Sines and cosines of a frame's place, `[1, frames, channels]`.
fn positions(frames: usize, channels: usize, device: &Device) -> Tensor<3> {
    let value = |frame: usize, channel: usize| {
        let wave = frame as f64 / 10_000f64.powf((channel / 2 * 2) as f64 / channels as f64);
        (if channel.is_multiple_of(2) { wave.sin() } else { wave.cos() }) as f32
    };
    let values: Vec<f32> = (0..frames).flat_map(|frame| (0..channels).map(move |c| value(frame, c))).collect();
    Tensor::from_data(TensorData::new(values, [1, frames, channels]), device)
}
