//! `rows.json`: all that the page says of an experiment, as it was measured last, so that nothing is lost where its runs no longer are.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde::{Deserialize, Serialize};

use super::transfer;
use crate::{
    error::{Error, Result},
    eval::{Evaluation, Interval, Spread, Unit},
    files::write_whole,
    frontend::ScalerScope,
    report::{
        headline::{protocol_line, warnings},
        published::{Key, Metric},
    },
};

/// A figure of an experiment, shares from 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Figure {
    /// Over seeds, each seed's folds pooled.
    pub pooled: Spread,
    /// Over seeds, the mean over folds.
    pub over_folds: Spread,
    /// 95 % intervals of the pooled figure, over speakers and over utterances, as far as they can be said.
    pub intervals: Vec<Interval>,
}

/// An experiment, measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Measured {
    /// What stands above every figure of it.
    pub warnings: Vec<String>,
    /// What a demonstration of a leak is called.
    pub brand: Option<String>,
    /// Whether no test speaker is learnt from.
    pub speaker_independent: bool,
    /// Whether all folds of all seeds are there.
    pub complete: bool,
    /// What published figures stand beside.
    pub key: Key,
    /// Its protocol in words.
    pub protocol: String,
    /// How clips were chosen, epochs kept and values standardised.
    pub description: String,
    pub validation_rule: String,
    pub selection: String,
    pub scaler: String,
    /// Runs, their seeds, predictions a seed, test speakers.
    pub runs: usize,
    pub seeds: Vec<u64>,
    pub predictions: u64,
    pub speakers: usize,
    /// The figures.
    pub uar: Figure,
    pub wa: Figure,
    pub macro_f1: Spread,
    /// UAR and accuracy of probabilities averaged over seeds.
    pub averaged: Option<[f64; 2]>,
    /// Validation's UAR over seeds; none where validation is learnt from.
    pub validation: Option<Spread>,
    /// UAR by tested corpus.
    pub by_corpus: BTreeMap<String, Spread>,
    /// Seconds of training: a run's, and all.
    pub seconds: [f64; 2],
    /// What it was measured with.
    pub made_with: String,
}

impl Measured {
    /// # Errors
    ///
    /// As [`Evaluation::seeds_averaged`].
    pub fn of(evaluation: &Evaluation) -> Result<Self> {
        let protocol = &evaluation.protocol;
        let runs = &evaluation.runs;
        let speakers: BTreeSet<&str> = evaluation.predictions.rows.iter().map(|row| row.speaker.as_str()).collect();
        let figure = |metric: Metric| Figure {
            pooled: rounded(metric.of(evaluation, false)),
            over_folds: rounded(metric.of(evaluation, true)),
            intervals: metric
                .intervals(evaluation)
                .into_iter()
                .map(|of| Interval { low: short(of.low), high: short(of.high) })
                .collect(),
        };
        let seconds: Vec<f64> = runs.iter().map(|run| run.done.seconds).collect();
        let validation = Spread::over_seeds(runs.iter().map(|run| (run.seed, run.done.validation)));
        Ok(Self {
            warnings: warnings(evaluation),
            brand: protocol.brand.clone(),
            speaker_independent: protocol.speaker_independent,
            complete: evaluation.complete(),
            key: Key::of(evaluation),
            protocol: protocol_line(evaluation),
            description: protocol.description.clone(),
            validation_rule: protocol.validation_rule.clone(),
            selection: protocol.selection.clone(),
            scaler: protocol.scaler.clone(),
            runs: runs.len(),
            seeds: evaluation.seeds.clone(),
            predictions: evaluation.scores.n / evaluation.seeds.len().max(1) as u64,
            speakers: evaluation.intervals_over(Unit::Speakers).map_or(speakers.len(), |of| of.units),
            uar: figure(Metric::Uar),
            wa: figure(Metric::Wa),
            macro_f1: rounded(evaluation.over_seeds(|s| s.macro_f1)),
            averaged: evaluation.seeds_averaged()?.map(|of| [short(of.uar), short(of.wa)]),
            validation: (!protocol.validation_learnt).then_some(rounded(validation)),
            by_corpus: transfer::by_corpus(evaluation)?.into_iter().map(|(name, of)| (name, rounded(of))).collect(),
            seconds: [Spread::of(&seconds).mean.round(), seconds.iter().sum::<f64>().round()],
            made_with: evaluation.versions.to_string(),
        })
    }

    /// The figure.
    pub fn figure(&self, metric: Metric) -> &Figure {
        match metric {
            Metric::Uar => &self.uar,
            Metric::Wa => &self.wa,
        }
    }

    /// As [`crate::run::ProtocolRecord::hears_test_speakers`].
    pub fn hears_test_speakers(&self) -> bool {
        self.scaler == ScalerScope::Speaker.words()
    }

    /// The interval of UAR over speakers.
    pub fn over_speakers(&self) -> Option<Interval> {
        self.uar.intervals.first().copied().filter(|_| self.speakers > 1)
    }
}

/// Six decimals: more than is ever printed.
fn short(share: f64) -> f64 {
    (1e6 * share).round() / 1e6
}

fn rounded(of: Spread) -> Spread {
    Spread { mean: short(of.mean), std: of.std.map(short), n: of.n }
}

/// By the experiments' names.
pub(super) type Table = BTreeMap<String, Measured>;

/// Reads the table, lays over it what is whole of what was found, and writes it back where something is new.
///
/// # Errors
///
/// [`Error::Io`] where the file cannot be read or written, [`Error::Data`] where it is no such table.
pub(super) fn renew(path: &Path, found: &Table) -> Result<Table> {
    let mut table: Table = match path.is_file() {
        true => {
            let text = crate::files::read_text(path).map_err(Error::io("read", path))?;
            serde_json::from_str(&text).map_err(|error| Error::Data(format!("{}: {error}", path.display())))?
        }
        false => Table::new(),
    };
    let before = table.clone();
    table.extend(found.iter().filter(|(_, of)| of.complete).map(|(name, of)| (name.clone(), of.clone())));
    if table != before {
        let text = serde_json::to_string_pretty(&table)
            .map_err(|error| Error::Data(format!("{}: cannot be written: {error}", path.display())))?;
        write_whole(path, |file| file.write_all(format!("{text}\n").as_bytes()))?;
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::test_support::evaluation;

    #[test]
    fn what_is_measured_replaces_its_row_the_others_stay_and_what_lacks_folds_is_not_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rows.json");
        let of = |right, name: &str| {
            let measured = Measured::of(&evaluation(name, 6, 30, &[1, 2], right)).unwrap();
            (name.to_owned(), measured)
        };
        let first = renew(&path, &Table::from([of(0.5, "a"), of(0.5, "b")])).unwrap();
        assert_eq!(renew(&path, &Table::new()).unwrap(), first, "read back as it was written");
        let mut partial = of(0.9, "a");
        partial.1.complete = false;
        let second = renew(&path, &Table::from([partial, of(0.9, "b")])).unwrap();
        assert_eq!(second["a"], first["a"]);
        assert!(second["b"].uar.pooled.mean > first["b"].uar.pooled.mean + 0.1);
        assert_eq!((second["b"].speakers, second["b"].averaged.is_some(), second["b"].by_corpus.len()), (6, true, 1));
    }
}
