//! A transform codec of our own at a low rate, in place of MP3 and Opus, of which no encoder is kept: it is called MP3-like and is
//! none of them.
//!
//! As they do, it cuts the clip at 16 kHz into windows that overlap by half (a sine window, 20 ms from one to the next), turns
//! each into a modified discrete cosine transform (Princen and Bradley 1987), and rounds its coefficients by MP3's power of 3/4
//! with a step for each Bark band that grows with what is heard there, the coarsest that the frame's bits allow. Bits are
//! counted as of an Elias gamma code with a sign, a quarter for a zero, two for each band's step. Quiet bands between loud ones go
//! first, and what is lost comes and goes from frame to frame: what such codecs sound like where bits are short.

/// Hz: what MP3 and Opus take at such rates.
pub(super) const RATE: u32 = 16_000;

/// From one window to the next: 20 ms.
const HOP: usize = 320;

/// Upper edges of the bands in Hz: Zwicker's critical bands (1961).
const EDGES: [f64; 22] = [
    100.0, 200.0, 300.0, 400.0, 510.0, 630.0, 770.0, 920.0, 1_080.0, 1_270.0, 1_480.0, 1_720.0, 2_000.0, 2_320.0,
    2_700.0, 3_150.0, 3_700.0, 4_400.0, 5_300.0, 6_400.0, 7_700.0, 8_000.0,
];

/// The least step: a coefficient below it is no sound of 16 bits.
const FLOOR: f32 = 1e-4;

/// The codec with its tables.
pub(super) struct Transform {
    window: Vec<f32>,
    /// `[HOP, HOP]`: the discrete cosine transform IV, which is its own inverse.
    cosines: Vec<f32>,
    /// Where each band ends among the coefficients.
    ends: Vec<usize>,
}

impl Transform {
    pub(super) fn new() -> Self {
        let n = HOP as f64;
        let window = (0..2 * HOP).map(|i| ((i as f64 + 0.5) * std::f64::consts::PI / (2.0 * n)).sin() as f32);
        let scale = (2.0 / n).sqrt();
        let cosine = |at: usize| {
            let (k, i) = ((at / HOP) as f64 + 0.5, (at % HOP) as f64 + 0.5);
            (scale * (std::f64::consts::PI / n * k * i).cos()) as f32
        };
        let of_hz = |edge: &f64| ((edge / f64::from(RATE) * 2.0 * n).round() as usize).min(HOP);
        Self {
            window: window.collect(),
            cosines: (0..HOP * HOP).map(cosine).collect(),
            ends: EDGES.iter().map(of_hz).collect(),
        }
    }

    /// What comes out at the other end of so many kbit/s, sample for sample.
    pub(super) fn through(&self, samples: &[f32], kbits: f64) -> Vec<f32> {
        let budget = kbits * 1_000.0 * HOP as f64 / f64::from(RATE) - 2.0 * self.ends.len() as f64;
        let frames = samples.len().div_ceil(HOP) + 1;
        let mut padded = vec![0.0; (frames + 1) * HOP];
        padded[HOP..HOP + samples.len()].copy_from_slice(samples);
        let mut heard = vec![0.0; padded.len()];
        for frame in 0..frames {
            let at = frame * HOP;
            let mut coefficients = self.forward(&padded[at..at + 2 * HOP]);
            self.round(&mut coefficients, budget);
            self.backward(&coefficients, &mut heard[at..at + 2 * HOP]);
        }
        heard.drain(..HOP);
        heard.truncate(samples.len());
        heard
    }

    /// The coefficients of a window of two hops, folded into one.
    fn forward(&self, samples: &[f32]) -> Vec<f32> {
        let half = HOP / 2;
        let x = |i: usize| samples[i] * self.window[i];
        let folded: Vec<f32> = (0..HOP)
            .map(|i| match i < half {
                true => -x(3 * half - 1 - i) - x(3 * half + i),
                false => x(i - half) - x(3 * half - 1 - i),
            })
            .collect();
        self.cosine(&folded)
    }

    /// Adds what the coefficients are of to two hops of samples.
    fn backward(&self, coefficients: &[f32], heard: &mut [f32]) {
        let half = HOP / 2;
        let folded = self.cosine(coefficients);
        for (i, out) in heard.iter_mut().enumerate() {
            let value = match i {
                _ if i < half => folded[half + i],
                _ if i < 3 * half => -folded[3 * half - 1 - i],
                _ => -folded[i - 3 * half],
            };
            *out += value * self.window[i];
        }
    }

    fn cosine(&self, input: &[f32]) -> Vec<f32> {
        let mut output = vec![0.0; HOP];
        // Sums run over the input's place one after the other, whatever the width of vectors.
        for (x, row) in input.iter().zip(self.cosines.chunks_exact(HOP)) {
            output.iter_mut().zip(row).for_each(|(sum, cosine)| *sum += x * cosine);
        }
        output
    }

    /// Rounds the coefficients with the finest steps that the bits allow.
    fn round(&self, coefficients: &mut [f32], budget: f64) {
        let mut start = 0;
        let bands: Vec<(std::ops::Range<usize>, f32)> = self
            .ends
            .iter()
            .map(|&end| {
                let band = start..end.max(start);
                start = band.end;
                let energy: f32 = coefficients[band.clone()].iter().map(|x| x * x).sum();
                // Noise may rise with the sound that hides it, though not as fast.
                let shape = (energy / band.len().max(1) as f32).sqrt().powf(0.6);
                (band, shape)
            })
            .collect();
        let step = |shape: f32, gain: f32| (shape * gain).max(FLOOR);
        let bits = |gain: f32| -> f64 {
            let of_band = |(band, shape): &(std::ops::Range<usize>, f32)| -> f64 {
                coefficients[band.clone()].iter().map(|&x| cost(level(x, step(*shape, gain)))).sum()
            };
            bands.iter().map(of_band).sum()
        };
        let (mut fine, mut coarse) = (1e-5_f32, 1e3_f32);
        for _ in 0..20 {
            let middle = (fine * coarse).sqrt();
            *if bits(middle) > budget { &mut fine } else { &mut coarse } = middle;
        }
        let heard: Vec<(std::ops::Range<usize>, f32)> =
            bands.iter().map(|(band, shape)| (band.clone(), step(*shape, coarse))).collect();
        for (band, step) in heard {
            for x in &mut coefficients[band] {
                *x = (level(*x, step) as f32).powf(4.0 / 3.0).copysign(*x) * step;
            }
        }
    }
}

/// The whole number that a coefficient becomes, without its sign.
fn level(x: f32, step: f32) -> u32 {
    ((x.abs() / step).powf(0.75) + 0.4054) as u32
}

/// Bits that a whole number takes.
fn cost(level: u32) -> f64 {
    match level.checked_ilog2() {
        None => 0.25,
        Some(power) => f64::from(2 * power + 2) + 0.25,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voice() -> Vec<f32> {
        let partial = |i: usize, k: usize| (0.05 * (i * k) as f32).sin() / k as f32;
        (0..RATE as usize).map(|i| 0.2 * (1..30).map(|k| partial(i, k)).sum::<f32>()).collect()
    }

    fn ratio(clean: &[f32], heard: &[f32]) -> f64 {
        let power = |x: &mut dyn Iterator<Item = f32>| x.map(|x| f64::from(x).powi(2)).sum::<f64>();
        let noise = power(&mut clean.iter().zip(heard).map(|(a, b)| a - b));
        10.0 * (power(&mut clean.iter().copied()) / noise).log10()
    }

    #[test]
    fn without_a_limit_of_bits_the_clip_comes_back() {
        let (codec, clean) = (Transform::new(), voice());
        let heard = codec.through(&clean, 10_000.0);
        assert_eq!(heard.len(), clean.len());
        assert!(ratio(&clean, &heard) > 35.0, "{}", ratio(&clean, &heard));
    }

    #[test]
    fn fewer_bits_are_worse_and_silence_stays_silent() {
        let (codec, clean) = (Transform::new(), voice());
        let found = [64.0, 32.0, 16.0, 8.0].map(|kbits| ratio(&clean, &codec.through(&clean, kbits)));
        assert!(found.is_sorted_by(|a, b| a > b) && found[1] > 5.0 && found[3] < 20.0, "{found:?}");
        assert!(codec.through(&[0.0; 1_000], 16.0).iter().all(|x| *x == 0.0));
        assert!(codec.through(&[], 16.0).is_empty());
    }
}
