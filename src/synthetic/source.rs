//! The voice source: glottal pulses with jitter and shimmer, and breath.
//!
//! Klatt, D. H. & Klatt, L. C. (1990). Analysis, synthesis, and perception of voice quality variations among female
//! and male talkers. *J. Acoust. Soc. Am.* 87(2), 820–857: the KLGLOTT88 pulse, a polynomial after Rosenberg (1971).

use rand::Rng;

use super::{
    SAMPLE_RATE,
    filter::Tilt,
    math::{normal, white},
};

/// What the glottis does for the length of one frame.
#[derive(Debug, Clone, Copy)]
pub struct Phonation {
    /// Fundamental frequency in Hz.
    pub f0: f64,
    /// The share of a period for which the folds are apart, 0.3 (pressed) to 0.8 (lax).
    pub open_quotient: f64,
    /// Standard deviation of a period's length, as a share of it.
    pub jitter: f64,
    /// Standard deviation of a pulse's amplitude, as a share of it.
    pub shimmer: f64,
}

/// A pair of vocal folds at work.
#[derive(Debug)]
pub struct Glottis {
    /// Position within the period, 0 to 1.
    phase: f64,
    /// This period's length relative to the nominal one.
    stretch: f64,
    /// This pulse's amplitude relative to the nominal one.
    strength: f64,
    tilt: Tilt,
}

impl Glottis {
    /// Folds at rest, whose pulses are rounded to lose `tilt` dB at 3 kHz.
    pub fn new(tilt: f64) -> Self {
        let mut filter = Tilt::default();
        filter.tune(tilt);
        Self { phase: 0.0, stretch: 1.0, strength: 1.0, tilt: filter }
    }

    /// The next sample of the flow's derivative (lips radiate the derivative) for `voicing`, plus breath noise of
    /// standard deviation `aspiration`, which is stronger while the folds are apart.
    pub fn step(&mut self, now: &Phonation, voicing: f64, aspiration: f64, rng: &mut impl Rng) -> f64 {
        let advance = now.f0 / f64::from(SAMPLE_RATE) / self.stretch;
        self.phase += advance;
        if self.phase >= 1.0 {
            self.phase -= 1.0;
            // Drawn between two pulses, where the flow is zero, so that no step is audible.
            self.stretch = (1.0 + now.jitter * normal(rng)).clamp(0.7, 1.4);
            self.strength = (1.0 + now.shimmer * normal(rng)).clamp(0.3, 1.8);
        }
        let pulse = pulse(self.phase, now.open_quotient, advance) * self.strength;
        let breath = if self.phase < now.open_quotient { 1.2 } else { 0.5 };
        self.tilt.step(voicing * pulse) + aspiration * breath * white(rng)
    }
}

/// The derivative of the glottal flow at `phase`: the flow is x² − x³ over the open part and nothing over the rest,
/// so that the derivative falls to −1 and jumps back to 0 where the folds close. The jump is the pulse's treble;
/// spreading it over the two samples around it (a polynomial band-limited step) keeps it from aliasing.
fn pulse(phase: f64, open_quotient: f64, advance: f64) -> f64 {
    let x = phase / open_quotient;
    let derivative = if x < 1.0 { 2.0 * x - 3.0 * x * x } else { 0.0 };
    let samples = (phase - open_quotient) / advance;
    let correction = if (-1.0..0.0).contains(&samples) {
        0.5 * (1.0 + samples) * (1.0 + samples)
    } else if (0.0..1.0).contains(&samples) {
        -0.5 * (1.0 - samples) * (1.0 - samples)
    } else {
        0.0
    };
    derivative + correction
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::stream;

    #[test]
    fn pulses_come_at_the_fundamental_frequency() {
        let now = Phonation { f0: 147.0, open_quotient: 0.6, jitter: 0.0, shimmer: 0.0 };
        let mut glottis = Glottis::new(0.0);
        let mut rng = stream(0, &[&"test"]);
        let samples: Vec<f64> = (0..SAMPLE_RATE).map(|_| glottis.step(&now, 1.0, 0.0, &mut rng)).collect();
        let closures = samples.windows(2).filter(|pair| pair[0] < -0.4 && pair[1] >= -0.4).count();
        assert!((146..=148).contains(&closures), "{closures} closures in a second");
        let mean = samples.iter().sum::<f64>() / samples.len() as f64;
        assert!(mean.abs() < 1e-3, "what flows out must have flowed in: {mean}");
    }

    #[test]
    fn jitter_and_shimmer_make_periods_unequal() {
        let now = Phonation { f0: 147.0, open_quotient: 0.6, jitter: 0.03, shimmer: 0.1 };
        let mut glottis = Glottis::new(0.0);
        let mut rng = stream(0, &[&"test"]);
        let samples: Vec<f64> = (0..SAMPLE_RATE).map(|_| glottis.step(&now, 1.0, 0.0, &mut rng)).collect();
        let closures: Vec<usize> =
            (1..samples.len()).filter(|&i| samples[i - 1] < -0.4 && samples[i] >= -0.4).collect();
        let periods: Vec<usize> = closures.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(periods.iter().max() > periods.iter().min().map(|shortest| shortest + 4).as_ref());
    }
}
