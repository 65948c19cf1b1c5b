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
}

impl<'a, W: Write> Answering<'a, W> {
    /// Answers of `recognizer` for `channels`, adapted to `speakers` where there are any, to be written to `output`.
    pub fn new(
        recognizer: &'a Recognizer,
        channels: Channels,
        speakers: Option<Speakers>,
        output: Output<W>,
        observer: &'a dyn Observer,
    ) -> Self {
        Self { recognizer, observer, channels, speakers, output, failed: false }
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

    /// Writes a recording's row; an error is told of as well. Whether to go on.
    fn clip(&mut self, path: &Path, side: Option<&Side>, answer: std::result::Result<&Answer, &Error>) -> Result<bool> {
        if let Err(error) = answer {
            self.failed = true;
            self.observer.log(&format!("error: {error}"));
        }
        let path = path.to_string_lossy();
        read_on(self.output.clip(Source { path: &path, channel: side.and_then(|side| side.name.as_deref()) }, answer))
    }

    fn note(&self, note: &str) {
        self.observer.log(&format!("note: {note}"));
    }
}
