//! Gain: the clip louder or softer.

/// Raises the level by `db`.
pub fn gain(samples: &mut [f32], db: f64) {
    let factor = 10f64.powf(db / 20.0) as f32;
    samples.iter_mut().for_each(|x| *x *= factor);
}

#[cfg(test)]
mod tests {
    #[test]
    fn twenty_decibels_are_ten_times() {
        let mut samples = [0.01, -0.05];
        super::gain(&mut samples, 20.0);
        approx::assert_relative_eq!(samples[..], [0.1, -0.5], max_relative = 1e-6);
    }
}
