//! Samples → a matrix `[frames, dims]`: short-time features with librosa 0.11's numbers.
//!
//! [`FeaturesConfig`] selects the features. [`Extractor`] holds what computes them: the plan of the Fourier transform, the
//! filter banks, the buffers. One power spectrum per frame feeds
//! every feature. Frames are centred, as in librosa: frame `t` is centred on sample `t · hop_length`, the clip is padded
//! with zeros by half a frame on either side, and a clip of `n` samples has `1 + n / hop_length` frames (`n - 1` where the
//! frame length is odd; none where there is no sample).
//!
//! ```
//! use ser::frontend::{Extractor, FeaturesConfig};
//!
//! # fn main() -> ser::error::Result<()> {
//! let config = FeaturesConfig::default(); // 13 MFCC with their first and second derivatives
//! let mut extractor = Extractor::new(&config, 22_050)?;
//! let matrix = extractor.extract(&vec![0.0; 22_050]);
//! assert_eq!((matrix.frames(), matrix.dims()), (44, 39));
//! assert_eq!(config.columns()[13], "delta_mfcc_0");
//! # Ok(())
//! # }
//! ```
//!
//! What is defined for odd input: a clip shorter than a frame is padded; fewer than nine frames shorten the window of the
//! derivatives ([`delta`]); a silent frame gives 0 (and, in decibels, the floor); one sample gives one frame; no sample
//! gives a matrix of no frames. Samples that are not finite are the caller's to reject: here they never panic, and
//! they spoil no more than the clip that they are in.
//!
//! A new feature is a file that implements `Feature` and a line in [`Kind`] and in its two tables.

mod chroma;
mod config;
mod db;
pub mod delta;
mod extractor;
mod filterbank;
mod frontend;
mod kind;
mod mel;
mod mfcc;
mod pitch;
mod projection;
mod rms;
mod shape;
mod stft;
mod tables;
mod zcr;

#[cfg(test)]
pub(crate) mod golden;

pub use self::{
    config::{FeaturesConfig, MelScale, MelUnit},
    extractor::Extractor,
    frontend::Spectral,
    kind::Kind,
};

pub(crate) use self::tables::Tables;
pub(super) use self::{config::Frames, filterbank::FilterBank, mel::mel_bank, stft::LANES};

/// Version of the numbers: part of the cache's key, to be raised whenever a change to this module alters a value by more
/// than rounding.
pub const VERSION: u32 = 1;
