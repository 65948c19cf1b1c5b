//! The page of reproduced figures: each experiment of ours beside what others publish under the same protocol.
//!
//! `published.toml` says which experiments make its rows ([`Row`]) and what to call them; the figures come from their
//! finished runs. An experiment that is not there, or lacks folds, is said to be so. The confusion matrices of the recipes
//! that are kept, and of the leak, stand in `plots/` beside the page.

mod glance;
mod kept;
mod page;
mod row;
mod transfer;
mod verdict;

use std::path::{Path, PathBuf};

pub(super) use glance::{Claim, Glance};
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
    evaluation: Option<Evaluation>,
    /// Its figures as they were measured last, where its runs are no longer there.
    kept: Option<kept::Kept>,
}

impl Found {
    /// The place of its confusion matrix, from the page's folder; none where it is not drawn.
    fn picture(&self) -> Option<String> {
        let drawn = matches!(self.row.part, Part::Best | Part::Leak) && self.evaluation.is_some();
        drawn.then(|| format!("plots/{}.svg", self.row.experiment))
    }

    /// Draws it.
    fn draw(&self, folder: &Path) -> Result<()> {
        let (Some(path), Some(evaluation)) = (self.picture(), &self.evaluation) else { return Ok(()) };
        let mut subtitle = warnings(evaluation);
        subtitle.push(protocol_line(evaluation));
        let (title, subtitle) = (self.row.title.as_str(), subtitle.as_slice());
        let svg = plot::to_svg(&ConfusionMatrix { confusion: &evaluation.confusion, title, subtitle })?;
        create_dir(&folder.join("plots"))?;
        write_whole(&folder.join(path), |file| file.write_all(svg.as_bytes()))
    }
}

/// Evaluates the experiments that the rows of `published` name, which lie side by side in `experiments`, and writes
/// `reproduction.md` into `folder`, with its pictures; `rows.csv`, which keeps the figures of experiments whose runs are gone; and, where
/// the file has such rows, `glance.md` and `claimed.md`.
///
/// # Errors
///
/// As `PublishedFile::read`, [`load_finished`] and [`evaluate_with`]; [`crate::error::Error::Io`] where the page cannot be
/// written.
pub fn reproduction(published: &Path, experiments: &Path, folder: &Path, bootstrap: Bootstrap) -> Result<PathBuf> {
    let table = PublishedFile::read(published)?;
    let mut found = Vec::new();
    for row in &table.rows {
        let dir = experiments.join(&row.experiment);
        let finished = dir.is_dir() && RunDir::find(&dir)?.iter().any(|run| run.done().exists());
        let evaluation = if finished { Some(evaluate_with(load_finished(&dir)?, bootstrap)?) } else { None };
        found.push(Found { row: row.clone(), evaluation, kept: None });
    }
    create_dir(folder)?;
    let measured = found.iter().filter_map(|of| Some((of.row.experiment.as_str(), of.evaluation.as_ref()?)));
    let rows = kept::renew(&folder.join("rows.csv"), measured)?;
    for of in found.iter_mut().filter(|of| of.evaluation.is_none()) {
        of.kept = rows.get(&of.row.experiment).cloned();
    }
    glance::write(&table, &rows, folder)?;
    let text = page::page(&table, &found)?;
    found.iter().try_for_each(|of| of.draw(folder))?;
    let path = folder.join("reproduction.md");
    write_whole(&path, |file| file.write_all(text.as_bytes()))?;
    Ok(path)
}
