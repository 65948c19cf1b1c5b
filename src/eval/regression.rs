//! Finished runs that have learnt numbers → one [`Regression`]: every figure is computed from the saved predictions.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    Concordance, FoldOfSeed, Order, Spread,
    bootstrap::{Bootstrap, Interval, Unit, Units, percentiles},
    breakdown::{Grouped, grouped},
    concordance::{Sums, mean_ccc},
    pool::{Pooled, PooledRun, pool},
};
use crate::{
    corpus,
    error::Result,
    protocol::audit::Audit,
    run::{ClipRecord, Done, EpochRecord, Finished, NumberRow, Numbers, ProtocolRecord, Selection, Versions},
    task::Scale,
};

/// Bins of a calibration: each has as many predictions.
const BINS: usize = 10;
/// Clips that are named for each target.
const WORST: usize = 10;

/// What the runs of an experiment say together.
#[derive(Debug, Clone)]
pub struct Regression {
    /// The experiment's name.
    pub experiment: String,
    /// The protocol that every figure must be read with.
    pub protocol: ProtocolRecord,
    /// Whether any corpus is synthetic: the figures then say nothing of people.
    pub synthetic: bool,
    /// What the runs were made with, together.
    pub versions: Versions,
    /// The config's hash, equal in all runs.
    pub config_hash: String,
    /// The seeds that were found.
    pub seeds: Vec<u64>,
    /// The runs that were gathered, by fold and seed.
    pub runs: Vec<NumberRun>,
    /// Folds of the protocol that a seed lacks: the figures are then not the protocol's.
    pub missing: Vec<FoldOfSeed>,
    /// All predictions, by seed and clip.
    pub numbers: Numbers,
    /// The figures of each target, all folds and seeds pooled.
    pub targets: Vec<Target>,
    /// The mean of the targets' concordance correlation coefficients.
    pub mean_ccc: f64,
    /// Its 95 % intervals, over speakers and over utterances.
    pub mean_intervals: Vec<(Unit, Interval)>,
    /// The figures of each seed's folds pooled, a target each.
    pub per_seed: Vec<(u64, Vec<Concordance>)>,
    /// The pooled figures by what is known of speakers and clips.
    pub groups: Vec<NumberGroups>,
}

/// One run's figures.
#[derive(Debug, Clone)]
pub struct NumberRun {
    /// Its fold.
    pub fold: String,
    /// Its seed.
    pub seed: u64,
    /// What its sides share.
    pub audit: Audit,
    /// How it ended.
    pub done: Done,
    /// Its epochs.
    pub epochs: Vec<EpochRecord>,
    /// How it came to its setting, and how often its test side was looked at.
    pub selection: Selection,
    /// Its test side's figures, a target each.
    pub figures: Vec<Concordance>,
}

/// One target's figures.
#[derive(Debug, Clone, Serialize)]
pub struct Target {
    /// The target.
    pub name: String,
    /// Its range.
    pub range: Scale,
    /// All folds and seeds pooled.
    #[serde(flatten)]
    pub figures: Concordance,
    /// 95 % intervals: over speakers, and over utterances.
    pub intervals: Vec<TargetIntervals>,
    /// Whether predictions are in the order of the acted levels of intensity, among the clips of one speaker that have the
    /// same sentence and emotion; none where no corpus has such clips.
    pub acted_order: Option<Order>,
    /// Predictions in bins of as many each, the least first.
    pub calibration: Vec<CalibrationBin>,
    /// The clips that are predicted worst, the mean over seeds.
    pub worst: Vec<WorstClip>,
}

/// 95 % intervals of one target's figures.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TargetIntervals {
    /// What was drawn.
    pub unit: Unit,
    /// How many there are.
    pub units: usize,
    /// How it was drawn.
    pub bootstrap: Bootstrap,
    /// Of the concordance correlation coefficient.
    pub ccc: Interval,
    /// Of Pearson's correlation.
    pub pearson: Interval,
    /// Of the mean absolute error.
    pub mae: Interval,
    /// Of the root of the mean squared error.
    pub rmse: Interval,
}

/// Predictions that are alike, and what was true of them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CalibrationBin {
    /// Predictions.
    pub n: usize,
    /// Their mean.
    pub prediction: f64,
    /// The mean of the true numbers.
    pub truth: f64,
    /// The standard deviation of the true numbers.
    pub truth_std: f64,
}

/// A clip whose prediction is far off.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WorstClip {
    /// Its id.
    pub clip: String,
    /// The true number.
    pub truth: f64,
    /// The predicted one, the mean over seeds.
    pub prediction: f64,
}

/// The figures by one property of the clips.
#[derive(Debug, Clone, Serialize)]
pub struct NumberGroups {
    /// The property.
    pub by: &'static str,
    /// The groups.
    pub groups: Vec<NumberGroup>,
    /// Predictions of clips whose property is not known; they are in no group.
    pub unknown: usize,
}

/// The figures of one group.
#[derive(Debug, Clone, Serialize)]
pub struct NumberGroup {
    /// What its clips have in common.
    pub name: String,
    /// A target each.
    pub figures: Vec<Concordance>,
}

impl Regression {
    /// A figure's spread over seeds, of one target.
    #[must_use]
    pub fn over_seeds(&self, target: usize, figure: impl Fn(&Concordance) -> f64) -> Spread {
        let each = self.per_seed.iter().filter_map(|(_, figures)| figures.get(target)).map(figure);
        Spread::of(&each.collect::<Vec<_>>())
    }

    /// The spread over seeds of the mean coefficient of all targets.
    #[must_use]
    pub fn mean_over_seeds(&self) -> Spread {
        Spread::of(&self.per_seed.iter().map(|(_, figures)| mean_ccc(figures)).collect::<Vec<_>>())
    }

    /// Whether every fold of the protocol is there for every seed.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.missing.is_empty()
    }
}

/// Pools the finished runs of one experiment. The order of runs and of rows does not matter.
///
/// # Errors
///
/// [`crate::error::Error::Config`] where there is no run, or runs of different configs or data lie together; [`crate::error::Error::File`] where a run's
/// predictions are not exactly those of its fold's test and validation sides, or two runs disagree on a clip's truth.
pub fn evaluate_numbers(finished: Vec<Finished<Numbers>>, bootstrap: Bootstrap) -> Result<Regression> {
    let Pooled { record, runs, seeds, missing, numbers, clips, .. } = pool(finished)?;
    let count = numbers.targets.len();
    let run = |run: PooledRun| NumberRun {
        figures: figures(run.predictions.iter(), count),
        fold: run.fold,
        seed: run.seed,
        audit: run.audit,
        done: run.done,
        epochs: run.epochs,
        selection: run.selection,
    };
    let runs = runs.into_iter().map(run).collect();
    let of_seed = |seed: &u64| (*seed, figures(numbers.rows.iter().filter(|row| row.seed == *seed), count));
    let all = figures(numbers.rows.iter(), count);
    let drawn: Vec<Drawn> =
        [Unit::Speakers, Unit::Utterances].into_iter().filter_map(|unit| draw(&numbers, unit, bootstrap)).collect();
    let targets = (0..count).map(|target| Target {
        name: numbers.targets[target].clone(),
        range: record.scales.get(target).copied().unwrap_or(Scale::UNIT),
        figures: all[target],
        intervals: drawn.iter().map(|drawn| drawn.targets[target]).collect(),
        acted_order: acted_order(&numbers.rows, target, &clips),
        calibration: calibration(&numbers.rows, target),
        worst: worst(&numbers.rows, target),
    });
    Ok(Regression {
        per_seed: seeds.iter().map(of_seed).collect(),
        mean_ccc: mean_ccc(&all),
        mean_intervals: drawn.iter().map(|drawn| (drawn.unit, drawn.mean)).collect(),
        groups: groups(&numbers, &clips),
        targets: targets.collect(),
        experiment: record.experiment,
        protocol: record.protocol,
        synthetic: record.synthetic,
        versions: record.versions,
        config_hash: record.config_hash,
        seeds,
        runs,
        missing,
        numbers,
    })
}

fn pairs<'a>(
    rows: impl Iterator<Item = &'a NumberRow> + Clone,
    target: usize,
) -> impl Iterator<Item = (f64, f64)> + Clone {
    rows.map(move |row| (row.truth[target], row.prediction[target]))
}

fn figures<'a>(rows: impl Iterator<Item = &'a NumberRow> + Clone, targets: usize) -> Vec<Concordance> {
    (0..targets).map(|target| Concordance::of(pairs(rows.clone(), target))).collect()
}

/// What the draws over one unit say.
struct Drawn {
    unit: Unit,
    targets: Vec<TargetIntervals>,
    mean: Interval,
}

/// Intervals of all targets; none where there are fewer than two units, or no draws are wanted.
fn draw(numbers: &Numbers, unit: Unit, bootstrap: Bootstrap) -> Option<Drawn> {
    let count = numbers.targets.len();
    let centre: Vec<f64> = (0..count)
        .map(|target| {
            let sum: f64 = numbers.rows.iter().map(|row| row.truth[target]).sum();
            sum / numbers.rows.len().max(1) as f64
        })
        .collect();
    let mut of_unit = BTreeMap::<&str, Vec<&NumberRow>>::new();
    for row in &numbers.rows {
        let name = match unit {
            Unit::Speakers => &row.speaker,
            Unit::Utterances => &row.clip,
        };
        of_unit.entry(name).or_default().push(row);
    }
    let sums: Vec<Vec<Sums>> = of_unit
        .into_values()
        .map(|rows| (0..count).map(|target| Sums::of(pairs(rows.iter().copied(), target), centre[target])).collect())
        .collect();
    if sums.len() < 2 || bootstrap.samples == 0 {
        return None;
    }
    let units = Units::new((0..sums.len()).collect());
    let drawn: Vec<Vec<Concordance>> = units.draw(bootstrap, unit.name(), |draw| {
        let mut all = vec![Sums::default(); count];
        for (&unit, times) in draw {
            all.iter_mut().zip(&sums[unit]).for_each(|(all, of)| all.add(of, times as f64));
        }
        all.iter().map(Sums::concordance).collect()
    });
    let within = |figure: &dyn Fn(&[Concordance]) -> f64| percentiles(drawn.iter().map(|of| figure(of)).collect());
    let targets = (0..count).map(|target| TargetIntervals {
        unit,
        units: sums.len(),
        bootstrap,
        ccc: within(&|of| of[target].ccc.unwrap_or(0.0)),
        pearson: within(&|of| of[target].pearson.unwrap_or(0.0)),
        mae: within(&|of| of[target].mae),
        rmse: within(&|of| of[target].rmse),
    });
    Some(Drawn { unit, targets: targets.collect(), mean: within(&|of| mean_ccc(of)) })
}

/// Whether predictions are in the order of the acted levels, among clips that differ in nothing else.
fn acted_order(rows: &[NumberRow], target: usize, clips: &BTreeMap<String, ClipRecord>) -> Option<Order> {
    let mut alike = BTreeMap::<_, Vec<(f64, f64)>>::new();
    for row in rows {
        let Some(clip) = clips.get(&row.clip) else { continue };
        let level = clip.intensity.as_deref().and_then(corpus::level);
        let (Some(level), Some(sentence)) = (level, &clip.sentence) else { continue };
        alike
            .entry((row.seed, &row.speaker, sentence, &clip.emotion))
            .or_default()
            .push((level, row.prediction[target]));
    }
    let order = Order::of(&alike.into_values().collect::<Vec<_>>());
    (order.groups > 0).then_some(order)
}

fn calibration(rows: &[NumberRow], target: usize) -> Vec<CalibrationBin> {
    let mut sorted: Vec<(f64, f64)> = pairs(rows.iter(), target).collect();
    sorted.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.total_cmp(&b.0)));
    let n = sorted.len();
    let bins = BINS.min(n);
    let bin = |i: usize| {
        let of = &sorted[i * n / bins..(i + 1) * n / bins];
        let mean = |value: &dyn Fn(&(f64, f64)) -> f64| of.iter().map(value).sum::<f64>() / of.len() as f64;
        let truth = mean(&|pair| pair.0);
        CalibrationBin {
            n: of.len(),
            prediction: mean(&|pair| pair.1),
            truth,
            truth_std: mean(&|pair| (pair.0 - truth).powi(2)).sqrt(),
        }
    };
    (0..bins).map(bin).collect()
}

fn worst(rows: &[NumberRow], target: usize) -> Vec<WorstClip> {
    let mut by_clip = BTreeMap::<&str, (f64, f64, f64)>::new();
    for row in rows {
        let of = by_clip.entry(&row.clip).or_insert((row.truth[target], 0.0, 0.0));
        (of.1, of.2) = (of.1 + row.prediction[target], of.2 + 1.0);
    }
    let mut clips: Vec<WorstClip> = by_clip
        .into_iter()
        .map(|(clip, (truth, sum, n))| WorstClip { clip: clip.to_owned(), truth, prediction: sum / n })
        .collect();
    let error = |clip: &WorstClip| (clip.prediction - clip.truth).abs();
    clips.sort_by(|a, b| error(b).total_cmp(&error(a)).then(a.clip.cmp(&b.clip)));
    clips.truncate(WORST);
    clips
}

fn groups(numbers: &Numbers, clips: &BTreeMap<String, ClipRecord>) -> Vec<NumberGroups> {
    let count = numbers.targets.len();
    grouped(&numbers.rows, |row| (&row.clip, &row.speaker), clips)
        .into_iter()
        .map(|Grouped { by, known, unknown }| NumberGroups {
            by,
            groups: known
                .chunk_by(|(a, _), (b, _)| a == b)
                .map(|rows| NumberGroup {
                    name: rows.first().map(|((_, name), _)| name.clone()).unwrap_or_default(),
                    figures: figures(rows.iter().map(|(_, row)| *row), count),
                })
                .collect(),
            unknown,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::test_support::number_runs;

    #[test]
    fn figures_are_those_of_the_pooled_rows_and_no_order_changes_them() {
        let straight = number_runs(5, 30, &[1, 2], 0.4);
        let mut turned = straight.clone();
        turned.reverse();
        for run in &mut turned {
            run.predictions.rows.reverse();
            run.validation.rows.rotate_left(3);
        }
        let bootstrap = Bootstrap { samples: 300, seed: 1 };
        let found = evaluate_numbers(straight, bootstrap).unwrap();
        assert!(format!("{found:?}") == format!("{:?}", evaluate_numbers(turned, bootstrap).unwrap()));
        let target = &found.targets[0];
        assert_eq!(target.figures, Concordance::of(pairs(found.numbers.rows.iter(), 0)));
        assert!(
            (found.mean_ccc - (target.figures.ccc.unwrap() + found.targets[1].figures.ccc.unwrap()) / 2.0).abs()
                < 1e-12
        );
        for of in &target.intervals {
            let ccc = target.figures.ccc.unwrap();
            assert!(of.ccc.low < ccc && ccc < of.ccc.high && of.rmse.low < of.rmse.high, "{of:?}");
        }
        assert_eq!(target.intervals.iter().map(|of| of.units).collect::<Vec<_>>(), [5, 150]);
        assert_eq!((found.per_seed.len(), found.runs.len(), target.worst.len()), (2, 2, WORST));
        assert_eq!(target.calibration.iter().map(|bin| bin.n).sum::<usize>(), 300);
        assert!(target.calibration.windows(2).all(|pair| pair[0].prediction <= pair[1].prediction));
        let speakers = found.groups.iter().find(|of| of.by == "speaker").unwrap();
        assert_eq!(speakers.groups.len(), 5);
    }

    #[test]
    fn the_order_of_acted_levels_is_looked_for_within_speaker_sentence_and_emotion() {
        let mut runs = number_runs(2, 12, &[1], 0.4);
        let levels = ["low", "medium", "high"];
        let rows = runs[0].predictions.rows.clone();
        runs[0].clips = rows
            .iter()
            .enumerate()
            .map(|(i, row)| ClipRecord {
                clip: row.clip.clone(),
                emotion: ["sad", "angry"][i / 3 % 2].into(),
                sentence: Some("one".into()),
                intensity: Some(levels[i % 3].into()),
                ..ClipRecord::default()
            })
            .collect();
        for (i, row) in runs[0].predictions.rows.iter_mut().enumerate() {
            row.prediction[0] = [0.1, 0.2, 0.3][i % 3] + if i / 3 % 2 == 0 { 0.0 } else { 0.5 };
            row.prediction[1] = -row.prediction[0];
        }
        let found = evaluate_numbers(runs, Bootstrap { samples: 0, seed: 1 }).unwrap();
        let [first, second] = [0, 1].map(|target: usize| found.targets[target].acted_order.unwrap());
        assert_eq!((first.groups, first.share(), second.share()), (4, Some(1.0), Some(0.0)));
        assert!(first.tau.unwrap() > 0.7 && second.tau.unwrap() < -0.7, "{first:?} {second:?}");
        assert!(found.targets[0].intervals.is_empty());
    }

    #[test]
    fn rows_that_are_not_the_runs_are_named() {
        let good = number_runs(2, 9, &[1, 2], 0.4);
        type Damage = fn(&mut [Finished<Numbers>]);
        let wrong: [(&str, Damage); 4] = [
            ("1 of the 18 clips of the test side have no row", |runs| drop(runs[0].predictions.rows.pop())),
            ("is not on the validation side", |runs| runs[0].validation.rows[0].clip = "x".into()),
            ("other true numbers than in another run", |runs| runs[1].predictions.rows[0].truth[0] += 0.1),
            ("other targets than run.json", |runs| runs[0].predictions.targets[0] = "x".into()),
        ];
        for (expected, change) in wrong {
            let mut bad = good.clone();
            change(&mut bad);
            let error = evaluate_numbers(bad, Bootstrap { samples: 0, seed: 1 }).unwrap_err().to_string();
            assert!(error.contains(expected), "{expected}: {error}");
        }
        assert!(evaluate_numbers(vec![], Bootstrap::default()).is_err());
    }
}
