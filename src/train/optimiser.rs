//! Optimisers over the network's parameters laid out flat: one pass over contiguous memory a step, a gradient norm over
//! the whole network, and a state that a checkpoint holds as plain arrays.

use std::ops::Range;

use burn::{module::Module, tensor::Gradients};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::TrainConfig;
use crate::model::weights;

/// The update rules by their names in a config.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OptimizerKind {
    /// Kingma & Ba 2015; weight decay is added to the gradient.
    #[default]
    Adam,
    /// Loshchilov & Hutter 2019: Adam with weight decay apart from the gradient.
    AdamW,
    /// Stochastic gradient descent with momentum 0.9; weight decay is added to the gradient.
    Sgd,
}

const BETA1: f32 = 0.9;
const BETA2: f32 = 0.999;
const EPSILON: f32 = 1e-8;
const MOMENTUM: f32 = 0.9;

/// Parameters that one thread takes at a time.
const CHUNK: usize = 1 << 14;

/// An optimiser with its state.
#[derive(Debug, Clone)]
pub struct Optimiser {
    kind: OptimizerKind,
    weight_decay: f32,
    clip_norm: f64,
    /// Steps taken.
    pub steps: u64,
    /// Running mean of the gradient (Adam) or velocity (SGD), one value a parameter.
    pub first: Vec<f32>,
    /// Running mean of the squared gradient (Adam), one value a parameter.
    pub second: Vec<f32>,
}

impl Optimiser {
    /// The optimiser that the config asks for, before its first step.
    #[must_use]
    pub fn new(config: &TrainConfig) -> Self {
        Self {
            kind: config.optimiser,
            weight_decay: config.weight_decay as f32,
            clip_norm: config.clip_norm,
            steps: 0,
            first: Vec::new(),
            second: Vec::new(),
        }
    }

    /// One step against the gradients. Also returns the norm of the whole gradient before clipping; where it is not
    /// finite, the module is returned as it came.
    #[must_use]
    pub fn step<M: Module>(&mut self, rate: f64, module: M, gradients: &Gradients) -> (M, f64) {
        let gradient = weights::flatten_gradients(&module, gradients);
        self.step_flat(rate, module, gradient)
    }

    /// The same with the gradients laid out as [`weights::flatten`] does.
    #[must_use]
    pub fn step_flat<M: Module>(&mut self, rate: f64, module: M, gradient: Vec<f32>) -> (M, f64) {
        self.step_parts(rate, (0, 1.0), module, gradient)
    }

    /// The same where so many parameters at the front step by another rate, `rate` times the factor.
    #[must_use]
    pub fn step_parts<M: Module>(
        &mut self,
        rate: f64,
        (front, factor): (usize, f64),
        module: M,
        mut gradient: Vec<f32>,
    ) -> (M, f64) {
        let norm = norm(&gradient);
        if !norm.is_finite() {
            return (module, norm);
        }
        if self.clip_norm > 0.0 && norm > self.clip_norm {
            let scale = (self.clip_norm / norm) as f32;
            gradient.iter_mut().for_each(|g| *g *= scale);
        }
        let mut parameters = weights::flatten(&module);
        self.update([(front, (rate * factor) as f32), (usize::MAX, rate as f32)], &mut parameters, &gradient);
        (weights::unflatten(module, &parameters), norm)
    }

    /// One step of all parameters: those before each end by its rate.
    fn update<const N: usize>(&mut self, parts: [(usize, f32); N], parameters: &mut [f32], gradient: &[f32]) {
        self.steps += 1;
        let adam = self.kind != OptimizerKind::Sgd;
        self.first.resize(parameters.len(), 0.0);
        self.second.resize(if adam { parameters.len() } else { 0 }, 0.0);
        let mut start = 0;
        for (end, rate) in parts {
            let end = end.clamp(start, parameters.len());
            self.update_part(rate, start..end, parameters, gradient);
            start = end;
        }
    }

    fn update_part(&mut self, rate: f32, part: Range<usize>, parameters: &mut [f32], gradient: &[f32]) {
        let adam = self.kind != OptimizerKind::Sgd;
        let decay = self.weight_decay;
        let (coupled, apart) = if self.kind == OptimizerKind::AdamW { (0.0, rate * decay) } else { (decay, 0.0) };
        let (parameters, gradient) = (&mut parameters[part.clone()], &gradient[part.clone()]);
        let second = if adam { part.clone() } else { 0..0 };
        let (first, second) = (&mut self.first[part], &mut self.second[second]);
        let correction = |beta: f32| 1.0 - f64::from(beta).powf(self.steps as f64);
        let (rate1, correction2) = (rate / correction(BETA1) as f32, correction(BETA2).sqrt() as f32);
        // Elements are independent of one another: who computes which does not matter.
        let state = parameters.par_chunks_mut(CHUNK).zip(gradient.par_chunks(CHUNK)).zip(first.par_chunks_mut(CHUNK));
        if adam {
            state.zip(second.par_chunks_mut(CHUNK)).for_each(|(((parameters, gradient), first), second)| {
                for (((p, &g), mean), square) in parameters.iter_mut().zip(gradient).zip(first).zip(second) {
                    let g = g + coupled * *p;
                    *mean = BETA1 * *mean + (1.0 - BETA1) * g;
                    *square = BETA2 * *square + (1.0 - BETA2) * g * g;
                    *p -= apart * *p + rate1 * *mean / (square.sqrt() / correction2 + EPSILON);
                }
            });
        } else {
            state.for_each(|((parameters, gradient), first)| {
                for ((p, &g), velocity) in parameters.iter_mut().zip(gradient).zip(first) {
                    *velocity = MOMENTUM * *velocity + g + coupled * *p;
                    *p -= rate * *velocity;
                }
            });
        }
    }
}

/// The Euclidean norm, summed in double precision in an order of its own.
fn norm(values: &[f32]) -> f64 {
    // Sixteen sums side by side, which do not wait for one another.
    let mut sums = [0.0f64; 16];
    for part in values.chunks(sums.len()) {
        for (sum, &value) in sums.iter_mut().zip(part) {
            *sum += f64::from(value) * f64::from(value);
        }
    }
    sums.iter().sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn optimiser(kind: OptimizerKind, weight_decay: f64) -> Optimiser {
        Optimiser::new(&TrainConfig { optimiser: kind, weight_decay, ..TrainConfig::default() })
    }

    /// Three steps on a fixed gradient; the expected values are PyTorch 2's.
    #[test]
    fn steps_agree_with_pytorch() {
        for (kind, decay, expected) in [
            (OptimizerKind::Adam, 0.0, [0.97, -1.97]),
            (OptimizerKind::AdamW, 0.1, [0.967_033, -1.964_036]),
            (OptimizerKind::Sgd, 0.0, [0.971_95, -2.005_61]),
        ] {
            let mut optimiser = optimiser(kind, decay);
            let mut parameters = [1.0, -2.0];
            let gradient = if kind == OptimizerKind::Sgd { [0.5, 0.1] } else { [0.5, -0.1] };
            for _ in 0..3 {
                optimiser.update([(1, 0.01), (9, 0.01)], &mut parameters, &gradient);
            }
            for (p, e) in parameters.iter().zip(expected) {
                approx::assert_relative_eq!(*p, e, max_relative = 1e-5);
            }
        }
    }
}
