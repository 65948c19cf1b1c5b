//! The report of an experiment that has learnt listeners' votes: how near its predictions are to them, beside what listeners are to
//! each other, and where they disagree.
//!
//! | module | what it makes |
//! |---|---|
//! | `tables` | the figures as tables |
//! | `files` | `report.txt`, `report.md`, `report.json`, `report.html`, `figures.csv`, `predictions.csv`, the picture |

mod files;
mod tables;

pub(super) use files::{terminal, write};
