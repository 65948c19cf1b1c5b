//! All of a report's files in one folder.

use std::path::Path;

use super::{
    csv,
    headline::headline,
    html, json, latex, markdown, model_card, pictures,
    pictures::Pictures,
    plot::Panel,
    published::{Published, published},
    sheet::made_with,
    stale,
    table::wrapped,
    tables,
    text::classification_report,
};
use crate::{
    error::Result,
    eval::{Comparison, Evaluation},
    files::{create_dir, write_whole},
    run::Recordings,
    stress::Stress,
};

/// Decimals of the classification report, as scikit-learn's `digits`.
const DIGITS: usize = 4;

/// What a page may show besides the figures.
#[derive(Debug, Clone, Copy, Default)]
pub struct More<'a> {
    /// What [`crate::stress`] found of its bundles.
    pub stressed: &'a [Stress],
    /// Its comparisons with others.
    pub compared: &'a [Comparison],
}

/// Writes the report's files into the folder, each whole or not at all: `report.txt`, `report.md`, `report.tex`,
/// `report.json`, `report.html`, `model_card.md`, `figures.csv`, `confusion.csv`, `predictions.csv`, and the pictures,
/// each as PNG and SVG. The page shows and plays what of `recordings` is at hand; `examples` are of augmentation.
///
/// # Errors
///
/// [`crate::error::Error::Io`] naming the file that cannot be written.
pub fn write(
    evaluation: &Evaluation,
    recordings: &Recordings,
    examples: &[Panel],
    more: More<'_>,
    folder: &Path,
) -> Result<()> {
    create_dir(folder)?;
    let was_report = stale::is_report(folder);
    let elsewhere = published(evaluation)?;
    let pictures = pictures::write(evaluation, examples, folder)?;
    // Of predictions from elsewhere there is no model here.
    let card = (!evaluation.is_given()).then(|| ("model_card.md", model_card::card(evaluation, &elsewhere)));
    let texts = [
        ("report.txt", full_text(evaluation, &elsewhere, &pictures)),
        ("report.md", markdown::report(evaluation, &elsewhere, &pictures.failed)),
        ("report.tex", latex::report(evaluation)),
    ];
    let mut written = vec!["report.json", "predictions.csv", "confusion.csv", "figures.csv", "report.html"];
    for (name, text) in texts.into_iter().chain(card) {
        write_whole(&folder.join(name), |file| file.write_all(text.as_bytes()))?;
        written.push(name);
    }
    json::write(&folder.join("report.json"), evaluation)?;
    evaluation.predictions.write(&folder.join("predictions.csv"))?;
    csv::write_confusion(&folder.join("confusion.csv"), &evaluation.confusion)?;
    csv::write_figures(&folder.join("figures.csv"), evaluation)?;
    let page = html::page(evaluation, &elsewhere, &pictures, recordings, more, folder)?;
    write_whole(&folder.join("report.html"), |file| file.write_all(page.as_bytes()))?;
    stale::remove(folder, was_report, &written, &pictures)
}

/// `report.txt`: headline, classification report, all other tables, the audit.
fn full_text(evaluation: &Evaluation, elsewhere: &Published, pictures: &Pictures) -> String {
    let mut text = headline(evaluation);
    text.push('\n');
    text.push_str(&classification_report(&evaluation.scores, DIGITS));
    let tables =
        [Some(tables::figures(evaluation)), tables::parts(evaluation), tables::published(evaluation, elsewhere)];
    let runs = (!evaluation.is_given()).then(|| tables::runs(evaluation));
    let more = [tables::confused(evaluation), tables::worst(evaluation)].into_iter().chain(runs);
    for table in tables
        .into_iter()
        .flatten()
        .chain(tables::adapted(evaluation))
        .chain(tables::breakdowns(evaluation))
        .chain(tables::fairness(evaluation))
        .chain(more)
    {
        text.push_str(&format!("\n{}", table.plain()));
    }
    match &evaluation.split_audit {
        Some(of) => of.lines().iter().for_each(|line| text.push_str(&wrapped(&format!("split: {line}"), 4))),
        None if evaluation.is_given() => {}
        None => {
            text.push_str(&format!("\n{}\n", tables::audit(evaluation).plain()));
            tables::selections(evaluation).iter().for_each(|table| text.push_str(&format!("{}\n", table.plain())));
        }
    }
    pictures.failed.iter().for_each(|failed| text.push_str(&wrapped(&format!("NOT DRAWN: {failed}"), 0)));
    if evaluation.is_given() {
        text.push_str(&format!("\nfigures by {}\n", evaluation.versions));
        return text;
    }
    text.push_str(&made_with(&evaluation.versions, &evaluation.config_hash, &evaluation.protocol));
    text.push('\n');
    text
}
