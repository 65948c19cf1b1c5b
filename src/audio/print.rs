//! A recording's fingerprint, by which what was cut out of it, or was sent through a telephone, a low-pass or a codec, is
//! found again wherever it stands.
//!
//! As Haitsma and Kalker (2002): for each short step a word whose bits are signs of differences of band energies over bands
//! and over time. Differences of logarithms are taken, so that a filter changes no bit. Two recordings that have a stretch in
//! common have words in common, at one distance; others have next to none. A word of 16 bits and the one [`APART`] steps on are
//! looked up together: their 32 bits are rare enough for an index.

use std::sync::{Arc, LazyLock};

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD as BASE64};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::{
    Waveform,
    sketch::{self, RATE},
};

/// Frames and their distance, in samples of a [`Waveform`]: 256 and 16 ms. A cut moves frames by half a step at the most, a
/// 32nd of a frame.
const FRAME: usize = 1_024;
pub(crate) const HOP: usize = 64;

/// What a telephone lets through, as far as a waveform has it, in Hz.
const LOWEST: f64 = 300.0;
const HIGHEST: f64 = 1_800.0;
const BANDS: usize = 17;

/// Energies are compared with those so many steps before.
const BEFORE: usize = 2;

/// What a frame is weighted with.
static WINDOW: LazyLock<Vec<f32>> = LazyLock::new(|| sketch::hann(FRAME));

/// Words so many steps apart are looked up together.
const APART: usize = 8;

/// A frame so far below the loudest one says nothing, as a part of its power.
const QUIET: f64 = 1e-5;

/// The word of a frame that says nothing.
const NOTHING: u16 = 0;

/// A recording's words, one for each step of 16 ms, from the first whole frame on. Kept as base64 of little-endian bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Print(Arc<[u16]>);

impl Print {
    /// The fingerprint of a waveform; none where it is shorter than half a second.
    #[must_use]
    pub fn of(waveform: &Waveform) -> Option<Self> {
        let samples = waveform.samples();
        let frames = (samples.len().checked_sub(FRAME)?) / HOP + 1;
        if frames <= BEFORE + APART {
            return None;
        }
        let plan = sketch::plan(FRAME);
        let window = &*WINDOW;
        let edge = |band: usize| {
            let hertz = LOWEST * (HIGHEST / LOWEST).powf(band as f64 / BANDS as f64);
            (hertz * FRAME as f64 / f64::from(RATE)).round() as usize
        };
        let edges: Vec<usize> = (0..=BANDS).map(edge).collect();
        let (mut input, mut output) = (plan.make_input_vec(), plan.make_output_vec());
        let mut scratch = plan.make_scratch_vec();
        let powers: Vec<[f64; BANDS]> = (0..frames)
            .map(|frame| {
                let heard = &samples[frame * HOP..frame * HOP + FRAME];
                input.iter_mut().zip(heard.iter().zip(window)).for_each(|(x, (sample, w))| *x = sample * w);
                // Lengths are the plan's own.
                let _ = plan.process_with_scratch(&mut input, &mut output, &mut scratch);
                std::array::from_fn(|band| {
                    output[edges[band]..edges[band + 1]].iter().map(|c| f64::from(c.norm_sqr())).sum()
                })
            })
            .collect();
        let totals: Vec<f64> = powers.iter().map(|bands| bands.iter().sum()).collect();
        let loudest = totals.iter().fold(0.0, |most: f64, &total| most.max(total));
        let words = (BEFORE..frames).map(|frame| {
            let (now, before) = (&powers[frame], &powers[frame - BEFORE]);
            if totals[frame] <= QUIET * loudest {
                return NOTHING;
            }
            // The sign of a difference of logarithms, without one.
            let rises = |band: usize| now[band] * before[band + 1] > now[band + 1] * before[band];
            (0..BANDS - 1).fold(0, |word, band| word | (u16::from(rises(band)) << band))
        });
        Some(Self(words.collect()))
    }

    /// What is looked up, each with its step.
    pub(crate) fn keys(&self) -> impl Iterator<Item = (u32, u32)> {
        let pairs = self.0.iter().zip(self.0.iter().skip(APART)).zip(0u32..);
        pairs
            .filter(|((a, b), _)| **a != NOTHING && **b != NOTHING)
            .map(|((a, b), step)| (u32::from(*a) << 16 | u32::from(*b), step))
    }
}

impl Serialize for Print {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = self.0.iter().flat_map(|word| word.to_le_bytes()).collect();
        to.serialize_str(&BASE64.encode(bytes))
    }
}

impl<'de> Deserialize<'de> for Print {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let bytes = BASE64.decode(String::deserialize(from)?).map_err(D::Error::custom)?;
        let (words, rest) = bytes.as_chunks::<2>();
        match rest {
            [] => Ok(Self(words.iter().map(|word| u16::from_le_bytes(*word)).collect())),
            _ => Err(D::Error::custom("half a word")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use rand::RngExt;

    use super::*;
    use crate::audio::{Audio, voice};

    fn print(samples: &[f32]) -> Print {
        Print::of(&Waveform::of(Audio { samples: samples.to_vec(), sample_rate: 16_000 }).unwrap()).unwrap()
    }

    /// A voice with breath between its harmonics.
    fn breathing(seed: u64) -> Vec<f32> {
        let mut stream = crate::rng::stream(seed, &[&"breath"]);
        voice(seed, 16_000).into_iter().map(|x| x + stream.random_range(-0.01..0.01)).collect()
    }

    /// How many keys two prints have in common at the distance where they have most, give or take a step.
    fn common(a: &Print, b: &Print) -> usize {
        let mut at: HashMap<i64, usize> = HashMap::new();
        for (key, step) in a.keys() {
            for (_, other) in b.keys().filter(|(other, _)| *other == key) {
                *at.entry(i64::from(step) - i64::from(other)).or_default() += 1;
            }
        }
        at.iter().map(|(distance, count)| count + at.get(&(distance + 1)).unwrap_or(&0)).max().unwrap_or(0)
    }

    #[test]
    fn an_excerpt_has_keys_of_its_recording_and_other_voices_have_not() {
        for seed in 0..6 {
            let whole = breathing(seed);
            let of_whole = print(&whole);
            // Cut where no frame begins.
            let (of_excerpt, of_other) = (print(&whole[5_123..22_000]), print(&breathing(seed + 100)));
            let (excerpt, other) = (common(&of_whole, &of_excerpt), common(&of_whole, &of_other));
            assert!(excerpt >= 10 && other < 3, "voice {seed}: {excerpt} and {other}");
        }
    }

    #[test]
    fn a_print_is_kept_as_text_and_none_is_made_of_half_a_word_or_of_a_short_sound() {
        let print = print(&voice(1, 16_000));
        let text = serde_json::to_string(&print).unwrap();
        assert_eq!(serde_json::from_str::<Print>(&text).unwrap(), print);
        assert!(serde_json::from_str::<Print>("\"AAAA\"").is_err());
        let short = Waveform::of(Audio { samples: voice(1, 16_000)[..6_000].to_vec(), sample_rate: 16_000 }).unwrap();
        assert!(Print::of(&short).is_none());
    }
}
