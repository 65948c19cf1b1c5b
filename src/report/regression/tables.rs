//! The figures of numbers as tables.

use super::lines::has;
use crate::{
    eval::{Concordance, Interval, NumberGroups, Regression, Target, TargetIntervals, Unit, concordance::mean_ccc},
    report::{
        table::Table,
        tables::{audit_of, or_dash, selections_of, three},
    },
};

/// How many groups a table lists.
const GROUPS: usize = 200;

fn number(value: f64) -> String {
    three(value).replace('-', "−")
}

fn interval(of: Interval) -> String {
    format!("{} to {}", number(of.low), number(of.high))
}

/// All figures of all predictions together.
pub(super) fn figures(evaluation: &Regression) -> Table {
    let mut table =
        Table::new("All folds and seeds pooled", ["figure", "value", "95 % by speakers", "95 % by utterances"]);
    for target in &evaluation.targets {
        let of = &target.figures;
        let mut drawn = |name: &str, value: Option<f64>, within: fn(&TargetIntervals) -> Interval| {
            let over = |unit| or_dash(over(target, unit).map(|intervals| interval(within(intervals))));
            table.row([
                format!("{} {name}", target.name),
                or_dash(value.map(number)),
                over(Unit::Speakers),
                over(Unit::Utterances),
            ]);
        };
        drawn("CCC", of.ccc, |i| i.ccc);
        drawn("Pearson", of.pearson, |i| i.pearson);
        drawn("MAE", Some(of.mae), |i| i.mae);
        drawn("RMSE", Some(of.rmse), |i| i.rmse);
        for (name, value) in [("bias", Some(of.bias)), ("spread", of.spread)] {
            table.row([format!("{} {name}", target.name), or_dash(value.map(number)), String::new(), String::new()]);
        }
    }
    table.note(note(evaluation))
}

fn over(target: &Target, unit: Unit) -> Option<&TargetIntervals> {
    target.intervals.iter().find(|intervals| intervals.unit == unit)
}

fn note(evaluation: &Regression) -> String {
    let first = evaluation.targets.first();
    let drawn: Vec<String> = first
        .iter()
        .flat_map(|target| &target.intervals)
        .map(|of| format!("{} {}", of.units, of.unit.name()))
        .collect();
    let of_draws = first.and_then(|target| target.intervals.first()).map(|of| {
        format!(
            "Intervals: percentile bootstrap over {}; {} draws, seed {}. ",
            drawn.join(" and "),
            of.bootstrap.samples,
            of.bootstrap.seed
        )
    });
    let errors = "MAE, RMSE and bias (how much too high) are in the target's unit. Spread: the standard deviation of the \
                  predictions over that of the truth.";
    let few = if has(evaluation, Unit::Speakers) { "" } else { " Too few speakers for intervals over them." };
    format!("{}{errors}{few}", of_draws.unwrap_or_default())
}

/// Whether predictions are in the order of the acted levels; nothing where no clips have such.
pub(super) fn order(evaluation: &Regression) -> Option<Table> {
    let rows: Vec<Vec<String>> = evaluation
        .targets
        .iter()
        .filter_map(|target| {
            let order = target.acted_order?;
            let share = order.share().map(|share| format!("{:.1}", 100.0 * share));
            Some(vec![
                target.name.clone(),
                order.groups.to_string(),
                order.pairs.to_string(),
                or_dash(share),
                or_dash(order.tau.map(number)),
            ])
        })
        .collect();
    let columns = ["target", "groups", "pairs", "right order %", "Kendall's τ-b"];
    (!rows.is_empty()).then(|| {
        Table::new("Order of the acted levels of intensity", columns).rows(rows).note(
            "A group: the clips of one speaker with the same sentence, emotion and seed. A pair: two of them acted at different \
             levels; 50 % is chance. τ-b: the mean over groups.",
        )
    })
}

/// The figures of groups of clips, a table each property.
pub(super) fn groups(evaluation: &Regression) -> Vec<Table> {
    evaluation.groups.iter().map(|of| group(evaluation, of)).collect()
}

fn group(evaluation: &Regression, NumberGroups { by, groups, unknown }: &NumberGroups) -> Table {
    // Of several targets there is no room for more than one figure each.
    let single = evaluation.targets.len() == 1;
    let of_target = |target: &Target| {
        let more = single.then(|| ["MAE", "bias"].map(|figure| format!("{} {figure}", target.name)));
        [format!("{} CCC", target.name)].into_iter().chain(more.into_iter().flatten())
    };
    let columns = ["group".to_owned(), "predictions".to_owned()];
    let columns = columns.into_iter().chain(evaluation.targets.iter().flat_map(of_target));
    let rows = groups.iter().take(GROUPS).map(|group| {
        let n = group.figures.first().map_or(0, |of| of.n);
        let each = |of: &Concordance| {
            let more = single.then(|| [number(of.mae), number(of.bias)]);
            [or_dash(of.ccc.map(number))].into_iter().chain(more.into_iter().flatten())
        };
        [group.name.clone(), n.to_string()].into_iter().chain(group.figures.iter().flat_map(each)).collect()
    });
    let mut notes = Vec::new();
    if groups.len() > GROUPS {
        notes.push(format!("The first {GROUPS} of {}; all are in figures.csv.", groups.len()));
    }
    if *unknown > 0 {
        notes.push(format!("Not known of {unknown} predictions."));
    }
    Table::new(format!("By {by}"), columns).rows(rows).note(notes.join(" "))
}

/// The clips to listen to first, a table each target.
pub(super) fn worst(evaluation: &Regression) -> Vec<Table> {
    let of = |target: &Target| {
        let rows = target.worst.iter().map(|clip| {
            let error = number(clip.prediction - clip.truth);
            vec![clip.clip.clone(), number(clip.truth), number(clip.prediction), error]
        });
        Table::new(format!("Worst clips of {}", target.name), ["clip", "true", "predicted", "error"])
            .rows(rows)
            .note("Predicted: the mean over seeds.")
    };
    evaluation.targets.iter().map(of).collect()
}

/// The runs.
pub(super) fn runs(evaluation: &Regression) -> Table {
    let rows = evaluation.runs.iter().map(|run| {
        vec![
            run.fold.clone(),
            run.seed.to_string(),
            run.figures.first().map_or(0, |of| of.n).to_string(),
            number(mean_ccc(&run.figures)),
            number(run.done.validation),
            run.done.kept(),
            format!("{:.0}", run.done.seconds),
        ]
    });
    let columns = ["fold", "seed", "n", "mean CCC", "validation", "kept epoch", "s"];
    Table::new("Runs", columns).rows(rows).note("Mean CCC: over targets, on the test side and on validation.")
}

/// What the sides of each fold share.
pub(super) fn audit(evaluation: &Regression) -> Table {
    audit_of(evaluation.runs.iter().map(|run| (run.fold.as_str(), &run.audit)))
}

/// How the runs' settings were chosen, and how often their test sides were looked at.
pub(super) fn selections(evaluation: &Regression) -> Vec<Table> {
    selections_of(evaluation.runs.iter().map(|run| (run.fold.as_str(), run.seed, &run.selection, run.done.c)))
}
