//! How an emotion changes a voice.
//!
//! The directions are those on which the reviews agree; the sizes are ours, chosen for plausible voices and a task of
//! middling difficulty:
//!
//! - Murray, I. R. & Arnott, J. L. (1993). Toward the simulation of emotion in synthetic speech: a review of the
//!   literature on human vocal emotion. *J. Acoust. Soc. Am.* 93(2), 1097–1108.
//! - Banse, R. & Scherer, K. R. (1996). Acoustic profiles in vocal emotion expression. *J. Pers. Soc. Psychol.* 70(3),
//!   614–636.
//! - Juslin, P. N. & Laukka, P. (2003). Communication of emotions in vocal expression and music performance: different
//!   channels, same code? *Psychol. Bull.* 129(5), 770–814.
//! - Scherer, K. R. (2003). Vocal communication of emotion: a review of research paradigms. *Speech Communication*
//!   40(1–2), 227–256.
//!
//! In short: anger is loud, high, fast, pressed and bright; fear high, fast, narrow, breathy and trembling; happiness
//! high, wide, lively and bright with the smile's raised formants; sadness low, narrow, slow, soft, breathy, dark and
//! slurred; disgust low, slow, rough and falling; surprise high and wide with a steep final rise.

use rand::Rng;

use super::{
    EMOTIONS, SEED,
    math::{normal, uniform},
    voice::Speaker,
};
use crate::rng::stream;

/// How far an utterance is from its speaker's neutral way of speaking.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shift {
    /// Pitch level, in semitones.
    pub pitch: f64,
    /// Pitch range, in octaves of the range: 1 doubles it.
    pub range: f64,
    /// Rate of speech, in octaves: 1 halves every duration.
    pub rate: f64,
    /// Loudness, in dB.
    pub loudness: f64,
    /// Attenuation of the glottal pulse at 3 kHz, in dB: negative is brighter.
    pub tilt: f64,
    /// Open quotient of the glottis: negative is more pressed.
    pub open_quotient: f64,
    /// Breath noise, in dB.
    pub breath: f64,
    /// Irregularity of the periods, in octaves.
    pub jitter: f64,
    /// Irregularity of the amplitudes, in octaves.
    pub shimmer: f64,
    /// Precision of articulation: −1 would say everything with the tract at rest.
    pub precision: f64,
    /// Formants, in octaves: a smile shortens the tract, pouting lengthens it.
    pub formants: f64,
    /// Opening of the way through the nose, 0 to 1.
    pub nasality: f64,
    /// Where the pitch goes at the end, in semitones.
    pub ending: f64,
    /// Slope of the pitch from start to end, in semitones.
    pub slope: f64,
    /// Depth of the trembling of the pitch, in semitones.
    pub tremor: f64,
    /// Length of the pauses, in octaves.
    pub pauses: f64,
}

impl Shift {
    const NONE: Self = Self {
        pitch: 0.0,
        range: 0.0,
        rate: 0.0,
        loudness: 0.0,
        tilt: 0.0,
        open_quotient: 0.0,
        breath: 0.0,
        jitter: 0.0,
        shimmer: 0.0,
        precision: 0.0,
        formants: 0.0,
        nasality: 0.0,
        ending: 0.0,
        slope: 0.0,
        tremor: 0.0,
        pauses: 0.0,
    };

    /// Every dimension, so that what is done to all of them is written once.
    fn dimensions(&mut self) -> [&mut f64; 16] {
        [
            &mut self.pitch,
            &mut self.range,
            &mut self.rate,
            &mut self.loudness,
            &mut self.tilt,
            &mut self.open_quotient,
            &mut self.breath,
            &mut self.jitter,
            &mut self.shimmer,
            &mut self.precision,
            &mut self.formants,
            &mut self.nasality,
            &mut self.ending,
            &mut self.slope,
            &mut self.tremor,
            &mut self.pauses,
        ]
    }
}

/// The full expression of each emotion, in the order of [`EMOTIONS`].
const PROFILES: [Shift; EMOTIONS.len()] = [
    // angry
    Shift {
        pitch: 3.5,
        range: 0.6,
        rate: 0.2,
        loudness: 8.0,
        tilt: -6.0,
        open_quotient: -0.14,
        breath: -4.0,
        jitter: 0.6,
        shimmer: 0.7,
        precision: 0.15,
        formants: 0.03,
        ending: -1.5,
        slope: -1.0,
        pauses: -0.6,
        ..Shift::NONE
    },
    // disgust
    Shift {
        pitch: -1.5,
        rate: -0.28,
        loudness: -1.0,
        tilt: -1.0,
        open_quotient: -0.1,
        jitter: 1.2,
        shimmer: 1.3,
        precision: 0.05,
        formants: -0.07,
        nasality: 0.5,
        ending: -2.5,
        slope: -2.0,
        pauses: 1.0,
        ..Shift::NONE
    },
    // fear
    Shift {
        pitch: 5.0,
        range: -0.5,
        rate: 0.38,
        tilt: 1.5,
        open_quotient: 0.05,
        breath: 6.0,
        jitter: 1.2,
        shimmer: 0.5,
        precision: -0.1,
        formants: 0.03,
        ending: 1.5,
        slope: 1.0,
        tremor: 0.6,
        pauses: -0.3,
        ..Shift::NONE
    },
    // happy
    Shift {
        pitch: 4.0,
        range: 0.8,
        rate: 0.1,
        loudness: 4.0,
        tilt: -3.5,
        breath: -1.0,
        jitter: -0.3,
        shimmer: -0.3,
        precision: 0.1,
        formants: 0.09,
        ending: 1.0,
        slope: 0.5,
        pauses: -0.4,
        ..Shift::NONE
    },
    // neutral
    Shift::NONE,
    // sad
    Shift {
        pitch: -2.0,
        range: -0.9,
        rate: -0.32,
        loudness: -6.0,
        tilt: 6.0,
        open_quotient: 0.12,
        breath: 6.0,
        jitter: 0.4,
        shimmer: 0.3,
        precision: -0.3,
        formants: -0.02,
        ending: -0.5,
        slope: -1.0,
        pauses: 1.2,
        ..Shift::NONE
    },
    // surprise
    Shift {
        pitch: 5.0,
        range: 1.0,
        rate: -0.05,
        loudness: 2.0,
        tilt: -1.0,
        open_quotient: 0.08,
        breath: 4.0,
        precision: 0.1,
        ending: 9.0,
        slope: 3.0,
        pauses: 0.2,
        ..Shift::NONE
    },
];

/// The standard deviation from one take to the next, whatever the emotion.
const TAKE_SPREAD: Shift = Shift {
    pitch: 1.0,
    range: 0.25,
    rate: 0.09,
    loudness: 2.0,
    tilt: 1.5,
    open_quotient: 0.03,
    breath: 1.5,
    jitter: 0.35,
    shimmer: 0.35,
    precision: 0.08,
    formants: 0.01,
    nasality: 0.05,
    ending: 1.0,
    slope: 0.8,
    tremor: 0.05,
    pauses: 0.4,
};

/// How strongly a speaker expresses an emotion, from reserved to theatrical.
const SPEAKER_STRENGTH: (f64, f64) = (0.65, 1.15);
/// How strongly a take expresses what its speaker meant: the low end is close to neutral.
const TAKE_STRENGTH: (f64, f64) = (0.35, 1.25);
/// Standard deviation of a speaker's own way of expressing an emotion, per dimension and relative to the profile:
/// one is angry by loudness, another by speed.
const STYLE_SPREAD: f64 = 0.35;

/// How `speaker` puts emotion number `emotion` into one take, whose random draws come from `rng`.
pub fn express(speaker: &Speaker, emotion: usize, rng: &mut impl Rng) -> Shift {
    // The speaker's way with the emotion is the same in every take, so it has a stream of its own.
    let mut habit = stream(SEED, &[&"synthetic style", &speaker.name, &EMOTIONS[emotion]]);
    let (low, high) = SPEAKER_STRENGTH;
    let usual = uniform(&mut habit, low, high);
    let (low, high) = TAKE_STRENGTH;
    let strength = usual * uniform(rng, low, high);
    let mut shift = PROFILES[emotion];
    let mut spread = TAKE_SPREAD;
    for (value, spread) in shift.dimensions().into_iter().zip(spread.dimensions()) {
        let style = (1.0 + STYLE_SPREAD * normal(&mut habit)).clamp(0.1, 1.9);
        *value = *value * strength * style + *spread * normal(rng);
    }
    shift
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::speakers;

    #[test]
    fn expressions_average_to_their_profile_and_overlap() {
        let mut rng = stream(0, &[&"test"]);
        let mut pitches = |emotion: usize| -> Vec<f64> {
            let takes = speakers().iter().flat_map(|speaker| [speaker; 40]);
            takes.map(|speaker| express(speaker, emotion, &mut rng).pitch).collect()
        };
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let (angry, sad) = (pitches(0), pitches(5));
        assert!(mean(&angry) > 1.5 && mean(&sad) < -0.5);
        assert!(angry.iter().any(|pitch| *pitch < 0.0) && sad.iter().any(|pitch| *pitch > 0.0));
    }

    #[test]
    fn a_style_belongs_to_the_speaker_not_to_the_take() {
        let speaker = &speakers()[0];
        let express = |take: u8| express(speaker, 0, &mut stream(0, &[&take]));
        assert_eq!(express(1), express(1));
        assert_ne!(express(1), express(2));
    }
}
