//! Tables of text: what manifests and the corpora's own tables are read into, whatever their format.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

#[cfg(feature = "parquet")]
use super::parquet;
use crate::error::{Error, Result};

/// A row's filled cells, by column.
pub(crate) type Row<'a> = BTreeMap<&'a str, &'a str>;

/// A table whose cells are all text.
#[derive(Debug)]
pub(crate) struct Table {
    path: PathBuf,
    columns: Vec<Column>,
    height: usize,
}

/// A named column of a [`Table`].
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    /// A cell is absent where it is empty or blank.
    pub(super) cells: Vec<Option<String>>,
}

impl Table {
    /// Reads a table of any length: CSV, by the separator that its first line has most of (comma, semicolon or tab); or
    /// Parquet, in a build with that feature.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
        let columns = match extension.as_deref() {
            Some("csv" | "tsv" | "txt") => read_csv(path)?,
            Some("parquet" | "pq") => read_parquet(path)?,
            _ => {
                let problem = "not a table that is read here: write it as CSV, with a name that ends in .csv or .tsv, or as .parquet";
                return Err(Error::file(path, problem));
            }
        };
        let height = columns.iter().map(|column| column.cells.len()).max().unwrap_or(0);
        Ok(Self { path: path.to_owned(), columns, height })
    }

    /// The name of the column as the table spells it, which may differ in case; an error names the columns there are
    /// and adds the `advice`.
    pub(crate) fn column(&self, name: &str, advice: &str) -> Result<&str> {
        let spelling =
            self.columns.iter().map(|column| column.name.as_str()).find(|found| found.eq_ignore_ascii_case(name));
        spelling.ok_or_else(|| {
            let names: Vec<_> = self.columns.iter().map(|column| column.name.as_str()).collect();
            Error::file(&self.path, format!("no column {name} among \"{}\": {advice}", names.join("\", \"")))
        })
    }

    /// The rows in their order, without columns that have no name (the row numbers that some programs write).
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        let named = || self.columns.iter().filter(|column| !column.name.is_empty());
        (0..self.height).map(move |row| {
            named().filter_map(|column| Some((column.name.as_str(), column.cells[row].as_deref()?))).collect()
        })
    }
}

fn read_csv(path: &Path) -> Result<Vec<Column>> {
    let bytes = std::fs::read(path).map_err(Error::io("read the table", path))?;
    let wrong = |problem: String| Error::file(path, format!("not a table in CSV and UTF-8: {problem}"));
    // Spreadsheets put a byte-order mark before the first name.
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let mut reader = csv::ReaderBuilder::new().delimiter(separator(text)).from_reader(text);
    let names = reader.headers().map_err(|error| wrong(problem_of(&error)))?.clone();
    if names.is_empty() {
        return Err(wrong("it is empty; the first line names the columns".into()));
    }
    let mut columns: Vec<Column> =
        names.iter().map(|name| Column { name: name.trim().to_owned(), cells: Vec::new() }).collect();
    for row in reader.records() {
        let row = row.map_err(|error| wrong(problem_of(&error)))?;
        for (column, cell) in columns.iter_mut().zip(&row) {
            column.cells.push(filled(cell));
        }
    }
    Ok(columns)
}

/// A cell's text; none where it is blank.
pub(super) fn filled(cell: &str) -> Option<String> {
    Some(cell.trim()).filter(|cell| !cell.is_empty()).map(str::to_owned)
}

/// What is wrong with a table, by line, without the reader's advice to programmers.
fn problem_of(error: &csv::Error) -> String {
    let line = error.position().map(|at| format!("line {}", at.line())).unwrap_or_else(|| "a line".into());
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{line} has {len} cells, but the first line names {expected_len} columns")
        }
        csv::ErrorKind::Utf8 { .. } => format!("{line} holds bytes that are not UTF-8: save the table as UTF-8"),
        csv::ErrorKind::Io(error) => error.to_string(),
        _ => error.to_string(),
    }
}

#[cfg(feature = "parquet")]
fn read_parquet(path: &Path) -> Result<Vec<Column>> {
    parquet::read(path)
}

#[cfg(not(feature = "parquet"))]
fn read_parquet(path: &Path) -> Result<Vec<Column>> {
    let problem = "this build does not read Parquet: build it with --features parquet, or write the table as CSV";
    Err(Error::file(path, problem))
}

/// The separator that the first line has most of.
fn separator(text: &[u8]) -> u8 {
    let header = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
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
        Table::read(&path).map(|table| table.rows().map(owned).collect())
    }

    fn row(cells: &[(&str, &str)]) -> BTreeMap<String, String> {
        cells.iter().map(|(name, cell)| ((*name).to_owned(), (*cell).to_owned())).collect()
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
    fn a_table_that_cannot_be_read_is_named() {
        for (name, content, problem) in [
            ("a.csv", "", "not a table in CSV"),
            ("a.csv", "a,b\n1,2,3\n", "line 2 has 3 cells, but the first line names 2 columns"),
            ("a.csv", "a,b\n1,2\n3\n", "line 3 has 1 cells"),
            ("a.xlsx", "PK", "write it as CSV"),
            ("a", "a,b", "write it as CSV"),
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
