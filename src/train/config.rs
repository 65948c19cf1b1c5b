//! `[train]`: the training's settings.

use serde::{Deserialize, Serialize};

use super::optimiser::Rule;
use crate::{config::out_of_range, error::Result};

/// `[train]`: the training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainConfig {
    /// The most passes over the training side.
    pub epochs: usize,
    /// Utterances in a step.
    pub batch_size: usize,
    /// The optimiser.
    pub optimiser: Rule,
    /// The step size.
    pub learning_rate: f64,
    /// The weights' decay a step, as the optimiser defines it; 0 is none.
    pub weight_decay: f64,
    /// The largest norm of the whole gradient; a larger one is scaled down to it. 0 is no limit.
    pub clip_norm: f64,
    /// Epochs without a better validation UAR after which the training stops.
    pub patience: usize,
    /// The part of the truth that is spread evenly over all classes (Szegedy et al. 2016); 0 is none.
    #[serde(skip_serializing_if = "is_zero")]
    pub label_smoothing: f64,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn is_zero(value: &f64) -> bool {
    *value == 0.0
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            epochs: 60,
            batch_size: 32,
            optimiser: Rule::Adam,
            learning_rate: 1e-3,
            weight_decay: 0.0,
            clip_norm: 0.0,
            patience: 15,
            label_smoothing: 0.0,
        }
    }
}

impl TrainConfig {
    pub(crate) fn validate(&self) -> Result<()> {
        for (key, value) in
            [("train.epochs", self.epochs), ("train.batch_size", self.batch_size), ("train.patience", self.patience)]
        {
            if value == 0 || value > 100_000 {
                return Err(out_of_range(key, value, "from 1 to 100000"));
            }
        }
        if !(self.learning_rate > 0.0 && self.learning_rate <= 10.0) {
            return Err(out_of_range("train.learning_rate", self.learning_rate, "above 0 and up to 10"));
        }
        for (key, value) in [("train.weight_decay", self.weight_decay), ("train.clip_norm", self.clip_norm)] {
            if !(value >= 0.0 && value.is_finite()) {
                return Err(out_of_range(key, value, "0 for none, or a positive number"));
            }
        }
        if !(0.0..1.0).contains(&self.label_smoothing) {
            return Err(out_of_range("train.label_smoothing", self.label_smoothing, "a part from 0 to below 1"));
        }
        Ok(())
    }
}
