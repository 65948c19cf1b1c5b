//! Predicting a side of a fold, and what the loop must know of it.

use std::ops::Range;

use burn::{module::Module, tensor::Device};

use super::Prepared;
use crate::{
    bundle::{Clips, Scoring, SideFigures},
    error::{Error, Result},
    events::Figure,
    model::Net,
    task::Judged,
    train::Dataset,
};

/// The predictions of one side.
pub(super) struct Scored {
    /// The network's answers, by clip in the order asked for.
    pub answers: Vec<Vec<f32>>,
    /// How good they are.
    pub judged: Judged,
}

impl Scored {
    /// What a bundle says of it.
    pub(super) fn figures(&self) -> SideFigures {
        let clips = self.answers.len();
        let known = |figure: f64| (clips > 0 && figure.is_finite()).then_some(figure);
        let mut figures = SideFigures { clips, uar: None, ccc: None, likeness: None, loss: known(self.judged.loss) };
        match self.judged.figure {
            Figure::Uar(uar) => figures.uar = known(uar),
            Figure::Ccc(ccc) => figures.ccc = known(ccc),
            Figure::Likeness(likeness) => figures.likeness = known(likeness),
        }
        figures
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
            activation: self.prepared.task.activation(),
        }
    }

    /// Predicts `members`.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] naming the clip for which the network gives no numbers, or saying that it gives none for any; otherwise
    /// what the cache reports.
    pub(super) fn score(&self, members: &[usize]) -> Result<Scored> {
        let answers = self.scoring().answers(self, members).map_err(|error| self.explain(members, error))?;
        Ok(Scored { judged: self.prepared.task.judge(members, &answers), answers })
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
        let works = |clip: &usize| self.scoring().answers(self, std::slice::from_ref(clip)).is_ok();
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
