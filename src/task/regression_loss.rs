//! The loss of a regression: how far a batch's numbers are from agreeing with the true ones.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::Loss;

/// `task.loss`: what is made small. Targets are in parts of their range.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RegressionLoss {
    /// One less the concordance correlation coefficient over the batch, the mean over targets (Weninger et al. 2016).
    #[default]
    Ccc,
    /// The mean squared error.
    Mse,
    /// The sum of both.
    Both,
}

/// Keeps a batch whose numbers are all one from dividing by nothing.
const LEAST: f64 = 1e-8;

impl Loss for RegressionLoss {
    fn of(&self, outputs: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
        match self {
            Self::Ccc => discordance(outputs, targets),
            Self::Mse => squared(outputs, targets),
            Self::Both => discordance(outputs.clone(), targets.clone()) + squared(outputs, targets),
        }
    }
}

fn squared(outputs: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    let error = outputs - targets;
    (error.clone() * error).mean()
}

/// One less the coefficient of each column `[batch]`, the mean over columns.
fn discordance(outputs: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    // [1, outputs] each.
    let (mean, target_mean) = (outputs.clone().mean_dim(0), targets.clone().mean_dim(0));
    let (outputs, targets) = (outputs - mean.clone(), targets - target_mean.clone());
    let covariance = (outputs.clone() * targets.clone()).mean_dim(0);
    let variances = (outputs.clone() * outputs).mean_dim(0) + (targets.clone() * targets).mean_dim(0);
    let between = mean - target_mean;
    let all = (variances + between.clone() * between).add_scalar(LEAST);
    (covariance.mul_scalar(2.0) / all).mean().neg().add_scalar(1.0)
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;
    use crate::metrics::Concordance;

    #[test]
    fn losses_are_those_of_the_figures_and_lead_to_the_targets() {
        let device = Device::flex().autodiff();
        let (outputs, targets) = ([[0.2, 0.9], [0.4, 0.1], [0.9, 0.5]], [[0.1, 0.8], [0.5, 0.3], [0.7, 0.6]]);
        let numbers = |data: TensorData| data.iter::<f32>().map(f64::from).collect::<Vec<_>>();
        let run = |loss: RegressionLoss| {
            let given = Tensor::<2>::from_data(outputs, &device).require_grad();
            let value = loss.of(given.clone(), Tensor::from_data(targets, &device));
            let gradient = given.grad(&value.clone().backward()).unwrap();
            (numbers(value.into_data())[0], numbers(gradient.into_data()))
        };
        let column = |of: usize| targets.iter().zip(&outputs).map(move |(t, o)| (t[of], o[of]));
        let ccc = (0..2).map(|of| Concordance::of(column(of)).ccc.unwrap()).sum::<f64>() / 2.0;
        let mse = (0..2).map(|of| Concordance::of(column(of)).rmse.powi(2)).sum::<f64>() / 2.0;
        let (found, gradient) = run(RegressionLoss::Ccc);
        assert!((found - (1.0 - ccc)).abs() < 1e-6, "{found} {ccc}");
        assert!((run(RegressionLoss::Mse).0 - mse).abs() < 1e-6);
        assert!((run(RegressionLoss::Both).0 - (1.0 - ccc + mse)).abs() < 1e-6);
        // By finite differences.
        let at = |by: f64| {
            let moved = column(0).enumerate().map(move |(i, (t, o))| (t, if i == 1 { o + by } else { o }));
            -Concordance::of(moved).ccc.unwrap() / 2.0
        };
        let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
        assert!((gradient[2] - slope).abs() < 1e-4, "{gradient:?} {slope}");
    }

    #[test]
    fn a_batch_whose_numbers_are_all_one_has_a_finite_gradient() {
        let device = Device::flex().autodiff();
        let given = Tensor::<2>::from_data([[0.5], [0.5]], &device).require_grad();
        let loss = RegressionLoss::Ccc.of(given.clone(), Tensor::from_data([[0.5], [0.5]], &device));
        assert!(given.grad(&loss.backward()).unwrap().into_data().iter::<f32>().all(f32::is_finite));
    }
}
