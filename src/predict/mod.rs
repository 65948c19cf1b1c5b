//! A trained bundle + audio → emotions: for a file, a folder, a stream, a microphone.
//!
//! [`Bundle`] is what training leaves: one file. [`Recognizer`] is one bundle or several made ready. [`Listener`] is a
//! recogniser at work on a signal of any length, [`Answering`] on all that one call of `ser-predict` names.

mod answer;
mod answering;
pub mod bulk;
mod channels;
mod gate;
mod inputs;
mod inspect;
mod listen;
#[cfg(feature = "microphone")]
pub mod microphone;
mod output;
mod recognizer;
mod session;
mod speech;
mod summary;
mod ways;

pub use crate::{
    adapt::Off,
    audio::{Pcm, SampleFormat},
    bundle::{BuiltIn, Bundle, DEFAULT, Figures, SideFigures},
};
pub use answer::{Adapted, Answer};
pub use answering::{Answering, Raw, Speakers, Whose};
pub use channels::{Channels, Side};
pub use gate::Gate;
pub use inputs::{STDIN, expand, is_bundle, misnamed};
pub use inspect::inspect;
pub use listen::{Ended, Listener, Listening, Segments, Window, timeline, timelines, timelines_by};
pub use output::{Format, Output, Source, Style, Vocabulary};
pub use recognizer::{Evidence, Recognizer, load_all};
pub use session::{Session, SessionState};
pub use summary::{Summary, Tally};
