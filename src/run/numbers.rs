//! `predictions.csv` of a task that learns numbers: `clip,speaker,fold,seed`, then `truth_TARGET,prediction_TARGET` of each target
//! in its own unit. Every figure is computed from it.

use std::path::Path;

use super::write_predictions;
use crate::{
    csv_file::{open, rows},
    error::{Error, Result},
};

/// One clip's numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct NumberRow {
    /// The clip's id, `corpus/speaker/stem`.
    pub clip: String,
    /// The speaker, `corpus/speaker`.
    pub speaker: String,
    /// The fold that tested it.
    pub fold: String,
    /// The run's seed.
    pub seed: u64,
    /// The true number of every target.
    pub truth: Vec<f64>,
    /// The predicted one.
    pub prediction: Vec<f64>,
}

/// Numbers of one set of targets.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Numbers {
    /// The targets.
    pub targets: Vec<String>,
    /// The rows.
    pub rows: Vec<NumberRow>,
}

const FIXED: [&str; 4] = ["clip", "speaker", "fold", "seed"];

impl Numbers {
    /// Writes the table, whole or not at all.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where it cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let columns: Vec<String> =
            self.targets.iter().flat_map(|name| [format!("truth_{name}"), format!("prediction_{name}")]).collect();
        let rows = self.rows.iter().map(|row| {
            let of = [row.clip.clone(), row.speaker.clone(), row.fold.clone(), row.seed.to_string()];
            let pairs = row.truth.iter().zip(&row.prediction);
            (of, pairs.flat_map(|(truth, prediction)| [truth.to_string(), prediction.to_string()]).collect())
        });
        write_predictions(path, &columns, rows)
    }

    /// Reads the table.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where it cannot be read; [`Error::File`] naming the column that is not as it is written, or the line and
    /// the cell that is no number.
    pub fn read(path: &Path) -> Result<Self> {
        let (mut reader, header) = open(path)?;
        if header.iter().take(FIXED.len()).ne(FIXED) {
            return Err(Error::file(path, format!("the first columns must be {}", FIXED.join(","))));
        }
        let columns: Vec<&str> = header.iter().skip(FIXED.len()).collect();
        let target = |pair: &[&str]| match pair {
            [truth, prediction] => {
                let name =
                    truth.strip_prefix("truth_").filter(|name| prediction.strip_prefix("prediction_") == Some(name));
                name.map(str::to_owned)
            }
            _ => None,
        };
        let targets: Option<Vec<String>> = columns.chunks(2).map(target).collect();
        let Some(targets) = targets.filter(|targets| !targets.is_empty()) else {
            let problem = "after seed come truth_TARGET,prediction_TARGET of each target";
            return Err(Error::file(path, problem));
        };
        let rows = rows(&mut reader)
            .map(|record| {
                let record = record.map_err(|error| Error::file(path, error.to_string()))?;
                let line = record.position().map_or(0, csv::Position::line);
                parse(&record, &columns).map_err(|problem| Error::file(path, format!("line {line}: {problem}")))
            })
            .collect::<Result<_>>()?;
        Ok(Self { targets, rows })
    }
}

fn parse(record: &csv::StringRecord, columns: &[&str]) -> std::result::Result<NumberRow, String> {
    let number = |(column, cell): (&&str, &str)| match cell.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        _ => Err(format!("{column} = \"{cell}\" is not a number")),
    };
    let numbers: Vec<f64> =
        columns.iter().zip(record.iter().skip(FIXED.len())).map(number).collect::<std::result::Result<_, _>>()?;
    Ok(NumberRow {
        clip: record[0].to_owned(),
        speaker: record[1].to_owned(),
        fold: record[2].to_owned(),
        seed: record[3].parse().map_err(|_| format!("seed = \"{}\" is not a whole number", &record[3]))?,
        truth: numbers.iter().step_by(2).copied().collect(),
        prediction: numbers.iter().skip(1).step_by(2).copied().collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_reads_back_and_a_wrong_cell_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p.csv");
        let row = |clip: &str, truth: [f64; 2], prediction: [f64; 2]| NumberRow {
            clip: clip.into(),
            speaker: "c/s".into(),
            fold: "0".into(),
            seed: 42,
            truth: truth.into(),
            prediction: prediction.into(),
        };
        let table = Numbers {
            targets: vec!["arousal".into(), "-val,ence".into()],
            rows: vec![row("c/s/a", [1.5, -0.1], [1.0 / 3.0, 0.0]), row("c/s/b", [7.0, -1e-9], [5.0, 1.0])],
        };
        table.write(&path).unwrap();
        assert_eq!(Numbers::read(&path).unwrap(), table);
        let text = std::fs::read_to_string(&path).unwrap();
        for (from, to, expected) in [
            ("1.5", "NaN", "line 2: truth_arousal = \"NaN\""),
            ("42", "x", "line 2: seed"),
            ("truth_arousal", "arousal", "truth_TARGET,prediction_TARGET"),
            ("clip,", "", "first columns"),
        ] {
            std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
            let error = Numbers::read(&path).unwrap_err().to_string();
            assert!(error.contains(expected), "{from} → {to}: {error}");
        }
    }
}
