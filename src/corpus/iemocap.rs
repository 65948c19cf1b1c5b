//! IEMOCAP: ten actors in five dialogues of two, scripted and improvised, 10,039 turns.
//!
//! Names are a dialogue and a turn, `Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_M003.wav`. The letter of the turn
//! says who speaks, the first one only who wore the markers: `Ses01F_impro01_M003` is the man of session 1, `Ses01M`. The
//! labels are in `Session1/dialog/EmoEvaluation/Ses01F_impro01.txt`, in lines as
//! `[6.2901 - 8.2357]<tab>Ses01F_impro01_F000<tab>neu<tab>[2.5000, 2.5000, 2.5000]`. Turns without an agreed label (`xxx`)
//! are left out. Frustration, excitement and "other" are emotions of their own; a label map merges or drops them.

use std::{collections::HashMap, path::Path};

use super::{
    Cause, CorpusConfig, Metadata, Scan, Sex,
    named::{self, Named, Naming, Parsed, Reading},
};
use crate::error::{Error, Result};

pub(super) const NAMING: Naming = Naming {
    title: "IEMOCAP",
    example: "Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_F000.wav",
    obtain: "Get it from https://sail.usc.edu/iemocap (by request)",
    published: Some(10_039),
    parse,
};

const EMOTIONS: [(&str, &str); 10] = [
    ("ang", "angry"),
    ("dis", "disgust"),
    ("exc", "excited"),
    ("fea", "fear"),
    ("fru", "frustrated"),
    ("hap", "happy"),
    ("neu", "neutral"),
    ("oth", "other"),
    ("sad", "sad"),
    ("sur", "surprise"),
];

/// The folder of the labels.
const LABELS: &str = "EmoEvaluation";

/// What a line says of a turn.
struct Label {
    code: String,
    /// Valence, activation, dominance.
    dimensions: Vec<String>,
}

pub(super) fn scan(config: &CorpusConfig, data: &Path) -> Result<Scan> {
    let mut corpus = named::find(&NAMING, config, data)?;
    let labels = labels(&corpus)?;
    named::label(&mut corpus.scan, |clip| {
        let stem = clip.id.rsplit('/').next().unwrap_or(&clip.id);
        let label = labels.get(stem).ok_or_else(|| (Cause::NotOfTheCorpus, format!("{LABELS} has no line for it")))?;
        let names = ["valence", "activation", "dominance"].map(str::to_owned);
        clip.meta.extra.extend(names.into_iter().zip(label.dimensions.iter().cloned()));
        match EMOTIONS.iter().find(|(code, _)| *code == label.code) {
            Some((_, emotion)) => Ok((*emotion).to_owned()),
            None => Err((Cause::NotOfTheCorpus, format!("the listeners do not agree on a label ({})", label.code))),
        }
    });
    Ok(corpus.scan)
}

fn parse(path: &Path) -> Reading<Parsed> {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let wrong = || "not the name of an IEMOCAP turn (as Ses01F_impro01_F000)".to_owned();
    let (dialogue, turn) = stem.rsplit_once('_').ok_or_else(wrong)?;
    let session = dialogue.strip_prefix("Ses").and_then(|rest| rest.get(..2)).ok_or_else(wrong)?;
    let is_dialogue = matches!(session, "01" | "02" | "03" | "04" | "05")
        && matches!(dialogue.get(5..7), Some("F_" | "M_"))
        && (dialogue[7..].starts_with("impro") || dialogue[7..].starts_with("script"));
    let number = turn.get(1..).filter(|number| number.len() == 3 && number.bytes().all(|byte| byte.is_ascii_digit()));
    let (sex, letter) = match turn.get(..1) {
        Some("F") => (Sex::Female, 'F'),
        Some("M") => (Sex::Male, 'M'),
        _ => return Err(wrong()),
    };
    if !is_dialogue || number.is_none() {
        return Err(wrong());
    }
    Ok(Parsed {
        speaker: format!("Ses{session}{letter}"),
        stem: stem.to_owned(),
        emotion: String::new(),
        meta: Metadata {
            sex: Some(sex),
            extra: [
                ("session".to_owned(), session.to_owned()),
                ("dialogue".to_owned(), dialogue.to_owned()),
                ("scripted".to_owned(), dialogue[7..].starts_with("script").to_string()),
            ]
            .into(),
            ..Metadata::default()
        },
    })
}

/// The labels of all dialogues, by turn.
fn labels(corpus: &Named) -> Result<HashMap<String, Label>> {
    let mut labels = HashMap::new();
    let is_list = |path: &&std::path::PathBuf| {
        let of_turns = path.parent().and_then(Path::file_name).is_some_and(|folder| folder == LABELS);
        of_turns && path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("txt"))
    };
    for list in corpus.found.tables.iter().filter(is_list) {
        let path = corpus.root.join(list);
        let bytes = crate::files::read(&path).map_err(Error::io("read the labels", &path))?;
        // Comments of annotators are in several encodings; the lines that matter are ASCII.
        labels.extend(String::from_utf8_lossy(&bytes).lines().filter_map(line));
    }
    if labels.is_empty() {
        return Err(Error::Data(format!(
            "no labels of IEMOCAP under {}: expected Session1/dialog/{LABELS}/Ses01F_impro01.txt and its like; name the folder \
             that holds Session1 to Session5",
            corpus.root.display()
        )));
    }
    Ok(labels)
}

/// A line that labels a turn: `[start - end]`, turn, label and dimensions, by tabs.
fn line(line: &str) -> Option<(String, Label)> {
    let cells: Vec<&str> = line.split('\t').map(str::trim).collect();
    let [times, turn, code, dimensions] = cells[..] else { return None };
    if !times.starts_with('[') || !turn.starts_with("Ses") {
        return None;
    }
    let dimensions = dimensions.trim_matches(['[', ']']).split(',').map(|value| value.trim().to_owned()).collect();
    Some((turn.to_owned(), Label { code: code.to_ascii_lowercase(), dimensions }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{Kind, fake};

    #[test]
    fn the_turn_says_who_speaks() {
        let parsed = parse(Path::new("Ses01F_impro01_M003.wav")).unwrap();
        assert_eq!((parsed.speaker.as_str(), parsed.meta.sex), ("Ses01M", Some(Sex::Male)));
        assert_eq!((parsed.meta.extra["scripted"].as_str(), parsed.meta.extra["session"].as_str()), ("false", "01"));
        assert_eq!(parse(Path::new("Ses05M_script01_1b_F020.wav")).unwrap().speaker, "Ses05F");
        for name in
            ["Ses01F_impro01.wav", "Ses06F_impro01_F000.wav", "Ses01F_impro01_X000.wav", "Ses01F_impro01_F0.wav", "é"]
        {
            assert!(parse(Path::new(name)).is_err(), "{name}");
        }
    }

    #[test]
    fn labels_are_read_from_the_dialogues_and_turns_without_one_left_out() {
        let wav = |turn: &str| format!("iemocap/Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_{turn}.wav");
        let data = fake::tree(&[&wav("F000"), &wav("F001"), &wav("M000"), &wav("M001")]);
        let text = "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n\n\
                    [6.2901 - 8.2357]\tSes01F_impro01_F000\tneu\t[2.5000, 3.5000, 4.5000]\nC-E2:\tNeutral;\t()\n\
                    [10.0 - 11.0]\tSes01F_impro01_F001\txxx\t[2.5, 2.5, 2.5]\n\
                    [12.0 - 13.0]\tSes01F_impro01_M000\texc\t[4.0, 4.0, 2.5]\n";
        fake::write(data.path(), "iemocap/Session1/dialog/EmoEvaluation/Ses01F_impro01.txt", text.as_bytes());
        fake::write(data.path(), "iemocap/Session1/dialog/EmoEvaluation/Categorical/a_cat.txt", b"x");
        let scan = crate::corpus::scan(&CorpusConfig::new(Kind::Iemocap), data.path()).unwrap();
        let found: Vec<_> = scan.clips.iter().map(|clip| (clip.id.as_str(), clip.emotion.as_str())).collect();
        let expected =
            [("iemocap/Ses01F/Ses01F_impro01_F000", "neutral"), ("iemocap/Ses01M/Ses01F_impro01_M000", "excited")];
        assert_eq!(found, expected);
        assert_eq!(scan.clips[0].meta.extra["activation"], "3.5000");
        let reasons: Vec<&str> = scan.excluded.iter().map(|exclusion| exclusion.reason.as_str()).collect();
        assert_eq!(reasons, ["the listeners do not agree on a label (xxx)", "EmoEvaluation has no line for it"]);
        let bare = fake::tree(&[&wav("F000")]);
        let error = crate::corpus::scan(&CorpusConfig::new(Kind::Iemocap), bare.path()).unwrap_err().to_string();
        assert!(error.contains("no labels of IEMOCAP"), "{error}");
    }
}
