//! Predicting a side of a fold, and what the loop must know of it.

use std::ops::Range;

use burn::{module::Module, tensor::Device};

use super::Prepared;
use crate::{
    bundle::{Clips, Scoring, SideFigures},
    error::{Error, Result},
    eval::{Confusion, scores},
    model::Net,
    train::Dataset,
};

/// The predictions of one side.
pub(super) struct Scored {
    /// Log-probabilities of every class, by clip in the order asked for.
    pub log_probabilities: Vec<Vec<f32>>,
    /// Mean cross-entropy, in nats.
    pub loss: f64,
    /// Unweighted average recall over the classes that the side has, from 0 to 1.
    pub uar: f64,
}

impl Scored {
    /// What a bundle says of it.
    pub(super) fn figures(&self) -> SideFigures {
        let clips = self.log_probabilities.len();
        let known = |figure: f64| (clips > 0 && figure.is_finite()).then_some(figure);
        SideFigures { clips, uar: known(self.uar), loss: known(self.loss) }
    }
}

/// A network at work on the clips of a fold, as it is used: no dropout, running statistics.
pub(super) struct Scorer<'a> {
    pub prepared: &'a Prepared,
    pub data: &'a Dataset<'a>,
    pub net: Net,
    pub device: Device,
}

impl<'a> Scorer<'a> {
    /// One of `net` as it would be used on a device.
    pub(super) fn new(prepared: &'a Prepared, data: &'a Dataset<'a>, net: &Net, device: &Device) -> Self {
        Self { prepared, data, net: net.valid(), device: device.clone().inner() }
    }

    fn scoring(&self) -> Scoring<'_> {
        Scoring {
            net: &self.net,
            windows: self.data.windows(),
            dims: self.data.dims(),
            min_frames: self.data.min_frames(),
            batch_size: self.prepared.experiment.train.batch_size,
            device: &self.device,
        }
    }

    /// Predicts `members`.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] naming the clip for which the network gives no numbers, or saying that it gives none for any; otherwise
    /// what the cache reports.
    pub(super) fn score(&self, members: &[usize]) -> Result<Scored> {
        let found = self.scoring().log_probabilities(self, members);
        let log_probabilities = found.map_err(|error| self.explain(members, error))?;
        let truth = members.iter().map(|&clip| self.prepared.labels[clip]);
        let loss: f64 = truth.clone().zip(&log_probabilities).map(|(class, row)| -f64::from(row[class])).sum();
        let pairs = truth.zip(log_probabilities.iter().map(|row| argmax(row)));
        let confusion = Confusion::from_pairs(self.prepared.classes.clone(), pairs);
        let uar = confusion.ok().and_then(|c| scores::uar(&c)).unwrap_or(f64::NAN);
        Ok(Scored { loss: loss / members.len().max(1) as f64, uar, log_probabilities })
    }

    /// What the network's penultimate layer makes of `members`.
    ///
    /// # Errors
    ///
    /// As [`Scorer::score`].
    pub(super) fn embed(&self, members: &[usize]) -> Result<Vec<Vec<f32>>> {
        self.scoring().embeddings(self, members).map_err(|error| self.explain(members, error))
    }

    /// Whether the clip that `error` names is to blame, or the network: one that gives no numbers for other clips either
    /// has diverged.
    fn explain(&self, members: &[usize], error: Error) -> Error {
        const OTHERS: usize = 8;
        let works = |clip: &usize| self.scoring().log_probabilities(self, std::slice::from_ref(clip)).is_ok();
        match error {
            Error::Data(_) if !members.iter().take(OTHERS).any(works) => Error::Data(
                "training diverged: the network gives no numbers for any clip; lower train.learning_rate or set \
                 train.clip_norm"
                    .into(),
            ),
            other => other,
        }
    }
}

impl Clips for Scorer<'_> {
    fn frames(&self, clip: usize) -> usize {
        self.data.frames_of(clip)
    }

    fn rows(&self, clip: usize, frames: Range<usize>) -> Result<Vec<f32>> {
        self.data.rows_of(clip, frames)
    }

    fn name(&self, clip: usize) -> String {
        self.prepared.clips[clip].id.clone()
    }
}

/// The first of the largest values.
pub(super) fn argmax(row: &[f32]) -> usize {
    row.iter().enumerate().fold(0, |best, (i, value)| if *value > row[best] { i } else { best })
}
