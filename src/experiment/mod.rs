//! Running an experiment: a run for every fold and seed, each an independent, idempotent unit of work.
//!
//! ```text
//! prepare: config ─► clips, classes, folds          prepared.rs
//! train:   for each fold and seed                   runs.rs
//!            what stands in its folder?             found.rs
//!            record, split, clips                   record.rs, data.rs, write_metadata.rs
//!            scaler, epochs, checkpoints            scaling.rs, fit.rs, checkpoints.rs
//!            predictions, bundle, done.json         score.rs, fit.rs
//! ```

mod calibration;
mod centred;
mod checkpoints;
mod commands;
mod data;
mod distillation;
mod features;
mod fit;
mod found;
mod init;
mod jobs;
mod lineage;
mod log;
mod metrics;
mod nested;
mod network;
mod options;
mod overfit;
mod penalty;
mod prepared;
mod record;
mod runs;
mod scaling;
mod score;
mod sharpness;
mod solve;
mod tensorboard;
mod upper;
mod view;
mod write_metadata;

use nested::Purpose;

pub use commands::Call;
pub use jobs::{Job, Jobs, Trained};
pub use options::Options;
pub use overfit::{OneBatch, overfit_one_batch};
pub use prepared::{Prepared, prepare};
pub use runs::{planned, train};
