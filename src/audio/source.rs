//! Where a clip's audio comes from.

use std::{
    fmt,
    path::{Path, PathBuf},
    time::Duration,
};

use super::pcm::Channel;
use crate::synthetic;

/// Where a clip's audio comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file on disk; its format is decided by its content.
    File(PathBuf),
    /// A part of a file on disk.
    Segment(Segment),
    /// An utterance of the embedded corpus, made when it is needed.
    Synthetic(synthetic::Utterance),
}

/// A part of a file: from a time to another, or to the file's end; of one channel or of all.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Segment {
    /// The file.
    pub path: PathBuf,
    /// Where the part begins, from the file's start.
    pub start: Duration,
    /// Where it ends, from the file's start; at the file's end where absent.
    pub end: Option<Duration>,
    /// What of it is heard. A recording of two people may have each on a channel of their own.
    pub channel: Channel,
}

impl Source {
    /// The file on disk, where there is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) | Self::Segment(Segment { path, .. }) => Some(path),
            Self::Synthetic(_) => None,
        }
    }

    /// The part of the file that it is, where it is not all of it.
    #[must_use]
    pub fn segment(&self) -> Option<&Segment> {
        match self {
            Self::Segment(segment) => Some(segment),
            _ => None,
        }
    }

    /// What tells sources with the same bytes apart: the file's hash, with the segment's times and channel where it is one.
    #[must_use]
    pub fn identity(&self, bytes: blake3::Hash) -> blake3::Hash {
        match self {
            Self::Segment(Segment { start, end, channel, .. }) => {
                let mut hasher = blake3::Hasher::new();
                let end = end.map_or(u128::MAX, |end| end.as_nanos());
                hasher.update(b"segment").update(bytes.as_bytes());
                hasher.update(&start.as_nanos().to_le_bytes()).update(&end.to_le_bytes());
                if let Channel::Only(channel) = channel {
                    hasher.update(b"channel").update(&(*channel as u64).to_le_bytes());
                }
                hasher.finalize()
            }
            _ => bytes,
        }
    }
}

impl Segment {
    /// Whether two parts of one file have something in common.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let before = |a: &Self, b: &Self| a.end.is_none_or(|end| end > b.start);
        let both_heard = self.channel == other.channel || [self.channel, other.channel].contains(&Channel::Mix);
        self.path == other.path && both_heard && before(self, other) && before(other, self)
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.end, self.start.is_zero()) {
            (Some(end), _) => {
                write!(f, "the segment from {:.3} to {:.3} s", self.start.as_secs_f64(), end.as_secs_f64())?
            }
            (None, true) if self.channel != Channel::Mix => f.write_str("all")?,
            (None, _) => write!(f, "the segment from {:.3} s on", self.start.as_secs_f64())?,
        }
        match self.channel {
            Channel::Mix => Ok(()),
            Channel::Only(channel) => write!(f, " of channel {}", channel + 1),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Segment(segment) => write!(f, "{}, {segment}", segment.path.display()),
            Self::Synthetic(utterance) => write!(f, "synthetic {utterance:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(start: u64, end: Option<u64>) -> Segment {
        let end = end.map(Duration::from_millis);
        Segment { path: "a.wav".into(), start: Duration::from_millis(start), end, channel: Channel::Mix }
    }

    #[test]
    fn segments_overlap_where_both_have_something() {
        let overlap = |a: (u64, Option<u64>), b: (u64, Option<u64>)| segment(a.0, a.1).overlaps(&segment(b.0, b.1));
        assert!(!overlap((0, Some(10)), (10, Some(20))) && !overlap((10, None), (0, Some(10))));
        assert!(overlap((0, Some(11)), (10, None)) && overlap((5, None), (0, None)));
        let left = Segment { channel: Channel::Only(0), ..segment(0, None) };
        assert!(!left.overlaps(&Segment { channel: Channel::Only(1), ..segment(0, None) }));
        assert!(left.overlaps(&segment(0, None)) && left.overlaps(&left));
    }

    #[test]
    fn segments_of_the_same_bytes_are_told_apart() {
        let hash = blake3::hash(b"x");
        let of = |segment| Source::Segment(segment).identity(hash);
        assert_eq!(Source::File("a.wav".into()).identity(hash), hash);
        let channel = |channel| Segment { channel: Channel::Only(channel), ..segment(0, Some(5)) };
        let all = [
            of(segment(0, None)),
            of(segment(0, Some(5))),
            of(segment(1, Some(5))),
            of(channel(0)),
            of(channel(1)),
            hash,
        ];
        assert_eq!(all.iter().map(blake3::Hash::to_hex).collect::<std::collections::HashSet<_>>().len(), 6);
    }
}
