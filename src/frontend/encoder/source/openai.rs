//! OpenAI's own files of Whisper: PyTorch's format, with the sizes beside the weights.

use std::path::{Path, PathBuf};

use burn_store::pytorch_reader::PytorchReader;
use serde::Deserialize;

use super::{
    Opened,
    files::Arrays,
    licence,
    names::{Table, translate},
};
use crate::{
    error::{Error, Result},
    frontend::encoder::{
        Architecture, TransformerConfig,
        weights::{Named, Source, missing},
        whisper::WhisperConfig,
    },
};

const NAMES: Table = &[
    ("conv1", "encoder.conv1"),
    ("conv2", "encoder.conv2"),
    ("positions", "encoder.positional_embedding"),
    ("transformer.layers.#.attention.query", "encoder.blocks.#.attn.query"),
    ("transformer.layers.#.attention.key", "encoder.blocks.#.attn.key"),
    ("transformer.layers.#.attention.value", "encoder.blocks.#.attn.value"),
    ("transformer.layers.#.attention.output", "encoder.blocks.#.attn.out"),
    ("transformer.layers.#.attention_norm", "encoder.blocks.#.attn_ln"),
    ("transformer.layers.#.up", "encoder.blocks.#.mlp.0"),
    ("transformer.layers.#.down", "encoder.blocks.#.mlp.2"),
    ("transformer.layers.#.feed_norm", "encoder.blocks.#.mlp_ln"),
    ("transformer.closing", "encoder.ln_post"),
];

#[derive(Deserialize)]
#[allow(clippy::struct_field_names)] // as the file has them
struct Dims {
    n_mels: usize,
    n_audio_ctx: usize,
    n_audio_state: usize,
    n_audio_head: usize,
    n_audio_layer: usize,
}

/// Opens such a file.
pub(super) fn open(path: &Path) -> Result<Opened> {
    let arrays = Arrays::pytorch(path, Some("model_state_dict"))?;
    let dims: Dims = PytorchReader::load_config(path, Some("dims"))
        .map_err(|e| Error::file(path, format!("has no dims of Whisper's in it ({e}): is it OpenAI's own file?")))?;
    Ok(Opened {
        words: format!("{}, OpenAI's own file", path.file_name().unwrap_or_default().to_string_lossy()),
        architecture: Architecture::Whisper(WhisperConfig { mel_bands: dims.n_mels, positions: dims.n_audio_ctx }),
        transformer: TransformerConfig {
            dims: dims.n_audio_state,
            heads: dims.n_audio_head,
            feed_forward: dims.n_audio_state.saturating_mul(4),
            layers: dims.n_audio_layer,
            total_layers: dims.n_audio_layer,
            pre_norm: true,
            key_bias: false,
            epsilon: 1e-5,
            relative: None,
        },
        licence: licence::OPENAI.to_owned(),
        weights: Box::new(Model { path: path.to_owned(), arrays }),
    })
}

struct Model {
    path: PathBuf,
    arrays: Arrays,
}

impl Source for Model {
    fn path(&self) -> &Path {
        &self.path
    }

    fn take(&mut self, name: &str) -> Result<Named> {
        let theirs = translate(NAMES, name);
        let weight = self.arrays.read(&theirs)?.ok_or_else(|| missing(&self.path, &theirs))?;
        Ok(Named { name: theirs, weight })
    }
}
