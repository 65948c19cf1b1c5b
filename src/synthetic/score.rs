//! A sentence, a speaker and a [`Shift`] → what the vocal organs do, frame by frame.

use rand::Rng;

use super::{
    SAMPLE_RATE,
    math::{cos_turns, exp2, normal, semitones, uniform},
    phones::{REST, Segment},
    prosody::Shift,
    sentences::Sentence,
    voice::Speaker,
};

/// Samples per frame: about 3 ms, well below the time any organ needs to move.
pub const FRAME: usize = 64;

/// Silence before and after the words, in seconds.
const MARGIN: (f64, f64) = (0.10, 0.22);
/// The height of the main pitch accent at a common range, in semitones.
const ACCENT: f64 = 3.5;
/// How long an accent's rise and fall take on either side of its peak, in seconds.
const ACCENT_WIDTH: f64 = 0.16;
/// The fall of the pitch from the first word to the last at a common range, in semitones.
const DECLINATION: f64 = 2.5;
/// The fall on the last syllable at a common range, in semitones.
const FINAL_FALL: f64 = 1.5;
/// The part of the utterance that the final movement takes, in seconds.
const FINAL: f64 = 0.28;
/// The rate of the tremor, in Hz.
const TREMOR_RATE: f64 = 6.5;

/// The state of the vocal organs in one frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    /// Fundamental frequency in Hz; defined in silence, too.
    pub f0: f64,
    /// Amplitude of the glottal pulses, 0 to 1.
    pub voicing: f64,
    /// Amplitude of breath noise for its own sake (that of the voice comes on top), 0 to 1.
    pub aspiration: f64,
    /// Amplitude of noise made at a constriction, 0 to 1.
    pub frication: f64,
    /// The first three formants in Hz, for this speaker.
    pub formants: [f64; 3],
    /// Centre and bandwidth of the constriction's noise in Hz.
    pub band: [f64; 2],
    /// How open the way through the nose is, 0 to 1.
    pub nasality: f64,
}

/// A stretch of time in one articulatory state.
struct Timed {
    segment: Segment,
    /// First and one past last frame.
    frames: std::ops::Range<usize>,
}

/// The frames of `sentence` as `speaker` says it with `shift`, silence at both ends included.
pub fn write(sentence: &Sentence, speaker: &Speaker, shift: &Shift, rng: &mut impl Rng) -> Vec<Frame> {
    let frame_rate = f64::from(SAMPLE_RATE) / FRAME as f64;
    let lead = uniform(rng, MARGIN.0, MARGIN.1) * frame_rate;
    let (states, accents) = time(sentence, speaker, shift, lead, frame_rate, rng);
    let end = states.last().map_or(lead, |last| last.frames.end as f64);
    let total = (end + uniform(rng, MARGIN.0, MARGIN.1) * frame_rate) as usize;

    let track = |seconds: f64, silence: f64, value: &dyn Fn(&Segment) -> f64| {
        let mut values = vec![silence; total];
        for state in &states {
            values[state.frames.clone()].fill(value(&state.segment));
        }
        smooth(&values, (seconds * frame_rate) as usize)
    };
    // Loose articulation moves slowly and stops short of its targets.
    let reach = (1.0 + shift.precision).clamp(0.4, 1.2);
    let gesture = 0.045 / reach;
    let scale = speaker.formant_scale() * exp2(shift.formants);
    let formant = |n: usize| {
        let target = move |segment: &Segment| scale * (REST[n] + reach.min(1.08) * (segment.formants[n] - REST[n]));
        track(gesture, scale * REST[n], &target)
    };
    let formants = [formant(0), formant(1), formant(2)];
    let voicing = track(0.015, 0.0, &|segment| segment.voicing);
    let aspiration = track(0.010, 0.0, &|segment| segment.aspiration);
    let frication = track(0.007, 0.0, &|segment| segment.frication);
    let nasality = track(0.030, 0.0, &|segment| segment.nasality.max(shift.nasality));
    let centre = track(0.010, 4000.0, &|segment| segment.band[0]);
    let bandwidth = track(0.010, 4000.0, &|segment| segment.band[1]);
    let pitch = melody(speaker, shift, &accents, lead / frame_rate, end / frame_rate, total, rng);
    (0..total)
        .map(|i| Frame {
            f0: pitch[i],
            voicing: voicing[i],
            aspiration: aspiration[i],
            frication: frication[i],
            formants: [formants[0][i], formants[1][i], formants[2][i]],
            band: [centre[i], bandwidth[i]],
            nasality: nasality[i].clamp(0.0, 1.0),
        })
        .collect()
}

/// When each state happens, and where (in frames) the accents peak with which weight.
fn time(
    sentence: &Sentence,
    speaker: &Speaker,
    shift: &Shift,
    lead: f64,
    frame_rate: f64,
    rng: &mut impl Rng,
) -> (Vec<Timed>, Vec<(f64, f64)>) {
    let mut states = Vec::new();
    let mut accents = Vec::new();
    let mut now = lead;
    let last_vowel = sentence.sounds.iter().rposition(|sound| sound.phone.segments[0].voicing == 1.0);
    for (i, sound) in sentence.sounds.iter().enumerate() {
        let start = now;
        // Stressed sounds are longer, and so is the last syllable of an utterance.
        let stress = 1.0 + 0.2 * sound.accent;
        let last = if Some(i) == last_vowel { 1.25 } else { 1.0 };
        let chance = 1.0 + 0.06 * normal(rng);
        for segment in sound.phone.segments.into_iter().filter(|segment| segment.ms > 0.0) {
            let tempo = if sound.phone.pause {
                exp2(shift.pauses)
            } else {
                exp2(-shift.rate * segment.elasticity) * (1.0 + segment.elasticity * (1.0 / speaker.rate - 1.0))
            };
            let seconds = segment.ms / 1000.0 * tempo * stress * last * chance;
            let end = now + seconds * frame_rate;
            states.push(Timed { segment, frames: now as usize..end as usize });
            now = end;
        }
        if sound.accent > 0.0 {
            accents.push((0.5 * (start + now), sound.accent));
        }
    }
    (states, accents)
}

/// The fundamental frequency of each frame in Hz: declination, accents, the final movement, tremor and drift, all in
/// semitones about the speaker's pitch. `start` and `end` of the words are in seconds.
fn melody(
    speaker: &Speaker,
    shift: &Shift,
    accents: &[(f64, f64)],
    start: f64,
    end: f64,
    total: usize,
    rng: &mut impl Rng,
) -> Vec<f64> {
    let frame_rate = f64::from(SAMPLE_RATE) / FRAME as f64;
    let range = speaker.range * exp2(shift.range);
    let accents: Vec<(f64, f64)> = accents
        .iter()
        .map(|(frame, weight)| (frame / frame_rate, ACCENT * range * weight * (1.0 + 0.2 * normal(rng))))
        .collect();
    let slope = shift.slope - DECLINATION * range;
    let ending = shift.ending - FINAL_FALL * range;
    let tremor_phase = uniform(rng, 0.0, 1.0);
    let mut drift = 0.0;
    let contour: Vec<f64> = (0..total)
        .map(|i| {
            let t = i as f64 / frame_rate;
            let position = ((t - start) / (end - start)).clamp(0.0, 1.0);
            let accent: f64 = accents.iter().map(|(peak, height)| height * bump((t - peak) / ACCENT_WIDTH)).sum();
            let last = ((t - end) / FINAL + 1.0).clamp(0.0, 1.0);
            let tremor = shift.tremor.max(0.0) * cos_turns(t * TREMOR_RATE + tremor_phase);
            drift = 0.98 * drift + 0.03 * normal(rng);
            shift.pitch + slope * (position - 0.5) + accent + ending * last * last + tremor + drift
        })
        .collect();
    smooth(&contour, (0.03 * frame_rate) as usize)
        .into_iter()
        .map(|interval| (speaker.pitch * semitones(interval)).clamp(55.0, 700.0))
        .collect()
}

/// A raised cosine: 1 at 0, nothing beyond ±1.
fn bump(x: f64) -> f64 {
    if x.abs() < 1.0 { 0.5 + 0.5 * cos_turns(0.5 * x) } else { 0.0 }
}

/// `values` averaged twice over about `width` frames, fewer at the edges: what was a step becomes an S.
fn smooth(values: &[f64], width: usize) -> Vec<f64> {
    let half = width / 2;
    let pass = |values: &[f64]| -> Vec<f64> {
        (0..values.len())
            .map(|i| {
                let window = &values[i.saturating_sub(half)..(i + half + 1).min(values.len())];
                window.iter().sum::<f64>() / window.len() as f64
            })
            .collect()
    };
    pass(&pass(values))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        rng::stream,
        synthetic::{prosody::express, sentences, speakers},
    };

    #[test]
    fn frames_are_sane_and_silent_at_both_ends() {
        for (emotion, sentence) in (0..7).flat_map(|emotion| sentences().iter().map(move |s| (emotion, s))) {
            let mut rng = stream(0, &[&emotion, &sentence.name]);
            let speaker = &speakers()[emotion];
            let shift = express(speaker, emotion, &mut rng);
            let frames = write(sentence, speaker, &shift, &mut rng);
            for frame in &frames {
                assert!((55.0..=700.0).contains(&frame.f0));
                assert!(frame.formants[0] < frame.formants[1] && frame.formants[1] < frame.formants[2]);
            }
            for edge in [&frames[..10], &frames[frames.len() - 10..]] {
                assert!(edge.iter().all(|frame| frame.voicing + frame.aspiration + frame.frication == 0.0));
            }
        }
    }

    #[test]
    fn smoothing_keeps_what_is_constant_and_rounds_what_is_not() {
        assert_eq!(smooth(&[2.0; 9], 4), [2.0; 9]);
        let step = smooth(&[0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0], 2);
        assert!(step.is_sorted() && step[3] > 0.0 && step[4] < 1.0);
    }
}
