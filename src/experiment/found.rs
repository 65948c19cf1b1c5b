//! What stands in a run's folder before the run.

use super::Options;
use crate::{
    error::{Error, Result},
    files::read_json,
    run::{Done, RunDir, RunRecord},
};

/// What stands in a run's folder.
pub(super) enum Found {
    /// Nothing of note, or something to go on from.
    Open,
    /// A finished run of the same config.
    Finished(Done),
    /// What `--overwrite` gives up.
    ToReplace,
}

/// Looks at the folder of a run that `record` describes.
///
/// # Errors
///
/// [`Error::Config`] where it holds what this call would destroy.
pub(super) fn look_at(dir: &RunDir, record: &RunRecord, options: &Options) -> Result<Found> {
    if !dir.record().exists() {
        return Ok(Found::Open);
    }
    if options.overwrite {
        return Ok(Found::ToReplace);
    }
    let place = dir.path().display();
    let ways = "pass --overwrite to start again, or --out DIR to keep both";
    let there: RunRecord = read_json(&dir.record())?;
    if there.config_hash != record.config_hash {
        return Err(Error::Config(format!("{place} holds a run of another config: {ways}")));
    }
    if dir.done().exists() {
        return Ok(Found::Finished(read_json(&dir.done())?));
    }
    if (dir.last_checkpoint().exists() || dir.best_checkpoint().exists()) && !options.resume {
        return Err(Error::Config(format!("{place} holds a run that was stopped: pass --resume to go on, or {ways}")));
    }
    Ok(Found::Open)
}

/// Empties a run's folder but for its lock, which is ours.
pub(super) fn clear(dir: &RunDir) -> Result<()> {
    for entry in std::fs::read_dir(dir.path()).map_err(Error::io("read", dir.path()))? {
        let path = entry.map_err(Error::io("read", dir.path()))?.path();
        if path != dir.lock() {
            let removed = if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
            removed.map_err(Error::io("remove", &path))?;
        }
    }
    Ok(())
}
