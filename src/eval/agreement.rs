//! Agreement of truth and prediction beyond chance, from the confusion matrix alone.

use super::Confusion;

/// Cohen's kappa (J. Cohen, "A coefficient of agreement for nominal scales", 1960), as scikit-learn's
/// `cohen_kappa_score`: 1 for perfect agreement, 0 for that of chance. `None` where chance alone must agree: without
/// clips, or where a single class is both all truth and all predictions.
#[must_use]
pub fn kappa(confusion: &Confusion) -> Option<f64> {
    let n = confusion.total() as f64;
    let by_chance: f64 =
        confusion.support().into_iter().zip(confusion.predicted()).map(|(t, p)| t as f64 * p as f64).sum::<f64>() / n;
    let agreed = confusion.correct() as f64;
    (n > 0.0 && by_chance < n).then(|| (agreed - by_chance) / (n - by_chance))
}

/// Matthews' correlation coefficient for any number of classes (J. Gorodkin, "Comparing two K-category assignments by a
/// K-category correlation coefficient", 2004), as scikit-learn's `matthews_corrcoef`: −1 to 1, and 0 where truth or
/// prediction is one class throughout, with which nothing correlates.
#[must_use]
pub fn mcc(confusion: &Confusion) -> f64 {
    let n = confusion.total() as f64;
    let (support, predicted) = (confusion.support(), confusion.predicted());
    let dot = |a: &[u64], b: &[u64]| a.iter().zip(b).map(|(a, b)| *a as f64 * *b as f64).sum::<f64>();
    let together = confusion.correct() as f64 * n - dot(&support, &predicted);
    let alone = (n * n - dot(&support, &support)) * (n * n - dot(&predicted, &predicted));
    if alone > 0.0 { together / alone.sqrt() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn confusion(pairs: &[(usize, usize)]) -> Confusion {
        Confusion::from_pairs((0..4).map(|class| class.to_string()).collect(), pairs.iter().copied()).unwrap()
    }

    #[test]
    fn nothing_can_be_said_of_a_single_class() {
        let one = confusion(&[(2, 2), (2, 2)]);
        assert_eq!((kappa(&one), mcc(&one)), (None, 0.0));
        let none = confusion(&[]);
        assert_eq!((kappa(&none), mcc(&none)), (None, 0.0));
    }

    proptest! {
        /// Kappa as the definition says it, with shares; MCC as the correlation of indicator vectors, clip by clip.
        #[test]
        fn both_equal_their_definitions(pairs in prop::collection::vec((0..4_usize, 0..4_usize), 1..120)) {
            let n = pairs.len() as f64;
            let share = |wanted: &dyn Fn(usize, usize) -> bool| {
                pairs.iter().filter(|&&(t, p)| wanted(t, p)).count() as f64 / n
            };
            let observed = share(&|t, p| t == p);
            let expected: f64 = (0..4).map(|c| share(&|t, _| t == c) * share(&|_, p| p == c)).sum();
            match kappa(&confusion(&pairs)) {
                None => prop_assert!((expected - 1.0).abs() < 1e-12),
                Some(kappa) => prop_assert!((kappa - (observed - expected) / (1.0 - expected)).abs() < 1e-9),
            }
            let (mut together, mut truths, mut predictions) = (0.0, 0.0, 0.0);
            for class in 0..4 {
                let (mean_t, mean_p) = (share(&|t, _| t == class), share(&|_, p| p == class));
                for &(t, p) in &pairs {
                    let t = f64::from(u8::from(t == class)) - mean_t;
                    let p = f64::from(u8::from(p == class)) - mean_p;
                    together += t * p;
                    truths += t * t;
                    predictions += p * p;
                }
            }
            let alone = (truths * predictions).sqrt();
            let expected = if alone > 1e-9 { together / alone } else { 0.0 };
            prop_assert!((mcc(&confusion(&pairs)) - expected).abs() < 1e-9);
        }
    }
}
