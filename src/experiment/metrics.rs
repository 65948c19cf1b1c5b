//! `metrics.jsonl`: a line an epoch.

use std::path::PathBuf;

use crate::{
    error::Result,
    events::{EpochEnd, EpochRecord, Observer, RunStart},
    files::write_whole,
};

/// Keeps `metrics.jsonl` what the run's history is.
pub(super) struct Metrics(pub PathBuf);

impl Metrics {
    fn write(&self, history: &[EpochRecord]) -> Result<()> {
        write_whole(&self.0, |file| {
            for record in history {
                serde_json::to_writer(&mut *file, record)?;
                writeln!(file)?;
            }
            Ok(())
        })
    }
}

impl Observer for Metrics {
    fn run_started(&self, run: &RunStart<'_>) -> Result<()> {
        // A sitting that was killed may have written an epoch that is trained again, or not yet the last one.
        if run.history.is_empty() { Ok(()) } else { self.write(run.history) }
    }

    fn epoch_ended(&self, epoch: &EpochEnd<'_>) -> Result<()> {
        self.write(epoch.history)
    }
}
