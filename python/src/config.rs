//! Configs as Python gives them: a file, or a mapping that came as JSON.

use std::path::PathBuf;

use pyo3::prelude::*;
use ser::{
    config::Experiment,
    error::{Error, Result},
};

use crate::errors::exception;

/// The text of a resolved config, for what makes features of samples: name and corpora may be absent.
#[pyfunction]
pub fn config_text(path: Option<PathBuf>, mapping: Option<&str>, overrides: Vec<String>) -> PyResult<String> {
    features_of(path, mapping, &overrides).map_err(exception)
}

fn features_of(path: Option<PathBuf>, mapping: Option<&str>, overrides: &[String]) -> Result<String> {
    let experiment = match path {
        Some(path) => Experiment::load(&path, overrides)?,
        None => {
            let mut table = table(mapping.unwrap_or("{}"))?;
            table.entry("name").or_insert_with(|| "features".into());
            let synthetic: toml::Table = [("kind".to_owned(), "synthetic".into())].into_iter().collect();
            table.entry("corpora").or_insert_with(|| vec![synthetic].into());
            Experiment::parse(&text(&table)?, overrides)?
        }
    };
    text(&experiment)
}

/// The table that a mapping is. TOML has no nothing: what is `None` is absent.
pub fn table(mapping: &str) -> Result<toml::Table> {
    let wrong = |error: &dyn std::fmt::Display| Error::Config(format!("the config is no table of TOML: {error}"));
    let mut value: serde_json::Value = serde_json::from_str(mapping).map_err(|e| wrong(&e))?;
    drop_nulls(&mut value);
    toml::Table::try_from(value).map_err(|e| wrong(&e))
}

/// As TOML.
pub fn text(value: &impl serde::Serialize) -> Result<String> {
    toml::to_string(value).map_err(|e| Error::Config(format!("the config cannot be written as TOML: {e}")))
}

fn drop_nulls(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(drop_nulls);
        }
        serde_json::Value::Array(values) => values.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

/// An experiment, whole.
pub fn experiment(path: Option<PathBuf>, mapping: Option<&str>, overrides: &[String]) -> Result<Experiment> {
    match path {
        Some(path) => Experiment::load(&path, overrides),
        None => Experiment::parse(&text(&table(mapping.unwrap_or("{}"))?)?, overrides),
    }
}
