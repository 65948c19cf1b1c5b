//! Convolution → batch normalisation → ReLU → max-pooling by two, over the real frames of a padded batch.
//!
//! [`ConvBlock`] holds Burn's stock modules and hence their parameters, so that a checkpoint runs on any device. On the
//! flex device it is computed by one fused operation ([`FusedConvBlock`]), several times as fast as the
//! stock modules, which serve every other device (`stock`). Both agree to rounding. On flex, moreover,
//!
//! - an item's output in inference is bit-identical alone, in any batch, and with any padding;
//! - no result depends on the number of threads;
//! - padding takes next to no time;
//! - the gradient of the convolution's bias is exactly zero, as it is on paper (the mean of the batch takes the bias out
//!   again), where the stock modules leave rounding errors.
//!
//! What stands in the padding, NaN included, has no effect on either path.

mod stock;

use std::sync::{Arc, Mutex, PoisonError};

use burn::{
    backend::Dispatch,
    module::Module,
    nn::{
        BatchNorm, BatchNormConfig, PaddingConfig1d,
        conv::{Conv1d, Conv1dConfig},
        pool::{MaxPool1d, MaxPool1dConfig},
    },
    tensor::{Device, Tensor, TensorData},
};

use ser_kernels::ops::{FusedConvBlock, LayerTensors, Normalisation, Statistics, is_fused};

/// One block of the front end.
#[derive(Module, Debug)]
pub struct ConvBlock {
    conv: Conv1d,
    norm: BatchNorm,
    pool: MaxPool1d,
}

impl ConvBlock {
    /// A block whose convolution sees `kernel` frames, an odd number.
    #[must_use]
    pub fn new(channels_in: usize, channels_out: usize, kernel: usize, device: &Device) -> Self {
        let half = kernel / 2;
        Self {
            conv: Conv1dConfig::new(channels_in, channels_out, kernel)
                .with_padding(PaddingConfig1d::Explicit(half, half))
                .init(device),
            norm: BatchNormConfig::new(channels_out).init(device),
            pool: MaxPool1dConfig::new(2).with_stride(2).init(),
        }
    }

    /// `[batch, frames, channels_in]` → `[batch, frames / 2, channels_out]`, zero beyond each item's halved length. Also
    /// returns the halved lengths.
    ///
    /// What stands beyond an item's length is not looked at.
    ///
    /// # Panics
    /// If there is not one length per item, or a length exceeds the frames.
    pub fn forward(&self, x: Tensor<3>, lengths: &[usize]) -> (Tensor<3>, Vec<usize>) {
        let [batch, frames, _] = x.dims();
        assert!(
            lengths.len() == batch && lengths.iter().all(|&length| length <= frames),
            "a batch of {batch} items and {frames} frames needs {batch} lengths of at most {frames}, not {lengths:?}"
        );
        let halved = lengths.iter().map(|length| length / 2).collect();
        let output = match is_fused(&x).then(|| self.layer(&x)).flatten() {
            Some(layer) => self.fused(layer, x, lengths),
            None => stock::forward(&self.conv, &self.norm, &self.pool, x, lengths),
        };
        (output, halved)
    }

    /// The parameters for the fused operation; none where only the stock modules know what to do: on a training device
    /// with a frozen normalisation, or with other channels than the input's.
    fn layer(&self, x: &Tensor<3>) -> Option<LayerTensors<Dispatch>> {
        let frozen = x.device().is_autodiff() && !self.norm.training.is_enabled();
        let bias = self.conv.bias.as_ref()?.val();
        let weight = self.conv.weight.val();
        (!frozen && weight.dims()[1] == x.dims()[2]).then(|| LayerTensors {
            weight: weight.into_dispatch(),
            bias: bias.into_dispatch(),
            gamma: self.norm.gamma.val().into_dispatch(),
            beta: self.norm.beta.val().into_dispatch(),
        })
    }

    fn fused(&self, layer: LayerTensors<Dispatch>, x: Tensor<3>, lengths: &[usize]) -> Tensor<3> {
        let device = x.device();
        let epsilon = self.norm.epsilon;
        let run = |normalisation| {
            let output = <Dispatch as FusedConvBlock>::conv_block(
                x.into_dispatch(),
                layer,
                lengths.to_vec(),
                normalisation,
                epsilon,
            );
            Tensor::from_dispatch(output)
        };
        if !device.is_autodiff() {
            let values = |tensor: Tensor<1>| tensor.into_data().iter::<f64>().collect();
            return run(Normalisation::Running(Statistics {
                mean: values(self.norm.running_mean.value()),
                variance: values(self.norm.running_var.value()),
            }));
        }
        let statistics = Arc::new(Mutex::new(Statistics::default()));
        let output = run(Normalisation::Batch(statistics.clone()));
        let Statistics { mean, variance } =
            std::mem::take(&mut *statistics.lock().unwrap_or_else(PoisonError::into_inner));
        let count = lengths.iter().sum::<usize>() as f64;
        // As in PyTorch; Burn's own module takes the biased variance.
        let unbiased = count / (count - 1.0).max(1.0);
        let tensor = |values: Vec<f64>, factor: f64| {
            let values: Vec<f32> = values.iter().map(|value| (value * factor) as f32).collect();
            let channels = values.len();
            Tensor::from_data(TensorData::new(values, [channels]), &device)
        };
        update_running(&self.norm, tensor(mean, 1.0), tensor(variance, unbiased));
        output
    }
}

/// Moves the running statistics towards the batch's mean and unbiased variance, `[channels]` each.
fn update_running(norm: &BatchNorm, mean: Tensor<1>, variance: Tensor<1>) {
    for (running, batch) in [(&norm.running_mean, mean), (&norm.running_var, variance)] {
        let value = running.value_sync().to_device(&batch.device());
        running.update((value.mul_scalar(1.0 - norm.momentum) + batch.mul_scalar(norm.momentum)).detach());
    }
}

#[cfg(test)]
mod tests;
