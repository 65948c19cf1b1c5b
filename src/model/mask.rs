//! Which steps of a padded batch are real.

use burn::tensor::{Device, Tensor, TensorData};

/// `[batch, 1, steps]`: 1 where a step lies within the item's length, 0 in the padding.
pub(super) fn steps_mask(lengths: &[usize], steps: usize, device: &Device) -> Tensor<3> {
    let mut mask = vec![0f32; lengths.len() * steps];
    for (row, &length) in mask.chunks_exact_mut(steps.max(1)).zip(lengths) {
        row[..length.min(steps)].fill(1.0);
    }
    Tensor::from_data(TensorData::new(mask, [lengths.len(), 1, steps]), device)
}

/// Whether any item is shorter than the batch.
pub(super) fn is_padded(lengths: &[usize], steps: usize) -> bool {
    lengths.iter().any(|&length| length < steps)
}
