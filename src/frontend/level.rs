//! What becomes of a clip's absolute level, and of its channel, in a mel spectrogram.

use serde::{Deserialize, Serialize};

use super::Matrix;
use crate::error::{Error, Result};

/// What a clip's level is brought to before the spectrogram's floor: `encoder.level`, `features.level`.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As recorded: a constant gain alters every state.
    #[default]
    Kept,
    /// The clip's mean power over its active frames becomes a constant: a constant gain alters nothing.
    Free,
    /// Each band's mean power over the active frames becomes a constant: neither a constant gain nor the response of a
    /// microphone or a room alters much, and neither does the speaker's mean spectrum.
    Spectrum,
}

impl Level {
    /// Its name in a config.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Free => "free",
            Self::Spectrum => "spectrum",
        }
    }

    /// Whether a constant gain changes nothing.
    pub const fn is_free(self) -> bool {
        !matches!(self, Self::Kept)
    }

    // serde's signature
    #[allow(clippy::trivially_copy_pass_by_ref)]
    pub(super) fn is_kept(&self) -> bool {
        *self == Self::Kept
    }

    /// Brings the decimal logarithms of a clip's mel powers, `[frames, bands]`, to the reference.
    pub(super) fn bring(self, matrix: &mut Matrix) {
        if self == Self::Kept || matrix.frames() == 0 {
            return;
        }
        let reference = reference(matrix.dims());
        let mean = active_mean(matrix);
        let total = |powers: &mut dyn Iterator<Item = f64>| powers.sum::<f64>().max(f64::MIN_POSITIVE).log10();
        let offsets: Vec<f32> = match self {
            Self::Spectrum => mean
                .iter()
                .zip(&reference)
                .map(|(power, reference)| (reference - power.max(f64::MIN_POSITIVE).log10()) as f32)
                .collect(),
            Self::Kept | Self::Free => {
                let level = total(&mut reference.iter().map(|x| 10f64.powf(*x))) - total(&mut mean.iter().copied());
                vec![level as f32; matrix.dims()]
            }
        };
        for frame in 0..matrix.frames() {
            matrix.row_mut(frame).iter_mut().zip(&offsets).for_each(|(value, offset)| *value += offset);
        }
    }
}

/// Checks the keys `level` and `snr` of a table.
pub(super) fn check(table: &str, level: Level, snr: Option<f64>) -> Result<()> {
    let Some(snr) = snr else { return Ok(()) };
    if !(0.0..=60.0).contains(&snr) {
        return Err(Error::Config(format!("{table}.snr = {snr}: decibels, 0 to 60")));
    }
    if level.is_kept() {
        return Err(Error::Config(format!(
            "{table}.snr = {snr} is relative to a clip's level, and {table}.level = \"kept\" brings it to none: set \
             {table}.level = \"free\", or leave {table}.snr out"
        )));
    }
    Ok(())
}

/// Lays a room's noise under a clip that [`Level::bring`] has brought to its level, `snr` decibels below the active frames'
/// mean power: whatever a recording holds further below cannot be told any more.
pub(super) fn mask(matrix: &mut Matrix, snr: f64) {
    let noise = noise(matrix.dims(), snr);
    for frame in 0..matrix.frames() {
        for (value, noise) in matrix.row_mut(frame).iter_mut().zip(&noise) {
            *value = (10f64.powf(f64::from(*value)) + noise).log10() as f32;
        }
    }
}

/// The power of that noise in each band.
pub(super) fn noise(bands: usize, snr: f64) -> Vec<f64> {
    let power = |spectrum: &[f64]| spectrum.iter().map(|x| 10f64.powf(*x)).sum::<f64>().log10();
    let below = power(&NOISE) - power(&REFERENCE) + snr / 10.0;
    spread(&NOISE, bands).iter().map(|x| 10f64.powf(x - below)).collect()
}

/// How far below the loudest frame a frame may be and still be active, in decades of power: 15 dB. Noise that lies 20 dB below
/// speech, as in many recordings, is not active, so that the mean does not depend on the share of pauses.
pub(super) const ACTIVE: f64 = 1.5;

/// Each band's mean power over the active frames.
fn active_mean(matrix: &Matrix) -> Vec<f64> {
    let powers = |frame: usize| matrix.row(frame).iter().map(|&x| 10f64.powf(f64::from(x)));
    let frames: Vec<f64> = (0..matrix.frames()).map(|frame| powers(frame).sum()).collect();
    let least = frames.iter().copied().fold(0.0, f64::max) * 10f64.powf(-ACTIVE);
    let active: Vec<usize> = (0..frames.len()).filter(|&frame| frames[frame] >= least).collect();
    let mut mean = vec![0.0; matrix.dims()];
    for &frame in &active {
        mean.iter_mut().zip(powers(frame)).for_each(|(mean, power)| *mean += power / active.len() as f64);
    }
    mean
}

/// The decimal logarithm of the reference's power in each of 80 bands: the mean over clips of CREMA-D's training speakers,
/// as recorded. Any constant would do; this one leaves the encoder in the range that it knows.
#[allow(clippy::approx_constant)] // measured
const REFERENCE: [f64; 80] = [
    -2.81, -2.58, -2.29, -2.02, -1.72, -1.57, -1.58, -1.67, -1.69, -1.67, -1.67, -1.72, -1.69, -1.58, -1.60, -1.71,
    -1.76, -1.88, -2.03, -2.14, -2.22, -2.35, -2.50, -2.61, -2.70, -2.77, -2.80, -2.80, -2.80, -2.85, -2.91, -2.97,
    -3.04, -3.05, -3.15, -3.22, -3.14, -3.23, -3.23, -3.36, -3.37, -3.51, -3.62, -3.67, -3.70, -3.75, -3.78, -3.81,
    -3.82, -3.84, -3.89, -3.95, -4.01, -4.01, -4.03, -4.07, -4.09, -4.14, -4.17, -4.22, -4.27, -4.40, -4.52, -4.57,
    -4.64, -4.69, -4.79, -4.88, -4.93, -4.92, -4.89, -4.89, -4.89, -4.85, -4.82, -4.79, -4.78, -4.99, -5.83, -7.34,
];

/// The decimal logarithm of a noise's power in each of 80 bands, of which the shape alone counts: the upper quartile of the
/// quiet frames (a twelfth of each clip's) of 300 sad clips of CREMA-D's training speakers, brought to the reference, smoothed
/// over five bands. In those the noise lies nearest to the voice.
const NOISE: [f64; 80] = [
    -2.59, -2.58, -2.56, -2.54, -2.54, -2.60, -2.70, -2.83, -3.01, -3.18, -3.34, -3.46, -3.57, -3.70, -3.82, -3.92,
    -4.04, -4.17, -4.26, -4.36, -4.45, -4.55, -4.62, -4.69, -4.75, -4.80, -4.82, -4.86, -4.88, -4.91, -4.96, -4.99,
    -5.02, -5.06, -5.08, -5.11, -5.13, -5.16, -5.17, -5.20, -5.21, -5.24, -5.25, -5.27, -5.30, -5.34, -5.36, -5.39,
    -5.42, -5.45, -5.48, -5.50, -5.52, -5.52, -5.51, -5.52, -5.52, -5.53, -5.55, -5.58, -5.58, -5.59, -5.59, -5.59,
    -5.60, -5.62, -5.63, -5.66, -5.68, -5.69, -5.70, -5.70, -5.69, -5.69, -5.68, -5.72, -5.91, -6.29, -6.66, -7.04,
];

/// The reference for any number of bands.
pub(super) fn reference(bands: usize) -> Vec<f64> {
    spread(&REFERENCE, bands)
}

/// A spectrum for any number of bands, which span the same frequencies: between two of its points a straight line.
fn spread(spectrum: &[f64; 80], bands: usize) -> Vec<f64> {
    let last = spectrum.len() - 1;
    let at = |band: usize| {
        let place = band as f64 * last as f64 / bands.saturating_sub(1).max(1) as f64;
        let below = (place as usize).min(last);
        let share = place - below as f64;
        spectrum[below] * (1.0 - share) + spectrum[(below + 1).min(last)] * share
    };
    (0..bands).map(at).collect()
}

/// Both on the mel powers of a clip, `[frames, bands]` row after row: brought to the reference, and with the noise under them.
pub(super) fn of_powers(powers: &mut [f32], bands: usize, level: Level, snr: Option<f64>) {
    if !level.is_free() {
        return;
    }
    let mut matrix = Matrix::zeros(powers.len() / bands.max(1), bands);
    matrix.as_mut_slice().iter_mut().zip(&*powers).for_each(|(log, x)| *log = x.max(f32::MIN_POSITIVE).log10());
    level.bring(&mut matrix);
    if let Some(snr) = snr {
        mask(&mut matrix, snr);
    }
    powers.iter_mut().zip(matrix.as_slice()).for_each(|(power, log)| *power = 10f32.powf(*log));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two loud frames of other spectra, one that is 40 dB below and hence not active.
    fn clip(gain: f32) -> Matrix {
        let value = |frame: usize, band: usize| {
            let quiet = if frame == 2 { 4.0 } else { 0.0 };
            gain - quiet - 0.01 * band as f32 + if frame == 1 { 0.3 } else { 0.0 }
        };
        Matrix::new(3, 80, (0..3).flat_map(|f| (0..80).map(move |b| value(f, b))).collect()).unwrap()
    }

    fn brought(level: Level, gain: f32) -> Matrix {
        let mut matrix = clip(gain);
        level.bring(&mut matrix);
        matrix
    }

    #[test]
    fn a_gain_alters_nothing_and_the_active_frames_reach_the_reference() {
        for level in [Level::Free, Level::Spectrum] {
            let (one, other) = (brought(level, 0.0), brought(level, -3.6));
            let pairs = one.as_slice().iter().zip(other.as_slice());
            assert!(pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-5), "{level:?}");
            let mean = active_mean(&one);
            let (sum, expected): (f64, f64) = (mean.iter().sum(), REFERENCE.iter().map(|x| 10f64.powf(*x)).sum());
            approx::assert_relative_eq!(sum, expected, max_relative = 1e-4);
            let each = mean.iter().zip(&REFERENCE).all(|(power, x)| (power.log10() - x).abs() < 1e-4);
            assert_eq!(each, level == Level::Spectrum);
        }
        assert_eq!(brought(Level::Kept, 0.0), clip(0.0));
    }

    #[test]
    fn what_lies_far_below_speech_is_masked_and_speech_is_not() {
        let masked = |quieter: f32| {
            let mut matrix = brought(Level::Free, 0.0);
            matrix.row_mut(2).iter_mut().for_each(|value| *value -= quieter);
            mask(&mut matrix, 10.0);
            matrix
        };
        // 40 dB below speech or 70: little of the difference of 30 dB is left.
        let (noisy, clean) = (masked(0.0), masked(3.0));
        let apart = noisy.row(2).iter().zip(clean.row(2)).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(apart < 0.3, "{apart}");
        assert_eq!(noisy.row(0), clean.row(0));
        // The two loud frames rise by a tenth of their mean power.
        let power = |matrix: &Matrix| -> f64 {
            (0..2).flat_map(|frame| matrix.row(frame)).map(|&x| 10f64.powf(f64::from(x))).sum()
        };
        let ratio = power(&noisy) / power(&brought(Level::Free, 0.0));
        approx::assert_relative_eq!(ratio, 1.1, max_relative = 1e-3);
    }

    #[test]
    fn the_reference_has_any_number_of_bands() {
        assert_eq!(reference(80), REFERENCE);
        let more = reference(128);
        assert_eq!((more.len(), more[0], more[127]), (128, REFERENCE[0], REFERENCE[79]));
        assert_eq!(reference(1), [REFERENCE[0]]);
    }
}
