//! Where a clip's audio comes from.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use crate::synthetic;

/// Where a clip's audio comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file on disk; its format is decided by its content.
    File(PathBuf),
    /// An utterance of the embedded corpus, made when it is needed.
    Synthetic(synthetic::Utterance),
}

impl Source {
    /// The file on disk, where there is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Synthetic(_) => None,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Synthetic(utterance) => write!(f, "synthetic {utterance:?}"),
        }
    }
}
