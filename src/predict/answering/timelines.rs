//! Long recordings, window by window or turn by turn.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    io::Write,
    path::{Path, PathBuf},
};

use super::{
    super::{
        Listening, Session, Side, Source, Window,
        inputs::{Input, inputs, opener},
        timelines_by,
    },
    Answering,
    files::Voice,
};
use crate::{
    audio::Decoder,
    error::{Error, Result},
    stdout::read_on,
};

impl<W: Write> Answering<'_, W> {
    /// Answers for the windows of every file of `paths`, files or folders; `seen` is shown each as well.
    ///
    /// # Errors
    ///
    /// As [`Recognizer::listen`](super::super::Recognizer::listen); [`Error::Interrupted`] where a stop was asked for; those of
    /// writing.
    pub fn timelines(&mut self, paths: &[PathBuf], listening: Listening, mut seen: impl FnMut(&Window)) -> Result<()> {
        // Wrong settings are better known before the first file.
        self.recognizer.listen(48_000, listening)?;
        let sessions = RefCell::default();
        for Input { path, lost } in inputs(paths, self.observer) {
            let going = match lost {
                Some(error) => self.clip(&path, None, Err(&error))?,
                None => self.timeline(&path, listening, &sessions, &mut seen)?,
            };
            if !going {
                return Ok(());
            }
        }
        Ok(())
    }

    /// One file's. Whether to go on.
    fn timeline(
        &mut self,
        path: &Path,
        listening: Listening,
        sessions: &RefCell<BTreeMap<Option<Voice>, Session>>,
        seen: &mut impl FnMut(&Window),
    ) -> Result<bool> {
        let opened = opener(path).and_then(|open| self.channels.decoders(open));
        let (sides, decoders): (Vec<Side>, Vec<Decoder>) = match opened {
            Ok(opened) => opened.into_iter().unzip(),
            Err(error) => return self.clip(path, None, Err(&error)),
        };
        let (recognizer, observer, speakers) = (self.recognizer, self.observer, &self.speakers);
        let name = path.to_string_lossy();
        let channels: Vec<Option<&str>> = sides.iter().map(|side| side.name.as_deref()).collect();
        let mut open = true;
        let output = &mut self.output;
        let each = |side: usize, window: Window| {
            open = read_on(output.window(Source { path: &name, channel: channels[side] }, &window))?;
            seen(&window);
            if open { Ok(()) } else { Err(Error::Interrupted("nobody reads".into())) }
        };
        let listen = |side: usize, rate: u32| {
            let Some(speakers) = speakers else { return recognizer.listen(rate, listening) };
            let key = speakers.whose.map(|whose| (whose.key(path), channels[side].map(str::to_owned)));
            let mut sessions = sessions.borrow_mut();
            if !sessions.contains_key(&key) {
                sessions.insert(key.clone(), speakers.session(recognizer)?);
            }
            match sessions.get(&key) {
                Some(session) => session.listen(rate, listening, key.is_some()),
                None => recognizer.listen(rate, listening),
            }
        };
        match timelines_by(&listen, decoders, path, observer, each) {
            Ok(ended) => {
                ended.notes.iter().for_each(|note| self.note(&format!("{}: {note}", path.display())));
                read_on(self.output.summary(&name, &channels, ended.seconds))
            }
            Err(Error::Interrupted(_)) if !open => Ok(false),
            Err(stopped @ (Error::Interrupted(_) | Error::Config(_))) => Err(stopped),
            Err(error) => self.clip(path, None, Err(&error)),
        }
    }
}
