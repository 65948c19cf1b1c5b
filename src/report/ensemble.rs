//! An ensemble's folder, made of its members'.

use std::path::{Path, PathBuf};

use crate::{
    error::{Error, Result},
    eval,
    files::{create_dir, read, read_json, write_json, write_whole},
    run::{ClipRecord, Finished, Look, RunDir, RunRecord, SplitRow, load_finished, task_of},
};

/// Writes the runs of an ensemble of the finished runs in `members` into `out`, whose name it has ([`eval::ensemble`]): an
/// experiment like any other, without weights. The same command again leaves it as it is.
///
/// # Errors
///
/// [`Error::Config`] where a run is named twice, a member has learnt no classes, or `out` holds other runs; as
/// [`eval::ensemble`] and [`load_finished`].
pub fn ensemble(members: &[PathBuf], out: &Path) -> Result<()> {
    let mut seen = Vec::new();
    let mut all = Vec::new();
    for path in members {
        if !task_of(path)?.has_classes() {
            return Err(Error::Config(format!(
                "{} has learnt no classes: what is averaged are their probabilities",
                path.display()
            )));
        }
        let runs = load_finished(path)?;
        for run in &runs {
            let here = std::fs::canonicalize(run.dir.path()).map_err(Error::io("read", run.dir.path()))?;
            if seen.contains(&here) {
                return Err(Error::Config(format!(
                    "{} is named twice, and would count twice: name it once",
                    run.dir.path().display()
                )));
            }
            seen.push(here);
        }
        all.push(runs);
    }
    let whole = std::path::absolute(out).map_err(Error::io("find", out))?;
    let name = whole.file_name().map_or_else(|| "ensemble".into(), |name| name.to_string_lossy().into_owned());
    let runs = eval::ensemble(all, &name)?;
    let place = |run: &Finished| RunDir::of(out, &run.record.fold, run.record.seed);
    let ours: Vec<RunDir> = runs.iter().map(place).collect();
    for there in RunDir::find(out).unwrap_or_default() {
        let at = ours.iter().position(|dir| dir.path() == there.path());
        let is_ours =
            |at: usize| read_json::<RunRecord>(&there.record()).is_ok_and(|of| of.id() == runs[at].record.id());
        if !at.is_some_and(is_ours) {
            return Err(Error::Config(format!(
                "{} is another run, which would be lost or mixed with the ensemble: remove it, or name another folder",
                there.path().display()
            )));
        }
    }
    runs.iter().zip(&ours).filter(|(_, dir)| !dir.done().exists()).try_for_each(|(run, dir)| write(run, dir, out))
}

/// One fold; `done.json` comes last.
fn write(run: &Finished, dir: &RunDir, out: &Path) -> Result<()> {
    create_dir(dir.path())?;
    write_json(&dir.record(), &run.record)?;
    let config = read(run.dir.config()).map_err(Error::io("read", run.dir.config()))?;
    write_whole(&dir.config(), |file| file.write_all(&config))?;
    // An ensemble has no epochs.
    write_whole(&dir.metrics(), |_| Ok(()))?;
    SplitRow::write_all(&dir.split(), &run.split)?;
    ClipRecord::write_all(&dir.clips(), &run.clips)?;
    Look::of(&run.record, &run.split, 1).add(out)?;
    run.predictions.write(&dir.predictions())?;
    run.validation.write(&dir.validation())?;
    write_json(&dir.done(), &run.done)
}
