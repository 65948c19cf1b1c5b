//! What learns: batches, optimiser, schedule, the mean of weights, and the state of a training.
//!
//! It knows its own table of the config and nothing of folds' folders: [`crate::experiment`] runs it.

mod averaging;
mod batch;
mod calibration;
mod checkpoint;
mod config;
mod data;
mod distil;
mod logistic;
mod optimiser;
mod replicas;
mod ridge;
mod sampling;
mod schedule;
mod select;
mod train_on;

pub use averaging::{Averaging, Ema, Off, Swa};
pub use calibration::Calibration;
pub use checkpoint::{Checkpoint, RunId, State};
pub use config::TrainConfig;
pub use distil::DistilConfig;
pub use optimiser::{Optimiser, OptimizerKind};
pub use sampling::Sampling;
pub use schedule::{Constant, Cosine, OneCycle, Plateau, Schedule, Step};
pub use select::Select;
pub use train_on::TrainOn;

pub(crate) use batch::Batches;
pub(crate) use data::{Dataset, Item, Scaling};
pub(crate) use distil::{Answers, Hints, KEY as DISTIL_KEY};
pub(crate) use logistic::{Examples, NEARLY_SOLVED, SOLVED};
pub(crate) use replicas::{Replicas, part};
pub(crate) use ridge::Measured;
pub(crate) use schedule::Place;
