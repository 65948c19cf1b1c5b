//! Checkpoints: one safetensors file with the weights, the optimiser's state and where the training stands, written
//! whole or not at all, with a checksum.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{
    arrays::{self, Arrays, Precision, Weight},
    error::{Error, Result},
    events::EpochRecord,
    model::weights::Weights,
};

/// Where a training stands. All randomness is a function of (seed, epoch, batch), so that this and the arrays are all
/// there is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The epoch under way, from 1.
    pub epoch: usize,
    /// Batches of it that are done.
    pub batch: usize,
    /// Sum of the losses of its utterances so far, in nats.
    pub loss_sum: f64,
    /// Utterances of it so far.
    pub seen: usize,
    /// Optimiser steps taken.
    pub steps: u64,
    /// The epochs that are done.
    pub history: Vec<EpochRecord>,
    /// The epoch with the best validation UAR so far; the lower validation loss breaks a tie.
    pub best: Option<usize>,
    /// Wall time so far in seconds, over all sittings.
    pub seconds: f64,
    /// The run that it is of; absent in checkpoints of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
}

/// What a run is: a checkpoint belongs to no other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunId {
    /// The experiment's name.
    pub experiment: String,
    /// The fold.
    pub fold: String,
    /// The seed.
    pub seed: u64,
    /// The digest of config, fold, seed and data.
    pub digest: String,
}

impl std::fmt::Display for RunId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "fold {} seed {} of {} ({})", self.fold, self.seed, self.experiment, self.digest)
    }
}

/// What makes an epoch better than another: its figure over validation, then the lower validation loss.
pub(crate) fn rank(epoch: &EpochRecord) -> (f64, f64) {
    (epoch.validation.value(), -epoch.validation_loss)
}

impl State {
    /// Whether this is the end of the best epoch so far.
    pub(crate) fn is_best(&self) -> bool {
        self.batch == 0 && self.best.is_some() && self.best == self.history.last().map(|epoch| epoch.epoch)
    }

    /// Files the epoch and starts the next one.
    pub(crate) fn end_epoch(&mut self, record: EpochRecord) {
        let best = self.best.and_then(|epoch| self.history.iter().find(|e| e.epoch == epoch));
        if best.is_none_or(|best| rank(&record) > rank(best)) {
            self.best = Some(record.epoch);
        }
        self.history.push(record);
        self.epoch = record.epoch + 1;
        (self.batch, self.loss_sum, self.seen) = (0, 0.0, 0);
    }
}

/// A training's whole state.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// Where it stands.
    pub state: State,
    /// The network that is trained.
    pub weights: Weights,
    /// The optimiser's first and second arrays ([`super::optimiser::Optimiser`]).
    pub optimiser: [Vec<f32>; 2],
    /// The mean of weights, where one is kept and has begun.
    pub average: Option<Weights>,
}

const NET: &str = "net.";
const AVERAGE: &str = "average.";
const OPTIMISER: [&str; 2] = ["optimiser.first", "optimiser.second"];

impl Checkpoint {
    /// Writes the checkpoint, whole or not at all.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] where a value is not finite: it could not be read back; otherwise as [`arrays::save`].
    pub fn save(&self, path: &Path) -> Result<()> {
        if let Some(what) = self.not_finite() {
            return Err(Error::Data(format!(
                "{what} is not a finite number, so nothing is written to {}: lower train.learning_rate or set \
                 train.clip_norm",
                path.display()
            )));
        }
        let text = serde_json::to_string(&self.state)
            .map_err(|e| Error::Data(format!("cannot write the training's state: {e}")))?;
        let named = |prefix: &'static str, weights: &Weights| -> Arrays {
            weights.iter().map(|(name, weight)| (format!("{prefix}{name}"), weight.clone())).collect()
        };
        let mut arrays = named(NET, &self.weights);
        arrays.extend(self.average.iter().flat_map(|average| named(AVERAGE, average)));
        let optimiser = OPTIMISER
            .iter()
            .zip(&self.optimiser)
            .map(|(name, values)| ((*name).to_owned(), Weight { shape: vec![values.len()], values: values.clone() }));
        arrays.extend(optimiser);
        arrays::save(path, &text, &arrays, Precision::F32)
    }

    /// What of it is not finite.
    fn not_finite(&self) -> Option<String> {
        let epochs = self.state.history.iter().flat_map(|e| {
            let figures = [e.train_loss, e.validation_loss, e.validation.value(), e.learning_rate];
            ["train_loss", "validation_loss", "the figure", "learning_rate"]
                .into_iter()
                .zip(figures)
                .map(move |(name, value)| (format!("{name} of epoch {}", e.epoch), value.is_finite()))
        });
        let finite = |values: &[f32]| values.iter().all(|value| value.is_finite());
        let weights = self.weights.iter().chain(self.average.iter().flatten());
        let weights = weights.map(|(name, weight)| (format!("a value of the weight {name}"), finite(&weight.values)));
        let optimiser = self.optimiser.iter().map(|values| ("a value of the optimiser".to_owned(), finite(values)));
        let sum = [("the sum of losses".to_owned(), self.state.loss_sum.is_finite())];
        epochs.chain(weights).chain(optimiser).chain(sum).find(|(_, finite)| !finite).map(|(what, _)| what)
    }

    /// Reads a checkpoint.
    ///
    /// # Errors
    ///
    /// As [`arrays::load`].
    pub fn load(path: &Path) -> Result<Self> {
        let (text, arrays) = arrays::load(path)?;
        let state = serde_json::from_str(&text)
            .map_err(|e| Error::file(path, format!("is of another version of this program: {e}")))?;
        let mut arrays: Weights = arrays.into_iter().collect();
        let optimiser = OPTIMISER.map(|name| arrays.remove(name).map(|a| a.values).unwrap_or_default());
        let mut take = |prefix: &str| -> Weights {
            let named: Vec<String> = arrays.keys().filter(|name| name.starts_with(prefix)).cloned().collect();
            named
                .into_iter()
                .filter_map(|name| Some((name[prefix.len()..].to_owned(), arrays.remove(&name)?)))
                .collect()
        };
        let (weights, average) = (take(NET), take(AVERAGE));
        Ok(Self { state, weights, optimiser, average: (!average.is_empty()).then_some(average) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::Figure;

    fn checkpoint() -> Checkpoint {
        let record = EpochRecord {
            epoch: 1,
            train_loss: 1.234_567_890_123_456_7,
            validation_loss: 2.0,
            validation: Figure::Uar(1.0 / 3.0),
            learning_rate: 1e-3,
        };
        let weights = |value| Weights::from([("a.b".into(), Weight { shape: vec![2, 1], values: vec![0.1, value] })]);
        Checkpoint {
            state: State { epoch: 2, batch: 3, history: vec![record], best: Some(1), ..State::default() },
            weights: weights(-0.2),
            optimiser: [vec![1e-9, 2.0], vec![]],
            average: Some(weights(-0.3)),
        }
    }

    #[test]
    fn what_is_read_is_what_was_written_to_the_bit() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("c.safetensors");
        checkpoint().save(&path).unwrap();
        assert_eq!(Checkpoint::load(&path).unwrap(), checkpoint());
    }

    #[test]
    fn what_could_not_be_read_back_is_not_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("c.safetensors");
        let mut spoilt = [checkpoint(), checkpoint(), checkpoint()];
        spoilt[0].state.history[0].validation_loss = f64::NAN;
        spoilt[1].optimiser[0][0] = f32::INFINITY;
        spoilt[2].average.as_mut().unwrap().get_mut("a.b").unwrap().values[0] = f32::NAN;
        for (checkpoint, named) in spoilt.iter().zip(["validation_loss of epoch 1", "optimiser", "weight a.b"]) {
            let refused = checkpoint.save(&path).unwrap_err().to_string();
            assert!(refused.contains(named) && !path.exists(), "{refused}");
        }
    }

    #[test]
    fn a_damaged_checkpoint_is_an_error_wherever_the_damage_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("c.safetensors");
        checkpoint().save(&path).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x10;
            std::fs::write(&path, &bytes).unwrap();
            let read = Checkpoint::load(&path);
            assert!(read.is_err() || read.is_ok_and(|c| c == checkpoint()), "byte {at}");
            std::fs::write(&path, &whole[..at]).unwrap();
            assert!(Checkpoint::load(&path).is_err(), "cut at {at}");
        }
    }
}
