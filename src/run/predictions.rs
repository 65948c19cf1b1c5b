//! `predictions.csv`: `clip,speaker,fold,seed,truth,prediction,p_<class>…`. Every figure is computed from it.

use std::{collections::HashMap, path::Path};

use crate::{
    csv_file::{open, rows, write_csv},
    error::{Error, Result},
};

/// One clip's prediction.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// The clip's id, `corpus/speaker/stem`.
    pub clip: String,
    /// The speaker, `corpus/speaker`.
    pub speaker: String,
    /// The fold that tested it.
    pub fold: String,
    /// The run's seed.
    pub seed: u64,
    /// The class it is, an index into the classes.
    pub truth: usize,
    /// The class it was taken for, an index into the classes.
    pub prediction: usize,
    /// The probability of every class.
    pub probabilities: Vec<f32>,
}

impl Prediction {
    /// What is wrong with the probabilities: one that is none, or that they do not sum to 1.
    pub(crate) fn check_probabilities(&self) -> std::result::Result<(), String> {
        match self.probabilities.iter().find(|p| !(0.0..=1.0).contains(*p)) {
            Some(p) => Err(format!("{p} is not a probability from 0 to 1")),
            None => sums_to_one(&self.probabilities),
        }
    }
}

fn sums_to_one(probabilities: &[f32]) -> std::result::Result<(), String> {
    let sum: f32 = probabilities.iter().sum();
    if (sum - 1.0).abs() > ROUNDING { Err(format!("the probabilities sum to {sum}, not to 1")) } else { Ok(()) }
}

/// Predictions over one set of classes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Predictions {
    /// The classes.
    pub classes: Vec<String>,
    /// The rows.
    pub rows: Vec<Prediction>,
}

/// How far from 1 probabilities may sum: a table that was rounded to two decimals is still one.
const ROUNDING: f32 = 0.05;

const FIXED: [&str; 6] = ["clip", "speaker", "fold", "seed", "truth", "prediction"];

impl Predictions {
    /// Writes the table, whole or not at all.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where it cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let columns: Vec<String> = FIXED[4..]
            .iter()
            .map(ToString::to_string)
            .chain(self.classes.iter().map(|class| format!("p_{class}")))
            .collect();
        let name = |class: usize| self.classes.get(class).cloned().unwrap_or_default();
        let rows = self.rows.iter().map(|row| {
            let of = [row.clip.clone(), row.speaker.clone(), row.fold.clone(), row.seed.to_string()];
            let classes = [name(row.truth), name(row.prediction)].into_iter();
            (of, classes.chain(row.probabilities.iter().map(ToString::to_string)).collect())
        });
        write_predictions(path, &columns, rows)
    }

    /// Reads the table.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where it cannot be read; [`Error::File`] naming the line where a column is missing, a class is not
    /// known, a probability is not a number from 0 to 1, probabilities do not sum to 1, or the prediction is not the
    /// most probable class.
    pub fn read(path: &Path) -> Result<Self> {
        let (mut reader, header) = open(path)?;
        if header.iter().take(FIXED.len()).ne(FIXED) {
            return Err(Error::file(path, format!("the first columns must be {}", FIXED.join(","))));
        }
        let classes: Vec<String> = header
            .iter()
            .skip(FIXED.len())
            .map(|column| {
                column.strip_prefix("p_").map(str::to_owned).ok_or_else(|| {
                    Error::file(path, format!("column {column}: after {} come p_<class> columns", FIXED[5]))
                })
            })
            .collect::<Result<_>>()?;
        let numbers: HashMap<&str, usize> =
            classes.iter().enumerate().map(|(number, class)| (class.as_str(), number)).collect();
        let rows = rows(&mut reader)
            .map(|record| {
                let record = record.map_err(|error| Error::file(path, error.to_string()))?;
                let line = record.position().map_or(0, csv::Position::line);
                parse(&record, &classes, &numbers)
                    .map_err(|problem| Error::file(path, format!("line {line}: {problem}")))
            })
            .collect::<Result<_>>()?;
        Ok(Self { classes, rows })
    }
}

/// Writes a table of predictions, whole or not at all: the columns `clip`, `speaker`, `fold` and `seed`, then those of a
/// task ([`crate::task::Task::columns`]).
///
/// # Errors
///
/// [`Error::Io`] where it cannot be written.
pub fn write_predictions(
    path: &Path,
    columns: &[String],
    rows: impl Iterator<Item = ([String; 4], Vec<String>)>,
) -> Result<()> {
    write_csv(path, FIXED[..4].iter().copied().chain(columns.iter().map(String::as_str)), |csv| {
        for (of, cells) in rows {
            csv.row(of.iter().chain(&cells))?;
        }
        Ok(())
    })
}

fn parse(
    record: &csv::StringRecord,
    classes: &[String],
    numbers: &HashMap<&str, usize>,
) -> std::result::Result<Prediction, String> {
    let class = |column: usize| {
        let number = numbers.get(&record[column]).copied();
        number
            .ok_or_else(|| format!("{} = \"{}\" is not one of {}", FIXED[column], &record[column], classes.join(", ")))
    };
    let probabilities: Vec<f32> = record
        .iter()
        .skip(FIXED.len())
        .zip(classes)
        .map(|(text, class)| match text.parse::<f32>() {
            Ok(p) if (0.0..=1.0).contains(&p) => Ok(p),
            _ => Err(format!("p_{class} = \"{text}\" is not a probability from 0 to 1")),
        })
        .collect::<std::result::Result<_, _>>()?;
    sums_to_one(&probabilities)?;
    let prediction = class(5)?;
    if probabilities.iter().any(|&p| p > probabilities[prediction]) {
        return Err(format!("prediction = \"{}\" is not the most probable class", &record[5]));
    }
    Ok(Prediction {
        clip: record[0].to_owned(),
        speaker: record[1].to_owned(),
        fold: record[2].to_owned(),
        seed: record[3].parse().map_err(|_| format!("seed = \"{}\" is not a whole number", &record[3]))?,
        truth: class(4)?,
        prediction,
        probabilities,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Predictions {
        let row = |clip: &str, truth, prediction, probabilities: [f32; 2]| Prediction {
            clip: clip.into(),
            speaker: "c/s".into(),
            fold: "0".into(),
            seed: 42,
            truth,
            prediction,
            probabilities: probabilities.to_vec(),
        };
        Predictions {
            classes: vec!["angry".into(), "sad".into()],
            rows: vec![row("c/s/a", 0, 1, [0.1, 0.9]), row("c/s/b,\"x\"", 1, 0, [2.0 / 3.0, 1.0 / 3.0])],
        }
    }

    #[test]
    fn the_table_reads_back_to_the_bit() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p.csv");
        table().write(&path).unwrap();
        assert_eq!(Predictions::read(&path).unwrap(), table());
    }

    #[test]
    fn a_wrong_row_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p.csv");
        table().write(&path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        for (from, to, expected) in [
            ("0.9", "NaN", "line 2: p_sad = \"NaN\""),
            ("0.9", "1.2", "line 2: p_sad = \"1.2\""),
            ("0.9", "0.7", "line 2: the probabilities sum to 0.8"),
            ("sad,0.1,0.9", "sad,0.9,0.1", "line 2: prediction"),
            ("angry,sad", "bored,sad", "line 2: truth = \"bored\""),
            ("42", "forty", "line 2: seed"),
            ("clip,", "", "first columns"),
        ] {
            std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
            let error = Predictions::read(&path).unwrap_err().to_string();
            assert!(error.contains(expected), "{from} → {to}: {error}");
        }
    }
}
