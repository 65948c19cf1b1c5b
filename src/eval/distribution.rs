//! Finished runs that have learnt listeners' votes → one [`Distribution`]: every figure is computed from the saved predictions.
//!
//! Beside the network stand people: how often one listener agrees with another, and with the most votes of the rest. The network is
//! held against the same listeners and the same rest.

use std::collections::BTreeMap;

use rand::RngExt;
use serde::Serialize;

use super::{
    FoldOfSeed, Spread,
    bootstrap::{Bootstrap, Interval, Unit, Units, percentiles},
    breakdown::{Grouped, grouped},
    pool::{Pooled, PooledRun, pool},
};
use crate::{
    error::Result,
    metrics::divergence::{cosine, jensen_shannon, kullback_leibler, shares},
    numeric::argmax,
    protocol::audit::Audit,
    rng,
    run::{ClipRecord, Done, EpochRecord, Finished, NumberRow, Numbers, ProtocolRecord, Selection, Versions},
};

/// Panels of listeners that are drawn for each clip.
const PANELS: usize = 20;
/// Clips that a list names.
const NAMED: usize = 10;
/// The levels of agreement: the share of the class with most votes is from one to below the next.
const LEVELS: [f64; 5] = [0.0, 0.4, 0.6, 0.8, 1.0];

/// What the runs of an experiment say together.
#[derive(Debug, Clone)]
pub struct Distribution {
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
    pub runs: Vec<DistributionRun>,
    /// Folds of the protocol that a seed lacks: the figures are then not the protocol's.
    pub missing: Vec<FoldOfSeed>,
    /// All votes and predictions, by seed and clip; the targets are the classes.
    pub numbers: Numbers,
    /// The figures, all folds and seeds pooled.
    pub figures: Likeness,
    /// Their 95 % intervals, over speakers and over utterances; each a [`Likeness`] of lower and one of upper ends.
    pub intervals: Vec<LikenessIntervals>,
    /// The figures of each seed's folds pooled.
    pub per_seed: Vec<(u64, Likeness)>,
    /// The figures by how much listeners agree.
    pub by_agreement: Vec<AtAgreement>,
    /// What is heard and what is predicted where most listeners hear a class.
    pub shares: Vec<Shares>,
    /// The pooled figures by what is known of speakers and clips.
    pub groups: Vec<LikenessGroups>,
    /// The clips that listeners disagree most on.
    pub disputed: Vec<VotedClip>,
    /// The clips whose predictions are farthest from the votes.
    pub worst: Vec<VotedClip>,
}

/// One run's figures.
#[derive(Debug, Clone)]
pub struct DistributionRun {
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
    /// Its test side's figures.
    pub figures: Likeness,
}

/// How near predictions are to listeners' votes. Means over clips; where several classes have the most votes, one of them is right
/// by its part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Likeness {
    /// Predictions.
    pub n: u64,
    /// The Jensen-Shannon divergence in bits, 0 to 1.
    pub jsd: f64,
    /// The Kullback-Leibler divergence of the predictions from the votes in nats.
    pub kl: f64,
    /// The cosine of the angle between votes and prediction.
    pub cosine: f64,
    /// How often the most probable class has the most votes.
    pub top1: f64,
    /// How often the most probable class is that of one listener.
    pub one_listener: f64,
    /// How often another listener's class is that of one listener; none where votes are shares or there are too few.
    pub listeners: Option<f64>,
    /// How often the most probable class has the most votes of all listeners but one.
    pub rest: Option<f64>,
    /// How often that one's class has: the ceiling.
    pub rest_human: Option<f64>,
    /// The divergence of as many votes that are drawn from a clip's votes: what the number of listeners leaves open.
    pub panel_jsd: Option<f64>,
    /// The divergence of the mean votes of the validation clips, the same for every clip: what a network must beat.
    pub constant_jsd: Option<f64>,
    /// How often their most voted class has the most votes.
    pub constant_top1: Option<f64>,
}

/// 95 % intervals of the figures.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LikenessIntervals {
    /// What was drawn.
    pub unit: Unit,
    /// How many there are.
    pub units: usize,
    /// How it was drawn.
    pub bootstrap: Bootstrap,
    /// The lower ends.
    pub low: Likeness,
    /// The upper ends.
    pub high: Likeness,
}

/// The figures of clips on which listeners agree alike.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct AtAgreement {
    /// The least share of the class with most votes.
    pub from: f64,
    /// The share that it is below; at 1 all agree.
    pub below: f64,
    /// The figures.
    #[serde(flatten)]
    pub figures: Likeness,
}

/// The mean shares of clips whose most voted class is one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shares {
    /// The class with the most votes.
    pub class: String,
    /// Predictions.
    pub n: usize,
    /// The mean share of the votes for each class.
    pub votes: Vec<f64>,
    /// The mean probability of each class.
    pub predicted: Vec<f64>,
}

/// The figures by one property of the clips.
#[derive(Debug, Clone, Serialize)]
pub struct LikenessGroups {
    /// The property.
    pub by: &'static str,
    /// The groups.
    pub groups: Vec<LikenessGroup>,
    /// Predictions of clips whose property is not known; they are in no group.
    pub unknown: usize,
}

/// The figures of one group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LikenessGroup {
    /// What its clips have in common.
    pub name: String,
    /// The figures.
    #[serde(flatten)]
    pub figures: Likeness,
}

/// A clip's votes and what is predicted of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VotedClip {
    /// Its id.
    pub clip: String,
    /// The share of the votes for each class.
    pub votes: Vec<f64>,
    /// The mean probability over seeds of each class.
    pub predicted: Vec<f64>,
    /// Their divergence in bits.
    pub jsd: f64,
}

/// Figures that a row has: those of [`Likeness`] behind `n`, in its order.
const FIGURES: usize = 11;

/// Sums of figures over rows, and over how many: some rows lack some.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    rows: f64,
    sum: [f64; FIGURES],
    n: [f64; FIGURES],
}

impl Sums {
    fn add(&mut self, other: &Self, times: f64) {
        self.rows += times * other.rows;
        for of in 0..FIGURES {
            self.sum[of] += times * other.sum[of];
            self.n[of] += times * other.n[of];
        }
    }

    fn of<'a>(all: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut sums = Self::default();
        all.into_iter().for_each(|row| sums.add(row, 1.0));
        sums
    }

    fn means(&self) -> [Option<f64>; FIGURES] {
        std::array::from_fn(|of| (self.n[of] > 0.0).then(|| self.sum[of] / self.n[of]))
    }

    fn likeness(&self) -> Likeness {
        likeness(self.rows as u64, self.means())
    }
}

fn likeness(n: u64, figures: [Option<f64>; FIGURES]) -> Likeness {
    let [jsd, kl, cosine, top1, one_listener, listeners, rest, rest_human, panel_jsd, constant_jsd, constant_top1] =
        figures;
    let known = |figure: Option<f64>| figure.unwrap_or(f64::NAN);
    Likeness {
        n,
        jsd: known(jsd),
        kl: known(kl),
        cosine: known(cosine),
        top1: known(top1),
        one_listener: known(one_listener),
        listeners,
        rest,
        rest_human,
        panel_jsd,
        constant_jsd,
        constant_top1,
    }
}

/// A row's part of the most votes: 1 for the class that has them, a part where several have, else 0.
fn part(votes: &[f64], class: usize) -> f64 {
    let most = votes.iter().copied().fold(0.0, f64::max);
    let winners = votes.iter().filter(|&&vote| vote == most).count();
    if votes[class] == most { 1.0 / winners as f64 } else { 0.0 }
}

/// A row's figures; `constant` are the shares that are predicted of every clip, to compare with.
fn of_row(row: &NumberRow, constant: Option<&[f64]>, seed: u64) -> Sums {
    let (votes, predicted) = (&row.truth, &row.prediction);
    let share: Vec<f64> = shares(votes).collect();
    let class = argmax(predicted);
    let n: f64 = votes.iter().sum();
    let counted = n >= 2.0 && votes.iter().all(|vote| vote.fract() == 0.0);
    let mut figures = [None; FIGURES];
    figures[..5].copy_from_slice(&[
        Some(jensen_shannon(&share, predicted)),
        Some(kullback_leibler(&share, predicted)),
        Some(cosine(&share, predicted)),
        Some(part(votes, class)),
        Some(share[class]),
    ]);
    if counted {
        figures[5] = Some(votes.iter().map(|vote| vote * (vote - 1.0)).sum::<f64>() / (n * (n - 1.0)));
        // Each listener is left out in turn; those of one class are alike.
        let (mut rest, mut human) = (0.0, 0.0);
        for left_out in (0..votes.len()).filter(|&class| votes[class] > 0.0) {
            let mut others = votes.clone();
            others[left_out] -= 1.0;
            rest += share[left_out] * part(&others, class);
            human += share[left_out] * part(&others, left_out);
        }
        (figures[6], figures[7]) = (Some(rest), Some(human));
        figures[8] = Some(panels(&share, n as usize, &row.clip, seed));
    }
    if let Some(constant) = constant {
        figures[9] = Some(jensen_shannon(&share, constant));
        figures[10] = Some(part(votes, argmax(constant)));
    }
    let mut sums = Sums { rows: 1.0, ..Sums::default() };
    for (of, figure) in figures.into_iter().enumerate() {
        if let Some(figure) = figure {
            (sums.sum[of], sums.n[of]) = (figure, 1.0);
        }
    }
    sums
}

/// The mean divergence from the shares of `n` votes that are drawn from them.
fn panels(share: &[f64], n: usize, clip: &str, seed: u64) -> f64 {
    let mut stream = rng::stream(seed, &[&"panels", &clip]);
    let mut sum = 0.0;
    for _ in 0..PANELS {
        let mut drawn = vec![0.0; share.len()];
        for _ in 0..n {
            let mut at = stream.random::<f64>();
            let class = share.iter().position(|part| {
                at -= part;
                at < 0.0
            });
            drawn[class.unwrap_or(share.len() - 1)] += 1.0;
        }
        drawn.iter_mut().for_each(|votes| *votes /= n as f64);
        sum += jensen_shannon(share, &drawn);
    }
    sum / PANELS as f64
}

/// Pools the finished runs of one experiment. The order of runs and of rows does not matter.
///
/// # Errors
///
/// As [`super::evaluate_numbers`].
pub fn evaluate_votes(finished: Vec<Finished<Numbers>>, bootstrap: Bootstrap) -> Result<Distribution> {
    let Pooled { record, runs, seeds, missing, numbers, clips } = pool(finished)?;
    // Of each row its figures, by seed and clip.
    let mut rows = BTreeMap::<(u64, String), Sums>::new();
    let mut evaluated = Vec::new();
    for PooledRun { fold, seed, audit, done, epochs, predictions, validation, selection } in runs {
        let constant = mean_shares(&validation);
        let sums: Vec<Sums> = predictions.iter().map(|row| of_row(row, constant.as_deref(), bootstrap.seed)).collect();
        evaluated.push(DistributionRun {
            figures: Sums::of(&sums).likeness(),
            fold,
            seed,
            audit,
            done,
            epochs,
            selection,
        });
        rows.extend(predictions.into_iter().zip(sums).map(|(row, sums)| ((seed, row.clip), sums)));
    }
    // In the order of `numbers.rows`.
    let sums: Vec<Sums> = rows.into_values().collect();
    let paired: Vec<(&NumberRow, &Sums)> = numbers.rows.iter().zip(&sums).collect();
    let drawn = [Unit::Speakers, Unit::Utterances].into_iter().filter_map(|unit| draw(&paired, unit, bootstrap));
    let of_seed = |&seed: &u64| {
        (seed, Sums::of(paired.iter().filter(|(row, _)| row.seed == seed).map(|(_, sums)| *sums)).likeness())
    };
    Ok(Distribution {
        figures: Sums::of(&sums).likeness(),
        intervals: drawn.collect(),
        per_seed: seeds.iter().map(of_seed).collect(),
        by_agreement: by_agreement(&paired),
        shares: mean_by_class(&numbers),
        groups: groups(&paired, &clips),
        disputed: named(&numbers, |clip| entropy(&clip.votes)),
        worst: named(&numbers, |clip| clip.jsd),
        experiment: record.experiment,
        protocol: record.protocol,
        synthetic: record.synthetic,
        versions: record.versions,
        config_hash: record.config_hash,
        seeds,
        runs: evaluated,
        missing,
        numbers,
    })
}

impl Distribution {
    /// The spread over seeds of one less the divergence.
    #[must_use]
    pub fn over_seeds(&self) -> Spread {
        Spread::of(&self.per_seed.iter().map(|(_, figures)| 1.0 - figures.jsd).collect::<Vec<_>>())
    }

    /// Whether every fold of the protocol is there for every seed.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.missing.is_empty()
    }
}

/// The mean shares of rows; nothing of none.
fn mean_shares(rows: &[NumberRow]) -> Option<Vec<f64>> {
    let mut mean = vec![0.0; rows.first()?.truth.len()];
    for row in rows {
        mean.iter_mut().zip(shares(&row.truth)).for_each(|(mean, share)| *mean += share / rows.len() as f64);
    }
    Some(mean)
}

/// Intervals of all figures; none where there are fewer than two units, or no draws are wanted.
fn draw(rows: &[(&NumberRow, &Sums)], unit: Unit, bootstrap: Bootstrap) -> Option<LikenessIntervals> {
    let mut of_unit = BTreeMap::<&str, Sums>::new();
    for (row, sums) in rows {
        let name = match unit {
            Unit::Speakers => &row.speaker,
            Unit::Utterances => &row.clip,
        };
        of_unit.entry(name).or_default().add(sums, 1.0);
    }
    let sums: Vec<Sums> = of_unit.into_values().collect();
    if sums.len() < 2 || bootstrap.samples == 0 {
        return None;
    }
    let drawn = Units::new((0..sums.len()).collect()).draw(bootstrap, unit.name(), |draw| {
        let mut all = Sums::default();
        draw.for_each(|(&unit, times)| all.add(&sums[unit], times as f64));
        all.means()
    });
    let ends: [Option<Interval>; FIGURES] = std::array::from_fn(|of| {
        let values: Vec<f64> = drawn.iter().filter_map(|means| means[of]).collect();
        (!values.is_empty()).then(|| percentiles(values))
    });
    let end = |of: fn(Interval) -> f64| likeness(rows.len() as u64, ends.map(|interval| interval.map(of)));
    Some(LikenessIntervals { unit, units: sums.len(), bootstrap, low: end(|of| of.low), high: end(|of| of.high) })
}

fn by_agreement(rows: &[(&NumberRow, &Sums)]) -> Vec<AtAgreement> {
    let most = |row: &NumberRow| shares(&row.truth).fold(0.0, f64::max);
    let level = |(i, &from): (usize, &f64)| {
        let below = LEVELS.get(i + 1).copied().unwrap_or(f64::INFINITY);
        // Shares of a few votes are not exact.
        let of = rows.iter().filter(|(row, _)| (from - 1e-9..below - 1e-9).contains(&most(row)));
        let figures = Sums::of(of.map(|(_, sums)| *sums)).likeness();
        (figures.n > 0).then_some(AtAgreement { from, below: below.min(1.0), figures })
    };
    LEVELS.iter().enumerate().filter_map(level).collect()
}

fn mean_by_class(numbers: &Numbers) -> Vec<Shares> {
    let classes = numbers.targets.len();
    let of = |(class, name): (usize, &String)| {
        let rows = numbers.rows.iter().filter(|row| part(&row.truth, class) == 1.0);
        let mut of = Shares { class: name.clone(), n: 0, votes: vec![0.0; classes], predicted: vec![0.0; classes] };
        for row in rows {
            of.n += 1;
            of.votes.iter_mut().zip(shares(&row.truth)).for_each(|(sum, share)| *sum += share);
            of.predicted.iter_mut().zip(&row.prediction).for_each(|(sum, p)| *sum += p);
        }
        let n = of.n.max(1) as f64;
        of.votes.iter_mut().chain(&mut of.predicted).for_each(|sum| *sum /= n);
        of
    };
    numbers.targets.iter().enumerate().map(of).collect()
}

/// The clips with the highest figure.
fn named(numbers: &Numbers, figure: impl Fn(&VotedClip) -> f64) -> Vec<VotedClip> {
    let mut by_clip = BTreeMap::<&str, (&NumberRow, Vec<f64>, f64)>::new();
    for row in &numbers.rows {
        let of = by_clip.entry(&row.clip).or_insert_with(|| (row, vec![0.0; row.prediction.len()], 0.0));
        of.1.iter_mut().zip(&row.prediction).for_each(|(sum, p)| *sum += p);
        of.2 += 1.0;
    }
    let clip = |(clip, (row, sums, n)): (&str, (&NumberRow, Vec<f64>, f64))| {
        let votes: Vec<f64> = shares(&row.truth).collect();
        let predicted: Vec<f64> = sums.iter().map(|sum| sum / n).collect();
        VotedClip { clip: clip.to_owned(), jsd: jensen_shannon(&votes, &predicted), votes, predicted }
    };
    let mut clips: Vec<VotedClip> = by_clip.into_iter().map(clip).collect();
    clips.sort_by(|a, b| figure(b).total_cmp(&figure(a)).then(a.clip.cmp(&b.clip)));
    clips.truncate(NAMED);
    clips
}

fn entropy(shares: &[f64]) -> f64 {
    -shares.iter().filter(|share| **share > 0.0).map(|share| share * share.ln()).sum::<f64>()
}

fn groups(rows: &[(&NumberRow, &Sums)], clips: &BTreeMap<String, ClipRecord>) -> Vec<LikenessGroups> {
    let group = |Grouped { by, known, unknown }: Grouped<'_, (&NumberRow, &Sums)>| LikenessGroups {
        by,
        groups: known
            .chunk_by(|(a, _), (b, _)| a == b)
            .map(|rows| LikenessGroup {
                name: rows.first().map(|((_, name), _)| name.clone()).unwrap_or_default(),
                figures: Sums::of(rows.iter().map(|(_, (_, sums))| *sums)).likeness(),
            })
            .collect(),
        unknown,
    };
    grouped(rows, |(row, _)| (&row.clip, &row.speaker), clips).into_iter().map(group).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::test_support::vote_runs;

    fn row(votes: &[f64], predicted: &[f64]) -> NumberRow {
        NumberRow {
            clip: "c/s/a".into(),
            speaker: "c/s".into(),
            fold: "0".into(),
            seed: 1,
            truth: votes.into(),
            prediction: predicted.into(),
        }
    }

    #[test]
    fn a_listener_is_held_against_the_rest_and_the_network_against_the_same() {
        let found = of_row(&row(&[2.0, 1.0, 0.0], &[0.1, 0.8, 0.1]), Some(&[0.5, 0.5, 0.0]), 1).likeness();
        // Of the pairs of three listeners one agrees.
        assert!((found.listeners.unwrap() - 1.0 / 3.0).abs() < 1e-12);
        // Without one of the two: 1 to 1, a half is right, for the listener and for the network. Without the one: 2 to 0, wrong.
        assert!((found.rest_human.unwrap() - 2.0 / 3.0 * 0.5).abs() < 1e-12);
        assert!((found.rest.unwrap() - 2.0 / 3.0 * 0.5).abs() < 1e-12);
        assert_eq!((found.top1, found.constant_top1), (0.0, Some(1.0)));
        assert!((found.one_listener - 1.0 / 3.0).abs() < 1e-12);
        let all = of_row(&row(&[0.0, 9.0], &[0.0, 1.0]), None, 1).likeness();
        assert_eq!(
            (all.rest_human, all.rest, all.listeners, all.panel_jsd),
            (Some(1.0), Some(1.0), Some(1.0), Some(0.0))
        );
        let tied = of_row(&row(&[3.0, 3.0, 0.0], &[0.9, 0.1, 0.0]), None, 1).likeness();
        assert_eq!((tied.top1, tied.constant_jsd), (0.5, None));
        let shares = of_row(&row(&[0.25, 0.75], &[0.5, 0.5]), None, 1).likeness();
        assert_eq!((shares.listeners, shares.rest_human, shares.panel_jsd), (None, None, None));
    }

    #[test]
    fn a_second_panel_is_nearer_the_more_listeners_there_are() {
        let of = |n: f64| {
            of_row(&row(&[0.5 * n, 0.3 * n, 0.2 * n], &[1.0, 0.0, 0.0]), None, 1).likeness().panel_jsd.unwrap()
        };
        assert!(of(10.0) > 3.0 * of(100.0) && of(100.0) > 0.0, "{} {}", of(10.0), of(100.0));
        assert_eq!(of(10.0), of(10.0));
    }

    #[test]
    fn figures_are_those_of_the_pooled_rows_and_no_order_changes_them() {
        let straight = vote_runs(5, 30, &[1, 2]);
        let mut turned = straight.clone();
        turned.reverse();
        for run in &mut turned {
            run.predictions.rows.reverse();
            run.validation.rows.rotate_left(3);
        }
        let bootstrap = Bootstrap { samples: 300, seed: 1 };
        let found = evaluate_votes(straight, bootstrap).unwrap();
        assert!(format!("{found:?}") == format!("{:?}", evaluate_votes(turned, bootstrap).unwrap()));
        let n = found.numbers.rows.len() as f64;
        let jsd = |row: &NumberRow| jensen_shannon(&shares(&row.truth).collect::<Vec<_>>(), &row.prediction);
        assert!((found.figures.jsd - found.numbers.rows.iter().map(jsd).sum::<f64>() / n).abs() < 1e-12);
        for of in &found.intervals {
            assert!(of.low.jsd < found.figures.jsd && found.figures.jsd < of.high.jsd, "{of:?}");
            assert!(of.low.rest_human < found.figures.rest_human, "{of:?}");
        }
        assert_eq!(found.intervals.iter().map(|of| of.units).collect::<Vec<_>>(), [5, 150]);
        assert_eq!(found.by_agreement.iter().map(|at| at.figures.n).sum::<u64>(), n as u64);
        let human: Vec<f64> = found.by_agreement.iter().map(|at| at.figures.rest_human.unwrap()).collect();
        assert!(human.windows(2).all(|pair| pair[0] < pair[1]) && *human.last().unwrap() == 1.0, "{human:?}");
        assert!(found.shares.iter().all(|of| (of.votes.iter().sum::<f64>() - 1.0).abs() < 1e-9), "{:?}", found.shares);
        assert!(found.worst.windows(2).all(|pair| pair[0].jsd >= pair[1].jsd) && found.worst.len() == NAMED);
        assert!(found.figures.constant_jsd.unwrap() > found.figures.jsd, "{:?}", found.figures);
    }
}
