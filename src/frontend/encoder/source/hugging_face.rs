//! A folder as Hugging Face has it: `config.json`, with `model.safetensors` or `pytorch_model.bin`.

use std::path::{Path, PathBuf};

use serde::{Deserialize, de::DeserializeOwned};

use super::{
    Opened,
    files::Arrays,
    licence,
    names::{Table, translate},
};
use crate::{
    arrays::Weight,
    error::{Error, Result},
    frontend::encoder::{
        Architecture, RelativeConfig, TransformerConfig,
        wav2vec2::{ConvolutionConfig, FrontNorm, WaveConfig},
        weights::{Named, Source, missing},
        whisper::WhisperConfig,
    },
};

const CONFIG: &str = "config.json";

const WHISPER: Table = &[
    ("positions", "embed_positions.weight"),
    ("transformer.layers.#.attention.query", "layers.#.self_attn.q_proj"),
    ("transformer.layers.#.attention.key", "layers.#.self_attn.k_proj"),
    ("transformer.layers.#.attention.value", "layers.#.self_attn.v_proj"),
    ("transformer.layers.#.attention.output", "layers.#.self_attn.out_proj"),
    ("transformer.layers.#.attention_norm", "layers.#.self_attn_layer_norm"),
    ("transformer.layers.#.up", "layers.#.fc1"),
    ("transformer.layers.#.down", "layers.#.fc2"),
    ("transformer.layers.#.feed_norm", "layers.#.final_layer_norm"),
    ("transformer.closing", "layer_norm"),
];

const WAVE: Table = &[
    ("front.#.conv", "feature_extractor.conv_layers.#.conv"),
    ("front.#.norm", "feature_extractor.conv_layers.#.layer_norm"),
    ("projection_norm", "feature_projection.layer_norm"),
    ("projection", "feature_projection.projection"),
    ("position_conv", "encoder.pos_conv_embed.conv"),
    ("opening", "encoder.layer_norm"),
    ("transformer.layers.#.attention.query", "encoder.layers.#.attention.q_proj"),
    ("transformer.layers.#.attention.key", "encoder.layers.#.attention.k_proj"),
    ("transformer.layers.#.attention.value", "encoder.layers.#.attention.v_proj"),
    ("transformer.layers.#.attention.output", "encoder.layers.#.attention.out_proj"),
    ("transformer.layers.#.attention.gate.constant", "encoder.layers.#.attention.gru_rel_pos_const"),
    ("transformer.layers.#.attention.gate.projection", "encoder.layers.#.attention.gru_rel_pos_linear"),
    ("transformer.layers.#.attention_norm", "encoder.layers.#.layer_norm"),
    ("transformer.layers.#.up", "encoder.layers.#.feed_forward.intermediate_dense"),
    ("transformer.layers.#.down", "encoder.layers.#.feed_forward.output_dense"),
    ("transformer.layers.#.feed_norm", "encoder.layers.#.final_layer_norm"),
    ("transformer.relative", "encoder.layers.0.attention.rel_attn_embed.weight"),
    ("transformer.closing", "encoder.layer_norm"),
];

/// Opens such a folder.
pub(super) fn open(folder: &Path) -> Result<Opened> {
    let path = folder.join(CONFIG);
    let text = match crate::files::read_text(&path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            return Err(Error::file(
                folder,
                "is not a model's folder: there is neither a config.json (Hugging Face) nor a model.bin (CTranslate2)",
            ));
        }
        Err(e) => return Err(Error::io("read", &path)(e)),
    };
    let Kind { model_type } = parse(&path, &text)?;
    let (architecture, transformer) = match model_type.as_str() {
        "whisper" => whisper(&path, &text)?,
        "wav2vec2" | "hubert" | "wavlm" => wave(&path, &text, &model_type, standardise(folder)?)?,
        other => {
            let problem = format!("model_type = {other}: the encoders are whisper, wav2vec2, hubert and wavlm");
            return Err(Error::file(path, problem));
        }
    };
    let arrays = weights(folder)?;
    let (table, probe, prefixes) = names(&architecture);
    // The encoder alone has no prefix; inside of a larger model it has one.
    let prefix = prefixes.iter().find(|prefix| arrays.has(&format!("{prefix}{probe}"))).unwrap_or(&"");
    let file = arrays.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
    let folder_name = folder.file_name().unwrap_or_default().to_string_lossy();
    Ok(Opened {
        words: format!("{folder_name}/{file}, as Hugging Face has it"),
        architecture,
        transformer,
        licence: licence::beside(folder),
        weights: Box::new(Model { arrays, table, prefix }),
    })
}

/// What arrays are called, one of them, and what may stand before all names.
fn names(architecture: &Architecture) -> (Table, &'static str, &'static [&'static str]) {
    let projection = "feature_projection.projection.weight";
    match architecture {
        Architecture::Whisper(_) => (WHISPER, "conv1.weight", &["model.encoder.", "encoder.", ""]),
        Architecture::Wav2vec2(_) => (WAVE, projection, &["wav2vec2.", ""]),
        Architecture::Hubert(_) => (WAVE, projection, &["hubert.", ""]),
        Architecture::Wavlm(_) => (WAVE, projection, &["wavlm.", ""]),
    }
}

/// What the array that we call `ours` is called in the encoder alone.
#[cfg(test)]
pub(in crate::frontend::encoder) fn name(architecture: &Architecture, ours: &str) -> String {
    translate(names(architecture).0, ours)
}

/// The file of weights.
fn weights(folder: &Path) -> Result<Arrays> {
    let file = |name: &str| -> Option<PathBuf> { Some(folder.join(name)).filter(|path| path.is_file()) };
    if let Some(path) = file("model.safetensors") {
        return Arrays::safetensors(&path);
    }
    if let Some(path) = file("pytorch_model.bin") {
        return Arrays::pytorch(&path, None);
    }
    let problem = match file("model.safetensors.index.json").or(file("pytorch_model.bin.index.json")) {
        Some(_) => "its weights lie in several files, which is not supported: save the model as one file",
        None => "has neither model.safetensors nor pytorch_model.bin beside config.json: fetch one of them",
    };
    Err(Error::file(folder, problem))
}

/// Whether the folder says that clips are standardised; nothing where it does not say.
fn standardise(folder: &Path) -> Result<Option<bool>> {
    #[derive(Deserialize)]
    struct Preprocessor {
        do_normalize: Option<bool>,
    }
    let path = folder.join("preprocessor_config.json");
    match crate::files::read_text(&path) {
        Ok(text) => Ok(parse::<Preprocessor>(&path, &text)?.do_normalize),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::io("read", &path)(e)),
    }
}

fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T> {
    let deserializer = &mut serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(deserializer)
        .map_err(|e| Error::file(path, format!("{}: {}", e.path(), e.inner())))
}

#[derive(Deserialize)]
struct Kind {
    model_type: String,
}

fn whisper(path: &Path, text: &str) -> Result<(Architecture, TransformerConfig)> {
    #[derive(Deserialize)]
    struct Config {
        d_model: usize,
        encoder_layers: usize,
        encoder_attention_heads: usize,
        encoder_ffn_dim: usize,
        #[serde(default = "gelu")]
        activation_function: String,
        num_mel_bins: usize,
        max_source_positions: usize,
    }
    let config: Config = parse(path, text)?;
    only_gelu(path, "activation_function", &config.activation_function)?;
    Ok((
        Architecture::Whisper(WhisperConfig { mel_bands: config.num_mel_bins, positions: config.max_source_positions }),
        TransformerConfig {
            dims: config.d_model,
            heads: config.encoder_attention_heads,
            feed_forward: config.encoder_ffn_dim,
            layers: config.encoder_layers,
            total_layers: config.encoder_layers,
            pre_norm: true,
            key_bias: false,
            epsilon: 1e-5,
            relative: None,
        },
    ))
}

/// Configurations of wav2vec 2.0, HuBERT and WavLM leave out what has its usual value.
#[derive(Deserialize)]
#[serde(default)]
struct Wave {
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    hidden_act: String,
    layer_norm_eps: f64,
    feat_extract_norm: FrontNorm,
    feat_extract_activation: String,
    feat_proj_layer_norm: bool,
    conv_dim: Vec<usize>,
    conv_stride: Vec<usize>,
    conv_kernel: Vec<usize>,
    conv_bias: bool,
    conv_pos_batch_norm: bool,
    num_conv_pos_embeddings: usize,
    num_conv_pos_embedding_groups: usize,
    do_stable_layer_norm: bool,
    adapter_attn_dim: Option<usize>,
    num_buckets: usize,
    max_bucket_distance: usize,
}

impl Default for Wave {
    fn default() -> Self {
        Self {
            hidden_size: 768,
            num_hidden_layers: 12,
            num_attention_heads: 12,
            intermediate_size: 3072,
            hidden_act: gelu(),
            layer_norm_eps: 1e-5,
            feat_extract_norm: FrontNorm::Group,
            feat_extract_activation: gelu(),
            feat_proj_layer_norm: true,
            conv_dim: vec![512; 7],
            conv_stride: vec![5, 2, 2, 2, 2, 2, 2],
            conv_kernel: vec![10, 3, 3, 3, 3, 2, 2],
            conv_bias: false,
            conv_pos_batch_norm: false,
            num_conv_pos_embeddings: 128,
            num_conv_pos_embedding_groups: 16,
            do_stable_layer_norm: false,
            adapter_attn_dim: None,
            num_buckets: 320,
            max_bucket_distance: 800,
        }
    }
}

fn wave(
    path: &Path,
    text: &str,
    model_type: &str,
    standardise: Option<bool>,
) -> Result<(Architecture, TransformerConfig)> {
    let config: Wave = parse(path, text)?;
    only_gelu(path, "hidden_act", &config.hidden_act)?;
    only_gelu(path, "feat_extract_activation", &config.feat_extract_activation)?;
    let refused = |key: &str| Err(Error::file(path, format!("{key}: models with it are not supported")));
    if config.conv_pos_batch_norm {
        return refused("conv_pos_batch_norm");
    }
    if config.adapter_attn_dim.is_some() {
        return refused("adapter_attn_dim");
    }
    let counts = [&config.conv_dim, &config.conv_kernel, &config.conv_stride].map(Vec::len);
    if counts.iter().any(|&count| count != counts[0]) {
        let problem = format!("conv_dim, conv_kernel and conv_stride are lists of {counts:?}: of one length each");
        return Err(Error::file(path, problem));
    }
    let steps = config.conv_kernel.iter().zip(&config.conv_stride);
    let convolutions = config.conv_dim.iter().zip(steps);
    let convolutions =
        convolutions.map(|(&channels, (&kernel, &stride))| ConvolutionConfig { channels, kernel, stride }).collect();
    // As the published models do that the folder says nothing of: of WavLM's only the large one.
    let usual = model_type != "wavlm" || config.feat_extract_norm == FrontNorm::Layer;
    let front = WaveConfig {
        convolutions,
        convolution_bias: config.conv_bias,
        convolution_norm: config.feat_extract_norm,
        projection_norm: model_type != "hubert" || config.feat_proj_layer_norm,
        position_kernel: config.num_conv_pos_embeddings,
        position_groups: config.num_conv_pos_embedding_groups,
        standardise: standardise.unwrap_or(usual),
    };
    let relative = (model_type == "wavlm")
        .then_some(RelativeConfig { buckets: config.num_buckets, max_distance: config.max_bucket_distance });
    let architecture = match model_type {
        "hubert" => Architecture::Hubert(front),
        "wavlm" => Architecture::Wavlm(front),
        _ => Architecture::Wav2vec2(front),
    };
    Ok((
        architecture,
        TransformerConfig {
            dims: config.hidden_size,
            heads: config.num_attention_heads,
            feed_forward: config.intermediate_size,
            layers: config.num_hidden_layers,
            total_layers: config.num_hidden_layers,
            pre_norm: config.do_stable_layer_norm,
            key_bias: true,
            epsilon: config.layer_norm_eps,
            relative,
        },
    ))
}

fn gelu() -> String {
    "gelu".to_owned()
}

fn only_gelu(path: &Path, key: &str, value: &str) -> Result<()> {
    if value == "gelu" { Ok(()) } else { Err(Error::file(path, format!("{key} = {value}: only gelu is supported"))) }
}

/// The weights.
struct Model {
    arrays: Arrays,
    table: Table,
    prefix: &'static str,
}

impl Model {
    fn read(&mut self, name: &str) -> Result<Weight> {
        self.arrays.read(name)?.ok_or_else(|| missing(self.arrays.path(), name))
    }
}

impl Source for Model {
    fn path(&self) -> &Path {
        self.arrays.path()
    }

    fn take(&mut self, name: &str) -> Result<Named> {
        let theirs = format!("{}{}", self.prefix, translate(self.table, name));
        // A convolution whose weight is kept as direction and length, under one of two names.
        if name == "position_conv.weight" && !self.arrays.has(&theirs) {
            let base = theirs.trim_end_matches(".weight");
            let new = [
                format!("{base}.parametrizations.weight.original0"),
                format!("{base}.parametrizations.weight.original1"),
            ];
            let old = [format!("{base}.weight_g"), format!("{base}.weight_v")];
            let [length, direction] = if self.arrays.has(&new[0]) { new } else { old };
            let weight = scaled(self.read(&length)?, self.read(&direction)?)
                .ok_or_else(|| Error::file(self.path(), format!("the arrays {length} and {direction} do not fit")))?;
            return Ok(Named { name: direction, weight });
        }
        let weight = self.read(&theirs)?;
        Ok(Named { name: theirs, weight })
    }
}

/// Weight normalisation (Salimans and Kingma 2016) over all but the last axis: `direction`, `[outputs, inputs, kernel]`,
/// brought to `length`, `[1, 1, kernel]`. Nothing where the shapes are others.
fn scaled(length: Weight, direction: Weight) -> Option<Weight> {
    let &[_, _, kernel] = direction.shape.as_slice() else { return None };
    if length.values.len() != kernel || kernel == 0 {
        return None;
    }
    let mut squares = vec![0f64; kernel];
    for row in direction.values.chunks(kernel) {
        for (sum, &x) in squares.iter_mut().zip(row) {
            *sum += f64::from(x).powi(2);
        }
    }
    let factors: Vec<f64> = length.values.iter().zip(squares).map(|(&g, sum)| f64::from(g) / sum.sqrt()).collect();
    let values = direction.values.iter().zip(factors.iter().cycle()).map(|(&x, factor)| (f64::from(x) * factor) as f32);
    Some(Weight { values: values.collect(), shape: direction.shape })
}
