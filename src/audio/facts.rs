//! What is known of a file of audio after one read of its bytes and one decode.

use std::{io::Read, path::Path};

use serde::{Deserialize, Serialize};

use super::{
    Format, Print, SILENCE, Sketch, Waveform,
    decode::{Audio, Decoder, extremes},
    fault::{Fault, Flaw},
    measure::{Power, Snr},
    sketch,
};

/// Bytes that are hashed at once.
const BLOCK: usize = 1 << 17;

/// A sample that reaches this is taken for clipped: the largest of 16 bits.
const CLIPPED: f32 = 32_767.0 / 32_768.0;

/// What is known of a file whose audio can be used. Whatever two files have in common that have the same bytes is here;
/// their names are not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// What it is by its content.
    pub format: Format,
    /// In Hz.
    pub sample_rate: u32,
    /// Samples a channel.
    pub samples: u64,
    /// The level over the whole, as [`Measure::rms_db`](super::Measure::rms_db).
    pub rms_db: f64,
    /// How many samples reach full scale.
    pub clipped: u64,
    /// The signal-to-noise ratio, as [`snr_db`](super::snr_db) has it.
    pub snr_db: Option<f64>,
    /// The BLAKE3 hash of rate and mono samples: equal where files hold the same sound in other containers.
    #[serde(with = "super::known::hexadecimal")]
    pub sound: blake3::Hash,
    /// What finds copies of it.
    pub sketch: Option<Sketch>,
    /// What finds excerpts of it.
    pub print: Option<Print>,
}

impl Facts {
    /// Its length.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.samples as f64 / f64::from(self.sample_rate)
    }

    /// Whether it is as long as a frame, in seconds: who learns and who answers judge alike.
    ///
    /// # Errors
    ///
    /// Where it is shorter.
    pub(crate) fn fills(&self, shortest: f64) -> Result<(), Fault> {
        if self.seconds() < shortest { Err(Fault::too_short(self.seconds(), shortest)) } else { Ok(()) }
    }

    /// Decodes a file and takes down what is to be known.
    ///
    /// # Errors
    ///
    /// What is wrong with the file, silence included.
    pub fn take(path: &Path) -> Result<Self, Fault> {
        let mut decoder = Decoder::try_open(path)?;
        let mut taken = Taken::default();
        while let Some(block) = decoder.try_next()? {
            taken.add(block, decoder.sample_rate().unwrap_or(1));
        }
        taken.facts(decoder.format(), decoder.sample_rate())
    }

    /// What is to be known of audio that was cut out of a file of that format.
    ///
    /// # Errors
    ///
    /// Where there are no samples, or silence.
    pub(super) fn of(audio: Audio, format: Format) -> Result<Self, Fault> {
        let mut taken = Taken::default();
        let Audio { samples, sample_rate } = audio;
        taken.add(samples, sample_rate);
        taken.facts(format, Some(sample_rate))
    }
}

/// What is counted while blocks of samples go by.
struct Taken {
    power: Power,
    snr: Snr,
    sound: blake3::Hasher,
    kept: Vec<f32>,
    clipped: u64,
    range: (f32, f32),
}

impl Default for Taken {
    fn default() -> Self {
        Self {
            power: Power::default(),
            snr: Snr::default(),
            sound: blake3::Hasher::new(),
            kept: Vec::new(),
            clipped: 0,
            range: (f32::INFINITY, f32::NEG_INFINITY),
        }
    }
}

impl Taken {
    fn add(&mut self, block: Vec<f32>, rate: u32) {
        self.power.add(&block);
        self.snr.add(&block, rate);
        self.sound.update(bytemuck::cast_slice(&block));
        let (least, most) = extremes(&block);
        self.range = (self.range.0.min(least), self.range.1.max(most));
        self.clipped += block.iter().filter(|x| x.abs() >= CLIPPED).count() as u64;
        if (self.kept.len() as f64) < sketch::LONGEST * f64::from(rate) {
            self.kept.extend(block);
        }
    }

    fn facts(self, format: Format, sample_rate: Option<u32>) -> Result<Facts, Fault> {
        let Self { power, snr, mut sound, kept, clipped, range } = self;
        let (Some(sample_rate), samples @ 1..) = (sample_rate, power.samples()) else {
            return Err(Fault::no_samples());
        };
        if range.1 - range.0 <= SILENCE {
            return Err(Fault::new(Flaw::Silent, "digital silence: no sound to analyse"));
        }
        sound.update(&sample_rate.to_le_bytes());
        let waveform = Waveform::of(Audio { samples: kept, sample_rate });
        Ok(Facts {
            format,
            sample_rate,
            samples,
            rms_db: power.rms_db(),
            clipped,
            snr_db: snr.finish(),
            sound: sound.finalize(),
            sketch: waveform.as_ref().and_then(Sketch::of),
            print: waveform.as_ref().and_then(Print::of),
        })
    }
}

/// The BLAKE3 hash of a file's bytes, and how many there are.
///
/// # Errors
///
/// Where it cannot be read, or is no regular file.
pub(super) fn hash(path: &Path) -> Result<(blake3::Hash, u64), Fault> {
    let mut file = crate::files::open(path)?;
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; BLOCK];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok((hasher.finalize(), hasher.count())),
            Ok(read) => drop(hasher.update(&buffer[..read])),
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e.into()),
        }
    }
}
