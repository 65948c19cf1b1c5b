//! `temperatures.csv`: what divides the logits of each clip of the test side, where it depends on the clip; `clip,temperature`.

use std::{collections::BTreeMap, path::Path};

use crate::{
    csv_file::{open, rows, write_csv},
    error::{Error, Result},
};

/// A temperature a clip, by the clip's id.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Temperatures(pub BTreeMap<String, f64>);

impl Temperatures {
    /// Writes the table, whole or not at all.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where it cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        write_csv(path, ["clip", "temperature"].map(String::from), |csv| {
            self.0.iter().try_for_each(|(clip, temperature)| csv.row([clip.clone(), temperature.to_string()]))
        })
    }

    /// Reads the table; nothing where there is none: the run has one temperature for all clips.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where it cannot be read, [`Error::File`] naming the line whose temperature is no positive number.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        if !path.exists() {
            return Ok(None);
        }
        let (mut reader, _) = open(path)?;
        let mut temperatures = Self::default();
        for record in rows(&mut reader) {
            let record = record.map_err(|error| Error::file(path, error.to_string()))?;
            let line = record.position().map_or(0, csv::Position::line);
            let text = record.get(1).unwrap_or_default();
            match text.parse::<f64>() {
                Ok(value) if value.is_finite() && value > 0.0 => {
                    temperatures.0.insert(record.get(0).unwrap_or_default().to_owned(), value);
                }
                _ => {
                    let problem = format!("line {line}: temperature = \"{text}\" is not a positive number");
                    return Err(Error::file(path, problem));
                }
            }
        }
        Ok(Some(temperatures))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_reads_back_and_a_bad_temperature_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("temperatures.csv");
        assert_eq!(Temperatures::read(&path).unwrap(), None);
        let ours = Temperatures(BTreeMap::from([("c/s/a,b".to_owned(), 0.1), ("c/s/b".to_owned(), 3.0)]));
        ours.write(&path).unwrap();
        assert_eq!(Temperatures::read(&path).unwrap(), Some(ours));
        std::fs::write(&path, "clip,temperature\nc/s/a,0\n").unwrap();
        let error = Temperatures::read(&path).unwrap_err().to_string();
        assert!(error.contains("line 2: temperature = \"0\""), "{error}");
    }
}
