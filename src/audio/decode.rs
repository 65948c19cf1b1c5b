//! Bytes → mono samples, by content and never by extension: `hound` for WAV, `symphonia` for the rest and for WAV that
//! `hound` does not know. [`decode`] gives a whole file, [`Decoder`] one of any length block by block.

use std::{
    io::{BufReader, Cursor, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use symphonia::core::{
    codecs::audio::{AudioDecoder, AudioDecoderOptions},
    errors::Error as SymphoniaError,
    formats::{FormatOptions, FormatReader, TrackType, probe::Hint},
    io::{MediaSource, MediaSourceStream},
    meta::MetadataOptions,
};

use super::pcm16;
use crate::error::{Error, Result};

/// What a Git-LFS pointer begins with: the file that a clone without LFS leaves in place of the audio.
const LFS_POINTER: &[u8] = b"version https://git-lfs";

/// The rates that can be computed with, in Hz. A damaged header may say anything, and a filter for two rates without a
/// common divisor is as long as they are.
pub const RATES: std::ops::RangeInclusive<u32> = 1_000..=768_000;

/// Lengths from here on are what programs write to a pipe, not knowing better: 0x7ffff000 and more, or all ones.
const ENDLESS: u32 = 0x7fff_0000;

/// Samples that are taken from a WAV file at once, of all channels.
const WAV_BLOCK: usize = 1 << 16;

/// Mono audio as a file holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct Audio {
    /// The mean of the channels, full scale ±1.
    pub samples: Vec<f32>,
    /// In Hz.
    pub sample_rate: u32,
}

/// Decodes a whole file. Channels are averaged, as librosa's `to_mono` does. `path` serves the messages alone.
///
/// # Errors
///
/// As [`Decoder::next`]; [`Error::File`] where there are no samples.
pub fn decode(bytes: &[u8], path: &Path) -> Result<Audio> {
    if let Some(audio) = pcm16::decode(bytes) {
        return Ok(audio);
    }
    let mut decoder = Decoder::of_bytes(bytes.into(), path)?;
    let mut samples = Vec::new();
    while let Some(block) = decoder.next()? {
        samples.extend(block);
    }
    match decoder.sample_rate() {
        Some(sample_rate) if !samples.is_empty() => Ok(Audio { samples, sample_rate }),
        _ => Err(Error::file(path, "holds no audio samples")),
    }
}

/// A file being decoded, block by block, so that its length costs no memory.
pub struct Decoder {
    path: PathBuf,
    kind: Kind,
    /// Whether its length was not known when it was begun: a program wrote it to a pipe, and its end is the end.
    endless: bool,
    sample_rate: Option<u32>,
    /// Samples handed out.
    samples: u64,
}

type Opened = Box<dyn MediaSource>;

enum Kind {
    Wav(hound::WavReader<BufReader<Opened>>),
    Any { format: Box<dyn FormatReader>, decoder: Box<dyn AudioDecoder>, track: u32 },
}

impl Decoder {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where it cannot be read; [`Error::File`] for an empty file, a Git-LFS pointer, an unknown format.
    pub fn open(path: &Path) -> Result<Self> {
        // Asked for first, because only Linux opens folders.
        if path.is_dir() {
            return Err(Error::file(path, "is a folder, not an audio file"));
        }
        let open = || -> std::io::Result<Opened> { Ok(Box::new(std::fs::File::open(path)?)) };
        Self::new(&open, path)
    }

    /// Opens what was read already; `path` serves the messages alone.
    ///
    /// # Errors
    ///
    /// As [`Decoder::open`].
    pub fn of_bytes(bytes: Arc<[u8]>, path: &Path) -> Result<Self> {
        Self::new(&|| Ok(Box::new(Cursor::new(bytes.clone()))), path)
    }

    fn new(open: &dyn Fn() -> std::io::Result<Opened>, path: &Path) -> Result<Self> {
        let read = |e| Error::io("read", path)(e);
        let mut start = Vec::new();
        open().map_err(read)?.take(64).read_to_end(&mut start).map_err(read)?;
        let wrong = |problem: String| Error::file(path, problem);
        if start.is_empty() {
            return Err(wrong("the file is empty".into()));
        }
        if start.starts_with(LFS_POINTER) {
            return Err(wrong("is a Git-LFS pointer, not audio: run `git lfs pull` in the corpus's clone".into()));
        }
        let mut kind = None;
        let riff = start.starts_with(b"RIFF");
        let endless = riff && declared(&start).is_some_and(|length| length == 0 || length >= ENDLESS);
        if riff {
            match hound::WavReader::new(BufReader::new(open().map_err(read)?)) {
                Ok(reader) => kind = Some(Kind::Wav(reader)),
                Err(hound::Error::Unsupported | hound::Error::FormatError(_)) => {} // symphonia may know it
                Err(e) => return Err(wrong(not_whole(&e))),
            }
        }
        let kind = match kind {
            Some(kind) => kind,
            None => other(open().map_err(read)?).map_err(wrong)?,
        };
        let mut decoder = Self { path: path.to_owned(), kind, endless, sample_rate: None, samples: 0 };
        if let Kind::Wav(reader) = &decoder.kind {
            decoder.sample_rate = Some(reader.spec().sample_rate);
            decoder.check_rate()?;
        }
        Ok(decoder)
    }

    /// The rate in Hz, known from the first block on.
    #[must_use]
    pub fn sample_rate(&self) -> Option<u32> {
        self.sample_rate
    }

    /// The next samples, the channels' mean; `None` at the end.
    ///
    /// # Errors
    ///
    /// [`Error::File`] where the file breaks off, is damaged, changes its rate, has one that nobody uses, or a sample is
    /// not a number.
    #[allow(clippy::should_implement_trait)] // an iterator would go on after an error
    pub fn next(&mut self) -> Result<Option<Vec<f32>>> {
        let block = match &mut self.kind {
            Kind::Wav(reader) => wav_block(reader, self.endless),
            Kind::Any { format, decoder, track } => match packet(format.as_mut(), decoder.as_mut(), *track) {
                Err(SymphoniaError::IoError(_)) if self.endless => Ok(None),
                Err(e) => Err(format!("breaks off or is damaged after {} samples: {e}", self.samples)),
                Ok(block) => Ok(block),
            },
        };
        let Some((samples, rate)) = block.map_err(|problem| Error::file(&self.path, problem))? else {
            return Ok(None);
        };
        if self.sample_rate.is_some_and(|known| known != rate) {
            return Err(Error::file(&self.path, "changes its sample rate in the middle"));
        }
        self.sample_rate = Some(rate);
        self.check_rate()?;
        if let Some(at) = samples.iter().position(|s| !s.is_finite()) {
            let problem =
                format!("sample {} is {}: not a number to compute with", self.samples + at as u64, samples[at]);
            return Err(Error::file(&self.path, problem));
        }
        self.samples += samples.len() as u64;
        Ok(Some(samples))
    }

    fn check_rate(&self) -> Result<()> {
        match self.sample_rate {
            Some(rate) if !RATES.contains(&rate) => Err(Error::file(
                &self.path,
                format!("has a sample rate of {rate} Hz: from {} to {} are read", RATES.start(), RATES.end()),
            )),
            _ => Ok(()),
        }
    }
}

/// The length that a RIFF file says it has.
fn declared(start: &[u8]) -> Option<u32> {
    Some(u32::from_le_bytes(start.get(4..8)?.try_into().ok()?))
}

fn not_whole(e: &hound::Error) -> String {
    format!("is not a whole WAV file ({e}): fetch it again")
}

/// Samples and their rate; `None` at the end.
type Block = std::result::Result<Option<(Vec<f32>, u32)>, String>;

fn wav_block(reader: &mut hound::WavReader<BufReader<Opened>>, endless: bool) -> Block {
    let spec = reader.spec();
    let channels = usize::from(spec.channels);
    let wanted = WAV_BLOCK.next_multiple_of(channels.max(1));
    let mut interleaved = Vec::with_capacity(wanted.min(reader.len() as usize));
    let failed = match spec.sample_format {
        hound::SampleFormat::Float => take(reader.samples::<f32>().take(wanted), &mut interleaved, |s| s),
        hound::SampleFormat::Int => {
            let scale = 1.0 / 2f32.powi(i32::from(spec.bits_per_sample) - 1);
            take(reader.samples::<i32>().take(wanted), &mut interleaved, |s| s as f32 * scale)
        }
    };
    match failed {
        // What a pipe was cut off in is the end.
        Some(hound::Error::IoError(_)) if endless => {}
        Some(e) => return Err(not_whole(&e)),
        None => {}
    }
    Ok((!interleaved.is_empty()).then(|| (mono(&interleaved, channels), spec.sample_rate)))
}

/// Appends samples up to the first that cannot be read.
fn take<S>(
    samples: impl Iterator<Item = hound::Result<S>>,
    to: &mut Vec<f32>,
    value: impl Fn(S) -> f32,
) -> Option<hound::Error> {
    for sample in samples {
        match sample {
            Ok(sample) => to.push(value(sample)),
            Err(e) => return Some(e),
        }
    }
    None
}

fn unknown(e: SymphoniaError) -> String {
    format!("is not audio in a known format (WAV, AIFF, FLAC, MP3, Ogg): {e}")
}

fn other(source: Opened) -> std::result::Result<Kind, String> {
    let stream = MediaSourceStream::new(source, Default::default());
    let format = symphonia::default::get_probe()
        .probe(&Hint::new(), stream, FormatOptions::default(), MetadataOptions::default())
        .map_err(unknown)?;
    let track = format.default_track(TrackType::Audio).ok_or("has no audio track")?;
    let parameters = track.codec_params.as_ref().and_then(|p| p.audio()).ok_or("has no audio codec parameters")?;
    let decoder = symphonia::default::get_codecs()
        .make_audio_decoder(parameters, &AudioDecoderOptions::default())
        .map_err(unknown)?;
    let track = track.id;
    Ok(Kind::Any { format, decoder, track })
}

fn packet(
    format: &mut dyn FormatReader,
    decoder: &mut dyn AudioDecoder,
    track: u32,
) -> std::result::Result<Option<(Vec<f32>, u32)>, SymphoniaError> {
    while let Some(packet) = format.next_packet()? {
        if packet.track_id != track {
            continue;
        }
        let decoded = decoder.decode(&packet)?;
        let spec = decoded.spec();
        let (rate, channels) = (spec.rate(), spec.channels().count());
        let mut interleaved = vec![0f32; decoded.samples_interleaved()];
        decoded.copy_to_slice_interleaved(&mut interleaved);
        if !interleaved.is_empty() {
            return Ok(Some((mono(&interleaved, channels), rate)));
        }
    }
    Ok(None)
}

fn mono(interleaved: &[f32], channels: usize) -> Vec<f32> {
    match channels {
        0 => Vec::new(),
        1 => interleaved.to_vec(),
        _ => interleaved.chunks_exact(channels).map(|frame| frame.iter().sum::<f32>() / channels as f32).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wav(spec: hound::WavSpec, samples: &[i32]) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
        for &s in samples {
            writer.write_sample(s).unwrap();
        }
        writer.finalize().unwrap();
        bytes.into_inner()
    }

    fn pcm(channels: u16, bits: u16) -> hound::WavSpec {
        hound::WavSpec { channels, sample_rate: 8_000, bits_per_sample: bits, sample_format: hound::SampleFormat::Int }
    }

    fn problem(bytes: &[u8]) -> String {
        decode(bytes, Path::new("dir/clip.wav")).unwrap_err().to_string()
    }

    #[test]
    fn full_scale_is_one_whatever_the_sample_width() {
        for bits in [8, 16, 24, 32] {
            let half = 1 << (bits - 2);
            let audio = decode(&wav(pcm(1, bits), &[0, half, -2 * half]), Path::new("x")).unwrap();
            assert_eq!((audio.samples, audio.sample_rate), (vec![0.0, 0.5, -1.0], 8_000));
        }
    }

    #[test]
    fn channels_are_averaged() {
        let audio = decode(&wav(pcm(2, 16), &[16_384, 0, -16_384, -16_384]), Path::new("x")).unwrap();
        assert_eq!(audio.samples, [0.25, -0.5]);
    }

    #[test]
    fn chunks_around_the_data_are_walked_over() {
        // RAVDESS has FLLR before `data` and LIST, bext and _PMX after it.
        let mut bytes = wav(pcm(1, 16), &[1_000, -1_000]);
        let chunk = [b"FLLR".as_slice(), &6u32.to_le_bytes(), &[0; 6]].concat();
        bytes.splice(36..36, chunk.iter().copied());
        bytes.extend_from_slice(&chunk);
        let riff_size = (bytes.len() - 8) as u32;
        bytes[4..8].copy_from_slice(&riff_size.to_le_bytes());
        assert_eq!(decode(&bytes, Path::new("x")).unwrap().samples.len(), 2);
    }

    #[test]
    fn aiff_inside_a_wav_name_is_decoded() {
        let samples = [0x40u8, 0, 0xc0, 0];
        let mut comm = Vec::new();
        comm.extend(1u16.to_be_bytes()); // channels
        comm.extend(2u32.to_be_bytes()); // frames
        comm.extend(16u16.to_be_bytes()); // bits
        comm.extend([0x40, 0x0b, 0xfa, 0, 0, 0, 0, 0, 0, 0]); // 8000 Hz as an 80-bit float
        let mut body = b"AIFF".to_vec();
        body.extend([b"COMM".as_slice(), &(comm.len() as u32).to_be_bytes(), &comm].concat());
        body.extend([b"SSND".as_slice(), &12u32.to_be_bytes(), &[0; 8], &samples].concat());
        let bytes = [b"FORM".as_slice(), &(body.len() as u32).to_be_bytes(), &body].concat();
        let audio = decode(&bytes, Path::new("clip.wav")).unwrap();
        assert_eq!((audio.samples, audio.sample_rate), (vec![0.5, -0.5], 8_000));
    }

    #[test]
    fn what_is_not_audio_says_what_it_is() {
        assert!(problem(b"").contains("empty"));
        assert!(
            problem(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n").contains("git lfs pull")
        );
        assert!(problem(&[7; 4_000]).contains("known format"));
        let whole = wav(pcm(1, 16), &[1; 100]);
        assert!(problem(&whole[..whole.len() - 50]).contains("dir/clip.wav"));
        assert!(problem(&wav(pcm(1, 16), &[])).contains("no audio samples"));
    }

    #[test]
    fn a_sample_that_is_not_a_number_is_refused() {
        let spec = hound::WavSpec { sample_format: hound::SampleFormat::Float, ..pcm(1, 32) };
        let mut bytes = Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
        [0.0, f32::NAN].into_iter().for_each(|s| writer.write_sample(s).unwrap());
        writer.finalize().unwrap();
        assert!(problem(&bytes.into_inner()).contains("sample 1 is NaN"));
    }

    #[test]
    fn a_file_from_a_pipe_ends_where_it_ends() {
        let whole = wav(pcm(1, 16), &[1_000; 300]);
        // The lengths of the file and of its samples as ffmpeg, sox, arecord and others leave them.
        for (riff, data) in
            [(u32::MAX, u32::MAX), (0x7fff_f024, 0x7fff_f000), (0x8000_0024, 0x8000_0000), (0, u32::MAX - 1)]
        {
            let mut piped = whole.clone();
            piped[4..8].copy_from_slice(&riff.to_le_bytes());
            piped[40..44].copy_from_slice(&data.to_le_bytes());
            assert_eq!(decode(&piped, Path::new("-")).unwrap().samples.len(), 300, "{riff:x}");
        }
    }

    #[test]
    fn a_rate_that_nobody_uses_is_refused() {
        for rate in [1, 999, 4_000_000_007u32] {
            let mut bytes = wav(pcm(1, 16), &[1; 10]);
            bytes[24..28].copy_from_slice(&rate.to_le_bytes());
            bytes[28..32].copy_from_slice(&rate.wrapping_mul(2).to_le_bytes());
            assert!(problem(&bytes).contains("sample rate of"), "{}", problem(&bytes));
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(
            magic in proptest::sample::select(vec![&b"RIFF\x10\0\0\0WAVEfmt "[..], b"FORM\0\0\0\x40AIFFCOMM", b"fLaC\0\0\0\x22", b"OggS\0\x02", b"ID3\x03", b"\xff\xfb\x90\x44"]),
            rest in proptest::collection::vec(proptest::num::u8::ANY, 0..600),
        ) {
            let _ = decode(&[magic, &rest].concat(), Path::new("x"));
        }

        #[test]
        fn no_damage_makes_it_panic(at in 0..444_usize, to in proptest::num::u8::ANY, end in 0..444_usize) {
            let mut bytes = wav(pcm(2, 16), &[1_000; 200]);
            bytes[at] = to;
            let _ = decode(&bytes, Path::new("x"));
            let _ = decode(&bytes[..end], Path::new("x"));
        }
    }
}
