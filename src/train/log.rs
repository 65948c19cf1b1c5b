//! `train.log`: what a run says, in its folder.

use std::{fs::File, io::Write, path::Path};

use crate::error::{Error, Result};

/// A run's log, opened before the long work so that an unwritable folder is an error at once.
pub(super) struct Log(File);

impl Log {
    pub(super) fn open(path: &Path) -> Result<Self> {
        File::options().create(true).append(true).open(path).map(Self).map_err(Error::io("open", path))
    }

    /// Adds a line. A log that can no longer be written (a full disk) must not end the training, whose checkpoints
    /// will say so.
    pub(super) fn add(&mut self, line: &str) {
        let _ = writeln!(self.0, "{line}");
    }
}
