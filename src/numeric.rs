//! Small numeric functions that several stages share.

/// The softmax of logits: probabilities that sum to 1. Logits of negative infinity get 0; all others must be finite.
#[must_use]
pub fn softmax(logits: &[f64]) -> Vec<f64> {
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let exponentials: Vec<f64> = logits.iter().map(|logit| (logit - largest).exp()).collect();
    let sum: f64 = exponentials.iter().sum();
    exponentials.into_iter().map(|e| e / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_sum_to_one_however_large_the_logits() {
        assert_eq!(softmax(&[1000.0, 1000.0]), [0.5, 0.5]);
        let three = softmax(&[0.0, 1.0, f64::NEG_INFINITY]);
        assert!((three[1] / three[0] - std::f64::consts::E).abs() < 1e-12 && three[2] == 0.0);
    }
}
