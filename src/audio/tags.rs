//! Tags that programs put before and behind sound of any format: ID3, APE, Lyrics3.

use std::io::{Read, Seek, SeekFrom};

use super::fault::Fault;

/// The longest that Lyrics3 can be: its length has six digits.
const LYRICS: u64 = 1_000_000;

/// An old ID3 tag, which stands at the very end.
const ID3V1: u64 = 128;

/// Tags behind one another; more is damage.
const MOST: usize = 16;

/// The length of the tag that begins at `place`, if one does. It may be said to be longer than the file.
pub(super) fn length(source: &mut (impl Read + Seek), place: u64, end: u64) -> Result<Option<u64>, Fault> {
    let head = bytes(source, place, end.min(place + 32))?;
    if head.starts_with(b"LYRICSBEGIN") {
        let text = bytes(source, place, end.min(place + LYRICS + 64))?;
        let at = |mark: &[u8]| text.windows(mark.len()).position(|bytes| bytes == mark);
        return Ok(at(b"LYRICS200").or(at(b"LYRICSEND")).map(|at| at as u64 + 9));
    }
    Ok(of_head(&head))
}

/// The length of the tag that these bytes begin: ID3, APE, or the old kind of ID3 at the end.
fn of_head(bytes: &[u8]) -> Option<u64> {
    if let Some(length) = id3(bytes) {
        return Some(length);
    }
    if bytes.starts_with(b"APETAGEX") {
        let size = u64::from(u32::from_le_bytes(bytes.get(12..16)?.try_into().ok()?));
        let is_header = bytes.get(23)? & 0x20 != 0;
        return Some(if is_header { size + 32 } else { 32 });
    }
    if bytes.starts_with(b"TAG+") {
        return Some(227);
    }
    bytes.starts_with(b"TAG").then_some(ID3V1)
}

/// The length of an ID3v2 tag that begins here, in four bytes of seven bits each.
pub(super) fn id3(bytes: &[u8]) -> Option<u64> {
    let [b'I', b'D', b'3', major, _, flags, a, b, c, d] = *bytes.first_chunk()? else { return None };
    let length = [a, b, c, d].iter().fold(0, |sum, &byte| (sum << 7) | u64::from(byte & 0x7f));
    let footer = u64::from(flags & 0x10 != 0 && major >= 4) * 10;
    Some(10 + length + footer)
}

/// Where the tags begin that a file ends with; its end where there are none. Some say at their end alone that they are
/// tags.
pub(super) fn begin(source: &mut (impl Read + Seek), start: u64, mut end: u64) -> Result<u64, Fault> {
    for _ in 0..MOST {
        let tail = bytes(source, end.saturating_sub(ID3V1).max(start), end)?;
        let tag = [old_id3, ape, lyrics, id3_with_footer].into_iter().find_map(|tag| tag(&tail));
        match tag.filter(|&length| length > 0 && length <= end - start) {
            Some(length) if ape(&tail) == Some(length) => end = ape_begin(source, start, end, length)?,
            Some(length) => end -= length,
            None => break,
        }
    }
    // Lyrics3 of the first version does not say how long it is.
    if bytes(source, end.saturating_sub(9).max(start), end)? == b"LYRICSEND" {
        let from = end.saturating_sub(LYRICS).max(start);
        let text = bytes(source, from, end)?;
        if let Some(at) = text.windows(11).rposition(|bytes| bytes == b"LYRICSBEGIN") {
            return Ok(from + at as u64);
        }
    }
    Ok(end)
}

fn old_id3(tail: &[u8]) -> Option<u64> {
    (tail.len() as u64 == ID3V1 && tail.starts_with(b"TAG")).then_some(ID3V1)
}

/// By its last 32 bytes.
fn ape(tail: &[u8]) -> Option<u64> {
    let footer: &[u8; 32] = tail.last_chunk()?;
    let size = u64::from(u32::from_le_bytes([footer[12], footer[13], footer[14], footer[15]]));
    // The size is that of the items and of this; a header that is like it comes before them.
    let header = if footer[23] & 0x80 != 0 { 32 } else { 0 };
    (footer.starts_with(b"APETAGEX") && footer[23] & 0x20 == 0 && size >= 32).then_some(size + header)
}

/// Where an APE tag of that length begins: where its header is, as some do not know how long their items are.
fn ape_begin(source: &mut (impl Read + Seek), start: u64, end: u64, length: u64) -> Result<u64, Fault> {
    /// How far a length may be off.
    const OFF: u64 = 256;
    let from = end.saturating_sub(length + OFF).max(start);
    let near = bytes(source, from, end - 32)?;
    let header = near.windows(8).rposition(|bytes| bytes == b"APETAGEX");
    Ok(header.map_or(end - length, |at| from + at as u64))
}

/// Of the second version, by its length in six digits.
fn lyrics(tail: &[u8]) -> Option<u64> {
    let footer: &[u8; 15] = tail.last_chunk()?;
    let digits = std::str::from_utf8(footer[..6].as_ref()).ok()?;
    let length: u64 = digits.parse().ok()?;
    footer.ends_with(b"LYRICS200").then_some(length + 15)
}

fn id3_with_footer(tail: &[u8]) -> Option<u64> {
    let [b'3', b'D', b'I', rest @ ..] = tail.last_chunk::<10>()? else { return None };
    id3(&[b"ID3".as_slice(), rest].concat())
}

/// The bytes from one place to another, or to the end where that comes first.
pub(super) fn bytes(source: &mut (impl Read + Seek), from: u64, to: u64) -> Result<Vec<u8>, Fault> {
    source.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    source.take(to.saturating_sub(from)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn ape_footer(size: u32, flags: u32) -> Vec<u8> {
        [b"APETAGEX".as_slice(), &2_000u32.to_le_bytes(), &size.to_le_bytes(), &[0; 4], &flags.to_le_bytes(), &[0; 8]]
            .concat()
    }

    #[test]
    fn tags_at_the_end_are_found_in_any_order() {
        let old = [b"TAG".as_slice(), &[b' '; 125]].concat();
        let lyrics = b"LYRICSBEGININD0000200000022LYRICS200".replace_length();
        let items = [b"items".to_vec(), ape_footer(37, 0)].concat();
        let whole = [ape_footer(37, 0xa000_0000), b"items".to_vec(), ape_footer(37, 0x8000_0000)].concat();
        let wrong = [ape_footer(35, 0xa000_0000), b"items".to_vec(), ape_footer(35, 0x8000_0000)].concat();
        let first = b"LYRICSBEGINla laLYRICSEND".to_vec();
        for tags in [
            vec![&old],
            vec![&lyrics],
            vec![&items],
            vec![&whole],
            vec![&wrong],
            vec![&first],
            vec![&whole, &lyrics, &old],
        ] {
            let tags = tags.into_iter().flatten().copied().collect::<Vec<u8>>();
            let file = [vec![7; 300], tags].concat();
            assert_eq!(begin(&mut Cursor::new(&file), 0, file.len() as u64).unwrap(), 300, "{file:?}");
        }
        for file in [vec![], vec![7; 40], vec![b' '; 400], ape_footer(1_000, 0)] {
            assert_eq!(begin(&mut Cursor::new(&file), 0, file.len() as u64).unwrap(), file.len() as u64);
        }
    }

    #[test]
    fn tags_are_passed_over_from_their_beginning() {
        let of = |bytes: &[u8]| length(&mut Cursor::new(bytes), 0, bytes.len() as u64).unwrap();
        assert_eq!(of(b"LYRICSBEGINla laLYRICSENDTAG"), Some(25));
        assert_eq!(of(b"ID3\x04\0\0\0\0\0\x02ab"), Some(12));
        assert_eq!(of(&ape_footer(50, 0xa000_0000)), Some(82));
        assert_eq!(of(b"TAG"), Some(128));
        assert_eq!(of(b"LYRICSBEGIN without an end"), None);
        assert_eq!(of(b"RIFF"), None);
    }

    trait Lyrics {
        fn replace_length(&self) -> Vec<u8>;
    }

    impl Lyrics for [u8] {
        /// Puts the true length where the six digits are.
        fn replace_length(&self) -> Vec<u8> {
            let at = self.len() - 15;
            [&self[..at], format!("{at:06}").as_bytes(), &self[at + 6..]].concat()
        }
    }
}
