//! Finished runs → one [`Evaluation`]: every figure is computed from the saved predictions, without the models.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Confusion, Scores};
use crate::{
    error::{Error, Result},
    protocol::audit::Audit,
    run::{Done, EpochRecord, Finished, Prediction, Predictions, ProtocolRecord, RunDir, RunRecord, Versions},
};

/// What the runs of an experiment say together.
#[derive(Debug, Clone)]
pub struct Evaluation {
    /// The experiment's name.
    pub experiment: String,
    /// The protocol that every figure must be read with.
    pub protocol: ProtocolRecord,
    /// Whether any corpus is synthetic: the figures then say nothing of people.
    pub synthetic: bool,
    /// What the first run was made with.
    pub versions: Versions,
    /// The config's hash, equal in all runs.
    pub config_hash: String,
    /// The seeds that were found.
    pub seeds: Vec<u64>,
    /// The runs that were gathered, by fold and seed.
    pub runs: Vec<Run>,
    /// Folds of the protocol that a seed lacks: the figures are then not the protocol's.
    pub missing: Vec<FoldOfSeed>,
    /// All predictions, by seed and clip.
    pub predictions: Predictions,
    /// Truth against prediction, all folds and seeds pooled.
    pub confusion: Confusion,
    /// All folds and seeds pooled.
    pub scores: Scores,
    /// Each seed's folds pooled.
    pub per_seed: Vec<SeedScores>,
}

/// One gathered run.
#[derive(Debug, Clone)]
pub struct Run {
    /// The fold.
    pub fold: String,
    /// The seed.
    pub seed: u64,
    /// What the fold's sides share.
    pub audit: Audit,
    /// How the training went.
    pub done: Done,
    /// Its epochs.
    pub epochs: Vec<EpochRecord>,
    /// Its test side alone.
    pub scores: Scores,
}

/// A fold of a seed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FoldOfSeed {
    /// The fold.
    pub fold: String,
    /// The seed.
    pub seed: u64,
}

/// One seed's figures over its pooled folds.
#[derive(Debug, Clone, Serialize)]
pub struct SeedScores {
    /// The seed.
    pub seed: u64,
    /// The figures.
    pub scores: Scores,
}

/// Mean and standard deviation (with n − 1) of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// The standard deviation; none for a single value.
    pub std: Option<f64>,
    /// How many values.
    pub n: usize,
}

impl Spread {
    /// Of the values; of no value the mean is NaN.
    #[must_use]
    pub fn of(values: &[f64]) -> Self {
        let n = values.len();
        let mean = values.iter().sum::<f64>() / n as f64;
        let std = (n > 1).then(|| (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1) as f64).sqrt());
        Self { mean, std, n }
    }
}

impl Evaluation {
    /// A figure's spread over seeds, each seed's folds pooled.
    #[must_use]
    pub fn over_seeds(&self, figure: impl Fn(&Scores) -> f64) -> Spread {
        Spread::of(&self.per_seed.iter().map(|seed| figure(&seed.scores)).collect::<Vec<_>>())
    }

    /// A figure's spread over all gathered runs.
    #[must_use]
    pub fn over_folds(&self, figure: impl Fn(&Scores) -> f64) -> Spread {
        Spread::of(&self.runs.iter().map(|run| figure(&run.scores)).collect::<Vec<_>>())
    }

    /// Whether every fold of the protocol is there for every seed.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.missing.is_empty()
    }
}

/// Pools the finished runs of one experiment.
///
/// # Errors
///
/// [`Error::Config`] where there is no run, or runs of different configs lie together; [`Error::File`] where a run's
/// predictions are not those of its fold and seed, a clip is predicted twice under one seed, or two runs disagree on a
/// clip's class.
pub fn evaluate(finished: Vec<Finished>) -> Result<Evaluation> {
    let mut runs = Vec::new();
    let mut first: Option<RunRecord> = None;
    let mut pooled = Predictions::default();
    let mut seen = BTreeSet::new();
    let mut truths = BTreeMap::new();
    for run in finished {
        let Finished { dir, record, done, epochs, predictions } = run;
        let reference = first.get_or_insert_with(|| record.clone());
        if record.config_hash != reference.config_hash || record.classes != reference.classes {
            return Err(Error::Config(format!(
                "{} was trained with another config than the runs beside it ({} and {}): evaluate them apart",
                dir.path().display(),
                record.config_hash,
                reference.config_hash
            )));
        }
        check_rows(&dir, &record, &predictions, &mut seen, &mut truths)?;
        let confusion = confusion(&record.classes, &predictions.rows)?;
        runs.push(Run {
            fold: record.fold,
            seed: record.seed,
            audit: record.audit,
            done,
            epochs,
            scores: Scores::of(&confusion)?,
        });
        pooled.classes = predictions.classes;
        pooled.rows.extend(predictions.rows);
    }
    let Some(record) = first else {
        return Err(Error::Config("there is no finished run to evaluate".into()));
    };
    pooled.rows.sort_by(|a, b| (a.seed, &a.clip).cmp(&(b.seed, &b.clip)));
    runs.sort_by_key(|run| (run.seed, position(&record.protocol.folds, &run.fold)));

    let seeds: Vec<u64> = runs.iter().map(|run| run.seed).collect::<BTreeSet<_>>().into_iter().collect();
    let have = |fold: &str, seed| runs.iter().any(|run| run.fold == fold && run.seed == seed);
    let missing = seeds
        .iter()
        .flat_map(|&seed| record.protocol.folds.iter().map(move |fold| FoldOfSeed { fold: fold.clone(), seed }))
        .filter(|of| !have(&of.fold, of.seed))
        .collect();
    let per_seed = seeds
        .iter()
        .map(|&seed| {
            let scores = Scores::of(&confusion(&record.classes, pooled.rows.iter().filter(|row| row.seed == seed))?)?;
            Ok(SeedScores { seed, scores })
        })
        .collect::<Result<_>>()?;
    let confusion = confusion(&record.classes, &pooled.rows)?;
    Ok(Evaluation {
        experiment: record.experiment,
        protocol: record.protocol,
        synthetic: record.synthetic,
        versions: record.versions,
        config_hash: record.config_hash,
        seeds,
        runs,
        missing,
        predictions: pooled,
        scores: Scores::of(&confusion)?,
        confusion,
        per_seed,
    })
}

/// Refuses rows that are not the run's, stand twice, or contradict another run.
fn check_rows(
    dir: &RunDir,
    record: &RunRecord,
    predictions: &Predictions,
    seen: &mut BTreeSet<(u64, String)>,
    truths: &mut BTreeMap<String, usize>,
) -> Result<()> {
    let path = dir.predictions();
    if predictions.classes != record.classes {
        return Err(Error::file(path, "has other classes than run.json beside it"));
    }
    for (i, row) in predictions.rows.iter().enumerate() {
        let line = i + 2;
        let wrong = |problem: String| Error::file(&path, format!("line {line}: {problem}"));
        if row.fold != record.fold || row.seed != record.seed {
            return Err(wrong(format!(
                "fold {} seed {} in the folder of fold {} seed {}",
                row.fold, row.seed, record.fold, record.seed
            )));
        }
        if !seen.insert((row.seed, row.clip.clone())) {
            return Err(wrong(format!("{} is predicted twice under seed {}", row.clip, row.seed)));
        }
        if *truths.entry(row.clip.clone()).or_insert(row.truth) != row.truth {
            return Err(wrong(format!("{} has another class than in another run", row.clip)));
        }
    }
    if predictions.rows.len() != record.audit.clips[2] {
        return Err(Error::file(
            &path,
            format!("has {} predictions, and the fold tests {} clips", predictions.rows.len(), record.audit.clips[2]),
        ));
    }
    Ok(())
}

fn confusion<'a>(classes: &[String], rows: impl IntoIterator<Item = &'a Prediction>) -> Result<Confusion> {
    Confusion::from_pairs(classes.to_vec(), rows.into_iter().map(|row| (row.truth, row.prediction)))
}

fn position(folds: &[String], fold: &str) -> usize {
    folds.iter().position(|known| known == fold).unwrap_or(usize::MAX)
}
