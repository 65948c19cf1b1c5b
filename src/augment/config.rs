//! `[augment]`: what becomes of the training side's clips.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Codec, Method, Mixup, SpecAugment};
use crate::{
    error::{Error, Result},
    setting::out_of_range,
};

/// `[augment]`: altered copies of the training side's clips, and what is altered again in each epoch. Nothing by default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AugmentConfig {
    /// Copies of each training clip, each altered in its own way; 0 makes none, whatever alterations are named.
    pub copies: usize,
    /// The part of epochs in which one of its copies, all as likely, stands in for the clip.
    pub share: f64,
    /// Speed perturbation: pace and pitch together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed: Option<Speed>,
    /// Pace alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_stretch: Option<TimeStretch>,
    /// Pitch alone, the formants with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pitch_shift: Option<PitchShift>,
    /// Additive noise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise: Option<Noise>,
    /// The reverberation of another room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<Room>,
    /// The response of another microphone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// A telephone or a low rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub codec: Option<CodecSettings>,
    /// Level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gain: Option<Gain>,
    /// Masks on the matrix, drawn again in each epoch; needs no copies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spec_augment: Option<SpecAugment>,
    /// Weighted means of two clips in a batch, drawn again in each epoch; needs no copies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mixup: Option<Mixup>,
}

/// `augment.speed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Speed {
    /// Slowest and fastest pace, 1 being the clip's own; drawn evenly between.
    pub rate: [f64; 2],
    /// The probability of applying it to a copy.
    pub probability: f64,
}

/// `augment.time_stretch`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TimeStretch {
    /// Slowest and fastest pace, 1 being the clip's own; drawn evenly between.
    pub rate: [f64; 2],
    /// The probability of applying it to a copy.
    pub probability: f64,
    /// How it is done.
    pub method: Method,
}

/// `augment.pitch_shift`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PitchShift {
    /// Lowest and highest shift, in semitones; drawn evenly between.
    pub semitones: [f64; 2],
    /// The probability of applying it to a copy.
    pub probability: f64,
    /// How it is done.
    pub method: Method,
}

/// `augment.noise`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Noise {
    /// Lowest and highest ratio of signal to noise, in dB; drawn evenly between.
    pub snr_db: [f64; 2],
    /// The probability of applying it to a copy.
    pub probability: f64,
    /// What noise it is.
    pub kind: NoiseKind,
    /// For `kind = "folder"`: the folder of recordings, relative to the data folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
}

/// The noises by their names in a config.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoiseKind {
    /// Gaussian, the same power at all frequencies.
    #[default]
    White,
    /// Gaussian, 3 dB less with each octave.
    Pink,
    /// Recordings of the user's own.
    Folder,
}

/// `augment.room`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Room {
    /// Shortest and longest time in which the reverberation falls by 60 dB, in seconds; drawn evenly between.
    pub t60: [f64; 2],
    /// Lowest and highest ratio of the direct sound to the reverberation, in dB; drawn evenly between.
    pub direct_db: [f64; 2],
    /// The probability of applying it to a copy.
    pub probability: f64,
}

/// `augment.channel`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Channel {
    /// Lowest and highest slope, in dB an octave; drawn evenly between.
    pub tilt_db: [f64; 2],
    /// Standard deviation of the response at each octave, in dB.
    pub ripple_db: f64,
    /// The probability of applying it to a copy.
    pub probability: f64,
}

/// `augment.codec`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CodecSettings {
    /// Which they are, all as likely.
    pub among: Vec<Codec>,
    /// Lowest and highest rate of [`Codec::LowRate`], in kbit/s; drawn evenly between.
    pub kbits: [f64; 2],
    /// The probability of applying one to a copy.
    pub probability: f64,
}

/// `augment.gain`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Gain {
    /// Lowest and highest change of level, in dB; drawn evenly between.
    pub db: [f64; 2],
    /// The probability of applying it to a copy.
    pub probability: f64,
}

/// How likely an alteration is where nothing is said.
const EVEN_CHANCE: f64 = 0.5;

impl Default for AugmentConfig {
    fn default() -> Self {
        Self {
            copies: 0,
            share: 0.5,
            speed: None,
            time_stretch: None,
            pitch_shift: None,
            noise: None,
            room: None,
            channel: None,
            codec: None,
            gain: None,
            spec_augment: None,
            mixup: None,
        }
    }
}

impl Default for Speed {
    fn default() -> Self {
        Self { rate: [0.9, 1.1], probability: EVEN_CHANCE }
    }
}

impl Default for TimeStretch {
    fn default() -> Self {
        Self { rate: [0.8, 1.25], probability: EVEN_CHANCE, method: Method::default() }
    }
}

impl Default for PitchShift {
    fn default() -> Self {
        Self { semitones: [-2.0, 2.0], probability: EVEN_CHANCE, method: Method::default() }
    }
}

impl Default for Noise {
    fn default() -> Self {
        Self { snr_db: [5.0, 30.0], probability: EVEN_CHANCE, kind: NoiseKind::default(), folder: None }
    }
}

impl Default for Room {
    fn default() -> Self {
        Self { t60: [0.2, 0.8], direct_db: [0.0, 15.0], probability: EVEN_CHANCE }
    }
}

impl Default for Channel {
    fn default() -> Self {
        Self { tilt_db: [-3.0, 3.0], ripple_db: 4.0, probability: EVEN_CHANCE }
    }
}

impl Default for CodecSettings {
    fn default() -> Self {
        let among = vec![Codec::MuLaw, Codec::ALaw, Codec::Adpcm, Codec::LowRate];
        Self { among, kbits: [8.0, 32.0], probability: EVEN_CHANCE }
    }
}

impl Default for Gain {
    fn default() -> Self {
        Self { db: [-6.0, 6.0], probability: EVEN_CHANCE }
    }
}

impl AugmentConfig {
    /// Whether the table says nothing: what a config without it means.
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    pub(crate) fn validate(&self) -> Result<()> {
        if self.copies > 100 {
            return Err(out_of_range("augment.copies", self.copies, "copies of each clip, up to 100"));
        }
        probability("augment.share", self.share)?;
        if let Some(Speed { rate, probability: p }) = &self.speed {
            range("augment.speed.rate", *rate, [0.5, 2.0], "times the clip's pace")?;
            probability("augment.speed.probability", *p)?;
        }
        if let Some(TimeStretch { rate, probability: p, .. }) = &self.time_stretch {
            range("augment.time_stretch.rate", *rate, [0.25, 4.0], "times the clip's pace")?;
            probability("augment.time_stretch.probability", *p)?;
        }
        if let Some(PitchShift { semitones, probability: p, .. }) = &self.pitch_shift {
            range("augment.pitch_shift.semitones", *semitones, [-12.0, 12.0], "semitones")?;
            probability("augment.pitch_shift.probability", *p)?;
        }
        if let Some(Noise { snr_db, probability: p, kind, folder }) = &self.noise {
            range("augment.noise.snr_db", *snr_db, [-20.0, 100.0], "dB")?;
            probability("augment.noise.probability", *p)?;
            if (*kind == NoiseKind::Folder) != folder.is_some() {
                let rule = "augment.noise.folder and augment.noise.kind = \"folder\" go together: set both or neither";
                return Err(Error::Config(rule.into()));
            }
        }
        if let Some(Room { t60, direct_db, probability: p }) = &self.room {
            range("augment.room.t60", *t60, [0.01, 10.0], "seconds")?;
            range("augment.room.direct_db", *direct_db, [-20.0, 60.0], "dB")?;
            probability("augment.room.probability", *p)?;
        }
        if let Some(Channel { tilt_db, ripple_db, probability: p }) = &self.channel {
            range("augment.channel.tilt_db", *tilt_db, [-12.0, 12.0], "dB an octave")?;
            if !(0.0..=20.0).contains(ripple_db) {
                return Err(out_of_range("augment.channel.ripple_db", ripple_db, "dB, from 0 to 20"));
            }
            probability("augment.channel.probability", *p)?;
        }
        if let Some(CodecSettings { among, kbits, probability: p }) = &self.codec {
            if among.is_empty() {
                let rule = "one or more of mu-law, a-law, adpcm and low-rate";
                return Err(out_of_range("augment.codec.among", "[]", rule));
            }
            range("augment.codec.kbits", *kbits, [6.0, 128.0], "kbit/s")?;
            probability("augment.codec.probability", *p)?;
        }
        if let Some(Gain { db, probability: p }) = &self.gain {
            range("augment.gain.db", *db, [-60.0, 60.0], "dB")?;
            probability("augment.gain.probability", *p)?;
        }
        self.spec_augment.as_ref().map_or(Ok(()), SpecAugment::validate)?;
        self.mixup.as_ref().map_or(Ok(()), Mixup::validate)?;
        let named = self.speed.is_some()
            || self.time_stretch.is_some()
            || self.pitch_shift.is_some()
            || self.noise.is_some()
            || self.room.is_some()
            || self.channel.is_some()
            || self.codec.is_some()
            || self.gain.is_some();
        if self.copies > 0 && !named {
            let rule =
                "say how copies differ: name speed, time_stretch, pitch_shift, room, noise, channel, codec or gain";
            return Err(out_of_range("augment.copies", self.copies, rule));
        }
        Ok(())
    }

    /// The part that decides a copy's samples: neither how many there are nor what is done in a batch.
    pub(super) fn of_samples(&self) -> Self {
        Self { copies: 0, share: 0.5, spec_augment: None, mixup: None, ..self.clone() }
    }
}

fn probability(key: &str, value: f64) -> Result<()> {
    if (0.0..=1.0).contains(&value) { Ok(()) } else { Err(out_of_range(key, value, "a probability from 0 to 1")) }
}

fn range(key: &str, [low, high]: [f64; 2], [least, most]: [f64; 2], unit: &str) -> Result<()> {
    if low <= high && low >= least && high <= most {
        return Ok(());
    }
    let rule = format!("the lower one first, both from {least} to {most} {unit}");
    Err(out_of_range(key, format!("[{low}, {high}]"), &rule))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> std::result::Result<AugmentConfig, String> {
        let config: AugmentConfig = toml::from_str(text).map_err(|e| e.to_string())?;
        config.validate().map_err(|e| e.to_string())?;
        Ok(config)
    }

    #[test]
    fn the_documented_table_parses() {
        let config = parse(
            "copies = 3\nnoise = { snr_db = [5, 30], probability = 0.5 }\n\
             pitch_shift = { semitones = [-2, 2], probability = 0.5, method = \"phase-vocoder\" }\n\
             time_stretch = { rate = [0.8, 1.25] }\nspeed = {}\ngain = { db = [-3, 3] }\ncodec = { among = [\"mu-law\", \"low-rate\"] }\nmixup = { alpha = 0.3 }\n\
             spec_augment = { time_masks = 1 }",
        )
        .unwrap();
        assert_eq!(config.pitch_shift.unwrap().method, Method::PhaseVocoder);
        assert_eq!(config.speed, Some(Speed::default()));
        assert!(parse("").unwrap().is_default());
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, part) in [
            ("copies = 3", "augment.copies = 3"),
            ("copies = 101", "augment.copies = 101"),
            ("share = 1.5", "augment.share = 1.5"),
            ("noise = { snr_db = [30, 5] }", "augment.noise.snr_db = [30, 5]"),
            ("noise = { kind = \"folder\" }", "augment.noise.folder"),
            ("noise = { folder = \"x\" }", "augment.noise.folder"),
            ("speed = { rate = [0.0, 1.0] }", "augment.speed.rate = [0, 1]"),
            ("pitch_shift = { semitones = [-2, nan] }", "augment.pitch_shift.semitones"),
            ("room = { t60 = [0.0, 1.0] }", "augment.room.t60 = [0, 1]"),
            ("channel = { ripple_db = -1.0 }", "augment.channel.ripple_db = -1"),
            ("codec = { among = [] }", "augment.codec.among = []"),
            ("codec = { among = [\"mp3\"] }", "mp3"),
            ("codec = { kbits = [2, 8] }", "augment.codec.kbits = [2, 8]"),
            ("mixup = { alpha = 0 }", "augment.mixup.alpha = 0"),
            ("spec_augment = { share = 2.0 }", "augment.spec_augment.share = 2"),
            ("gain = { dB = [1, 2] }", "dB"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
