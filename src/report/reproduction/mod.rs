//! The page of reproduced figures: each experiment of ours beside what others publish under the same protocol.
//!
//! `published.toml` says which experiments make its rows ([`Row`]) and what to call them; the figures come from their
//! finished runs. An experiment that is not there, or lacks folds, is said to be so.

mod page;
mod row;
mod transfer;
mod verdict;

use std::path::{Path, PathBuf};

pub use row::{Part, Row, Target};
pub use verdict::Verdict;

use super::published::Table;
use crate::{
    error::Result,
    eval::{Bootstrap, Evaluation, evaluate_with},
    files::write_whole,
    run::{RunDir, load_finished},
};

/// A row with what was found of it.
struct Found {
    row: Row,
    evaluation: Option<Evaluation>,
}

/// Evaluates the experiments that the rows of `published` name, which lie side by side in `experiments`, and writes
/// `reproduction.md` into `folder`.
///
/// # Errors
///
/// As [`Table::read`], [`load_finished`] and [`evaluate_with`]; [`crate::error::Error::Io`] where the page cannot be
/// written.
pub fn reproduction(published: &Path, experiments: &Path, folder: &Path, bootstrap: Bootstrap) -> Result<PathBuf> {
    let table = Table::read(published)?;
    let mut found = Vec::new();
    for row in &table.rows {
        let dir = experiments.join(&row.experiment);
        let begun = dir.is_dir() && !RunDir::find(&dir)?.is_empty();
        let evaluation = if begun { Some(evaluate_with(load_finished(&dir)?, bootstrap)?) } else { None };
        found.push(Found { row: row.clone(), evaluation });
    }
    let text = page::page(&table, &found)?;
    crate::files::create_dir(folder)?;
    let path = folder.join("reproduction.md");
    write_whole(&path, |file| file.write_all(text.as_bytes()))?;
    Ok(path)
}
