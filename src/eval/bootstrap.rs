//! Intervals by bootstrap (B. Efron, 1979): the clips, or the speakers with all their clips, are drawn again and again
//! with replacement, and a figure's 95 % interval is what it is in the middle 95 % of draws (the percentile method).
//!
//! Utterances of one speaker resemble each other, so drawing utterances as if they were independent gives intervals
//! that are too narrow; drawing speakers says how the figure would vary with other people. Both are given, so that the
//! difference shows. A unit is drawn with all its predictions: those of several seeds stay together.
//!
//! A draw gives every unit a weight: how often it was drawn. Any statistic of weighted units can be resampled. Units that
//! hold the same are one pattern; where there are many more units than patterns, the weights of the patterns come from the
//! multinomial distribution (as a chain of binomial ones) at once rather than unit by unit, which is the same in
//! distribution and independent of the number of clips.

use rand::RngExt;
use rand_distr::{Binomial, Distribution};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Tally;
use crate::{error::Result, numeric::quantile, rng, run::Prediction, setting::out_of_range};

/// How to bootstrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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

/// The most draws: a hundred times the default, whose figures memory has room for.
const MOST_DRAWS: usize = 1_000_000;

impl Bootstrap {
    /// So many draws from a seed.
    ///
    /// # Errors
    ///
    /// [`Config`](crate::error::Error::Config) where they are more than a million.
    pub fn new(samples: usize, seed: u64) -> Result<Self> {
        match samples <= MOST_DRAWS {
            true => Ok(Self { samples, seed }),
            false => Err(out_of_range("bootstrap", samples, DRAWS)),
        }
    }

    /// A number of draws as a program's options have it.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn draws(text: &str) -> std::result::Result<usize, String> {
        text.parse().ok().filter(|draws| *draws <= MOST_DRAWS).ok_or_else(|| DRAWS.to_owned())
    }
}

const DRAWS: &str = "a whole number of draws from 0, no intervals, to 1000000";

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
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
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

/// Intervals for predictions over so many classes; `None` where there are fewer than two units, a speaker is not known, or no
/// draws are wanted.
#[must_use]
pub fn intervals<'a>(
    classes: usize,
    rows: impl IntoIterator<Item = &'a Prediction>,
    unit: Unit,
    bootstrap: Bootstrap,
) -> Option<Intervals> {
    let outcome = |row: &'a Prediction| (unit.of(row), (row.truth * classes + row.prediction) as u64);
    let outcomes: Vec<_> = rows.into_iter().map(outcome).collect();
    let nameless = outcomes.iter().any(|(unit, _)| unit.is_empty());
    let units = Units::new(counts(outcomes));
    if nameless || units.len() < 2 || bootstrap.samples == 0 {
        return None;
    }
    let drawn = units.draw(bootstrap, unit.name(), |draw| {
        let mut tally = Tally::new(classes);
        for (counts, times) in draw {
            for &(cell, n) in counts {
                tally.add(cell as usize / classes, cell as usize % classes, times * n);
            }
        }
        tally.figures()
    });
    let of = |figure: usize| percentiles(drawn.iter().map(|figures| figures[figure]).collect());
    Some(Intervals { unit, units: units.len(), bootstrap, uar: of(0), wa: of(1), macro_f1: of(2) })
}

/// How often a unit has each outcome, by ascending outcome.
pub(super) type Counts = Vec<(u64, u64)>;

/// The outcomes of each unit, from pairs of a unit's name and an outcome in any order.
pub(super) fn counts(mut outcomes: Vec<(&str, u64)>) -> Vec<Counts> {
    outcomes.sort_unstable();
    let of_unit =
        |unit: &[(&str, u64)]| unit.chunk_by(|a, b| a == b).map(|same| (same[0].1, same.len() as u64)).collect();
    outcomes.chunk_by(|(a, _), (b, _)| a == b).map(of_unit).collect()
}

/// Units to draw from, by what they hold. Units that hold the same are one pattern.
#[derive(Debug)]
pub(super) struct Units<T> {
    /// What a unit holds, and how many units hold it, in the order of `T`.
    patterns: Vec<(T, u64)>,
    /// The pattern of every unit.
    of_unit: Vec<u32>,
}

impl<T: Ord + Sync> Units<T> {
    /// Units in any order.
    pub(super) fn new(mut units: Vec<T>) -> Self {
        units.sort_unstable();
        let mut patterns: Vec<(T, u64)> = vec![];
        for unit in units {
            match patterns.last_mut() {
                Some((last, n)) if *last == unit => *n += 1,
                _ => patterns.push((unit, 1)),
            }
        }
        let of_unit = (0..).zip(&patterns).flat_map(|(i, (_, n))| std::iter::repeat_n(i, *n as usize)).collect();
        Self { patterns, of_unit }
    }

    /// What the units hold, each with how many of them.
    pub(super) fn all(&self) -> impl Iterator<Item = (&T, u64)> {
        self.patterns.iter().map(|(held, times)| (held, *times))
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.of_unit.len()
    }

    /// What `statistic` makes of each draw: of what the drawn units hold and how often it was drawn. A draw is a function
    /// of the seed, the purpose and its number: threads change nothing.
    pub(super) fn draw<S: Send>(
        &self,
        bootstrap: Bootstrap,
        purpose: &str,
        statistic: impl Fn(&mut dyn Iterator<Item = (&T, u64)>) -> S + Sync,
    ) -> Vec<S> {
        let one = |times: &mut Vec<u64>, number: usize| {
            self.draw_once(&mut rng::stream(bootstrap.seed, &[&"bootstrap", &purpose, &number]), times);
            let drawn = self.patterns.iter().zip(times.iter()).map(|((held, _), &times)| (held, times));
            statistic(&mut drawn.filter(|(_, times)| *times > 0))
        };
        (0..bootstrap.samples).into_par_iter().map_init(|| vec![0; self.patterns.len()], one).collect()
    }

    /// How often each pattern is drawn.
    fn draw_once(&self, stream: &mut impl rand::Rng, times: &mut [u64]) {
        // A binomial number costs about as much as this many draws of a unit.
        const BINOMIAL_COST: usize = 8;
        let units = self.of_unit.len();
        if units <= BINOMIAL_COST * self.patterns.len() {
            times.fill(0);
            for _ in 0..units {
                times[self.of_unit[stream.random_range(0..units)] as usize] += 1;
            }
            return;
        }
        let (mut draws, mut rest) = (units as u64, units as u64);
        for ((_, units), times) in self.patterns.iter().zip(times) {
            // The last pattern takes what is left. Shares are from 0 to 1, so that the distribution always exists.
            *times = match Binomial::new(draws, *units as f64 / rest as f64) {
                Ok(binomial) if *units < rest => binomial.sample(stream),
                _ => draws,
            };
            draws -= *times;
            rest -= units;
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
    use super::*;
    use crate::eval::test_support;

    #[test]
    fn more_draws_than_memory_has_room_for_are_refused() {
        assert_eq!(Bootstrap::new(1_000_000, 1).unwrap().samples, 1_000_000);
        let error = Bootstrap::new(1_000_001, 1).unwrap_err();
        assert!(error.exit_status() == 2 && error.to_string().contains("bootstrap = 1000001"), "{error}");
        assert_eq!(Bootstrap::draws("0"), Ok(0));
        assert!(["-1", "1e3", "1000001", "99999999999999999999"].iter().all(|text| Bootstrap::draws(text).is_err()));
    }

    #[test]
    fn both_ways_of_drawing_give_the_same_distribution() {
        // The same units, once as they are and once told apart by an outcome that no figure looks at.
        let few = Units::new((0..100).map(|i| (i < 30, 0)).collect());
        let many = Units::new((0..100).map(|i| (i < 30, i)).collect());
        assert!(few.patterns.len() == 2 && many.patterns.len() == 100);
        let bootstrap = Bootstrap { samples: 20_000, seed: 7 };
        let moments = |units: &Units<(bool, i32)>| {
            let hits = units.draw(bootstrap, "test", |draw| {
                let [mut missed, mut hit] = [0, 0];
                draw.for_each(|((is_hit, _), times)| *(if *is_hit { &mut hit } else { &mut missed }) += times);
                assert_eq!(missed + hit, 100);
                hit as f64
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
    fn any_statistic_of_weighted_units_can_be_resampled() {
        // The standard error of the mean of 400 numbers.
        let numbers: Vec<u64> = (0..400).map(|i| (i * i) % 97).collect();
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let variance = |values: &[f64]| {
            let mean = mean(values);
            values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / values.len() as f64
        };
        let values: Vec<f64> = numbers.iter().map(|&n| n as f64).collect();
        let means = Units::new(numbers).draw(Bootstrap { samples: 5_000, seed: 1 }, "mean", |draw| {
            let (sum, n) = draw.fold((0, 0), |(sum, n), (value, times)| (sum + value * times, n + times));
            sum as f64 / n as f64
        });
        let (expected, found) = ((variance(&values) / 400.0).sqrt(), variance(&means).sqrt());
        assert!(
            (found / expected - 1.0).abs() < 0.05 && (mean(&means) - mean(&values)).abs() < 0.1,
            "{found} {expected}"
        );
    }

    #[test]
    fn neither_threads_nor_the_order_of_rows_change_an_interval() {
        let predictions = test_support::predictions(6, 40, 3, &[1, 2], 0.6);
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
        let mut predictions = test_support::predictions(10, 60, 3, &[1], 0.1);
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
        let predictions = test_support::predictions(40, 25, 2, &[1], 0.5);
        let found = intervals(2, &predictions.rows, Unit::Utterances, Bootstrap::default()).unwrap().wa;
        let n = predictions.rows.len() as f64;
        let p = predictions.rows.iter().filter(|row| row.truth == row.prediction).count() as f64 / n;
        let half = 1.96 * (p * (1.0 - p) / n).sqrt();
        assert!((found.low - (p - half)).abs() < 0.003 && (found.high - (p + half)).abs() < 0.003, "{found:?} {p}");
    }
}
