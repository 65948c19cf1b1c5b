//! The chunks of WAVE and AIFF files: enough of them to tell a whole file from a cut one, and sound from silence, and to
//! find the samples, without decoding.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom},
};

use super::sniff::Format;

/// A file of chunks with nothing to hear, but with its headers in order, has this many at most; more is damage.
const MOST_CHUNKS: usize = 10_000;

/// Writers that do not know the length in advance (a pipe) leave the greatest number, or nearly so, in its place.
const UNKNOWN_LENGTH: u64 = 0xFFFF_FF00;

/// Samples of 16 bits that stay within this many steps of zero are silence: a file of zeros that has been through a
/// lossy codec comes back with dither of one or two steps. Recordings, even of quiet rooms, reach further.
const SILENT_STEPS: u16 = 4;

/// The codes of the sample formats in a `fmt ` chunk.
const PCM: u16 = 1;
const FLOAT: u16 = 3;
const EXTENSIBLE: u16 = 0xFFFE;

/// What the chunks say of a file's sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sound {
    /// Whole, as far as can be told without decoding.
    Whole,
    /// All samples are zero, or dither around it.
    Silent,
    /// The file ends before its sound does, which has this many of that many bytes.
    Cut(u64, u64),
    /// There are no samples, or no chunk that could hold them.
    Missing(&'static str),
}

/// Where a file has its samples, if they are whole numbers of 16 bits in the order of WAVE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    /// The place of the first sample in the file, in bytes.
    pub start: u64,
    /// How many bytes of samples there are.
    pub length: u64,
    /// Samples per second and channel.
    pub rate: u32,
    /// How many channels take turns.
    pub channels: u16,
}

/// Judges the sound of a file by its chunks, and says where it is. Formats that are not made of such chunks are taken
/// for whole: what is wrong with them shows when they are decoded.
pub(super) fn judge(file: &mut File, format: Format) -> io::Result<(Sound, Option<Extent>)> {
    let (sound_chunk, wave) = match format {
        Format::Wav | Format::Rf64 => (b"data", true),
        Format::Aiff | Format::Aifc => (b"SSND", false),
        Format::Flac | Format::Ogg | Format::Mp3 => return Ok((Sound::Whole, None)),
    };
    let end = file.seek(SeekFrom::End(0))?;
    let mut reader = BufReader::new(file);
    let mut place = 12;
    let (mut samples, mut long_length) = (None, None);
    for _ in 0..MOST_CHUNKS {
        if place + 8 > end {
            return Ok((Sound::Missing("it has no chunk of samples"), None));
        }
        reader.seek(SeekFrom::Start(place))?;
        let (id, length) = (four(&mut reader)?, four(&mut reader)?);
        let length = u64::from(if wave { u32::from_le_bytes(length) } else { u32::from_be_bytes(length) });
        place += 8;
        if id == *sound_chunk {
            let length = long_length.filter(|_| length >= UNKNOWN_LENGTH).unwrap_or(length);
            // An `SSND` chunk begins with an offset and a block size, of four bytes each.
            let head = if wave { 0 } else { 8 };
            let sound = judge_samples(&mut reader, place, length, head, end, samples)?;
            return Ok((sound, samples.and_then(|samples| samples.extent(place, length.min(end - place)))));
        }
        match &id {
            b"fmt " if length >= 16 => samples = read_format(&mut reader, length)?,
            b"ds64" if length >= 16 => {
                four(&mut reader)?;
                four(&mut reader)?;
                let (low, high) = (u32::from_le_bytes(four(&mut reader)?), u32::from_le_bytes(four(&mut reader)?));
                long_length = Some(u64::from(high) << 32 | u64::from(low));
            }
            _ => {}
        }
        // Chunks of odd length are followed by one byte that does not count.
        place = place.saturating_add(length + length % 2);
    }
    Ok((Sound::Missing("it has thousands of chunks, none of samples"), None))
}

/// How samples are written down.
#[derive(Debug, Clone, Copy)]
struct SampleFormat {
    code: u16,
    channels: u16,
    rate: u32,
    bits: u16,
}

impl SampleFormat {
    fn extent(self, start: u64, length: u64) -> Option<Extent> {
        let Self { channels, rate, .. } = self;
        (self.code == PCM && self.bits == 16).then_some(Extent { start, length, rate, channels })
    }
}

fn read_format(reader: &mut impl Read, length: u64) -> io::Result<Option<SampleFormat>> {
    let mut fields = [0; 26];
    let known = fields.len().min(usize::try_from(length).unwrap_or(usize::MAX));
    reader.read_exact(&mut fields[..known])?;
    let field = |at: usize| u16::from_le_bytes([fields[at], fields[at + 1]]);
    // The extensible form has the code that counts further back.
    let code = if field(0) == EXTENSIBLE { field(24) } else { field(0) };
    let rate = u32::from(field(4)) | u32::from(field(6)) << 16;
    let format = SampleFormat { code, channels: field(2), rate, bits: field(14) };
    Ok(matches!(code, PCM | FLOAT).then_some(format))
}

fn judge_samples(
    reader: &mut (impl Read + Seek),
    start: u64,
    length: u64,
    head: u64,
    end: u64,
    samples: Option<SampleFormat>,
) -> io::Result<Sound> {
    let there = end - start;
    if length <= head || there <= head {
        return Ok(Sound::Missing("its chunk of samples is empty"));
    }
    if length > there && length < UNKNOWN_LENGTH {
        return Ok(Sound::Cut(there, length));
    }
    let Some(format) = samples else { return Ok(Sound::Whole) };
    reader.seek(SeekFrom::Start(start))?;
    let is_silent = is_silent(&mut reader.take(length.min(there)), format)?;
    Ok(if is_silent { Sound::Silent } else { Sound::Whole })
}

/// Reads until something can be heard, which in nearly every file is at once.
fn is_silent(samples: &mut impl Read, format: SampleFormat) -> io::Result<bool> {
    let quiet = |bytes: &[u8]| match (format.code, format.bits) {
        (PCM, 16) => bytes
            .chunks_exact(2)
            .all(|sample| i16::from_le_bytes([sample[0], sample[1]]).unsigned_abs() <= SILENT_STEPS),
        // Samples of 8 bits have no sign: their zero is in the middle.
        (PCM, 8) => bytes.iter().all(|&byte| byte == 0x80),
        _ => bytes.iter().all(|&byte| byte == 0),
    };
    let mut buffer = vec![0; 1 << 14];
    loop {
        let filled = fill(samples, &mut buffer)?;
        if !quiet(&buffer[..filled]) {
            return Ok(false);
        }
        if filled < buffer.len() {
            return Ok(true);
        }
    }
}

/// Reads until the buffer is full or there is nothing more, so that no sample is torn in two.
pub(super) fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

fn four(reader: &mut impl Read) -> io::Result<[u8; 4]> {
    let mut bytes = [0; 4];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn judged(bytes: &[u8], format: Format) -> Sound {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        judge(&mut file, format).unwrap().0
    }

    fn chunk(id: &[u8], length: u32, content: &[u8]) -> Vec<u8> {
        [id, &length.to_le_bytes(), content].concat()
    }

    fn wave(chunks: &[Vec<u8>]) -> Vec<u8> {
        [b"RIFF\0\0\0\0WAVE".to_vec(), chunks.concat()].concat()
    }

    fn fmt(code: u16, bits: u16) -> Vec<u8> {
        let mut fields = [0; 16];
        fields[..2].copy_from_slice(&code.to_le_bytes());
        fields[14..].copy_from_slice(&bits.to_le_bytes());
        chunk(b"fmt ", 16, &fields)
    }

    #[test]
    fn chunks_before_the_samples_are_walked_over() {
        let odd = chunk(b"LIST", 3, b"abc\0");
        let whole = wave(&[fmt(1, 16), odd, chunk(b"FLLR", 4, &[0; 4]), chunk(b"data", 4, &[9; 4]), vec![1; 3]]);
        assert_eq!(judged(&whole, Format::Wav), Sound::Whole);
    }

    #[test]
    fn a_cut_file_says_how_much_is_there() {
        let cut = wave(&[fmt(1, 16), chunk(b"data", 100, &[9; 40])]);
        assert_eq!(judged(&cut, Format::Wav), Sound::Cut(40, 100));
        let aiff = [&b"FORM\0\0\0\0AIFFSSND\0\0\0\x64"[..], &[9; 40]].concat();
        assert_eq!(judged(&aiff, Format::Aiff), Sound::Cut(40, 100));
    }

    #[test]
    fn a_length_that_a_pipe_could_not_know_is_no_cut() {
        let piped = wave(&[fmt(1, 16), chunk(b"data", u32::MAX, &[9; 40])]);
        assert_eq!(judged(&piped, Format::Wav), Sound::Whole);
        let mut sizes = [0; 28];
        sizes[8] = 100;
        let long = wave(&[chunk(b"ds64", 28, &sizes), fmt(1, 16), chunk(b"data", u32::MAX, &[9; 40])]);
        assert_eq!(judged(&long, Format::Rf64), Sound::Cut(40, 100));
    }

    #[test]
    fn files_without_samples_are_told() {
        for bytes in [
            wave(&[fmt(1, 16)]),
            wave(&[fmt(1, 16), chunk(b"data", 0, &[])]),
            wave(&[fmt(1, 16), chunk(b"data", 100, &[])]),
            wave(&[chunk(b"LIST", u32::MAX, &[])]),
            wave(&[]),
            b"FORM\0\0\0\0AIFFSSND\0\0\0\x08\0\0\0\0\0\0\0\0".to_vec(),
        ] {
            assert!(matches!(judged(&bytes, Format::Wav), Sound::Missing(_)), "{bytes:?}");
        }
    }

    #[test]
    fn silence_is_told_from_sound_in_any_width() {
        let zeros = vec![0; 40_000];
        let late = [&zeros[..39_000], &[5, 0], &zeros[..998]].concat();
        let dither = [1_i16, -2, 0, 2].map(i16::to_le_bytes).concat().repeat(5_000);
        let sound =
            |format: Vec<u8>, samples: &[u8]| judged(&wave(&[format, chunk(b"data", 40_000, samples)]), Format::Wav);
        assert_eq!(sound(fmt(1, 16), &zeros), Sound::Silent);
        assert_eq!(sound(fmt(1, 16), &dither), Sound::Silent);
        assert_eq!(sound(fmt(1, 16), &late), Sound::Whole);
        assert_eq!(sound(fmt(1, 16), &[0, 0x80].repeat(20_000)), Sound::Whole);
        assert_eq!(sound(fmt(3, 32), &zeros), Sound::Silent);
        assert_eq!(sound(fmt(1, 24), &zeros), Sound::Silent);
        assert_eq!(sound(fmt(1, 8), &zeros), Sound::Whole);
        assert_eq!(sound(fmt(1, 8), &[0x80; 40_000]), Sound::Silent);
        assert_eq!(sound(fmt(17, 4), &zeros), Sound::Whole, "a code that is not read here says nothing");
    }
}
