//! Whether the predictions of runs are those of their folds, and agree.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use crate::{
    error::{Error, Result},
    protocol::Side,
    run::{Predictions, RunDir, RunRecord, SplitRow},
};

/// What all runs' test rows must agree on.
#[derive(Default)]
pub(super) struct Pool {
    seen: BTreeSet<(u64, String)>,
    truths: BTreeMap<String, usize>,
}

impl Pool {
    /// Refuses rows that are not the run's, stand twice, or contradict another run.
    pub(super) fn check(
        &mut self,
        dir: &RunDir,
        record: &RunRecord,
        rows: &Predictions,
        split: &[SplitRow],
    ) -> Result<()> {
        let path = dir.predictions();
        check_rows(&path, record, rows, split, Side::Test)?;
        for (i, row) in rows.rows.iter().enumerate() {
            let wrong = |problem: String| Error::file(&path, format!("line {}: {problem}", i + 2));
            if !self.seen.insert((row.seed, row.clip.clone())) {
                return Err(wrong(format!("{} is predicted twice under seed {}", row.clip, row.seed)));
            }
            if *self.truths.entry(row.clip.clone()).or_insert(row.truth) != row.truth {
                return Err(wrong(format!("{} has another class than in another run", row.clip)));
            }
        }
        Ok(())
    }
}

/// Refuses a table that does not have exactly the clips of that side, each once.
pub(super) fn check_rows(
    path: &Path,
    record: &RunRecord,
    predictions: &Predictions,
    split: &[SplitRow],
    side: Side,
) -> Result<()> {
    if predictions.classes != record.classes {
        return Err(Error::file(path, "has other classes than run.json beside it"));
    }
    let rows = predictions.rows.iter().map(|row| RowOf {
        clip: &row.clip,
        speaker: &row.speaker,
        fold: &row.fold,
        seed: row.seed,
        class: Some(record.classes.get(row.truth).map_or("", String::as_str)),
    });
    check_side(path, record, rows, split, side)
}

/// What a row of either kind of table says of its clip.
pub(super) struct RowOf<'a> {
    pub clip: &'a str,
    pub speaker: &'a str,
    pub fold: &'a str,
    pub seed: u64,
    /// Its true class, in a table that has one.
    pub class: Option<&'a str>,
}

/// Refuses rows that are not exactly the clips of that side, each once.
pub(super) fn check_side<'a>(
    path: &Path,
    record: &RunRecord,
    rows: impl ExactSizeIterator<Item = RowOf<'a>>,
    split: &[SplitRow],
    side: Side,
) -> Result<()> {
    let given = rows.len();
    // A demonstration may pick its epoch on the test side, whose clips the split then lists under that side alone.
    let on_test = record.protocol.leak.is_some_and(|leak| leak.selection_on_test);
    let listed = split.iter().any(|row| row.side == side);
    let side = if on_test && !listed { Side::Test } else { side };
    let wanted = split.iter().zip(2..).filter(|(row, _)| row.side == side);
    let mut wanted: BTreeMap<&str, (&SplitRow, usize)> =
        wanted.map(|(row, line)| (row.clip.as_str(), (row, line))).collect();
    let mut lines = BTreeMap::new();
    for (row, line) in rows.zip(2..) {
        let wrong = |problem: String| Err(Error::file(path, format!("line {line}: {problem}")));
        if row.fold != record.fold || row.seed != record.seed {
            return wrong(format!(
                "fold {} seed {} in the folder of fold {} seed {}",
                row.fold, row.seed, record.fold, record.seed
            ));
        }
        if let Some(before) = lines.insert(row.clip, line) {
            return wrong(format!("{} is predicted twice under seed {}, first in line {before}", row.clip, row.seed));
        }
        let Some((known, _)) = wanted.remove(row.clip) else {
            return wrong(format!("{} is not on the {} side by split.csv", row.clip, side.name()));
        };
        let truth = row.class.unwrap_or(&known.emotion);
        for (what, ours, theirs) in [("truth", truth, &known.emotion), ("speaker", row.speaker, &known.speaker)] {
            if ours != theirs {
                return wrong(format!("{what} of {} is \"{ours}\", and \"{theirs}\" by split.csv", row.clip));
            }
        }
    }
    match wanted.values().min_by_key(|(_, line)| *line) {
        None => Ok(()),
        Some((row, line)) => Err(Error::file(
            path,
            format!(
                "{} of the {} clips of the {} side have no row: {} (line {line} of split.csv){}",
                wanted.len(),
                wanted.len() + given,
                side.name(),
                row.clip,
                if wanted.len() > 1 { " is the first" } else { "" }
            ),
        )),
    }
}
