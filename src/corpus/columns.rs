//! What the columns of a manifest mean: by the config, or by what they are usually called.
//!
//! A column that changes what a row is (a time, a channel) is read or refused, and never passed over; nor is it guessed
//! which of two columns is meant.

use serde::{Deserialize, Serialize};

use super::{
    spelling::{misspelt, nearest},
    table::Table,
};
use crate::{
    error::{Error, Result},
    setting::out_of_range,
};

/// `columns` in a `[[corpora]]` table of a manifest: what its columns are called, where not by one of the usual names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ColumnsConfig {
    /// The audio file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emotion: Option<String>,
    /// Who speaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speaker: Option<String>,
    /// Where in the file the clip begins: seconds, or hours:minutes:seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// Where it ends, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    /// How long it is, likewise: instead of its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<String>,
    /// Which channel of the file the clip is: a number, left or right; the mean of all where the cell is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// What number the first channel has: 0 or 1. Default: 0 where the column has one, else 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_channel: Option<usize>,
    /// The speaker's sex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sex: Option<String>,
    /// The speaker's age in years.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age: Option<String>,
    /// The sentence spoken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sentence: Option<String>,
    /// The intensity of the emotion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intensity: Option<String>,
    /// The repetition, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repetition: Option<String>,
    /// Columns that say nothing of which part of a file a row is, whatever they are called.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<String>,
}

impl ColumnsConfig {
    /// Whether nothing is said.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a column says nothing of which part of a file a row is.
    pub(super) fn ignores(&self, name: &str) -> bool {
        self.ignore.iter().any(|ignored| ignored.eq_ignore_ascii_case(name))
    }
}

/// A manifest's columns, as its table spells them.
#[derive(Debug)]
pub(super) struct Columns<'a> {
    pub path: &'a str,
    pub emotion: &'a str,
    pub speaker: &'a str,
    pub start: Option<&'a str>,
    pub end: Option<&'a str>,
    pub duration: Option<&'a str>,
    pub channel: Option<&'a str>,
    pub sex: Option<&'a str>,
    pub age: Option<&'a str>,
    pub sentence: Option<&'a str>,
    pub intensity: Option<&'a str>,
    pub repetition: Option<&'a str>,
}

/// What a column is usually called, without case and separators. The first is its name here.
pub(crate) const PATH: &[&str] = &[
    "path",
    "file",
    "filename",
    "filepath",
    "fname",
    "wav",
    "wavfile",
    "wavfilename",
    "wavpath",
    "audio",
    "audiofile",
    "audiofilename",
    "audiofilepath",
    "audiopath",
];
const EMOTION: &[&str] = &[
    "emotion",
    "emotions",
    "emo",
    "emoclass",
    "emolabel",
    "emotionclass",
    "emotionlabel",
    "emotionname",
    "label",
    "labels",
    "class",
];
pub(crate) const SPEAKER: &[&str] = &[
    "speaker",
    "speakerid",
    "speakername",
    "speakerno",
    "speakernr",
    "speakernumber",
    "spk",
    "spkid",
    "spkr",
    "spkrid",
    "actor",
    "actorid",
    "subject",
    "subjectid",
    "participant",
    "participantid",
];
const START: &[&str] = &[
    "start",
    "starts",
    "starttime",
    "startsec",
    "startsecs",
    "startseconds",
    "starttimesec",
    "starttimeseconds",
    "begin",
    "beginsec",
    "beginseconds",
    "begintime",
    "fromsec",
    "fromsecs",
    "fromseconds",
    "onset",
    "onsetsec",
    "onsetseconds",
    "segmentstart",
];
const END: &[&str] = &[
    "end",
    "ends",
    "endtime",
    "endsec",
    "endsecs",
    "endseconds",
    "endtimesec",
    "endtimeseconds",
    "stop",
    "stopsec",
    "stopseconds",
    "stoptime",
    "tosec",
    "tosecs",
    "toseconds",
    "segmentend",
];
const DURATION: &[&str] =
    &["duration", "dur", "dursec", "durseconds", "durationsec", "durationsecs", "durationseconds", "segmentduration"];
/// What is a duration beside a start alone: else it may be the length of a text.
const LENGTH: &[&str] = &["length", "len", "lengthsec", "lengthsecs", "lengthseconds", "lensec", "segmentlength"];
const CHANNEL: &[&str] =
    &["channel", "chan", "ch", "channelid", "channelno", "channelnumber", "channelindex", "audiochannel"];
const SEX: &[&str] = &["sex", "gender"];

/// Words of a column's name that tell of a part of a file.
const PARTS: [&str; 8] = ["start", "begin", "onset", "offset", "end", "stop", "channel", "chan"];

/// Columns that tell of a part of a file where their cells are numbers: they may be other things, as where somebody is from.
const PARTS_IN_NUMBERS: [&str; 17] = [
    "firstframe",
    "firstsample",
    "framefrom",
    "frameto",
    "from",
    "lastframe",
    "lastsample",
    "samplefrom",
    "sampleto",
    "t0",
    "t1",
    "t2",
    "tmax",
    "tmin",
    "to",
    "xmax",
    "xmin",
];

/// Columns that tell of a part of a file where their cells are two numbers, as `0.5-2.1`.
const PARTS_IN_RANGES: [&str; 8] = ["interval", "range", "region", "seg", "segment", "span", "timerange", "timestamps"];

const ADVICE: &str = "a manifest needs the columns path, emotion and speaker, and may have start, end, channel, sex, age, \
                      sentence, intensity, repetition and any others; `columns` in its [[corpora]] table names those that \
                      are called otherwise, as columns = { path = \"file\" }";

impl<'a> Columns<'a> {
    pub(super) fn find(table: &'a Table, config: &ColumnsConfig) -> Result<Self> {
        let find = Finder { table, config };
        find.check_ignored()?;
        let need = |set: &Option<String>, key: &str, usual: &[&str]| {
            find.column(set, key, usual)?.map_or_else(|| table.column(key, ADVICE), Ok)
        };
        let path = match (&config.path, table.recordings()) {
            // Whatever else a row calls it, its recording is there.
            (None, Some(column)) => table.column(column, ADVICE)?,
            _ => need(&config.path, "path", PATH)?,
        };
        let emotion = need(&config.emotion, "emotion", EMOTION)?;
        let speaker = need(&config.speaker, "speaker", SPEAKER)?;
        // Beside an onset an offset is the end; by itself, or with a duration, it is the start.
        let has = |name: &str| table.names().any(|found| letters(found) == name);
        let onset = has("onset");
        let with = |usual: &[&'static str], more: bool| -> Vec<&'static str> {
            usual.iter().copied().chain(more.then_some("offset")).collect()
        };
        let start = find.column(&config.start, "start", &with(START, !onset))?;
        let end = find.column(&config.end, "end", &with(END, onset))?;
        let duration = match find.column(&config.duration, "duration", DURATION)? {
            None if start.is_some() && end.is_none() => find.column(&None, "duration", LENGTH)?,
            found => found,
        };
        if let Some(first @ 2..) = config.first_channel {
            return Err(out_of_range("columns.first_channel", first, "0 or 1"));
        }
        let columns = Self {
            path,
            emotion,
            speaker,
            start,
            end,
            duration,
            channel: find.column(&config.channel, "channel", CHANNEL)?,
            sex: find.column(&config.sex, "sex", SEX)?,
            age: find.column(&config.age, "age", &["age"])?,
            sentence: find.column(&config.sentence, "sentence", &["sentence"])?,
            intensity: find.column(&config.intensity, "intensity", &["intensity"])?,
            repetition: find.column(&config.repetition, "repetition", &["repetition"])?,
        };
        if end.is_some() && duration.is_some() && start.is_none() {
            return Err(
                find.wrong("the columns end and duration say where a clip lies, and none where it begins".into())
            );
        }
        find.refuse_parts(&columns)?;
        columns.refuse_twice(table)?;
        Ok(columns)
    }

    /// What each column is read as.
    fn keys(&self) -> [(&'static str, Option<&'a str>); 12] {
        [
            ("path", Some(self.path)),
            ("emotion", Some(self.emotion)),
            ("speaker", Some(self.speaker)),
            ("start", self.start),
            ("end", self.end),
            ("duration", self.duration),
            ("channel", self.channel),
            ("sex", self.sex),
            ("age", self.age),
            ("sentence", self.sentence),
            ("intensity", self.intensity),
            ("repetition", self.repetition),
        ]
    }

    /// Whether the column of that name is read as something.
    pub(super) fn reads(&self, name: &str) -> bool {
        self.keys().iter().any(|(_, column)| *column == Some(name))
    }

    /// Refuses a column that is read as two things.
    fn refuse_twice(&self, table: &Table) -> Result<()> {
        let keys = self.keys();
        for (at, (key, column)) in keys.iter().enumerate() {
            let twice = keys[at + 1..].iter().find(|(_, other)| other.is_some() && other == column);
            if let (Some((other, _)), Some(column)) = (twice, column) {
                return Err(Error::Config(format!(
                    "the column \"{column}\" of {} is named for two things, {key} and {other}: name a column for each in \
                     its [[corpora]] table, as columns = {{ {key} = \"…\", {other} = \"…\" }}",
                    table.path().display()
                )));
            }
        }
        Ok(())
    }

    /// Whether the rows are segments of files. A duration alone is none until it was compared with the files.
    pub(super) fn has_times(&self) -> bool {
        self.start.is_some() || self.end.is_some()
    }
}

struct Finder<'a, 'c> {
    table: &'a Table,
    config: &'c ColumnsConfig,
}

impl<'a> Finder<'a, '_> {
    fn wrong(&self, problem: String) -> Error {
        Error::file(self.table.path(), problem)
    }

    fn is_ignored(&self, name: &str) -> bool {
        self.config.ignores(name)
    }

    /// The column that the config names, or the one that is usually called so.
    fn column(&self, set: &Option<String>, key: &str, usual: &[&str]) -> Result<Option<&'a str>> {
        if let Some(name) = set {
            return self.named(&format!("columns.{key}"), name).map(Some);
        }
        let table = self.table;
        let mut found: Vec<(usize, &str)> = table
            .names()
            .filter(|name| !self.is_ignored(name))
            .filter_map(|name| Some((usual.iter().position(|usual| *usual == letters(name))?, name)))
            .filter(|(_, name)| table.cells(name).iter().any(Option::is_some) || table.height() == 0)
            .collect();
        found.sort_unstable();
        let Some((_, first)) = found.first().copied() else { return Ok(None) };
        match found[1..].iter().find(|(_, other)| table.cells(other) != table.cells(first)) {
            None => Ok(Some(first)),
            Some((_, other)) => Err(self.wrong(format!(
                "\"{first}\" and \"{other}\" could both be the column {key}, and they differ: say which it is, as \
                 columns = {{ {key} = \"{first}\" }} in its [[corpora]] table"
            ))),
        }
    }

    /// The column of that name, which the config gives under `key`.
    fn named(&self, key: &str, name: &str) -> Result<&'a str> {
        let found = self.table.names().find(|found| *found == name.trim());
        found.or_else(|| self.table.names().find(|found| found.eq_ignore_ascii_case(name.trim()))).ok_or_else(|| {
            let names: Vec<&str> = self.table.names().collect();
            let nearest = nearest(name, names.iter().copied());
            let nearest = nearest.map(|name| format!("; did you mean \"{name}\"?")).unwrap_or_default();
            Error::Config(format!(
                "{key} = \"{name}\": {} has the columns \"{}\"{nearest}",
                self.table.path().display(),
                names.join("\", \"")
            ))
        })
    }

    fn check_ignored(&self) -> Result<()> {
        self.config.ignore.iter().try_for_each(|name| self.named("columns.ignore", name).map(drop))
    }

    /// Refuses what tells of a part of a file and was not understood.
    fn refuse_parts(&self, columns: &Columns<'_>) -> Result<()> {
        let understood = [columns.start, columns.end, columns.duration, columns.channel];
        let is_read = |name: &str| understood.contains(&Some(name)) || self.is_ignored(name);
        let is_filled = |name: &str| self.table.cells(name).iter().any(Option::is_some);
        let cells = |name: &str| self.table.cells(name).iter().flatten();
        let tells = |name: &str| {
            let letters = letters(name);
            let in_numbers = || cells(name).all(|cell| cell.parse::<f64>().is_ok());
            tells_of_a_part(name)
                || (nearly_tells_of_a_part(name) && in_numbers())
                || (PARTS_IN_NUMBERS.contains(&letters.as_str()) && in_numbers())
                || (PARTS_IN_RANGES.contains(&letters.as_str()) && cells(name).all(|cell| is_range(cell)))
        };
        let unread = self.table.names().find(|name| !is_read(name) && is_filled(name) && tells(name));
        let Some(name) = unread else { return Ok(()) };
        let advice = if words(name).iter().any(|word| word.starts_with("chan")) {
            format!("if it is the channel, say so, as columns = {{ channel = \"{name}\" }} in its [[corpora]] table")
        } else {
            format!(
                "if it is a time in seconds, say so, as columns = {{ start = \"{name}\" }} in its [[corpora]] table"
            )
        };
        Err(self.wrong(format!(
            "the column \"{name}\" may say which part of a file a row is, and it is not known how: {advice}; if it says \
             nothing of that, columns = {{ ignore = [\"{name}\"] }}"
        )))
    }
}

/// The columns with cells that are called by one of these names, without case and separators; those that are named first come
/// first.
pub(crate) fn called<'a>(table: &'a Table, usual: &[&str]) -> Vec<&'a str> {
    let place = |name: &str| usual.iter().position(|usual| *usual == letters(name));
    let mut found: Vec<(usize, &str)> = table.names().filter_map(|name| Some((place(name)?, name))).collect();
    found.retain(|(_, name)| table.cells(name).iter().any(Option::is_some));
    found.sort_unstable();
    found.into_iter().map(|(_, name)| name).collect()
}

/// Whether a word of the name is one of a part of a file with a slip of the pen: `strat`, `duraton`.
pub(crate) fn nearly_tells_of_a_part(name: &str) -> bool {
    let known = PARTS.iter().chain(&["duration"]);
    // `channels` tells how many a file has.
    let is_slip = |word: &str, part: &str| misspelt(word, part) && word.strip_suffix('s') != Some(part);
    words(name).iter().any(|word| known.clone().any(|part| is_slip(word, part)))
}

/// Whether a column of that name may say which part of a file a row is.
pub(crate) fn tells_of_a_part(name: &str) -> bool {
    words(name).iter().any(|word| PARTS.contains(&word.as_str()))
}

/// Whether it is two numbers: `0.5-2.1`, `[0.5, 2.1]`, `0.5 2.1`.
fn is_range(cell: &str) -> bool {
    let inner = cell.trim_matches(['[', ']', '(', ')', ' ']);
    let mut parts = inner.split(['-', ',', ';', '\u{2013}', ' ']).filter(|part| !part.is_empty());
    let mut number = || parts.next().is_some_and(|part| part.parse::<f64>().is_ok());
    number() && number() && parts.next().is_none()
}

/// A name without case and separators.
pub(super) fn letters(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase()
}

/// The words of a name: `startMs`, `start_ms`, `start (ms)`.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for c in name.chars() {
        if !c.is_alphabetic() || (c.is_uppercase() && was_lower) {
            words.push(String::new());
        }
        was_lower = c.is_lowercase();
        if let (Some(word), true) = (words.last_mut(), c.is_alphabetic()) {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(table: &str, config: &str) -> std::result::Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, table).unwrap();
        let table = Table::read(&path).unwrap();
        let config: ColumnsConfig = toml::from_str(config).unwrap();
        let told = |columns: Columns<'_>| {
            let places = [columns.start, columns.end, columns.duration, columns.channel];
            let times = places.map(Option::unwrap_or_default).join(" ");
            format!("{} {} {}: {times}", columns.path, columns.emotion, columns.speaker).trim_end().to_owned()
        };
        Columns::find(&table, &config).map(told).map_err(|error| error.to_string())
    }

    #[test]
    fn usual_names_are_known() {
        assert_eq!(found("Path,Emotion,Speaker\na,b,c\n", "").unwrap(), "Path Emotion Speaker:");
        assert_eq!(found("wav_path,label,spk id,x\na,b,c,d\n", "").unwrap(), "wav_path label spk id:");
        assert_eq!(
            found("file,label,actor,start_time,end\na,b,c,0,1\n", "").unwrap(),
            "file label actor: start_time end"
        );
        assert_eq!(
            found("audio_filepath,emo,speaker,offset,duration\na,b,c,0,1\n", "").unwrap(),
            "audio_filepath emo speaker: offset  duration"
        );
        assert_eq!(found("path,emo,spk,onset,offset\na,b,c,0,1\n", "").unwrap(), "path emo spk: onset offset");
        assert_eq!(found("path,emo,spk,Channel\na,b,c,1\n", "").unwrap(), "path emo spk:    Channel");
        assert_eq!(found("path,emo,spk,x\na,b,c,1\n", "channel = 'x'").unwrap(), "path emo spk:    x");
        let error = found("path,emo,spk,Channel\na,b,c,1\n", "first_channel = 2").unwrap_err();
        assert!(error.contains("columns.first_channel = 2"), "{error}");
    }

    #[test]
    fn two_that_could_be_meant_are_refused_unless_they_agree_or_one_is_named() {
        for (columns, key) in [("path,emotion,label,speaker", "emotion"), ("path,file,emotion,speaker", "path")] {
            let error = found(&format!("{columns}\na,b,c,d\n"), "").unwrap_err();
            assert!(error.contains(&format!("columns = {{ {key} = \"{key}\" }}")), "{error}");
        }
        let table = "path,emotion,label,speaker\na,b,c,d\n";
        assert_eq!(found(table, "emotion = 'label'").unwrap(), "path label speaker:");
        assert_eq!(found(table, "ignore = ['label']").unwrap(), "path emotion speaker:");
        assert_eq!(found("path,emotion,label,speaker\na,b,b,d\n", "").unwrap(), "path emotion speaker:");
        assert_eq!(found("path,emotion,label,speaker\na,b,,d\n", "").unwrap(), "path emotion speaker:");
        assert!(
            found("path,start,begin,emotion,speaker\na,1,2,b,c\n", "")
                .unwrap_err()
                .contains("both be the column start")
        );
    }

    #[test]
    fn a_column_that_may_name_a_part_of_a_file_is_read_or_refused() {
        for name in ["call_channel", "start_ms", "endFrame", "chan. of", "Begin Sample", "offset_samples"] {
            let table = format!("path,emotion,speaker,{name}\na,b,c,1\n");
            let error = found(&table, "").unwrap_err();
            assert!(error.contains(name) && error.contains("ignore"), "{error}");
            assert!(found(&table, &format!("ignore = ['{name}']")).is_ok());
            assert!(found(&table.replace(",1\n", ",\n"), "").is_ok(), "an empty column says nothing");
        }
        for (name, cell) in [
            ("t0", "0.5"),
            ("From", "1"),
            ("xmax", "2.5"),
            ("first_sample", "800"),
            ("segment", "0.5-2.1"),
            ("strat", "0.5"),
            ("duraton", "0.5"),
            ("chanel_no", "1"),
        ] {
            let table = format!("path,emotion,speaker,{name}\na,b,c,{cell}\n");
            let error = found(&table, "").unwrap_err();
            assert!(error.contains(name) && error.contains("ignore"), "{error}");
            assert!(found(&table.replace(cell, "Rome"), "").is_ok(), "{name} may be another thing");
        }
        assert!(found("path,emotion,speaker,segment\na,b,c,3\n", "").is_ok(), "a number of a segment is no part");
        for name in ["channels", "gender", "weekend", "recommendation", "fold", "split"] {
            assert!(found(&format!("path,emotion,speaker,{name}\na,b,c,1\n"), "").is_ok(), "{name}");
        }
        assert_eq!(
            found("path,emotion,speaker,from\na,b,c,1\n", "start = 'from'").unwrap(),
            "path emotion speaker: from"
        );
    }

    #[test]
    fn a_name_that_no_column_has_is_an_error_with_the_nearest() {
        let error = found("path,emotion,speaker\na,b,c\n", "emotion = 'emotoin'").unwrap_err();
        assert!(error.contains("columns.emotion = \"emotoin\"") && error.contains("mean \"emotion\""), "{error}");
        let error = found("name,emotion,speaker\na,b,c\n", "").unwrap_err();
        assert!(error.contains("no column path among \"name\"") && error.contains("columns = {"), "{error}");
    }
}
