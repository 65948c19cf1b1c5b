//! `serkit.evaluate` and `serkit.report` without their documentation and their comforts.

use std::{collections::BTreeMap, path::PathBuf};

use numpy::{PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;
use ser::{
    config::data_dir,
    error::{Error, Result},
    eval::{self, Bootstrap, Given, evaluate_given},
    numeric::argmax,
    report,
    run::{Prediction, Predictions, Recordings},
};

use crate::{errors::exception, pool::on_threads, watch::watched};

#[pyclass(frozen, module = "serkit._serkit")]
pub struct Evaluation(pub eval::Evaluation);

#[pymethods]
impl Evaluation {
    /// What `report.json` holds.
    fn json(&self) -> PyResult<String> {
        report::json(&self.0).map_err(exception)
    }

    /// What `ser-eval` prints.
    fn text(&self, py: Python<'_>) -> PyResult<String> {
        let text = || Ok(report::terminal(&self.0, &report::published(&self.0)?, false));
        py.detach(|| on_threads(text)).map_err(exception)
    }

    /// Writes all files of the report.
    fn write(&self, py: Python<'_>, folder: PathBuf, data: Option<PathBuf>) -> PyResult<()> {
        let write = || {
            let recordings = Recordings::find(self.0.clips.values(), Some(&data_dir(data)));
            report::write(&self.0, &recordings, &[], report::More::default(), &folder)
        };
        py.detach(|| on_threads(write)).map_err(exception)
    }
}

/// The figures of predictions from elsewhere; `truths` are indices into the classes.
#[pyfunction]
#[pyo3(signature = (name, classes, truths, probabilities, clips, speakers, folds, seeds, files, independent, bootstrap))]
#[allow(clippy::too_many_arguments)] // a column each
pub fn evaluate<'py>(
    py: Python<'py>,
    name: String,
    classes: Vec<String>,
    truths: Vec<usize>,
    probabilities: PyReadonlyArray2<'py, f32>,
    clips: Vec<String>,
    speakers: Vec<String>,
    folds: Vec<String>,
    seeds: Vec<u64>,
    files: BTreeMap<String, String>,
    independent: bool,
    bootstrap: (usize, u64),
) -> PyResult<Evaluation> {
    let width = probabilities.shape()[1].max(1);
    let values = probabilities.as_slice()?;
    let rows = || {
        let mut columns = (truths.into_iter(), clips.into_iter(), speakers.into_iter(), folds.into_iter());
        let mut rows = Vec::new();
        for (row, seed) in values.chunks_exact(width).zip(seeds) {
            let (Some(truth), Some(clip), Some(speaker), Some(fold)) =
                (columns.0.next(), columns.1.next(), columns.2.next(), columns.3.next())
            else {
                return Err(Error::Data("columns of different lengths".into()));
            };
            let (probabilities, prediction) = (row.to_vec(), argmax(row));
            rows.push(Prediction { clip, speaker, fold, seed, truth, prediction, probabilities });
        }
        Ok(Predictions { classes, rows })
    };
    let (samples, seed) = bootstrap;
    let evaluate = || -> Result<Evaluation> {
        let given = Given { name, speaker_independent: independent, files, ..Given::default() };
        evaluate_given(given, rows()?, Bootstrap::new(samples, seed)?).map(Evaluation)
    };
    py.detach(|| on_threads(evaluate)).map_err(exception)
}

/// The report of finished runs, as `ser-eval` writes it.
#[pyfunction]
pub fn gather(
    py: Python<'_>,
    dir: PathBuf,
    folder: Option<PathBuf>,
    data: Option<PathBuf>,
    bootstrap: (usize, u64),
    tell: Option<Bound<'_, PyAny>>,
) -> PyResult<Evaluation> {
    watched(py, tell.as_ref(), |observer| {
        let folder = folder.unwrap_or_else(|| dir.join("report"));
        let (samples, seed) = bootstrap;
        report::gather(&dir, &folder, &data_dir(data), Bootstrap::new(samples, seed)?, observer).map(Evaluation)
    })
}
