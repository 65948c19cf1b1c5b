//! The few lines that stand on top of every report: the figures with the protocol that they mean something under.

use crate::eval::{Evaluation, Spread};

/// A share as per cent with two decimals, with its spread where there is one: `49.90` or `49.90 ± 1.02`.
#[must_use]
pub fn percent(spread: Spread) -> String {
    match spread.std {
        Some(std) => format!("{:.2} ± {:.2}", 100.0 * spread.mean, 100.0 * std),
        None => format!("{:.2}", 100.0 * spread.mean),
    }
}

/// The protocol in one line: `luna-5fold, speaker-independent, 5 folds, 8 classes`.
#[must_use]
pub fn protocol_line(evaluation: &Evaluation) -> String {
    let protocol = &evaluation.protocol;
    format!(
        "{}, speaker-{}, {} folds, {} classes",
        protocol.name,
        if protocol.speaker_independent { "independent" } else { "DEPENDENT" },
        protocol.folds.len(),
        evaluation.confusion.classes.len()
    )
}

/// What a reader must know before the figures, one warning a line: synthetic speech, missing folds.
#[must_use]
pub fn warnings(evaluation: &Evaluation) -> Vec<String> {
    let mut lines = Vec::new();
    if evaluation.synthetic {
        lines.push("SYNTHETIC SPEECH: these figures say nothing of people.".to_owned());
    }
    if !evaluation.protocol.speaker_independent {
        lines.push(
            "SPEAKER-DEPENDENT: test speakers are heard in training; not comparable with speaker-independent \
                    figures."
                .to_owned(),
        );
    }
    if !evaluation.complete() {
        let missing: Vec<String> =
            evaluation.missing.iter().map(|of| format!("{} (seed {})", of.fold, of.seed)).collect();
        lines.push(format!("INCOMPLETE: folds missing: {}; this is not the protocol's figure.", missing.join(", ")));
    }
    lines
}

/// The headline: warnings, what was evaluated, the figures.
#[must_use]
pub fn headline(evaluation: &Evaluation) -> String {
    let mut text = String::new();
    let mut line = |label: &str, value: &str| text.push_str(&format!("{label:<12}{value}\n"));
    for warning in warnings(evaluation) {
        line("", &warning);
    }
    let seeds: Vec<String> = evaluation.seeds.iter().map(u64::to_string).collect();
    line("experiment", &format!("{} ({})", evaluation.experiment, evaluation.protocol.corpora.join(", ")));
    line("protocol", &protocol_line(evaluation));
    line("validation", &evaluation.protocol.validation_rule);
    line("selection", &evaluation.protocol.selection);
    line("scaler", &evaluation.protocol.scaler);
    line(
        "seeds",
        &format!("{} ({} runs, {} predictions)", seeds.join(", "), evaluation.runs.len(), evaluation.scores.n),
    );
    let spread = if evaluation.seeds.len() > 1 { ", mean ± s.d. over seeds" } else { "" };
    let note = format!("folds pooled{spread}");
    line("UAR", &format!("{} %  ({note})", percent(evaluation.over_seeds(|s| s.uar))));
    line("WA", &format!("{} %", percent(evaluation.over_seeds(|s| s.wa))));
    line("macro F1", &format!("{} %", percent(evaluation.over_seeds(|s| s.macro_f1))));
    if evaluation.runs.len() > 1 {
        let folds = percent(evaluation.over_folds(|s| s.uar));
        line("UAR by run", &format!("{folds} %  (mean ± s.d. over {} runs)", evaluation.runs.len()));
    }
    text
}
