//! Finished runs → one [`Evaluation`]: every figure is computed from the saved predictions, without the models.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde::Serialize;

use super::{
    Confusion, Judgements, Scores,
    agreement::{kappa, mcc},
    bootstrap::{Bootstrap, Intervals, Unit, intervals},
    breakdown::{Breakdown, breakdowns},
    certainty::{Calibrated, Certainty, Temperature},
    labelling::Labelling,
    notable::{ConfusedPair, JudgedClip, confused, worst},
    projection::Projection,
    temperature,
};
use crate::{
    error::{Error, Result},
    numeric::argmax,
    protocol::{Side, audit::Audit},
    run::{
        ClipRecord, Done, EpochRecord, Finished, Prediction, Predictions, ProtocolRecord, RunDir, RunRecord, SplitRow,
        Versions,
    },
};

/// What the runs of an experiment say together.
#[derive(Debug, Clone)]
pub struct Evaluation {
    /// The experiment's name.
    pub experiment: String,
    /// The protocol that every figure must be read with.
    pub protocol: ProtocolRecord,
    /// The corpora that some run was trained on: the others are tested on alone.
    pub trained_on: BTreeSet<String>,
    /// How the corpora's emotions became classes, in words.
    pub label_rule: String,
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
    /// Cohen's kappa of the pooled predictions; none where chance alone must agree.
    pub kappa: Option<f64>,
    /// Matthews' correlation coefficient of the pooled predictions, −1 to 1.
    pub mcc: f64,
    /// What the pooled probabilities are worth.
    pub certainty: Certainty,
    /// The same after temperature scaling, each run by its own validation side.
    pub calibrated: Calibrated,
    /// 95 % intervals: over speakers, and over utterances. Less where there is nothing to draw from.
    pub intervals: Vec<Intervals>,
    /// The pooled figures by what is known of speakers and clips.
    pub breakdowns: Vec<Breakdown>,
    /// The emotions that were confused, the most confused first.
    pub confused: Vec<ConfusedPair>,
    /// The clips that were judged worst, the worst first.
    pub worst: Vec<JudgedClip>,
    /// What the penultimate layer makes of the test clips of one run; nothing from runs of earlier versions.
    pub projection: Option<Projection>,
    /// Why there is no projection, where a run has vectors and they cannot be projected.
    pub not_projected: Option<String>,
    /// What is known of each clip, by id; nothing from runs of earlier versions.
    pub clips: BTreeMap<String, ClipRecord>,
}

/// How many of the worst clips an evaluation names.
const WORST: usize = 20;

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

    /// Over seeds, of each seed's mean.
    #[must_use]
    pub fn over_seeds(values: impl IntoIterator<Item = (u64, f64)>) -> Self {
        let mut by_seed = BTreeMap::<u64, Vec<f64>>::new();
        for (seed, value) in values {
            by_seed.entry(seed).or_default().push(value);
        }
        Self::of(&by_seed.values().map(|values| Self::of(values).mean).collect::<Vec<_>>())
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

    /// The figures of the probabilities' mean over seeds, which is another protocol than one network's; none where there
    /// is one seed.
    ///
    /// # Errors
    ///
    /// As [`Scores::of`].
    pub fn seeds_averaged(&self) -> Result<Option<Scores>> {
        if self.seeds.len() < 2 {
            return Ok(None);
        }
        let classes = &self.confusion.classes;
        let mut clips = BTreeMap::<&str, (usize, Vec<f64>)>::new();
        for row in &self.predictions.rows {
            let (_, sums) = clips.entry(&row.clip).or_insert_with(|| (row.truth, vec![0.0; classes.len()]));
            sums.iter_mut().zip(&row.probabilities).for_each(|(sum, &p)| *sum += f64::from(p));
        }
        let pairs = clips.into_values().map(|(truth, sums)| (truth, argmax(&sums)));
        Ok(Some(Scores::of(&Confusion::from_pairs(classes.clone(), pairs)?)?))
    }

    /// The intervals over that unit.
    #[must_use]
    pub fn intervals_over(&self, unit: Unit) -> Option<&Intervals> {
        self.intervals.iter().find(|intervals| intervals.unit == unit)
    }

    /// The classes without a test clip: no recall can be said of them.
    #[must_use]
    pub fn untested(&self) -> Vec<&str> {
        let classes = self.scores.per_class.iter().filter(|class| class.support == 0);
        classes.map(|class| class.class.as_str()).collect()
    }

    /// Whether every fold of the protocol is there for every seed.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.missing.is_empty()
    }
}

/// Pools the finished runs of one experiment, with intervals by the default [`Bootstrap`].
///
/// # Errors
///
/// As [`evaluate_with`].
pub fn evaluate(finished: Vec<Finished>) -> Result<Evaluation> {
    evaluate_with(finished, Bootstrap::default())
}

/// Pools the finished runs of one experiment. The order of runs and of rows does not matter.
///
/// # Errors
///
/// [`Error::Config`] where there is no run, or runs of different configs lie together; [`Error::File`] where a run's
/// predictions are not exactly those of its fold's test and validation sides, a clip is predicted twice under one seed,
/// or two runs disagree on a clip's class: the row is named.
pub fn evaluate_with(finished: Vec<Finished>, bootstrap: Bootstrap) -> Result<Evaluation> {
    let mut runs = Vec::new();
    let mut first: Option<(RunRecord, String)> = None;
    let mut pooled = Predictions::default();
    let mut pool = Pool::default();
    let mut labelling = Labelling::default();
    let mut temperatures = Vec::new();
    let mut clips = BTreeMap::new();
    let mut projection = None;
    let mut not_projected = None;
    let mut trained_on = BTreeSet::new();
    for run in finished {
        let Finished {
            dir,
            record,
            done,
            epochs,
            predictions,
            mut validation,
            split,
            clips: known,
            embeddings,
            labels,
        } = run;
        let (reference, _) = first.get_or_insert_with(|| (record.clone(), labels.words()));
        if record.config_hash == reference.config_hash && record.classes != reference.classes {
            return Err(Error::Config(format!(
                "{} was trained on other data than the runs beside it: its classes are {}, theirs {}. Train the runs again \
                 that are of the data as it was, or evaluate them apart",
                dir.path().display(),
                record.classes.join(", "),
                reference.classes.join(", ")
            )));
        }
        if record.config_hash != reference.config_hash {
            return Err(Error::Config(format!(
                "{} was trained with another config than the runs beside it ({} and {}): evaluate them apart",
                dir.path().display(),
                record.config_hash,
                reference.config_hash
            )));
        }
        labelling.check(&dir, &record, &split)?;
        pool.check(&dir, &record, &predictions, &split)?;
        check_rows(&dir.validation(), &record, &validation, &split, Side::Validation)?;
        let confusion = confusion(&record.classes, &predictions.rows)?;
        validation.rows.sort_by(|a, b| a.clip.cmp(&b.clip));
        let judged = Judgements::of(record.classes.len(), &validation.rows);
        let fitted = if record.protocol.validation_learnt { None } else { temperature::fit(&judged) };
        temperatures.push(Temperature {
            fold: record.fold.clone(),
            seed: record.seed,
            temperature: fitted.unwrap_or(1.0),
        });
        // A picture is not worth the figures.
        match embeddings.map(|embeddings| Projection::of(&predictions, &embeddings)) {
            Some(Ok(found)) => projection = Some(found),
            Some(Err(problem)) => not_projected = Some(format!("embedding: {}: {problem}", dir.embeddings().display())),
            None => {}
        }
        clips.extend(known.into_iter().map(|clip| (clip.clip.clone(), clip)));
        trained_on.extend(record.seen().iter().cloned());
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
    let Some((record, label_rule)) = first else {
        return Err(Error::Config("there is no finished run to evaluate".into()));
    };
    pooled.rows.sort_by(|a, b| (a.seed, &a.clip).cmp(&(b.seed, &b.clip)));
    let place = |fold: &str, seed| (seed, position(&record.protocol.folds, fold));
    runs.sort_by_key(|run| place(&run.fold, run.seed));
    temperatures.sort_by_key(|of| place(&of.fold, of.seed));

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
    let classes = record.classes.len();
    let confusion = confusion(&record.classes, &pooled.rows)?;
    Ok(Evaluation {
        experiment: record.experiment,
        protocol: record.protocol,
        trained_on,
        label_rule,
        synthetic: record.synthetic,
        versions: record.versions,
        config_hash: record.config_hash,
        seeds,
        runs,
        missing,
        scores: Scores::of(&confusion)?,
        per_seed,
        kappa: kappa(&confusion),
        mcc: mcc(&confusion),
        certainty: Certainty::of(&Judgements::of(classes, &pooled.rows))?,
        calibrated: calibrated(temperatures, classes, &pooled.rows)?,
        intervals: [Unit::Speakers, Unit::Utterances]
            .into_iter()
            .filter_map(|unit| intervals(classes, &pooled.rows, unit, bootstrap))
            .collect(),
        breakdowns: breakdowns(&pooled, &clips),
        confused: confused(&confusion),
        worst: worst(&pooled, WORST),
        not_projected: not_projected.filter(|_| projection.is_none()),
        projection,
        clips,
        predictions: pooled,
        confusion,
    })
}

fn calibrated(temperatures: Vec<Temperature>, classes: usize, rows: &[Prediction]) -> Result<Calibrated> {
    let by_run: BTreeMap<(&str, u64), f64> =
        temperatures.iter().map(|of| ((of.fold.as_str(), of.seed), of.temperature)).collect();
    let mut judgements = Judgements::of(classes, []);
    for row in rows {
        let temperature = by_run.get(&(row.fold.as_str(), row.seed)).copied().unwrap_or(1.0);
        judgements.append(Judgements::of(classes, [row]).at_temperature(temperature));
    }
    Ok(Calibrated { certainty: Certainty::of(&judgements)?, temperatures })
}

/// What all runs' test rows must agree on.
#[derive(Default)]
struct Pool {
    seen: BTreeSet<(u64, String)>,
    truths: BTreeMap<String, usize>,
}

impl Pool {
    /// Refuses rows that are not the run's, stand twice, or contradict another run.
    fn check(&mut self, dir: &RunDir, record: &RunRecord, rows: &Predictions, split: &[SplitRow]) -> Result<()> {
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
fn check_rows(
    path: &Path,
    record: &RunRecord,
    predictions: &Predictions,
    split: &[SplitRow],
    side: Side,
) -> Result<()> {
    if predictions.classes != record.classes {
        return Err(Error::file(path, "has other classes than run.json beside it"));
    }
    let wanted = split.iter().zip(2..).filter(|(row, _)| row.side == side);
    let mut wanted: BTreeMap<&str, (&SplitRow, usize)> =
        wanted.map(|(row, line)| (row.clip.as_str(), (row, line))).collect();
    let mut lines = BTreeMap::new();
    for (row, line) in predictions.rows.iter().zip(2..) {
        let wrong = |problem: String| Err(Error::file(path, format!("line {line}: {problem}")));
        if row.fold != record.fold || row.seed != record.seed {
            return wrong(format!(
                "fold {} seed {} in the folder of fold {} seed {}",
                row.fold, row.seed, record.fold, record.seed
            ));
        }
        if let Some(before) = lines.insert(&row.clip, line) {
            return wrong(format!("{} is predicted twice under seed {}, first in line {before}", row.clip, row.seed));
        }
        let Some((known, _)) = wanted.remove(row.clip.as_str()) else {
            return wrong(format!("{} is not on the {} side by split.csv", row.clip, side.name()));
        };
        let truth = record.classes.get(row.truth).map_or("", String::as_str);
        for (what, ours, theirs) in [("truth", truth, &known.emotion), ("speaker", &row.speaker, &known.speaker)] {
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
                wanted.len() + predictions.rows.len(),
                side.name(),
                row.clip,
                if wanted.len() > 1 { " is the first" } else { "" }
            ),
        )),
    }
}

fn confusion<'a>(classes: &[String], rows: impl IntoIterator<Item = &'a Prediction>) -> Result<Confusion> {
    Confusion::from_pairs(classes.to_vec(), rows.into_iter().map(|row| (row.truth, row.prediction)))
}

fn position(folds: &[String], fold: &str) -> usize {
    folds.iter().position(|known| known == fold).unwrap_or(usize::MAX)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{config::LabelsConfig, eval::fake, run::EpochRecord};

    /// A finished run of one fold with made-up predictions; validation is another speaker's.
    pub(crate) fn finished(name: &str, rows: Vec<Prediction>, classes: &[String], seed: u64) -> Finished {
        let mut validation = rows.clone();
        for row in &mut validation {
            row.clip = row.clip.replace("c/", "c/v");
            row.speaker = row.speaker.replace("c/", "c/v");
        }
        let split = |rows: &[Prediction], side| -> Vec<SplitRow> {
            let of = |row: &Prediction| SplitRow {
                clip: row.clip.clone(),
                speaker: row.speaker.clone(),
                emotion: classes[row.truth].clone(),
                side,
                hash: None,
            };
            rows.iter().map(of).collect()
        };
        let record: RunRecord = serde_json::from_value(serde_json::json!({
            "experiment": name, "fold": "0", "seed": seed, "classes": classes, "synthetic": false, "config_hash": "abc",
            "protocol": {
                "name": "speaker-kfold", "speaker_independent": true, "description": "by speaker", "folds": ["0"],
                "validation_rule": "speakers", "selection": "best validation UAR", "scaler": "training side alone",
                "corpora": ["c"], "split_seed": 42
            },
            "audit": {
                "clips": [0, rows.len(), rows.len()], "speakers": [0, 0, 0], "sentences": [0, 0, 0],
                "shared_clips": [], "shared_copies": [], "shared_audio": [], "shared_speakers": [],
                "shared_validation_speakers": [], "shared_sentences": 0, "shared_corpora": [],
                "recordings_across_speakers": 0, "scaler": "training side alone", "selection_on_test": false
            },
            "versions": {"ser": "0", "burn": "0", "device": "flex", "platform": "test"}
        }))
        .unwrap();
        let epoch = |epoch| EpochRecord {
            epoch,
            train_loss: 1.0 / epoch as f64,
            validation_loss: 1.2 / epoch as f64,
            validation: crate::events::Figure::Uar(0.4),
            learning_rate: 1e-3,
        };
        Finished {
            dir: RunDir::of(Path::new("here"), "0", seed),
            record,
            done: Done { best_epoch: 2, epochs: 3, validation_uar: 0.4, test_uar: 0.5, seconds: 1.5 },
            epochs: (1..=3).map(epoch).collect(),
            split: [split(&rows, Side::Test), split(&validation, Side::Validation)].concat(),
            predictions: Predictions { classes: classes.to_vec(), rows },
            validation: Predictions { classes: classes.to_vec(), rows: validation },
            clips: vec![],
            embeddings: None,
            labels: LabelsConfig::default(),
        }
    }

    fn runs(name: &str, speakers: usize, clips: usize, seeds: &[u64], right: f64) -> Vec<Finished> {
        let all = fake::predictions(speakers, clips, 3, seeds, right);
        let of = |seed| all.rows.iter().filter(|row| row.seed == seed).cloned().collect();
        seeds.iter().map(|&seed| finished(name, of(seed), &all.classes, seed)).collect()
    }

    /// An experiment over three classes.
    pub(crate) fn evaluation(name: &str, speakers: usize, clips: usize, seeds: &[u64], right: f64) -> Evaluation {
        evaluate(runs(name, speakers, clips, seeds, right)).unwrap()
    }

    /// Everything that an evaluation says, as text.
    fn said(evaluation: &Evaluation) -> String {
        format!("{evaluation:?}")
    }

    #[test]
    fn rows_and_runs_in_any_order_give_the_same_figures() {
        let straight = runs("a", 5, 40, &[1, 2, 3], 0.5);
        let mut turned = straight.clone();
        turned.reverse();
        for run in &mut turned {
            run.predictions.rows.rotate_left(33);
            run.predictions.rows.reverse();
            run.validation.rows.rotate_left(7);
        }
        assert_eq!(said(&evaluate(straight).unwrap()), said(&evaluate(turned).unwrap()));
    }

    #[test]
    fn a_row_that_should_not_be_there_or_is_not_there_is_named() {
        let good = runs("a", 2, 9, &[1], 0.5);
        type Damage = fn(&mut Finished);
        let wrong: [(&str, Damage); 7] = [
            ("predictions.csv: line 20: c/0/004 is predicted twice under seed 1, first in line 6", |run| {
                run.predictions.rows.push(run.predictions.rows[4].clone());
            }),
            ("predictions.csv: 2 of the 18 clips of the test side have no row: c/0/003 (line 5 of split.csv)", |run| {
                run.predictions.rows.remove(7);
                run.predictions.rows.remove(3);
            }),
            ("predictions.csv: line 4: c/9/9 is not on the test side", |run| {
                run.predictions.rows[2].clip = "c/9/9".into();
            }),
            ("predictions.csv: line 2: truth of c/0/000 is \"class 1\", and \"class 0\" by split.csv", |run| {
                run.predictions.rows[0].truth = 1;
            }),
            ("predictions.csv: line 2: speaker of c/0/000 is \"c/x\"", |run| {
                run.predictions.rows[0].speaker = "c/x".into();
            }),
            ("predictions.csv: line 3: fold 0 seed 8 in the folder of fold 0 seed 1", |run| {
                run.predictions.rows[1].seed = 8;
            }),
            ("validation.csv: 1 of the 18 clips of the validation side have no row", |run| {
                run.validation.rows.pop();
            }),
        ];
        for (expected, change) in wrong {
            let mut bad = good.clone();
            change(&mut bad[0]);
            let error = evaluate(bad).unwrap_err().to_string();
            assert!(error.contains(expected), "{expected}: {error}");
        }
        assert!(evaluate(good).is_ok());
    }

    #[test]
    fn what_is_missing_is_told() {
        let mut runs = runs("a", 3, 30, &[1, 2], 0.5);
        for run in &mut runs {
            run.record.protocol.folds = vec!["0".into(), "1".into()];
            run.record.classes.push("class 3".into());
            run.predictions.classes.push("class 3".into());
            run.validation.classes.push("class 3".into());
            for row in run.predictions.rows.iter_mut().chain(&mut run.validation.rows) {
                row.probabilities.push(0.0);
            }
        }
        let found = evaluate(runs).unwrap();
        assert!(!found.complete());
        assert_eq!(found.missing, [1, 2].map(|seed| FoldOfSeed { fold: "1".into(), seed }));
        assert_eq!(found.untested(), ["class 3"]);
        assert_eq!(found.certainty.auroc_by_class[3], None);
        assert_eq!(found.intervals.len(), 2);
    }

    #[test]
    fn temperatures_are_fitted_on_validation_alone() {
        let straight = runs("a", 3, 30, &[1], 0.5);
        let mut sharper = straight.clone();
        for row in &mut sharper[0].validation.rows {
            // Squared probabilities need twice the temperature.
            let squares: Vec<f32> = row.probabilities.iter().map(|p| p * p).collect();
            let sum: f32 = squares.iter().sum();
            row.probabilities = squares.into_iter().map(|p| p / sum).collect();
        }
        let temperature = |runs| evaluate(runs).unwrap().calibrated.temperatures[0].temperature;
        let (before, after) = (temperature(straight), temperature(sharper));
        assert!((after / before - 2.0).abs() < 1e-4, "{before} {after}");
    }
}
