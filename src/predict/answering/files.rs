//! Whole files, each a clip: as they come, or each speaker's together.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    io::Write,
    path::{Path, PathBuf},
};

use rayon::prelude::*;

use super::{
    super::{
        Answer, Session, Side,
        inputs::{Input, inputs, opener},
        recognizer::Evidence,
    },
    Answering, Speakers, Whose,
};
use crate::error::{Error, Result};

/// Who speaks: a file or its folder, and the channel where each is a person's own.
pub(super) type Voice = (PathBuf, Option<String>);

/// What each channel of a file gave.
type Sides<T> = Result<Vec<(Side, Result<T>)>>;

impl<W: Write> Answering<'_, W> {
    /// Answers for every file of `paths`, files or folders; `progress` shows how far it is.
    ///
    /// # Errors
    ///
    /// [`Error::Interrupted`] where a stop was asked for; those of writing.
    pub fn files(&mut self, paths: &[PathBuf], progress: bool) -> Result<()> {
        let inputs = inputs(paths, self.observer);
        match &self.speakers {
            Some(Speakers { whose: Some(whose), .. }) => self.by_speaker(inputs, *whose),
            _ => self.one_by_one(&inputs, progress),
        }
    }

    fn one_by_one(&mut self, inputs: &[Input], progress: bool) -> Result<()> {
        let enrolled = self.speakers.as_ref().map(|speakers| speakers.enrolled.clone());
        let (recognizer, observer, channels) = (self.recognizer, self.observer, self.channels);
        let progress = (progress && inputs.len() > 1).then(|| observer.work("recognising", inputs.len()));
        // Enough at once that no thread waits for long, few enough that rows come soon.
        for some in inputs.chunks(16 * rayon::current_num_threads()) {
            let answers: Vec<Option<Sides<Answer>>> = some
                .par_iter()
                .map(|Input { path, lost }| {
                    lost.is_none().then(|| {
                        if observer.stop_requested() {
                            return Err(Error::Interrupted("stopped before this file".into()));
                        }
                        match &enrolled {
                            None => recognizer.channels(channels, opener(path)?, path),
                            Some(session) => {
                                let each = channels.decoders(opener(path)?)?.into_iter();
                                Ok(each.map(|(side, decoder)| (side, session.decoder(decoder, path))).collect())
                            }
                        }
                    })
                })
                .collect();
            for (Input { path, lost }, answers) in some.iter().zip(answers) {
                if !self.sides(path, lost.as_ref(), answers)? {
                    return Ok(());
                }
                progress.iter().for_each(|progress| progress.step());
            }
        }
        Ok(())
    }

    /// Listens to all files, then answers: each speaker's answers are adapted to all that was heard of that speaker. Channels
    /// that are answered for by themselves are speakers of their own.
    fn by_speaker(&mut self, inputs: Vec<Input>, whose: Whose) -> Result<()> {
        let (recognizer, observer, channels) = (self.recognizer, self.observer, self.channels);
        let heard: Vec<Option<Sides<Evidence>>> = inputs
            .par_iter()
            .map(|Input { path, lost }| {
                lost.is_none().then(|| {
                    if observer.stop_requested() {
                        return Err(Error::Interrupted("stopped before this file".into()));
                    }
                    let each = channels.decoders(opener(path)?)?.into_iter();
                    Ok(each.map(|(side, decoder)| (side, recognizer.evidence_in(decoder, path))).collect())
                })
            })
            .collect();
        let key = |path: &Path, side: &Side| (whose.key(path), side.name.as_deref().map(str::to_owned));
        let mut sessions: BTreeMap<Voice, Session> = BTreeMap::new();
        for (Input { path, .. }, sides) in inputs.iter().zip(&heard) {
            for (side, evidence) in sides.iter().flatten().flatten() {
                let (Ok(evidence), Some(speakers)) = (evidence, &self.speakers) else { continue };
                let session = match sessions.entry(key(path, side)) {
                    Entry::Occupied(session) => session.into_mut(),
                    Entry::Vacant(place) => place.insert(speakers.session(recognizer)?),
                };
                session.remember(evidence);
            }
        }
        // Once each, not at every file: it is work for all that was heard.
        sessions.values().try_for_each(|session| session.settled().map(drop))?;
        for (Input { path, lost }, sides) in inputs.into_iter().zip(heard) {
            let adapted = |(side, evidence): (Side, Result<Evidence>)| {
                let session = sessions.get(&key(&path, &side));
                let answer = evidence.map(|evidence| session.map(|session| session.answer(&evidence)));
                answer.transpose().map(|answer| (side, answer))
            };
            let answers = sides.map(|sides| sides.map(|sides| sides.into_iter().filter_map(adapted).collect()));
            if !self.sides(&path, lost.as_ref(), answers)? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Writes the rows of a file's channels; why there are none where it is lost. Whether to go on.
    fn sides(&mut self, path: &Path, lost: Option<&Error>, answers: Option<Sides<Answer>>) -> Result<bool> {
        match (lost, answers) {
            (Some(error), _) => self.clip(path, None, Err(error)),
            (None, Some(Err(stopped @ Error::Interrupted(_)))) => Err(stopped),
            (None, Some(Err(error))) => self.clip(path, None, Err(&error)),
            (None, Some(Ok(answers))) => answers
                .iter()
                .map(|(side, answer)| self.clip(path, Some(side), answer.as_ref()))
                .try_fold(true, |going, next| next.map(|next| going && next)),
            (None, None) => Ok(true),
        }
    }
}
