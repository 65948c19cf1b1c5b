//! Frames → sound: the glottis drives a cascade of formants, and noise at a constriction joins at the lips.

use rand::Rng;

use super::{
    filter::{Antiresonator, Resonator},
    math::{db, exp2, white},
    prosody::Shift,
    score::{FRAME, Frame},
    source::{Glottis, Phonation},
    voice::Speaker,
};

/// The formants above the third in Hz, in a tract of 17.5 cm, which no phone moves.
const UPPER: [f64; 5] = [3500.0, 4500.0, 5500.0, 6500.0, 7500.0];
/// The pole of the nose in Hz; the zero beside it moves away as the nose opens.
const NASAL_POLE: f64 = 270.0;
/// Jitter and shimmer of a calm voice.
const JITTER: f64 = 0.006;
const SHIMMER: f64 = 0.03;
/// Breath noise in a calm voice and in an *h*, and noise at a constriction, relative to the glottal pulse.
const VOICED_BREATH: f64 = 0.012;
const BREATH: f64 = 0.06;
const FRICTION: f64 = 0.2;

/// The sound pressure that `frames` make in front of the lips, before any gain; `rng` gives every irregularity.
pub fn voice(frames: &[Frame], speaker: &Speaker, shift: &Shift, rng: &mut impl Rng) -> Vec<f64> {
    let tilt = (speaker.tilt + shift.tilt).clamp(0.0, 24.0);
    let open_quotient = (speaker.open_quotient + shift.open_quotient).clamp(0.3, 0.85);
    let jitter = (JITTER * exp2(shift.jitter)).min(0.04);
    let shimmer = (SHIMMER * exp2(shift.shimmer)).min(0.25);
    let breath = VOICED_BREATH * db((speaker.breath + shift.breath).min(16.0));
    // Folds that are long apart damp the lowest formant.
    let first_bandwidth = 50.0 + 120.0 * (open_quotient - 0.4).max(0.0);
    // Pressed speech hisses louder, too; loudness itself is a gain on everything.
    let friction = FRICTION * db(-0.3 * shift.tilt);

    let mut glottis = Glottis::new(tilt);
    let mut upper = UPPER.map(|frequency| {
        let mut formant = Resonator::default();
        let frequency = frequency * speaker.formant_scale();
        formant.tune(frequency, 0.05 * frequency + 40.0);
        formant
    });
    let mut lower = [Resonator::default(); 3];
    let mut nose = Resonator::default();
    nose.tune(NASAL_POLE, 100.0);
    let mut nasal_zero = Antiresonator::default();
    let mut constriction = Resonator::default();

    let mut samples = Vec::with_capacity(frames.len() * FRAME);
    let mut before = frames.first().copied();
    for frame in frames {
        let from = before.replace(*frame).unwrap_or(*frame);
        for ((formant, frequency), bandwidth) in
            lower.iter_mut().zip(frame.formants).zip([first_bandwidth, 90.0, 150.0])
        {
            formant.tune(frequency, bandwidth * (1.0 + 0.8 * frame.nasality));
        }
        nasal_zero.tune(NASAL_POLE + 180.0 * frame.nasality, 100.0);
        constriction.tune_band(frame.band[0], frame.band[1]);
        let phonation = Phonation { f0: frame.f0, open_quotient, jitter, shimmer };
        for n in 0..FRAME {
            // Amplitudes glide through the frame: a staircase of gains would buzz at the frame rate.
            let x = n as f64 / FRAME as f64;
            let glide = |from: f64, to: f64| from + x * (to - from);
            let voicing = glide(from.voicing, frame.voicing);
            let aspiration = BREATH * glide(from.aspiration, frame.aspiration) + breath * voicing;
            let frication = friction * glide(from.frication, frame.frication);
            let mut sample = glottis.step(&phonation, voicing, aspiration, rng);
            sample = nose.step(nasal_zero.step(sample));
            for formant in lower.iter_mut().chain(&mut upper) {
                sample = formant.step(sample);
            }
            samples.push(sample + constriction.step(frication * white(rng)));
        }
    }
    samples
}
