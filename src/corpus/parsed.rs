//! What the name of a corpus's file says.

use super::Metadata;

/// What a name says, or the reason why it says nothing or the file is not wanted.
pub(super) type Reading<T> = std::result::Result<T, String>;

/// What a corpus's file name says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parsed {
    pub speaker: String,
    /// The file's stem as the corpus officially spells it, the same in every layout and copy.
    pub stem: String,
    pub emotion: String,
    pub meta: Metadata,
}

impl Parsed {
    /// `speaker/stem`: what identifies a clip within its corpus.
    pub(super) fn key(&self) -> String {
        format!("{}/{}", self.speaker, self.stem)
    }
}
