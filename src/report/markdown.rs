//! The report in Markdown: `report.md`.

use super::{
    document::Document,
    headline::headline,
    published::Published,
    tables::{
        adapted, audit, breakdowns, confused, fairness, figures, parts, per_class, published, runs, selections, worst,
    },
};
use crate::eval::Evaluation;

/// All figures, the protocol first; and the pictures that could not be drawn.
pub(super) fn report(evaluation: &Evaluation, elsewhere: &Published, not_drawn: &[String]) -> String {
    let mut document = Document::default();
    document.title(&evaluation.experiment);
    document.code(headline(evaluation));
    let first =
        [Some(figures(evaluation)), parts(evaluation), published(evaluation, elsewhere), Some(per_class(evaluation))];
    let of_runs = (!evaluation.is_given())
        .then(|| [runs(evaluation), audit(evaluation)].into_iter().chain(selections(evaluation)));
    let last = [confused(evaluation), worst(evaluation)].into_iter().chain(of_runs.into_iter().flatten());
    let first = first.into_iter().flatten().chain(adapted(evaluation));
    for mut table in first.chain(breakdowns(evaluation)).chain(fairness(evaluation)).chain(last) {
        document.heading(std::mem::take(&mut table.title));
        document.table(table);
    }
    if !not_drawn.is_empty() {
        document.heading("Pictures that could not be drawn");
        document.list(not_drawn.to_vec());
    }
    document.to_markdown()
}
