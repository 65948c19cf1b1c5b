//! How many speakers it takes to tell two systems apart on the same clips.
//!
//! The difference of a speaker's recalls varies between speakers (deviation τ), and within a speaker since clips are few:
//! where a share `q` of clips is recognised by one system alone and the difference is `δ`, a clip's difference has the
//! variance `q − δ²` (Q. McNemar, 1947). Of speakers with `m` clips each the mean difference has the variance
//! `(τ² + (q − δ²) / m) / n`, and a two-sided test at 5 % finds it with the wanted probability from
//! `n = (z₀.₉₇₅ + z)² · (τ² + (q − δ²) / m) / δ²` speakers on (the normal approximation for clustered pairs: A. Donner and
//! N. Klar, *Design and Analysis of Cluster Randomization Trials*, 2000, chapter 5). It is made for accuracy; UAR is the same
//! where classes are about equally frequent.

use serde::Serialize;

use super::{Comparison, LEAST_SPEAKERS};
use crate::error::{Error, Result};

/// What the difference of two systems depends on; shares are from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Power {
    /// The difference that is to be found.
    pub difference: f64,
    /// The share of clips that one of both recognises alone.
    pub discordant: f64,
    /// The deviation of the difference between speakers.
    pub between_speakers: f64,
}

impl Power {
    /// Values as they are stated.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where one cannot be: no difference, or one that is larger than the share of clips that make it.
    pub fn stated(difference: f64, discordant: f64, between_speakers: f64) -> Result<Self> {
        let difference = difference.abs();
        let wrong = |problem: String| Err(Error::Config(problem));
        if !(difference > 0.0 && difference < 1.0) {
            return wrong(format!(
                "a difference of {:.2} points: it must be above 0 and below 100",
                100.0 * difference
            ));
        }
        if !(discordant >= difference && discordant <= 1.0) {
            return wrong(format!(
                "{:.1} % of clips are recognised by one system alone: it must be no less than the difference ({:.1}) and at \
                 most 100",
                100.0 * discordant,
                100.0 * difference
            ));
        }
        if !(0.0..1.0).contains(&between_speakers) {
            return wrong(format!(
                "a deviation of {:.1} points between speakers: it must be from 0 to 100",
                100.0 * between_speakers
            ));
        }
        Ok(Self { difference, discordant, between_speakers })
    }

    /// Values that two finished experiments show; for another difference than theirs where one is given.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] where there are fewer than four speakers; as [`Power::stated`].
    pub fn of(comparison: &Comparison, difference: Option<f64>) -> Result<Self> {
        let Some(interval) = comparison.interval.filter(|_| comparison.speakers >= LEAST_SPEAKERS) else {
            return Err(Error::Data(format!(
                "{} speakers say nothing of how speakers differ: give experiments of {LEAST_SPEAKERS} or more, with draws of the \
                 bootstrap",
                comparison.speakers
            )));
        };
        let of_theirs = comparison.difference;
        let clips = comparison.clips as f64;
        let discordant = (comparison.mcnemar.only_first + comparison.mcnemar.only_second) as f64 / clips;
        let speakers = comparison.speakers as f64;
        let error = (interval.high - interval.low) / (2.0 * z(0.975));
        let within = (discordant - of_theirs * of_theirs).max(0.0) * speakers / clips;
        let between = (error * error * speakers - within).max(0.0).sqrt();
        let difference = difference.unwrap_or(of_theirs);
        Self::stated(difference, discordant.max(difference.abs()), between)
    }

    /// The speakers that it takes, of so many clips each, to find the difference with that probability in a two-sided test
    /// at 5 %; at least [`LEAST_SPEAKERS`].
    #[must_use]
    pub fn speakers(&self, clips: usize, probability: f64) -> usize {
        units(self.variance(clips), self.difference, probability)
    }

    /// The smallest difference that so many speakers find with that probability.
    #[must_use]
    pub fn found_by(&self, speakers: usize, clips: usize, probability: f64) -> f64 {
        (z(0.975) + z(probability)) * (self.variance(clips) / speakers as f64).sqrt()
    }

    fn variance(&self, clips: usize) -> f64 {
        let within = (self.discordant - self.difference * self.difference).max(0.0);
        self.between_speakers * self.between_speakers + within / clips.max(1) as f64
    }
}

/// Speakers from whom a mean that varies between them with `variance` is told from one that lies `difference` away, with that
/// probability in a two-sided test at 5 %; at least [`LEAST_SPEAKERS`].
pub(super) fn units(variance: f64, difference: f64, probability: f64) -> usize {
    let sum = z(0.975) + z(probability);
    ((sum * sum * variance / (difference * difference)).ceil() as usize).max(LEAST_SPEAKERS)
}

/// The deviation of a figure's estimate, of which an interval holds 95 % between its ends.
pub(super) fn deviation(low: f64, high: f64) -> f64 {
    (high - low) / (2.0 * z(0.975))
}

/// The quantile of the standard normal distribution, by halving between −8 and 8.
fn z(probability: f64) -> f64 {
    let (mut low, mut high) = (-8.0, 8.0);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if below(middle) < probability { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

/// The normal distribution's share below `x`: the series of G. Marsaglia (2004), exact to the last bits.
fn below(x: f64) -> f64 {
    let (mut sum, mut term, mut number) = (x, x, 1.0);
    loop {
        number += 2.0;
        term *= x * x / number;
        let next = sum + term;
        if next == sum || number > 1e4 {
            return 0.5 + sum * (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
        }
        sum = next;
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;
    use rand_distr::{Distribution, Normal};

    use super::*;
    use crate::{
        eval::{Bootstrap, compare, test_support::evaluation},
        rng,
    };

    #[test]
    fn quantiles_are_those_of_tables() {
        for (probability, expected) in [(0.975, 1.959_964), (0.8, 0.841_621), (0.9, 1.281_552), (0.5, 0.0)] {
            assert!((z(probability) - expected).abs() < 1e-6, "{probability}: {}", z(probability));
        }
    }

    #[test]
    fn so_many_speakers_find_the_difference_as_often_as_is_said() {
        let power = Power::stated(0.04, 0.3, 0.05).unwrap();
        let speakers = power.speakers(60, 0.8);
        assert!((30..60).contains(&speakers), "{speakers}");
        assert!((power.found_by(speakers, 60, 0.8) - 0.04).abs() < 0.001);
        // The same, drawn: how often the mean difference lies beyond its interval.
        let mut stream = rng::stream(1, &[&"power"]);
        let between = Normal::new(0.04, 0.05).unwrap();
        let draws = 2_000;
        let found = (0..draws).filter(|_| {
            let of: Vec<f64> = (0..speakers)
                .map(|_| {
                    let mean = between.sample(&mut stream);
                    let won = (0.3 + mean) / 2.0;
                    let clip = |stream: &mut rand_chacha::ChaCha8Rng| match stream.random::<f64>() {
                        p if p < won => 1.0,
                        p if p < 0.3 => -1.0,
                        _ => 0.0,
                    };
                    (0..60).map(|_| clip(&mut stream)).sum::<f64>() / 60.0
                })
                .collect();
            let n = of.len() as f64;
            let mean = of.iter().sum::<f64>() / n;
            let variance = of.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / (n - 1.0);
            mean.abs() > 1.96 * (variance / n).sqrt()
        });
        let share = found.count() as f64 / f64::from(draws);
        assert!((0.76..0.86).contains(&share), "{share}");
    }

    #[test]
    fn two_experiments_say_what_it_depends_on() {
        let (a, b) = (evaluation("a", 8, 60, &[1], 0.5), evaluation("b", 8, 60, &[2], 0.6));
        let found = compare(&a, &b, Bootstrap { samples: 1_000, seed: 1 }).unwrap();
        let power = Power::of(&found, None).unwrap();
        assert!((power.difference - found.difference.abs()).abs() < 1e-12 && power.discordant > 0.2, "{power:?}");
        let finer = Power::of(&found, Some(0.01)).unwrap();
        assert!(finer.speakers(60, 0.8) > 20 * power.speakers(60, 0.8) || power.difference < 0.05);
        assert!(finer.speakers(10, 0.8) > finer.speakers(100, 0.8));
        let few = compare(&evaluation("a", 2, 30, &[1], 0.5), &evaluation("b", 2, 30, &[1], 0.6), Bootstrap::default());
        assert!(Power::of(&few.unwrap(), None).unwrap_err().to_string().contains("2 speakers"));
        for (difference, discordant, between) in [(0.0, 0.3, 0.1), (0.3, 0.2, 0.1), (0.1, 0.2, -1.0), (0.1, 1.2, 0.1)] {
            assert_eq!(Power::stated(difference, discordant, between).unwrap_err().exit_status(), 2);
        }
    }
}
