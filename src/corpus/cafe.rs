//! CaFE, the Canadian French Emotional speech dataset: twelve actors, six sentences, six emotions in two intensities and
//! neutral, 936 files.
//!
//! Names are an actor, an emotion's letter (in French), an intensity and a sentence: `Colère/Faible/01-C-1-1.wav`. Actors
//! with an odd number are men. Neutral readings have one intensity only.

use std::path::Path;

use super::{
    CorpusConfig, Metadata, Scan, Sex,
    named::{self, Naming, Parsed, Reading},
};
use crate::error::Result;

pub(super) const NAMING: Naming = Naming {
    title: "CaFE",
    example: "Colère/Faible/01-C-1-1.wav",
    obtain: "Get it from https://doi.org/10.5281/zenodo.1478765",
    published: Some(936),
    parse,
};

/// Colère, dégoût, joie, neutre, peur, surprise, tristesse.
const EMOTIONS: [(&str, &str); 7] = [
    ("C", "angry"),
    ("D", "disgust"),
    ("J", "happy"),
    ("N", "neutral"),
    ("P", "fear"),
    ("S", "surprise"),
    ("T", "sad"),
];

pub(super) fn scan(config: &CorpusConfig, data: &Path) -> Result<Scan> {
    named::find(&NAMING, config, data).map(|found| found.scan)
}

fn parse(path: &Path) -> Reading<Parsed> {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_ascii_uppercase();
    let parts: Vec<&str> = stem.split('-').collect();
    let [actor, code, intensity, sentence] = parts[..] else {
        return Err("not a CaFE name (actor-emotion-intensity-sentence, as 01-C-1-1)".into());
    };
    let number = actor.parse().ok().filter(|number| actor.len() == 2 && (1..=12).contains(number));
    let Some(number): Option<u32> = number else { return Err(format!("no CaFE actor has the number {actor}")) };
    let Some((_, emotion)) = EMOTIONS.iter().find(|(known, _)| *known == code) else {
        return Err(format!("no CaFE emotion has the letter {code}"));
    };
    let strength = match (*emotion, intensity) {
        ("neutral", "0" | "1") => None,
        (_, "1") => Some("mild"),
        (_, "2") if *emotion != "neutral" => Some("strong"),
        _ => return Err(format!("CaFE has no intensity {intensity} of {emotion}")),
    };
    if !matches!(sentence, "1" | "2" | "3" | "4" | "5" | "6") {
        return Err(format!("CaFE has no sentence {sentence}"));
    }
    Ok(Parsed {
        speaker: actor.into(),
        stem: stem.clone(),
        emotion: (*emotion).into(),
        meta: Metadata {
            sex: Some(if number % 2 == 1 { Sex::Male } else { Sex::Female }),
            sentence: Some(sentence.into()),
            intensity: strength.map(str::to_owned),
            ..Metadata::default()
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_everything() {
        let parsed = parse(Path::new("Colère/Fort/01-C-2-6.aiff")).unwrap();
        assert_eq!((parsed.speaker.as_str(), parsed.emotion.as_str()), ("01", "angry"));
        assert_eq!((parsed.meta.sex, parsed.meta.intensity.as_deref()), (Some(Sex::Male), Some("strong")));
        let emotion = |code| parse(Path::new(&format!("12-{code}-1-1.wav"))).unwrap().emotion;
        let all = ["C", "D", "J", "N", "P", "S", "T"].map(emotion);
        assert_eq!(all, ["angry", "disgust", "happy", "neutral", "fear", "surprise", "sad"]);
        assert_eq!(parse(Path::new("02-N-0-1.wav")).unwrap().meta.intensity, None);
    }

    #[test]
    fn other_names_are_left_out_with_their_reason() {
        for (name, reason) in [
            ("01-C-1.wav", "not a CaFE name"),
            ("13-C-1-1.wav", "13"),
            ("01-X-1-1.wav", "letter X"),
            ("01-C-3-1.wav", "intensity 3"),
            ("01-N-2-1.wav", "intensity 2 of neutral"),
            ("01-C-1-7.wav", "sentence 7"),
        ] {
            let found = parse(Path::new(name)).unwrap_err();
            assert!(found.contains(reason), "{name}: {found}");
        }
    }
}
