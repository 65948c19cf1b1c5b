//! Figures as CSV: the confusion matrix (`truth,<class>…`, one row of counts per true emotion), and all figures, one a
//! row: `scope,group,figure,value,low_speakers,high_speakers,low_utterances,high_utterances,n`.

use std::path::Path;

use crate::{
    csv_file::write_csv,
    error::Result,
    eval::{Certainty, Confusion, Evaluation, IntervalOf, Scores, Unit},
};

/// Writes the counts of `confusion` to `path`.
///
/// # Errors
///
/// [`crate::error::Error::Io`] where the file cannot be written.
pub(super) fn write_confusion(path: &Path, confusion: &Confusion) -> Result<()> {
    write_csv(path, std::iter::once("truth").chain(confusion.classes.iter().map(String::as_str)), |csv| {
        let mut rows = confusion.classes.iter().zip(&confusion.counts);
        rows.try_for_each(|(class, row)| csv.row(std::iter::once(class.clone()).chain(row.iter().map(u64::to_string))))
    })
}

/// Writes every figure of the evaluation to `path` in full precision: fractions from 0 to 1, losses in nats. `scope` is
/// `all`, `calibrated`, `class`, `run`, `seed` or a property as `sex`; what cannot be said is empty.
///
/// # Errors
///
/// [`crate::error::Error::Io`] where the file cannot be written.
pub(super) fn write_figures(path: &Path, evaluation: &Evaluation) -> Result<()> {
    let header = [
        "scope",
        "group",
        "figure",
        "value",
        "low_speakers",
        "high_speakers",
        "low_utterances",
        "high_utterances",
        "n",
    ];
    write_csv(path, header, |csv| rows(evaluation).iter().try_for_each(|row| csv.row(row)))
}

fn rows(evaluation: &Evaluation) -> Vec<Vec<String>> {
    let mut rows = vec![];
    let mut add = |scope: &str, group: &str, figure: &str, value: Option<f64>, ends: [String; 4], n: u64| {
        let value = value.map(|value| value.to_string()).unwrap_or_default();
        let name = [scope, group, figure].map(str::to_owned);
        rows.push([name.as_slice(), &[value], &ends, &[n.to_string()]].concat());
    };
    let none = || [const { String::new() }; 4];
    let ends = |figure: IntervalOf| {
        let of = |unit| evaluation.intervals_over(unit).map(figure);
        let [speakers, utterances] = [of(Unit::Speakers), of(Unit::Utterances)];
        let text = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
        [speakers.map(|i| i.low), speakers.map(|i| i.high), utterances.map(|i| i.low), utterances.map(|i| i.high)]
            .map(text)
    };
    let main = |scores: &Scores| [("uar", scores.uar), ("wa", scores.wa), ("macro_f1", scores.macro_f1)];
    let n = evaluation.scores.n;
    let intervals: [IntervalOf; 3] = [|i| i.uar, |i| i.wa, |i| i.macro_f1];
    for ((name, value), figure) in main(&evaluation.scores).into_iter().zip(intervals) {
        add("all", "", name, Some(value), ends(figure), n);
    }
    for (name, value) in [
        ("weighted_f1", Some(evaluation.scores.weighted_f1)),
        ("kappa", evaluation.kappa),
        ("mcc", Some(evaluation.mcc)),
    ] {
        add("all", "", name, value, none(), n);
    }
    let certainty = |of: &Certainty| {
        [
            ("top2", Some(of.top2)),
            ("auroc", of.auroc),
            ("log_loss", Some(of.log_loss)),
            ("brier", Some(of.brier)),
            ("calibration_error", Some(of.calibration_error)),
        ]
    };
    let calibrated = evaluation.calibrated.as_ref().map(|of| ("calibrated", &of.certainty));
    for (scope, of) in
        [("all", &evaluation.certainty)].into_iter().chain(calibrated).filter(|_| evaluation.has_probabilities())
    {
        for (name, value) in certainty(of) {
            add(scope, "", name, value, none(), n);
        }
    }
    for (class, auroc) in evaluation.scores.per_class.iter().zip(&evaluation.certainty.auroc_by_class) {
        // Of no clips nothing can be said, whatever stands in for it in an average.
        let tested = |value: f64| (class.support > 0).then_some(value);
        for (name, value) in [
            ("precision", tested(class.precision)),
            ("recall", tested(class.recall)),
            ("f1", tested(class.f1)),
            ("auroc", auroc.filter(|_| evaluation.has_probabilities())),
        ] {
            add("class", &class.class, name, value, none(), class.support);
        }
    }
    for run in &evaluation.runs {
        for (name, value) in main(&run.scores) {
            add("run", &format!("fold {} seed {}", run.fold, run.seed), name, Some(value), none(), run.scores.n);
        }
    }
    for seed in &evaluation.per_seed {
        for (name, value) in main(&seed.scores) {
            add("seed", &seed.seed.to_string(), name, Some(value), none(), seed.scores.n);
        }
    }
    for breakdown in &evaluation.breakdowns {
        for group in &breakdown.groups {
            for (name, value) in [("uar", group.uar), ("wa", group.wa), ("macro_f1", group.macro_f1)] {
                add(breakdown.by, &group.name, name, Some(value), none(), group.n);
            }
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::test_support::evaluation;

    #[test]
    fn every_figure_has_a_row_and_every_row_all_columns() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("figures.csv");
        let ours = evaluation("a", 4, 30, &[1, 2], 0.5);
        write_figures(&path, &ours).unwrap();
        let mut read = ::csv::Reader::from_path(&path).unwrap();
        assert_eq!(read.headers().unwrap().len(), 9);
        let rows: Vec<_> = read.records().map(|row| row.unwrap()).collect();
        let uar = rows.iter().find(|row| &row[0] == "all" && &row[2] == "uar").unwrap();
        assert_eq!(uar[3].parse::<f64>().unwrap(), ours.scores.uar);
        assert_eq!(uar[4].parse::<f64>().unwrap(), ours.intervals[0].uar.low);
        assert_eq!(rows.iter().filter(|row| &row[0] == "speaker").count(), 12);
        assert_eq!(rows.iter().filter(|row| &row[0] == "calibrated").count(), 5);
    }

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
