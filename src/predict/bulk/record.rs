//! What is said of a part, in a file of its own: its sums, what its recordings were, and a digest of what was written. Kept
//! parts are held against it.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::inputs::digest;
use crate::{
    error::{Error, Result},
    files::{read_json, write_json},
};

/// What a part holds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Done {
    pub(super) recordings: usize,
    pub(super) rows: usize,
    /// Seconds of audio that were recognised.
    pub(super) audio_seconds: f64,
    /// Seconds that it took.
    pub(super) seconds: f64,
    /// What could not be used, and why.
    pub(super) failures: Vec<(String, String)>,
    /// BLAKE3 of the part, or of what was heard of it where answers wait for those of all speakers.
    #[serde(default)]
    pub(super) digest: String,
    /// What the rows' files were: [`super::inputs`].
    #[serde(default)]
    pub(super) inputs: String,
    /// The part that was made of what was heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) adapted: Option<Adapted>,
    /// BLAKE3 of all of this.
    #[serde(default)]
    check: String,
}

/// A part that was made of what was heard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Adapted {
    /// BLAKE3 of the part.
    pub(super) digest: String,
    /// BLAKE3 of what was heard of all parts.
    pub(super) heard: String,
}

impl Done {
    pub(super) fn save(mut self, path: &Path) -> Result<()> {
        self.check = self.sum()?;
        write_json(path, &self)
    }

    /// What is said of a part; nothing where it is not there, or not as it was written.
    pub(super) fn load(path: &Path) -> Option<Self> {
        let found: Self = read_json(path).ok()?;
        found.sum().is_ok_and(|sum| sum == found.check).then_some(found)
    }

    fn sum(&self) -> Result<String> {
        let bare = Self { check: String::new(), ..self.clone() };
        let bytes = serde_json::to_vec(&bare).map_err(|error| Error::Data(format!("a part's record: {error}")))?;
        Ok(blake3::hash(&bytes).to_hex().to_string())
    }
}

/// Whether a file is the one of that digest.
pub(super) fn is_of(path: &Path, wanted: &str) -> bool {
    digest(path).is_ok_and(|found| found.to_hex().as_str() == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_was_changed_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.json");
        let done = Done { rows: 31, audio_seconds: 0.1 + 0.2, ..Done::default() };
        done.clone().save(&path).unwrap();
        assert_eq!(Done::load(&path).map(|found| (found.rows, found.audio_seconds)), Some((31, 0.1 + 0.2)));
        let text = std::fs::read_to_string(&path).unwrap();
        for (what, with) in [("31", "32"), ("}", ""), ("\"check\"", "\"chek\"")] {
            std::fs::write(&path, text.replace(what, with)).unwrap();
            assert_eq!(Done::load(&path), None, "{what}");
        }
    }
}
