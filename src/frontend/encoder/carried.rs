//! An encoder as a part of another file: a manifest and arrays, without a folder.

use std::path::Path;

use burn::tensor::Device;

use super::{Encoder, Manifest, Network, manifest::SCHEMA, weights};
use crate::{
    arrays::{Arrays, Precision},
    error::{Error, Result},
    parameters,
};

impl Encoder {
    /// Puts an encoder together from what the file `path` holds of it.
    ///
    /// # Errors
    ///
    /// [`Error::File`] where the manifest is of another layout or contradicts itself, an array is missing, does not fit or is
    /// no part of the encoder.
    pub(crate) fn of_arrays(manifest: Manifest, arrays: Arrays, path: &Path) -> Result<Self> {
        if manifest.schema != SCHEMA {
            let problem =
                format!("carries an encoder of the layout {}, and this program reads {SCHEMA}", manifest.schema);
            return Err(Error::file(path, problem));
        }
        let mut source = weights::Own::new(path, arrays);
        let encoder = Self::build(manifest, &mut source, &Device::flex())?;
        match source.left() {
            None => Ok(encoder),
            Some(name) => Err(Error::file(path, format!("holds an array {name} that its encoder has no place for"))),
        }
    }

    /// The encoder up to hidden state `highest`, with matrices that are to be kept in `precision`. It keeps the digest of
    /// the one that it is cut from, and at least one layer.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] where the encoder has fewer layers than `highest`.
    pub(crate) fn cut(&self, highest: usize, precision: Precision) -> Result<Self> {
        self.has(highest)?;
        let mut manifest = self.manifest.clone();
        manifest.transformer.layers = highest.max(1);
        manifest.precision = precision;
        Self::build(manifest, &mut weights::Own::new(Path::new(self.name()), self.arrays()), &self.device)
    }

    /// Every weight by the path of its field.
    pub(crate) fn arrays(&self) -> Arrays {
        match &self.network {
            Network::Whisper(network) => parameters::read(network),
            Network::Wave(network) => parameters::read(network),
        }
    }
}
