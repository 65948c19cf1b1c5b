//! The chunks of a RIFF file: where the samples end, whatever their chunk says, and what follows them. What their chunk leaves
//! out would be dropped in silence, and what it takes in beyond them would be heard.

use std::io::{Read, Seek, SeekFrom};

use super::{
    behind,
    fault::{Fault, Flaw},
    tags,
};

/// Chunks of a file; more is damage.
pub(super) const MOST_CHUNKS: usize = 10_000;

/// Where the length of the samples is unknown, chunks behind them are looked for in so many bytes before the file's end.
const LAST: u64 = 1 << 22;

/// Chunks that programs put behind samples.
#[rustfmt::skip]
const KNOWN: [&[u8; 4]; 36] = [
    b"LIST", b"bext", b"iXML", b"axml", b"aXML", b"_PMX", b"id3 ", b"ID3 ", b"FLLR", b"JUNK", b"junk", b"PAD ", b"pad ",
    b"fact", b"cue ", b"plst", b"smpl", b"inst", b"acid", b"strc", b"PEAK", b"DISP", b"afsp", b"cart", b"LGWV", b"umid",
    b"levl", b"MD5 ", b"chna", b"minf", b"elm1", b"regn", b"SAUR", b"note", b"labl", b"ltxt",
];

/// Whether a length of samples is what programs write to a pipe, not knowing better: sox and MPlayer 0x7ffff000, arecord
/// 0x80000000, ffmpeg and others all ones or nearly so.
fn is_unknown(length: u32) -> bool {
    matches!(length, 0x7fff_0000..=0x8000_0100 | 0xffff_ff00..)
}

/// How many bytes of samples there are behind `start`, by the length that their chunk has and by the one that a chunk for long
/// files has.
///
/// # Errors
///
/// Where there are fewer or none, and where more follow that no chunk holds.
pub(super) fn extent(
    source: &mut (impl Read + Seek),
    start: u64,
    length: u32,
    long: Option<u64>,
    end: u64,
) -> Result<u64, Fault> {
    let there = end - start;
    let declared = long.filter(|_| length == u32::MAX).unwrap_or(length.into());
    let is_open = (is_unknown(length) && long.is_none()) || (length == 0 && !chunks_fill(source, start, end)?);
    match there {
        0 => Err(Fault::no_samples()),
        // Nobody knew the length when it was written: the file's end is the end, or the chunks are before it.
        _ if is_open && declared != there => open(source, start, end),
        _ if declared > there => Err(Fault::truncated(format!(
            "truncated: {there} of {declared} bytes of samples are there; fetch it again"
        ))),
        _ if declared == 0 => Err(Fault::no_samples()),
        _ => {
            check_rest(source, start, declared, end)?;
            Ok(declared)
        }
    }
}

/// How many bytes of samples there are of which nothing says how many.
fn open(source: &mut (impl Read + Seek), start: u64, end: u64) -> Result<u64, Fault> {
    if behind::find(source, start, end, b"WAVEfmt ", |_| true)?.is_some() {
        return Err(joined());
    }
    let from = end.saturating_sub(LAST).max(start);
    source.seek(SeekFrom::Start(from))?;
    let mut last = Vec::new();
    source.take(end - from).read_to_end(&mut last)?;
    let begins = last.windows(4).enumerate().filter(|(_, name)| KNOWN.iter().any(|known| known[..] == **name));
    for (at, _) in begins {
        let place = from + at as u64;
        // Samples may be any bytes, but no chunks that end where the file does.
        if chunks_fill(source, place, end)? {
            return if place > start { Ok(place - start) } else { Err(Fault::no_samples()) };
        }
    }
    Ok(end - start)
}

/// Refuses sound behind the sound: what follows must be chunks, tags or filling.
fn check_rest(source: &mut (impl Read + Seek), start: u64, length: u64, end: u64) -> Result<(), Fault> {
    let mut place = after(source, start, length, end)?.min(end);
    // Once a chunk of a known name follows, the samples have ended.
    let mut has_ended = false;
    for _ in 0..MOST_CHUNKS {
        let Some((id, length)) = head(source, place, end)?.filter(|(id, _)| is_name(id)) else {
            let next = behind::pass(source, place, end)?;
            if next > place && next < end {
                place = next;
                continue;
            }
            return if next == end || has_ended { Ok(()) } else { Err(left_over(source, next, end)?) };
        };
        if matches!(&id, b"RIFF" | b"RF64" | b"BW64" | b"data") {
            return Err(joined());
        }
        // A tag is no chunk whose name begins like one.
        if let Some(length) = tags::length(source, place, end)?.filter(|_| &id != b"ID3 ") {
            place = (place + length).min(end);
            continue;
        }
        let fits = u64::from(length) <= end - place - 8;
        has_ended |= KNOWN.contains(&&id);
        if !fits {
            return if has_ended { Ok(()) } else { Err(left_over(source, place, end)?) };
        }
        place = after(source, place + 8, u64::from(length), end)?.min(end);
    }
    Ok(())
}

fn left_over(source: &mut (impl Read + Seek), at: u64, end: u64) -> Result<Fault, Fault> {
    let fault = behind::left_over(source, at, end)?;
    Ok(match fault.flaw {
        Flaw::Damaged if fault.problem.contains("neither") => Fault::damaged(format!(
            "says its samples end at byte {at} of {end}, and what follows is neither chunk nor tag: the length in its header \
             is out of date, or it is damaged; fetch it again, or have all of it heard, as `ffmpeg -ignore_length 1 -i a.wav \
             b.wav`"
        )),
        _ => fault,
    })
}

fn joined() -> Fault {
    Fault::damaged(
        "holds samples in several places, as files that were joined by `cat` do: join them again, as \
         `sox a.wav b.wav joined.wav`",
    )
}

fn is_name(id: &[u8]) -> bool {
    id.iter().all(|byte| (b' '..=b'~').contains(byte))
}

/// Whether what begins at `place` is chunks up to the end.
fn chunks_fill(source: &mut (impl Read + Seek), mut place: u64, end: u64) -> Result<bool, Fault> {
    for _ in 0..MOST_CHUNKS {
        match head(source, place, end)? {
            _ if place == end => return Ok(true),
            Some((id, length)) if is_name(&id) => {
                place = place + 8 + u64::from(length);
                if place > end {
                    return Ok(false);
                }
                place += u64::from(place % 2 == 1 && place < end);
            }
            _ => return Ok(false),
        }
    }
    Ok(false)
}

/// The name and length of the chunk at `place`; none where the file has no more.
pub(super) fn head(source: &mut (impl Read + Seek), place: u64, end: u64) -> Result<Option<([u8; 4], u32)>, Fault> {
    if place.saturating_add(8) > end {
        return Ok(None);
    }
    source.seek(SeekFrom::Start(place))?;
    Ok(Some((read(source)?, u32::from_le_bytes(read(source)?))))
}

/// Where the chunk behind one begins. One of odd length is followed by a byte that does not count, if whoever wrote it
/// knew.
pub(super) fn after(source: &mut (impl Read + Seek), start: u64, length: u64, end: u64) -> Result<u64, Fault> {
    let next = start.saturating_add(length);
    if length.is_multiple_of(2) || next.saturating_add(8) > end {
        return Ok(next.saturating_add(length % 2));
    }
    source.seek(SeekFrom::Start(next))?;
    let bytes: [u8; 5] = read(source)?;
    Ok(if is_name(&bytes[..4]) && !is_name(&bytes[1..]) { next } else { next + 1 })
}

pub(super) fn read<const N: usize>(source: &mut impl Read) -> Result<[u8; N], Fault> {
    let mut bytes = [0; N];
    source.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::audio::{
        decode,
        written::{chunk, fmt, riff},
    };

    /// A file with 300 samples of which the header tells of so many bytes, and what follows them.
    fn wave(length: u32, rest: &[u8]) -> Vec<u8> {
        let samples: Vec<u8> = (0..300i16).flat_map(|i| (i * 97 - 9_000).to_le_bytes()).collect();
        [riff(&[fmt(1, 1, 2, 16, &[]), chunk(b"data", length, &samples)]), rest.to_vec()].concat()
    }

    fn samples(bytes: &[u8]) -> Result<usize, String> {
        decode(bytes, Path::new("x")).map(|audio| audio.samples.len()).map_err(|error| error.to_string())
    }

    fn list() -> Vec<u8> {
        chunk(b"LIST", 16, b"INFOISFT\x04\0\0\0abcd")
    }

    #[test]
    fn samples_behind_the_length_are_not_dropped_in_silence() {
        assert_eq!(samples(&wave(600, b"")), Ok(300));
        for short in (2..600).step_by(14) {
            let problem = samples(&wave(short, b"")).unwrap_err();
            assert!(problem.contains("out of date"), "{short}: {problem}");
            assert!(samples(&wave(short, &list())).is_err(), "{short}");
        }
        let tag = [b"TAG".as_slice(), &[b' '; 125]].concat();
        for fine in [
            vec![0; 70],
            vec![0],
            b"\r\n".to_vec(),
            list(),
            tag.clone(),
            [list(), vec![200; 40]].concat(),
            [list(), tag].concat(),
            chunk(b"id3 ", 12, b"ID3\x04\0\0\0\0\0\x02ab"),
            // Cut off within what is no sound.
            list()[..14].to_vec(),
            chunk(b"XYZ1", 5, b"abcde"),
        ] {
            assert_eq!(samples(&wave(600, &fine)), Ok(300), "{fine:?}");
        }
        assert!(samples(&wave(600, &[7; 4])).is_err() && samples(&wave(600, &[0, 0, 7])).is_err());
    }

    #[test]
    fn chunks_behind_samples_of_unknown_length_are_not_heard() {
        for length in [0, u32::MAX, 0x7fff_f000] {
            assert_eq!(samples(&wave(length, b"")), Ok(300));
            assert_eq!(samples(&wave(length, &list())), Ok(300), "{length:x}");
            assert_eq!(samples(&wave(length, &[list(), chunk(b"id3 ", 3, b"abc")].concat())), Ok(300));
            let one = wave(length, b"");
            assert!(samples(&[one.clone(), one].concat()).unwrap_err().contains("joined"));
        }
    }
}
