//! Whether two recordings are one: a rough picture of a clip in a few bytes, which finds those that may be, and the
//! correlation of two waveforms, which decides.
//!
//! The picture is in the manner of Haitsma and Kalker (2002): signs of differences of band energies over bands and over
//! time. Its times are counted from the centre of the clip's energy and in units of its spread, so that neither a codec's
//! delay nor cut silence moves them. What a gain, a lossless or lossy codec, a resampler, dither or another number of
//! channels does to a clip changes a few of its bits; of two other recordings half of the bits differ.

use std::{
    cell::RefCell,
    f64::consts::PI,
    rc::Rc,
    sync::{Arc, LazyLock},
};

use realfft::{RealFftPlanner, RealToComplex, num_complex::Complex};
use serde::{Deserialize, Serialize};

use super::Audio;

/// Both are taken of the waveform at this rate, in Hz: what any copy of speech has.
pub(super) const RATE: u32 = 4_000;

/// No more of a recording is looked at, in seconds.
pub(super) const LONGEST: f64 = 600.0;

/// Frames and their distance, in samples.
const FRAME: usize = 512;
const HOP: usize = 64;

/// Sound below and above is not looked at, in Hz: hum and offsets, and the edge of the resampler.
const LOWEST: f64 = 150.0;
const HIGHEST: f64 = 1_800.0;

const BANDS: usize = 17;
const SLOTS: usize = WORDS + 1;
const WORDS: usize = 12;

/// From one slot to the next, in units of the energy's spread over time.
const SLOT: f64 = 0.4;

/// What is this far below the loudest band of a slot is nothing, as a part of its power.
const FLOOR: f64 = 1e-6;

/// Two sketches with more different bits than this, of 192, are of different recordings. Of different ones 96 ± 7 differ,
/// or fewer where both are one sentence of one speaker.
const MOST_DIFFERENT: u32 = 52;

/// Two waveforms are of one recording where their correlation is at least this. Of the pairs in CREMA-D that resemble each
/// other, those that are one take cut twice have 0.98 and more, all others less than 0.4.
pub const SAME_RECORDING: f64 = 0.9;

/// Two waveforms are copies of one file where their correlation is at least this: what a gain, dither, a resampler, or a
/// lossy codec at its usual rates leaves.
pub const SAME_FILE: f64 = 0.995;

/// Two clips have a stretch in common where the correlation of their flattened waveforms over it is at least this.
pub const SAME_STRETCH: f64 = 0.6;

/// A stretch in common lasts at least this long, in seconds, and this part of the shorter clip: a beep that begins every
/// recording of a corpus makes no copies of them.
const LEAST_STRETCH: f64 = 0.5;
const LEAST_PART: f64 = 0.25;

/// Flattening makes equal what lies within this range of frequencies, in Hz: a telephone's or a codec's response goes, the
/// harmonics of a voice stay.
const FLAT: f64 = 150.0;

/// What is flattened, in Hz: what telephones let through, less its edges.
const FLAT_LOWEST: f64 = 350.0;
const FLAT_HIGHEST: f64 = 1_750.0;

/// A clip's picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Sketch([u16; WORDS]);

impl Sketch {
    /// How many of its parts can stand first when sketches are sorted.
    pub(crate) const ORDERS: usize = WORDS;

    /// The sketch with its part `first` in front.
    pub(crate) fn rotated(mut self, first: usize) -> Self {
        self.0.rotate_left(first);
        self
    }

    /// Whether the clips may be one recording.
    pub(crate) fn resembles(&self, other: &Self) -> bool {
        self.0.iter().zip(other.0).map(|(a, b)| (a ^ b).count_ones()).sum::<u32>() <= MOST_DIFFERENT
    }

    /// The sketch of a waveform; none where it is too short or has nothing in the bands of speech.
    #[must_use]
    pub fn of(waveform: &Waveform) -> Option<Self> {
        let power = waveform.band_powers();
        let total: Vec<f64> = power.iter().map(|bands| bands.iter().sum()).collect();
        let sum: f64 = total.iter().sum();
        if power.len() < 4 || sum <= f64::MIN_POSITIVE {
            return None;
        }
        let mean = |of: &dyn Fn(f64) -> f64| total.iter().enumerate().map(|(t, p)| of(t as f64) * p).sum::<f64>() / sum;
        let centre = mean(&|t| t);
        let spread = mean(&|t| (t - centre) * (t - centre)).sqrt().max(1.0);
        let slots: Vec<[f64; BANDS]> = (0..SLOTS)
            .map(|slot| {
                let at = centre + (slot as f64 - (SLOTS / 2) as f64) * SLOT * spread;
                let width = (0.6 * SLOT * spread).max(1.0);
                let mut energy = [0.0; BANDS];
                for (t, bands) in power.iter().enumerate() {
                    let distance = (t as f64 - at) / width;
                    if distance.abs() < 4.0 {
                        let weight = (-0.5 * distance * distance).exp();
                        energy.iter_mut().zip(bands).for_each(|(sum, power)| *sum += weight * power);
                    }
                }
                energy
            })
            .collect();
        let loudest = slots.iter().flatten().fold(0.0, |most: f64, &energy| most.max(energy));
        let level = |slot: usize, band: usize| (slots[slot][band] + FLOOR * loudest).ln();
        let step = |slot, band| level(slot, band) - level(slot, band + 1);
        let mut words = [0; WORDS];
        for (slot, word) in words.iter_mut().enumerate() {
            for band in 0..BANDS - 1 {
                *word |= u16::from(step(slot, band) > step(slot + 1, band)) << band;
            }
        }
        Some(Self(words))
    }
}

/// A clip's waveform as copies are compared by.
#[derive(Debug, Clone)]
pub struct Waveform(Vec<f32>);

impl Waveform {
    /// Brings audio to the rate of comparison; none of silence.
    #[must_use]
    pub fn of(mut audio: Audio) -> Option<Self> {
        audio.samples.truncate((LONGEST * f64::from(audio.sample_rate)) as usize);
        let samples = decimate(&audio.samples, audio.sample_rate);
        let peak = samples.iter().fold(0f32, |peak, x| peak.max(x.abs()));
        // Powers of what is read are finite, whatever its scale.
        (peak > 0.0).then(|| Self(samples.into_iter().map(|x| x / peak).collect()))
    }

    fn band_powers(&self) -> Vec<[f64; BANDS]> {
        let plan = plan(FRAME);
        let window = &*WINDOW;
        let edge = |band: usize| {
            let hertz = LOWEST * (HIGHEST / LOWEST).powf(band as f64 / BANDS as f64);
            (hertz * FRAME as f64 / f64::from(RATE)).round() as usize
        };
        let edges: Vec<usize> = (0..=BANDS).map(edge).collect();
        let (mut input, mut output) = (plan.make_input_vec(), plan.make_output_vec());
        let mut scratch = plan.make_scratch_vec();
        // Half a frame of nothing before and behind, so that short clips have frames and each sample has the same weight.
        let half = FRAME as i64 / 2;
        (0..self.0.len().div_ceil(HOP))
            .map(|t| {
                let start = (t * HOP) as i64 - half;
                for (i, (x, w)) in input.iter_mut().zip(window).enumerate() {
                    let at = usize::try_from(start + i as i64).ok();
                    *x = at.and_then(|at| self.0.get(at)).copied().unwrap_or(0.0) * w;
                }
                // Lengths are the plan's own.
                let _ = plan.process_with_scratch(&mut input, &mut output, &mut scratch);
                let mut bands = [0.0; BANDS];
                for (band, power) in bands.iter_mut().enumerate() {
                    let bins = edges[band]..edges[band + 1].max(edges[band] + 1);
                    *power = output[bins].iter().map(|c| f64::from(c.norm_sqr())).sum();
                }
                bands
            })
            .collect()
    }

    pub(super) fn samples(&self) -> &[f32] {
        &self.0
    }

    /// The correlation of two waveforms over the stretch that they have in common where this one's is `later` samples behind
    /// the other's, give or take a few milliseconds; 0 where that stretch is too short to tell. Both are flattened first, so
    /// that what a telephone or a low-pass took away does not count.
    #[must_use]
    pub fn correlation_over(&self, other: &Self, later: i64) -> f64 {
        /// How many samples the stretch may lie beside where it is thought to be.
        const BESIDE: usize = 2 * super::print::HOP;
        let start = |late: i64| usize::try_from(late.max(0)).unwrap_or(usize::MAX);
        let (from, other_from) = (start(later), start(-later));
        let left = |all: usize, from: usize| all.saturating_sub(from);
        let length = left(self.0.len(), from).min(left(other.0.len(), other_from));
        let shorter = self.0.len().min(other.0.len());
        if (length as f64) < (LEAST_STRETCH * f64::from(RATE)).max(LEAST_PART * shorter as f64) {
            return 0.0;
        }
        let size = (length + BESIDE).next_power_of_two();
        let mut planner = RealFftPlanner::<f32>::new();
        let plan = planner.plan_fft_forward(size);
        let bin = |hertz: f64| (hertz * size as f64 / f64::from(RATE)).round() as usize;
        let bins = bin(FLAT_LOWEST)..bin(FLAT_HIGHEST);
        let flat = |samples: &[f32]| flattened(&spectrum(samples, &plan), bins.clone(), bin(FLAT / 2.0));
        let (a, b) = (flat(&self.0[from..from + length]), flat(&other.0[other_from..other_from + length]));
        let energy = |of: &[Complex<f32>]| of.iter().map(|c| f64::from(c.norm_sqr())).sum::<f64>();
        let both = (energy(&a) * energy(&b)).sqrt();
        if both <= f64::MIN_POSITIVE {
            return 0.0;
        }
        let inverse = planner.plan_fft_inverse(size);
        let mut cross = inverse.make_input_vec();
        for (cross, (a, b)) in cross[bins].iter_mut().zip(a.iter().zip(&b)) {
            *cross = a * b.conj();
        }
        let mut delays = inverse.make_output_vec();
        let _ = inverse.process(&mut cross, &mut delays);
        let near = delays[..=BESIDE].iter().chain(&delays[size - BESIDE..]);
        0.5 * f64::from(near.fold(0f32, |peak, x| peak.max(x.abs()))) / both
    }

    /// The greatest correlation of two waveforms over all delays between them, from 0 to 1: how much of the power they have in
    /// common, whatever their levels.
    #[must_use]
    pub fn correlation(&self, other: &Self) -> f64 {
        /// Delays are tried this much finer than samples.
        const FINER: usize = 4;
        let length = (self.0.len() + other.0.len()).next_power_of_two();
        let (plan, inverse) = PLANNER
            .with_borrow_mut(|planner| (planner.plan_fft_forward(length), planner.plan_fft_inverse(FINER * length)));
        let (a, b) = (spectrum(&self.0, &plan), spectrum(&other.0, &plan));
        let bin = |hertz: f64| (hertz * length as f64 / f64::from(RATE)).round() as usize;
        let bins = bin(LOWEST)..bin(HIGHEST);
        let energy = |of: &[Complex<f32>]| of[bins.clone()].iter().map(|c| f64::from(c.norm_sqr())).sum::<f64>();
        let both = (energy(&a) * energy(&b)).sqrt();
        if both <= f64::MIN_POSITIVE {
            return 0.0;
        }
        let mut cross = inverse.make_input_vec();
        for i in bins {
            cross[i] = a[i] * b[i].conj();
        }
        let mut delays = inverse.make_output_vec();
        let _ = inverse.process(&mut cross, &mut delays);
        // Of the two halves of the spectrum the inverse has both.
        let peak = delays.iter().fold(0f32, |peak, x| peak.max(x.abs()));
        0.5 * f64::from(peak) / both
    }
}

/// The filter from one rate to [`RATE`]: windowed sincs, a row for each of the places between two samples that one can be
/// asked for at. The resampler of the front end is better, and for rates without a common divisor much slower.
struct Filter {
    from: u32,
    /// Values of a row.
    taps: usize,
    rows: Vec<f32>,
}

impl Filter {
    /// Places between two samples.
    const PLACES: usize = 256;
    /// Zeros of the sinc on each side.
    const ZEROS: f64 = 8.0;

    fn new(from: u32) -> Self {
        let cutoff = HIGHEST.min(0.45 * f64::from(from)) * 1.05 / f64::from(from);
        let half = (Self::ZEROS / (2.0 * cutoff)).ceil();
        let taps = (2.0 * half) as usize;
        let value = |distance: f64| {
            let x = 2.0 * PI * cutoff * distance;
            let sinc = if x.abs() < 1e-9 { 1.0 } else { x.sin() / x };
            let window = if distance.abs() < half { 0.5 + 0.5 * (PI * distance / half).cos() } else { 0.0 };
            (2.0 * cutoff * sinc * window) as f32
        };
        let row = |place| {
            let between = place as f64 / Self::PLACES as f64;
            (0..taps).map(move |tap| value(tap as f64 + 1.0 - half - between))
        };
        Self { from, taps, rows: (0..Self::PLACES).flat_map(row).collect() }
    }
}

thread_local! {
    /// The transforms so far: there are few lengths, and to plan one takes longer than to do it.
    static PLANNER: RefCell<RealFftPlanner<f32>> = RefCell::new(RealFftPlanner::new());
    /// The filter that was used last: a corpus has one rate, or a few.
    static FILTER: RefCell<Option<Rc<Filter>>> = const { RefCell::new(None) };
}

/// What a frame is weighted with.
static WINDOW: LazyLock<Vec<f32>> = LazyLock::new(|| hann(FRAME));

/// The periodic Hann window.
pub(super) fn hann(length: usize) -> Vec<f32> {
    (0..length).map(|i| 0.5 - 0.5 * (std::f32::consts::TAU * i as f32 / length as f32).cos()).collect()
}

/// The transform of so many samples.
pub(super) fn plan(length: usize) -> Arc<dyn RealToComplex<f32>> {
    PLANNER.with_borrow_mut(|planner| planner.plan_fft_forward(length))
}

/// A signal at [`RATE`].
fn decimate(samples: &[f32], from: u32) -> Vec<f32> {
    let filter = FILTER.with_borrow_mut(|kept| match kept {
        Some(filter) if filter.from == from => filter.clone(),
        _ => kept.insert(Rc::new(Filter::new(from))).clone(),
    });
    let taps = filter.taps;
    let half = taps / 2;
    let padded = [&vec![0.0; half], samples, &vec![0.0; taps]].concat();
    let count = samples.len() as u64 * u64::from(RATE) / u64::from(from);
    (0..count)
        .map(|n| {
            let at = n as f64 * f64::from(from) / f64::from(RATE);
            let places = (at * Filter::PLACES as f64).round() as usize;
            let (whole, place) = (places / Filter::PLACES, places % Filter::PLACES);
            // Tap 0 is `half - 1` samples before the place.
            dot(&filter.rows[place * taps..(place + 1) * taps], &padded[whole + 1..whole + 1 + taps])
        })
        .collect()
}

/// A scalar product with as many sums as vectors are wide, which is the same everywhere.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a, last) = a.as_chunks::<8>();
    let (b, also) = b.as_chunks::<8>();
    let mut sums = [0f32; 8];
    for (a, b) in a.iter().zip(b) {
        sums.iter_mut().zip(a.iter().zip(b)).for_each(|(sum, (a, b))| *sum += a * b);
    }
    sums.iter().sum::<f32>() + last.iter().zip(also).map(|(a, b)| a * b).sum::<f32>()
}

fn spectrum(samples: &[f32], plan: &Arc<dyn RealToComplex<f32>>) -> Vec<Complex<f32>> {
    let mut input = plan.make_input_vec();
    input[..samples.len()].copy_from_slice(samples);
    let mut output = plan.make_output_vec();
    let _ = plan.process(&mut input, &mut output);
    output
}

/// These bins of a spectrum, each divided by the root of the mean power of those up to `beside` away.
fn flattened(spectrum: &[Complex<f32>], bins: std::ops::Range<usize>, beside: usize) -> Vec<Complex<f32>> {
    let mut sums = vec![0.0];
    sums.extend(spectrum.iter().scan(0.0, |sum, c| {
        *sum += f64::from(c.norm_sqr());
        Some(*sum)
    }));
    let flat = |bin: usize| {
        let (first, end) = (bin.saturating_sub(beside), (bin + beside + 1).min(spectrum.len()));
        let mean = (sums[end] - sums[first]) / (end - first) as f64;
        if mean > f64::MIN_POSITIVE { spectrum[bin] / mean.sqrt() as f32 } else { Complex::default() }
    };
    bins.map(flat).collect()
}

#[cfg(test)]
pub(crate) use tests::voice;

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;
    use crate::{audio::resample, rng};

    /// Two seconds of a made-up voice: harmonics of a moving pitch under syllables, with noise.
    pub(crate) fn voice(seed: u64, rate: u32) -> Vec<f32> {
        let mut stream = rng::stream(seed, &[&"voice"]);
        let [pitch, glide, beat, formant]: [f64; 4] = [
            stream.random_range(110.0..260.0),
            stream.random_range(-0.2..0.2),
            stream.random_range(2.0..5.0),
            stream.random_range(400.0..1_200.0),
        ];
        let mut phase = 0.0;
        (0..2 * rate)
            .map(|i| {
                let t = f64::from(i) / f64::from(rate);
                let f = pitch * (1.0 + glide * (2.0 * t + pitch).sin());
                phase += std::f64::consts::TAU * f / f64::from(rate);
                let syllable = (std::f64::consts::PI * beat * t).sin().abs() * (1.0 + 0.5 * (3.0 * t + pitch).cos());
                let harmonics = (1..12).map(|h| {
                    let distance = (f64::from(h) * f - formant * (1.0 + 0.3 * (beat * t).sin())) / 200.0;
                    (f64::from(h) * phase).sin() / (1.0 + distance * distance)
                });
                (0.2 * syllable * harmonics.sum::<f64>()) as f32
            })
            .collect()
    }

    fn waveform(samples: &[f32], sample_rate: u32) -> Waveform {
        Waveform::of(Audio { samples: samples.to_vec(), sample_rate }).unwrap()
    }

    fn differences(a: &Waveform, b: &Waveform) -> u32 {
        let [a, b] = [a, b].map(|waveform| Sketch::of(waveform).unwrap());
        a.0.iter().zip(b.0).map(|(a, b)| (a ^ b).count_ones()).sum()
    }

    #[test]
    fn copies_are_one_recording_whatever_was_done_to_them() {
        let mut stream = rng::stream(1, &[&"copies"]);
        for seed in 0..8 {
            let original = voice(seed, 16_000);
            let of = |samples: Vec<f32>, rate| (waveform(&samples, rate), rate);
            let delayed = [vec![0.0; 700], original.clone(), vec![0.0; 1_500]].concat();
            let resampled = resample(Audio { samples: original.clone(), sample_rate: 16_000 }, 22_050).unwrap();
            let dithered = original.iter().map(|x| x + stream.random_range(-1e-3..1e-3)).collect();
            let telephone: Vec<f32> = original.iter().map(|x| (x * 127.0).round() / 127.0).collect();
            for (copy, most) in [
                (of(original.iter().map(|x| -0.1 * x).collect(), 16_000), 2),
                (of(resampled, 22_050), 4),
                (of(dithered, 16_000), 24),
                (of(telephone, 16_000), 40),
                (of(delayed, 16_000), 12),
            ] {
                let first = waveform(&original, 16_000);
                let bits = differences(&first, &copy.0);
                assert!(bits <= most, "voice {seed}: {bits} bits of {most}");
                let correlation = first.correlation(&copy.0);
                assert!(correlation >= SAME_FILE, "voice {seed}: {correlation}");
            }
        }
    }

    #[test]
    fn a_stretch_in_common_is_heard_through_a_filter_and_another_voice_is_not() {
        for seed in 0..8 {
            let voiced = voice(seed, 16_000);
            // Differences fall by 6 dB an octave towards low frequencies; their rest is what a poor line leaves.
            let thin: Vec<f32> = voiced.windows(2).map(|pair| pair[1] - 0.95 * pair[0]).collect();
            let whole = waveform(&voiced, 16_000);
            let excerpt = waveform(&thin[4_000..20_000], 16_000);
            let heard = whole.correlation_over(&excerpt, 1_000);
            assert!(heard > 0.7 && (heard - excerpt.correlation_over(&whole, -1_000)).abs() < 1e-3, "{seed}: {heard}");
            assert!(whole.correlation_over(&excerpt, 3_000) < 0.3, "another stretch");
            assert_eq!(whole.correlation_over(&excerpt, 7_000), 0.0, "too short to tell");
            let other = waveform(&voice(seed + 50, 16_000), 16_000);
            assert!(whole.correlation_over(&other, 0) < 0.4, "{seed}: {}", whole.correlation_over(&other, 0));
        }
    }

    #[test]
    fn other_recordings_are_told_apart_and_so_are_tones() {
        let waveforms: Vec<Waveform> = (0..12).map(|seed| waveform(&voice(seed, 16_000), 16_000)).collect();
        for (i, a) in waveforms.iter().enumerate() {
            for b in &waveforms[i + 1..] {
                assert!(a.correlation(b) < 0.6, "{}", a.correlation(b));
            }
        }
        let tone = |hertz: f32| -> Vec<f32> { (0..16_000).map(|i| (i as f32 * hertz * 3.926_99e-4).sin()).collect() };
        let [a, b] = [300.0, 303.0].map(|hertz| waveform(&tone(hertz), 16_000));
        assert!(a.correlation(&b) < SAME_RECORDING && a.correlation(&a) > 0.999);
    }

    #[test]
    fn a_tone_keeps_its_level_and_place_at_any_rate_and_what_is_above_goes() {
        for rate in [8_000, 16_000, 22_050, 24_414, 44_100, 48_001] {
            let tone = |hertz: f64, rate: u32| -> Vec<f32> {
                (0..rate).map(|i| (2.0 * PI * hertz * f64::from(i) / f64::from(rate)).sin() as f32).collect()
            };
            let low = decimate(&tone(700.0, rate), rate);
            for (x, wanted) in low.iter().zip(tone(700.0, RATE)).skip(20).take(3_900) {
                assert!((x - wanted).abs() < 0.01, "{rate} Hz: {x} {wanted}");
            }
            let high = decimate(&tone(3_000.0, rate), rate);
            assert!(high.iter().skip(20).take(3_900).all(|x| x.abs() < 0.01), "{rate} Hz");
        }
    }

    #[test]
    fn silence_and_offsets_have_no_sketch() {
        assert!(Waveform::of(Audio { samples: vec![0.0; 8_000], sample_rate: 8_000 }).is_none());
        assert!(Sketch::of(&waveform(&[0.5; 10], 8_000)).is_none());
    }
}
