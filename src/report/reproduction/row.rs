//! An experiment of the page, as `published.toml` names it.

use serde::Deserialize;

use crate::report::published::Metric;

/// An experiment of ours.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Its folder's name.
    pub experiment: String,
    /// Where on the page it stands.
    pub part: Part,
    /// What it is called there; of [`Part::Transfer`], the corpora that it trains on.
    pub title: String,
    /// The config, from the project's root.
    pub config: String,
    /// Targets where no figure is published, or beyond the published one.
    #[serde(default)]
    pub targets: Vec<Target>,
    /// What a reader should know: why a figure is not reached, what was tried.
    #[serde(default)]
    pub note: String,
}

/// A section of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The reference network, unchanged from row to row.
    Reference,
    /// The recipe that won on validation.
    Best,
    /// A pretrained encoder below the network: figures alone.
    Encoder,
    /// One corpus to another.
    Transfer,
    /// The demonstration of leaks and its honest neighbours.
    Leak,
    /// Steps on the way to the best recipe: told apart on validation, test is not shown.
    Ablation,
}

/// A figure to reach.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Which figure.
    pub metric: Metric,
    /// In per cent.
    pub value: f64,
    /// Whose it is.
    pub of: String,
}
