//! The encoder that a self-contained bundle carries.

use std::{borrow::Cow, path::Path, sync::Arc};

use super::BundleEncoder;
use crate::{
    arrays::{Arrays, Kept, Precision},
    error::Result,
    frontend::{
        SpeakerView,
        encoder::{Encoder, Filed, FrozenEncoder, Lent, Manifest, kept},
    },
};

/// What the names of an encoder's arrays begin with in a bundle's file. No parameter of a network is called so: its name is
/// a path of fields.
const PREFIX: &str = "encoder/";

/// An encoder inside a bundle, up to the highest state that the bundle needs.
#[derive(Clone)]
pub struct Inside {
    encoder: FrozenEncoder,
    source: Source,
}

/// What the encoder was built of, for the file.
#[derive(Clone)]
enum Source {
    Arrays(Arc<Arrays>),
    /// As the bundle's file has them: few need the numbers once the encoder is built.
    File(Kept),
}

impl Inside {
    /// The part of an encoder that bundles need, with what their second heads see, its matrices to be kept in `precision`.
    ///
    /// # Errors
    ///
    /// [`crate::error::Error::Config`] where the encoder does not have the states that the bundle needs.
    pub(super) fn of(
        bundles: &[(&BundleEncoder, Option<&SpeakerView>)],
        encoder: &Encoder,
        precision: Precision,
    ) -> Result<Self> {
        let (mut states, mut windows) = (Vec::new(), Vec::new());
        for (bundle, view) in bundles {
            let config = bundle.below();
            states.extend(config.layer.resolve(encoder.layers(), encoder.name())?);
            if let Some(view) = view {
                states.extend(view.encoder(&config).layer.resolve(encoder.layers(), encoder.name())?);
            }
            windows.push(config.window_samples());
        }
        let highest = states.into_iter().max().unwrap_or(0);
        let longest = windows.into_iter().max().unwrap_or_default();
        let (manifest, arrays) = encoder.cut(highest, longest, precision)?;
        Self::new(manifest, arrays, Path::new(encoder.name()))
    }

    /// The same values, the matrices to be kept in another precision. From 8 bits to more, what goes into the layers is no longer
    /// rounded.
    pub(super) fn kept_in(&self, precision: Precision) -> Result<Self> {
        let manifest = Manifest { precision, ..self.manifest().clone() };
        let name = manifest.name.clone();
        Self::new(manifest, self.own_arrays().into_owned(), Path::new(&name))
    }

    fn new(manifest: Manifest, arrays: Arrays, path: &Path) -> Result<Self> {
        let encoder = FrozenEncoder::of_arrays(manifest, &mut Lent::new(path, &arrays))?;
        Ok(Self { encoder, source: Source::Arrays(Arc::new(arrays)) })
    }

    /// Whether an array of a bundle's file is the encoder's.
    pub(super) fn holds(name: &str) -> bool {
        name.starts_with(PREFIX)
    }

    /// The encoder in a bundle's file.
    ///
    /// # Errors
    ///
    /// [`crate::error::Error::File`] where it is no whole encoder.
    pub(super) fn of_file(manifest: Manifest, kept: &Kept, path: &Path) -> Result<Self> {
        let encoder = FrozenEncoder::of_arrays(manifest, &mut Filed::new(path, kept, PREFIX))?;
        Ok(Self { encoder, source: Source::File(kept.clone()) })
    }

    /// Its arrays as they are called in a bundle's file.
    pub(super) fn arrays(&self) -> Arrays {
        let own = self.own_arrays().into_owned();
        own.into_iter().map(|(name, weight)| (format!("{PREFIX}{name}"), weight)).collect()
    }

    /// Its arrays by the paths of its fields.
    pub(super) fn own_arrays(&self) -> Cow<'_, Arrays> {
        match &self.source {
            Source::Arrays(arrays) => Cow::Borrowed(arrays),
            Source::File(kept) => {
                let mut own = kept.arrays(Self::holds);
                own.iter_mut().for_each(|(name, _)| *name = name.split_off(PREFIX.len()));
                Cow::Owned(own)
            }
        }
    }

    /// How an array of a bundle's file is kept; none for one that is not of the encoder.
    pub(super) fn kept(&self, name: &str) -> Option<Precision> {
        name.strip_prefix(PREFIX).map(|name| kept(name, self.manifest().precision))
    }

    /// The encoder.
    #[must_use]
    pub fn encoder(&self) -> &FrozenEncoder {
        &self.encoder
    }

    /// What it is. Its digest is that of the encoder it was taken from, which may have had more layers and another precision.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        self.encoder.manifest()
    }

    /// What it is, in a line.
    #[must_use]
    pub fn words(&self) -> String {
        let Manifest { name, precision, transformer, digest, .. } = self.manifest();
        format!(
            "{name}, {} of {} layers in {}, {} weights, digest {}",
            transformer.layers,
            transformer.total_layers,
            precision.name(),
            self.own_arrays().iter().map(|(_, weight)| weight.values.len()).sum::<usize>(),
            digest.get(..12).unwrap_or(digest)
        )
    }

    /// Looks for contradictions with what the bundle says of its encoder.
    pub(super) fn check(&self, bundle: Option<&BundleEncoder>) -> std::result::Result<(), String> {
        let Some(bundle) = bundle else { return Err("it carries an encoder and says that it needs none".into()) };
        let Manifest { digest, transformer, .. } = self.manifest();
        if *digest != bundle.digest {
            return Err(format!("it needs the encoder {} and carries {digest}", bundle.digest));
        }
        let states =
            bundle.below().layer.resolve(transformer.layers, &self.manifest().name).map_err(|e| e.to_string())?;
        let dims = states.len() * bundle.below().pool.width(transformer.dims);
        match dims == bundle.dims {
            true => Ok(()),
            false => Err(format!("its encoder gives {dims} columns and its network knows {}", bundle.dims)),
        }
    }
}

impl PartialEq for Inside {
    fn eq(&self, other: &Self) -> bool {
        self.manifest() == other.manifest() && self.own_arrays() == other.own_arrays()
    }
}

impl std::fmt::Debug for Inside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Inside").field(self.manifest()).finish()
    }
}
