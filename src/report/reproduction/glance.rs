//! `glance.md` and its picture: one table that fits a screen; and `claimed.md`: what recipes that leak claim, what the leak is worth.

use std::path::Path;

use serde::Deserialize;

use super::kept::{Kept, Table as Rows};
use crate::{
    error::Result,
    eval::LEAST_SPEAKERS,
    files::{create_dir, write_whole},
    report::{
        document::Document,
        plot::{self, Forest, ForestRow, Mood},
        published::{Metric, PublishedFigure, PublishedFile},
        table::Table,
    },
};

/// A row of the glance: a protocol, and which experiments of ours stand for it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::report) struct Glance {
    /// What it is called.
    pub name: String,
    /// The corpus and protocol of the published figures.
    pub corpus: String,
    pub protocol: String,
    /// Which figure is compared.
    pub metric: Metric,
    /// Our experiments without a pretrained encoder, the first that is measured counts …
    pub without: Vec<String>,
    /// … and those with one.
    pub with: Vec<String>,
}

/// A recipe of others that leaks, and our experiments with that leak and without it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::report) struct Claim {
    /// What leaks.
    pub leak: String,
    /// Who claims what; empty of a leak that is shown by itself.
    #[serde(default)]
    pub claimed: String,
    /// Which figure.
    pub metric: Metric,
    /// Ours with it.
    pub leaking: String,
    /// Ours without it.
    pub honest: String,
    /// Whether both test the same clips, so that the difference is the leak's alone.
    #[serde(default)]
    pub same_clips: bool,
}

/// A row with what is known of it.
struct Line<'a> {
    of: &'a Glance,
    over_folds: bool,
    /// Published and ours, without a pretrained encoder and with one.
    sides: [(Option<&'a PublishedFigure>, Option<&'a Kept>); 2],
}

fn best<'a>(published: &'a PublishedFile, of: &Glance, pretrained: bool) -> Option<&'a PublishedFigure> {
    let same = |figure: &&PublishedFigure| {
        figure.corpus == of.corpus
            && figure.protocols.contains(&of.protocol)
            && figure.metric == of.metric
            && figure.caveat.as_deref().unwrap_or_default().contains("pretrained") == pretrained
    };
    published.published.iter().filter(same).max_by(|a, b| a.value.total_cmp(&b.value))
}

/// What ours says of theirs, by its interval over speakers.
fn verdict(theirs: Option<&PublishedFigure>, ours: Option<&Kept>, line: &Line<'_>) -> &'static str {
    let (Some(theirs), Some(ours)) = (theirs, ours) else { return "" };
    match ours.interval(line.of.metric, line.over_folds) {
        _ if ours.speakers < LEAST_SPEAKERS => "not decided: 2 speakers",
        None => "not decided",
        Some((low, _)) if low > theirs.value => "above",
        Some((_, high)) if high < theirs.value => "below",
        Some(_) => "level",
    }
}

/// Writes `glance.md`, `plots/glance.svg` and `claimed.md` into the folder.
pub(super) fn write(published: &PublishedFile, rows: &Rows, folder: &Path) -> Result<()> {
    if published.glance.is_empty() {
        return Ok(());
    }
    let first = |names: &[String]| names.iter().find_map(|name| rows.get(name));
    let lines: Vec<Line<'_>> = published
        .glance
        .iter()
        .map(|of| Line {
            of,
            over_folds: of.protocol == "emobox",
            sides: [(best(published, of, false), first(&of.without)), (best(published, of, true), first(&of.with))],
        })
        .collect();
    create_dir(&folder.join("plots"))?;
    let svg = plot::to_svg(&picture(&lines))?;
    write_whole(&folder.join("plots/glance.svg"), |file| file.write_all(svg.as_bytes()))?;
    let page = page(&lines).to_markdown();
    write_whole(&folder.join("glance.md"), |file| file.write_all(page.as_bytes()))?;
    let claims = claims(published, rows).to_markdown();
    write_whole(&folder.join("claimed.md"), |file| file.write_all(claims.as_bytes()))
}

fn page(lines: &[Line<'_>]) -> Document {
    let mut table = Table::new(
        "",
        [
            "row",
            "%",
            "published, not pretrained",
            "ours without encoder",
            "verdict",
            "published, pretrained",
            "ours with",
            "verdict",
        ],
    );
    for line in lines {
        let mut cells = vec![line.of.name.clone(), line.of.metric.to_string()];
        for (theirs, ours) in line.sides {
            let system = |of: &PublishedFigure| of.system.split(',').next().unwrap_or_default().to_owned();
            cells.push(theirs.map_or("none found".to_owned(), |of| format!("{:.1}, {}", of.value, system(of))));
            cells.push(ours.map_or("not run yet".to_owned(), |of| {
                let figure = of.figure(line.of.metric, line.over_folds);
                match of.interval(line.of.metric, line.over_folds) {
                    Some((low, high)) => format!("{figure:.1} ({low:.0} to {high:.0})"),
                    None => format!("{figure:.1}"),
                }
            }));
            cells.push(verdict(theirs, ours, line).to_owned());
        }
        table.row(cells);
    }
    let mut document = Document::default();
    document.title("At a glance");
    document.markdown(
        "Published figures and ours under the same protocol; `ser-eval --compare` makes this page of [published.toml](published.toml) \
         and [rows.csv](rows.csv). In brackets: 95 % interval by speaker (of WA: that of UAR, moved). *Above*, *below*, or *level* where \
         the published figure lies within it; fewer than four speakers decide nothing. The encoder is Whisper tiny.en, frozen; of \
         others see [encoder.md](encoder.md).",
    );
    document.table(table);
    document.picture("plots/glance.svg", "Published figures and ours by row");
    document.markdown(
        "Caveats of the published figures, what was chosen on what, and all other rows: [reproduction.md](reproduction.md). What is \
         published under other protocols, unknown ones or leaks stands there apart.",
    );
    document
}

/// Ours with their intervals, the published figures as marks of their own.
fn picture(lines: &[Line<'_>]) -> Forest {
    let group = |line: &Line<'_>| {
        let ours = [("ours without an encoder", Mood::Plain), ("ours with an encoder", Mood::Good)];
        let rows = line.sides.iter().zip(ours).filter_map(|((theirs, ours), (name, mood))| {
            let ours = (*ours)?;
            let row = ForestRow {
                name: name.to_owned(),
                value: ours.figure(line.of.metric, line.over_folds),
                interval: ours.interval(line.of.metric, line.over_folds),
                mood,
                beside: theirs.map(|of| of.value).into_iter().collect(),
            };
            Some(row)
        });
        (format!("{}, {}", line.of.name, line.of.metric), rows.collect())
    };
    Forest {
        title: "Published figures and ours".to_owned(),
        subtitle: vec!["under the same protocol; 95 % intervals by speaker".to_owned()],
        axis: "UAR or WA (%)".to_owned(),
        decimals: 1,
        groups: lines.iter().map(group).collect(),
        references: Vec::new(),
        legend: vec![
            (Mood::Plain, "ours without an encoder".to_owned()),
            (Mood::Good, "ours with one".to_owned()),
            (Mood::Other, "best published of that kind".to_owned()),
        ],
    }
}

/// Claims, and the leaks one at a time.
fn claims(published: &PublishedFile, rows: &Rows) -> Document {
    let table = |of: &dyn Fn(&&Claim) -> bool| {
        let columns = ["what leaks", "claimed", "%", "ours WITH THE LEAK, NO RESULT", "ours without", "difference"];
        let each = published.claims.iter().filter(of).map(|claim| {
            let found = [&claim.leaking, &claim.honest].map(|name| rows.get(name));
            let cell = |of: Option<&Kept>| match of {
                Some(of) => format!("{:.1} ({})", of.figure(claim.metric, false), of.experiment),
                None => "not run".to_owned(),
            };
            let difference = match found {
                [Some(leaking), Some(honest)] => {
                    let by = leaking.figure(claim.metric, false) - honest.figure(claim.metric, false);
                    format!("{by:+.1}{}", if claim.same_clips { "" } else { " *" })
                }
                _ => String::new(),
            };
            let [leaking, honest] = found.map(cell);
            vec![claim.leak.clone(), claim.claimed.clone(), claim.metric.to_string(), leaking, honest, difference]
        });
        let mut table = Table::new("", columns).rows(each);
        if table.rows.iter().all(|row| row[1].is_empty()) {
            table.columns.remove(1);
            table.rows.iter_mut().for_each(|row| drop(row.remove(1)));
        }
        table
    };
    let mut document = Document::default();
    document.title("Claimed and measured");
    document.warning("No figure with a leak is a result.");
    document.markdown(
        "What recipes of the field claim, what the same leak gives with a network of ours, and what is left without it. Ours have another \
         network than the claims (0.3 million parameters and fewer): the difference between the last figures speaks of the leak, that \
         between claim and ours does not. `ser-eval --compare` makes this page; each figure's command is `scripts/reproduce.sh ROW`, the \
         row in brackets. An asterisk: both test other clips, so that the difference is not the leak's alone.",
    );
    document.table(table(&|claim| !claim.claimed.is_empty()));
    document.heading("One leak at a time");
    document.markdown(
        "RAVDESS; but for the first row, eight classes and a small network on a frozen Whisper tiny.en. Epoch, scaler and sentences test \
         the clips of the honest row and learn from as many: only what is named is done otherwise.",
    );
    document.table(table(&|claim| claim.claimed.is_empty()));
    document
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{eval::test_support::evaluation, report::reproduction::kept::renew};

    #[test]
    fn the_page_and_the_claims_are_made_of_kept_rows() {
        let dir = tempfile::tempdir().unwrap();
        let (low, high) = (evaluation("low", 6, 30, &[1], 0.5), evaluation("high", 6, 30, &[1], 0.9));
        let rows = renew(&dir.path().join("rows.csv"), [("plain", &low), ("rich", &high)].into_iter()).unwrap();
        let mut published = PublishedFile::built_in().unwrap();
        published.glance = vec![Glance {
            name: "RAVDESS, Luna's 5 folds".into(),
            corpus: "ravdess".into(),
            protocol: "luna-5fold".into(),
            metric: Metric::Uar,
            without: vec!["absent".into(), "plain".into()],
            with: vec!["rich".into()],
        }];
        let claim = |claimed: &str, leaking: &str| Claim {
            leak: "all".into(),
            claimed: claimed.into(),
            metric: Metric::Wa,
            leaking: leaking.into(),
            honest: "plain".into(),
            same_clips: true,
        };
        published.claims = vec![claim("99, somebody", "rich"), claim("", "rich"), claim("", "absent")];
        write(&published, &rows, dir.path()).unwrap();
        let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
        let glance = read("glance.md");
        assert!(glance.contains("| below |") || glance.contains("| level |"), "{glance}");
        assert!(glance.contains("ResLSTM") && read("plots/glance.svg").contains("<svg"));
        let claims = read("claimed.md");
        for part in ["99, somebody", "(rich)", "| not run |", "One leak at a time", "No figure with a leak is a result"]
        {
            assert!(claims.contains(part), "{part}: {claims}");
        }
    }
}
