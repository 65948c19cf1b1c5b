//! Pretrained speech encoders: samples at 16 kHz → hidden states `[frames, dims]`, 50 frames a second.
//!
//! An [`Encoder`] consists of Burn modules, on any device and with gradients; a [`FrozenEncoder`] only answers, on the
//! processor, through fused kernels: [`StatesFrontend`] and bundles have that one. Both are read from a folder that [`import()`]
//! wrote; [`find`] and [`list`] know where such folders lie. Hidden
//! states are counted as Hugging Face does: 0 is what goes into the first layer, `n` what comes out of the n-th, the last
//! one behind the closing normalisation where there is one. [`Encoder::hidden_states`] gives those up to the highest one
//! asked for; nothing above it is computed. [`Encoder::above`] goes on from a state that was kept; so does [`Upper`], whose
//! layers learn inside a network.
//!
//! A clip is seen at its own length. One shorter than 25 ms is padded with zeros to it; one longer than 30 s is cut into
//! windows of equal length of at most 30 s, whose states follow one another. What a clip's states are does not depend on
//! the batch that it is in, but for rounding.
//!
//! | architecture | file |
//! |---|---|
//! | Whisper, tiny to large-v3 | [`whisper`] |
//! | wav2vec 2.0, HuBERT, WavLM, base and large | [`wav2vec2`] |
//!
//! Everything costly in the modules goes through `ops`.

mod carried;
mod config;
mod folder;
mod front;
mod frontend;
mod frozen;
mod import;
mod layer;
mod lengths;
mod log_mel;
mod lora;
mod manifest;
mod ops;
mod source;
mod upper;
pub mod wav2vec2;
mod weights;
pub mod whisper;

#[cfg(test)]
mod golden;

use std::path::Path;

use burn::{
    module::Module,
    tensor::{Device, Tensor, TensorData},
};

pub use self::{
    config::{EncoderConfig, Layers, NamedLayers},
    folder::{Found, find, list, manifest, models_dir},
    frontend::StatesFrontend,
    frozen::FrozenEncoder,
    import::{Import, import},
    layer::{RelativeConfig, TransformerConfig},
    lora::LoraConfig,
    manifest::{Architecture, Manifest},
    upper::{Upper, UpperConfig},
};
pub(crate) use self::{
    folder::kept,
    log_mel::Seen,
    weights::{Filed, Lent},
};
use self::{
    front::Front,
    layer::Transformer,
    lengths::Lengths,
    wav2vec2::Wav2Vec2,
    weights::{Builder, Source},
    whisper::Whisper,
};
use super::Matrix;
use crate::error::{Error, Result};

/// Samples a second that every encoder takes.
pub const SAMPLE_RATE: u32 = 16_000;

/// Frames a second that every encoder gives.
pub const FRAMES_PER_SECOND: u32 = 50;

/// Samples from one frame to the next.
const HOP: usize = (SAMPLE_RATE / FRAMES_PER_SECOND) as usize;

/// Samples of the longest window: 30 s.
const WINDOW: usize = 30 * SAMPLE_RATE as usize;

/// Samples that a shorter clip is padded to: the window of one frame.
const LEAST: usize = 400;

/// A pretrained encoder on a device.
#[derive(Debug, Clone)]
pub struct Encoder {
    front: Front,
    network: Network,
    device: Device,
}

/// The weights.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)] // there is one in a process, and modules cannot be boxed
enum Network {
    Whisper(Whisper),
    Wave(Wav2Vec2),
}

/// A padded batch below the stem: `[batch, steps, channels]`, zeros in the padding.
#[derive(Debug, Clone)]
struct Input {
    features: Tensor<3>,
    lengths: Lengths,
}

/// Hidden states of a batch of clips.
#[derive(Debug, Clone)]
pub struct States {
    /// A tensor for each state, from 0 up, `[batch, frames, dims]`; whatever stands beyond an item's length is zero.
    pub states: Vec<Tensor<3>>,
    /// Each clip's real frames.
    pub lengths: Vec<usize>,
}

impl States {
    /// State `layer` of clip `item` on its own, `[frames, dims]`.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] where there is no such state or clip.
    pub fn matrix(&self, layer: usize, item: usize) -> Result<Matrix> {
        let none = || Error::Data(format!("there is no hidden state {layer} of a clip {item} in this batch"));
        let state = self.states.get(layer).ok_or_else(none)?;
        let &frames = self.lengths.get(item).ok_or_else(none)?;
        let state = state.clone().narrow(0, item, 1).narrow(1, 0, frames);
        let dims = state.dims()[2];
        Matrix::new(frames, dims, state.into_data().iter::<f32>().collect())
    }
}

impl Encoder {
    /// Reads an encoder from its folder.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where a file cannot be read, [`Error::File`] where it is damaged, foreign or does not fit together.
    pub fn load(folder: &Path, device: &Device) -> Result<Self> {
        let folder::Stored { path, manifest, arrays } = folder::read(folder)?;
        Self::build(manifest, &mut weights::Own::new(&path, arrays), device)
    }

    /// Puts weights into the modules that a manifest asks for.
    fn build(manifest: Manifest, source: &mut dyn Source, device: &Device) -> Result<Self> {
        let front = Front::new(manifest).map_err(|broken| Error::file(source.path(), broken))?;
        let network = Network::build(front.manifest(), &mut Builder::new(source, device))?;
        Ok(Self { front, network, device: device.clone() })
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.manifest().name
    }

    /// What it is.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        self.front.manifest()
    }

    /// Names its content: [`Manifest::digest`].
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.manifest().digest
    }

    /// How many weights it has.
    #[must_use]
    pub fn weights(&self) -> usize {
        self.network.num_params()
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
        self.front.frames(samples)
    }

    /// Hidden states 0 to `highest` of clips at 16 kHz. Layers above are not computed.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] where the encoder has fewer layers than `highest`.
    pub fn hidden_states(&self, clips: &[&[f32]], highest: usize) -> Result<States> {
        self.front.has(highest)?;
        if clips.iter().all(|clip| clip.len() <= self.front.longest()) {
            return Ok(self.batch(clips, highest));
        }
        // Window after window, so that memory does not grow with a clip's length.
        let mut lengths = Vec::with_capacity(clips.len());
        let mut states = vec![Vec::with_capacity(clips.len()); highest + 1];
        for clip in clips {
            let parts: Vec<States> =
                self.front.windows(clip.len()).map(|window| self.batch(&[&clip[window]], highest)).collect();
            lengths.push(parts.iter().flat_map(|part| &part.lengths).sum());
            for (layer, states) in states.iter_mut().enumerate() {
                states.push(Tensor::cat(parts.iter().map(|part| part.states[layer].clone()).collect(), 1));
            }
        }
        let frames = lengths.iter().copied().max().unwrap_or(0);
        let padded = |state: Tensor<3>| {
            let [_, own, dims] = state.dims();
            let zeros = (own < frames).then(|| Tensor::zeros([1, frames - own, dims], &self.device));
            Tensor::cat([Some(state), zeros].into_iter().flatten().collect(), 1)
        };
        let states = states.into_iter().map(|items| Tensor::cat(items.into_iter().map(padded).collect(), 0)).collect();
        Ok(States { states, lengths })
    }

    /// Hidden states `from + 1` to `highest`, from the states `from` of a batch, `[batch, frames, dims]`, and its items'
    /// lengths: what a model does whose lower layers are frozen and kept.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] where the encoder has fewer layers than `highest`, or where the states do not fit.
    pub fn above(&self, state: Tensor<3>, lengths: &[usize], from: usize, highest: usize) -> Result<Vec<Tensor<3>>> {
        self.front.has(highest)?;
        let [batch, frames, dims] = state.dims();
        let longest = lengths.iter().copied().max().unwrap_or(0);
        if dims != self.dims() || lengths.len() != batch || longest != frames {
            return Err(Error::Data(format!(
                "states [{batch}, {frames}, {dims}] of {} clips, the longest of {longest} frames, are not {}'s of {} channels",
                lengths.len(),
                self.name(),
                self.dims()
            )));
        }
        Ok(self.network.transformer().forward(state, &Lengths::new(lengths.to_vec()), from, highest))
    }

    /// The states of clips that are one window each.
    fn batch(&self, clips: &[&[f32]], highest: usize) -> States {
        let (stem, lengths) = self.network.stem(self.input(clips));
        let above = self.network.transformer().forward(stem.clone(), &lengths, 0, highest);
        let states = std::iter::once(stem).chain(above).collect();
        States { states, lengths: lengths.items().to_vec() }
    }

    /// What the stem sees of clips.
    fn input(&self, clips: &[&[f32]]) -> Input {
        let channels = self.front.channels();
        let items: Vec<Vec<f32>> = clips.iter().map(|clip| self.front.features(clip)).collect();
        let lengths = Lengths::new(items.iter().map(|values| values.len() / channels).collect());
        let steps = lengths.items().iter().copied().max().unwrap_or(0);
        let mut padded = Vec::with_capacity(items.len() * steps * channels);
        for (index, values) in items.iter().enumerate() {
            padded.extend_from_slice(values);
            padded.resize((index + 1) * steps * channels, 0.0);
        }
        let features = Tensor::from_data(TensorData::new(padded, [items.len(), steps, channels]), &self.device);
        Input { features, lengths }
    }
}

impl Network {
    fn build(manifest: &Manifest, builder: &mut Builder) -> Result<Self> {
        let transformer = &manifest.transformer;
        Ok(match &manifest.architecture {
            Architecture::Whisper(config) => Self::Whisper(Whisper::build(config, transformer, builder)?),
            Architecture::Wav2vec2(config) | Architecture::Hubert(config) | Architecture::Wavlm(config) => {
                Self::Wave(Wav2Vec2::build(config, transformer, builder)?)
            }
        })
    }

    fn stem(&self, input: Input) -> (Tensor<3>, Lengths) {
        match self {
            Self::Whisper(network) => network.stem(input),
            Self::Wave(network) => network.stem(input),
        }
    }

    fn transformer(&self) -> &Transformer {
        match self {
            Self::Whisper(network) => &network.transformer,
            Self::Wave(network) => &network.transformer,
        }
    }
}
