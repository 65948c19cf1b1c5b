//! Powers, waves and random draws from additions and multiplications alone.
//!
//! The standard library's `exp2` and `cos` come from the platform, whose last bit may differ from one machine to the
//! next; a recursive filter would carry that difference into every sample. These are the same everywhere.

use rand::Rng;

/// log2(10) / 20: decibels to powers of two.
const OCTAVES_PER_DB: f64 = 0.166_096_404_744_368_1;

/// 2 to the power `x`; relative error below 1e-12 for `x` within ±1000.
pub fn exp2(x: f64) -> f64 {
    let whole = x.round().clamp(-1000.0, 1000.0);
    let y = (x - whole) * std::f64::consts::LN_2;
    let mut sum = 1.0;
    for n in (1..=13).rev() {
        sum = 1.0 + sum * y / f64::from(n);
    }
    sum * f64::from_bits(((whole as i64 + 1023) as u64) << 52)
}

/// The amplitude ratio that `level` dB stand for.
pub fn db(level: f64) -> f64 {
    exp2(level * OCTAVES_PER_DB)
}

/// The frequency ratio that `interval` semitones stand for.
pub fn semitones(interval: f64) -> f64 {
    exp2(interval / 12.0)
}

/// The cosine of an angle in turns (1 is a full circle); absolute error below 1e-9.
pub fn cos_turns(turns: f64) -> f64 {
    let angle = (turns - turns.round()) * std::f64::consts::TAU;
    let square = angle * angle;
    let mut sum = 1.0;
    for n in (1..=12).rev() {
        sum = 1.0 - sum * square / f64::from((2 * n - 1) * (2 * n));
    }
    sum
}

/// A draw from the uniform distribution over `[low, high)`.
pub fn uniform(rng: &mut impl Rng, low: f64, high: f64) -> f64 {
    low + (high - low) * f64::from(rng.next_u32()) / 4_294_967_296.0
}

/// A draw from a nearly normal distribution of mean 0 and standard deviation 1, bounded by ±6 (the sum of twelve
/// uniform draws): no utterance is ruined by an outlier.
pub fn normal(rng: &mut impl Rng) -> f64 {
    (0..12).map(|_| uniform(rng, -0.5, 0.5)).sum()
}

/// One sample of white noise of standard deviation 1.
pub fn white(rng: &mut impl Rng) -> f64 {
    const BOUND: f64 = 1.732_050_807_568_877_2; // √3: a uniform draw over ±√3 has variance 1
    uniform(rng, -BOUND, BOUND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_platform() {
        for i in -400..400 {
            let x = f64::from(i) * 0.037;
            assert!((exp2(x) / x.exp2() - 1.0).abs() < 1e-12, "exp2({x})");
            assert!((cos_turns(x) - (x * std::f64::consts::TAU).cos()).abs() < 1e-9, "cos_turns({x})");
        }
        assert!((db(20.0) - 10.0).abs() < 1e-9);
        assert!((semitones(-12.0) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn draws_have_the_moments_they_claim() {
        let mut rng = crate::rng::stream(1, &[&"moments"]);
        for draw in [normal, white] {
            let values: Vec<f64> = (0..20_000).map(|_| draw(&mut rng)).collect();
            let mean = values.iter().sum::<f64>() / 20_000.0;
            let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / 20_000.0;
            assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05, "mean {mean}, variance {variance}");
        }
    }
}
