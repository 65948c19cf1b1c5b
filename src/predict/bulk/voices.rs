//! Whose voice each recording of a list is, and what is known of each speaker once all recordings are heard.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::read::{Item, Place};
use crate::{
    error::{Error, Result},
    predict::{
        Answer, Evidence, Recognizer, Session, Whose,
        session::{Adaptive, REMEMBERED},
    },
};

/// Clips whose evidence is held at once: more than that are gone through in several rounds.
const AT_ONCE: usize = 200_000;

/// Which recordings of a list are one speaker's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Voices {
    /// As of files that are named by themselves: those of a folder, each file, or all. Channels that have rows are speakers of their
    /// own.
    Whose(Whose),
    /// Those with the same cell in a column of the list. Where it is empty, nobody's.
    Column(String),
}

impl Voices {
    /// As a command line has them: one of [`Whose`]'s names, else a column of the list.
    #[must_use]
    pub fn named(name: &str) -> Self {
        name.parse().map_or_else(|_| Self::Column(name.to_owned()), Self::Whose)
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Self::Whose(whose) => whose.name(),
            Self::Column(column) => column,
        }
    }

    pub(super) fn column(&self) -> Option<&str> {
        match self {
            Self::Whose(_) => None,
            Self::Column(column) => Some(column),
        }
    }

    /// What is the same for recordings of one speaker.
    fn key(&self, item: &Item) -> Option<String> {
        let Self::Whose(whose) = self else { return item.speaker.clone() };
        let channel = match &item.place {
            Place::Segment(part) => part.channel.number(),
            #[cfg(feature = "parquet")]
            Place::Bytes(_, Some(part)) => part.channel.number(),
            _ => None,
        };
        let path = whose.key(Path::new(&item.name));
        Some(format!("{}#{}", path.display(), channel.map(|number| number.to_string()).unwrap_or_default()))
    }
}

/// What was heard in a recording, as a part keeps it until all parts are heard.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Row {
    name: String,
    /// Whose it is, where that is known.
    voice: Option<String>,
    heard: std::result::Result<Evidence, String>,
}

impl Row {
    pub(super) fn of(item: &Item, voices: &Voices, heard: std::result::Result<Evidence, String>) -> Self {
        Self { name: item.called(), voice: voices.key(item), heard }
    }

    pub(super) fn write(&self, to: &mut dyn Write) -> std::io::Result<()> {
        serde_json::to_writer(&mut *to, self)?;
        to.write_all(b"\n")
    }
}

/// Calls `each` with what a part keeps, row by row.
fn rows(path: &Path, mut each: impl FnMut(Row) -> Result<()>) -> Result<()> {
    for line in BufReader::new(crate::files::open(path).map_err(Error::io("read", path))?).lines() {
        let line = line.map_err(Error::io("read", path))?;
        let row = serde_json::from_str(&line);
        each(row.map_err(|e| {
            Error::file(path, format!("not what was heard of a part: {e}: remove it and start again"))
        })?)?;
    }
    Ok(())
}

/// What is known of every speaker of a list. It takes memory by the speaker, not by the recording.
pub(super) struct Known<'a> {
    recognizer: &'a Recognizer,
    /// Of whom nothing was heard.
    nobody: Adaptive,
    speakers: BTreeMap<String, Adaptive>,
}

impl<'a> Known<'a> {
    /// By what all parts keep, in their order.
    pub(super) fn of(recognizer: &'a Recognizer, parts: &[PathBuf]) -> Result<Self> {
        Self::at_once(recognizer, parts, AT_ONCE)
    }

    /// The same in rounds of so many clips at the most, a speaker more or less.
    fn at_once(recognizer: &'a Recognizer, parts: &[PathBuf], most: usize) -> Result<Self> {
        // Each speaker's round, and before that, clips.
        let mut rounds: BTreeMap<String, usize> = BTreeMap::new();
        let all = |each: &mut dyn FnMut(String, &Evidence) -> Result<()>| {
            parts.iter().try_for_each(|part| {
                rows(part, |row| match (row.voice, row.heard) {
                    (Some(voice), Ok(evidence)) => each(voice, &evidence),
                    _ => Ok(()),
                })
            })
        };
        all(&mut |voice, _| {
            *rounds.entry(voice).or_default() += 1;
            Ok(())
        })?;
        let (mut round, mut clips) = (0, 0);
        for count in rounds.values_mut() {
            if clips > 0 && clips + (*count).min(REMEMBERED) > most {
                (round, clips) = (round + 1, 0);
            }
            clips += (*count).min(REMEMBERED);
            *count = round;
        }
        let mut speakers = BTreeMap::new();
        for now in 0..=round {
            let mut sessions: BTreeMap<String, Session> = BTreeMap::new();
            all(&mut |voice, evidence| {
                if rounds.get(&voice) != Some(&now) {
                    return Ok(());
                }
                match sessions.entry(voice) {
                    Entry::Occupied(session) => session.get().remember(evidence),
                    Entry::Vacant(place) => place.insert(recognizer.session()?).remember(evidence),
                }
                Ok(())
            })?;
            for (voice, session) in sessions {
                speakers.insert(voice, session.settled()?);
            }
        }
        Ok(Self { recognizer, nobody: recognizer.session()?.settled()?, speakers })
    }

    /// Calls `each` with the recordings of a part and their answers, each adapted to its speaker.
    pub(super) fn answers(&self, part: &Path, mut each: impl FnMut(&str, Result<Answer>) -> Result<()>) -> Result<()> {
        rows(part, |Row { name, voice, heard }| {
            let known = voice.and_then(|voice| self.speakers.get(&voice)).unwrap_or(&self.nobody);
            let answer = heard.map(|evidence| self.recognizer.adapted(&evidence, known));
            each(&name, answer.map_err(|problem| Error::file(Path::new(&name), problem)))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, fs};

    use super::*;
    use crate::{
        bundle::made_up,
        predict::bulk::{PartFormat, Settings, Shard, Summary, bulk},
    };

    const RATE: u32 = 22_050;

    fn wav(path: &Path, number: u32) {
        let sample_format = hound::SampleFormat::Int;
        let spec = hound::WavSpec { channels: 1, sample_rate: RATE, bits_per_sample: 16, sample_format };
        let mut writer = hound::WavWriter::create(path, spec).unwrap();
        for i in 0..2 * RATE + 997 * number {
            let pitch = f64::from((90 + 37 * number) * i) * std::f64::consts::TAU / f64::from(RATE);
            writer.write_sample((9_000.0 * (pitch + 3.0 * (pitch / 30.0).sin()).sin()) as i16).unwrap();
        }
        writer.finalize().unwrap();
    }

    fn call(folder: &Path, out: &str, shard: (usize, usize), speaker: &str) -> Result<Summary> {
        let settings = Settings {
            out: folder.join(out),
            shard: Shard { number: shard.0, of: shard.1 },
            part_rows: 2,
            format: PartFormat::Csv,
            threshold: 0.0,
            calibrated: true,
            timeline: None,
            voices: Some(Voices::named(speaker)),
        };
        let recognizer = Recognizer::new(vec![made_up::bundle(1)]).unwrap();
        bulk(&recognizer, &[folder.join("model.safetensors")], &folder.join("list.csv"), &settings, &())
    }

    /// The parts, by name.
    fn parts(folder: &Path) -> BTreeMap<String, String> {
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let named = files.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), path));
        named
            .filter(|(name, _)| name.starts_with("part-"))
            .map(|(name, path)| (name, fs::read_to_string(path).unwrap()))
            .collect()
    }

    /// Nine recordings of three callers, one of them unknown, and one that is not there: the callers take turns.
    fn corpus() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        made_up::bundle(1).save(&at("model.safetensors")).unwrap();
        let mut list = "path,Caller\n".to_owned();
        for number in 0..9 {
            wav(&at(&format!("{number}.wav")), number);
            list += &format!("{number}.wav,{}\n", ["ann", "bob", ""][number as usize % 3]);
            list += if number == 4 { "gone.wav,ann\n" } else { "" };
        }
        fs::write(at("list.csv"), list).unwrap();
        dir
    }

    #[test]
    fn a_speaker_of_a_column_is_heard_over_the_whole_list_whatever_the_shards() {
        let dir = corpus();
        let summary = call(dir.path(), "one", (1, 1), "caller").unwrap();
        assert_eq!((summary.there, summary.written), (5, 5), "{summary}");
        let one = parts(&dir.path().join("one"));

        // Each answer is that of a session that has heard all of the caller's recordings.
        let recognizer = Recognizer::new(vec![made_up::bundle(1)]).unwrap();
        let file = |number: usize| dir.path().join(format!("{number}.wav"));
        let evidence = |number| {
            recognizer.evidence_in(crate::audio::Decoder::open(&file(number)).unwrap(), &file(number)).unwrap()
        };
        let rows: Vec<&str> = one.values().flat_map(|part| part.lines().skip(1)).collect();
        assert_eq!(rows.len(), 10);
        assert!(rows[5].starts_with("gone.wav,,") && rows[5].contains("cannot read"), "{}", rows[5]);
        for (number, row) in rows.iter().enumerate().filter(|(at, _)| *at != 5) {
            let number = if number > 5 { number - 1 } else { number };
            let session = recognizer.session().unwrap();
            if number % 3 < 2 {
                (number % 3..9).step_by(3).for_each(|of| session.remember(&evidence(of)));
            }
            session.settled().unwrap();
            let answer = session.answer(&evidence(number));
            let adapted = answer.adapted().unwrap();
            let values = answer.probabilities().iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
            let off = adapted.off.map_or("", crate::adapt::Off::words);
            let expected = format!(",{values},{},{},{off},", adapted.seconds, adapted.degree);
            assert!(row.replace('"', "").ends_with(&expected), "{number}: {row} should end in {expected}");
            assert_eq!(adapted.seconds > 0.0, number % 3 < 2);
        }

        for number in [2, 1] {
            let summary = call(dir.path(), "spread", (number, 3), "caller").unwrap();
            assert_eq!((summary.there, summary.totals), (0, None));
        }
        let words = call(dir.path(), "spread", (1, 3), "caller").unwrap().to_string();
        assert!(words.contains("4 of 5 parts are heard"), "{words}");
        assert!(call(dir.path(), "spread", (3, 3), "caller").unwrap().totals.is_some());
        assert_eq!(parts(&dir.path().join("spread")), one);

        // Started again, nothing is listened to; a part that is gone is made of what was heard.
        fs::remove_file(dir.path().join("one/part-00002.csv")).unwrap();
        (0..9).for_each(|number| fs::remove_file(file(number)).unwrap());
        assert_eq!(call(dir.path(), "one", (1, 1), "caller").unwrap().written, 1);
        assert_eq!(parts(&dir.path().join("one")), one);

        // However many clips are held at once.
        let heard: Vec<PathBuf> = (0..5).map(|i| dir.path().join(format!("one/_parts/part-0000{i}.heard"))).collect();
        let answers = |most| {
            let known = Known::at_once(&recognizer, &heard, most).unwrap();
            let mut all = Vec::new();
            for part in &heard {
                let taken = known.answers(part, |_, answer| {
                    all.push(answer.ok());
                    Ok(())
                });
                taken.unwrap();
            }
            all
        };
        assert_eq!(answers(1), answers(AT_ONCE));
    }

    #[test]
    fn folders_files_and_all_are_speakers_as_well_and_what_is_none_is_refused() {
        let dir = corpus();
        for (speaker, seconds) in [("all", "heard_seconds"), ("folder", "heard_seconds"), ("file", "heard_seconds")] {
            call(dir.path(), speaker, (1, 1), speaker).unwrap();
            let found = parts(&dir.path().join(speaker));
            assert!(found["part-00000.csv"].contains(seconds));
        }
        // All files are in one folder.
        assert_eq!(parts(&dir.path().join("all")), parts(&dir.path().join("folder")));
        assert_ne!(parts(&dir.path().join("all")), parts(&dir.path().join("file")));
        let error = call(dir.path(), "none", (1, 1), "agent").unwrap_err().to_string();
        assert!(
            error.contains("no column \"agent\" among \"path\", \"caller\"") && error.contains("folder"),
            "{error}"
        );
        let error = call(dir.path(), "all", (1, 1), "caller").unwrap_err().to_string();
        assert!(error.contains("speaker was \"all\" and is \"caller\""), "{error}");
        fs::write(dir.path().join("list.txt"), "0.wav\n").unwrap();
        let list = super::super::list::List::open(&dir.path().join("list.txt"), 2, Some("agent"));
        assert!(list.err().unwrap().to_string().contains("a list of paths has no column \"agent\""));
    }
}
