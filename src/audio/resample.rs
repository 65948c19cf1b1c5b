//! Rate conversion, by `rubato`'s FFT resampler: both rates are fixed and a whole clip is at hand.

use std::cell::RefCell;

use rubato::{Fft, FixedSync, Resampler, audioadapter_buffers::direct::InterleavedSlice};

use super::Audio;

/// Input samples per block, at the least: long enough that a steep anti-aliasing filter fits.
const BLOCK: usize = 4096;

/// The audio at `rate` Hz: `ceil(n × rate / sample_rate)` samples. The same rate leaves it untouched.
///
/// # Errors
///
/// A sentence fragment naming the rates where they cannot be converted.
pub fn resample(audio: Audio, rate: u32) -> std::result::Result<Vec<f32>, String> {
    let Audio { samples, sample_rate } = audio;
    if sample_rate == rate || samples.is_empty() {
        return Ok(samples);
    }
    let wrong = |e: &dyn std::fmt::Display| format!("cannot be resampled from {sample_rate} Hz to {rate} Hz: {e}");
    let input = InterleavedSlice::new(&samples, 1, samples.len()).map_err(|e| wrong(&e))?;
    KEPT.with_borrow_mut(|kept| {
        let at = match kept.iter().position(|(rates, _)| *rates == (sample_rate, rate)) {
            Some(at) => at,
            None => {
                kept.truncate(MOST_KEPT - 1);
                kept.insert(0, ((sample_rate, rate), filter(sample_rate, rate).map_err(|e| wrong(&e))?));
                0
            }
        };
        // It begins by forgetting what it was given before.
        let output = kept[at].1.process_all(&input, samples.len(), None).map_err(|e| wrong(&e))?;
        Ok(output.take_data())
    })
}

/// Pairs of rates whose resampler a thread keeps: to plan the transforms and the filter takes longer than a clip's
/// conversion.
const MOST_KEPT: usize = 4;

/// A resampler and the two rates that it is for.
type Kept = ((u32, u32), Fft<f32>);

thread_local! {
    static KEPT: RefCell<Vec<Kept>> = const { RefCell::new(Vec::new()) };
}

/// The filter between two rates, which blocks of any signal go through.
pub(super) fn filter(from: u32, to: u32) -> std::result::Result<Fft<f32>, rubato::ResamplerConstructionError> {
    // The filter's delay is half a block: an even number of the shortest blocks makes that whole samples on both sides,
    // which the resampler then takes off exactly.
    let shortest = (from / gcd(from, to)) as usize;
    let block = shortest * (BLOCK / shortest).max(1).next_multiple_of(2);
    Fft::new(from as usize, to as usize, block, 1, FixedSync::Both)
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f32::consts::TAU;

    fn tone(hz: f32, sample_rate: u32, seconds: f32) -> Audio {
        let n = (seconds * sample_rate as f32) as usize;
        Audio { samples: (0..n).map(|i| (TAU * hz * i as f32 / sample_rate as f32).sin()).collect(), sample_rate }
    }

    fn rms(samples: &[f32]) -> f32 {
        (samples.iter().map(|s| s * s).sum::<f32>() / samples.len() as f32).sqrt()
    }

    #[test]
    fn a_tone_keeps_its_place_and_level() {
        for (from, to) in [(48_000, 22_050), (24_414, 22_050), (16_000, 22_050), (44_100, 16_000)] {
            let converted = resample(tone(1_000.0, from, 1.0), to).unwrap();
            let wanted = tone(1_000.0, to, 1.0).samples;
            assert!(converted.len().abs_diff(wanted.len()) <= 1, "{from} → {to}: {}", converted.len());
            // The filter rings at the ends; the middle must agree.
            let middle = to as usize / 10..to as usize * 9 / 10;
            let worst = middle.map(|i| (converted[i] - wanted[i]).abs()).fold(0.0, f32::max);
            assert!(worst < 1e-3, "{from} → {to}: {worst}");
        }
    }

    #[test]
    fn what_lies_above_half_the_new_rate_is_gone() {
        for (from, to) in [(48_000, 22_050), (24_414, 22_050), (44_100, 16_000)] {
            let above = tone(to as f32 / 2.0 * 1.08, from, 1.0);
            let converted = resample(above, to).unwrap();
            let left = rms(&converted[to as usize / 10..to as usize * 9 / 10]);
            assert!(left < 1e-3, "{from} → {to}: {left}");
        }
    }

    #[test]
    fn what_was_converted_before_leaves_no_trace() {
        let of = |hz| resample(tone(hz, 24_414, 0.3), 22_050).unwrap();
        let fresh = std::thread::spawn(move || of(300.0)).join().unwrap();
        for (from, to) in [(24_414, 22_050), (48_000, 22_050), (16_000, 22_050), (44_100, 16_000), (8_000, 22_050)] {
            resample(tone(2_000.0, from, 0.2), to).unwrap();
        }
        assert_eq!([of(300.0), of(300.0)], [fresh.clone(), fresh]);
    }

    #[test]
    fn the_same_rate_is_the_same_samples() {
        let audio = tone(440.0, 22_050, 0.1);
        assert_eq!(resample(audio.clone(), 22_050).unwrap(), audio.samples);
    }
}
