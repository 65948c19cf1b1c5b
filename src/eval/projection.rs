//! Principal components (K. Pearson, 1901): the two directions in which the penultimate layer's vectors differ most, so
//! that clips can be drawn as points of a plane.

use std::collections::HashMap;

use serde::Serialize;

use crate::run::{Embeddings, Predictions};

/// One run's test clips in the plane of their two principal components. Networks of other runs have other vectors, and
/// would not fit into it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Projection {
    /// The run's fold.
    pub fold: String,
    /// The run's seed.
    pub seed: u64,
    /// The share of the variance that each component has, 0 to 1.
    pub explained: [f64; 2],
    /// The clips, in the order of the predictions.
    pub points: Vec<Point>,
}

/// A clip in the plane.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Point {
    /// The clip's id.
    pub clip: String,
    /// Its class.
    pub truth: usize,
    /// Its place along the first component and the second, in the vectors' own unit.
    pub place: [f64; 2],
}

impl Projection {
    /// Of one run's predictions and vectors. The order of either does not matter.
    ///
    /// # Errors
    ///
    /// What is wrong with the vectors: a clip that lacks one or has two, lengths that differ, fewer than three clips.
    pub fn of(predictions: &Predictions, embeddings: &Embeddings) -> Result<Self, String> {
        let mut by_clip: HashMap<&str, &Vec<f32>> = HashMap::new();
        for (clip, vector) in embeddings.clips.iter().zip(&embeddings.vectors) {
            if by_clip.insert(clip, vector).is_some() {
                return Err(format!("{clip} stands twice"));
            }
        }
        let mut rows: Vec<_> = predictions.rows.iter().collect();
        rows.sort_by(|a, b| a.clip.cmp(&b.clip));
        let (Some(first), 3..) = (rows.first(), rows.len()) else { return Err("has fewer than three clips".into()) };
        let mut vectors = Vec::with_capacity(rows.len());
        for row in &rows {
            let vector = by_clip.get(row.clip.as_str()).ok_or_else(|| format!("has no row of {}", row.clip))?;
            vectors.push(vector.iter().map(|&x| f64::from(x)).collect::<Vec<f64>>());
            if vectors[0].len() != vector.len() {
                return Err(format!("{} has {} numbers and not {}", row.clip, vector.len(), vectors[0].len()));
            }
        }
        let (places, explained) = components(vectors);
        let points = rows.iter().zip(places);
        let points = points.map(|(row, place)| Point { clip: row.clip.clone(), truth: row.truth, place }).collect();
        Ok(Self { fold: first.fold.clone(), seed: first.seed, explained, points })
    }
}

/// The vectors along their first two components, and the share of the variance that each has.
fn components(mut vectors: Vec<Vec<f64>>) -> (Vec<[f64; 2]>, [f64; 2]) {
    let (n, dims) = (vectors.len() as f64, vectors.first().map_or(0, Vec::len));
    let mean: Vec<f64> = (0..dims).map(|i| vectors.iter().map(|v| v[i]).sum::<f64>() / n).collect();
    vectors.iter_mut().for_each(|vector| vector.iter_mut().zip(&mean).for_each(|(x, mean)| *x -= mean));
    // [dims][dims]
    let mut covariance = vec![vec![0.0; dims]; dims];
    for vector in &vectors {
        for (row, a) in covariance.iter_mut().zip(vector) {
            row.iter_mut().zip(vector).for_each(|(sum, b)| *sum += a * b / (n - 1.0));
        }
    }
    let total: f64 = (0..dims).map(|i| covariance[i][i]).sum();
    let mut explained = [0.0; 2];
    let mut axes = [vec![0.0; dims], vec![0.0; dims]];
    for (axis, share) in axes.iter_mut().zip(&mut explained) {
        let variance;
        (*axis, variance) = greatest(&covariance);
        *share = if total > 0.0 { variance / total } else { 0.0 };
        // What is left without this direction.
        for (row, a) in covariance.iter_mut().zip(axis.iter()) {
            row.iter_mut().zip(axis.iter()).for_each(|(x, b)| *x -= variance * a * b);
        }
    }
    let along = |vector: &[f64], axis: &[f64]| vector.iter().zip(axis).map(|(x, a)| x * a).sum::<f64>();
    (vectors.iter().map(|vector| [along(vector, &axes[0]), along(vector, &axes[1])]).collect(), explained)
}

/// The direction of the greatest variance and how great it is, by power iteration.
fn greatest(covariance: &[Vec<f64>]) -> (Vec<f64>, f64) {
    const STEPS: usize = 5_000;
    let norm = |vector: &[f64]| vector.iter().map(|x| x * x).sum::<f64>().sqrt();
    // Start from the column of largest norm.
    let start = covariance.iter().max_by(|a, b| norm(a).total_cmp(&norm(b)));
    let mut axis: Vec<f64> = start.cloned().unwrap_or_default();
    let mut variance = 0.0;
    for _ in 0..STEPS {
        let length = norm(&axis);
        if length <= f64::MIN_POSITIVE {
            return (vec![0.0; covariance.len()], 0.0);
        }
        axis.iter_mut().for_each(|x| *x /= length);
        let next: Vec<f64> = covariance.iter().map(|row| row.iter().zip(&axis).map(|(a, b)| a * b).sum()).collect();
        variance = norm(&next);
        let turned = next.iter().zip(&axis).map(|(a, b)| (a / variance.max(f64::MIN_POSITIVE) - b).abs()).sum::<f64>();
        if turned < 1e-10 {
            break;
        }
        axis = next;
    }
    let length = norm(&axis).max(f64::MIN_POSITIVE);
    // Of the two directions of an axis that in which its greatest part is positive.
    let greatest = axis.iter().copied().fold(0.0, |a: f64, b| if b.abs() > a.abs() { b } else { a });
    axis.iter_mut().for_each(|x| *x *= greatest.signum() / length);
    (axis, variance)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::eval::test_support;

    #[test]
    fn a_long_ellipse_lies_along_the_first_component() {
        // 3-4-5: the long axis is (0.6, 0.8), the short one (-0.8, 0.6).
        let turned = |along: f64, across: f64| vec![7.0 + 0.6 * along - 0.8 * across, 0.8 * along + 0.6 * across - 2.0];
        let (places, explained) =
            components(vec![turned(3.0, 0.0), turned(-3.0, 0.0), turned(0.0, 1.0), turned(0.0, -1.0)]);
        for (place, expected) in places.iter().zip([[3.0, 0.0], [-3.0, 0.0], [0.0, 1.0], [0.0, -1.0]]) {
            // The second axis's greatest part is the 0.8 that is negative above.
            assert!((place[0] - expected[0]).abs() < 1e-8 && (place[1] + expected[1]).abs() < 1e-8, "{place:?}");
        }
        assert!((explained[0] - 0.9).abs() < 1e-9 && (explained[1] - 0.1).abs() < 1e-9, "{explained:?}");
    }

    #[test]
    fn equal_vectors_are_one_point() {
        assert_eq!(components(vec![vec![1.0, 2.0]; 4]), (vec![[0.0; 2]; 4], [0.0; 2]));
    }

    #[test]
    fn what_does_not_fit_the_predictions_is_named() {
        let predictions = test_support::predictions(2, 5, 2, &[1], 0.5);
        let clips: Vec<String> = predictions.rows.iter().map(|row| row.clip.clone()).collect();
        let vectors: Vec<Vec<f32>> = (0..clips.len()).map(|i| vec![i as f32, (i * i) as f32]).collect();
        let good = Embeddings { clips, vectors };
        let found = Projection::of(&predictions, &good).unwrap();
        assert_eq!(found.points.len(), 10);
        let mut turned = good.clone();
        turned.clips.reverse();
        turned.vectors.reverse();
        assert_eq!(Projection::of(&predictions, &turned).unwrap(), found);
        type Damage = fn(&mut Embeddings);
        let wrong: [(&str, Damage); 3] = [
            ("has no row of c/1/004", |of| of.clips[9] = "c/9/9".into()),
            ("c/0/000 stands twice", |of| of.clips[1] = "c/0/000".into()),
            ("has 1 numbers", |of| of.vectors[3].truncate(1)),
        ];
        for (expected, change) in wrong {
            let mut bad = good.clone();
            change(&mut bad);
            let error = Projection::of(&predictions, &bad).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_direction_has_more_variance_than_the_first_component(
            vectors in prop::collection::vec(prop::collection::vec(-1.0..1.0_f64, 3), 4..20),
            direction in prop::collection::vec(-1.0..1.0_f64, 3),
        ) {
            let n = vectors.len() as f64;
            let variance = |values: &[f64]| {
                let mean = values.iter().sum::<f64>() / n;
                values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0)
            };
            let (places, explained) = components(vectors.clone());
            let first = variance(&places.iter().map(|place| place[0]).collect::<Vec<_>>());
            let second = variance(&places.iter().map(|place| place[1]).collect::<Vec<_>>());
            let length = direction.iter().map(|x| x * x).sum::<f64>().sqrt().max(1e-9);
            let along: Vec<f64> =
                vectors.iter().map(|v| v.iter().zip(&direction).map(|(x, d)| x * d / length).sum()).collect();
            prop_assert!(variance(&along) <= first * (1.0 + 1e-6) + 1e-9);
            prop_assert!(second <= first * (1.0 + 1e-6) && explained[0] + explained[1] <= 1.0 + 1e-9);
            let together: f64 = places.iter().map(|place| place[0] * place[1]).sum::<f64>() / n;
            prop_assert!(together.abs() < 1e-3 * first.max(1e-9), "the components are not independent: {together}");
        }
    }
}
