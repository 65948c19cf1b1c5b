//! The mean answer of several experiments' runs, as an experiment of its own.

use std::collections::{BTreeMap, BTreeSet};

use super::labelling::Labelling;
use crate::{
    error::{Error, Result},
    metrics::{Confusion, scores},
    numeric::argmax,
    run::{DataRecord, Done, Finished, PROPERTIES, Prediction, Predictions, RunDir, RunRecord, Versions, short},
    task,
};

/// The runs of an ensemble called `name`, one for each fold: every clip of its test and validation side has the mean of the
/// probabilities that all runs of all `members` give it, each run counting as much as another. Nothing is chosen. The folders of
/// what is returned are those of the first member's runs.
///
/// # Errors
///
/// [`Error::Config`] where there are fewer than two runs of a fold, a run is there twice, or members were trained on other clips,
/// classes or sides, or by another protocol.
pub fn ensemble(members: Vec<Vec<Finished>>, name: &str) -> Result<Vec<Finished>> {
    let mut folds = BTreeMap::<String, Vec<Finished>>::new();
    let mut reference: Option<RunRecord> = None;
    let mut labelling = Labelling::default();
    let mut names = BTreeSet::new();
    for runs in members {
        let Some(one) = runs.first() else { continue };
        let path = one.dir.clone();
        names.insert(one.record.experiment.clone());
        let of_seeds: BTreeSet<u64> = runs.iter().map(|run| run.record.seed).collect();
        let of_folds: BTreeSet<&str> = runs.iter().map(|run| run.record.fold.as_str()).collect();
        for (fold, seed) in of_folds.iter().flat_map(|fold| of_seeds.iter().map(move |seed| (*fold, *seed))) {
            if !runs.iter().any(|run| run.record.fold == fold && run.record.seed == seed) {
                let what =
                    format!("of the same experiment fold {fold} with seed {seed} is not finished, and others are");
                return Err(not_alike(&path, &what));
            }
        }
        let has: BTreeSet<&str> = runs.iter().map(|run| run.record.fold.as_str()).collect();
        let known: BTreeSet<&str> = folds.keys().map(String::as_str).collect();
        if let Some(fold) = known.symmetric_difference(&has).next().filter(|_| !known.is_empty()) {
            return Err(not_alike(&path, &format!("fold {fold} is finished in one experiment and not in another")));
        }
        for run in runs {
            let first = reference.get_or_insert_with(|| run.record.clone());
            if let Some(what) = unlike(first, &run.record) {
                return Err(not_alike(&run.dir, &what));
            }
            let mut record = run.record.clone();
            // What the members hear of a clip may differ: encoders, features, noise.
            if let Some(data) = &mut record.data {
                data.inputs.retain(|name, _| name == PROPERTIES);
            }
            labelling.check(&run.dir, &record, &run.split)?;
            let beside = folds.entry(run.record.fold.clone()).or_default();
            if let Some(other) = beside.iter().find(|other| other.record.id().digest == run.record.id().digest) {
                return Err(Error::Config(format!(
                    "{} and {} are the same run, which would count twice: name it once",
                    other.dir.path().display(),
                    run.dir.path().display()
                )));
            }
            beside.push(run);
        }
    }
    folds.into_values().map(|runs| mean_run(name, &names, &runs)).collect()
}

/// What keeps two runs from one ensemble.
fn unlike(a: &RunRecord, b: &RunRecord) -> Option<String> {
    let of = |record: &RunRecord| {
        let protocol = &record.protocol;
        [
            ("classes", record.classes.join(", ")),
            ("protocol", protocol.name.clone()),
            ("folds", protocol.folds.join(", ")),
            ("scaler", protocol.scaler.clone()),
            ("leak", format!("{:?}", protocol.leak)),
            ("shots", format!("{:?}", protocol.shots)),
            ("seed of the split", protocol.split_seed.to_string()),
            ("validation", format!("{:?}", protocol.validation)),
        ]
    };
    let differs = of(a).into_iter().zip(of(b)).find(|(a, b)| a != b);
    differs.map(|((what, a), (_, b))| format!("{what}: {b}, of the first one: {a}"))
}

fn not_alike(dir: &RunDir, what: &str) -> Error {
    Error::Config(format!(
        "{}: {what}: an ensemble is of runs that answer the same clips of the same folds",
        dir.path().display()
    ))
}

/// One fold's run.
fn mean_run(name: &str, names: &BTreeSet<String>, runs: &[Finished]) -> Result<Finished> {
    let [first, _, ..] = runs else {
        let fold = runs.first().map_or("", |run| &run.record.fold);
        return Err(Error::Config(format!(
            "there is one run of fold {fold} alone, whose mean is itself: name several experiments, or one of several seeds"
        )));
    };
    let mut record = RunRecord {
        experiment: name.to_owned(),
        task: task::Kind::Classification,
        targets: vec![],
        scales: vec![],
        choice: None,
        ..first.record.clone()
    };
    // Of all folds the same, and whatever the order in which they are named.
    let part = |run: &Finished| format!("{} {}", run.record.config_hash, run.record.seed);
    let parts: BTreeSet<String> = runs.iter().map(part).collect();
    let mut selections = BTreeSet::new();
    for run in runs {
        let protocol = &run.record.protocol;
        selections.insert(protocol.selection.as_str());
        let seen = run.record.seen().iter().filter(|of| !record.seen().contains(of)).cloned().collect::<Vec<_>>();
        record.trained_on.extend(seen);
        if protocol.validation_learnt && !record.protocol.validation_learnt {
            record.protocol.validation_learnt = true;
            record.protocol.validation_rule.clone_from(&protocol.validation_rule);
        }
        record.synthetic |= run.record.synthetic;
        for caveat in &protocol.caveats {
            if !record.protocol.caveats.contains(caveat) {
                record.protocol.caveats.push(caveat.clone());
            }
        }
    }
    let parts: Vec<String> = parts.into_iter().collect();
    record.config_hash = short(&blake3::hash(parts.join("\n").as_bytes()));
    record.protocol.selection = format!(
        "mean probability of {} runs of each fold, of {}; in each of them: {}",
        runs.len(),
        names.iter().cloned().collect::<Vec<_>>().join(" and "),
        selections.into_iter().collect::<Vec<_>>().join(" / ")
    );
    record.versions = Versions::of_runs(runs.iter().map(|run| &run.record.versions)).unwrap_or(record.versions);
    record.data = first.record.data.clone().map(|data| together(data, runs));
    let predictions = mean(&record, "test", runs.iter().map(|run| (&run.dir, &run.predictions)))?;
    let validation = mean(&record, "validation", runs.iter().map(|run| (&run.dir, &run.validation)))?;
    let done = Done {
        best_epoch: 0,
        epochs: 0,
        task: record.task,
        validation: uar(&validation),
        test: uar(&predictions),
        seconds: runs.iter().map(|run| run.done.seconds).sum(),
        c: None,
    };
    Ok(Finished {
        record,
        done,
        epochs: vec![],
        predictions,
        validation,
        embeddings: None,
        parts: vec![],
        temperatures: None,
        ..first.clone()
    })
}

/// What all members have read besides the clips.
fn together(data: DataRecord, runs: &[Finished]) -> DataRecord {
    let mut inputs = BTreeMap::<String, BTreeSet<&str>>::new();
    for (name, digest) in runs.iter().filter_map(|run| run.record.data.as_ref()).flat_map(|data| &data.inputs) {
        inputs.entry(name.clone()).or_default().insert(digest);
    }
    let joined = |digests: BTreeSet<&str>| digests.into_iter().collect::<Vec<_>>().join(" ");
    DataRecord { inputs: inputs.into_iter().map(|(name, digests)| (name, joined(digests))).collect(), ..data }
}

/// The mean of the runs' probabilities for each clip of a side.
///
/// # Errors
///
/// [`Error::Config`] where a run answers other clips than the first, or knows another class of one.
fn mean<'a>(
    record: &RunRecord,
    side: &str,
    mut runs: impl Iterator<Item = (&'a RunDir, &'a Predictions)>,
) -> Result<Predictions> {
    let Some((_, first)) = runs.next() else { return Ok(Predictions::default()) };
    let widened = |row: &Prediction| row.probabilities.iter().map(|&p| f64::from(p)).collect::<Vec<f64>>();
    let mut sums: BTreeMap<&str, (&Prediction, Vec<f64>)> =
        first.rows.iter().map(|row| (row.clip.as_str(), (row, widened(row)))).collect();
    let mut count = 1;
    for (dir, predictions) in runs {
        count += 1;
        let answered: BTreeMap<&str, &Prediction> =
            predictions.rows.iter().map(|row| (row.clip.as_str(), row)).collect();
        if let Some(clip) = answered.keys().find(|clip| !sums.contains_key(*clip)) {
            return Err(not_alike(dir, &format!("{clip} is on its {side} side, and not on the first one's")));
        }
        for (clip, (first, sum)) in &mut sums {
            let Some(row) = answered.get(clip) else {
                return Err(not_alike(dir, &format!("{clip} is not on its {side} side, and is on the first one's")));
            };
            if row.truth != first.truth {
                return Err(not_alike(dir, &format!("{clip} has another class than in the first one")));
            }
            sum.iter_mut().zip(widened(row)).for_each(|(sum, p)| *sum += p);
        }
    }
    let rows = sums.into_values().map(|(first, sum)| {
        let probabilities: Vec<f32> = sum.iter().map(|sum| (sum / f64::from(count)) as f32).collect();
        Prediction { seed: record.seed, prediction: argmax(&probabilities), probabilities, ..first.clone() }
    });
    Ok(Predictions { classes: record.classes.clone(), rows: rows.collect() })
}

/// The UAR of a side, not a number where it has no clips.
fn uar(side: &Predictions) -> f64 {
    let pairs = side.rows.iter().map(|row| (row.truth, row.prediction));
    let confusion = Confusion::from_pairs(side.classes.clone(), pairs);
    confusion.ok().and_then(|confusion| scores::uar(&confusion)).unwrap_or(f64::NAN)
}
