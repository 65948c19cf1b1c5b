//! Integrated loudness by ITU-R BS.1770-4: K-weighting, blocks of 400 ms every 100 ms, the silent ones and then the quiet
//! ones left out.

/// A block and the step to the next, in seconds.
const BLOCK: f64 = 0.4;
const STEP: f64 = 0.1;
/// What a block of mean square 1 after the filters measures, less than 0 for the gain of K-weighting at 1 kHz.
const OFFSET: f64 = -0.691;
/// Blocks below this are silence, LUFS.
const SILENCE: f64 = -70.0;
/// Blocks so far below the mean of the others are pauses, dB.
const PAUSE: f64 = 10.0;

/// The loudness of a mono clip in LUFS; nothing where all of it is silence. A clip shorter than a block is one block.
#[must_use]
pub fn loudness(samples: &[f32], sample_rate: u32) -> Option<f64> {
    let rate = f64::from(sample_rate);
    let weighted = Biquad::high_pass(rate).filter(Biquad::head(rate).filter(samples.iter().map(|&x| f64::from(x))));
    let squares: Vec<f64> = weighted.map(|x| x * x).collect();
    let block = ((BLOCK * rate).round() as usize).clamp(1, squares.len().max(1));
    let step = ((STEP * rate).round() as usize).max(1);
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let lufs = |power: f64| OFFSET + 10.0 * power.log10();
    let mut blocks: Vec<f64> = squares.windows(block).step_by(step).map(mean).collect();
    blocks.retain(|&power| lufs(power) >= SILENCE);
    if blocks.is_empty() {
        return None;
    }
    let gate = lufs(mean(&blocks)) - PAUSE;
    blocks.retain(|&power| lufs(power) >= gate);
    Some(lufs(mean(&blocks)))
}

/// A filter of second order.
struct Biquad {
    b: [f64; 3],
    a: [f64; 2],
}

/// The two filters of K-weighting. The recommendation gives their coefficients at 48 kHz; these are the analogue filters
/// behind them (De Man 2014, as in libebur128), laid out for any rate.
impl Biquad {
    /// The head's effect: a shelf of 4 dB above 1.7 kHz.
    fn head(rate: f64) -> Self {
        let (hz, gain, q) = (1_681.974_450_955_533_f64, 3.999_843_853_973_347_f64, 0.707_175_236_955_419_6_f64);
        let k = (std::f64::consts::PI * hz / rate).tan();
        let high = 10f64.powf(gain / 20.0);
        let band = high.powf(0.499_666_774_154_541_6);
        let a0 = 1.0 + k / q + k * k;
        Self {
            b: [(high + band * k / q + k * k) / a0, 2.0 * (k * k - high) / a0, (high - band * k / q + k * k) / a0],
            a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0],
        }
    }

    /// The ear's: nothing below 38 Hz.
    fn high_pass(rate: f64) -> Self {
        let (hz, q) = (38.135_470_876_024_44_f64, 0.500_327_037_323_877_3_f64);
        let k = (std::f64::consts::PI * hz / rate).tan();
        let a0 = 1.0 + k / q + k * k;
        Self { b: [1.0, -2.0, 1.0], a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0] }
    }

    fn filter(self, input: impl Iterator<Item = f64>) -> impl Iterator<Item = f64> {
        let Self { b, a } = self;
        let mut state = [0f64; 2];
        input.map(move |x| {
            let y = b[0] * x + state[0];
            state = [b[1] * x - a[0] * y + state[1], b[2] * x - a[1] * y];
            y
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hz: f64, level: f64, seconds: f64, rate: u32) -> Vec<f32> {
        let n = (seconds * f64::from(rate)) as usize;
        (0..n).map(|i| (level * (std::f64::consts::TAU * hz * i as f64 / f64::from(rate)).sin()) as f32).collect()
    }

    #[test]
    fn a_tone_measures_what_the_recommendation_says() {
        // Full scale at 997 Hz on one channel: -3.01 LUFS.
        for rate in [16_000, 22_050, 48_000] {
            let measured = loudness(&tone(997.0, 1.0, 2.0, rate), rate).unwrap();
            assert!((measured + 3.01).abs() < 0.05, "{rate} Hz: {measured}");
        }
        // EBU Tech 3341 has -23 LUFS for both channels at -23 dB: here one channel, 3 dB less.
        let measured = loudness(&tone(1_000.0, 10f64.powf(-23.0 / 20.0), 5.0, 48_000), 48_000).unwrap();
        assert!((measured + 26.0).abs() < 0.1, "{measured}");
    }

    #[test]
    fn pauses_do_not_count_and_silence_has_no_loudness() {
        let mut clip = tone(997.0, 0.1, 3.0, 22_050);
        let before = loudness(&clip, 22_050).unwrap();
        clip.extend(tone(997.0, 0.001, 6.0, 22_050));
        assert!((loudness(&clip, 22_050).unwrap() - before).abs() < 0.5);
        assert_eq!(loudness(&[0.0; 22_050], 22_050), None);
        assert_eq!(loudness(&[], 22_050), None);
        assert!(loudness(&tone(997.0, 0.1, 0.1, 22_050), 22_050).is_some());
    }
}
