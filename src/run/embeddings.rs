//! `embeddings.csv`: what the penultimate layer makes of each clip of the test side; `clip,e_0,e_1…`.

use std::path::Path;

use crate::{
    csv_file::{open, rows, write_csv},
    error::{Error, Result},
};

/// A vector a clip.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Embeddings {
    /// The clips' ids.
    pub clips: Vec<String>,
    /// Their vectors, all of one length.
    pub vectors: Vec<Vec<f32>>,
}

impl Embeddings {
    /// Writes the table, whole or not at all.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where it cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let length = self.vectors.first().map_or(0, Vec::len);
        let header = std::iter::once("clip".to_owned()).chain((0..length).map(|i| format!("e_{i}")));
        write_csv(path, header, |csv| {
            self.clips.iter().zip(&self.vectors).try_for_each(|(clip, vector)| {
                csv.row(std::iter::once(clip.clone()).chain(vector.iter().map(ToString::to_string)))
            })
        })
    }

    /// Reads the table; nothing where there is none, as runs of earlier versions have none.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where it cannot be read, [`Error::File`] naming the line and the column that is no finite number.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        if !path.exists() {
            return Ok(None);
        }
        let (mut reader, _) = open(path)?;
        let mut embeddings = Self::default();
        for record in rows(&mut reader) {
            let record = record.map_err(|error| Error::file(path, error.to_string()))?;
            let line = record.position().map_or(0, csv::Position::line);
            let number = |(i, text): (usize, &str)| match text.parse::<f32>() {
                Ok(value) if value.is_finite() => Ok(value),
                _ => Err(Error::file(path, format!("line {line}: e_{i} = \"{text}\" is not a finite number"))),
            };
            embeddings.vectors.push(record.iter().skip(1).enumerate().map(number).collect::<Result<_>>()?);
            embeddings.clips.push(record.get(0).unwrap_or_default().to_owned());
        }
        Ok(Some(embeddings))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_reads_back_and_a_bad_number_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("embeddings.csv");
        assert_eq!(Embeddings::read(&path).unwrap(), None);
        let ours = Embeddings { clips: vec!["c/s/a,b".into()], vectors: vec![vec![0.1, -3e-9]] };
        ours.write(&path).unwrap();
        assert_eq!(Embeddings::read(&path).unwrap(), Some(ours));
        std::fs::write(&path, "clip,e_0,e_1\na,1,NaN\n").unwrap();
        let error = Embeddings::read(&path).unwrap_err().to_string();
        assert!(error.contains("line 2: e_1 = \"NaN\""), "{error}");
    }
}
