//! All of a report's files in one folder.

use std::path::Path;

use super::{
    csv,
    headline::{headline, protocol_line, warnings},
    json,
    plot::{self, ConfusionMatrix, Curve, EpochPoint, LearningCurves},
    text::classification_report,
};
use crate::{
    error::Result,
    eval::Evaluation,
    files::{create_dir, write_whole},
};

/// Decimals of the classification report, as scikit-learn's `digits`.
const DIGITS: usize = 4;

/// Writes `report.txt`, `report.json`, `confusion.png`, `confusion.csv`, `curves.png` and `predictions.csv` into the
/// folder, each whole or not at all.
///
/// # Errors
///
/// [`crate::error::Error::Io`] naming the file that cannot be written.
pub fn write(evaluation: &Evaluation, folder: &Path) -> Result<()> {
    create_dir(folder)?;
    let text = full_text(evaluation);
    write_whole(&folder.join("report.txt"), |file| file.write_all(text.as_bytes()))?;
    json::write(&folder.join("report.json"), evaluation)?;
    evaluation.predictions.write(&folder.join("predictions.csv"))?;
    csv::write_confusion(&folder.join("confusion.csv"), &evaluation.confusion)?;

    let mut subtitle = warnings(evaluation);
    subtitle.push(protocol_line(evaluation));
    let matrix =
        ConfusionMatrix { confusion: &evaluation.confusion, title: &evaluation.experiment, subtitle: &subtitle };
    plot::save(&matrix, &folder.join("confusion.png"))?;
    let curves = curves(evaluation);
    let curves = LearningCurves { curves: &curves, title: &evaluation.experiment, subtitle: &subtitle };
    plot::save(&curves, &folder.join("curves.png"))
}

/// `report.txt`: headline, classification report, one line a run.
fn full_text(evaluation: &Evaluation) -> String {
    let mut text = headline(evaluation);
    text.push('\n');
    text.push_str(&classification_report(&evaluation.scores, DIGITS));
    text.push_str("\nfold        seed    clips     UAR %      WA %  val. UAR %  best epoch  seconds\n");
    for run in &evaluation.runs {
        text.push_str(&format!(
            "{:<10} {:>5} {:>8} {:>9.2} {:>9.2} {:>11.2} {:>8} of {:<3} {:>5.0}\n",
            run.fold,
            run.seed,
            run.scores.n,
            100.0 * run.scores.uar,
            100.0 * run.scores.wa,
            100.0 * run.done.validation_uar,
            run.done.best_epoch,
            run.done.epochs,
            run.done.seconds
        ));
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
