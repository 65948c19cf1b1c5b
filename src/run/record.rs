//! The records of a run folder.

use serde::{Deserialize, Serialize};

use super::{DataRecord, short};
use crate::{
    protocol::{Caveat, Leak, ValidationRule, audit::Audit},
    train::RunId,
};

/// `run.json`: what a figure from this run must be read with. Written before training starts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// The experiment's name.
    pub experiment: String,
    /// The fold.
    pub fold: String,
    /// The seed.
    pub seed: u64,
    /// The task's classes, in the order of the probabilities.
    pub classes: Vec<String>,
    /// The protocol.
    pub protocol: ProtocolRecord,
    /// The corpora of the fold's training and validation sides, and of the networks that the run was started or
    /// distilled from; none in runs of earlier versions: see [`RunRecord::seen`].
    #[serde(default)]
    pub trained_on: Vec<String>,
    /// What the fold's sides share.
    pub audit: Audit,
    /// Whether any corpus is synthetic: its figures then say nothing of people.
    pub synthetic: bool,
    /// BLAKE3 of the resolved config without its seed: equal for runs that may be gathered.
    pub config_hash: String,
    /// The data that was read; absent in runs of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<DataRecord>,
    /// What the run was made with.
    pub versions: Versions,
}

impl RunRecord {
    /// What the run is, for its checkpoints.
    #[must_use]
    pub fn id(&self) -> RunId {
        let data = serde_json::to_vec(&self.data).unwrap_or_default();
        let mut hasher = blake3::Hasher::new();
        for part in [self.config_hash.as_bytes(), self.fold.as_bytes(), &self.seed.to_le_bytes(), &data] {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
        }
        RunId {
            experiment: self.experiment.clone(),
            fold: self.fold.clone(),
            seed: self.seed,
            digest: short(&hasher.finalize()),
        }
    }

    /// The corpora that the run has seen clips of before it was tested, by name; all where it was not noted.
    #[must_use]
    pub fn seen(&self) -> &[String] {
        if self.trained_on.is_empty() { &self.protocol.corpora } else { &self.trained_on }
    }
}

/// What a report says of the protocol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProtocolRecord {
    /// The name in the config.
    pub name: String,
    /// Whether no test speaker is in training or validation.
    pub speaker_independent: bool,
    /// What it is, in a sentence fragment.
    pub description: String,
    /// How validation was cut, in a sentence fragment.
    pub validation_rule: String,
    /// How the epoch was picked.
    pub selection: String,
    /// What the scaler was fitted on.
    pub scaler: String,
    /// The corpora of all sides, by name.
    pub corpora: Vec<String>,
    /// The seed of the split.
    pub split_seed: u64,
    /// All of the protocol's folds, by name.
    pub folds: Vec<String>,
    /// What has to stand beside every figure that leaks on purpose; nothing does but in a demonstration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// What leaks on purpose; not noted by earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leak: Option<Leak>,
    /// How each fold's validation was cut; not noted by earlier versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub validation: Vec<ValidationRule>,
    /// What the folds test, as [`Plan::test_sides`](crate::protocol::Plan::test_sides); not noted by earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_sides: Option<String>,
    /// What the figure does not cover.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub caveats: Vec<Caveat>,
    /// Whether the validation side was trained on, too: its figures then say nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub validation_learnt: bool,
}

/// What a run was made with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// This crate.
    pub ser: String,
    /// Burn.
    pub burn: String,
    /// The device trained on.
    pub device: String,
    /// The operating system and the kind of processor.
    pub platform: String,
    /// The processor's own name; empty in runs of earlier versions.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub processor: String,
    /// The vector instructions that were used: `portable`, `avx2` or `avx512`; empty in runs of earlier versions.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub simd: String,
}

/// `done.json`: a finished run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// The epoch whose weights were kept.
    pub best_epoch: usize,
    /// Epochs trained.
    pub epochs: usize,
    /// The kept epoch's unweighted average recall over validation, from 0 to 1.
    pub validation_uar: f64,
    /// Unweighted average recall over the fold's test side, from 0 to 1.
    pub test_uar: f64,
    /// Wall time of training in seconds, over all sittings.
    pub seconds: f64,
}
