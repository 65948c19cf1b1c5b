//! Time stretch by the phase vocoder (Flanagan & Golden 1966; Portnoff 1976) as librosa 0.11's `effects.time_stretch` does
//! it: frames of 2048 samples every 512, magnitudes interpolated between the two frames around each step, phases carried
//! on by the difference between them.
//!
//! librosa adds up angles. Here unit phasors are multiplied, which is the same modulo a turn: the phase that it wraps and
//! adds is that of the later frame less that of the earlier. There is then no angle to compute, and none that grows until
//! single precision no longer holds it: what is left of the difference to librosa is the rounding of its angles.

use std::cell::RefCell;

use realfft::num_complex::Complex;
use ser_kernels::wide;

use crate::audio::spectrum::Spectrum;

/// Frame and hop in samples: librosa's defaults.
const FRAME: usize = 2048;
const HOP: usize = 512;

/// The clip at `rate` times its pace, with its pitch: `round(n / rate)` samples.
pub(super) fn stretch(samples: &[f32], rate: f64) -> Vec<f32> {
    KEPT.with_borrow_mut(|vocoder| vocoder.stretch(samples, rate))
}

thread_local! {
    /// Planned transforms and memory to work in, for any rate.
    static KEPT: RefCell<Vocoder> = RefCell::new(Vocoder::new());
}

/// The transforms, and the two frames and the step that are worked on. Nothing of a clip is left for the next.
struct Vocoder {
    spectrum: Spectrum,
    earlier: Column,
    later: Column,
    phase: Phase,
    out: Vec<Complex<f32>>,
}

impl Vocoder {
    fn new() -> Self {
        let spectrum = Spectrum::new(FRAME, HOP);
        let bins = spectrum.bins();
        Self {
            spectrum,
            earlier: Column::new(bins),
            later: Column::new(bins),
            phase: Phase { re: vec![0.0; bins], im: vec![0.0; bins] },
            out: vec![Complex::default(); bins],
        }
    }

    fn stretch(&mut self, samples: &[f32], rate: f64) -> Vec<f32> {
        let Self { spectrum, earlier, later, phase, out } = self;
        let length = (samples.len() as f64 / rate).round_ties_even() as usize;
        let frames = spectrum.frames(samples.len());
        let steps = ((frames as f64 / rate).ceil() as usize).min(spectrum.frames_that_reach(length));

        let mut sum = spectrum.overlap(length);
        let mut at = 0;
        earlier.read(spectrum, samples, 0, frames);
        later.read(spectrum, samples, 1, frames);
        phase.re.copy_from_slice(&earlier.re);
        phase.im.copy_from_slice(&earlier.im);
        for t in 0..steps {
            let step = t as f64 * rate;
            let index = step as usize;
            if index == at + 1 {
                std::mem::swap(earlier, later);
                later.read(spectrum, samples, index + 1, frames);
            } else if index != at {
                earlier.read(spectrum, samples, index, frames);
                later.read(spectrum, samples, index + 1, frames);
            }
            at = index;
            phase.lay(step.fract() as f32, earlier, later, out);
            spectrum.synthesise(out, &mut sum);
        }
        sum.finish()
    }
}

/// A frame's spectrum in polar form: magnitudes, and phases as numbers of length 1. Parts that are computed together lie
/// side by side.
struct Column {
    spectrum: Vec<Complex<f32>>,
    magnitude: Vec<f32>,
    re: Vec<f32>,
    im: Vec<f32>,
}

impl Column {
    fn new(bins: usize) -> Self {
        let zeros = || vec![0f32; bins];
        Self { spectrum: vec![Complex::default(); bins], magnitude: zeros(), re: zeros(), im: zeros() }
    }

    /// Reads frame `index` of `frames`; what lies beyond is silence, whose phase is 0.
    fn read(&mut self, spectrum: &mut Spectrum, samples: &[f32], index: usize, frames: usize) {
        if index < frames {
            spectrum.analyse(samples, index, &mut self.spectrum);
        } else {
            self.spectrum.fill(Complex::default());
        }
        wide(
            #[inline(always)]
            || {
                let phases = self.re.iter_mut().zip(&mut self.im);
                for ((x, magnitude), (re, im)) in self.spectrum.iter().zip(&mut self.magnitude).zip(phases) {
                    let length = (x.re * x.re + x.im * x.im).sqrt();
                    *magnitude = length;
                    let silent = length == 0.0;
                    *re = if silent { 1.0 } else { x.re / length };
                    *im = if silent { 0.0 } else { x.im / length };
                }
            },
        );
    }
}

/// The phase of the result, carried on from step to step.
struct Phase {
    re: Vec<f32>,
    im: Vec<f32>,
}

impl Phase {
    /// Writes a step's spectrum, whose magnitudes are `share` of the way between two frames', and goes on to the next.
    fn lay(&mut self, share: f32, earlier: &Column, later: &Column, out: &mut [Complex<f32>]) {
        wide(
            #[inline(always)]
            || {
                let magnitudes = earlier.magnitude.iter().zip(&later.magnitude);
                let earlier = earlier.re.iter().zip(&earlier.im);
                let later = later.re.iter().zip(&later.im);
                let phase = self.re.iter_mut().zip(&mut self.im);
                for ((((before, after), (a_re, a_im)), (b_re, b_im)), ((re, im), out)) in
                    magnitudes.zip(earlier).zip(later).zip(phase.zip(out))
                {
                    let magnitude = (1.0 - share) * before + share * after;
                    *out = Complex::new(*re * magnitude, *im * magnitude);
                    // Times the later phase, divided by the earlier one.
                    let (x, y) = (*re * b_re - *im * b_im, *re * b_im + *im * b_re);
                    let (x, y) = (x * a_re + y * a_im, y * a_re - x * a_im);
                    // Rounding must not add up in the length: one step of Newton's method towards 1.
                    let length = 1.5 - 0.5 * (x * x + y * y);
                    (*re, *im) = (x * length, y * length);
                }
            },
        );
    }
}
