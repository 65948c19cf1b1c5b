//! `serkit.scan`, `serkit.split` and `serkit.audit` without their documentation and their comforts.

use std::path::{Path, PathBuf};

use pyo3::prelude::*;
use ser::{
    cache::cache_dir,
    config::data_dir,
    corpus::{CorpusConfig, Kind},
    protocol::audit::{LookedAt, foreign, foreign_columns},
    report::{audits, scan, split},
    survey::{Losses, known, look_into, survey},
};

use crate::{config::experiment, errors::exception, pool::on_threads, watch::watched};

/// What `ser-data scan --format json` prints.
#[pyfunction]
pub fn scan_corpus(
    py: Python<'_>,
    dir: Option<PathBuf>,
    kind: &str,
    name: Option<String>,
    pattern: Option<String>,
    tell: Option<Bound<'_, PyAny>>,
) -> PyResult<String> {
    watched(py, tell.as_ref(), |observer| {
        let kind: Kind = kind.parse()?;
        let config = CorpusConfig { name, pattern, ..CorpusConfig::at(kind, dir)? };
        let (found, findings) = look_into(&config, Path::new(""), &known(&cache_dir(None)), observer)?;
        scan::json(&config.name(), kind.name(), &found, &findings)
    })
}

/// The columns of a split by name, in order.
#[pyfunction]
pub fn split_of(
    py: Python<'_>,
    path: Option<PathBuf>,
    mapping: Option<&str>,
    overrides: Vec<String>,
    data: Option<PathBuf>,
    fold: Option<&str>,
    tell: Option<Bound<'_, PyAny>>,
) -> PyResult<Vec<(String, Vec<String>)>> {
    watched(py, tell.as_ref(), |observer| {
        let experiment = experiment(path, mapping, &overrides)?;
        let survey = survey(&experiment, &data_dir(data), &known(&cache_dir(None)), Losses::Tell, observer)?;
        let mut columns: Vec<(String, Vec<String>)> =
            split::COLUMNS.iter().map(|name| ((*name).to_owned(), Vec::new())).collect();
        let mut copies = Vec::new();
        for (cells, copy) in split::rows(&survey, fold)? {
            columns.iter_mut().zip(cells).for_each(|((_, column), cell)| column.push(cell.into_owned()));
            copies.push(copy.to_string());
        }
        if survey.plan.leak.is_some() {
            columns.push((split::COPY.to_owned(), copies));
        }
        Ok(columns)
    })
}

/// The audit of an experiment's folds: whether it passes, as text, as JSON.
#[pyfunction]
pub fn audit_experiment(
    py: Python<'_>,
    path: Option<PathBuf>,
    mapping: Option<&str>,
    overrides: Vec<String>,
    data: Option<PathBuf>,
    tell: Option<Bound<'_, PyAny>>,
) -> PyResult<(bool, String, String)> {
    watched(py, tell.as_ref(), |observer| {
        let experiment = experiment(path, mapping, &overrides)?;
        // What is missing was not looked at, and cannot pass.
        let survey = survey(&experiment, &data_dir(data), &known(&cache_dir(None)), Losses::Refuse, observer)?;
        let found = audits::Audits::of(&experiment.name, &survey, experiment.features.scaler.words());
        Ok((!found.leaks(), found.to_text(), found.to_json()?))
    })
}

/// The audit of a split that somebody else made, from a file or from columns: whether it passes, as text, as JSON.
#[pyfunction]
pub fn audit_split(
    py: Python<'_>,
    table: Option<PathBuf>,
    columns: Vec<(String, Vec<Option<String>>)>,
    root: PathBuf,
    names_only: bool,
) -> PyResult<(bool, String, String)> {
    let look = if names_only { LookedAt::Names } else { LookedAt::Files };
    let audit = || {
        let (found, name) = match table {
            Some(table) => (foreign(&table, &root, look)?, table.to_string_lossy().into_owned()),
            None => (foreign_columns(columns, &root, look)?, "the split".to_owned()),
        };
        Ok((found.verdict().passes(), found.to_string(), audits::foreign_json(&name, &found)?))
    };
    py.detach(|| on_threads(audit)).map_err(exception)
}
