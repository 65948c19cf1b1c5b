//! MSP-Podcast: segments of podcasts with the labels of crowd workers; more with every release.
//!
//! Files are `Audios/MSP-PODCAST_0001_0008.wav`; the table `Labels/labels_consensus.csv` has their label (`EmoClass`),
//! speaker (`SpkrID`), sex (`Gender`), part (`Split_Set`) and dimensions (`EmoAct`, `EmoVal`, `EmoDom`), which are kept under
//! these names. Clips without an agreed label (`X`) and clips of speakers whom nobody knows are left out: they are no one
//! person's. `O` is "other". To train on the published parts, `protocol.kind = "fixed"` reads a table made of `Split_Set`.

use std::{collections::HashMap, path::Path};

use super::{
    Cause, CorpusConfig, Metadata, Scan, Sex, entries,
    named::{self, Naming, Parsed, Reading},
    table::{Row, Table},
};
use crate::error::{Error, Result};

pub(super) const NAMING: Naming = Naming {
    title: "MSP-Podcast",
    example: "Audios/MSP-PODCAST_0001_0008.wav",
    obtain: "Get it from https://ecs.utdallas.edu/research/researchlabs/msp-lab/MSP-Podcast.html (by licence)",
    published: None,
    parse,
};

const LABELS: &str = "labels_consensus.csv";

const EMOTIONS: [(&str, &str); 9] = [
    ("A", "angry"),
    ("C", "contempt"),
    ("D", "disgust"),
    ("F", "fear"),
    ("H", "happy"),
    ("N", "neutral"),
    ("O", "other"),
    ("S", "sad"),
    ("U", "surprise"),
];

pub(super) fn scan(config: &CorpusConfig, data: &Path) -> Result<Scan> {
    let mut corpus = named::find(&NAMING, config, data)?;
    let Some(table) = corpus.found.table(LABELS).map(|path| corpus.root.join(path)) else {
        return Err(Error::Data(format!(
            "no {LABELS} under {}: it has the labels of MSP-Podcast, and lies in its folder Labels",
            corpus.root.display()
        )));
    };
    let table = Table::read(&table)?;
    let advice = "take the table from the corpus again";
    let [file, class, speaker] = ["FileName", "EmoClass", "SpkrID"].map(|name| table.column(name, advice));
    let (file, class, speaker) = (file?, class?, speaker?);
    let rows: HashMap<&str, Row<'_>> = table.rows().filter_map(|(_, mut row)| Some((row.remove(file)?, row))).collect();
    let name = config.name();
    named::label(&mut corpus.scan, |clip| {
        let left_out = |reason: String| (Cause::NotOfTheCorpus, reason);
        let stem = clip.id.rsplit('/').next().unwrap_or(&clip.id).to_owned();
        let row = rows.get(format!("{stem}.wav").as_str()).or_else(|| rows.get(stem.as_str()));
        let row = row.ok_or_else(|| left_out(format!("{LABELS} has no row for it")))?;
        let said = row.get(speaker).copied().unwrap_or_default();
        clip.speaker = entries::speaker(said).map_err(left_out)?;
        clip.id = format!("{name}/{}/{stem}", clip.speaker);
        for (&column, &value) in row.iter().filter(|(column, _)| ![class, speaker].contains(*column)) {
            match (column, Sex::parse(value)) {
                ("Gender", sex @ Some(_)) => clip.meta.sex = sex,
                _ => drop(clip.meta.extra.insert(column.to_owned(), value.to_owned())),
            }
        }
        let code = row.get(class).copied().unwrap_or_default();
        let found = EMOTIONS.iter().find(|(known, _)| *known == code);
        found
            .map(|(_, emotion)| (*emotion).to_owned())
            .ok_or_else(|| left_out(format!("the listeners do not agree on a label ({code})")))
    });
    Ok(corpus.scan)
}

fn parse(path: &Path) -> Reading<Parsed> {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let is_number = |part: &str| part.len() >= 3 && part.bytes().all(|byte| byte.is_ascii_digit());
    let numbers = stem.strip_prefix("MSP-PODCAST_").map(|rest| rest.split('_').collect::<Vec<_>>());
    match numbers {
        Some(numbers) if numbers.len() >= 2 && numbers.iter().all(|part| is_number(part)) => Ok(Parsed {
            // The table knows.
            speaker: String::new(),
            stem: stem.to_owned(),
            emotion: String::new(),
            meta: Metadata { extra: [("podcast".to_owned(), numbers[0].to_owned())].into(), ..Metadata::default() },
        }),
        _ => Err("not an MSP-Podcast name (as MSP-PODCAST_0001_0008)".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{Kind, fake};

    #[test]
    fn the_table_has_labels_and_speakers_and_nobody_is_no_speaker() {
        let wav = |n: u32| format!("msp_podcast/Audios/MSP-PODCAST_0001_{n:04}.wav");
        let files: Vec<String> = (1..=4).map(wav).collect();
        let data = fake::tree(&files.iter().map(String::as_str).collect::<Vec<_>>());
        let table = "FileName,EmoClass,EmoAct,EmoVal,EmoDom,SpkrID,Gender,Split_Set\n\
                     MSP-PODCAST_0001_0001.wav,A,5.2,2.1,5,127,Female,Train\n\
                     MSP-PODCAST_0001_0002.wav,X,4,4,4,127,Female,Train\n\
                     MSP-PODCAST_0001_0003.wav,N,4,4,4,Unknown,Unknown,Test1\n";
        fake::write(data.path(), "msp_podcast/Labels/labels_consensus.csv", table.as_bytes());
        let scan = crate::corpus::scan(&CorpusConfig::new(Kind::MspPodcast), data.path()).unwrap();
        assert_eq!(scan.clips.len(), 1);
        let clip = &scan.clips[0];
        assert_eq!((clip.id.as_str(), clip.emotion.as_str()), ("msp_podcast/127/MSP-PODCAST_0001_0001", "angry"));
        assert_eq!((clip.meta.sex, clip.meta.extra["Split_Set"].as_str()), (Some(Sex::Female), "Train"));
        let reasons: Vec<&str> = scan.excluded.iter().map(|exclusion| exclusion.reason.as_str()).collect();
        assert!(reasons[0].contains("do not agree") && reasons[1].contains("names nobody"), "{reasons:?}");
        assert!(reasons[2].contains("no row"), "{reasons:?}");
    }

    #[test]
    fn other_names_are_left_out() {
        assert!(parse(Path::new("MSP-PODCAST_0001_0008_0002.wav")).is_ok());
        for name in ["MSP-PODCAST_0001.wav", "MSP-IMPROV_0001_0008.wav", "MSP-PODCAST_a_b.wav"] {
            assert!(parse(Path::new(name)).is_err(), "{name}");
        }
    }
}
