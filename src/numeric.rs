//! Small numeric functions that several stages share.

/// The softmax of logits: probabilities that sum to 1. Logits of negative infinity get 0; all others must be finite.
#[must_use]
pub fn softmax(logits: &[f64]) -> Vec<f64> {
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let exponentials: Vec<f64> = logits.iter().map(|logit| (logit - largest).exp()).collect();
    let sum: f64 = exponentials.iter().sum();
    exponentials.into_iter().map(|e| e / sum).collect()
}

/// The index of the first of the largest values; 0 where there are none.
pub fn argmax<T: PartialOrd>(values: &[T]) -> usize {
    values.iter().enumerate().fold(0, |best, (i, value)| if *value > values[best] { i } else { best })
}

/// The quantile `q` (0 to 1) of ascending numbers, between two where it falls between them, as NumPy's default; NaN
/// where there are none.
pub(crate) fn quantile(ascending: &[f64], q: f64) -> f64 {
    let place = q * ascending.len().saturating_sub(1) as f64;
    let (below, above) = (ascending.get(place.floor() as usize), ascending.get(place.ceil() as usize));
    match (below, above) {
        (Some(below), Some(above)) => below + (above - below) * place.fract(),
        _ => f64::NAN,
    }
}

/// A number as it is written with so many digits behind the point; what is then 0 has no minus.
pub(crate) fn written(value: f64, digits: usize) -> f64 {
    let power = 10f64.powi(i32::try_from(digits).unwrap_or(0));
    (value * power).round() / power + 0.0
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

    #[test]
    fn of_equal_values_the_first_is_the_largest() {
        assert_eq!((argmax(&[1.0, 3.0, 3.0]), argmax::<f32>(&[])), (1, 0));
        assert_eq!(argmax(&[1.0, f64::NAN, 2.0]), 2);
    }

    #[test]
    fn what_is_written_as_0_has_no_minus() {
        let texts = [-0.04, -0.0, 0.04, -0.06].map(|value| format!("{:+.1}", written(value, 1)));
        assert_eq!(texts, ["+0.0", "+0.0", "+0.0", "-0.1"]);
    }

    #[test]
    fn quantiles_are_numpy_s() {
        // numpy.percentile([0, 1, …, 10], [2.5, 97.5])
        let numbers: Vec<f64> = (0..=10).map(f64::from).collect();
        assert!((quantile(&numbers, 0.025) - 0.25).abs() < 1e-12 && (quantile(&numbers, 0.975) - 9.75).abs() < 1e-12);
        assert_eq!((quantile(&[1.0, 2.0, 3.0, 4.0], 0.25), quantile(&[5.0], 0.9)), (1.75, 5.0));
        assert!(quantile(&[], 0.5).is_nan());
    }
}
