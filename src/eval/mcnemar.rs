//! McNemar's test (Q. McNemar, 1947): whether two recognisers err equally often on the same clips.

use serde::Serialize;

/// The clips on which two recognisers differ, and what that says.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct McNemar {
    /// Clips that only the first recognised.
    pub only_first: u64,
    /// Clips that only the second recognised.
    pub only_second: u64,
    /// Exact two-sided probability of a difference at least as great, were both equally good: binomial with 1/2.
    pub p: f64,
    /// The statistic of the χ² approximation (one degree of freedom) with Edwards' correction for continuity.
    pub chi_squared: f64,
}

impl McNemar {
    /// Of the two counts of clips that only one of both recognised.
    #[must_use]
    pub fn of(only_first: u64, only_second: u64) -> Self {
        let n = only_first + only_second;
        let difference = only_first.abs_diff(only_second) as f64;
        let chi_squared = if n == 0 { 0.0 } else { (difference - 1.0).max(0.0).powi(2) / n as f64 };
        Self { only_first, only_second, p: two_sided(only_first.min(only_second), n), chi_squared }
    }
}

/// Twice the probability of at most `least` heads in `n` throws of a coin, at most 1.
fn two_sided(least: u64, n: u64) -> f64 {
    // The logarithm of C(n, k) / 2^n, from each k to the next.
    let mut log = -(n as f64) * std::f64::consts::LN_2;
    let mut tail = log.exp();
    for k in 1..=least {
        log += ((n - k + 1) as f64).ln() - (k as f64).ln();
        tail += log.exp();
    }
    (2.0 * tail).min(1.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn probabilities_are_those_of_scipy() {
        // scipy.stats.binomtest(min(b, c), b + c).pvalue
        for (b, c, p) in [
            (0, 0, 1.0),
            (5, 5, 1.0),
            (1, 9, 0.021484375),
            (59, 101, 0.001_122_905_196),
            (1000, 1100, 0.030_720_707_864),
            (40_000, 40_700, 0.013_870_128_598),
        ] {
            let found = McNemar::of(b, c);
            assert!((found.p - p).abs() < 1e-10, "{b} {c}: {found:?}");
            assert_eq!(found.p, McNemar::of(c, b).p);
        }
        assert!((McNemar::of(59, 101).chi_squared - 41.0 * 41.0 / 160.0).abs() < 1e-12);
        assert_eq!(McNemar::of(5, 5).chi_squared, 0.0);
    }

    proptest! {
        #[test]
        fn it_equals_counting_all_ways_the_coins_can_fall(b in 0..8_u64, c in 0..8_u64) {
            let n = b + c;
            let extreme = (0..1_u64 << n).filter(|falls| {
                let heads = u64::from(falls.count_ones());
                heads.min(n - heads) <= b.min(c)
            });
            let p = extreme.count() as f64 / (1_u64 << n) as f64;
            prop_assert!((McNemar::of(b, c).p - p).abs() < 1e-12);
        }
    }
}
