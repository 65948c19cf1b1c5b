//! Tables of text: what manifests and the corpora's own tables are read into, whatever their format.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use polars::prelude::{CsvReadOptions, DataFrame, DataType, PolarsResult, SerReader};

use crate::error::{Error, Result};

/// How much of a table's first line is looked at for its separator.
const HEADER_BYTES: u64 = 1 << 16;

/// A row's filled cells, by column.
pub(crate) type Row<'a> = BTreeMap<&'a str, &'a str>;

/// A table whose cells are all text.
#[derive(Debug)]
pub(crate) struct Table {
    path: PathBuf,
    columns: Vec<Column>,
    height: usize,
}

#[derive(Debug)]
struct Column {
    name: String,
    /// A cell is absent where it is empty or blank.
    cells: Vec<Option<String>>,
}

impl Table {
    /// Reads a table of any length: CSV, by the separator that its first line has most of (comma, semicolon or tab); or
    /// Parquet, in a build with that feature.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
        let frame = match extension.as_deref() {
            Some("csv" | "tsv" | "txt") => read_csv(path)?,
            Some("parquet" | "pq") => read_parquet(path)?,
            _ => {
                let problem = "not a table that is read here: write it as CSV, with a name that ends in .csv or .tsv, or as .parquet";
                return Err(Error::file(path, problem));
            }
        };
        let columns = columns_of(&frame).map_err(|error| Error::file(path, format!("not a table of text: {error}")))?;
        Ok(Self { path: path.to_owned(), columns, height: frame.height() })
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

fn read_csv(path: &Path) -> Result<DataFrame> {
    let separator = separator(path).map_err(Error::io("read the table", path))?;
    let read = || {
        CsvReadOptions::default()
            .with_has_header(true)
            // No types are guessed: a speaker called 01 is not the number 1.
            .with_infer_schema_length(Some(0))
            .map_parse_options(|options| options.with_separator(separator))
            .try_into_reader_with_file_path(Some(path.to_owned()))?
            .finish()
    };
    read().map_err(|error| Error::file(path, format!("not a table in CSV and UTF-8: {error}")))
}

#[cfg(feature = "parquet")]
fn read_parquet(path: &Path) -> Result<DataFrame> {
    let file = File::open(path).map_err(Error::io("read the table", path))?;
    polars::prelude::ParquetReader::new(file)
        .finish()
        .map_err(|error| Error::file(path, format!("not a table in Parquet: {error}")))
}

#[cfg(not(feature = "parquet"))]
fn read_parquet(path: &Path) -> Result<DataFrame> {
    let problem = "this build does not read Parquet: build it with its default features, or write the table as CSV";
    Err(Error::file(path, problem))
}

fn separator(path: &Path) -> std::io::Result<u8> {
    let mut header = Vec::new();
    BufReader::new(File::open(path)?.take(HEADER_BYTES)).read_until(b'\n', &mut header)?;
    let count = |separator: &u8| header.iter().filter(|byte| *byte == separator).count();
    // Of equals the last one wins, which is to be the comma.
    Ok([b'\t', b';', b','].into_iter().max_by_key(count).unwrap_or(b','))
}

fn columns_of(frame: &DataFrame) -> PolarsResult<Vec<Column>> {
    let column = |column: &polars::prelude::Column| {
        let text = column.cast(&DataType::String)?;
        let filled = |cell: Option<&str>| cell.map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned);
        let cells = text.str()?.iter().map(filled).collect();
        // Spreadsheets put a byte-order mark before the first name.
        Ok(Column { name: column.name().trim_start_matches('\u{feff}').trim().to_owned(), cells })
    };
    frame.columns().iter().map(column).collect()
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
            ("a.csv", "a,b\n1,2,3\n", "not a table in CSV"),
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
        assert!(error.contains("a.parquet") && error.contains("default features"), "{error}");
    }

    #[cfg(feature = "parquet")]
    #[test]
    fn parquet_is_read_as_text_of_any_type() {
        use polars::prelude::{NamedFrom, ParquetWriter, Series};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        let columns = vec![
            Series::new("path".into(), ["a.wav", "b.wav"]).into(),
            Series::new("speaker".into(), ["01", " "]).into(),
            Series::new("age".into(), [Some(31_i64), None]).into(),
        ];
        let mut frame = DataFrame::new_infer_height(columns).unwrap();
        ParquetWriter::new(File::create(&path).unwrap()).finish(&mut frame).unwrap();
        let table = Table::read(&path).unwrap();
        let rows: Vec<Vec<(&str, &str)>> = table.rows().map(|row| row.into_iter().collect()).collect();
        assert_eq!(rows, [vec![("age", "31"), ("path", "a.wav"), ("speaker", "01")], vec![("path", "b.wav")]]);
        fs::write(&path, "PAR1").unwrap();
        let error = Table::read(&path).unwrap_err().to_string();
        assert!(error.contains("a.parquet: not a table in Parquet"), "{error}");
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
