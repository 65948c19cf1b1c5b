//! nEMO: nine Polish actors, six emotions, 4481 files.
//!
//! Files are `samples/{speaker}_{emotion}_{sentence}.wav`; the table `data.tsv` has them in `file_id`, with `emotion`,
//! `speaker_id`, `gender`, `age` and the text.

use std::{collections::HashMap, path::Path};

use super::{
    Cause, CorpusConfig, Metadata, Scan, Sex, entries,
    named::{self, Naming, Parsed, Reading},
    table::{Row, Table},
};
use crate::error::{Error, Result};

pub(super) const NAMING: Naming = Naming {
    title: "nEMO",
    example: "samples/SPEAKER_anger_1.wav",
    obtain: "Get it from https://github.com/amu-cai/nEMO",
    published: Some(4481),
    parse,
};

const TABLE: &str = "data.tsv";

const EMOTIONS: [(&str, &str); 8] = [
    ("anger", "angry"),
    ("fear", "fear"),
    ("happiness", "happy"),
    ("happy", "happy"),
    ("neutral", "neutral"),
    ("sadness", "sad"),
    ("surprise", "surprise"),
    ("surprised", "surprise"),
];

pub(super) fn scan(config: &CorpusConfig, data: &Path) -> Result<Scan> {
    let mut corpus = named::find(&NAMING, config, data)?;
    let Some(table) = corpus.found.table(TABLE).map(|path| corpus.root.join(path)) else {
        return Err(Error::Data(format!(
            "no {TABLE} under {}: it has the speakers and labels of nEMO, and lies beside its folder samples",
            corpus.root.display()
        )));
    };
    let table = Table::read(&table)?;
    let advice = "take the table from nEMO's repository again";
    let [file, emotion, speaker] = ["file_id", "emotion", "speaker_id"].map(|name| table.column(name, advice));
    let (file, emotion, speaker) = (file?, emotion?, speaker?);
    let stem_of = |name: &str| Path::new(name).file_stem().and_then(|stem| stem.to_str()).map(str::to_owned);
    let rows: HashMap<String, Row<'_>> =
        table.rows().filter_map(|(_, mut row)| Some((stem_of(row.remove(file)?)?, row))).collect();
    let name = config.name();
    named::label(&mut corpus.scan, |clip| {
        let left_out = |reason: String| (Cause::NotOfTheCorpus, reason);
        let stem = clip.id.rsplit('/').next().unwrap_or(&clip.id).to_owned();
        let row = rows.get(&stem).ok_or_else(|| left_out(format!("{TABLE} has no row for it")))?;
        clip.speaker = entries::speaker(row.get(speaker).copied().unwrap_or_default()).map_err(left_out)?;
        clip.id = format!("{name}/{}/{stem}", clip.speaker);
        clip.meta.sex = row.get("gender").and_then(|text| Sex::parse(text));
        clip.meta.age = row.get("age").and_then(|text| text.parse().ok());
        clip.meta.sentence = row.get("normalized_text").or_else(|| row.get("raw_text")).map(|text| (*text).to_owned());
        let code = row.get(emotion).copied().unwrap_or_default();
        let found = EMOTIONS.iter().find(|(word, _)| *word == code);
        found
            .map(|(_, emotion)| (*emotion).to_owned())
            .ok_or_else(|| left_out(format!("no nEMO emotion is called {code}")))
    });
    Ok(corpus.scan)
}

fn parse(path: &Path) -> Reading<Parsed> {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let is_emotion = |word: &str| EMOTIONS.iter().any(|(known, _)| *known == word);
    match stem.split('_').collect::<Vec<_>>()[..] {
        [speaker, emotion, sentence] if !speaker.is_empty() && !sentence.is_empty() && is_emotion(emotion) => {
            // The table knows.
            Ok(Parsed {
                speaker: String::new(),
                stem: stem.to_owned(),
                emotion: String::new(),
                meta: Metadata::default(),
            })
        }
        _ => Err("not a nEMO name (speaker_emotion_sentence)".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{Kind, fake};

    #[test]
    fn the_table_has_speakers_and_labels() {
        let data =
            fake::tree(&["nemo/samples/AB0_anger_1.wav", "nemo/samples/AB0_neutral_2.wav", "nemo/samples/x.wav"]);
        let table = "file_id\temotion\traw_text\tnormalized_text\tspeaker_id\tgender\tage\n\
                     AB0_anger_1.wav\tanger\tNie \"tak\"!\tnie tak\tAB0\tfemale\t24\n";
        fake::write(data.path(), "nemo/data.tsv", table.as_bytes());
        let scan = crate::corpus::scan(&CorpusConfig::new(Kind::Nemo), data.path()).unwrap();
        let [clip] = &scan.clips[..] else { panic!("{scan:?}") };
        assert_eq!((clip.id.as_str(), clip.emotion.as_str()), ("nemo/AB0/AB0_anger_1", "angry"));
        assert_eq!((clip.meta.sex, clip.meta.age), (Some(Sex::Female), Some(24)));
        assert_eq!(clip.meta.sentence.as_deref(), Some("nie tak"));
        let reasons: Vec<&str> = scan.excluded.iter().map(|exclusion| exclusion.reason.as_str()).collect();
        assert!(reasons[0].contains("no row") && reasons[1].contains("not a nEMO name"), "{reasons:?}");
    }
}
