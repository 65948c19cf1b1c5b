//! Intervals by bootstrap (B. Efron, 1979): the clips, or the speakers with all their clips, are drawn again and again
//! with replacement, and a figure's 95 % interval is what it is in the middle 95 % of draws (the percentile method).
//!
//! Utterances of one speaker resemble each other, so drawing utterances as if they were independent gives intervals
//! that are too narrow; drawing speakers says how the figure would vary with other people. Both are given, so that the
//! difference shows. A unit is drawn with all its predictions: those of several seeds stay together.
//!
//! A draw is a sum of counts. Units with the same counts are one pattern; where there are many more units than patterns,
//! how often each pattern is drawn comes from the multinomial distribution (as a chain of binomial ones) at once rather
//! than unit by unit, which is the same in distribution and independent of the number of clips.

use std::collections::BTreeMap;

use rand::RngExt;
use rand_distr::{Binomial, Distribution};
use rayon::prelude::*;
use serde::Serialize;

use crate::{numeric::quantile, rng, run::Prediction};

/// How to bootstrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Bootstrap {
    /// Number of draws; none where 0.
    pub samples: usize,
    /// The seed of the draws.
    pub seed: u64,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self { samples: 10_000, seed: 1 }
    }
}

/// What is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Speakers, each with all clips.
    Speakers,
    /// Clips, each by itself.
    Utterances,
}

impl Unit {
    /// What it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Speakers => "speakers",
            Self::Utterances => "utterances",
        }
    }

    fn of(self, row: &Prediction) -> &str {
        match self {
            Self::Speakers => &row.speaker,
            Self::Utterances => &row.clip,
        }
    }
}

/// An interval of fractions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// 95 % intervals of the main figures.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Intervals {
    /// What was drawn.
    pub unit: Unit,
    /// How many there are.
    pub units: usize,
    /// How it was drawn.
    pub bootstrap: Bootstrap,
    /// Of unweighted average recall.
    pub uar: Interval,
    /// Of accuracy.
    pub wa: Interval,
    /// Of macro F1.
    pub macro_f1: Interval,
}

/// Picks the interval of one figure.
pub type IntervalOf = fn(&Intervals) -> Interval;

/// Intervals for predictions over so many classes; `None` where there are fewer than two units, or no draws are wanted.
#[must_use]
pub fn intervals<'a>(
    classes: usize,
    rows: impl IntoIterator<Item = &'a Prediction>,
    unit: Unit,
    bootstrap: Bootstrap,
) -> Option<Intervals> {
    let mut counts = BTreeMap::<&str, Counts>::new();
    for row in rows {
        counts.entry(unit.of(row)).or_default().add(row.truth * classes + row.prediction);
    }
    let units = Units::new(classes * classes, counts.into_values());
    if units.len() < 2 || bootstrap.samples == 0 {
        return None;
    }
    let drawn = units.draw(bootstrap, unit.name(), |counts| figures(counts, classes));
    let of = |figure: usize| percentiles(drawn.iter().map(|figures| figures[figure]).collect());
    Some(Intervals { unit, units: units.len(), bootstrap, uar: of(0), wa: of(1), macro_f1: of(2) })
}

/// UAR, WA and macro F1 of the counts of a confusion matrix, row after row; as [`super::Scores`] has them.
pub(super) fn figures(counts: &[u64], classes: usize) -> [f64; 3] {
    let (mut recalls, mut present, mut f1s, mut right, mut all) = (0.0, 0_usize, 0.0, 0, 0);
    for class in 0..classes {
        let support: u64 = counts[class * classes..(class + 1) * classes].iter().sum();
        let predicted: u64 = counts.iter().skip(class).step_by(classes).sum();
        let hits = counts[class * classes + class];
        if support > 0 {
            recalls += hits as f64 / support as f64;
            present += 1;
        }
        if support + predicted > 0 {
            f1s += 2.0 * hits as f64 / (support + predicted) as f64;
        }
        right += hits;
        all += support;
    }
    [recalls / present as f64, right as f64 / all as f64, f1s / classes as f64]
}

/// How often a unit has each outcome.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Counts(BTreeMap<usize, u64>);

impl Counts {
    /// One more of an outcome.
    pub(super) fn add(&mut self, outcome: usize) {
        *self.0.entry(outcome).or_default() += 1;
    }
}

/// Units to draw from, by what they count.
#[derive(Debug)]
pub(super) struct Units {
    outcomes: usize,
    patterns: Vec<Pattern>,
    /// The pattern of every unit.
    of_unit: Vec<u32>,
}

#[derive(Debug)]
struct Pattern {
    counts: Vec<(u32, u64)>,
    units: u64,
}

impl Pattern {
    fn add(&self, to: &mut [u64], times: u64) {
        for &(outcome, count) in &self.counts {
            to[outcome as usize] += times * count;
        }
    }
}

impl Units {
    /// Units that count `outcomes` outcomes. Their order does not matter.
    pub(super) fn new(outcomes: usize, units: impl IntoIterator<Item = Counts>) -> Self {
        let mut by_counts = BTreeMap::<Counts, u64>::new();
        for counts in units {
            *by_counts.entry(counts).or_default() += 1;
        }
        let patterns: Vec<Pattern> = by_counts
            .into_iter()
            .map(|(counts, units)| Pattern {
                counts: counts.0.into_iter().map(|(outcome, count)| (outcome as u32, count)).collect(),
                units,
            })
            .collect();
        let of_unit = (0..).zip(&patterns).flat_map(|(i, p)| std::iter::repeat_n(i, p.units as usize)).collect();
        Self { outcomes, patterns, of_unit }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.of_unit.len()
    }

    /// What `figure` makes of the summed counts of each draw. A draw is a function of the seed, the purpose and its
    /// number: threads change nothing.
    pub(super) fn draw<T: Send>(
        &self,
        bootstrap: Bootstrap,
        purpose: &str,
        figure: impl Fn(&[u64]) -> T + Sync,
    ) -> Vec<T> {
        (0..bootstrap.samples)
            .into_par_iter()
            .map_init(
                || vec![0; self.outcomes],
                |counts, number| {
                    counts.fill(0);
                    self.draw_once(&mut rng::stream(bootstrap.seed, &[&"bootstrap", &purpose, &number]), counts);
                    figure(counts)
                },
            )
            .collect()
    }

    fn draw_once(&self, stream: &mut impl rand::Rng, counts: &mut [u64]) {
        // A binomial number costs about as much as this many draws of a unit.
        const BINOMIAL_COST: usize = 8;
        let units = self.of_unit.len();
        if units <= BINOMIAL_COST * self.patterns.len() {
            for _ in 0..units {
                let unit = stream.random_range(0..units);
                self.patterns[self.of_unit[unit] as usize].add(counts, 1);
            }
            return;
        }
        let (mut draws, mut rest) = (units as u64, units as u64);
        for pattern in &self.patterns {
            // The last pattern takes what is left. Shares are from 0 to 1, so that the distribution always exists.
            let share = pattern.units as f64 / rest as f64;
            let times = match Binomial::new(draws, share) {
                Ok(binomial) if pattern.units < rest => binomial.sample(stream),
                _ => draws,
            };
            pattern.add(counts, times);
            draws -= times;
            rest -= pattern.units;
        }
    }
}

/// The 2.5 and 97.5 percentiles, between neighbours where they fall there (NumPy's default).
pub(super) fn percentiles(mut values: Vec<f64>) -> Interval {
    values.sort_by(f64::total_cmp);
    Interval { low: quantile(&values, 0.025), high: quantile(&values, 0.975) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::eval::{Confusion, Scores, fake};

    #[test]
    fn both_ways_of_drawing_give_the_same_distribution() {
        // The same units, once as they are and once told apart by an outcome that no figure looks at.
        let unit = |hit: bool, name: usize| {
            let mut counts = Counts::default();
            counts.add(usize::from(hit));
            counts.add(2 + name);
            counts
        };
        let few = Units::new(3, (0..100).map(|i| unit(i < 30, 0)));
        let many = Units::new(102, (0..100).map(|i| unit(i < 30, i)));
        assert!(few.patterns.len() == 2 && many.patterns.len() == 100);
        let bootstrap = Bootstrap { samples: 20_000, seed: 7 };
        let moments = |units: &Units| {
            let hits = units.draw(bootstrap, "test", |counts| {
                assert_eq!(counts[0] + counts[1], 100);
                counts[1] as f64
            });
            let mean = hits.iter().sum::<f64>() / hits.len() as f64;
            (mean, hits.iter().map(|h| (h - mean).powi(2)).sum::<f64>() / hits.len() as f64)
        };
        for (mean, variance) in [moments(&few), moments(&many)] {
            // Of the binomial distribution: 30 and 21.
            assert!((mean - 30.0).abs() < 0.15 && (variance - 21.0).abs() < 0.8, "{mean} {variance}");
        }
    }

    #[test]
    fn neither_threads_nor_the_order_of_rows_change_an_interval() {
        let predictions = fake::predictions(6, 40, 3, &[1, 2], 0.6);
        let bootstrap = Bootstrap { samples: 200, seed: 3 };
        let of = |threads: usize, rows: &[Prediction], unit| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| intervals(3, rows, unit, bootstrap)).unwrap()
        };
        let mut turned = predictions.rows.clone();
        turned.reverse();
        turned.rotate_left(17);
        for unit in [Unit::Speakers, Unit::Utterances] {
            let one = of(1, &predictions.rows, unit);
            assert_eq!(one, of(3, &predictions.rows, unit));
            assert_eq!(one, of(2, &turned, unit));
        }
    }

    #[test]
    fn speakers_who_differ_widen_the_interval() {
        // Half of the speakers are always recognised, the others hardly ever.
        let mut predictions = fake::predictions(10, 60, 3, &[1], 0.1);
        for row in predictions.rows.iter_mut().filter(|row| row.speaker.as_str() < "c/5") {
            row.prediction = row.truth;
        }
        let width = |unit| {
            let Interval { low, high } = intervals(3, &predictions.rows, unit, Bootstrap::default()).unwrap().wa;
            high - low
        };
        assert!(width(Unit::Speakers) > 3.0 * width(Unit::Utterances));
        let one: Vec<_> = predictions.rows.iter().filter(|row| row.speaker == "c/0").collect();
        assert_eq!(intervals(3, one, Unit::Speakers, Bootstrap::default()), None, "one speaker does not vary");
    }

    #[test]
    fn the_interval_of_accuracy_is_that_of_the_binomial_distribution() {
        let predictions = fake::predictions(40, 25, 2, &[1], 0.5);
        let found = intervals(2, &predictions.rows, Unit::Utterances, Bootstrap::default()).unwrap().wa;
        let n = predictions.rows.len() as f64;
        let p = predictions.rows.iter().filter(|row| row.truth == row.prediction).count() as f64 / n;
        let half = 1.96 * (p * (1.0 - p) / n).sqrt();
        assert!((found.low - (p - half)).abs() < 0.003 && (found.high - (p + half)).abs() < 0.003, "{found:?} {p}");
    }

    proptest! {
        #[test]
        fn figures_of_counts_equal_the_scores(pairs in prop::collection::vec((0..4_usize, 0..4_usize), 1..100)) {
            let classes: Vec<String> = (0..4).map(|class| class.to_string()).collect();
            let confusion = Confusion::from_pairs(classes, pairs).unwrap();
            let scores = Scores::of(&confusion).unwrap();
            let [uar, wa, macro_f1] = figures(&confusion.counts.concat(), 4);
            prop_assert!((uar - scores.uar).abs() < 1e-12);
            prop_assert!((wa - scores.wa).abs() < 1e-12);
            prop_assert!((macro_f1 - scores.macro_f1).abs() < 1e-12);
        }
    }
}
