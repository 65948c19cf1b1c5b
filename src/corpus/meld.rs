//! MELD: utterances of the series Friends, in dialogues of several people; its sound.
//!
//! Files are `dia0_utt0.wav` in a folder for each part (`train…`, `dev…`, `test…`, each numbered from 0), beside the
//! tables `train_sent_emo.csv`, `dev_sent_emo.csv` and `test_sent_emo.csv`. MELD comes as MP4; the sound is taken out with
//! `ffmpeg -i dia0_utt0.mp4 -ac 1 -ar 16000 dia0_utt0.wav`. A clip is called `train_dia0_utt0`; its part is kept in the column
//! `part`, which `protocol.column = "part"` reads. Speakers are on all three sides of the published parts.
//!
//! The published corpus lacks `dia110_utt7` of `dev`, and `dia125_utt3` of `train` cannot be read.

use std::{collections::HashMap, path::Path};

use super::{
    Cause, CorpusConfig, Metadata, Scan, entries,
    named::{self, Naming, Parsed, Reading},
    table::Table,
};
use crate::error::{Error, Result};

pub(super) const NAMING: Naming = Naming {
    title: "MELD",
    example: "train/dia0_utt0.wav",
    obtain: "Get it from https://affective-meld.github.io, and take the sound out of its MP4 files with ffmpeg",
    published: None,
    parse,
};

const PARTS: [&str; 3] = ["train", "dev", "test"];

const EMOTIONS: [(&str, &str); 7] = [
    ("anger", "angry"),
    ("disgust", "disgust"),
    ("fear", "fear"),
    ("joy", "happy"),
    ("neutral", "neutral"),
    ("sadness", "sad"),
    ("surprise", "surprise"),
];

/// What a table says of an utterance.
struct Said {
    speaker: String,
    emotion: String,
    text: Option<String>,
}

pub(super) fn scan(config: &CorpusConfig, data: &Path) -> Result<Scan> {
    let mut corpus = named::find(&NAMING, config, data)?;
    let mut said = HashMap::new();
    for part in PARTS {
        let file = format!("{part}_sent_emo.csv");
        if let Some(path) = corpus.found.table(&file) {
            read(&Table::read(&corpus.root.join(path))?, part, &mut said)?;
        }
    }
    if said.is_empty() {
        return Err(Error::Data(format!(
            "no train_sent_emo.csv, dev_sent_emo.csv or test_sent_emo.csv under {}: they have the labels of MELD, and lie in \
             its repository",
            corpus.root.display()
        )));
    }
    let name = config.name();
    named::label(&mut corpus.scan, |clip| {
        let left_out = |reason: String| (Cause::NotOfTheCorpus, reason);
        let stem = clip.id.rsplit('/').next().unwrap_or(&clip.id).to_owned();
        let said = said.get(&stem).ok_or_else(|| left_out("the tables have no row for it".into()))?;
        clip.speaker = entries::speaker(&said.speaker).map_err(left_out)?.replace(['/', '\\'], "_");
        clip.id = format!("{name}/{}/{stem}", clip.speaker);
        clip.meta.sentence.clone_from(&said.text);
        let found = EMOTIONS.iter().find(|(word, _)| word.eq_ignore_ascii_case(&said.emotion));
        found
            .map(|(_, emotion)| (*emotion).to_owned())
            .ok_or_else(|| left_out(format!("no MELD emotion is called {}", said.emotion)))
    });
    Ok(corpus.scan)
}

fn read(table: &Table, part: &str, said: &mut HashMap<String, Said>) -> Result<()> {
    let advice = "take the table from MELD's repository again";
    let column = |name| table.column(name, advice);
    let (dialogue, utterance) = (column("Dialogue_ID")?, column("Utterance_ID")?);
    let (speaker, emotion, text) = (column("Speaker")?, column("Emotion")?, column("Utterance")?);
    for (_, row) in table.rows() {
        let cell = |column: &str| row.get(column).copied().unwrap_or_default().to_owned();
        let key = format!("{part}_dia{}_utt{}", cell(dialogue), cell(utterance));
        let text = row.get(text).map(|text| (*text).to_owned());
        said.insert(key, Said { speaker: cell(speaker), emotion: cell(emotion), text });
    }
    Ok(())
}

fn parse(path: &Path) -> Reading<Parsed> {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let named = stem.strip_prefix("dia").and_then(|rest| rest.split_once("_utt"));
    let Some((dialogue, _)) = named.filter(|(dialogue, utterance)| number(dialogue) && number(utterance)) else {
        return Err("not a MELD name (as dia0_utt0)".into());
    };
    // The nearest folder that is a part's; the published ones are train_splits, dev_splits_complete and
    // output_repeated_splits_test.
    let part = path.ancestors().skip(1).find_map(|above| {
        let name = above.file_name()?.to_str()?.to_ascii_lowercase();
        let is_of = |part: &&str| name.split(['_', '-', '.', ' ']).any(|word| word == *part);
        PARTS.into_iter().find(is_of)
    });
    let Some(part) = part else {
        return Err("no folder above it is called train, dev or test, and names repeat between these".into());
    };
    Ok(Parsed {
        // The table knows.
        speaker: String::new(),
        stem: format!("{part}_{stem}"),
        emotion: String::new(),
        meta: Metadata {
            extra: [("part".to_owned(), part.to_owned()), ("dialogue".to_owned(), format!("{part}_dia{dialogue}"))]
                .into(),
            ..Metadata::default()
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{Kind, fake};

    #[test]
    fn names_repeat_between_the_parts_and_are_told_apart() {
        let data = fake::tree(&[
            "meld/train_splits/dia0_utt0.wav",
            "meld/output_repeated_splits_test/dia0_utt0.wav",
            "meld/output_repeated_splits_test/final_videos_testdia0_utt0.wav",
            "meld/dev_splits_complete/dia7_utt1.wav",
        ]);
        let header =
            "Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID,Season,Episode,StartTime,EndTime\n";
        let row = |text: &str| format!("{header}{text}\n");
        for (part, text) in [
            ("train", "1,\"Oh, hi!\",Monica Geller,joy,positive,0,0,8,21,\"00:16:16,059\",\"00:16:21,731\""),
            ("test", "1,No.,Ross,anger,negative,0,0,3,19,\"0:14:38,127\",\"0:14:40,378\""),
            ("dev", "1,No.,All,anger,negative,7,1,3,19,\"0:14:38,127\",\"0:14:40,378\""),
        ] {
            fake::write(data.path(), &format!("meld/{part}_sent_emo.csv"), row(text).as_bytes());
        }
        let scan = crate::corpus::scan(&CorpusConfig::new(Kind::Meld), data.path()).unwrap();
        let found: Vec<_> = scan.clips.iter().map(|clip| (clip.id.as_str(), clip.emotion.as_str())).collect();
        let expected = [("meld/Monica Geller/train_dia0_utt0", "happy"), ("meld/Ross/test_dia0_utt0", "angry")];
        assert_eq!(found, expected);
        assert_eq!(scan.clips[0].meta.sentence.as_deref(), Some("Oh, hi!"));
        assert_eq!(scan.clips[1].meta.extra["part"], "test");
        assert_eq!(scan.excluded.len(), 2, "{:?}", scan.excluded);
        assert!(parse(Path::new("dia0_utt0.wav")).unwrap_err().contains("no folder above"));
    }
}
