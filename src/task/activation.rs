//! From the network's outputs to its answer.

use burn::tensor::{Tensor, activation::log_softmax};

use crate::audio::Windows;

/// What becomes of the network's outputs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Activation {
    /// Log-probabilities of classes.
    #[default]
    LogSoftmax,
    /// Parts of a range, from 0 to 1: what lies outside is the nearer end.
    Range,
}

impl Activation {
    /// The answers to a batch, `[batch, outputs]`.
    #[must_use]
    pub fn apply(self, outputs: Tensor<2>) -> Tensor<2> {
        match self {
            Self::LogSoftmax => log_softmax(outputs, 1),
            Self::Range => outputs.clamp(0.0, 1.0),
        }
    }

    /// A clip's answer from those to its windows: for log-probabilities the logarithm of the mean probability, for parts of a
    /// range their mean.
    #[must_use]
    pub fn average(self, windows: &[Vec<f32>]) -> Vec<f32> {
        match self {
            Self::LogSoftmax => Windows::average(windows),
            Self::Range => {
                let width = windows.first().map_or(0, Vec::len);
                let sum = |i: usize| windows.iter().map(|window| f64::from(window[i])).sum::<f64>();
                (0..width).map(|i| (sum(i) / windows.len() as f64) as f32).collect()
            }
        }
    }
}
