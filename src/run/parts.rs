//! `parts.json`: what became of each part that is learnt beside a class.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{error::Result, files::read_json, task};

/// One part's figures: the recall of its classes, or the concordance of its numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PartRecord {
    /// The target's name, `sex` or `speaker`.
    pub name: String,
    /// What it is, which says what the figures are ([`task::Kind::figure`]).
    pub task: task::Kind,
    /// How many outputs it has: of classes, a guess is right once in so many.
    pub outputs: usize,
    /// How much its loss counted.
    pub weight: f64,
    /// Whether the network was to forget it.
    pub adversarial: bool,
    /// Over the clips that were learnt from.
    pub training: Option<f64>,
    /// Over validation; none of speakers, who are others there.
    pub validation: Option<f64>,
    /// Over test; none of speakers.
    pub test: Option<f64>,
}

impl PartRecord {
    /// Those of a run's file; none where there is no such file.
    pub(super) fn read_all(path: &Path) -> Result<Vec<Self>> {
        if path.exists() { read_json(path) } else { Ok(Vec::new()) }
    }
}
