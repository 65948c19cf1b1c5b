//! Proper scores: figures that are best, on average, where the probabilities are the true ones.

use super::Judgements;

/// Mean negative logarithm of the true class's probability, in nats: scikit-learn's `log_loss`, its lower bound on
/// probabilities (the machine epsilon of `f64`) included. `None` without clips.
#[must_use]
pub fn log_loss(judgements: &Judgements) -> Option<f64> {
    let sum: f64 = judgements.rows().map(|(truth, row)| -row[truth].clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln()).sum();
    (!judgements.is_empty()).then(|| sum / judgements.len() as f64)
}

/// Mean over clips of the squared distance between the probabilities and the truth, summed over classes: 0 to 2, as
/// Brier defined it (G. W. Brier, 1950) and `brier_score_loss(scale_by_half=False)` computes it. `None` without clips.
#[must_use]
pub fn brier(judgements: &Judgements) -> Option<f64> {
    let of = |(truth, row): (usize, &[f64])| -> f64 {
        row.iter().enumerate().map(|(class, p)| (p - f64::from(u8::from(class == truth))).powi(2)).sum()
    };
    (!judgements.is_empty()).then(|| judgements.rows().map(of).sum::<f64>() / judgements.len() as f64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn certainty_is_best_where_right_and_finite_where_wrong() {
        let mut judgements = Judgements::of(2, []);
        assert_eq!((log_loss(&judgements), brier(&judgements)), (None, None));
        judgements.push(0, [1.0, 0.0]);
        assert!(log_loss(&judgements).unwrap() < 1e-15 && brier(&judgements) == Some(0.0));
        judgements.push(0, [0.0, 1.0]);
        assert!((log_loss(&judgements).unwrap() - 36.04 / 2.0).abs() < 0.01, "{:?}", log_loss(&judgements));
        assert_eq!(brier(&judgements), Some(1.0));
    }

    proptest! {
        #[test]
        fn both_equal_their_definitions(
            rows in prop::collection::vec((0..3_usize, [1..99_u8, 1..99_u8, 1..99_u8]), 1..60)
        ) {
            let mut judgements = Judgements::of(3, []);
            let (mut product, mut distance) = (1.0_f64, 0.0);
            for (truth, weights) in &rows {
                let sum: f64 = weights.iter().copied().map(f64::from).sum();
                let row = weights.map(|w| f64::from(w) / sum);
                judgements.push(*truth, row);
                product *= row[*truth].powf(1.0 / rows.len() as f64);
                let mut wanted = [0.0; 3];
                wanted[*truth] = 1.0;
                distance += wanted.iter().zip(row).map(|(w, p)| (w - p) * (w - p)).sum::<f64>() / rows.len() as f64;
            }
            prop_assert!((log_loss(&judgements).unwrap() + product.ln()).abs() < 1e-9);
            prop_assert!((brier(&judgements).unwrap() - distance).abs() < 1e-9);
        }
    }
}
