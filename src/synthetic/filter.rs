//! The second-order sections that a vocal tract is made of, and the first-order ones around it.
//!
//! Klatt, D. H. (1980). Software for a cascade/parallel formant synthesizer. *J. Acoust. Soc. Am.* 67(3), 971–995.

use std::f64::consts::{LOG2_E, PI};

use super::{
    SAMPLE_RATE,
    math::{cos_turns, db, exp2},
};

/// Klatt's coefficients `(a, b, c)` of `y[n] = a x[n] + b y[n-1] + c y[n-2]` for a pole pair at `frequency` Hz with
/// `bandwidth` Hz; the gain at 0 Hz is 1.
fn coefficients(frequency: f64, bandwidth: f64) -> (f64, f64, f64) {
    let rate = f64::from(SAMPLE_RATE);
    let radius = exp2(-PI * bandwidth / rate * LOG2_E);
    let c = -radius * radius;
    let b = 2.0 * radius * cos_turns(frequency / rate);
    (1.0 - b - c, b, c)
}

/// One formant: a pole pair.
#[derive(Debug, Clone, Copy, Default)]
pub struct Resonator {
    a: f64,
    b: f64,
    c: f64,
    y1: f64,
    y2: f64,
}

impl Resonator {
    /// Moves the formant to `frequency` Hz and `bandwidth` Hz. The gain at 0 Hz is 1.
    pub fn tune(&mut self, frequency: f64, bandwidth: f64) {
        (self.a, self.b, self.c) = coefficients(frequency, bandwidth);
    }

    /// As [`tune`](Self::tune), with a gain of 1 at the peak instead of at 0 Hz, as a band of noise wants it.
    pub fn tune_band(&mut self, frequency: f64, bandwidth: f64) {
        self.tune(frequency, bandwidth);
        // At the peak, |1 - b z⁻¹ - c z⁻²| with z on the unit circle at the pole's angle.
        let turns = frequency / f64::from(SAMPLE_RATE);
        let (cos1, sin1) = (cos_turns(turns), cos_turns(turns - 0.25));
        let (cos2, sin2) = (cos_turns(2.0 * turns), cos_turns(2.0 * turns - 0.25));
        let real = 1.0 - self.b * cos1 - self.c * cos2;
        let imaginary = self.b * sin1 + self.c * sin2;
        self.a = (real * real + imaginary * imaginary).sqrt();
    }

    /// The next sample.
    pub fn step(&mut self, x: f64) -> f64 {
        let y = self.a * x + self.b * self.y1 + self.c * self.y2;
        self.y2 = self.y1;
        self.y1 = y;
        y
    }
}

/// The inverse of a [`Resonator`]: a zero pair, for the side branch that the nose is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Antiresonator {
    a: f64,
    b: f64,
    c: f64,
    x1: f64,
    x2: f64,
}

impl Antiresonator {
    /// Moves the zero to `frequency` Hz and `bandwidth` Hz. The gain at 0 Hz is 1.
    pub fn tune(&mut self, frequency: f64, bandwidth: f64) {
        let (a, b, c) = coefficients(frequency, bandwidth);
        (self.a, self.b, self.c) = (1.0 / a, -b / a, -c / a);
    }

    /// The next sample.
    pub fn step(&mut self, x: f64) -> f64 {
        let y = self.a * x + self.b * self.x1 + self.c * self.x2;
        self.x2 = self.x1;
        self.x1 = x;
        y
    }
}

/// A first-order low pass: the rounding of the glottal pulse that tilts its spectrum.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tilt {
    a: f64,
    y: f64,
}

impl Tilt {
    /// Where the tilt is measured, in Hz.
    const AT: f64 = 3000.0;

    /// Sets the attenuation at 3 kHz, in dB (0 or less: none). The gain at 0 Hz is 1.
    pub fn tune(&mut self, attenuation: f64) {
        let power = db(-2.0 * attenuation);
        if power >= 1.0 {
            self.a = 0.0;
            return;
        }
        // (1-a)² / (1 - 2a cos w + a²) = power, solved for the root inside the unit circle.
        let half = 1.0 - power * cos_turns(Self::AT / f64::from(SAMPLE_RATE));
        let edge = 1.0 - power;
        self.a = (half - (half * half - edge * edge).sqrt()) / edge;
    }

    /// The next sample.
    pub fn step(&mut self, x: f64) -> f64 {
        self.y = (1.0 - self.a) * x + self.a * self.y;
        self.y
    }
}

/// A first-order high pass at about 35 Hz: no recording keeps what is below, least of all a constant.
#[derive(Debug, Clone, Copy, Default)]
pub struct DcBlock {
    x: f64,
    y: f64,
}

impl DcBlock {
    /// The next sample.
    pub fn step(&mut self, x: f64) -> f64 {
        self.y = x - self.x + 0.99 * self.y;
        self.x = x;
        self.y
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The amplitude that a sine of `frequency` Hz and amplitude 1 leaves `filter` with.
    fn gain(mut filter: impl FnMut(f64) -> f64, frequency: f64) -> f64 {
        let outputs = (0..8000).map(|i| filter(cos_turns(f64::from(i) * frequency / f64::from(SAMPLE_RATE))));
        outputs.skip(4000).fold(0.0, |peak, y| peak.max(y.abs()))
    }

    #[test]
    fn a_resonator_peaks_at_its_formant_and_its_inverse_undoes_it() {
        let mut formant = Resonator::default();
        formant.tune(500.0, 60.0);
        let peak = |f| {
            let mut fresh = formant;
            gain(move |x| fresh.step(x), f)
        };
        assert!(peak(500.0) > 5.0 * peak(200.0) && peak(500.0) > 20.0 * peak(1500.0));
        let mut inverse = Antiresonator::default();
        inverse.tune(500.0, 60.0);
        assert!((gain(|x| inverse.step(formant.step(x)), 700.0) - 1.0).abs() < 0.01);
    }

    #[test]
    fn a_band_has_gain_one_at_its_centre() {
        let mut band = Resonator::default();
        band.tune_band(5000.0, 1500.0);
        assert!((gain(|x| band.step(x), 5000.0) - 1.0).abs() < 0.02);
    }

    #[test]
    fn tilt_is_the_attenuation_at_three_kilohertz() {
        for attenuation in [3.0, 9.0, 18.0] {
            let mut tilt = Tilt::default();
            tilt.tune(attenuation);
            let measured = gain(|x| tilt.step(x), 3000.0);
            assert!((measured / db(-attenuation) - 1.0).abs() < 0.02, "{attenuation} dB: {measured}");
        }
    }
}
