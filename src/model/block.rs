//! Convolution → batch normalisation → ReLU → max-pooling by two, over the real frames of a padded batch.

use burn::{
    module::Module,
    nn::{
        BatchNorm, BatchNormConfig, PaddingConfig1d,
        conv::{Conv1d, Conv1dConfig},
        pool::{MaxPool1d, MaxPool1dConfig},
    },
    tensor::{Device, Tensor, activation::relu},
};

use super::mask::{is_padded, steps_mask};

/// One block of the front end.
#[derive(Module, Debug)]
pub struct ConvBlock {
    conv: Conv1d,
    norm: BatchNorm,
    pool: MaxPool1d,
}

impl ConvBlock {
    pub(super) fn new(channels_in: usize, channels_out: usize, kernel: usize, device: &Device) -> Self {
        let half = kernel / 2;
        Self {
            conv: Conv1dConfig::new(channels_in, channels_out, kernel)
                .with_padding(PaddingConfig1d::Explicit(half, half))
                .init(device),
            norm: BatchNormConfig::new(channels_out).init(device),
            pool: MaxPool1dConfig::new(2).with_stride(2).init(),
        }
    }

    /// `[batch, channels_in, frames]`, zero beyond each item's length → `[batch, channels_out, frames / 2]`, zero beyond
    /// each item's halved length. Also returns the halved lengths.
    pub(super) fn forward(&self, x: Tensor<3>, lengths: &[usize]) -> (Tensor<3>, Vec<usize>) {
        let frames = x.dims()[2];
        // [batch, channels_out, frames]
        let x = self.conv.forward(x);
        let x = self.normalise(x, lengths, frames);
        // ReLU is monotonic, so it may follow the pooling, where there is half as much to do.
        let x = relu(self.pool.forward(x));
        let halved: Vec<usize> = lengths.iter().map(|length| length / 2).collect();
        let steps = frames / 2;
        if is_padded(&halved, steps) {
            // The next convolution must meet zeros beyond a clip's end, as it does when the clip is alone.
            let mask = steps_mask(&halved, steps, &x.device());
            return (x * mask, halved);
        }
        (x, halved)
    }

    /// Batch normalisation whose training statistics count real frames only (Ioffe & Szegedy 2015).
    fn normalise(&self, x: Tensor<3>, lengths: &[usize], frames: usize) -> Tensor<3> {
        let device = x.device();
        let training = device.is_autodiff() && self.norm.training.is_enabled();
        if !training || !is_padded(lengths, frames) {
            return self.norm.forward(x);
        }
        let mask = steps_mask(lengths, frames, &device);
        let count = lengths.iter().sum::<usize>() as f64;
        // [1, channels, 1]
        let sum = |x: Tensor<3>| x.sum_dim(0).sum_dim(2);
        let mean = sum(x.clone() * mask.clone()).div_scalar(count);
        let centred = (x - mean.clone()) * mask;
        let variance = sum(centred.clone() * centred.clone()).div_scalar(count);

        let momentum = self.norm.momentum;
        // Running statistics take the unbiased variance, as Burn and PyTorch do.
        let unbiased = variance.clone().mul_scalar(count / (count - 1.0).max(1.0));
        for (running, batch) in [(&self.norm.running_mean, &mean), (&self.norm.running_var, &unbiased)] {
            let batch: Tensor<1> = batch.clone().detach().flatten(0, 2);
            let value = running.value_sync().to_device(&device);
            running.update((value.mul_scalar(1.0 - momentum) + batch.mul_scalar(momentum)).detach());
        }

        let channels = self.norm.gamma.dims()[0];
        let gamma = self.norm.gamma.val().reshape([1, channels, 1]);
        let beta = self.norm.beta.val().reshape([1, channels, 1]);
        centred * (gamma / variance.add_scalar(self.norm.epsilon).sqrt()) + beta
    }
}
