//! Where the frames of a FLAC file (RFC 9639) begin and end: from there to there, every byte is one of a frame.

use std::io::{Read, Seek, SeekFrom};

use symphonia::core::{checksum::Crc16Ansi, io::Monitor};

use super::{behind, fault::Fault};

/// The last frame is looked for in so many bytes.
const LAST: u64 = 1 << 20;

/// Where the frames begin.
///
/// # Errors
///
/// Where the file ends before them.
pub(super) fn frames(source: &mut (impl Read + Seek), start: u64) -> Result<u64, Fault> {
    let mut place = start + 4;
    loop {
        source.seek(SeekFrom::Start(place))?;
        let mut head = [0; 4];
        source.read_exact(&mut head)?;
        place += 4 + u64::from(u32::from_be_bytes([0, head[1], head[2], head[3]]));
        if head[0] & 0x80 != 0 {
            return Ok(place);
        }
    }
}

/// Where the last frame ends: some leave an end of line behind it, which its checksum tells from a part of it.
pub(super) fn end(source: &mut (impl Read + Seek), frames: u64, end: u64) -> Result<u64, Fault> {
    let from = end.saturating_sub(LAST).max(frames);
    source.seek(SeekFrom::Start(from))?;
    let mut last = Vec::new();
    source.take(end.saturating_sub(from)).read_to_end(&mut last)?;
    let blank = |byte: &&u8| matches!(byte, 0 | b'\n' | b'\r' | b'\t' | b' ' | 0x1a);
    let blanks = last.iter().rev().take_while(blank).count();
    if blanks == 0 {
        return Ok(end);
    }
    let sync = |at: &usize| last[*at] == 0xff && last[at + 1] & 0xfe == 0xf8;
    let mut starts = (0..last.len().saturating_sub(1)).rev().filter(sync);
    let found = starts.find_map(|at| {
        let mut crc = Crc16Ansi::new(0);
        crc.process_buf_bytes(&last[at..last.len() - blanks.min(last.len() - at)]);
        // Its last bytes may look like an end of a line.
        let ends = last.len() - blanks.min(last.len() - at)..=last.len();
        ends.into_iter().find(|&end| {
            let whole = end > at + 8 && crc.crc() == 0;
            if let Some(&next) = last.get(end) {
                crc.process_byte(next);
            }
            whole
        })
    });
    let Some(found) = found else { return Ok(end) };
    let rest = from + found as u64;
    // More than filling is no end of this file.
    Ok(if behind::filling(source, rest, end)? == end { rest } else { end })
}
