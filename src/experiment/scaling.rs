//! The scalers of a run, and its clips scaled by them.

use std::collections::BTreeMap;

use super::Prepared;
use crate::{
    cache::Entry,
    config::Experiment,
    corpus::Clip,
    error::Result,
    frontend::{EncoderConfig, Scaler, ScalerFit, ScalerScope},
    protocol::Fold,
    train::{Dataset, Scaling},
};

/// The scalers of a run, by scope.
pub(super) enum Scalers {
    None,
    Train(Scaler),
    /// By the speaker's key.
    Speaker(BTreeMap<String, Scaler>),
    /// Each clip's own, and each copy's.
    Utterance,
}

impl Scalers {
    /// Fits what the config asks for.
    pub(super) fn fit(prepared: &Prepared, entries: &[Entry], fold: &Fold) -> Result<Self> {
        let dims = entries.first().map_or(0, Entry::dims);
        let fit = |members: &[usize]| -> Result<Scaler> {
            let mut fit = ScalerFit::new(dims);
            for &clip in members {
                fit.add(&entries[clip].values()?);
            }
            Ok(fit.finish())
        };
        if prepared.experiment.encoder.as_ref().is_some_and(EncoderConfig::learns) {
            // Layers that learn see the states as they are; the network standardises what comes out of them.
            return Ok(Self::None);
        }
        Ok(match prepared.experiment.features.scaler {
            ScalerScope::None => Self::None,
            ScalerScope::Train if prepared.plan.leak.is_some_and(|leak| leak.scaler_on_all) => {
                Self::Train(fit(&(0..prepared.clips.len()).collect::<Vec<_>>())?)
            }
            ScalerScope::Train => Self::Train(fit(&prepared.training_side(fold))?),
            ScalerScope::Utterance => Self::Utterance,
            ScalerScope::Speaker => {
                let mut speakers = BTreeMap::<String, Vec<usize>>::new();
                for (i, clip) in prepared.clips.iter().enumerate() {
                    speakers.entry(clip.speaker_key()).or_default().push(i);
                }
                let fitted = speakers.into_iter().map(|(speaker, members)| Ok((speaker, fit(&members)?)));
                Self::Speaker(fitted.collect::<Result<_>>()?)
            }
        })
    }

    /// The fold's clips, scaled and in windows; `copies` are those of each clip that is trained on, in their order.
    pub(super) fn dataset<'a>(
        &'a self,
        prepared: &Prepared,
        entries: &'a [Entry],
        copies: &'a [Vec<Entry>],
        fold: &Fold,
    ) -> Dataset<'a> {
        let Experiment { audio, model, .. } = &prepared.experiment;
        let scaling = prepared.clips.iter().map(|clip| self.of(clip)).collect();
        let windows = audio.windows(prepared.experiment.step_seconds());
        let mut data = Dataset::new(entries, scaling, windows, model.min_frames());
        for (&clip, copies) in prepared.training_side(fold).iter().zip(copies) {
            data.add_copies(clip, copies);
        }
        data
    }

    /// What scales a clip. Its copies follow it; where each utterance is scaled by itself, a copy is one of its own.
    fn of(&self, clip: &Clip) -> Scaling<'_> {
        match self {
            Self::None => Scaling::None,
            Self::Train(scaler) => Scaling::By(scaler),
            Self::Speaker(scalers) => scalers.get(&clip.speaker_key()).map_or(Scaling::None, Scaling::By),
            Self::Utterance => Scaling::Own,
        }
    }

    /// What new clips are scaled by, where it is not their own.
    pub(super) fn of_bundle(&self) -> Option<&Scaler> {
        match self {
            Self::Train(scaler) => Some(scaler),
            _ => None,
        }
    }
}
