//! What a protocol's file gives: the contract between it and the dealing of folds.

use super::{Draft, Leak, membership::Missing, task::Task};
use crate::error::Result;

/// What a protocol's file gives.
pub(super) struct Protocol {
    /// What it is, in a sentence fragment.
    pub about: &'static str,
    /// What it promises of the speakers.
    pub speakers: Speakers,
    /// The keys of `[protocol]` that it reads and that the others refuse.
    pub keys: &'static [&'static str],
    /// Says who is tested in each fold.
    pub deal: fn(&Task<'_>) -> Result<Dealt>,
}

/// What a protocol promises of the speakers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speakers {
    /// No test speaker is in training or validation.
    Apart,
    /// The same speakers are on all sides.
    Shared,
    /// Whatever the list that it reads does.
    AsListed,
}

/// What a protocol's file says of all folds.
pub(super) struct Dealt {
    pub drafts: Vec<Draft>,
    /// What the description has to add.
    pub note: Option<String>,
    pub leak: Option<Leak>,
    /// What a list names and the clips lack.
    pub missing: Missing,
}

impl From<Vec<Draft>> for Dealt {
    fn from(drafts: Vec<Draft>) -> Self {
        Self { drafts, note: None, leak: None, missing: Missing::default() }
    }
}
