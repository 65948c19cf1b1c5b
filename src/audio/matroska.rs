//! The elements of Matroska and WebM (RFC 8794, RFC 9559): whether all are there. What is written to a pipe does not say how
//! long it is, and ends where the file does; decoders take that for a file that is cut off.

use std::io::{Read, Seek};

use super::{behind, fault::Fault, tags};

const HEADER: u32 = 0x1a45_dfa3;
const SEGMENT: u32 = 0x1853_8067;
const CLUSTER: u32 = 0x1f43_b675;

/// What else a segment consists of: SeekHead, Info, Tracks, Cues, Attachments, Chapters, Tags, and what all may have, Void
/// and CRC-32.
const OF_SEGMENTS: [u32; 9] =
    [0x114d_9b74, 0x1549_a966, 0x1654_ae6b, 0x1c53_bb6b, 0x1941_a469, 0x1043_a770, 0x1254_c367, 0xec, 0xbf];

/// What a cluster consists of: Timestamp, SilentTracks, Position, PrevSize, SimpleBlock, BlockGroup, EncryptedBlock, Void,
/// CRC-32.
const OF_CLUSTERS: [u32; 9] = [0xe7, 0x5854, 0xa7, 0xab, 0xa3, 0xa0, 0xaf, 0xec, 0xbf];

/// The elements of a file.
pub(super) struct Elements {
    /// Where they end.
    pub end: u64,
    /// Whether nothing but the file's end shows where the sound does.
    pub is_open: bool,
}

/// Walks the elements from `start` on.
///
/// # Errors
///
/// Where one is cut off, and where something follows that is none or another recording.
pub(super) fn check(source: &mut (impl Read + Seek), start: u64, end: u64) -> Result<Elements, Fault> {
    let headers = || Fault::truncated("truncated: it ends within the headers of Matroska or WebM; fetch it again");
    let mut place = start;
    let mut is_open = false;
    while let Some(Element { id, body, length }) = element(source, place, end)? {
        let is_first = place == start;
        match (id, length) {
            (HEADER, Some(length)) if is_first => place = whole(body, length, end)?,
            (HEADER, _) => return Err(if is_first { headers() } else { behind::joined() }),
            (SEGMENT, Some(length)) => {
                place = whole(body, length, end)?;
                // What is cut off within is told by the decoder.
                let walked = walk(source, body, place)?;
                is_open |= walked.is_open;
                if walked.end < place {
                    behind::check(source, walked.end, place)?;
                }
            }
            (SEGMENT, None) => {
                is_open = true;
                place = walk(source, body, end)?.end;
            }
            (0xec | 0xbf, Some(length)) => place = whole(body, length, end)?,
            _ => break,
        }
    }
    if place == start {
        return Err(headers());
    }
    behind::check(source, place, end)?;
    Ok(Elements { end: place, is_open })
}

/// Walks what a segment consists of, as far as it does.
fn walk(source: &mut (impl Read + Seek), mut place: u64, end: u64) -> Result<Elements, Fault> {
    let mut is_open = false;
    while let Some(Element { id, body, length }) = element(source, place, end)? {
        match length {
            Some(length) if id == CLUSTER || OF_SEGMENTS.contains(&id) => place = whole(body, length, end)?,
            None if id == CLUSTER => {
                is_open = true;
                place = body;
                while let Some(Element { id, body, length: Some(length) }) = element(source, place, end)? {
                    if !OF_CLUSTERS.contains(&id) {
                        break;
                    }
                    place = whole(body, length, end)?;
                }
            }
            _ => break,
        }
    }
    // The first bytes of an element are one, too.
    if end - place < 12 && end > place && is_torn(source, place, end)? {
        return Err(cut(place, end));
    }
    Ok(Elements { end: place, is_open })
}

/// Whether the last bytes of a file may be the beginning of an element that is known here.
fn is_torn(source: &mut (impl Read + Seek), place: u64, end: u64) -> Result<bool, Fault> {
    let bytes = tags::bytes(source, place, end)?;
    let mut known = OF_SEGMENTS.iter().chain(&OF_CLUSTERS).chain(&[CLUSTER]);
    Ok(known.any(|id| {
        let id: Vec<u8> = id.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
        bytes.starts_with(&id) || id.starts_with(&bytes)
    }))
}

fn whole(body: u64, length: u64, end: u64) -> Result<u64, Fault> {
    let next = body.saturating_add(length);
    if next > end { Err(cut(body, end)) } else { Ok(next) }
}

fn cut(place: u64, end: u64) -> Fault {
    Fault::truncated(format!("truncated: it breaks off in what begins at byte {place} of {end}; fetch it again"))
}

struct Element {
    id: u32,
    /// Where its content begins.
    body: u64,
    /// The content's length, where whoever wrote it knew.
    length: Option<u64>,
}

/// The element at `place`; none where none begins that is whole.
fn element(source: &mut (impl Read + Seek), place: u64, end: u64) -> Result<Option<Element>, Fault> {
    let bytes = tags::bytes(source, place, end.min(place + 12))?;
    // A number has as many bytes as zeros come before its first one; an identifier keeps that one.
    let width = |at: usize| bytes.get(at).map(|byte| byte.leading_zeros() as usize + 1);
    let number = |at: usize, width: usize| {
        let bytes = bytes.get(at..at + width)?;
        Some(bytes.iter().fold(0u64, |number, &byte| number << 8 | u64::from(byte)))
    };
    let read = || {
        let of_id = width(0).filter(|width| *width <= 4)?;
        let id = u32::try_from(number(0, of_id)?).ok()?;
        let of_length = width(of_id).filter(|width| *width <= 8)?;
        let all = (1u64 << (7 * of_length)) - 1;
        let length = number(of_id, of_length)? & all;
        let body = place + (of_id + of_length) as u64;
        Some(Element { id, body, length: (length != all).then_some(length) })
    };
    Ok(read())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn checked(bytes: &[u8]) -> Result<(u64, bool), String> {
        let found = check(&mut Cursor::new(bytes), 0, bytes.len() as u64).map_err(|fault| fault.problem)?;
        Ok((found.end, found.is_open))
    }

    /// An element with its length, or with none.
    fn element(id: u32, content: &[u8], is_open: bool) -> Vec<u8> {
        let id: Vec<u8> = id.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
        let length = if is_open { u64::MAX >> 8 } else { content.len() as u64 } | 1 << 56;
        [&id[..], &length.to_be_bytes(), content].concat()
    }

    fn file(open_segment: bool, open_clusters: bool) -> Vec<u8> {
        let block = element(0xa3, &[7; 40], false);
        let cluster = || element(CLUSTER, &[element(0xe7, &[0], false), block.repeat(2)].concat(), open_clusters);
        let content = [element(0x1549_a966, &[7; 9], false), cluster(), cluster()].concat();
        [element(HEADER, &[7; 5], false), element(SEGMENT, &content, open_segment)].concat()
    }

    #[test]
    fn an_open_end_is_the_files_and_a_cut_is_told() {
        for (segment, clusters) in [(false, false), (true, false), (true, true), (false, true)] {
            let whole = file(segment, clusters);
            assert_eq!(checked(&whole), Ok((whole.len() as u64, segment || clusters)));
            let filled = [whole.clone(), vec![0; 50]].concat();
            assert_eq!(checked(&filled), Ok((whole.len() as u64, segment || clusters)));
            let fine = (1..whole.len()).filter(|&cut| checked(&whole[..cut]).is_ok()).count();
            // Between two elements of an open file nothing shows that there were more.
            let borders = match (segment, clusters) {
                (false, _) => 1,
                (true, false) => 4,
                (true, true) => 10,
            };
            assert!(fine <= borders, "{fine} cuts pass: {segment} {clusters}");
            assert!(checked(&[whole.clone(), whole.clone()].concat()).unwrap_err().contains("joined"));
            assert!(checked(&[whole, vec![200; 40]].concat()).unwrap_err().contains("neither a part"));
        }
    }
}
