//! A model as others keep it → an encoder's own folder.

use std::path::{Path, PathBuf};

use burn::tensor::Device;

use super::{Encoder, Manifest, folder, manifest::SCHEMA, source};
use crate::{
    arrays::{Arrays, Precision, Weight},
    error::{Error, Result},
    output::check_not_read,
};

/// What is to be imported.
#[derive(Clone, Debug)]
pub struct Import {
    /// A folder as Hugging Face has it or CTranslate2 writes it, OpenAI's `.pt`, or CTranslate2's `model.bin`.
    pub source: PathBuf,
    /// The folder to write.
    pub out: PathBuf,
    /// How the layers' matrices are kept. In 8 bits the stem's keep 16.
    pub precision: Precision,
    /// How many layers are kept, from the first up; all by default.
    pub layers: Option<usize>,
}

/// Writes the encoder of a model into a folder of our own. The encoder is built from the weights on the way, so that
/// what is written is known to fit together.
///
/// # Errors
///
/// [`Error::Io`] and [`Error::File`] where the source cannot be read, is not one of the architectures, is truncated, lacks
/// an array or has one that does not fit; [`Error::Config`] where it has fewer layers than asked for.
pub fn import(import: &Import) -> Result<()> {
    let Import { source, out, precision, layers } = import;
    check_not_read(out, [source])?;
    let source::Opened { words, architecture, mut transformer, licence, mut weights } = source::open(source)?;
    if let Some(layers) = *layers {
        if !(1..=transformer.total_layers).contains(&layers) {
            return Err(Error::Config(format!(
                "--layers {layers}: {} has {} layers",
                source.display(),
                transformer.total_layers
            )));
        }
        transformer.layers = layers;
    }
    let manifest = Manifest {
        schema: SCHEMA.to_owned(),
        name: name(out),
        source: words,
        precision: *precision,
        digest: String::new(),
        licence,
        architecture,
        transformer,
    };
    let encoder = Encoder::build(manifest, weights.as_mut(), &Device::flex())?;
    let arrays = encoder.arrays();
    let digest =
        digest(encoder.manifest(), &arrays).map_err(|e| Error::file(out, format!("cannot be described: {e}")))?;
    folder::write(out, &Manifest { digest, ..encoder.manifest().clone() }, &arrays)
}

/// See [`Manifest::digest`].
fn digest(manifest: &Manifest, arrays: &Arrays) -> serde_json::Result<String> {
    let Manifest { schema, architecture, transformer, precision, .. } = manifest;
    let mut hasher = blake3::Hasher::new();
    hasher.update(&serde_json::to_vec(&(schema, architecture, transformer, precision))?);
    for (name, Weight { shape, values }) in arrays {
        hasher.update(format!("\0{name}{shape:?}").as_bytes());
        hasher.update(bytemuck::cast_slice(values));
    }
    Ok(hasher.finalize().to_hex().to_string())
}

/// An encoder is called as its folder is.
fn name(out: &Path) -> String {
    let absolute = std::path::absolute(out).unwrap_or_else(|_| out.to_owned());
    absolute.file_name().map_or_else(|| "encoder".into(), |name| name.to_string_lossy().into_owned())
}
