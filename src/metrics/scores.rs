//! UAR, WA, F1 and the figures per class, by scikit-learn's definitions with `zero_division=0`.
//!
//! All are fractions from 0 to 1. The label set is all classes of the confusion matrix: a class without test clips
//! has a row with support 0 and counts as 0 in the macro averages, exactly as `classification_report` with `labels`
//! given. UAR alone leaves it out, as `balanced_accuracy_score` does: there is no recall of clips that do not exist.

use serde::{Deserialize, Serialize};

use super::Confusion;
use crate::error::{Error, Result};

/// The figures of one set of predictions; fractions from 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Unweighted average recall: the mean recall of the classes that have clips (`balanced_accuracy_score`).
    pub uar: f64,
    /// Weighted accuracy: the fraction of all clips recognised (`accuracy_score`).
    pub wa: f64,
    /// Mean F1 of all classes; a class without clips counts as 0.
    pub macro_f1: f64,
    /// Mean F1 of all classes, each weighted by its number of clips.
    pub weighted_f1: f64,
    /// Number of clips.
    pub n: u64,
    /// One entry per class, in the order of the confusion matrix.
    pub per_class: Vec<ClassScores>,
    /// Unweighted means over all classes.
    pub macro_avg: Average,
    /// Means over all classes, each weighted by its number of clips.
    pub weighted_avg: Average,
}

/// The figures of one class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassScores {
    /// The class name.
    pub class: String,
    /// Of the clips taken for this class, the fraction that are; 0 when none was.
    pub precision: f64,
    /// Of the clips of this class, the fraction recognised; 0 when there are none.
    pub recall: f64,
    /// Harmonic mean of precision and recall; 0 when the class has neither clips nor predictions.
    pub f1: f64,
    /// Number of clips of this class.
    pub support: u64,
}

/// Precision, recall and F1 averaged over the classes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Average {
    /// Averaged precision.
    pub precision: f64,
    /// Averaged recall. The weighted one equals [`Scores::wa`]; the macro one equals [`Scores::uar`] where every class
    /// has clips.
    pub recall: f64,
    /// Averaged F1.
    pub f1: f64,
}

impl Scores {
    /// Computes all figures; an error if there is not a single clip.
    pub fn of(confusion: &Confusion) -> Result<Self> {
        let (Some(uar), Some(wa)) = (uar(confusion), wa(confusion)) else {
            return Err(Error::Data("there are no predictions to score".into()));
        };
        let per_class = per_class(confusion);
        let macro_avg = average(&per_class, |_| 1.0);
        let weighted_avg = average(&per_class, |class| class.support as f64);
        Ok(Self {
            uar,
            wa,
            macro_f1: macro_avg.f1,
            weighted_f1: weighted_avg.f1,
            n: confusion.total(),
            per_class,
            macro_avg,
            weighted_avg,
        })
    }
}

/// Unweighted average recall, 0 to 1: the mean recall of the classes that have clips; `None` without any clip.
#[must_use]
pub fn uar(confusion: &Confusion) -> Option<f64> {
    let recalls: Vec<f64> = confusion
        .hits()
        .into_iter()
        .zip(confusion.support())
        .filter(|&(_, support)| support > 0)
        .map(|(hits, support)| ratio(hits, support))
        .collect();
    (!recalls.is_empty()).then(|| numpy_sum(&recalls) / recalls.len() as f64)
}

/// Weighted accuracy, 0 to 1: the fraction of all clips recognised; `None` without any clip.
#[must_use]
pub fn wa(confusion: &Confusion) -> Option<f64> {
    let total = confusion.total();
    (total > 0).then(|| ratio(confusion.correct(), total))
}

fn per_class(confusion: &Confusion) -> Vec<ClassScores> {
    let (hits, support, predicted) = (confusion.hits(), confusion.support(), confusion.predicted());
    confusion
        .classes
        .iter()
        .zip(hits)
        .zip(support.into_iter().zip(predicted))
        .map(|((class, hits), (support, predicted))| ClassScores {
            class: class.clone(),
            precision: ratio(hits, predicted),
            recall: ratio(hits, support),
            f1: ratio(2 * hits, support + predicted),
            support,
        })
        .collect()
}

fn average(classes: &[ClassScores], weight: impl Fn(&ClassScores) -> f64) -> Average {
    let weights: Vec<f64> = classes.iter().map(&weight).collect();
    let total = numpy_sum(&weights);
    let mean = |figure: fn(&ClassScores) -> f64| {
        let weighted: Vec<f64> = classes.iter().zip(&weights).map(|(class, weight)| figure(class) * weight).collect();
        numpy_sum(&weighted) / total
    };
    Average { precision: mean(|c| c.precision), recall: mean(|c| c.recall), f1: mean(|c| c.f1) }
}

/// `zero_division=0`: nothing out of nothing is 0.
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// The sum in the order in which NumPy adds, which decides the last printed digit of a mean that lies half-way
/// between two: eight interleaved partial sums from eight elements on, one after the other below; more than 128 in
/// two halves.
fn numpy_sum(values: &[f64]) -> f64 {
    if values.len() > 128 {
        let half = values.len() / 2;
        let (first, second) = values.split_at(half - half % 8);
        return numpy_sum(first) + numpy_sum(second);
    }
    let (blocks, rest) = values.as_chunks::<8>();
    let [first, others @ ..] = blocks else {
        return rest.iter().sum();
    };
    let mut lanes = *first;
    for block in others {
        for (lane, value) in lanes.iter_mut().zip(block) {
            *lane += value;
        }
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    rest.iter().fold(((a + b) + (c + d)) + ((e + f) + (g + h)), |sum, value| sum + value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What scikit-learn says of the same predictions; made by `scripts/golden_report.py`.
    #[derive(Deserialize)]
    struct Golden {
        classes: Vec<String>,
        truth: Vec<usize>,
        prediction: Vec<usize>,
        counts: Vec<Vec<u64>>,
        uar: f64,
        wa: f64,
        macro_f1: f64,
        weighted_f1: f64,
        per_class: Vec<ClassScores>,
        macro_avg: [f64; 3],
        weighted_avg: [f64; 3],
    }

    #[test]
    fn figures_equal_those_of_scikit_learn() {
        for (name, json) in [
            ("two classes", include_str!("../../tests/golden/report_two_classes.json")),
            ("seven classes", include_str!("../../tests/golden/report_seven_classes.json")),
            ("eight long names", include_str!("../../tests/golden/report_eight_long_names.json")),
            ("class without clips", include_str!("../../tests/golden/report_class_without_clips.json")),
            ("class never predicted", include_str!("../../tests/golden/report_class_never_predicted.json")),
            ("neither", include_str!("../../tests/golden/report_neither_clips_nor_predictions.json")),
            ("all right", include_str!("../../tests/golden/report_all_right.json")),
            ("all wrong", include_str!("../../tests/golden/report_all_wrong.json")),
        ] {
            let golden: Golden = serde_json::from_str(json).unwrap();
            let pairs = golden.truth.into_iter().zip(golden.prediction);
            let confusion = Confusion::from_pairs(golden.classes, pairs).unwrap();
            assert_eq!(confusion.counts, golden.counts, "{name}");
            let scores = Scores::of(&confusion).unwrap();
            // serde_json may read a number as its neighbour, hence not bit for bit; that the order of additions is
            // right shows in the printed report (`report::text`).
            let same = |ours: f64, theirs: f64| assert!((ours - theirs).abs() < 1e-15, "{name}: {ours} {theirs}");
            same(scores.uar, golden.uar);
            same(scores.wa, golden.wa);
            same(scores.macro_f1, golden.macro_f1);
            same(scores.weighted_f1, golden.weighted_f1);
            for (ours, theirs) in scores.per_class.iter().zip(&golden.per_class) {
                assert_eq!((&ours.class, ours.support), (&theirs.class, theirs.support), "{name}");
                same(ours.precision, theirs.precision);
                same(ours.recall, theirs.recall);
                same(ours.f1, theirs.f1);
            }
            for (ours, theirs) in [(scores.macro_avg, golden.macro_avg), (scores.weighted_avg, golden.weighted_avg)] {
                same(ours.precision, theirs[0]);
                same(ours.recall, theirs[1]);
                same(ours.f1, theirs[2]);
            }
        }
    }

    #[test]
    fn no_predictions_are_an_error_and_not_a_figure() {
        let confusion = Confusion::from_pairs(vec!["anger".into()], []).unwrap();
        assert!(Scores::of(&confusion).is_err());
    }

    proptest! {
        #[test]
        fn figures_equal_counting_clip_by_clip(
            pairs in prop::collection::vec((0..5_usize, 0..5_usize), 1..200)
        ) {
            let classes = (0..5).map(|class| class.to_string()).collect();
            let scores = Scores::of(&Confusion::from_pairs(classes, pairs.iter().copied()).unwrap()).unwrap();
            let count = |wanted: &dyn Fn(usize, usize) -> bool| {
                pairs.iter().filter(|&&(truth, prediction)| wanted(truth, prediction)).count() as f64
            };
            let or_zero = |value: f64| if value.is_nan() { 0.0 } else { value };
            let n = pairs.len() as f64;
            let (mut recalls, mut f1s, mut weighted_f1) = (vec![], vec![], 0.0);
            for (class, ours) in scores.per_class.iter().enumerate() {
                let hits = count(&|t, p| t == class && p == class);
                let (support, predicted) = (count(&|t, _| t == class), count(&|_, p| p == class));
                let (precision, recall) = (or_zero(hits / predicted), or_zero(hits / support));
                let f1 = or_zero(2.0 * precision * recall / (precision + recall));
                prop_assert!((ours.precision - precision).abs() < 1e-12);
                prop_assert!((ours.recall - recall).abs() < 1e-12);
                prop_assert!((ours.f1 - f1).abs() < 1e-12);
                prop_assert_eq!(ours.support as f64, support);
                if support > 0.0 {
                    recalls.push(recall);
                }
                f1s.push(f1);
                weighted_f1 += f1 * support / n;
            }
            let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
            prop_assert!((scores.uar - mean(&recalls)).abs() < 1e-12);
            prop_assert!((scores.wa - count(&|t, p| t == p) / n).abs() < 1e-12);
            prop_assert!((scores.macro_f1 - mean(&f1s)).abs() < 1e-12);
            prop_assert!((scores.weighted_f1 - weighted_f1).abs() < 1e-12);
            prop_assert!((scores.weighted_avg.recall - scores.wa).abs() < 1e-12);
        }

        #[test]
        fn sum_is_the_sum_whatever_the_length(values in prop::collection::vec(-1.0..1.0_f64, 0..40)) {
            prop_assert!((numpy_sum(&values) - values.iter().sum::<f64>()).abs() < 1e-12);
        }
    }
}
