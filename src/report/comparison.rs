//! Two experiments side by side, or several: figures, and the sentence that a paper needs.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{
    gather::gather,
    headline::{percent, protocol_line, warnings},
    shots,
    table::{Table, wrapped},
    tables::{points, signed, signed_interval},
};
use crate::{
    error::{Error, Result},
    eval::{Bootstrap, Comparison, Evaluation, Unit, compare},
    events::Observer,
    files::{create_dir, write_json, write_whole},
};

/// The schema's name and version of `comparison.json`.
const SCHEMA: &str = "ser-comparison/1";

/// What the comparison says, in words that a paper can use.
#[must_use]
pub fn sentence(comparison: &Comparison) -> String {
    let (first, second) = (&comparison.first, &comparison.second);
    let mut text = format!(
        "On {} clips of {} speakers ({}), {} reaches a UAR of {:.2} % and {} of {:.2} % ({} of {} points",
        comparison.clips,
        comparison.speakers,
        comparison.protocol,
        first.experiment,
        100.0 * first.uar,
        second.experiment,
        100.0 * second.uar,
        "a difference",
        signed(comparison.difference, 2)
    );
    match (comparison.interval, comparison.p) {
        (Some(interval), Some(p)) => {
            text.push_str(&format!(
                ", 95 % interval {}, p {}; paired bootstrap over speakers, {} draws); ",
                signed_interval(interval, 2),
                probability(p),
                comparison.bootstrap.samples
            ));
        }
        _ => text.push_str("; one speaker gives no interval); "),
    }
    let mcnemar = &comparison.mcnemar;
    text.push_str(&format!(
        "{} clips are recognised by the first alone and {} by the second alone (McNemar's exact test, p {}; χ² with \
         continuity correction {:.2}).",
        mcnemar.only_first,
        mcnemar.only_second,
        probability(mcnemar.p),
        mcnemar.chi_squared
    ));
    text
}

fn probability(p: f64) -> String {
    if p < 0.001 { "< 0.001".into() } else { format!("= {p:.3}") }
}

/// What a reader has to know before the comparison.
#[must_use]
pub fn cautions(comparison: &Comparison) -> Vec<String> {
    let mut lines = vec![];
    if let Some(what) = &comparison.data_differs {
        lines.push(format!(
            "DATA DIFFER: from the first to the second, {what}; what the systems differ by is of that, too."
        ));
    }
    if comparison.scalers_differ {
        lines.push("SCALERS DIFFER: they were fitted on different data, which by itself is worth points.".to_owned());
    }
    if comparison.left_out > 0 {
        lines.push(format!(
            "LEFT OUT: {} clips that only one of both has predicted; this is not the protocol's figure.",
            comparison.left_out
        ));
    }
    let seeds = [&comparison.first.seeds, &comparison.second.seeds];
    if seeds.iter().any(|seeds| seeds.len() > 1) {
        let first = seeds.map(|seeds| seeds.first().copied().unwrap_or(0));
        lines.push(format!(
            "Figures pool all seeds; McNemar's test, which needs one prediction a clip, takes seed {} of the first and seed {} \
             of the second.",
            first[0], first[1]
        ));
    }
    lines
}

/// The figures of both sides, and what they differ by.
#[must_use]
pub fn table(comparison: &Comparison) -> Table {
    let rows = [&comparison.first, &comparison.second]
        .map(|of| vec![of.experiment.clone(), points(of.uar), points(of.wa), points(of.macro_f1)]);
    let within = comparison.interval.map(|of| format!(" ({})", signed_interval(of, 2)));
    let difference = vec![
        "difference (95 % by speakers)".to_owned(),
        signed(comparison.difference, 2) + &within.unwrap_or_default(),
        signed(comparison.second.wa - comparison.first.wa, 2),
        signed(comparison.second.macro_f1 - comparison.first.macro_f1, 2),
    ];
    Table::new("", ["system", "UAR %", "WA %", "macro F1 %"]).rows(rows).rows([difference])
}

/// The comparison as text: cautions, the sentence.
#[must_use]
pub fn text(comparison: &Comparison) -> String {
    let mut text: String = cautions(comparison).iter().map(|line| wrapped(line, 0)).collect();
    text.push_str(&wrapped(&sentence(comparison), 0));
    text
}

/// Several experiments in one table a protocol: figures of two protocols do not stand in one table.
#[must_use]
pub fn several(evaluations: &[Evaluation]) -> Vec<Table> {
    let under = |evaluation: &Evaluation| {
        let protocol = &evaluation.protocol;
        let classes = evaluation.confusion.classes.join(", ");
        (
            format!("{} on {}", protocol_line(evaluation), protocol.corpora.join(", ")),
            classes,
            protocol.description.clone(),
        )
    };
    let mut protocols = vec![];
    for evaluation in evaluations {
        let protocol = under(evaluation);
        if !protocols.contains(&protocol) {
            protocols.push(protocol);
        }
    }
    protocols
        .into_iter()
        .map(|protocol| {
            let of: Vec<&Evaluation> = evaluations.iter().filter(|evaluation| under(evaluation) == protocol).collect();
            let rows = of.iter().map(|evaluation| {
                let within = evaluation
                    .intervals_over(Unit::Speakers)
                    .map_or_else(|| "–".to_owned(), |of| format!("{} to {}", points(of.uar.low), points(of.uar.high)));
                let mark = if evaluation.complete() { "" } else { " (INCOMPLETE)" };
                vec![
                    format!("{}{mark}", evaluation.experiment),
                    evaluation.seeds.len().to_string(),
                    percent(evaluation.over_seeds(|s| s.uar)),
                    within,
                    percent(evaluation.over_seeds(|s| s.wa)),
                    percent(evaluation.over_seeds(|s| s.macro_f1)),
                ]
            });
            let mut notes: Vec<String> = Vec::new();
            for warning in of.iter().flat_map(|evaluation| warnings(evaluation)) {
                // What holds of several is said once.
                if !notes.contains(&warning) {
                    notes.push(warning);
                }
            }
            let columns = ["experiment", "seeds", "UAR %", "95 % by speakers", "WA %", "macro F1 %"];
            Table::new(protocol.0, columns).rows(rows).note(notes.join(" "))
        })
        .collect()
}

/// Writes the report of the experiment in each folder, compares all others with the first, and writes the comparison into `out`,
/// where it is given; of cross-lingual experiments with several numbers of shots, their curve with it. Recordings that have moved
/// are looked for in `data`. Returns what is to be said on a terminal.
///
/// # Errors
///
/// As [`gather`] and [`compare`]; of more than two experiments, those of another protocol are told of and passed over.
pub fn of_folders(
    dirs: &[PathBuf],
    data: &Path,
    out: Option<&Path>,
    bootstrap: Bootstrap,
    observer: &dyn Observer,
) -> Result<String> {
    let mut evaluations: Vec<Evaluation> = Vec::new();
    for dir in dirs {
        let mut evaluation = gather(dir, &dir.join("report"), data, bootstrap, observer)?;
        // Two runs of one config bear one name: their folders tell them apart.
        if evaluations.iter().any(|other| other.experiment == evaluation.experiment) {
            evaluation.experiment = format!("{} in {}", evaluation.experiment, dir.display());
        }
        evaluations.push(evaluation);
    }
    let mut comparisons = Vec::new();
    if let [first, others @ ..] = &evaluations[..] {
        for other in others {
            match compare(first, other, bootstrap) {
                // Of two experiments a comparison was asked for; of more, a table, in which protocols stand apart.
                Err(Error::Config(problem)) if others.len() > 1 => observer.warn(&format!("not compared: {problem}")),
                compared => comparisons.push(compared?),
            }
        }
    }
    let curve = shots::table(&evaluations, &comparisons);
    let said = several(&evaluations).iter().map(Table::plain).collect::<Vec<_>>();
    let curve = curve.into_iter().chain(shots::adapted(&evaluations));
    let said = said.into_iter().chain(comparisons.iter().map(text)).chain(curve.map(|table| table.plain()));
    let mut lines: Vec<String> = said.collect();
    if let Some(out) = out {
        write(&comparisons, &evaluations, out)?;
        lines.push(format!("comparison  {}", out.join("comparison.txt").display()));
        let page = shots::write(&evaluations, &comparisons, out)?;
        lines.extend(page.map(|page| format!("curve       {}", page.display())));
    }
    Ok(lines.join("\n"))
}

/// Writes `comparison.txt` and `comparison.json` into the folder.
///
/// # Errors
///
/// [`crate::error::Error::Io`] naming the file that cannot be written.
pub fn write(comparisons: &[Comparison], evaluations: &[Evaluation], folder: &Path) -> Result<()> {
    #[derive(Serialize)]
    struct Said<'a> {
        #[serde(flatten)]
        comparison: &'a Comparison,
        cautions: Vec<String>,
        sentence: String,
    }
    #[derive(Serialize)]
    struct Document<'a> {
        schema: &'static str,
        comparisons: Vec<Said<'a>>,
    }
    create_dir(folder)?;
    let tables = several(evaluations).iter().map(Table::plain).collect::<Vec<_>>();
    let texts: Vec<String> = tables.into_iter().chain(comparisons.iter().map(text)).collect();
    write_whole(&folder.join("comparison.txt"), |file| file.write_all(texts.join("\n").as_bytes()))?;
    let said = comparisons.iter().map(|comparison| Said {
        comparison,
        cautions: cautions(comparison),
        sentence: sentence(comparison),
    });
    write_json(&folder.join("comparison.json"), &Document { schema: SCHEMA, comparisons: said.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::{Bootstrap, compare, test_support::evaluation};

    #[test]
    fn the_sentence_says_figures_difference_interval_and_tests() {
        let (a, b) = (evaluation("a", 8, 60, &[1, 2], 0.3), evaluation("b", 8, 60, &[3], 0.8));
        let found = compare(&a, &b, Bootstrap::default()).unwrap();
        let said = text(&found).replace('\n', " ");
        for part in [
            "480 clips of 8 speakers (c, speaker-kfold, speaker-independent), a reaches",
            "a difference of +",
            "95 % interval +",
            "p < 0.001",
            "McNemar",
            "takes seed 1",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(text(&found).lines().all(|line| line.chars().count() <= 80));
    }

    #[test]
    fn two_protocols_make_two_tables() {
        let a = evaluation("a", 3, 30, &[1], 0.3);
        let (b, mut c) = (evaluation("b", 3, 30, &[1], 0.5), evaluation("c", 3, 30, &[1], 0.5));
        c.protocol.name = "random".into();
        let synthetic = |evaluation: Evaluation| Evaluation { synthetic: true, ..evaluation };
        let tables = several(&[synthetic(a), synthetic(b), c]);
        assert_eq!(tables[0].note.matches("SYNTHETIC").count(), 1, "{}", tables[0].note);
        assert_eq!(tables.iter().map(|table| table.rows.len()).collect::<Vec<_>>(), [2, 1]);
    }
}
