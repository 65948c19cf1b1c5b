//! Centred log-probabilities as coordinates of the plane in which they lie: one fewer than classes, so that covariances
//! have inverses. The basis is Helmert's: lengths and angles stay.

/// Log-probabilities below this are taken for it: what rounds to 0 says "impossible" no more strongly.
const LEAST: f64 = -60.0;

/// The coordinates of log-probabilities less their mean.
pub(super) fn coordinates(logs: &[f32]) -> Vec<f64> {
    let logs: Vec<f64> = logs.iter().map(|&log| if log.is_nan() { LEAST } else { f64::from(log).max(LEAST) }).collect();
    let mut sum = 0.0;
    (1..logs.len())
        .map(|j| {
            sum += logs[j - 1];
            (sum - j as f64 * logs[j]) / norm(j)
        })
        .collect()
}

/// What the coordinates stand for: as many values as classes, whose sum is 0.
pub(super) fn centred(coordinates: &[f64]) -> Vec<f64> {
    let mut values = vec![0.0; coordinates.len() + 1];
    for (j, coordinate) in (1..).zip(coordinates) {
        values[..j].iter_mut().for_each(|value| *value += coordinate / norm(j));
        values[j] -= j as f64 * coordinate / norm(j);
    }
    values
}

fn norm(j: usize) -> f64 {
    ((j * (j + 1)) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_is_the_centred_vector_at_the_same_length() {
        let logs = [-0.1f32, -3.0, -2.5, -7.0];
        let mean = logs.iter().sum::<f32>() / 4.0;
        let coordinates = coordinates(&logs);
        let back = centred(&coordinates);
        assert_eq!(coordinates.len(), 3);
        for (back, log) in back.iter().zip(logs) {
            assert!((back - f64::from(log - mean)).abs() < 1e-6);
        }
        let length = |values: &[f64]| values.iter().map(|v| v * v).sum::<f64>();
        assert!((length(&coordinates) - length(&back)).abs() < 1e-9);
        assert!(super::coordinates(&[f32::NEG_INFINITY, 0.0]).iter().all(|c| c.is_finite()));
    }
}
