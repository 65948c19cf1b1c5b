//! The figures of a set of probabilities, together.

use serde::Serialize;

use super::{
    Judgements,
    calibration::{BINS, Bin, expected_error, reliability},
    proper::{brier, log_loss},
    ranking::{auroc_by_class, macro_auroc, top_k},
};
use crate::error::{Error, Result};

/// Figures of the probabilities, beyond which class is the most probable.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Certainty {
    /// The share of clips whose class is among the two most probable, 0 to 1.
    pub top2: f64,
    /// Mean area under the one-versus-rest ROC curves of the classes that have one, 0 to 1.
    pub auroc: Option<f64>,
    /// The area of each class; none for a class that no clip or every clip is of.
    pub auroc_by_class: Vec<Option<f64>>,
    /// Mean cross-entropy, in nats.
    pub log_loss: f64,
    /// Brier's score, 0 to 2.
    pub brier: f64,
    /// Expected calibration error over the bins below, 0 to 1.
    pub calibration_error: f64,
    /// The reliability diagram.
    pub bins: Vec<Bin>,
}

impl Certainty {
    /// Computes all figures.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] if there is not a single clip.
    pub fn of(judgements: &Judgements) -> Result<Self> {
        let none = || Error::Data("there are no predictions to score".into());
        let auroc_by_class = auroc_by_class(judgements);
        let bins = reliability(judgements, BINS);
        Ok(Self {
            top2: top_k(judgements, 2).ok_or_else(none)?,
            auroc: macro_auroc(&auroc_by_class),
            auroc_by_class,
            log_loss: log_loss(judgements).ok_or_else(none)?,
            brier: brier(judgements).ok_or_else(none)?,
            calibration_error: expected_error(&bins).ok_or_else(none)?,
            bins,
        })
    }
}

/// What temperature scaling makes of the probabilities.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Calibrated {
    /// Each run's temperature, fitted on its validation side; above 1 where the network was overconfident.
    pub temperatures: Vec<Temperature>,
    /// The figures of the test side with each run's temperature applied.
    pub certainty: Certainty,
}

/// One run's temperature.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Temperature {
    /// The fold.
    pub fold: String,
    /// The seed.
    pub seed: u64,
    /// The temperature.
    pub temperature: f64,
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::{
        eval::{Confusion, agreement},
        numeric::argmax,
    };

    /// What scikit-learn says; made by `scripts/golden_report.py`.
    #[derive(Deserialize)]
    struct Golden {
        name: String,
        classes: usize,
        truth: Vec<usize>,
        /// `[clips][classes]`
        probabilities: Vec<Vec<f64>>,
        top2: f64,
        auroc: f64,
        auroc_by_class: Vec<Option<f64>>,
        log_loss: f64,
        brier: f64,
        kappa: f64,
        mcc: f64,
    }

    #[test]
    fn figures_equal_those_of_scikit_learn() {
        let cases: Vec<Golden> = serde_json::from_str(include_str!("../../tests/golden/certainty.json")).unwrap();
        assert!(cases.len() > 3);
        for golden in cases {
            let mut judgements = Judgements::of(golden.classes, []);
            let mut pairs = vec![];
            for (&truth, row) in golden.truth.iter().zip(&golden.probabilities) {
                judgements.push(truth, row.iter().copied());
                pairs.push((truth, argmax(row)));
            }
            let ours = Certainty::of(&judgements).unwrap();
            let same = |what: &str, ours: f64, theirs: f64| {
                assert!((ours - theirs).abs() < 1e-12, "{}: {what}: {ours} {theirs}", golden.name);
            };
            same("top 2", ours.top2, golden.top2);
            same("AUROC", ours.auroc.unwrap(), golden.auroc);
            for (ours, theirs) in ours.auroc_by_class.iter().zip(&golden.auroc_by_class) {
                assert_eq!(ours.is_some(), theirs.is_some(), "{}", golden.name);
                same("AUROC of a class", ours.unwrap_or(0.0), theirs.unwrap_or(0.0));
            }
            same("log loss", ours.log_loss, golden.log_loss);
            same("Brier", ours.brier, golden.brier);
            let confusion = Confusion::from_pairs((0..golden.classes).map(|c| c.to_string()).collect(), pairs).unwrap();
            same("kappa", agreement::kappa(&confusion).unwrap(), golden.kappa);
            same("MCC", agreement::mcc(&confusion), golden.mcc);
        }
    }
}
