//! What a clip looks like at the size of a thumbnail: its waveform and its spectrogram.

use base64::{Engine, engine::general_purpose::STANDARD};
use realfft::num_complex::Complex;

use crate::{
    audio::{Audio, spectrum::Spectrum},
    report::plot::colour::ramp,
};

/// Columns of both pictures; each is an equal part of the clip.
const COLUMNS: usize = 120;
/// Rows of the spectrogram.
const BANDS: usize = 40;
/// Colours of the spectrogram: as many as four bits say.
const LEVELS: u8 = 16;
/// What is further below the loudest place of the clip than this is white, in dB.
const RANGE: f64 = 70.0;
/// The highest frequency shown, in Hz: speech has little above.
const TOP: f64 = 8_000.0;

/// A clip's pictures.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sight {
    /// How high each column's samples reach, then how low: a digit of base 36 each, from −1 to 1 of the clip's peak.
    pub wave: String,
    /// A PNG of [`BANDS`] rows on the mel scale, in base 64.
    pub spectrogram: String,
    /// The highest frequency of the spectrogram, in Hz.
    pub top: f64,
}

impl Sight {
    /// Looks at decoded audio; nothing where it has no samples.
    pub(super) fn of(audio: &Audio) -> Option<Self> {
        if audio.samples.is_empty() {
            return None;
        }
        let top = TOP.min(f64::from(audio.sample_rate) / 2.0);
        let spectrogram = png(&levels(&audio.samples, audio.sample_rate, top))?;
        Some(Self { wave: wave(&audio.samples), spectrogram, top })
    }
}

fn wave(samples: &[f32]) -> String {
    let peak = samples.iter().map(|x| x.abs()).fold(f32::MIN_POSITIVE, f32::max);
    let digit = |x: f32| char::from_digit(((x / peak + 1.0) * 17.5).round() as u32, 36).unwrap_or('h');
    (0..COLUMNS)
        .flat_map(|column| {
            let at = |column: usize| column * samples.len() / COLUMNS;
            let part = &samples[at(column)..at(column + 1).max(at(column) + 1)];
            let ends = |(low, high): (f32, f32), &x: &f32| (low.min(x), high.max(x));
            let (low, high) = part.iter().fold((f32::INFINITY, f32::NEG_INFINITY), ends);
            [digit(high), digit(low)]
        })
        .collect()
}

/// Levels of each band and column, the highest band first, `[bands × columns]`.
fn levels(samples: &[f32], sample_rate: u32, top: f64) -> Vec<u8> {
    // About 25 ms: harmonics of low voices stand apart, and syllables too.
    let length = (sample_rate as usize / 40).next_power_of_two().max(64);
    let mut spectrum = Spectrum::new(length, samples.len().div_ceil(COLUMNS));
    let mut bins = vec![Complex::default(); spectrum.bins()];
    let mel = |hz: f64| (1.0 + hz / 700.0).ln();
    let hz = |mel: f64| 700.0 * (mel.exp() - 1.0);
    let edge = |band: usize| hz(mel(top) * band as f64 / BANDS as f64) * length as f64 / f64::from(sample_rate);
    let mut decibels = vec![f64::NEG_INFINITY; BANDS * COLUMNS];
    for column in 0..COLUMNS {
        spectrum.analyse(samples, column, &mut bins);
        for band in 0..BANDS {
            // Low bands are narrower than a bin: each has at least the one that it begins in.
            let from = (edge(band) as usize).min(bins.len() - 1);
            let to = (edge(band + 1) as usize).clamp(from + 1, bins.len());
            let power = bins[from..to].iter().map(|bin| f64::from(bin.norm_sqr())).sum::<f64>() / (to - from) as f64;
            decibels[(BANDS - 1 - band) * COLUMNS + column] = 10.0 * power.log10();
        }
    }
    let loudest = decibels.iter().copied().filter(|db| db.is_finite()).fold(f64::NEG_INFINITY, f64::max);
    let level = |db: f64| ((db - loudest) / RANGE + 1.0).clamp(0.0, 1.0) * f64::from(LEVELS - 1);
    // Of silence nothing is finite, and its level 0.
    decibels.into_iter().map(|db| level(db).round() as u8).collect()
}

fn png(levels: &[u8]) -> Option<String> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, COLUMNS as u32, BANDS as u32);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Four);
    encoder.set_compression(png::Compression::Best);
    let colours = (0..LEVELS).map(|level| ramp(f64::from(level) / f64::from(LEVELS - 1)));
    encoder.set_palette(colours.flat_map(|colour| [colour.0, colour.1, colour.2]).collect::<Vec<u8>>());
    let pixels: Vec<u8> = levels.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect();
    // Writing to memory fails on wrong sizes alone.
    encoder.write_header().ok()?.write_image_data(&pixels).ok()?;
    Some(STANDARD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(n: usize, hz: f64) -> Vec<f32> {
        (0..n).map(|i| 0.3 * (std::f64::consts::TAU * hz * i as f64 / 16_000.0).sin() as f32).collect()
    }

    #[test]
    fn a_tone_is_a_line_at_its_pitch_and_silence_is_white() {
        let levels = levels(&[tone(8_000, 1_000.0), vec![0.0; 8_000]].concat(), 16_000, TOP);
        let row = |hz: f64| BANDS - 1 - ((1.0 + hz / 700.0).ln() / (1.0 + TOP / 700.0).ln() * BANDS as f64) as usize;
        let at = |row: usize, column: usize| levels[row * COLUMNS + column];
        assert!(
            at(row(1_000.0), 30) >= 14 && at(row(4_000.0), 30) == 0,
            "{} {}",
            at(row(1_000.0), 30),
            at(row(4_000.0), 30)
        );
        assert!((0..BANDS).all(|row| at(row, 90) == 0));
    }

    #[test]
    fn a_wave_fills_its_height_whatever_its_level() {
        let wave = wave(&tone(16_000, 100.0));
        assert_eq!(wave.len(), 2 * COLUMNS);
        assert!(wave.starts_with("z0"), "{wave}");
    }

    #[test]
    fn any_audio_can_be_looked_at() {
        for samples in [vec![0.0], vec![0.0; 5_000], tone(7, 50.0), tone(100_000, 50.0)] {
            let sight = Sight::of(&Audio { samples, sample_rate: 16_000 }).unwrap();
            assert!(STANDARD.decode(&sight.spectrogram).unwrap().starts_with(b"\x89PNG"));
            assert!(sight.spectrogram.len() < 4_000, "{}", sight.spectrogram.len());
        }
        assert!(Sight::of(&Audio { samples: vec![], sample_rate: 16_000 }).is_none());
    }
}
