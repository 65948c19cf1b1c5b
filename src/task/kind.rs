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
            Self::Classification => Activation::LogSoftmax,
        }
    }
}
