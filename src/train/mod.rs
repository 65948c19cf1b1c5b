//! Learning: batches, the loop, checkpoints, resume, early stopping, the run folder.
//!
//! An experiment is a grid of runs, one a fold and seed ([`experiment`]); a run is an independent, idempotent unit of
//! work (`fit.rs`).

mod averaging;
mod batch;
pub mod checkpoint;
mod checkpoints;
mod class_weights;
mod config;
mod data;
pub mod experiment;
mod fit;
mod init;
mod known;
mod learn_from;
mod lineage;
mod log;
mod loss;
mod metrics;
mod optimiser;
mod replicas;
mod sampling;
mod sanity;
mod scaling;
mod schedule;
mod score;
mod select;
mod teachers;
mod tensorboard;

pub use averaging::{Averaging, Ema, Off, Swa};
pub use class_weights::ClassWeights;
pub use config::TrainConfig;
pub use experiment::{Options, Prepared, planned, prepare, train};
pub use learn_from::LearnFrom;
pub use optimiser::{Optimiser, Rule};
pub use sampling::Sampling;
pub use sanity::{Sanity, sanity};
pub use schedule::{Constant, Cosine, OneCycle, Plateau, Schedule, Step};
pub use select::Select;
pub use teachers::TeachersConfig;
