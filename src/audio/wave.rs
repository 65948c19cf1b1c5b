//! WAVE files: where their samples are and how they are written. The one reader of RIFF headers here: what programs write
//! (lengths that a pipe could not know, chunks of odd length, valid bits other than the container's, `fmt ` and `fact`
//! chunks of any size, RF64) is more than `hound` and `symphonia` take, and damage must be told from it.

use std::io::{BufReader, Read, Seek, SeekFrom};

use symphonia::core::{
    audio::Channels,
    codecs::audio::{AudioCodecId, AudioCodecParameters, AudioDecoder, AudioDecoderOptions, well_known as codecs},
    packet::Packet,
    units::{Duration, Timestamp},
};

use super::{
    balance::Balance,
    fault::{Fault, Flaw},
    part::Part,
    pcm::{Channel, SampleFormat},
    riff::{MOST_CHUNKS, after, extent, head, read},
};

/// More channels than any recorder has are damage.
const MOST_CHANNELS: u16 = 256;

/// Bytes that are read and decoded at once, about.
const BLOCK: u64 = 1 << 18;

/// The codes of codings in a `fmt ` chunk (`mmreg.h`).
const PCM: u16 = 0x0001;
const ADPCM_MS: u16 = 0x0002;
const FLOAT: u16 = 0x0003;
const A_LAW: u16 = 0x0006;
const MU_LAW: u16 = 0x0007;
const ADPCM_IMA: u16 = 0x0011;
const EXTENSIBLE: u16 = 0xfffe;

/// What follows the code in the identifiers of codings that have one: those of sound, and of Ambisonics.
const SUBFORMATS: [[u8; 14]; 2] = [
    [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71],
    [0, 0, 0x21, 0x07, 0xd3, 0x11, 0x86, 0x44, 0xc8, 0xc1, 0xca, 0, 0, 0],
];

/// A WAVE file being decoded.
pub(super) struct Wave {
    source: BufReader<Part>,
    coding: Coding,
    channels: u16,
    rate: u32,
    /// Bytes of a frame, or of a block of compressed frames.
    block: u64,
    /// Frames of a block: 1 where nothing is compressed.
    frames: u64,
    /// Bytes of samples that are still to be read.
    left: u64,
    /// Frames that are still to be handed out, where the file says how many of the last block count.
    wanted: u64,
}

enum Coding {
    Pcm(SampleFormat),
    Codec(Box<dyn AudioDecoder>),
}

/// The fields of a `fmt ` chunk.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Fields {
    code: u16,
    channels: u16,
    rate: u32,
    /// Bytes of a frame or block.
    align: u16,
    bits: u16,
}

impl Wave {
    /// Reads the headers.
    pub(super) fn open(part: Part, length: u64) -> Result<Self, Fault> {
        let mut source = BufReader::with_capacity(1 << 16, part);
        let Layout { fields, frames, start, length } = Layout::find(&mut source, length)?;
        source.seek(SeekFrom::Start(start))?;
        let Fields { channels, rate, align, .. } = fields;
        if channels == 0 || channels > MOST_CHANNELS {
            return Err(Fault::damaged(format!("says it has {channels} channels: from 1 to {MOST_CHANNELS} are read")));
        }
        let (coding, block, per_block) = coding(&fields)?;
        let _ = align;
        let total = length.div_ceil(block) * per_block;
        // Where a block is compressed, the last one is filled up; `fact` says how much of it counts.
        let wanted = frames.map_or(total, u64::from);
        let wanted =
            if per_block > 1 && wanted > 0 && wanted <= total && total - wanted < per_block { wanted } else { total };
        if length < block && per_block == 1 {
            return Err(Fault::no_samples());
        }
        Ok(Self { source, coding, channels, rate, block, frames: per_block, left: length, wanted })
    }

    pub(super) fn rate(&self) -> u32 {
        self.rate
    }

    pub(super) fn channels(&self) -> usize {
        usize::from(self.channels)
    }

    /// How many frames are still to be handed out, as far as there are bytes of them.
    pub(super) fn still_to_come(&self) -> usize {
        let most = self.left.div_ceil(self.block).saturating_mul(self.frames);
        usize::try_from(self.wanted.min(most)).unwrap_or(0)
    }

    /// Passes over as many of these frames as are there and need no decoding; how many those were.
    pub(super) fn skip(&mut self, frames: u64) -> u64 {
        if !matches!(self.coding, Coding::Pcm(_)) {
            return 0;
        }
        let frames = frames.min(self.left / self.block).min(self.wanted);
        let bytes = frames * self.block;
        // From the start of a stretch that is known to be there.
        let moved = i64::try_from(bytes).ok().and_then(|bytes| self.source.seek_relative(bytes).ok());
        if moved.is_none() {
            return 0;
        }
        self.left -= bytes;
        self.wanted -= frames;
        frames
    }

    /// The next samples of a channel; none at the end.
    pub(super) fn next(&mut self, channel: Channel, balance: &mut Balance) -> Result<Option<Vec<f32>>, Fault> {
        let blocks = (BLOCK / self.block).max(1);
        let most = self.left.min(blocks * self.block);
        // Half a frame at the end is none; half a compressed block is played as far as it goes.
        let bytes = if self.frames == 1 { most - most % self.block } else { most };
        if bytes == 0 {
            return Ok(None);
        }
        let mut data = Vec::with_capacity(usize::try_from(bytes).unwrap_or(0));
        (&mut self.source).take(bytes).read_to_end(&mut data)?;
        if (data.len() as u64) < bytes {
            return Err(Fault::truncated("became shorter while it was read"));
        }
        self.left -= bytes;
        let channels = usize::from(self.channels);
        let samples = match &mut self.coding {
            Coding::Pcm(format) => balance.of(channel, format.values(&data), channels),
            Coding::Codec(decoder) => {
                let blocks = bytes.div_ceil(self.block);
                data.resize((blocks * self.block) as usize, 0);
                let packet = Packet::new(0, Timestamp::ZERO, Duration::from(blocks * self.frames), data);
                let decoded = decoder.decode(&packet).map_err(|e| Fault::damaged(format!("cannot be decoded: {e}")))?;
                let mut interleaved = vec![0f32; decoded.samples_interleaved()];
                decoded.copy_to_slice_interleaved(&mut interleaved);
                balance.of(channel, interleaved, channels)
            }
        };
        let mut samples = samples.ok_or_else(|| Fault::no_channel(channel, channels))?;
        samples.truncate(usize::try_from(self.wanted).unwrap_or(usize::MAX));
        self.wanted -= samples.len() as u64;
        Ok((!samples.is_empty()).then_some(samples))
    }
}

/// Where the samples are, and what the chunks before them say.
struct Layout {
    fields: Fields,
    /// What a `fact` chunk says of the number of frames.
    frames: Option<u32>,
    start: u64,
    length: u64,
}

impl Layout {
    /// Walks the chunks of a file of `end` bytes.
    fn find(source: &mut (impl Read + Seek), end: u64) -> Result<Self, Fault> {
        let missing = |what: &str| Fault::new(Flaw::NoSamples, format!("holds no audio samples: {what}"));
        let (mut fields, mut frames, mut long) = (None, None, None);
        let mut place = 12;
        for _ in 0..MOST_CHUNKS {
            let Some((id, length)) = head(source, place, end)? else {
                return Err(missing("it has no chunk of samples"));
            };
            place += 8;
            match &id {
                b"data" => {
                    let fields = fields.ok_or_else(|| missing("it does not say how they are written"))?;
                    let length = extent(source, place, length, long, end)?;
                    return Ok(Self { fields, frames, start: place, length });
                }
                b"fmt " => {
                    let found = Fields::read(source, length)?;
                    if fields.replace(found).is_some_and(|before| before != found) {
                        return Err(Fault::damaged(
                            "says twice how its samples are written, and not the same: convert it with the program that \
                             wrote it",
                        ));
                    }
                }
                b"fact" if length >= 4 => frames = Some(u32::from_le_bytes(read(source)?)),
                b"ds64" if length >= 16 => {
                    let _whole: [u8; 8] = read(source)?;
                    let length = u64::from_le_bytes(read(source)?);
                    long = Some(length).filter(|&length| !matches!(length, 0 | u64::MAX));
                }
                _ => {}
            }
            place = after(source, place, u64::from(length), end)?;
        }
        Err(missing("it has thousands of chunks, none of samples"))
    }
}

impl Fields {
    fn read(source: &mut impl Read, length: u32) -> Result<Self, Fault> {
        let mut bytes = [0; 40];
        let known = bytes.len().min(length as usize);
        if known < 16 {
            return Err(Fault::damaged(format!("has a `fmt ` chunk of {length} bytes: from 16 are read")));
        }
        source.read_exact(&mut bytes[..known])?;
        let field = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        let is_extensible = field(0) == EXTENSIBLE;
        let code = match is_extensible {
            true if known < 40 || !SUBFORMATS.iter().any(|known| bytes[26..] == *known) => {
                return Err(unread("in a coding that only its writer knows"));
            }
            true => field(24),
            false => field(0),
        };
        let rate = u32::from(field(4)) | u32::from(field(6)) << 16;
        Ok(Self { code, channels: field(2), rate, align: field(12), bits: field(14) })
    }

    /// Bytes of one sample of one channel. Fewer bits than these count: the upper ones.
    fn width(&self) -> Result<u16, Fault> {
        let least = self.bits.div_ceil(8);
        match self.align / self.channels {
            // Some leave it out.
            0 if self.align == 0 => Ok(least),
            width if width == least && width * self.channels == self.align => Ok(width),
            _ => Err(Fault::damaged(format!(
                "says it has {} bits a sample in frames of {} bytes for {} channels, which leaves open where they are: {CONVERT}",
                self.bits, self.align, self.channels
            ))),
        }
    }
}

const CONVERT: &str = "convert it with the program that wrote it";

/// How samples are written, the bytes of a block and the frames of one.
fn coding(fields: &Fields) -> Result<(Coding, u64, u64), Fault> {
    let Fields { code, channels, align, bits, .. } = *fields;
    let format = match code {
        PCM | FLOAT => match (code, fields.width()?) {
            (PCM, 1) => SampleFormat::U8,
            (PCM, 2) => SampleFormat::S16le,
            (PCM, 3) => SampleFormat::S24le,
            (PCM, 4) => SampleFormat::S32le,
            (FLOAT, 4) => SampleFormat::F32le,
            (FLOAT, 8) => SampleFormat::F64le,
            (_, width) => return Err(unread(&format!("with samples of {width} bytes"))),
        },
        A_LAW | MU_LAW => {
            let codec = if code == A_LAW { codecs::CODEC_ID_PCM_ALAW } else { codecs::CODEC_ID_PCM_MULAW };
            return Ok((codec_of(fields, codec, 1)?, u64::from(channels), 1));
        }
        ADPCM_MS | ADPCM_IMA => {
            // The blocks of each channel begin with a state, of 7 or of 4 bytes, that holds two samples or one.
            let (codec, state, first) = match code {
                ADPCM_MS => (codecs::CODEC_ID_ADPCM_MS, 7, 2),
                _ => (codecs::CODEC_ID_ADPCM_IMA_WAV, 4, 1),
            };
            let (align, channels) = (u64::from(align), u64::from(channels));
            let body = align.checked_sub(state * channels).filter(|body| *body > 0 && bits == 4);
            let body = body.ok_or_else(|| unread(&format!("as ADPCM of {bits} bits in blocks of {align} bytes")))?;
            let frames = 2 * body / channels + first;
            return Ok((codec_of(fields, codec, frames)?, align, frames));
        }
        _ => return Err(unread(&format!("as {}", name(code)))),
    };
    Ok((Coding::Pcm(format), u64::from(channels) * format.width() as u64, 1))
}

fn codec_of(fields: &Fields, codec: AudioCodecId, frames: u64) -> Result<Coding, Fault> {
    let mut parameters = AudioCodecParameters::new();
    let most = (BLOCK / u64::from(fields.align.max(1))).max(1) * frames;
    parameters
        .for_codec(codec)
        .with_sample_rate(fields.rate)
        .with_channels(Channels::Discrete(fields.channels))
        .with_max_frames_per_packet(most)
        .with_frames_per_block(frames);
    let decoder = symphonia::default::get_codecs().make_audio_decoder(&parameters, &AudioDecoderOptions::default());
    decoder.map(Coding::Codec).map_err(|e| unread(&format!("as {}: {e}", name(fields.code))))
}

fn unread(how: &str) -> Fault {
    Fault::new(Flaw::UnknownFormat, format!("is WAV that holds its sound {how}, which is not read here"))
}

/// What a code stands for, as `mmreg.h` and ffmpeg's list have it.
fn name(code: u16) -> String {
    let name = match code {
        A_LAW => "A-law",
        MU_LAW => "µ-law",
        ADPCM_MS => "Microsoft ADPCM",
        ADPCM_IMA => "IMA ADPCM",
        0x0020 => "Yamaha ADPCM",
        0x0022 => "TrueSpeech",
        0x0031 => "GSM 6.10",
        0x0040 | 0x0045 | 0x0064 => "G.726 ADPCM",
        0x0041 | 0x0083 => "G.729",
        0x0042 | 0x0111 => "G.723.1",
        0x0050 => "MPEG audio",
        0x0055 => "MP3",
        0x0065 | 0x028f => "G.722 ADPCM",
        0x0092 | 0x2000 => "AC-3",
        0x00ff | 0x1600..=0x1602 | 0xa106 => "AAC",
        0x0160..=0x0163 => "Windows Media Audio",
        0x0270 => "ATRAC3",
        0x674f..=0x6771 => "Vorbis",
        0xa109 => "Speex",
        0xf1ac => "FLAC",
        0x704f => "Opus",
        _ => return format!("code 0x{code:04x}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::audio::{
        decode,
        written::{chunk, extension, fmt, riff},
    };

    fn samples(bytes: &[u8]) -> Vec<f32> {
        decode(bytes, Path::new("x")).map(|audio| audio.samples).unwrap_or_else(|e| panic!("{e}"))
    }

    fn problem(bytes: &[u8]) -> String {
        decode(bytes, Path::new("x")).unwrap_err().to_string()
    }

    fn data(bytes: &[u8]) -> Vec<u8> {
        chunk(b"data", bytes.len() as u32, bytes)
    }

    /// Half of full scale, and less three quarters, in the upper bytes.
    fn upper(width: usize) -> Vec<u8> {
        [0x40u8, 0xa0].iter().flat_map(|&top| [vec![0; width - 1], vec![top]].concat()).collect()
    }

    #[test]
    fn the_upper_bits_count_however_many_are_valid() {
        for (width, valid) in [(2, 12), (2, 16), (3, 20), (3, 24), (4, 24), (4, 20), (4, 32)] {
            let format = fmt(EXTENSIBLE, 1, width, 8 * width, &extension(valid, PCM));
            let read = samples(&riff(&[format, data(&upper(usize::from(width)))]));
            assert_eq!(read, [0.5, -0.75], "{valid} bits in {width} bytes");
        }
        assert_eq!(samples(&riff(&[fmt(PCM, 1, 2, 12, &[]), data(&upper(2))])), [0.5, -0.75]);
        // Without a word on which of the bits count there are two readings, of which one is noise.
        assert!(problem(&riff(&[fmt(PCM, 1, 4, 24, &[]), data(&upper(4))])).contains("leaves open"));
    }

    #[test]
    fn floating_point_numbers_of_both_widths_are_read_in_both_forms() {
        let (single, double) = (0.5f32.to_le_bytes(), 0.5f64.to_le_bytes());
        for format in
            [fmt(FLOAT, 1, 4, 32, &[]), fmt(FLOAT, 1, 4, 32, &[0; 4]), fmt(EXTENSIBLE, 1, 4, 32, &extension(32, FLOAT))]
        {
            assert_eq!(samples(&riff(&[format, chunk(b"fact", 8, &[1, 0, 0, 0, 0, 0, 0, 0]), data(&single)])), [0.5]);
        }
        for format in [fmt(FLOAT, 1, 8, 64, &[]), fmt(EXTENSIBLE, 1, 8, 64, &extension(64, FLOAT))] {
            assert_eq!(samples(&riff(&[format, chunk(b"fact", 4, &[1, 0, 0, 0]), data(&double)])), [0.5]);
        }
    }

    #[test]
    fn chunks_of_any_length_are_walked_over() {
        let format = || fmt(PCM, 1, 2, 16, &[]);
        let odd = chunk(b"iXML", 3, b"abc");
        assert_eq!(samples(&riff(&[format(), odd.clone(), data(&upper(2))])), [0.5, -0.75]);
        let unpadded = odd[..odd.len() - 1].to_vec();
        assert_eq!(samples(&riff(&[format(), unpadded, data(&upper(2)), odd])), [0.5, -0.75]);
        assert_eq!(samples(&riff(&[fmt(PCM, 1, 2, 16, &[0; 4]), data(&upper(2))])), [0.5, -0.75]);
        assert_eq!(samples(&riff(&[fmt(PCM, 1, 0, 16, &[]), data(&upper(2))])), [0.5, -0.75]);
    }

    #[test]
    fn a_length_that_nobody_knew_is_the_files() {
        for length in [0, 0x7fff_f000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffdb, u32::MAX] {
            let piped = riff(&[fmt(PCM, 1, 2, 16, &[]), chunk(b"data", length, &upper(2))]);
            assert_eq!(samples(&piped), [0.5, -0.75], "{length:x}");
        }
        let cut = |length| riff(&[fmt(PCM, 1, 2, 16, &[]), chunk(b"data", length, &upper(2))]);
        for length in [5, 100, 3_000_000_000] {
            assert!(
                problem(&cut(length)).contains(&format!("4 of {length} bytes of samples")),
                "{}",
                problem(&cut(length))
            );
        }
        let empty = riff(&[fmt(PCM, 1, 2, 16, &[]), chunk(b"data", 0, &[]), chunk(b"LIST", 4, b"INFO")]);
        assert!(problem(&empty).contains("no audio samples"));
        assert!(problem(&riff(&[data(&upper(2))])).contains("how they are written"));
        assert!(problem(&riff(&[fmt(PCM, 1, 2, 16, &[])])).contains("no chunk of samples"));
    }

    #[test]
    fn rf64_has_its_length_in_a_chunk_of_its_own() {
        let long = |length: u64| {
            let sizes = [&[0; 8][..], &length.to_le_bytes(), &[0; 12]].concat();
            let data = chunk(b"data", u32::MAX, &upper(2));
            let mut bytes = riff(&[chunk(b"ds64", 28, &sizes), fmt(PCM, 1, 2, 16, &[]), data]);
            bytes[..8].copy_from_slice(b"RF64\xff\xff\xff\xff");
            bytes
        };
        assert_eq!(samples(&long(4)), [0.5, -0.75]);
        assert!(problem(&long(2)).contains("out of date"));
        assert!(problem(&long(1 << 40)).contains("4 of 1099511627776 bytes"));
    }

    #[test]
    fn telephone_codings_are_read_with_any_header() {
        for (code, zero, loud) in [(MU_LAW, 0xff, 0x80), (A_LAW, 0xd5, 0xaa)] {
            for more in [&[][..], &[0, 0]] {
                let read = samples(&riff(&[fmt(code, 1, 1, 8, more), data(&[zero, loud])]));
                assert!(read[0].abs() < 0.001 && read[1] > 0.9, "{code}: {read:?}");
            }
        }
        // A block of IMA ADPCM: a first sample, a step, and eight codes of nothing; `fact` says that seven samples count.
        let block = [&1_000i16.to_le_bytes()[..], &[0, 0], &[0; 4]].concat();
        let format = || fmt(ADPCM_IMA, 1, 8, 4, &[2, 0, 9, 0]);
        let read = samples(&riff(&[format(), chunk(b"fact", 4, &7u32.to_le_bytes()), data(&block)]));
        assert_eq!((read.len(), read[0]), (7, 1_000.0 / 32_768.0));
        assert_eq!(samples(&riff(&[format(), data(&block)])).len(), 9);
    }

    #[test]
    fn two_words_on_how_samples_are_written_must_agree() {
        let (mono, stereo) = (fmt(PCM, 1, 2, 16, &[]), fmt(PCM, 2, 4, 16, &[]));
        assert_eq!(samples(&riff(&[mono.clone(), mono.clone(), data(&upper(2))])), [0.5, -0.75]);
        assert!(problem(&riff(&[mono, stereo, data(&upper(2))])).contains("says twice"));
    }

    #[test]
    fn sound_behind_the_sound_is_not_dropped_in_silence() {
        let one = riff(&[fmt(PCM, 1, 2, 16, &[]), data(&upper(2))]);
        assert!(problem(&[one.clone(), one].concat()).contains("joined"));
    }
}
