//! What is said: four short sentences without an emotion of their own, each of two phrases.

use super::phones::*;

/// A sentence as the sounds it is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sentence {
    /// A short name, for use in file names: `boat`.
    pub name: &'static str,
    /// The words.
    pub text: &'static str,
    /// The sounds in order.
    pub(super) sounds: &'static [Sound],
}

/// A phone in its place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sound {
    /// The phone.
    pub phone: Phone,
    /// The weight of the pitch accent on it: 0 none, 1 the sentence's main one.
    pub accent: f64,
}

const fn weak(phone: Phone) -> Sound {
    Sound { phone, accent: 0.0 }
}

const fn accented(phone: Phone, accent: f64) -> Sound {
    Sound { phone, accent }
}

/// The sentences, in the order of [`Utterance::sentence`](super::Utterance::sentence).
pub fn sentences() -> &'static [Sentence] {
    &SENTENCES
}

static SENTENCES: [Sentence; 4] = [
    Sentence { name: "boat", text: "The boat came in at seven", sounds: &BOAT },
    Sentence { name: "key", text: "She put the key on a shelf", sounds: &KEY },
    Sentence { name: "rain", text: "We saw rain over the hill", sounds: &RAIN },
    Sentence { name: "bus", text: "My bus is late again", sounds: &BUS },
];

const BOAT: [Sound; 18] = [
    weak(DH),
    weak(AX),
    weak(B),
    accented(OW, 0.8),
    weak(T),
    weak(K),
    accented(EY, 0.5),
    weak(M),
    weak(IH),
    weak(N),
    weak(PAUSE),
    weak(AE),
    weak(T),
    weak(S),
    accented(EH, 1.0),
    weak(V),
    weak(AX),
    weak(N),
];

const KEY: [Sound; 17] = [
    weak(SH),
    weak(IY),
    weak(P),
    accented(UH, 0.5),
    weak(T),
    weak(DH),
    weak(AX),
    weak(K),
    accented(IY, 1.0),
    weak(PAUSE),
    weak(AA),
    weak(N),
    weak(AX),
    weak(SH),
    accented(EH, 0.8),
    weak(L),
    weak(F),
];

const RAIN: [Sound; 17] = [
    weak(W),
    weak(IY),
    weak(S),
    accented(AO, 0.7),
    weak(R),
    accented(EY, 1.0),
    weak(N),
    weak(PAUSE),
    weak(OW),
    weak(V),
    weak(AX),
    weak(DH),
    weak(AX),
    weak(HH),
    accented(IH, 0.8),
    weak(L),
    weak(L),
];

const BUS: [Sound; 15] = [
    weak(M),
    weak(AY),
    weak(B),
    accented(AH, 0.7),
    weak(S),
    weak(IH),
    weak(Z),
    weak(L),
    accented(EY, 1.0),
    weak(T),
    weak(PAUSE),
    weak(AX),
    weak(G),
    accented(EH, 0.6),
    weak(N),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sentence_has_two_phrases_and_one_main_accent() {
        for sentence in sentences() {
            assert_eq!(sentence.sounds.iter().filter(|sound| sound.phone.pause).count(), 1, "{}", sentence.name);
            assert_eq!(sentence.sounds.iter().filter(|sound| sound.accent == 1.0).count(), 1, "{}", sentence.name);
        }
    }
}
