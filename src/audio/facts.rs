//! What is known of a file of audio after one read of its bytes and one decode.

use std::{io::Read, path::Path};

use serde::{Deserialize, Serialize};

use super::{
    Format, SILENCE, Sketch, Waveform,
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
}

impl Facts {
    /// Its length.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.samples as f64 / f64::from(self.sample_rate)
    }

    /// Decodes a file and takes down what is to be known.
    ///
    /// # Errors
    ///
    /// What is wrong with the file, silence included.
    pub fn take(path: &Path) -> Result<Self, Fault> {
        let mut decoder = Decoder::try_open(path)?;
        let (mut power, mut snr, mut sound) = (Power::default(), Snr::default(), blake3::Hasher::new());
        let (mut kept, mut clipped) = (Vec::new(), 0);
        let mut range = (f32::INFINITY, f32::NEG_INFINITY);
        while let Some(block) = decoder.try_next()? {
            let rate = decoder.sample_rate().unwrap_or(1);
            power.add(&block);
            snr.add(&block, rate);
            sound.update(bytemuck::cast_slice(&block));
            let (least, most) = extremes(&block);
            range = (range.0.min(least), range.1.max(most));
            clipped += block.iter().filter(|x| x.abs() >= CLIPPED).count() as u64;
            if (kept.len() as f64) < sketch::LONGEST * f64::from(rate) {
                kept.extend(block);
            }
        }
        let (Some(sample_rate), samples @ 1..) = (decoder.sample_rate(), power.samples()) else {
            return Err(Fault::no_samples());
        };
        if range.1 - range.0 <= SILENCE {
            return Err(Fault::new(Flaw::Silent, "digital silence: no sound to analyse"));
        }
        sound.update(&sample_rate.to_le_bytes());
        Ok(Self {
            format: decoder.format(),
            sample_rate,
            samples,
            rms_db: power.rms_db(),
            clipped,
            snr_db: snr.finish(),
            sound: sound.finalize(),
            sketch: Waveform::of(Audio { samples: kept, sample_rate }).as_ref().and_then(Sketch::of),
        })
    }
}

/// The BLAKE3 hash of a file's bytes, and how many there are.
///
/// # Errors
///
/// Where it cannot be read, or is no regular file.
pub(super) fn hash(path: &Path) -> Result<(blake3::Hash, u64), Fault> {
    super::decode::check_regular(path)?;
    let mut file = std::fs::File::open(path)?;
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
