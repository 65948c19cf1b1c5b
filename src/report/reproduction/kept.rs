//! `rows.csv`: the figures of every experiment that has been measured, so that a page can be made where their runs no longer are.

use std::{collections::BTreeMap, path::Path};

use serde::{Deserialize, Serialize};

use crate::{
    csv_file::{read_records, write_records},
    error::Result,
    eval::{Evaluation, Unit},
    report::published::Metric,
};

/// The figures of an experiment, in per cent; empty where they were not measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Kept {
    /// Its name.
    pub experiment: String,
    /// Test speakers.
    pub speakers: usize,
    /// Seeds.
    pub seeds: usize,
    /// UAR, folds pooled, the mean over seeds.
    pub uar: f64,
    /// Accuracy, the same.
    pub wa: f64,
    /// The 95 % interval of UAR over speakers.
    pub uar_low: Option<f64>,
    pub uar_high: Option<f64>,
    /// The means over folds, as EmoBox has them.
    pub fold_uar: Option<f64>,
    pub fold_wa: Option<f64>,
    /// Whether it is a demonstration of a leak, and no result.
    pub leak: bool,
    /// BLAKE3 of the config, of runs that were there when this table was made.
    pub config: Option<String>,
    /// The program's version and processor that it was measured with, where the table knows.
    pub made_with: Option<String>,
}

impl Kept {
    fn of(name: &str, evaluation: &Evaluation) -> Self {
        let interval = evaluation.intervals.iter().find(|of| of.unit == Unit::Speakers).map(|of| of.uar);
        let speakers: std::collections::BTreeSet<&str> =
            evaluation.predictions.rows.iter().map(|row| row.speaker.as_str()).collect();
        let percent = |share: f64| (1e4 * share).round() / 100.0;
        let of = |metric: Metric, folds| percent(metric.of(evaluation, folds).mean);
        Self {
            experiment: name.to_owned(),
            speakers: speakers.len(),
            seeds: evaluation.seeds.len(),
            uar: of(Metric::Uar, false),
            wa: of(Metric::Wa, false),
            uar_low: interval.map(|of| percent(of.low)),
            uar_high: interval.map(|of| percent(of.high)),
            fold_uar: Some(of(Metric::Uar, true)),
            fold_wa: Some(of(Metric::Wa, true)),
            leak: evaluation.protocol.brand.is_some(),
            config: Some(evaluation.config_hash.clone()),
            made_with: Some(evaluation.versions.to_string()),
        }
    }

    /// The figure; over folds where so published and known.
    pub fn figure(&self, metric: Metric, over_folds: bool) -> f64 {
        let folds = over_folds.then_some(match metric {
            Metric::Uar => self.fold_uar,
            Metric::Wa => self.fold_wa,
        });
        folds.flatten().unwrap_or(match metric {
            Metric::Uar => self.uar,
            Metric::Wa => self.wa,
        })
    }

    /// The interval over speakers, moved to the figure: it is drawn of UAR.
    pub fn interval(&self, metric: Metric, over_folds: bool) -> Option<(f64, f64)> {
        let shift = self.figure(metric, over_folds) - self.uar;
        Some((self.uar_low? + shift, (self.uar_high? + shift).min(100.0)))
    }
}

/// The table, by the experiments' names.
pub(super) type Table = BTreeMap<String, Kept>;

/// Reads the table, lays over it what is whole among the evaluations, and writes it back where something is new.
pub(super) fn renew<'a>(path: &Path, found: impl Iterator<Item = (&'a str, &'a Evaluation)>) -> Result<Table> {
    let rows: Vec<Kept> = if path.is_file() { read_records(path)? } else { Vec::new() };
    let mut table: Table = rows.into_iter().map(|row| (row.experiment.clone(), row)).collect();
    let before = table.clone();
    for (name, evaluation) in found.filter(|(_, evaluation)| evaluation.complete()) {
        table.insert(name.to_owned(), Kept::of(name, evaluation));
    }
    if table != before {
        write_records(path, &table.values().collect::<Vec<_>>())?;
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::test_support::evaluation;

    #[test]
    fn what_is_measured_replaces_its_row_and_the_others_stay() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rows.csv");
        let (one, other) = (evaluation("one", 6, 30, &[1], 0.5), evaluation("other", 6, 30, &[1], 0.9));
        assert_eq!(renew(&path, [("a", &one), ("b", &one)].into_iter()).unwrap().len(), 2);
        let table = renew(&path, [("b", &other)].into_iter()).unwrap();
        assert!(table["b"].uar > table["a"].uar + 10.0 && table["a"].speakers == 6);
        let (low, high) = table["a"].interval(Metric::Wa, false).unwrap();
        assert!(low < table["a"].wa && table["a"].wa < high);
        assert_eq!(renew(&path, std::iter::empty()).unwrap(), table, "read back as it was written");
    }
}
