//! What altered clips do to a recogniser: `stress.json`, `stress.md`, `stress.html` and pictures, and the section of a
//! report's page.

use std::{collections::BTreeMap, path::Path};

use maud::{Markup, html};

use super::{
    document::Document,
    html::{self, Picture},
    plot::{self, Forest, ForestRow, Mood, Strength, Strengths},
    table::Table,
    tables::{interval, or_dash, points, signed, signed_interval},
};
use crate::{
    error::Result,
    eval::Decision,
    files::{create_dir, write_json, write_whole},
    stress::{Stress, Suite, Tested},
};

/// The folder of a run that holds what was found.
pub(super) const FOLDER: &str = "stress";
/// The file in it.
pub(super) const FILE: &str = "stress.json";

/// Writes all files into `folder`; returns the text for a terminal.
///
/// # Errors
///
/// [`crate::error::Error::Io`] naming the file that cannot be written.
pub fn write(found: &Stress, folder: &Path) -> Result<String> {
    create_dir(folder)?;
    write_json(&folder.join(FILE), found)?;
    let drawn = pictures(found);
    for (picture, svg) in drawn.iter().filter_map(|(name, drawn)| Some((name, drawn.as_ref().ok()?))) {
        let png = plot::to_png(svg)?;
        write_whole(&folder.join(format!("{picture}.svg")), |file| file.write_all(svg.as_bytes()))?;
        write_whole(&folder.join(format!("{picture}.png")), |file| file.write_all(&png))?;
    }
    let mut document = document(found);
    drawn.iter().filter(|(_, drawn)| drawn.is_ok()).for_each(|(name, _)| {
        document.picture(format!("{name}.svg"), caption(name));
    });
    let page = html::plain(&title(found), &[("robustness", "Robustness", section(found))]);
    write_whole(&folder.join("stress.md"), |file| file.write_all(document.to_markdown().as_bytes()))?;
    write_whole(&folder.join("stress.html"), |file| file.write_all(page.as_bytes()))?;
    Ok(terminal(found))
}

fn title(found: &Stress) -> String {
    format!("{} under stress", found.experiment)
}

/// What was answered, in lines.
fn lines(found: &Stress) -> Vec<String> {
    let left = if found.left_out > 0 { format!(", {} left out by --limit", found.left_out) } else { String::new() };
    let suite = match found.suite {
        Suite::Own => "own",
        Suite::SerTests => "the conditions of ser-tests, made here without its recordings",
        Suite::Robuser => "the conditions of Robuser, made here without its recordings and without MP3",
    };
    let within = found.clean.figures.uar_interval.map(|of| format!(" ({} by speakers)", interval(of)));
    vec![
        format!(
            "{} clips of {} speakers: fold {} of {}, {}{left}",
            found.clips,
            found.speakers,
            found.fold,
            found.protocol,
            found.corpora.join(", ")
        ),
        format!(
            "As they are: UAR {} %{}, WA {} %",
            points(found.clean.uar),
            within.unwrap_or_default(),
            points(found.clean.wa)
        ),
        format!(
            "{} tests (suite: {suite}; seed {}): {} passed, {} failed, {} not decided",
            found.tests.len(),
            found.seed,
            found.count(Decision::Passed),
            found.count(Decision::Failed),
            found.count(Decision::NotDecided)
        ),
    ]
}

const NOTE: &str = "Passed: the 95 % interval over speakers of the difference of UAR lies at or above the limit, and that of the \
     share of unchanged answers at or above its own where there is one; failed: one of them lies below; else not decided. \
     The limits are those of ser-tests (audEERING, github.com/audeering/ser-tests): UAR no more than 5 points lower, here at \
     every strength; unchanged 90 % at 20 dB of noise or more, 50 % on the telephone, 80 % in rooms, 95 % for tiny changes. \
     Calibration: change of the expected calibration error, in points.";

/// All tests as a table.
fn table(found: &Stress) -> Table {
    let columns = [
        "test",
        "UAR %",
        "difference",
        "95 % by speakers",
        "unchanged %",
        "95 % by speakers",
        "limit",
        "calibration",
        "decision",
    ];
    let rows = found.tests.iter().map(|test| {
        let figures = &test.figures;
        vec![
            named(test),
            format!("{:.1}", 100.0 * figures.uar),
            signed(figures.difference, 1),
            or_dash(figures.difference_interval.map(|of| signed_interval(of, 1))),
            format!("{:.1}", 100.0 * figures.unchanged),
            or_dash(figures.unchanged_interval.map(|of| format!("{:.1} to {:.1}", 100.0 * of.low, 100.0 * of.high))),
            or_dash(test.unchanged_limit.map(|limit| format!("{:.0}", 100.0 * limit))),
            or_dash(figures.calibration_change.map(|change| signed(change, 1))),
            test.decision.name().to_owned(),
        ]
    });
    Table::new("Tests", columns).rows(rows).note(NOTE)
}

/// A test as people read it: `white noise, 20 dB`.
fn named(test: &Tested) -> String {
    match test.strength {
        Some(strength) => format!("{}, {strength} {}", test.kind, test.unit.replace('x', "×")),
        // Of several without a strength the kind alone would not tell them apart.
        None if test.kind == "telephone" => test
            .name
            .replace("-mu-law", ", µ-law")
            .replace("-a-law", ", A-law")
            .replace("-adpcm", ", ADPCM")
            .replace("-noise-25db", ", noise at 25 dB"),
        None => test.kind.clone(),
    }
}

fn document(found: &Stress) -> Document {
    let mut document = Document::default();
    document.title(title(found));
    found.warnings.iter().for_each(|warning| document.warning(warning));
    document.list(lines(found));
    document.table(kinds(found));
    document.table(table(found));
    document
}

/// What a terminal shows: the lines, how many of each kind of test came out how, and what failed.
fn terminal(found: &Stress) -> String {
    let mut text: String =
        found.warnings.iter().chain(&lines(found)).map(|line| super::table::wrapped(line, 4)).collect();
    text.push('\n');
    text.push_str(&kinds(found).plain());
    text
}

/// How many tests of each kind came out how, and the worst of them.
fn kinds(found: &Stress) -> Table {
    let mut kinds: Vec<(&str, [usize; 3])> = Vec::new();
    for test in &found.tests {
        if kinds.iter().all(|(kind, _)| *kind != test.kind) {
            kinds.push((&test.kind, [0; 3]));
        }
        let counts = kinds.iter_mut().find(|(kind, _)| *kind == test.kind);
        counts.into_iter().for_each(|(_, counts)| counts[test.decision as usize] += 1);
    }
    let worst = |kind: &str| {
        let of = found.tests.iter().filter(|test| test.kind == kind);
        let worst = of.min_by(|a, b| a.figures.difference.total_cmp(&b.figures.difference));
        worst.map_or_else(String::new, |test| signed(test.figures.difference, 1))
    };
    let rows = kinds.iter().map(|(kind, [failed, open, passed])| {
        vec![(*kind).to_owned(), passed.to_string(), failed.to_string(), open.to_string(), worst(kind)]
    });
    Table::new("By kind", ["tests", "passed", "failed", "not decided", "worst, points of UAR"]).rows(rows)
}

/// The pictures by their names: each an SVG, or why there is none.
fn pictures(found: &Stress) -> Vec<(&'static str, Result<String>)> {
    let mut subtitle = found.warnings.clone();
    subtitle.push(format!(
        "{} clips of {} speakers, fold {} of {} ({})",
        found.clips,
        found.speakers,
        found.fold,
        found.protocol,
        found.corpora.join(", ")
    ));
    let lines = |unit: &str, kinds: &dyn Fn(&str) -> bool| {
        let mut by_kind = BTreeMap::<&str, Strength>::new();
        let mut order = Vec::new();
        for test in found.tests.iter().filter(|test| test.unit == unit && kinds(&test.kind)) {
            let Some(strength) = test.strength else { continue };
            let line = by_kind.entry(&test.kind).or_insert_with(|| {
                order.push(test.kind.as_str());
                Strength { name: test.kind.clone(), points: vec![] }
            });
            let within = test.figures.uar_interval.map(|of| (100.0 * of.low, 100.0 * of.high));
            line.points.push((strength, 100.0 * test.figures.uar, within));
        }
        let mut lines: Vec<Strength> = order.iter().filter_map(|kind| by_kind.remove(kind)).collect();
        lines.iter_mut().for_each(|line| line.points.sort_by(|a, b| a.0.total_cmp(&b.0)));
        lines.retain(|line| line.points.len() > 1);
        lines
    };
    let references = vec![
        (100.0 * found.clean.uar, "clips as they are".to_owned()),
        (100.0 * (found.clean.uar + found.uar_limit), "limit: 5 points lower".to_owned()),
    ];
    let figure = |x: &str, what: &str, lines| Strengths {
        title: format!("{}: {what}", found.experiment),
        subtitle: &subtitle,
        x: x.to_owned(),
        y: "UAR (%)".to_owned(),
        lines,
        references: references.clone(),
    };
    let noises = lines("dB", &|kind| !["clipping", "jumps of level", "gain"].contains(&kind));
    let rooms = lines("s", &|kind| kind == "room");
    let mut drawn = Vec::new();
    if !noises.is_empty() {
        let figure = figure("signal-to-noise ratio (dB)", "UAR in noise", noises);
        drawn.push(("stress-noise", plot::to_svg(&figure)));
    }
    if !rooms.is_empty() {
        drawn.push(("stress-rooms", plot::to_svg(&figure("reverberation time (s)", "UAR in rooms", rooms))));
    }
    let mood = |decision| match decision {
        Decision::Passed => Mood::Good,
        Decision::Failed => Mood::Bad,
        Decision::NotDecided => Mood::Open,
    };
    let mut groups: Vec<(String, Vec<ForestRow>)> = Vec::new();
    for test in &found.tests {
        let group = match test.unit.as_str() {
            "dB" if !["clipping", "jumps of level", "gain"].contains(&test.kind.as_str()) => "Noise",
            _ if test.kind.starts_with("room") => "Rooms",
            _ if test.kind == "telephone" => "Telephone",
            _ if test.unchanged_limit.is_some() => "Tiny changes",
            _ => "Other changes",
        };
        let row = ForestRow {
            name: named(test),
            value: 100.0 * test.figures.difference,
            interval: test.figures.difference_interval.map(|of| (100.0 * of.low, 100.0 * of.high)),
            mood: mood(test.decision),
            beside: vec![],
        };
        match groups.iter_mut().find(|(name, _)| name == group) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((group.to_owned(), vec![row])),
        }
    }
    let forest = Forest {
        title: format!("{}: what each test costs", found.experiment),
        subtitle: subtitle.clone(),
        axis: "difference of UAR (points), 95 % by speakers".into(),
        decimals: 1,
        groups,
        references: vec![(100.0 * found.uar_limit, "limit".into()), (0.0, "no difference".into())],
        legend: vec![(Mood::Good, "passed".into()), (Mood::Bad, "failed".into()), (Mood::Open, "not decided".into())],
    };
    drawn.push(("stress-tests", plot::to_svg(&forest)));
    drawn
}

fn caption(name: &str) -> &'static str {
    match name {
        "stress-noise" => "UAR over the ratio of signal to noise, 95 % by speakers",
        "stress-rooms" => "UAR over reverberation time, 95 % by speakers",
        _ => "Difference of UAR in each test; marks also count the share of unchanged answers",
    }
}

/// The section of a page.
pub(super) fn section(found: &Stress) -> Markup {
    let drawn = pictures(found);
    html! {
        @for warning in &found.warnings { p.warning { (warning) } }
        ul { @for line in lines(found) { li { (line) } } }
        (html::table(&kinds(found)))
        div.pictures {
            @for (name, svg) in drawn {
                @match svg {
                    Ok(svg) => (html::picture(&Picture { name: name.to_owned(), caption: caption(name).to_owned(), svg })),
                    Err(error) => p.warning { "Not drawn: " (name) ": " (error) },
                }
            }
        }
        (html::table(&table(found)))
    }
}
