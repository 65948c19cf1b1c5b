//! Tables in Parquet, read with polars.

use std::{fs::File, path::Path};

use polars::prelude::{DataFrame, DataType, ParquetReader, PolarsResult, SerReader};

use super::table::{Column, filled};
use crate::error::{Error, Result};

/// The columns of a Parquet file, each as text whatever its type.
pub(super) fn read(path: &Path) -> Result<Vec<Column>> {
    let file = File::open(path).map_err(Error::io("read the table", path))?;
    let frame = ParquetReader::new(file)
        .finish()
        .map_err(|error| Error::file(path, format!("not a table in Parquet: {error}")))?;
    columns_of(&frame).map_err(|error| Error::file(path, format!("not a table of text: {error}")))
}

fn columns_of(frame: &DataFrame) -> PolarsResult<Vec<Column>> {
    let column = |column: &polars::prelude::Column| {
        let text = column.cast(&DataType::String)?;
        let cells = text.str()?.iter().map(|cell| cell.and_then(filled)).collect();
        Ok(Column { name: column.name().trim().to_owned(), cells })
    };
    frame.columns().iter().map(column).collect()
}

#[cfg(test)]
mod tests {
    use polars::prelude::{NamedFrom, ParquetWriter, Series};

    use super::*;
    use crate::corpus::table::Table;

    #[test]
    fn cells_of_any_type_are_read_as_text() {
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
        let rows: Vec<Vec<(&str, &str)>> = table.rows().map(|(_, row)| row.into_iter().collect()).collect();
        assert_eq!(rows, [vec![("age", "31"), ("path", "a.wav"), ("speaker", "01")], vec![("path", "b.wav")]]);
        std::fs::write(&path, "PAR1").unwrap();
        let error = Table::read(&path).unwrap_err().to_string();
        assert!(error.contains("a.parquet: not a table in Parquet"), "{error}");
    }
}
