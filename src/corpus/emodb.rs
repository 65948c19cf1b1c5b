//! EMO-DB, the Berlin Database of Emotional Speech: ten actors, ten German sentences, seven emotions, 535 files.
//!
//! Names are a speaker's two digits, a sentence's code, the emotion's letter (of its German name) and a version's letter:
//! `wav/03a01Fa.wav`.

use std::path::Path;

use super::{
    CorpusConfig, Metadata, Scan, Sex,
    named::{self, Naming, Parsed, Reading},
};
use crate::error::Result;

pub(super) const NAMING: Naming = Naming {
    title: "EMO-DB",
    example: "wav/03a01Fa.wav",
    obtain: "Get it from http://emodb.bilderbar.info",
    published: Some(535),
    parse,
};

/// The speakers with sex and age.
const SPEAKERS: [(&str, Sex, u32); 10] = [
    ("03", Sex::Male, 31),
    ("08", Sex::Female, 34),
    ("09", Sex::Female, 21),
    ("10", Sex::Male, 32),
    ("11", Sex::Male, 26),
    ("12", Sex::Male, 30),
    ("13", Sex::Female, 32),
    ("14", Sex::Female, 35),
    ("15", Sex::Male, 25),
    ("16", Sex::Female, 31),
];

const SENTENCES: [&str; 10] = ["a01", "a02", "a04", "a05", "a07", "b01", "b02", "b03", "b09", "b10"];

/// Wut, Langeweile, Ekel, Angst, Freude, Trauer, neutral.
const EMOTIONS: [(char, &str); 7] =
    [('W', "angry"), ('L', "boredom"), ('E', "disgust"), ('A', "fear"), ('F', "happy"), ('T', "sad"), ('N', "neutral")];

pub(super) fn scan(config: &CorpusConfig, data: &Path) -> Result<Scan> {
    named::find(&NAMING, config, data).map(|found| found.scan)
}

fn parse(path: &Path) -> Reading<Parsed> {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    if stem.len() != 7 || !stem.is_ascii() {
        return Err("not an EMO-DB name (speaker, sentence, emotion, version, as 03a01Fa)".into());
    }
    let (speaker, sentence) = (&stem[..2], stem[2..5].to_ascii_lowercase());
    let letters: Vec<char> = stem[5..].chars().collect();
    let (code, version) = (letters[0].to_ascii_uppercase(), letters[1].to_ascii_lowercase());
    let Some((_, sex, age)) = SPEAKERS.iter().find(|(known, ..)| *known == speaker) else {
        return Err(format!("no EMO-DB speaker has the number {speaker}"));
    };
    if !SENTENCES.contains(&sentence.as_str()) {
        return Err(format!("no EMO-DB sentence has the code {sentence}"));
    }
    let Some((_, emotion)) = EMOTIONS.iter().find(|(known, _)| *known == code) else {
        return Err(format!("no EMO-DB emotion has the letter {code}"));
    };
    if !version.is_ascii_lowercase() {
        return Err(format!("{version} is no version of an EMO-DB file"));
    }
    Ok(Parsed {
        speaker: speaker.into(),
        stem: format!("{speaker}{sentence}{code}{version}"),
        emotion: (*emotion).into(),
        meta: Metadata {
            sex: Some(*sex),
            age: Some(*age),
            sentence: Some(sentence),
            repetition: Some(u32::from(version) - u32::from('a') + 1),
            ..Metadata::default()
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_everything() {
        let parsed = parse(Path::new("wav/03a01Fa.wav")).unwrap();
        assert_eq!((parsed.speaker.as_str(), parsed.emotion.as_str()), ("03", "happy"));
        assert_eq!((parsed.meta.sex, parsed.meta.age, parsed.meta.repetition), (Some(Sex::Male), Some(31), Some(1)));
        assert_eq!(parsed.meta.sentence.as_deref(), Some("a01"));
        let emotion = |letter| parse(Path::new(&format!("16b10{letter}b.wav"))).unwrap().emotion;
        let all = ["W", "L", "E", "A", "F", "T", "N"].map(emotion);
        assert_eq!(all, ["angry", "boredom", "disgust", "fear", "happy", "sad", "neutral"]);
        assert_eq!(parse(Path::new("16B10TB.WAV")).unwrap().stem, "16b10Tb");
    }

    #[test]
    fn other_names_are_left_out_with_their_reason() {
        for (name, reason) in [
            ("03a01F.wav", "not an EMO-DB name"),
            ("04a01Fa.wav", "speaker"),
            ("03a03Fa.wav", "a03"),
            ("03a01Xa.wav", "letter X"),
            ("03a01F1.wav", "version"),
            ("0é01Fa.wav", "not an EMO-DB name"),
        ] {
            let found = parse(Path::new(name)).unwrap_err();
            assert!(found.contains(reason), "{name}: {found}");
        }
    }
}
