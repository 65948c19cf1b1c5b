//! Where a clip's audio comes from.

use std::{
    fmt,
    path::{Path, PathBuf},
    time::Duration,
};

use super::Audio;
use crate::{
    error::{Error, Result},
    synthetic,
};

/// How far the end of a segment may lie behind that of its file: tables round.
const ROUNDING: Duration = Duration::from_millis(50);

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

/// A part of a file: from a time to another, or to the file's end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Segment {
    /// The file.
    pub path: PathBuf,
    /// Where the part begins, from the file's start.
    pub start: Duration,
    /// Where it ends, from the file's start; at the file's end where absent.
    pub end: Option<Duration>,
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

    /// What tells sources with the same bytes apart: the file's hash, with the segment's times where it is one.
    #[must_use]
    pub fn identity(&self, bytes: blake3::Hash) -> blake3::Hash {
        match self {
            Self::Segment(Segment { start, end, .. }) => {
                let mut hasher = blake3::Hasher::new();
                let end = end.map_or(u128::MAX, |end| end.as_nanos());
                hasher.update(b"segment").update(bytes.as_bytes());
                hasher.update(&start.as_nanos().to_le_bytes()).update(&end.to_le_bytes());
                hasher.finalize()
            }
            _ => bytes,
        }
    }
}

impl Segment {
    /// The segment of the file's `audio`. An end that lies up to 50 ms behind the file's is the file's: tables round.
    ///
    /// # Errors
    ///
    /// [`Error::File`] where the file is shorter than the segment says, or no sample is inside.
    pub fn cut(&self, audio: Audio) -> Result<Audio> {
        let rate = f64::from(audio.sample_rate);
        let at = |time: Duration| (time.as_secs_f64() * rate).round() as usize;
        let length = audio.samples.len();
        let (start, end) = (at(self.start), self.end.map_or(length, at));
        if end > length + at(ROUNDING) || start >= end.min(length) {
            let problem = format!("{self} is not in it, as it lasts {:.3} s", length as f64 / rate);
            return Err(Error::file(&self.path, problem));
        }
        let Audio { mut samples, sample_rate } = audio;
        samples.truncate(end.min(length));
        samples.drain(..start);
        Ok(Audio { samples, sample_rate })
    }

    /// Whether two parts of one file have something in common.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let before = |a: &Self, b: &Self| a.end.is_none_or(|end| end > b.start);
        self.path == other.path && before(self, other) && before(other, self)
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.end {
            Some(end) => write!(f, "the segment from {:.3} to {:.3} s", self.start.as_secs_f64(), end.as_secs_f64()),
            None => write!(f, "the segment from {:.3} s on", self.start.as_secs_f64()),
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
        Segment { path: "a.wav".into(), start: Duration::from_millis(start), end }
    }

    #[test]
    fn a_segment_is_cut_out_and_must_be_there() {
        let audio = || Audio { samples: (0..2000).map(|i| i as f32).collect(), sample_rate: 1000 };
        let cut = |start, end| segment(start, end).cut(audio()).map(|audio| (audio.samples[0], audio.samples.len()));
        assert_eq!(cut(0, Some(400)).unwrap(), (0.0, 400));
        assert_eq!(cut(1500, None).unwrap(), (1500.0, 500));
        assert_eq!(cut(1500, Some(2040)).unwrap(), (1500.0, 500), "tables round");
        for (start, end) in [(1500, Some(2100)), (2000, None), (2010, Some(2040)), (5, Some(5))] {
            let error = cut(start, end).unwrap_err().to_string();
            assert!(error.contains("a.wav") && error.contains("lasts 2.000 s"), "{error}");
        }
    }

    #[test]
    fn segments_overlap_where_both_have_something() {
        let overlap = |a: (u64, Option<u64>), b: (u64, Option<u64>)| segment(a.0, a.1).overlaps(&segment(b.0, b.1));
        assert!(!overlap((0, Some(10)), (10, Some(20))) && !overlap((10, None), (0, Some(10))));
        assert!(overlap((0, Some(11)), (10, None)) && overlap((5, None), (0, None)));
    }

    #[test]
    fn segments_of_the_same_bytes_are_told_apart() {
        let hash = blake3::hash(b"x");
        let of = |segment| Source::Segment(segment).identity(hash);
        assert_eq!(Source::File("a.wav".into()).identity(hash), hash);
        let all = [of(segment(0, None)), of(segment(0, Some(5))), of(segment(1, Some(5))), hash];
        assert_eq!(all.iter().map(blake3::Hash::to_hex).collect::<std::collections::HashSet<_>>().len(), 4);
    }
}
