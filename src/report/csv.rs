//! The confusion matrix as CSV: the header `truth,<class>…`, then one row of counts per true emotion.

use std::path::Path;

use crate::{error::Result, eval::Confusion, files::write_whole};

/// Writes the counts of `confusion` to `path`.
///
/// # Errors
///
/// [`crate::error::Error::Io`] where the file cannot be written.
pub fn write_confusion(path: &Path, confusion: &Confusion) -> Result<()> {
    write_whole(path, |file| {
        let mut csv = ::csv::Writer::from_writer(file);
        csv.write_record(std::iter::once("truth").chain(confusion.classes.iter().map(String::as_str)))?;
        for (class, row) in confusion.classes.iter().zip(&confusion.counts) {
            csv.write_record(std::iter::once(class.clone()).chain(row.iter().map(u64::to_string)))?;
        }
        csv.flush()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_the_true_emotions() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("confusion.csv");
        let classes = vec!["anger".to_owned(), "fear, mild".to_owned()];
        write_confusion(&path, &Confusion::new(classes, vec![vec![3, 1], vec![0, 12345]]).unwrap()).unwrap();
        let written = std::fs::read_to_string(&path).unwrap();
        assert_eq!(written, "truth,anger,\"fear, mild\"\nanger,3,1\n\"fear, mild\",0,12345\n");
    }
}
