//! WAV with 16-bit integers, which most corpora are: converted as a block, ten times as fast as sample by sample.

use std::io::Cursor;

use super::{Audio, RATES};

/// The whole file, the mean of its channels; `None` for any other content, and for what is damaged or empty: what is wrong
/// with it is said by who decodes everything.
pub(super) fn decode(bytes: &[u8]) -> Option<Audio> {
    let reader = hound::WavReader::new(Cursor::new(bytes)).ok()?;
    let (spec, count) = (reader.spec(), reader.len() as usize);
    let usual = (spec.bits_per_sample, spec.sample_format) == (16, hound::SampleFormat::Int);
    if !usual || count == 0 || !RATES.contains(&spec.sample_rate) {
        return None;
    }
    let start = reader.into_inner().position() as usize;
    // The length of the data stands before them; another one than this would be samples in wider containers.
    let length = u32::from_le_bytes(bytes.get(start.checked_sub(4)?..start)?.try_into().ok()?) as usize;
    let data = bytes.get(start..start + length).filter(|data| data.len() == 2 * count)?;
    let samples = data.as_chunks().0.iter().map(|&pair| f32::from(i16::from_le_bytes(pair)) * (1.0 / 32_768.0));
    let samples: Vec<f32> = match usize::from(spec.channels) {
        1 => samples.collect(),
        channels => {
            let interleaved: Vec<f32> = samples.collect();
            interleaved.chunks_exact(channels).map(|frame| frame.iter().sum::<f32>() / channels as f32).collect()
        }
    };
    Some(Audio { samples, sample_rate: spec.sample_rate })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wav(channels: u16, bits: u16, samples: &[i32]) -> Vec<u8> {
        let spec = hound::WavSpec {
            channels,
            sample_rate: 8_000,
            bits_per_sample: bits,
            sample_format: hound::SampleFormat::Int,
        };
        let mut bytes = Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
        samples.iter().for_each(|&s| writer.write_sample(s).unwrap());
        writer.finalize().unwrap();
        bytes.into_inner()
    }

    #[test]
    fn samples_are_those_of_the_general_way_and_damage_is_left_to_it() {
        let samples: Vec<i32> = (0..600).map(|i| (i * i * 37) % 65_536 - 32_768).collect();
        for channels in [1, 2, 3] {
            let bytes = wav(channels, 16, &samples);
            let mut reader = hound::WavReader::new(Cursor::new(&bytes)).unwrap();
            let all: Vec<f32> = reader.samples::<i32>().map(|s| s.unwrap() as f32 / 32_768.0).collect();
            let of = usize::from(channels);
            let mean: Vec<f32> = all.chunks_exact(of).map(|frame| frame.iter().sum::<f32>() / of as f32).collect();
            assert_eq!(decode(&bytes), Some(Audio { samples: mean, sample_rate: 8_000 }));
            // After the data other chunks may follow.
            assert!(decode(&[bytes.as_slice(), b"LIST\x04\0\0\0abcd"].concat()).is_some());
            assert_eq!(decode(&bytes[..bytes.len() - 2]), None);
        }
        assert_eq!(decode(&wav(1, 24, &samples)), None);
        assert_eq!(decode(&wav(1, 16, &[])), None);
        assert_eq!(decode(b"RIFF"), None);
    }
}
