//! Columns of a manifest that were not read and may say which part of a file a row is, whatever they are called.
//!
//! Names alone do not tell: there are more than any list has. So what the cells hold is held against the files: a number
//! that lies within its file, an interval that does, intervals of one file that follow one another. What is likely to be a
//! time is refused with the remedy; what is as long as the file, or cannot lie within it, is none.

use std::{
    collections::{BTreeSet, HashMap},
    path::{Path, PathBuf},
};

use super::{
    columns::{Columns, ColumnsConfig, letters, words},
    manifest::{ROUNDING, file_of, seconds},
    table::Table,
};
use crate::{
    audio::{Source, load},
    error::{Error, Result},
};

/// As many rows are held against their files.
const SAMPLED: usize = 100;

/// Less than this, in milliseconds or samples, is no place in a recording that anybody writes down.
const LEAST_COUNT: f64 = 100.0;

/// Names, or words of names, that tell of a time where the cells lie within the files.
const STRONG: [&str; 45] = [
    "anfang",
    "beg",
    "beginn",
    "bgn",
    "bis",
    "comienzo",
    "debut",
    "desde",
    "début",
    "ende",
    "et",
    "fin",
    "fine",
    "from",
    "hasta",
    "in",
    "inicio",
    "inizio",
    "out",
    "since",
    "st",
    "stp",
    "strt",
    "t0",
    "t1",
    "t2",
    "te",
    "till",
    "timefrom",
    "timeto",
    "tin",
    "tmax",
    "tmin",
    "to",
    "tout",
    "until",
    "von",
    "xmax",
    "xmin",
    "начало",
    "конец",
    "开始",
    "结束",
    "開始",
    "終了",
];

/// The same of what may as well be a number of something: it has to be a fraction, or large.
const WEAK: [&str; 45] = [
    "boundary",
    "cue",
    "cut",
    "dauer",
    "dur",
    "duracion",
    "durata",
    "duration",
    "duree",
    "durée",
    "elapsed",
    "frame",
    "interval",
    "len",
    "length",
    "länge",
    "laenge",
    "marker",
    "millis",
    "millisecond",
    "milliseconds",
    "moment",
    "ms",
    "msec",
    "pos",
    "position",
    "range",
    "region",
    "sample",
    "sec",
    "second",
    "seconds",
    "secs",
    "seg",
    "segment",
    "span",
    "tc",
    "time",
    "timecode",
    "timestamp",
    "timestamps",
    "timerange",
    "trim",
    "when",
    "ts",
];

/// Words of names that tell of a text's length, or of a rate.
const OF_OTHERS: [&str; 17] = [
    "char",
    "characters",
    "chars",
    "hz",
    "letters",
    "per",
    "phones",
    "rate",
    "reaction",
    "response",
    "sentence",
    "text",
    "token",
    "tokens",
    "transcript",
    "word",
    "words",
];

/// Names of what may be a channel where the cells are like one.
const CHANNELS: [&str; 8] = ["audiotrack", "ear", "leg", "side", "stereo", "stream", "track", "trackno"];

/// Words that say in what a time is counted, or of what it is: `from_sec`, `clip_from`.
const BESIDE: [&str; 17] = [
    "clip",
    "millis",
    "milliseconds",
    "ms",
    "msec",
    "part",
    "point",
    "s",
    "sample",
    "samples",
    "sec",
    "second",
    "seconds",
    "secs",
    "seg",
    "segment",
    "time",
];

/// Words of how long a part is.
const LENGTHS: [&str; 4] = ["dur", "duration", "len", "length"];

/// Whether a column is called as one that says which part of a file is meant, where its cells are numbers.
pub(crate) fn is_called_like_a_part(name: &str) -> bool {
    let words = words(name);
    let is = |list: &[&str], word: &String| list.contains(&word.as_str());
    STRONG.contains(&letters(name).as_str())
        || (words.iter().any(|word| is(&STRONG, word))
            && words.iter().all(|word| is(&STRONG, word) || is(&BESIDE, word)))
}

/// Whether it is called as one that says how long a part is.
pub(crate) fn is_called_like_a_length(name: &str) -> bool {
    let words = words(name);
    let is = |list: &[&str], word: &String| list.contains(&word.as_str());
    words.iter().any(|word| is(&LENGTHS, word)) && words.iter().all(|word| is(&LENGTHS, word) || is(&BESIDE, word))
}

/// Whether a cell is an interval of two times, one of them a fraction.
pub(crate) fn is_interval_cell(cell: &str) -> bool {
    matches!(place(cell), Some((from, Some(to))) if from.fract() != 0.0 || to.fract() != 0.0)
}

/// A column whose cells may be times: the value of each row, from and, where a cell is an interval, to.
struct Times<'a> {
    name: &'a str,
    cells: Vec<Option<(f64, Option<f64>)>>,
}

/// A row that is held against its file.
struct Sample {
    row: usize,
    file: PathBuf,
    seconds: f64,
    rate: f64,
}

/// Refuses a column that is not read and is likely to say which part of a file a row is.
pub(super) fn refuse_unread(table: &Table, columns: &Columns<'_>, config: &ColumnsConfig, base: &Path) -> Result<()> {
    let unread: Vec<&str> = table.names().filter(|name| !columns.reads(name) && !config.ignores(name)).collect();
    if columns.channel.is_none() {
        refuse_channels(table, &unread)?;
    }
    // Where the part is known from its beginning to its end, no other column can say it.
    if columns.start.is_some() && (columns.end.is_some() || columns.duration.is_some()) {
        return Ok(());
    }
    let times: Vec<Times<'_>> = unread.iter().filter_map(|name| Times::of(table, name)).collect();
    let paths = table.cells(columns.path);
    let mut rows_of: HashMap<&str, Vec<usize>> = HashMap::new();
    if !times.is_empty() {
        for (row, path) in paths.iter().enumerate() {
            rows_of.entry(path.as_deref().unwrap_or_default()).or_default().push(row);
        }
    }
    rows_of.remove("");
    let mut shared: Vec<&Vec<usize>> = rows_of.values().filter(|rows| rows.len() > 1).collect();
    // A few files that are listed twice are no table of parts.
    if 2 * shared.iter().map(|rows| rows.len()).sum::<usize>() < table.height() {
        shared.clear();
    }
    let suspects: Vec<Suspect<'_>> = suspects(&times, &shared);
    if suspects.is_empty() {
        return Ok(());
    }
    let samples = samples(table, columns.path, base);
    match suspects.iter().find_map(|suspect| Some((suspect, suspect.within(&samples)?))) {
        Some((suspect, sample)) => Err(Error::file(table.path(), suspect.problem(table, sample))),
        None => Ok(()),
    }
}

/// Columns that may say it together.
struct Suspect<'a> {
    columns: Vec<&'a Times<'a>>,
    /// Whether they may be a number of something as well.
    is_weak: bool,
}

fn suspects<'a>(times: &'a [Times<'a>], shared: &[&Vec<usize>]) -> Vec<Suspect<'a>> {
    let mut found = Vec::new();
    for one in times {
        let has = |list: &[&str]| {
            let whole = letters(one.name);
            list.contains(&whole.as_str()) || words(one.name).iter().any(|word| list.contains(&word.as_str()))
        };
        let is_flag = one.values().all(|value| value == 0.0 || value == 1.0);
        let is_interval = one.cells.iter().flatten().all(|(_, to)| to.is_some());
        let is_named = !has(&OF_OTHERS) && !is_flag;
        match () {
            () if is_interval && (one.has_fraction() || has(&WEAK) || has(&STRONG)) => {
                found.push(Suspect { columns: vec![one], is_weak: false });
            }
            () if is_interval => {}
            () if is_named && has(&STRONG) => found.push(Suspect { columns: vec![one], is_weak: false }),
            () if is_named && has(&WEAK) => found.push(Suspect { columns: vec![one], is_weak: true }),
            // The rows of a file are told apart by it, as places in the file are.
            () if one.has_fraction() && one.tells_apart(shared) => {
                found.push(Suspect { columns: vec![one], is_weak: true });
            }
            () => {}
        }
    }
    for (at, one) in times.iter().enumerate() {
        for (other_at, other) in times.iter().enumerate() {
            let are_short = [one, other].iter().all(|column| letters(column.name).chars().count() <= 2);
            if at == other_at || (shared.is_empty() && !are_short) || !is_interval(one, other) {
                continue;
            }
            let are_apart = !shared.is_empty() && follow_one_another(one, other, shared);
            if are_apart || (are_short && one.has_fraction()) {
                found.push(Suspect { columns: vec![one, other], is_weak: false });
            }
        }
    }
    found
}

/// Whether every row has both, the one less than the other.
fn is_interval(from: &Times<'_>, to: &Times<'_>) -> bool {
    let mut both = from.cells.iter().zip(&to.cells).filter(|(from, to)| from.is_some() || to.is_some()).peekable();
    both.peek().is_some() && both.all(|cells| matches!(cells, (Some((from, None)), Some((to, None))) if from < to))
}

/// Whether in each of the files that several rows have, the intervals follow one another.
fn follow_one_another(from: &Times<'_>, to: &Times<'_>, shared: &[&Vec<usize>]) -> bool {
    shared.iter().all(|rows| {
        let mut parts: Vec<(f64, f64)> = rows
            .iter()
            .filter_map(|&row| Some((from.cells.get(row)?.as_ref()?.0, to.cells.get(row)?.as_ref()?.0)))
            .collect();
        parts.sort_by(|a, b| a.0.total_cmp(&b.0));
        parts.len() == rows.len() && parts.windows(2).all(|pair| pair[0].1 <= pair[1].0)
    })
}

impl<'a> Times<'a> {
    /// The column of that name, where each of its cells may be a time or an interval.
    fn of(table: &'a Table, name: &'a str) -> Option<Self> {
        let cells = table.cells(name);
        let read: Option<Vec<_>> =
            cells.iter().map(|cell| cell.as_deref().map_or(Some(None), |cell| place(cell).map(Some))).collect();
        read.filter(|cells| cells.iter().any(Option::is_some)).map(|cells| Self { name, cells })
    }

    fn values(&self) -> impl Iterator<Item = f64> {
        self.cells.iter().flatten().flat_map(|(from, to)| [Some(*from), *to].into_iter().flatten())
    }

    fn has_fraction(&self) -> bool {
        self.values().any(|value| value.fract() != 0.0)
    }

    /// Whether the rows of each file have different ones, and most rows have their own.
    fn tells_apart(&self, shared: &[&Vec<usize>]) -> bool {
        let bits = |row: &usize| Some(self.cells.get(*row)?.as_ref()?.0.to_bits());
        let all: BTreeSet<u64> = self.cells.iter().flatten().map(|cell| cell.0.to_bits()).collect();
        !shared.is_empty()
            && 2 * all.len() > self.cells.iter().flatten().count()
            && shared.iter().all(|rows| rows.iter().filter_map(bits).collect::<BTreeSet<_>>().len() == rows.len())
    }
}

impl Suspect<'_> {
    /// A row that shows it, where the cells of all rows lie within their files: in seconds, in milliseconds or in samples.
    fn within<'s>(&self, samples: &'s [Sample]) -> Option<&'s Sample> {
        let largest = self.columns.iter().flat_map(|column| column.values()).fold(0.0, f64::max);
        let is_fraction = self.columns.iter().any(|column| column.has_fraction());
        let filled: Vec<(&Sample, f64)> = samples
            .iter()
            .filter_map(|sample| {
                let last = self.columns.iter().filter_map(|column| column.cells.get(sample.row)?.as_ref());
                Some((sample, last.map(|(from, to)| to.unwrap_or(*from)).reduce(f64::max)?))
            })
            .collect();
        // Of the whole file they say nothing.
        let unit = |unit: fn(&Sample) -> f64| {
            filled.iter().all(|(sample, last)| *last <= unit(sample) + ROUNDING * unit(sample) / sample.seconds)
        };
        let is_length = |unit: fn(&Sample) -> f64| {
            self.columns.len() == 1
                && filled.iter().all(|(sample, last)| {
                    let length = unit(sample);
                    (last - length).abs() <= (ROUNDING * length / sample.seconds).max(0.02 * length)
                })
        };
        let units: [fn(&Sample) -> f64; 3] =
            [|sample| sample.seconds, |sample| 1000.0 * sample.seconds, |sample| sample.rate * sample.seconds];
        if filled.is_empty() || units.iter().any(|of| is_length(*of)) {
            return None;
        }
        let in_seconds = (is_fraction || !self.is_weak) && unit(units[0]);
        let in_counts = largest >= LEAST_COUNT && units[1..].iter().any(|of| unit(*of));
        (in_seconds || in_counts).then(|| filled[0].0)
    }

    fn problem(&self, table: &Table, sample: &Sample) -> String {
        let names: Vec<String> = self.columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
        let cells: Vec<&str> =
            self.columns.iter().filter_map(|column| table.cells(column.name).get(sample.row)?.as_deref()).collect();
        let [what, say] = match &names[..] {
            [from, to] => [format!("the columns {from} and {to}"), format!("{{ start = {from}, end = {to} }}")],
            _ => [format!("the column {}", names.concat()), format!("{{ start = {} }}", names.concat())],
        };
        format!(
            "{what} may say which part of a file a row is, and it is not known how: row {} has {}, and {} lasts {:.2} s. If \
             they are times in seconds, say so in its [[corpora]] table, as columns = {say} (also end, duration); write \
             other units in seconds first. If they say nothing of that, columns = {{ ignore = [{}] }}",
            table.number(sample.row),
            cells.join(" and "),
            sample.file.display(),
            sample.seconds,
            names.join(", ")
        )
    }
}

/// A cell as a time, or as an interval of two: `0.5`, `0,5 s`, `1:02.5`, `0.5-2.1`, `[0.5, 2.1]`, `0.1_0.5`.
fn place(cell: &str) -> Option<(f64, Option<f64>)> {
    if let Some(time) = time(cell) {
        return Some((time, None));
    }
    let inner = cell.trim_matches(['[', ']', '(', ')', '{', '}', ' ']);
    for separator in ["-", "\u{2013}", "\u{2014}", "_", ";", "|", "/", "~", "..", " to ", ", ", ",", " "] {
        if let Some((from, to)) = inner.split_once(separator)
            && let (Some(from), Some(to)) = (time(from.trim()), time(to.trim()))
            && from < to
        {
            return Some((from, Some(to)));
        }
    }
    None
}

fn time(text: &str) -> Option<f64> {
    let text = text.trim();
    let plain = ["seconds", "secs", "sec", "msec", "ms", "s"]
        .iter()
        .find_map(|unit| text.strip_suffix(unit))
        .unwrap_or(text)
        .trim();
    let pointed = plain.replacen(',', ".", 1);
    let read = |text: &str| seconds(text).ok().flatten().map(|time| time.as_secs_f64());
    if !plain.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    read(plain).or_else(|| read(&pointed))
}

/// Rows with what their files last, spread over the table.
fn samples(table: &Table, path: &str, base: &Path) -> Vec<Sample> {
    let step = table.height().div_ceil(SAMPLED).max(1);
    let mut lengths: HashMap<&str, Option<(f64, f64)>> = HashMap::new();
    let rows = table.cells(path).iter().enumerate().step_by(step);
    rows.filter_map(|(row, path)| {
        let path = path.as_deref()?;
        let file = file_of(base, path);
        let length = *lengths.entry(path).or_insert_with(|| {
            let audio = load(&Source::File(file.clone())).ok()?;
            let rate = f64::from(audio.sample_rate.max(1));
            Some((audio.samples.len() as f64 / rate, rate)).filter(|(seconds, _)| *seconds > 0.0)
        });
        length.map(|(seconds, rate)| Sample { row, file, seconds, rate })
    })
    .collect()
}

/// Refuses a column that is likely to name a channel: by its name and its cells.
fn refuse_channels(table: &Table, unread: &[&str]) -> Result<()> {
    let is_side = |cell: &str| ["left", "right", "l", "r"].contains(&cell.to_lowercase().as_str());
    let is_number = |cell: &str| ["0", "1", "2", "0.0", "1.0", "2.0"].contains(&cell);
    let tells = |name: &&&str| {
        let known = letters(name);
        let mut cells = table.cells(name).iter().flatten().peekable();
        CHANNELS.contains(&known.as_str())
            && cells.peek().is_some()
            && cells.all(|cell| is_side(cell) || (is_number(cell) && !["side", "ear"].contains(&known.as_str())))
    };
    let Some(name) = unread.iter().find(tells) else { return Ok(()) };
    Err(Error::file(
        table.path(),
        format!(
            "the column \"{name}\" may say which channel of a file a row is: if so, say it, as columns = {{ channel = \
             \"{name}\" }} in its [[corpora]] table; if it says nothing of that, columns = {{ ignore = [\"{name}\"] }}"
        ),
    ))
}

#[cfg(test)]
mod tests {
    use crate::corpus::{CorpusConfig, Kind, Scan, fake, scan};

    /// A corpus of two files of one second, listed by `table`; its `columns`.
    fn scanned(table: &str, columns: &str) -> Result<Scan, String> {
        let data = tempfile::tempdir().unwrap();
        for name in ["a", "b"] {
            fake::write(data.path(), &format!("{name}.wav"), &fake::sound(8000, 1.0));
        }
        fake::write(data.path(), "mine.csv", table.as_bytes());
        let columns = toml::from_str(columns).unwrap();
        let config = CorpusConfig { path: Some("mine.csv".into()), columns, ..CorpusConfig::new(Kind::Manifest) };
        scan(&config, data.path()).map_err(|error| error.to_string())
    }

    /// A table of a row a file, with these columns.
    fn table(names: &str, cells: [&str; 2]) -> String {
        format!("path,emotion,speaker,{names}\na.wav,sad,x,{}\nb.wav,happy,y,{}\n", cells[0], cells[1])
    }

    #[test]
    fn what_lies_within_the_files_and_is_called_like_a_time_is_refused_until_it_is_said_what_it_is() {
        for (names, cells) in [
            ("in,out", ["0.1,0.4", "0.2,0.5"]),
            ("since,until", ["0.1,0.4", "0.2,0.5"]),
            ("st,et", ["0.1,0.4", "0.2,0.5"]),
            ("s,e", ["0.1,0.4", "0.2,0.5"]),
            ("Anfang,Ende", ["0,0.5", "0.2,1"]),
            ("position,dur_ms", ["0.1,400", "0.2,300"]),
            ("clip_from,clip_to", ["0.1,0.4", "0.2,0.5"]),
            ("x_ms", ["100", "250"]),
            ("length", ["0.3", "0.4"]),
            ("length_sec", ["0.3", "0.4"]),
            ("segment", ["0.1_0.5", "0.2_0.6"]),
            ("anything", ["0.1-0.5", "0.2-0.6"]),
            ("anything", ["\"[0.1, 0.5]\"", "\"[0.2, 0.6]\""]),
            ("timecode", ["0:00.5", "0:00.7"]),
            ("debut,fin", ["\"0,1\",\"0,5\"", "\"0,2\",\"0,6\""]),
            ("track", ["1", "1"]),
            ("track", ["left", "right"]),
        ] {
            let table = table(names, cells);
            let error = scanned(&table, "").expect_err(names);
            assert!(error.contains("may say which") && error.contains("ignore = ["), "{names}: {error}");
            let ignored: Vec<String> = names.split(',').map(|name| format!("'{name}'")).collect();
            assert!(scanned(&table, &format!("ignore = [{}]", ignored.join(", "))).is_ok(), "{names}");
        }
    }

    #[test]
    fn what_is_certain_is_read() {
        for (names, cells, ids) in [
            ("offset,length", ["0.1,0.4", "0.2,0.5"], ["mine/x/a_0.100-0.500", "mine/y/b_0.200-0.700"]),
            ("from_sec,to_sec", ["0.1,0.4", "0.2,0.5"], ["mine/x/a_0.100-0.400", "mine/y/b_0.200-0.500"]),
        ] {
            let scan = scanned(&table(names, cells), "").unwrap();
            assert_eq!(scan.clips.iter().map(|clip| clip.id.as_str()).collect::<Vec<_>>(), ids);
        }
    }

    #[test]
    fn rows_of_one_file_that_follow_one_another_are_parts_of_it_whatever_their_columns_are_called() {
        let rows = "a.wav,sad,x,0.0,0.3\na.wav,happy,x,0.3,0.6\na.wav,sad,x,0.7,0.9\nb.wav,sad,y,0.1,0.2\n";
        let error = scanned(&format!("path,emotion,speaker,alpha,omega\n{rows}"), "").unwrap_err();
        assert!(error.contains("alpha"), "{error}");
        let error = scanned(&format!("path,emotion,speaker,alpha,omega\n{rows}"), "ignore = ['alpha', 'omega']");
        assert!(error.unwrap_err().contains("3 of its 4 rows name a file"));
        let said = scanned(&format!("path,emotion,speaker,alpha,omega\n{rows}"), "start = 'alpha'\nend = 'omega'");
        assert_eq!(said.unwrap().clips.len(), 4);
    }

    #[test]
    fn what_is_no_part_of_a_file_passes() {
        for (names, cells) in [
            ("duration_ms,n_samples", ["1000,8000", "1001,8003"]),
            ("length", ["1.0", "1.02"]),
            ("length", ["45", "12"]),
            ("text_length", ["120", "300"]),
            ("valence,arousal", ["0.2,0.7", "0.4,0.6"]),
            ("take,segment,sample", ["1,1,1", "2,2,2"]),
            ("year,age_range", ["2020,20-30", "2021,30-40"]),
            ("from,in", ["Rome,house", "Ghent,car"]),
            ("opt_in,fold", ["0,1", "1,2"]),
            ("sample_rate,channels", ["8000,1", "8000,1"]),
            ("time", ["14:05:22", "15:01:02"]),
            ("date", ["2020-05-01", "2021-07-02"]),
            ("track", ["7", "12"]),
            ("side", ["train", "test"]),
            ("mos,snr", ["3.2,18.5", "4.1,20.3"]),
            ("start,end,time,ms", ["0.1,0.4,0.2,150", "0.1,0.4,0.3,150"]),
            ("valence,arousal", ["0.2,0.7\na.wav,sad,x,0.3,0.8", "0.4,0.6\nc.wav,sad,y,0.1,0.5\nd.wav,sad,y,0.5,0.9"]),
        ] {
            assert!(scanned(&table(names, cells), "").is_ok(), "{names}: {:?}", scanned(&table(names, cells), ""));
        }
    }

    #[test]
    fn a_column_is_one_thing() {
        let error = scanned("path,emotion,speaker\na.wav,sad,x\n", "emotion = 'speaker'").unwrap_err();
        assert!(error.contains("\"speaker\"") && error.contains("two things, emotion and speaker"), "{error}");
    }
}
