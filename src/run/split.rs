//! `split.csv`: the clips that a run read, `clip,speaker,emotion,side,hash`.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{
    csv_file::{read_records, write_records},
    error::Result,
    protocol::Side,
};

/// Where one clip of an experiment is in a fold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitRow {
    /// The clip's id.
    pub clip: String,
    /// The speaker, `corpus/speaker`.
    pub speaker: String,
    /// The class, by the config's rules for labels.
    pub emotion: String,
    /// The side.
    pub side: Side,
    /// The BLAKE3 digest of the clip's file, its first 16 digits in hexadecimal; empty where it is not known, and absent in
    /// runs of earlier versions.
    #[serde(default)]
    pub hash: Option<String>,
}

impl SplitRow {
    /// Writes the table, whole or not at all.
    ///
    /// # Errors
    ///
    /// [`Error::Io`](crate::error::Error::Io) where it cannot be written.
    pub fn write_all(path: &Path, rows: &[Self]) -> Result<()> {
        write_records(path, rows)
    }

    /// Reads the table.
    ///
    /// # Errors
    ///
    /// [`Error::Io`](crate::error::Error::Io) where it cannot be read, [`Error::File`](crate::error::Error::File) naming the line that is not as training writes it.
    pub fn read_all(path: &Path) -> Result<Vec<Self>> {
        read_records(path)
    }
}
