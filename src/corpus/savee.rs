//! SAVEE: four men, fifteen sentences per emotion, thirty neutral ones.
//!
//! Names are an emotion's letters and a number. The speaker stands before them (`ALL/DC_a01.wav`) or is the folder's
//! name (`AudioData/DC/a01.wav`, `DC/a01.wav`); all of them are the clip `DC_a01`.

use std::path::Path;

use super::{
    CorpusConfig, Metadata, Scan, Sex,
    named::{self, Naming, Parsed, Reading},
};
use crate::error::Result;

pub(super) const NAMING: Naming = Naming {
    title: "SAVEE",
    example: "AudioData/DC/a01.wav or ALL/DC_a01.wav",
    obtain: "Get it from http://kahlan.eps.surrey.ac.uk/savee/ (registration)",
    published: Some(480),
    parse,
};

const SPEAKERS: [&str; 4] = ["DC", "JE", "JK", "KL"];

/// The emotions by their letters, with the number of sentences. Two letters come before one: `sa` is not `s` or `a`.
const EMOTIONS: [(&str, &str, u32); 7] = [
    ("sa", "sad", 15),
    ("su", "surprise", 15),
    ("a", "angry", 15),
    ("d", "disgust", 15),
    ("f", "fear", 15),
    ("h", "happy", 15),
    ("n", "neutral", 30),
];

pub(super) fn scan(config: &CorpusConfig, data: &Path) -> Result<Scan> {
    named::find(&NAMING, config, data).map(|found| found.scan)
}

fn parse(path: &Path) -> Reading<Parsed> {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let (speaker, code) = match stem.split_once('_') {
        Some((prefix, code)) => (known_speaker(prefix), code),
        // The nearest folder that is a speaker's.
        None => (path.ancestors().skip(1).find_map(|folder| known_speaker(folder.file_name()?.to_str()?)), stem),
    };
    let Some(speaker) = speaker else {
        return Err("not a SAVEE name: no speaker (DC, JE, JK, KL) before it or above it".into());
    };
    let code = code.to_ascii_lowercase();
    let Some((emotion, sentence)) = EMOTIONS.iter().find_map(|&(letters, emotion, sentences)| {
        let number = code.strip_prefix(letters)?;
        let is_number = number.len() == 2 && number.bytes().all(|byte| byte.is_ascii_digit());
        let number: u32 = if is_number { number.parse().ok()? } else { return None };
        (1..=sentences).contains(&number).then_some((emotion, format!("{letters}{number:02}")))
    }) else {
        return Err(format!("not a SAVEE name: {code} is none of a, d, f, h, n, sa, su with a sentence's number"));
    };
    Ok(Parsed {
        speaker: speaker.into(),
        stem: format!("{speaker}_{sentence}"),
        emotion: emotion.into(),
        meta: Metadata {
            sex: Some(Sex::Male),
            // The four read the same sentence under the same code.
            sentence: Some(sentence),
            ..Metadata::default()
        },
    })
}

fn known_speaker(name: &str) -> Option<&'static str> {
    SPEAKERS.into_iter().find(|speaker| speaker.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        audio::Known,
        corpus::{Kind, fake, inspect},
    };

    #[test]
    fn every_layout_gives_the_same_clip() {
        let expected = parse(Path::new("ALL/DC_a01.wav")).unwrap();
        assert_eq!(
            (expected.stem.as_str(), expected.speaker.as_str(), expected.emotion.as_str()),
            ("DC_a01", "DC", "angry")
        );
        assert_eq!(expected.meta.sentence.as_deref(), Some("a01"));
        for path in ["AudioData/DC/a01.wav", "DC/a01.wav", "dc/A01.WAV", "DC/neutral or not/a01.wav", "dc_a01.wav"] {
            assert_eq!(parse(Path::new(path)).unwrap(), expected, "{path}");
        }
    }

    #[test]
    fn two_letters_are_matched_before_one() {
        let emotion = |code| parse(Path::new(&format!("KL_{code}.wav"))).unwrap().emotion;
        let all = ["a01", "d02", "f03", "h04", "n30", "sa15", "su06"].map(emotion);
        assert_eq!(all, ["angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"]);
    }

    #[test]
    fn other_names_are_left_out_with_their_reason() {
        for (name, reason) in [
            ("a01.wav", "no speaker"),
            ("XX_a01.wav", "no speaker"),
            ("DC_s01.wav", "s01"),
            ("DC_a16.wav", "a16"),
            ("DC_a1.wav", "a1"),
            ("DC_n31.wav", "n31"),
            ("DC_a01_2.wav", "a01_2"),
        ] {
            let found = parse(Path::new(name)).unwrap_err();
            assert!(found.contains(reason), "{name}: {found}");
        }
    }

    #[test]
    fn two_layouts_side_by_side_are_one_corpus() {
        let data = fake::tree(&["savee/ALL/DC_a01.wav", "savee/AudioData/DC/a01.wav", "savee/AudioData/JK/su01.wav"]);
        let scan = super::scan(&CorpusConfig::new(Kind::Savee), data.path()).unwrap();
        let ids: Vec<_> = scan.clips.iter().map(|clip| clip.id.as_str()).collect();
        assert_eq!(ids, ["savee/DC/DC_a01", "savee/JK/JK_su01"]);
        let (scan, _) = inspect(scan, &Known::default(), || {});
        let copy = scan.excluded.iter().find(|one| one.path.ends_with("AudioData/DC/a01.wav")).unwrap();
        assert!(copy.reason.contains("NOT the same bytes"), "{:?}", scan.excluded);
    }

    #[test]
    fn every_clip_of_the_real_corpus_is_found() {
        let Some(scan) = fake::real(&CorpusConfig::new(Kind::Savee)) else { return };
        let others = ["angry", "disgust", "fear", "happy", "sad", "surprise"].map(|emotion| (emotion, 60));
        fake::assert_counts(&scan, 4, &[&others[..], &[("neutral", 120)]].concat());
    }
}
