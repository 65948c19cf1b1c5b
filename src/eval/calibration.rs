//! Calibration: whether clips that are given a probability of 70 % are recognised in 70 % of cases.

use serde::Serialize;

use super::Judgements;
use crate::numeric::argmax;

/// Bins of the reliability diagram, as in C. Guo et al., "On calibration of modern neural networks" (ICML 2017).
pub const BINS: usize = 15;

/// The clips whose confidence (the probability of the most probable class) lies in one interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bin {
    /// Confidences in the bin are above this …
    pub low: f64,
    /// … and at most this.
    pub high: f64,
    /// Number of clips.
    pub n: usize,
    /// Their mean confidence, 0 to 1; 0 for a bin without clips.
    pub confidence: f64,
    /// The share of them that was recognised, 0 to 1; 0 for a bin without clips.
    pub accuracy: f64,
}

/// The clips by confidence, in `bins` intervals of equal width from 0 to 1.
#[must_use]
pub fn reliability(judgements: &Judgements, bins: usize) -> Vec<Bin> {
    let bins = bins.max(1);
    let mut sums = vec![(0_usize, 0.0, 0_usize); bins];
    for (truth, row) in judgements.rows() {
        let best = argmax(row);
        // The first bin has 0 as well.
        let bin = ((row[best] * bins as f64).ceil() as usize).clamp(1, bins) - 1;
        let (n, confidence, right) = &mut sums[bin];
        *n += 1;
        *confidence += row[best];
        *right += usize::from(best == truth);
    }
    let edge = |bin: usize| bin as f64 / bins as f64;
    sums.into_iter()
        .enumerate()
        .map(|(bin, (n, confidence, right))| Bin {
            low: edge(bin),
            high: edge(bin + 1),
            n,
            confidence: confidence / n.max(1) as f64,
            accuracy: right as f64 / n.max(1) as f64,
        })
        .collect()
}

/// Expected calibration error: the mean over clips of the distance between confidence and accuracy in their bin, 0 to 1
/// (M. P. Naeini et al., AAAI 2015; Guo et al. 2017). `None` without clips. It depends on the bins: compare only where
/// their number is the same.
#[must_use]
pub fn expected_error(bins: &[Bin]) -> Option<f64> {
    let n: usize = bins.iter().map(|bin| bin.n).sum();
    let sum: f64 = bins.iter().map(|bin| bin.n as f64 * (bin.confidence - bin.accuracy).abs()).sum();
    (n > 0).then(|| sum / n as f64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_confidence_has_a_bin_that_holds_it() {
        let mut judgements = Judgements::of(2, []);
        for p in [0.5, 0.5000001, 0.6, 0.7, 1.0] {
            judgements.push(0, [p, 1.0 - p]);
        }
        let bins = reliability(&judgements, 10);
        let counts: Vec<usize> = bins.iter().map(|bin| bin.n).collect();
        assert_eq!(counts, [0, 0, 0, 0, 1, 2, 1, 0, 0, 1]);
        assert_eq!(expected_error(&reliability(&Judgements::of(2, []), 10)), None);
    }

    proptest! {
        #[test]
        fn error_equals_that_of_looking_for_each_bins_clips(
            rows in prop::collection::vec((0..2_usize, 0..=100_u8), 1..80), bins in 1..20_usize
        ) {
            let mut judgements = Judgements::of(2, []);
            for (truth, p) in &rows {
                let p = f64::from(*p) / 101.0;
                judgements.push(*truth, [p, 1.0 - p]);
            }
            let mut error = 0.0;
            for bin in 0..bins {
                let (low, high) = (bin as f64 / bins as f64, (bin + 1) as f64 / bins as f64);
                let inside: Vec<(f64, f64)> = judgements
                    .rows()
                    .map(|(truth, row)| {
                        let best = usize::from(row[1] > row[0]);
                        (row[best], f64::from(u8::from(best == truth)))
                    })
                    .filter(|(confidence, _)| *confidence > low && *confidence <= high)
                    .collect();
                let sum: f64 = inside.iter().map(|(confidence, right)| confidence - right).sum();
                error += sum.abs() / rows.len() as f64;
            }
            // A confidence on an edge may be put on either side by the last bit; 101 is prime, so that none is.
            prop_assert!((expected_error(&reliability(&judgements, bins)).unwrap() - error).abs() < 1e-9);
        }
    }
}
