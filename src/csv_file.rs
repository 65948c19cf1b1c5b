//! Tables as CSV that a spreadsheet can open: what it would take for a formula stays text ([`escape::csv`]), and is read
//! back as it was.

use std::{
    fs::File,
    io::{self, Write},
    path::Path,
};

use csv::{Reader, ReaderBuilder, StringRecord, Writer};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    error::{Error, Result},
    escape,
    files::write_whole,
};

/// A table that is being written.
pub(crate) struct CsvWriter<W: Write>(Writer<W>);

impl<W: Write> CsvWriter<W> {
    /// A table without rows.
    pub(crate) fn new(to: W) -> Self {
        Self(Writer::from_writer(to))
    }

    /// Adds a row.
    pub(crate) fn row<S: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = S>) -> io::Result<()> {
        for cell in cells {
            self.0.write_field(escape::csv(cell.as_ref()).as_bytes())?;
        }
        self.0.write_record(None::<&[u8]>)?;
        Ok(())
    }

    /// Passes on all rows.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Writes a table, whole or not at all.
///
/// # Errors
///
/// [`Error::Io`] where the file cannot be written.
pub(crate) fn write_csv<S: AsRef<str>>(
    path: &Path,
    header: impl IntoIterator<Item = S>,
    rows: impl FnOnce(&mut CsvWriter<&mut dyn Write>) -> io::Result<()>,
) -> Result<()> {
    write_whole(path, |file| {
        let mut csv = CsvWriter::new(file);
        csv.row(header)?;
        rows(&mut csv)?;
        csv.flush()
    })
}

/// Writes a table with a column for each field, whole or not at all.
///
/// # Errors
///
/// [`Error::Io`] where the file cannot be written.
pub(crate) fn write_records(path: &Path, records: &[impl Serialize]) -> Result<()> {
    let failed = |error: csv::Error| Error::file(path, error.to_string());
    let mut plain = Writer::from_writer(Vec::new());
    records.iter().try_for_each(|record| plain.serialize(record)).map_err(failed)?;
    let plain = plain.into_inner().map_err(|error| Error::file(path, error.to_string()))?;
    write_whole(path, |file| {
        let mut csv = CsvWriter::new(file);
        for record in ReaderBuilder::new().has_headers(false).from_reader(plain.as_slice()).records() {
            csv.row(&record?)?;
        }
        csv.flush()
    })
}

/// Opens a table and reads its header.
///
/// # Errors
///
/// [`Error::Io`] where it cannot be opened, [`Error::File`] where it is no CSV.
pub(crate) fn open(path: &Path) -> Result<(Reader<File>, StringRecord)> {
    let mut reader = Reader::from_reader(crate::files::open(path).map_err(Error::io("read", path))?);
    let header = reader.headers().map_err(|error| Error::file(path, error.to_string()))?.clone();
    Ok((reader, unescaped(header)))
}

/// The rows of a table with their cells as they were before they were written.
pub(crate) fn rows(reader: &mut Reader<File>) -> impl Iterator<Item = csv::Result<StringRecord>> {
    reader.records().map(|record| record.map(unescaped))
}

/// Reads a table with a column for each field.
///
/// # Errors
///
/// [`Error::Io`] where it cannot be read, [`Error::File`] naming the line that has other fields.
pub(crate) fn read_records<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let (mut reader, header) = open(path)?;
    let records = rows(&mut reader).map(|row| row.and_then(|row| row.deserialize(Some(&header))));
    records.collect::<csv::Result<_>>().map_err(|error| Error::file(path, error.to_string()))
}

fn unescaped(record: StringRecord) -> StringRecord {
    if !record.iter().any(|cell| cell.starts_with('\'')) {
        return record;
    }
    let mut plain: StringRecord = record.iter().map(escape::from_csv).collect();
    plain.set_position(record.position().cloned());
    plain
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Record {
        name: String,
        level: Option<f64>,
    }

    #[test]
    fn formulas_are_written_as_text_and_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.csv");
        let record = |name: &str, level| Record { name: name.into(), level };
        let records = [record("=1+1,\"x\"", Some(-3.5)), record("'=a", None), record("'tis", None), record("-7", None)];
        write_records(&path, &records).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, "name,level\n\"'=1+1,\"\"x\"\"\",-3.5\n''=a,\n'tis,\n-7,\n");
        assert_eq!(read_records::<Record>(&path).unwrap(), records);
        std::fs::write(&path, text.replace("-3.5", "'@x")).unwrap();
        let error = read_records::<Record>(&path).unwrap_err().to_string();
        assert!(error.contains("line: 2"), "{error}");
    }
}
