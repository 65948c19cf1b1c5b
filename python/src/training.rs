//! `serkit.train` without its documentation and its comforts.

use std::path::PathBuf;

use pyo3::prelude::*;
use ser::{
    cache::{cache_dir, cache_limit},
    config::data_dir,
    error::{Error, Result},
    eval::Bootstrap,
    events::Observer,
    experiment::{Jobs, Options, Trained},
    frontend::encoder::models_dir,
    report::{self, Gathered},
};
use serde::Serialize;

use crate::{config, errors::exception, evaluation::Evaluation, watch::watched};

/// What is asked for beside the config: the options of `ser-train`.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Asked {
    overrides: Vec<String>,
    setting: Option<String>,
    fold: String,
    seeds: Vec<u64>,
    device: String,
    resume: bool,
    overwrite: bool,
    out: Option<PathBuf>,
    data: Option<PathBuf>,
    cache: Option<PathBuf>,
    models: Option<PathBuf>,
    cache_limit: Option<String>,
    report: bool,
}

/// What came of a call, for Python to read.
#[derive(Serialize)]
struct Outcome {
    out: PathBuf,
    /// Each run's folder with what its `done.json` holds.
    runs: Vec<(PathBuf, ser::run::Done)>,
    failed: Vec<String>,
    /// The folder of the report, where one was written.
    report: Option<PathBuf>,
    /// What the report says on a terminal.
    text: Option<String>,
}

/// Trains what a config describes, all that is asked for: the outcome as JSON, and the figures of classes.
#[pyfunction]
pub fn train(
    py: Python<'_>,
    path: Option<PathBuf>,
    mapping: Option<&str>,
    asked: Asked,
    tell: Option<Bound<'_, PyAny>>,
) -> PyResult<(String, Option<Evaluation>)> {
    let (outcome, evaluation) = watched(py, tell.as_ref(), |observer| asked.train(path, mapping, observer))?;
    let json = serde_json::to_string(&outcome).map_err(|e| exception(Error::Data(e.to_string())))?;
    Ok((json, evaluation.map(Evaluation)))
}

/// The error of an option that does not say what it should.
fn wrong(option: &str) -> impl Fn(String) -> Error {
    move |problem| Error::Config(format!("{option}: {problem}"))
}

fn classes(gathered: Gathered) -> Option<ser::eval::Evaluation> {
    match gathered {
        Gathered::Classes(evaluation) => Some(*evaluation),
        Gathered::Numbers(_) | Gathered::Votes(_) => None,
    }
}

impl Asked {
    fn train(
        self,
        path: Option<PathBuf>,
        mapping: Option<&str>,
        observer: &dyn Observer,
    ) -> Result<(Outcome, Option<ser::eval::Evaluation>)> {
        let (setting, out) = (self.setting.as_deref(), self.out.as_deref());
        let jobs = match path {
            Some(path) => Jobs::load(&path, &self.overrides, setting, out)?,
            None => {
                let text = config::text(&config::table(mapping.unwrap_or("{}"))?)?;
                Jobs::parse(&text, &self.overrides, setting, out)?
            }
        };
        let options = Options {
            cache: cache_dir(self.cache),
            models: models_dir(self.models),
            cache_limit: Some(cache_limit(
                self.cache_limit.map(|size| size.parse()).transpose().map_err(wrong("cache_limit"))?,
            )?),
            out: PathBuf::new(),
            fold: Some(self.fold),
            seeds: self.seeds,
            device: self.device.parse().map_err(wrong("device"))?,
            gpus: 1,
            resume: self.resume,
            overwrite: self.overwrite,
        };
        let data = data_dir(self.data);
        let Trained { outcomes, failed } = jobs.train(&data, &options, observer)?;
        let folder = jobs.out.join("report");
        let mut outcome = Outcome {
            out: jobs.out.clone(),
            runs: outcomes.into_iter().map(|(dir, done)| (dir.path().to_owned(), done)).collect(),
            failed,
            report: self.report.then(|| folder.clone()),
            text: None,
        };
        if !self.report {
            return Ok((outcome, None));
        }
        if let Some(record) = jobs.grid {
            let of = (&data, Bootstrap::default());
            let (text, gathered) = report::grid::gather_search(&jobs.out, &folder, record, of.0, of.1, observer)?;
            outcome.text = Some(text);
            return Ok((outcome, gathered.and_then(classes)));
        }
        let gathered = report::gather_any(&jobs.out, &folder, &data, Bootstrap::default(), observer)?;
        outcome.text = Some(gathered.terminal(false)?);
        Ok((outcome, classes(gathered)))
    }
}
