//! What the command line adds to a config.

use std::path::PathBuf;

use crate::{cache::Size, device::DeviceKind};

/// What the command line adds to a config.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The folder of the feature cache.
    pub cache: PathBuf,
    /// What the cache may hold; [`crate::cache::DEFAULT_LIMIT`] where absent.
    pub cache_limit: Option<Size>,
    /// Where encoders are.
    pub models: PathBuf,
    /// The experiment's folder.
    pub out: PathBuf,
    /// The one fold to run, by name; all where absent.
    pub fold: Option<String>,
    /// The seeds, one run each and fold; the config's where empty.
    pub seeds: Vec<u64>,
    /// What computes.
    pub device: DeviceKind,
    /// How many of its GPUs share each batch; 0 and 1 are one.
    pub gpus: usize,
    /// Go on from checkpoints.
    pub resume: bool,
    /// Start again where a run was begun or finished.
    pub overwrite: bool,
}
