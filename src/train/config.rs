//! `[train]`: the training's settings.

use serde::{Deserialize, Serialize};

use super::{
    averaging::Averaging, calibration::Calibration, optimiser::OptimizerKind, sampling::Sampling, schedule::Schedule,
    select::Select, train_on::TrainOn,
};
use crate::{
    error::{Error, Result},
    setting::{named, out_of_range},
    task::{ClassWeights, ClassificationLoss},
};

/// `[train]`: the training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainConfig {
    /// The most passes over the training side.
    pub epochs: usize,
    /// Utterances in a step.
    pub batch_size: usize,
    /// The optimiser.
    pub optimiser: OptimizerKind,
    /// The step size; the largest, where a schedule changes it.
    pub learning_rate: f64,
    /// How the step size changes.
    #[serde(deserialize_with = "named", skip_serializing_if = "Schedule::is_default")]
    pub schedule: Schedule,
    /// The weights' decay a step, as the optimiser defines it; 0 is none.
    pub weight_decay: f64,
    /// The largest norm of the whole gradient; a larger one is scaled down to it. 0 is no limit.
    pub clip_norm: f64,
    /// Epochs without a better validation UAR after which the training stops, where that picks the epoch.
    pub patience: usize,
    /// The epoch whose network is kept.
    #[serde(skip_serializing_if = "Select::is_default")]
    pub select: Select,
    /// The sides that the weights are trained on.
    #[serde(skip_serializing_if = "TrainOn::is_default")]
    pub train_on: TrainOn,
    /// The part of the truth that is spread evenly over all classes (Szegedy et al. 2016); 0 is none.
    #[serde(skip_serializing_if = "is_zero")]
    pub label_smoothing: f64,
    /// The exponent of focal loss (Lin et al. 2017); 0 is plain cross-entropy.
    #[serde(skip_serializing_if = "is_zero")]
    pub focal_gamma: f64,
    /// How much an utterance of each class counts in the loss.
    #[serde(skip_serializing_if = "ClassWeights::is_none")]
    pub class_weights: ClassWeights,
    /// How an epoch's utterances are drawn.
    #[serde(skip_serializing_if = "Sampling::is_default")]
    pub sampling: Sampling,
    /// The mean of weights that is validated and kept in place of the last ones.
    #[serde(deserialize_with = "named", skip_serializing_if = "Averaging::is_default")]
    pub averaging: Averaging,
    /// What the probabilities are calibrated on.
    #[serde(skip_serializing_if = "Calibration::is_default")]
    pub calibration: Calibration,
    /// The corpora that `calibration = "corpora"` is fitted on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub calibrate_on: Vec<String>,
    /// The confidence below which an answer is "uncertain", where the calibration knows a distance.
    #[serde(skip_serializing_if = "is_even")]
    pub uncertain_below: f64,
    /// A bundle to start from in place of random weights: a folder, relative to where the program runs, in which `{fold}`
    /// and `{seed}` stand for the run's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub init: Option<String>,
    /// Checkpoints kept besides the best epoch's: the last and those before it.
    #[serde(skip_serializing_if = "is_two")]
    pub keep_checkpoints: usize,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn is_two(value: &usize) -> bool {
    *value == 2
}

#[allow(clippy::trivially_copy_pass_by_ref, clippy::float_cmp)] // serde's signature; the default, written as a constant
fn is_even(value: &f64) -> bool {
    *value == 0.5
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
            optimiser: OptimizerKind::Adam,
            learning_rate: 1e-3,
            schedule: Schedule::default(),
            weight_decay: 0.0,
            clip_norm: 0.0,
            patience: 15,
            select: Select::Best,
            train_on: TrainOn::Train,
            label_smoothing: 0.0,
            focal_gamma: 0.0,
            class_weights: ClassWeights::None,
            sampling: Sampling::Shuffled,
            averaging: Averaging::default(),
            calibration: Calibration::Validation,
            calibrate_on: Vec::new(),
            uncertain_below: 0.5,
            init: None,
            keep_checkpoints: 2,
        }
    }
}

impl TrainConfig {
    /// The settings of a classification's loss.
    pub(crate) fn classification(&self) -> ClassificationLoss {
        ClassificationLoss {
            label_smoothing: self.label_smoothing,
            focal_gamma: self.focal_gamma,
            class_weights: self.class_weights.clone(),
        }
    }

    pub(crate) fn validate(&self) -> Result<()> {
        for (key, value) in
            [("train.epochs", self.epochs), ("train.batch_size", self.batch_size), ("train.patience", self.patience)]
        {
            if value == 0 || value > 100_000 {
                return Err(out_of_range(key, value, "from 1 to 100000"));
            }
        }
        if (self.calibration == Calibration::Corpora) == self.calibrate_on.is_empty() {
            return Err(Error::Config(format!(
                "train.calibrate_on = {:?}: the corpora of train.calibration = \"corpora\"; give both or none",
                self.calibrate_on
            )));
        }
        if !(0.0..1.0).contains(&self.uncertain_below) {
            return Err(out_of_range("train.uncertain_below", self.uncertain_below, "from 0 to below 1"));
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
        if !(0.0..=10.0).contains(&self.focal_gamma) {
            return Err(out_of_range("train.focal_gamma", self.focal_gamma, "0 for plain cross-entropy, up to 10"));
        }
        if !(1..=1000).contains(&self.keep_checkpoints) {
            return Err(out_of_range("train.keep_checkpoints", self.keep_checkpoints, "from 1 to 1000"));
        }
        if self.init.as_ref().is_some_and(String::is_empty) {
            return Err(Error::Config("train.init = \"\": name a bundle's folder, or leave the key out".into()));
        }
        if self.sampling == Sampling::Balanced && self.class_weights == ClassWeights::Balanced {
            return Err(Error::Config(
                "train.sampling and train.class_weights are both \"balanced\": rare classes would count twice; set one"
                    .into(),
            ));
        }
        let chooses = self.select == Select::Best || matches!(self.schedule, Schedule::Plateau(_));
        if self.train_on == TrainOn::TrainAndValidation && chooses {
            return Err(Error::Config(
                "train.train_on = \"train+validation\": nothing may be chosen on clips that are trained on; set \
                 train.select = \"last\", and a train.schedule other than plateau"
                    .into(),
            ));
        }
        self.class_weights.validate()?;
        self.averaging.validate()?;
        self.schedule.validate(self.epochs, self.patience)
    }
}
