//! What long work tells while it goes on, and what it asks.
//!
//! Whoever starts long work hands in an [`Observer`]: the programs a terminal, training itself the files of a run, a server
//! or Python what they like. The library prints nothing and keeps no flag of its own.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use serde::{Deserialize, Serialize};

use crate::error::Result;

/// Is told how long work goes on and asked whether it should stop. Every method has a default that does nothing. Methods are
/// called from any thread.
pub trait Observer: Sync {
    /// Whether the work should end after the step under way. Work that stops returns
    /// [`Error::Interrupted`](crate::error::Error::Interrupted).
    fn stop_requested(&self) -> bool {
        false
    }

    /// A line for people.
    fn log(&self, line: &str) {
        let _ = line;
    }

    /// Something that did not end the work, and that people should know of.
    fn warn(&self, warning: &str) {
        let _ = warning;
    }

    /// Work of `total` steps begins. It ends when what is returned is dropped.
    fn work(&self, label: &str, total: usize) -> Box<dyn Work + '_> {
        let _ = (label, total);
        Box::new(())
    }

    /// A training run begins or goes on.
    ///
    /// # Errors
    ///
    /// Ends the run, as does every error of an observer.
    fn run_started(&self, run: &RunStart<'_>) -> Result<()> {
        let _ = run;
        Ok(())
    }

    /// Epoch `epoch`, from 1, of `utterances` utterances begins.
    ///
    /// # Errors
    ///
    /// As [`Observer::run_started`].
    fn epoch_started(&self, epoch: usize, utterances: usize) -> Result<()> {
        let _ = (epoch, utterances);
        Ok(())
    }

    /// An optimiser step is done: `seen` utterances of the epoch so far; `loss` is the step's mean loss.
    ///
    /// # Errors
    ///
    /// As [`Observer::run_started`].
    fn step(&self, seen: usize, loss: f64) -> Result<()> {
        let _ = (seen, loss);
        Ok(())
    }

    /// An epoch is done and validated.
    ///
    /// # Errors
    ///
    /// As [`Observer::run_started`].
    fn epoch_ended(&self, epoch: &EpochEnd<'_>) -> Result<()> {
        let _ = epoch;
        Ok(())
    }

    /// The epochs of the run are over, whether they were completed or not.
    fn run_ended(&self) {}
}

/// Work under way.
pub trait Work: Sync {
    /// One step is done.
    fn step(&self) {}
}

/// Shows nothing.
impl Work for () {}

/// Looks at nothing.
impl Observer for () {}

/// A run of training.
#[derive(Debug, Clone, Copy)]
pub struct RunStart<'a> {
    /// The run's name for people: "fold 0 seed 42".
    pub label: &'a str,
    /// Epochs at most.
    pub epochs: usize,
    /// The epochs that earlier sittings have done.
    pub history: &'a [EpochRecord],
}

/// The end of an epoch.
#[derive(Debug, Clone, Copy)]
pub struct EpochEnd<'a> {
    /// The run's name for people.
    pub label: &'a str,
    /// The epoch's figures.
    pub record: &'a EpochRecord,
    /// The epochs of the run so far, this one included.
    pub history: &'a [EpochRecord],
    /// Whether no epoch before it was as good.
    pub best: bool,
}

impl EpochEnd<'_> {
    /// The epoch as a line for people.
    #[must_use]
    pub fn line(&self) -> String {
        format!(
            "{}  epoch {:>3}  loss {:.4}  validation loss {:.4}  validation {}{}",
            self.label,
            self.record.epoch,
            self.record.train_loss,
            self.record.validation_loss,
            self.record.validation,
            if self.best { "  best on validation so far" } else { "" }
        )
    }
}

/// An epoch's figures: one line of `metrics.jsonl`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// From 1.
    pub epoch: usize,
    /// Mean loss over the training side during the epoch, in nats: cross-entropy, weighted where the config asks for it.
    pub train_loss: f64,
    /// Mean cross-entropy over validation, in nats.
    pub validation_loss: f64,
    /// The figure over validation that ranks epochs.
    #[serde(flatten)]
    pub validation: Figure,
    /// The step size of the last batch.
    pub learning_rate: f64,
}

/// A figure that ranks epochs: the higher, the better.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Figure {
    /// Unweighted average recall, from 0 to 1.
    #[serde(rename = "validation_uar")]
    Uar(f64),
    /// The mean over targets of the concordance correlation coefficient, from −1 to 1.
    #[serde(rename = "validation_ccc")]
    Ccc(f64),
    /// One less the mean Jensen-Shannon divergence in bits, from 0 to 1.
    #[serde(rename = "validation_likeness")]
    Likeness(f64),
}

impl Figure {
    /// The figure's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Uar(_) => "UAR",
            Self::Ccc(_) => "mean CCC",
            Self::Likeness(_) => "1 − JSD",
        }
    }

    /// Its value.
    #[must_use]
    pub fn value(self) -> f64 {
        match self {
            Self::Uar(value) | Self::Ccc(value) | Self::Likeness(value) => value,
        }
    }
}

impl std::fmt::Display for Figure {
    /// "UAR 61.20 %", "mean CCC 0.612".
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Uar(value) => write!(f, "{} {:.2} %", self.name(), 100.0 * value),
            Self::Ccc(value) | Self::Likeness(value) => write!(f, "{} {value:.3}", self.name()),
        }
    }
}

/// Several observers as one: all are told, in their order; one that asks for a stop is enough.
pub struct All<'a>(pub Vec<&'a dyn Observer>);

impl Observer for All<'_> {
    fn stop_requested(&self) -> bool {
        self.0.iter().any(|observer| observer.stop_requested())
    }

    fn log(&self, line: &str) {
        self.0.iter().for_each(|observer| observer.log(line));
    }

    fn warn(&self, warning: &str) {
        self.0.iter().for_each(|observer| observer.warn(warning));
    }

    fn work(&self, label: &str, total: usize) -> Box<dyn Work + '_> {
        Box::new(self.0.iter().map(|observer| observer.work(label, total)).collect::<Vec<_>>())
    }

    fn run_started(&self, run: &RunStart<'_>) -> Result<()> {
        self.0.iter().try_for_each(|observer| observer.run_started(run))
    }

    fn epoch_started(&self, epoch: usize, utterances: usize) -> Result<()> {
        self.0.iter().try_for_each(|observer| observer.epoch_started(epoch, utterances))
    }

    fn step(&self, seen: usize, loss: f64) -> Result<()> {
        self.0.iter().try_for_each(|observer| observer.step(seen, loss))
    }

    fn epoch_ended(&self, epoch: &EpochEnd<'_>) -> Result<()> {
        self.0.iter().try_for_each(|observer| observer.epoch_ended(epoch))
    }

    fn run_ended(&self) {
        self.0.iter().for_each(|observer| observer.run_ended());
    }
}

impl Work for Vec<Box<dyn Work + '_>> {
    fn step(&self) {
        self.iter().for_each(|work| work.step());
    }
}

/// A request to stop, shared between whoever may make it and the work that looks for it.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks for a stop. Returns whether one was asked for before.
    pub fn request(&self) -> bool {
        self.0.swap(true, Ordering::SeqCst)
    }
}

impl Observer for Stop {
    fn stop_requested(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::error::Error;

    #[derive(Default)]
    struct Notes(Mutex<Vec<String>>);

    impl Notes {
        fn add(&self, note: String) {
            self.0.lock().unwrap().push(note);
        }
    }

    impl Observer for Notes {
        fn log(&self, line: &str) {
            self.add(line.to_owned());
        }

        fn work(&self, label: &str, total: usize) -> Box<dyn Work + '_> {
            self.add(format!("{label} of {total}"));
            Box::new(Steps(self))
        }

        fn step(&self, seen: usize, _: f64) -> Result<()> {
            if seen > 1 { Err(Error::Data("full".into())) } else { Ok(()) }
        }
    }

    struct Steps<'a>(&'a Notes);

    impl Work for Steps<'_> {
        fn step(&self) {
            self.0.add("step".into());
        }
    }

    impl Drop for Steps<'_> {
        fn drop(&mut self) {
            self.0.add("end".into());
        }
    }

    #[test]
    fn an_epoch_is_a_flat_line_of_json_and_reads_back() {
        let record = EpochRecord {
            epoch: 2,
            train_loss: 1.5,
            validation_loss: 1.0 / 3.0,
            validation: Figure::Uar(0.1 + 0.2),
            learning_rate: 1e-3,
        };
        let line = serde_json::to_string(&record).unwrap();
        assert_eq!(
            line,
            r#"{"epoch":2,"train_loss":1.5,"validation_loss":0.3333333333333333,"validation_uar":0.30000000000000004,"learning_rate":0.001}"#
        );
        assert_eq!(serde_json::from_str::<EpochRecord>(&line).unwrap(), record);
        let end = EpochEnd { label: "fold 0", record: &record, history: &[record], best: true };
        assert!(end.line().ends_with("validation UAR 30.00 %  best on validation so far"), "{}", end.line());
    }

    #[test]
    fn all_are_told_and_one_that_stops_or_fails_is_enough() {
        let (notes, stop) = (Notes::default(), Stop::default());
        let all = All(vec![&(), &notes, &stop]);
        all.log("a line");
        let work = all.work("files", 2);
        work.step();
        drop(work);
        assert_eq!(*notes.0.lock().unwrap(), ["a line", "files of 2", "step", "end"]);
        assert!(all.step(1, 0.0).is_ok() && all.step(2, 0.0).is_err());
        assert!(!all.stop_requested());
        assert!(!stop.clone().request() && stop.request());
        assert!(all.stop_requested());
    }
}
