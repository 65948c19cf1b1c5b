//! The probabilities that clips were given, with their true classes: what the figures beyond counting are computed from.

use crate::{numeric::softmax, run::Prediction};

/// Clips with their true class and the probability of every class; `[clips, classes]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgements {
    classes: usize,
    truths: Vec<usize>,
    values: Vec<f64>,
}

/// What a probability of 0 in `f32` is taken for where its logarithm is needed: the least normal `f32`.
const LEAST: f64 = f32::MIN_POSITIVE as f64;

impl Judgements {
    /// Of predictions over so many classes, in their order.
    #[must_use]
    pub fn of<'a>(classes: usize, rows: impl IntoIterator<Item = &'a Prediction>) -> Self {
        let mut judgements = Self { classes, truths: vec![], values: vec![] };
        for row in rows {
            judgements.push(row.truth, row.probabilities.iter().map(|&p| f64::from(p)));
        }
        judgements
    }

    /// Adds a clip; probabilities beyond the number of classes are left out, missing ones are 0.
    pub fn push(&mut self, truth: usize, probabilities: impl IntoIterator<Item = f64>) {
        self.truths.push(truth);
        self.values.extend(probabilities.into_iter().take(self.classes));
        self.values.resize(self.truths.len() * self.classes, 0.0);
    }

    /// All clips of `other` after those that are here.
    pub fn append(&mut self, mut other: Self) {
        self.truths.append(&mut other.truths);
        self.values.append(&mut other.values);
    }

    /// Number of classes.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Number of clips.
    #[must_use]
    pub fn len(&self) -> usize {
        self.truths.len()
    }

    /// Whether there is no clip.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.truths.is_empty()
    }

    /// Each clip's true class and its probabilities.
    pub fn rows(&self) -> impl Iterator<Item = (usize, &[f64])> {
        self.truths.iter().copied().zip(self.values.chunks_exact(self.classes.max(1)))
    }

    /// The same with every row raised to the power of `1 / temperature` and normalised: what a softmax gives whose logits
    /// were divided by the temperature.
    #[must_use]
    pub fn at_temperature(&self, temperature: f64) -> Self {
        self.at_temperatures(std::iter::repeat_n(temperature, self.len()))
    }

    /// The same with a temperature for each row.
    #[must_use]
    pub fn at_temperatures(&self, temperatures: impl IntoIterator<Item = f64>) -> Self {
        let mut values = Vec::with_capacity(self.values.len());
        for ((_, row), temperature) in self.rows().zip(temperatures) {
            values.extend(scaled(&logs(row), 1.0 / temperature));
        }
        values.resize(self.values.len(), 0.0);
        Self { classes: self.classes, truths: self.truths.clone(), values }
    }
}

/// The logarithms of probabilities.
pub(super) fn logs(row: &[f64]) -> Vec<f64> {
    row.iter().map(|p| p.max(LEAST).ln()).collect()
}

/// The softmax of `factor` times the values, which are made small before they are multiplied.
pub(super) fn scaled(values: &[f64], factor: f64) -> Vec<f64> {
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    softmax(&values.iter().map(|value| factor * (value - largest)).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temperature_of_one_changes_nothing_and_a_high_one_flattens() {
        let mut judgements = Judgements::of(3, []);
        judgements.push(0, [0.7, 0.3, 0.0]);
        let same = judgements.at_temperature(1.0);
        for (ours, theirs) in same.rows().next().unwrap().1.iter().zip([0.7, 0.3, 0.0]) {
            assert!((ours - theirs).abs() < 1e-12);
        }
        let flat = judgements.at_temperature(1e6);
        assert!(flat.rows().next().unwrap().1.iter().all(|p| (p - 1.0 / 3.0).abs() < 1e-3));
        let two = judgements.at_temperature(2.0);
        let expected = 0.7_f64.sqrt() / (0.7_f64.sqrt() + 0.3_f64.sqrt());
        assert!((two.rows().next().unwrap().1[0] - expected).abs() < 1e-9);
    }
}
