//! A part as a table in Parquet: the columns of the CSV, with their types.

use std::{fs::File, path::Path};

use polars::prelude::{Column, DataFrame, NamedFrom, ParquetWriter, Series};

use super::part::Heard;
use crate::{
    error::{Error, Result},
    files::write_whole_at,
    predict::{Answer, Recognizer, Style, output},
};

/// The rows of a part, by column.
pub(super) struct Table {
    style: Style,
    classes: Vec<String>,
    /// Whether answers are values of targets.
    numbers: bool,
    paths: Vec<String>,
    starts: Vec<Option<f64>>,
    /// Ends of windows, or the lengths of recordings.
    ends: Vec<Option<f64>>,
    emotions: Vec<Option<String>>,
    confidences: Vec<Option<f32>>,
    values: Vec<Vec<Option<f32>>>,
    errors: Vec<Option<String>>,
}

impl Table {
    pub(super) fn new(recognizer: &Recognizer, style: Style) -> Self {
        let classes = recognizer.classes().to_vec();
        Self {
            style,
            numbers: !recognizer.scales().is_empty(),
            paths: Vec::new(),
            starts: Vec::new(),
            ends: Vec::new(),
            emotions: Vec::new(),
            confidences: Vec::new(),
            values: vec![Vec::new(); classes.len()],
            errors: Vec::new(),
            classes,
        }
    }

    pub(super) fn row(&mut self, name: &str, heard: &Result<Heard>) {
        match heard {
            Ok(Heard::Clip(answer)) => self.push(name, None, Some(answer.seconds()), Some(answer), None),
            Ok(Heard::Windows(windows)) => {
                for window in windows {
                    self.push(name, Some(window.start), Some(window.end), window.answer.as_ref(), None);
                }
            }
            Err(error) => self.push(name, None, None, None, Some(output::problem(error))),
        }
    }

    fn push(
        &mut self,
        name: &str,
        start: Option<f64>,
        end: Option<f64>,
        answer: Option<&Answer>,
        error: Option<String>,
    ) {
        self.paths.push(name.to_owned());
        self.starts.push(start);
        self.ends.push(end);
        let judged = !self.numbers && error.is_none();
        self.emotions.push(judged.then(|| self.style.emotion(answer).to_owned()));
        self.confidences.push(answer.filter(|_| judged).map(Answer::confidence));
        for (at, column) in self.values.iter_mut().enumerate() {
            let values = answer.map(|answer| if self.numbers { answer.values() } else { answer.probabilities() });
            column.push(values.and_then(|values| values.get(at).copied()));
        }
        self.errors.push(error);
    }

    /// Writes it, whole or not at all.
    pub(super) fn write(self, path: &Path) -> Result<()> {
        let mut columns: Vec<Column> = vec![Series::new("path".into(), self.paths).into()];
        if self.style.windows {
            columns.push(Series::new("start".into(), self.starts).into());
            columns.push(Series::new("end".into(), self.ends).into());
        } else {
            columns.push(Series::new("seconds".into(), self.ends).into());
        }
        if !self.numbers {
            columns.push(Series::new("emotion".into(), self.emotions).into());
            columns.push(Series::new("confidence".into(), self.confidences).into());
        }
        for (class, values) in self.classes.iter().zip(self.values) {
            let name = if self.numbers { class.clone() } else { format!("p_{class}") };
            columns.push(Series::new(name.into(), values).into());
        }
        columns.push(Series::new("error".into(), self.errors).into());
        write_whole_at(path, |to| {
            let wrong = |error: polars::prelude::PolarsError| Error::file(path, format!("cannot be written: {error}"));
            let mut frame = DataFrame::new_infer_height(columns).map_err(wrong)?;
            let file = File::create(to).map_err(Error::io("write", path))?;
            ParquetWriter::new(file).finish(&mut frame).map(drop).map_err(wrong)
        })
    }
}
