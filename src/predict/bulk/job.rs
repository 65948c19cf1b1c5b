//! What a folder of parts is of. Parts of two jobs in one folder would be a table of neither.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{List, Settings};
use crate::{
    error::{Error, Result},
    files::{read_json, write_json},
    predict::Gate,
};

const FILE: &str = "_job.json";

/// Everything that the content of the parts depends on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Job {
    /// BLAKE3 of the list.
    list: String,
    /// BLAKE3 of the bundles.
    bundles: String,
    /// The program's version.
    ser: String,
    rows: usize,
    part_rows: usize,
    parts: String,
    threshold: f32,
    calibrated: bool,
    /// Kind of segments, window, hop, and the gate's level where it is one of level.
    timeline: Option<(String, f64, f64, Option<f32>)>,
    /// Whose voices answers are adapted to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    speaker: Option<String>,
}

impl Job {
    pub(super) fn of(list: &List, bundles: &str, settings: &Settings) -> Self {
        Self {
            list: list.digest().to_owned(),
            bundles: bundles.to_owned(),
            ser: env!("CARGO_PKG_VERSION").to_owned(),
            rows: list.rows(),
            part_rows: settings.part_rows,
            parts: settings.format.name().to_owned(),
            threshold: settings.threshold,
            calibrated: settings.calibrated,
            timeline: settings.timeline.map(|of| {
                let level = match of.gate {
                    Gate::Speech => None,
                    Gate::Level(level_db) => Some(level_db),
                };
                (of.segments.name().to_owned(), of.window, of.hop, level)
            }),
            speaker: settings.voices.as_ref().map(|voices| voices.name().to_owned()),
        }
    }

    /// Makes the folder this job's, or finds that it is.
    pub(super) fn claim(&self, out: &Path) -> Result<()> {
        let path = out.join(FILE);
        if !path.exists() {
            return write_json(&path, self);
        }
        let other: Self = read_json(&path)?;
        if other == *self {
            return Ok(());
        }
        let [here, there] = [self, &other].map(|job| serde_json::to_value(job).unwrap_or(Value::Null));
        let keys = here.as_object().into_iter().flatten().map(|(key, _)| key);
        let differ: Vec<String> = keys
            .filter(|key| here[key.as_str()] != there[key.as_str()])
            .map(|key| format!("{key} was {} and is {}", there[key.as_str()], here[key.as_str()]))
            .collect();
        Err(Error::Config(format!(
            "{} holds parts of another job: {}. Give another folder with --out, or remove this one",
            out.display(),
            differ.join("; ")
        )))
    }
}
