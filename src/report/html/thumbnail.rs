//! A clip's waveform and spectrogram at the size of a thumbnail.

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{
    audio::{Audio, LEVELS, picture},
    report::plot::colour::shade,
};

/// Columns of both pictures; each is an equal part of the clip.
const COLUMNS: usize = 120;
/// Rows of the spectrogram.
const BANDS: usize = 40;
/// The highest frequency shown, in Hz: speech has little above.
const TOP: f64 = 8_000.0;

/// A clip's pictures.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Thumbnail {
    /// How high each column's samples reach, then how low: a digit of base 36 each, from −1 to 1 of the clip's peak.
    pub wave: String,
    /// A PNG of [`BANDS`] rows on the mel scale, in base 64.
    pub spectrogram: String,
    /// The highest frequency of the spectrogram, in Hz.
    pub top: f64,
}

impl Thumbnail {
    /// Of decoded audio; nothing where it has no samples.
    pub(super) fn of(audio: &Audio) -> Option<Self> {
        if audio.samples.is_empty() {
            return None;
        }
        let top = TOP.min(f64::from(audio.sample_rate) / 2.0);
        let spectrogram = png(&picture(audio, top, COLUMNS, BANDS), COLUMNS)?;
        Some(Self { wave: wave(&audio.samples), spectrogram, top })
    }
}

/// Levels of `[rows × columns]` cells (`columns` even) as a PNG in base 64, in the colours of the matrices' ramp.
fn png(levels: &[u8], columns: usize) -> Option<String> {
    let rows = levels.len() / columns.max(1);
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, u32::try_from(columns).ok()?, u32::try_from(rows).ok()?);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Four);
    encoder.set_compression(png::Compression::High);
    encoder.set_palette((0..LEVELS).map(shade).flat_map(|colour| [colour.0, colour.1, colour.2]).collect::<Vec<u8>>());
    let pixels: Vec<u8> = levels.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1] & 15).collect();
    // Writing to memory fails on wrong sizes alone.
    encoder.write_header().ok()?.write_image_data(&pixels).ok()?;
    Some(STANDARD.encode(bytes))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(n: usize, hz: f64) -> Vec<f32> {
        (0..n).map(|i| 0.3 * (std::f64::consts::TAU * hz * i as f64 / 16_000.0).sin() as f32).collect()
    }

    #[test]
    fn a_waveform_fills_its_height_at_any_level() {
        let wave = wave(&tone(16_000, 100.0));
        assert_eq!(wave.len(), 2 * COLUMNS);
        assert!(wave.starts_with("z0"), "{wave}");
    }

    #[test]
    fn any_audio_has_a_thumbnail() {
        for samples in [vec![0.0], vec![0.0; 5_000], tone(7, 50.0), tone(100_000, 50.0)] {
            let thumbnail = Thumbnail::of(&Audio { samples, sample_rate: 16_000 }).unwrap();
            assert!(STANDARD.decode(&thumbnail.spectrogram).unwrap().starts_with(b"\x89PNG"));
            assert!(thumbnail.spectrogram.len() < 4_000, "{}", thumbnail.spectrogram.len());
        }
        assert!(Thumbnail::of(&Audio { samples: vec![], sample_rate: 16_000 }).is_none());
    }
}
