//! The `[encoder]` table of a config.

use serde::{Deserialize, Serialize};

use super::{
    super::{Level, Pool, ScalerScope},
    Architecture, LoraConfig, UpperConfig,
};
use crate::error::{Error, Result};

/// Which pretrained encoder a clip goes through, and what is kept of its states: the `[encoder]` table.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EncoderConfig {
    /// The encoder's name among the models (`--models`, `$SER_MODELS`, else `models/`), or the path of its folder.
    pub path: String,
    /// Which hidden states.
    #[serde(default)]
    pub layer: Layers,
    /// How frames become one vector. Default: mean and standard deviation.
    #[serde(default = "default_pool")]
    pub pool: Pool,
    /// What becomes of a clip's absolute level in Whisper's spectrogram. Default: as recorded.
    #[serde(default, skip_serializing_if = "Level::is_kept")]
    pub level: Level,
    /// A room's noise laid under every clip, so many decibels below the mean power of its loud frames: from 0 to 60, with a
    /// level that is not kept. Where a microphone's gain is fixed, who speaks softly is recorded with more noise, and a network
    /// learns the noise for the voice; so masked, recordings are alike. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snr: Option<f64>,
    /// Decades of power from the spectrogram's loudest value to its floor, above 0 and at most 8: Whisper's, the default.
    /// Fewer hide the noise of rooms and microphones.
    #[serde(default = "whole_range", skip_serializing_if = "is_whole")]
    pub range: f64,
    /// The longest stretch that the encoder sees at once, in seconds, from 0.1 to 30, the default. A longer clip is cut into
    /// windows of equal length, whose states follow one another: with windows as long as the clips of training, a long clip's
    /// states are like theirs.
    #[serde(default = "longest", skip_serializing_if = "is_longest")]
    pub window: f64,
    /// In how many bits each number of the frames is kept that the network sees one by one (`pool = "none"`, or layers that
    /// learn): 16, the default, or 32. With 32 the cache takes twice the space, and an ONNX graph gives the bundle's
    /// probabilities within 1e-5: where a graph rounds to 16 bits as the bundle does, the last bit decides now and then.
    #[serde(default = "halves", skip_serializing_if = "is_halves")]
    pub bits: u8,
    /// How many layers learn with the network: those right below the highest state asked for. Those below them stay as they
    /// are, and their last state is kept in the cache.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub train_layers: usize,
    /// The learning rate of the layers that learn; `train.schedule` changes it as it does the network's. Default: 0.0001.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f64>,
    /// The layers that learn do so through additions of low rank to their matrices alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lora: Option<LoraConfig>,
    /// On what the standardisation of the columns is fitted; as `features.scaler`, which it stands in for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scaler: Option<ScalerScope>,
}

/// The default learning rate of an encoder's layers.
const LEARNING_RATE: f64 = 1e-4;

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn is_zero(count: &usize) -> bool {
    *count == 0
}

fn whole_range() -> f64 {
    f64::from(super::log_mel::RANGE)
}

#[allow(clippy::float_cmp)] // the default, written as a constant
fn is_whole(range: &f64) -> bool {
    *range == whole_range()
}

fn longest() -> f64 {
    super::WINDOW as f64 / f64::from(super::SAMPLE_RATE)
}

#[allow(clippy::float_cmp)] // the default, written as a constant
fn is_longest(window: &f64) -> bool {
    *window == longest()
}

/// The bits of a number of frames that are not asked for otherwise.
const HALVES: u8 = 16;

fn halves() -> u8 {
    HALVES
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn is_halves(bits: &u8) -> bool {
    *bits == HALVES
}

fn default_pool() -> Pool {
    Pool::MeanStd
}

/// Hidden states, counted as Hugging Face does: 0 is what goes into the first layer.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Layers {
    /// One of them.
    One(usize),
    /// Several, side by side in this order.
    Several(Vec<usize>),
    /// By name.
    Named(NamedLayers),
}

/// Hidden states by name.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NamedLayers {
    /// The last one, behind the closing normalisation.
    Last,
    /// All of them, which the network mixes with weights that it learns.
    Weighted,
}

impl Default for Layers {
    fn default() -> Self {
        Self::Named(NamedLayers::Last)
    }
}

impl Layers {
    /// Whether the network mixes the states.
    #[must_use]
    pub fn is_mixed(&self) -> bool {
        *self == Self::Named(NamedLayers::Weighted)
    }

    /// The states of an encoder of so many layers.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where the encoder has fewer layers, none is named, or one twice.
    pub fn resolve(&self, layers: usize, encoder: &str) -> Result<Vec<usize>> {
        let chosen = match self {
            Self::One(layer) => vec![*layer],
            Self::Several(several) => several.clone(),
            Self::Named(NamedLayers::Last) => vec![layers],
            Self::Named(NamedLayers::Weighted) => (0..=layers).collect(),
        };
        if chosen.is_empty() {
            return Err(Error::Config("encoder.layer = []: name at least one layer".into()));
        }
        for (i, layer) in chosen.iter().enumerate() {
            if *layer > layers {
                return Err(Error::Config(format!(
                    "encoder.layer = {layer}: {encoder} has the states 0 to {layers} (0 goes into the first layer)"
                )));
            }
            if chosen[..i].contains(layer) {
                return Err(Error::Config(format!("encoder.layer names {layer} twice: each layer may be named once")));
            }
        }
        Ok(chosen)
    }
}

impl EncoderConfig {
    /// Checks what can be checked without the encoder.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] with the key, its value and the rule that it breaks.
    pub fn validate(&self, sample_rate: u32) -> Result<()> {
        if self.path.is_empty() {
            return Err(Error::Config("encoder.path is empty: name an encoder (ser-data encoder list)".into()));
        }
        if sample_rate != super::SAMPLE_RATE {
            return Err(Error::Config(format!(
                "audio.sample_rate = {sample_rate}: encoders take {} Hz; set it to that",
                super::SAMPLE_RATE
            )));
        }
        if !(self.range > 0.0 && self.range <= whole_range()) {
            return Err(Error::Config(format!(
                "encoder.range = {}: decades of power, above 0 and at most {}",
                self.range,
                whole_range()
            )));
        }
        super::super::level::check("encoder", self.level, self.snr)?;
        if !(0.1..=longest()).contains(&self.window) {
            return Err(Error::Config(format!("encoder.window = {}: seconds, 0.1 to {}", self.window, longest())));
        }
        if ![HALVES, 32].contains(&self.bits) {
            return Err(Error::Config(format!("encoder.bits = {}: of each number of the frames, 16 or 32", self.bits)));
        }
        if self.bits != HALVES && self.gives_vectors() {
            return Err(Error::Config(format!(
                "encoder.bits = {} is of frames, and encoder.pool makes one vector of a clip, which is kept in 32 bits: drop it",
                self.bits
            )));
        }
        if let Some(rate) = self.learning_rate.filter(|rate| !(*rate > 0.0 && *rate <= 1.0)) {
            return Err(Error::Config(format!("encoder.learning_rate = {rate}: above 0 and up to 1")));
        }
        self.lora.as_ref().map_or(Ok(()), LoraConfig::validate)?;
        let alone = [("lora", self.lora.is_some()), ("learning_rate", self.learning_rate.is_some())];
        match alone.iter().find(|(_, set)| *set && !self.learns()) {
            Some((key, _)) => Err(Error::Config(format!(
                "encoder.{key} is of layers that learn, and none does: set encoder.train_layers, or drop it"
            ))),
            None => Ok(()),
        }
    }

    /// Whether any of its layers learns.
    #[must_use]
    pub fn learns(&self) -> bool {
        self.train_layers > 0
    }

    /// The learning rate of the layers that learn.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.learning_rate.unwrap_or(LEARNING_RATE)
    }

    /// Whether a clip is one vector by the time that a network sees it.
    #[must_use]
    pub fn gives_vectors(&self) -> bool {
        self.pool != Pool::None && !self.learns()
    }

    /// Whether the numbers of frames are rounded to 16 bits.
    #[must_use]
    pub(crate) fn rounds(&self) -> bool {
        self.pool == Pool::None && is_halves(&self.bits)
    }

    /// The config of the frozen layers below those that learn: their last state, frame by frame.
    #[must_use]
    pub fn below(&self, upper: Option<&UpperConfig>) -> Self {
        match upper {
            None => self.clone(),
            Some(upper) => Self {
                layer: Layers::One(upper.from),
                pool: Pool::None,
                train_layers: 0,
                learning_rate: None,
                lora: None,
                ..self.clone()
            },
        }
    }

    /// Samples of the longest window.
    pub(crate) fn window_samples(&self) -> usize {
        (self.window * f64::from(super::SAMPLE_RATE)).round() as usize
    }

    /// Checks what the encoder's architecture decides.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where a spectrogram is to be altered and the encoder takes samples.
    pub(super) fn fits(&self, architecture: &Architecture) -> Result<()> {
        let key = match self.spectrogram() {
            (Level::Kept, true) => return Ok(()),
            (Level::Kept, false) => "range",
            (_, _) => "level",
        };
        match architecture {
            Architecture::Whisper(_) => Ok(()),
            _ => Err(Error::Config(format!(
                "encoder.{key} alters Whisper's spectrogram, and {} takes samples: leave it out, or set audio.normalise",
                architecture.name()
            ))),
        }
    }

    /// What tells the states apart from those of the default, for their names in the cache; empty with the default.
    pub(super) fn identity(&self) -> String {
        let spectrogram = match self.spectrogram() {
            (Level::Kept, true) => String::new(),
            (level, _) => format!(" level {} of 15 dB range {}", level.name(), self.range),
        };
        let noise = self.snr.map_or_else(String::new, |snr| format!(" snr {snr}"));
        let window = if is_longest(&self.window) { String::new() } else { format!(" window {}", self.window) };
        let bits = if is_halves(&self.bits) { String::new() } else { format!(" bits {}", self.bits) };
        spectrogram + &noise + &window + &bits
    }

    /// The level, and whether the range is Whisper's.
    fn spectrogram(&self) -> (Level, bool) {
        (self.level, is_whole(&self.range))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layers(text: &str) -> Layers {
        toml::from_str::<EncoderConfig>(&format!("path = 'x'\nlayer = {text}")).unwrap().layer
    }

    #[test]
    fn layers_are_a_number_a_list_or_a_name() {
        let resolve = |text: &str| layers(text).resolve(4, "x");
        assert_eq!(resolve("2").unwrap(), [2]);
        assert_eq!(resolve("[3, 1]").unwrap(), [3, 1]);
        assert_eq!(resolve("'last'").unwrap(), [4]);
        assert_eq!(resolve("'weighted'").unwrap(), [0, 1, 2, 3, 4]);
        assert!(layers("'weighted'").is_mixed() && !layers("'last'").is_mixed() && !layers("[0, 1]").is_mixed());
        for (text, problem) in [("5", "states 0 to 4"), ("[]", "at least one"), ("[1, 1]", "1 twice")] {
            let error = resolve(text).unwrap_err();
            assert!(error.exit_status() == 2 && error.to_string().contains(problem), "{error}");
        }
        let default: EncoderConfig = toml::from_str("path = 'x'").unwrap();
        assert_eq!((default.layer.clone(), default.pool), (Layers::Named(NamedLayers::Last), Pool::MeanStd));
        assert_eq!(toml::from_str::<EncoderConfig>(&toml::to_string(&default).unwrap()).unwrap(), default);
    }

    #[test]
    fn a_level_is_named_and_its_absence_leaves_no_trace() {
        let config = |text: &str| toml::from_str::<EncoderConfig>(&format!("path = 'x'\n{text}")).unwrap();
        let plain = config("");
        assert_eq!((plain.level, plain.range, plain.identity().as_str()), (Level::Kept, 8.0, ""));
        assert!(!toml::to_string(&plain).unwrap().contains("level"));
        let free = config("level = 'free'\nrange = 4.0\nwindow = 2.5");
        assert_eq!((free.level, free.identity().as_str()), (Level::Free, " level free of 15 dB range 4 window 2.5"));
        assert_eq!((plain.window_samples(), free.window_samples()), (480_000, 40_000));
        assert_eq!(toml::from_str::<EncoderConfig>(&toml::to_string(&free).unwrap()).unwrap(), free);
        let rate = super::super::SAMPLE_RATE;
        assert!(free.validate(rate).is_ok());
        let error = config("range = 9.0").validate(rate).unwrap_err();
        assert!(error.exit_status() == 2 && error.to_string().contains("encoder.range = 9"), "{error}");
        let masked = config("level = 'free'\nsnr = 10.0");
        assert_eq!(masked.identity(), " level free of 15 dB range 8 snr 10");
        assert!(masked.validate(rate).is_ok());
        for (text, problem) in
            [("snr = 10.0", "level = \"free\""), ("level = 'free'\nsnr = -1.0", "snr = -1: decibels")]
        {
            let error = config(text).validate(rate).unwrap_err();
            assert!(error.exit_status() == 2 && error.to_string().contains(problem), "{error}");
        }
        let whole = config("pool = 'none'\nbits = 32");
        assert_eq!(whole.identity(), " bits 32");
        assert!(whole.validate(rate).is_ok() && !whole.rounds() && config("pool = 'none'").rounds());
        assert!(config("train_layers = 1\nbits = 32").validate(rate).is_ok());
        for (text, problem) in [("pool = 'none'\nbits = 8", "encoder.bits = 8"), ("bits = 32", "is of frames")] {
            let error = config(text).validate(rate).unwrap_err();
            assert!(error.exit_status() == 2 && error.to_string().contains(problem), "{error}");
        }
        let error = config("window = 31.0").validate(rate).unwrap_err();
        assert!(error.exit_status() == 2 && error.to_string().contains("encoder.window = 31"), "{error}");
    }
}
