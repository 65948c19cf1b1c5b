//! A stretch of a file as a source of its own: what stands before and behind it does not exist for who reads it.

use std::io::{Read, Result, Seek, SeekFrom};
use std::ops::Range;

use symphonia::core::io::MediaSource;

/// A file or bytes in memory.
pub(super) type Opened = Box<dyn MediaSource>;

/// Bytes `range` of a source, behind bytes that stand for others.
pub(super) struct Part {
    source: Opened,
    head: Vec<u8>,
    range: Range<u64>,
    /// From the head's start.
    place: u64,
    /// Whether readers are told that they may jump: some take it as leave to guess the length from the size.
    seekable: bool,
}

impl Part {
    pub(super) fn new(source: Opened, range: Range<u64>, seekable: bool) -> Result<Self> {
        Self::behind(Vec::new(), source, range, seekable)
    }

    /// The same behind a head.
    pub(super) fn behind(head: Vec<u8>, mut source: Opened, range: Range<u64>, seekable: bool) -> Result<Self> {
        source.seek(SeekFrom::Start(range.start))?;
        Ok(Self { source, head, range, place: 0, seekable })
    }

    fn length(&self) -> u64 {
        self.head.len() as u64 + (self.range.end - self.range.start)
    }
}

impl Read for Part {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let before = usize::try_from(self.place).unwrap_or(usize::MAX);
        let read = match self.head.get(before..).filter(|rest| !rest.is_empty()) {
            Some(rest) => {
                let read = rest.len().min(buffer.len());
                buffer[..read].copy_from_slice(&rest[..read]);
                read
            }
            None => {
                let left = usize::try_from(self.length().saturating_sub(self.place)).unwrap_or(usize::MAX);
                let most = buffer.len().min(left);
                self.source.read(&mut buffer[..most])?
            }
        };
        self.place += read as u64;
        Ok(read)
    }
}

impl Seek for Part {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        let place = match to {
            SeekFrom::Start(from) => Some(from),
            SeekFrom::End(from) => self.length().checked_add_signed(from),
            SeekFrom::Current(from) => self.place.checked_add_signed(from),
        };
        let place = place.ok_or(std::io::ErrorKind::InvalidInput)?;
        let in_range = place.saturating_sub(self.head.len() as u64);
        let in_source = self.range.start.checked_add(in_range).ok_or(std::io::ErrorKind::InvalidInput)?;
        self.source.seek(SeekFrom::Start(in_source))?;
        self.place = place;
        Ok(place)
    }
}

impl MediaSource for Part {
    fn is_seekable(&self) -> bool {
        self.seekable
    }

    fn byte_len(&self) -> Option<u64> {
        self.seekable.then(|| self.length())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn a_head_and_a_stretch_are_one_source() {
        let source = || Box::new(Cursor::new(b"0123456789".to_vec()));
        let mut part = Part::behind(b"ab".to_vec(), source(), 3..6, true).unwrap();
        let mut all = String::new();
        part.read_to_string(&mut all).unwrap();
        assert_eq!((all.as_str(), part.byte_len()), ("ab345", Some(5)));
        for (to, rest) in [(SeekFrom::Start(1), "b345"), (SeekFrom::End(-2), "45"), (SeekFrom::Start(9), "")] {
            part.seek(to).unwrap();
            let mut read = String::new();
            part.read_to_string(&mut read).unwrap();
            assert_eq!(read, rest);
        }
        assert!(part.seek(SeekFrom::End(-6)).is_err());
    }
}
