//! The bundle: everything that prediction needs, in one file.

mod beside;
mod built_in;
mod chain;
mod doubt;
mod encoder;
mod inside;
#[cfg(test)]
pub(crate) mod made_up;
mod onnx;
mod scoring;
mod vote;

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
    sync::Arc,
};

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

pub use built_in::{BuiltIn, DEFAULT};
pub use chain::{Chain, Member};
pub use doubt::{Doubt, distance};
pub use encoder::BundleEncoder;
pub use inside::Inside;
pub use scoring::{Clips, Scoring};
pub use vote::Vote;

use crate::{
    adapt::{Adaptation, CentredHead},
    arrays::{self, Kept, Precision},
    audio::{AudioConfig, Windows},
    error::{Error, Result},
    frontend::{
        self, EncoderConfig, FeaturesConfig, Frontend, Scaler, ScalerScope, SpeakerView,
        encoder::{Encoder, Manifest, Upper, UpperConfig},
    },
    model::{ModelConfig, Net, weights::Weights},
    run::{ENSEMBLE, RunDir, RunRecord},
    task,
};

/// The layout of bundles that this version writes. Layout 1 lacked the temperature and the figures.
const FORMAT: u64 = 2;

/// The layout of bundles that carry their encoder, which earlier versions would not look for.
const SELF_CONTAINED: u64 = 3;

/// The layout of bundles whose second head has a view of its own, which earlier versions would show it the network's in place of;
/// with an encoder inside or without.
const WITH_VIEW: u64 = 4;

/// The layout of files that hold several bundles, of which earlier versions would see one.
const WITH_OTHERS: u64 = 5;

/// The layout of such files where the vote of one counts more near its training, which earlier versions would not know.
const WITH_WEIGHTS: u64 = 6;

/// The bundle's file in the folder that training leaves. It may be copied and renamed: it is all there is.
const FILE: &str = "model.safetensors";

/// A trained network with the chain that it was trained on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bundle {
    /// What the network was trained to say; bundles of earlier versions name none and are of the default.
    #[serde(default, skip_serializing_if = "task::Kind::is_default")]
    pub task: task::Kind,
    /// What the network's outputs are of: the classes, in the order of the probabilities, or the targets.
    pub classes: Vec<String>,
    /// The targets beside the classes, where the task is of both.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<String>,
    /// The range of each target, where the task learns numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scales: Vec<task::Scale>,
    /// Clip → samples.
    pub audio: AudioConfig,
    /// Samples → matrix.
    pub features: FeaturesConfig,
    /// The encoder whose states stand beside the features, or alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoder: Option<BundleEncoder>,
    /// What the adaptation's second head sees of a clip, where that is not what the network sees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speaker: Option<SpeakerView>,
    /// The network.
    pub model: ModelConfig,
    /// Matrix → scaled matrix, where it was fitted on the training side.
    pub scaler: Option<Scaler>,
    /// What divides the logits, fitted on the validation side, so that a probability says how often the network is right;
    /// none where there was no validation side, and in bundles of earlier versions.
    #[serde(default)]
    pub temperature: Option<f64>,
    /// What the temperature was multiplied by after it was fitted, as bundles that vote together need it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor: Option<f64>,
    /// How many times its vote counts where several vote; once without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vote: Option<Vote>,
    /// What makes it doubt an answer; none where the training was not asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<Doubt>,
    /// What it must know to adapt to a speaker; none in bundles of earlier versions, and where the validation side did not
    /// say enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adaptation: Option<Adaptation>,
    /// What the network reached; none in bundles of earlier versions.
    #[serde(default)]
    pub figures: Option<Figures>,
    /// How the weights are kept on disk. Once read they are 32-bit numbers whatever this is.
    #[serde(default)]
    pub precision: Precision,
    /// The run that it comes from.
    pub record: RunRecord,
    /// The network's weights, which stand beside the text in the file.
    #[serde(skip)]
    pub weights: Weights,
    /// The encoder itself, where the bundle is self-contained; else it is looked for among the models.
    #[serde(skip)]
    pub inside: Option<Inside>,
    /// Other bundles in the same file, which vote with this one. An encoder inside is theirs, too.
    #[serde(skip)]
    pub beside: Vec<Bundle>,
}

/// What a network reached in its run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// The epoch whose weights were kept, from 1.
    pub best_epoch: usize,
    /// The side that the epoch was picked and the temperature fitted on.
    pub validation: SideFigures,
    /// The side that nothing was picked on.
    pub test: SideFigures,
}

/// What a network reached on one side of its fold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SideFigures {
    /// Clips.
    pub clips: usize,
    /// Unweighted average recall, from 0 to 1; none without clips.
    pub uar: Option<f64>,
    /// The mean concordance correlation coefficient of a regression's targets; none of another task, and without clips.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ccc: Option<f64>,
    /// One less the mean Jensen-Shannon divergence from listeners' votes; none of another task, and without clips.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub likeness: Option<f64>,
    /// The loss of a regression; else mean cross-entropy in nats, before the temperature; none without clips.
    pub loss: Option<f64>,
}

/// What stands in the file's text: the layout, then all but the weights.
#[derive(Serialize)]
struct Description<'a> {
    format: u64,
    #[serde(flatten)]
    bundle: &'a Bundle,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoder_inside: Option<&'a Manifest>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    beside: Vec<Description<'a>>,
}

/// The key of the manifest of an encoder inside.
const INSIDE: &str = "encoder_inside";

impl Bundle {
    /// Writes the bundle as the one file `path`, whole or not at all, its weights as [`Bundle::precision`] says.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where it cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string(&self.description())
            .map_err(|e| Error::Data(format!("cannot write the bundle's description: {e}")))?;
        let mut arrays = self.arrays();
        arrays.extend(beside::arrays(&self.beside));
        arrays.extend(self.inside.iter().flat_map(Inside::arrays));
        arrays::save_by(path, &text, &arrays, |name| {
            self.inside.as_ref().and_then(|inside| inside.kept(name)).unwrap_or(self.precision)
        })
    }

    /// Its own arrays, without those of an encoder inside.
    fn arrays(&self) -> arrays::Arrays {
        let centred = self.adaptation.iter().filter_map(|adaptation| adaptation.centred.as_ref());
        self.weights.clone().into_iter().chain(centred.flat_map(CentredHead::arrays)).collect()
    }

    /// Writes the bundle's file into the folder `dir`, as training leaves it.
    ///
    /// # Errors
    ///
    /// As [`Bundle::save`].
    pub fn save_in(&self, dir: &Path) -> Result<()> {
        self.save(&dir.join(FILE))
    }

    /// Reads a bundle: its file, its folder, or the folder of the run that left it; or a model in the program, by its name
    /// ([`BuiltIn::named`]).
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where it cannot be read; [`Error::File`] where it is damaged, foreign, of a newer format, or its parts
    /// contradict each other; [`Error::Config`] where a folder holds no bundle or several, or the program no such model.
    pub fn load(path: &Path) -> Result<Self> {
        match &find(path)?[..] {
            [file] => {
                let kept = match BuiltIn::named(file) {
                    Some(model) => Kept::own(model.bytes()?, file)?,
                    None => Kept::open(crate::files::read(file).map_err(Error::io("read", file))?, file)?,
                };
                Self::of(&kept, file)
            }
            several => Err(Error::Config(format!(
                "{} holds {} bundles where one is wanted: give one, such as {}",
                path.display(),
                several.len(),
                several.first().map(|file| file.display().to_string()).unwrap_or_default()
            ))),
        }
    }

    /// The files of the bundles that `path` is or holds.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where there is nothing at `path`, [`Error::Config`] where there is no bundle.
    pub fn files(path: &Path) -> Result<Vec<PathBuf>> {
        find(path)
    }

    /// The bundle in the bytes of its file; `path` serves the messages alone.
    ///
    /// # Errors
    ///
    /// As [`Bundle::load`].
    pub fn read(bytes: &[u8], path: &Path) -> Result<Self> {
        Self::of(&Kept::open(bytes.to_vec(), path)?, path)
    }

    /// An encoder inside is taken as it is kept; everything else becomes numbers of 32 bits.
    fn of(kept: &Kept, path: &Path) -> Result<Self> {
        Self::new(kept.text(), kept.arrays(|name| !Inside::holds(name)), Some(kept), path)
    }

    /// From its text, its own arrays and those of the bundles beside it; an encoder inside from `kept`.
    fn new(text: &str, mut arrays: arrays::Arrays, kept: Option<&Kept>, path: &Path) -> Result<Self> {
        let wrong = |problem: String| Error::file(path, problem);
        let unreadable = |e: serde_json::Error| wrong(format!("has a description that cannot be read: {e}"));
        let contradicts = |problem: String| wrong(format!("is a bundle that contradicts itself: {problem}"));
        let mut value: serde_json::Value = serde_json::from_str(text).map_err(unreadable)?;
        let mut part = |key: &str| value.as_object_mut().and_then(|object| object.remove(key));
        let (manifest, others) = (part(INSIDE), part(beside::KEY));
        let view = value.get("speaker").is_some_and(|view| !view.is_null());
        match value.get("format").and_then(serde_json::Value::as_u64) {
            Some(WITH_OTHERS | WITH_WEIGHTS)
                if others.as_ref().is_some_and(|of| of.as_array().is_some_and(|of| !of.is_empty())) => {}
            Some(format @ (WITH_OTHERS | WITH_WEIGHTS)) => {
                return Err(contradicts(format!("format {format} and no other bundles beside it")));
            }
            Some(format @ 1..=WITH_VIEW) if others.is_some() => {
                return Err(contradicts(format!("format {format} with other bundles beside it")));
            }
            Some(1..=FORMAT) if manifest.is_none() && !view => {}
            Some(SELF_CONTAINED) if manifest.is_some() && !view => {}
            Some(WITH_VIEW) if view => {}
            Some(format @ 1..=WITH_VIEW) => {
                let [inside, own] = [manifest.is_some(), view].map(|there| if there { "with" } else { "without" });
                return Err(contradicts(format!(
                    "format {format} {inside} an encoder inside and {own} a view of the second head's own"
                )));
            }
            Some(format) => {
                return Err(wrong(format!(
                    "is a bundle of format {format}, from a newer version of this program, which reads formats up to \
                     {WITH_WEIGHTS}: update the program"
                )));
            }
            None if value.get("history").is_some() => {
                return Err(wrong(format!("is a checkpoint of a training, not a bundle: that is bundle/{FILE}")));
            }
            None => return Err(wrong("is not a bundle of this program".into())),
        }
        let weighs = value["format"] == WITH_WEIGHTS;
        let mut bundle: Self = serde_json::from_value(value).map_err(unreadable)?;
        if let Some(manifest) = manifest {
            let manifest = serde_json::from_value(manifest).map_err(unreadable)?;
            let kept = kept.ok_or_else(|| contradicts("no file to take its encoder from".into()))?;
            bundle.inside = Some(Inside::of_file(manifest, kept, path)?);
        } else if let Some(name) = kept.and_then(|kept| kept.names().find(|name| Inside::holds(name))) {
            return Err(contradicts(format!("an array {name} and no encoder inside")));
        }
        if let Some(others) = others {
            bundle.beside = beside::take(others, &mut arrays, bundle.inside.as_ref(), path)?;
            if weighs != bundle.has_weights() {
                let [format, which] = if weighs { ["6", "no"] } else { ["5", "a"] };
                return Err(contradicts(format!(
                    "format {format} and {which} vote that counts more near its training"
                )));
            }
        }
        bundle.weights = arrays.into_iter().collect();
        let centred = CentredHead::take(&mut bundle.weights).map_err(contradicts)?;
        match (&mut bundle.adaptation, centred) {
            (Some(adaptation), centred) => adaptation.centred = centred,
            (None, Some(_)) => return Err(contradicts("a second head without an adaptation".into())),
            (None, None) => {}
        }
        bundle.check().map_err(contradicts)?;
        Ok(bundle)
    }

    /// The same with the encoder inside, so that it answers without any folder of models: the layers that the bundle needs
    /// of the encoder in `models`, their matrices to be kept in `precision`; of an encoder that is inside already, the values that
    /// it has there.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where the bundle needs no encoder, carries it in that precision already, or it is not there; as
    /// [`Encoder::load`].
    pub fn self_contained(self, models: &Path, precision: Precision) -> Result<Self> {
        if let Some(inside) = &self.inside {
            if inside.manifest().precision != precision {
                return beside::given(Self { inside: Some(inside.kept_in(precision)?), ..self });
            }
            return Err(Error::Config(format!(
                "this bundle carries its encoder already (in {}): leave --self-contained out",
                inside.manifest().precision.name()
            )));
        }
        let Some(encoder) = &self.encoder else {
            return Err(Error::Config("this bundle needs no encoder: leave --self-contained out".into()));
        };
        let whole = Encoder::load(&encoder.folder(models)?, &Device::flex())?;
        let needs = std::iter::once(&self).chain(&self.beside);
        let needs: Vec<_> = needs.filter_map(|of| Some((of.encoder.as_ref()?, of.speaker.as_ref()))).collect();
        let inside = Inside::of(&needs, &whole, precision)?;
        beside::given(Self { inside: Some(inside), ..self })
    }

    /// What computes the matrices that the network knows: with the encoder inside, or one that is found in the folder `models`
    /// by its digest.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where the encoder is not there, or the settings contradict each other, which those of a bundle that
    /// was read do not.
    pub fn frontend(&self, models: &Path) -> Result<Arc<dyn Frontend>> {
        let rate = self.audio.sample_rate;
        if let (Some(encoder), Some(inside)) = (&self.encoder, &self.inside) {
            return frontend::with_encoder(&self.features, &encoder.below(), inside.encoder().clone(), rate);
        }
        let encoder = self.encoder.as_ref().map(|encoder| encoder.found(models)).transpose()?;
        frontend::open(&self.features, encoder.as_ref(), rate, models)
    }

    /// How a clip becomes what the adaptation's second head sees, where that is not what the network sees.
    ///
    /// # Errors
    ///
    /// As [`Bundle::frontend`]; [`Error::Data`] where the head knows other numbers.
    pub(crate) fn speaker_chain(&self, models: &Path) -> Result<Chain> {
        let (Some(view), Some(encoder)) = (&self.speaker, &self.encoder) else {
            return Err(Error::Data("the second head sees what the network sees".into()));
        };
        let (rate, config) = (self.audio.sample_rate, view.encoder(&encoder.config));
        let frontend = match &self.inside {
            Some(inside) => frontend::states_of(&config, inside.encoder().clone(), rate)?,
            None => {
                let path = encoder.folder(models)?.to_string_lossy().into_owned();
                frontend::open_states(&EncoderConfig { path, ..config }, rate, models)?
            }
        };
        let head = self.adaptation.as_ref().and_then(|adaptation| adaptation.centred.as_ref());
        match head.map(CentredHead::width) {
            Some(width) if width == frontend.dims() => Ok(Chain::of(view.audio(&self.audio), frontend)),
            width => Err(Error::Data(format!(
                "[speaker] gives {} numbers of a clip, and the bundle's second head knows {width:?}",
                frontend.dims()
            ))),
        }
    }

    /// How many states of its encoder the network mixes; none where it mixes none.
    #[must_use]
    pub fn mixed(&self) -> Option<usize> {
        self.encoder.as_ref().and_then(|encoder| encoder.mixed)
    }

    /// How many outputs the network has.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.classes.len() + self.targets.len()
    }

    /// The bundle's network on a device, before its weights.
    ///
    /// # Errors
    ///
    /// None that reading the bundle did not find.
    pub(crate) fn blank(&self, device: &Device) -> Result<Net> {
        let upper = self.encoder.as_ref().and_then(|encoder| encoder.upper.as_ref());
        let width = upper.map_or(self.dims(), UpperConfig::width);
        let net = Net::over(&self.model, width, self.mixed(), self.outputs(), device);
        Ok(net.above(upper.map(|upper| Upper::blank(upper, device)).transpose()?))
    }

    /// How many columns the matrices have.
    #[must_use]
    pub fn dims(&self) -> usize {
        match &self.encoder {
            Some(encoder) => encoder.below().pool.width(self.features.dims()) + encoder.dims,
            None => self.features.dims(),
        }
    }

    /// Whether the bundle can answer for one clip that nothing else is known of.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where a clip is one vector that was standardised with its speaker's others: by itself it would be
    /// all zeros, and every clip would get the same answer.
    pub(crate) fn check_answers_alone(&self) -> Result<()> {
        let pooled = self.encoder.as_ref().is_some_and(|encoder| encoder.config.gives_vectors());
        match self.features.scaler {
            ScalerScope::Speaker | ScalerScope::Utterance if pooled => Err(Error::Config(
                "this bundle was trained with a scaler per speaker on one vector a clip: a single clip cannot be standardised \
                 by itself. Train one with encoder.scaler = \"train\" for prediction"
                    .into(),
            )),
            _ => Ok(()),
        }
    }

    /// How a clip's matrix is cut.
    pub(crate) fn windows(&self) -> Windows {
        let step = match self.encoder {
            Some(_) => 1.0 / f64::from(frontend::encoder::FRAMES_PER_SECOND),
            None => self.features.step_seconds(self.audio.sample_rate),
        };
        self.audio.windows(step)
    }

    /// Looks for contradictions that a checksum does not find.
    fn check(&self) -> std::result::Result<(), String> {
        let text = |e: Error| e.to_string();
        self.audio.validate().map_err(text)?;
        if let Some(encoder) = &self.encoder {
            encoder.config.validate(self.audio.sample_rate).map_err(text)?;
            encoder.upper.as_ref().map_or(Ok(()), UpperConfig::check)?;
            if encoder.upper.is_some() != encoder.config.learns()
                || encoder.upper.as_ref().is_some_and(|upper| upper.transformer.dims != encoder.dims)
            {
                return Err(format!("encoder.train_layers = {} and other layers", encoder.config.train_layers));
            }
            let mixes = encoder.mixed.is_some_and(|states| states > 0 && encoder.width().is_multiple_of(states));
            if mixes != encoder.config.layer.is_mixed() || mixes && !self.features.kinds.is_empty() {
                return Err(format!("{:?} mixed states of {} columns", encoder.mixed, encoder.dims));
            }
        }
        if self.encoder.is_none() || !self.features.kinds.is_empty() {
            self.features.validate(self.audio.sample_rate).map_err(text)?;
        }
        if let Some(inside) = &self.inside {
            inside.check(self.encoder.as_ref())?;
        }
        self.model.validate(self.features.bands().filter(|_| self.encoder.is_none())).map_err(text)?;
        if self.classes.len() < self.task.least_outputs() {
            return Err(format!("{} classes", self.classes.len()));
        }
        if self.task != task::Kind::MultiTask && !self.targets.is_empty() {
            return Err(format!("{} targets beside what is no multi-task", self.targets.len()));
        }
        let ranges = if self.task == task::Kind::Regression { self.classes.len() } else { self.targets.len() };
        if self.scales.len() != ranges {
            return Err(format!("{ranges} targets with {} ranges", self.scales.len()));
        }
        if let Some(scale) = self.scales.iter().find(|scale| !scale.is_valid()) {
            return Err(format!("a range from {scale}"));
        }
        if self.temperature.is_some_and(|t| !(t.is_finite() && t > 0.0)) {
            return Err(format!("temperature {:?}", self.temperature));
        }
        self.doubt.as_ref().map_or(Ok(()), Doubt::check)?;
        self.vote.as_ref().map_or(Ok(()), Vote::check)?;
        self.adaptation.as_ref().map_or(Ok(()), |adaptation| adaptation.check(self.classes.len()))?;
        let head = self.adaptation.as_ref().and_then(|adaptation| adaptation.centred.as_ref());
        if let Some(view) = &self.speaker {
            view.validate(self.encoder.as_ref().map(|encoder| &encoder.config), self.audio.sample_rate)
                .map_err(text)?;
            if head.is_none() {
                return Err("what a second head sees, and no such head".into());
            }
        }
        let seen = self.weights.get("classes.weight").and_then(|weight| weight.shape.first());
        if let Some(head) = head.filter(|_| self.speaker.is_none())
            && seen != Some(&head.width())
        {
            return Err(format!("a second head on {} numbers, and a network of {seen:?}", head.width()));
        }
        let dims = self.dims();
        match &self.scaler {
            Some(scaler) if scaler.mean.len() != dims || scaler.std.len() != dims => {
                Err(format!("{dims} feature columns and a scaler of {}", scaler.mean.len()))
            }
            // The network has its own, above the layers that learn.
            None if self.encoder.as_ref().is_some_and(|encoder| encoder.upper.is_some()) => Ok(()),
            None if self.features.scaler == ScalerScope::Train => Err("its scaler is missing".into()),
            _ => Ok(()),
        }
    }

    /// All but the weights as indented JSON, as programs like to read it.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] where it cannot be written, which no bundle that was read is.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string_pretty(&self.description())
            .map_err(|e| Error::Data(format!("cannot write the bundle's description: {e}")))
    }

    fn description(&self) -> Description<'_> {
        self.described(self.inside.as_ref())
    }

    fn described<'a>(&'a self, inside: Option<&'a Inside>) -> Description<'a> {
        let encoder_inside = inside.map(Inside::manifest);
        let format = match (&self.speaker, encoder_inside) {
            (Some(_), _) => WITH_VIEW,
            (None, Some(_)) => SELF_CONTAINED,
            (None, None) => FORMAT,
        };
        let format = match (self.beside.is_empty(), self.has_weights()) {
            (true, _) => format,
            (false, false) => WITH_OTHERS,
            (false, true) => WITH_WEIGHTS,
        };
        Description { format, bundle: self, encoder_inside, beside: beside::descriptions(&self.beside) }
    }
}

/// The bytes of a bundle's file, as [`find`] gives it.
///
/// # Errors
///
/// [`Error::Io`] where it cannot be read, [`Error::Config`] where it names a model that the program was built without.
pub fn bytes(file: &Path) -> Result<Cow<'static, [u8]>> {
    match BuiltIn::named(file) {
        Some(model) => model.bytes().map(Cow::Borrowed),
        None => crate::files::read(file).map(Cow::Owned).map_err(Error::io("read", file)),
    }
}

/// The files of the bundles that `path` is or holds: a bundle's file, its folder, the folder of a run, or that of an
/// experiment with one for each finished run. The name of a model in the program stands for itself.
///
/// # Errors
///
/// [`Error::Io`] where there is nothing at `path`, [`Error::Config`] where there is no bundle.
pub fn find(path: &Path) -> Result<Vec<PathBuf>> {
    if BuiltIn::named(path).is_some() {
        return Ok(vec![path.to_owned()]);
    }
    // Also of the folder that would be the bundle's, below a fold's and a run's.
    let above = path.ancestors().take(4).filter(|dir| !path.is_file() && !dir.as_os_str().is_empty());
    if let Some(ensemble) = { above }.find(|dir| dir.join(ENSEMBLE).exists()) {
        return Err(Error::Config(format!(
            "{} is an ensemble, and has no weights of its own: its members answer together by ser-predict A --ensemble B; \
             {ENSEMBLE} in it names them",
            ensemble.display()
        )));
    }
    if !std::fs::metadata(path).map_err(Error::io("read", path))?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let inside = |dir: &Path| [dir.join(FILE), dir.join("bundle").join(FILE)].into_iter().find(|file| file.is_file());
    if let Some(file) = inside(path) {
        return Ok(vec![file]);
    }
    let runs = RunDir::find(path).unwrap_or_default();
    let found: Vec<PathBuf> =
        runs.iter().filter(|run| run.done().exists()).filter_map(|run| inside(run.path())).collect();
    if found.is_empty() {
        return Err(Error::Config(format!(
            "{} holds no bundle: give a bundle's file or folder ({FILE} in it), or the folder of a finished run or \
             experiment, as ser-train leaves it",
            path.display()
        )));
    }
    Ok(found)
}

/// The one bundle's file that `path` is or holds.
///
/// # Errors
///
/// As [`find`]; [`Error::Config`] where there are several.
pub fn find_one(path: &Path) -> Result<PathBuf> {
    let found = find(path)?;
    match &found[..] {
        [one] => Ok(one.clone()),
        several => Err(Error::Config(format!(
            "{} holds {} bundles, and one is answered at a time: give one, such as {}",
            path.display(),
            several.len(),
            several.first().map(|file| file.display().to_string()).unwrap_or_default()
        ))),
    }
}

/// BLAKE3 of the bundles that the paths are or hold, in hexadecimal digits.
///
/// # Errors
///
/// As [`find`] and [`bytes()`].
pub fn digest(paths: &[PathBuf]) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    let files: Vec<Vec<PathBuf>> = paths.iter().map(|path| find(path)).collect::<Result<_>>()?;
    for file in files.concat() {
        let bytes = bytes(&file)?;
        hasher.update(&(bytes.len() as u64).to_le_bytes()).update(&bytes);
    }
    Ok(hasher.finalize().to_hex().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::made_up;

    #[test]
    fn what_is_read_is_what_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let bundle = made_up::bundle(1);
        bundle.save_in(&dir.path().join("run/bundle")).unwrap();
        for place in ["run", "run/bundle", "run/bundle/model.safetensors"] {
            assert_eq!(Bundle::load(&dir.path().join(place)).unwrap(), bundle, "{place}");
        }
        std::fs::create_dir(dir.path().join("empty")).unwrap();
        let error = Bundle::load(&dir.path().join("empty")).unwrap_err();
        assert!(error.to_string().contains("holds no bundle") && error.exit_status() == 2, "{error}");
        assert!(Bundle::load(&dir.path().join("nothing")).unwrap_err().to_string().contains("cannot read"));
    }

    #[test]
    fn a_second_head_goes_with_the_bundle_and_one_that_does_not_fit_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("b.safetensors");
        let with = |width: usize, adapts: bool| {
            let mut bundle = made_up::bundle(1);
            let classes = bundle.classes.len();
            let centred = CentredHead::new((0..classes * width).map(|i| i as f32).collect(), vec![0.5; classes]);
            let head = centred.clone().unwrap();
            bundle.adaptation = bundle.adaptation.filter(|_| adapts).map(|of| Adaptation { centred, ..of });
            if !adapts {
                bundle.weights.extend(head.arrays());
            }
            bundle.save(&path).unwrap();
            (bundle, Bundle::load(&path))
        };
        let width = made_up::bundle(1).weights["classes.weight"].shape[0];
        let (bundle, read) = with(width, true);
        assert_eq!(read.unwrap(), bundle);
        let refused = |found: Result<Bundle>| found.unwrap_err().to_string();
        assert!(refused(with(width + 1, true).1).contains("a second head on"));
        assert!(refused(with(width, false).1).contains("without an adaptation"));
        let mut lone = made_up::bundle(1);
        lone.weights.insert("adaptation.bias".into(), arrays::Weight { shape: vec![2], values: vec![0.0; 2] });
        lone.save(&path).unwrap();
        assert!(refused(Bundle::load(&path)).contains("do not fit each other"));
    }

    /// The bundle's file after its description was altered and its checksum computed again.
    fn altered(alter: impl Fn(&mut serde_json::Value)) -> Result<Bundle> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("b.safetensors");
        let bundle = made_up::bundle(1);
        let mut value = serde_json::to_value(bundle.description()).unwrap();
        alter(&mut value);
        arrays::save(&path, &value.to_string(), &bundle.weights.into_iter().collect(), Precision::F32).unwrap();
        Bundle::load(&path)
    }

    #[test]
    fn an_older_bundle_is_read_and_a_newer_one_says_so() {
        let older = altered(|value| {
            let object = value.as_object_mut().unwrap();
            object.insert("format".into(), 1.into());
            for key in ["temperature", "figures", "precision"] {
                object.remove(key);
            }
        });
        let expected = Bundle { temperature: None, figures: None, ..made_up::bundle(1) };
        assert_eq!(older.unwrap(), expected);
        let newer = altered(|value| value["format"] = 7.into()).unwrap_err().to_string();
        assert!(newer.contains("format 7") && newer.contains("update the program"), "{newer}");
    }

    #[test]
    fn the_usual_task_is_not_written_and_one_that_is_not_known_is_refused() {
        assert!(!made_up::bundle(1).to_json().unwrap().contains("task"));
        let named = altered(|value| value["task"] = "classification".into()).unwrap();
        assert_eq!(named, made_up::bundle(1));
        let error = altered(|value| value["task"] = "levitation".into()).unwrap_err().to_string();
        assert!(error.contains("levitation") && error.contains("classification"), "{error}");
    }

    #[test]
    fn what_is_no_bundle_and_what_contradicts_itself_is_refused() {
        for (alter, expected) in [
            ((|v| *v = serde_json::json!({"history": []})) as fn(&mut serde_json::Value), "is a checkpoint"),
            (|v| *v = serde_json::json!([1]), "is not a bundle"),
            (|v| v["classes"] = serde_json::json!(["one"]), "1 classes"),
            (|v| v["classes"] = 7.into(), "cannot be read"),
            (|v| v["format"] = 3.into(), "format 3 without an encoder"),
            (|v| v["format"] = 4.into(), "without a view of the second head's own"),
            (|v| v["speaker"] = serde_json::json!({}), "with a view of the second head's own"),
            (|v| v[INSIDE] = serde_json::json!({}), "format 2 with an encoder"),
            (|v| v["scaler"] = serde_json::Value::Null, "scaler is missing"),
            (|v| v["scaler"]["mean"] = serde_json::json!([0.0]), "a scaler of 1"),
            (|v| v["temperature"] = (-1.0).into(), "temperature"),
            (|v| v["audio"]["sample_rate"] = 7.into(), "audio.sample_rate = 7"),
            (|v| v["model"]["channels"] = serde_json::json!([]), "model.channels"),
        ] {
            let error = altered(alter).unwrap_err().to_string();
            assert!(error.contains(expected), "{expected}: {error}");
        }
        let dir = tempfile::tempdir().unwrap();
        let foreign = dir.path().join("foreign.safetensors");
        std::fs::write(&foreign, b"\x02\0\0\0\0\0\0\0{}").unwrap();
        assert!(Bundle::load(&foreign).unwrap_err().to_string().contains("another program"));
        std::fs::write(&foreign, b"RIFF").unwrap();
        assert!(Bundle::load(&foreign).unwrap_err().to_string().contains("not a file of this program"));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_of_a_bundle_make_it_panic(at in 0..1_usize << 16, to in proptest::num::u8::ANY) {
            static WHOLE: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| {
                let file = tempfile::NamedTempFile::new().unwrap();
                made_up::bundle(1).save(file.path()).unwrap();
                std::fs::read(file.path()).unwrap()
            });
            let mut bytes = WHOLE.clone();
            let at = at % bytes.len();
            assert!(Bundle::read(&bytes[..at], Path::new("x")).is_err());
            bytes[at] = to;
            if let Ok(bundle) = Bundle::read(&bytes, Path::new("x")) {
                assert_eq!(bundle, made_up::bundle(1));
            }
        }
    }
}
