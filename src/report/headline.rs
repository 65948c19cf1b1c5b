//! The few lines at the top of every report: the figures with their protocol.

use super::table::wrapped;
use crate::{
    eval::{Evaluation, FoldOfSeed, Spread},
    protocol::audit::{Audit, Verdict},
    run::{ProtocolRecord, Versions},
};

/// A share as per cent with two decimals, with its spread where there is one: `49.90` or `49.90 ± 1.02`.
#[must_use]
pub(super) fn percent(spread: Spread) -> String {
    match spread.std {
        Some(std) => format!("{:.2} ± {:.2}", 100.0 * spread.mean, 100.0 * std),
        None => format!("{:.2}", 100.0 * spread.mean),
    }
}

/// A coefficient with three decimals, with its spread where there is one: `0.612` or `0.612 ± 0.010`.
#[must_use]
pub(super) fn three(spread: Spread) -> String {
    match spread.std {
        Some(std) => format!("{:.3} ± {std:.3}", spread.mean),
        None => format!("{:.3}", spread.mean),
    }
}

/// A number of things: `1 fold`, `5 folds`.
pub(super) fn many(n: usize, thing: &str) -> String {
    format!("{n} {thing}{}", if n == 1 { "" } else { "s" })
}

/// Names in a sentence: the first twenty, and how many more there are.
fn some<S: ToString>(names: impl ExactSizeIterator<Item = S>) -> String {
    const MOST: usize = 20;
    let more = names.len().saturating_sub(MOST);
    let listed = names.take(MOST).map(|name| name.to_string()).collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{listed} and {more} more") } else { listed }
}

/// The protocol in one line: `luna-5fold, speaker-independent, 5 folds, 8 classes`.
#[must_use]
pub fn protocol_line(evaluation: &Evaluation) -> String {
    let protocol = &evaluation.protocol;
    let learnt = format!("{} classes", evaluation.confusion.classes.len());
    if evaluation.is_given() {
        let speakers = match (&evaluation.split_audit, protocol.speaker_independent) {
            (Some(_), true) => "speaker-independent by the split's names",
            (Some(of), false) if of.verdict() == Verdict::SpeakerDependent => "speaker-DEPENDENT",
            (Some(_), false) => "not known to be speaker-independent",
            (None, true) => "speaker-independent as their maker says",
            (None, false) => "not said to be speaker-independent",
        };
        return format!("{}, {speakers}, {learnt}", protocol.name);
    }
    protocol_with(protocol, &learnt)
}

/// The same with what was learnt.
pub(super) fn protocol_with(protocol: &ProtocolRecord, learnt: &str) -> String {
    format!(
        "{}, speaker-{}, {}, {learnt}",
        protocol.name,
        if protocol.speaker_independent { "independent" } else { "DEPENDENT" },
        many(protocol.folds.len(), "fold"),
    )
}

/// What a reader must know before the figures, one warning a line: leaks on purpose, synthetic speech, missing folds, classes
/// without test clips.
#[must_use]
pub fn warnings(evaluation: &Evaluation) -> Vec<String> {
    let protocol = &evaluation.protocol;
    // Of predictions from elsewhere, only the audit of their split can say that test speakers were heard in training.
    let heard = match (&evaluation.split_audit, evaluation.is_given()) {
        (Some(of), _) => of.verdict() == Verdict::SpeakerDependent,
        (None, true) => false,
        (None, false) => !protocol.speaker_independent,
    };
    let mut lines = warnings_of(protocol, heard, evaluation.synthetic, &evaluation.missing, &evaluation.versions);
    let untested = evaluation.untested();
    if !untested.is_empty() {
        lines.push(format!("NO TEST CLIPS of {}: the UAR is over the other classes.", some(untested.into_iter())));
    }
    lines
}

/// The warnings that do not depend on what was learnt; `heard`: test speakers are also in training.
pub(super) fn warnings_of(
    protocol: &ProtocolRecord,
    heard: bool,
    synthetic: bool,
    missing: &[FoldOfSeed],
    versions: &Versions,
) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(brand) = &protocol.brand {
        lines.push(format!("{brand}: {}.", protocol.description));
    }
    if synthetic {
        lines.push("SYNTHETIC SPEECH: these figures say nothing of people.".to_owned());
    }
    lines.extend(protocol.caveats.iter().map(ToString::to_string));
    if heard {
        lines.push(
            "SPEAKER-DEPENDENT: test speakers are also in training; not comparable with speaker-independent \
                    figures."
                .to_owned(),
        );
    }
    if protocol.hears_test_speakers() {
        lines.push(
            "ANOTHER PROTOCOL: each test speaker's clips are standardised by all of that speaker's own, without their labels; \
             no published figure stands beside these."
                .to_owned(),
        );
    }
    if !missing.is_empty() {
        let missing = missing.iter().map(|of| format!("{} (seed {})", of.fold, of.seed));
        lines.push(format!("INCOMPLETE: folds missing: {}; this is not the protocol's figure.", some(missing)));
    }
    if versions.mixed() {
        lines.push(format!("MIXED: runs of different processors, devices or versions are together here: {versions}."));
    }
    lines
}

/// The headline: warnings, what was evaluated, the figures; in lines of at most 80 columns.
#[must_use]
pub fn headline(evaluation: &Evaluation) -> String {
    let mut text = String::new();
    for Line { label, value, .. } in lines(evaluation) {
        // Labels are of words without a break, which keeps the columns.
        text.push_str(&wrapped(&format!("{label:<INDENT$}{value}"), INDENT));
    }
    text
}

/// Where the values of a headline begin.
pub(super) const INDENT: usize = 12;

/// A line of the headline.
pub(super) struct Line {
    pub label: &'static str,
    pub value: String,
    pub kind: Kind,
}

/// What a line says, for those who colour it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Warning,
    Setting,
    Figure,
}

pub(super) fn lines(evaluation: &Evaluation) -> Vec<Line> {
    let mut lines: Vec<Line> =
        warnings(evaluation).into_iter().map(|value| Line { label: "", value, kind: Kind::Warning }).collect();
    let mut setting = |label, value| lines.push(Line { label, value, kind: Kind::Setting });
    let protocol = &evaluation.protocol;
    let seeds: Vec<String> = evaluation.seeds.iter().map(u64::to_string).collect();
    let corpora =
        if protocol.corpora.is_empty() { String::new() } else { format!(" ({})", protocol.corpora.join(", ")) };
    setting("experiment", format!("{}{corpora}", evaluation.experiment));
    setting("protocol", protocol_line(evaluation));
    if evaluation.is_given() {
        setting("read", protocol.description.clone());
    }
    setting("validation", protocol.validation_rule.clone());
    setting("selection", protocol.selection.clone());
    setting("scaler", protocol.scaler.clone());
    setting("labels", evaluation.label_rule.clone());
    setting("audit", audit(evaluation));
    let runs = if evaluation.is_given() { String::new() } else { format!("{}, ", many(evaluation.runs.len(), "run")) };
    setting("seeds", format!("{} ({runs}{} predictions)", seeds.join(", "), evaluation.scores.n));
    let brand = protocol.brand.as_ref().map(|brand| format!("  [{brand}]")).unwrap_or_default();
    let mut figure = |label, value: String| lines.push(Line { label, value: value + &brand, kind: Kind::Figure });
    let spread = if evaluation.seeds.len() > 1 { ", mean ± s.d. over seeds" } else { "" };
    figure("UAR", format!("{} %  (folds pooled{spread})", percent(evaluation.over_seeds(|s| s.uar))));
    figure("WA", format!("{} %", percent(evaluation.over_seeds(|s| s.wa))));
    figure("macro F1", format!("{} %", percent(evaluation.over_seeds(|s| s.macro_f1))));
    if evaluation.runs.len() > 1 {
        let folds = percent(evaluation.over_folds(|s| s.uar));
        figure("UAR by run", format!("{folds} %  (mean ± s.d. over {} runs)", evaluation.runs.len()));
    }
    let within: Vec<String> = evaluation
        .intervals
        .iter()
        .map(|of| {
            let (low, high) = (100.0 * of.uar.low, 100.0 * of.uar.high);
            format!("{low:.2} to {high:.2} % by {} {}", of.units, of.unit.name())
        })
        .collect();
    if !within.is_empty() {
        figure("UAR, 95 %", within.join("; "));
    }
    lines
}

/// What the sides of the folds share, the most in any.
fn audit(evaluation: &Evaluation) -> String {
    if let Some(of) = &evaluation.split_audit {
        return of.verdict().words().into();
    }
    if evaluation.is_given() {
        return "none: ser-data audit, or serkit.audit, looks at a split".into();
    }
    audit_of(evaluation.runs.iter().map(|run| &run.audit))
}

/// The same of the audits of runs.
pub(super) fn audit_of<'a>(audits: impl Iterator<Item = &'a Audit> + Clone) -> String {
    let most = |count: fn(&Audit) -> usize| audits.clone().map(count).max().unwrap_or(0);
    // Where every test sentence is said in training, the corpus has one script for all of its speakers.
    let mut shared = audits.clone().filter(|a| a.shared_sentences > 0).peekable();
    let script = shared.peek().is_some() && shared.all(|a| a.shared_sentences == a.sentences[2]);
    format!(
        "clips on two sides {}; test speakers in training {}; test sentences in training {}{}",
        most(|a| a.shared_clips.len() + a.shared_copies.len() + a.shared_audio.len()),
        most(|a| a.shared_speakers.len()),
        most(|a| a.shared_sentences),
        if script { " (one script for all speakers)" } else { "" },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::{FoldOfSeed, test_support::evaluation};

    #[test]
    fn a_headline_fits_80_columns_and_says_what_is_missing() {
        let mut ours = evaluation("a-long-name-for-an-experiment", 4, 30, &[1, 2, 3, 4, 5], 0.5);
        ours.protocol.validation_rule = "of the training side, whole speakers where there are enough ".repeat(3);
        ours.missing.push(FoldOfSeed { fold: "07".into(), seed: 3 });
        ours.scores.per_class[1].support = 0;
        let text = headline(&ours);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        for part in
            ["INCOMPLETE: folds missing: 07 (seed 3)", "NO TEST CLIPS of class 1", "\nUAR         ", "by 4 speakers"]
        {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
