//! What to listen to first: the clips with the least probable truth, and the emotions that are most confused.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Confusion;
use crate::{numeric::argmax, run::Predictions};

/// A clip with the probabilities it was given, their mean over seeds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JudgedClip {
    /// The clip's id.
    pub clip: String,
    /// The class it is, an index into the classes.
    pub truth: usize,
    /// The most probable class, an index into the classes.
    pub prediction: usize,
    /// The probability of every class.
    pub probabilities: Vec<f64>,
}

/// The `n` clips whose own class was given the least probability, the worst first.
#[must_use]
pub fn worst(predictions: &Predictions, n: usize) -> Vec<JudgedClip> {
    let mut sums = BTreeMap::<&str, (usize, usize, Vec<f64>)>::new();
    for row in &predictions.rows {
        let new = || (row.truth, 0, vec![0.0; row.probabilities.len()]);
        let (_, times, sum) = sums.entry(&row.clip).or_insert_with(new);
        *times += 1;
        sum.iter_mut().zip(&row.probabilities).for_each(|(sum, &p)| *sum += f64::from(p));
    }
    let mut clips: Vec<JudgedClip> = sums
        .into_iter()
        .map(|(clip, (truth, times, sum))| {
            let probabilities: Vec<f64> = sum.into_iter().map(|p| p / times as f64).collect();
            let prediction = argmax(&probabilities);
            JudgedClip { clip: clip.to_owned(), truth, prediction, probabilities }
        })
        .collect();
    // Stable: of equals the first by name.
    clips.sort_by(|a, b| a.probabilities[a.truth].total_cmp(&b.probabilities[b.truth]));
    clips.truncate(n);
    clips
}

/// One emotion taken for another.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConfusedPair {
    /// The class they are.
    pub truth: String,
    /// The class they were taken for.
    pub prediction: String,
    /// How many.
    pub count: u64,
    /// The share of the true class's clips, 0 to 1.
    pub share: f64,
}

/// The pairs of different emotions that were most confused, the greatest share of the true emotion first: at most a
/// thousand, which are all of 32 emotions.
#[must_use]
pub fn confused(confusion: &Confusion) -> Vec<ConfusedPair> {
    const MOST: usize = 1_000;
    let mut pairs = vec![];
    for ((truth, row), support) in confusion.counts.iter().enumerate().zip(confusion.support()) {
        for (prediction, &count) in row.iter().enumerate().filter(|&(other, &count)| other != truth && count > 0) {
            pairs.push((count as f64 / support as f64, count, truth, prediction));
        }
    }
    // Stable: of equals the first by class.
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)));
    pairs.truncate(MOST);
    let name = |class: usize| confusion.classes[class].clone();
    let pair = |(share, count, truth, prediction)| ConfusedPair {
        truth: name(truth),
        prediction: name(prediction),
        count,
        share,
    };
    pairs.into_iter().map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::test_support;

    #[test]
    fn the_worst_clip_is_the_one_whose_class_is_least_probable_over_seeds() {
        let mut predictions = test_support::predictions(2, 10, 2, &[1, 2], 1.0);
        let all_but_one = worst(&predictions, 19);
        assert_eq!(all_but_one.len(), 19);
        for row in predictions.rows.iter_mut().filter(|row| row.clip == "c/1/003") {
            row.probabilities = vec![if row.seed == 1 { 1.0 } else { 0.5 }, if row.seed == 1 { 0.0 } else { 0.5 }];
        }
        let [first] = &worst(&predictions, 1)[..] else { panic!() };
        assert_eq!((first.clip.as_str(), first.truth, first.prediction), ("c/1/003", 1, 0));
        assert_eq!(first.probabilities, [0.75, 0.25]);
    }

    #[test]
    fn pairs_are_by_share_of_the_true_emotion() {
        let names = ["a", "b", "c"].map(str::to_owned).to_vec();
        let confusion = Confusion::new(names, vec![vec![90, 10, 0], vec![5, 4, 1], vec![0, 0, 0]]).unwrap();
        let pairs: Vec<_> =
            confused(&confusion).into_iter().map(|p| (p.truth, p.prediction, p.count, p.share)).collect();
        let pair = |t: &str, p: &str, count, share| (t.to_owned(), p.to_owned(), count, share);
        assert_eq!(pairs, [pair("b", "a", 5, 0.5), pair("a", "b", 10, 0.1), pair("b", "c", 1, 0.1)]);
    }
}
