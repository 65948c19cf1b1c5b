//! UAR, accuracy and macro F1 from counts by class alone: of resamples and groups, for which a confusion matrix would be
//! too large.

/// Counts by class.
#[derive(Debug, Clone)]
pub(super) struct Tally {
    hits: Vec<u64>,
    support: Vec<u64>,
    predicted: Vec<u64>,
}

impl Tally {
    /// Without predictions.
    pub(super) fn new(classes: usize) -> Self {
        Self { hits: vec![0; classes], support: vec![0; classes], predicted: vec![0; classes] }
    }

    /// Adds predictions of one class for clips of one class.
    pub(super) fn add(&mut self, truth: usize, prediction: usize, times: u64) {
        self.support[truth] += times;
        self.predicted[prediction] += times;
        if truth == prediction {
            self.hits[truth] += times;
        }
    }

    /// How many classes have clips.
    pub(super) fn classes(&self) -> usize {
        self.support.iter().filter(|&&support| support > 0).count()
    }

    /// UAR, WA and macro F1, as [`super::Scores`] has them.
    pub(super) fn figures(&self) -> [f64; 3] {
        let (mut recalls, mut present, mut f1s) = (0.0, 0_usize, 0.0);
        for ((&hits, &support), &predicted) in self.hits.iter().zip(&self.support).zip(&self.predicted) {
            if support > 0 {
                recalls += hits as f64 / support as f64;
                present += 1;
            }
            if support + predicted > 0 {
                f1s += 2.0 * hits as f64 / (support + predicted) as f64;
            }
        }
        let (right, all): (u64, u64) = (self.hits.iter().sum(), self.support.iter().sum());
        [recalls / present as f64, right as f64 / all as f64, f1s / self.hits.len() as f64]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::eval::{Confusion, Scores};

    proptest! {
        #[test]
        fn figures_equal_the_scores(pairs in prop::collection::vec((0..4_usize, 0..4_usize), 1..100)) {
            let classes: Vec<String> = (0..4).map(|class| class.to_string()).collect();
            let mut tally = Tally::new(4);
            pairs.iter().for_each(|&(truth, prediction)| tally.add(truth, prediction, 1));
            let scores = Scores::of(&Confusion::from_pairs(classes, pairs).unwrap()).unwrap();
            let [uar, wa, macro_f1] = tally.figures();
            prop_assert!((uar - scores.uar).abs() < 1e-12);
            prop_assert!((wa - scores.wa).abs() < 1e-12);
            prop_assert!((macro_f1 - scores.macro_f1).abs() < 1e-12);
        }
    }
}
