//! Finished runs → one [`Evaluation`]: every figure is computed from the saved predictions, without the models.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    AdaptedCurve, Adapting, Confusion, Evaluation, FoldOfSeed, Judgements, Run, Scores, SeedScores,
    agreement::{kappa, mcc},
    bootstrap::{Bootstrap, Unit, intervals},
    breakdown::breakdowns,
    certainty::{Calibrated, Certainty, Temperature},
    consistency::{Pool, check_rows},
    fairness::fairness,
    labelling::{Labelling, same_config},
    notable::{confused, worst},
    projection::Projection,
    temperature,
};
use crate::{
    bundle::Bundle,
    error::{Error, Result},
    protocol::{Caveat, Side},
    run::{
        ClipRecord, Embeddings, Finished, Prediction, Predictions, ProtocolRecord, RunRecord, Selection, Temperatures,
        Versions,
    },
};

/// How many of the worst clips an evaluation names.
const WORST: usize = 20;

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
    let mut of_clips = BTreeMap::new();
    let mut adaptations = BTreeMap::new();
    let mut clips = BTreeMap::new();
    let mut projection = None;
    let mut not_projected = None;
    let mut trained_on = BTreeSet::new();
    let mut versions = Vec::new();
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
            parts,
            temperatures: by_clip,
            labels,
            looks,
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
        same_config(&dir, &record, reference)?;
        labelling.check(&dir, &record, &split)?;
        pool.check(&dir, &record, &predictions, &split)?;
        check_rows(&dir.validation(), &record, &validation, &split, Side::Validation)?;
        versions.push(record.versions.clone());
        let confusion = confusion(&record.classes, &predictions.rows)?;
        validation.rows.sort_by(|a, b| a.clip.cmp(&b.clip));
        let judged = Judgements::of(record.classes.len(), &validation.rows);
        let fitted = if record.protocol.validation_learnt { None } else { temperature::fit(&judged) };
        temperatures.push(Temperature {
            fold: record.fold.clone(),
            seed: record.seed,
            temperature: fitted.unwrap_or(1.0),
        });
        if let Some(by_clip) = by_clip {
            of_clips.insert((record.fold.clone(), record.seed), by_clip);
        }
        if dir.bundle().is_dir()
            && let Bundle { adaptation: Some(adaptation), speaker, .. } = Bundle::load(&dir.bundle())?
        {
            let second = adaptation.centred.is_some() || speaker.is_some();
            let path = if speaker.is_some() { dir.speaker_scores() } else { dir.embeddings() };
            let wrong = |problem: String| Error::file(&path, problem);
            let absent =
                || wrong("is not there, and the run's bundle adapts by what it holds: train the run again".to_owned());
            let adapting = match speaker {
                Some(_) => Adapting::scored(adaptation, Embeddings::read(&path)?.ok_or_else(absent)?),
                None if !second => Adapting::new(adaptation, None),
                None => {
                    let read = embeddings.is_none().then(|| Embeddings::read(&path)).transpose()?.flatten();
                    Adapting::new(adaptation, Some(read.as_ref().or(embeddings.as_ref()).ok_or_else(absent)?))
                }
            }
            .map_err(wrong)?;
            let is_known = |row: &&Prediction| !second || adapting.scores.contains_key(&row.clip);
            if let Some(row) = predictions.rows.iter().find(|row| !is_known(row)) {
                return Err(wrong(format!("has no row of {}, which is tested: train the run again", row.clip)));
            }
            adaptations.insert((record.fold.clone(), record.seed), adapting);
        }
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
            parts,
            selection: Selection { choice: record.choice, looks },
        });
        pooled.classes = predictions.classes;
        pooled.rows.extend(predictions.rows);
    }
    let Some((record, label_rule)) = first else {
        return Err(Error::Config("there is no finished run to evaluate".into()));
    };
    let place = |fold: &str, seed| (seed, position(&record.protocol.folds, fold));
    runs.sort_by_key(|run| place(&run.fold, run.seed));
    temperatures.sort_by_key(|of| place(&of.fold, of.seed));
    let RunRecord { experiment, protocol, synthetic, versions: of_first, config_hash, .. } = record;
    let versions = Versions::of_runs(versions.iter()).unwrap_or(of_first);
    let about = About { experiment, protocol, trained_on, label_rule, synthetic, versions, config_hash };
    let mut evaluation = figures(about, runs, pooled, clips, bootstrap)?;
    evaluation.data = labelling.rows();
    let rows = &evaluation.predictions.rows;
    evaluation.calibrated = Some(calibrated(temperatures, &of_clips, evaluation.confusion.classes.len(), rows)?);
    evaluation.adaptation =
        AdaptedCurve::of(evaluation.confusion.classes.len(), rows, &evaluation.clips, &adaptations, bootstrap);
    evaluation.not_projected = not_projected.filter(|_| projection.is_none());
    evaluation.projection = projection;
    Ok(evaluation)
}

/// What the figures must be read with.
pub(super) struct About {
    pub experiment: String,
    pub protocol: ProtocolRecord,
    pub trained_on: BTreeSet<String>,
    pub label_rule: String,
    pub synthetic: bool,
    pub versions: Versions,
    pub config_hash: String,
}

/// All figures of predictions in any order, without those that need the runs' other files.
pub(super) fn figures(
    about: About,
    runs: Vec<Run>,
    mut pooled: Predictions,
    clips: BTreeMap<String, ClipRecord>,
    bootstrap: Bootstrap,
) -> Result<Evaluation> {
    let About { experiment, protocol, trained_on, label_rule, synthetic, versions, config_hash } = about;
    pooled.rows.sort_by(|a, b| (a.seed, &a.clip).cmp(&(b.seed, &b.clip)));
    let seeds: Vec<u64> = pooled.rows.iter().map(|row| row.seed).collect::<BTreeSet<_>>().into_iter().collect();
    let found: BTreeSet<(&str, u64)> = runs.iter().map(|run| (run.fold.as_str(), run.seed)).collect();
    let missing = seeds
        .iter()
        .flat_map(|&seed| protocol.folds.iter().map(move |fold| FoldOfSeed { fold: fold.clone(), seed }))
        .filter(|of| !found.contains(&(of.fold.as_str(), of.seed)))
        .collect();
    let per_seed = seeds
        .iter()
        .map(|&seed| {
            let scores = Scores::of(&confusion(&pooled.classes, pooled.rows.iter().filter(|row| row.seed == seed))?)?;
            Ok(SeedScores { seed, scores })
        })
        .collect::<Result<_>>()?;
    let classes = pooled.classes.len();
    let has_probabilities = !protocol.caveats.contains(&Caveat::NoProbabilities);
    let confusion = confusion(&pooled.classes, &pooled.rows)?;
    Ok(Evaluation {
        experiment,
        protocol,
        trained_on,
        label_rule,
        synthetic,
        versions,
        config_hash,
        seeds,
        runs,
        missing,
        scores: Scores::of(&confusion)?,
        per_seed,
        kappa: kappa(&confusion),
        mcc: mcc(&confusion),
        certainty: Certainty::of(&Judgements::of(classes, &pooled.rows))?,
        calibrated: None,
        adaptation: None,
        intervals: [Unit::Speakers, Unit::Utterances]
            .into_iter()
            .filter_map(|unit| intervals(classes, &pooled.rows, unit, bootstrap))
            .collect(),
        breakdowns: breakdowns(&pooled, &clips),
        fairness: fairness(classes, &pooled.rows, &clips, has_probabilities, bootstrap),
        confused: confused(&confusion),
        worst: worst(&pooled, WORST),
        not_projected: None,
        projection: None,
        split_audit: None,
        data: Vec::new(),
        clips,
        predictions: pooled,
        confusion,
    })
}

/// The figures with each run's temperature applied, or with each clip's where its run has them.
fn calibrated(
    temperatures: Vec<Temperature>,
    of_clips: &BTreeMap<(String, u64), Temperatures>,
    classes: usize,
    rows: &[Prediction],
) -> Result<Calibrated> {
    let by_run: BTreeMap<(&str, u64), f64> =
        temperatures.iter().map(|of| ((of.fold.as_str(), of.seed), of.temperature)).collect();
    let mut judgements = Judgements::of(classes, []);
    for row in rows {
        let of_clip = of_clips.get(&(row.fold.clone(), row.seed)).and_then(|by_clip| by_clip.0.get(&row.clip));
        let of_run = by_run.get(&(row.fold.as_str(), row.seed));
        let temperature = of_clip.or(of_run).copied().unwrap_or(1.0);
        judgements.append(Judgements::of(classes, [row]).at_temperature(temperature));
    }
    Ok(Calibrated { certainty: Certainty::of(&judgements)?, temperatures })
}

fn confusion<'a>(classes: &[String], rows: impl IntoIterator<Item = &'a Prediction>) -> Result<Confusion> {
    Confusion::from_pairs(classes.to_vec(), rows.into_iter().map(|row| (row.truth, row.prediction)))
}

fn position(folds: &[String], fold: &str) -> usize {
    folds.iter().position(|known| known == fold).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::test_support::runs;

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
        let temperature = |runs| evaluate(runs).unwrap().calibrated.unwrap().temperatures[0].temperature;
        let (before, after) = (temperature(straight), temperature(sharper));
        assert!((after / before - 2.0).abs() < 1e-4, "{before} {after}");
    }

    #[test]
    fn clips_have_their_own_temperatures_where_the_run_says_so() {
        let straight = runs("a", 3, 30, &[1], 0.5);
        let confidence = |runs| {
            let bins = evaluate(runs).unwrap().calibrated.unwrap().certainty.bins;
            bins.iter().map(|bin| bin.n as f64 * bin.confidence).sum::<f64>()
        };
        let with = |temperature: f64| {
            let mut runs = straight.clone();
            let of = |row: &Prediction| (row.clip.clone(), temperature);
            runs[0].temperatures = Some(Temperatures(runs[0].predictions.rows.iter().map(of).collect()));
            confidence(runs)
        };
        let clips = straight[0].predictions.rows.len() as f64;
        // Over three classes.
        assert!((with(1e6) / clips - 1.0 / 3.0).abs() < 1e-3);
        assert!(with(0.2) > with(1.0) && with(1.0) > with(5.0));
    }
}
