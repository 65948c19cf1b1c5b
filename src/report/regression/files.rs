//! The report's files.

use std::path::Path;

use serde::Serialize;

use super::{
    lines::{lines, protocol_line, warnings},
    tables,
};
use crate::{
    csv_file::write_csv,
    error::Result,
    eval::{FoldOfSeed, NumberGroups, Regression, Target},
    files::{create_dir, write_json},
    report::{
        pictures::{self, Pictures, drawn},
        plot::{Agreement, Numbers, Residuals},
        sheet::{FILES as SHEET, Part, Sheet, made_with},
        stale,
    },
    run::{ProtocolRecord, Versions},
};

/// The schema's name and version; a change that breaks a reader raises it.
const SCHEMA: &str = "ser-report-numbers/1";

/// Writes the report's files into the folder, each whole or not at all: `report.txt`, `report.md`, `report.json`,
/// `report.html`, `figures.csv`, `predictions.csv`, and a picture for each target as PNG and SVG.
///
/// # Errors
///
/// [`crate::error::Error::Io`] naming the file that cannot be written.
pub(in crate::report) fn write(evaluation: &Regression, folder: &Path) -> Result<()> {
    create_dir(folder)?;
    let was_report = stale::is_report(folder);
    let pictures = draw(evaluation, folder)?;
    sheet(evaluation).write(&pictures, folder)?;
    json(&folder.join("report.json"), evaluation)?;
    figures(&folder.join("figures.csv"), evaluation)?;
    evaluation.numbers.write(&folder.join("predictions.csv"))?;
    let written = [&SHEET[..], &["report.json", "figures.csv", "predictions.csv"]].concat();
    stale::remove(folder, was_report, &written, &pictures)
}

/// A file's name of a target: letters and digits of it.
fn slug(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect()
}

fn draw(evaluation: &Regression, folder: &Path) -> Result<Pictures> {
    let mut subtitle = warnings(evaluation);
    subtitle.push(protocol_line(evaluation));
    let (title, subtitle) = (evaluation.experiment.as_str(), subtitle.as_slice());
    let rows = evaluation.numbers.rows.as_slice();
    let of = |(number, target): (usize, &Target)| {
        // Two targets may have the same letters.
        let name = |what: &str| format!("{what}-{number}-{}", slug(&target.name));
        let of = &target.name;
        // A reference of its own, which lives as long as the evaluation.
        let target = &evaluation.targets[number];
        let numbers = Numbers { target, number, rows, title, subtitle };
        let over = format!("Predicted {of} over the true one");
        let off = format!("How far {of} is off, over what is predicted");
        [drawn(name("agreement"), over, Agreement(numbers)), drawn(name("residuals"), off, Residuals(numbers))]
    };
    pictures::all(evaluation.targets.iter().enumerate().flat_map(of).collect(), folder)
}

/// What the report says.
fn sheet(evaluation: &Regression) -> Sheet {
    let part = |id, heading, tables, main| Part { id, heading, tables, main };
    let figures = std::iter::once(tables::figures(evaluation)).chain(tables::order(evaluation));
    let of_runs =
        [tables::runs(evaluation), tables::audit(evaluation)].into_iter().chain(tables::selections(evaluation));
    Sheet {
        title: evaluation.experiment.clone(),
        lines: lines(evaluation),
        rule: evaluation.protocol.description.clone(),
        sections: vec![
            part("figures", "Figures", figures.collect(), true),
            part("groups", "Groups of clips", tables::groups(evaluation), false),
            part("listen", "Errors", tables::worst(evaluation), false),
            part("runs", "Runs", of_runs.collect(), false),
        ],
        made_with: made_with(&evaluation.versions, &evaluation.config_hash, &evaluation.protocol),
    }
}

/// The report on a terminal, with colour or without.
pub(in crate::report) fn terminal(evaluation: &Regression, colour: bool) -> String {
    sheet(evaluation).terminal(colour)
}

/// Figures by name, for programs: all of [`Target`], groups, seeds and runs; what cannot be said is `null`.
#[derive(Serialize)]
struct Report<'a> {
    schema: &'static str,
    experiment: &'a str,
    synthetic: bool,
    mean_ccc: f64,
    mean_intervals: Vec<serde_json::Value>,
    targets: &'a [Target],
    groups: &'a [NumberGroups],
    per_seed: Vec<serde_json::Value>,
    runs: Vec<serde_json::Value>,
    seeds: &'a [u64],
    complete: bool,
    missing: &'a [FoldOfSeed],
    protocol: &'a ProtocolRecord,
    config_hash: &'a str,
    versions: &'a Versions,
}

fn json(path: &Path, evaluation: &Regression) -> Result<()> {
    let names = || evaluation.targets.iter().map(|target| target.name.as_str());
    let by_target = |figures: &[crate::eval::Concordance]| -> serde_json::Map<String, serde_json::Value> {
        names().zip(figures).map(|(name, of)| (name.to_owned(), serde_json::json!(of))).collect()
    };
    let within = evaluation
        .mean_intervals
        .iter()
        .map(|(unit, of)| serde_json::json!({ "unit": unit, "low": of.low, "high": of.high }));
    let seeds = evaluation
        .per_seed
        .iter()
        .map(|(seed, figures)| serde_json::json!({ "seed": seed, "targets": by_target(figures) }));
    let runs = evaluation.runs.iter().map(|run| {
        serde_json::json!({
            "fold": run.fold, "seed": run.seed, "targets": by_target(&run.figures), "done": run.done, "audit": run.audit
        })
    });
    let report = Report {
        schema: SCHEMA,
        experiment: &evaluation.experiment,
        synthetic: evaluation.synthetic,
        mean_ccc: evaluation.mean_ccc,
        mean_intervals: within.collect(),
        targets: &evaluation.targets,
        groups: &evaluation.groups,
        per_seed: seeds.collect(),
        runs: runs.collect(),
        seeds: &evaluation.seeds,
        complete: evaluation.complete(),
        missing: &evaluation.missing,
        protocol: &evaluation.protocol,
        config_hash: &evaluation.config_hash,
        versions: &evaluation.versions,
    };
    write_json(path, &report)
}

/// All figures one a row: `scope,group,target,figure,value,n`.
fn figures(path: &Path, evaluation: &Regression) -> Result<()> {
    let names: Vec<&str> = evaluation.targets.iter().map(|target| target.name.as_str()).collect();
    write_csv(path, ["scope", "group", "target", "figure", "value", "n"], |csv| {
        let mut rows = |scope: &str, group: &str, figures: &[crate::eval::Concordance]| {
            for (name, of) in names.iter().zip(figures) {
                let each = [
                    ("ccc", of.ccc),
                    ("pearson", of.pearson),
                    ("mae", Some(of.mae)),
                    ("rmse", Some(of.rmse)),
                    ("bias", Some(of.bias)),
                    ("spread", of.spread),
                ];
                for (figure, value) in each {
                    let value = value.map(|value| value.to_string()).unwrap_or_default();
                    csv.row([scope, group, name, figure, &value, &of.n.to_string()])?;
                }
            }
            std::io::Result::Ok(())
        };
        let all: Vec<_> = evaluation.targets.iter().map(|target| target.figures).collect();
        rows("all", "", &all)?;
        evaluation.per_seed.iter().try_for_each(|(seed, of)| rows("seed", &seed.to_string(), of))?;
        for run in &evaluation.runs {
            rows("run", &format!("fold {} seed {}", run.fold, run.seed), &run.figures)?;
        }
        for by in &evaluation.groups {
            by.groups.iter().try_for_each(|group| rows(by.by, &group.name, &group.figures))?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        eval::{Bootstrap, evaluate_numbers, test_support::number_runs},
        report::regression::terminal,
    };

    #[test]
    fn every_file_is_there_and_says_the_same() {
        let mut evaluation =
            evaluate_numbers(number_runs(4, 20, &[1, 2], 0.4), Bootstrap { samples: 100, seed: 1 }).unwrap();
        evaluation.targets[1].name = "<b>valence".into();
        let dir = tempfile::tempdir().unwrap();
        write(&evaluation, dir.path()).unwrap();
        let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
        let (text, page) = (read("report.txt"), read("report.html"));
        let narrow = text.split("Leak audit").next().unwrap();
        assert!(narrow.lines().all(|line| line.chars().count() <= 80), "{narrow}");
        let ccc = format!("{:.3}", evaluation.targets[0].figures.ccc.unwrap());
        for shown in [&text, &page, &read("report.md"), &terminal(&evaluation, false)] {
            assert!(shown.contains(&ccc) && shown.contains("arousal (1 to 7)"), "{ccc}: {shown}");
        }
        assert!(page.contains("&lt;b&gt;valence") && !page.contains("<b>valence"));
        let json: serde_json::Value = serde_json::from_str(&read("report.json")).unwrap();
        assert_eq!(json["targets"][0]["ccc"].as_f64(), evaluation.targets[0].figures.ccc);
        assert_eq!(json["targets"][0]["range"], serde_json::json!([1.0, 7.0]));
        assert_eq!(json["runs"][0]["done"]["validation_ccc"], 0.4);
        assert!(read("figures.csv").lines().count() > 2 * 6 * 8);
        assert!(dir.path().join("agreement-0-arousal.png").exists() && dir.path().join("predictions.csv").exists());
        assert!(dir.path().join("agreement-1--b-valence.svg").exists());
        assert!(dir.path().join("residuals-0-arousal.svg").exists());
    }
}
