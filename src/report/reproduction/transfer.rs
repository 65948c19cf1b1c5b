//! From each corpus to each: who trains on one, tested on another.

use std::collections::BTreeSet;

use super::Found;
use crate::{
    error::Result,
    eval::{Confusion, Evaluation, Scores, Spread},
    report::{headline::percent, table::Table},
    run::Prediction,
};

/// UAR by what was trained on (rows: experiments of one title together) and what was tested on (columns).
pub(super) fn table(found: &[&Found]) -> Result<Option<Table>> {
    let evaluated: Vec<(&str, &Evaluation)> =
        found.iter().filter_map(|of| Some((of.row.title.as_str(), of.evaluation.as_ref()?))).collect();
    let tested: BTreeSet<&str> = evaluated.iter().flat_map(|(_, of)| &of.predictions.rows).map(corpus).collect();
    let mut titles: Vec<&str> = vec![];
    for (title, _) in &evaluated {
        if !titles.contains(title) {
            titles.push(title);
        }
    }
    if titles.is_empty() {
        return Ok(None);
    }
    let header = tested.iter().map(|corpus| format!("on {corpus}"));
    let mut table = Table::new("", std::iter::once("trained on".to_owned()).chain(header));
    for title in titles {
        let mut cells = vec![title.to_owned()];
        for &on in &tested {
            let mut cell = String::new();
            for (_, evaluation) in evaluated.iter().filter(|(of, _)| *of == title) {
                if let Some(uar) = uar_on(evaluation, on)? {
                    let incomplete = if evaluation.complete() { "" } else { " (INCOMPLETE)" };
                    cell = format!("{}{incomplete}", percent(uar));
                }
            }
            cells.push(if cell.is_empty() { "–".to_owned() } else { cell });
        }
        table.row(cells);
    }
    Ok(Some(table))
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
