//! The pictures of a report: which there are, and what each shows.

use std::{collections::BTreeMap, path::Path};

use rayon::prelude::*;

use super::{
    headline::{protocol_line, warnings},
    html::Picture,
    plot::{
        self, Bar, Bars, ConfusionMatrix, Curve, Durations, EpochPoint, Figure, LearningCurves, Panel, Reliability,
        Scatter, Series, Spectrograms,
        bars::MOST,
        forest::{Forest, ForestRow, Mood},
        strengths::{Strength, Strengths},
    },
    tables::{figure_of, signed},
};
use crate::{
    error::Result,
    eval::{
        AdaptedCurve, AdaptedPoint, Decision, Enrolment, Evaluation, breakdown::Breakdown, fairness::Figure as Gaps,
    },
    files::write_whole,
};

/// Draws a picture into a folder.
pub(super) type Draw<'a> = Box<dyn Fn(&Path) -> Result<Drawn> + Sync + 'a>;

/// A picture, or why there is none.
pub(super) type Drawn = std::result::Result<Picture, String>;

/// The pictures of a report.
#[derive(Debug, Default)]
pub(super) struct Pictures {
    pub drawn: Vec<Picture>,
    /// Those that could not be drawn: name and reason.
    pub failed: Vec<String>,
}

/// Writes all pictures that there is something for, each as PNG and SVG, several at a time: most of a report's time goes
/// into their pixels. One that cannot be drawn does not keep the others from being drawn.
///
/// # Errors
///
/// [`crate::error::Error::Io`] naming the file that cannot be written.
pub(super) fn write(evaluation: &Evaluation, examples: &[Panel], folder: &Path) -> Result<Pictures> {
    let mut subtitle = warnings(evaluation);
    subtitle.push(protocol_line(evaluation));
    let (title, subtitle) = (evaluation.experiment.as_str(), subtitle.as_slice());
    let curves = curves(evaluation);
    let durations = durations(evaluation);
    let corpora: Vec<_> = durations.iter().map(|(name, of)| Series { name, of_class: of.clone() }).collect();
    let mut draw: Vec<Draw> = vec![drawn(
        "confusion",
        "Confusion matrix: share of each true emotion, and counts",
        ConfusionMatrix { confusion: &evaluation.confusion, title, subtitle },
    )];
    if evaluation.has_probabilities() {
        let reliability = Reliability {
            before: &evaluation.certainty,
            after: evaluation.calibrated.as_ref().map(|of| &of.certainty),
            title,
            subtitle,
        };
        draw.push(drawn("reliability", "Reliability diagram: accuracy by confidence", reliability));
    }
    draw.push(drawn("classes", "Test clips by emotion", class_bars(evaluation, title, subtitle)));
    if !evaluation.is_given() {
        let curves = LearningCurves { curves: &curves, title, subtitle };
        draw.insert(1, drawn("curves", "Loss and UAR over epochs", curves));
    }
    if let Some(speakers) = evaluation.breakdowns.iter().find(|breakdown| breakdown.by == "speaker") {
        draw.push(drawn("speakers", "UAR by speaker", speaker_bars(evaluation, speakers, title, subtitle)));
    }
    if let Some(gaps) = fairness(evaluation, title, subtitle) {
        draw.push(drawn("fairness", "Gaps between groups of people, each by its limit", gaps));
    }
    if let Some(curve) = &evaluation.adaptation {
        draw.push(drawn("adapted", "UAR over the seconds heard of a speaker", adapted(curve, title, subtitle)));
    }
    if !corpora.is_empty() {
        let spread = Durations { title, subtitle, classes: &evaluation.confusion.classes, corpora: &corpora };
        draw.push(drawn("durations", "Durations of the test clips by emotion", spread));
    }
    if let Some(projection) = &evaluation.projection {
        let classes = &evaluation.confusion.classes;
        let caption = "The penultimate layer's vectors of one run's test clips";
        draw.push(drawn("embedding", caption, Scatter { projection, classes, title, subtitle }));
    }
    if !examples.is_empty() {
        let figure = Spectrograms { panels: examples, title, subtitle };
        draw.push(drawn("augmentation", "What augmentation does to a clip of the training side", figure));
    }
    let mut pictures = all(draw, folder)?;
    pictures.failed.splice(0..0, evaluation.not_projected.clone());
    Ok(pictures)
}

/// Draws all of them.
pub(super) fn all(draw: Vec<Draw>, folder: &Path) -> Result<Pictures> {
    let mut pictures = Pictures::default();
    for picture in draw.into_par_iter().map(|draw| draw(folder)).collect::<Result<Vec<_>>>()? {
        match picture {
            Ok(picture) => pictures.drawn.push(picture),
            Err(reason) => pictures.failed.push(reason),
        }
    }
    Ok(pictures)
}

pub(super) fn drawn<'a>(
    name: impl Into<String>,
    caption: impl Into<String>,
    figure: impl Figure + Sync + 'a,
) -> Draw<'a> {
    let (name, caption) = (name.into(), caption.into());
    Box::new(move |folder| {
        let (name, caption) = (name.clone(), caption.clone());
        let svg = match plot::to_svg(&figure) {
            Ok(svg) => svg,
            Err(error) => return Ok(Err(format!("{name}: {error}"))),
        };
        write_whole(&folder.join(format!("{name}.svg")), |file| file.write_all(svg.as_bytes()))?;
        match plot::to_png(&svg) {
            Ok(png) => write_whole(&folder.join(format!("{name}.png")), |file| file.write_all(&png))?,
            Err(error) => return Ok(Err(format!("{name}: {error}"))),
        }
        Ok(Ok(Picture { name, caption, svg }))
    })
}

/// The gaps of each group: UAR, overconfidence and uncertain answers, the widest recall and the widest precision, each divided by
/// its limit, so that all are read against one line; nothing where there is no group.
fn fairness(evaluation: &Evaluation, title: &str, subtitle: &[String]) -> Option<Forest> {
    const MOST: usize = 60;
    let classes = &evaluation.confusion.classes;
    let mut groups: Vec<(String, Vec<ForestRow>)> = Vec::new();
    for group in evaluation.fairness.iter().flat_map(|of| of.groups.iter().map(move |group| (&of.by, group))) {
        let (by, group) = group;
        let widest = |figure| {
            let of = group.gaps.iter().filter(move |gap| gap.figure == figure);
            of.max_by(|a, b| a.gap.abs().total_cmp(&b.gap.abs()))
        };
        let told = [Gaps::Uar, Gaps::Overconfidence, Gaps::Uncertain, Gaps::Recall, Gaps::Precision];
        let rows = told.into_iter().filter_map(widest).map(|gap| {
            let class = gap.class.and_then(|class| classes.get(class)).map_or("", String::as_str);
            ForestRow {
                name: format!("{} ({} points)", figure_of(gap, class), signed(gap.gap, 1).replace('-', "−")),
                value: gap.gap / gap.limit,
                interval: gap.interval.map(|of| (of.low / gap.limit, of.high / gap.limit)),
                mood: match gap.decision {
                    Decision::Passed => Mood::Good,
                    Decision::Failed => Mood::Bad,
                    Decision::NotDecided => Mood::Open,
                },
                ..ForestRow::default()
            }
        });
        let heading = format!("{by}: {}, {} of {} speakers", group.name, group.speakers, group.speakers + group.others);
        groups.push((heading, rows.collect()));
    }
    let mut left = MOST;
    groups.retain(|(_, rows)| {
        let fits = !rows.is_empty() && rows.len() < left;
        left -= if fits { rows.len() + 1 } else { 0 };
        fits
    });
    (!groups.is_empty()).then(|| Forest {
        title: title.to_owned(),
        subtitle: [subtitle, &["each group less all others; 95 % intervals by speaker".to_owned()]].concat(),
        axis: "gap ÷ limit (±1 = at the limit)".to_owned(),
        decimals: 1,
        groups,
        references: vec![(-1.0, "limits".to_owned()), (0.0, "no gap".to_owned()), (1.0, String::new())],
        legend: [(Mood::Good, "passed"), (Mood::Bad, "failed"), (Mood::Open, "not decided")]
            .map(|(mood, words)| (mood, words.to_owned()))
            .into(),
    })
}

/// UAR over the seconds heard of a test speaker before the answer, without labels.
fn adapted<'a>(curve: &AdaptedCurve, title: &str, subtitle: &'a [String]) -> Strengths<'a> {
    let over_seconds = curve.points.iter().filter(|of| matches!(of.enrolment, Enrolment::Seconds(_)));
    let percent = |share: f64| 100.0 * share;
    let point = |of: &AdaptedPoint| {
        (of.heard, percent(of.uar), of.uar_interval.map(|within| (percent(within.low), percent(within.high))))
    };
    let all = curve.points.iter().find(|of| of.enrolment == Enrolment::All);
    Strengths {
        title: title.to_owned(),
        subtitle,
        x: "seconds heard of the speaker, without labels".into(),
        y: "UAR (%)".into(),
        lines: vec![Strength { name: "adapted, 95 % by speakers".into(), points: over_seconds.map(point).collect() }],
        references: all
            .map(|of| (percent(of.uar), "adapted to all of the speaker's clips".into()))
            .into_iter()
            .collect(),
    }
}

/// The durations of the test clips by corpus and class; empty where runs do not say them.
fn durations(evaluation: &Evaluation) -> BTreeMap<String, Vec<Vec<f64>>> {
    let mut truths: BTreeMap<&str, usize> = BTreeMap::new();
    truths.extend(evaluation.predictions.rows.iter().map(|row| (row.clip.as_str(), row.truth)));
    let mut by_corpus = BTreeMap::new();
    for (clip, truth) in truths {
        let Some(known) = evaluation.clips.get(clip) else { continue };
        let Some(seconds) = known.seconds else { continue };
        let none = || vec![Vec::new(); evaluation.confusion.classes.len()];
        by_corpus.entry(known.corpus.clone()).or_insert_with(none)[truth].push(seconds);
    }
    by_corpus
}

/// The UAR of each speaker, the one recognised worst first, and that of all.
fn speaker_bars(evaluation: &Evaluation, speakers: &Breakdown, title: &str, subtitle: &[String]) -> Bars {
    let mut groups: Vec<_> = speakers.groups.iter().collect();
    groups.sort_by(|a, b| a.uar.total_cmp(&b.uar));
    let mut what = "UAR of each test speaker, folds and seeds pooled".to_owned();
    if groups.len() > MOST {
        let (half, all) = (MOST / 2, groups.len());
        groups.drain(half..all - half);
        what = format!("UAR of the {half} speakers recognised worst and the {half} best, of {all}");
    }
    let uar = 100.0 * evaluation.scores.uar;
    Bars {
        title: title.to_owned(),
        subtitle: [subtitle, &[what]].concat(),
        axis: "UAR (%)".to_owned(),
        bars: groups.iter().map(|group| Bar::new(group.name.clone(), 100.0 * group.uar, 1)).collect(),
        step: 0.01,
        highest: Some(100.0),
        reference: Some((uar, format!("all speakers together: {uar:.1} %"))),
        ..Bars::default()
    }
}

/// How many test clips each emotion has.
fn class_bars(evaluation: &Evaluation, title: &str, subtitle: &[String]) -> Bars {
    // A clip is predicted once under every seed.
    let mut clips: Vec<(&str, usize)> =
        evaluation.predictions.rows.iter().map(|row| (row.clip.as_str(), row.truth)).collect();
    clips.sort_unstable();
    clips.dedup();
    let mut of_class = vec![0; evaluation.confusion.classes.len()];
    clips.iter().for_each(|(_, truth)| of_class[*truth] += 1);
    let all = [Series { name: "", of_class }];
    Bars::of_classes(title, subtitle, "test clips", &evaluation.confusion.classes, &all)
}

fn curves(evaluation: &Evaluation) -> Vec<Curve> {
    evaluation
        .runs
        .iter()
        .map(|run| Curve {
            name: format!("fold {}, seed {}", run.fold, run.seed),
            epochs: run
                .epochs
                .iter()
                .map(|epoch| EpochPoint {
                    epoch: epoch.epoch,
                    train_loss: epoch.train_loss,
                    validation_loss: epoch.validation_loss,
                    train_uar: None,
                    validation_uar: epoch.validation.value(),
                })
                .collect(),
            best_epoch: run.done.best_epoch,
        })
        .collect()
}
