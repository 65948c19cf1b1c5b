//! TESS: two actresses, 200 words in a carrier sentence, seven emotions.
//!
//! Names are `actress_word_emotion`. The folders spell the emotions in several ways and cases (`OAF_Fear`, `YAF_fear`,
//! `OAF_Pleasant_surprise`, `YAF_pleasant_surprised`), so they are not read. One file spells its actress `OA`.

use std::path::Path;

use super::{
    CorpusConfig, Metadata, Scan, Sex,
    named::{self, Naming, Parsed, Reading},
};
use crate::error::Result;

pub(super) const NAMING: Naming = Naming {
    title: "TESS",
    example: "YAF_angry/YAF_back_angry.wav",
    obtain: "Get it from https://doi.org/10.5683/SP2/E8H2MF",
    published: Some(2800),
    parse,
};

/// The emotions by the last part of the name; `ps` is "pleasant surprise".
const EMOTIONS: [(&str, &str); 7] = [
    ("angry", "angry"),
    ("disgust", "disgust"),
    ("fear", "fear"),
    ("happy", "happy"),
    ("neutral", "neutral"),
    ("ps", "surprise"),
    ("sad", "sad"),
];

pub(super) fn scan(config: &CorpusConfig, data: &Path) -> Result<Scan> {
    named::find(&NAMING, config, data).map(|found| found.scan)
}

fn parse(path: &Path) -> Reading<Parsed> {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let parts: Vec<&str> = stem.split('_').collect();
    let [actress, word, code] = parts[..] else {
        return Err("not a TESS name (actress_word_emotion)".into());
    };
    let (speaker, age) = match actress.to_ascii_uppercase().as_str() {
        "OAF" | "OA" => ("OAF", 64),
        "YAF" => ("YAF", 26),
        _ => return Err(format!("not a TESS name: the actress is OAF or YAF, not {actress}")),
    };
    let (word, code) = (word.to_ascii_lowercase(), code.to_ascii_lowercase());
    let Some((_, emotion)) = EMOTIONS.iter().find(|(known, _)| *known == code) else {
        return Err(format!("no TESS emotion is called {code}"));
    };
    if word.is_empty() {
        return Err("not a TESS name: it has no word".into());
    }
    Ok(Parsed {
        speaker: speaker.into(),
        stem: format!("{speaker}_{word}_{code}"),
        emotion: (*emotion).into(),
        meta: Metadata {
            sex: Some(Sex::Female),
            age: Some(age),
            sentence: Some(format!("Say the word {word}")),
            ..Metadata::default()
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{Kind, fake};

    #[test]
    fn the_emotion_is_taken_from_the_name_and_never_from_the_folder() {
        let parsed = parse(Path::new("YAF_fear/OAF_neat_ps.wav")).unwrap();
        assert_eq!((parsed.speaker.as_str(), parsed.emotion.as_str()), ("OAF", "surprise"));
        assert_eq!((parsed.meta.age, parsed.meta.sex), (Some(64), Some(Sex::Female)));
        assert_eq!(parsed.meta.sentence.as_deref(), Some("Say the word neat"));
        assert_eq!(parse(Path::new("yaf_Germ_Angry.wav")).unwrap().stem, "YAF_germ_angry");
        assert_eq!(parse(Path::new("YAF_germ_angry.wav")).unwrap().meta.age, Some(26));
    }

    #[test]
    fn the_short_prefix_is_the_older_actress() {
        let parsed = parse(Path::new("OAF_neutral/OA_bite_neutral.wav")).unwrap();
        assert_eq!((parsed.speaker.as_str(), parsed.stem.as_str()), ("OAF", "OAF_bite_neutral"));
    }

    #[test]
    fn other_names_are_left_out_with_their_reason() {
        for (name, reason) in [
            ("OAF_back.wav", "not a TESS name"),
            ("OAF_back_angry_2.wav", "not a TESS name"),
            ("MAF_back_angry.wav", "OAF or YAF"),
            ("OAF_back_bored.wav", "bored"),
            ("OAF__sad.wav", "no word"),
        ] {
            let found = parse(Path::new(name)).unwrap_err();
            assert!(found.contains(reason), "{name}: {found}");
        }
    }

    #[test]
    fn folders_of_any_case_and_a_doubled_corpus_are_read() {
        let data = fake::tree(&[
            "tess/OAF_Fear/OAF_back_fear.wav",
            "tess/YAF_pleasant_surprised/YAF_back_ps.wav",
            "tess/TESS Toronto emotional speech set data/OAF_Fear/OAF_back_fear.wav",
        ]);
        let scan = super::scan(&CorpusConfig::new(Kind::Tess), data.path()).unwrap();
        let ids: Vec<_> = scan.clips.iter().map(|clip| clip.id.as_str()).collect();
        assert_eq!(ids, ["tess/OAF/OAF_back_fear", "tess/YAF/YAF_back_ps"]);
        assert_eq!(scan.excluded.len(), 1);
    }

    #[test]
    fn every_clip_of_the_real_corpus_is_found() {
        let Some(scan) = fake::real(&CorpusConfig::new(Kind::Tess)) else { return };
        let emotions = ["angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"];
        fake::assert_counts(&scan, 2, &emotions.map(|emotion| (emotion, 400)));
    }
}
