//! The three sides of a fold.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A side of a fold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// What is trained on.
    Train,
    /// What the epoch is picked on.
    Validation,
    /// What is reported.
    Test,
}

impl Side {
    /// The sides in their order.
    pub const ALL: [Self; 3] = [Self::Train, Self::Validation, Self::Test];

    /// The name in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }

    /// Reads the words that tables use: `train`, `dev`, `Valid`, `testing` …
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim().to_ascii_lowercase().as_str() {
            "train" | "training" | "tr" => Some(Self::Train),
            "validation" | "valid" | "val" | "dev" | "development" => Some(Self::Validation),
            "test" | "testing" | "tst" => Some(Self::Test),
            _ => None,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_is_read_in_the_words_of_tables() {
        for side in Side::ALL {
            assert_eq!(Side::parse(side.name()), Some(side));
        }
        assert_eq!(Side::parse(" Dev "), Some(Side::Validation));
        assert_eq!(Side::parse("eval"), None, "some mean validation by it, others test");
    }
}
