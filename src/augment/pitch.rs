//! Pitch shift as librosa's `effects.pitch_shift` does it: stretched in time, then played at the pace that undoes the
//! stretch. Formants move with the pitch.

use super::{Method, speed, time_stretch};

/// The clip with its pitch moved by `semitones` (above 0 is up), at its own pace and of its own length.
#[must_use]
pub fn pitch_shift(samples: &[f32], sample_rate: u32, semitones: f64, method: Method) -> Vec<f32> {
    if semitones == 0.0 {
        return samples.to_vec();
    }
    let rate = (-semitones / 12.0).exp2();
    let mut shifted = speed::play(&time_stretch(samples, sample_rate, rate, method), 1.0 / rate);
    shifted.resize(samples.len(), 0.0);
    shifted
}
