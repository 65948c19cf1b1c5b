//! What stands behind a recording in its file. Padding and tags are not sound; anything else may be, and would be
//! dropped in silence.

use std::io::{Read, Seek, SeekFrom};

use super::{
    Content, Format,
    fault::Fault,
    sniff::{HEAD_BYTES, sniff},
    tags,
};

/// Ends of lines that editors and shells leave behind a file; more of them are no accident.
const MOST_BLANKS: usize = 16;

/// Where something begins that is neither filling nor tag; the end where nothing does.
pub(super) fn pass(source: &mut (impl Read + Seek), mut place: u64, end: u64) -> Result<u64, Fault> {
    loop {
        place = filling(source, place, end)?;
        if place >= end {
            return Ok(end);
        }
        match tags::length(source, place, end)? {
            Some(length) => place = place.saturating_add(length).min(end),
            None => return Ok(place),
        }
    }
}

/// Refuses what is neither filling nor tag.
pub(super) fn check(source: &mut (impl Read + Seek), place: u64, end: u64) -> Result<(), Fault> {
    let at = pass(source, place, end)?;
    if at == end { Ok(()) } else { Err(left_over(source, at, end)?) }
}

/// What is wrong where a recording has ended and more follows.
pub(super) fn left_over(source: &mut (impl Read + Seek), at: u64, end: u64) -> Result<Fault, Fault> {
    source.seek(SeekFrom::Start(at))?;
    let mut head = Vec::with_capacity(HEAD_BYTES);
    source.take((end - at).min(HEAD_BYTES as u64)).read_to_end(&mut head)?;
    Ok(match sniff(&head) {
        Content::Audio(format) if !matches!(format, Format::Mp3 | Format::Aac) => joined(),
        _ => Fault::damaged(format!(
            "ends its sound at byte {at} of {end}, and what follows is neither a part of the format nor a tag: its \
             lengths are out of date, or it is damaged; fetch it again"
        )),
    })
}

/// Only the first of several recordings would be heard.
pub(super) fn joined() -> Fault {
    Fault::damaged(
        "holds several recordings one behind the other, as files that were joined by `cat` do, of which only the first \
         would be heard: join them with a program that knows the format, as `ffmpeg -i a -i b -filter_complex concat=n=2:v=0:a=1 joined.wav`",
    )
}

/// Where filling ends that begins at `place`: zeros, or a few ends of lines.
pub(super) fn filling(source: &mut (impl Read + Seek), place: u64, end: u64) -> Result<u64, Fault> {
    source.seek(SeekFrom::Start(place))?;
    let (mut buffer, mut at, mut blanks) = ([0; 1 << 12], place, 0);
    while at < end {
        let most = buffer.len().min(usize::try_from(end - at).unwrap_or(usize::MAX));
        let read = source.read(&mut buffer[..most])?;
        if read == 0 {
            break;
        }
        for &byte in &buffer[..read] {
            blanks += usize::from(byte != 0);
            if !matches!(byte, 0 | b'\n' | b'\r' | b'\t' | b' ' | 0x1a) || blanks > MOST_BLANKS {
                return Ok(if blanks > MOST_BLANKS { place } else { at });
            }
            at += 1;
        }
    }
    Ok(end)
}

/// Whether these bytes begin anywhere from `place` on, and `is` agrees with the place.
pub(super) fn find<S: Read + Seek>(
    source: &mut S,
    place: u64,
    end: u64,
    magic: &[u8],
    mut is: impl FnMut(&[u8]) -> bool,
) -> Result<Option<u64>, Fault> {
    /// As much as `is` wants to see behind the magic.
    const AHEAD: usize = 64;
    source.seek(SeekFrom::Start(place))?;
    let (mut buffer, mut kept, mut from) = (vec![0; 1 << 16], 0, place);
    loop {
        let most = (buffer.len() - kept).min(usize::try_from(end - from).unwrap_or(usize::MAX) - kept);
        let read = source.read(&mut buffer[kept..kept + most])?;
        let filled = kept + read;
        // What begins close to the end of what is there is looked at when more is, or when there is no more.
        let whole = if read == 0 { filled } else { filled.saturating_sub(AHEAD) };
        let found = buffer[..filled].windows(magic.len()).take(whole);
        for (at, bytes) in found.enumerate() {
            if bytes == magic && is(&buffer[at..filled]) {
                return Ok(Some(from + at as u64));
            }
        }
        if read == 0 {
            return Ok(None);
        }
        buffer.copy_within(whole..filled, 0);
        kept = filled - whole;
        from += whole as u64;
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn checked(bytes: &[u8]) -> Result<(), String> {
        check(&mut Cursor::new(bytes), 0, bytes.len() as u64).map_err(|fault| fault.problem)
    }

    #[test]
    fn filling_and_tags_are_no_sound_and_all_else_may_be() {
        let tag = [b"TAG".as_slice(), &[b' '; 125]].concat();
        for fine in [vec![], vec![0; 9_000], b"\r\n".to_vec(), [vec![0; 7], tag.clone(), vec![0; 3], tag].concat()] {
            assert!(checked(&fine).is_ok(), "{fine:?}");
        }
        for rest in [vec![1], vec![b'\n'; 40], [vec![0; 9_000], vec![7]].concat()] {
            assert!(checked(&rest).unwrap_err().contains("neither a part of the format nor a tag"), "{rest:?}");
        }
        assert!(checked(b"\0\0fLaC\0\0\0\x22").unwrap_err().contains("joined"));
    }

    #[test]
    fn bytes_are_found_wherever_they_are() {
        for at in [0, 5, 65_535, 65_536, 65_480, 131_000, 199_990] {
            let mut bytes = vec![7; 200_000];
            bytes[at..at + 4].copy_from_slice(b"caff");
            let found = find(&mut Cursor::new(&bytes), 0, 200_000, b"caff", |_| true).unwrap();
            assert_eq!(found, Some(at as u64));
            assert_eq!(find(&mut Cursor::new(&bytes), 0, 200_000, b"caff", |_| false).unwrap(), None);
        }
    }
}
