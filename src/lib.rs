//! Trains and evaluates speech-emotion recognisers whose figures can be believed.
//!
//! Data flows one way; a module is a stage:
//!
//! ```text
//! configs/*.toml ─► config ─► corpus ─► protocol ─► audio ─► augment ─► frontend ─► cache ─► model + train ─► eval ─► report
//!                     what      which      who is      clip →    clip →     clip →      kept      learn            count    show
//!                     to do     clips      on which    samples   copies     matrix      on disk
//!                                          side
//! ```
//!
//! Four contracts keep the stages apart: a [`frontend::Frontend`] makes a matrix of samples (short-time features, the states
//! of a pretrained encoder, or both), a [`task::Task`] says what is learned and which figure ranks epochs, an
//! [`events::Observer`] is told how long work goes on and asked whether to stop, and a [`bundle::Bundle`] is what training
//! leaves. [`bundle::Chain`] and [`bundle::Scoring`] are the one way from samples to an answer, for validation, test and
//! prediction. Imports point one way: `tests/architecture.rs` has the order of the folders and fails on an arrow that points
//! up. The unsafe code is in the crate `ser-kernels`.
//!
//! A front end computes one clip at a time: threads share the clips of a corpus, and the CPU gains nothing from batches.
//!
//! [`experiment::prepare`] and [`experiment::train`] are `ser-train`; [`report::gather`] is `ser-eval`;
//! [`survey::survey`], what both start from, with [`report::card`] and its neighbours is `ser-data`. What training leaves,
//! a [`bundle::Bundle`], answers as a [`predict::Recognizer`], which is `ser-predict`.
//! Long work tells an [`events::Observer`] how it goes on and asks it whether to stop; the library prints nothing.
//! Errors are [`error::Error`]; all randomness comes from [`rng::stream`].

#![forbid(unsafe_code)]
#![warn(missing_docs)]
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod adapt;
pub mod arrays;
mod csv_file;
mod duration;
pub mod error;
mod escape;
pub mod events;
pub mod files;
pub mod metrics;
mod names;
pub mod numeric;
pub mod output;
mod parameters;
pub mod rng;
mod setting;
mod sex;
pub mod stdout;

pub mod config;
pub mod corpus;
pub mod protocol;
pub mod survey;

pub mod audio;
pub mod augment;
pub mod frontend;
pub mod synthetic;

pub mod cache;

pub mod device;
pub mod model;
pub mod task;
pub mod train;

pub mod run;

pub mod eval;
pub mod experiment;
pub mod report;

pub mod bundle;
pub mod predict;
pub mod stress;

pub mod progress;

/// The README's example, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
