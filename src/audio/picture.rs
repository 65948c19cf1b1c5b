//! A clip as a small picture: its power by time and pitch, for people to look at and not for a recogniser.

use realfft::num_complex::Complex;

use super::{Audio, spectrum::Spectrum};

/// The levels of a picture: from 0 to one less, as many as four bits say.
pub const LEVELS: u8 = 16;

/// What is further below the loudest place of the clip than this has level 0, in dB.
pub const RANGE: f64 = 70.0;

/// The levels of each band and column, the highest band first, `[bands × columns]`. Columns are equal parts of the clip;
/// bands are equal steps of the mel scale (O'Shaughnessy's) from 0 to `top` Hz.
#[must_use]
pub fn picture(audio: &Audio, top: f64, columns: usize, bands: usize) -> Vec<u8> {
    let (samples, rate) = (&audio.samples, audio.sample_rate);
    // About 25 ms: harmonics of low voices stand apart, and syllables too.
    let length = (rate as usize / 40).next_power_of_two().max(64);
    let mut spectrum = Spectrum::new(length, samples.len().div_ceil(columns).max(1));
    let mut bins = vec![Complex::default(); spectrum.bins()];
    let mel = |hz: f64| (1.0 + hz / 700.0).ln();
    let hz = |mel: f64| 700.0 * (mel.exp() - 1.0);
    let edge = |band: usize| hz(mel(top) * band as f64 / bands as f64) * length as f64 / f64::from(rate);
    let edges: Vec<usize> = (0..=bands).map(|band| edge(band) as usize).collect();
    let mut decibels = vec![f64::NEG_INFINITY; bands * columns];
    for column in 0..columns {
        spectrum.analyse(samples, column, &mut bins);
        for band in 0..bands {
            // Low bands are narrower than a bin: each has at least the one that it begins in.
            let from = edges[band].min(bins.len() - 1);
            let to = edges[band + 1].clamp(from + 1, bins.len());
            let power = bins[from..to].iter().map(|bin| f64::from(bin.norm_sqr())).sum::<f64>() / (to - from) as f64;
            decibels[(bands - 1 - band) * columns + column] = 10.0 * power.log10();
        }
    }
    let loudest = decibels.iter().copied().filter(|db| db.is_finite()).fold(f64::NEG_INFINITY, f64::max);
    let level = |db: f64| ((db - loudest) / RANGE + 1.0).clamp(0.0, 1.0) * f64::from(LEVELS - 1);
    // Of silence nothing is finite, and its level 0.
    decibels.into_iter().map(|db| level(db).round() as u8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_a_line_at_its_pitch_and_silence_has_no_level() {
        const TOP: f64 = 8_000.0;
        let tone = (0..8_000).map(|i| 0.3 * (std::f64::consts::TAU * 1_000.0 * f64::from(i) / 16_000.0).sin() as f32);
        let samples: Vec<f32> = tone.chain(std::iter::repeat_n(0.0, 8_000)).collect();
        let (columns, bands) = (100, 40);
        let levels = picture(&Audio { samples, sample_rate: 16_000 }, TOP, columns, bands);
        let mel = |hz: f64| (1.0 + hz / 700.0).ln();
        let row = |hz: f64| bands - 1 - (mel(hz) / mel(TOP) * bands as f64) as usize;
        let at = |row: usize, column: usize| levels[row * columns + column];
        assert!(at(row(1_000.0), 25) >= 14 && at(row(4_000.0), 25) == 0, "{levels:?}");
        assert!((0..bands).all(|row| at(row, 75) == 0));
    }
}
