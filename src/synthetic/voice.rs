//! Who speaks: twelve people with a vocal tract, a voice and habits of their own.

use crate::sex::Sex;

/// A speaker of the embedded corpus.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Speaker {
    /// `s01` to `s12`.
    pub name: &'static str,
    /// The speaker's sex.
    pub sex: Sex,
    /// Habitual fundamental frequency of a neutral sentence, in Hz.
    pub pitch: f64,
    /// Length of the vocal tract in cm; formants are inversely proportional to it.
    pub tract: f64,
    /// Habitual open quotient of the glottis: the share of a period for which the folds are apart.
    pub open_quotient: f64,
    /// Habitual attenuation of the glottal pulse at 3 kHz, in dB.
    pub tilt: f64,
    /// Habitual breath noise relative to the common value, in dB.
    pub breath: f64,
    /// Habitual pitch range relative to the common one.
    pub range: f64,
    /// Habitual rate of speech relative to the common one.
    pub rate: f64,
    /// Habitual loudness and distance from the microphone, in dB.
    pub level: f64,
}

impl Speaker {
    /// The factor by which the formants are above those of a tract of 17.5 cm, which the phones are written for.
    pub(super) fn formant_scale(&self) -> f64 {
        17.5 / self.tract
    }
}

/// The speakers, in the order of [`Utterance::speaker`](super::Utterance::speaker): women and men in turn.
pub fn speakers() -> &'static [Speaker] {
    &SPEAKERS
}

#[rustfmt::skip] // a table
static SPEAKERS: [Speaker; 12] = [
    female("s01", 205.0, 14.9, [0.62, 9.0,  1.0, 1.00, 1.00,  0.0]),
    male  ("s02", 112.0, 17.6, [0.54, 7.0,  0.0, 0.90, 0.95, -2.0]),
    female("s03", 188.0, 15.3, [0.58, 7.5, -2.0, 1.20, 1.08,  3.0]),
    male  ("s04", 128.0, 17.1, [0.60, 9.0,  2.0, 1.10, 1.05,  1.0]),
    female("s05", 228.0, 14.4, [0.66, 11.0, 3.0, 0.85, 0.94, -3.0]),
    male  ("s06",  98.0, 18.3, [0.50, 6.0, -2.0, 0.80, 0.92,  2.0]),
    female("s07", 196.0, 15.0, [0.60, 8.0,  0.0, 1.10, 1.04,  1.5]),
    male  ("s08", 118.0, 17.9, [0.57, 10.0, 1.0, 1.00, 1.00, -3.5]),
    female("s09", 214.0, 14.6, [0.63, 9.5, -1.0, 0.95, 1.10,  0.5]),
    male  ("s10", 139.0, 16.7, [0.56, 8.0, -1.0, 1.20, 1.02,  3.0]),
    female("s11", 176.0, 15.6, [0.64, 10.0, 2.0, 0.90, 0.97, -1.0]),
    male  ("s12", 106.0, 17.4, [0.52, 8.5,  1.0, 1.05, 1.07, -0.5]),
];

const fn female(name: &'static str, pitch: f64, tract: f64, habits: [f64; 6]) -> Speaker {
    speaker(name, Sex::Female, pitch, tract, habits)
}

const fn male(name: &'static str, pitch: f64, tract: f64, habits: [f64; 6]) -> Speaker {
    speaker(name, Sex::Male, pitch, tract, habits)
}

/// `habits` are open quotient, tilt, breath, range, rate and level.
const fn speaker(name: &'static str, sex: Sex, pitch: f64, tract: f64, habits: [f64; 6]) -> Speaker {
    let [open_quotient, tilt, breath, range, rate, level] = habits;
    Speaker { name, sex, pitch, tract, open_quotient, tilt, breath, range, rate, level }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn women_have_shorter_tracts_and_higher_voices() {
        let of = |sex| speakers().iter().filter(move |speaker| speaker.sex == sex);
        for (woman, man) in of(Sex::Female).flat_map(|woman| of(Sex::Male).map(move |man| (woman, man))) {
            assert!(woman.tract < man.tract && woman.pitch > man.pitch, "{} and {}", woman.name, man.name);
        }
        assert_eq!(of(Sex::Female).count(), of(Sex::Male).count());
    }
}
