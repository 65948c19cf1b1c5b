//! Calibration: the temperature, and where it is asked for, what makes the recogniser doubt its answer.

use crate::{
    bundle::Doubt,
    eval::{Judgements, proper::log_loss, temperature},
};

/// The powers of the distance that are tried: from 0, which leaves it out, to 2.
const POWERS: usize = 80;
const FINENESS: f64 = 40.0;

/// The temperature and the power of the distance at which the answers' mean cross-entropy is least; `distances` are of the
/// answers in their order; an answer is "uncertain" below `threshold`. Nothing without answers.
pub(super) fn fit(answers: &Judgements, distances: &[f64], threshold: f64) -> Option<(f64, Doubt)> {
    let tried = (0..=POWERS).filter_map(|step| {
        let power = step as f64 / FINENESS;
        let doubt = Doubt { power, threshold, kept: 0.0, right: 0.0 };
        let nearer = answers.at_temperatures(distances.iter().map(|&distance| doubt.factor(distance)));
        let temperature = temperature::fit(&nearer)?;
        let calibrated = nearer.at_temperature(temperature);
        Some((log_loss(&calibrated)?, temperature, doubt, calibrated))
    });
    let (_, temperature, doubt, calibrated) = tried.min_by(|one, other| one.0.total_cmp(&other.0))?;
    let (mut kept, mut right) = (0_usize, 0_usize);
    for (truth, row) in calibrated.rows() {
        let best = (0..row.len()).fold(0, |best, class| if row[class] > row[best] { class } else { best });
        if row.get(best).is_some_and(|&confidence| confidence >= threshold) {
            kept += 1;
            right += usize::from(best == truth);
        }
    }
    let part = |of: usize, all: usize| of as f64 / all.max(1) as f64;
    Some((temperature, Doubt { kept: part(kept, answers.len()), right: part(right, kept), ..doubt }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_far_is_doubted_where_the_far_is_wrong_more_often() {
        let mut answers = Judgements::of(2, []);
        let mut distances = Vec::new();
        for i in 0..100 {
            // As sure of each; right 9 times of 10 near by, 6 times of 10 far away.
            for (distance, right) in [(1.0, 9), (4.0, 6)] {
                answers.push(usize::from(i % 10 >= right), [0.9, 0.1]);
                distances.push(distance);
            }
        }
        let (temperature, doubt) = fit(&answers, &distances, 0.5).unwrap();
        assert!((temperature - 1.0).abs() < 0.05, "{temperature}");
        let expected = (0.9_f64 / 0.1).ln() / (0.6_f64 / 0.4).ln();
        assert!((doubt.factor(4.0) - expected).abs() < 0.3, "{doubt:?}");
        assert!((doubt.kept - 1.0).abs() < 1e-12 && (doubt.right - 0.75).abs() < 1e-12);
        let alike = fit(&answers, &vec![1.0; distances.len()], 0.5).unwrap().1;
        assert!(alike.power.abs() < 1e-12, "where all are as far, the distance says nothing");
        assert_eq!(fit(&Judgements::of(2, []), &[], 0.5), None);
    }
}
