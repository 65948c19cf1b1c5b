//! Two-dimensional convolution over frames and frequency bands → batch normalisation → ReLU → 2 × 2 max-pooling.
//!
//! A convolution of `kernel × kernel` is a sum over neighbouring bands of convolutions over frames. So each band becomes an
//! item of a batch, with its neighbours' channels beside its own, and goes through the one-dimensional [`ConvBlock`],
//! whose fused operation, masks and batch statistics then serve here too: the statistics over all bands and frames of a
//! channel are just those of two-dimensional normalisation. Pooling over pairs of bands follows; it may come after
//! normalisation and ReLU, since the greatest of four is the greater of two greater ones.

use burn::{
    backend::Dispatch,
    module::Module,
    tensor::{Device, Tensor},
};
use ser_kernels::ops::{FusedBands, is_fused};

use super::block::ConvBlock;

/// One block of the two-dimensional front end.
#[derive(Module, Debug)]
pub struct BandBlock {
    /// Weights are `[channels_out, kernel * channels_in, kernel]`: neighbouring bands, low to high, then frames.
    block: ConvBlock,
    kernel: usize,
}

impl BandBlock {
    /// A block whose convolution sees `kernel` frames of `kernel` bands, an odd number.
    #[must_use]
    pub fn new(channels_in: usize, channels_out: usize, kernel: usize, device: &Device) -> Self {
        Self { block: ConvBlock::new(kernel * channels_in, channels_out, kernel, device), kernel }
    }

    /// `[batch, bands, frames, channels_in]` → `[batch, bands / 2, frames / 2, channels_out]`, zero beyond each item's
    /// halved length. Also returns the halved lengths.
    ///
    /// # Panics
    /// If there is not one length per item, a length exceeds the frames, or there are fewer than two bands.
    pub fn forward(&self, x: Tensor<4>, lengths: &[usize]) -> (Tensor<4>, Vec<usize>) {
        let [batch, bands, _, _] = x.dims();
        let x = beside(x, self.kernel);
        let of_bands: Vec<usize> = lengths.iter().flat_map(|&length| std::iter::repeat_n(length, bands)).collect();
        // [batch * bands, frames / 2, channels_out]
        let (x, _) = self.block.forward(x, &of_bands);
        let [_, steps, channels] = x.dims();
        let x = greater_of_pairs(x.reshape([batch, bands, steps, channels]));
        (x, lengths.iter().map(|length| length / 2).collect())
    }
}

/// `[batch, bands, frames, channels]` → `[batch × bands, frames, kernel × channels]`: each band's channels between those of its
/// neighbours.
fn beside(x: Tensor<4>, kernel: usize) -> Tensor<3> {
    if is_fused(&x) {
        return Tensor::from_dispatch(<Dispatch as FusedBands>::neighbours(x.into_dispatch(), kernel));
    }
    beside_stock(x, kernel)
}

fn beside_stock(x: Tensor<4>, kernel: usize) -> Tensor<3> {
    let [batch, bands, frames, channels] = x.dims();
    let half = kernel / 2;
    let edge = Tensor::zeros([batch, half, frames, channels], &x.device());
    // [batch, bands + 2 half, frames, channels]
    let x = if half > 0 { Tensor::cat(vec![edge.clone(), x, edge], 1) } else { x };
    let neighbours = (0..kernel).map(|i| x.clone().slice([0..batch, i..i + bands])).collect();
    Tensor::cat(neighbours, 3).reshape([batch * bands, frames, kernel * channels])
}

/// `[batch, bands, steps, channels]` → `[batch, bands / 2, steps, channels]`
fn greater_of_pairs(x: Tensor<4>) -> Tensor<4> {
    if is_fused(&x) {
        return Tensor::from_dispatch(<Dispatch as FusedBands>::greater_of_pairs(x.into_dispatch()));
    }
    greater_of_pairs_stock(x)
}

fn greater_of_pairs_stock(x: Tensor<4>) -> Tensor<4> {
    let [batch, bands, steps, channels] = x.dims();
    let pairs = bands / 2;
    let x = x.slice([0..batch, 0..2 * pairs]);
    x.reshape([batch, pairs, 2, steps * channels]).max_dim(2).reshape([batch, pairs, steps, channels])
}

#[cfg(test)]
mod tests {
    use burn::{
        nn::{
            PaddingConfig2d,
            conv::{Conv2d, Conv2dConfig},
            pool::MaxPool2dConfig,
        },
        tensor::{Distribution, activation::relu},
    };

    use super::*;
    use crate::{arrays::Weight, model::weights};

    #[test]
    fn fused_and_stock_agree_in_outputs_and_gradients() {
        let device = Device::flex().autodiff();
        let numbers = |x: Tensor<3>| x.into_data().iter::<f32>().collect::<Vec<_>>();
        for (bands, kernel) in [(7, 3), (4, 1), (2, 5)] {
            let x = Tensor::<4>::random([2, 6, bands, 3], Distribution::Normal(0.0, 1.0), &device).swap_dims(1, 2);
            let run = |fused: bool| {
                let x = x.clone().detach().require_grad();
                let (wide, greater) = if fused {
                    (beside(x.clone(), kernel), greater_of_pairs(x.clone()))
                } else {
                    (beside_stock(x.clone(), kernel), greater_of_pairs_stock(x.clone()))
                };
                let (wide, greater) = (wide, greater.flatten::<3>(0, 1));
                let loss = (wide.clone() * wide.clone()).sum() + (greater.clone() * greater.clone()).sum();
                let gradient = x.grad(&loss.backward()).unwrap().flatten::<3>(0, 1);
                [numbers(wide), numbers(greater), numbers(gradient)]
            };
            for (ours, theirs) in run(true).iter().zip(&run(false)) {
                assert_eq!(ours.len(), theirs.len());
                assert!(ours.iter().zip(theirs).all(|(a, b)| (a - b).abs() < 1e-5), "{bands} bands, {kernel}");
            }
        }
    }

    /// Against Burn's stock modules, with all lengths full: they know none.
    #[test]
    fn agrees_with_a_stock_two_dimensional_convolution() {
        let device = Device::flex().autodiff();
        let (batch, bands, frames, channels_in, channels_out, kernel) = (3, 7, 10, 2, 5, 3);
        let ours = BandBlock::new(channels_in, channels_out, kernel, &device);
        let theirs: Conv2d = Conv2dConfig::new([channels_in, channels_out], [kernel, kernel])
            .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
            .init(&device);
        let mut given = weights::read(&ours);
        // [out, in, bands, frames] → [out, bands, in, frames]
        let values = theirs.weight.val().swap_dims(1, 2).reshape([channels_out, kernel * channels_in, kernel]);
        let shape = vec![channels_out, kernel * channels_in, kernel];
        let values = values.into_data().iter::<f32>().collect();
        given.insert("block.conv.weight".into(), Weight { shape, values });
        let ours = weights::write(ours, given).unwrap();

        let x = Tensor::<4>::random([batch, bands, frames, channels_in], Distribution::Normal(0.0, 1.0), &device);
        let (y, lengths) = ours.forward(x.clone(), &[frames; 3]);
        assert_eq!((y.dims(), lengths), ([batch, bands / 2, frames / 2, channels_out], vec![frames / 2; 3]));

        // [batch, channels, bands, frames]
        let z = theirs.forward(x.permute([0, 3, 1, 2]));
        let flat = z.clone().permute([1, 0, 2, 3]).reshape([channels_out as i32, -1]);
        let shape = [1, channels_out, 1, 1];
        let (mean, variance) = (flat.clone().mean_dim(1).reshape(shape), flat.var_bias(1).reshape(shape));
        let z = relu((z - mean) / variance.add_scalar(1e-5).sqrt());
        let z = MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init().forward(z).permute([0, 2, 3, 1]);
        let numbers = |x: Tensor<4>| x.into_data().iter::<f32>().collect::<Vec<_>>();
        for (a, b) in numbers(y).iter().zip(numbers(z)) {
            assert!((a - b).abs() < 1e-4, "{a} {b}");
        }
    }
}
