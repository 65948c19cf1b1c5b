//! All of a report's files in one folder.

use std::path::Path;

use rayon::prelude::*;

use super::{
    csv,
    headline::{headline, protocol_line, warnings},
    json, latex, markdown, model_card,
    plot::{self, Bars, ConfusionMatrix, Curve, EpochPoint, Figure, LearningCurves, Reliability},
    published::{Beside, beside},
    tables,
    text::classification_report,
};
use crate::{
    error::Result,
    eval::{Evaluation, breakdown::Breakdown},
    files::{create_dir, write_whole},
};

/// Decimals of the classification report, as scikit-learn's `digits`.
const DIGITS: usize = 4;

/// Writes the report's files into the folder, each whole or not at all: `report.txt`, `report.md`, `report.tex`,
/// `report.json`, `model_card.md`, `figures.csv`, `confusion.csv`, `predictions.csv`, and the pictures `confusion`,
/// `curves`, `speakers`, `reliability` and `classes`, each as PNG and SVG.
///
/// # Errors
///
/// [`crate::error::Error::Io`] naming the file that cannot be written.
pub fn write(evaluation: &Evaluation, folder: &Path) -> Result<()> {
    create_dir(folder)?;
    let beside = beside(evaluation)?;
    for (name, text) in [
        ("report.txt", full_text(evaluation, &beside)),
        ("report.md", markdown::report(evaluation, &beside)),
        ("report.tex", latex::report(evaluation)),
        ("model_card.md", model_card::card(evaluation, &beside)),
    ] {
        write_whole(&folder.join(name), |file| file.write_all(text.as_bytes()))?;
    }
    json::write(&folder.join("report.json"), evaluation)?;
    evaluation.predictions.write(&folder.join("predictions.csv"))?;
    csv::write_confusion(&folder.join("confusion.csv"), &evaluation.confusion)?;
    csv::write_figures(&folder.join("figures.csv"), evaluation)?;
    pictures(evaluation, folder)
}

/// The pictures, several at a time: most of a report's time goes into their pixels.
fn pictures(evaluation: &Evaluation, folder: &Path) -> Result<()> {
    let mut subtitle = warnings(evaluation);
    subtitle.push(protocol_line(evaluation));
    let (title, subtitle) = (evaluation.experiment.as_str(), subtitle.as_slice());
    let curves = curves(evaluation);
    let matrix = ConfusionMatrix { confusion: &evaluation.confusion, title, subtitle };
    let curves = LearningCurves { curves: &curves, title, subtitle };
    let reliability =
        Reliability { before: &evaluation.certainty, after: Some(&evaluation.calibrated.certainty), title, subtitle };
    let speakers = evaluation.breakdowns.iter().find(|breakdown| breakdown.by == "speaker");
    let speakers = speakers.map(|speakers| speaker_bars(evaluation, speakers, title, subtitle));
    let classes = class_bars(evaluation, title, subtitle);
    let matrix = both(&matrix, folder, "confusion");
    let curves = both(&curves, folder, "curves");
    let reliability = both(&reliability, folder, "reliability");
    let speakers = speakers.as_ref().map(|bars| both(bars, folder, "speakers"));
    let classes = both(&classes, folder, "classes");
    let draw: Vec<&(dyn Fn() -> Result<()> + Sync)> = vec![&matrix, &curves, &reliability, &classes];
    let draw = draw.into_iter().chain(speakers.as_ref().map(|draw| draw as &(dyn Fn() -> Result<()> + Sync)));
    draw.collect::<Vec<_>>().into_par_iter().try_for_each(|draw| draw())
}

pub(super) fn both<'a, F: Figure + Sync>(
    figure: &'a F,
    folder: &'a Path,
    name: &'a str,
) -> impl Fn() -> Result<()> + Sync + 'a {
    move || {
        plot::save(figure, &folder.join(format!("{name}.png")))?;
        plot::save(figure, &folder.join(format!("{name}.svg")))
    }
}

/// More bars than this make no picture; CREMA-D has 91 speakers.
const MOST_BARS: usize = 120;

/// The UAR of each speaker, the one recognised worst first, and that of all.
fn speaker_bars(evaluation: &Evaluation, speakers: &Breakdown, title: &str, subtitle: &[String]) -> Bars {
    let mut groups: Vec<_> = speakers.groups.iter().collect();
    groups.sort_by(|a, b| a.uar.total_cmp(&b.uar));
    let mut what = "UAR of each test speaker, folds and seeds pooled".to_owned();
    if groups.len() > MOST_BARS {
        let (half, all) = (MOST_BARS / 2, groups.len());
        groups.drain(half..all - half);
        what = format!("UAR of the {half} speakers recognised worst and the {half} best, of {all}");
    }
    let uar = 100.0 * evaluation.scores.uar;
    Bars {
        title: title.to_owned(),
        subtitle: [subtitle, &[what]].concat(),
        axis: "UAR (%)".to_owned(),
        bars: groups.iter().map(|group| (group.name.clone(), 100.0 * group.uar)).collect(),
        decimals: 1,
        highest: Some(100.0),
        reference: Some((uar, format!("all speakers together: {uar:.1} %"))),
    }
}

/// How many test clips each emotion has.
fn class_bars(evaluation: &Evaluation, title: &str, subtitle: &[String]) -> Bars {
    // A clip is predicted once under every seed.
    let mut clips: Vec<(&str, usize)> =
        evaluation.predictions.rows.iter().map(|row| (row.clip.as_str(), row.truth)).collect();
    clips.sort_unstable();
    clips.dedup();
    let count = |class: usize| clips.iter().filter(|(_, truth)| *truth == class).count() as f64;
    Bars {
        title: title.to_owned(),
        subtitle: [subtitle, &[format!("{} test clips by emotion", clips.len())]].concat(),
        axis: "test clips".to_owned(),
        bars: evaluation.confusion.classes.iter().enumerate().map(|(i, class)| (class.clone(), count(i))).collect(),
        decimals: 0,
        highest: None,
        reference: None,
    }
}

/// `report.txt`: headline, classification report, all other tables, the audit.
fn full_text(evaluation: &Evaluation, beside: &Beside) -> String {
    let mut text = headline(evaluation);
    text.push('\n');
    text.push_str(&classification_report(&evaluation.scores, DIGITS));
    let tables = [Some(tables::figures(evaluation)), tables::published(evaluation, beside)];
    let more = [tables::confused(evaluation), tables::worst(evaluation), tables::runs(evaluation)];
    for table in tables.into_iter().flatten().chain(tables::breakdowns(evaluation)).chain(more) {
        text.push_str(&format!("\n{}", table.plain()));
    }
    let audit = evaluation.runs.iter().map(|run| &run.audit);
    let most = |count: fn(&crate::protocol::audit::Audit) -> usize| audit.clone().map(count).max().unwrap_or(0);
    text.push_str(&format!(
        "\nleak audit: clips on two sides {}; test speakers heard in training {}; test sentences heard in training {} \
         (most in any fold)\n",
        most(|a| a.shared_clips.len()),
        most(|a| a.shared_speakers.len()),
        most(|a| a.shared_sentences),
    ));
    let versions = &evaluation.versions;
    text.push_str(&format!(
        "ser {}, burn {}, device {}, {}; config {}; split seed {}\n",
        versions.ser,
        versions.burn,
        versions.device,
        versions.platform,
        evaluation.config_hash,
        evaluation.protocol.split_seed
    ));
    text
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
                    validation_uar: epoch.validation_uar,
                })
                .collect(),
            best_epoch: run.done.best_epoch,
        })
        .collect()
}
