//! The same block from Burn's stock modules, for devices without the fused operation.

use burn::nn::{BatchNorm, conv::Conv1d, pool::MaxPool1d};
use burn::tensor::{Tensor, activation::relu, module::batch_norm_train};

use super::update_running;
use crate::model::mask::{is_padded, steps_mask};

/// See [`super::ConvBlock::forward`].
pub fn forward(conv: &Conv1d, norm: &BatchNorm, pool: &MaxPool1d, x: Tensor<3>, lengths: &[usize]) -> Tensor<3> {
    // [batch, channels, frames] from here on, as Burn's convolutions have it
    let x = x.swap_dims(1, 2);
    let frames = x.dims()[2];
    let x = clear(x, lengths);
    let x = normalise(norm, conv.forward(x), lengths, frames);
    // ReLU is monotonic, so it may follow the pooling, where there is half as much to do.
    let x = relu(pool.forward(x));
    let halved: Vec<usize> = lengths.iter().map(|length| length / 2).collect();
    clear(x, &halved).swap_dims(1, 2)
}

/// Zeroes what lies beyond each item's length: a convolution must meet zeros there, as it does when the clip is alone.
fn clear(x: Tensor<3>, lengths: &[usize]) -> Tensor<3> {
    let [_, _, steps] = x.dims();
    if !is_padded(lengths, steps) {
        return x;
    }
    let dims = x.dims();
    let padding = steps_mask(lengths, steps, &x.device()).equal_elem(0.0);
    // Rather than a product, for which NaN times zero would be NaN.
    x.mask_fill(padding.expand(dims), 0.0)
}

/// Batch normalisation whose training statistics count real frames only (Ioffe & Szegedy 2015).
fn normalise(norm: &BatchNorm, x: Tensor<3>, lengths: &[usize], frames: usize) -> Tensor<3> {
    let device = x.device();
    if !(device.is_autodiff() && norm.training.is_enabled()) {
        return norm.forward(x);
    }
    let count = lengths.iter().sum::<usize>() as f64;
    // Running statistics take the unbiased variance, as in PyTorch; Burn's own module takes the biased one.
    let unbiased = count / (count - 1.0).max(1.0);
    if !is_padded(lengths, frames) {
        let normal = batch_norm_train(x, norm.gamma.val(), norm.beta.val(), norm.epsilon);
        update_running(norm, normal.mean, normal.variance.mul_scalar(unbiased));
        return normal.output;
    }
    let mask = steps_mask(lengths, frames, &device);
    // [1, channels, 1]
    let sum = |x: Tensor<3>| x.sum_dim(0).sum_dim(2);
    let mean = sum(x.clone() * mask.clone()).div_scalar(count);
    let centred = (x - mean.clone()) * mask;
    let variance = sum(centred.clone() * centred.clone()).div_scalar(count);
    let flat = |x: &Tensor<3>| x.clone().detach().flatten(0, 2);
    update_running(norm, flat(&mean), flat(&variance).mul_scalar(unbiased));

    let channels = norm.gamma.dims()[0];
    let gamma = norm.gamma.val().reshape([1, channels, 1]);
    let beta = norm.beta.val().reshape([1, channels, 1]);
    centred * (gamma / variance.add_scalar(norm.epsilon).sqrt()) + beta
}
