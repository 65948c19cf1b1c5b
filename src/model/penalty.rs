//! `model.c`: how strong the linear head's penalty is.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{error::Result, setting::out_of_range};

/// The most strengths that a run chooses from.
const CANDIDATES: usize = 20;
/// The least and the greatest: beyond them there is no penalty, or nothing is learnt.
const LEAST: f64 = 1e-12;
const MOST: f64 = 1e12;

/// Chosen on validation speakers of CREMA-D for the states of Whisper tiny.en.
const DEFAULT: f64 = 0.003;

/// The inverse strength of an L2 penalty, as scikit-learn's `C`: one, or several of which each run takes one, by
/// cross-validation over the speakers that its head learns from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a number above 0, or a list of them")]
pub enum Penalty {
    /// This one.
    One(f64),
    /// One of these.
    Among(Vec<f64>),
}

impl Default for Penalty {
    fn default() -> Self {
        Self::One(DEFAULT)
    }
}

impl fmt::Display for Penalty {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::One(c) => write!(f, "{c}"),
            Self::Among(all) => write!(f, "{all:?}"),
        }
    }
}

impl Penalty {
    /// Whether it is what a config without one means.
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The strengths to choose from, in their order.
    #[must_use]
    pub fn candidates(&self) -> &[f64] {
        match self {
            Self::One(c) => std::slice::from_ref(c),
            Self::Among(all) => all,
        }
    }

    /// The least of them: that of the strongest penalty.
    #[must_use]
    pub fn least(&self) -> f64 {
        self.candidates().iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// The strength, where nothing is left to choose.
    #[must_use]
    pub fn settled(&self) -> Option<f64> {
        match self.candidates() {
            [c] => Some(*c),
            _ => None,
        }
    }

    /// Checks every value.
    pub(super) fn validate(&self) -> Result<()> {
        let all = self.candidates();
        let sound = all.iter().all(|c| (LEAST..=MOST).contains(c));
        let twice = all.iter().enumerate().any(|(at, c)| all[..at].contains(c));
        match sound && !twice && (1..=CANDIDATES).contains(&all.len()) {
            true => Ok(()),
            false => Err(out_of_range(
                "model.c",
                self,
                "the inverse strength of the penalty, above 0 (1e-12 to 1e12), or a list of up to 20 different ones to pick from",
            )),
        }
    }
}
