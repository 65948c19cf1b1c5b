//! Figures of the order of probabilities: top-k accuracy and the area under the ROC curve.

use super::Judgements;

/// The share of clips whose true class is among the `k` most probable (`top_k_accuracy_score`). Of equally probable
/// classes the first counts as the more probable, as it does where the prediction is picked. `None` without clips.
#[must_use]
pub fn top_k(judgements: &Judgements, k: usize) -> Option<f64> {
    let within = judgements.rows().filter(|&(truth, row)| {
        let own = row[truth];
        row.iter().enumerate().filter(|&(class, &p)| p > own || (p == own && class < truth)).count() < k
    });
    (!judgements.is_empty()).then(|| within.count() as f64 / judgements.len() as f64)
}

/// The area under each class's one-versus-rest ROC curve (`roc_auc_score` of the class's indicator): how likely a clip
/// of the class is given a higher probability of it than a clip of another class; ties count half. `None` for a class
/// that no clip or every clip is of.
///
/// It compares probabilities across clips, and over pooled folds across models.
#[must_use]
pub fn auroc_by_class(judgements: &Judgements) -> Vec<Option<f64>> {
    (0..judgements.classes())
        .map(|class| area(judgements.rows().map(|(truth, row)| (row[class], truth == class)).collect()))
        .collect()
}

/// The unweighted mean of the areas that exist (`roc_auc_score(multi_class="ovr")`, which refuses where one does not).
#[must_use]
pub fn macro_auroc(areas: &[Option<f64>]) -> Option<f64> {
    let known: Vec<f64> = areas.iter().flatten().copied().collect();
    (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
}

/// Mann and Whitney's U over the number of pairs.
fn area(mut scored: Vec<(f64, bool)>) -> Option<f64> {
    let positives = scored.iter().filter(|(_, positive)| *positive).count();
    let negatives = scored.len() - positives;
    if positives == 0 || negatives == 0 {
        return None;
    }
    scored.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut won) = (0_u64, 0_u64);
    for ties in scored.chunk_by(|a, b| a.0 == b.0) {
        let of_class = ties.iter().filter(|(_, positive)| *positive).count() as u64;
        let others = ties.len() as u64 - of_class;
        // Twice the wins, so that half a win is a whole number.
        won += of_class * (2 * below + others);
        below += others;
    }
    Some(won as f64 / (2.0 * positives as f64 * negatives as f64))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn judged(rows: &[(usize, [u8; 3])]) -> Judgements {
        let mut judgements = Judgements::of(3, []);
        for (truth, row) in rows {
            judgements.push(*truth, row.map(f64::from));
        }
        judgements
    }

    #[test]
    fn a_class_without_clips_or_with_all_of_them_has_no_area() {
        let judgements = judged(&[(0, [3, 2, 1]), (0, [1, 2, 3])]);
        assert_eq!(auroc_by_class(&judgements), [None, None, None]);
        assert_eq!(macro_auroc(&[None, None]), None);
        assert_eq!(macro_auroc(&[None, Some(0.5), Some(1.0)]), Some(0.75));
        assert_eq!(top_k(&Judgements::of(3, []), 2), None);
    }

    proptest! {
        #[test]
        fn both_equal_comparing_one_by_one(
            rows in prop::collection::vec((0..3_usize, [0..6_u8, 0..6_u8, 0..6_u8]), 1..60)
        ) {
            let judgements = judged(&rows);
            for (class, ours) in auroc_by_class(&judgements).into_iter().enumerate() {
                let (mut pairs, mut won) = (0.0, 0.0);
                for (_, positive) in rows.iter().filter(|(truth, _)| *truth == class) {
                    for (_, negative) in rows.iter().filter(|(truth, _)| *truth != class) {
                        pairs += 1.0;
                        won += match positive[class].cmp(&negative[class]) {
                            std::cmp::Ordering::Greater => 1.0,
                            std::cmp::Ordering::Equal => 0.5,
                            std::cmp::Ordering::Less => 0.0,
                        };
                    }
                }
                match ours {
                    None => prop_assert!(pairs == 0.0),
                    Some(area) => prop_assert!((area - won / pairs).abs() < 1e-12),
                }
            }
            for k in 1..=3 {
                let within = rows.iter().filter(|(truth, row)| {
                    let mut order = [0, 1, 2];
                    order.sort_by_key(|&class| std::cmp::Reverse(row[class]));
                    order[..k].contains(truth)
                });
                let expected = within.count() as f64 / rows.len() as f64;
                prop_assert!((top_k(&judgements, k).unwrap() - expected).abs() < 1e-12);
            }
        }
    }
}
