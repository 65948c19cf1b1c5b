//! `train.log`: what a run says, in its folder.

use std::{fs::File, io::Write, path::Path};

use crate::{
    error::{Error, Result},
    events::{EpochEnd, Observer},
};

/// A run's log, opened before the long work so that an unwritable folder is an error at once.
pub(super) struct Log(File);

impl Log {
    pub(super) fn open(path: &Path) -> Result<Self> {
        File::options().create(true).append(true).open(path).map(Self).map_err(Error::io("open", path))
    }

    /// Adds a line. A log that can no longer be written (a full disk) must not end the training, whose checkpoints
    /// will say so.
    fn add(&self, line: &str) {
        let _ = (&self.0).write_all(format!("{line}\n").as_bytes());
    }
}

impl Observer for Log {
    fn log(&self, line: &str) {
        self.add(line);
    }

    fn warn(&self, warning: &str) {
        self.add(&format!("warning: {warning}"));
    }

    fn epoch_ended(&self, epoch: &EpochEnd<'_>) -> Result<()> {
        self.add(&epoch.line());
        Ok(())
    }
}
