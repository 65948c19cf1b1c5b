//! An evaluation's figures as [`Table`]s, which text, Markdown and LaTeX share.

use std::collections::BTreeSet;

use super::{
    headline::{many, percent, three as three_of},
    published::{Metric, Published},
    table::Table,
};
use crate::eval::{
    Certainty, Decision, Evaluation, Interval, IntervalOf, Spread, Unit,
    breakdown::Group,
    fairness::{Fairness, Figure, Gap, UNCERTAIN},
};
use crate::{
    numeric::written,
    protocol::audit::Audit,
    run::{PartRecord, Selection},
    task,
};

/// How many groups a table lists.
const GROUPS: usize = 200;
/// How many pairs of emotions are named.
const PAIRS: usize = 10;

/// A share in per cent with two decimals.
pub(super) fn points(share: f64) -> String {
    format!("{:.2}", 100.0 * share)
}

/// An interval of shares in per cent.
pub(super) fn interval(interval: Interval) -> String {
    format!("{:.2} to {:.2}", 100.0 * interval.low, 100.0 * interval.high)
}

/// A difference of shares in points, with its sign.
pub(super) fn signed(share: f64, digits: usize) -> String {
    format!("{:+.digits$}", written(100.0 * share, digits))
}

/// An interval of differences in points.
pub(super) fn signed_interval(of: Interval, digits: usize) -> String {
    format!("{} to {}", signed(of.low, digits), signed(of.high, digits))
}

pub(super) fn three(value: f64) -> String {
    format!("{value:.3}")
}

pub(super) fn or_dash(value: Option<String>) -> String {
    value.unwrap_or_else(|| "–".into())
}

/// A table's title, with the mark of a protocol that leaks on purpose.
fn titled(evaluation: &Evaluation, title: &str) -> String {
    match &evaluation.protocol.brand {
        Some(brand) => format!("{title} [{brand}]"),
        None => title.to_owned(),
    }
}

/// All figures of all predictions together.
#[must_use]
pub fn figures(evaluation: &Evaluation) -> Table {
    let scores = &evaluation.scores;
    let within = |unit, figure: IntervalOf| {
        or_dash(evaluation.intervals_over(unit).map(|intervals| interval(figure(intervals))))
    };
    let drawn = |name: &str, value: f64, figure: IntervalOf| {
        vec![name.to_owned(), points(value), within(Unit::Speakers, figure), within(Unit::Utterances, figure)]
    };
    let plain = |name: &str, value: String| vec![name.to_owned(), value, String::new(), String::new()];
    let certainty = |after: &str, of: &Certainty| {
        [
            plain(&format!("log loss (nats){after}"), three(of.log_loss)),
            plain(&format!("Brier score (0 to 2){after}"), three(of.brier)),
            plain(&format!("calibration error (%){after}"), points(of.calibration_error)),
        ]
    };
    let probable = evaluation.has_probabilities();
    let mut rows = vec![
        drawn("UAR (%)", scores.uar, |i| i.uar),
        drawn("WA (%)", scores.wa, |i| i.wa),
        drawn("macro F1 (%)", scores.macro_f1, |i| i.macro_f1),
        plain("weighted F1 (%)", points(scores.weighted_f1)),
        plain("Cohen's kappa", or_dash(evaluation.kappa.map(three))),
        plain("Matthews correlation", three(evaluation.mcc)),
    ];
    if probable {
        rows.insert(4, plain("top-2 accuracy (%)", points(evaluation.certainty.top2)));
        rows.push(plain("AUROC, one-vs-rest", or_dash(evaluation.certainty.auroc.map(three))));
        rows.extend(certainty("", &evaluation.certainty));
    }
    rows.extend(evaluation.calibrated.iter().flat_map(|of| certainty(", scaled", &of.certainty)));
    Table::new(
        titled(evaluation, "All folds and seeds pooled"),
        ["figure", "value", "95 % by speakers", "95 % by utterances"],
    )
    .rows(rows)
    .note(figures_note(evaluation))
}

fn figures_note(evaluation: &Evaluation) -> String {
    let mut note = match evaluation.intervals.first() {
        Some(found) => {
            let units: Vec<String> =
                evaluation.intervals.iter().map(|of| format!("{} {}", of.units, of.unit.name())).collect();
            format!(
                "Intervals: percentile bootstrap over {}; {} draws, seed {}. ",
                units.join(" and "),
                found.bootstrap.samples,
                found.bootstrap.seed
            )
        }
        None => String::new(),
    };
    if let Some(calibrated) = &evaluation.calibrated {
        let of = calibrated.temperatures.iter().map(|of| of.temperature);
        let (low, high) = of.fold((f64::INFINITY, 0.0), |(low, high): (f64, f64), t| (low.min(t), high.max(t)));
        note.push_str(&format!(
            "Scaled: by each run's temperature, fitted on its validation side ({low:.2} to {high:.2}). "
        ));
    }
    if evaluation.has_probabilities() {
        note.push_str(&format!("Calibration error: {} bins of equal width.", evaluation.certainty.bins.len()));
    }
    note.trim_end().to_owned()
}

/// What others and people reach under the same protocol, ours among them; nothing where nothing was published.
#[must_use]
pub fn published(evaluation: &Evaluation, elsewhere: &Published) -> Option<Table> {
    if *elsewhere == Published::default() {
        return None;
    }
    let row = |cells: [String; 4]| cells.to_vec();
    let ours = format!("this experiment, {}", many(evaluation.seeds.len(), "seed"));
    let mut rows = vec![
        row([
            ours.clone(),
            format!("UAR {}", percent(evaluation.over_seeds(|s| s.uar))),
            "folds pooled".into(),
            String::new(),
        ]),
        row([
            ours.clone(),
            format!("WA {}", percent(evaluation.over_seeds(|s| s.wa))),
            "folds pooled".into(),
            String::new(),
        ]),
    ];
    let folds: BTreeSet<&String> = elsewhere.figures.iter().filter_map(|of| of.fold.as_ref()).collect();
    for fold in folds {
        for metric in [Metric::Uar, Metric::Wa] {
            let figure = format!("{metric} {}", percent(metric.of_fold(evaluation, fold)));
            rows.push(row([ours.clone(), figure, format!("fold {fold}"), String::new()]));
        }
    }
    if evaluation.protocol.folds.len() > 1 {
        let figure = format!("WA {}", percent(evaluation.over_folds(|s| s.wa)));
        rows.push(row([ours, figure, "mean over folds".into(), String::new()]));
    }
    rows.extend(elsewhere.figures.iter().map(|of| {
        let std = of.std.map(|std| format!(" ± {std:.2}")).unwrap_or_default();
        let caveat = of.caveat.as_ref().map(|caveat| format!(" ({caveat})")).unwrap_or_default();
        let figure = format!("{} {:.2}{std}", of.metric, of.value);
        let statistic = of.fold.as_ref().map_or_else(|| of.statistic.clone(), |fold| format!("fold {fold}"));
        row([format!("{}{caveat}", of.system), figure, statistic, of.source.clone()])
    }));
    rows.extend(
        elsewhere.listeners.iter().map(|of| {
            row(["human listeners".into(), format!("WA {:.1}", of.accuracy), String::new(), of.source.clone()])
        }),
    );
    Some(
        Table::new("The same protocol elsewhere", ["system", "%", "statistic", "source"])
            .rows(rows)
            .note("Same corpus, classes and test folds; other differences are named where they are known."),
    )
}

/// Precision, recall, F1, AUROC and support of each class.
#[must_use]
pub fn per_class(evaluation: &Evaluation) -> Table {
    let rows = evaluation.scores.per_class.iter().zip(&evaluation.certainty.auroc_by_class).map(|(class, auroc)| {
        let untested = class.support == 0;
        let figure = |value: f64| if untested { "–".to_owned() } else { points(value) };
        vec![
            class.class.clone(),
            figure(class.precision),
            figure(class.recall),
            figure(class.f1),
            or_dash(auroc.filter(|_| evaluation.has_probabilities()).map(three)),
            class.support.to_string(),
        ]
    });
    Table::new(titled(evaluation, "By emotion"), ["emotion", "precision %", "recall %", "F1 %", "AUROC", "clips"])
        .rows(rows)
}

/// What adapting to test speakers without labels is worth, by seconds heard, and on sides where a plain mean would lose.
#[must_use]
pub fn adapted(evaluation: &Evaluation) -> Option<Table> {
    let curve = evaluation.adaptation.as_ref()?;
    let rows = curve.points.iter().map(|point| {
        vec![
            point.enrolment.words(),
            format!("{:.1}", point.heard),
            format!("{:.0}", 100.0 * point.adapted),
            format!("{:.0}", 100.0 * point.degree),
            points(point.uar),
            or_dash(point.uar_interval.map(interval)),
            signed(point.difference, 2),
            or_dash(point.difference_interval.map(|of| signed_interval(of, 1))),
            point.speakers.to_string(),
        ]
    });
    let columns = [
        "heard of each speaker, without labels",
        "seconds heard",
        "adapted %",
        "how far %",
        "UAR %",
        "95 % by speakers",
        "less none",
        "95 % by speakers, paired",
        "speakers",
    ];
    let note = format!(
        "A protocol of its own: not to be compared with figures of clips as they come. Speech is drawn from the test speakers' clips \
         without regard to labels, in {} orders a speaker (seed {}). The rows over seconds and of all clips are answers to the same \
         clips, which are apart from those heard (half of a speaker's clips at the most are heard), but for \"all\", where they are \
         heard, too. Adapted: the part of speakers and draws where the adaptation was not left off.",
        curve.draws, curve.seed
    );
    Some(Table::new(titled(evaluation, "Adapted to the speaker"), columns).rows(rows).note(note))
}

/// Whether groups of people are recognised alike: all properties in a table, then the gaps of each that are not within
/// their limits for certain.
#[must_use]
pub fn fairness(evaluation: &Evaluation) -> Vec<Table> {
    if evaluation.fairness.is_empty() {
        return vec![];
    }
    let rows = evaluation.fairness.iter().map(|of| {
        let gaps = || of.groups.iter().flat_map(|group| group.gaps.iter().map(move |gap| (group, gap)));
        let count = |decision| gaps().filter(|(_, gap)| gap.decision == decision).count().to_string();
        let uar = gaps().filter(|(_, gap)| gap.figure == Figure::Uar);
        let widest = uar.max_by(|a, b| a.1.gap.abs().total_cmp(&b.1.gap.abs()));
        let widest = widest.map(|(group, gap)| format!("{} ({})", signed(gap.gap, 1), group.name));
        let verdict = of.decision.name().to_owned();
        vec![
            of.by.clone(),
            verdict,
            count(Decision::Passed),
            count(Decision::Failed),
            count(Decision::NotDecided),
            or_dash(widest),
        ]
    });
    let columns = ["by", "verdict", "passed", "failed", "not decided", "widest gap of UAR, points"];
    let summary = Table::new(titled(evaluation, "Fairness"), columns).rows(rows).note(format!(
        "Each group against all other speakers; 95 % intervals by speaker, drawn within each side. Passed: the whole interval is \
         within the limit; failed: it is beyond; fewer than four speakers on a side decide nothing. Limits either way, in points: \
         UAR {:.1}, recall {:.1} and precision {:.1} (audEERING's ser-tests); overconfidence (mean probability less accuracy) {:.1} \
         and answers below {:.0} % {:.1} (ours).",
        100.0 * Figure::Uar.limit(),
        100.0 * Figure::Recall.limit(),
        100.0 * Figure::Precision.limit(),
        100.0 * Figure::Overconfidence.limit(),
        100.0 * UNCERTAIN,
        100.0 * Figure::Uncertain.limit()
    ));
    let each = evaluation.fairness.iter().map(|of| gaps(evaluation, of)).filter(|table| !table.rows.is_empty());
    std::iter::once(summary).chain(each).collect()
}

fn gaps(evaluation: &Evaluation, of: &Fairness) -> Table {
    let rows = of.groups.iter().flat_map(|group| {
        let told = group.gaps.iter().filter(|gap| gap.decision != Decision::Passed || gap.figure == Figure::Uar);
        told.map(move |gap| {
            let class = gap.class.map_or("", |class| evaluation.confusion.classes[class].as_str());
            let figure = figure_of(gap, class);
            let interval = gap.interval.map(|of| signed_interval(of, 1));
            let wanted = gap.speakers_to_decide.map(|wanted| format!("about {wanted}"));
            let open = gap.decision == Decision::NotDecided;
            vec![
                format!("{} ({} and {})", group.name, group.speakers, group.others),
                figure,
                format!("{:.1}", 100.0 * gap.group),
                signed(gap.gap, 1),
                or_dash(interval),
                format!("{:.1}", 100.0 * gap.limit),
                gap.decision.name().to_owned(),
                if open { or_dash(wanted) } else { String::new() },
            ]
        })
    });
    let columns = [
        "group (speakers, others)",
        "figure",
        "%",
        "gap",
        "95 % by speakers",
        "limit",
        "decision",
        "speakers to decide",
    ];
    Table::new(titled(evaluation, &format!("Fairness by {}", of.by)), columns).rows(rows).note(
        "What is within its limit for certain is left out but for the UAR. Speakers to decide: so many on the side with fewer \
         tell the gap from its limit four times in five, if it stays what it is (the formula of ser-eval power).",
    )
}

/// What a gap is of.
pub(super) fn figure_of(gap: &Gap, class: &str) -> String {
    match gap.figure {
        Figure::Uar => "UAR".to_owned(),
        Figure::Overconfidence => "overconfidence".to_owned(),
        Figure::Uncertain => "uncertain".to_owned(),
        Figure::Recall => format!("recall, {class}"),
        Figure::Precision => format!("precision, {class}"),
    }
}

/// One table a property of speakers and clips.
#[must_use]
pub fn breakdowns(evaluation: &Evaluation) -> Vec<Table> {
    let all = evaluation.confusion.classes.len();
    evaluation
        .breakdowns
        .iter()
        // A single group is the whole again.
        .filter(|breakdown| breakdown.groups.len() > 1 || breakdown.unknown > 0)
        .map(|breakdown| {
            let mut groups: Vec<&Group> = breakdown.groups.iter().collect();
            let mut notes = vec![];
            if groups.len() > GROUPS {
                groups.sort_by(|a, b| a.uar.total_cmp(&b.uar));
                groups.drain(GROUPS / 2..groups.len() - GROUPS / 2);
                let (half, all) = (GROUPS / 2, breakdown.groups.len());
                notes.push(format!("The {half} worst and the {half} best of {all} by UAR; all are in figures.csv."));
            }
            let rows = groups.into_iter().map(|group| {
                vec![
                    group.name.clone(),
                    group.n.to_string(),
                    format!("{} of {all}", group.classes),
                    points(group.uar),
                    points(group.wa),
                    points(group.macro_f1),
                ]
            });
            if breakdown.groups.iter().any(|group| group.classes < all) {
                notes.push("The UAR of a group is over the emotions that it has.".to_owned());
            }
            if breakdown.unknown > 0 {
                notes.push(format!("Not known of {} predictions.", breakdown.unknown));
            }
            let columns = ["group", "predictions", "emotions", "UAR %", "WA %", "macro F1 %"];
            Table::new(format!("By {}", breakdown.by), columns).rows(rows).note(notes.join(" "))
        })
        .collect()
}

/// The emotions that are most confused.
#[must_use]
pub fn confused(evaluation: &Evaluation) -> Table {
    let rows = evaluation
        .confused
        .iter()
        .take(PAIRS)
        .map(|pair| vec![pair.truth.clone(), pair.prediction.clone(), pair.count.to_string(), points(pair.share)]);
    Table::new(titled(evaluation, "Most confused"), ["emotion", "taken for", "predictions", "% of the emotion"])
        .rows(rows)
}

/// The clips to listen to first.
#[must_use]
pub fn worst(evaluation: &Evaluation) -> Table {
    let name = |class: usize| evaluation.confusion.classes.get(class).cloned().unwrap_or_default();
    let rows = evaluation.worst.iter().map(|clip| {
        let of = |class: usize| match clip.probabilities.get(class).copied().unwrap_or(f64::NAN) {
            // Four decimals would say 0, which it is not.
            p if p < 0.001 => format!("{p:.0e}"),
            p => format!("{p:.4}"),
        };
        vec![clip.clip.clone(), name(clip.truth), of(clip.truth), name(clip.prediction), of(clip.prediction)]
    });
    Table::new("Worst clips", ["clip", "emotion", "p", "most probable", "p"])
        .rows(rows)
        .note("p: probability, mean over seeds. All probabilities are in predictions.csv.")
}

/// The runs.
#[must_use]
pub fn runs(evaluation: &Evaluation) -> Table {
    let temperatures = evaluation.calibrated.iter().flat_map(|of| &of.temperatures);
    let rows = evaluation.runs.iter().zip(temperatures).map(|(run, temperature)| {
        vec![
            run.fold.clone(),
            run.seed.to_string(),
            run.scores.n.to_string(),
            points(run.scores.uar),
            points(run.scores.wa),
            points(run.done.validation),
            run.done.kept(),
            format!("{:.2}", temperature.temperature),
            format!("{:.0}", run.done.seconds),
        ]
    });
    let columns = ["fold", "seed", "clips", "UAR %", "WA %", "val. UAR %", "kept epoch", "temperature", "seconds"];
    Table::new(titled(evaluation, "Runs"), columns).rows(rows)
}

/// What was learnt beside the classes, over all runs; nothing where nothing was.
#[must_use]
pub fn parts(evaluation: &Evaluation) -> Option<Table> {
    let first = evaluation.runs.first().filter(|run| !run.parts.is_empty())?;
    let rows = first.parts.iter().enumerate().map(|(at, part)| {
        let spread = |figure: fn(&PartRecord) -> Option<f64>| {
            let each: Option<Vec<f64>> = evaluation.runs.iter().map(|run| run.parts.get(at).and_then(figure)).collect();
            or_dash(each.map(|each| match part.task {
                task::Kind::Regression => three_of(Spread::of(&each)),
                _ => percent(Spread::of(&each)),
            }))
        };
        let guess = (part.task != task::Kind::Regression).then(|| points(1.0 / part.outputs.max(1) as f64));
        vec![
            part.name.clone(),
            format!("{}{}", part.weight, if part.adversarial { ", reversed" } else { "" }),
            part.task.figure().replace("mean ", ""),
            spread(|part| part.training),
            spread(|part| part.validation),
            spread(|part| part.test),
            or_dash(guess),
        ]
    });
    let columns = ["part", "weight", "figure", "training", "validation", "test", "guessed"];
    let any = |of: fn(&PartRecord) -> bool| first.parts.iter().any(of);
    let notes = [
        (true, "Means over runs, ± s.d."),
        (
            any(|part| part.adversarial),
            "Reversed: the network is to forget it, so that what is said of it should be no better than guessed.",
        ),
        (
            any(|part| part.test.is_none()),
            "Speakers are told by the clips that were learnt from alone: they are others on the other sides.",
        ),
        (
            any(|part| part.task == task::Kind::Regression),
            "Numbers have a report of their own, with intervals: numbers/report.html.",
        ),
    ];
    let notes: Vec<&str> = notes.into_iter().filter(|(told, _)| *told).map(|(_, note)| note).collect();
    Some(Table::new(titled(evaluation, "Learnt beside the emotion"), columns).rows(rows).note(notes.join(" ")))
}

/// What the sides of each fold share, and how large they are.
#[must_use]
pub fn audit(evaluation: &Evaluation) -> Table {
    audit_of(evaluation.runs.iter().map(|run| (run.fold.as_str(), &run.audit)))
}

/// The same of folds by name, whatever their runs have learnt.
pub(super) fn audit_of<'a>(runs: impl Iterator<Item = (&'a str, &'a Audit)>) -> Table {
    let mut rows: Vec<Vec<String>> = vec![];
    let mut seen = BTreeSet::new();
    for (fold, audit) in runs {
        let sides = |n: [usize; 3]| format!("{} / {} / {}", n[0], n[1], n[2]);
        let leaks = audit.shared_clips.len() + audit.shared_copies.len() + audit.shared_audio.len();
        let row = vec![
            fold.to_owned(),
            sides(audit.clips),
            sides(audit.speakers),
            leaks.to_string(),
            audit.shared_speakers.len().to_string(),
            audit.shared_sentences.to_string(),
        ];
        // Seeds share a fold's sides.
        if seen.insert(row.clone()) {
            rows.push(row);
        }
    }
    let columns =
        ["fold", "clips", "speakers", "clips on two sides", "test speakers in training", "test sentences in training"];
    Table::new("Leak audit", columns)
        .rows(rows)
        .note(
            "Clips and speakers: training / validation / test. Clips on two sides count copies and identical audio. Where all \
             speakers say the same sentences, as in acted corpora, those of the test side are in training by design.",
        )
}

/// How the runs' settings were chosen, and how often their test sides were looked at.
#[must_use]
pub fn selections(evaluation: &Evaluation) -> Vec<Table> {
    selections_of(evaluation.runs.iter().map(|run| (run.fold.as_str(), run.seed, &run.selection, run.done.c)))
}

/// The same of runs by fold and seed, whatever they have learnt; nothing where earlier versions noted nothing.
pub(super) fn selections_of<'a>(runs: impl Iterator<Item = (&'a str, u64, &'a Selection, Option<f64>)>) -> Vec<Table> {
    let mut chosen: Vec<Vec<String>> = vec![];
    let mut sides: Vec<Vec<String>> = vec![];
    let mut experiments = BTreeSet::new();
    let mut penalties: Vec<Vec<String>> = vec![];
    for (fold, seed, Selection { choice, looks }, c) in runs {
        penalties.extend(c.map(|c| vec![fold.to_owned(), seed.to_string(), c.to_string()]));
        if let Some(choice) = choice {
            let values = choice.setting.values.iter().map(|(key, value)| format!("{key} = {value}"));
            let others = choice.candidates.iter().filter(|of| of.name != choice.setting.name);
            let next = others.filter_map(|of| of.validation).max_by(f64::total_cmp);
            chosen.push(vec![
                fold.to_owned(),
                seed.to_string(),
                values.collect::<Vec<_>>().join(", "),
                or_dash(choice.validation().map(points)),
                or_dash(next.map(points)),
                choice.candidates.len().to_string(),
            ]);
        }
        let row = vec![fold.to_owned(), looks.times.to_string(), looks.runs.to_string(), looks.configs.to_string()];
        // Seeds share a fold's test side.
        if looks.times > 0 && !sides.contains(&row) {
            sides.push(row);
            experiments.extend(looks.experiments.iter().cloned());
        }
    }
    let columns = ["fold", "seed", "setting", "validation %", "next best %", "of settings"];
    let choices = Table::new("Settings chosen in each fold", columns).rows(chosen).note(
        "A nested choice: each fold and seed took the setting that its own validation side ranked first. No other setting has \
         looked at a test side.",
    );
    let penalties = Table::new("Penalties picked in each fold", ["fold", "seed", "C"]).rows(penalties).note(
        "The inverse strength of the linear head's penalty: each run has picked one of model.c by holding out speakers of those that \
         its head learns from.",
    );
    let columns = ["fold", "looks", "by runs", "of configs"];
    let looks = Table::new("Looks at the test sides", columns).rows(sides).note(format!(
        "How often runs of this folder looked at the clips that a fold tests: of {}. The best of many configs that have looked is \
         better there than on other clips.",
        experiments.into_iter().collect::<Vec<_>>().join(", ")
    ));
    [choices, penalties, looks].into_iter().filter(|table| !table.rows.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::test_support::evaluation;

    #[test]
    fn of_many_speakers_the_worst_and_the_best_are_listed() {
        let ours = evaluation("a", 300, 3, &[1], 0.5);
        let speakers = breakdowns(&ours).remove(0);
        assert_eq!((ours.breakdowns[0].groups.len(), speakers.rows.len()), (300, GROUPS));
        assert!(speakers.note.starts_with("The 100 worst and the 100 best of 300"), "{}", speakers.note);
        let least = ours.breakdowns[0].groups.iter().map(|group| group.uar).fold(1.0, f64::min);
        assert_eq!(speakers.rows[0][3], points(least));
    }
}
