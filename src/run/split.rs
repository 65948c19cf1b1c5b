//! `split.csv`, read back: `clip,speaker,emotion,side`.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
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
}

impl SplitRow {
    /// Reads the table.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where it cannot be read, [`Error::File`] naming the line that is not as training writes it.
    pub fn read_all(path: &Path) -> Result<Vec<Self>> {
        let file = std::fs::File::open(path).map_err(Error::io("read", path))?;
        let rows = csv::Reader::from_reader(file).into_deserialize().collect::<std::result::Result<_, _>>();
        rows.map_err(|error| Error::file(path, error.to_string()))
    }
}
