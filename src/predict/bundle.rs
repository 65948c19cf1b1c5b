//! The bundle: everything that prediction needs, in one folder.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{
    audio::AudioConfig,
    error::{Error, Result},
    features::{FeaturesConfig, Scaler},
    model::{ModelConfig, weights::Weights},
    run::RunRecord,
    train::checkpoint::{load_arrays, save_arrays},
};

/// The layout of bundles that this version writes.
const FORMAT: u32 = 1;

/// A trained network with the chain that it was trained on.
#[derive(Debug, Clone, PartialEq)]
pub struct Bundle {
    /// The classes, in the order of the probabilities.
    pub classes: Vec<String>,
    /// Clip → samples.
    pub audio: AudioConfig,
    /// Samples → matrix.
    pub features: FeaturesConfig,
    /// The network.
    pub model: ModelConfig,
    /// Matrix → scaled matrix, where it was fitted on the training side.
    pub scaler: Option<Scaler>,
    /// The run that it comes from.
    pub record: RunRecord,
    /// The network's weights.
    pub weights: Weights,
}

/// What stands in the weights file's text: all but the weights.
#[derive(Serialize, Deserialize)]
struct Description {
    format: u32,
    classes: Vec<String>,
    audio: AudioConfig,
    features: FeaturesConfig,
    model: ModelConfig,
    scaler: Option<Scaler>,
    record: RunRecord,
}

impl Bundle {
    /// Writes the bundle into the folder `dir`: one checksummed safetensors file, whole or not at all.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where it cannot be written.
    pub fn save(&self, dir: &Path) -> Result<()> {
        let Self { classes, audio, features, model, scaler, record, weights } = self.clone();
        let description = Description { format: FORMAT, classes, audio, features, model, scaler, record };
        let text = serde_json::to_string(&description)
            .map_err(|e| Error::Data(format!("cannot write the bundle's description: {e}")))?;
        save_arrays(&dir.join("model.safetensors"), &text, weights.into_iter().collect())
    }

    /// Reads the bundle in the folder `dir`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where it cannot be read, [`Error::File`] where it is damaged, foreign or of another format.
    pub fn load(dir: &Path) -> Result<Self> {
        let path = dir.join("model.safetensors");
        let (text, arrays) = load_arrays(&path)?;
        let wrong = |problem: String| Error::file(&path, problem);
        let format = serde_json::from_str::<serde_json::Value>(&text)
            .ok()
            .and_then(|value| value.get("format")?.as_u64())
            .ok_or_else(|| wrong("is not a bundle".into()))?;
        if format != u64::from(FORMAT) {
            return Err(wrong(format!("is a bundle of format {format}; this program reads format {FORMAT}")));
        }
        let Description { classes, audio, features, model, scaler, record, .. } =
            serde_json::from_str(&text).map_err(|e| wrong(format!("has a description that cannot be read: {e}")))?;
        Ok(Self { classes, audio, features, model, scaler, record, weights: arrays.into_iter().collect() })
    }
}
