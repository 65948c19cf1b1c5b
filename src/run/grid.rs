//! A grid's folder: which settings there are, each an experiment's folder beside it.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Done, RunDir, RunRecord};
use crate::{
    config::{Search, Setting},
    error::{Error, Result},
    files::{read_json, write_json},
};

/// `grid.json` in a search's folder: which settings there are, each in the folder of its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GridRecord {
    /// `ser-grid/1`.
    pub schema: String,
    /// The config's name.
    pub experiment: String,
    /// The settings.
    pub settings: Vec<SettingRecord>,
    /// Whether each fold and seed takes the setting that its own validation side ranks first, into the folder
    /// [`GridRecord::CHOSEN`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub nested: bool,
}

/// One setting of a [`GridRecord`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingRecord {
    /// Its folder's name.
    pub name: String,
    /// Its keys and their values, as TOML.
    pub values: Vec<(String, String)>,
}

impl GridRecord {
    /// Of a config's settings.
    #[must_use]
    pub fn of(search: &Search) -> Self {
        let setting = |of: &Setting| SettingRecord { name: of.name.clone(), values: of.values.clone() };
        let settings = search.settings.iter().map(setting).collect();
        Self { schema: Self::SCHEMA.to_owned(), experiment: search.name.clone(), settings, nested: search.nested }
    }

    /// The schema that this version writes and reads.
    pub const SCHEMA: &str = "ser-grid/1";

    /// The file's name.
    pub const FILE: &str = "grid.json";

    /// The folder of the runs with the settings that were chosen, in that of a nested search. No setting is called so: their names
    /// have a value in them.
    pub const CHOSEN: &str = "chosen";

    /// Reads the record of a search's folder; `None` where the folder is none of a search.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where it cannot be read, [`Error::File`] where it is not as training writes it.
    pub fn read(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(Self::FILE);
        if !path.exists() {
            return Ok(None);
        }
        let record: Self = read_json(&path)?;
        if record.schema != Self::SCHEMA {
            return Err(Error::file(
                &path,
                format!("is of schema {}; this version reads {}", record.schema, Self::SCHEMA),
            ));
        }
        Ok(Some(record))
    }

    /// Writes the record into a search's folder.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where it cannot be written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        write_json(&folder.join(Self::FILE), self)
    }

    /// The finished runs of each setting, in the order of the settings.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where a setting's runs are of different configs; [`Error::Io`] and [`Error::File`] where a record
    /// cannot be read.
    pub fn finished(&self, folder: &Path) -> Result<Vec<Vec<(RunRecord, Done)>>> {
        self.settings.iter().map(|setting| finished(&folder.join(&setting.name))).collect()
    }
}

fn finished(place: &Path) -> Result<Vec<(RunRecord, Done)>> {
    // Not begun yet: somebody else's turn in an array of jobs.
    let dirs = if place.is_dir() { RunDir::find(place).unwrap_or_default() } else { Vec::new() };
    let mut runs: Vec<(RunRecord, Done)> = Vec::new();
    for dir in dirs.into_iter().filter(|dir| dir.done().exists()) {
        let run: RunRecord = read_json(&dir.record())?;
        if runs.first().is_some_and(|(first, _)| first.config_hash != run.config_hash) {
            return Err(Error::Config(format!(
                "{} holds runs of different configs: train them again with --overwrite, or to another --out",
                place.display()
            )));
        }
        runs.push((run, read_json(&dir.done())?));
    }
    Ok(runs)
}
