//! Temperature scaling (C. Guo et al., "On calibration of modern neural networks", ICML 2017): one number that divides
//! all logits, fitted on validation, so that probabilities say how often the recogniser is right. The class predicted
//! for a clip stays the same.

use super::{
    Judgements,
    judgements::{logs, scaled},
};

/// What temperatures may be; a fit that would go beyond (a validation side without an error) stops here.
const RANGE: (f64, f64) = (0.05, 20.0);

/// The temperature at which the clips' mean cross-entropy is least, from 0.05 to 20; `None` without clips.
///
/// The loss is convex in the inverse of the temperature, hence its derivative has one root, which halving finds.
#[must_use]
pub fn fit(judgements: &Judgements) -> Option<f64> {
    if judgements.is_empty() {
        return None;
    }
    let rows: Vec<(usize, Vec<f64>)> = judgements.rows().map(|(truth, row)| (truth, logs(row))).collect();
    // d loss / d inverse: the expected log-probability less the true class's, summed over clips.
    let slope = |inverse: f64| -> f64 {
        rows.iter()
            .map(|(truth, logs)| {
                scaled(logs, inverse).into_iter().zip(logs).map(|(weight, log)| weight * log).sum::<f64>()
                    - logs[*truth]
            })
            .sum()
    };
    let (mut low, mut high) = ((1.0 / RANGE.1).ln(), (1.0 / RANGE.0).ln());
    // Halves 6 to less than 1e-12.
    for _ in 0..42 {
        let middle = f64::midpoint(low, high);
        // Where rounding leaves no slope, all probabilities are 1: a lower temperature is no worse.
        if slope(middle.exp()) <= 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some((-f64::midpoint(low, high)).exp())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::eval::proper::log_loss;

    #[test]
    fn extremes_stay_within_the_range() {
        let mut right = Judgements::of(2, []);
        assert_eq!(fit(&right), None);
        right.push(0, [0.9, 0.1]);
        assert!((fit(&right).unwrap() - RANGE.0).abs() < 1e-6);
        let mut wrong = Judgements::of(2, []);
        wrong.push(1, [0.9, 0.1]);
        assert!((fit(&wrong).unwrap() - RANGE.1).abs() < 1e-6);
    }

    proptest! {
        #[test]
        fn no_other_temperature_is_better(
            rows in prop::collection::vec((0..3_usize, [1..99_u8, 1..99_u8, 1..99_u8]), 3..40)
        ) {
            let mut judgements = Judgements::of(3, []);
            for (truth, weights) in &rows {
                let sum: f64 = weights.iter().copied().map(f64::from).sum();
                judgements.push(*truth, weights.map(|w| f64::from(w) / sum));
            }
            let loss = |t: f64| log_loss(&judgements.at_temperature(t)).unwrap();
            let best = loss(fit(&judgements).unwrap());
            for step in 0..=60 {
                let t = RANGE.0 * (RANGE.1 / RANGE.0).powf(f64::from(step) / 60.0);
                prop_assert!(best <= loss(t) + 1e-9, "{t}");
            }
        }
    }
}
