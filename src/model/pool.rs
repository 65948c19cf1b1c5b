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
    /// Weighted mean and deviation, side by side: attentive statistics (Okabe et al. 2018, <https://arxiv.org/abs/1803.10963>).
    #[serde(rename = "attention+std")]
    AttentionStd,
}

/// A pooling with its parameters.
#[derive(Module, Debug)]
pub struct Pooling {
    #[module(skip)]
    kind: Pool,
    /// `attention+std`: what the score is of.
    hidden: Option<Linear>,
    score: Option<Linear>,
}

/// What is added to a variance, whose root has no slope at zero.
pub(crate) const EPSILON: f32 = 1e-6;

impl Pooling {
    /// Of steps of `width` channels. The score of `attention+std` has a layer of `units` before it.
    pub(super) fn new(kind: Pool, width: usize, units: usize, device: &Device) -> Self {
        let linear = |from: usize, to: usize| LinearConfig::new(from, to).init(device);
        let hidden = (kind == Pool::AttentionStd).then(|| linear(width, units));
        let score = match kind {
            Pool::Attention => Some(linear(width, 1)),
            Pool::AttentionStd => Some(linear(units, 1)),
            Pool::Last | Pool::Mean => None,
        };
        Self { kind, hidden, score }
    }

    /// `[batch, steps, width]`, zero beyond each item's length → `[batch, width]`, or twice that for `attention+std`.
    pub(super) fn forward(&self, x: Tensor<3>, lengths: &[usize]) -> Tensor<2> {
        let [batch, steps, width] = x.dims();
        let device = x.device();
        match (self.kind, &self.score) {
            (Pool::Last, _) => last_states(x, lengths),
            (_, Some(score)) => {
                let mut seen = x.clone().reshape([batch * steps, width]);
                if let Some(hidden) = &self.hidden {
                    seen = linear(hidden, seen).tanh();
                }
                // [batch, steps, 1]
                let scores = linear(score, seen).reshape([batch, steps, 1]);
                let scores = if is_padded(lengths, steps) {
                    let mask = steps_mask(lengths, steps, &device).swap_dims(1, 2);
                    scores + mask.sub_scalar(1.0).mul_scalar(1e9)
                } else {
                    scores
                };
                let shares = softmax(scores, 1);
                let mean = (x.clone() * shares.clone()).sum_dim(1);
                if self.kind != Pool::AttentionStd {
                    return mean.reshape([batch, width]);
                }
                let centred = x - mean.clone();
                let variance = (centred.clone() * centred * shares).sum_dim(1);
                Tensor::cat(vec![mean, variance.add_scalar(EPSILON).sqrt()], 2).reshape([batch, 2 * width])
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
