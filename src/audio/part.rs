//! A stretch of a file as a source of its own: what stands before and behind it does not exist for who reads it.

use std::io::{Read, Result, Seek, SeekFrom};
use std::ops::Range;

use symphonia::core::io::MediaSource;

/// A file or bytes in memory.
pub(super) type Opened = Box<dyn MediaSource>;

/// Bytes `range` of a source.
pub(super) struct Part {
    source: Opened,
    range: Range<u64>,
    /// From the source's start.
    place: u64,
    /// Whether readers are told that they may jump: some take it as leave to guess the length from the size.
    seekable: bool,
}

impl Part {
    pub(super) fn new(mut source: Opened, range: Range<u64>, seekable: bool) -> Result<Self> {
        source.seek(SeekFrom::Start(range.start))?;
        Ok(Self { source, place: range.start, range, seekable })
    }
}

impl Read for Part {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let left = usize::try_from(self.range.end.saturating_sub(self.place)).unwrap_or(usize::MAX);
        let most = buffer.len().min(left);
        let read = self.source.read(&mut buffer[..most])?;
        self.place += read as u64;
        Ok(read)
    }
}

impl Seek for Part {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        let place = match to {
            SeekFrom::Start(from) => self.range.start.checked_add(from),
            SeekFrom::End(from) => self.range.end.checked_add_signed(from),
            SeekFrom::Current(from) => self.place.checked_add_signed(from),
        };
        let place = place.filter(|place| *place >= self.range.start).ok_or(std::io::ErrorKind::InvalidInput)?;
        self.source.seek(SeekFrom::Start(place))?;
        self.place = place;
        Ok(place - self.range.start)
    }
}

impl MediaSource for Part {
    fn is_seekable(&self) -> bool {
        self.seekable
    }

    fn byte_len(&self) -> Option<u64> {
        self.seekable.then(|| self.range.end - self.range.start)
    }
}
