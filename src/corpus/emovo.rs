//! EMOVO: six Italian actors, fourteen sentences, seven emotions, 588 files.
//!
//! Names are an emotion's first three letters (in Italian), a speaker and a sentence: `f1/dis-f1-b1.wav`.

use std::path::Path;

use super::{
    CorpusConfig, Metadata, Scan, Sex,
    named::{self, Naming, Parsed, Reading},
};
use crate::error::Result;

pub(super) const NAMING: Naming = Naming {
    title: "EMOVO",
    example: "EMOVO/f1/dis-f1-b1.wav",
    obtain: "Get it from http://voice.fub.it/activities/corpora/emovo",
    published: Some(588),
    parse,
};

const EMOTIONS: [(&str, &str); 7] = [
    ("dis", "disgust"),
    ("gio", "happy"),
    ("neu", "neutral"),
    ("pau", "fear"),
    ("rab", "angry"),
    ("sor", "surprise"),
    ("tri", "sad"),
];

/// Short, long, without sense, questions.
const SENTENCES: [&str; 14] = ["b1", "b2", "b3", "l1", "l2", "l3", "l4", "n1", "n2", "n3", "n4", "n5", "d1", "d2"];

pub(super) fn scan(config: &CorpusConfig, data: &Path) -> Result<Scan> {
    named::find(&NAMING, config, data).map(|found| found.scan)
}

fn parse(path: &Path) -> Reading<Parsed> {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_ascii_lowercase();
    let parts: Vec<&str> = stem.split('-').collect();
    let [code, speaker, sentence] = parts[..] else {
        return Err("not an EMOVO name (emotion-speaker-sentence, as dis-f1-b1)".into());
    };
    let Some((_, emotion)) = EMOTIONS.iter().find(|(known, _)| *known == code) else {
        return Err(format!("no EMOVO emotion is called {code}"));
    };
    let sex = match speaker {
        "f1" | "f2" | "f3" => Sex::Female,
        "m1" | "m2" | "m3" => Sex::Male,
        _ => return Err(format!("no EMOVO speaker is called {speaker}")),
    };
    if !SENTENCES.contains(&sentence) {
        return Err(format!("no EMOVO sentence is called {sentence}"));
    }
    Ok(Parsed {
        speaker: speaker.into(),
        stem: format!("{code}-{speaker}-{sentence}"),
        emotion: (*emotion).into(),
        meta: Metadata { sex: Some(sex), sentence: Some(sentence.into()), ..Metadata::default() },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_everything() {
        let parsed = parse(Path::new("f1/dis-f1-b1.wav")).unwrap();
        assert_eq!((parsed.speaker.as_str(), parsed.emotion.as_str()), ("f1", "disgust"));
        assert_eq!((parsed.meta.sex, parsed.meta.sentence.as_deref()), (Some(Sex::Female), Some("b1")));
        let emotion = |code| parse(Path::new(&format!("{code}-m3-n5.wav"))).unwrap().emotion;
        let all = ["dis", "gio", "neu", "pau", "rab", "sor", "tri"].map(emotion);
        assert_eq!(all, ["disgust", "happy", "neutral", "fear", "angry", "surprise", "sad"]);
    }

    #[test]
    fn other_names_are_left_out_with_their_reason() {
        for (name, reason) in [
            ("dis-f1.wav", "not an EMOVO name"),
            ("dis-f1-b1-2.wav", "not an EMOVO name"),
            ("dix-f1-b1.wav", "dix"),
            ("dis-f4-b1.wav", "f4"),
            ("dis-f1-b4.wav", "b4"),
        ] {
            let found = parse(Path::new(name)).unwrap_err();
            assert!(found.contains(reason), "{name}: {found}");
        }
    }
}
