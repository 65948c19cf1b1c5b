//! The records of a run folder.

use serde::{Deserialize, Serialize};

use super::{Choice, DataRecord, Versions, short};
use crate::{
    frontend::ScalerScope,
    protocol::{Caveat, Leak, ValidationRule, audit::Audit},
    task,
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
    /// The task.
    #[serde(default, skip_serializing_if = "task::Kind::is_default")]
    pub task: task::Kind,
    /// The task's outputs: its classes, in the order of the probabilities, or its targets.
    pub classes: Vec<String>,
    /// The targets that are learnt beside the classes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<String>,
    /// The range of each target, where the task learns numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scales: Vec<task::Scale>,
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
    /// Of a nested choice, the setting that the run took and what it was chosen from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choice: Option<Choice>,
    /// Whether the run is there to be compared in a nested choice: it has not looked at its test side, and has no figure of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub candidate: bool,
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
    /// What was learnt from of a language that is tested; none where nothing was to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shots: Option<Shots>,
    /// Whether the validation side was trained on, too: its figures then say nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub validation_learnt: bool,
}

impl ProtocolRecord {
    /// Whether test speakers are standardised by clips of their own: another protocol, which nothing published stands beside.
    #[must_use]
    pub fn hears_test_speakers(&self) -> bool {
        self.scaler == ScalerScope::Speaker.words()
    }
}

/// Clips of a tested language that are learnt from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shots {
    /// How many of each class.
    pub clips: usize,
    /// How many speakers they are of, whom nothing tests.
    pub speakers: usize,
}

/// `done.json`: a finished run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Done {
    /// The epoch whose weights were kept.
    pub best_epoch: usize,
    /// Epochs trained.
    pub epochs: usize,
    /// The task, which says what the figures are ([`task::Kind::figure`]).
    pub task: task::Kind,
    /// The kept epoch's figure over validation.
    pub validation: f64,
    /// The same figure over the fold's test side.
    pub test: f64,
    /// Wall time of training in seconds, over all sittings.
    pub seconds: f64,
    /// The penalty that a linear head took, where it picked one of several.
    pub c: Option<f64>,
}

impl Done {
    /// The epoch whose weights were kept, for people; nothing where there are no epochs.
    #[must_use]
    pub fn kept(&self) -> String {
        if self.epochs == 0 { "\u{2014}".to_owned() } else { format!("{} of {}", self.best_epoch, self.epochs) }
    }
}

/// [`Done`] as the file has it: figures by their names, shares from 0 to 1.
#[derive(Serialize, Deserialize)]
struct Written {
    best_epoch: usize,
    epochs: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    validation_uar: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    test_uar: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    validation_ccc: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    test_ccc: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    validation_likeness: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    test_likeness: Option<f64>,
    seconds: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    c: Option<f64>,
}

impl From<Written> for Done {
    fn from(of: Written) -> Self {
        let noted = [
            (task::Kind::Regression, [of.validation_ccc, of.test_ccc]),
            (task::Kind::Distribution, [of.validation_likeness, of.test_likeness]),
        ];
        let noted = noted.into_iter().find(|(_, figures)| *figures != [None, None]);
        let (task, [validation, test]) =
            noted.unwrap_or((task::Kind::Classification, [of.validation_uar, of.test_uar]));
        // A figure that is none is written as null.
        let [validation, test] = [validation, test].map(|figure| figure.unwrap_or(f64::NAN));
        Self { best_epoch: of.best_epoch, epochs: of.epochs, task, validation, test, seconds: of.seconds, c: of.c }
    }
}

impl From<Done> for Written {
    fn from(of: Done) -> Self {
        let known = |kind| (of.task == kind).then_some([of.validation, of.test]);
        let (uar, ccc) = (known(task::Kind::Classification), known(task::Kind::Regression));
        let likeness = known(task::Kind::Distribution);
        Self {
            best_epoch: of.best_epoch,
            epochs: of.epochs,
            validation_uar: uar.map(|[validation, _]| validation),
            test_uar: uar.map(|[_, test]| test),
            validation_ccc: ccc.map(|[validation, _]| validation),
            test_ccc: ccc.map(|[_, test]| test),
            validation_likeness: likeness.map(|[validation, _]| validation),
            test_likeness: likeness.map(|[_, test]| test),
            seconds: of.seconds,
            c: of.c,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_by_their_names_and_read_back() {
        let uar = Done {
            best_epoch: 3,
            epochs: 9,
            task: task::Kind::Classification,
            validation: 0.5,
            test: 0.25,
            seconds: 1.5,
            c: None,
        };
        let ccc = Done { task: task::Kind::Regression, test: -0.25, ..uar };
        let written = serde_json::to_string(&uar).unwrap();
        assert_eq!(written, r#"{"best_epoch":3,"epochs":9,"validation_uar":0.5,"test_uar":0.25,"seconds":1.5}"#);
        assert_eq!(serde_json::from_str::<Done>(&written).unwrap(), uar);
        let written = serde_json::to_string(&ccc).unwrap();
        assert!(written.contains(r#""validation_ccc":0.5,"test_ccc":-0.25"#) && !written.contains("uar"), "{written}");
        assert_eq!(serde_json::from_str::<Done>(&written).unwrap(), ccc);
        let likeness = Done { task: task::Kind::Distribution, ..uar };
        let written = serde_json::to_string(&likeness).unwrap();
        assert!(written.contains(r#""validation_likeness":0.5,"test_likeness":0.25"#), "{written}");
        assert_eq!(serde_json::from_str::<Done>(&written).unwrap(), likeness);
        let none = serde_json::to_string(&Done { validation: f64::NAN, ..uar }).unwrap();
        assert!(serde_json::from_str::<Done>(&none).unwrap().validation.is_nan(), "{none}");
    }
}
