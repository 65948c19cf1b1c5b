//! How far a distribution is from another: Kullback-Leibler and Jensen-Shannon divergence, the cosine of their angle.

/// What a probability counts as where it is less, so that one class that is held to be impossible does not make a mean infinite.
const LEAST: f64 = 1e-9;

/// The parts of their sum; NaN where that is 0.
pub fn shares(votes: &[f64]) -> impl Iterator<Item = f64> + '_ {
    let sum: f64 = votes.iter().sum();
    votes.iter().map(move |vote| vote / sum)
}

/// The Kullback-Leibler divergence of `answer` from `truth` in nats (Kullback and Leibler 1951), where no answer counts less
/// than 1e-9.
#[must_use]
pub fn kullback_leibler(truth: &[f64], answer: &[f64]) -> f64 {
    let each = truth.iter().zip(answer).filter(|(t, _)| **t > 0.0).map(|(t, a)| t * (t / a.max(LEAST)).ln());
    each.sum()
}

/// The Jensen-Shannon divergence in bits (Lin 1991): 0 where they are alike, 1 where they share nothing. SciPy's
/// `jensenshannon(base=2)` is its root.
#[must_use]
pub fn jensen_shannon(a: &[f64], b: &[f64]) -> f64 {
    let half = |of: f64, other: f64| if of > 0.0 { of * (2.0 * of / (of + other)).log2() } else { 0.0 };
    let sum: f64 = a.iter().zip(b).map(|(&a, &b)| half(a, b) + half(b, a)).sum();
    (sum / 2.0).clamp(0.0, 1.0)
}

/// The cosine of the angle between them; 0 where one is nothing.
#[must_use]
pub fn cosine(a: &[f64], b: &[f64]) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let lengths = (dot(a, a) * dot(b, b)).sqrt();
    if lengths > 0.0 { (dot(a, b) / lengths).min(1.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of `scipy.stats.entropy`, `scipy.spatial.distance.jensenshannon(base=2) ** 2` and `1 - distance.cosine`.
    #[test]
    fn agrees_with_scipy() {
        let (a, b) = ([0.7, 0.3, 0.0], [0.2, 0.5, 0.3]);
        for (ours, theirs) in [
            (kullback_leibler(&a, &b), 0.7236863908169602),
            (jensen_shannon(&a, &b), 0.2743343709011349),
            (cosine(&a, &b), 0.6177207681213421),
        ] {
            assert!((ours - theirs).abs() < 1e-12, "{ours} {theirs}");
        }
        assert_eq!(jensen_shannon(&[1.0, 0.0], &[0.0, 1.0]), 1.0);
        assert!((kullback_leibler(&[1.0, 0.0], &[0.0, 1.0]) - 1e9f64.ln()).abs() < 1e-9);
        assert_eq!(shares(&[1.0, 3.0]).collect::<Vec<_>>(), [0.25, 0.75]);
    }
}
