//! The library's error type. A message says what was wrong, where (file, key, value) and what to do.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::escape;

/// The result of everything in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// What can go wrong, by what the caller can do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration or the command line is wrong: mend it and start again (exit status 2).
    #[error("{}", escape::lines(.0))]
    Config(String),
    /// The operating system refused an operation on a file or folder.
    #[error("cannot {action} {}: {source}", escape::text(&path.to_string_lossy()))]
    Io {
        /// What was attempted, as a verb: "read", "create the folder".
        action: &'static str,
        /// The file or folder it was attempted on.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A file's content is not what it should be.
    #[error("{}: {}", escape::text(&path.to_string_lossy()), escape::lines(problem))]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// The data as a whole cannot serve: an empty corpus, a class without clips, a split that leaks.
    #[error("{}", escape::lines(.0))]
    Data(String),
    /// The user asked to stop; what was computed is on disk.
    #[error("{}", escape::lines(.0))]
    Interrupted(String),
}

impl Error {
    /// Wraps an [`io::Error`] with the action and the path it concerns, for use with `map_err`.
    pub fn io(action: &'static str, path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        let path = path.as_ref().to_owned();
        move |source| Self::Io { action, path, source }
    }

    /// A problem with the content of `path`.
    pub fn file(path: impl Into<PathBuf>, problem: impl Into<String>) -> Self {
        Self::File { path: path.into(), problem: problem.into() }
    }

    /// The exit status a program ends with on this error: 2 for wrong usage or configuration, 1 otherwise.
    #[must_use]
    pub fn exit_status(&self) -> u8 {
        match self {
            Self::Config(_) => 2,
            _ => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_a_message_cannot_move_the_cursor() {
        let errors = [
            Error::file("a\x1b[31m\n.wav", "says \x07 and\nmore"),
            Error::io("read", "a\x1b[31m\n.wav")(io::ErrorKind::NotFound.into()),
            Error::Data("a\x1b[31m.wav:\n  more".into()),
        ];
        for error in errors {
            let text = error.to_string();
            assert!(text.contains("a\\u{1b}[31m") && !text.contains('\x1b') && !text.contains('\x07'), "{text}");
        }
        assert_eq!(Error::Data("two\nlines".into()).to_string(), "two\nlines");
    }
}
