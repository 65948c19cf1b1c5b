//! `report.json`: the figures with their protocol, for programs.
//!
//! The schema is named in the file: `ser-report/1`. Keys may be added under the same number; one that is taken away or
//! changes its meaning raises it. Shares are from 0 to 1, losses in nats, what cannot be said is `null`.
//!
//! | key | what it is |
//! |---|---|
//! | `schema`, `experiment`, `synthetic` | the schema; the experiment's name; whether any corpus is synthetic |
//! | `uar`, `wa`, `macro_f1`, `weighted_f1`, `n` | all folds and seeds pooled, and of how many predictions |
//! | `uar_over_seeds`, `wa_over_seeds`, `macro_f1_over_seeds`, `uar_over_runs` | `mean`, `std` (n − 1), `n` |
//! | `kappa`, `mcc` | [`agreement`](crate::eval::agreement), pooled |
//! | `certainty` | [`Certainty`]: `top2`, `auroc`, `auroc_by_class`, `log_loss`, `brier`, `calibration_error`, `bins`; null of answers alone |
//! | `calibrated` | the same after temperature scaling, and each run's `temperatures`; null of predictions from elsewhere |
//! | `adaptation` | [`AdaptedCurve`]: `points` by seconds heard of a test speaker, then skewed sides; absent where bundles cannot |
//! | `intervals` | [`Intervals`]: one by `speakers` and one by `utterances`, each `low` and `high` at 95 % |
//! | `protocol`, `label_rule` | [`ProtocolRecord`]; how emotions became classes, in words |
//! | `complete`, `missing`, `seeds`, `untested` | whether all folds are there, else which are not; classes without clips |
//! | `per_class`, `macro_average`, `weighted_average`, `confusion` | scikit-learn's figures; counts `[truth][prediction]` |
//! | `breakdowns` | [`Breakdown`]: `by` and its `groups`; `unknown` predictions are in none |
//! | `fairness` | [`Fairness`]: `by`, `decision`, and of its `groups` the `gaps` to all others with `interval`, `limit`, `decision` |
//! | `confused`, `worst` | pairs of emotions and clips, the worst first; class indices are those of `confusion.classes` |
//! | `per_seed`, `runs` | the figures of each seed, and of each run with its audit, what it learnt beside the classes (`parts`), which penalty it picked (`c`), what a nested search chose (`choice`), and how often its test side was looked at (`looks`) |
//! | `projection` | [`Projection`] of one run: `fold`, `seed`, `explained`, and the `place` of each of its `points` |
//! | `split_audit` | [`Foreign`]: of predictions from elsewhere, what the sides of their split share |
//! | `config_hash`, `versions` | what the runs were made with |

use std::path::Path;

use serde::Serialize;

use crate::{
    error::{Error, Result},
    eval::{
        AdaptedCurve, Average, Calibrated, Certainty, ClassScores, Confusion, Evaluation, FoldOfSeed, Intervals,
        Projection, SeedScores, Spread,
        breakdown::Breakdown,
        fairness::Fairness,
        notable::{ConfusedPair, JudgedClip},
    },
    files::write_json,
    protocol::audit::{Audit, Foreign},
    run::{PartRecord, ProtocolRecord, Selection, Versions},
};

/// The schema's name and version; a change that breaks a reader raises it.
const SCHEMA: &str = "ser-report/1";

/// Shares are from 0 to 1.
#[derive(Serialize)]
struct Report<'a> {
    schema: &'static str,
    experiment: &'a str,
    /// Whether any corpus is synthetic.
    synthetic: bool,
    /// Unweighted average recall, all folds and seeds pooled.
    uar: f64,
    /// Accuracy, all folds and seeds pooled.
    wa: f64,
    macro_f1: f64,
    weighted_f1: f64,
    /// Predictions that the figures are computed from.
    n: u64,
    uar_over_seeds: Spread,
    wa_over_seeds: Spread,
    macro_f1_over_seeds: Spread,
    uar_over_runs: Spread,
    kappa: Option<f64>,
    mcc: f64,
    certainty: Option<&'a Certainty>,
    calibrated: Option<&'a Calibrated>,
    #[serde(skip_serializing_if = "Option::is_none")]
    adaptation: Option<&'a AdaptedCurve>,
    intervals: &'a [Intervals],
    protocol: &'a ProtocolRecord,
    label_rule: &'a str,
    complete: bool,
    missing: &'a [FoldOfSeed],
    seeds: &'a [u64],
    untested: Vec<&'a str>,
    per_class: &'a [ClassScores],
    macro_average: &'a Average,
    weighted_average: &'a Average,
    confusion: &'a Confusion,
    breakdowns: &'a [Breakdown],
    fairness: &'a [Fairness],
    confused: &'a [ConfusedPair],
    worst: &'a [JudgedClip],
    per_seed: &'a [SeedScores],
    runs: Vec<Run<'a>>,
    projection: Option<&'a Projection>,
    #[serde(skip_serializing_if = "Option::is_none")]
    split_audit: Option<&'a Foreign>,
    config_hash: &'a str,
    versions: &'a Versions,
}

#[derive(Serialize)]
struct Run<'a> {
    fold: &'a str,
    seed: u64,
    n: u64,
    uar: f64,
    wa: f64,
    macro_f1: f64,
    best_epoch: usize,
    epochs: usize,
    validation_uar: f64,
    seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    c: Option<f64>,
    audit: &'a Audit,
    #[serde(skip_serializing_if = "<[PartRecord]>::is_empty")]
    parts: &'a [PartRecord],
    #[serde(flatten)]
    selection: &'a Selection,
}

/// Writes the report, whole or not at all.
///
/// # Errors
///
/// [`crate::error::Error::Io`] where the file cannot be written.
pub fn write(path: &Path, evaluation: &Evaluation) -> Result<()> {
    write_json(path, &report(evaluation))
}

/// The report as JSON.
///
/// # Errors
///
/// [`Error::Data`] where a value cannot be written as JSON, which none is.
pub fn json(evaluation: &Evaluation) -> Result<String> {
    serde_json::to_string(&report(evaluation)).map_err(|e| Error::Data(format!("cannot be written as JSON: {e}")))
}

fn report(evaluation: &Evaluation) -> Report<'_> {
    let scores = &evaluation.scores;
    let runs = evaluation.runs.iter().map(|run| Run {
        fold: &run.fold,
        seed: run.seed,
        n: run.scores.n,
        uar: run.scores.uar,
        wa: run.scores.wa,
        macro_f1: run.scores.macro_f1,
        best_epoch: run.done.best_epoch,
        epochs: run.done.epochs,
        validation_uar: run.done.validation,
        seconds: run.done.seconds,
        c: run.done.c,
        audit: &run.audit,
        parts: &run.parts,
        selection: &run.selection,
    });
    Report {
        schema: SCHEMA,
        experiment: &evaluation.experiment,
        synthetic: evaluation.synthetic,
        uar: scores.uar,
        wa: scores.wa,
        macro_f1: scores.macro_f1,
        weighted_f1: scores.weighted_f1,
        n: scores.n,
        uar_over_seeds: evaluation.over_seeds(|s| s.uar),
        wa_over_seeds: evaluation.over_seeds(|s| s.wa),
        macro_f1_over_seeds: evaluation.over_seeds(|s| s.macro_f1),
        uar_over_runs: evaluation.over_folds(|s| s.uar),
        kappa: evaluation.kappa,
        mcc: evaluation.mcc,
        certainty: evaluation.has_probabilities().then_some(&evaluation.certainty),
        adaptation: evaluation.adaptation.as_ref(),
        calibrated: evaluation.calibrated.as_ref(),
        intervals: &evaluation.intervals,
        protocol: &evaluation.protocol,
        label_rule: &evaluation.label_rule,
        complete: evaluation.complete(),
        missing: &evaluation.missing,
        seeds: &evaluation.seeds,
        untested: evaluation.untested(),
        per_class: &scores.per_class,
        macro_average: &scores.macro_avg,
        weighted_average: &scores.weighted_avg,
        confusion: &evaluation.confusion,
        breakdowns: &evaluation.breakdowns,
        fairness: &evaluation.fairness,
        confused: &evaluation.confused,
        worst: &evaluation.worst,
        per_seed: &evaluation.per_seed,
        runs: runs.collect(),
        projection: evaluation.projection.as_ref(),
        split_audit: evaluation.split_audit.as_ref(),
        config_hash: &evaluation.config_hash,
        versions: &evaluation.versions,
    }
}
