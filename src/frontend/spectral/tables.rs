//! The numbers behind mel spectrum, MFCC and their derivatives, for whoever computes them by other means.

use std::f64::consts::TAU;

use super::{FeaturesConfig, db::AMIN, delta, mel_bank, mfcc};
use crate::error::Result;

/// The tables of a config.
#[derive(Debug, Clone)]
pub(crate) struct Tables {
    /// Samples from one frame to the next.
    pub(crate) hop: usize,
    /// What a frame's samples are multiplied with.
    pub(crate) window: Vec<f64>,
    /// Frequencies of a frame.
    pub(crate) bins: usize,
    /// `[bins, n_mels]`, by which powers become bands.
    pub(crate) mel: Vec<f64>,
    /// The least power that is told apart from none.
    pub(crate) least: f64,
    /// `[n_mels, n_mfcc]`, by which decibels become coefficients.
    pub(crate) dct: Vec<f64>,
    /// `[halves, WIDTH]` for the first derivative and the second: the weights of a window that reaches `half` frames to each
    /// side, in its middle.
    pub(crate) deltas: [Vec<f32>; 2],
}

impl Tables {
    /// Frames of the widest window of a derivative.
    pub(crate) const WIDTH: usize = delta::WIDTH;

    /// Those of a config for clips at `sample_rate` (Hz).
    ///
    /// # Errors
    ///
    /// As [`FeaturesConfig::validate`].
    pub(crate) fn new(config: &FeaturesConfig, sample_rate: u32) -> Result<Self> {
        let frames = config.check(sample_rate)?;
        let (length, bins) = (frames.length, frames.bins());
        let middle = Self::WIDTH / 2;
        let derivative = |order: usize| -> Vec<f32> {
            let row = |half: usize| {
                let mut row = vec![0.0; Self::WIDTH];
                row.iter_mut()
                    .skip(middle - half)
                    .zip(delta::weights(half, order))
                    .for_each(|(at, weight)| *at = weight);
                row
            };
            (0..=middle).flat_map(row).collect()
        };
        let cepstrum =
            |band: usize| (0..config.n_mfcc).map(move |i| mfcc::weight(config.n_mels, config.lifter, i, band));
        Ok(Self {
            hop: frames.hop,
            window: (0..length).map(|i| 0.5 - 0.5 * (TAU * i as f64 / length as f64).cos()).collect(),
            bins,
            mel: mel_bank(config, &frames).dense(bins),
            least: f64::from(AMIN),
            dct: (0..config.n_mels).flat_map(cepstrum).collect(),
            deltas: [derivative(1), derivative(2)],
        })
    }
}
