//! Predictions → figures. Numbers only: nothing here opens files or draws.
//!
//! | module | what it computes |
//! |---|---|
//! | [`confusion`] | how many clips of each true emotion were taken for which |
//! | [`scores`] | UAR, WA, F1 and the figures per class, by scikit-learn's definitions |
//! | [`agreement`] | Cohen's kappa, Matthews' correlation coefficient |
//! | [`judgements`] | the probabilities, for: |
//! | [`ranking`] | top-k accuracy, area under the ROC curve |
//! | [`proper`] | log loss, Brier's score |
//! | [`calibration`], [`temperature`] | reliability and expected calibration error; temperature scaling |
//! | [`bootstrap`] | 95 % intervals over speakers and over utterances |
//! | [`breakdown`], [`notable`] | figures of groups of clips; the worst clips, the most confused emotions |
//! | [`fairness`] | whether groups of people are recognised alike |
//! | [`projection`] | the penultimate layer's vectors in a plane |
//! | [`concordance`] | CCC, Pearson's correlation, errors and order of numbers |
//! | [`Regression`], [`evaluate_numbers()`] | all of it, from the finished runs of an experiment that has learnt numbers |
//! | [`Distribution`], [`evaluate_votes()`] | the same of one that has learnt listeners' votes |
//! | [`Evaluation`], [`evaluate()`] | all of it, from the finished runs of an experiment |
//! | [`ensemble()`] | the mean answer of several experiments |
//! | [`evaluate_given()`] | the same from predictions that were made elsewhere |
//! | [`AdaptedCurve`] | what adapting to a speaker without labels is worth, by seconds heard |
//! | [`robustness`] | answers to altered clips, compared with those to the clips themselves |
//! | [`grid`] | the settings of a search, ranked on validation |
//! | [`Power`] | how many speakers tell two systems apart |
//! | [`compare`], [`mcnemar`] | two experiments under one protocol, clip by clip |

mod adapted;
pub mod agreement;
pub mod bootstrap;
pub mod breakdown;
pub mod calibration;
pub mod certainty;
mod consistency;
mod decision;
mod distribution;
mod ensemble;
mod evaluate;
mod evaluation;
pub mod fairness;
mod given;
pub mod grid;
pub mod judgements;
mod labelling;
pub mod mcnemar;
pub mod notable;
mod paired;
mod pool;
mod power;
pub mod projection;
pub mod proper;
pub mod ranking;
mod regression;
pub mod robustness;
mod spread;
mod tally;
pub mod temperature;

#[cfg(test)]
pub(crate) mod test_support;

pub use crate::metrics::{Concordance, Confusion, Order, concordance, confusion, scores};
pub use adapted::{AdaptedCurve, AdaptedPoint, Adapting, Enrolment};
pub use bootstrap::{Bootstrap, Interval, IntervalOf, Intervals, Unit};
pub use certainty::{Calibrated, Certainty};
pub use decision::{Decision, LEAST_SPEAKERS};
pub use distribution::{
    AtAgreement, Distribution, DistributionRun, Likeness, LikenessGroup, LikenessGroups, LikenessIntervals, Shares,
    VotedClip, evaluate_votes,
};
pub use ensemble::ensemble;
pub use evaluate::{evaluate, evaluate_with};
pub use evaluation::{Evaluation, FoldOfSeed, Run, SeedScores};
pub use given::{Given, evaluate_given};
pub use grid::{Grid, Ranked};
pub use judgements::Judgements;
pub use mcnemar::McNemar;
pub use paired::{Compared, Comparison, compare};
pub use power::Power;
pub use projection::Projection;
pub use regression::{
    CalibrationBin, NumberGroup, NumberGroups, NumberRun, Regression, Target, TargetIntervals, WorstClip,
    evaluate_numbers,
};
pub use scores::{Average, ClassScores, Scores};
pub use spread::Spread;
use tally::Tally;
