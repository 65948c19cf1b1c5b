//! What stands in a run's folder before the run.

use super::{Options, Prepared};
use crate::{
    config::Experiment,
    error::{Error, Result},
    files::read_json,
    run::{Difference, Done, RunDir, RunRecord, SplitRow},
};

/// What stands in a run's folder.
pub(super) enum Found {
    /// Nothing of note, or something to go on from.
    Open,
    /// A finished run of the same config and data.
    Finished(Done),
    /// What `--overwrite` gives up.
    ToReplace,
}

/// The run that is wanted of a folder.
pub(super) struct Wanted<'a> {
    pub prepared: &'a Prepared,
    pub record: &'a RunRecord,
    pub split: &'a [SplitRow],
    pub options: &'a Options,
}

impl Wanted<'_> {
    /// Looks at the run's folder.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where it holds what this call would destroy, or a run of another config or other data, with what
    /// is different.
    pub(super) fn look_at(&self, dir: &RunDir) -> Result<Found> {
        if !dir.record().exists() {
            return Ok(Found::Open);
        }
        if self.options.overwrite {
            return Ok(Found::ToReplace);
        }
        let place = dir.path().display();
        let ways = "pass --out DIR to keep both, or --overwrite to train it again in its place";
        let there: RunRecord = read_json(&dir.record())?;
        if let Some(difference) = self.config_differs(dir, &there)? {
            return Err(Error::Config(format!("{place} holds a run of another config ({difference}): {ways}")));
        }
        let finished = dir.done().exists();
        let begun = dir.last_checkpoint().exists() || dir.best_checkpoint().exists();
        if !finished && !begun {
            return Ok(Found::Open);
        }
        if let Some(difference) = self.data_differs(dir, &there)? {
            let state = if finished { "finished" } else { "begun" };
            return Err(Error::Config(format!(
                "{place} holds a run that was {state} on other data: {difference}. Its figures are not those of the data as \
                 it is now: {ways}"
            )));
        }
        if finished {
            return Ok(Found::Finished(read_json(&dir.done())?));
        }
        if !self.options.resume {
            return Err(Error::Config(format!(
                "{place} holds a run that was stopped: pass --resume to go on, or {ways}"
            )));
        }
        Ok(Found::Open)
    }

    /// How the config of the run that is there differs from ours.
    fn config_differs(&self, dir: &RunDir, there: &RunRecord) -> Result<Option<String>> {
        if there.candidate != self.record.candidate {
            return Ok(Some(match there.candidate {
                true => "one that a nested choice compares, and that has not looked at its test side".to_owned(),
                false => "grid.nested: one that has looked at its test side".to_owned(),
            }));
        }
        let chosen = |record: &RunRecord| record.choice.as_ref().map(|choice| choice.setting.name.clone());
        let (theirs, ours) = (chosen(there), chosen(self.record));
        if there.config_hash == self.record.config_hash && theirs == ours {
            return Ok(None);
        }
        if theirs != ours {
            let said = |setting: Option<String>| setting.unwrap_or_else(|| "none".to_owned());
            return Ok(Some(format!("the setting chosen: {} → {}", said(theirs), said(ours))));
        }
        if theirs.is_some() {
            return Ok(Some("the settings of the [grid] that it was chosen from".to_owned()));
        }
        let ours = Experiment { seed: there.seed, ..self.prepared.experiment.clone() };
        // An earlier version may have written the same settings otherwise, or others that this one does not know.
        Ok(match Experiment::load(&dir.config(), &[]) {
            Ok(theirs) => theirs.difference(&ours)?,
            Err(_) => Some("one of an earlier version".to_owned()),
        })
    }

    /// How the data of the run that is there differs from ours.
    fn data_differs(&self, dir: &RunDir, there: &RunRecord) -> Result<Option<String>> {
        let difference = Difference::between(&SplitRow::read_all(&dir.split())?, self.split);
        if !difference.is_empty() {
            return Ok(Some(difference.to_string()));
        }
        let (Some(theirs), Some(ours)) = (&there.data, &self.record.data) else { return Ok(None) };
        Ok(match theirs.other_inputs(ours).next() {
            Some(changed) => Some(changed.to_string()),
            None if (theirs.clips, &theirs.digest) != (ours.clips, &ours.digest) => {
                Some("clips that are on no side of the fold have changed".to_owned())
            }
            None => None,
        })
    }
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
