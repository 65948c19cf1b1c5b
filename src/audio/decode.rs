//! Bytes → mono samples, by content and never by extension: the one judge of what a file of audio is worth. WAVE by its
//! own reader of headers (`wave.rs`), the rest by `symphonia`; what is decoded is held against what is declared. [`decode`]
//! gives a whole file, [`Decoder`] one of any length block by block.

use std::{
    collections::VecDeque,
    io::{Cursor, Read, Seek, SeekFrom},
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use symphonia::core::{
    codecs::audio::{AudioCodecId, AudioDecoder, AudioDecoderOptions, well_known as codecs},
    errors::Error as SymphoniaError,
    formats::{FormatOptions, FormatReader, TrackType, probe::Hint},
    io::MediaSourceStream,
    meta::MetadataOptions,
    units::Timestamp,
};

use ser_kernels::wide;

use super::{
    aiff,
    balance::Balance,
    caf,
    fault::{Fault, Flaw},
    flac,
    frames::{self, Stream},
    matroska, mp4, ogg,
    part::{Opened, Part},
    pcm::Channel,
    quietly::quietly,
    sniff::{Content, Format, HEAD_BYTES, sniff},
    spikes::Spikes,
    tags,
    wave::Wave,
};
use crate::error::Result;

/// The rates that can be computed with, in Hz. A damaged header may say anything, and a filter for two rates without a
/// common divisor is as long as they are.
pub const RATES: std::ops::RangeInclusive<u32> = 1_000..=768_000;

/// The largest sample that is computed with: what 32-bit integers reach that somebody wrote as floating-point numbers
/// without scaling them. Powers of what is larger are not finite any more.
pub const LARGEST: f32 = 2_147_483_648.0;

/// The most samples of all channels that a packet may be said to have: decoders make room for them before they see one.
const MOST_IN_A_PACKET: u64 = 1 << 24;

/// ID3 tags before the audio; more is damage.
const MOST_TAGS: usize = 16;

/// Mono audio as a file holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct Audio {
    /// The mean of the channels, full scale ±1.
    pub samples: Vec<f32>,
    /// In Hz.
    pub sample_rate: u32,
}

impl Audio {
    /// What is wrong with the samples as they are, whoever made them: a rate that nobody uses, or one that is not a number
    /// to compute with.
    ///
    /// # Errors
    ///
    /// A sentence fragment.
    pub fn check(&self) -> std::result::Result<(), String> {
        check_rate(self.sample_rate)?;
        check_samples(&self.samples, 0)
    }

    /// Whether the clip is silent: no sample is further than [`SILENCE`] from any other.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        let (least, most) = extremes(&self.samples);
        most - least <= SILENCE || self.samples.is_empty()
    }
}

/// Samples that keep within this of each other are silence, at whatever level: eight steps of 16 bits. A file of zeros that
/// has been through a lossy codec comes back with dither of one or two steps around zero; recordings, even of quiet rooms,
/// reach further.
pub const SILENCE: f32 = 8.0 / 32_768.0;

pub(super) fn extremes(samples: &[f32]) -> (f32, f32) {
    samples.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(least, most), &x| (least.min(x), most.max(x)))
}

fn check_rate(rate: u32) -> std::result::Result<(), String> {
    match RATES.contains(&rate) {
        true => Ok(()),
        false => Err(format!("has a sample rate of {rate} Hz: from {} to {} are read", RATES.start(), RATES.end())),
    }
}

fn check_samples(samples: &[f32], before: u64) -> std::result::Result<(), String> {
    // What is wrong is looked for where something is: to know that nothing is takes a tenth of the time.
    let sound = |all: bool, x: &f32| all & (x.abs() <= LARGEST);
    let all = wide(
        #[inline(always)]
        || samples.iter().fold(true, sound),
    );
    if all {
        return Ok(());
    }
    match samples.iter().position(|x| !sound(true, x)) {
        None => Ok(()),
        Some(at) if samples[at].is_finite() => {
            Err(format!("sample {} is {:e}: no full scale is beyond {LARGEST:e}", before + at as u64, samples[at]))
        }
        Some(at) => Err(format!("sample {} is {}: not a number to compute with", before + at as u64, samples[at])),
    }
}

/// Decodes a whole file. Channels are averaged, as librosa's `to_mono` does. `path` serves the messages alone.
///
/// # Errors
///
/// As [`Decoder::next`]; [`File`](crate::error::Error::File) where there are no samples.
pub fn decode(bytes: &[u8], path: &Path) -> Result<Audio> {
    Decoder::of_bytes(bytes.into(), path)?.all()
}

/// A file being decoded, block by block, so that its length costs no memory.
pub struct Decoder {
    path: PathBuf,
    format: Format,
    open: Box<dyn Fn() -> std::io::Result<Opened> + Send>,
    /// What is being decoded; nothing at the end, or where it failed.
    current: Option<Kind>,
    /// What comes after it, of files that are several in one.
    later: VecDeque<Section>,
    sample_rate: Option<u32>,
    /// What is handed out of each frame.
    channel: Channel,
    /// How many channels the last block had.
    channels: Option<usize>,
    /// Samples handed out.
    samples: u64,
    /// What mixing leaves of the channels.
    balance: Balance,
    spikes: Spikes,
}

/// A stretch of a file that is decoded by itself.
#[derive(Default)]
struct Section {
    range: Range<u64>,
    /// What its decoder is to see before it.
    head: Vec<u8>,
    /// Whether it ends where its bytes do, and nothing in it says so.
    is_open: bool,
    /// How many samples it must have.
    declared: Option<u64>,
    /// How many bytes its frames must have together.
    bytes: Option<u64>,
    seekable: bool,
}

enum Kind {
    Wave(Wave),
    Any(Track),
}

/// The sound of a file that `symphonia` reads.
struct Track {
    format: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    id: u32,
    /// How many samples there must be.
    declared: Option<u64>,
    /// How many there were.
    decoded: u64,
    /// When the next packet begins, where packets follow each other without gaps.
    next: Option<Timestamp>,
    /// How many bytes the packets have to have that are still to come.
    bytes: Option<u64>,
    /// Whether it ends where its bytes do.
    is_open: bool,
}

impl Decoder {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// [`Io`](crate::error::Error::Io) where it cannot be read; [`File`](crate::error::Error::File) for what is no regular file, an empty file, a Git-LFS pointer, a
    /// format or coding that is not read here, a file that is cut off or damaged.
    pub fn open(path: &Path) -> Result<Self> {
        Self::try_open(path).map_err(|fault| fault.at(path))
    }

    /// The same, with the kind of what is wrong.
    pub(crate) fn try_open(path: &Path) -> std::result::Result<Self, Fault> {
        crate::files::check(path)?;
        let file = path.to_owned();
        Self::new(Box::new(move || Ok(Box::new(crate::files::open(&file)?))), path)
    }

    /// Opens what was read already; `path` serves the messages alone.
    ///
    /// # Errors
    ///
    /// As [`Decoder::open`].
    pub fn of_bytes(bytes: Arc<[u8]>, path: &Path) -> Result<Self> {
        Self::new(Box::new(move || Ok(Box::new(Cursor::new(bytes.clone())))), path).map_err(|fault| fault.at(path))
    }

    fn new(open: Box<dyn Fn() -> std::io::Result<Opened> + Send>, path: &Path) -> std::result::Result<Self, Fault> {
        let mut source = open()?;
        let end = source.seek(SeekFrom::End(0))?;
        let (start, content) = look(&mut source, end)?;
        // Tags at the end would be taken for a part of what is before them.
        let end = tags::begin(&mut source, start, end)?;
        let format = match content {
            Content::Audio(format) => format,
            Content::Empty => return Err(Fault::new(Flaw::Empty, "the file is empty: fetch it again")),
            Content::LfsPointer => {
                let problem = "is a Git-LFS pointer, not audio: run `git lfs pull` in the corpus's clone";
                return Err(Fault::new(Flaw::LfsPointer, problem));
            }
            Content::Foreign(name) => {
                return Err(convert(
                    Fault::new(Flaw::UnknownFormat, format!("is {name}, which is not read here")),
                    path,
                ));
            }
            Content::Unknown(guess) => {
                return Err(Fault::new(Flaw::UnknownFormat, format!("is not audio that is read here, but {guess}")));
            }
        };
        let mut decoder = Self {
            path: path.to_owned(),
            format,
            open,
            current: None,
            later: VecDeque::new(),
            sample_rate: None,
            channel: Channel::Mix,
            channels: None,
            samples: 0,
            balance: Balance::default(),
            spikes: Spikes::default(),
        };
        if matches!(format, Format::Wav | Format::Rf64) {
            let wave = Wave::open(Part::new(source, start..end, true)?, end - start);
            let wave = wave.map_err(|fault| convert(fault, path))?;
            check_rate(wave.rate()).map_err(Fault::damaged)?;
            decoder.sample_rate = Some(wave.rate());
            decoder.current = Some(Kind::Wave(wave));
        } else {
            decoder.later = sections(format, source, start, end).map_err(|fault| convert(fault, path))?;
            decoder.advance()?;
        }
        Ok(decoder)
    }

    /// What the file is, by its content.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// The same that hands out a channel in place of the mean of all.
    #[must_use]
    pub fn channel(self, channel: Channel) -> Self {
        Self { channel, ..self }
    }

    /// Passes over as many of the samples to come as can be without decoding them; how many those were.
    pub(super) fn skip(&mut self, samples: u64) -> u64 {
        let Some(Kind::Wave(wave)) = &mut self.current else { return 0 };
        let skipped = wave.skip(samples);
        self.samples += skipped;
        skipped
    }

    /// How many samples are still to come, where the file's bytes say so; otherwise none.
    fn still_to_come(&self) -> usize {
        match &self.current {
            Some(Kind::Wave(wave)) => wave.still_to_come(),
            _ => 0,
        }
    }

    /// How many channels there are, known from the first block on.
    #[must_use]
    pub fn channels(&self) -> Option<usize> {
        self.channels
    }

    /// The rate in Hz, known from the first block on.
    #[must_use]
    pub fn sample_rate(&self) -> Option<u32> {
        self.sample_rate
    }

    /// All that is left.
    pub(crate) fn all(mut self) -> Result<Audio> {
        // Most clips are one block, which is not copied.
        let mut samples = self.next()?.unwrap_or_default();
        samples.reserve_exact(self.still_to_come());
        while let Some(block) = self.next()? {
            samples.extend(block);
        }
        match self.sample_rate() {
            Some(sample_rate) if !samples.is_empty() => Ok(Audio { samples, sample_rate }),
            _ => Err(Fault::no_samples().at(&self.path)),
        }
    }

    /// The next samples, the channels' mean or the one that was asked for; `None` at the end.
    ///
    /// # Errors
    ///
    /// [`File`](crate::error::Error::File) where the file breaks off, is damaged, holds another number of samples than it declares, changes its
    /// rate, has one that nobody uses, or a sample is not a number to compute with.
    #[allow(clippy::should_implement_trait)] // an iterator would go on after an error
    pub fn next(&mut self) -> Result<Option<Vec<f32>>> {
        self.try_next().map_err(|fault| fault.at(&self.path))
    }

    /// The same, with the kind of what is wrong.
    pub(crate) fn try_next(&mut self) -> std::result::Result<Option<Vec<f32>>, Fault> {
        let block = self.block();
        if block.is_err() {
            (self.current, self.later) = (None, VecDeque::new());
        }
        block
    }

    fn block(&mut self) -> std::result::Result<Option<Vec<f32>>, Fault> {
        while let Some(mut kind) = self.current.take() {
            let (before, channel, balance) = (self.samples, self.channel, &mut self.balance);
            // What panicked is not used again.
            let decoded = quietly(|| {
                let block = match &mut kind {
                    Kind::Wave(wave) => {
                        let (rate, channels) = (wave.rate(), wave.channels());
                        wave.next(channel, balance).map(|block| block.map(|samples| (samples, rate, channels)))
                    }
                    Kind::Any(track) => track.next(before, channel, balance),
                };
                (kind, block)
            });
            let (kind, block) = decoded.ok_or_else(panicked)?;
            let Some((samples, rate, channels)) = block? else {
                self.advance()?;
                continue;
            };
            self.current = Some(kind);
            if self.sample_rate.is_some_and(|known| known != rate) {
                return Err(Fault::damaged("changes its sample rate in the middle"));
            }
            (self.sample_rate, self.channels) = (Some(rate), Some(channels));
            check_rate(rate).map_err(Fault::damaged)?;
            check_samples(&samples, self.samples).map_err(Fault::damaged)?;
            self.spikes.add(&samples);
            self.samples += samples.len() as u64;
            return Ok(Some(samples));
        }
        self.spikes.check()?;
        if self.is_cancelling() { Err(Fault::cancelling()) } else { Ok(None) }
    }

    /// Whether the channels that were mixed so far have cancelled each other out.
    pub(super) fn is_cancelling(&self) -> bool {
        self.balance.is_cancelling()
    }

    /// Opens the next section, if there is one.
    fn advance(&mut self) -> std::result::Result<(), Fault> {
        let Some(mut section) = self.later.pop_front() else { return Ok(()) };
        let head = std::mem::take(&mut section.head);
        let part = Part::behind(head, (self.open)()?, section.range.clone(), section.seekable)?;
        let track = quietly(|| Track::open(part, &section, self.format)).ok_or_else(panicked)?;
        self.current = Some(Kind::Any(track.map_err(|fault| convert(fault, &self.path))?));
        Ok(())
    }
}

fn panicked() -> Fault {
    Fault::damaged("is damaged in a way that its decoder does not survive: fetch it again")
}

/// Adds to what is not read here the command that makes it readable.
fn convert(mut fault: Fault, path: &Path) -> Fault {
    if fault.flaw == Flaw::UnknownFormat {
        let (from, to) = (path.to_string_lossy(), path.with_extension("").to_string_lossy().into_owned());
        let is_wav = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("wav"));
        let to = format!("{to}{}.wav", if is_wav { "-pcm" } else { "" });
        if let (Ok(from), Ok(to)) = (shlex::try_quote(&from), shlex::try_quote(&to)) {
            fault.problem.push_str(&format!(": convert it, as `ffmpeg -i {from} {to}`"));
        }
    }
    fault
}

/// Where the audio begins, behind ID3 tags that programs put before anything, and what it is.
fn look(source: &mut Opened, end: u64) -> std::result::Result<(u64, Content), Fault> {
    let mut start = 0;
    for _ in 0..MOST_TAGS {
        source.seek(SeekFrom::Start(start))?;
        let mut head = Vec::with_capacity(HEAD_BYTES);
        source.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
        match tags::id3(&head) {
            Some(length) if start + length < end => start += length,
            Some(_) => return Err(Fault::truncated("truncated: it ends within its tags; fetch it again")),
            None => {
                let content = sniff(&head);
                // Streams that were recorded begin within a frame, and some fill up behind a tag.
                let first = match content {
                    Content::Unknown(_) => frames::first(source, start, end)?,
                    _ => None,
                };
                return Ok(match first {
                    Some((first, Stream::Mpeg)) => (first, Content::Audio(Format::Mp3)),
                    Some((first, Stream::Adts)) => (first, Content::Audio(Format::Aac)),
                    None => (start, content),
                });
            }
        }
    }
    Err(Fault::damaged("begins with more tags than a file has"))
}

/// The stretches that a file is decoded in, after a look at what its decoder would pass over without a word.
fn sections(format: Format, mut source: Opened, start: u64, end: u64) -> std::result::Result<VecDeque<Section>, Fault> {
    let whole = |range| Section { range, seekable: true, ..Section::default() };
    let stream = match format {
        Format::Mp3 => Stream::Mpeg,
        Format::Aac => Stream::Adts,
        Format::Ogg => return Ok(ogg::sections(source, start, end)?.into_iter().map(whole).collect()),
        Format::Flac => {
            let frames = flac::frames(&mut source, start)?;
            let end = flac::end(&mut source, frames, end)?;
            let bytes = end
                .checked_sub(frames)
                .filter(|bytes| *bytes > 0)
                .ok_or_else(|| Fault::truncated("truncated: it ends within the headers of FLAC; fetch it again"))?;
            return Ok([Section { bytes: Some(bytes), ..whole(start..end) }].into());
        }
        Format::Mp4 => return Ok([whole(start..mp4::check(&mut source, start, end)?)].into()),
        Format::Matroska => {
            let matroska::Elements { end, is_open } = matroska::check(&mut source, start, end)?;
            return Ok([Section { is_open, ..whole(start..end) }].into());
        }
        Format::Aiff | Format::Aifc => {
            let aiff::Layout { head, rest } = aiff::layout(&mut source, start, end)?;
            return Ok([Section { head, ..whole(rest) }].into());
        }
        Format::Caf => {
            let caf::Layout { head, data } = caf::layout(&mut source, start, end)?;
            return Ok([Section { head, ..whole(data) }].into());
        }
        Format::Wav | Format::Rf64 => return Ok([whole(start..end)].into()),
    };
    let sections = frames::sections(source, start, end, stream)?;
    let section = |section: frames::Section| Section {
        declared: (!section.is_counted).then_some(section.samples),
        // Without a count the decoder would guess the length from the size, and drop what is beyond.
        seekable: section.is_counted,
        range: section.range,
        ..Section::default()
    };
    Ok(sections.into_iter().map(section).collect())
}

impl Track {
    fn open(part: Part, section: &Section, format: Format) -> std::result::Result<Self, Fault> {
        let stream = MediaSourceStream::new(Box::new(part), Default::default());
        let reader = symphonia::default::get_probe()
            .probe(&Hint::new(), stream, FormatOptions::default(), MetadataOptions::default())
            .map_err(|e| unreadable(&e, format))?;
        let none = || Fault::new(Flaw::NoSamples, "holds no sound");
        let sounds =
            reader.tracks().iter().filter(|track| track.codec_params.as_ref().is_some_and(|p| p.audio().is_some()));
        let sounds = sounds.count();
        if sounds > 1 {
            return Err(Fault::damaged(format!(
                "has {sounds} tracks of sound, of which only one would be heard: take one out, as `ffmpeg -i in -map 0:a:0 \
                 out.wav`"
            )));
        }
        let track = reader.default_track(TrackType::Audio).ok_or_else(none)?;
        let parameters = track.codec_params.as_ref().and_then(|p| p.audio()).ok_or_else(none)?;
        let mut parameters = parameters.clone();
        if matches!(parameters.codec, codecs::CODEC_ID_PCM_ALAW | codecs::CODEC_ID_PCM_MULAW) {
            // Containers say how many bits are stored, and the decoder takes that for how many come out.
            (parameters.bits_per_sample, parameters.bits_per_coded_sample) = (None, None);
        }
        let unread = |e| match e {
            SymphoniaError::Unsupported(_) => {
                let problem = format!("is {} with {}, which is not read here", name(format), codec(parameters.codec));
                Fault::new(Flaw::UnknownFormat, problem)
            }
            e => Fault::damaged(format!("is damaged in the headers of {}: {e}", name(format))),
        };
        let channels = parameters.channels.as_ref().map_or(1, |channels| channels.count()).max(1) as u64;
        let said = [parameters.max_frames_per_packet, parameters.frames_per_block].into_iter().flatten().max();
        if let Some(frames) = said.filter(|frames| frames.saturating_mul(channels) > MOST_IN_A_PACKET) {
            let problem = format!("says its packets have {frames} samples on {channels} channels: fetch it again");
            return Err(Fault::damaged(problem));
        }
        let options = AudioDecoderOptions::default().verify(true);
        let decoder = symphonia::default::get_codecs().make_audio_decoder(&parameters, &options).map_err(unread)?;
        let is_exact = matches!(format, Format::Flac | Format::Aiff | Format::Aifc | Format::Mp3 | Format::Ogg);
        let declared = section.declared.or(track.num_frames.filter(|_| is_exact));
        let next = (format == Format::Flac).then_some(Timestamp::ZERO);
        let Section { bytes, is_open, .. } = *section;
        Ok(Self { id: track.id, declared, decoder, decoded: 0, next, bytes, is_open, format: reader })
    }

    /// The next samples of a channel, their rate and the number of channels; none at the end. `before` are those of the
    /// file before.
    fn next(
        &mut self,
        before: u64,
        channel: Channel,
        balance: &mut Balance,
    ) -> std::result::Result<Option<(Vec<f32>, u32, usize)>, Fault> {
        let breaks_off = |e: SymphoniaError| match e {
            SymphoniaError::IoError(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
                Fault::truncated(format!("truncated: it breaks off after {before} samples; fetch it again"))
            }
            e => Fault::damaged(format!("breaks off or is damaged after {before} samples: {e}")),
        };
        let is_end = |e: &SymphoniaError| matches!(e, SymphoniaError::IoError(e) if e.kind() == std::io::ErrorKind::UnexpectedEof);
        loop {
            let packet = match self.format.next_packet() {
                Ok(Some(packet)) => packet,
                Ok(None) => break,
                // That all of it is there is known.
                Err(e) if self.is_open && is_end(&e) => break,
                Err(e) => return Err(breaks_off(e)),
            };
            if packet.track_id != self.id {
                continue;
            }
            if let Some(next) = &mut self.next {
                if *next != packet.pts {
                    return Err(Fault::damaged(format!("is damaged: sound is missing after {before} samples")));
                }
                *next = next.saturating_add(packet.dur);
            }
            if let Some(left) = &mut self.bytes {
                *left = left.saturating_sub(packet.data.len() as u64);
            }
            let decoded = self.decoder.decode(&packet).map_err(breaks_off)?;
            let (rate, channels) = (decoded.spec().rate(), decoded.spec().channels().count());
            let mut interleaved = vec![0f32; decoded.samples_interleaved()];
            decoded.copy_to_slice_interleaved(&mut interleaved);
            if !interleaved.is_empty() {
                let samples = balance.of(channel, interleaved, channels);
                let samples = samples.ok_or_else(|| Fault::no_channel(channel, channels))?;
                self.decoded += samples.len() as u64;
                return Ok(Some((samples, rate, channels)));
            }
        }
        self.finish().map(|()| None)
    }

    /// Holds what was decoded against what was declared.
    fn finish(&mut self) -> std::result::Result<(), Fault> {
        if let Some(declared) = self.declared.filter(|&declared| declared != self.decoded) {
            let problem = format!("{} of {declared} samples are there; fetch it again", self.decoded);
            return Err(match self.decoded < declared {
                true => Fault::truncated(format!("truncated or damaged: {problem}")),
                false => Fault::damaged(format!("is damaged: {problem}")),
            });
        }
        if let Some(bytes @ 1..) = self.bytes {
            return Err(Fault::truncated(format!(
                "truncated or damaged: {bytes} bytes of it are no whole frame; fetch it again"
            )));
        }
        match self.decoder.finalize().verify_ok {
            Some(false) => Err(Fault::damaged("is damaged: its samples are not those of its checksum; fetch it again")),
            _ => Ok(()),
        }
    }
}

fn unreadable(e: &SymphoniaError, format: Format) -> Fault {
    match e {
        SymphoniaError::IoError(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
            Fault::truncated(format!("truncated: it ends within the headers of {}; fetch it again", name(format)))
        }
        // Headers that should be there stand at the end, or their lengths go beyond it.
        SymphoniaError::Unsupported(what) if what.contains("missing") => {
            Fault::truncated(format!("truncated or damaged: {what}; fetch it again"))
        }
        SymphoniaError::Unsupported(what) => {
            Fault::new(Flaw::UnknownFormat, format!("is {} of a kind that is not read here ({what})", name(format)))
        }
        e => Fault::damaged(format!("is damaged in the headers of {}: {e}", name(format))),
    }
}

/// A container's name in a sentence.
fn name(format: Format) -> &'static str {
    match format {
        Format::Wav | Format::Rf64 => "WAV",
        Format::Aiff | Format::Aifc => "AIFF",
        Format::Flac => "FLAC",
        Format::Ogg => "Ogg",
        Format::Mp3 => "MP3",
        Format::Aac => "AAC",
        Format::Mp4 => "MP4",
        Format::Matroska => "Matroska or WebM",
        Format::Caf => "CAF",
    }
}

/// A coding's name in a sentence.
fn codec(id: AudioCodecId) -> String {
    let name = match id {
        codecs::CODEC_ID_VORBIS => "a kind of Vorbis",
        codecs::CODEC_ID_OPUS => "Opus",
        codecs::CODEC_ID_SPEEX => "Speex",
        codecs::CODEC_ID_AC3 | codecs::CODEC_ID_EAC3 => "AC-3",
        codecs::CODEC_ID_AAC => "a kind of AAC",
        codecs::CODEC_ID_WMA => "Windows Media Audio",
        codecs::CODEC_ID_DCA => "DTS",
        codecs::CODEC_ID_TRUEHD => "TrueHD",
        codecs::CODEC_ID_WAVPACK => "WavPack",
        _ => return format!("coding {id}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::written::{chunk, flac, fmt, mp3_count, mp3_frame, ogg_page, riff};

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
    fn one_channel_is_heard_by_itself_and_one_that_is_not_there_is_an_error() {
        let bytes = wav(pcm(2, 16), &[100, -200, 300, -400]);
        let of = |bytes: &[u8], channel| {
            let mut decoder = Decoder::of_bytes(bytes.into(), Path::new("call.wav")).unwrap().channel(channel);
            let samples = decoder.next().map(|block| block.unwrap().iter().map(|s| s * 32_768.0).collect::<Vec<_>>());
            (samples, decoder.channels())
        };
        for (channel, expected) in
            [(Channel::Mix, [-50.0, -50.0]), (Channel::Only(0), [100.0, 300.0]), (Channel::Only(1), [-200.0, -400.0])]
        {
            let (samples, channels) = of(&bytes, channel);
            assert_eq!((samples.unwrap(), channels), (expected.to_vec(), Some(2)), "{channel:?}");
        }
        let error = of(&wav(pcm(1, 16), &[1, 2]), Channel::Only(1)).0.unwrap_err().to_string();
        assert!(error.contains("call.wav: has one channel, and channel 2 is asked for"), "{error}");
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
    fn no_room_is_made_for_what_a_packet_only_says_to_hold() {
        let caf = |frames: u32, channels: u32| {
            let mut desc = 8_000f64.to_be_bytes().to_vec();
            desc.extend(b"lpcm\0\0\0\0");
            for field in [2 * channels, frames, channels, 16] {
                desc.extend(field.to_be_bytes());
            }
            let data = [0, 0, 0, 0, 0x40, 0, 0xc0, 0];
            let mut bytes = [b"caff\0\x01\0\0desc".as_slice(), &32u64.to_be_bytes(), &desc, b"data"].concat();
            bytes.extend([&(data.len() as u64).to_be_bytes()[..], &data].concat());
            bytes
        };
        assert_eq!(decode(&caf(1, 1), Path::new("x")).unwrap().samples, [0.5, -0.5]);
        for frames in [0x6200_0001, u32::MAX] {
            assert!(problem(&caf(frames, 1)).contains("says its packets have"), "{}", problem(&caf(frames, 1)));
        }
    }

    #[test]
    fn what_is_not_audio_says_what_it_is() {
        assert!(problem(b"").contains("empty"));
        assert!(
            problem(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n").contains("git lfs pull")
        );
        assert!(problem(&[7; 4_000]).contains("not audio that is read here"));
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

    #[test]
    fn joined_mp3_files_are_heard_to_the_end_and_torn_ones_are_told() {
        let file = |count: u32, frames: usize| [mp3_count(count), mp3_frame().repeat(frames)].concat();
        let samples = |bytes: &[u8]| decode(bytes, Path::new("x")).unwrap().samples.len();
        assert_eq!(samples(&file(5, 5)), 5 * 1_152);
        assert_eq!(samples(&[file(5, 5), file(3, 3)].concat()), 8 * 1_152);
        assert_eq!(samples(&[file(5, 5), mp3_frame().repeat(4)].concat()), 9 * 1_152);
        assert_eq!(samples(&mp3_frame().repeat(7)), 7 * 1_152);
        let tag = [b"TAG".to_vec(), vec![b' '; 125]].concat();
        assert_eq!(samples(&[b"ID3\x04\0\0\0\0\0\x02ab".to_vec(), file(5, 5), tag].concat()), 5 * 1_152);
        assert!(problem(&file(5, 3)).contains("3 of 5 frames"), "{}", problem(&file(5, 3)));
        assert!(problem(&mp3_frame().repeat(3)[..1_000]).contains("last frame has 166 of 417 bytes"));
        let hole = [mp3_frame().repeat(3), vec![7; 100], mp3_frame().repeat(3)].concat();
        assert!(problem(&hole).contains("damaged at byte 1251 of 2602"), "{}", problem(&hole));
    }

    #[test]
    fn filling_tags_and_ends_of_lines_around_whole_files_are_no_damage() {
        let samples: Vec<i16> = (0..1_000).map(|i| (i * 37 % 901) as i16 * 30 - 13_000).collect();
        let lossless = flac(&samples, 1_000);
        let lossy = mp3_frame().repeat(7);
        let tag = [b"TAG".to_vec(), vec![b' '; 125]].concat();
        let lyrics = b"LYRICSBEGINla la la000019LYRICS200".to_vec();
        let count = |bytes: &[u8]| decode(bytes, Path::new("x")).unwrap_or_else(|e| panic!("{e}")).samples.len();
        for behind in [vec![], b"\n".to_vec(), b"\r\n".to_vec(), vec![0; 90], tag.clone(), [lyrics, tag].concat()] {
            assert_eq!(count(&[lossless.clone(), behind.clone()].concat()), 1_000, "{behind:?}");
            assert_eq!(count(&[lossy.clone(), behind.clone()].concat()), 7 * 1_152, "{behind:?}");
        }
        for before in [vec![0; 3_000], lossy[300..417].to_vec(), vec![7; 900]] {
            assert_eq!(count(&[before, lossy.clone()].concat()), 7 * 1_152);
        }
        // A newline may be the last byte of a checksum.
        let ends =
            (0..400).map(|i| flac(&[i, i + 1, 7 * i], 3)).filter(|file| file.ends_with(b"\n") || file.ends_with(b"\0"));
        assert!(ends.map(|file| assert_eq!(count(&file), 3)).count() > 0);
        assert!(decode(&[lossless, vec![7; 50]].concat(), Path::new("x")).is_err());
    }

    #[test]
    fn channels_in_opposite_phase_are_no_silence() {
        let samples: Vec<i32> = (0..2_000).flat_map(|i| [i * 37 % 9_001, -(i * 37 % 9_001)]).collect();
        let bytes = wav(pcm(2, 16), &samples);
        assert!(problem(&bytes).contains("cancel each other out"), "{}", problem(&bytes));
        let one = Decoder::of_bytes(bytes.into(), Path::new("x")).unwrap().channel(Channel::Only(1)).all().unwrap();
        assert_eq!(one.samples.len(), 2_000);
    }

    #[test]
    fn damage_in_a_flac_is_told_and_never_a_shorter_clip() {
        let samples: Vec<i16> = (0..1_000).map(|i| (i * 37 % 901) as i16 * 30 - 13_000).collect();
        let whole = flac(&samples, 1_000);
        let audio = decode(&whole, Path::new("x")).unwrap();
        assert_eq!(audio.samples, samples.iter().map(|&x| f32::from(x) / 32_768.0).collect::<Vec<_>>());
        assert!(problem(&flac(&samples[..900], 1_000)).contains("trunc"), "{}", problem(&flac(&samples[..900], 1_000)));
        // As a pipe leaves it: no length, no checksum of the whole.
        let piped = flac(&samples, 0);
        assert_eq!(decode(&piped, Path::new("x")).unwrap().samples.len(), 1_000);
        for file in [&whole, &piped] {
            for at in (50..file.len()).step_by(41) {
                let mut damaged = file.clone();
                damaged[at] ^= 0x55;
                assert!(decode(&damaged, Path::new("x")).is_err(), "byte {at}");
                let (cut, frame) = (&file[..at], (at - 42) % 210);
                // Between two frames of a file of unknown length nothing shows that there were more.
                if file[21] != 0 || file[25] != 0 || frame != 0 {
                    assert!(decode(cut, Path::new("x")).is_err(), "cut at {at}");
                }
            }
        }
    }

    #[test]
    fn a_number_beyond_any_full_scale_is_refused() {
        let float =
            |x: f32| riff(&[fmt(3, 1, 4, 32, &[]), chunk(b"data", 8, &[0f32.to_le_bytes(), x.to_le_bytes()].concat())]);
        assert_eq!(decode(&float(30_000.0), Path::new("x")).unwrap().samples, [0.0, 30_000.0]);
        assert!(problem(&float(1e20)).contains("sample 1 is 1e20"), "{}", problem(&float(1e20)));
    }

    #[test]
    fn what_is_not_read_is_named_with_the_command_that_converts_it() {
        let gsm = riff(&[fmt(0x31, 1, 65, 0, &[2, 0, 0x40, 1]), chunk(b"data", 4, &[0; 4])]);
        let problem = |bytes: &[u8], path: &str| decode(bytes, Path::new(path)).unwrap_err().to_string();
        assert_eq!(
            problem(&gsm, "my clip.wav"),
            "my clip.wav: is WAV that holds its sound as GSM 6.10, which is not read here: convert it, as `ffmpeg -i 'my \
             clip.wav' 'my clip-pcm.wav'`"
        );
        let opus = [ogg_page(2, 1, 0, b"OpusHead\x01"), ogg_page(4, 1, 1, b"x")].concat();
        let said = problem(&opus, "a.opus");
        assert!(
            said.contains("is Ogg with Opus, which is not read here: convert it, as `ffmpeg -i a.opus a.wav`"),
            "{said}"
        );
        assert!(problem(b".snd\0\0\0\x18\0\0\0\0", "a.au").contains("is AU, which is not read here: convert it"));
    }

    #[cfg(unix)]
    #[test]
    fn pipes_and_devices_are_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("a.wav");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        let made = made.is_ok_and(|status| status.success()).then_some(pipe);
        for path in made.into_iter().chain(["/dev/zero".into()]) {
            assert!(Decoder::open(&path).err().unwrap().to_string().contains("not a file"));
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
