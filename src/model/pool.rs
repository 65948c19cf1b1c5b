//! How the steps become one vector.

use burn::{
    module::Module,
    nn::{Linear, LinearConfig},
    tensor::{Device, Tensor, TensorData, activation::softmax},
};
use serde::{Deserialize, Serialize};

use super::{
    linear::linear,
    mask::{is_padded, steps_mask},
};

/// The poolings by their names in a config.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pool {
    /// Each direction's state after its last step: the forward one's at the clip's end, the reverse one's at its start.
    #[default]
    Last,
    /// The mean over the clip's steps.
    Mean,
    /// A weighted mean with learned weights: softmax over a learned score of each step (Lin et al. 2017, one head).
    Attention,
}

/// A pooling with its parameters.
#[derive(Module, Debug)]
pub struct Pooling {
    #[module(skip)]
    kind: Pool,
    score: Option<Linear>,
}

impl Pooling {
    pub(super) fn new(kind: Pool, width: usize, device: &Device) -> Self {
        let score = (kind == Pool::Attention).then(|| LinearConfig::new(width, 1).init(device));
        Self { kind, score }
    }

    /// `[batch, steps, width]`, zero beyond each item's length → `[batch, width]`.
    pub(super) fn forward(&self, x: Tensor<3>, lengths: &[usize]) -> Tensor<2> {
        let [batch, steps, width] = x.dims();
        let device = x.device();
        match (self.kind, &self.score) {
            (Pool::Last, _) => last_states(x, lengths),
            (Pool::Attention, Some(score)) => {
                // [batch, steps, 1]
                let scores = linear(score, x.clone().reshape([batch * steps, width])).reshape([batch, steps, 1]);
                let scores = if is_padded(lengths, steps) {
                    let mask = steps_mask(lengths, steps, &device).swap_dims(1, 2);
                    scores + mask.sub_scalar(1.0).mul_scalar(1e9)
                } else {
                    scores
                };
                (x * softmax(scores, 1)).sum_dim(1).reshape([batch, width])
            }
            _ => {
                let counts: Vec<f32> = lengths.iter().map(|&length| 1.0 / length.max(1) as f32).collect();
                let counts = Tensor::<2>::from_data(TensorData::new(counts, [batch, 1]), &device);
                x.sum_dim(1).reshape([batch, width]) * counts
            }
        }
    }
}

/// The forward half at each item's last step beside the reverse half at its first.
fn last_states(x: Tensor<3>, lengths: &[usize]) -> Tensor<2> {
    let [batch, steps, width] = x.dims();
    let half = width / 2;
    let device = x.device();
    let forward = x.clone().slice([0..batch, 0..steps, 0..half]);
    let reverse = x.slice([0..batch, 0..1, half..width]).reshape([batch, half]);
    // Picking by a product with one-hot rows: differentiable on every device, and exact, since all else is times zero.
    let mut pick = vec![0f32; batch * steps];
    for (row, &length) in pick.chunks_exact_mut(steps).zip(lengths) {
        row[length.clamp(1, steps) - 1] = 1.0;
    }
    let pick = Tensor::<3>::from_data(TensorData::new(pick, [batch, steps, 1]), &device);
    let last = (forward * pick).sum_dim(1).reshape([batch, half]);
    Tensor::cat(vec![last, reverse], 1)
}
