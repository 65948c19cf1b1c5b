//! Agreement of numbers with numbers: the concordance correlation coefficient (Lin 1989), Pearson's, and mean errors.
//!
//! All come from seven sums, so that those of speakers, weighted, are those of any draw of speakers. Variances are those of
//! the population (over n), as in `audmetric` and NumPy's default.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

/// Sums over pairs of a true and a predicted number.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sums {
    n: f64,
    truth: f64,
    prediction: f64,
    truth_squared: f64,
    prediction_squared: f64,
    product: f64,
    absolute: f64,
}

/// How well predicted numbers agree with the true ones.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Concordance {
    /// Pairs.
    pub n: u64,
    /// The concordance correlation coefficient, −1 to 1; none where all numbers are one.
    pub ccc: Option<f64>,
    /// Pearson's correlation, −1 to 1; none where either side does not vary.
    pub pearson: Option<f64>,
    /// The mean absolute error, in the unit of the numbers.
    pub mae: f64,
    /// The root of the mean squared error, in the unit of the numbers.
    pub rmse: f64,
    /// The mean error: how much too high predictions are.
    pub bias: f64,
    /// The standard deviation of the predictions over that of the truth: below 1 they keep to the middle; none where the truth
    /// does not vary.
    pub spread: Option<f64>,
}

impl Sums {
    /// The sums of pairs of a true and a predicted number, whose distance from `centre` is summed: no figure depends on it,
    /// and near the numbers' mean no digits are lost.
    #[must_use]
    pub fn of(pairs: impl IntoIterator<Item = (f64, f64)>, centre: f64) -> Self {
        let mut sums = Self::default();
        for (truth, prediction) in pairs {
            let (t, p) = (truth - centre, prediction - centre);
            sums.n += 1.0;
            sums.truth += t;
            sums.prediction += p;
            sums.truth_squared += t * t;
            sums.prediction_squared += p * p;
            sums.product += t * p;
            sums.absolute += (p - t).abs();
        }
        sums
    }

    /// Adds others about the same centre, counted so many `times`.
    pub fn add(&mut self, other: &Self, times: f64) {
        self.n += times * other.n;
        self.truth += times * other.truth;
        self.prediction += times * other.prediction;
        self.truth_squared += times * other.truth_squared;
        self.prediction_squared += times * other.prediction_squared;
        self.product += times * other.product;
        self.absolute += times * other.absolute;
    }

    /// The figures; of no pair the errors are NaN.
    #[must_use]
    pub fn concordance(&self) -> Concordance {
        let n = self.n;
        let (truth, prediction) = (self.truth / n, self.prediction / n);
        // Rounding may leave a little of a variance that is none.
        let rest = |squared: f64, mean: f64| {
            let variance = squared / n - mean * mean;
            if variance > 1e-14 * (squared / n) { variance } else { 0.0 }
        };
        let of_truth = rest(self.truth_squared, truth);
        let of_prediction = rest(self.prediction_squared, prediction);
        let covariance = self.product / n - truth * prediction;
        let all = of_truth + of_prediction + (truth - prediction).powi(2);
        let both = (of_truth * of_prediction).sqrt();
        let squared = (self.truth_squared + self.prediction_squared - 2.0 * self.product) / n;
        let varies = of_truth > 0.0 && of_prediction > 0.0;
        Concordance {
            n: n as u64,
            ccc: (all > 0.0).then(|| if varies { (2.0 * covariance / all).clamp(-1.0, 1.0) } else { 0.0 }),
            pearson: varies.then(|| (covariance / both).clamp(-1.0, 1.0)),
            mae: self.absolute / n,
            rmse: squared.max(0.0).sqrt(),
            bias: prediction - truth,
            spread: (of_truth > 0.0).then(|| (of_prediction / of_truth).sqrt()),
        }
    }
}

impl Concordance {
    /// The figures of pairs of a true and a predicted number.
    #[must_use]
    pub fn of(pairs: impl Iterator<Item = (f64, f64)> + Clone) -> Self {
        let (sum, n) = pairs.clone().fold((0.0, 0.0), |(sum, n), (truth, _)| (sum + truth, n + 1.0));
        Sums::of(pairs, if n > 0.0 { sum / n } else { 0.0 }).concordance()
    }
}

/// The mean concordance correlation of several targets, 0 for one that has none; NaN without targets.
#[must_use]
pub fn mean_ccc<'a>(targets: impl IntoIterator<Item = &'a Concordance>) -> f64 {
    let (sum, n) = targets.into_iter().fold((0.0, 0.0), |(sum, n), of| (sum + of.ccc.unwrap_or(0.0), n + 1.0));
    sum / n
}

/// Kendall's τ-b of pairs within groups: of two clips of one group whose true numbers differ, how often the predictions
/// differ the same way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// Groups that have two clips whose true numbers differ.
    pub groups: usize,
    /// Pairs of one group whose true numbers differ.
    pub pairs: u64,
    /// Of them, those whose predictions are in the same order.
    pub right: u64,
    /// Of them, those whose predictions are one number.
    pub tied: u64,
    /// Kendall's τ-b, the mean over the groups; none without groups.
    pub tau: Option<f64>,
}

impl Order {
    /// The order of pairs of a true and a predicted number within each group.
    #[must_use]
    pub fn of(groups: &[Vec<(f64, f64)>]) -> Self {
        let mut order = Self::default();
        let mut taus = 0.0;
        for group in groups {
            let (mut right, mut wrong, mut tied, mut alike) = (0u64, 0u64, 0u64, 0u64);
            for (i, a) in group.iter().enumerate() {
                for b in &group[i + 1..] {
                    // Of 0 and −0 neither is the greater.
                    let compare = |a: f64, b: f64| a.partial_cmp(&b).unwrap_or(Ordering::Equal);
                    let (truth, prediction) = (compare(a.0, b.0), compare(a.1, b.1));
                    match (truth.is_eq(), prediction.is_eq()) {
                        (true, true) => {}
                        (true, false) => alike += 1,
                        (false, true) => tied += 1,
                        (false, false) if truth == prediction => right += 1,
                        (false, false) => wrong += 1,
                    }
                }
            }
            let pairs = right + wrong + tied;
            if pairs == 0 {
                continue;
            }
            order.groups += 1;
            order.pairs += pairs;
            order.right += right;
            order.tied += tied;
            // Predictions that are all one say nothing of the order.
            let among = ((pairs as f64) * (right + wrong + alike) as f64).sqrt();
            taus += if among > 0.0 { (right as f64 - wrong as f64) / among } else { 0.0 };
        }
        order.tau = (order.groups > 0).then(|| taus / order.groups as f64);
        order
    }

    /// The share of pairs in the right order, a tie counting half; none without pairs.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        (self.pairs > 0).then(|| (self.right as f64 + 0.5 * self.tied as f64) / self.pairs as f64)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Golden {
        truth: Vec<f64>,
        prediction: Vec<f64>,
        group: Vec<usize>,
        ccc: Option<f64>,
        pearson: Option<f64>,
        mae: f64,
        rmse: f64,
        tau: f64,
    }

    /// Written by `scripts/golden_concordance.py` with NumPy, SciPy and audmetric.
    #[test]
    fn figures_are_those_of_numpy_scipy_and_audmetric() {
        let golden: Vec<Golden> = serde_json::from_str(include_str!("../../tests/golden/concordance.json")).unwrap();
        assert!(golden.len() >= 5);
        for of in golden {
            let pairs = of.truth.iter().copied().zip(of.prediction.iter().copied());
            let ours = Concordance::of(pairs.clone());
            let near = |a: f64, b: f64| assert!((a - b).abs() <= 1e-12 * b.abs().max(1.0), "{a} {b}: {ours:?}");
            for (a, b) in [(ours.ccc, of.ccc), (ours.pearson, of.pearson)] {
                assert_eq!(a.is_some(), b.is_some(), "{ours:?}");
                near(a.unwrap_or(0.0), b.unwrap_or(0.0));
            }
            near(ours.mae, of.mae);
            near(ours.rmse, of.rmse);
            let count = of.group.iter().max().unwrap() + 1;
            let mut groups = vec![vec![]; count];
            of.group.iter().zip(pairs).for_each(|(&group, pair)| groups[group].push(pair));
            near(Order::of(&groups).tau.unwrap_or(0.0), of.tau);
        }
    }

    #[test]
    fn sums_of_parts_are_the_sums_of_all() {
        let pairs: Vec<(f64, f64)> = (0..50).map(|i| (f64::from(i).sin() + 4.0, f64::from(i).cos() + 4.5)).collect();
        let mut parts = Sums::default();
        for part in pairs.chunks(7) {
            parts.add(&Sums::of(part.iter().copied(), 4.0), 2.0);
        }
        let (twice, all) = (parts.concordance(), Concordance::of(pairs.iter().copied()));
        assert_eq!(twice.n, 100);
        for (a, b) in [(twice.ccc, all.ccc), (twice.pearson, all.pearson), (twice.spread, all.spread)] {
            assert!((a.unwrap() - b.unwrap()).abs() < 1e-12);
        }
        assert!((twice.mae - all.mae).abs() < 1e-12 && (twice.rmse - all.rmse).abs() < 1e-12);
    }

    #[test]
    fn numbers_that_do_not_vary_have_no_correlation() {
        let of = |pairs: &[(f64, f64)]| Concordance::of(pairs.iter().copied());
        assert_eq!(of(&[(1.0, 1.0), (1.0, 1.0)]).ccc, None);
        let flat = of(&[(0.1, 0.3), (0.7, 0.3), (0.2, 0.3)]);
        assert_eq!((flat.ccc, flat.pearson, flat.spread), (Some(0.0), None, Some(0.0)));
        assert!(of(&[]).mae.is_nan());
        assert_eq!(Order::of(&[vec![(1.0, 0.0)], vec![(1.0, 0.0), (1.0, 2.0)]]), Order::default());
        let half = Order::of(&[vec![(0.0, 1.0), (1.0, 1.0)]]);
        assert_eq!((half.share(), half.tau), (Some(0.5), Some(0.0)));
    }
}
