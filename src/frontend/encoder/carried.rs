//! A part of an encoder that goes into another file.

use std::path::Path;

use super::{Architecture, Encoder, HOP, Manifest, Network, weights};
use crate::{
    arrays::{Arrays, Precision},
    error::Result,
    parameters,
};

impl Encoder {
    /// The encoder up to hidden state `highest` for windows of at most `window` samples, with matrices that are to be kept in
    /// `precision`: its manifest and arrays. It keeps the digest of the one that it is cut from, and at least one layer.
    ///
    /// # Errors
    ///
    /// [`crate::error::Error::Data`] where the encoder has fewer layers than `highest`.
    pub(crate) fn cut(&self, highest: usize, window: usize, precision: Precision) -> Result<(Manifest, Arrays)> {
        self.front.has(highest)?;
        let mut manifest = self.manifest().clone();
        manifest.transformer.layers = highest.max(1);
        manifest.precision = precision;
        let mut arrays = self.arrays();
        if let Architecture::Whisper(whisper) = &mut manifest.architecture {
            // No window has a frame behind these.
            whisper.positions = whisper.positions.min(window.div_ceil(HOP).max(2));
            if let Some((_, places)) = arrays.iter_mut().find(|(name, _)| *name == "positions") {
                places.values.truncate(whisper.positions * manifest.transformer.dims);
                places.shape = vec![whisper.positions, manifest.transformer.dims];
            }
        }
        let part = Self::build(manifest, &mut weights::Own::new(Path::new(self.name()), arrays), &self.device)?;
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
