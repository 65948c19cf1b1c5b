//! `clips.csv`: what is known of each clip of an experiment, so that figures can be broken down without the corpus.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::{
    audio::{Channel, Segment, Source},
    corpus::{Clip, Sex},
    csv_file::{read_records, write_records},
    error::Result,
};

/// One clip. What its corpus does not say is empty in the table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ClipRecord {
    /// The clip's id, `corpus/speaker/stem`.
    pub clip: String,
    /// The corpus.
    pub corpus: String,
    /// The speaker, `corpus/speaker`.
    pub speaker: String,
    /// The emotion by the corpus, before the config's rules for labels.
    pub emotion: String,
    /// The speaker's sex.
    pub sex: Option<Sex>,
    /// The speaker's age in years.
    pub age: Option<u32>,
    /// The sentence or word spoken.
    pub sentence: Option<String>,
    /// The acted intensity.
    pub intensity: Option<String>,
    /// The repetition, from 1.
    pub repetition: Option<u32>,
    /// How long the clip is after trimming, to a frame's step.
    pub seconds: Option<f64>,
    /// The signal-to-noise ratio of the file, estimated by [`crate::audio::snr_db`], in dB; empty for synthetic speech and
    /// where it cannot be estimated.
    #[serde(default)]
    pub snr_db: Option<f64>,
    /// What else the corpus says of the speaker, as `name=value` with `;` between: `Ethnicity=Hispanic;Race=Caucasian`.
    #[serde(default)]
    pub traits: Option<String>,
    /// The audio file, as it was found; empty for synthetic speech.
    pub file: Option<String>,
    /// Where in the file the clip begins, in seconds; empty where it is all of the file.
    #[serde(default)]
    pub start: Option<f64>,
    /// Where in the file it ends, in seconds; empty where it goes on to the file's end.
    #[serde(default)]
    pub end: Option<f64>,
    /// Which channel of the file it is, counted from 1; empty where it is the mean of all.
    #[serde(default)]
    pub channel: Option<usize>,
}

impl ClipRecord {
    /// What is known of a clip of that length and signal-to-noise ratio.
    #[must_use]
    pub fn of(clip: &Clip, seconds: Option<f64>, snr_db: Option<f64>) -> Self {
        let meta = &clip.meta;
        Self {
            clip: clip.id.clone(),
            corpus: clip.corpus.clone(),
            speaker: clip.speaker_key(),
            emotion: clip.emotion.clone(),
            sex: meta.sex,
            age: meta.age,
            sentence: meta.sentence.clone(),
            intensity: meta.intensity.clone(),
            repetition: meta.repetition,
            // Thousandths are finer than a step.
            seconds: seconds.map(|seconds| (1000.0 * seconds).round() / 1000.0),
            snr_db: snr_db.filter(|snr| snr.is_finite()).map(|snr| (10.0 * snr).round() / 10.0),
            traits: None,
            file: clip.source.file().map(|path| path.display().to_string()),
            start: clip.source.segment().map(|segment| segment.start.as_secs_f64()),
            end: clip.source.segment().and_then(|segment| Some(segment.end?.as_secs_f64())),
            channel: clip.source.segment().and_then(|segment| segment.channel.number()),
        }
    }

    /// The same with what else is known of the speaker: names and values.
    #[must_use]
    pub fn with_traits<'a>(mut self, traits: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let plain = |text: &str| text.replace([';', '='], " ");
        let pairs: Vec<String> =
            traits.into_iter().map(|(name, value)| format!("{}={}", plain(name), plain(value))).collect();
        self.traits = (!pairs.is_empty()).then(|| pairs.join(";"));
        self
    }

    /// What else is known of the speaker: names and values.
    pub fn traits(&self) -> impl Iterator<Item = (&str, &str)> {
        self.traits.iter().flat_map(|traits| traits.split(';')).filter_map(|pair| pair.split_once('='))
    }

    /// Where the clip's audio is, if its file is `path`.
    #[must_use]
    pub fn source(&self, path: PathBuf) -> Source {
        let time = |seconds| Duration::try_from_secs_f64(seconds).ok();
        let channel = Channel::numbered(self.channel);
        match (self.start.and_then(time), self.end.and_then(time)) {
            (None, None) if channel == Channel::Mix => Source::File(path),
            (start, end) => Source::Segment(Segment { path, start: start.unwrap_or_default(), end, channel }),
        }
    }

    /// Writes the table, whole or not at all.
    ///
    /// # Errors
    ///
    /// [`Error::Io`](crate::error::Error::Io) where it cannot be written.
    pub fn write_all(path: &Path, records: &[Self]) -> Result<()> {
        write_records(path, records)
    }

    /// Reads the table; nothing where there is none, as runs of earlier versions have none.
    ///
    /// # Errors
    ///
    /// [`Error::Io`](crate::error::Error::Io) where it cannot be read, [`Error::File`](crate::error::Error::File) naming the line that is not as training writes it.
    pub fn read_all(path: &Path) -> Result<Vec<Self>> {
        if !path.exists() {
            return Ok(vec![]);
        }
        read_records(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_reads_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("clips.csv");
        assert!(ClipRecord::read_all(&path).unwrap().is_empty());
        let full = ClipRecord {
            clip: "c/s/a".into(),
            corpus: "c".into(),
            speaker: "c/s".into(),
            emotion: "sad".into(),
            sex: Some(Sex::Female),
            age: Some(31),
            sentence: Some("It's, well, eleven \"o'clock\"".into()),
            intensity: Some("strong".into()),
            repetition: Some(2),
            seconds: Some(3.1),
            snr_db: Some(34.5),
            traits: None,
            file: Some("x/a.wav".into()),
            start: Some(0.4),
            end: Some(3.5),
            channel: Some(2),
        };
        let part = |start, end| Segment {
            path: "b".into(),
            start: Duration::from_millis(start),
            end,
            channel: Channel::Only(1),
        };
        assert_eq!(full.source("b".into()), Source::Segment(part(400, Some(Duration::from_millis(3500)))));
        assert_eq!(ClipRecord::default().source("b".into()), Source::File("b".into()));
        let full = full.with_traits([("Race", "a;b"), ("mother=tongue", "Czech")]);
        assert_eq!(full.traits().collect::<Vec<_>>(), [("Race", "a b"), ("mother tongue", "Czech")]);
        let records = [full, ClipRecord { clip: "c/s/b".into(), ..ClipRecord::default() }];
        ClipRecord::write_all(&path, &records).unwrap();
        assert_eq!(ClipRecord::read_all(&path).unwrap(), records);
        let text = std::fs::read_to_string(&path).unwrap();
        let earlier = text
            .replace(",snr_db,traits", "")
            .replace(",start,end,channel", "")
            .replace(",34.5,Race=a b;mother tongue=Czech", "")
            .replace(",0.4,3.5,2", "");
        std::fs::write(&path, earlier.replace(",,,,,,,\n", ",,\n")).unwrap();
        let read = ClipRecord::read_all(&path).unwrap();
        assert_eq!((read[0].snr_db, read[0].start, read[0].file.as_deref()), (None, None, Some("x/a.wav")));
        std::fs::write(&path, text.replace("female", "unknown")).unwrap();
        let error = ClipRecord::read_all(&path).unwrap_err().to_string();
        assert!(error.contains("line: 2") || error.contains("line 2"), "{error}");
    }
}
