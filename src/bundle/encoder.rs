//! The encoder that a bundle needs, by name and digest.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    frontend::{
        EncoderConfig,
        encoder::{Upper, UpperConfig, find, list, manifest},
    },
};

/// An encoder as a bundle knows it: not the weights, but all that tells whether others are the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BundleEncoder {
    /// Which states, and how they are pooled.
    pub config: EncoderConfig,
    /// What the encoder is called.
    pub name: String,
    /// The encoder's digest: another encoder gives other states.
    pub digest: String,
    /// How many columns its states give.
    pub dims: usize,
    /// How many states those are, where the network mixes them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mixed: Option<usize>,
    /// Its layers that have learnt with the network, whose weights are the network's: the encoder gives what goes into them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upper: Option<UpperConfig>,
}

impl BundleEncoder {
    /// The encoder of a config as it lies in `models`.
    ///
    /// # Errors
    ///
    /// As [`find`] and [`manifest`].
    pub fn of(config: &EncoderConfig, models: &Path) -> Result<Self> {
        let manifest = manifest(&find(&config.path, models)?)?;
        let upper = UpperConfig::of(config, &manifest)?;
        let below = config.below(upper.as_ref());
        let layers = below.layer.resolve(manifest.transformer.layers, &manifest.name)?;
        let dims = layers.len() * below.pool.width(manifest.transformer.dims);
        let states = upper.as_ref().map_or(layers.len(), |upper| upper.states.len());
        let mixed = config.layer.is_mixed().then_some(states);
        Ok(Self { config: config.clone(), name: manifest.name, digest: manifest.digest, dims, mixed, upper })
    }

    /// The config of what is frozen of it: what a clip goes through before the network.
    #[must_use]
    pub fn below(&self) -> EncoderConfig {
        self.config.below(self.upper.as_ref())
    }

    /// Columns that the network's own layers see, above those of the encoder that learn.
    #[must_use]
    pub fn width(&self) -> usize {
        self.upper.as_ref().map_or(self.dims, UpperConfig::width)
    }

    /// The layers that learn, with the encoder's weights; none where it is frozen.
    ///
    /// # Errors
    ///
    /// As [`BundleEncoder::below`]'s encoder in `models`, which cannot be found or read.
    pub fn upper(&self, models: &Path, device: &Device) -> Result<Option<Upper>> {
        self.upper.as_ref().map(|upper| Upper::load(upper, &self.folder(models)?, device)).transpose()
    }

    /// The config, of what is frozen, with the path at which the encoder of this digest is found, whatever its folder is called.
    ///
    /// # Errors
    ///
    /// As [`BundleEncoder::folder`].
    pub(super) fn found(&self, models: &Path) -> Result<EncoderConfig> {
        let folder = self.folder(models)?;
        Ok(EncoderConfig { path: folder.to_string_lossy().into_owned(), ..self.below() })
    }

    /// The folder of the encoder of this digest, whatever it is called.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where no encoder in `models` has the digest.
    pub(super) fn folder(&self, models: &Path) -> Result<PathBuf> {
        let has_digest = |folder: &Path| manifest(folder).is_ok_and(|manifest| manifest.digest == self.digest);
        let by_name = find(&self.config.path, models).ok().filter(|folder| has_digest(folder));
        match by_name {
            Some(folder) => Ok(folder),
            None => list(models)?.into_iter().map(|found| found.folder).find(|folder| has_digest(folder)).ok_or_else(
                || {
                    Error::Config(format!(
                        "this bundle needs the encoder {} (digest {}), and {} does not have it: import it with ser-data \
                         encoder import SRC --out {}, or name its folder with --models",
                        self.name,
                        self.digest.get(..12).unwrap_or(&self.digest),
                        models.display(),
                        models.join(&self.name).display()
                    ))
                },
            ),
        }
    }
}
