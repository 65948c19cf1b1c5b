//! Batches of unequal matrices, padded.

use burn::tensor::{Device, Tensor, TensorData};

/// A padded batch.
#[derive(Debug, Clone)]
pub struct NetInput {
    /// `[batch, frames, dims]`; whatever stands beyond an item's length is zero.
    pub features: Tensor<3>,
    /// Each item's real frames: at least [`ModelConfig::min_frames`](super::ModelConfig::min_frames), at most the batch's.
    pub lengths: Vec<usize>,
}

/// Matrices of `dims` columns, row after row, as one batch padded with zeros to the longest, or to `min_frames`.
#[must_use]
pub fn pad(matrices: &[&[f32]], dims: usize, min_frames: usize, device: &Device) -> NetInput {
    let lengths: Vec<usize> = matrices.iter().map(|m| (m.len() / dims.max(1)).max(min_frames)).collect();
    let frames = lengths.iter().copied().max().unwrap_or(min_frames);
    let mut padded = vec![0f32; matrices.len() * frames * dims];
    for (item, matrix) in padded.chunks_exact_mut((frames * dims).max(1)).zip(matrices) {
        item[..matrix.len()].copy_from_slice(matrix);
    }
    let features = Tensor::from_data(TensorData::new(padded, [matrices.len(), frames, dims]), device);
    NetInput { features, lengths }
}
