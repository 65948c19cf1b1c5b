//! The same layer from Burn's stock modules, for devices without the fused operation.
//!
//! The stock module knows no lengths. The reverse direction therefore runs forward over a copy of the batch in which
//! every item's valid steps stand in reverse order, and its output is put back in order the same way.

use burn::nn::Lstm;
use burn::tensor::{Bool, Int, Tensor, TensorData};

/// See [`super::BiLstm::forward`].
pub fn forward(forward: &Lstm, reverse: &Lstm, input: Tensor<3>, lengths: &[usize]) -> Tensor<3> {
    let device = input.device();
    let [batch, steps, d_input] = input.dims();
    let padding: Vec<bool> = lengths.iter().flat_map(|&length| (0..steps).map(move |step| step >= length)).collect();
    let padding = Tensor::<2, Bool>::from_data(TensorData::new(padding, [batch, steps]), &device);
    // [batch, steps] -> [batch, steps, 1], which broadcasts over the last dimension
    let padding = padding.unsqueeze_dim::<3>(2);
    // Cleared on the way in, too: a NaN there would come back through the gradients as zero times NaN.
    let input = input.mask_fill(padding.clone().expand([batch, steps, d_input]), 0.0);

    let turned = |(item, &length): (usize, &usize)| {
        (0..steps).map(move |step| (item * steps + if step < length { length - 1 - step } else { step }) as i64)
    };
    let turned: Vec<i64> = lengths.iter().enumerate().flat_map(turned).collect();
    let turned = Tensor::<1, Int>::from_data(TensorData::new(turned, [batch * steps]), &device);
    let turn = |tensor: Tensor<3>| {
        let dims = tensor.dims();
        // [batch, steps, d] -> [batch * steps, d] -> each item's valid steps in reverse order -> [batch, steps, d]
        tensor.reshape([batch * steps, dims[2]]).select(0, turned.clone()).reshape(dims)
    };

    let (ahead, _) = forward.forward(input.clone(), None);
    let (back, _) = reverse.forward(turn(input), None);
    // [batch, steps, d_hidden] twice -> [batch, steps, 2 * d_hidden]
    let output = Tensor::cat(vec![ahead, turn(back)], 2);
    let dims = output.dims();
    output.mask_fill(padding.expand(dims), 0.0)
}
