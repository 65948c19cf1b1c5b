//! Several hidden states of an encoder as one: a mean with learnt weights, the softmax of a score for each (Peters et al. 2018,
//! <https://arxiv.org/abs/1802.05365>; Yang et al. 2021, <https://arxiv.org/abs/2105.01051>).

use burn::{
    module::{Module, Param},
    tensor::{Device, Tensor, activation::softmax},
};

/// Weights of states that lie side by side.
#[derive(Module, Debug)]
pub(super) struct Mix {
    /// `[states]`: zeros at first, which weigh all alike.
    scores: Param<Tensor<1>>,
}

impl Mix {
    pub fn new(states: usize, device: &Device) -> Self {
        Self { scores: Param::from_tensor(Tensor::zeros([states], device)) }
    }

    /// `[batch, frames, states × width]` → `[batch, frames, width]`.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let [batch, frames, columns] = x.dims();
        let states = self.scores.dims()[0];
        let shares = softmax(self.scores.val(), 0).reshape([1, states, 1]);
        let x = x.reshape([batch * frames, states, columns / states]);
        (x * shares).sum_dim(1).reshape([batch, frames, columns / states])
    }
}
