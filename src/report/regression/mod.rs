//! The report of an experiment that has learnt numbers: the same files as one of classes has, but for what only classes have.
//!
//! | module | what it makes |
//! |---|---|
//! | `tables` | the figures as tables |
//! | `lines` | the lines at the top |
//! | `files` | `report.txt`, `report.md`, `report.json`, `report.html`, `figures.csv`, `predictions.csv`, the pictures |

mod files;
mod lines;
mod tables;

pub(super) use files::{terminal, write};
