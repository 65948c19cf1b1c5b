//! Learning: batches, the loop, checkpoints, resume, early stopping, the run folder.
//!
//! An experiment is a grid of runs, one a fold and seed ([`experiment`]); a run is an independent, idempotent unit of
//! work (`fit.rs`).

mod batch;
pub mod checkpoint;
mod config;
mod dashboard;
mod data;
pub mod experiment;
mod fit;
mod log;
mod optimiser;
mod score;
mod watch;

pub use config::TrainConfig;
pub use data::pad;
pub use experiment::{Options, Prepared, prepare, train};
pub use optimiser::{Optimiser, Rule};
