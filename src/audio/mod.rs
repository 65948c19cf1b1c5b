//! A file → mono samples at the wanted rate: decode, resample, trim, normalise.

mod decode;
mod measure;
mod normalise;
mod resample;
pub(crate) mod spectrum;
mod trim;

use std::path::Path;

use serde::{Deserialize, Serialize};

pub use decode::{Audio, decode};
pub use measure::Measure;
pub use normalise::Normalise;
pub use resample::resample;
pub use trim::trim;

use crate::{
    config::out_of_range,
    corpus::Source,
    error::{Error, Result},
};

/// Version of this stage's numbers: part of the cache's key, raised whenever the same file gives other samples.
pub const VERSION: u32 = 1;

/// `[audio]`: a clip → samples. Travels with the model, so that training and prediction never differ.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AudioConfig {
    /// The rate that every clip is brought to, in Hz.
    pub sample_rate: u32,
    /// Whether leading and trailing silence is cut off.
    pub trim: bool,
    /// How far below the loudest frame silence is, in dB.
    pub trim_db: f32,
    /// What a clip's level is brought to.
    pub normalise: Normalise,
}

impl Default for AudioConfig {
    fn default() -> Self {
        Self { sample_rate: 22_050, trim: false, trim_db: 60.0, normalise: Normalise::None }
    }
}

impl AudioConfig {
    pub(crate) fn validate(&self) -> Result<()> {
        if !(4_000..=192_000).contains(&self.sample_rate) {
            return Err(out_of_range("audio.sample_rate", self.sample_rate, "Hz, from 4000 to 192000"));
        }
        if !(self.trim_db > 0.0 && self.trim_db <= 120.0) {
            return Err(out_of_range("audio.trim_db", self.trim_db, "dB below the loudest frame, above 0 up to 120"));
        }
        Ok(())
    }

    /// The whole stage: mono samples at [`AudioConfig::sample_rate`], trimmed and normalised as set.
    ///
    /// # Errors
    ///
    /// [`Error::File`] where the audio cannot be resampled or is empty.
    pub fn prepare(&self, audio: Audio, path: &Path) -> Result<Vec<f32>> {
        let mut samples = resample(audio, self.sample_rate).map_err(|problem| Error::file(path, problem))?;
        if self.trim {
            let range = trim(&samples, self.trim_db);
            samples = samples[range].to_vec();
        }
        self.normalise.apply(&mut samples);
        Ok(samples)
    }
}

/// The audio of a clip with the bytes that identify it.
///
/// # Errors
///
/// [`Error::Io`] where the file cannot be read, [`Error::File`] where it is not the audio it claims to be.
pub fn load(source: &Source) -> Result<Audio> {
    match source {
        Source::File(path) => {
            let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
            decode(&bytes, path)
        }
        Source::Synthetic(utterance) => {
            Ok(Audio { samples: utterance.samples(), sample_rate: crate::corpus::synthetic::SAMPLE_RATE })
        }
    }
}
