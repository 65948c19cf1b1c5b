//! The `[features]` table of a config.

use std::fmt::Display;

use serde::{Deserialize, Serialize};

use super::{
    super::{Level, ScalerScope},
    kind::Kind,
    pitch,
    shape::Contrast,
};
use crate::error::{Error, Result};

/// The longest frame accepted, in samples: beyond it a value is a slip, and its buffers would not fit.
const LONGEST_FRAME: usize = 1 << 20;

/// Which features, and how they are computed: the `[features]` table. The defaults are librosa's, at 22,050 Hz.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct FeaturesConfig {
    /// The features, in the order of their columns; each at most once. Default: MFCC and both derivatives.
    pub kinds: Vec<Kind>,
    /// How many MFCC are kept, from the 0th (the level) up; at most `n_mels`. Default 13.
    pub n_mfcc: usize,
    /// How many mel bands there are. Default 128; with frames as short as 20 ms the lowest of 128 bands lie between two
    /// bins and stay empty (at the floor), so 40 to 80 serve better.
    pub n_mels: usize,
    /// How many pitch classes an octave has. Default 12.
    pub n_chroma: usize,
    /// Length of a frame and of its Fourier transform, in samples. Default 2048.
    pub frame_length: usize,
    /// Step from one frame to the next, in samples. Default 512.
    pub hop_length: usize,
    /// Length of a frame in seconds, rounded to whole samples; stands in for `frame_length`. Default: not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame_seconds: Option<f64>,
    /// Step from one frame to the next in seconds, rounded to whole samples; stands in for `hop_length`. Default: not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hop_seconds: Option<f64>,
    /// Sinusoidal liftering of the MFCC: coefficient `i` is multiplied by `1 + lifter/2 · sin(π (i+1) / lifter)`. Default 0:
    /// none.
    pub lifter: f32,
    /// The mel scale. Default Slaney's.
    pub mel_scale: MelScale,
    /// What the columns of `mel` hold. Default decibels.
    pub mel_unit: MelUnit,
    /// Lower edge of the mel bands, Hz. Default 0.
    pub fmin: f32,
    /// Upper edge of the mel bands, Hz. Default: half the sample rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fmax: Option<f32>,
    /// Depth of a clip's decibel scale: a mel value further below the clip's loudest one is raised to that floor. Default 80;
    /// a large value such as 1000 leaves only the absolute floor of −100 dB.
    pub top_db: f32,
    /// What becomes of a clip's level in its mel bands, on which the MFCC hang: kept as recorded, so that a gain alters them; or
    /// brought to a constant. Default: kept.
    #[serde(skip_serializing_if = "Level::is_kept")]
    pub level: Level,
    /// A room's noise laid under the mel bands, so many decibels below the mean power of a clip's loud frames: from 0 to 60,
    /// with a level that is not kept. As `encoder.snr`, which a distilled network's features take from its teacher. Default:
    /// none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snr: Option<f64>,
    /// Lowest fundamental frequency that `pitch` looks for, Hz; its period must fit in a frame. Default 65.
    pub pitch_fmin: f32,
    /// Highest fundamental frequency that `pitch` looks for, Hz. Default 600.
    pub pitch_fmax: f32,
    /// On what the standardisation of the columns is fitted. Default: the training side.
    pub scaler: ScalerScope,
}

impl Default for FeaturesConfig {
    fn default() -> Self {
        Self {
            kinds: vec![Kind::Mfcc, Kind::Delta, Kind::Delta2],
            n_mfcc: 13,
            n_mels: 128,
            n_chroma: 12,
            frame_length: 2048,
            hop_length: 512,
            frame_seconds: None,
            hop_seconds: None,
            lifter: 0.0,
            mel_scale: MelScale::Slaney,
            mel_unit: MelUnit::Db,
            fmin: 0.0,
            fmax: None,
            top_db: 80.0,
            level: Level::Kept,
            snr: None,
            pitch_fmin: 65.0,
            pitch_fmax: 600.0,
            scaler: ScalerScope::Train,
        }
    }
}

/// A scale of perceived pitch.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MelScale {
    /// Slaney's Auditory Toolbox: linear below 1 kHz, logarithmic above.
    #[default]
    Slaney,
    /// HTK's `2595 log10(1 + f/700)`.
    Htk,
}

/// What the columns of [`Kind::Mel`] hold. The MFCC are those of decibels whatever is set here.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MelUnit {
    /// `power_to_db(melspectrogram(y))`: what a network learns from best.
    #[default]
    Db,
    /// `melspectrogram(y)`: power.
    Power,
}

impl FeaturesConfig {
    /// Checks every value against the others and against `sample_rate` (Hz).
    ///
    /// # Errors
    /// [`Error::Config`] with the key, its value and the rule that it breaks.
    pub fn validate(&self, sample_rate: u32) -> Result<()> {
        self.check(sample_rate).map(drop)
    }

    /// From one frame to the next, in seconds, where clips are at `sample_rate` (Hz).
    #[must_use]
    pub fn step_seconds(&self, sample_rate: u32) -> f64 {
        let rate = f64::from(sample_rate);
        self.hop_seconds.map_or(self.hop_length as f64, |seconds| (seconds * rate).round()) / rate
    }

    /// The shortest clip that fills a frame, in seconds.
    #[must_use]
    pub fn shortest(&self, sample_rate: u32) -> f64 {
        let rate = f64::from(sample_rate);
        self.frame_seconds.map_or(self.frame_length as f64, |seconds| (seconds * rate).round()) / rate
    }

    /// The settings that decide the numbers of some of the kinds of this table, with those that are idle at their
    /// defaults and the frames in samples: two that are equal here give the same columns. For comparing, not for use:
    /// an idle default may contradict what is set. A new key counts for every kind by default.
    #[must_use]
    pub fn of_kinds(&self, kinds: &[Kind], sample_rate: u32) -> Self {
        let idle = Self::default();
        let samples = |seconds: Option<f64>, count| {
            seconds.map_or(count, |seconds| (seconds * f64::from(sample_rate)).round() as usize)
        };
        let mut used = Self {
            kinds: kinds.to_vec(),
            frame_length: samples(self.frame_seconds, self.frame_length),
            hop_length: samples(self.hop_seconds, self.hop_length),
            frame_seconds: None,
            hop_seconds: None,
            // It works on what is computed here.
            scaler: idle.scaler,
            ..self.clone()
        };
        let any = |of: &[Kind]| kinds.iter().any(|kind| of.contains(kind));
        if !any(&[Kind::Mfcc, Kind::Delta, Kind::Delta2]) {
            (used.n_mfcc, used.lifter) = (idle.n_mfcc, idle.lifter);
        }
        if !any(&[Kind::Mel]) {
            used.mel_unit = idle.mel_unit;
        }
        if !any(&[Kind::Mfcc, Kind::Delta, Kind::Delta2, Kind::Mel]) {
            (used.n_mels, used.mel_scale, used.top_db) = (idle.n_mels, idle.mel_scale, idle.top_db);
            (used.fmin, used.fmax) = (idle.fmin, idle.fmax);
            (used.level, used.snr) = (idle.level, idle.snr);
        }
        if !any(&[Kind::Chroma]) {
            used.n_chroma = idle.n_chroma;
        }
        if !any(&[Kind::Pitch]) {
            (used.pitch_fmin, used.pitch_fmax) = (idle.pitch_fmin, idle.pitch_fmax);
        }
        used
    }

    /// The names of the columns, in order: `mfcc_0`, `delta_mfcc_0`, `delta2_mfcc_0`, `mel_0`, `chroma_0`, `contrast_0` and
    /// on; `centroid`, `bandwidth`, `rolloff`, `flatness`, `zcr`, `rms`, `pitch`.
    #[must_use]
    pub fn columns(&self) -> Vec<String> {
        let mut names = Vec::with_capacity(self.dims());
        for kind in &self.kinds {
            match kind.prefix() {
                Some(prefix) => names.extend((0..kind.width(self)).map(|i| format!("{prefix}_{i}"))),
                None => names.push(kind.name().to_owned()),
            }
        }
        names
    }

    /// How many mel bands the columns are, where they are nothing else.
    #[must_use]
    pub fn bands(&self) -> Option<usize> {
        (self.kinds == [Kind::Mel]).then_some(self.n_mels)
    }

    /// How many columns there are.
    #[must_use]
    pub fn dims(&self) -> usize {
        self.kinds.iter().map(|kind| kind.width(self)).sum()
    }

    /// Checks every value and settles the frames: [`validate`](Self::validate) with something to show for it.
    pub(super) fn check(&self, sample_rate: u32) -> Result<Frames> {
        if sample_rate == 0 {
            return Err(Error::Config("audio.sample_rate = 0: must be above 0 Hz".to_owned()));
        }
        let nyquist = sample_rate as f32 / 2.0;
        let frames = self.frames(sample_rate)?;

        rule(!self.kinds.is_empty(), "kinds", "[]", "must name at least one feature")?;
        for (i, kind) in self.kinds.iter().enumerate() {
            rule(!self.kinds[..i].contains(kind), "kinds", kind, "is named twice; each feature may be named once")?;
        }
        rule((1..=4096).contains(&self.n_mels), "n_mels", self.n_mels, "must lie between 1 and 4096")?;
        rule(
            (1..=self.n_mels).contains(&self.n_mfcc),
            "n_mfcc",
            self.n_mfcc,
            &format!("must lie between 1 and features.n_mels = {}", self.n_mels),
        )?;
        rule((1..=1024).contains(&self.n_chroma), "n_chroma", self.n_chroma, "must lie between 1 and 1024")?;
        rule(self.lifter.is_finite() && self.lifter >= 0.0, "lifter", self.lifter, "must be 0 (none) or above")?;
        rule(self.top_db.is_finite() && self.top_db > 0.0, "top_db", self.top_db, "must be above 0 dB")?;
        super::super::level::check("features", self.level, self.snr)?;
        rule(self.fmin >= 0.0 && self.fmin < nyquist, "fmin", self.fmin, &below_nyquist(sample_rate))?;
        if let Some(fmax) = self.fmax {
            rule(
                fmax > self.fmin && fmax <= nyquist,
                "fmax",
                fmax,
                &format!(
                    "must lie above features.fmin = {} and at most at half the sample rate, {nyquist} Hz",
                    self.fmin
                ),
            )?;
        }
        if self.kinds.contains(&Kind::Contrast) {
            rule(
                Contrast::fits(&frames),
                "kinds",
                Kind::Contrast,
                &format!(
                    "its octaves from 200 Hz to 6400 Hz each need a bin of the spectrum: {sample_rate} Hz with frames of {} \
                     samples gives too few; raise the sample rate above 12800 Hz, lengthen the frames, or drop it",
                    frames.length
                ),
            )?;
        }
        if self.kinds.contains(&Kind::Pitch) {
            rule(
                self.pitch_fmax > self.pitch_fmin && self.pitch_fmax <= nyquist,
                "pitch_fmax",
                self.pitch_fmax,
                &format!(
                    "must lie above features.pitch_fmin = {} and at most at half the sample rate, {nyquist} Hz",
                    self.pitch_fmin
                ),
            )?;
            rule(
                self.pitch_fmin > 0.0 && pitch::period_fits(self.pitch_fmin, &frames),
                "pitch_fmin",
                self.pitch_fmin,
                &format!(
                    "one period must fit in a frame of {} samples: at least {:.1} Hz",
                    frames.length,
                    f64::from(sample_rate) / (frames.length.max(3) - 2) as f64
                ),
            )?;
        }
        Ok(frames)
    }

    /// Length and step of the frames in samples, from whichever of samples and seconds is set.
    fn frames(&self, sample_rate: u32) -> Result<Frames> {
        let default = Self::default();
        let length = samples("frame", self.frame_length, default.frame_length, self.frame_seconds, sample_rate)?;
        rule(
            (2..=LONGEST_FRAME).contains(&length),
            "frame_length",
            length,
            &format!("must lie between 2 and {LONGEST_FRAME} samples"),
        )?;
        let hop = samples("hop", self.hop_length, default.hop_length, self.hop_seconds, sample_rate)?;
        rule(
            (1..=length).contains(&hop),
            "hop_length",
            hop,
            &format!("must lie between 1 and the length of a frame, {length} samples, or samples would be skipped"),
        )?;
        Ok(Frames { sample_rate, length, hop })
    }
}

/// Length and step of the frames, settled.
#[derive(Clone, Copy, Debug)]
pub(in crate::frontend) struct Frames {
    /// Hz.
    pub sample_rate: u32,
    /// Samples in a frame, and points in its Fourier transform.
    pub length: usize,
    /// Samples from one frame to the next.
    pub hop: usize,
}

impl Frames {
    /// Bins in the spectrum of a frame, from 0 Hz up.
    pub fn bins(&self) -> usize {
        self.length / 2 + 1
    }

    /// Frequency of bin `k`, Hz.
    pub fn frequency(&self, k: usize) -> f64 {
        k as f64 * f64::from(self.sample_rate) / self.length as f64
    }

    /// Frames in a clip of `samples`: centred, so that each sample is in the middle of one; none for no samples.
    pub fn count(&self, samples: usize) -> usize {
        if samples == 0 { 0 } else { 1 + (samples - self.length % 2) / self.hop }
    }
}

/// Settles a duration given as samples, seconds, or neither.
fn samples(what: &str, count: usize, default: usize, seconds: Option<f64>, sample_rate: u32) -> Result<usize> {
    let Some(seconds) = seconds else { return Ok(count) };
    let key = format!("{what}_seconds");
    rule(
        count == default,
        &key,
        seconds,
        &format!("features.{what}_length = {count} is set too; give samples or seconds, not both"),
    )?;
    rule(seconds > 0.0 && seconds <= 60.0, &key, seconds, "must be above 0 and at most 60 seconds")?;
    Ok((seconds * f64::from(sample_rate)).round() as usize)
}

/// An error that names the key, its value and the rule, unless the rule is kept.
fn rule(kept: bool, key: &str, value: impl Display, rule: &str) -> Result<()> {
    if kept { Ok(()) } else { Err(Error::Config(format!("features.{key} = {value}: {rule}"))) }
}

fn below_nyquist(sample_rate: u32) -> String {
    format!("must be 0 Hz or above, and below half the sample rate, {} Hz", f64::from(sample_rate) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(toml: &str) -> String {
        let config: FeaturesConfig = toml::from_str(toml).expect("the TOML parses");
        config.validate(22_050).expect_err("the config is wrong").to_string()
    }

    #[test]
    fn every_wrong_value_is_named_with_its_key_and_rule() {
        for (toml, key) in [
            ("kinds = []", "features.kinds = []"),
            ("kinds = [\"mfcc\", \"mfcc\"]", "features.kinds = mfcc"),
            ("n_mfcc = 0", "features.n_mfcc = 0"),
            ("n_mfcc = 129", "features.n_mfcc = 129"),
            ("n_mels = 0", "features.n_mels = 0"),
            ("n_chroma = 0", "features.n_chroma = 0"),
            ("lifter = -1.0", "features.lifter = -1"),
            ("top_db = nan", "features.top_db = NaN"),
            ("fmin = nan", "features.fmin = NaN"),
            ("fmin = 11025.0", "features.fmin = 11025"),
            ("fmax = 12000.0", "features.fmax = 12000"),
            ("frame_length = 1", "features.frame_length = 1"),
            ("hop_length = 0", "features.hop_length = 0"),
            ("hop_length = 4096", "features.hop_length = 4096"),
            ("hop_seconds = 0.0", "features.hop_seconds = 0"),
            ("frame_length = 1024\nframe_seconds = 0.02", "features.frame_seconds = 0.02"),
            ("kinds = [\"contrast\"]\nframe_length = 64\nhop_length = 64", "features.kinds = contrast"),
            ("kinds = [\"pitch\"]\npitch_fmin = 5.0", "features.pitch_fmin = 5"),
            ("kinds = [\"pitch\"]\npitch_fmax = 20.0", "features.pitch_fmax = 20"),
        ] {
            let message = message(toml);
            assert!(message.starts_with(key), "{toml}: {message}");
        }
    }

    #[test]
    fn an_unknown_key_is_an_error() {
        assert!(toml::from_str::<FeaturesConfig>("n_mfccs = 13").is_err());
    }

    #[test]
    fn frames_may_be_given_in_seconds() -> Result<()> {
        let config = FeaturesConfig { frame_seconds: Some(0.02), hop_seconds: Some(0.01), ..FeaturesConfig::default() };
        let frames = config.check(22_050)?;
        assert_eq!((frames.length, frames.hop), (441, 221));
        Ok(())
    }

    #[test]
    fn columns_are_named_as_documented() {
        let config = FeaturesConfig { kinds: Kind::ALL.to_vec(), ..FeaturesConfig::default() };
        let columns = config.columns();
        assert_eq!(columns.len(), config.dims());
        for name in ["mfcc_12", "delta_mfcc_0", "delta2_mfcc_12", "mel_127", "chroma_11", "contrast_6", "pitch", "rms"]
        {
            assert!(columns.iter().any(|c| c == name), "{name}");
        }
    }

    #[test]
    fn a_resolved_config_reads_back_the_same() {
        let config = FeaturesConfig { fmax: Some(8000.0), hop_seconds: Some(0.01), ..FeaturesConfig::default() };
        let text = toml::to_string(&config).expect("serialises");
        assert_eq!(toml::from_str::<FeaturesConfig>(&text).expect("parses"), config);
    }

    #[test]
    fn settings_are_alike_where_their_numbers_are_and_only_there() {
        // Half noise and half silence, so that every floor and every band shows.
        let mut seed = 1u32;
        let mut noise = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            seed as f32 / 2f32.powi(32) - 0.5
        };
        let clip: Vec<f32> = (0..12_000).map(|i| if i < 6_000 { noise() } else { 0.0 }).collect();
        let matrix = |config: &FeaturesConfig, kind| {
            let config = FeaturesConfig { kinds: vec![kind], ..config.clone() };
            super::super::Extractor::new(&config, 22_050).unwrap().extract(&clip)
        };
        let plain = FeaturesConfig::default();
        for toml in [
            "n_mfcc = 12",
            "n_mels = 64",
            "n_chroma = 24",
            "frame_length = 1024",
            "hop_length = 256",
            "frame_seconds = 0.02\nhop_seconds = 0.01",
            "lifter = 22.0",
            "mel_scale = 'htk'",
            "mel_unit = 'power'",
            "fmin = 300.0",
            "fmax = 5000.0",
            "top_db = 20.0",
            "level = 'free'",
            "level = 'free'\nsnr = 12.0",
            "pitch_fmin = 200.0",
            "pitch_fmax = 220.0",
            "scaler = 'none'",
        ] {
            let other: FeaturesConfig = toml::from_str(toml).expect("the TOML parses");
            for kind in Kind::ALL {
                let key = |config: &FeaturesConfig| config.of_kinds(&[kind], 22_050);
                let same = matrix(&plain, kind) == matrix(&other, kind);
                assert_eq!(key(&plain) == key(&other), same, "{toml}, {kind}");
            }
        }
        let seconds: FeaturesConfig = toml::from_str("hop_seconds = 0.01").expect("the TOML parses");
        let samples = FeaturesConfig { hop_length: 221, ..plain };
        assert_eq!(seconds.of_kinds(&[Kind::Rms], 22_050), samples.of_kinds(&[Kind::Rms], 22_050));
    }
}
