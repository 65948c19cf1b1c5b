//! Raw samples without a header, as pipes and sound cards give them.

use std::str::FromStr;

use crate::error::{Error, Result};

/// How a sample is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SampleFormat {
    /// Unsigned 8 bits.
    U8,
    /// Signed 16 bits, little-endian.
    #[default]
    S16le,
    /// Signed 24 bits in three bytes, little-endian.
    S24le,
    /// Signed 32 bits, little-endian.
    S32le,
    /// 32-bit floating point, little-endian, full scale ±1.
    F32le,
}

impl SampleFormat {
    const ALL: [(Self, &str, usize); 5] = [
        (Self::U8, "u8", 1),
        (Self::S16le, "s16le", 2),
        (Self::S24le, "s24le", 3),
        (Self::S32le, "s32le", 4),
        (Self::F32le, "f32le", 4),
    ];

    fn width(self) -> usize {
        Self::ALL.iter().find(|(format, ..)| *format == self).map_or(1, |(.., width)| *width)
    }

    fn value(self, bytes: &[u8]) -> f32 {
        match (self, bytes) {
            (Self::U8, &[a]) => (f32::from(a) - 128.0) / 128.0,
            (Self::S16le, &[a, b]) => f32::from(i16::from_le_bytes([a, b])) / 32_768.0,
            (Self::S24le, &[a, b, c]) => (i32::from_le_bytes([0, a, b, c]) >> 8) as f32 / 8_388_608.0,
            (Self::S32le, &[a, b, c, d]) => i32::from_le_bytes([a, b, c, d]) as f32 / 2_147_483_648.0,
            (Self::F32le, &[a, b, c, d]) => f32::from_le_bytes([a, b, c, d]),
            _ => 0.0,
        }
    }
}

impl std::fmt::Display for SampleFormat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(Self::ALL.iter().find(|(format, ..)| format == self).map_or("", |(_, name, _)| name))
    }
}

impl FromStr for SampleFormat {
    type Err = String;

    fn from_str(name: &str) -> std::result::Result<Self, String> {
        let known = Self::ALL.iter().find(|(_, known, _)| *known == name).map(|(format, ..)| *format);
        known.ok_or_else(|| format!("choose one of {}", Self::ALL.map(|(_, name, _)| name).join(", ")))
    }
}

/// Turns bytes, in pieces of any length, into the mean of the channels.
#[derive(Debug)]
pub struct Pcm {
    format: SampleFormat,
    channels: usize,
    /// Bytes of a frame that is not whole yet.
    pending: Vec<u8>,
}

impl Pcm {
    /// Frames of `channels` interleaved samples.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where there are no channels, or too many to be true.
    pub fn new(format: SampleFormat, channels: usize) -> Result<Self> {
        if !(1..=64).contains(&channels) {
            return Err(Error::Config(format!("--channels {channels}: from 1 to 64")));
        }
        Ok(Self { format, channels, pending: Vec::new() })
    }

    /// The samples that are whole by now.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<f32> {
        let (width, channels) = (self.format.width(), self.channels);
        self.pending.extend_from_slice(bytes);
        let whole = self.pending.len() - self.pending.len() % (width * channels);
        let mono = self.pending[..whole]
            .chunks_exact(width * channels)
            .map(|frame| frame.chunks_exact(width).map(|s| self.format.value(s)).sum::<f32>() / channels as f32)
            .collect();
        self.pending.drain(..whole);
        mono
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_scale_is_one_in_every_format_and_pieces_do_not_matter() {
        let cases: [(&str, &[u8]); 5] = [
            ("u8", &[128, 192, 0]),
            ("s16le", &[0, 0, 0, 0x40, 0, 0x80]),
            ("s24le", &[0, 0, 0, 0, 0, 0x40, 0, 0, 0x80]),
            ("s32le", &[0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0x80]),
            ("f32le", &[0, 0, 0, 0, 0, 0, 0, 0x3f, 0, 0, 0x80, 0xbf]),
        ];
        for (name, bytes) in cases {
            let format: SampleFormat = name.parse().unwrap();
            assert_eq!(format.to_string(), name);
            let mut pcm = Pcm::new(format, 1).unwrap();
            let samples: Vec<f32> = bytes.iter().flat_map(|&byte| pcm.push(&[byte])).collect();
            assert_eq!(samples, [0.0, 0.5, -1.0], "{name}");
        }
        assert_eq!(Pcm::new(SampleFormat::U8, 3).unwrap().push(&[128, 192, 0, 1]), [-0.5 / 3.0]);
        assert!(Pcm::new(SampleFormat::U8, 0).is_err());
        assert!("s16be".parse::<SampleFormat>().unwrap_err().contains("s16le"));
    }
}
