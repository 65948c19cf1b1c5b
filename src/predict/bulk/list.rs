//! Lists of recordings: read a stretch at a time, so that one of ten million rows costs no memory.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
    time::Duration,
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
        columns::tells_of_a_part,
        table::{PARQUET_EXTENSIONS, separator},
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
    #[cfg(feature = "parquet")]
    Parquet(parquet::Table),
}

/// Where a row's cells are.
#[derive(Debug, Clone, Copy)]
struct Columns {
    path: usize,
    start: Option<usize>,
    end: Option<usize>,
    duration: Option<usize>,
    channel: Option<usize>,
    speaker: Option<usize>,
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
        let (mut row, mut after) = (0, false);
        while let Some(item) = rows.next(usize::MAX)? {
            let alone = matches!(item.place, Place::Archive);
            add(row, alone, after);
            (row, after) = (row + 1, alone);
        }
        self.rows = row;
        self.stretches = stretches;
        Ok(())
    }

    pub(super) fn digest(&self) -> &str {
        &self.digest
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
                From::Csv(Box::new(reader), columns)
            }
            Kind::Lines => From::Lines(file()?, 0),
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
    Csv(Box<csv::Reader<BufReader<File>>>, &'a Columns),
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
                if !path.trim().is_empty() {
                    return Ok(Some(self.list.item(path, None, None)));
                }
            },
            From::Csv(reader, columns) => {
                let mut record = StringRecord::new();
                let read = reader.read_record(&mut record);
                if !read.map_err(|e| Error::file(name, format!("not a table in CSV and UTF-8: {e}")))? {
                    return Ok(None);
                }
                let line = record.position().map_or(0, csv::Position::line);
                let wrong = |problem: String| Error::file(name, format!("line {line}: {problem}"));
                let path = record.get(columns.path).map(str::trim).filter(|cell| !cell.is_empty());
                let path = path.ok_or_else(|| wrong("no path".into()))?;
                let cells = [columns.start, columns.end, columns.duration, columns.channel];
                let part = part(cells.map(|column| column.and_then(|at| record.get(at)))).map_err(wrong)?;
                let speaker = columns.speaker.and_then(|at| record.get(at)).and_then(speaker);
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
}

/// A row of a list; a spreadsheet's text is taken as it was meant.
pub(super) fn item(base: &Path, path: &str, part: Option<Part>, speaker: Option<String>) -> Item {
    let path = crate::escape::from_csv(path);
    let place = match part {
        Some(part) => Place::Segment(part),
        None if path.to_ascii_lowercase().ends_with(TAR) => Place::Archive,
        None => Place::File,
    };
    Item { name: path.to_string(), path: base.join(path), place, speaker }
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
    let (start, end, duration) = (seconds(start)?, seconds(end)?, seconds(duration)?);
    let end = end.or(duration.map(|duration| start.unwrap_or_default().saturating_add(duration)));
    let channel = Channels::FROM_ONE.read(channel)?;
    match (start, end) {
        (None, None) if channel == Channel::Mix => Ok(None),
        (start, Some(end)) if end <= start.unwrap_or_default() => Err("its end is not behind its start".into()),
        (start, end) => Ok(Some(Part { start: start.unwrap_or_default(), end, channel })),
    }
}

fn seconds(cell: Option<&str>) -> std::result::Result<Option<Duration>, String> {
    let Some(cell) = cell else { return Ok(None) };
    let time = cell.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    time.map(Some).ok_or_else(|| format!("\"{cell}\" is no time: write seconds from the recording's start, as 12.5"))
}

/// Refuses columns, by their names in lower case, that may say which part of a file a row is and are not understood.
pub(super) fn check_parts(names: &[String]) -> std::result::Result<(), String> {
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    let read = ["start", "end", "channel"];
    if let Some(column) = names.iter().find(|column| tells_of_a_part(column) && !read.contains(&column.as_str())) {
        return Err(format!(
            "the column \"{column}\" may say which part of a file a row is: call it start, end, duration (in seconds) or channel, \
             or leave it out"
        ));
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
    let separator = separator(&first);
    let mut reader = csv::ReaderBuilder::new().delimiter(separator).flexible(true).from_reader(open(path)?);
    let wrong = |e: csv::Error| Error::file(name, format!("not a table in CSV and UTF-8: {e}"));
    let names: Vec<String> = reader
        .headers()
        .map_err(wrong)?
        .iter()
        .map(|name| name.trim_start_matches('\u{feff}').trim().to_lowercase())
        .collect();
    let at = |wanted: &str| names.iter().position(|name| name == wanted);
    let path = at("path").ok_or_else(|| {
        let names = names.join("\", \"");
        Error::file(name, format!("no column path among \"{names}\": call the recordings' column so"))
    })?;
    let said = speaker.map(|column| at(&column.to_lowercase()).ok_or_else(|| no_column(name, speaker, &names)));
    let columns = Columns {
        path,
        start: at("start"),
        end: at("end"),
        duration: at("duration"),
        channel: at("channel"),
        speaker: said.transpose()?,
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
            ("path,start\na.wav,soon\n", "line 2: \"soon\" is no time"),
            ("path,start,end\na.wav,3,2\n", "line 2: its end is not behind its start"),
            ("path,x\n,1\n", "line 2: no path"),
        ] {
            let error = listed("a.csv", text).unwrap_err().to_string();
            assert!(error.contains("a.csv") && error.contains(words), "{error}");
        }
    }
}
