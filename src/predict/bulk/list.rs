//! Lists of recordings: read a stretch at a time, so that one of ten million rows costs no memory.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read as _, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use csv::StringRecord;
use tempfile::NamedTempFile;

#[cfg(feature = "parquet")]
use super::parquet;
use super::{
    open,
    read::{Item, Part, Place},
};
use crate::{
    audio::Channel,
    corpus::{
        channel::Channels,
        columns::{nearly_tells_of_a_part, tells_of_a_part},
        manifest::{file_of, is_nested, times},
        parts::{is_called_like_a_length, is_called_like_a_part, is_interval_cell},
        table::{self, PARQUET_EXTENSIONS, separator},
    },
    error::{Error, Result},
    predict::STDIN,
};

/// What archives' names end in.
const TAR: &str = ".tar";

/// Rows of a list that make one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    /// From 0.
    pub(super) first: usize,
    pub(super) rows: usize,
}

/// How the list is written.
#[derive(Debug, Clone)]
enum Kind {
    /// A path a line.
    Lines,
    /// A table with a header.
    Csv { separator: u8, columns: Columns },
    /// A JSON object a line; the key that says who speaks, where one does.
    Json(Option<String>),
    #[cfg(feature = "parquet")]
    Parquet(parquet::Table),
}

/// Where a row's cells are.
#[derive(Debug, Clone)]
struct Columns {
    /// How many there are.
    width: usize,
    /// Those that are not read: where they hold numbers alone and are called like a part, or intervals, they are not passed
    /// over.
    unread: Vec<(usize, String, Called)>,
    path: usize,
    start: Option<usize>,
    end: Option<usize>,
    duration: Option<usize>,
    channel: Option<usize>,
    speaker: Option<usize>,
}

/// What a column that is not read is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Called {
    LikeAPart,
    Otherwise,
}

impl Called {
    /// Whether a cell under such a name may say which part is meant.
    fn may_be_a_part(self, cell: &str) -> bool {
        (self == Self::LikeAPart && cell.parse::<f64>().is_ok()) || is_interval_cell(cell)
    }

    /// By the name, and whether it is known where the part begins and where it ends.
    fn of(name: &str, has_start: bool, has_end: bool) -> Option<Self> {
        let is_part = nearly_tells_of_a_part(name)
            || is_called_like_a_part(name)
            || (has_start && !has_end && is_called_like_a_length(name));
        match (is_part, has_start && has_end) {
            (true, _) => Some(Self::LikeAPart),
            (false, false) => Some(Self::Otherwise),
            (false, true) => None,
        }
    }
}

/// A list that was looked through once.
pub(super) struct List {
    path: PathBuf,
    /// The words for it in messages.
    name: PathBuf,
    /// What relative paths are relative to.
    base: PathBuf,
    kind: Kind,
    digest: String,
    rows: usize,
    stretches: Vec<Stretch>,
    /// What came on standard input.
    _spooled: Option<NamedTempFile>,
}

impl List {
    /// Looks through a list: its digest, its rows, its parts. An archive is a part of its own, however many it holds. `speaker` is the
    /// column that says who speaks, where one does.
    pub(super) fn open(path: &Path, part_rows: usize, speaker: Option<&str>) -> Result<Self> {
        let (name, spooled) = match path == Path::new(STDIN) {
            true => (PathBuf::from("standard input"), Some(spool()?)),
            false => (path.to_owned(), None),
        };
        let (path, base) = match &spooled {
            Some(file) => (file.path().to_owned(), PathBuf::new()),
            None => (path.to_owned(), path.parent().unwrap_or(Path::new("")).to_owned()),
        };
        let extension = name.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
        let kind = match extension.as_deref() {
            Some("csv" | "tsv") => header(&path, &name, speaker)?,
            Some(of) if PARQUET_EXTENSIONS.contains(&of) => parquet_kind(&path, &name, &base, speaker)?,
            Some("jsonl" | "ndjson") => Kind::Json(speaker.map(str::to_lowercase)),
            Some("json") => {
                let problem = "a list in JSON has one object on each line, and a name that ends in .jsonl";
                return Err(Error::file(&name, problem));
            }
            _ if speaker.is_some() => {
                return Err(no_column(&name, speaker, &[]));
            }
            _ => Kind::Lines,
        };
        let mut list =
            Self { path, name, base, kind, digest: String::new(), rows: 0, stretches: Vec::new(), _spooled: spooled };
        let mut hasher = blake3::Hasher::new();
        io::copy(&mut open(&list.path)?, &mut hasher).map_err(Error::io("read the list", &list.name))?;
        list.digest = hasher.finalize().to_hex().to_string();
        list.look_through(part_rows)?;
        if list.rows == 0 {
            return Err(Error::file(&list.name, "the list has no rows: nothing to recognise"));
        }
        Ok(list)
    }

    fn look_through(&mut self, part_rows: usize) -> Result<()> {
        let mut stretches: Vec<Stretch> = Vec::new();
        let mut add = |row: usize, alone: bool, after_alone: bool| match stretches.last_mut() {
            Some(last) if !alone && !after_alone && last.rows < part_rows => last.rows += 1,
            _ => stretches.push(Stretch { first: row, rows: 1 }),
        };
        #[cfg(feature = "parquet")]
        if let Kind::Parquet(table) = &self.kind
            && table.has_recordings
        {
            // None of them is an archive, and to look at each would be to read all.
            self.rows = table.height;
            (0..self.rows).for_each(|row| add(row, false, false));
            self.stretches = stretches;
            return Ok(());
        }
        let mut rows = self.all_rows()?;
        let (mut row, mut after, mut said) = (0, false, false);
        while let Some(item) = rows.next(usize::MAX)? {
            said |= item.speaker.is_some();
            let alone = matches!(item.place, Place::Archive);
            add(row, alone, after);
            (row, after) = (row + 1, alone);
        }
        match (&rows.from, &self.kind) {
            (From::Csv { numbers, last, .. }, Kind::Csv { separator, columns }) => {
                let is_meant = |at: usize| numbers.iter().any(|(column, filled)| *column == at && *filled);
                if let Some((_, name, _)) = columns.unread.iter().find(|(at, ..)| is_meant(*at)) {
                    return Err(Error::file(&self.name, may_be_a_part(name)));
                }
                // A quote that is never closed makes one cell of all that follows; only the last row can have one.
                let mut rest = Vec::new();
                let mut file = open(&self.path)?;
                let read = file.seek(SeekFrom::Start(last.1)).and_then(|_| file.read_to_end(&mut rest));
                read.map_err(Error::io("read the list", &self.name))?;
                if table::is_open(&rest, *separator) {
                    return Err(table::no_csv(&self.name, &format!("line {} {}", last.0, table::NEVER_CLOSED)));
                }
            }
            (_, Kind::Json(Some(speaker))) if !said => {
                return Err(Error::file(&self.name, format!("no row has a key \"{speaker}\", which --speaker names")));
            }
            _ => {}
        }
        self.rows = row;
        self.stretches = stretches;
        Ok(())
    }

    pub(super) fn digest(&self) -> &str {
        &self.digest
    }

    /// Whether the list holds the recordings themselves.
    pub(super) fn holds_recordings(&self) -> bool {
        #[cfg(feature = "parquet")]
        if let Kind::Parquet(table) = &self.kind {
            return table.has_recordings;
        }
        false
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn stretches(&self) -> &[Stretch] {
        &self.stretches
    }

    /// Reads from the beginning.
    pub(super) fn reader(&self) -> Result<Reader<'_>> {
        Ok(Reader { list: self, rows: self.all_rows()?, at: 0 })
    }

    fn all_rows(&self) -> Result<Rows<'_>> {
        let file = || open(&self.path).map(BufReader::new);
        let from = match &self.kind {
            Kind::Csv { separator, columns } => {
                let reader = csv::ReaderBuilder::new().delimiter(*separator).flexible(true).from_reader(file()?);
                let numbers = columns.unread.iter().map(|(at, ..)| (*at, false)).collect();
                From::Csv { reader: Box::new(reader), columns, numbers, last: (1, 0) }
            }
            Kind::Json(_) | Kind::Lines => From::Lines(file()?, 0),
            #[cfg(feature = "parquet")]
            Kind::Parquet(table) => From::Parquet(parquet::Rows::new(table)),
        };
        Ok(Rows { list: self, from })
    }
}

/// Items of a list, stretch by stretch in their order.
pub(super) struct Reader<'a> {
    list: &'a List,
    rows: Rows<'a>,
    /// The next row.
    at: usize,
}

impl<'a> Reader<'a> {
    /// The items of a stretch, each read when it is asked for.
    pub(super) fn items(&mut self, stretch: Stretch) -> impl Iterator<Item = Result<Item>> + use<'_, 'a> {
        let skipped = self.skip_to(stretch.first).err();
        let end = stretch.first + stretch.rows;
        // It was there when the list was looked through.
        let changed = || Error::file(&self.list.name, "the list has changed while it was read: start again");
        let rest = (stretch.first..end).map(move |row| {
            self.at = row + 1;
            self.rows.next(end)?.ok_or_else(changed)
        });
        skipped.map(Err).into_iter().chain(rest)
    }

    fn skip_to(&mut self, row: usize) -> Result<()> {
        #[cfg(feature = "parquet")]
        if let From::Parquet(rows) = &mut self.rows.from {
            rows.skip_to(row);
            self.at = row;
        }
        while self.at < row {
            self.rows.next(row)?;
            self.at += 1;
        }
        Ok(())
    }
}

/// The rows of a list, one after the other.
struct Rows<'a> {
    list: &'a List,
    from: From<'a>,
}

enum From<'a> {
    /// With the number of the last line.
    Lines(BufReader<File>, usize),
    Csv {
        reader: Box<csv::Reader<BufReader<File>>>,
        columns: &'a Columns,
        /// Columns of [`Columns::unread`] that may be parts by all cells so far, and whether they had any.
        numbers: Vec<(usize, bool)>,
        /// The line and byte where the last row begins.
        last: (u64, u64),
    },
    #[cfg(feature = "parquet")]
    Parquet(parquet::Rows<'a>),
}

impl Rows<'_> {
    /// The next row; `end` is the first that is not asked for soon.
    #[cfg_attr(not(feature = "parquet"), expect(unused_variables, reason = "text is read line by line"))]
    fn next(&mut self, end: usize) -> Result<Option<Item>> {
        let name = &self.list.name;
        match &mut self.from {
            From::Lines(lines, number) => loop {
                let mut line = String::new();
                *number += 1;
                let read = lines.read_line(&mut line).map_err(Error::io("read the list", name))?;
                if read == 0 {
                    return Ok(None);
                }
                let path = line.trim_end_matches(['\n', '\r']);
                let path = if *number == 1 { path.trim_start_matches('\u{feff}') } else { path };
                if path.trim().is_empty() {
                    continue;
                }
                let wrong = |problem: String| Error::file(name, format!("line {number}: {problem}"));
                return match &self.list.kind {
                    Kind::Json(speaker) => self.list.object(path, speaker.as_deref()).map(Some).map_err(wrong),
                    _ if path.starts_with("{\"") => {
                        Err(wrong("a JSON object: a list of such has a name that ends in .jsonl".into()))
                    }
                    _ => Ok(Some(self.list.item(path, None, None))),
                };
            },
            From::Csv { reader, columns, numbers, last } => {
                let mut record = StringRecord::new();
                let read = reader.read_record(&mut record);
                let (line, byte) = record.position().map_or((0, 0), |at| (at.line(), at.byte()));
                let no_csv = |problem: String| table::no_csv(name, &problem);
                if !read.map_err(|error| no_csv(format!("line {} {}", last.0 + 1, table::problem_of(&error))))? {
                    return Ok(None);
                }
                *last = (line, byte);
                if record.len() != columns.width {
                    return Err(no_csv(table::unequal(&format!("line {line}"), record.len(), columns.width)));
                }
                if record.as_slice().contains('\0') {
                    return Err(no_csv(table::holds_nul(line)));
                }
                numbers.retain_mut(|(at, filled)| match record.get(*at).map(str::trim) {
                    None | Some("") => true,
                    Some(cell) => {
                        *filled = true;
                        let called =
                            columns.unread.iter().find(|(column, ..)| column == at).map(|(.., called)| *called);
                        called.is_some_and(|called| called.may_be_a_part(cell))
                    }
                });
                let wrong = |problem: String| Error::file(name, format!("line {line}: {problem}"));
                let path = record.get(columns.path).map(table::unquoted).unwrap_or_default();
                let path = Some(path.trim()).filter(|cell| !cell.is_empty()).ok_or_else(|| wrong("no path".into()))?;
                let cells = [columns.start, columns.end, columns.duration, columns.channel];
                let cells = cells.map(|column| column.and_then(|at| record.get(at)).map(table::unquoted));
                let part = part(cells.each_ref().map(Option::as_deref)).map_err(wrong)?;
                let said = columns.speaker.and_then(|at| record.get(at)).map(table::unquoted);
                let speaker = said.as_deref().and_then(speaker);
                Ok(Some(self.list.item(path, part, speaker)))
            }
            #[cfg(feature = "parquet")]
            From::Parquet(rows) => rows.next(end),
        }
    }
}

impl List {
    fn item(&self, path: &str, part: Option<Part>, speaker: Option<String>) -> Item {
        item(&self.base, path, part, speaker)
    }

    /// A row in JSON.
    fn object(&self, line: &str, said_by: Option<&str>) -> std::result::Result<Item, String> {
        let wrong = |error: serde_json::Error| format!("no JSON object on a line of its own: {error}");
        let table::Object(pairs) = serde_json::from_str(line).map_err(wrong)?;
        let mut names: Vec<String> = pairs.iter().map(|(name, _)| name.trim().to_lowercase()).collect();
        check_parts(&names)?;
        let has = |wanted: &str| names.iter().any(|name| name == wanted);
        let (has_start, has_end) = (has("start"), has("end") || has("duration"));
        let read = ["path", "start", "end", "duration", "channel"];
        let is_meant = |(name, value): &&(String, serde_json::Value)| {
            let called = Called::of(name, has_start, has_end)
                .filter(|_| !read.contains(&name.trim().to_lowercase().as_str()) && said_by != Some(name.as_str()));
            called.is_some_and(|called| match value {
                serde_json::Value::Number(_) => called == Called::LikeAPart,
                serde_json::Value::String(text) => called.may_be_a_part(text.trim()),
                _ => false,
            })
        };
        if let Some((name, _)) = pairs.iter().find(is_meant) {
            return Err(may_be_a_part(name));
        }
        let mut cells: Vec<Option<String>> = pairs.into_iter().map(|(_, value)| table::text_of(value)).collect();
        let mut cell = |wanted: &str| {
            let at = names.iter().position(|name| name == wanted)?;
            names[at].clear();
            cells[at].take()
        };
        let path = cell("path").ok_or("no path")?;
        if is_nested(&path) {
            return Err(format!("the path is {path}: write the name of a file, not a list or an object"));
        }
        let times = ["start", "end", "duration", "channel"].map(&mut cell);
        let part = part(times.each_ref().map(Option::as_deref))?;
        let speaker = said_by.and_then(cell).as_deref().and_then(speaker);
        Ok(self.item(&path, part, speaker))
    }
}

/// A row of a list; a spreadsheet's text is taken as it was meant.
pub(super) fn item(base: &Path, path: &str, part: Option<Part>, speaker: Option<String>) -> Item {
    let path = crate::escape::from_csv(path);
    let place = match part {
        Some(part) => Place::Segment(part),
        None if path.to_ascii_lowercase().ends_with(TAR) => Place::Archive,
        None => Place::File,
    };
    Item { name: path.to_string(), path: file_of(base, path), place, speaker }
}

/// Who speaks, by a cell; nobody who is known where it is empty.
pub(super) fn speaker(cell: &str) -> Option<String> {
    Some(cell.trim()).filter(|cell| !cell.is_empty()).map(str::to_owned)
}

/// There is no column that says who speaks.
pub(super) fn no_column(list: &Path, wanted: Option<&str>, names: &[String]) -> Error {
    let wanted = wanted.unwrap_or_default();
    let known = "--speaker takes folder, file, all, or a column of the list";
    let problem = match names {
        [] => format!("a list of paths has no column \"{wanted}\": {known}, which is a table then"),
        _ => format!("no column \"{wanted}\" among \"{}\": {known}", names.join("\", \"")),
    };
    Error::file(list, problem)
}

/// The part of a recording that a row is, from its cells of start, end, duration and channel; none where it is all of it.
pub(super) fn part(cells: [Option<&str>; 4]) -> std::result::Result<Option<Part>, String> {
    let [start, end, duration, channel] = cells.map(|cell| cell.map(str::trim).filter(|cell| !cell.is_empty()));
    let times = times(start, end, duration)?;
    let channel = Channels::FROM_ONE.read(channel)?;
    if times.is_none() && channel == Channel::Mix {
        return Ok(None);
    }
    let (start, end) = times.unwrap_or_default();
    Ok(Some(Part { start, end, channel }))
}

fn may_be_a_part(column: &str) -> String {
    format!(
        "the column \"{column}\" may say which part of a file a row is: call it start, end, duration (in seconds) or \
         channel, or leave it out"
    )
}

/// Refuses columns, by their names in lower case, that may say which part of a file a row is and are not understood.
pub(super) fn check_parts(names: &[String]) -> std::result::Result<(), String> {
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    let read = ["start", "end", "channel"];
    if let Some(column) = names.iter().find(|column| tells_of_a_part(column) && !read.contains(&column.as_str())) {
        return Err(may_be_a_part(column));
    }
    if has("duration") && !has("start") {
        return Err("has a column duration and none that says where: add a column start, or leave duration out".into());
    }
    Ok(())
}

/// The columns of a table of text.
fn header(path: &Path, name: &Path, speaker: Option<&str>) -> Result<Kind> {
    let mut first = Vec::new();
    BufReader::new(open(path)?).read_until(b'\n', &mut first).map_err(Error::io("read the list", name))?;
    let no_csv = |problem: String| table::no_csv(name, &problem);
    table::check_encoding(&first).map_err(no_csv)?;
    if first.contains(&0) {
        return Err(no_csv(table::holds_nul(1)));
    }
    if table::separator_line(&first).is_some() {
        return Err(no_csv("its first line, sep=…, is for spreadsheets alone: remove it".into()));
    }
    let separator = separator(&first);
    let mut reader = csv::ReaderBuilder::new().delimiter(separator).flexible(true).from_reader(open(path)?);
    let wrong = |error: csv::Error| no_csv(format!("the first row {}", table::problem_of(&error)));
    let names: Vec<String> = reader
        .headers()
        .map_err(wrong)?
        .iter()
        .map(|name| table::unquoted(name.trim_start_matches('\u{feff}')).trim().to_lowercase())
        .collect();
    let mut known = std::collections::BTreeSet::new();
    if let Some(twice) = names.iter().find(|name| !name.is_empty() && !known.insert(*name)) {
        return Err(Error::file(name, table::two_called(twice)));
    }
    let at = |wanted: &str| names.iter().position(|name| name == wanted);
    let path = at("path").ok_or_else(|| {
        let names = names.join("\", \"");
        Error::file(name, format!("no column path among \"{names}\": call the recordings' column so"))
    })?;
    let said = speaker.map(|column| at(&column.to_lowercase()).ok_or_else(|| no_column(name, speaker, &names)));
    let said = said.transpose()?;
    let (has_start, has_end) = (at("start").is_some(), at("end").is_some() || at("duration").is_some());
    let read = [Some(path), at("start"), at("end"), at("duration"), at("channel"), said];
    let unread = names.iter().enumerate().filter(|(at, name)| !read.contains(&Some(*at)) && !name.is_empty());
    let columns = Columns {
        width: names.len(),
        unread: unread
            .filter_map(|(at, name)| Some((at, name.clone(), Called::of(name, has_start, has_end)?)))
            .collect(),
        path,
        start: at("start"),
        end: at("end"),
        duration: at("duration"),
        channel: at("channel"),
        speaker: said,
    };
    check_parts(&names).map_err(|problem| Error::file(name, problem))?;
    Ok(Kind::Csv { separator, columns })
}

/// Standard input as a file, to be read more than once.
fn spool() -> Result<NamedTempFile> {
    let name = Path::new("standard input");
    let mut file = NamedTempFile::new().map_err(Error::io("keep", name))?;
    io::copy(&mut io::stdin().lock(), &mut file).map_err(Error::io("read", name))?;
    file.flush().map_err(Error::io("keep", name))?;
    Ok(file)
}

#[cfg(not(feature = "parquet"))]
fn parquet_kind(_: &Path, name: &Path, _: &Path, _: Option<&str>) -> Result<Kind> {
    Err(Error::file(name, "this build reads no Parquet: build it with --features parquet, or write the list as CSV"))
}

#[cfg(feature = "parquet")]
fn parquet_kind(path: &Path, name: &Path, base: &Path, speaker: Option<&str>) -> Result<Kind> {
    parquet::Table::open(path, name, base, speaker).map(Kind::Parquet)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn listed(name: &str, text: &str) -> Result<Vec<(String, Place)>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let list = List::open(&path, 2, None)?;
        let mut reader = list.reader()?;
        let mut items = Vec::new();
        for &stretch in list.stretches() {
            for item in reader.items(stretch) {
                items.push(item?);
            }
        }
        Ok(items.into_iter().map(|item| (item.name, item.place)).collect())
    }

    fn stretches(text: &str) -> Vec<(usize, usize)> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.txt");
        std::fs::write(&path, text).unwrap();
        List::open(&path, 2, None).unwrap().stretches.iter().map(|of| (of.first, of.rows)).collect()
    }

    #[test]
    fn an_archive_is_a_part_of_its_own() {
        assert_eq!(stretches("a.wav\nb.wav\n\nc.wav\n"), [(0, 2), (2, 1)]);
        assert_eq!(stretches("a.wav\nb.tar\nc.TAR\nd.wav\ne.wav\nf.wav"), [(0, 1), (1, 1), (2, 1), (3, 2), (5, 1)]);
    }

    #[test]
    fn json_lines_are_rows_as_a_table_has_them() {
        let lines = "\u{feff}{\"path\": \"a.wav\", \"note\": {\"x\": 1}}\n\n{\"Path\": \"b.wav\", \"start\": 1.5, \"end\": \"0:03\"}\n";
        let rows = listed("a.jsonl", lines).unwrap();
        let segment =
            Part { start: Duration::from_millis(1500), end: Some(Duration::from_secs(3)), channel: Channel::Mix };
        assert_eq!(rows, [("a.wav".into(), Place::File), ("b.wav".into(), Place::Segment(segment))]);
        for (text, words) in [
            ("{\"file\": \"a.wav\"}", "line 1: no path"),
            ("{\"path\": {\"path\": \"a.wav\"}}", "line 1: the path is {"),
            ("{\"path\": \"a.wav\", \"path\": \"b.wav\"}", "there twice"),
            ("{\"path\": \"a.wav\", \"strat\": 1.5}", "\"strat\" may say which part"),
            ("{\"path\": \"a.wav\", \"start\": -1}", "start = \"-1\" is no time"),
            ("{\"path\": \"a.wav\"}\n[1]", "line 2: no JSON object"),
        ] {
            let error = listed("a.jsonl", text).unwrap_err().to_string();
            assert!(error.contains("a.jsonl") && error.contains(words), "{error}");
        }
        let error = listed("a.txt", "{\"path\": \"a.wav\"}\n").unwrap_err().to_string();
        assert!(error.contains(".jsonl"), "{error}");
        assert!(listed("a.json", "[]").unwrap_err().to_string().contains(".jsonl"));
    }

    #[test]
    fn paths_of_windows_are_found() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("d")).unwrap();
        std::fs::write(folder.path().join("d/a.wav"), b"").unwrap();
        let found = item(folder.path(), "d\\a.wav", None, None);
        assert_eq!(found.path, folder.path().join("d/a.wav"));
    }

    #[test]
    fn tables_have_paths_and_times() {
        let rows = listed("a.csv", "speaker,Path,start,end\n1,a.wav,,\n2,\"b, c.wav\",1.5,3\n3,d.tar,,\n").unwrap();
        let segment = Place::Segment(Part {
            start: Duration::from_millis(1500),
            end: Some(Duration::from_secs(3)),
            channel: Channel::Mix,
        });
        assert_eq!(
            rows,
            [("a.wav".into(), Place::File), ("b, c.wav".into(), segment), ("d.tar".into(), Place::Archive)]
        );
        let rows = listed("a.csv", "path,start,duration,channel\na.wav,1,2,\na.wav,,,2\na.wav,,,left\n").unwrap();
        let place = |start, end, channel| {
            let (start, end) = (Duration::from_secs(start), Option::map(end, Duration::from_secs));
            Place::Segment(Part { start, end, channel })
        };
        let places: Vec<Place> = rows.into_iter().map(|(_, place)| place).collect();
        assert_eq!(
            places,
            [place(1, Some(3), Channel::Mix), place(0, None, Channel::Only(1)), place(0, None, Channel::Only(0))]
        );
        for (table, word) in [
            ("path,offset\na.wav,1\n", "\"offset\" may say which part"),
            ("path,start_ms\na.wav,1\n", "\"start_ms\" may say which part"),
            ("path,duration\na.wav,1\n", "add a column start"),
            ("path,channel\na.wav,0\n", "line 2: channel = \"0\" is none"),
        ] {
            let error = listed("a.csv", table).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
        assert_eq!(listed("a.csv", "path;x\na.wav;1\n").unwrap().len(), 1);
        assert_eq!(listed("a.tsv", "\u{feff}path\tx\na,b.wav\t1\n").unwrap()[0].0, "a,b.wav");
        for (text, words) in [
            ("file\na.wav\n", "no column path among \"file\""),
            ("path\n", "no rows"),
            ("path,start\na.wav,soon\n", "line 2: start = \"soon\" is no time"),
            ("path,start,end\na.wav,3,2\n", "line 2: it ends at 2 s, and begins at 3 s"),
            ("path,start,end,duration\na.wav,1,2,9\n", "line 2: it goes from 1 to 2 s and lasts 9 s"),
            ("path,x\n,1\n", "line 2: no path"),
            ("path,x\na.wav,1\nb.wav\n", "line 3 has 1 cells, and the first row names 2 columns"),
            ("path,x\na.wav,1\nb.wav,\"2\nc.wav,3\n", "line 3 begins a cell with a quote that is never closed"),
            ("path,x\na.wav,1\0\n", "line 2 holds a NUL byte"),
            ("p\0a\0t\0h\0", "line 1 holds a NUL byte"),
            ("path,Path\na.wav,1\n", "two columns are called \"path\""),
            ("path,strat\na.wav,1\nb.wav,2\n", "\"strat\" may say which part"),
        ] {
            let error = listed("a.csv", text).unwrap_err().to_string();
            assert!(error.contains("a.csv") && error.contains(words), "{error}");
        }
    }
}
