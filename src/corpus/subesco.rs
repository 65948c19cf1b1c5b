//! SUBESCO: twenty Bangla speakers, ten sentences, seven emotions, five takes, 7000 files.
//!
//! Names are `gender_number_name_S_sentence_emotion_take`: `F_01_OISHI_S_1_ANGRY_1.wav`. Women and men are numbered apart,
//! so a speaker is `F_01`. One file of the published corpus has a bracket before its extension
//! (`F_02_MONIKA_S_2_SURPRISE_3].wav`).

use std::path::Path;

use super::{
    CorpusConfig, Metadata, Scan, Sex,
    named::{self, Naming, Parsed, Reading},
};
use crate::error::Result;

pub(super) const NAMING: Naming = Naming {
    title: "SUBESCO",
    example: "F_01_OISHI_S_1_ANGRY_1.wav",
    obtain: "Get it from https://doi.org/10.5281/zenodo.4526477",
    published: Some(7000),
    parse,
};

const EMOTIONS: [&str; 7] = ["angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"];

pub(super) fn scan(config: &CorpusConfig, data: &Path) -> Result<Scan> {
    named::find(&NAMING, config, data).map(|found| found.scan)
}

fn parse(path: &Path) -> Reading<Parsed> {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_ascii_uppercase();
    let stem = stem.trim_end_matches(']');
    let parts: Vec<&str> = stem.split('_').collect();
    let [gender, number, _, "S", sentence, code, take] = parts[..] else {
        return Err("not a SUBESCO name (gender_number_name_S_sentence_emotion_take)".into());
    };
    let sex = match gender {
        "F" => Sex::Female,
        "M" => Sex::Male,
        _ => return Err(format!("not a SUBESCO name: the gender is F or M, not {gender}")),
    };
    let within = |what: &str, text: &str, most: u32| {
        let number = text.parse().ok().filter(|number| (1..=most).contains(number));
        number.ok_or_else(|| format!("SUBESCO has no {what} {text}"))
    };
    let speaker = format!("{gender}_{:02}", within("speaker", number, 10)?);
    let (sentence, take) = (within("sentence", sentence, 10)?, within("take", take, 5)?);
    let Some(emotion) = EMOTIONS.iter().find(|emotion| emotion.eq_ignore_ascii_case(code)) else {
        return Err(format!("no SUBESCO emotion is called {code}"));
    };
    Ok(Parsed {
        speaker,
        stem: stem.to_owned(),
        emotion: (*emotion).into(),
        meta: Metadata {
            sex: Some(sex),
            sentence: Some(sentence.to_string()),
            repetition: Some(take),
            ..Metadata::default()
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_everything_and_women_and_men_are_numbered_apart() {
        let parsed = parse(Path::new("SUBESCO/F_01_OISHI_S_10_ANGRY_5.wav")).unwrap();
        assert_eq!((parsed.speaker.as_str(), parsed.emotion.as_str()), ("F_01", "angry"));
        assert_eq!((parsed.meta.sentence.as_deref(), parsed.meta.repetition), (Some("10"), Some(5)));
        assert_eq!(parse(Path::new("M_01_TUHIN_S_1_SAD_1.wav")).unwrap().speaker, "M_01");
    }

    #[test]
    fn the_file_with_a_bracket_is_read() {
        let parsed = parse(Path::new("F_02_MONIKA_S_2_SURPRISE_3].wav")).unwrap();
        assert_eq!((parsed.stem.as_str(), parsed.meta.repetition), ("F_02_MONIKA_S_2_SURPRISE_3", Some(3)));
    }

    #[test]
    fn other_names_are_left_out_with_their_reason() {
        for (name, reason) in [
            ("F_01_OISHI_S_1_ANGRY.wav", "not a SUBESCO name"),
            ("X_01_OISHI_S_1_ANGRY_1.wav", "F or M"),
            ("F_11_OISHI_S_1_ANGRY_1.wav", "speaker 11"),
            ("F_01_OISHI_S_0_ANGRY_1.wav", "sentence 0"),
            ("F_01_OISHI_S_1_BORED_1.wav", "BORED"),
            ("F_01_OISHI_S_1_SAD_6.wav", "take 6"),
        ] {
            let found = parse(Path::new(name)).unwrap_err();
            assert!(found.contains(reason), "{name}: {found}");
        }
    }
}
