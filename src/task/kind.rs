//! The tasks by name, as configs and bundles give them.

use serde::{Deserialize, Serialize};

use super::Activation;

/// What a network was trained to say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// One of several classes.
    #[default]
    Classification,
    /// Numbers, one a target.
    Regression,
    /// The shares of listeners who hear each of several classes.
    Distribution,
    /// One of several classes, and beside it numbers, the sex or the speaker.
    MultiTask,
}

/// How a linear head is solved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Solver {
    /// Multinomial logistic regression.
    Logistic,
    /// Least squares with an L2 penalty.
    Ridge,
}

impl Kind {
    /// Whether it is what a bundle that names no task is of.
    #[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Whether each clip is of one class, that probabilities and figures are of.
    #[must_use]
    pub fn has_classes(self) -> bool {
        matches!(self, Self::Classification | Self::MultiTask)
    }

    /// What becomes of the outputs of a network for so many classes and so many targets beside them.
    #[must_use]
    pub fn activation(self, classes: usize, targets: usize) -> Activation {
        match self {
            Self::Classification | Self::Distribution => Activation::LogSoftmax,
            Self::Regression => Activation::Range,
            Self::MultiTask => Activation::Parts(vec![(classes, Activation::LogSoftmax), (targets, Activation::Range)]),
        }
    }

    /// How a linear head is solved.
    #[must_use]
    pub fn solver(self) -> Solver {
        match self {
            Self::Classification | Self::Distribution | Self::MultiTask => Solver::Logistic,
            Self::Regression => Solver::Ridge,
        }
    }

    /// The figure that ranks epochs.
    #[must_use]
    pub fn figure(self) -> &'static str {
        match self {
            Self::Classification | Self::MultiTask => "UAR",
            Self::Regression => "mean CCC",
            Self::Distribution => "1 − JSD",
        }
    }

    /// Its name in configs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Classification => "classification",
            Self::Regression => "regression",
            Self::Distribution => "distribution",
            Self::MultiTask => "multi-task",
        }
    }

    /// What it learns, for messages.
    #[must_use]
    pub fn learns(self) -> &'static str {
        match self {
            Self::Classification => "classes",
            Self::Regression => "numbers",
            Self::Distribution => "listeners' votes",
            Self::MultiTask => "classes and more",
        }
    }

    /// The fewest outputs that are a task.
    #[must_use]
    pub fn least_outputs(self) -> usize {
        match self {
            Self::Classification | Self::Distribution | Self::MultiTask => 2,
            Self::Regression => 1,
        }
    }
}
