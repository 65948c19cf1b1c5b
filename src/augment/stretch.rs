//! Time stretch: another pace, the same pitch.

use serde::{Deserialize, Serialize};

use super::{vocoder, wsola};

/// How time is stretched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Waveform similarity overlap-add: made for speech, keeps bursts and pitch periods sharp.
    #[default]
    Wsola,
    /// librosa 0.11's phase vocoder, with its numbers.
    PhaseVocoder,
}

/// The clip at `rate` times its pace (above 1 is faster), with its pitch: `round(n / rate)` samples, halves to the even
/// number as in Python. `sample_rate` in Hz; the phase vocoder, whose frame is 2048 samples, makes no use of it.
#[must_use]
pub fn time_stretch(samples: &[f32], sample_rate: u32, rate: f64, method: Method) -> Vec<f32> {
    match method {
        _ if rate == 1.0 || samples.is_empty() => samples.to_vec(),
        Method::Wsola => wsola::stretch(samples, sample_rate, rate),
        Method::PhaseVocoder => vocoder::stretch(samples, rate),
    }
}
