//! A file → mono samples at the wanted rate: decode, resample, denoise, trim, crop, normalise. Windows are cut later, out
//! of the matrix ([`Windows`]).

mod aiff;
mod balance;
mod behind;
mod caf;
mod container;
mod cut;
mod decode;
mod denoise;
mod facts;
mod fault;
mod flac;
mod frames;
mod known;
mod length;
mod loudness;
mod matroska;
mod measure;
mod mp4;
mod normalise;
mod ogg;
mod part;
mod pcm;
mod picture;
mod piecewise;
mod print;
mod quietly;
mod resample;
mod riff;
mod sketch;
mod sniff;
mod source;
pub(crate) mod spectrum;
mod spikes;
mod tags;
mod trim;
mod wave;
mod windows;
#[cfg(test)]
mod written;

use std::path::Path;

use serde::{Deserialize, Serialize};

pub use container::{Beginning, HEADER_BYTES, container};
pub(crate) use cut::Cutter;
pub use decode::{Audio, Decoder, LARGEST, RATES, SILENCE, decode};
pub use denoise::Denoise;
pub use facts::Facts;
pub use fault::{Fault, Flaw};
pub use known::{Known, Looked};
pub use length::Crop;
pub use loudness::loudness;
pub use measure::{Measure, snr_db};
pub use normalise::Normalise;
pub use pcm::{Channel, Pcm, SampleFormat};
pub use picture::{LEVELS, RANGE, picture};
pub use piecewise::Resampler;
pub(crate) use print::HOP as PRINT_HOP;
pub use print::Print;
pub use resample::resample;
#[cfg(test)]
pub(crate) use sketch::voice;
pub use sketch::{SAME_FILE, SAME_RECORDING, SAME_STRETCH, Sketch, Waveform};
pub use sniff::{Content, Format, HEAD_BYTES, sniff};
pub use source::{Segment, Source};
pub use trim::trim;
pub(crate) use trim::{FRAME as TRIM_FRAME, HOP as TRIM_HOP};
pub use windows::Windows;

use crate::{
    error::{Error, Result},
    setting::out_of_range,
};

/// Version of this stage's numbers: part of the cache's key, raised whenever the same file gives other samples.
pub const VERSION: u32 = 3;

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
    // What follows is left out of what is written where it is off, so that files from before there was such a key keep
    // their name in the cache, and runs their config's hash.
    /// Whether and how noise is reduced.
    #[serde(skip_serializing_if = "Denoise::is_none")]
    pub denoise: Denoise,
    /// What `normalise = "loudness"` brings a clip to, in LUFS.
    #[serde(skip_serializing_if = "is_broadcast_level")]
    pub loudness: f64,
    /// The most that is kept of a clip, in seconds, after trimming; all where absent. Shorter clips stay as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<f64>,
    /// Which part of a longer one is kept.
    #[serde(skip_serializing_if = "Crop::is_default")]
    pub crop: Crop,
    /// Length of the windows that a clip is cut into, in seconds; the whole clip is one where absent. A clip's prediction
    /// is the mean of its windows' probabilities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<f64>,
    /// The part of a window that the next one shares, at the least.
    #[serde(skip_serializing_if = "is_half")]
    pub overlap: f64,
}

/// EBU R 128's programme loudness, in LUFS.
const BROADCAST_LEVEL: f64 = -23.0;

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn is_broadcast_level(lufs: &f64) -> bool {
    *lufs == BROADCAST_LEVEL
}

/// The part of a window that the next one shares where nothing is said.
const HALF: f64 = 0.5;

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn is_half(overlap: &f64) -> bool {
    *overlap == HALF
}

impl Default for AudioConfig {
    fn default() -> Self {
        Self {
            sample_rate: 22_050,
            trim: false,
            trim_db: 60.0,
            normalise: Normalise::None,
            denoise: Denoise::None,
            loudness: BROADCAST_LEVEL,
            length: None,
            crop: Crop::Centre,
            window: None,
            overlap: HALF,
        }
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
        if !(-70.0..=0.0).contains(&self.loudness) {
            return Err(out_of_range("audio.loudness", self.loudness, "LUFS, from -70 to 0"));
        }
        if let Some(length) = self.length.filter(|length| !(0.01..=86_400.0).contains(length)) {
            return Err(out_of_range("audio.length", length, "seconds, from 0.01 to 86400"));
        }
        if let Some(window) = self.window.filter(|window| !(0.05..=86_400.0).contains(window)) {
            return Err(out_of_range("audio.window", window, "seconds, from 0.05 to 86400"));
        }
        if !(0.0..=0.95).contains(&self.overlap) {
            return Err(out_of_range("audio.overlap", self.overlap, "a part of audio.window, from 0 to 0.95"));
        }
        Ok(())
    }

    /// How a matrix with a frame every `step_seconds` is cut into windows.
    #[must_use]
    pub fn windows(&self, step_seconds: f64) -> Windows {
        self.window
            .map_or(Windows::WHOLE, |seconds| Windows::new((seconds / step_seconds).round() as usize, self.overlap))
    }

    /// The settings that decide the samples, with those that are idle at their defaults: two that are equal here give the
    /// same samples. A new key is part of the cache key by default.
    #[must_use]
    pub fn of_samples(&self) -> Self {
        let idle = Self::default();
        let mut used = Self { window: None, overlap: HALF, ..self.clone() };
        if !self.trim {
            used.trim_db = idle.trim_db;
        }
        if self.normalise != Normalise::Loudness {
            used.loudness = idle.loudness;
        }
        if self.length.is_none() {
            used.crop = idle.crop;
        }
        used
    }

    /// The whole stage: mono samples at [`AudioConfig::sample_rate`], denoised, trimmed, cropped and normalised as set.
    ///
    /// # Errors
    ///
    /// [`Error::File`] where the audio cannot be resampled or is empty.
    pub fn prepare(&self, audio: Audio, path: &Path) -> Result<Vec<f32>> {
        let mut samples = resample(audio, self.sample_rate).map_err(|problem| Error::file(path, problem))?;
        samples = self.denoise.apply(samples, self.sample_rate);
        if self.trim {
            let range = trim(&samples, self.trim_db);
            samples = samples[range].to_vec();
        }
        if let Some(seconds) = self.length {
            let most = (seconds * f64::from(self.sample_rate)).round() as usize;
            samples = samples[self.crop.range(samples.len(), most)].to_vec();
        }
        self.normalise.apply(&mut samples, self.sample_rate, self.loudness);
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
        Source::File(path) => Decoder::open(path)?.all(),
        Source::Segment(segment) => Cutter::open(&segment.path, segment.channel)
            .and_then(|mut cutter| cutter.cut(segment))
            .map_err(|fault| fault.at(&segment.path)),
        Source::Synthetic(utterance) => {
            Ok(Audio { samples: utterance.samples(), sample_rate: crate::synthetic::SAMPLE_RATE })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_off_leaves_the_settings_as_they_were_written() {
        let text = serde_json::to_string(&AudioConfig::default()).unwrap();
        assert_eq!(text, r#"{"sample_rate":22050,"trim":false,"trim_db":60.0,"normalise":"none"}"#);
    }

    #[test]
    fn every_step_has_its_turn() {
        let config = AudioConfig {
            sample_rate: 16_000,
            trim: true,
            normalise: Normalise::Peak,
            denoise: Denoise::Stationary,
            length: Some(0.25),
            ..AudioConfig::default()
        };
        let silence = vec![0.0; 8_000];
        let tone: Vec<f32> = (0..16_000).map(|i| 0.2 * (i as f32 * 0.2).sin()).collect();
        let audio = Audio { samples: [silence.clone(), tone, silence].concat(), sample_rate: 32_000 };
        let samples = config.prepare(audio, Path::new("x")).unwrap();
        assert_eq!(samples.len(), 4_000);
        approx::assert_relative_eq!(samples.iter().fold(0f32, |peak, x| peak.max(x.abs())), 1.0, max_relative = 1e-6);
    }

    #[test]
    fn settings_are_alike_where_their_samples_are_and_only_there() {
        // Silence, a quiet beginning 40 dB down, a loud end.
        let level = |i: usize| [0.0, 0.002, 0.2, 0.2][i / 6_000];
        let tone = |i: usize| level(i) * ((i as f32 * 0.2).sin() + 0.01 * (i as f32 * 1.7).sin());
        let audio = Audio { samples: (0..24_000).map(tone).collect(), sample_rate: 8_000 };
        let parse = |text: &str| toml::from_str::<AudioConfig>(text).unwrap();
        for (base, changed) in [
            ("", "sample_rate = 16000"),
            ("", "trim_db = 20.0"),
            ("trim = true", "trim_db = 20.0"),
            ("", "trim = true"),
            ("", "normalise = 'peak'"),
            ("", "loudness = -30.0"),
            ("normalise = 'loudness'", "loudness = -30.0"),
            ("", "denoise = 'stationary'"),
            ("", "length = 0.5"),
            ("", "crop = 'start'"),
            ("length = 0.5", "crop = 'start'"),
            ("", "window = 0.5"),
            ("window = 0.5", "overlap = 0.25"),
        ] {
            let (one, other) = (parse(base), parse(&format!("{base}\n{changed}")));
            let [a, b] = [&one, &other].map(|config| config.prepare(audio.clone(), Path::new("x")).unwrap());
            assert_eq!(one.of_samples() == other.of_samples(), a == b, "{base}; {changed}");
        }
    }
}
