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
    /// 64-bit floating point, little-endian, full scale ±1.
    F64le,
}

impl SampleFormat {
    const ALL: [(Self, &str, usize); 6] = [
        (Self::U8, "u8", 1),
        (Self::S16le, "s16le", 2),
        (Self::S24le, "s24le", 3),
        (Self::S32le, "s32le", 4),
        (Self::F32le, "f32le", 4),
        (Self::F64le, "f64le", 8),
    ];

    /// Bytes a sample.
    pub(super) fn width(self) -> usize {
        Self::ALL.iter().find(|(format, ..)| *format == self).map_or(1, |(.., width)| *width)
    }

    fn value(self, bytes: &[u8]) -> f32 {
        match (self, bytes) {
            (Self::U8, &[a]) => (f32::from(a) - 128.0) / 128.0,
            (Self::S16le, &[a, b]) => f32::from(i16::from_le_bytes([a, b])) / 32_768.0,
            (Self::S24le, &[a, b, c]) => (i32::from_le_bytes([0, a, b, c]) >> 8) as f32 / 8_388_608.0,
            (Self::S32le, &[a, b, c, d]) => i32::from_le_bytes([a, b, c, d]) as f32 / 2_147_483_648.0,
            (Self::F32le, &[a, b, c, d]) => f32::from_le_bytes([a, b, c, d]),
            (Self::F64le, &[a, b, c, d, e, f, g, h]) => f64::from_le_bytes([a, b, c, d, e, f, g, h]) as f32,
            _ => 0.0,
        }
    }

    /// Whole samples, in their order.
    pub(super) fn values(self, bytes: &[u8]) -> Vec<f32> {
        match self {
            // What most corpora are: as one block, ten times as fast as sample by sample.
            Self::S16le => {
                let pairs = bytes.as_chunks().0.iter();
                pairs.map(|&pair| f32::from(i16::from_le_bytes(pair)) * (1.0 / 32_768.0)).collect()
            }
            _ => bytes.chunks_exact(self.width()).map(|sample| self.value(sample)).collect(),
        }
    }
}

/// Which of a recording's channels is heard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// The mean of all, as librosa's `to_mono` has it.
    #[default]
    Mix,
    /// One of them, counted from 0: a telephone call often has its parties apart.
    Only(usize),
}

impl Channel {
    /// The channel's number, counted from 1; `None` for the mean of all channels.
    #[must_use]
    pub fn number(self) -> Option<usize> {
        match self {
            Self::Mix => None,
            Self::Only(channel) => Some(channel + 1),
        }
    }

    /// The channel of that number, counted from 1; the mean where there is none.
    #[must_use]
    pub fn numbered(number: Option<usize>) -> Self {
        number.and_then(|number| number.checked_sub(1)).map_or(Self::Mix, Self::Only)
    }

    /// One sample a frame, of frames of interleaved samples; none where there is no such channel.
    pub(super) fn of(self, interleaved: Vec<f32>, channels: usize) -> Option<Vec<f32>> {
        match (self, channels) {
            (_, 0) => Some(Vec::new()),
            (Self::Mix | Self::Only(0), 1) => Some(interleaved),
            (Self::Mix, _) => Some(mono(interleaved, channels)),
            (Self::Only(one), _) if one < channels => {
                Some(interleaved.chunks_exact(channels).map(|frame| frame[one]).collect())
            }
            (Self::Only(_), _) => None,
        }
    }
}

/// The mean of the channels of frames of interleaved samples.
fn mono(interleaved: Vec<f32>, channels: usize) -> Vec<f32> {
    match channels {
        0 => Vec::new(),
        1 => interleaved,
        _ => interleaved.chunks_exact(channels).map(|frame| frame.iter().sum::<f32>() / channels as f32).collect(),
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
    /// [`Error::Config`] where there are no channels, or more than a file can have.
    pub fn new(format: SampleFormat, channels: usize) -> Result<Self> {
        if !(1..=64).contains(&channels) {
            return Err(Error::Config(format!("--channels {channels}: from 1 to 64")));
        }
        Ok(Self { format, channels, pending: Vec::new() })
    }

    /// The samples that are whole by now, the mean of the channels.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<f32> {
        let channels = self.channels;
        mono(self.frames(bytes), channels)
    }

    /// The same of each of the channels that are asked for; nothing of one that is not there.
    pub fn push_apart(&mut self, bytes: &[u8], asked: &[Channel]) -> Vec<Vec<f32>> {
        let interleaved = self.frames(bytes);
        asked.iter().map(|channel| channel.of(interleaved.clone(), self.channels).unwrap_or_default()).collect()
    }

    /// How many channels there are.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Interleaved samples of the frames that are whole by now.
    fn frames(&mut self, bytes: &[u8]) -> Vec<f32> {
        self.pending.extend_from_slice(bytes);
        let whole = self.pending.len() - self.pending.len() % (self.format.width() * self.channels);
        let samples = self.format.values(&self.pending[..whole]);
        self.pending.drain(..whole);
        samples
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_scale_is_one_in_every_format_and_pieces_do_not_matter() {
        let cases: [(&str, &[u8]); 6] = [
            ("u8", &[128, 192, 0]),
            ("s16le", &[0, 0, 0, 0x40, 0, 0x80]),
            ("s24le", &[0, 0, 0, 0, 0, 0x40, 0, 0, 0x80]),
            ("s32le", &[0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0x80]),
            ("f32le", &[0, 0, 0, 0, 0, 0, 0, 0x3f, 0, 0, 0x80, 0xbf]),
            ("f64le", &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f, 0, 0, 0, 0, 0, 0, 0xf0, 0xbf]),
        ];
        for (name, bytes) in cases {
            let format: SampleFormat = name.parse().unwrap();
            assert_eq!(format.to_string(), name);
            let mut pcm = Pcm::new(format, 1).unwrap();
            let samples: Vec<f32> = bytes.iter().flat_map(|&byte| pcm.push(&[byte])).collect();
            assert_eq!(samples, [0.0, 0.5, -1.0], "{name}");
        }
        assert_eq!(Pcm::new(SampleFormat::U8, 3).unwrap().push(&[128, 192, 0, 1]), [-0.5 / 3.0]);
        let apart =
            Pcm::new(SampleFormat::U8, 2).unwrap().push_apart(&[128, 192, 0, 64, 9], &[Channel::Only(1), Channel::Mix]);
        assert_eq!(apart, [[0.5, -0.5], [0.25, -0.75]]);
        assert!(Pcm::new(SampleFormat::U8, 0).is_err());
        assert!("s16be".parse::<SampleFormat>().unwrap_err().contains("s16le"));
    }
}
