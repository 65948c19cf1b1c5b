//! What an encoder is, besides its weights.

use serde::{Deserialize, Serialize};

use super::{
    layer::{RelativeConfig, TransformerConfig},
    wav2vec2::{ConvolutionConfig, WaveConfig},
    whisper::WhisperConfig,
};
use crate::arrays::Precision;

/// The version of the folder's layout.
pub(super) const SCHEMA: &str = "ser-encoder/1";

/// What an encoder is, besides its weights: kept with them, as JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// `ser-encoder/1`.
    pub schema: String,
    /// What it is called, as `whisper-tiny.en`.
    pub name: String,
    /// Where its weights were read from, in words.
    pub source: String,
    /// How its matrices are kept.
    pub precision: Precision,
    /// Names its content, whatever it is called and wherever it came from: BLAKE3 of its weights as the source had them, its
    /// configuration and its precision, 64 hexadecimal digits.
    pub digest: String,
    /// The licence notice that came with the weights.
    pub licence: String,
    /// What stands below the layers.
    pub architecture: Architecture,
    /// The layers.
    pub transformer: TransformerConfig,
}

/// The architectures, each with what stands below its layers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Architecture {
    /// Whisper's encoder.
    Whisper(WhisperConfig),
    /// wav2vec 2.0.
    Wav2vec2(WaveConfig),
    /// HuBERT: built as wav2vec 2.0.
    Hubert(WaveConfig),
    /// WavLM: as wav2vec 2.0, with a bias by distance in its attention.
    Wavlm(WaveConfig),
}

impl Architecture {
    /// Its name, for people.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Whisper(_) => "Whisper",
            Self::Wav2vec2(_) => "wav2vec 2.0",
            Self::Hubert(_) => "HuBERT",
            Self::Wavlm(_) => "WavLM",
        }
    }

    /// What stands below the layers of an encoder that takes samples.
    pub(super) fn wave(&self) -> Option<&WaveConfig> {
        match self {
            Self::Whisper(_) => None,
            Self::Wav2vec2(wave) | Self::Hubert(wave) | Self::Wavlm(wave) => Some(wave),
        }
    }
}

/// A rule that a configuration breaks, with the value.
pub(super) type Broken = String;

/// Checks what the modules rely on, so that no configuration makes them divide by zero or ask for absurd sizes.
pub(super) fn validate(architecture: &Architecture, transformer: &TransformerConfig) -> Result<(), Broken> {
    let TransformerConfig { dims, heads, feed_forward, layers, total_layers, epsilon, relative, .. } = transformer;
    within("dims", *dims, 1, 16_384)?;
    within("heads", *heads, 1, *dims)?;
    if !dims.is_multiple_of(*heads) {
        return Err(format!("{dims} channels cannot be shared among {heads} attention heads"));
    }
    within("feed_forward", *feed_forward, 1, 131_072)?;
    within("total_layers", *total_layers, 1, 256)?;
    within("layers", *layers, 1, *total_layers)?;
    if !(*epsilon > 0.0 && *epsilon < 1.0) {
        return Err(format!("epsilon = {epsilon}: must lie between 0 and 1"));
    }
    if let Some(RelativeConfig { buckets, max_distance }) = relative {
        within("buckets", *buckets, 4, 65_536)?;
        within("max_distance", *max_distance, buckets / 4 + 1, 1_000_000)?;
    }
    match architecture {
        Architecture::Whisper(WhisperConfig { mel_bands, positions }) => {
            within("mel_bands", *mel_bands, 1, 1024)?;
            within("positions", *positions, 2, 100_000)
        }
        Architecture::Wav2vec2(wave) | Architecture::Hubert(wave) | Architecture::Wavlm(wave) => {
            within("convolutions", wave.convolutions.len(), 1, 32)?;
            for &ConvolutionConfig { channels, kernel, stride } in &wave.convolutions {
                within("channels", channels, 1, 16_384)?;
                within("kernel", kernel, 1, 1024)?;
                within("stride", stride, 1, kernel)?;
            }
            // Windows, frame rates and the folder's users count on 50 frames a second.
            if wave.hop() != Some(super::HOP) {
                return Err(format!(
                    "its convolutions step {} samples at once, and only {} (20 ms) are supported",
                    wave.convolutions.iter().map(|c| c.stride.to_string()).collect::<Vec<_>>().join(" × "),
                    super::HOP
                ));
            }
            within("position_kernel", wave.position_kernel, 1, 4096)?;
            within("position_groups", wave.position_groups, 1, *dims)?;
            if !dims.is_multiple_of(wave.position_groups) {
                return Err(format!("{dims} channels cannot be shared among {} groups", wave.position_groups));
            }
            Ok(())
        }
    }
}

pub(super) fn within(key: &str, value: usize, least: usize, most: usize) -> Result<(), Broken> {
    if (least..=most).contains(&value) {
        Ok(())
    } else {
        Err(format!("{key} = {value}: must lie between {least} and {most}"))
    }
}
