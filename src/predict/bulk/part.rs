//! One part of the table: recordings in, rows in their order out.

use std::{
    io::Write,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

use rayon::prelude::*;

use super::{
    PartFormat, Settings, Voices,
    inputs::{Inputs, digest},
    read::{Item, Opened, Place, Whole, members},
    record::Done,
    voices::{Known, Row},
};
use crate::{
    error::{Error, Result},
    events::{self, Observer},
    files::write_whole,
    predict::{Answer, Evidence, Format, Output, Recognizer, Style, Window, timeline},
};

/// What was heard in a recording.
pub(super) enum Heard {
    Clip(Answer),
    /// What becomes an answer once its speaker is known.
    Evidence(Evidence),
    Windows(Vec<Window>),
}

/// Takes a row: what the recording is called, and what was heard in it.
type Each<'a> = &'a mut dyn FnMut(&str, &Result<Heard>) -> Result<()>;

/// The means of making parts.
pub(super) struct Work<'a> {
    pub(super) recognizer: &'a Recognizer,
    pub(super) settings: &'a Settings,
    pub(super) observer: &'a dyn Observer,
    pub(super) progress: &'a dyn events::Work,
    /// The files of segments.
    pub(super) whole: Whole,
    pub(super) inputs: Inputs,
}

impl<'a> Work<'a> {
    pub(super) fn new(
        recognizer: &'a Recognizer,
        settings: &'a Settings,
        observer: &'a dyn Observer,
        progress: &'a dyn events::Work,
    ) -> Self {
        Self { recognizer, settings, observer, progress, whole: Whole::default(), inputs: Inputs::default() }
    }

    /// Writes a part, whole or not at all.
    pub(super) fn write(&self, path: &Path, items: &mut dyn Iterator<Item = Result<Item>>) -> Result<Done> {
        let began = Instant::now();
        let mut done = Done::default();
        self.table(path, &mut |row| self.all(items, &mut done, &mut |item, heard| row(&item.called(), heard)))?;
        done.digest = digest(path).map_err(Error::io("read", path))?.to_hex().to_string();
        done.seconds = began.elapsed().as_secs_f64();
        Ok(done)
    }

    /// Writes what was heard in the recordings of a part, whole or not at all.
    pub(super) fn listen(
        &self,
        path: &Path,
        voices: &Voices,
        items: &mut dyn Iterator<Item = Result<Item>>,
    ) -> Result<Done> {
        let began = Instant::now();
        let mut done = Done::default();
        kept_whole(path, &mut |file| {
            self.all(items, &mut done, &mut |item, heard| {
                let heard = match heard {
                    Ok(Heard::Evidence(evidence)) => Ok(evidence.clone()),
                    Ok(_) => return Err(Error::Data("what was heard became an answer before its time".into())),
                    Err(error) => Err(crate::predict::output::problem(error)),
                };
                Row::of(item, voices, heard).write(file).map_err(Error::io("write", path))
            })
        })?;
        done.digest = digest(path).map_err(Error::io("read", path))?.to_hex().to_string();
        done.seconds = began.elapsed().as_secs_f64();
        Ok(done)
    }

    /// Writes a part of which all was heard before, whole or not at all.
    pub(super) fn adapted(&self, path: &Path, heard: &Path, known: &Known<'_>) -> Result<()> {
        self.table(path, &mut |row| known.answers(heard, |name, answer| row(name, &answer.map(Heard::Clip))))
    }

    /// Writes the rows that `fill` hands on as a table of the format that is asked for, whole or not at all.
    fn table(&self, path: &Path, fill: &mut dyn FnMut(Each<'_>) -> Result<()>) -> Result<()> {
        match self.settings.format {
            PartFormat::Csv => kept_whole(path, &mut |file| {
                let known = self.recognizer.vocabulary();
                let wrong = || Error::io("write", path);
                let (file, style) = (Unflushed(file), self.style());
                let begun = match self.settings.voices {
                    Some(_) => Output::adapted(file, Format::Csv, style, known),
                    None => Output::of(file, Format::Csv, style, known),
                };
                let mut output = begun.map_err(wrong())?;
                let mut row = |name: &str, heard: &Result<Heard>| match heard {
                    Ok(Heard::Clip(answer)) => output.clip(name, Ok(answer)),
                    Ok(Heard::Windows(windows)) => windows.iter().try_for_each(|window| output.window(name, window)),
                    Ok(Heard::Evidence(_)) => Ok(()),
                    Err(error) => output.clip(name, Err(error)),
                };
                fill(&mut |name, heard| row(name, heard).map_err(wrong()))?;
                output.finish().map_err(wrong())
            }),
            #[cfg(feature = "parquet")]
            PartFormat::Parquet => {
                let adapted = self.settings.voices.is_some();
                let mut table = super::columns::Table::new(self.recognizer, self.style(), adapted);
                fill(&mut |name, heard| {
                    table.row(name, heard);
                    Ok(())
                })?;
                table.write(path)
            }
            #[cfg(not(feature = "parquet"))]
            PartFormat::Parquet => Err(Error::Config("--parts parquet: not in this build".into())),
        }
    }

    fn style(&self) -> Style {
        let windows = self.settings.timeline.is_some();
        Style { threshold: self.settings.threshold, windows, ..Style::default() }
    }

    /// Listens to all, so many at once that no thread waits for long, and hands on the rows in order.
    fn all(
        &self,
        items: &mut dyn Iterator<Item = Result<Item>>,
        done: &mut Done,
        row: &mut dyn FnMut(&Item, &Result<Heard>) -> Result<()>,
    ) -> Result<()> {
        let at_once = 8 * rayon::current_num_threads();
        let mut waiting = Vec::with_capacity(at_once);
        for item in items {
            let item = item?;
            if item.place != Place::Archive {
                waiting.push(item);
                if waiting.len() == at_once {
                    self.some(&mut waiting, done, row)?;
                }
                continue;
            }
            let before = self.inputs.of(&item);
            let read = members(&item, |member| {
                waiting.push(member);
                if waiting.len() == at_once { self.some(&mut waiting, done, row) } else { Ok(()) }
            });
            self.some(&mut waiting, done, row)?;
            match read {
                Ok(()) => {}
                Err(error @ (Error::File { .. } | Error::Io { .. })) if error_is_of(&error, &item.path) => {
                    self.count(&item, &Err(error), done, row)?;
                }
                Err(error) => return Err(error),
            }
            done.inputs.push_str(&self.inputs.still(&item, before));
            // What is in an archive was not counted.
            self.progress.step();
        }
        self.some(&mut waiting, done, row)
    }

    fn some(
        &self,
        waiting: &mut Vec<Item>,
        done: &mut Done,
        row: &mut dyn FnMut(&Item, &Result<Heard>) -> Result<()>,
    ) -> Result<()> {
        let stopped = AtomicBool::new(false);
        let heard: Vec<(Item, Result<Heard>, String)> = std::mem::take(waiting)
            .into_par_iter()
            .map(|item| {
                if self.observer.stop_requested() {
                    stopped.store(true, Ordering::Relaxed);
                    return (item, Err(Error::Interrupted(String::new())), String::new());
                }
                // What is in an archive is known by the archive.
                if matches!(item.place, Place::Member(_)) {
                    let heard = self.hear(&item);
                    return (item, heard, String::new());
                }
                let before = self.inputs.of(&item);
                let heard = self.hear(&item);
                self.progress.step();
                let input = self.inputs.still(&item, before);
                (item, heard, input)
            })
            .collect();
        if stopped.into_inner() {
            return Err(Error::Interrupted("stopped: the same command goes on where the parts end".into()));
        }
        for (item, heard, input) in heard {
            done.inputs.push_str(&input);
            if let Err(stopped @ Error::Interrupted(_)) = heard {
                return Err(stopped);
            }
            self.count(&item, &heard, done, row)?;
        }
        Ok(())
    }

    fn count(
        &self,
        item: &Item,
        heard: &Result<Heard>,
        done: &mut Done,
        row: &mut dyn FnMut(&Item, &Result<Heard>) -> Result<()>,
    ) -> Result<()> {
        done.recordings += 1;
        match heard {
            Ok(Heard::Clip(answer)) => {
                done.rows += 1;
                done.audio_seconds += answer.seconds();
            }
            Ok(Heard::Evidence(evidence)) => {
                done.rows += 1;
                done.audio_seconds += evidence.seconds();
            }
            Ok(Heard::Windows(windows)) => {
                done.rows += windows.len();
                done.audio_seconds += windows.last().map_or(0.0, |window| window.end);
            }
            Err(error) => {
                done.rows += 1;
                done.failures.push((item.called(), crate::predict::output::problem(error)));
            }
        }
        row(item, heard)
    }

    fn hear(&self, item: &Item) -> Result<Heard> {
        if let Place::Segment(part) = item.place
            && !part.is_whole()
        {
            self.whole.check(&item.path)?;
        }
        let opened = item.open()?;
        if self.settings.voices.is_some() {
            let evidence = match opened {
                Opened::Decoder(decoder) => self.recognizer.evidence_in(*decoder, &item.path),
                Opened::Samples(audio) => self.recognizer.evidence(audio, &item.path),
            };
            return evidence.map(Heard::Evidence);
        }
        let Some(listening) = self.settings.timeline else {
            let answer = match opened {
                Opened::Decoder(decoder) => self.recognizer.decoder(*decoder, &item.path),
                Opened::Samples(audio) => self.recognizer.audio(audio, &item.path),
            };
            return answer.map(Heard::Clip);
        };
        let mut windows = Vec::new();
        match opened {
            Opened::Decoder(decoder) => {
                timeline(self.recognizer, *decoder, &item.path, listening, self.observer, &mut |window| {
                    windows.push(window);
                    Ok(())
                })?;
            }
            Opened::Samples(audio) => {
                let mut listener = self.recognizer.listen(audio.sample_rate, listening)?;
                windows.extend(listener.push(&audio.samples)?);
                windows.extend(listener.finish()?);
            }
        }
        Ok(Heard::Windows(windows))
    }
}

/// Whether an error is about that file as a whole.
fn error_is_of(error: &Error, file: &Path) -> bool {
    matches!(error, Error::File { path, .. } | Error::Io { path, .. } if path == file)
}

/// Writes a file, whole or not at all. What `fill` fails by is the error, not that the file could not be filled because of it.
fn kept_whole(path: &Path, fill: &mut dyn FnMut(&mut dyn Write) -> Result<()>) -> Result<()> {
    let mut problem = None;
    let written = write_whole(path, |file| {
        fill(file).map_err(|error| {
            let text = std::io::Error::other(error.to_string());
            problem = Some(error);
            text
        })
    });
    problem.map_or(written, Err)
}

/// A file that is flushed once, at its end.
struct Unflushed<'a>(&'a mut dyn Write);

impl Write for Unflushed<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
