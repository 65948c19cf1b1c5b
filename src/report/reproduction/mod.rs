//! The page of reproduced figures: each experiment of ours beside what others publish under the same protocol.
//!
//! `published.toml` says which experiments make its rows ([`Row`]) and what to call them; the figures come from their
//! finished runs. An experiment that is not there, or lacks folds, is said to be so. The confusion matrices of the recipes
//! that are kept, and of the leak, stand in `plots/` beside the page.

mod glance;
mod kept;
mod measured;
mod page;
mod row;
mod transfer;
mod verdict;

use std::path::{Path, PathBuf};

pub(super) use glance::{Claim, Glance};
use measured::Measured;
pub use row::{Part, Row, Target};
pub use verdict::Verdict;

use super::{
    headline::{protocol_line, warnings},
    plot::{self, ConfusionMatrix},
    published::PublishedFile,
};
use crate::{
    error::Result,
    eval::{Bootstrap, Evaluation, evaluate_with},
    files::{create_dir, write_whole},
    run::{RunDir, load_finished},
};

/// A row with what was found of it.
struct Found {
    row: Row,
    /// What its runs give or, where they are no longer there, what was measured last.
    measured: Option<Measured>,
    /// Its figures alone, where no more is known.
    kept: Option<kept::Kept>,
    /// The place of its confusion matrix, from the page's folder, where it is drawn.
    picture: Option<String>,
}

/// Draws the confusion matrix of a row.
fn draw(row: &Row, evaluation: &Evaluation, path: &Path) -> Result<()> {
    let mut subtitle = warnings(evaluation);
    subtitle.push(protocol_line(evaluation));
    let (title, subtitle) = (row.title.as_str(), subtitle.as_slice());
    let svg = plot::to_svg(&ConfusionMatrix { confusion: &evaluation.confusion, title, subtitle })?;
    write_whole(path, |file| file.write_all(svg.as_bytes()))
}

/// Evaluates the experiments that the rows of `published` name, which lie side by side in `experiments`, and writes
/// `reproduction.md` into `folder`, with its pictures; `rows.csv` and `rows.json`, which keep what was measured of experiments whose
/// runs are gone; and, where the file has such rows, `glance.md` and `claimed.md`.
///
/// # Errors
///
/// As `PublishedFile::read`, [`load_finished`] and [`evaluate_with`]; [`crate::error::Error::Io`] where the page cannot be
/// written.
pub fn reproduction(published: &Path, experiments: &Path, folder: &Path, bootstrap: Bootstrap) -> Result<PathBuf> {
    let table = PublishedFile::read(published)?;
    let mut evaluations = Vec::new();
    for row in &table.rows {
        let dir = experiments.join(&row.experiment);
        if dir.is_dir() && RunDir::find(&dir)?.iter().any(|run| run.done().exists()) {
            evaluations.push((row, evaluate_with(load_finished(&dir)?, bootstrap)?));
        }
    }
    create_dir(&folder.join("plots"))?;
    let named = evaluations.iter().map(|(row, evaluation)| (row.experiment.as_str(), evaluation));
    let rows = kept::renew(&folder.join("rows.csv"), named.clone())?;
    let now = named.map(|(name, evaluation)| Ok((name.to_owned(), Measured::of(evaluation)?)));
    let now = now.collect::<Result<measured::Table>>()?;
    let all = measured::renew(&folder.join("rows.json"), &now)?;
    let pictured = |row: &Row| matches!(row.part, Part::Best | Part::Leak);
    let place = |row: &Row| format!("plots/{}.svg", row.experiment);
    for (row, evaluation) in evaluations.iter().filter(|(row, _)| pictured(row)) {
        draw(row, evaluation, &folder.join(place(row)))?;
    }
    let found: Vec<Found> = table
        .rows
        .iter()
        .map(|row| Found {
            // What lacks folds now is shown as it is now.
            measured: now.get(&row.experiment).or_else(|| all.get(&row.experiment)).cloned(),
            kept: rows.get(&row.experiment).cloned(),
            picture: Some(place(row)).filter(|place| pictured(row) && folder.join(place).is_file()),
            row: row.clone(),
        })
        .collect();
    glance::write(&table, &rows, folder)?;
    let text = page::page(&table, &found);
    let path = folder.join("reproduction.md");
    write_whole(&path, |file| file.write_all(text.as_bytes()))?;
    Ok(path)
}
