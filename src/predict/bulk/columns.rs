//! A part as a table in Parquet: the columns of the CSV, with their types.

use std::{fs::File, path::Path};

use polars::prelude::{Column, DataFrame, NamedFrom, ParquetWriter, Series};

use super::part::Heard;
use crate::{
    adapt::Off,
    error::{Error, Result},
    files::write_whole_at,
    predict::{
        Answer, Recognizer, Style,
        output::{self, ADAPTED},
    },
};

/// The rows of a part, by column.
pub(super) struct Table {
    style: Style,
    /// Nothing where numbers alone were learnt.
    classes: Vec<String>,
    /// Nothing where classes alone were learnt.
    targets: Vec<String>,
    /// Whether there are columns for how far answers are adapted.
    adapted: bool,
    paths: Vec<String>,
    starts: Vec<Option<f64>>,
    /// Ends of windows, or the lengths of recordings.
    ends: Vec<Option<f64>>,
    emotions: Vec<Option<String>>,
    confidences: Vec<Option<f32>>,
    /// Of each class, then of each target.
    values: Vec<Vec<Option<f32>>>,
    heard: Vec<Option<f64>>,
    degrees: Vec<Option<f64>>,
    off: Vec<Option<&'static str>>,
    errors: Vec<Option<String>>,
}

impl Table {
    pub(super) fn new(recognizer: &Recognizer, style: Style, adapted: bool) -> Self {
        let known = recognizer.vocabulary();
        let (classes, targets) = (known.emotions.to_vec(), known.targets.to_vec());
        Self {
            style,
            adapted,
            paths: Vec::new(),
            starts: Vec::new(),
            ends: Vec::new(),
            emotions: Vec::new(),
            confidences: Vec::new(),
            values: vec![Vec::new(); classes.len() + targets.len()],
            heard: Vec::new(),
            degrees: Vec::new(),
            off: Vec::new(),
            errors: Vec::new(),
            classes,
            targets,
        }
    }

    pub(super) fn row(&mut self, name: &str, heard: &Result<Heard>) {
        match heard {
            Ok(Heard::Clip(answer)) => self.push(name, None, Some(answer.seconds()), Some(answer), None),
            Ok(Heard::Evidence(_)) => {}
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
        let judged = !self.classes.is_empty() && error.is_none();
        self.emotions.push(judged.then(|| self.style.emotion(answer).to_owned()));
        self.confidences.push(answer.filter(|_| judged).map(Answer::confidence));
        for (at, column) in self.values.iter_mut().enumerate() {
            let values = answer.and_then(|answer| answer.probabilities().iter().chain(answer.values()).nth(at));
            column.push(values.copied());
        }
        let adapted = answer.and_then(Answer::adapted);
        self.heard.push(adapted.map(|adapted| adapted.seconds));
        self.degrees.push(adapted.map(|adapted| adapted.degree));
        self.off.push(adapted.and_then(|adapted| adapted.off).map(Off::words));
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
        if !self.classes.is_empty() {
            columns.push(Series::new("emotion".into(), self.emotions).into());
            columns.push(Series::new("confidence".into(), self.confidences).into());
        }
        let names = self.classes.iter().map(|class| format!("p_{class}")).chain(self.targets);
        for (name, values) in names.zip(self.values) {
            columns.push(Series::new(name.into(), values).into());
        }
        if self.adapted {
            let [heard, degree, off] = ADAPTED;
            columns.push(Series::new(heard.into(), self.heard).into());
            columns.push(Series::new(degree.into(), self.degrees).into());
            columns.push(Series::new(off.into(), self.off).into());
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
