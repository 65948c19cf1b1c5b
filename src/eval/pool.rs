//! The finished runs of one experiment whose answers are several numbers a clip → all of its rows, checked.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    FoldOfSeed,
    consistency::{RowOf, check_side},
    labelling::{Labelling, same_config},
};
use crate::{
    error::{Error, Result},
    protocol::{Side, audit::Audit},
    run::{
        ClipRecord, Done, EpochRecord, Finished, NumberRow, Numbers, RunDir, RunRecord, Selection, SplitRow, Versions,
    },
};

/// The rows of all runs, and what they were made with.
pub(super) struct Pooled {
    /// What the first run was; of the others its config is the same.
    pub record: RunRecord,
    /// The runs, by seed and in the order of the protocol's folds.
    pub runs: Vec<PooledRun>,
    /// The seeds.
    pub seeds: Vec<u64>,
    /// Folds of the protocol that a seed lacks.
    pub missing: Vec<FoldOfSeed>,
    /// The test sides' rows, by seed and clip.
    pub numbers: Numbers,
    /// What is known of the clips.
    pub clips: BTreeMap<String, ClipRecord>,
}

/// One run.
pub(super) struct PooledRun {
    pub fold: String,
    pub seed: u64,
    pub audit: Audit,
    pub done: Done,
    pub epochs: Vec<EpochRecord>,
    /// Its test side, by clip.
    pub predictions: Vec<NumberRow>,
    /// Its validation side, by clip.
    pub validation: Vec<NumberRow>,
    pub selection: Selection,
}

/// Pools the finished runs of one experiment. The order of runs and of rows does not matter.
///
/// # Errors
///
/// [`Error::Config`] where there is no run, or runs of different configs or data lie together; [`Error::File`] where a run's
/// predictions are not exactly those of its fold's test and validation sides, or two runs disagree on a clip's truth.
pub(super) fn pool(finished: Vec<Finished<Numbers>>) -> Result<Pooled> {
    let mut first: Option<RunRecord> = None;
    let mut labelling = Labelling::default();
    let (mut seen, mut truths) = (BTreeSet::new(), BTreeMap::<String, Vec<f64>>::new());
    let (mut runs, mut numbers, mut clips) = (Vec::new(), Numbers::default(), BTreeMap::new());
    let mut versions = Vec::new();
    for run in finished {
        let Finished { dir, record, done, epochs, mut predictions, mut validation, split, clips: known, looks, .. } =
            run;
        let reference = first.get_or_insert_with(|| record.clone());
        same_config(&dir, &record, reference)?;
        labelling.check(&dir, &record, &split)?;
        check(&dir, &record, &predictions, &split, Side::Test)?;
        check(&dir, &record, &validation, &split, Side::Validation)?;
        for (row, line) in predictions.rows.iter().zip(2..) {
            let wrong = |problem: String| Err(Error::file(dir.predictions(), format!("line {line}: {problem}")));
            if !seen.insert((row.seed, row.clip.clone())) {
                return wrong(format!("{} is predicted twice under seed {}", row.clip, row.seed));
            }
            if *truths.entry(row.clip.clone()).or_insert_with(|| row.truth.clone()) != row.truth {
                return wrong(format!("{} has other true numbers than in another run", row.clip));
            }
        }
        clips.extend(known.into_iter().map(|clip| (clip.clip.clone(), clip)));
        versions.push(record.versions);
        // The order of a sum matters to its last bits.
        predictions.rows.sort_by(|a, b| a.clip.cmp(&b.clip));
        validation.rows.sort_by(|a, b| a.clip.cmp(&b.clip));
        numbers.targets = predictions.targets;
        numbers.rows.extend(predictions.rows.iter().cloned());
        runs.push(PooledRun {
            fold: record.fold,
            seed: record.seed,
            audit: record.audit,
            done,
            epochs,
            predictions: predictions.rows,
            validation: validation.rows,
            selection: Selection { choice: record.choice, looks },
        });
    }
    let Some(mut record) = first else { return Err(Error::Config("there is no finished run to evaluate".into())) };
    record.versions = Versions::of_runs(versions.iter()).unwrap_or(record.versions);
    numbers.rows.sort_by(|a, b| (a.seed, &a.clip).cmp(&(b.seed, &b.clip)));
    let place = |fold: &str| record.protocol.folds.iter().position(|known| known == fold).unwrap_or(usize::MAX);
    runs.sort_by_key(|run| (run.seed, place(&run.fold)));
    let seeds: Vec<u64> = runs.iter().map(|run| run.seed).collect::<BTreeSet<_>>().into_iter().collect();
    let found: BTreeSet<(&str, u64)> = runs.iter().map(|run| (run.fold.as_str(), run.seed)).collect();
    let missing = seeds
        .iter()
        .flat_map(|&seed| record.protocol.folds.iter().map(move |fold| FoldOfSeed { fold: fold.clone(), seed }))
        .filter(|of| !found.contains(&(of.fold.as_str(), of.seed)))
        .collect();
    Ok(Pooled { record, runs, seeds, missing, numbers, clips })
}

fn check(dir: &RunDir, record: &RunRecord, numbers: &Numbers, split: &[SplitRow], side: Side) -> Result<()> {
    let path = if side == Side::Test { dir.predictions() } else { dir.validation() };
    if numbers.targets != record.classes {
        return Err(Error::file(&path, "has other targets than run.json beside it"));
    }
    let rows = numbers.rows.iter().map(|row| RowOf {
        clip: &row.clip,
        speaker: &row.speaker,
        fold: &row.fold,
        seed: row.seed,
        class: None,
    });
    check_side(&path, record, rows, split, side)
}
