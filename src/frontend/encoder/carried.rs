//! A part of an encoder that goes into another file.

use std::path::Path;

use super::{Encoder, Manifest, Network, weights};
use crate::{
    arrays::{Arrays, Precision},
    error::Result,
    parameters,
};

impl Encoder {
    /// The encoder up to hidden state `highest`, with matrices that are to be kept in `precision`: its manifest and arrays. It
    /// keeps the digest of the one that it is cut from, and at least one layer.
    ///
    /// # Errors
    ///
    /// [`crate::error::Error::Data`] where the encoder has fewer layers than `highest`.
    pub(crate) fn cut(&self, highest: usize, precision: Precision) -> Result<(Manifest, Arrays)> {
        self.front.has(highest)?;
        let mut manifest = self.manifest().clone();
        manifest.transformer.layers = highest.max(1);
        manifest.precision = precision;
        let part = Self::build(manifest, &mut weights::Own::new(Path::new(self.name()), self.arrays()), &self.device)?;
        Ok((part.manifest().clone(), part.arrays()))
    }

    /// Every weight by the path of its field.
    pub(crate) fn arrays(&self) -> Arrays {
        match &self.network {
            Network::Whisper(network) => parameters::read(network),
            Network::Wave(network) => parameters::read(network),
        }
    }
}
