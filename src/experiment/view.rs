//! `[speaker]`: what the head that knows speakers sees of the clips.

use std::sync::OnceLock;

use super::{Options, Prepared, features::check_finite};
use crate::{
    adapt::CentredHead,
    augment::Augmenter,
    cache::{Cache, DEFAULT_LIMIT, Entry},
    corpus::Clip,
    error::{Error, Result},
    events::Observer,
    run::Embeddings,
};

/// What makes it, for all runs of an experiment.
pub(super) struct SpeakerViews {
    cache: Cache,
    /// Makes one copy of a clip: the first one that the network learns from.
    augmenter: Augmenter,
    entries: OnceLock<Vec<Entry>>,
}

/// What it is of the clips of one run, a vector each.
pub(super) struct View {
    /// Of each of the experiment's clips.
    pub entries: Vec<Entry>,
    /// Of the first altered copy of each clip of the training side, in its order; nothing where there are no copies.
    pub copies: Vec<Vec<Entry>>,
}

impl SpeakerViews {
    /// That of the config; none where the head sees what the network sees.
    ///
    /// # Errors
    ///
    /// As [`Experiment::speaker_chain`](crate::config::Experiment::speaker_chain) and [`Cache::new`].
    pub fn open(prepared: &Prepared, options: &Options) -> Result<Option<Self>> {
        let Some((audio, frontend)) = prepared.experiment.speaker_chain(&options.models)? else { return Ok(None) };
        if prepared.plan.has_copies() {
            return Err(Error::Config(format!(
                "[speaker]: protocol.kind = \"{}\" splits altered copies of clips, which it knows nothing of; drop it",
                prepared.plan.kind
            )));
        }
        let limit = options.cache_limit.unwrap_or(DEFAULT_LIMIT);
        let cache = Cache::new(&options.cache, limit, &audio, frontend, prepared.known.clone())?;
        Ok(Some(Self { cache, augmenter: prepared.augmenter.clone().once(), entries: OnceLock::new() }))
    }

    /// What it is of the clips of a run whose training side is `training`.
    ///
    /// # Errors
    ///
    /// As [`Cache::matrices`] and [`check_finite`].
    pub fn of(&self, prepared: &Prepared, training: &[&Clip], seed: u64, observer: &dyn Observer) -> Result<View> {
        let entries = match self.entries.get() {
            Some(entries) => entries.clone(),
            None => {
                let entries = self.cache.matrices(&prepared.clips, observer)?;
                let ids: Vec<&str> = prepared.clips.iter().map(|clip| clip.id.as_str()).collect();
                check_finite(&ids, &entries)?;
                self.entries.get_or_init(|| entries).clone()
            }
        };
        let copies = self.cache.copies(training, &self.augmenter, seed, observer)?;
        for (clip, copies) in training.iter().zip(&copies) {
            check_finite(&vec![clip.id.as_str(); copies.len()], copies)?;
        }
        Ok(View { entries, copies })
    }
}

impl View {
    /// The vectors of `members`.
    ///
    /// # Errors
    ///
    /// As [`Entry::values`].
    pub fn vectors(entries: &[Entry], members: &[usize]) -> Result<Vec<Vec<f32>>> {
        members.iter().map(|&clip| entries[clip].values()).collect()
    }

    /// What the head makes of `members`, by clip.
    ///
    /// # Errors
    ///
    /// As [`Entry::values`].
    pub fn scores(&self, prepared: &Prepared, head: &CentredHead, members: &[usize]) -> Result<Embeddings> {
        let clips = members.iter().map(|&clip| prepared.clips[clip].id.clone()).collect();
        let vectors = Self::vectors(&self.entries, members)?.iter().map(|vector| head.scores(vector)).collect();
        Ok(Embeddings { clips, vectors })
    }
}
