//! Augmentation judged by measurement: does it do to speech what it says, and what else does it do?

use super::{Method, pitch_shift, time_stretch};
use crate::{
    frontend::{Extractor, FeaturesConfig, spectral::Kind},
    synthetic,
};

const RATE: u32 = 22_050;
const HOP: usize = 512;
const METHODS: [Method; 2] = [Method::Wsola, Method::PhaseVocoder];

/// A voice: harmonics up to 4 kHz of a fundamental that glides from 120 to 150 Hz, with formants.
fn voice(n: usize) -> Vec<f32> {
    let mut phase = 0f64;
    let formant = |hz: f64, centre: f64, width: f64| 1.0 / (1.0 + ((hz - centre) / width).powi(2));
    (0..n)
        .map(|i| {
            let f0 = 120.0 + 30.0 * i as f64 / n as f64;
            phase += f0 / f64::from(RATE);
            let harmonics = (1..=(4_000.0 / f0) as u32).map(|h| {
                let hz = f64::from(h) * f0;
                let level = 0.02 + formant(hz, 600.0, 80.0) + 0.5 * formant(hz, 1_300.0, 100.0);
                level * (std::f64::consts::TAU * f64::from(h) * phase).sin()
            });
            (0.1 * harmonics.sum::<f64>()) as f32
        })
        .collect()
}

/// Fundamental frequency by YIN, Hz, frame by frame.
fn pitch(samples: &[f32]) -> Vec<f32> {
    let config = FeaturesConfig { kinds: vec![Kind::Pitch], ..FeaturesConfig::default() };
    Extractor::new(&config, RATE).unwrap().extract(samples).into_vec()
}

fn median(mut values: Vec<f32>) -> f32 {
    values.sort_by(f32::total_cmp);
    values[values.len() / 2]
}

/// Semitones from `a` to `b`, Hz.
fn semitones(a: f32, b: f32) -> f32 {
    12.0 * (b / a).log2()
}

#[test]
fn pitch_moves_by_the_semitones_asked_for() {
    let clip = voice(2 * RATE as usize);
    let before = pitch(&clip);
    let inside = 4..before.len() - 4;
    for method in METHODS {
        for shift in [-4.0, -2.0, -0.5, 1.0, 2.5, 4.0] {
            let shifted = pitch_shift(&clip, RATE, shift, method);
            assert_eq!(shifted.len(), clip.len());
            let after = pitch(&shifted);
            let moved = inside.clone().map(|t| semitones(before[t], after[t])).collect();
            let moved = median(moved);
            println!("{method:?}: {moved:+.3} semitones for {shift:+}");
            assert!((f64::from(moved) - shift).abs() < 0.1, "{method:?}: {moved} semitones for {shift}");
        }
    }
}

#[test]
fn pitch_stays_under_time_stretch_and_the_duration_is_right() {
    let clip = voice(2 * RATE as usize);
    for method in METHODS {
        for rate in [0.7, 0.8, 0.93, 1.1, 1.25, 1.5] {
            let stretched = time_stretch(&clip, RATE, rate, method);
            assert_eq!(stretched.len(), (clip.len() as f64 / rate).round() as usize, "{method:?} {rate}");
            let (before, after) = (pitch(&clip), pitch(&stretched));
            // The glide takes its new time: what stood at t now stands at t / rate.
            let moved = (4..after.len() - 4)
                .filter_map(|t| Some(semitones(*before.get((t as f64 * rate).round() as usize)?, after[t]).abs()))
                .collect();
            let moved = median(moved);
            println!("{method:?}: pitch off by {moved:.3} semitones at rate {rate}");
            assert!(moved < 0.1, "{method:?}: {moved} semitones at rate {rate}");
        }
    }
}

/// Where speech is after a stretch: the energy's course, frame by frame, against that of the original.
#[test]
fn events_of_speech_stand_where_the_rate_puts_them() {
    let clip = synthetic::Utterance { speaker: 1, emotion: 0, sentence: 1, take: 0 }.samples();
    let level = |samples: &[f32], t: usize| {
        let frame = &samples[(t * HOP).min(samples.len())..((t + 2) * HOP).min(samples.len())];
        frame.iter().map(|x| x * x).sum::<f32>().sqrt()
    };
    for method in METHODS {
        for rate in [0.8, 1.25] {
            let stretched = time_stretch(&clip, RATE, rate, method);
            let frames = stretched.len() / HOP - 2;
            let course = |lag: isize| -> f32 {
                let pairs = (4..frames - 4).map(|t| {
                    let at = (t as f64 * rate).round() as isize + lag;
                    (level(&stretched, t), level(&clip, at.max(0) as usize))
                });
                let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
                pairs.for_each(|(a, b)| (ab, aa, bb) = (ab + a * b, aa + a * a, bb + b * b));
                ab / (aa * bb).sqrt()
            };
            let best = (-8..=8).max_by(|&a, &b| course(a).total_cmp(&course(b))).unwrap();
            println!("{method:?} at rate {rate}: courses correlate at {:.3}, best {best} frames on", course(0));
            assert!(best.abs() <= 1 && course(0) > 0.95, "{method:?} at rate {rate}: {best} frames, {}", course(0));
        }
    }
}

/// The part of a click train's energy that lies in the loudest 5 % of its samples: 1 for clicks, little for what is smeared
/// all over.
fn compaction(samples: &[f32]) -> f32 {
    let mut energy: Vec<f32> = samples.iter().map(|x| x * x).collect();
    energy.sort_by(|a, b| b.total_cmp(a));
    let loudest: f32 = energy[..energy.len() / 20].iter().sum();
    loudest / energy.iter().sum::<f32>()
}

#[test]
fn clicks_are_smeared_less_than_by_the_phase_vocoder() {
    // Bursts of a millisecond at no regular distance, 20 to 60 ms: several lie in a frame of the phase vocoder.
    let mut clip = vec![0f32; 2 * RATE as usize];
    let (mut at, mut state) = (300, 1u32);
    while at + 22 < clip.len() {
        for (i, x) in clip[at..at + 22].iter_mut().enumerate() {
            *x = 0.8 * (-(i as f32) / 5.0).exp() * if i % 2 == 0 { 1.0 } else { -1.0 };
        }
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        at += 440 + (state >> 16) as usize % 880;
    }
    for rate in [0.8, 1.25] {
        let [wsola, vocoder] = METHODS.map(|method| compaction(&time_stretch(&clip, RATE, rate, method)));
        println!("rate {rate}: {wsola:.3} of the energy in 5 % of the samples, {vocoder:.3} with the phase vocoder");
        assert!(wsola > 0.9 && wsola > 1.3 * vocoder, "rate {rate}: {wsola}, phase vocoder {vocoder}");
    }
    for shift in [-3.0, 3.0] {
        let [wsola, vocoder] = METHODS.map(|method| compaction(&pitch_shift(&clip, RATE, shift, method)));
        println!("{shift:+} semitones: {wsola:.3}, {vocoder:.3} with the phase vocoder");
        assert!(wsola > 0.9 && wsola > 1.3 * vocoder, "{shift} semitones: {wsola}, phase vocoder {vocoder}");
    }
}
