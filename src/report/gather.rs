//! A folder's finished runs → their report.

use std::path::{Path, PathBuf};

use super::{distribution, examples, published, regression, stress, terminal, write, write::More};
use crate::{
    error::{Error, Result},
    eval::{Bootstrap, Distribution, Evaluation, Regression, evaluate_numbers, evaluate_votes, evaluate_with},
    events::Observer,
    files::read_json,
    output::check_no_run,
    run::{Recordings, load_beside, load_finished, load_finished_numbers, task_of},
    task,
};

/// The folder in a report's that holds the one of numbers that were learnt beside classes.
pub(super) const BESIDE: &str = "numbers";

/// What a report is of.
#[derive(Debug)]
pub enum Gathered {
    /// Classes.
    Classes(Box<Evaluation>),
    /// Numbers.
    Numbers(Box<Regression>),
    /// Listeners' votes.
    Votes(Box<Distribution>),
}

impl Gathered {
    /// The report on a terminal, with colour or without.
    ///
    /// # Errors
    ///
    /// As [`fn@published`].
    pub fn terminal(&self, colour: bool) -> Result<String> {
        Ok(match self {
            Self::Classes(evaluation) => terminal(evaluation, &published(evaluation)?, colour),
            Self::Numbers(evaluation) => regression::terminal(evaluation, colour),
            Self::Votes(evaluation) => distribution::terminal(evaluation, colour),
        })
    }
}

/// Evaluates the finished runs that `dir` is or holds, whatever they have learnt, and writes their report into `folder`.
///
/// # Errors
///
/// As [`gather`] and [`evaluate_numbers`].
pub fn gather_any(
    dir: &Path,
    folder: &Path,
    data: &Path,
    bootstrap: Bootstrap,
    observer: &dyn Observer,
) -> Result<Gathered> {
    check_no_run(folder)?;
    match task_of(dir)? {
        task::Kind::Classification | task::Kind::MultiTask => {
            gather(dir, folder, data, bootstrap, observer).map(|evaluation| Gathered::Classes(Box::new(evaluation)))
        }
        task::Kind::Distribution => {
            let evaluation = evaluate_votes(load_finished_numbers(dir)?, bootstrap)?;
            distribution::write(&evaluation, folder)?;
            Ok(Gathered::Votes(Box::new(evaluation)))
        }
        task::Kind::Regression => {
            let evaluation = evaluate_numbers(load_finished_numbers(dir)?, bootstrap)?;
            regression::write(&evaluation, folder)?;
            Ok(Gathered::Numbers(Box::new(evaluation)))
        }
    }
}

/// Evaluates the finished runs of classes that `dir` is or holds and writes their report into `folder`. Recordings that have moved
/// are looked for in `data`; without them the report has no player and no examples of augmentation, and the same figures.
///
/// # Errors
///
/// As [`load_finished`], [`evaluate_with`] and [`write()`]; [`Error::Config`] where the runs have learnt numbers.
pub fn gather(
    dir: &Path,
    folder: &Path,
    data: &Path,
    bootstrap: Bootstrap,
    observer: &dyn Observer,
) -> Result<Evaluation> {
    check_no_run(folder)?;
    let kind = task_of(dir)?;
    if !kind.has_classes() {
        return Err(Error::Config(format!(
            "{} holds runs that have learnt {}, which are not compared with others: give its folder alone",
            dir.display(),
            kind.learns()
        )));
    }
    let finished = load_finished(dir)?;
    let recordings = Recordings::find(finished.iter().flat_map(|run| &run.clips), Some(data));
    let examples = finished.first().map_or(Ok(vec![]), |run| examples(run, &recordings, data));
    // The figures do not depend on them.
    let examples = examples.unwrap_or_else(|error| {
        observer.warn(&format!("no examples of augmentation: {error}"));
        vec![]
    });
    let dirs: Vec<PathBuf> = finished.iter().map(|run| run.dir.path().to_owned()).collect();
    let evaluation = evaluate_with(finished, bootstrap)?;
    let mut stressed = Vec::new();
    for file in dirs.iter().map(|dir| dir.join(stress::FOLDER).join(stress::FILE)).filter(|file| file.is_file()) {
        stressed.push(read_json(&file)?);
    }
    write(&evaluation, &recordings, &examples, More { stressed: &stressed, compared: &[] }, folder)?;
    let numbers = load_beside(dir)?;
    if !numbers.is_empty() {
        regression::write(&evaluate_numbers(numbers, bootstrap)?, &folder.join(BESIDE))?;
    }
    Ok(evaluation)
}
