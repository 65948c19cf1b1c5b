//! MPEG audio and AAC streams are frames one behind the other, each with a header that says where it ends. Decoders look
//! for the next header where one is not in its place, and drop what is between without a word; so the frames are walked
//! here before anything is decoded.

use std::io::{BufReader, Read, Seek, SeekFrom};
use std::ops::Range;

use super::{behind, fault::Fault, tags};

/// Frames that belong together: one recording, of several that were joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Section {
    /// Their place in the file, in bytes.
    pub range: Range<u64>,
    /// How many samples a channel their headers speak of.
    pub samples: u64,
    /// Whether the first one is no sound but says how many there are, and that is true.
    pub is_counted: bool,
}

/// What a frame's header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Frame {
    /// Bytes, the header included.
    length: u64,
    samples: u64,
    /// What stays the same within one recording.
    kind: u32,
}

/// The kinds of frames that are walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    /// MPEG 1, 2 or 2.5, layers I to III.
    Mpeg,
    /// AAC with ADTS headers.
    Adts,
}

impl Stream {
    fn frame(self, head: &[u8]) -> Option<Frame> {
        match self {
            Self::Mpeg => mpeg(head.first_chunk()?),
            Self::Adts => adts(head.first_chunk()?),
        }
    }
}

/// Bytes of a frame that are looked at: its header, and where a count of frames may be.
const LOOK: usize = 64;

/// As far behind its start a file may have its first frame: programs that record streams begin within one.
const LEAD: u64 = 1 << 16;

/// So many frames behind one another are no accident.
const RUN: usize = 4;

/// Where the first frames begin behind filling or a few bytes that are none, and what they are.
pub(super) fn first(source: &mut (impl Read + Seek), start: u64, end: u64) -> Result<Option<(u64, Stream)>, Fault> {
    let start = behind::filling(source, start, end)?;
    source.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    source.take((end - start).min(2 * LEAD)).read_to_end(&mut bytes)?;
    let places = (0..bytes.len().min(LEAD as usize)).filter(|&at| bytes[at] == 0xff);
    let found = places.into_iter().find_map(|at| Some((start + at as u64, run(&bytes[at..])?)));
    Ok(found)
}

/// What several frames are that these bytes begin with, each where the one before ends and of its kind.
pub(super) fn run(bytes: &[u8]) -> Option<Stream> {
    [Stream::Mpeg, Stream::Adts].into_iter().find(|stream| {
        let (mut at, mut kind) = (0, None);
        (0..RUN).all(|_| {
            let frame = bytes.get(at..).and_then(|rest| stream.frame(rest));
            let goes_on = frame.filter(|frame| kind.is_none_or(|kind| kind == frame.kind));
            if let Some(frame) = goes_on {
                (at, kind) = (at + frame.length as usize, Some(frame.kind));
            }
            goes_on.is_some()
        })
    })
}

/// Walks the frames of a file from `start` on.
///
/// # Errors
///
/// Where there are other bytes than frames and tags, or the last frame is cut off.
pub(super) fn sections(source: impl Read + Seek, start: u64, end: u64, stream: Stream) -> Result<Vec<Section>, Fault> {
    let mut source = BufReader::with_capacity(1 << 16, source);
    source.seek(SeekFrom::Start(start))?;
    let mut place = start;
    let mut sections: Vec<Section> = Vec::new();
    let (mut kind, mut counted) = (None, Vec::new());
    let mut head = [0; LOOK];
    while place < end {
        let known = LOOK.min((end - place) as usize);
        source.read_exact(&mut head[..known])?;
        source.seek_relative(-(known as i64))?;
        let bytes = &head[..known];
        let Some(frame) = stream.frame(bytes) else {
            let next = behind::pass(&mut source, place, end)?;
            // A last tag may be cut off.
            if next == end {
                break;
            }
            if tags::length(&mut source, place, end)?.is_some() {
                place = next;
                source.seek(SeekFrom::Start(place))?;
                continue;
            }
            return Err(match known {
                // Less than a header.
                ..8 => Fault::truncated("truncated: it ends within a frame; fetch it again"),
                _ => Fault::damaged(format!(
                    "is damaged at byte {place} of {end}: no frame begins where the one before ends; fetch it again"
                )),
            });
        };
        if place + frame.length > end {
            return Err(Fault::truncated(format!(
                "truncated: its last frame has {} of {} bytes; fetch it again",
                end - place,
                frame.length
            )));
        }
        let count = if stream == Stream::Mpeg { count(bytes) } else { None };
        let goes_on = sections.last().is_some_and(|section| section.range.end == place) && kind == Some(frame.kind);
        if count.is_some() || !goes_on {
            sections.push(Section { range: place..place, samples: 0, is_counted: false });
            counted.push(count.map(|count| (count, frame)));
        }
        kind = Some(frame.kind);
        if let Some(section) = sections.last_mut() {
            section.samples += if count.is_some() { 0 } else { frame.samples };
            section.range.end = place + frame.length;
        }
        place += frame.length;
        source.seek_relative(frame.length as i64)?;
    }
    for (section, counted) in sections.iter_mut().zip(counted) {
        let Some((count, first)) = counted else { continue };
        let (declared, there) = (count * first.samples, section.samples);
        // Some count the frame that holds the count.
        if declared > there + first.samples {
            return Err(Fault::truncated(format!(
                "truncated: {} of {count} frames are there; fetch it again",
                there / first.samples
            )));
        }
        section.is_counted = declared == there;
        if !section.is_counted {
            section.range.start += first.length;
        }
    }
    sections.retain(|section| section.samples > 0);
    Ok(sections)
}

/// The header of a frame of MPEG audio (ISO/IEC 11172-3, 13818-3).
fn mpeg(head: &[u8; 4]) -> Option<Frame> {
    let [0xff, second, third, fourth] = *head else { return None };
    let (version, layer) = ((second >> 3) & 3, (second >> 1) & 3);
    let (bit_rate, rate, padding) =
        (usize::from(third >> 4), usize::from((third >> 2) & 3), u64::from((third >> 1) & 1));
    // Frames of free format say nothing of their length.
    if second >> 5 != 7 || version == 1 || layer == 0 || matches!(bit_rate, 0 | 15) || rate == 3 {
        return None;
    }
    let is_first = version == 3;
    #[rustfmt::skip]
    let kilobits: [u64; 15] = match (is_first, layer) {
        (true, 3) => [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
        (true, 2) => [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
        (true, _) => [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
        (false, 3) => [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
        (false, _) => [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    };
    let rates: [u64; 3] = [44_100, 48_000, 32_000];
    let hertz = rates[rate] / [4, 1, 2, 1][usize::from(version)];
    let bits = kilobits[bit_rate] * 1_000;
    let (samples, length) = match layer {
        3 => (384, (12 * bits / hertz + padding) * 4),
        1 if !is_first => (576, 72 * bits / hertz + padding),
        _ => (1_152, 144 * bits / hertz + padding),
    };
    let is_mono = u32::from(fourth >> 6 == 3);
    let kind = u32::from(version) << 16 | u32::from(layer) << 8 | (rate as u32) << 1 | is_mono;
    Some(Frame { length, samples, kind })
}

/// The header of a frame of AAC (ISO/IEC 13818-7).
fn adts(head: &[u8; 7]) -> Option<Frame> {
    let [0xff, second, third, fourth, fifth, sixth, seventh] = *head else { return None };
    let rate = (third >> 2) & 15;
    if second & 0xf6 != 0xf0 || rate > 12 {
        return None;
    }
    let length = u64::from(fourth & 3) << 11 | u64::from(fifth) << 3 | u64::from(sixth >> 5);
    let samples = 1_024 * (u64::from(seventh & 3) + 1);
    (length > 7).then_some(Frame {
        length,
        samples,
        kind: u32::from(rate) << 8 | u32::from(third & 1) << 2 | u32::from(fourth >> 6),
    })
}

/// How many frames there are, by a first frame that says so (Xing's, LAME's or Fraunhofer's).
fn count(frame: &[u8]) -> Option<u64> {
    let four = |at: usize| frame.get(at..at + 4);
    let number = |at: usize| Some(u64::from(u32::from_be_bytes(four(at)?.try_into().ok()?)));
    if four(36) == Some(b"VBRI") {
        return number(36 + 14);
    }
    // Behind the side information, whose length is the version's and the channels'.
    let is_first = frame.get(1)? & 8 != 0;
    let is_mono = frame.get(3)? >> 6 == 3;
    let at = match (is_first, is_mono) {
        (true, false) => 36,
        (true, true) | (false, false) => 21,
        (false, true) => 13,
    };
    let is_count = matches!(four(at), Some(b"Xing" | b"Info")) && frame.get(at + 7)? & 1 == 1;
    is_count.then(|| number(at + 8)).flatten()
}
