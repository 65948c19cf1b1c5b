//! A trained bundle + audio → emotions: for a file, a folder, a stream, a microphone.
//!
//! [`Bundle`] is what training leaves: one file. [`Recognizer`] is one bundle or several made ready; `ser-predict` is a
//! thin shell over it. [`Listener`] is a recogniser at work on a signal of any length.

mod answer;
mod gate;
mod inputs;
mod inspect;
mod listen;
#[cfg(feature = "microphone")]
pub mod microphone;
mod output;
mod pcm;
mod recognizer;

pub use crate::bundle::{Bundle, Figures, SideFigures};
pub use answer::Answer;
pub use gate::Gate;
pub use inputs::{STDIN, expand};
pub use inspect::inspect;
pub use listen::{Listener, Listening, Window, timeline};
pub use output::{Format, Output, Style};
pub use pcm::{Pcm, SampleFormat};
pub use recognizer::{Recognizer, load_all};

/// The softmax of logits over a temperature: probabilities, together 1.
fn softmax(logits: &[f64], temperature: f64) -> Vec<f64> {
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    // A network that was fed numbers beyond reason knows nothing.
    if !largest.is_finite() || logits.iter().any(|l| l.is_nan()) {
        return vec![1.0 / logits.len().max(1) as f64; logits.len()];
    }
    let exponentials: Vec<f64> = logits.iter().map(|l| ((l - largest) / temperature).exp()).collect();
    let sum: f64 = exponentials.iter().sum();
    exponentials.into_iter().map(|e| e / sum).collect()
}
