//! Any other corpus, by a table of its clips.
//!
//! The table needs the columns `path`, `emotion` and `speaker`, by these names, by usual ones (`file`, `label`,
//! `speaker_id`) or by those that `columns` gives. Known besides are `start`, `end`, `duration` and `channel` (a row is
//! then a part of a longer file), `sex`, `age`, `sentence`, `intensity` and `repetition`; every other column is kept under its own name
//! in [`Metadata::extra`], where a protocol may read it. Case does not matter in the names of columns, order and separator
//! (comma, semicolon, tab) do not either.
//!
//! - Paths are relative to the corpus's `root`, or to the folder that holds the table; absolute paths are taken as they
//!   are. A row whose file is missing is excluded; a table none of whose files is there is an error.
//! - Names are brought to one spelling where that is safe; speakers whose names are suspiciously similar are an error.
//!   Whoever is called `unknown` or `nan` is nobody, and the row is excluded.
//! - A clip's stem is its file's, with the times where it is a segment, unless another clip of the speaker has the same:
//!   then both are called by the path.
//! - A clip that several rows name counts once if they agree on emotion and speaker, and not at all if they do not.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    Cause, CorpusConfig, Exclusion, Metadata, Scan, Sex, Source,
    channel::Channels,
    columns::Columns,
    entries::{self, Entry, OLDEST, Part},
    parts,
    spelling::is_left_open,
    table::{Row, Table},
};
use crate::{
    audio::load,
    error::{Error, Result},
    files,
};

/// As many files tell whether a column of durations is of the whole files.
const SAMPLED: usize = 500;

/// How far a duration may be from a file's and still be its own: tables round.
pub(super) const ROUNDING: f64 = 0.1;

pub(super) fn scan(config: &CorpusConfig, data: &Path) -> Result<Scan> {
    let (path, tables) = find_tables(config, data)?;
    let table = Table::of_clips(&tables, &path)?;
    let mut columns = Columns::find(&table, &config.columns)?;
    let base = match &config.root {
        Some(root) => data.join(root),
        None => path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned(),
    };
    if let (Some(duration), false, None) = (columns.duration, columns.has_times(), &config.columns.duration) {
        check_durations(&table, &columns, duration, &base)?;
        columns.duration = None;
    }
    parts::refuse_unread(&table, &columns, &config.columns, &base)?;
    let channels = Channels::find(&table, &columns, config.columns.first_channel, &base)?;
    let is_open = open_labels(&table, columns.emotion);
    let mut excluded = Vec::new();
    let mut entries = Vec::new();
    let mut listed = std::collections::BTreeSet::new();
    for (number, row) in table.rows() {
        listed.extend(
            row.get(columns.emotion).map(|emotion| entries::emotion(emotion)).filter(|emotion| !is_open(emotion)),
        );
        match columns.read(number, row, channels, &base, is_open) {
            Ok(entry) => entries.push(entry),
            Err(Refused { file, reason, cause }) => {
                excluded.push(Exclusion { path: file.unwrap_or_else(|| path.clone()), reason, cause });
            }
        }
    }
    if entries.is_empty() {
        return Err(Error::Data(nothing_there(&path, &base, &excluded)));
    }
    refuse_contested(&path, &entries)?;
    drop(table);
    let mut scan = entries::clips(config, entries, excluded)?;
    scan.listed.append(&mut listed);
    Ok(scan)
}

/// The table, in the data folder or else in the working folder: its name, and the files that it is made of. They are several
/// where the file's name has a `*`, as `train-*.parquet`.
fn find_tables(config: &CorpusConfig, data: &Path) -> Result<(PathBuf, Vec<PathBuf>)> {
    // That there is one was validated.
    let path = config.path.as_deref().unwrap_or(Path::new(""));
    let places = [data.join(path), path.to_owned()];
    for place in &places {
        match files::check(place) {
            Err(problem) if problem.kind() != std::io::ErrorKind::NotFound => {
                let name = path.display();
                return Err(Error::Config(format!(
                    "`path` = {name} in [[corpora]] names {}: {problem}",
                    place.display()
                )));
            }
            _ => {}
        }
        let files = if place.is_file() { vec![place.clone()] } else { fitting(place) };
        if !files.is_empty() {
            return Ok((place.clone(), files));
        }
    }
    Err(Error::Config(format!(
        "no table {} for kind = \"manifest\" (looked for {} and {}): `path` in its [[corpora]] table is relative to \
         --data, else $SER_DATASETS, else datasets/, or to the working folder",
        path.display(),
        places[0].display(),
        places[1].display()
    )))
}

/// The files whose name is that of `pattern` with anything in place of its `*`, in the order of their names.
fn fitting(pattern: &Path) -> Vec<PathBuf> {
    let name = pattern.file_name().unwrap_or_default().to_string_lossy();
    let (Some((before, after)), Some(folder)) = (name.split_once('*'), pattern.parent()) else { return Vec::new() };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(std::result::Result::ok);
    let fits = |path: &PathBuf| {
        let found = path.file_name().unwrap_or_default().to_string_lossy();
        found.len() >= before.len() + after.len()
            && found.starts_with(before)
            && found.ends_with(after)
            && path.is_file()
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(fits).collect();
    files.sort();
    files
}

fn nothing_there(table: &Path, base: &Path, excluded: &[Exclusion]) -> String {
    let Some(Exclusion { path, reason, cause }) = excluded.first() else {
        return format!("the table {} has no rows: list one clip in each", table.display());
    };
    let mut text =
        format!("no row of the {} in {} can be used: {}: {reason}", excluded.len(), table.display(), path.display());
    if *cause == Cause::Missing {
        text.push_str(&format!(
            ". Paths are relative to the folder {}; set `root` in the [[corpora]] table to another one",
            base.display()
        ));
    }
    text
}

/// What tells a label that is left open. A `-1` among words or counted classes is one; among -1, 0 and 1, or other numbers
/// below zero, it is a class.
fn open_labels(table: &Table, emotion: &str) -> fn(&str) -> bool {
    fn is_minus_one(label: &str) -> bool {
        ["-1", "-1.0"].contains(&label.trim())
    }
    let numbers: Option<Vec<f64>> = table.cells(emotion).iter().flatten().map(|cell| cell.parse().ok()).collect();
    let is_scale = |numbers: Vec<f64>| {
        let has_other = |is: fn(f64) -> bool| numbers.iter().any(|number| is(*number));
        has_other(|number| number < 0.0 && number != -1.0) || !has_other(|number| number > 1.0)
    };
    match numbers.is_some_and(is_scale) {
        true => is_left_open,
        false => |label| is_left_open(label) || is_minus_one(label),
    }
}

/// Refuses a table most of whose rows contradict each other about the same files: rows of parts, or of several judges.
fn refuse_contested(table: &Path, entries: &[Entry]) -> Result<()> {
    if entries.iter().any(|entry| entry.part.is_some()) {
        return Ok(());
    }
    let mut files: HashMap<&Path, (usize, bool, &Entry)> = HashMap::with_capacity(entries.len());
    for entry in entries {
        let (rows, contested, first) = files.entry(&entry.file).or_insert((0, false, entry));
        *rows += 1;
        *contested |= entry.emotion.to_lowercase() != first.emotion.to_lowercase() || entry.speaker != first.speaker;
    }
    let contested = || files.values().filter(|(_, contested, _)| *contested);
    let rows: usize = contested().map(|(rows, ..)| rows).sum();
    let first = contested().map(|(.., first)| first).min_by_key(|first| first.number);
    match first.filter(|_| 2 * rows > entries.len()) {
        Some(first) => Err(Error::file(
            table,
            format!(
                "{rows} of its {} rows name a file that another row names with another emotion or speaker, as {}: if each is \
                 a part of it, say which, in columns start and end (or as columns = {{ start = \"…\" }} in its [[corpora]] \
                 table); if several people judged it, list it once, with what they agree on",
                entries.len(),
                first.written
            ),
        )),
        None => Ok(()),
    }
}

/// A column of durations without a start is known of many tables, where it is how long each file is. It may as well say
/// how much of each file is meant, and the files tell which.
fn check_durations(table: &Table, columns: &Columns<'_>, column: &str, base: &Path) -> Result<()> {
    let step = table.height().div_ceil(SAMPLED).max(1);
    for (number, row) in table.rows().step_by(step) {
        let (Some(path), Some(text)) = (row.get(columns.path), row.get(column)) else { continue };
        let file = file_of(base, path);
        let Ok(audio) = load(&Source::File(file.clone())) else { continue };
        let length = audio.samples.len() as f64 / f64::from(audio.sample_rate.max(1));
        let said = seconds(text).ok().flatten().map(|said| said.as_secs_f64());
        // How long a file is, some say in milliseconds or samples.
        let is_length = |said: f64| {
            [1.0, 1000.0, f64::from(audio.sample_rate)]
                .iter()
                .any(|unit| (said - unit * length).abs() <= unit * ROUNDING.max(0.02 * length))
        };
        if !said.is_some_and(is_length) {
            let problem = format!(
                "row {number} has the {column} {text}, and {} lasts {length:.2} s: if the first so many seconds of each \
                 file are meant, set columns = {{ duration = \"{column}\" }} in the [[corpora]] table; if not, columns = \
                 {{ ignore = [\"{column}\"] }}",
                file.display()
            );
            return Err(Error::file(table.path(), problem));
        }
    }
    Ok(())
}

/// The file that a row names. Tables that were written on Windows have backslashes.
pub(crate) fn file_of(base: &Path, written: &str) -> PathBuf {
    let file = base.join(written);
    if written.contains('\\') && !file.exists() {
        let slashes = base.join(written.replace('\\', "/"));
        if slashes.is_file() {
            return slashes;
        }
    }
    file
}

/// Whether a cell is a list or an object, as JSON and Python write them.
pub(crate) fn is_nested(cell: &str) -> bool {
    (cell.starts_with('[') && cell.ends_with(']')) || (cell.starts_with('{') && cell.ends_with('}'))
}

/// Why a row cannot be used, with the file where it names one.
struct Refused {
    file: Option<PathBuf>,
    reason: String,
    cause: Cause,
}

impl Columns<'_> {
    /// Reads a row.
    fn read(
        &self,
        number: usize,
        mut row: Row<'_>,
        channels: Channels,
        base: &Path,
        is_open: fn(&str) -> bool,
    ) -> std::result::Result<Entry, Refused> {
        let Some(written) = row.remove(self.path) else {
            return Err(Refused { file: None, reason: format!("row {number} has no path"), cause: Cause::Row });
        };
        if is_nested(written) && !file_of(base, written).exists() {
            let reason =
                format!("row {number}: the path is {written}: write the name of a file, not a list or an object");
            return Err(Refused { file: None, reason, cause: Cause::Row });
        }
        let file = file_of(base, written);
        let refuse = |reason, cause| Refused { file: Some(file.clone()), reason, cause };
        let mut need = |column: &str, what: &str| {
            row.remove(column).ok_or_else(|| refuse(format!("no {what} in row {number} of the table"), Cause::Row))
        };
        let (emotion, speaker) = (need(self.emotion, "emotion")?, need(self.speaker, "speaker")?);
        for (what, name) in [("emotion", emotion), ("speaker", speaker)] {
            if is_nested(name) {
                let problem = format!("row {number}: the {what} is {name}: write one name, not a list or an object");
                return Err(refuse(problem, Cause::Row));
            }
        }
        let speaker =
            entries::speaker(speaker).map_err(|problem| refuse(format!("row {number}: {problem}"), Cause::Row))?;
        let emotion = entries::emotion(emotion);
        if is_open(&emotion) {
            let problem = format!("no emotion in row {number} of the table: it has \"{emotion}\"");
            return Err(refuse(problem, Cause::Row));
        }
        let part = self
            .part(&mut row, channels)
            .map_err(|problem| refuse(format!("row {number} of the table: {problem}"), Cause::Row))?;
        match files::check(&file) {
            Ok(()) => {}
            Err(problem) if problem.kind() == std::io::ErrorKind::InvalidInput => {
                return Err(refuse(format!("row {number} of the table lists it, but {problem}"), Cause::Missing));
            }
            Err(_) => {
                return Err(refuse(format!("no such file, though row {number} of the table lists it"), Cause::Missing));
            }
        }
        let meta = Metadata { row: Some(number), ..self.metadata(row) };
        Ok(Entry { number, written: written.to_owned(), part, emotion, speaker, meta, file })
    }

    /// Which part of its file the row is: none where it is all of it.
    fn part(&self, row: &mut Row<'_>, channels: Channels) -> std::result::Result<Option<Part>, String> {
        let mut cell = |column: Option<&str>| column.and_then(|column| row.remove(column));
        let (start, end, duration) = (cell(self.start), cell(self.end), cell(self.duration));
        let channel = channels.read(cell(self.channel))?;
        Ok(Part::of(times(start, end, duration)?, channel))
    }

    /// Sorts the other cells into what is known and what is kept as it is; so is a known one that cannot be understood.
    fn metadata(&self, row: Row<'_>) -> Metadata {
        let mut meta = Metadata::default();
        for (column, value) in row {
            let text = || Some(value.to_owned());
            let understood = match Some(column) {
                column if column == self.sex => fill(&mut meta.sex, Sex::parse(value)),
                column if column == self.age => fill(&mut meta.age, whole_number(value).filter(|age| *age <= OLDEST)),
                column if column == self.sentence => fill(&mut meta.sentence, text()),
                column if column == self.intensity => fill(&mut meta.intensity, text()),
                column if column == self.repetition => fill(&mut meta.repetition, whole_number(value)),
                _ => false,
            };
            if !understood {
                meta.extra.insert(column.to_owned(), value.to_owned());
            }
        }
        meta
    }
}

/// Where a segment begins and, unless at the file's end, ends.
pub(crate) type Times = (Duration, Option<Duration>);

/// The segment that these cells describe; none where they are all empty.
pub(crate) fn times(
    start: Option<&str>,
    end: Option<&str>,
    duration: Option<&str>,
) -> std::result::Result<Option<Times>, String> {
    let time = |name: &str, text: Option<&str>| {
        text.map_or(Ok(None), |text| seconds(text).map_err(|problem| format!("{name} = \"{text}\" {problem}")))
    };
    let (start, end, duration) = (time("start", start)?, time("end", end)?, time("duration", duration)?);
    if start.is_none() && end.is_none() && duration.is_none() {
        return Ok(None);
    }
    let start = start.unwrap_or_default();
    let told = duration.map(|duration| start.saturating_add(duration));
    if let (Some(end), Some(told)) = (end, told)
        && end.abs_diff(told).as_secs_f64() > ROUNDING
    {
        let times = [start, end, told.saturating_sub(start)].map(|time| time.as_secs_f64());
        return Err(format!(
            "it goes from {} to {} s and lasts {} s, which do not agree",
            times[0], times[1], times[2]
        ));
    }
    match end.or(told) {
        Some(end) if end <= start => {
            Err(format!("it ends at {} s, and begins at {} s", end.as_secs_f64(), start.as_secs_f64()))
        }
        end => Ok(Some((start, end))),
    }
}

/// A time as tables write it: seconds, `[hours:]minutes:seconds`, or pandas's `0 days 00:00:01.5`. None where it is left
/// open (`NaT`).
pub(crate) fn seconds(text: &str) -> std::result::Result<Option<Duration>, &'static str> {
    if ["nat", "nan", "none", "null"].contains(&text.to_ascii_lowercase().as_str()) {
        return Ok(None);
    }
    const WRONG: &str = "is no time: write seconds, as 1.5, or hours:minutes:seconds";
    let (days, clock) = match text.split_once(" days").or_else(|| text.split_once(" day")) {
        // pandas writes no clock where all of it is zero.
        Some((days, "")) => (days.trim().parse::<u32>().map_err(|_| WRONG)?, "0"),
        Some((days, clock)) => (days.trim().parse::<u32>().map_err(|_| WRONG)?, clock),
        None => (0, text),
    };
    let mut total = 24.0 * f64::from(days);
    let parts: Vec<&str> = clock.trim().split(':').collect();
    if parts.len() > 3 {
        return Err(WRONG);
    }
    // Minutes and seconds alone have no hours before them.
    let missing = 3 - parts.len();
    for at in 0..2_usize {
        let part = at.checked_sub(missing).map_or(Ok(0), |at| parts[at].parse::<u32>().map_err(|_| WRONG))?;
        total = if at == 0 { total + f64::from(part) } else { 60.0 * total + f64::from(part) };
    }
    let last: f64 = parts.last().and_then(|part| part.parse().ok()).ok_or(WRONG)?;
    if !last.is_finite() || last < 0.0 || (missing < 2 && last >= 60.0) {
        return Err(WRONG);
    }
    // Microseconds are finer than a sample.
    let total = ((60.0 * total + last) * 1e6).round() / 1e6;
    Duration::try_from_secs_f64(total).map(Some).map_err(|_| WRONG)
}

/// Fills a field; whether there was something to fill it with.
fn fill<T>(field: &mut Option<T>, value: Option<T>) -> bool {
    *field = value;
    field.is_some()
}

/// A whole number, also as programs write it that keep columns with gaps as fractions: `31.0`.
fn whole_number(text: &str) -> Option<u32> {
    let whole = text.split_once('.').map_or(text, |(whole, zeros)| match zeros.bytes().all(|byte| byte == b'0') {
        true => whole,
        false => text,
    });
    whole.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{
        audio::{Channel, Segment},
        corpus::{AlikeSpeakers, Clip, ColumnsConfig, Kind, fake},
    };

    fn config() -> CorpusConfig {
        CorpusConfig { path: Some("lab/mine.csv".into()), ..CorpusConfig::new(Kind::Manifest) }
    }

    /// The files, and a table of them in `lab/mine.csv`.
    fn corpus(files: &[&str], table: &str) -> tempfile::TempDir {
        let data = fake::tree(files);
        fake::write(data.path(), "lab/mine.csv", table.as_bytes());
        data
    }

    fn scanned(files: &[&str], table: &str) -> Scan {
        super::super::scan(&config(), corpus(files, table).path()).unwrap()
    }

    fn ids(scan: &Scan) -> Vec<&str> {
        scan.clips.iter().map(|clip| clip.id.as_str()).collect()
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_no_table_and_no_recording_and_both_are_told() {
        let pipe = |path: &Path| assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
        let data = corpus(&["lab/a.wav"], "path,emotion,speaker\na.wav,sad,x\nb.wav,sad,y\n");
        pipe(&data.path().join("lab/b.wav"));
        let scan = super::super::scan(&config(), data.path()).unwrap();
        assert_eq!((scan.clips.len(), scan.excluded.len()), (1, 1));
        assert!(scan.excluded[0].reason.contains("row 3") && scan.excluded[0].reason.contains("a pipe"), "{scan:?}");
        std::fs::remove_file(data.path().join("lab/mine.csv")).unwrap();
        pipe(&data.path().join("lab/mine.csv"));
        let problem = super::super::scan(&config(), data.path()).unwrap_err().to_string();
        assert!(problem.contains("lab/mine.csv") && problem.contains("a pipe"), "{problem}");
    }

    #[test]
    fn a_row_is_a_clip_and_unknown_columns_are_kept() {
        let scan = scanned(
            &["lab/wavs/a.wav", "lab/wavs/b.wav"],
            "Speaker;Emotion;Path;sex;age;fold;Sentence;repetition\n\
             01;Happy;wavs/a.wav;F;31.0;3;Hello;2\n\
             02;Boredom;./wavs/b.wav;unknown;old;;;1.5\n",
        );
        assert_eq!(ids(&scan), ["mine/01/a", "mine/02/b"]);
        let [a, b] = &scan.clips[..] else { panic!("{scan:?}") };
        assert_eq!((a.emotion.as_str(), b.emotion.as_str()), ("happy", "Boredom"));
        assert_eq!((a.meta.sex, a.meta.age, a.meta.repetition), (Some(Sex::Female), Some(31), Some(2)));
        assert_eq!(a.meta.sentence.as_deref(), Some("Hello"));
        assert_eq!(a.meta.extra, BTreeMap::from([("fold".into(), "3".into())]));
        assert_eq!((b.meta.sex, b.meta.age, b.meta.repetition), (None, None, None));
        let kept: Vec<_> = b.meta.extra.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(kept, [("age", "old"), ("repetition", "1.5"), ("sex", "unknown")]);
        assert!(a.source.file().unwrap().ends_with("lab/wavs/a.wav"));
    }

    #[test]
    fn the_root_says_what_paths_are_relative_to() {
        let data = corpus(&["audio/a.wav"], "path,emotion,speaker\na.wav,sad,x\n");
        let with_root = CorpusConfig { root: Some("audio".into()), name: Some("lab".into()), ..config() };
        let scan = super::super::scan(&with_root, data.path()).unwrap();
        assert_eq!(ids(&scan), ["lab/x/a"]);
        let error = super::super::scan(&config(), data.path()).unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, Error::Data(_)) && text.contains("no such file") && text.contains("`root`"), "{text}");
    }

    #[test]
    fn rows_that_cannot_be_used_are_listed_with_their_number() {
        let scan = scanned(
            &["lab/a.wav", "lab/b.wav", "lab/c.wav"],
            "path,emotion,speaker\na.wav,sad,x\nb.wav,,x\nc.wav,sad,\n,sad,x\ngone.wav,sad,x\n",
        );
        assert_eq!(ids(&scan), ["mine/x/a"]);
        let reasons: Vec<_> = scan.excluded.iter().map(|exclusion| exclusion.reason.as_str()).collect();
        assert_eq!(
            reasons,
            [
                "no emotion in row 3 of the table",
                "no speaker in row 4 of the table",
                "no such file, though row 6 of the table lists it",
                "row 5 has no path",
            ]
        );
    }

    #[test]
    fn files_of_the_same_name_are_called_by_their_paths() {
        let files = ["lab/1/a.wav", "lab/2/a.wav", "lab/1/b.wav", "lab/3/a.wav"];
        let scan =
            scanned(&files, "path,emotion,speaker\n1/a.wav,sad,x\n2/a.wav,sad,x\n1/b.wav,sad,x\n3/a.wav,sad,y/z\n");
        assert_eq!(ids(&scan), ["mine/x/1_a.wav", "mine/x/2_a.wav", "mine/x/b", "mine/y_z/a"]);
    }

    #[test]
    fn a_file_listed_twice_counts_once_or_not_at_all() {
        let scan = scanned(
            &["lab/a.wav", "lab/b.wav", "lab/c.wav"],
            "path,emotion,speaker\na.wav,sad,x\n./a.wav,Sad,x\nb.wav,sad,x\nb.wav,angry,x\nc.wav,sad,x\n",
        );
        assert_eq!(ids(&scan), ["mine/x/a", "mine/x/c"]);
        let reasons: Vec<_> = scan.excluded.iter().map(|exclusion| exclusion.reason.as_str()).collect();
        assert_eq!(reasons[0], "row 3 lists it again (row 2 is kept)");
        assert!(reasons[1].contains("disagree") && reasons[2].contains("disagree"), "{reasons:?}");
    }

    #[test]
    fn a_table_that_is_missing_empty_or_lacks_a_column_is_an_error() {
        let data = fake::tree(&["a.wav"]);
        let error = super::super::scan(&config(), data.path()).unwrap_err();
        assert!(matches!(error, Error::Config(_)) && error.to_string().contains("lab/mine.csv"), "{error}");
        let failed = |table| super::super::scan(&config(), corpus(&[], table).path()).unwrap_err().to_string();
        assert!(failed("path,emotion,speaker\n").contains("has no rows"));
        let error = failed("name,emotion,speaker\na.wav,sad,x\n");
        assert!(error.contains("no column path among \"name\""), "{error}");
    }

    fn scanned_as(config: &CorpusConfig, files: &[&str], table: &str) -> Result<Scan> {
        super::super::scan(config, corpus(files, table).path())
    }

    #[test]
    fn columns_may_be_called_as_they_usually_are_or_as_the_config_says() {
        let files = ["lab/a.wav", "lab/b.wav"];
        let scan = scanned(&files, "File,Label,speaker_id\na.wav,sad,x\nb.wav,angry,y\n");
        assert_eq!(ids(&scan), ["mine/x/a", "mine/y/b"]);
        let columns = ColumnsConfig {
            path: Some("where".into()),
            speaker: Some("who".into()),
            sex: Some("f/m".into()),
            ..ColumnsConfig::default()
        };
        let config = CorpusConfig { columns, ..config() };
        let scan = scanned_as(&config, &files, "who,where,emotion,f/m\nx,a.wav,sad,f\n").unwrap();
        assert_eq!((ids(&scan), scan.clips[0].meta.sex), (vec!["mine/x/a"], Some(Sex::Female)));
    }

    #[test]
    fn speakers_in_two_spellings_are_refused_merged_or_kept_apart() {
        let files = ["lab/a.wav", "lab/b.wav", "lab/c.wav"];
        let table = "path,emotion,speaker\na.wav,sad,s00\nb.wav,sad,S00\nc.wav,sad, S00\u{a0}\n";
        let error = scanned_as(&config(), &files, table).unwrap_err().to_string();
        for word in ["\"S00\" (2 clips, as b.wav) and \"s00\" (1 clips, as a.wav)", "alike_speakers"] {
            assert!(error.contains(word), "{error}");
        }
        let with = |alike_speakers| {
            let config = CorpusConfig { alike_speakers, ..config() };
            let scan = scanned_as(&config, &files, table).unwrap();
            ids(&scan).into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(with(AlikeSpeakers::Same), ["mine/S00/a", "mine/S00/b", "mine/S00/c"]);
        assert_eq!(with(AlikeSpeakers::Distinct), ["mine/S00/b", "mine/S00/c", "mine/s00/a"]);
    }

    #[test]
    fn nobody_is_no_speaker() {
        let files = ["lab/a.wav", "lab/b.wav", "lab/c.wav"];
        let scan = scanned(&files, "path,emotion,speaker\na.wav,sad,x\nb.wav,sad,nan\nc.wav,happy,Unknown\n");
        assert_eq!(ids(&scan), ["mine/x/a"]);
        assert!(scan.excluded[0].reason.contains("row 3: the speaker \"nan\" names nobody"), "{:?}", scan.excluded);
        assert_eq!(scan.excluded[1].cause, Cause::Row);
        assert!(scan.listed.contains("happy"), "a class that is lost is told of");
    }

    #[test]
    fn an_empty_cell_of_another_program_is_no_emotion() {
        let files = ["lab/a.wav", "lab/b.wav", "lab/c.wav", "lab/d.wav"];
        let scan = scanned(&files, "path,emotion,speaker\na.wav,sad,x\nb.wav,NaN,x\nc.wav,#N/A,x\nd.wav,none,x\n");
        assert_eq!(ids(&scan), ["mine/x/a", "mine/x/d"]);
        assert_eq!(scan.excluded[0].reason, "no emotion in row 3 of the table: it has \"NaN\"");
        assert_eq!(scan.listed.iter().map(String::as_str).collect::<Vec<_>>(), ["none", "sad"]);
    }

    #[test]
    fn minus_one_is_no_emotion_unless_it_is_one_of_a_scale() {
        let files = ["lab/a.wav", "lab/b.wav", "lab/c.wav", "lab/d.wav"];
        let kept = |labels: [&str; 4]| {
            let row = |(file, label): (&str, &str)| format!("{file}.wav,{label},x\n");
            let rows: String = ["a", "b", "c", "d"].into_iter().zip(labels).map(row).collect();
            let scan = scanned(&files, &format!("path,emotion,speaker\n{rows}"));
            scan.clips.iter().map(|clip| clip.emotion.clone()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(kept(["sad", "-1", "happy", "#REF!"]), "sad happy");
        assert_eq!(kept(["0", "1", "2", "-1"]), "0 1 2");
        assert_eq!(kept(["-1", "0", "1", "1"]), "-1 0 1 1");
        assert_eq!(kept(["-2", "-1", "1", "2"]), "-2 -1 1 2");
    }

    #[test]
    fn emotions_that_differ_in_case_are_one() {
        let files = ["lab/a.wav", "lab/b.wav", "lab/c.wav"];
        let scan = scanned(&files, "path,emotion,speaker\na.wav,Boredom,x\nb.wav,boredom ,x\nc.wav,BOREDOM,x\n");
        assert!(scan.clips.iter().all(|clip| clip.emotion == "boredom"), "{scan:?}");
        let scan = scanned(&files, "path,emotion,speaker\na.wav,Boredom,x\nb.wav,SAD,x\nc.wav,BOREDOM,x\n");
        let emotions: Vec<&str> = scan.clips.iter().map(|clip| clip.emotion.as_str()).collect();
        assert_eq!(emotions, ["BOREDOM", "sad", "BOREDOM"]);
    }

    fn part(clip: &Clip) -> (f64, Option<f64>) {
        let Segment { start, end, .. } = clip.source.segment().unwrap();
        (start.as_secs_f64(), end.map(|end| end.as_secs_f64()))
    }

    #[test]
    fn rows_may_be_segments_of_longer_files() {
        let scan = scanned(
            &["lab/a.wav", "lab/b.wav"],
            "path,emotion,speaker,start,end\na.wav,sad,x,0,1.5\na.wav,angry,y,1.5,3\nb.wav,sad,x,,\n\
             a.wav,sad,x,2.5,\na.wav,sad,x,0.0,1.50\na.wav,sad,x,2,1\na.wav,sad,x,1e3 s,2\n",
        );
        assert_eq!(ids(&scan), ["mine/x/a_0.000-1.500", "mine/x/a_2.500-", "mine/x/b", "mine/y/a_1.500-3.000"]);
        assert_eq!(part(&scan.clips[0]), (0.0, Some(1.5)));
        assert_eq!(part(&scan.clips[1]), (2.5, None));
        assert_eq!(scan.clips[2].source.segment(), None);
        assert_eq!(scan.overlaps, [["mine/y/a_1.500-3.000", "mine/x/a_2.500-"]]);
        let reasons: Vec<&str> = scan.excluded.iter().map(|exclusion| exclusion.reason.as_str()).collect();
        assert!(reasons.contains(&"row 6 lists it again (row 2 is kept)"), "{reasons:?}");
        assert!(reasons.contains(&"row 7 of the table: it ends at 1 s, and begins at 2 s"), "{reasons:?}");
        assert!(reasons.iter().any(|reason| reason.contains("start = \"1e3 s\" is no time")), "{reasons:?}");
    }

    #[test]
    fn a_segment_may_have_a_length_in_place_of_an_end() {
        let table = "path,emotion,speaker,offset,duration\na.wav,sad,x,0:01.5,2\na.wav,sad,x,0 days 00:01:00,0.5\n";
        let scan = scanned(&["lab/a.wav"], table);
        assert_eq!(scan.clips.iter().map(part).collect::<Vec<_>>(), [(1.5, Some(3.5)), (60.0, Some(60.5))]);
        let table = "path,emotion,speaker,start,end,duration\na.wav,sad,x,1,2,1\na.wav,sad,x,3,4,3\n";
        let scan = scanned(&["lab/a.wav"], table);
        assert_eq!((scan.clips.len(), scan.excluded.len()), (1, 1));
        assert!(scan.excluded[0].reason.contains("do not agree"), "{:?}", scan.excluded);
    }

    /// A second of sound on two channels at 8 kHz: noise of its own on each.
    fn stereo() -> Vec<u8> {
        let mut bytes = std::io::Cursor::new(Vec::new());
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: 8_000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
        let mut state = 1u32;
        for _ in 0..16_000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            writer.write_sample((state >> 18) as i16 - 8_000).unwrap();
        }
        writer.finalize().unwrap();
        bytes.into_inner()
    }

    #[test]
    fn rows_may_be_channels_of_files() {
        let files = ["lab/a.wav"];
        let of = |table: &str| scanned(&files, &format!("path,emotion,speaker,channel,start,end\n{table}"));
        let channel = |clip: &Clip| clip.source.segment().map(|part| part.channel);
        let scan = of("a.wav,sad,x,1,,\na.wav,angry,y,2,,\na.wav,sad,x,left,0,1\na.wav,sad,y,2,1,2\n");
        assert_eq!(
            ids(&scan),
            ["mine/x/a_0.000-1.000_ch1", "mine/x/a_ch1", "mine/y/a_1.000-2.000_ch2", "mine/y/a_ch2"]
        );
        let channels: Vec<_> = scan.clips.iter().map(channel).collect();
        assert_eq!(channels, [0, 0, 1, 1].map(|channel| Some(Channel::Only(channel))));
        // What overlaps does so on one channel.
        assert_eq!(
            scan.overlaps,
            [["mine/x/a_0.000-1.000_ch1", "mine/x/a_ch1"], ["mine/y/a_ch2", "mine/y/a_1.000-2.000_ch2"]]
        );
        // Where one is 0, the first is; an empty cell is all of them, which has something of each.
        let scan = of("a.wav,sad,x,0,,\na.wav,angry,y,1,,\na.wav,sad,z,,,\n");
        assert_eq!(ids(&scan), ["mine/x/a_ch1", "mine/y/a_ch2", "mine/z/a"]);
        assert_eq!(scan.overlaps.len(), 1);
        assert_eq!(scan.overlaps[0].len(), 3);
        let scan = of("a.wav,sad,x,1,,\na.wav,angry,y,middle,,\n");
        assert!(scan.excluded[0].reason.starts_with("row 3 of the table: channel = \"middle\" is none"), "{scan:?}");
    }

    #[test]
    fn a_column_of_ones_is_not_guessed_at_where_files_have_a_second_channel() {
        let table = "path,emotion,speaker,channel\na.wav,sad,x,1\n";
        let data = corpus(&[], table);
        fake::write(data.path(), "lab/a.wav", &stereo());
        let error = super::super::scan(&config(), data.path()).unwrap_err().to_string();
        assert!(error.contains("of row 2 has 2 channels") && error.contains("first_channel = 0"), "{error}");
        for (first, channel) in [(0, 1), (1, 0)] {
            let columns = ColumnsConfig { first_channel: Some(first), ..ColumnsConfig::default() };
            let scan = super::super::scan(&CorpusConfig { columns, ..config() }, data.path()).unwrap();
            assert_eq!(scan.clips[0].source.segment().unwrap().channel, Channel::Only(channel));
        }
        fake::write(data.path(), "lab/a.wav", &crate::corpus::fake::sound(8000, 1.0));
        let scan = super::super::scan(&config(), data.path()).unwrap();
        assert_eq!(scan.clips[0].source.segment().unwrap().channel, Channel::Only(0), "there is but one");
    }

    #[test]
    fn segments_are_judged_and_compared_by_what_is_in_them() {
        let table = "path,emotion,speaker,start,end,channel\n\
                     a.wav,sad,x,0,0.5,1\na.wav,sad,y,0.5,1,2\nb.wav,sad,x,0,0.5,1\na.wav,sad,x,0.5,7,1\n\
                     c.wav,sad,z,0,0.4,\nc.wav,sad,z,0.6,1,\n";
        let data = corpus(&[], table);
        let whole = stereo();
        fake::write(data.path(), "lab/a.wav", &whole);
        // Another file with the same sound in other bytes.
        let mut other = whole.clone();
        other.extend(*b"LIST\x04\0\0\0abcd");
        let length = (other.len() as u32 - 8).to_le_bytes();
        other[4..8].copy_from_slice(&length);
        fake::write(data.path(), "lab/b.wav", &other);
        let mut half = whole;
        let middle = half.len() / 2;
        half[44..middle].fill(0);
        fake::write(data.path(), "lab/c.wav", &half);
        let (scan, findings) = crate::corpus::inspect(
            super::super::scan(&config(), data.path()).unwrap(),
            &crate::audio::Known::default(),
            || {},
        );
        assert_eq!(
            ids(&scan),
            [
                "mine/x/a_0.000-0.500_ch1",
                "mine/x/b_0.000-0.500_ch1",
                "mine/y/a_0.500-1.000_ch2",
                "mine/z/c_0.600-1.000"
            ]
        );
        let faults: Vec<_> = findings.faults.iter().map(|fault| (fault.clip.as_str(), fault.reason.as_str())).collect();
        let [(long, beyond), (silent, silence)] = faults[..] else { panic!("{faults:?}") };
        assert_eq!((long, silent), ("mine/x/a_0.500-7.000_ch1", "mine/z/c_0.000-0.400"));
        assert!(beyond.contains("of channel 1 is not in it, as it lasts 1.000 s"), "{beyond}");
        assert!(silence.contains("digital silence"), "{silence}");
        let groups: Vec<&[String]> = findings.groups().collect();
        assert_eq!(groups, [["mine/x/a_0.000-0.500_ch1", "mine/x/b_0.000-0.500_ch1"]]);
        assert_eq!(findings.facts("mine/z/c_0.600-1.000").unwrap().seconds(), 0.4);
    }

    #[test]
    fn a_column_of_durations_alone_is_held_against_the_files() {
        let audio = |name: &str| (name.to_owned(), crate::corpus::fake::sound(8000, 1.0));
        let data = corpus(&[], "path,emotion,speaker,duration\na.wav,sad,x,1.02\n");
        let (name, bytes) = audio("lab/a.wav");
        fake::write(data.path(), &name, &bytes);
        let scan = super::super::scan(&config(), data.path()).unwrap();
        assert_eq!((scan.clips[0].source.segment(), scan.clips[0].meta.extra["duration"].as_str()), (None, "1.02"));
        fake::write(data.path(), "lab/mine.csv", b"path,emotion,speaker,duration\na.wav,sad,x,0.4\n");
        let error = super::super::scan(&config(), data.path()).unwrap_err().to_string();
        assert!(error.contains("row 2") && error.contains("lasts 1.00 s") && error.contains("ignore"), "{error}");
        let columns = ColumnsConfig { duration: Some("duration".into()), ..ColumnsConfig::default() };
        let scan = super::super::scan(&CorpusConfig { columns, ..config() }, data.path()).unwrap();
        assert_eq!(part(&scan.clips[0]), (0.0, Some(0.4)));
    }

    #[test]
    fn rows_say_what_sets_them_apart_backslashes_are_read_and_lists_refused() {
        let table = "path,emotion,speaker,take\nwavs\\a.wav,sad,x,1\nwavs/a.wav,sad,x,2\nwavs/b.wav,['sad'],x,\n\
                     wavs/b.wav,\"{\"\"name\"\": 1}\",x,\n{'path': 'a.wav'},sad,x,3\n";
        let data = corpus(&["lab/wavs/a.wav", "lab/wavs/b.wav"], table);
        let scan = super::super::scan(&config(), data.path()).unwrap();
        assert_eq!(scan.clips.len(), 1);
        assert!(scan.clips[0].source.file().unwrap().ends_with("wavs/a.wav"), "{}", scan.clips[0].source);
        let reasons: Vec<&str> = scan.excluded.iter().map(|exclusion| exclusion.reason.as_str()).collect();
        assert_eq!(
            reasons,
            [
                "row 6: the path is {'path': 'a.wav'}: write the name of a file, not a list or an object",
                "row 3 lists it again (row 2 is kept), though its take is 2",
                "row 4: the emotion is ['sad']: write one name, not a list or an object",
                "row 5: the emotion is {\"name\": 1}: write one name, not a list or an object",
            ]
        );
    }

    #[test]
    fn a_clip_that_is_rated_twice_is_an_error_for_whoever_learns_the_rating() {
        let table = "path,emotion,speaker,arousal,Votes,take\na.wav,sad,x,3,4,1\nb.wav,sad,x,1,,1\na.wav,sad,x,3.0,5,2\n\
                     b.wav,sad,x,1,,1\n";
        let data = corpus(&["lab/a.wav", "lab/b.wav"], table);
        let scan = super::super::scan(&config(), data.path()).unwrap();
        let settled = |column: &str| super::super::settled(&scan.clips[0], column).map_err(|error| error.to_string());
        assert_eq!(scan.clips[0].contested("arousal"), None, "3 and 3.0 are one number");
        assert_eq!((settled("arousal"), settled("valence")), (Ok(()), Ok(())));
        let error = settled("votes").unwrap_err();
        for part in ["mine/x/a (row 2 of the table): votes is 4, and 5 in row 4", "write one row a clip"] {
            assert!(error.contains(part), "{error}");
        }
        assert_eq!(scan.clips[1].meta.contested.len(), 0);
    }

    #[test]
    fn times_are_read_as_tables_write_them() {
        for (text, expected) in [
            ("1.5", Some(1.5)),
            ("0", Some(0.0)),
            ("01:02.5", Some(62.5)),
            ("1:00:00", Some(3600.0)),
            ("0 days 00:00:01.250000", Some(1.25)),
            ("1 days 00:00:00", Some(86_400.0)),
            ("0 days", Some(0.0)),
            ("NaT", None),
        ] {
            assert_eq!(seconds(text).unwrap().map(|time| time.as_secs_f64()), expected, "{text}");
        }
        for text in ["-1", "1,5", "inf", "1:75", "a", "1:2:3:4", "1e400", ""] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
