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

    /// What becomes of the network's outputs.
    #[must_use]
    pub fn activation(self) -> Activation {
        match self {
            Self::Classification | Self::Distribution => Activation::LogSoftmax,
            Self::Regression => Activation::Range,
        }
    }

    /// How a linear head is solved.
    #[must_use]
    pub fn solver(self) -> Solver {
        match self {
            Self::Classification | Self::Distribution => Solver::Logistic,
            Self::Regression => Solver::Ridge,
        }
    }

    /// The figure that ranks epochs.
    #[must_use]
    pub fn figure(self) -> &'static str {
        match self {
            Self::Classification => "UAR",
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
        }
    }

    /// What it learns, for messages.
    #[must_use]
    pub fn learns(self) -> &'static str {
        match self {
            Self::Classification => "classes",
            Self::Regression => "numbers",
            Self::Distribution => "listeners' votes",
        }
    }

    /// The fewest outputs that are a task.
    #[must_use]
    pub fn least_outputs(self) -> usize {
        match self {
            Self::Classification | Self::Distribution => 2,
            Self::Regression => 1,
        }
    }
}
