//! The pages of an Ogg file (RFC 3533). Decoders pass over damaged pages without a word; so their checksums, numbers and
//! ends are looked at here before anything is decoded.

use std::{
    collections::BTreeMap,
    io::{BufReader, Read, Seek, SeekFrom},
    ops::Range,
};

use symphonia::core::{checksum::Crc32, io::Monitor};

use super::fault::{Fault, Flaw};

/// Walks the pages from `start` on; gives the stretches of a chain of recordings, one for most files.
///
/// # Errors
///
/// Where a page is damaged, missing or cut off.
pub(super) fn sections(source: impl Read + Seek, start: u64, end: u64) -> Result<Vec<Range<u64>>, Fault> {
    let mut source = BufReader::with_capacity(1 << 16, source);
    source.seek(SeekFrom::Start(start))?;
    let mut sections: Vec<Range<u64>> = Vec::new();
    // The number of the next page of each stream that has not ended.
    let mut open: BTreeMap<u32, u32> = BTreeMap::new();
    let mut place = start;
    let mut streams = Vec::new();
    let cut = || Fault::truncated("truncated: it ends before its last page; fetch it again");
    let damaged =
        |place: u64| Fault::damaged(format!("is damaged in the page at byte {place} of {end}: fetch it again"));
    while place < end {
        let mut head = [0; 27];
        if end - place < head.len() as u64 {
            // What is left of a whole file is no page.
            let mut rest = Vec::new();
            source.read_to_end(&mut rest)?;
            if open.is_empty() && !sections.is_empty() && !rest.starts_with(b"OggS") {
                break;
            }
            return Err(cut());
        }
        source.read_exact(&mut head)?;
        if !head.starts_with(b"OggS\0") {
            // Whatever was appended to a whole file is no sound.
            if open.is_empty() && !sections.is_empty() && !has_page(&mut source)? {
                break;
            }
            return Err(damaged(place));
        }
        let mut lengths = vec![0; usize::from(head[26])];
        let (flags, four) = (head[5], |at: usize| [head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let (serial, number, checksum) =
            (u32::from_le_bytes(four(14)), u32::from_le_bytes(four(18)), u32::from_le_bytes(four(22)));
        if (end - place) < 27 + lengths.len() as u64 {
            return Err(cut());
        }
        source.read_exact(&mut lengths)?;
        let mut body = vec![0; lengths.iter().map(|&length| usize::from(length)).sum()];
        let length = (27 + lengths.len() + body.len()) as u64;
        if place + length > end {
            return Err(cut());
        }
        source.read_exact(&mut body)?;
        let mut crc = Crc32::new(0);
        head[22..26].fill(0);
        [&head[..], &lengths, &body].into_iter().for_each(|bytes| crc.process_buf_bytes(bytes));
        if crc.crc() != checksum {
            return Err(damaged(place));
        }
        let (is_first, is_last) = (flags & 2 != 0, flags & 4 != 0);
        if is_first {
            streams.push(stream(&body));
            if open.is_empty() {
                sections.push(place..place);
            }
        }
        match open.get(&serial) {
            None if is_first => {}
            Some(&next) if next == number && !is_first => {}
            _ => {
                let problem = format!("is damaged: pages are missing before byte {place} of {end}; fetch it again");
                return Err(Fault::damaged(problem));
            }
        }
        if is_last {
            open.remove(&serial);
        } else {
            open.insert(serial, number.wrapping_add(1));
        }
        place += length;
        if let Some(section) = sections.last_mut() {
            section.end = place;
        }
    }
    if !open.is_empty() {
        return Err(cut());
    }
    match streams.iter().find(|(_, sounds)| *sounds).or(streams.first()) {
        Some((Some(name), false)) => {
            Err(Fault::new(Flaw::UnknownFormat, format!("is Ogg with {name}, which is not read here")))
        }
        _ => Ok(sections),
    }
}

/// What a stream is by its first packet, and whether it is sound that is read here.
fn stream(packet: &[u8]) -> (Option<&'static str>, bool) {
    let known: [(&[u8], &str, bool); 10] = [
        (b"\x01vorbis", "Vorbis", true),
        (b"\x7fFLAC", "FLAC", true),
        (b"fLaC", "FLAC", true),
        (b"OpusHead", "Opus", false),
        (b"Speex   ", "Speex", false),
        (b"CELT    ", "CELT", false),
        (b"PCM     ", "PCM", false),
        (b"\x80theora", "Theora, which is video,", false),
        (b"BBCD", "Dirac, which is video,", false),
        (b"fishead", "a skeleton alone", false),
    ];
    let found = known.iter().find(|(magic, ..)| packet.starts_with(magic));
    found.map_or((None, false), |(_, name, is_read)| (Some(*name), *is_read))
}

/// Whether a page begins anywhere from here on.
fn has_page(source: &mut impl Read) -> Result<bool, Fault> {
    let (mut buffer, mut kept) = (vec![0; 1 << 14], 0);
    loop {
        let read = source.read(&mut buffer[kept..])?;
        if read == 0 {
            return Ok(false);
        }
        let filled = kept + read;
        if buffer[..filled].windows(4).any(|bytes| bytes == b"OggS") {
            return Ok(true);
        }
        kept = filled.min(3);
        buffer.copy_within(filled - kept..filled, 0);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::audio::written::ogg_page;

    fn found(bytes: &[u8]) -> Result<Vec<Range<u64>>, String> {
        sections(Cursor::new(bytes), 0, bytes.len() as u64).map_err(|fault| fault.problem)
    }

    fn stream(serial: u32) -> Vec<u8> {
        let page = |flags, number| ogg_page(flags, serial, number, b"\x01vorbis");
        [page(2, 0), page(0, 1), page(0, 2), page(4, 3)].concat()
    }

    #[test]
    fn a_chain_is_several_sections_and_what_is_torn_is_told() {
        let (one, length) = (stream(1), stream(1).len() as u64);
        assert_eq!(found(&one).unwrap(), vec![Range { start: 0, end: length }]);
        assert_eq!(found(&[one.clone(), stream(2), stream(1)].concat()).unwrap().len(), 3);
        assert_eq!(found(&[one.clone(), vec![0; 50]].concat()).unwrap(), vec![Range { start: 0, end: length }]);
        let page = one.len() / 4;
        assert!(found(&one[..3 * page]).unwrap_err().contains("last page"));
        assert!(found(&one[..3 * page + 9]).unwrap_err().contains("last page"));
        let lost = [&one[..page], &one[2 * page..]].concat();
        assert!(found(&lost).unwrap_err().contains("pages are missing"));
        for at in 0..one.len() {
            let mut damaged = one.clone();
            damaged[at] ^= 0x10;
            assert!(found(&damaged).is_err(), "byte {at}");
        }
    }
}
