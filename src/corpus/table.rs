//! Tables of text: what manifests and the corpora's own tables are read into, whatever their format.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashSet},
    marker::PhantomData,
    path::{Path, PathBuf},
};

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
};

#[cfg(feature = "parquet")]
use super::parquet;
use crate::{
    error::{Error, Result},
    escape, files,
};

/// What names of tables in Parquet end in.
pub(crate) const PARQUET_EXTENSIONS: [&str; 2] = ["parquet", "pq"];

/// A row's filled cells, by column.
pub(crate) type Row<'a> = BTreeMap<&'a str, &'a str>;

/// A table whose cells are all text.
#[derive(Debug)]
pub(crate) struct Table {
    path: PathBuf,
    columns: Vec<Column>,
    height: usize,
    /// What the first row is called: 2 where a header is the first, as in a spreadsheet.
    first: usize,
    /// The column whose cells are files of recordings that the table itself held.
    recordings: Option<String>,
}

/// A named column of a [`Table`].
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    /// A cell is absent where it is empty or blank.
    pub(super) cells: Vec<Option<String>>,
}

impl Table {
    /// Reads a table of any length: CSV, by the separator that its first line has most of (comma, semicolon or tab);
    /// JSON, a list of objects, one a line or an object of them; or Parquet, in a build with that feature.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        Self::read_with(path, None)
    }

    /// Reads the clips of a corpus: tables of the same columns, one below the other, which `name` stands for in messages. What
    /// recordings a table itself holds are written into a folder beside it, `train.recordings` for `train.parquet`.
    pub(super) fn of_clips(paths: &[PathBuf], name: &Path) -> Result<Self> {
        let mut all: Option<Self> = None;
        for path in paths {
            // What the table lists is relative to its folder, or to another one; this is neither.
            let into = std::path::absolute(path.with_extension("recordings")).map_err(Error::io("find", path))?;
            let table = Self::read_with(path, Some(&into))?;
            match &mut all {
                None => all = Some(Self { path: name.to_owned(), ..table }),
                Some(all) => all.append(table)?,
            }
        }
        all.ok_or_else(|| Error::file(name, "no such table"))
    }

    /// Puts the rows of another table of the same columns below its own.
    fn append(&mut self, other: Self) -> Result<()> {
        let missing =
            |of: &Self, than: &Self| of.names().find(|name| !than.names().any(|own| own == *name)).map(str::to_owned);
        if let Some(name) = missing(self, &other).or_else(|| missing(&other, self)) {
            let problem =
                format!("it and the other tables of {} do not have the same columns: {name}", self.path.display());
            return Err(Error::file(other.path, problem));
        }
        self.columns.iter_mut().for_each(|column| column.cells.resize(self.height, None));
        for column in other.columns {
            if let Some(own) = self.columns.iter_mut().find(|own| own.name == column.name) {
                own.cells.extend(column.cells);
            }
        }
        self.height += other.height;
        Ok(())
    }

    fn read_with(path: &Path, into: Option<&Path>) -> Result<Self> {
        let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
        let mut recordings = None;
        let (columns, first) = match extension.as_deref() {
            // A pipe has no name that says what comes through it.
            _ if files::is_given_pipe(path) => {
                let text = files::read_text(path).map_err(Error::io("read the table", path))?;
                match text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '[']) {
                    true => (json_columns(path, &text)?, 1),
                    false => (csv_columns(path, text.as_bytes())?, 2),
                }
            }
            Some("csv" | "tsv" | "txt") => (read_csv(path)?, 2),
            Some("jsonl" | "ndjson" | "json") => (read_json(path)?, 1),
            Some(of) if PARQUET_EXTENSIONS.contains(&of) => {
                let found = read_parquet(path, into)?;
                recordings = found.recordings;
                (found.columns, 1)
            }
            _ => {
                let problem = "not a table that is read here: write it as CSV, with a name that ends in .csv or .tsv, \
                               as JSON lines (.jsonl), or as .parquet";
                return Err(Error::file(path, problem));
            }
        };
        Ok(Self { recordings, ..Self::of(path, columns, first)? })
    }

    /// A table in memory, its columns by name; `path` serves the messages alone.
    pub(crate) fn of_columns(path: &Path, columns: Vec<(String, Vec<Option<String>>)>) -> Result<Self> {
        let column = |(name, cells): (String, Vec<Option<String>>)| Column {
            name,
            cells: cells.into_iter().map(|cell| filled(&cell?)).collect(),
        };
        Self::of(path, columns.into_iter().map(column).collect(), 0)
    }

    fn of(path: &Path, columns: Vec<Column>, first: usize) -> Result<Self> {
        let mut names = BTreeSet::new();
        let named = columns.iter().filter(|column| !column.name.is_empty());
        if let Some(twice) = named.map(|column| &column.name).find(|name| !names.insert(name.to_lowercase())) {
            return Err(Error::file(path, two_called(twice)));
        }
        let height = columns.iter().map(|column| column.cells.len()).max().unwrap_or(0);
        Ok(Self { path: path.to_owned(), columns, height, first, recordings: None })
    }

    /// The column of the recordings that the table itself held.
    pub(super) fn recordings(&self) -> Option<&str> {
        self.recordings.as_deref()
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The names of the columns, as the table spells them.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str()).filter(|name| !name.is_empty())
    }

    /// The cells of the column of exactly that name.
    pub(crate) fn cells(&self, name: &str) -> &[Option<String>] {
        self.columns.iter().find(|column| column.name == name).map_or(&[], |column| &column.cells)
    }

    /// How many rows it has.
    pub(super) fn height(&self) -> usize {
        self.height
    }

    /// What the row at that place is called.
    pub(super) fn number(&self, row: usize) -> usize {
        self.first + row
    }

    /// The name of the column as the table spells it, which may differ in case; an error names the columns there are
    /// and adds the `advice`.
    pub(crate) fn column(&self, name: &str, advice: &str) -> Result<&str> {
        let spelling = self.names().find(|found| found.to_lowercase() == name.to_lowercase());
        spelling.ok_or_else(|| {
            let names: Vec<_> = self.names().collect();
            Error::file(&self.path, format!("no column {name} among \"{}\": {advice}", names.join("\", \"")))
        })
    }

    /// The rows in their order with their numbers, without columns that have no name (the row numbers that some programs
    /// write).
    pub(crate) fn rows(&self) -> impl Iterator<Item = (usize, Row<'_>)> {
        let named = || self.columns.iter().filter(|column| !column.name.is_empty());
        (0..self.height).map(move |row| {
            let cells = named().filter_map(|column| Some((column.name.as_str(), column.cells.get(row)?.as_deref()?)));
            (self.first + row, cells.collect())
        })
    }
}

fn read_csv(path: &Path) -> Result<Vec<Column>> {
    csv_columns(path, &files::read(path).map_err(Error::io("read the table", path))?)
}

fn csv_columns(path: &Path, bytes: &[u8]) -> Result<Vec<Column>> {
    let wrong = |problem: String| no_csv(path, &problem);
    check_encoding(bytes).map_err(wrong)?;
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        let line = 1 + bytes[..at].iter().filter(|byte| **byte == b'\n').count();
        return Err(wrong(holds_nul(line as u64)));
    }
    // Spreadsheets put a byte-order mark before the first name.
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let (text, separator) = match separator_line(text) {
        Some((separator, rest)) => (rest, separator),
        None => (text, separator(text)),
    };
    // Rows of unequal length are looked for here: the reader does not know what we call a row.
    let mut reader = csv::ReaderBuilder::new().delimiter(separator).flexible(true).from_reader(text);
    let names = reader.headers().map_err(|error| wrong(format!("the first row {}", problem_of(&error))))?.clone();
    if names.is_empty() {
        return Err(wrong("it is empty; the first row names the columns".into()));
    }
    let mut columns: Vec<Column> =
        names.iter().map(|name| Column { name: unquoted(name).trim().to_owned(), cells: Vec::new() }).collect();
    let mut last = (2, 0);
    for (number, row) in (2..).zip(reader.records()) {
        let row = row.map_err(|error| wrong(format!("row {number} {}", problem_of(&error))))?;
        let (line, byte) = row.position().map_or((0, 0), |at| (at.line(), at.byte()));
        last = (number, usize::try_from(byte).unwrap_or(usize::MAX));
        if row.len() != names.len() {
            let line = if line == number { String::new() } else { format!(" (line {line})") };
            return Err(wrong(unequal(&format!("row {number}{line}"), row.len(), names.len())));
        }
        for (column, cell) in columns.iter_mut().zip(&row) {
            column.cells.push(filled(&unquoted(cell)).map(|cell| escape::from_csv(&cell).to_owned()));
        }
    }
    // A quote that is never closed makes one cell of all that follows; only the last row can have one.
    if is_open(text.get(last.1..).unwrap_or_default(), separator) {
        return Err(wrong(format!("row {} {NEVER_CLOSED}", last.0)));
    }
    Ok(columns)
}

/// The separator that a first line names, as `sep=;`, with the text below it: spreadsheets write and read it so.
pub(crate) fn separator_line(text: &[u8]) -> Option<(u8, &[u8])> {
    let end = text.iter().position(|byte| *byte == b'\n')?;
    let (line, rest) = (text[..end].trim_ascii_start(), &text[end + 1..]);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
    match line {
        [s, e, p, b'=', separator] if [s, e, p].map(u8::to_ascii_lowercase) == *b"sep" => Some((*separator, rest)),
        _ => None,
    }
}

/// A cell without the quotes that stand after a blank, as in `a.wav, "angry"`: the reader takes them for the cell's own.
pub(crate) fn unquoted(cell: &str) -> Cow<'_, str> {
    let inner = cell.trim_start().strip_prefix('"').and_then(|rest| rest.trim_end().strip_suffix('"'));
    match inner.filter(|_| cell.starts_with([' ', '\t'])) {
        Some(inner) => Cow::Owned(inner.replace("\"\"", "\"")),
        None => Cow::Borrowed(cell),
    }
}

pub(crate) fn two_called(name: &str) -> String {
    format!("two columns are called \"{name}\": give each a name of its own")
}

/// The table is none, for that reason.
pub(crate) fn no_csv(path: &Path, problem: &str) -> Error {
    Error::file(path, format!("not a table in CSV and UTF-8: {problem}"))
}

/// Refuses a text, by its first bytes, that is not in UTF-8.
pub(crate) fn check_encoding(head: &[u8]) -> std::result::Result<(), String> {
    let is = |mark: &[u8]| head.starts_with(mark);
    let encoding = match () {
        () if is(b"\xff\xfe\0\0") || is(b"\0\0\xfe\xff") => "UTF-32",
        () if is(b"\xff\xfe") || is(b"\xfe\xff") => "UTF-16",
        () => return Ok(()),
    };
    Err(format!("it is {encoding}: save it as UTF-8"))
}

pub(crate) fn holds_nul(line: u64) -> String {
    format!("line {line} holds a NUL byte, as text in UTF-16 and damaged files do: save it as UTF-8")
}

/// A row has more or fewer cells than there are columns.
pub(crate) fn unequal(row: &str, cells: usize, columns: usize) -> String {
    format!(
        "{row} has {cells} cells, and the first row names {columns} columns: put a cell that holds a separator in quotes"
    )
}

pub(crate) const NEVER_CLOSED: &str = "begins a cell with a quote that is never closed";

/// Whether the text ends inside of a quoted cell.
pub(crate) fn is_open(text: &[u8], separator: u8) -> bool {
    let (mut quoted, mut begins) = (false, true);
    for &byte in text {
        let toggles = byte == b'"' && (quoted || begins);
        quoted ^= toggles;
        // Two quotes in a row are one of the cell's: the second opens again what the first has closed.
        begins = !quoted && (toggles || byte == separator || byte == b'\n' || byte == b'\r');
    }
    quoted
}

fn read_json(path: &Path) -> Result<Vec<Column>> {
    json_columns(path, &files::read_text(path).map_err(Error::io("read the table", path))?)
}

fn json_columns(path: &Path, text: &str) -> Result<Vec<Column>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let wrong = |number: usize, problem: String| Error::file(path, format!("row {number} {problem}"));
    let mut columns: BTreeMap<String, Vec<Option<String>>> = BTreeMap::new();
    let mut height = 0;
    let mut add = |Object(row): Object| {
        for (name, value) in row {
            let cells = columns.entry(name.trim().to_owned()).or_default();
            cells.resize(height, None);
            cells.push(text_of(value));
        }
        height += 1;
    };
    if text.trim_start().starts_with('[') {
        let rows: Vec<Object> =
            serde_json::from_str(text).map_err(|error| Error::file(path, format!("is no list of objects: {error}")))?;
        rows.into_iter().for_each(&mut add);
    } else if let Ok(Object(rows)) = serde_json::from_str::<Object<Object>>(text)
        && !rows.is_empty()
    {
        // An object of objects, as SpeechBrain's manifests are: the name of each is its key.
        for (key, Object(mut row)) in rows {
            if row.iter().all(|(name, _)| name != "key") {
                row.push(("key".to_owned(), key.into()));
            }
            add(Object(row));
        }
    } else {
        for (number, line) in (1..).zip(text.lines()) {
            // Blank lines are no rows; the numbers are those of the lines all the same.
            let row = match line.trim() {
                "" => Object::default(),
                line => serde_json::from_str(line)
                    .map_err(|error| wrong(number, format!("is no JSON object on a line of its own: {error}")))?,
            };
            add(row);
        }
    }
    let column = |(name, mut cells): (String, Vec<_>)| {
        cells.resize(height, None);
        Column { name, cells }
    };
    let columns: Vec<Column> = columns.into_iter().map(column).collect();
    if columns.is_empty() {
        return Err(Error::file(path, "no table: it holds no JSON object"));
    }
    Ok(columns)
}

/// A row in JSON, each of its keys once: of two values it is not known which is meant.
pub(crate) struct Object<V = serde_json::Value>(pub(crate) Vec<(String, V)>);

impl Default for Object {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Object<V> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        struct Pairs<V>(PhantomData<V>);

        impl<'de, V: Deserialize<'de>> Visitor<'de> for Pairs<V> {
            type Value = Object<V>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Object<V>, A::Error> {
                let mut row: Vec<(String, V)> = Vec::new();
                let mut names = HashSet::new();
                while let Some((name, value)) = map.next_entry::<String, V>()? {
                    if !names.insert(name.trim().to_owned()) {
                        return Err(A::Error::custom(format!("the key \"{name}\" is there twice")));
                    }
                    row.push((name, value));
                }
                Ok(Object(row))
            }
        }

        from.deserialize_map(Pairs(PhantomData))
    }
}

/// A JSON value as a cell: text and numbers as they are written, what is nested as JSON.
pub(crate) fn text_of(value: serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => filled(&text),
        other => Some(other.to_string()),
    }
}

/// A cell's text; none where it is blank.
pub(super) fn filled(cell: &str) -> Option<String> {
    Some(cell.trim()).filter(|cell| !cell.is_empty()).map(str::to_owned)
}

/// What is wrong with a row, without the reader's advice to programmers.
pub(crate) fn problem_of(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Utf8 { .. } => "holds bytes that are not UTF-8: save the table as UTF-8".into(),
        csv::ErrorKind::Io(error) => format!("cannot be read: {error}"),
        _ => format!("cannot be read: {error}"),
    }
}

#[cfg(feature = "parquet")]
fn read_parquet(path: &Path, into: Option<&Path>) -> Result<parquet::Columns> {
    parquet::read(path, into)
}

/// What a table in Parquet would have.
#[cfg(not(feature = "parquet"))]
struct InParquet {
    columns: Vec<Column>,
    recordings: Option<String>,
}

#[cfg(not(feature = "parquet"))]
fn read_parquet(path: &Path, _: Option<&Path>) -> Result<InParquet> {
    let problem = "this build does not read Parquet: build it with --features parquet, or write the table as CSV";
    Err(Error::file(path, problem))
}

/// The separator that the first line has most of.
pub(crate) fn separator(text: &[u8]) -> u8 {
    let header = text.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
    let count = |separator: &u8| header.iter().filter(|byte| *byte == separator).count();
    // Of equals the last one wins, which is to be the comma.
    [b'\t', b';', b','].into_iter().max_by_key(count).unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn table(name: &str, content: &str) -> Result<Vec<BTreeMap<String, String>>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        let owned = |row: Row<'_>| row.into_iter().map(|(name, cell)| (name.to_owned(), cell.to_owned())).collect();
        Table::read(&path).map(|table| table.rows().map(|(_, row)| owned(row)).collect())
    }

    fn row(cells: &[(&str, &str)]) -> BTreeMap<String, String> {
        cells.iter().map(|(name, cell)| ((*name).to_owned(), (*cell).to_owned())).collect()
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_table_that_comes_through_a_pipe_is_read_by_what_it_is() {
        use std::{io::Write, os::fd::AsRawFd};
        for (text, first) in [("path,emotion\na.wav,sad\n", 2), ("{\"path\": \"a.wav\", \"emotion\": \"sad\"}\n", 1)] {
            let (reader, mut writer) = std::io::pipe().unwrap();
            writer.write_all(text.as_bytes()).unwrap();
            drop(writer);
            let table = Table::read(&Path::new("/dev/fd").join(reader.as_raw_fd().to_string())).unwrap();
            let rows: Vec<_> = table.rows().collect();
            assert_eq!(rows, [(first, Row::from([("path", "a.wav"), ("emotion", "sad")]))]);
        }
    }

    #[test]
    fn cells_are_text_and_empty_ones_are_absent() {
        let rows = table("a.csv", "\u{feff}path, speaker ,n\r\na.wav,01,\r\n\"b, c.wav\", x ,\"\"\r\n").unwrap();
        let expected = [row(&[("path", "a.wav"), ("speaker", "01")]), row(&[("path", "b, c.wav"), ("speaker", "x")])];
        assert_eq!(rows, expected);
    }

    #[test]
    fn the_separator_is_the_one_of_the_first_line() {
        let expected = [row(&[("a", "1,5"), ("b", "2")])];
        assert_eq!(table("a.csv", "a;b\n1,5;2\n").unwrap(), expected);
        assert_eq!(table("a.tsv", "a\tb\n1,5\t2\n").unwrap(), expected);
    }

    #[test]
    fn quotes_inside_of_cells_are_read_and_open_ones_refused() {
        let rows = table("a.csv", "a,b\n\"say \"\"x\"\", y\",5\" nail\n\"two\nlines\",z\n").unwrap();
        assert_eq!(rows, [row(&[("a", "say \"x\", y"), ("b", "5\" nail")]), row(&[("a", "two\nlines"), ("b", "z")])]);
        let error = table("a.csv", "a,b\n1,2\n3,\"4\n5,6\n7,8\n").unwrap_err().to_string();
        assert!(error.contains("row 3 begins a cell with a quote that is never closed"), "{error}");
    }

    #[test]
    fn a_quote_after_a_blank_is_no_letter_of_the_cell() {
        let rows = table("a.csv", "path, \"emotion\"\na.wav, \"say \"\"x\"\"\"\nb.wav,5\" nail\n").unwrap();
        let expected =
            [row(&[("path", "a.wav"), ("emotion", "say \"x\"")]), row(&[("path", "b.wav"), ("emotion", "5\" nail")])];
        assert_eq!(rows, expected);
    }

    #[test]
    fn a_line_that_names_the_separator_is_no_row() {
        let expected = [row(&[("a", "1,5"), ("b", "2")])];
        for line in ["sep=;", "SEP=;\r", "\"sep=;\""] {
            assert_eq!(table("a.csv", &format!("\u{feff}{line}\na;b\n1,5;2\n")).unwrap(), expected, "{line}");
        }
        assert_eq!(table("a.csv", "sep=\t\na\tb\n1,5\t2\n").unwrap(), expected);
        assert_eq!(table("a.csv", "sep=ab\n1\n").unwrap(), [row(&[("sep=ab", "1")])]);
    }

    #[test]
    fn json_is_read_by_line_or_as_a_list() {
        let expected = [row(&[("age", "31"), ("path", "a.wav")]), row(&[("path", "b.wav"), ("x", "1.0")])];
        let lines = "{\"path\": \"a.wav\", \"age\": 31, \"x\": null}\n{\"x\": 1.0, \"path\": \"b.wav\"}\n";
        assert_eq!(table("a.jsonl", lines).unwrap(), expected);
        let list = format!("[{}]", lines.trim().replace('\n', ","));
        assert_eq!(table("a.json", &list).unwrap(), expected);
        let error = table("a.jsonl", "{\"a\": 1, \"b\": 2, \"a\": 3}\n").unwrap_err().to_string();
        assert!(error.contains("row 1") && error.contains("the key \"a\" is there twice"), "{error}");
        let error = table("a.jsonl", &format!("{lines}\n[1]\n")).unwrap_err().to_string();
        assert!(error.contains("a.jsonl: row 4 is no JSON object"), "{error}");
    }

    #[test]
    fn a_table_that_cannot_be_read_is_named() {
        for (name, content, problem) in [
            ("a.csv", "", "not a table in CSV"),
            ("a.csv", "a,b\n1,2,3\n", "row 2 has 3 cells, and the first row names 2 columns"),
            ("a.csv", "a,b\n1,2\n3\n", "row 3 has 1 cells"),
            ("a.csv", "a,b\n\"1\n1\",2\n3\n", "row 3 (line 4) has 1 cells"),
            ("a.csv", "path,Path\n1,2\n", "two columns are called \"Path\""),
            ("a.csv", "a,b\n1,2\n3,\0\n", "line 3 holds a NUL byte"),
            ("a.csv", "a\0,\0b\0\n\0", "line 1 holds a NUL byte, as text in UTF-16"),
            ("a.xlsx", "PK", "write it as CSV"),
            ("a", "a,b", "write it as CSV"),
            ("a.jsonl", "", "no JSON object"),
        ] {
            let error = table(name, content).unwrap_err().to_string();
            assert!(error.contains(problem) && error.contains(name), "{error}");
        }
    }

    #[cfg(not(feature = "parquet"))]
    #[test]
    fn a_build_without_parquet_says_how_to_get_one_with_it() {
        let error = table("a.parquet", "PAR1").unwrap_err().to_string();
        assert!(error.contains("a.parquet") && error.contains("--features parquet"), "{error}");
    }

    #[test]
    fn a_column_is_found_in_any_case_or_the_columns_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        fs::write(&path, "Path,Emotion\n").unwrap();
        let table = Table::read(&path).unwrap();
        assert_eq!(table.column("path", "").unwrap(), "Path");
        let error = table.column("speaker", "add it").unwrap_err().to_string();
        assert!(error.contains("no column speaker among \"Path\", \"Emotion\": add it"), "{error}");
        assert_eq!(table.rows().count(), 0);
    }
}
