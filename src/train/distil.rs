//! `[distil]`: distillation from trained networks.

use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    setting::out_of_range,
};

/// The config's key of the bundles.
pub(crate) const KEY: &str = "distil.bundles";

/// `[distil]`: trained networks whose mean answer is the target in place of the labels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DistilConfig {
    /// Their bundles: folders, relative to where the program runs, in which `{fold}` and `{seed}` stand for the run's.
    pub bundles: Vec<String>,
    /// The weight of their mean answer in the target; the labels have the rest.
    #[serde(default = "all")]
    pub share: f64,
}

fn all() -> f64 {
    1.0
}

impl DistilConfig {
    pub(crate) fn validate(&self) -> Result<()> {
        if self.bundles.is_empty() || self.bundles.iter().any(String::is_empty) {
            return Err(Error::Config(format!("{KEY}: name the folders of bundles, or leave [distil] out")));
        }
        if !(self.share > 0.0 && self.share <= 1.0) {
            return Err(out_of_range("distil.share", self.share, "a part above 0, up to 1"));
        }
        Ok(())
    }
}
