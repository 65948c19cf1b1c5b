//! From the network's outputs to its answer.

use burn::tensor::{Tensor, activation::log_softmax};

use crate::audio::Windows;

/// What becomes of the network's outputs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Activation {
    /// Log-probabilities of classes.
    #[default]
    LogSoftmax,
}

impl Activation {
    /// The answers to a batch, `[batch, outputs]`.
    #[must_use]
    pub fn apply(self, outputs: Tensor<2>) -> Tensor<2> {
        match self {
            Self::LogSoftmax => log_softmax(outputs, 1),
        }
    }

    /// A clip's answer from those to its windows: for log-probabilities the logarithm of the mean probability.
    #[must_use]
    pub fn average(self, windows: &[Vec<f32>]) -> Vec<f32> {
        match self {
            Self::LogSoftmax => Windows::average(windows),
        }
    }
}
