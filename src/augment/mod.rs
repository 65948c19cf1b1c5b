//! Samples → altered samples and matrix → altered matrix, for the training side alone.
//!
//! A *copy* is a clip altered in speed ([`Speed`], [`TimeStretch`]), pitch ([`PitchShift`]), room ([`Room`]), noise
//! ([`Noise`]), microphone ([`Channel`]), line ([`Line`](CodecSettings)) or gain ([`Gain`]), each with a probability and a strength drawn from the copy's own random stream. It
//! goes where its clip goes and is made after the split. [`SpecAugment`] and [`Mixup`] work on matrices in the batch, drawn
//! again in each epoch.
//!
//! ```text
//! clip ─► audio ─► speed ─► time stretch ─► pitch shift ─► room ─► noise ─► channel ─► codec ─► gain ─► features ─► SpecAugment ─► mixup
//! ```
//!
//! To add an augmentation of samples, write its file, its table in `config.rs` and its line in [`Augmenter::augment`].

mod channel;
mod codec;
mod config;
pub(crate) mod filter;
mod gain;
mod mixup;
mod noise;
mod pitch;
mod room;
mod spec_augment;
mod speed;
mod stretch;
mod vocoder;
mod write_wavs;
mod wsola;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod judged;

use std::path::Path;

use rand::{Rng, RngExt};

pub use channel::channel;
pub use codec::Codec;
pub use config::{AugmentConfig, Channel, CodecSettings, Gain, Noise, NoiseKind, PitchShift, Room, Speed, TimeStretch};
pub use gain::gain;
pub use mixup::Mixup;
pub use noise::{add_noise, pink, white};
pub use pitch::pitch_shift;
pub use room::room;
pub use spec_augment::SpecAugment;
pub use stretch::{Method, time_stretch};
pub use write_wavs::write_wavs;

use crate::{
    audio::Known,
    error::{Error, Result},
};
pub(crate) use codec::{Line, low_rate, telephone};
pub(crate) use noise::Recordings;
pub(crate) use speed::play;

/// Version of the numbers: part of the cache's key of a copy, raised whenever the same stream gives other samples.
pub const VERSION: u32 = 2;

/// Settings made ready to run: the folder of noises is found and read through once.
#[derive(Debug, Clone)]
pub struct Augmenter {
    config: AugmentConfig,
    recordings: Option<Recordings>,
}

impl Augmenter {
    /// Prepares the settings; a folder of noises is relative to the folder `data`.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where the folder of noises is not there or empty, [`Error::Io`] and [`Error::File`] where a
    /// recording in it cannot be read.
    pub fn new(config: &AugmentConfig, data: &Path, known: &Known) -> Result<Self> {
        let folder = config.noise.as_ref().and_then(|noise| noise.folder.as_ref());
        let wanted = folder.filter(|_| config.copies > 0);
        let open = |folder| Recordings::open(&data.join(folder), "augment.noise.folder", known);
        let recordings = wanted.map(open).transpose()?;
        Ok(Self { config: config.clone(), recordings })
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &AugmentConfig {
        &self.config
    }

    /// The same that makes one copy of a clip: the first.
    #[must_use]
    pub fn once(self) -> Self {
        let copies = self.config.copies.min(1);
        Self { config: AugmentConfig { copies, ..self.config }, ..self }
    }

    /// What decides a copy's samples besides its clip and its stream: the settings and the noises, as a hash.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] if the settings cannot be written as JSON, which no valid ones are.
    pub fn identity(&self) -> Result<blake3::Hash> {
        // The key depends on the folder's contents, not on its path.
        let mut config = self.config.of_samples();
        if let Some(noise) = &mut config.noise {
            noise.folder = None;
        }
        let noises = self.recordings.as_ref().map(|recordings| recordings.hash.to_hex().to_string());
        let text = serde_json::to_vec(&(VERSION, config, noises))
            .map_err(|e| Error::Data(format!("cannot write the settings of [augment] as JSON: {e}")))?;
        Ok(blake3::hash(&text))
    }

    /// The digest of the recordings of noise; nothing where none are mixed in.
    #[must_use]
    pub fn noises(&self) -> Option<blake3::Hash> {
        self.recordings.as_ref().map(|recordings| recordings.hash)
    }

    /// A copy of a clip at `sample_rate` Hz, altered as `stream` falls. Speed and time stretch change its length.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] and [`Error::File`] where a recording of noise can no longer be read.
    pub fn augment(&self, samples: &[f32], sample_rate: u32, stream: &mut impl Rng) -> Result<Vec<f32>> {
        let mut samples = samples.to_vec();
        if let Some(Speed { rate, probability }) = &self.config.speed
            && let Some(rate) = draw(*rate, *probability, stream)
        {
            samples = speed::play(&samples, rate);
        }
        if let Some(TimeStretch { rate, probability, method }) = &self.config.time_stretch
            && let Some(rate) = draw(*rate, *probability, stream)
        {
            samples = time_stretch(&samples, sample_rate, rate, *method);
        }
        if let Some(PitchShift { semitones, probability, method }) = &self.config.pitch_shift
            && let Some(semitones) = draw(*semitones, *probability, stream)
        {
            samples = pitch_shift(&samples, sample_rate, semitones, *method);
        }
        if let Some(Room { t60, direct_db, probability }) = &self.config.room
            && let Some([t60, direct_db]) = draw_both([*t60, *direct_db], *probability, stream)
        {
            room(&mut samples, sample_rate, t60, direct_db, stream);
        }
        if let Some(Noise { snr_db, probability, kind, .. }) = &self.config.noise
            && let Some(snr_db) = draw(*snr_db, *probability, stream)
        {
            let noise = match (kind, &self.recordings) {
                (NoiseKind::Pink, _) => pink(samples.len(), stream),
                (NoiseKind::Folder, Some(recordings)) => recordings.draw(samples.len(), sample_rate, stream)?,
                (NoiseKind::White | NoiseKind::Folder, _) => white(samples.len(), stream),
            };
            add_noise(&mut samples, &noise, snr_db);
        }
        if let Some(Channel { tilt_db, ripple_db, probability }) = &self.config.channel
            && let Some(tilt_db) = draw(*tilt_db, *probability, stream)
        {
            channel(&mut samples, sample_rate, tilt_db, *ripple_db, stream);
        }
        if let Some(CodecSettings { among, kbits, probability }) = &self.config.codec {
            let (applied, drawn) = (draw([0.0; 2], *probability, stream), Codec::draw(among, *kbits, stream));
            if let (Some(_), Some((codec, kbits))) = (applied, drawn) {
                samples = codec.through(&samples, sample_rate, kbits)?;
            }
        }
        if let Some(Gain { db, probability }) = &self.config.gain
            && let Some(db) = draw(*db, *probability, stream)
        {
            gain(&mut samples, db);
        }
        Ok(samples)
    }
}

/// A strength with the probability, evenly between the two ends; nothing otherwise. Always takes as much of the stream, so
/// that one alteration's luck is not the next one's.
fn draw([low, high]: [f64; 2], probability: f64, stream: &mut impl Rng) -> Option<f64> {
    let (chance, place): (f64, f64) = (stream.random(), stream.random());
    (chance < probability).then_some(low + (high - low) * place)
}

/// Two strengths that go together.
fn draw_both([one, other]: [[f64; 2]; 2], probability: f64, stream: &mut impl Rng) -> Option<[f64; 2]> {
    let (one, other) = (draw(one, probability, stream), draw(other, 1.0, stream));
    Some([one?, other?])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng;

    fn everything() -> AugmentConfig {
        AugmentConfig {
            copies: 2,
            speed: Some(Speed::default()),
            time_stretch: Some(TimeStretch::default()),
            pitch_shift: Some(PitchShift::default()),
            noise: Some(Noise::default()),
            room: Some(Room::default()),
            channel: Some(Channel::default()),
            codec: Some(CodecSettings::default()),
            gain: Some(Gain::default()),
            ..AugmentConfig::default()
        }
    }

    fn clip() -> Vec<f32> {
        (0..8_000).map(|i| 0.3 * (i as f32 * 0.05).sin()).collect()
    }

    #[test]
    fn a_copy_is_a_function_of_its_stream() {
        let augmenter = Augmenter::new(&everything(), Path::new(""), &Known::default()).unwrap();
        let copy = |n: usize| {
            let stream = &mut rng::stream(42, &[&"augment", &"c/s/1", &n]);
            augmenter.augment(&clip(), 16_000, stream).unwrap()
        };
        assert_eq!(copy(1), copy(1));
        let copies: Vec<_> = (0..4).map(copy).collect();
        assert!((0..4).all(|i| (0..i).all(|j| copies[i] != copies[j])));
        assert!(copies.iter().flatten().all(|x| x.is_finite()));
    }

    #[test]
    fn odd_clips_are_survived() {
        let always = everything();
        let mut always = AugmentConfig { noise: Some(Noise { kind: NoiseKind::Pink, ..Noise::default() }), ..always };
        for method in [Method::Wsola, Method::PhaseVocoder] {
            always.time_stretch = Some(TimeStretch { probability: 1.0, method, ..TimeStretch::default() });
            always.pitch_shift = Some(PitchShift { probability: 1.0, method, ..PitchShift::default() });
            let augmenter = Augmenter::new(&always, Path::new(""), &Known::default()).unwrap();
            for n in [0, 1, 2, 100, 2_047, 2_049] {
                for seed in 0..4 {
                    let copy = augmenter.augment(&vec![0.1; n], 22_050, &mut rng::stream(seed, &[&n])).unwrap();
                    assert!(copy.iter().all(|x| x.is_finite()), "{n} samples");
                    assert!(copy.len() <= 2 * n + 1);
                }
            }
        }
    }

    #[test]
    fn the_identity_is_of_what_decides_samples() {
        let identity = |config: &AugmentConfig| {
            Augmenter::new(config, Path::new(""), &Known::default()).unwrap().identity().unwrap()
        };
        let config = everything();
        let mixed = AugmentConfig { copies: 5, share: 0.2, mixup: Some(Mixup { alpha: 1.0 }), ..config.clone() };
        assert_eq!(identity(&config), identity(&mixed));
        let other = AugmentConfig { gain: None, ..config.clone() };
        assert_ne!(identity(&config), identity(&other));
    }
}
