//! Time stretch by the phase vocoder (Flanagan & Golden 1966; Portnoff 1976) as librosa 0.11's `effects.time_stretch` does
//! it: frames of 2048 samples every 512, magnitudes interpolated between the two frames around each step, phases carried
//! on by the difference between them.
//!
//! librosa adds up angles. Here unit phasors are multiplied, which is the same modulo a turn: the phase that it wraps and
//! adds is that of the later frame less that of the earlier. There is then no angle to compute, and none that grows until
//! single precision no longer holds it: what is left of the difference to librosa is the rounding of its angles.

use realfft::num_complex::Complex;

use crate::audio::spectrum::Spectrum;

/// Frame and hop in samples: librosa's defaults.
const FRAME: usize = 2048;
const HOP: usize = 512;

/// The clip at `rate` times its pace, with its pitch: `round(n / rate)` samples.
pub(super) fn stretch(samples: &[f32], rate: f64) -> Vec<f32> {
    let length = (samples.len() as f64 / rate).round_ties_even() as usize;
    let mut spectrum = Spectrum::new(FRAME, HOP);
    let frames = spectrum.frames(samples.len());
    let steps = ((frames as f64 / rate).ceil() as usize).min(spectrum.frames_that_reach(length));

    let mut sum = spectrum.overlap(length);
    let bins = spectrum.bins();
    let (mut earlier, mut later) = (Column::new(bins), Column::new(bins));
    let mut at = 0;
    earlier.read(&mut spectrum, samples, 0, frames);
    later.read(&mut spectrum, samples, 1, frames);
    let mut phase = earlier.phase.clone();
    let mut out = vec![Complex::default(); bins];
    for t in 0..steps {
        let step = t as f64 * rate;
        let index = step as usize;
        if index == at + 1 {
            std::mem::swap(&mut earlier, &mut later);
            later.read(&mut spectrum, samples, index + 1, frames);
        } else if index != at {
            earlier.read(&mut spectrum, samples, index, frames);
            later.read(&mut spectrum, samples, index + 1, frames);
        }
        at = index;
        let share = step.fract() as f32;
        let columns = earlier.magnitude.iter().zip(&later.magnitude).zip(earlier.phase.iter().zip(&later.phase));
        for (((magnitudes, phases), phase), out) in columns.zip(&mut phase).zip(&mut out) {
            *out = *phase * ((1.0 - share) * magnitudes.0 + share * magnitudes.1);
            let turned = *phase * phases.1 * phases.0.conj();
            // Rounding must not add up in the length: one step of Newton's method towards 1.
            *phase = turned * (1.5 - 0.5 * turned.norm_sqr());
        }
        spectrum.synthesise(&mut out, t, &mut sum);
    }
    sum.finish()
}

/// A frame's spectrum in polar form.
struct Column {
    spectrum: Vec<Complex<f32>>,
    magnitude: Vec<f32>,
    phase: Vec<Complex<f32>>,
}

impl Column {
    fn new(bins: usize) -> Self {
        Self {
            spectrum: vec![Complex::default(); bins],
            magnitude: vec![0.0; bins],
            phase: vec![Complex::default(); bins],
        }
    }

    /// Reads frame `index` of `frames`; what lies beyond is silence, whose phase is 0.
    fn read(&mut self, spectrum: &mut Spectrum, samples: &[f32], index: usize, frames: usize) {
        if index < frames {
            spectrum.analyse(samples, index, &mut self.spectrum);
        } else {
            self.spectrum.fill(Complex::default());
        }
        for ((x, magnitude), phase) in self.spectrum.iter().zip(&mut self.magnitude).zip(&mut self.phase) {
            let length = x.norm_sqr().sqrt();
            *magnitude = length;
            *phase = if length > 0.0 { x / length } else { Complex::new(1.0, 0.0) };
        }
    }
}
