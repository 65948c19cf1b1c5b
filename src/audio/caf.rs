//! The chunks of Apple's Core Audio Format: where the sound is. Its decoder knows neither the byte that libsndfile puts behind
//! sound of odd length nor the length that a pipe cannot know; so it is given a file of the chunks that it needs, with the
//! length that the sound has.

use std::{
    io::{Read, Seek},
    ops::Range,
};

use super::{behind, fault::Fault, tags};

/// Chunks of a file; more is damage.
const MOST_CHUNKS: usize = 10_000;

/// The most bytes of what is not sound; tables of packets of a day have fewer.
const MOST_BYTES: u64 = 1 << 26;

/// The length of sound that nobody knew when it was written.
const UNKNOWN: u64 = u64::MAX;

/// A file as its decoder is given it.
pub(super) struct Layout {
    /// What comes before the sound.
    pub head: Vec<u8>,
    /// Where the sound is, with the count of edits before it.
    pub data: Range<u64>,
}

/// Walks the chunks from `start` on.
///
/// # Errors
///
/// Where a chunk is cut off or missing, and where something follows that is no chunk or another recording.
pub(super) fn layout(source: &mut (impl Read + Seek), start: u64, end: u64) -> Result<Layout, Fault> {
    let mut head = tags::bytes(source, start, (start + 8).min(end))?;
    let mut data: Option<Range<u64>> = None;
    let mut place = start + 8;
    for _ in 0..MOST_CHUNKS {
        let Some((name, length)) = chunk(source, place, end)? else { break };
        let body = place + 12;
        let is_open = name == *b"data" && length == UNKNOWN;
        let next = if is_open { end } else { body.saturating_add(length) };
        if next > end {
            return Err(Fault::truncated(format!(
                "truncated: {} of {length} bytes of its chunk `{}` are there; fetch it again",
                end - body.min(end),
                name.escape_ascii()
            )));
        }
        match &name {
            b"data" if data.is_some() => return Err(behind::joined()),
            b"data" => data = Some(body..next),
            b"desc" | b"chan" | b"kuki" | b"pakt" if next - place > MOST_BYTES => {
                return Err(Fault::damaged(format!(
                    "is damaged: its chunk `{}` has {length} bytes",
                    name.escape_ascii()
                )));
            }
            b"desc" | b"chan" | b"kuki" | b"pakt" => head.extend(tags::bytes(source, place, next)?),
            _ => {}
        }
        if is_open
            && behind::find(source, body, end, b"caff\0\x01", |bytes| bytes.get(8..12) == Some(b"desc"))?.is_some()
        {
            return Err(behind::joined());
        }
        place = next;
        // Against the format, some fill up to an even length.
        if length % 2 == 1
            && !is_open
            && chunk(source, place, end)?.is_none()
            && tags::bytes(source, place, place + 1)? == [0]
        {
            place += 1;
        }
    }
    behind::check(source, place.min(end), end)?;
    let data = data.filter(|data| data.end - data.start > 4).ok_or_else(Fault::no_samples)?;
    head.extend(b"data");
    head.extend((data.end - data.start).to_be_bytes());
    Ok(Layout { head, data })
}

/// The name and length of the chunk at `place`; none where none begins.
fn chunk(source: &mut (impl Read + Seek), place: u64, end: u64) -> Result<Option<([u8; 4], u64)>, Fault> {
    let bytes = tags::bytes(source, place, end.min(place.saturating_add(12)))?;
    let [name @ .., a, b, c, d, e, f, g, h]: [u8; 12] = match bytes.try_into() {
        Ok(bytes) => bytes,
        Err(_) => return Ok(None),
    };
    let length = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
    let is_known = matches!(&name, b"data" | b"desc" | b"chan" | b"kuki" | b"pakt" | b"free" | b"info");
    // Of others the length must show that they are chunks: names can be samples, too.
    let fits = length <= end.saturating_sub(place + 12);
    let is_name = name.iter().all(|byte| (b' '..=b'~').contains(byte));
    Ok((is_known || (is_name && fits)).then_some((name, length)))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::audio::decode;

    fn caf(length: u64, sound: &[u8], rest: &[u8]) -> Vec<u8> {
        let mut desc = 8_000f64.to_be_bytes().to_vec();
        desc.extend(b"lpcm\0\0\0\0");
        [3u32, 1, 1, 24].into_iter().for_each(|field| desc.extend(field.to_be_bytes()));
        let chunks = [b"caff\0\x01\0\0desc".as_slice(), &32u64.to_be_bytes(), &desc, b"data", &length.to_be_bytes()];
        [&chunks.concat()[..], &[0; 4], sound, rest].concat()
    }

    fn samples(bytes: &[u8]) -> Result<Vec<f32>, String> {
        decode(bytes, Path::new("x")).map(|audio| audio.samples).map_err(|error| error.to_string())
    }

    #[test]
    fn sound_of_odd_and_of_unknown_length_is_whole() {
        let sound = [0x40, 0, 0, 0xa0, 0, 0, 0x20, 0, 0];
        let expected = Ok(vec![0.5, -0.75, 0.25]);
        let free = [b"free".as_slice(), &3u64.to_be_bytes(), b"abc"].concat();
        assert_eq!(samples(&caf(13, &sound, b"")), expected);
        assert_eq!(samples(&caf(13, &sound, b"\0")), expected);
        assert_eq!(samples(&caf(u64::MAX, &sound, b"")), expected);
        assert_eq!(samples(&caf(13, &sound, &free)), expected);
        assert_eq!(samples(&caf(13, &sound, &[b"\0".as_slice(), &free].concat())), expected);
        assert!(samples(&caf(13, &sound[..6], b"")).unwrap_err().contains("10 of 13 bytes"));
        assert!(samples(&caf(7, &sound, b"")).unwrap_err().contains("neither a part"));
        let mut telephone = caf(7, &[0xff, 0x80, 0], b"");
        telephone[28..32].copy_from_slice(b"ulaw");
        telephone[36..40].copy_from_slice(&1u32.to_be_bytes());
        telephone[48..52].copy_from_slice(&8u32.to_be_bytes());
        assert!(samples(&telephone).is_ok_and(|samples| samples.len() == 3 && samples[1] > 0.9));
        for length in [13, u64::MAX] {
            let one = caf(length, &sound, b"");
            assert!(samples(&[one.clone(), one].concat()).unwrap_err().contains("joined"));
        }
    }
}
