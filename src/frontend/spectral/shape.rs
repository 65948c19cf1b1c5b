//! The shape of a frame's spectrum: librosa's `spectral_centroid`, `spectral_bandwidth`, `spectral_rolloff`,
//! `spectral_contrast` and `spectral_flatness`, with their default settings.

use std::ops::Range;

use ser_kernels::wide;

use super::{super::matrix::Matrix, config::Frames, db::power_to_db, extractor::Feature, stft::Frame};

/// Mean frequency, weighted by magnitude, Hz; 0 for silence.
#[derive(Clone, Debug)]
pub(super) struct Centroid {
    /// Width of a bin, Hz.
    bin: f64,
}

impl Centroid {
    pub fn new(frames: &Frames) -> Self {
        Self { bin: frames.frequency(1) }
    }
}

impl Feature for Centroid {
    fn needs_magnitude(&self) -> bool {
        true
    }

    fn frame(&mut self, frame: &Frame<'_>, out: &mut [f32]) {
        out[0] = (centre(frame.magnitude).0 * self.bin) as f32;
    }

    fn boxed(&self) -> Box<dyn Feature> {
        Box::new(self.clone())
    }
}

/// Spread about the centroid, weighted by magnitude: the root of the mean squared distance, Hz; 0 for silence.
#[derive(Clone, Debug)]
pub(super) struct Bandwidth {
    /// Width of a bin, Hz.
    bin: f64,
}

impl Bandwidth {
    pub fn new(frames: &Frames) -> Self {
        Self { bin: frames.frequency(1) }
    }
}

impl Feature for Bandwidth {
    fn needs_magnitude(&self) -> bool {
        true
    }

    fn frame(&mut self, frame: &Frame<'_>, out: &mut [f32]) {
        let (centre, total) = centre(frame.magnitude);
        let spread = wide(
            #[inline(always)]
            || weighted_sum(frame.magnitude, |k| (k - centre) * (k - centre)),
        );
        out[0] = ((spread / total.max(SILENCE)).sqrt() * self.bin) as f32;
    }

    fn boxed(&self) -> Box<dyn Feature> {
        Box::new(self.clone())
    }
}

/// A total magnitude below this is silence.
const SILENCE: f64 = f32::MIN_POSITIVE as f64;

/// Centre of the magnitudes, in bins, and their sum.
fn centre(magnitude: &[f32]) -> (f64, f64) {
    let total = wide(
        #[inline(always)]
        || weighted_sum(magnitude, |_| 1.0),
    );
    (
        wide(
            #[inline(always)]
            || weighted_sum(magnitude, |k| k),
        ) / total.max(SILENCE),
        total,
    )
}

/// Sum of the magnitudes, each times `weight` of its bin, in parallel partial sums in double precision: in single the
/// rounding would show in the hundredths of a hertz.
#[inline(always)]
fn weighted_sum(magnitude: &[f32], weight: impl Fn(f64) -> f64) -> f64 {
    const LANES: usize = 8;
    let (blocks, rest) = magnitude.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    let mut k: [f64; LANES] = std::array::from_fn(|i| i as f64);
    for block in blocks {
        for i in 0..LANES {
            sums[i] += f64::from(block[i]) * weight(k[i]);
            k[i] += LANES as f64;
        }
    }
    let tail = rest.iter().zip(k).map(|(&x, k)| f64::from(x) * weight(k)).sum::<f64>();
    sums.iter().sum::<f64>() + tail
}

/// The lowest frequency below which 85 % of the magnitude lies, Hz; 0 for silence.
#[derive(Clone, Debug)]
pub(super) struct Rolloff {
    /// Width of a bin, Hz.
    bin: f64,
    /// Sum of the magnitudes up to and including each bin.
    cumulative: Vec<f32>,
}

impl Rolloff {
    /// The part of the magnitude.
    const PART: f32 = 0.85;

    pub fn new(frames: &Frames) -> Self {
        Self { bin: frames.frequency(1), cumulative: vec![0.0; frames.bins()] }
    }
}

impl Feature for Rolloff {
    fn needs_magnitude(&self) -> bool {
        true
    }

    fn frame(&mut self, frame: &Frame<'_>, out: &mut [f32]) {
        // One bin after the other in single precision, as librosa sums: another order would now and then end a bin away.
        let mut sum = 0.0;
        for (cumulative, &x) in self.cumulative.iter_mut().zip(frame.magnitude) {
            sum += x;
            *cumulative = sum;
        }
        let threshold = Self::PART * sum;
        let k = self.cumulative.partition_point(|&x| x < threshold);
        out[0] = (k as f64 * self.bin) as f32;
    }

    fn boxed(&self) -> Box<dyn Feature> {
        Box::new(self.clone())
    }
}

/// How far the peaks rise above the valleys in each of seven bands, dB: below 200 Hz, five octaves from there, and the
/// rest. Peak and valley are the means of the highest and lowest 2 % of the magnitudes.
///
/// As in librosa, the decibels are those of power though they are taken of magnitudes, and each has a floor 80 dB
/// below the highest of the clip.
#[derive(Clone, Debug)]
pub(super) struct Contrast {
    bands: Vec<Band>,
    sorted: Vec<f32>,
    peaks: Vec<f32>,
    valleys: Vec<f32>,
}

/// The bins of a band, and how many of them make its peak and its valley.
#[derive(Clone, Debug)]
struct Band {
    bins: Range<usize>,
    extremes: usize,
}

impl Contrast {
    /// How many bands there are.
    pub const BANDS: usize = 7;
    /// Upper edge of the lowest band, Hz.
    const LOWEST: f64 = 200.0;
    /// Part of a band's bins that makes its peak, and its valley.
    const QUANTILE: f64 = 0.02;
    const TOP_DB: f32 = 80.0;

    pub fn new(frames: &Frames) -> Self {
        Self {
            bands: (0..Self::BANDS).map(|i| Self::band(i, frames)).collect(),
            sorted: vec![0.0; frames.bins()],
            peaks: Vec::new(),
            valleys: Vec::new(),
        }
    }

    /// Whether every band starts below half the sample rate and has a bin.
    pub fn fits(frames: &Frames) -> bool {
        (0..Self::BANDS).all(|i| !Self::band(i, frames).bins.is_empty())
            && Self::edge(Self::BANDS - 1) < f64::from(frames.sample_rate) / 2.0
    }

    /// Lower edge of band `i`, Hz.
    fn edge(i: usize) -> f64 {
        if i == 0 { 0.0 } else { Self::LOWEST * f64::from(1_u32 << (i - 1)) }
    }

    /// librosa's bands: the bins from edge to edge, both included; above the lowest band also the bin before; in the
    /// highest all that follow; in the others less the last, though it counts for the 2 %.
    fn band(i: usize, frames: &Frames) -> Band {
        let (low, high) = (Self::edge(i), Self::edge(i + 1));
        let within = |k: &usize| (low..=high).contains(&frames.frequency(*k));
        let bins = frames.bins();
        let Some(first) = (0..bins).find(within) else { return Band { bins: 0..0, extremes: 0 } };
        let last = (first..bins).rfind(within).unwrap_or(first);
        let start = if i == 0 { first } else { first.saturating_sub(1) };
        let highest = i == Self::BANDS - 1;
        let end = if highest { bins } else { last + 1 };
        let extremes = ((Self::QUANTILE * (end - start) as f64).round_ties_even() as usize).max(1);
        Band { bins: start..if highest { end } else { end - 1 }, extremes }
    }
}

impl Feature for Contrast {
    fn needs_magnitude(&self) -> bool {
        true
    }

    fn begin(&mut self, _clip: &[f32]) {
        self.peaks.clear();
        self.valleys.clear();
    }

    fn frame(&mut self, frame: &Frame<'_>, _out: &mut [f32]) {
        for Band { bins, extremes } in &self.bands {
            let sorted = &mut self.sorted[..bins.len()];
            sorted.copy_from_slice(&frame.magnitude[bins.clone()]);
            let (n, extremes) = (sorted.len(), (*extremes).min(sorted.len()));
            let mean = |x: &[f32]| x.iter().sum::<f32>() / extremes as f32;
            sorted.select_nth_unstable_by(extremes - 1, f32::total_cmp);
            self.valleys.push(mean(&sorted[..extremes]));
            sorted.select_nth_unstable_by(n - extremes, f32::total_cmp);
            self.peaks.push(mean(&sorted[n - extremes..]));
        }
    }

    fn finish(&mut self, matrix: &mut Matrix, column: usize) {
        power_to_db(&mut self.peaks, Self::TOP_DB);
        power_to_db(&mut self.valleys, Self::TOP_DB);
        let levels = self.peaks.chunks_exact(Self::BANDS).zip(self.valleys.chunks_exact(Self::BANDS));
        for (t, (peaks, valleys)) in levels.enumerate() {
            let out = &mut matrix.row_mut(t)[column..column + Self::BANDS];
            for (out, (peak, valley)) in out.iter_mut().zip(peaks.iter().zip(valleys)) {
                *out = peak - valley;
            }
        }
    }

    fn boxed(&self) -> Box<dyn Feature> {
        Box::new(self.clone())
    }
}

/// Geometric over arithmetic mean of the power spectrum: 1 for white noise and for silence, near 0 for a tone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flatness;

impl Feature for Flatness {
    fn needs_magnitude(&self) -> bool {
        // For the number of bins: the power is padded.
        true
    }

    fn frame(&mut self, frame: &Frame<'_>, out: &mut [f32]) {
        const AMIN: f64 = super::db::AMIN as f64;
        let power = &frame.power[..frame.magnitude.len()];
        let (mut logs, mut sum) = (0.0, 0.0);
        // One logarithm for the product of several: eight single-precision numbers fit in a double's range.
        for block in power.chunks(8) {
            let mut product = 1.0;
            for &p in block {
                let p = f64::from(p).max(AMIN);
                product *= p;
                sum += p;
            }
            logs += product.ln();
        }
        let n = power.len() as f64;
        out[0] = ((logs / n).exp() / (sum / n)) as f32;
    }

    fn boxed(&self) -> Box<dyn Feature> {
        Box::new(*self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAMES: Frames = Frames { sample_rate: 22_050, length: 2048, hop: 512 };

    fn of(feature: &mut dyn Feature, magnitude: &[f32]) -> f32 {
        let power: Vec<f32> = magnitude.iter().map(|x| x * x).collect();
        let mut out = [9.0];
        feature.frame(&Frame { index: 0, samples: &[], power: &power, magnitude }, &mut out);
        out[0]
    }

    #[test]
    fn silence_has_no_centre_and_no_spread() {
        let silence = vec![0.0; FRAMES.bins()];
        assert_eq!(of(&mut Centroid::new(&FRAMES), &silence), 0.0);
        assert_eq!(of(&mut Bandwidth::new(&FRAMES), &silence), 0.0);
        assert_eq!(of(&mut Rolloff::new(&FRAMES), &silence), 0.0);
        approx::assert_abs_diff_eq!(of(&mut Flatness, &silence), 1.0, epsilon = 1e-6);
    }

    #[test]
    fn two_equal_partials_centre_between_them() {
        let mut magnitude = vec![0.0; FRAMES.bins()];
        (magnitude[100], magnitude[300]) = (2.0, 2.0);
        let bin = FRAMES.frequency(1) as f32;
        approx::assert_relative_eq!(of(&mut Centroid::new(&FRAMES), &magnitude), 200.0 * bin, max_relative = 1e-6);
        approx::assert_relative_eq!(of(&mut Bandwidth::new(&FRAMES), &magnitude), 100.0 * bin, max_relative = 1e-6);
        approx::assert_relative_eq!(of(&mut Rolloff::new(&FRAMES), &magnitude), 300.0 * bin, max_relative = 1e-6);
        assert!(of(&mut Flatness, &magnitude) < 1e-6);
    }

    #[test]
    fn contrast_needs_a_bin_in_every_octave() {
        assert!(Contrast::fits(&FRAMES));
        assert!(Contrast::fits(&Frames { sample_rate: 16_000, length: 320, hop: 160 }));
        assert!(!Contrast::fits(&Frames { sample_rate: 8_000, length: 2048, hop: 512 }));
        assert!(!Contrast::fits(&Frames { sample_rate: 22_050, length: 64, hop: 16 }));
    }
}
