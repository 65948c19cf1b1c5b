//! From each corpus to each: who trains on one, tested on another.

use std::collections::{BTreeMap, BTreeSet};

use super::{Found, measured::Measured};
use crate::{
    error::Result,
    eval::{Confusion, Evaluation, Scores, Spread},
    report::{headline::percent, table::Table},
    run::Prediction,
};

/// UAR by what was trained on (rows: experiments of one title together) and what was tested on (columns).
pub(super) fn table(found: &[&Found]) -> Option<Table> {
    let measured: Vec<(&str, &Measured)> =
        found.iter().filter_map(|of| Some((of.row.title.as_str(), of.measured.as_ref()?))).collect();
    let tested: BTreeSet<&str> = measured.iter().flat_map(|(_, of)| of.by_corpus.keys()).map(String::as_str).collect();
    let mut titles: Vec<&str> = vec![];
    for (title, _) in &measured {
        if !titles.contains(title) {
            titles.push(title);
        }
    }
    if titles.is_empty() {
        return None;
    }
    let header = tested.iter().map(|corpus| format!("on {corpus}"));
    let mut table = Table::new("", std::iter::once("trained on".to_owned()).chain(header));
    for title in titles {
        let mut cells = vec![title.to_owned()];
        for &on in &tested {
            let of_title = measured.iter().filter(|(of, _)| *of == title);
            let cell = of_title.filter_map(|(_, of)| Some((of.by_corpus.get(on)?, of.complete))).next_back();
            cells.push(cell.map_or_else(
                || "–".to_owned(),
                |(uar, complete)| format!("{}{}", percent(*uar), if complete { "" } else { " (INCOMPLETE)" }),
            ));
        }
        table.row(cells);
    }
    Some(table)
}

/// The UAR over the clips of each corpus, over seeds.
///
/// # Errors
///
/// As [`Scores::of`].
pub(super) fn by_corpus(evaluation: &Evaluation) -> Result<BTreeMap<String, Spread>> {
    let tested: BTreeSet<&str> = evaluation.predictions.rows.iter().map(corpus).collect();
    let mut found = BTreeMap::new();
    for on in tested {
        if let Some(uar) = uar_on(evaluation, on)? {
            found.insert(on.to_owned(), uar);
        }
    }
    Ok(found)
}

fn corpus(row: &Prediction) -> &str {
    row.clip.split_once('/').map_or(row.clip.as_str(), |(corpus, _)| corpus)
}

/// The UAR over the clips of one corpus, over seeds; none where no clip of it was tested.
fn uar_on(evaluation: &Evaluation, on: &str) -> Result<Option<Spread>> {
    let mut uars = vec![];
    for &seed in &evaluation.seeds {
        let rows = evaluation.predictions.rows.iter().filter(|row| row.seed == seed && corpus(row) == on);
        let pairs: Vec<_> = rows.map(|row| (row.truth, row.prediction)).collect();
        if !pairs.is_empty() {
            uars.push(Scores::of(&Confusion::from_pairs(evaluation.confusion.classes.clone(), pairs)?)?.uar);
        }
    }
    Ok((!uars.is_empty()).then(|| Spread::of(&uars)))
}
