//! The chunks of AIFF and AIFF-C: whether what stands behind the sound is one of them. Decoders stop where the outermost chunk
//! says that it ends, and know no length that a pipe could not know.

use std::{
    io::{Read, Seek, SeekFrom},
    ops::Range,
};

use super::{behind, fault::Fault};

/// Chunks of a file; more is damage.
const MOST_CHUNKS: usize = 10_000;

/// The most bytes of chunks before sound of unknown length.
const MOST_BYTES: u64 = 1 << 24;

/// A file as its decoder is given it.
pub(super) struct Layout {
    /// What stands for the file's first bytes.
    pub head: Vec<u8>,
    /// What follows them.
    pub rest: Range<u64>,
}

/// Walks the chunks from `start` on.
///
/// # Errors
///
/// Where something follows that is no chunk, other sound, or another recording. What is cut off is told by the decoder.
pub(super) fn layout(source: &mut (impl Read + Seek), start: u64, end: u64) -> Result<Layout, Fault> {
    let mut place = start + 12;
    let mut sounds = 0;
    for _ in 0..MOST_CHUNKS {
        let Some((name, length)) = head(source, place, end)? else { break };
        match &name {
            b"FORM" => return Err(behind::joined()),
            b"SSND" => sounds += 1,
            _ => {}
        }
        if sounds > 1 {
            return Err(behind::joined());
        }
        // Nobody knew the length when it was written: the file's end is the end.
        if &name == b"SSND"
            && matches!(length, 0 | u32::MAX)
            && end > place + 16
            && head(source, place + 8, end)?.is_none()
        {
            return open(source, start, place, end);
        }
        place = place.saturating_add(8 + u64::from(length));
        if place > end {
            return Ok(Layout { head: Vec::new(), rest: start..end });
        }
        // One of odd length is followed by a byte that does not count, if whoever wrote it knew.
        if length % 2 == 1 && head(source, place, end)?.is_none() {
            place = (place + 1).min(end);
        }
    }
    behind::check(source, place.min(end), end)?;
    Ok(Layout { head: Vec::new(), rest: start..end })
}

/// The same with the lengths that are there, where the sound's chunk begins at `place`.
fn open(source: &mut (impl Read + Seek), start: u64, place: u64, end: u64) -> Result<Layout, Fault> {
    let joined = behind::find(source, place, end, b"FORM", |bytes| matches!(bytes.get(8..12), Some(b"AIFF" | b"AIFC")));
    if joined?.is_some() {
        return Err(behind::joined());
    }
    let lengths = [end - start - 8, end - place - 8].map(u32::try_from);
    let ([Ok(form), Ok(sound)], ..=MOST_BYTES) = (lengths, place - start) else {
        return Err(Fault::damaged("does not say how long it is: fetch it again"));
    };
    source.seek(SeekFrom::Start(start))?;
    let mut head = Vec::new();
    source.take(place - start).read_to_end(&mut head)?;
    head[4..8].copy_from_slice(&form.to_be_bytes());
    head.extend(b"SSND");
    head.extend(sound.to_be_bytes());
    Ok(Layout { head, rest: place + 8..end })
}

/// The name and length of the chunk at `place`; none where none begins.
fn head(source: &mut (impl Read + Seek), place: u64, end: u64) -> Result<Option<([u8; 4], u32)>, Fault> {
    if place.saturating_add(8) > end {
        return Ok(None);
    }
    source.seek(SeekFrom::Start(place))?;
    let mut bytes = [0; 8];
    source.read_exact(&mut bytes)?;
    let [name @ .., a, b, c, d] = bytes;
    let is_name = name.iter().all(|byte| (b' '..=b'~').contains(byte)) && name[0] != b' ';
    Ok(is_name.then_some((name, u32::from_be_bytes([a, b, c, d]))))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn what_follows_the_sound_is_a_chunk_a_tag_or_an_error() {
        let chunk = |name: &[u8; 4], length: u32, content: &[u8]| [name, &length.to_be_bytes()[..], content].concat();
        let whole = [chunk(b"FORM", 26, b"AIFF"), chunk(b"COMM", 2, b"ab"), chunk(b"SSND", 4, &[200; 4])].concat();
        let checked = |rest: &[u8]| {
            let bytes = [&whole[..], rest].concat();
            layout(&mut Cursor::new(&bytes), 0, bytes.len() as u64).map(drop).map_err(|fault| fault.problem)
        };
        for fine in [
            vec![],
            vec![0; 20],
            chunk(b"NAME", 3, b"abc\0"),
            [chunk(b"NAME", 3, b"abc"), chunk(b"AUTH", 2, b"ab")].concat(),
            [b"TAG".as_slice(), &[b' '; 125]].concat(),
        ] {
            assert!(checked(&fine).is_ok(), "{fine:?}");
        }
        let layout =
            |bytes: &[u8]| layout(&mut Cursor::new(bytes), 0, bytes.len() as u64).map_err(|fault| fault.problem);
        let piped = [chunk(b"FORM", 0, b"AIFF"), chunk(b"COMM", 2, b"ab"), chunk(b"SSND", 0, &[200; 20])].concat();
        let Layout { head, rest } = layout(&piped).unwrap();
        let whole_of =
            |length| [chunk(b"FORM", length + 22, b"AIFF"), chunk(b"COMM", 2, b"ab"), chunk(b"SSND", length, b"")];
        assert_eq!((head, rest), (whole_of(20).concat(), 30..50));
        assert!(layout(&[piped.clone(), piped].concat()).is_err_and(|problem| problem.contains("joined")));
        assert!(checked(&whole).unwrap_err().contains("joined"));
        assert!(checked(&chunk(b"SSND", 4, &[200; 4])).unwrap_err().contains("joined"));
        assert!(checked(&[200; 40]).unwrap_err().contains("neither a part"));
    }
}
