//! What stands before an encoder's network: the windows that a clip is seen through, and what the stem sees of each.

use std::ops::Range;

use super::{
    Architecture, EncoderConfig, HOP, LEAST, Manifest, TransformerConfig, WINDOW,
    log_mel::{LogMel, Seen},
    manifest::{Broken, validate},
    wav2vec2::{WaveConfig, standardise},
    whisper::halved,
};
use crate::error::{Error, Result};

/// The way from a clip's samples to its stem.
#[derive(Debug, Clone)]
pub(super) struct Front {
    manifest: Manifest,
    /// Whisper's spectrogram.
    log_mel: Option<LogMel>,
    /// Samples of the longest window, unless the encoder takes fewer.
    window: usize,
}

impl Front {
    /// That of a manifest.
    ///
    /// # Errors
    ///
    /// As [`validate`].
    pub fn new(manifest: Manifest) -> std::result::Result<Self, Broken> {
        validate(&manifest.architecture, &manifest.transformer)?;
        let log_mel = match &manifest.architecture {
            Architecture::Whisper(config) => Some(LogMel::new(config.mel_bands)),
            _ => None,
        };
        Ok(Self { manifest, log_mel, window: WINDOW })
    }

    /// The same that sees a clip as a config says: its level, the spectrogram's floor, the longest window.
    pub fn seen_as(&self, config: &EncoderConfig) -> Self {
        let log_mel =
            self.log_mel.clone().map(|log_mel| log_mel.levelled(config.level, config.snr, config.range as f32));
        Self { manifest: self.manifest.clone(), log_mel, window: config.window_samples() }
    }

    /// The numbers of Whisper's way from samples to its stem.
    pub fn seen(&self) -> Option<Seen> {
        let seen = self.log_mel.as_ref()?.seen();
        Some(Seen { longest: self.longest(), least_samples: self.least(), step: HOP, ..seen })
    }

    /// What the encoder is.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Refuses a state that the encoder does not have.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] where it has fewer layers than `highest`.
    pub fn has(&self, highest: usize) -> Result<()> {
        let TransformerConfig { layers, total_layers, .. } = self.manifest.transformer;
        if highest <= layers {
            return Ok(());
        }
        let cut = if layers < total_layers {
            format!(" of {total_layers}; import it again with --layers {highest} or more")
        } else {
            String::new()
        };
        Err(Error::Data(format!("layer {highest} of the encoder {}: it has {layers}{cut}", self.manifest.name)))
    }

    /// Frames that a clip of `samples` gives.
    pub fn frames(&self, samples: usize) -> usize {
        self.windows(samples).map(|window| self.window_frames(window.len())).sum()
    }

    fn window_frames(&self, samples: usize) -> usize {
        let samples = samples.max(self.least());
        match self.manifest.architecture.wave() {
            Some(wave) => wave.frames(samples),
            None => halved(LogMel::frames(samples)),
        }
    }

    /// Samples of the shortest clip that need not be padded.
    fn least(&self) -> usize {
        self.manifest.architecture.wave().map_or(LEAST, WaveConfig::least)
    }

    /// Samples of the longest window.
    pub fn longest(&self) -> usize {
        match &self.manifest.architecture {
            Architecture::Whisper(whisper) => self.window.min(whisper.positions * HOP),
            _ => self.window.max(self.least()),
        }
    }

    /// The windows that a clip is seen through: of equal length but for the last, which is at most so long.
    pub fn windows(&self, samples: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        let count = samples.div_ceil(self.longest()).max(1);
        let length = samples.div_ceil(count).next_multiple_of(HOP).min(self.longest()).max(1);
        // So rounded up, thousands of windows may be one too many.
        let count = samples.div_ceil(length).max(1);
        (0..count).map(move |index| (index * length).min(samples)..((index + 1) * length).min(samples))
    }

    /// Numbers in a row of [`Front::features`].
    pub fn channels(&self) -> usize {
        self.log_mel.as_ref().map_or(1, LogMel::bands)
    }

    /// What the stem sees of a window, row after row. One that is too short is padded with zeros.
    pub fn features(&self, window: &[f32]) -> Vec<f32> {
        if window.len() < self.least() {
            let mut padded = window.to_vec();
            padded.resize(self.least(), 0.0);
            return self.features(&padded);
        }
        match (&self.log_mel, self.manifest.architecture.wave()) {
            (Some(log_mel), _) => log_mel.extract(window).into_vec(),
            (None, Some(wave)) if wave.standardise => standardise(window),
            _ => window.to_vec(),
        }
    }
}
