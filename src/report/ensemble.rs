//! An ensemble's folder, made of its members'.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    eval,
    files::{create_dir, read, read_json, write_json, write_whole},
    run::{ClipRecord, ENSEMBLE, Finished, GridRecord, Look, RunDir, SplitRow, load_finished, task_of},
};

/// `ensemble.json`: whose mean the runs beside it are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Members {
    schema: String,
    /// Each run's experiment, fold, seed and digest.
    runs: BTreeSet<String>,
}

/// Writes the runs of an ensemble of the finished runs in `members` into `out`, whose name it has ([`eval::ensemble`]): an
/// experiment like any other, without weights. Of the same members it is made again.
///
/// # Errors
///
/// [`Error::Config`] where a run is named twice, a member has learnt no classes, is a search or an ensemble, or `out` holds anything
/// but an ensemble of the same runs; as [`eval::ensemble`] and [`load_finished`].
pub fn ensemble(members: &[PathBuf], out: &Path) -> Result<()> {
    let wrong = |path: &Path, what: &str| Error::Config(format!("{} {what}", path.display()));
    let mut runs_of = Members { schema: "ser-ensemble/1".to_owned(), runs: BTreeSet::new() };
    let mut seen = Vec::new();
    let mut all = Vec::new();
    for path in members {
        let path = match GridRecord::read(path)? {
            Some(record) if record.nested => path.join(GridRecord::CHOSEN),
            Some(_) => return Err(wrong(path, "is a search: name the folder of one of its settings")),
            None => path.clone(),
        };
        if !task_of(&path)?.has_classes() {
            return Err(wrong(
                &path,
                "has learnt numbers or votes: an ensemble is of experiments that have learnt classes",
            ));
        }
        let runs = load_finished(&path)?;
        for run in &runs {
            let experiment = run.dir.path().parent().and_then(Path::parent).unwrap_or(Path::new(""));
            if experiment.join(ENSEMBLE).exists() {
                return Err(wrong(experiment, "is an ensemble, whose members would count otherwise: name them"));
            }
            let here = std::fs::canonicalize(run.dir.path()).map_err(Error::io("read", run.dir.path()))?;
            if seen.contains(&here) {
                return Err(wrong(run.dir.path(), "is named twice, and would count twice: name it once"));
            }
            seen.push(here);
            let id = run.record.id();
            runs_of.runs.insert(format!("{} fold {} seed {} {}", id.experiment, id.fold, id.seed, id.digest));
        }
        all.push(runs);
    }
    let is_there = out.join(ENSEMBLE).exists();
    let holds = out.exists() && (!out.is_dir() || std::fs::read_dir(out).is_ok_and(|mut all| all.next().is_some()));
    if holds && !is_there {
        return Err(wrong(
            out,
            "is there and holds something else, which would be lost or mixed with the ensemble: name a new folder",
        ));
    }
    if is_there && read_json::<Members>(&out.join(ENSEMBLE))? != runs_of {
        return Err(wrong(out, "is an ensemble of other runs: remove it, or name a new folder"));
    }
    let whole = std::path::absolute(out).map_err(Error::io("find", out))?;
    let name = whole.file_name().map_or_else(|| "ensemble".into(), |name| name.to_string_lossy().into_owned());
    let runs = eval::ensemble(all, &name)?;
    create_dir(out)?;
    write_json(&out.join(ENSEMBLE), &runs_of)?;
    runs.iter().try_for_each(|run| write(run, &RunDir::of(out, &run.record.fold, run.record.seed), out))
}

/// One fold; `done.json` comes last.
fn write(run: &Finished, dir: &RunDir, out: &Path) -> Result<()> {
    let is_new = !dir.record().exists();
    create_dir(dir.path())?;
    if dir.done().exists() {
        std::fs::remove_file(dir.done()).map_err(Error::io("remove", dir.done()))?;
    }
    if is_new {
        Look::of(&run.record, &run.split, 1).add(out)?;
    }
    write_json(&dir.record(), &run.record)?;
    let config = read(run.dir.config()).map_err(Error::io("read", run.dir.config()))?;
    write_whole(&dir.config(), |file| file.write_all(&config))?;
    // An ensemble has no epochs.
    write_whole(&dir.metrics(), |_| Ok(()))?;
    SplitRow::write_all(&dir.split(), &run.split)?;
    ClipRecord::write_all(&dir.clips(), &run.clips)?;
    run.predictions.write(&dir.predictions())?;
    run.validation.write(&dir.validation())?;
    write_json(&dir.done(), &run.done)
}
