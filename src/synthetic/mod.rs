//! The embedded corpus: a speech synthesiser of our own, so that a machine with no data can run everything.
//!
//! Twelve speakers say four sentences in seven emotions, twice. A [`Sentence`] is a string of phones; a [`Speaker`] has
//! a vocal tract, a voice and habits; an emotion shifts pitch, range, rate, loudness, voice quality, articulation and
//! pauses, more or less strongly from one speaker and take to the next. From there sound is made as in Klatt's
//! synthesiser: glottal pulses and breath through a cascade of moving formants, joined by the noise of constrictions.
//!
//! ```text
//! sentence ─┐
//! speaker  ─┼► score ─► synth ─► recording ─► samples
//! emotion ─► prosody    source    room and
//!                       filter    microphone
//! ```
//!
//! Nothing is stored: [`Utterance::samples`] computes its clip from named random streams and arithmetic whose result
//! IEEE 754 prescribes, so that a clip has the same bits whenever, wherever and in whatever order it is made.
//!
//! Expressions overlap by design: some takes are all but neutral, and each speaker has an own way with each emotion.
//! Figures on this corpus show that the programs work. They say nothing of people.

mod filter;
mod math;
mod phones;
mod prosody;
mod recording;
mod score;
mod sentences;
mod source;
mod synth;
mod voice;

pub use sentences::{Sentence, sentences};
pub use voice::{Speaker, speakers};

use crate::rng::stream;

/// The version of the sound: raised whenever any sample changes, so that features computed from older ones are not
/// taken for current.
pub const VERSION: u32 = 2;

/// Samples per second of [`Utterance::samples`], in Hz.
pub const SAMPLE_RATE: u32 = 22_050;

/// The emotions, in the order of [`Utterance::emotion`].
pub const EMOTIONS: [&str; 7] = ["angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"];

/// How often each speaker says each sentence in each emotion.
pub const TAKES: u8 = 2;

/// The corpus is one fixed thing: its seed is not the experiment's.
const SEED: u64 = 2026;

/// The level of the voice at the microphone, in dB, that leaves room for anger.
const LEVEL: f64 = -17.0;

/// One utterance of the embedded corpus, by indices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Utterance {
    /// Index into [`speakers`].
    pub speaker: u8,
    /// Index into [`EMOTIONS`].
    pub emotion: u8,
    /// Index into [`sentences()`].
    pub sentence: u8,
    /// Which of the [`TAKES`], from 0.
    pub take: u8,
}

/// The whole corpus in its order: by speaker, then emotion, then sentence, then take.
pub fn utterances() -> impl Iterator<Item = Utterance> {
    let all = |length: usize| 0..u8::try_from(length).unwrap_or(u8::MAX);
    all(speakers().len()).flat_map(move |speaker| {
        all(EMOTIONS.len()).flat_map(move |emotion| {
            all(sentences().len())
                .flat_map(move |sentence| (0..TAKES).map(move |take| Utterance { speaker, emotion, sentence, take }))
        })
    })
}

impl Utterance {
    /// The utterance's name in the manner of a file's: `s03_angry_boat_1`, takes counted from 1.
    ///
    /// # Panics
    ///
    /// If an index is out of range; none from [`utterances`] is.
    #[must_use]
    pub fn stem(&self) -> String {
        let (speaker, sentence) = self.parts();
        format!("{}_{}_{}_{}", speaker.name, EMOTIONS[usize::from(self.emotion)], sentence.name, self.take + 1)
    }

    /// The sound: mono, [`SAMPLE_RATE`], within ±1, roughly 1 to 2.5 seconds with a little silence at both ends.
    ///
    /// # Panics
    ///
    /// If an index is out of range; none from [`utterances`] is.
    #[must_use]
    pub fn samples(&self) -> Vec<f32> {
        let (speaker, sentence) = self.parts();
        let stem = self.stem();
        let mut expression = stream(SEED, &[&"synthetic prosody", &stem]);
        let shift = prosody::express(speaker, usize::from(self.emotion), &mut expression);
        let frames = score::write(sentence, speaker, &shift, &mut expression);
        let mut noise = stream(SEED, &[&"synthetic noise", &stem]);
        let voice = synth::voice(&frames, speaker, &shift, &mut noise);
        recording::record(&voice, speaker, LEVEL + shift.loudness, &mut noise)
    }

    fn parts(&self) -> (&'static Speaker, &'static Sentence) {
        (&speakers()[usize::from(self.speaker)], &sentences()[usize::from(self.sentence)])
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::sex::Sex;

    /// Every fifth utterance: enough to see every speaker, emotion and sentence.
    fn some() -> impl Iterator<Item = Utterance> {
        utterances().step_by(5)
    }

    /// Where (the sample in the middle) and how high (Hz) the voice is, by autocorrelation of the frames that are loud
    /// and periodic enough.
    fn pitches(samples: &[f32]) -> Vec<(usize, f64)> {
        let rate = SAMPLE_RATE as usize;
        let (length, shortest, longest) = (rate / 25, rate / 600, rate / 65);
        let energy = |frame: &[f32]| frame.iter().map(|x| x * x).sum::<f32>();
        let frames = || samples.windows(length).enumerate().step_by(rate / 50);
        let loudest = frames().map(|(_, frame)| energy(frame)).fold(0.0, f32::max);
        let pitch = |frame: &[f32]| {
            let likeness = |lag: usize| {
                let (now, later) = (&frame[..length - lag], &frame[lag..]);
                let product: f32 = now.iter().zip(later).map(|(a, b)| a * b).sum();
                product / (energy(now) * energy(later)).sqrt()
            };
            let scores: Vec<f32> = (shortest..longest).map(likeness).collect();
            let best = scores.iter().copied().fold(0.0, f32::max);
            // The first peak nearly as good as the best: the best itself may be two periods away.
            let is_peak = |i: &usize| scores[*i] >= scores[i - 1] && scores[*i] >= scores[i + 1];
            let lag = shortest + (1..scores.len() - 1).filter(is_peak).find(|i| scores[*i] > 0.97 * best)?;
            (best > 0.7).then(|| f64::from(SAMPLE_RATE) / lag as f64)
        };
        let loud = frames().filter(|(_, frame)| energy(frame) > 0.1 * loudest);
        loud.filter_map(|(start, frame)| Some((start + length / 2, pitch(frame)?))).collect()
    }

    fn median(mut values: Vec<f64>) -> f64 {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    }

    /// The mean over the takes of all sentences of the median pitch, in Hz.
    fn mean_f0(speaker: u8, emotion: &str) -> f64 {
        let values: Vec<f64> = utterances()
            .filter(|u| u.speaker == speaker && EMOTIONS[usize::from(u.emotion)] == emotion)
            .map(|u| median(pitches(&u.samples()).into_iter().map(|(_, f0)| f0).collect()))
            .collect();
        values.iter().sum::<f64>() / values.len() as f64
    }

    #[test]
    fn the_corpus_is_complete_in_order_and_every_stem_is_unique() {
        let all: Vec<Utterance> = utterances().collect();
        assert_eq!(all.len(), 12 * 7 * 4 * 2);
        assert!(all.is_sorted_by_key(|u| (u.speaker, u.emotion, u.sentence, u.take)));
        let stems: HashSet<String> = all.iter().map(Utterance::stem).collect();
        assert_eq!(stems.len(), all.len());
        assert_eq!(all[0].stem(), "s01_angry_boat_1");
        assert_eq!(all[all.len() - 1].stem(), "s12_surprise_bus_2");
    }

    #[test]
    fn a_clip_has_the_same_bits_in_any_order_and_on_any_thread() {
        let picked: Vec<Utterance> = utterances().step_by(97).collect();
        let here: Vec<Vec<f32>> = picked.iter().map(Utterance::samples).collect();
        let there: Vec<Vec<f32>> = std::thread::scope(|scope| {
            let threads: Vec<_> = picked.iter().rev().map(|u| scope.spawn(|| u.samples())).collect();
            threads.into_iter().rev().map(|thread| thread.join().unwrap_or_default()).collect()
        });
        assert_eq!(here, there);
    }

    #[test]
    fn the_sound_is_that_of_this_version() {
        // If this fails on purpose, raise `VERSION` and put the new hash here.
        let utterance = Utterance { speaker: 2, emotion: 0, sentence: 3, take: 1 };
        let mut hasher = blake3::Hasher::new();
        utterance.samples().iter().for_each(|sample| _ = hasher.update(&sample.to_le_bytes()));
        assert_eq!((VERSION, &hasher.finalize().to_hex()[..16]), (2, "45d534636bd6944a"));
    }

    #[test]
    fn every_clip_is_finite_within_range_audible_and_of_a_few_seconds() {
        for utterance in some() {
            let (stem, samples) = (utterance.stem(), utterance.samples());
            let seconds = samples.len() as f64 / f64::from(SAMPLE_RATE);
            assert!((1.0..3.0).contains(&seconds), "{stem}: {seconds} s");
            assert!(samples.iter().all(|x| x.is_finite() && x.abs() <= 0.951), "{stem}");
            let n = samples.len() as f32;
            let rms = (samples.iter().map(|x| x * x).sum::<f32>() / n).sqrt();
            assert!(rms > 0.004, "{stem}: rms {rms}");
            let dc = samples.iter().sum::<f32>() / n;
            assert!(dc.abs() < 1e-4, "{stem}: mean {dc}");
            // The pauses at both ends hold the room's noise and no voice.
            let edge = samples.len().min(SAMPLE_RATE as usize / 20);
            for pause in [&samples[..edge], &samples[samples.len() - edge..]] {
                let quiet = (pause.iter().map(|x| x * x).sum::<f32>() / edge as f32).sqrt();
                assert!(quiet > 1e-6 && quiet < 0.2 * rms, "{stem}: {quiet} in a pause, {rms} overall");
            }
        }
    }

    #[test]
    fn the_pitch_heard_is_the_pitch_asked_for() {
        for utterance in utterances().step_by(37) {
            let (speaker, sentence) = utterance.parts();
            let mut rng = stream(SEED, &[&"synthetic prosody", &utterance.stem()]);
            let shift = prosody::express(speaker, usize::from(utterance.emotion), &mut rng);
            let frames = score::write(sentence, speaker, &shift, &mut rng);
            let found = pitches(&utterance.samples());
            let ratios: Vec<f64> = found.iter().map(|(sample, f0)| f0 / frames[sample / score::FRAME].f0).collect();
            let right = ratios.iter().filter(|ratio| (*ratio - 1.0).abs() < 0.06).count();
            assert!(ratios.len() > 10 && 4 * right > 3 * ratios.len(), "{}: {ratios:.2?}", utterance.stem());
            let typical = median(ratios);
            assert!((typical - 1.0).abs() < 0.02, "{}: {typical}", utterance.stem());
        }
    }

    #[test]
    fn anger_and_surprise_are_higher_than_sadness_in_most_voices() {
        let speakers = [0_u8, 1, 4, 5];
        for emotion in ["angry", "surprise"] {
            let ratios = speakers.map(|speaker| mean_f0(speaker, emotion) / mean_f0(speaker, "sad"));
            assert!(ratios.iter().filter(|ratio| **ratio > 1.05).count() >= 3, "{emotion}: {ratios:?}");
        }
    }

    #[test]
    fn a_woman_is_higher_than_a_man() {
        assert_eq!((speakers()[0].sex, speakers()[1].sex), (Sex::Female, Sex::Male));
        assert!(mean_f0(0, "neutral") > 1.3 * mean_f0(1, "neutral"));
    }
}
