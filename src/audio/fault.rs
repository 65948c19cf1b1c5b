//! Why a file's audio cannot be used: what kind of flaw, and the same in words.

use std::{io, path::Path};

use serde::{Deserialize, Serialize};

use super::Channel;
use crate::error::Error;

/// What can be wrong with a file of audio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flaw {
    /// It cannot be opened or read, or is no regular file.
    Unreadable,
    /// It has no bytes.
    Empty,
    /// It stands for a file that Git LFS has not fetched.
    LfsPointer,
    /// It is not audio, or in a format or coding that is not read here.
    UnknownFormat,
    /// It ends before its samples do.
    Truncated,
    /// What it holds contradicts itself: checksums, lengths, samples that are not finite.
    Damaged,
    /// It has headers and no samples.
    NoSamples,
    /// Its samples are silence.
    Silent,
    /// Its channels are not silent, and their mean is: they cancel each other out.
    Cancelling,
    /// It is shorter than what is analysed at once.
    TooShort,
}

/// A flaw in words, a sentence fragment that follows the file's name.
#[derive(Debug)]
pub struct Fault {
    /// The kind.
    pub flaw: Flaw,
    /// What is wrong, and what to do.
    pub problem: String,
    /// The system's reason where the file cannot be read.
    source: Option<io::Error>,
}

impl Fault {
    pub(super) fn new(flaw: Flaw, problem: impl Into<String>) -> Self {
        Self { flaw, problem: problem.into(), source: None }
    }

    pub(super) fn truncated(problem: impl Into<String>) -> Self {
        Self::new(Flaw::Truncated, problem)
    }

    pub(super) fn damaged(problem: impl Into<String>) -> Self {
        Self::new(Flaw::Damaged, problem)
    }

    /// A channel was asked for that is not there.
    pub(super) fn no_channel(channel: Channel, channels: usize) -> Self {
        let Channel::Only(wanted) = channel else { return Self::no_samples() };
        let has = if channels == 1 { "one channel".to_owned() } else { format!("{channels} channels") };
        Self::new(Flaw::NoSamples, format!("has {has}, and channel {} is asked for", wanted + 1))
    }

    /// The channels are not to be mixed.
    pub(super) fn cancelling() -> Self {
        Self::new(
            Flaw::Cancelling,
            "has channels that cancel each other out when they are mixed, being in opposite phase: have one heard by \
             itself, by --channel left (or right, or each), or by a column `channel` in a table",
        )
    }

    /// It has not the seconds that a frame has.
    pub(super) fn too_short(seconds: f64, shortest: f64) -> Self {
        let problem = format!("lasts {seconds:.3} s: too short to analyse (a frame is {shortest:.3} s)");
        Self::new(Flaw::TooShort, problem)
    }

    pub(super) fn no_samples() -> Self {
        Self::new(Flaw::NoSamples, "holds no audio samples")
    }

    /// The same once more, without the system's own error.
    pub(crate) fn again(&self) -> Self {
        Self::new(self.flaw, self.problem.clone())
    }

    /// The same as an error that names the file.
    pub(crate) fn at(self, path: &Path) -> Error {
        match self.source {
            Some(source) => Error::io("read", path)(source),
            None => Error::file(path, self.problem),
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            return Self::truncated("ends in the middle of its headers: fetch it again");
        }
        Self { flaw: Flaw::Unreadable, problem: format!("cannot be read: {error}"), source: Some(error) }
    }
}
