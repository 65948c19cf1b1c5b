//! Answers for many recordings, written as they come: files, the files of speakers, timelines, streams.

mod files;
mod live;
mod speakers;
mod timelines;

use std::{io::Write, path::Path};

use super::{Answer, Channels, Output, Recognizer, Side, Source};
use crate::{
    error::{Error, Result},
    events::Observer,
    stdout::read_on,
};
pub use live::Raw;
pub use speakers::{Speakers, Whose};

/// A recogniser at work on what one call names. Files that cannot be used have rows of their own and do not end it.
pub struct Answering<'a, W: Write> {
    recognizer: &'a Recognizer,
    observer: &'a dyn Observer,
    channels: Channels,
    speakers: Option<Speakers>,
    output: Output<W>,
    failed: bool,
    /// Whether whoever reads the log sees the rows as well.
    rows_are_seen: bool,
    /// Whether it was told that a long recording got one answer.
    told_of_timelines: bool,
}

/// Longer recordings, in seconds, hold more than one emotion as a rule.
const LONG: f64 = 15.0;

impl<'a, W: Write> Answering<'a, W> {
    /// Answers of `recognizer` for `channels`, adapted to `speakers` where there are any, to be written to `output`.
    pub fn new(
        recognizer: &'a Recognizer,
        channels: Channels,
        speakers: Option<Speakers>,
        output: Output<W>,
        observer: &'a dyn Observer,
    ) -> Self {
        let (failed, rows_are_seen, told_of_timelines) = (false, false, false);
        Self { recognizer, observer, channels, speakers, output, failed, rows_are_seen, told_of_timelines }
    }

    /// The same for somebody who sees the rows beside the log: a file that cannot be used is told of in its row alone.
    #[must_use]
    pub fn with_rows_seen(self, rows_are_seen: bool) -> Self {
        Self { rows_are_seen, ..self }
    }

    /// Closes what is written, which is whole then, whatever went before. Whether every file could be used.
    ///
    /// # Errors
    ///
    /// As [`read_on`].
    pub fn finish(self) -> Result<bool> {
        read_on(self.output.finish())?;
        Ok(!self.failed)
    }

    /// Writes a recording's row; an error is told of as well, and that a long recording gets one answer. Whether to go on.
    fn clip(&mut self, path: &Path, side: Option<&Side>, answer: std::result::Result<&Answer, &Error>) -> Result<bool> {
        match answer {
            Err(error) => {
                self.failed = true;
                if !self.rows_are_seen {
                    self.observer.log(&format!("error: {error}"));
                }
            }
            Ok(answer) if answer.seconds() > LONG && !std::mem::replace(&mut self.told_of_timelines, true) => {
                let seconds = answer.seconds();
                let path = path.display();
                self.note(&format!("{path}: one answer for {seconds:.0} s; --timeline answers by window"));
            }
            Ok(_) => {}
        }
        let path = path.to_string_lossy();
        read_on(self.output.clip(Source { path: &path, channel: side.and_then(|side| side.name.as_deref()) }, answer))
    }

    fn note(&self, note: &str) {
        self.observer.log(&format!("note: {note}"));
    }
}
