//! A trained bundle + audio → emotions: for a file, a folder, a stream, a microphone.
//!
//! [`Bundle`] is what training leaves: one file. [`Recognizer`] is one bundle or several made ready; `ser-predict` is a
//! thin shell over it. [`Listener`] is a recogniser at work on a signal of any length.

mod answer;
pub mod bulk;
mod gate;
mod inputs;
mod inspect;
mod listen;
#[cfg(feature = "microphone")]
pub mod microphone;
mod output;
mod recognizer;

pub use crate::{
    audio::{Pcm, SampleFormat},
    bundle::{BuiltIn, Bundle, DEFAULT, Figures, SideFigures},
};
pub use answer::Answer;
pub use gate::Gate;
pub use inputs::{STDIN, expand, is_bundle};
pub use inspect::inspect;
pub use listen::{Listener, Listening, Window, timeline};
pub use output::{Format, Output, Style, Vocabulary};
pub use recognizer::{Recognizer, load_all};
