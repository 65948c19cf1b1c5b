//! A TOML file → a validated [`Experiment`]: one struct per table, each owned by the stage that reads it. Every error
//! names its key.

mod grid;
mod keys;
mod label_set;
mod labels;
mod old_keys;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

pub use grid::{Search, Setting};
pub use label_set::LabelSet;
pub use labels::{Calm, Labelled, LabelsConfig};

use crate::{
    audio::AudioConfig,
    augment::AugmentConfig,
    corpus::CorpusConfig,
    error::{Error, Result},
    frontend::{self, EncoderConfig, FeaturesConfig, Frontend, Pool, ScalerScope, SpeakerView},
    model::{Kind, ModelConfig},
    protocol::ProtocolConfig,
    setting::out_of_range,
    task::{self, TaskConfig},
    train::{Averaging, Calibration, DistilConfig, Sampling, TrainConfig},
};

/// Everything that decides an experiment's result. Reads like the pipeline; every key has a default but `name` and
/// `corpora`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    /// The experiment's name: its folder under `experiments/`.
    pub name: String,
    /// The seed of every random stream of a run but the split's ([`ProtocolConfig::seed`]).
    #[serde(default = "default_seed")]
    pub seed: u64,
    /// The corpora, one table each.
    pub corpora: Vec<CorpusConfig>,
    /// How a corpus's emotions become the task's classes.
    #[serde(default)]
    pub labels: LabelsConfig,
    /// What is learnt of a clip.
    #[serde(default, skip_serializing_if = "TaskConfig::is_default")]
    pub task: TaskConfig,
    /// Who is on which side.
    #[serde(default)]
    pub protocol: ProtocolConfig,
    /// Clip → samples.
    #[serde(default)]
    pub audio: AudioConfig,
    /// Samples and matrices of the training side → altered ones. Left out of the resolved config where nothing is altered,
    /// so that a run from before there was such a table is still known by its config.
    #[serde(default, skip_serializing_if = "AugmentConfig::is_default")]
    pub augment: AugmentConfig,
    /// Samples → matrix. Where `[encoder]` is given and this table is not, there are no features beside the encoder's.
    #[serde(default)]
    pub features: FeaturesConfig,
    /// Samples → hidden states of a pretrained encoder, in place of features or beside them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoder: Option<EncoderConfig>,
    /// What the head that answers once a speaker is known sees of a clip, where that is not what the network sees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speaker: Option<SpeakerView>,
    /// The network.
    #[serde(default)]
    pub model: ModelConfig,
    /// The training.
    #[serde(default)]
    pub train: TrainConfig,
    /// Distillation from trained networks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distil: Option<DistilConfig>,
    /// What people should know of the config as it was written: keys that have other names now.
    #[serde(skip)]
    pub notes: Vec<String>,
}

fn default_seed() -> u64 {
    42
}

impl Experiment {
    /// Reads the file, applies the `overrides` (`table.key=value`, as `--set` takes them) and validates the result.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] naming the file and the key where the file is missing or is not TOML, a key is unknown (with
    /// the nearest known one), a value has the wrong type or is out of range.
    pub fn load(path: &Path, overrides: &[String]) -> Result<Self> {
        read(path, |text| Self::parse(text, overrides))
    }

    /// The same from the text of a config.
    ///
    /// # Errors
    ///
    /// As [`Experiment::load`].
    pub fn parse(text: &str, overrides: &[String]) -> Result<Self> {
        Self::of(table(text, overrides)?)
    }

    fn of(mut config: toml::Value) -> Result<Self> {
        if config.get("grid").is_some() {
            return Err(Error::Config("this config is of a [grid]: ser-train trains its settings".into()));
        }
        let notes = old_keys::modernise(&mut config)?;
        let has_features = config.get("features").is_some();
        let scaler_is_set = config.get("features").is_some_and(|features| features.get("scaler").is_some());
        let read: Self = serde_path_to_error::deserialize(config).map_err(|e| keys::explain(&e))?;
        let mut experiment = Self { notes, ..read };
        if let Some(encoder) = &mut experiment.encoder {
            if !has_features {
                experiment.features.kinds.clear();
            }
            // One scaler for all columns, known under one name.
            if let Some(scaler) = encoder.scaler.take() {
                if scaler_is_set && scaler != experiment.features.scaler {
                    let problem = "encoder.scaler and features.scaler differ: one scaler is of all columns; drop one";
                    return Err(Error::Config(problem.into()));
                }
                experiment.features.scaler = scaler;
            }
        }
        experiment.validate()?;
        Ok(experiment)
    }

    /// Checks every value that a type cannot.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] naming the key, its value and the rule.
    pub fn validate(&self) -> Result<()> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if self.name.is_empty() || self.name.starts_with('.') || !self.name.chars().all(plain) {
            return Err(Error::Config(format!(
                "name = \"{}\": it becomes a folder's name, so use letters, digits, '-', '_' and '.' only",
                self.name
            )));
        }
        if self.corpora.is_empty() {
            return Err(Error::Config("corpora is empty: name at least one in a [[corpora]] table".into()));
        }
        self.labels.validate()?;
        self.task.validate()?;
        self.protocol.validate()?;
        self.audio.validate()?;
        self.augment.validate()?;
        match &self.encoder {
            Some(encoder) => {
                encoder.validate(self.audio.sample_rate)?;
                if !self.features.kinds.is_empty() {
                    self.features.validate(self.audio.sample_rate)?;
                }
                if let Some(window) = self.audio.window.filter(|_| encoder.gives_vectors()) {
                    let rule = "encoder.pool makes one vector of a clip, which has no windows; drop one of them";
                    return Err(out_of_range("audio.window", window, rule));
                }
                if encoder.learns() {
                    self.validate_learning(encoder)?;
                }
                if encoder.gives_vectors() && self.features.scaler == ScalerScope::Utterance {
                    return Err(Error::Config(
                        "encoder.scaler = \"utterance\": a pooled clip is one vector, which standardised by itself is all \
                         zeros; set it to \"train\" or \"speaker\""
                            .into(),
                    ));
                }
            }
            None => self.features.validate(self.audio.sample_rate)?,
        }
        if self.encoder.as_ref().is_some_and(|encoder| encoder.layer.is_mixed()) {
            self.validate_mixed()?;
        }
        if let Some(view) = &self.speaker {
            view.validate(self.encoder.as_ref(), self.audio.sample_rate)?;
        }
        self.model.validate(self.features.bands().filter(|_| self.encoder.is_none()))?;
        self.distil.iter().try_for_each(DistilConfig::validate)?;
        match (self.is_solved(), self.model.c.settled()) {
            (true, _) => self.validate_linear()?,
            (false, Some(_)) => {}
            (false, None) => {
                return Err(Error::Config(format!(
                    "model.c = {}: one of several is picked where model.kind = \"linear\" is solved over a frozen input; name one",
                    self.model.c
                )));
            }
        }
        match self.task.kind {
            task::Kind::Classification => {}
            task::Kind::MultiTask => self.validate_parts()?,
            task::Kind::Regression | task::Kind::Distribution => self.validate_without_classes()?,
        }
        self.train.validate()
    }

    /// Whether the network is solved for, in place of steps.
    #[must_use]
    pub fn is_solved(&self) -> bool {
        self.model.kind == Kind::Linear && !self.encoder.as_ref().is_some_and(EncoderConfig::learns)
    }

    /// What an encoder whose upper layers learn goes with.
    fn validate_learning(&self, encoder: &EncoderConfig) -> Result<()> {
        let learning = format!("encoder.train_layers = {}", encoder.train_layers);
        if !self.features.kinds.is_empty() {
            return Err(Error::Config(format!(
                "features.kinds beside {learning}: the network sees the encoder's states alone; set features.kinds to []"
            )));
        }
        if matches!(self.features.scaler, ScalerScope::Speaker | ScalerScope::Utterance) {
            return Err(Error::Config(format!(
                "encoder.scaler beside {learning}: what the layers give is standardised inside the network, as it was on the \
                 training side before they learnt; set encoder.scaler to \"train\" or \"none\""
            )));
        }
        if encoder.pool != Pool::None && !matches!(self.model.kind, Kind::Linear | Kind::Mlp) {
            return Err(Error::Config(format!(
                "model.kind = \"{}\" with {learning}: encoder.pool makes one vector of a clip; set it to \"none\", or \
                 model.kind to \"linear\" or \"mlp\"",
                self.model.kind.name()
            )));
        }
        let set = [
            ("distil", self.distil.is_some()),
            ("train.calibration", self.train.calibration == Calibration::Altered),
            ("task.kind", self.task.kind != task::Kind::Classification && self.model.kind == Kind::Linear),
        ];
        match set.iter().find(|(_, set)| *set) {
            Some((key, _)) => Err(Error::Config(format!("{key}: it does not go with {learning}; drop one of them"))),
            None => Ok(()),
        }
    }

    /// States that the network mixes must be all that it sees, and it must learn in steps.
    fn validate_mixed(&self) -> Result<()> {
        if self.is_solved() {
            return Err(Error::Config(
                "encoder.layer = \"weighted\": model.kind = \"linear\" is solved without steps and mixes nothing; name the \
                 layers ([1, 2, 3]), or set model.kind to \"mlp\""
                    .into(),
            ));
        }
        if !self.features.kinds.is_empty() {
            return Err(Error::Config(
                "features.kinds beside encoder.layer = \"weighted\": only states can be mixed; set it to [], or name the layers"
                    .into(),
            ));
        }
        Ok(())
    }

    /// Numbers and votes are of no one class: what belongs to classes would have no effect, and is refused.
    fn validate_without_classes(&self) -> Result<()> {
        let train = &self.train;
        let set = [
            ("distil", self.distil.is_some()),
            ("speaker", self.speaker.is_some()),
            ("train.label_smoothing", train.label_smoothing > 0.0),
            ("train.focal_gamma", train.focal_gamma > 0.0),
            ("train.class_weights", !train.class_weights.is_none()),
        ];
        match set.iter().find(|(_, set)| *set) {
            Some((key, _)) => Err(Error::Config(format!(
                "{key}: it is for classes, and task.kind = \"{}\" learns {}; drop it",
                self.task.kind.name(),
                self.task.kind.learns()
            ))),
            None => Ok(()),
        }
    }

    /// Parts share a network, which learns them in steps, and from their own targets.
    fn validate_parts(&self) -> Result<()> {
        if self.model.kind == Kind::Linear {
            return Err(Error::Config(
                "task.kind = \"multi-task\": the heads of model.kind = \"linear\" share nothing and are each solved for itself; set it to \
                 \"mlp\", or train each part in an experiment of its own"
                    .into(),
            ));
        }
        match self.distil {
            Some(_) => Err(Error::Config(
                "[distil]: teachers answer with classes, and task.kind = \"multi-task\" learns more; drop it".into(),
            )),
            None => Ok(()),
        }
    }

    /// A linear head is solved, not stepped: what belongs to steps would have no effect, and is refused.
    fn validate_linear(&self) -> Result<()> {
        let train = &self.train;
        let set = [
            ("distil", self.distil.is_some()),
            ("task.loss", self.task.loss.is_some()),
            ("train.init", train.init.is_some()),
            ("train.focal_gamma", train.focal_gamma > 0.0),
            ("train.averaging", train.averaging != Averaging::default()),
            ("train.sampling", train.sampling != Sampling::default()),
            ("augment.mixup", self.augment.mixup.is_some()),
            ("augment.spec_augment", self.augment.spec_augment.is_some()),
        ];
        match set.iter().find(|(_, set)| *set) {
            Some((key, _)) => Err(Error::Config(format!(
                "{key}: model.kind = \"linear\" is solved to convergence without steps, and this would have no effect; \
                 drop it, or set model.kind to \"mlp\""
            ))),
            None => Ok(()),
        }
    }

    /// What computes the matrices of `[features]` and `[encoder]`, for clips as `[audio]` prepares them; encoders are found
    /// in the folder `models`.
    ///
    /// # Errors
    ///
    /// As [`frontend::open`].
    pub fn frontend(&self, models: &Path) -> Result<Arc<dyn Frontend>> {
        frontend::open(&self.features, self.encoder.as_ref(), self.audio.sample_rate, models)
    }

    /// What `[speaker]` makes of a clip: how its samples are prepared, and what computes their one vector; none without such a
    /// table.
    ///
    /// # Errors
    ///
    /// As [`frontend::open`].
    pub fn speaker_chain(&self, models: &Path) -> Result<Option<(AudioConfig, Arc<dyn Frontend>)>> {
        let (Some(view), Some(encoder)) = (&self.speaker, &self.encoder) else { return Ok(None) };
        let states = frontend::open_states(&view.encoder(encoder), self.audio.sample_rate, models)?;
        Ok(Some((view.audio(&self.audio), states)))
    }

    /// From one frame of a matrix to the next, in seconds.
    #[must_use]
    pub fn step_seconds(&self) -> f64 {
        match self.encoder {
            Some(_) => 1.0 / f64::from(frontend::encoder::FRAMES_PER_SECOND),
            None => self.features.step_seconds(self.audio.sample_rate),
        }
    }

    /// The shortest clip that fills a frame, in seconds: what is shorter is not analysed.
    #[must_use]
    pub fn shortest(&self) -> f64 {
        let spectral = self.features.shortest(self.audio.sample_rate);
        match self.encoder {
            None => spectral,
            Some(_) if self.features.kinds.is_empty() => self.step_seconds(),
            Some(_) => self.step_seconds().max(spectral),
        }
    }

    /// The first key in which two experiments differ, with both values; nothing where they are the same.
    ///
    /// # Errors
    ///
    /// As [`Experiment::to_toml`].
    pub fn difference(&self, other: &Self) -> Result<Option<String>> {
        if self == other {
            return Ok(None);
        }
        let flat = |experiment: &Self| -> Result<BTreeMap<String, String>> {
            let table: toml::Table = experiment.to_toml()?.parse().map_err(|e| Error::Data(format!("{e}")))?;
            let mut keys = BTreeMap::new();
            flatten("", &toml::Value::Table(table), &mut keys);
            Ok(keys)
        };
        let (ours, theirs) = (flat(self)?, flat(other)?);
        let changed: Vec<&String> = ours
            .keys()
            .chain(theirs.keys().filter(|key| !ours.contains_key(*key)))
            .filter(|key| ours.get(*key) != theirs.get(*key))
            .collect();
        let shown =
            |keys: &BTreeMap<String, String>, key: &str| keys.get(key).cloned().unwrap_or_else(|| "not set".into());
        let more = if changed.len() > 1 { format!(", and {} more keys", changed.len() - 1) } else { String::new() };
        Ok(changed.first().map(|key| format!("{key}: {} → {}{more}", shown(&ours, key), shown(&theirs, key))))
    }

    /// The resolved config as TOML: every key with its value, fit to be read back.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] if a value cannot be written as TOML, which no valid experiment has.
    pub fn to_toml(&self) -> Result<String> {
        toml::to_string(self).map_err(|e| Error::Data(format!("cannot write the resolved config: {e}")))
    }
}

/// The values of a table by their whole keys.
fn flatten(prefix: &str, value: &toml::Value, into: &mut BTreeMap<String, String>) {
    let toml::Value::Table(table) = value else {
        into.insert(prefix.to_owned(), value.to_string());
        return;
    };
    for (key, value) in table {
        flatten(&if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") }, value, into);
    }
}

/// What `parse` makes of the file's text; the errors name the file.
fn read<T>(path: &Path, parse: impl FnOnce(&str) -> Result<T>) -> Result<T> {
    let text = crate::files::read_text(path)
        .map_err(|e| Error::Config(format!("cannot read the config {}: {e}", path.display())))?;
    parse(&text).map_err(|e| match e {
        Error::Config(problem) => Error::Config(format!("{}: {problem}", path.display())),
        other => other,
    })
}

/// The config's tables with the overrides in them.
fn table(text: &str, overrides: &[String]) -> Result<toml::Value> {
    let table: toml::Table = text.parse().map_err(|e: toml::de::Error| Error::Config(e.to_string()))?;
    let mut config = toml::Value::Table(table);
    for assignment in overrides {
        keys::apply_override(&mut config, assignment)?;
    }
    Ok(config)
}

/// The folder that the corpora's roots are relative to: the program's `--data`, else `$SER_DATASETS`, else `datasets`.
#[must_use]
pub fn data_dir(flag: Option<PathBuf>) -> PathBuf {
    flag.or_else(|| std::env::var_os("SER_DATASETS").filter(|v| !v.is_empty()).map(PathBuf::from))
        .unwrap_or_else(|| PathBuf::from("datasets"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINIMAL: &str = "name = 'x'\n[[corpora]]\nkind = 'synthetic'\n";

    fn message(text: &str, overrides: &[&str]) -> String {
        let overrides: Vec<String> = overrides.iter().map(ToString::to_string).collect();
        Experiment::parse(text, &overrides).unwrap_err().to_string()
    }

    #[test]
    fn every_key_but_name_and_corpora_has_a_default() {
        let experiment = Experiment::parse(MINIMAL, &[]).unwrap();
        assert_eq!(experiment.seed, 42);
        assert_eq!(experiment.features.n_mfcc, 13);
        assert!(message("name = 'x'", &[]).contains("corpora"));
    }

    #[test]
    fn the_resolved_config_reads_back_equal() {
        let experiment = Experiment::parse(MINIMAL, &["train.epochs=7".into()]).unwrap();
        assert_eq!(Experiment::parse(&experiment.to_toml().unwrap(), &[]).unwrap(), experiment);
        assert!(!experiment.to_toml().unwrap().contains("augment"), "what is off leaves the config's hash as it was");
        let set = ["augment.copies=2", "augment.speed={}", "augment.mixup.alpha=0.3", "train.label_smoothing=0.1"];
        let experiment = Experiment::parse(MINIMAL, &set.map(String::from)).unwrap();
        assert_eq!(Experiment::parse(&experiment.to_toml().unwrap(), &[]).unwrap(), experiment);
    }

    #[test]
    fn a_difference_names_the_key_and_both_values() {
        let of = |set: &[&str]| {
            let set: Vec<String> = set.iter().map(ToString::to_string).collect();
            Experiment::parse(MINIMAL, &set).unwrap()
        };
        assert_eq!(of(&[]).difference(&of(&[])).unwrap(), None);
        let found = of(&[]).difference(&of(&["train.epochs=7"])).unwrap();
        assert_eq!(found.as_deref(), Some("train.epochs: 60 → 7"));
        let found = of(&["train.label_smoothing=0.1"]).difference(&of(&["train.epochs=7"])).unwrap().unwrap();
        assert!(found.contains("60 → 7") && found.contains("1 more key"), "{found}");
    }

    #[test]
    fn every_committed_config_is_valid() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs");
        let configs: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(configs.len() >= 6);
        for path in configs {
            let name = match Search::load(&path, &[]).unwrap() {
                Some(search) => search.name,
                None => Experiment::load(&path, &[]).unwrap().name,
            };
            assert_eq!(Some(name.as_str()), path.file_stem().and_then(|stem| stem.to_str()));
        }
    }

    #[test]
    fn an_unknown_key_names_the_nearest_known_one() {
        let text = format!("{MINIMAL}[train]\nepoch = 3\n");
        let message = message(&text, &[]);
        assert!(message.contains("train.epoch") && message.contains("did you mean `epochs`"), "{message}");
    }

    #[test]
    fn overrides_reach_tables_arrays_and_bare_strings() {
        let set = ["train.learning_rate=0.01", "features.kinds=[\"mfcc\"]", "protocol.kind=speaker-kfold", "seed=7"];
        let set: Vec<String> = set.iter().map(ToString::to_string).collect();
        let experiment = Experiment::parse(MINIMAL, &set).unwrap();
        assert_eq!((experiment.train.learning_rate, experiment.seed), (0.01, 7));
        assert_eq!(experiment.features.columns().len(), 13);
    }

    #[test]
    fn kinds_are_set_by_name_or_as_tables_and_wrong_ones_are_explained() {
        let set = [
            "train.schedule=one-cycle",
            "train.averaging={ kind = 'swa', start = 0 }",
            "train.class_weights={ sad = 2 }",
            "train.sampling=balanced",
        ];
        let experiment = Experiment::parse(MINIMAL, &set.map(String::from)).unwrap();
        let text = experiment.to_toml().unwrap();
        assert!(text.contains("one-cycle") && text.contains("swa"), "{text}");
        assert_eq!(Experiment::parse(&text, &[]).unwrap(), experiment);
        assert!(message(MINIMAL, &["train.schedule=cosin"]).contains("did you mean `cosine`"));
        let nested = message(MINIMAL, &["train.schedule={kind='cosine',warmap=2}"]);
        assert!(nested.contains("train.schedule") && nested.contains("did you mean `warmup`"), "{nested}");
        assert!(message(MINIMAL, &["train.class_weights=balance"]).contains("did you mean `balanced`"));
        assert!(message(MINIMAL, &["train.sampling=balanced", "train.class_weights=balanced"]).contains("twice"));
    }

    #[test]
    fn a_wrong_override_says_which() {
        assert!(message(MINIMAL, &["train.epochs"]).contains("--set train.epochs"));
        assert!(message(MINIMAL, &["train.epochs=many"]).contains("train.epochs"));
        assert!(message(MINIMAL, &["trian.epochs=3"]).contains("did you mean `train`"));
        assert!(message(MINIMAL, &["corpora.3.kind=tess"]).contains("corpora"));
    }

    #[test]
    fn values_out_of_range_name_key_value_and_rule() {
        for (set, key) in [
            ("train.epochs=0", "train.epochs = 0"),
            ("train.learning_rate=-1.0", "train.learning_rate = -1"),
            ("model.kernel=2", "model.kernel = 2"),
            ("model.dropout=1.0", "model.dropout = 1"),
            ("audio.sample_rate=10", "audio.sample_rate = 10"),
            ("audio.length=0.0", "audio.length = 0"),
            ("audio.loudness=3.0", "audio.loudness = 3"),
            ("augment.copies=2", "augment.copies = 2"),
            ("train.label_smoothing=1.0", "train.label_smoothing = 1"),
            ("train.focal_gamma=-1.0", "train.focal_gamma = -1"),
            ("train.class_weights={sad=0}", "train.class_weights.sad = 0"),
            ("train.schedule={kind='cosine',warmup=60}", "train.schedule.warmup = 60"),
            ("train.schedule={kind='plateau',patience=15}", "train.schedule.patience = 15"),
            ("train.averaging={kind='ema',decay=1.0}", "train.averaging.decay = 1"),
            ("train.keep_checkpoints=0", "train.keep_checkpoints = 0"),
            ("model.kind=cnn2d-bilstm", "features.kinds"),
            ("model.c=0.0", "model.c = 0"),
            ("name=../up", "name = \"../up\""),
        ] {
            let message = message(MINIMAL, &[set]);
            assert!(message.contains(key), "{message}");
        }
    }

    #[test]
    fn what_a_linear_head_or_a_pooled_encoder_cannot_use_is_refused() {
        let linear = format!("{MINIMAL}[model]\nkind = 'linear'\n");
        assert!(Experiment::parse(&linear, &[]).is_ok());
        for (set, key) in [
            ("train.sampling=balanced", "train.sampling"),
            ("train.averaging=swa", "train.averaging"),
            ("train.focal_gamma=2.0", "train.focal_gamma"),
            ("augment.mixup={alpha=0.3}", "augment.mixup"),
            ("train.init=b.safetensors", "train.init"),
        ] {
            let message = message(&linear, &[set]);
            assert!(message.contains(key) && message.contains("no effect"), "{message}");
        }
        let encoder = format!("{MINIMAL}[audio]\nsample_rate = 16000\n[encoder]\npath = 'x'\n");
        let alone = Experiment::parse(&encoder, &[]).unwrap();
        assert!(alone.features.kinds.is_empty(), "without [features] there are none");
        assert_eq!(Experiment::parse(&alone.to_toml().unwrap(), &[]).unwrap(), alone);
        let by_speaker = Experiment::parse(&encoder, &["encoder.scaler=speaker".into()]).unwrap();
        assert_eq!(by_speaker.features.scaler, ScalerScope::Speaker);
        for (set, problem) in [
            (&["encoder.scaler=utterance"][..], "all zeros"),
            (&["audio.sample_rate=22050"], "16000 Hz"),
            (&["audio.window=1.0"], "audio.window"),
            (&["features.scaler=none", "encoder.scaler=train"], "differ"),
            (&["encoder.layer=weighted", "model.kind=linear"], "mixes nothing"),
            (&["encoder.layer=weighted", "features.kinds=[\"mfcc\"]"], "only states can be mixed"),
        ] {
            assert!(message(&encoder, set).contains(problem), "{problem}: {}", message(&encoder, set));
        }
    }
}
