//! Models as others keep them. A [`Source`] answers by our names and speaks of what is wrong by theirs.

mod ctranslate2;
mod files;
mod hugging_face;
mod licence;
mod names;
mod openai;

#[cfg(test)]
pub(super) use hugging_face::name as hugging_face_name;

use std::path::Path;

use super::{Architecture, TransformerConfig, folder, weights::Source};
use crate::error::{Error, Result};

/// A model, opened; its weights are read when they are asked for.
pub(super) struct Opened {
    /// What it is, for people.
    pub words: String,
    pub architecture: Architecture,
    pub transformer: TransformerConfig,
    pub licence: String,
    pub weights: Box<dyn Source>,
}

/// Opens whatever `path` is.
///
/// # Errors
///
/// [`Error::Io`] where it cannot be read, [`Error::File`] where it is nothing that can be imported.
pub(super) fn open(path: &Path) -> Result<Opened> {
    if path.is_dir() {
        if folder::is_one(path) {
            return Err(Error::file(
                path,
                "is an encoder that was imported already; import the model that it came from",
            ));
        }
        let model = path.join("model.bin");
        return if model.is_file() { ctranslate2::open(&model) } else { hugging_face::open(path) };
    }
    if ctranslate2::is_one(path)? {
        return ctranslate2::open(path);
    }
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("pt") => openai::open(path),
        Some("safetensors" | "bin") => {
            Err(Error::file(path, "has no configuration in it; give the folder that holds it and its config.json"))
        }
        _ => Err(Error::file(
            path,
            "is not a model that can be imported: give a folder with config.json and model.safetensors or \
             pytorch_model.bin, OpenAI's .pt, or CTranslate2's model.bin",
        )),
    }
}
