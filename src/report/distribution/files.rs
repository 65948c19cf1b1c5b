//! The report's files.

use std::path::Path;

use serde::Serialize;

use super::tables::{self, FIGURES};
use crate::{
    csv_file::write_csv,
    error::Result,
    eval::{AtAgreement, Distribution, FoldOfSeed, Likeness, LikenessGroups, LikenessIntervals, Shares, VotedClip},
    files::{create_dir, write_json},
    report::{
        headline::{Kind, Line, audit_of, many, protocol_with, three, warnings_of},
        pictures::{self, Pictures, drawn},
        plot::ByAgreement,
        sheet::{FILES as SHEET, Part, Sheet, made_with},
        stale,
        tables::{or_dash, points},
    },
    run::{ProtocolRecord, Versions},
};

/// The schema's name and version; a change that breaks a reader raises it.
const SCHEMA: &str = "ser-report-votes/1";

/// Writes the report's files into the folder, each whole or not at all.
///
/// # Errors
///
/// [`crate::error::Error::Io`] naming the file that cannot be written.
pub(in crate::report) fn write(evaluation: &Distribution, folder: &Path) -> Result<()> {
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

/// The report on a terminal, with colour or without.
pub(in crate::report) fn terminal(evaluation: &Distribution, colour: bool) -> String {
    sheet(evaluation).terminal(colour)
}

fn warnings(evaluation: &Distribution) -> Vec<String> {
    warnings_of(
        &evaluation.protocol,
        !evaluation.protocol.speaker_independent,
        evaluation.synthetic,
        &evaluation.missing,
        &evaluation.versions,
    )
}

fn protocol_line(evaluation: &Distribution) -> String {
    protocol_with(&evaluation.protocol, &format!("votes on {} classes", evaluation.numbers.targets.len()))
}

fn draw(evaluation: &Distribution, folder: &Path) -> Result<Pictures> {
    let mut subtitle = warnings(evaluation);
    subtitle.push(protocol_line(evaluation));
    let caption = "Accuracy by how much listeners agree, of the network and of a listener".to_owned();
    let figure = ByAgreement { levels: &evaluation.by_agreement, title: &evaluation.experiment, subtitle: &subtitle };
    pictures::all(vec![drawn("by_agreement".to_owned(), caption, figure)], folder)
}

fn lines(evaluation: &Distribution) -> Vec<Line> {
    let mut lines: Vec<Line> =
        warnings(evaluation).into_iter().map(|value| Line { label: "", value, kind: Kind::Warning }).collect();
    let mut setting = |label, value| lines.push(Line { label, value, kind: Kind::Setting });
    let protocol = &evaluation.protocol;
    let seeds: Vec<String> = evaluation.seeds.iter().map(u64::to_string).collect();
    setting("experiment", format!("{} ({})", evaluation.experiment, protocol.corpora.join(", ")));
    setting("protocol", protocol_line(evaluation));
    setting("classes", evaluation.numbers.targets.join(", "));
    setting("validation", protocol.validation_rule.clone());
    setting("selection", protocol.selection.clone());
    setting("scaler", protocol.scaler.clone());
    setting("audit", audit_of(evaluation.runs.iter().map(|run| &run.audit)));
    let n = evaluation.numbers.rows.len();
    setting("seeds", format!("{} ({}, {n} predictions)", seeds.join(", "), many(evaluation.runs.len(), "run")));
    let brand = protocol.brand.as_ref().map(|brand| format!("  [{brand}]")).unwrap_or_default();
    let mut figure = |label, value: String| lines.push(Line { label, value: value + &brand, kind: Kind::Figure });
    let spread = if evaluation.seeds.len() > 1 { ", mean ± s.d. over seeds" } else { "" };
    figure("1 − JSD", format!("{}  (folds pooled{spread})", three(evaluation.over_seeds())));
    let of = &evaluation.figures;
    let human = or_dash(of.rest_human.map(points));
    figure(
        "the rest",
        format!(
            "network {} %, a listener {human} %  (most votes of all listeners but one)",
            or_dash(of.rest.map(points))
        ),
    );
    lines
}

fn sheet(evaluation: &Distribution) -> Sheet {
    let part = |id, heading, tables, main| Part { id, heading, tables, main };
    let of_runs =
        [tables::runs(evaluation), tables::audit(evaluation)].into_iter().chain(tables::selections(evaluation));
    Sheet {
        title: evaluation.experiment.clone(),
        lines: lines(evaluation),
        rule: evaluation.protocol.description.clone(),
        sections: vec![
            part("figures", "Figures", vec![tables::figures(evaluation), tables::by_agreement(evaluation)], true),
            part("disagreement", "Where listeners disagree", vec![tables::shares(evaluation)], false),
            part("groups", "Groups of clips", tables::groups(evaluation), false),
            part("listen", "To listen to", tables::named(evaluation), false),
            part("runs", "Runs", of_runs.collect(), false),
        ],
        made_with: made_with(&evaluation.versions, &evaluation.config_hash, &evaluation.protocol),
    }
}

/// Figures by name, for programs; what cannot be said is `null`.
#[derive(Serialize)]
struct Report<'a> {
    schema: &'static str,
    experiment: &'a str,
    synthetic: bool,
    classes: &'a [String],
    figures: &'a Likeness,
    intervals: &'a [LikenessIntervals],
    by_agreement: &'a [AtAgreement],
    shares: &'a [Shares],
    groups: &'a [LikenessGroups],
    disputed: &'a [VotedClip],
    worst: &'a [VotedClip],
    per_seed: Vec<serde_json::Value>,
    runs: Vec<serde_json::Value>,
    seeds: &'a [u64],
    complete: bool,
    missing: &'a [FoldOfSeed],
    protocol: &'a ProtocolRecord,
    config_hash: &'a str,
    versions: &'a Versions,
}

fn json(path: &Path, evaluation: &Distribution) -> Result<()> {
    let seeds = evaluation.per_seed.iter().map(|(seed, of)| serde_json::json!({ "seed": seed, "figures": of }));
    let runs = evaluation.runs.iter().map(|run| {
        serde_json::json!({
            "fold": run.fold, "seed": run.seed, "figures": run.figures, "done": run.done, "audit": run.audit
        })
    });
    let report = Report {
        schema: SCHEMA,
        experiment: &evaluation.experiment,
        synthetic: evaluation.synthetic,
        classes: &evaluation.numbers.targets,
        figures: &evaluation.figures,
        intervals: &evaluation.intervals,
        by_agreement: &evaluation.by_agreement,
        shares: &evaluation.shares,
        groups: &evaluation.groups,
        disputed: &evaluation.disputed,
        worst: &evaluation.worst,
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

/// All figures one a row: `scope,group,figure,value,n`.
fn figures(path: &Path, evaluation: &Distribution) -> Result<()> {
    write_csv(path, ["scope", "group", "figure", "value", "n"], |csv| {
        let mut rows = |scope: &str, group: &str, of: &Likeness| {
            for (name, _, _, figure) in FIGURES {
                let value = figure(of).filter(|value| value.is_finite()).map(|value| value.to_string());
                csv.row([scope, group, name, &value.unwrap_or_default(), &of.n.to_string()])?;
            }
            std::io::Result::Ok(())
        };
        rows("all", "", &evaluation.figures)?;
        evaluation.per_seed.iter().try_for_each(|(seed, of)| rows("seed", &seed.to_string(), of))?;
        for run in &evaluation.runs {
            rows("run", &format!("fold {} seed {}", run.fold, run.seed), &run.figures)?;
        }
        evaluation.by_agreement.iter().try_for_each(|at| rows("agreement", &at.from.to_string(), &at.figures))?;
        for by in &evaluation.groups {
            by.groups.iter().try_for_each(|group| rows(by.by, &group.name, &group.figures))?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::{Bootstrap, evaluate_votes, test_support::vote_runs};

    #[test]
    fn every_file_is_there_and_says_the_same() {
        let mut runs = vote_runs(4, 20, &[1, 2]);
        for run in &mut runs {
            for name in [&mut run.record.classes, &mut run.predictions.targets, &mut run.validation.targets] {
                name[0] = "<b>angry".into();
            }
        }
        let evaluation = evaluate_votes(runs, Bootstrap { samples: 100, seed: 1 }).unwrap();
        let dir = tempfile::tempdir().unwrap();
        write(&evaluation, dir.path()).unwrap();
        let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
        let (text, page) = (read("report.txt"), read("report.html"));
        let narrow = text.split("Clips that listeners").next().unwrap();
        assert!(narrow.lines().all(|line| line.chars().count() <= 80), "{narrow}");
        let jsd = format!("{:.3}", evaluation.figures.jsd);
        let human = points(evaluation.figures.rest_human.unwrap());
        for shown in [&text, &page, &read("report.md"), &terminal(&evaluation, false)] {
            assert!(shown.contains(&jsd) && shown.contains(&human) && shown.contains("all agree"), "{jsd}: {shown}");
        }
        assert!(page.contains("&lt;b&gt;angry") && !page.contains("<b>angry"));
        let json: serde_json::Value = serde_json::from_str(&read("report.json")).unwrap();
        assert_eq!(json["figures"]["jsd"].as_f64(), Some(evaluation.figures.jsd));
        assert_eq!(json["by_agreement"][0]["rest_human"].as_f64(), evaluation.by_agreement[0].figures.rest_human);
        assert_eq!(json["runs"][0]["done"]["validation_likeness"], 0.4);
        assert!(read("figures.csv").lines().count() > 11 * 8);
        assert!(dir.path().join("by_agreement.png").exists() && dir.path().join("predictions.csv").exists());
    }
}
