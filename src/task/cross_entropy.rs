//! The loss: cross-entropy against the probabilities that the network should give, weighted where the config asks.

use burn::tensor::{Tensor, TensorData, activation::log_softmax};

use super::Loss;

/// Cross-entropy.
#[derive(Debug, Clone, Default)]
pub struct CrossEntropy {
    /// The weight of each class; 1 for all where absent.
    pub weights: Option<Vec<f32>>,
    /// The exponent of focal loss (Lin et al. 2017): a class's part is scaled by (1 - p)^gamma, so that what is learned
    /// already counts less. 0 is plain cross-entropy.
    pub focal_gamma: f64,
}

impl Loss for CrossEntropy {
    /// In nats; with weights a weighted mean, as PyTorch has it.
    fn of(&self, logits: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
        let log = log_softmax(logits, 1);
        let log = if self.focal_gamma > 0.0 {
            // Kept off zero, where the power has no finite slope.
            let wrong = log.clone().exp().neg().add_scalar(1.0).clamp_min(1e-6);
            wrong.powf_scalar(self.focal_gamma) * log
        } else {
            log
        };
        let Some(weights) = &self.weights else { return (log * targets).sum_dim(1).mean().neg() };
        let weights = TensorData::new(weights.clone(), [1, weights.len()]);
        let weighted = targets * Tensor::from_data(weights, &log.device());
        (log * weighted.clone()).sum().div(weighted.sum()).neg()
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn losses_and_the_gradient_of_focal_loss_are_those_of_the_formulas() {
        let device = Device::flex().autodiff();
        let run = |loss: &CrossEntropy| {
            let logits = Tensor::<2>::from_data([[1.0, 2.0, 0.5], [0.1, -1.0, 3.0]], &device).require_grad();
            let value = loss.of(logits.clone(), Tensor::from_data([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]], &device));
            let gradient = logits.grad(&value.clone().backward()).unwrap();
            let numbers = |data: TensorData| data.iter::<f32>().collect::<Vec<_>>();
            (numbers(value.into_data())[0], numbers(gradient.into_data()))
        };
        let softmax = |of: f32, all: [f32; 3]| of.exp() / all.map(f32::exp).iter().sum::<f32>();
        let (p, q) = (softmax(2.0, [1.0, 2.0, 0.5]), softmax(0.1, [0.1, -1.0, 3.0]));
        let (plain, _) = run(&CrossEntropy::default());
        approx::assert_relative_eq!(plain, -(p.ln() + q.ln()) / 2.0, max_relative = 1e-5);
        let (weighted, _) = run(&CrossEntropy { weights: Some(vec![3.0, 1.0, 1.0]), focal_gamma: 0.0 });
        approx::assert_relative_eq!(weighted, -(p.ln() + 3.0 * q.ln()) / 4.0, max_relative = 1e-5);
        let (focal, gradient) = run(&CrossEntropy { weights: None, focal_gamma: 2.0 });
        let expected = -((1.0 - p).powi(2) * p.ln() + (1.0 - q).powi(2) * q.ln()) / 2.0;
        approx::assert_relative_eq!(focal, expected, max_relative = 1e-5);
        // d/dx_y of -(1 - p)^2 ln p is (1 - p)^2 (2 p ln p - (1 - p)).
        approx::assert_relative_eq!(
            gradient[1],
            (1.0 - p).powi(2) * (2.0 * p * p.ln() - (1.0 - p)) / 2.0,
            max_relative = 1e-4
        );
        // A class that is certain leaves a finite gradient.
        let sure = Tensor::<2>::from_data([[100.0, 0.0]], &device).require_grad();
        let loss =
            CrossEntropy { weights: None, focal_gamma: 0.5 }.of(sure.clone(), Tensor::from_data([[1.0, 0.0]], &device));
        assert!(sure.grad(&loss.backward()).unwrap().into_data().iter::<f32>().all(f32::is_finite));
    }
}
