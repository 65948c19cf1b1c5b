//! Finished runs, read back.

use std::path::Path;

use super::{
    ClipRecord, Done, Embeddings, EpochRecord, Looks, Numbers, PartRecord, Predictions, RunDir, RunRecord, Shots,
    SplitRow, Temperatures, looks, test_side,
};
use crate::{
    config::LabelsConfig,
    error::{Error, Result},
    files::read_json,
    task,
};

/// A finished run, as its folder holds it.
#[derive(Debug, Clone)]
pub struct Finished<P = Predictions> {
    /// The folder.
    pub dir: RunDir,
    /// What it was.
    pub record: RunRecord,
    /// How it ended.
    pub done: Done,
    /// Its epochs.
    pub epochs: Vec<EpochRecord>,
    /// Its test side.
    pub predictions: P,
    /// Its validation side.
    pub validation: P,
    /// The sides of its clips.
    pub split: Vec<SplitRow>,
    /// What is known of its clips; nothing in runs of earlier versions.
    pub clips: Vec<ClipRecord>,
    /// What the penultimate layer makes of its test side: of the first run alone, as the others' would not fit into one
    /// picture with it.
    pub embeddings: Option<Embeddings>,
    /// What was learnt beside a class.
    pub parts: Vec<PartRecord>,
    /// What divides the logits of its test side's clips, where it depends on the clip.
    pub temperatures: Option<Temperatures>,
    /// How its corpora's emotions became classes.
    pub labels: LabelsConfig,
    /// How often its test side was looked at by all runs of its folder; never where earlier versions noted nothing.
    pub looks: Looks,
}

/// The finished runs that `path` is or holds; unfinished ones are passed over.
///
/// # Errors
///
/// [`Error::Config`] where there is none; [`Error::Io`] and [`Error::File`] where a file of one is missing or not as
/// training writes it.
pub fn load_finished(path: &Path) -> Result<Vec<Finished>> {
    load(path, |dir| Ok([Predictions::read(&dir.predictions())?, Predictions::read(&dir.validation())?]))
}

/// The same of runs that have learnt numbers.
///
/// # Errors
///
/// As [`load_finished`].
pub fn load_finished_numbers(path: &Path) -> Result<Vec<Finished<Numbers>>> {
    load(path, |dir| Ok([Numbers::read(&dir.predictions())?, Numbers::read(&dir.validation())?]))
}

/// The numbers that the finished runs that `path` is or holds have learnt beside a class, as runs of their own; none where they have
/// learnt no such.
///
/// # Errors
///
/// As [`load_finished`].
pub fn load_beside(path: &Path) -> Result<Vec<Finished<Numbers>>> {
    let dirs = RunDir::find(path)?;
    if !dirs.iter().any(|dir| dir.numbers().exists()) {
        return Ok(Vec::new());
    }
    let mut runs = load(path, |dir| Ok([Numbers::read(&dir.numbers())?, Numbers::read(&dir.validation_numbers())?]))?;
    for run in &mut runs {
        run.record.task = task::Kind::Regression;
        run.record.classes = std::mem::take(&mut run.record.targets);
        let numbers = || run.parts.iter().filter(|part| part.task == task::Kind::Regression);
        let mean = |figure: fn(&PartRecord) -> Option<f64>| {
            numbers().map(|part| figure(part).unwrap_or(f64::NAN)).sum::<f64>() / numbers().count().max(1) as f64
        };
        let (validation, test) = (mean(|part| part.validation), mean(|part| part.test));
        run.done = Done { task: task::Kind::Regression, validation, test, ..run.done };
    }
    Ok(runs)
}

/// What the finished runs that `path` is or holds have learnt, by the first of them.
///
/// # Errors
///
/// As [`load_finished`].
pub fn task_of(path: &Path) -> Result<task::Kind> {
    let dirs = RunDir::find(path)?;
    let first = dirs.iter().find(|dir| dir.done().exists()).or(dirs.first());
    first.map_or(Ok(task::Kind::default()), |dir| read_json::<RunRecord>(&dir.record()).map(|record| record.task))
}

/// `read` gives the predictions of the test side and of the validation side.
fn load<P>(path: &Path, read: fn(&RunDir) -> Result<[P; 2]>) -> Result<Vec<Finished<P>>> {
    let dirs = RunDir::find(path)?;
    let begun = dirs.len();
    let seen = dirs.first().map(looks::beside).transpose()?.unwrap_or_default();
    let finished = dirs
        .into_iter()
        .filter(|dir| dir.done().exists())
        .enumerate()
        .map(|(number, dir)| {
            let mut record: RunRecord = read_json(&dir.record())?;
            if record.candidate {
                return Err(Error::Config(format!(
                    "{} is a setting that a nested choice compared, and has no figure of the test side: give the folder of its \
                     search",
                    dir.path().display()
                )));
            }
            let [predictions, validation] = read(&dir)?;
            let resolved = Resolved::read(&dir.config())?;
            let split = SplitRow::read_all(&dir.split())?;
            // Earlier versions had them in the config alone.
            record.protocol.shots = record.protocol.shots.or(resolved.protocol.shots());
            Ok(Finished {
                embeddings: if number == 0 { Embeddings::read(&dir.embeddings())? } else { None },
                labels: resolved.labels,
                record,
                temperatures: Temperatures::read(&dir.temperatures())?,
                done: read_json(&dir.done())?,
                epochs: dir.epochs()?,
                predictions,
                validation,
                parts: PartRecord::read_all(&dir.parts())?,
                looks: seen.get(&test_side(&split)).cloned().unwrap_or_default(),
                split,
                clips: ClipRecord::read_all(&dir.clips())?,
                dir,
            })
        })
        .collect::<Result<Vec<_>>>()?;
    if finished.is_empty() {
        return Err(Error::Config(format!(
            "{} holds no finished run ({begun} begun): go on with ser-train --resume",
            path.display()
        )));
    }
    Ok(finished)
}

/// What is read of a run's config: the rest may be an earlier version's.
#[derive(serde::Deserialize)]
struct Resolved {
    #[serde(default)]
    labels: LabelsConfig,
    #[serde(default)]
    protocol: ResolvedProtocol,
}

#[derive(Default, serde::Deserialize)]
struct ResolvedProtocol {
    shots: Option<usize>,
    shot_speakers: Option<usize>,
}

impl Resolved {
    fn read(path: &Path) -> Result<Self> {
        let text = crate::files::read_text(path).map_err(Error::io("read", path))?;
        toml::from_str(&text).map_err(|error| Error::file(path, error.to_string()))
    }
}

impl ResolvedProtocol {
    fn shots(&self) -> Option<Shots> {
        self.shot_speakers.map(|speakers| Shots { clips: self.shots.unwrap_or(0), speakers })
    }
}
