//! The lines at the top of the report.

use crate::{
    eval::{Regression, Unit},
    report::headline::{Kind, Line, audit_of, many, protocol_with, three, warnings_of},
};

/// What a reader must know before the figures, one warning a line.
pub(super) fn warnings(evaluation: &Regression) -> Vec<String> {
    warnings_of(
        &evaluation.protocol,
        !evaluation.protocol.speaker_independent,
        evaluation.synthetic,
        &evaluation.missing,
        &evaluation.versions,
    )
}

/// The protocol in one line.
pub(super) fn protocol_line(evaluation: &Regression) -> String {
    protocol_with(&evaluation.protocol, &many(evaluation.targets.len(), "target"))
}

/// Warnings, what was evaluated, the figures.
pub(super) fn lines(evaluation: &Regression) -> Vec<Line> {
    let mut lines: Vec<Line> =
        warnings(evaluation).into_iter().map(|value| Line { label: "", value, kind: Kind::Warning }).collect();
    let mut setting = |label, value| lines.push(Line { label, value, kind: Kind::Setting });
    let protocol = &evaluation.protocol;
    let seeds: Vec<String> = evaluation.seeds.iter().map(u64::to_string).collect();
    let targets = evaluation.targets.iter().map(|of| format!("{} ({})", of.name, of.range));
    setting("experiment", format!("{} ({})", evaluation.experiment, protocol.corpora.join(", ")));
    setting("protocol", protocol_line(evaluation));
    setting("targets", targets.collect::<Vec<_>>().join(", "));
    setting("validation", protocol.validation_rule.clone());
    setting("selection", protocol.selection.clone());
    setting("scaler", protocol.scaler.clone());
    setting("audit", audit_of(evaluation.runs.iter().map(|run| &run.audit)));
    let n = evaluation.numbers.rows.len();
    setting("seeds", format!("{} ({}, {n} predictions)", seeds.join(", "), many(evaluation.runs.len(), "run")));
    let brand = protocol.brand.as_ref().map(|brand| format!("  [{brand}]")).unwrap_or_default();
    let mut figure = |label, value: String| lines.push(Line { label, value: value + &brand, kind: Kind::Figure });
    let spread = if evaluation.seeds.len() > 1 { ", mean ± s.d. over seeds" } else { "" };
    figure("mean CCC", format!("{}  (folds pooled{spread})", three(evaluation.mean_over_seeds())));
    let within: Vec<String> = evaluation
        .mean_intervals
        .iter()
        .map(|(unit, of)| format!("{:.3} to {:.3} by {}", of.low, of.high, unit.name()))
        .collect();
    if !within.is_empty() {
        figure("95 %", within.join("; "));
    }
    lines
}

/// Whether there are intervals over that unit.
pub(super) fn has(evaluation: &Regression, unit: Unit) -> bool {
    evaluation.mean_intervals.iter().any(|(found, _)| *found == unit)
}
