//! Running an experiment: a run for every fold and seed, each an independent, idempotent unit of work.
//!
//! ```text
//! prepare: config ─► clips, classes, folds          prepared.rs
//! train:   for each fold and seed                   runs.rs
//!            what stands in its folder?             found.rs
//!            record, split, clips                   record.rs, known.rs
//!            scaler, epochs, checkpoints            scaling.rs, fit.rs, checkpoints.rs
//!            predictions, bundle, done.json         score.rs, fit.rs
//! ```

mod checkpoints;
mod data;
mod features;
mod fit;
mod found;
mod init;
mod known;
mod lineage;
mod log;
mod metrics;
mod network;
mod options;
mod prepared;
mod record;
mod runs;
mod sanity;
mod scaling;
mod score;
mod solve;
mod teachers;
mod tensorboard;

pub use options::Options;
pub use prepared::{Prepared, prepare};
pub use runs::{planned, train};
pub use sanity::{Sanity, sanity};
