//! Predictions → figures. Numbers only: nothing here knows of files, folders or drawings.
//!
//! | module | what it computes |
//! |---|---|
//! | [`confusion`] | how many clips of each true emotion were taken for which |
//! | [`evaluate`] | all of it, from the finished runs of an experiment |
//! | [`scores`] | UAR, WA, F1 and the figures per class, by scikit-learn's definitions |

pub mod confusion;
mod evaluation;
pub mod scores;

pub use confusion::Confusion;
pub use evaluation::{Evaluation, FoldOfSeed, Run, SeedScores, Spread, evaluate};
pub use scores::{Average, ClassScores, Scores};
