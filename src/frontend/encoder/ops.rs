//! The few operations that encoders are made of. Everything costly goes through here, so that a device's own kernels have
//! one place to be called from.

use burn::{
    backend::Dispatch,
    tensor::{
        Bool, Tensor, TensorData, activation,
        module::{self},
        ops::{AttentionModuleOptions, ConvOptions},
    },
};
use ser_kernels::ops::{FusedGelu, FusedLinear, is_fused};

use super::lengths::Lengths;

/// `x · weightᵀ + bias`: `[batch, frames, inputs]` and `[outputs, inputs]` → `[batch, frames, outputs]`.
pub(super) fn linear(x: Tensor<3>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<3> {
    if !is_fused(&x) {
        return module::linear(x, weight.transpose(), bias);
    }
    let [batch, frames, inputs] = x.dims();
    let [outputs, _] = weight.dims();
    let bias = bias.unwrap_or_else(|| Tensor::zeros([outputs], &x.device()));
    let rows = x.reshape([batch * frames, inputs]).into_dispatch();
    let y = <Dispatch as FusedLinear>::linear(rows, weight.transpose().into_dispatch(), bias.into_dispatch());
    Tensor::<2>::from_dispatch(y).reshape([batch, frames, outputs])
}

/// Normalises each frame over its channels, then scales and shifts: `[batch, frames, channels]`.
pub(super) fn layer_norm(x: Tensor<3>, weight: Tensor<1>, bias: Tensor<1>, epsilon: f64) -> Tensor<3> {
    module::layer_norm(x, weight, Some(bias), epsilon)
}

/// The Gaussian error linear unit, with the error function itself.
pub(super) fn gelu(x: Tensor<3>) -> Tensor<3> {
    if is_fused(&x) {
        return Tensor::from_dispatch(<Dispatch as FusedGelu>::gelu(x.into_dispatch()));
    }
    activation::gelu(x)
}

/// What a convolution over time does besides its weights.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stride {
    /// Frames from one output to the next.
    pub stride: usize,
    /// Zero frames before the first frame and after the last.
    pub padding: usize,
    /// Groups of channels that do not see each other.
    pub groups: usize,
}

/// Convolution over time: `[batch, frames, inputs]` and `[outputs, inputs / groups, kernel]` →
/// `[batch, frames', outputs]`.
pub(super) fn conv1d(x: Tensor<3>, weight: Tensor<3>, bias: Option<Tensor<1>>, stride: Stride) -> Tensor<3> {
    let options = ConvOptions::new([stride.stride], [stride.padding], [1], stride.groups);
    module::conv1d(x.swap_dims(1, 2), weight, bias, options).swap_dims(1, 2)
}

/// Scaled dot-product attention over the real frames: queries, keys and values `[batch, frames, dims]`, a bias
/// `[batch or 1, heads, frames, frames]` that is added to the scores → `[batch, frames, dims]`.
pub(super) fn attention(
    [query, key, value]: [Tensor<3>; 3],
    heads: usize,
    lengths: &Lengths,
    bias: Option<Tensor<4>>,
) -> Tensor<3> {
    let [batch, frames, dims] = query.dims();
    // [batch, heads, frames, dims / heads]
    let [query, key, value] =
        [query, key, value].map(|x| x.reshape([batch, frames, heads, dims / heads]).swap_dims(1, 2));
    let mask = lengths.padded().then(|| {
        let beyond: Vec<bool> = lengths.each(|frame, length| frame >= length);
        let beyond = TensorData::new(beyond, [batch, 1, 1, frames]);
        Tensor::<4, Bool>::from_data(beyond, &query.device()).expand([batch, heads, frames, frames])
    });
    let attended = module::attention(query, key, value, mask, bias, AttentionModuleOptions::default());
    attended.swap_dims(1, 2).reshape([batch, frames, dims])
}
