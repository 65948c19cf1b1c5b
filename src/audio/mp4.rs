//! The boxes of MP4, M4A, MOV and 3GP (ISO/IEC 14496-12). Decoders stop without a word where the last fragment is cut off,
//! and do not look behind the boxes that they know; so the boxes are walked here before anything is decoded.

use std::io::{Read, Seek, SeekFrom};

use super::{behind, fault::Fault};

/// Boxes of a file; a recording of a day in fragments of a second has fewer. More are damage.
const MOST_BOXES: usize = 1_000_000;

/// Walks the boxes from `start` on; where they end.
///
/// # Errors
///
/// Where a box is cut off, a fragment lacks its samples, and where something follows that is no box or another recording.
pub(super) fn check(source: &mut (impl Read + Seek), start: u64, end: u64) -> Result<u64, Fault> {
    let mut place = start;
    // Whether a fragment's samples are still to come.
    let mut lacks_samples = false;
    let (mut types, mut movies, mut fragments) = (0, 0, 0);
    for _ in 0..MOST_BOXES {
        let Some((name, length)) = head(source, place, end)? else { break };
        let next = place.saturating_add(length);
        if next > end {
            return Err(Fault::truncated(format!(
                "truncated: {} of {length} bytes of its box `{}` are there; fetch it again",
                end - place,
                name.escape_ascii()
            )));
        }
        match &name {
            b"ftyp" => types += 1,
            b"moov" => movies += 1,
            b"moof" => (lacks_samples, fragments) = (true, fragments + 1),
            b"mdat" => lacks_samples = false,
            _ => {}
        }
        if types > 1 || movies > 1 {
            return Err(behind::joined());
        }
        place = next;
    }
    // The first bytes of a box are zeros, as filling is.
    let is_torn = fragments > 0 && (1..4).contains(&(end - place)) && {
        let mut rest = Vec::new();
        source.seek(SeekFrom::Start(place))?;
        source.take(end - place).read_to_end(&mut rest)?;
        rest.iter().all(|&byte| byte == 0)
    };
    if lacks_samples || is_torn {
        return Err(Fault::truncated("truncated: it ends within its last fragment; fetch it again"));
    }
    behind::check(source, place, end)?;
    Ok(place)
}

/// The name and length of the box at `place`; none where none begins.
fn head(source: &mut (impl Read + Seek), place: u64, end: u64) -> Result<Option<([u8; 4], u64)>, Fault> {
    let mut bytes = [0; 16];
    let known = bytes.len().min(usize::try_from(end - place).unwrap_or(usize::MAX));
    source.seek(SeekFrom::Start(place))?;
    source.read_exact(&mut bytes[..known])?;
    let [a, b, c, d, name @ .., _, _, _, _, _, _, _, _] = bytes;
    // Before them stands nothing of which a name is a part: samples do.
    if known < 8 || !name.iter().all(|&byte| byte == b' ' || byte.is_ascii_alphanumeric() || byte == 0xa9) {
        return Ok(None);
    }
    let length = match u32::from_be_bytes([a, b, c, d]) {
        // Up to the file's end.
        0 => end - place,
        1 if known == 16 => {
            u64::from_be_bytes([bytes[8], bytes[9], bytes[10], bytes[11], bytes[12], bytes[13], bytes[14], bytes[15]])
        }
        length => length.into(),
    };
    Ok((length >= 8).then_some((name, length)))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn checked(bytes: &[u8]) -> Result<u64, String> {
        check(&mut Cursor::new(bytes), 0, bytes.len() as u64).map_err(|fault| fault.problem)
    }

    fn boxed(name: &[u8; 4], length: usize) -> Vec<u8> {
        [&(length as u32 + 8).to_be_bytes()[..], name, &vec![7; length]].concat()
    }

    #[test]
    fn boxes_that_are_cut_off_are_told_wherever_that_is() {
        let fragment = || [boxed(b"moof", 40), boxed(b"mdat", 50)].concat();
        let whole = [boxed(b"ftyp", 8), boxed(b"moov", 30), fragment(), fragment()].concat();
        assert_eq!(checked(&whole), Ok(whole.len() as u64));
        // What comes before the first fragment is the decoder's matter.
        let first = whole.len() - 2 * fragment().len();
        for cut in (first + 8..whole.len()).filter(|&cut| cut != first + fragment().len()) {
            let problem = checked(&whole[..cut]).unwrap_err();
            assert!(problem.contains("trunc") || problem.contains("neither a part"), "{cut}: {problem}");
        }
    }

    #[test]
    fn what_follows_the_boxes_is_filling_a_tag_or_an_error() {
        let whole = [boxed(b"ftyp", 8), boxed(b"mdat", 50), boxed(b"moov", 30)].concat();
        assert!(checked(&[whole.clone(), vec![0; 40]].concat()).is_ok());
        assert!(checked(&[whole.clone(), boxed(b"free", 3)].concat()).is_ok());
        assert!(checked(&[whole.clone(), whole.clone()].concat()).unwrap_err().contains("joined"));
        assert!(checked(&[whole.clone(), vec![200; 40]].concat()).unwrap_err().contains("neither a part"));
        // Of a length that is not known, and of one in eight bytes.
        let mut open = whole.clone();
        open[16..20].fill(0);
        assert!(checked(&open).is_ok());
        let long = [b"\0\0\0\x01mdat".as_slice(), &66u64.to_be_bytes(), &[7; 50]].concat();
        assert!(checked(&[boxed(b"ftyp", 8), long.clone()].concat()).is_ok());
        assert!(checked(&[boxed(b"ftyp", 8), long[..60].to_vec()].concat()).unwrap_err().contains("60 of 66 bytes"));
    }
}
