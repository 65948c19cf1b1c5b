//! Bytes → mono samples, by content and never by extension: `hound` for WAV, `symphonia` for the rest and for WAV that
//! `hound` does not know.

use std::{io::Cursor, path::Path};

use symphonia::core::{
    codecs::audio::AudioDecoderOptions,
    errors::Error as SymphoniaError,
    formats::{FormatOptions, TrackType, probe::Hint},
    io::MediaSourceStream,
    meta::MetadataOptions,
};

use super::pcm16;
use crate::error::{Error, Result};

/// What a Git-LFS pointer begins with: the file that a clone without LFS leaves in place of the audio.
const LFS_POINTER: &[u8] = b"version https://git-lfs";

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
/// [`Error::File`] for an empty file, a Git-LFS pointer, an unknown format, a truncated file, no samples, or a sample
/// that is not a number.
pub fn decode(bytes: &[u8], path: &Path) -> Result<Audio> {
    if let Some(audio) = pcm16::decode(bytes) {
        return Ok(audio);
    }
    let audio = decode_bytes(bytes).map_err(|problem| Error::file(path, problem))?;
    if audio.samples.is_empty() {
        return Err(Error::file(path, "holds no audio samples"));
    }
    match audio.samples.iter().position(|s| !s.is_finite()) {
        Some(at) => {
            Err(Error::file(path, format!("sample {at} is {}: not a number to compute with", audio.samples[at])))
        }
        None => Ok(audio),
    }
}

fn decode_bytes(bytes: &[u8]) -> std::result::Result<Audio, String> {
    if bytes.is_empty() {
        return Err("the file is empty".into());
    }
    if bytes.starts_with(LFS_POINTER) {
        return Err("is a Git-LFS pointer, not audio: run `git lfs pull` in the corpus's clone".into());
    }
    if bytes.starts_with(b"RIFF") {
        match decode_wav(bytes) {
            Ok(audio) => return Ok(audio),
            Err(hound::Error::Unsupported | hound::Error::FormatError(_)) => {} // symphonia may know it
            Err(e) => return Err(format!("is not a whole WAV file ({e}): fetch it again")),
        }
    }
    decode_any(bytes)
}

fn decode_wav(bytes: &[u8]) -> std::result::Result<Audio, hound::Error> {
    let mut reader = hound::WavReader::new(Cursor::new(bytes))?;
    let spec = reader.spec();
    let interleaved: Vec<f32> = match spec.sample_format {
        hound::SampleFormat::Float => reader.samples::<f32>().collect::<hound::Result<_>>()?,
        hound::SampleFormat::Int => {
            let scale = 1.0 / 2f32.powi(i32::from(spec.bits_per_sample) - 1);
            reader.samples::<i32>().map(|s| s.map(|s| s as f32 * scale)).collect::<hound::Result<_>>()?
        }
    };
    Ok(Audio { samples: mono(&interleaved, usize::from(spec.channels)), sample_rate: spec.sample_rate })
}

fn decode_any(bytes: &[u8]) -> std::result::Result<Audio, String> {
    let unknown = |e: SymphoniaError| format!("is not audio in a known format (WAV, AIFF, FLAC, MP3, Ogg): {e}");
    let stream = MediaSourceStream::new(Box::new(Cursor::new(bytes.to_vec())), Default::default());
    let mut format = symphonia::default::get_probe()
        .probe(&Hint::new(), stream, FormatOptions::default(), MetadataOptions::default())
        .map_err(unknown)?;
    let track = format.default_track(TrackType::Audio).ok_or("has no audio track")?;
    let parameters = track.codec_params.as_ref().and_then(|p| p.audio()).ok_or("has no audio codec parameters")?;
    let mut decoder = symphonia::default::get_codecs()
        .make_audio_decoder(parameters, &AudioDecoderOptions::default())
        .map_err(unknown)?;
    let track_id = track.id;

    let (mut samples, mut block, mut sample_rate) = (Vec::new(), Vec::new(), 0);
    loop {
        let packet = match format.next_packet() {
            Ok(Some(packet)) if packet.track_id == track_id => packet,
            Ok(Some(_)) => continue,
            Ok(None) => break,
            Err(e) => return Err(format!("breaks off after {} samples: {e}", samples.len())),
        };
        let decoded = match decoder.decode(&packet) {
            Ok(decoded) => decoded,
            Err(e) => return Err(format!("is damaged after {} samples: {e}", samples.len())),
        };
        let spec = decoded.spec();
        if sample_rate != 0 && sample_rate != spec.rate() {
            return Err("changes its sample rate in the middle".into());
        }
        sample_rate = spec.rate();
        block.resize(decoded.samples_interleaved(), 0f32);
        decoded.copy_to_slice_interleaved(&mut block);
        samples.extend(mono(&block, spec.channels().count()));
    }
    if sample_rate == 0 {
        return Err("holds no audio samples".into());
    }
    Ok(Audio { samples, sample_rate })
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
}
