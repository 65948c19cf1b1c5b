//! An encoder that only answers: on the processor, through the fused kernels of [`ser_kernels::encoder`], over weights that
//! are laid out for them once. States have the same bits at every instruction set, in every batch and with any number of
//! threads.

use std::{fmt, path::Path, sync::Arc};

use burn::tensor::{Device, Tensor, TensorData};
use ser_kernels::encoder::{Convolution, LayerWeights, Layers, LayersConfig, Linear, Norm, Stem, serves};

use super::{
    Architecture, EncoderConfig, Input, Manifest, Network, TransformerConfig,
    folder::{self, Stored},
    front::Front,
    lengths::Lengths,
    log_mel::Seen,
    manifest::SCHEMA,
    weights::{Builder, Own, Source},
    whisper::WhisperConfig,
};
use crate::{
    arrays::Precision,
    error::{Error, Result},
    frontend::Matrix,
};

/// A frozen encoder. Copies share their weights.
#[derive(Clone)]
pub struct FrozenEncoder(Arc<Inner>);

struct Inner {
    front: Front,
    body: Arc<Body>,
}

/// What computes the states.
enum Body {
    /// Whisper: all of it fused.
    Whisper(Stem, Layers),
    /// wav2vec 2.0 and HuBERT: a stem of modules, which has no layers, and fused layers.
    Wave(Box<Network>, Layers),
    /// Modules: WavLM, whose attention has a bias, and sizes that the kernels do not serve.
    Modules(Box<Network>),
}

impl FrozenEncoder {
    /// Reads an encoder from its folder.
    ///
    /// # Errors
    ///
    /// As [`Encoder::load`](super::Encoder::load).
    pub fn load(folder: &Path) -> Result<Self> {
        let Stored { path, manifest, arrays } = folder::read(folder)?;
        Self::build(manifest, &mut Own::new(&path, arrays))
    }

    /// Puts an encoder together from what a file holds of it.
    ///
    /// # Errors
    ///
    /// [`Error::File`] where the manifest is of another layout or contradicts itself, an array is missing, does not fit or is
    /// no part of the encoder.
    pub(crate) fn of_arrays(manifest: Manifest, source: &mut dyn Source) -> Result<Self> {
        if manifest.schema != SCHEMA {
            let problem =
                format!("carries an encoder of the layout {}, and this program reads {SCHEMA}", manifest.schema);
            return Err(Error::file(source.path(), problem));
        }
        let encoder = Self::build(manifest, source)?;
        match source.left() {
            None => Ok(encoder),
            Some(name) => {
                Err(Error::file(source.path(), format!("holds an array {name} that its encoder has no place for")))
            }
        }
    }

    pub(super) fn build(manifest: Manifest, source: &mut dyn Source) -> Result<Self> {
        let front = Front::new(manifest).map_err(|broken| Error::file(source.path(), broken))?;
        let body = Body::build(front.manifest(), &mut Builder::new(source, &Device::flex()))?;
        Ok(Self(Arc::new(Inner { front, body: Arc::new(body) })))
    }

    /// The same, over the same weights, that sees a clip as a config says: its level, the spectrogram's floor, the longest
    /// window.
    #[must_use]
    pub fn seen_as(&self, config: &EncoderConfig) -> Self {
        let Inner { front, body } = &*self.0;
        Self(Arc::new(Inner { front: front.seen_as(config), body: body.clone() }))
    }

    /// The numbers between a clip and its stem, where it has a spectrogram.
    pub(crate) fn seen(&self) -> Option<Seen> {
        self.0.front.seen()
    }

    /// What it is.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        self.0.front.manifest()
    }

    /// Channels of a hidden state.
    #[must_use]
    pub fn dims(&self) -> usize {
        self.manifest().transformer.dims
    }

    /// Its layers, hence the highest hidden state.
    #[must_use]
    pub fn layers(&self) -> usize {
        self.manifest().transformer.layers
    }

    /// Frames that a clip of `samples` gives.
    #[must_use]
    pub fn frames(&self, samples: usize) -> usize {
        self.0.front.frames(samples)
    }

    /// Whether the fused kernels compute its layers.
    #[must_use]
    pub fn is_fused(&self) -> bool {
        !matches!(*self.0.body, Body::Modules(_))
    }

    /// Hidden states 0 to `highest` of each clip at 16 kHz, `[frames, dims]` each. Layers above are not computed.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] where the encoder has fewer layers than `highest`.
    pub fn hidden_states(&self, clips: &[&[f32]], highest: usize) -> Result<Vec<Vec<Matrix>>> {
        let Inner { front, body } = &*self.0;
        front.has(highest)?;
        if clips.iter().all(|clip| clip.len() <= front.longest()) {
            return body.states(front, clips, highest);
        }
        clips.iter().map(|clip| self.windowed(clip, highest)).collect()
    }

    /// The states of one clip, window after window, so that memory does not grow with the scores of a long one.
    fn windowed(&self, clip: &[f32], highest: usize) -> Result<Vec<Matrix>> {
        let Inner { front, body } = &*self.0;
        let dims = self.dims();
        let mut joined = vec![Vec::new(); highest + 1];
        for window in front.windows(clip.len()) {
            let states = body.states(front, &[&clip[window]], highest)?;
            for (joined, state) in joined.iter_mut().zip(states.into_iter().flatten()) {
                joined.extend(state.into_vec());
            }
        }
        joined.into_iter().map(|values| Matrix::new(values.len() / dims, dims, values)).collect()
    }
}

impl fmt::Debug for FrozenEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FrozenEncoder").field(self.manifest()).finish()
    }
}

impl Body {
    fn build(manifest: &Manifest, builder: &mut Builder) -> Result<Self> {
        let transformer = &manifest.transformer;
        if transformer.relative.is_some() || !serves(transformer.dims) {
            return Ok(Self::Modules(Box::new(Network::build(manifest, builder)?)));
        }
        if let Architecture::Whisper(config) = &manifest.architecture {
            let stem = stem(config, transformer.dims, builder)?;
            return Ok(Self::Whisper(stem, layers(manifest, builder)?));
        }
        // Without layers of its own.
        let below =
            Manifest { transformer: TransformerConfig { layers: 0, ..transformer.clone() }, ..manifest.clone() };
        let network = Network::build(&below, builder)?;
        Ok(Self::Wave(Box::new(network), layers(manifest, builder)?))
    }

    /// The states of clips that are one window each.
    fn states(&self, front: &Front, clips: &[&[f32]], highest: usize) -> Result<Vec<Vec<Matrix>>> {
        match self {
            Self::Whisper(stem, layers) => {
                let features: Vec<Vec<f32>> = clips.iter().map(|clip| front.features(clip)).collect();
                let (state, lengths) = stem.forward(&features.iter().map(Vec::as_slice).collect::<Vec<_>>());
                let above = layers.forward(state.clone(), &lengths, 0, highest);
                apart(std::iter::once(state).chain(above), &lengths)
            }
            Self::Wave(network, layers) => clips
                .iter()
                .map(|clip| {
                    let (state, lengths) = network.stem(one(front, clip));
                    let state: Vec<f32> = state.into_data().iter::<f32>().collect();
                    let above = layers.forward(state.clone(), lengths.items(), 0, highest);
                    let mut states = apart(std::iter::once(state).chain(above), lengths.items())?;
                    Ok(states.pop().unwrap_or_default())
                })
                .collect(),
            Self::Modules(network) => clips
                .iter()
                .map(|clip| {
                    let (stem, lengths) = network.stem(one(front, clip));
                    let above = network.transformer().forward(stem.clone(), &lengths, 0, highest);
                    let matrix = |state: Tensor<3>| {
                        let [_, frames, dims] = state.dims();
                        Matrix::new(frames, dims, state.into_data().iter::<f32>().collect())
                    };
                    std::iter::once(stem).chain(above).map(matrix).collect()
                })
                .collect(),
        }
    }
}

/// What the stem sees of one clip.
fn one(front: &Front, clip: &[f32]) -> Input {
    let values = front.features(clip);
    let steps = values.len() / front.channels();
    let features = Tensor::from_data(TensorData::new(values, [1, steps, front.channels()]), &Device::flex());
    Input { features, lengths: Lengths::new(vec![steps]) }
}

/// States in which clips of so many frames follow one another, clip by clip.
fn apart(states: impl Iterator<Item = Vec<f32>>, lengths: &[usize]) -> Result<Vec<Vec<Matrix>>> {
    let total = lengths.iter().sum::<usize>().max(1);
    let mut clips: Vec<Vec<Matrix>> = lengths.iter().map(|_| Vec::new()).collect();
    for state in states {
        let dims = state.len() / total;
        if let [frames] = lengths {
            clips[0].push(Matrix::new(*frames, dims, state)?);
            continue;
        }
        let mut rest = &state[..];
        for (clip, &frames) in clips.iter_mut().zip(lengths) {
            let (own, behind) = rest.split_at(frames * dims);
            clip.push(Matrix::new(frames, dims, own.to_vec())?);
            rest = behind;
        }
    }
    Ok(clips)
}

fn stem(config: &WhisperConfig, dims: usize, builder: &mut Builder) -> Result<Stem> {
    let mut convolution = |name: &str, inputs: usize| -> Result<Convolution> {
        Ok(Convolution {
            weight: builder.values(&format!("{name}.weight"), &[dims, inputs, 3])?,
            bias: builder.values(&format!("{name}.bias"), &[dims])?,
        })
    };
    let (first, second) = (convolution("conv1", config.mel_bands)?, convolution("conv2", dims)?);
    let positions = builder.values("positions", &[config.positions, dims])?;
    Ok(Stem::new([config.mel_bands, dims], &first, &second, positions))
}

fn layers(manifest: &Manifest, builder: &mut Builder) -> Result<Layers> {
    let config = &manifest.transformer;
    // The matrices' values are whole numbers of 8 bits times a factor already, which the kernels find again.
    let bytes = manifest.precision == Precision::Int8;
    let TransformerConfig { dims, heads, feed_forward, pre_norm, key_bias, epsilon, .. } = *config;
    let mut layers = Layers::new(LayersConfig { dims, heads, feed_forward, pre_norm, bytes });
    for index in 0..config.layers {
        let name = format!("transformer.layers.{index}");
        let mut linear = |part: &str, inputs: usize, outputs: usize, bias: bool| -> Result<Linear> {
            Ok(Linear {
                weight: builder.values(&format!("{name}.{part}.weight"), &[outputs, inputs])?,
                bias: if bias { builder.values(&format!("{name}.{part}.bias"), &[outputs])? } else { Vec::new() },
            })
        };
        let query = linear("attention.query", dims, dims, true)?;
        let key = linear("attention.key", dims, dims, key_bias)?;
        let value = linear("attention.value", dims, dims, true)?;
        let output = linear("attention.output", dims, dims, true)?;
        let up = linear("up", dims, feed_forward, true)?;
        let down = linear("down", feed_forward, dims, true)?;
        let attention_norm = norm(&format!("{name}.attention_norm"), dims, epsilon, builder)?;
        let feed_norm = norm(&format!("{name}.feed_norm"), dims, epsilon, builder)?;
        layers.push(LayerWeights { query, key, value, output, attention_norm, up, down, feed_norm });
    }
    if pre_norm && config.layers == config.total_layers {
        layers.close(norm("transformer.closing", dims, epsilon, builder)?);
    }
    Ok(layers)
}

fn norm(name: &str, dims: usize, epsilon: f64, builder: &mut Builder) -> Result<Norm> {
    let weight = builder.values(&format!("{name}.weight"), &[dims])?;
    Ok(Norm { weight, bias: builder.values(&format!("{name}.bias"), &[dims])?, epsilon: epsilon as f32 })
}
