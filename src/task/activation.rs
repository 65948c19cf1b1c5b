//! From the network's outputs to its answer.

use burn::tensor::{Tensor, activation::log_softmax};

use crate::audio::Windows;

/// What becomes of the network's outputs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Activation {
    /// Log-probabilities of classes.
    #[default]
    LogSoftmax,
    /// Parts of a range, from 0 to 1: what lies outside is the nearer end.
    Range,
    /// Of each of several tasks its own, in the order of the outputs: so many of them, and what becomes of these.
    Parts(Vec<(usize, Self)>),
}

impl Activation {
    /// The answers to a batch, `[batch, outputs]`.
    #[must_use]
    pub fn apply(&self, outputs: Tensor<2>) -> Tensor<2> {
        match self {
            Self::LogSoftmax => log_softmax(outputs, 1),
            Self::Range => outputs.clamp(0.0, 1.0),
            Self::Parts(parts) => {
                let mut from = 0;
                let each = parts.iter().filter(|(width, _)| *width > 0).map(|(width, activation)| {
                    from += width;
                    activation.apply(outputs.clone().slice([0..outputs.dims()[0], from - width..from]))
                });
                Tensor::cat(each.collect(), 1)
            }
        }
    }

    /// A clip's answer from those to its windows: for log-probabilities the logarithm of the mean probability, for parts of a
    /// range their mean.
    #[must_use]
    pub fn average(&self, windows: &[Vec<f32>]) -> Vec<f32> {
        match self {
            Self::LogSoftmax => Windows::average(windows),
            Self::Range => {
                let width = windows.first().map_or(0, Vec::len);
                let sum = |i: usize| windows.iter().map(|window| f64::from(window[i])).sum::<f64>();
                (0..width).map(|i| (sum(i) / windows.len() as f64) as f32).collect()
            }
            Self::Parts(parts) => {
                let mut from = 0;
                let each = parts.iter().flat_map(|(width, activation)| {
                    from += width;
                    let part = |window: &Vec<f32>| window[from - width..from].to_vec();
                    activation.average(&windows.iter().map(part).collect::<Vec<_>>())
                });
                each.collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor};

    use super::*;

    #[test]
    fn each_part_has_its_own() {
        let of = Activation::Parts(vec![(2, Activation::LogSoftmax), (0, Activation::Range), (1, Activation::Range)]);
        let given = Tensor::<2>::from_data([[0.0, 0.0, 1.5], [1.0, 1.0, 0.25]], &Device::flex());
        let rows: Vec<f32> = of.apply(given).into_data().iter::<f32>().collect();
        let half = 0.5f32.ln();
        for (ours, expected) in rows.iter().zip([half, half, 1.0, half, half, 0.25]) {
            assert!((ours - expected).abs() < 1e-6, "{rows:?}");
        }
        let windows = [vec![0.2f32.ln(), 0.8f32.ln(), 1.0], vec![0.6f32.ln(), 0.4f32.ln(), 0.5]];
        let mean = of.average(&windows);
        for (ours, expected) in mean.iter().zip([0.4f32.ln(), 0.6f32.ln(), 0.75]) {
            assert!((ours - expected).abs() < 1e-6, "{mean:?}");
        }
    }
}
