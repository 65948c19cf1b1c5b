//! The kinds of feature: their names in a config, their columns, and what computes each.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    chroma::Chroma,
    config::{FeaturesConfig, Frames},
    extractor::Feature,
    pitch::Pitch,
    rms::Rms,
    shape::{Bandwidth, Centroid, Contrast, Flatness, Rolloff},
    zcr::Zcr,
};

/// A kind of feature, under its name in a config.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Mel-frequency cepstral coefficients of the mel spectrum in decibels: `n_mfcc` columns.
    Mfcc,
    /// First derivative of the MFCC over nine frames, per frame: `n_mfcc` columns.
    Delta,
    /// Second derivative of the MFCC over nine frames, per frame squared: `n_mfcc` columns.
    Delta2,
    /// Mel spectrum in decibels, or as power (`mel_unit`): `n_mels` columns.
    Mel,
    /// Energy per pitch class, the strongest at 1: `n_chroma` columns, from C upwards.
    Chroma,
    /// Spectral centroid, Hz.
    Centroid,
    /// Spectral bandwidth about the centroid (second order), Hz.
    Bandwidth,
    /// Frequency below which 85 % of the magnitude lies, Hz.
    Rolloff,
    /// Peak over valley in seven octave-wide bands, dB: 7 columns.
    Contrast,
    /// Geometric over arithmetic mean of the power spectrum, 0 (a tone) to 1 (white noise).
    Flatness,
    /// Changes of sign per sample.
    Zcr,
    /// Root mean square of the samples.
    Rms,
    /// Fundamental frequency by YIN, Hz.
    Pitch,
}

impl Kind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 13] = [
        Self::Mfcc,
        Self::Delta,
        Self::Delta2,
        Self::Mel,
        Self::Chroma,
        Self::Centroid,
        Self::Bandwidth,
        Self::Rolloff,
        Self::Contrast,
        Self::Flatness,
        Self::Zcr,
        Self::Rms,
        Self::Pitch,
    ];

    /// The name, as a config has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Mfcc => "mfcc",
            Self::Delta => "delta",
            Self::Delta2 => "delta2",
            Self::Mel => "mel",
            Self::Chroma => "chroma",
            Self::Centroid => "centroid",
            Self::Bandwidth => "bandwidth",
            Self::Rolloff => "rolloff",
            Self::Contrast => "contrast",
            Self::Flatness => "flatness",
            Self::Zcr => "zcr",
            Self::Rms => "rms",
            Self::Pitch => "pitch",
        }
    }

    /// How many columns the kind fills.
    pub(super) fn width(self, config: &FeaturesConfig) -> usize {
        match self {
            Self::Mfcc | Self::Delta | Self::Delta2 => config.n_mfcc,
            Self::Mel => config.n_mels,
            Self::Chroma => config.n_chroma,
            Self::Contrast => Contrast::BANDS,
            _ => 1,
        }
    }

    /// What a numbered column of the kind is called before its number; `None` where the one column bears the kind's name.
    pub(super) fn prefix(self) -> Option<&'static str> {
        match self {
            Self::Delta => Some("delta_mfcc"),
            Self::Delta2 => Some("delta2_mfcc"),
            Self::Mfcc | Self::Mel | Self::Chroma | Self::Contrast => Some(self.name()),
            _ => None,
        }
    }

    /// What computes the kind frame by frame; `None` for those that the extractor derives from the mel spectrum.
    pub(super) fn feature(self, config: &FeaturesConfig, frames: &Frames) -> Option<Box<dyn Feature>> {
        Some(match self {
            Self::Mfcc | Self::Delta | Self::Delta2 | Self::Mel => return None,
            Self::Chroma => Box::new(Chroma::new(config.n_chroma, frames)),
            Self::Centroid => Box::new(Centroid::new(frames)),
            Self::Bandwidth => Box::new(Bandwidth::new(frames)),
            Self::Rolloff => Box::new(Rolloff::new(frames)),
            Self::Contrast => Box::new(Contrast::new(frames)),
            Self::Flatness => Box::new(Flatness),
            Self::Zcr => Box::new(Zcr::new(frames)),
            Self::Rms => Box::new(Rms),
            Self::Pitch => Box::new(Pitch::new(config.pitch_fmin, config.pitch_fmax, frames)),
        })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
