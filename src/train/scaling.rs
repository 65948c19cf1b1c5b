//! The scalers of a run, and its clips scaled by them.

use std::{borrow::Cow, collections::BTreeMap};

use super::{data::Dataset, experiment::Prepared};
use crate::{
    cache::Entry,
    features::{Scaler, ScalerFit, ScalerScope},
    protocol::Fold,
};

/// The scalers of a run, by scope.
#[derive(Default)]
pub(super) struct Scalers {
    /// The one that was fitted on the training side, where the config asks for that.
    pub train: Option<Scaler>,
    by_group: BTreeMap<String, Scaler>,
}

impl Scalers {
    /// Fits what the config asks for.
    pub(super) fn fit(prepared: &Prepared, entries: &[Entry], fold: &Fold) -> Self {
        let dims = entries.first().map_or(0, Entry::dims);
        let fit = |members: &[usize]| {
            let mut fit = ScalerFit::new(dims);
            members.iter().for_each(|&clip| fit.add(entries[clip].values()));
            fit.finish()
        };
        let mut scalers = Self::default();
        match prepared.experiment.features.scaler {
            ScalerScope::None => {}
            ScalerScope::Train => scalers.train = Some(fit(&fold.train)),
            ScalerScope::Utterance | ScalerScope::Speaker => {
                let by_speaker = prepared.experiment.features.scaler == ScalerScope::Speaker;
                let mut groups = BTreeMap::<String, Vec<usize>>::new();
                for (i, clip) in prepared.clips.iter().enumerate() {
                    let group = if by_speaker { clip.speaker_key() } else { clip.id.clone() };
                    groups.entry(group).or_default().push(i);
                }
                scalers.by_group = groups.into_iter().map(|(group, members)| (group, fit(&members))).collect();
            }
        }
        scalers
    }

    /// The fold's clips, scaled; `copies` are those of each clip of the training side, in its order.
    pub(super) fn dataset(
        &self,
        prepared: &Prepared,
        entries: &[Entry],
        copies: &[Vec<Entry>],
        fold: &Fold,
    ) -> Dataset {
        let mut data = Dataset::new(
            entries,
            [&fold.train, &fold.validation, &fold.test].into_iter().flatten().copied(),
            |clip| self.of(prepared, clip),
            prepared.experiment.model.min_frames(),
        );
        for (&clip, copies) in fold.train.iter().zip(copies) {
            data.add_copies(clip, copies, |copy| self.of_copy(prepared, clip, copy));
        }
        data
    }

    fn of(&self, prepared: &Prepared, clip: usize) -> Option<&Scaler> {
        let clip = &prepared.clips[clip];
        self.train.as_ref().or_else(|| self.by_group.get(&clip.id)).or_else(|| self.by_group.get(&clip.speaker_key()))
    }

    /// A copy follows its clip; where each utterance is scaled by itself, it is an utterance of its own.
    fn of_copy<'a>(&'a self, prepared: &Prepared, clip: usize, copy: &Entry) -> Option<Cow<'a, Scaler>> {
        if prepared.experiment.features.scaler == ScalerScope::Utterance {
            let mut fit = ScalerFit::new(copy.dims());
            fit.add(copy.values());
            return Some(Cow::Owned(fit.finish()));
        }
        self.of(prepared, clip).map(Cow::Borrowed)
    }
}
