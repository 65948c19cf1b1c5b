//! Mean and standard deviation of a figure over seeds or runs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Mean and standard deviation (with n − 1) of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
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
