//! The page itself.

use super::{Found, Part, Verdict, measured::Measured, transfer};
use crate::{
    eval::LEAST_SPEAKERS,
    numeric::written,
    report::{
        document::Document,
        headline::{many, percent},
        published::{Metric, PublishedFile},
        table::Table,
        tables::points,
    },
};

pub(super) fn page(published: &PublishedFile, found: &[Found]) -> String {
    let mut document = Document::default();
    document.title("Published figures, and ours");
    for paragraph in published.preface.split("\n\n").filter(|text| !text.trim().is_empty()) {
        document.markdown(paragraph.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    document.markdown(
        "UAR is unweighted average recall, WA accuracy. Ours are mean ± standard deviation over seeds, each seed's folds \
         pooled, or the mean over folds where the published figure is one; 95 % intervals are bootstrapped, all seeds \
         pooled. *Beaten*: the published figure lies below that interval over speakers and below that over utterances. \
         *Reproduced*: ours is the higher, or lower by no more than a standard deviation, theirs where they say it, else \
         ours over seeds. *Not reached*: lower by more. Fewer than four test speakers decide nothing. Rows whose scaler is fitted on \
         each test speaker are of another protocol and stand beside no published figure. In the table of all rows stand the highest published figure of a system that is \
         not pretrained, the highest of one that is, and aims of our own; the others stand behind, row by row.",
    );
    let of = |part| found.iter().filter(|of| of.row.part == part).collect::<Vec<_>>();
    let [reference, best, encoder, moved, leak, ablation] =
        [Part::Reference, Part::Best, Part::Encoder, Part::Transfer, Part::Leak, Part::Ablation].map(of);
    let ours = [best.as_slice(), reference.as_slice()].concat();
    document.heading("All rows");
    document.table(summary(published, &ours));
    if !encoder.is_empty() {
        document.heading("On a pretrained encoder");
        document.table(summary(published, &encoder));
        notes(&mut document, &encoder);
    }
    if !leak.is_empty() {
        document.heading("What a leak is worth");
        document.table(summary(published, &leak));
        leak.iter().for_each(|of| picture(&mut document, of));
        notes(&mut document, &leak);
    }
    if let Some(table) = transfer::table(&moved) {
        document.heading("From corpus to corpus");
        document.table(table);
        notes(&mut document, &moved);
    }
    if !ablation.is_empty() {
        document.heading("On the way to the best recipe");
        document.table(ablations(&ablation));
        notes(&mut document, &ablation);
    }
    if !published.apart.is_empty() {
        document.heading("Published, and beside none of ours");
        let rows = published
            .apart
            .iter()
            .map(|of| vec![of.system.clone(), of.figure.clone(), of.reason.clone(), of.source.clone()]);
        document.table(Table::new("", ["system", "figures", "why they stand apart", "source"]).rows(rows));
    }
    for of in ours {
        details(&mut document, published, of);
    }
    document.to_markdown()
}

fn picture(document: &mut Document, found: &Found) {
    if let Some(path) = &found.picture {
        document.picture(path.clone(), format!("Confusion matrix: {}", found.row.title));
    }
}

/// The notes of rows that are shown, each once below all rows that it is of.
fn notes(document: &mut Document, found: &[&Found]) {
    let shown = found.iter().filter(|of| of.measured.is_some() || of.kept.is_some() || of.row.part == Part::Ablation);
    let mut notes: Vec<(&str, Vec<&str>)> = Vec::new();
    for of in shown.filter(|of| !of.row.note.is_empty()) {
        let (title, note) = (of.row.title.as_str(), of.row.note.as_str());
        match notes.iter_mut().find(|(known, _)| *known == note) {
            Some((_, titles)) => titles.push(title),
            None => notes.push((note, vec![title])),
        }
    }
    // Titles and notes are ours, and Markdown.
    for (note, titles) in notes {
        document.markdown(format!("- {}: {note}", titles.join("; ")));
    }
}

/// Title, dependence, figures and the verdicts of each row.
fn summary(published: &PublishedFile, found: &[&Found]) -> Table {
    let mut table =
        Table::new("", ["row", "test speakers", "seeds", "UAR %", "95 % by speakers", "WA %", "s/run", "published"]);
    for of in found {
        let Some(measured) = &of.measured else {
            if let Some(kept) = &of.kept {
                let within = kept.interval(Metric::Uar, false).map(|(low, high)| format!("{low:.2} to {high:.2}"));
                table.row([
                    format!("{} {}", of.row.title, if kept.leak { "NOT A RESULT" } else { "" }).trim_end().to_owned(),
                    many(kept.speakers, "speaker"),
                    kept.seeds.to_string(),
                    format!("{:.2}", kept.uar),
                    within.unwrap_or_default(),
                    format!("{:.2}", kept.wa),
                    String::new(),
                    String::new(),
                ]);
            }
            continue;
        };
        let speakers = if measured.speaker_independent { "unseen" } else { "SEEN in training" };
        let mark = match (&measured.brand, measured.speaker_independent) {
            _ if !measured.complete => "INCOMPLETE",
            (Some(brand), _) => brand,
            (None, false) if of.row.part == Part::Leak => "SPEAKERS ON BOTH SIDES, NOT A RESULT",
            (None, _) => "",
        };
        let compared = compared(published, of, measured);
        let verdicts = match measured.hears_test_speakers() {
            true => "another protocol".to_owned(),
            false => highest(&compared).join("; "),
        };
        table.row([
            [of.row.title.as_str(), mark].join(" ").trim_end().to_owned(),
            speakers.to_owned(),
            measured.seeds.len().to_string(),
            percent(measured.uar.pooled),
            interval(measured),
            percent(measured.wa.pooled),
            some_seconds(measured),
            verdicts,
        ]);
    }
    let absent = found.iter().filter(|of| of.measured.is_none() && of.kept.is_none());
    let absent: Vec<&str> = absent.map(|of| of.row.experiment.as_str()).collect();
    if absent.is_empty() { table } else { table.note(format!("Not run: {}.", absent.join(", "))) }
}

fn interval(measured: &Measured) -> String {
    measured.over_speakers().map_or_else(|| "–".to_owned(), |of| format!("{} to {}", points(of.low), points(of.high)))
}

/// Seconds of a run; nothing where it is not known any more.
fn some_seconds(measured: &Measured) -> String {
    let [mean, _] = measured.seconds;
    if mean > 0.0 { format!("{mean:.0}") } else { String::new() }
}

/// A figure of others, compared with ours.
struct Compared {
    short: String,
    /// In per cent.
    value: f64,
    of: Kind,

    cells: [String; 6],
}

/// Whose a figure is: the highest of each kind stands in the table of all rows.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    NotPretrained,
    Pretrained,
    Aim,
}

/// The highest of each kind.
fn highest(compared: &[Compared]) -> Vec<&str> {
    let most = |kind: Kind| {
        let of = compared.iter().filter(|of| of.of == kind);
        of.max_by(|a, b| a.value.total_cmp(&b.value)).map(|of| of.short.as_str())
    };
    [Kind::NotPretrained, Kind::Pretrained, Kind::Aim].into_iter().filter_map(most).collect()
}

fn compared(published: &PublishedFile, found: &Found, measured: &Measured) -> Vec<Compared> {
    let one = |of: Kind, metric: Metric, over_folds: bool, value: f64, std: Option<f64>, who: [String; 2]| {
        let figure = measured.figure(metric);
        let ours = if over_folds { figure.over_folds } else { figure.pooled };
        let theirs = value / 100.0;
        let verdict = match measured.speakers < LEAST_SPEAKERS {
            true => format!("not decided, {}", many(measured.speakers, "speaker")),
            false => Verdict::of(ours, &figure.intervals, theirs, std.map(|std| std / 100.0)).to_string(),
        };
        let difference = 100.0 * (ours.mean - theirs);
        let [system, source] = who;
        Compared {
            short: format!(
                "{value} {metric}{}: {verdict} ({:+.1})",
                if of == Kind::Pretrained { ", pretrained" } else { "" },
                written(difference, 1)
            ),
            value,
            of,
            cells: [
                system,
                format!("{metric} {value:.2}{}", std.map(|std| format!(" ± {std:.2}")).unwrap_or_default()),
                percent(ours),
                format!("{:+.2}", written(difference, 2)),
                verdict,
                source,
            ],
        }
    };
    if !measured.complete || measured.hears_test_speakers() {
        return vec![];
    }
    // A figure of one fold is no figure of the experiment's.
    let figures = published.beside(&measured.key).figures.into_iter().filter(|of| of.fold.is_none()).map(|of| {
        let pretrained = of.caveat.as_deref().unwrap_or_default().contains("pretrained");
        let kind = if pretrained { Kind::Pretrained } else { Kind::NotPretrained };
        let caveat = of.caveat.map(|caveat| format!(" ({caveat})")).unwrap_or_default();
        let over_folds = of.statistic == "mean over folds" || of.statistic == "over the five folds";
        one(kind, of.metric, over_folds, of.value, of.std, [format!("{}{caveat}", of.system), of.source])
    });
    let targets = found.row.targets.iter().map(|target| {
        one(
            Kind::Aim,
            target.metric,
            false,
            target.value,
            None,
            [target.of.clone(), "this project's own aim".to_owned()],
        )
    });
    figures.chain(targets).collect()
}

/// Everything about one row.
fn details(document: &mut Document, published: &PublishedFile, found: &Found) {
    let row = &found.row;
    let Some(measured) = &found.measured else { return };
    document.heading(row.title.as_str());
    document.markdown(format!("`scripts/reproduce.sh {}` ([{}](../{}))", row.experiment, row.config, row.config));
    let seeds: Vec<String> = measured.seeds.iter().map(u64::to_string).collect();
    let mut items = measured.warnings.clone();
    items.extend([
        format!("protocol: {}. {}", measured.protocol, measured.description),
        format!("validation: {}; kept: {}; scaler: {}", measured.validation_rule, measured.selection, measured.scaler),
        format!(
            "{} with seeds {}; {} test predictions a seed, of {}",
            many(measured.runs, "run"),
            seeds.join(", "),
            measured.predictions,
            many(measured.speakers, "speaker")
        ),
        format!(
            "UAR {} % (95 % by speakers {}), WA {} %, macro F1 {} %",
            percent(measured.uar.pooled),
            interval(measured),
            percent(measured.wa.pooled),
            percent(measured.macro_f1)
        ),
    ]);
    if let Some([uar, wa]) = measured.averaged {
        items.push(format!(
            "another protocol, probabilities averaged over the {} seeds: UAR {} %, WA {} %",
            measured.seeds.len(),
            points(uar),
            points(wa)
        ));
    }
    let [mean, sum] = measured.seconds;
    items.push(format!("{mean:.0} s a run, {sum:.0} s in all, with {}", measured.made_with));
    document.list(items);
    let compared = compared(published, found, measured);
    if !compared.is_empty() {
        let mut table = Table::new("", ["theirs", "theirs %", "ours %", "points", "verdict", "source"]);
        compared.into_iter().for_each(|of| table.row(of.cells));
        document.table(table);
    }
    picture(document, found);
    let people = published.beside(&measured.key).listeners;
    document.list(people.iter().map(|of| format!("human listeners: WA {} % ({})", of.accuracy, of.source)).collect());
    if !row.note.is_empty() {
        document.markdown(row.note.as_str());
    }
}

/// Validation alone: test is for the recipe that is kept.
fn ablations(found: &[&Found]) -> Table {
    let mut table = Table::new("", ["setting", "seeds", "validation UAR %", "s/run", "command"]);
    for of in found {
        let command = format!("scripts/reproduce.sh {}", of.row.experiment);
        match &of.measured {
            Some(measured) => table.row([
                of.row.title.clone(),
                measured.seeds.len().to_string(),
                measured.validation.map_or_else(|| "trained on".to_owned(), percent),
                some_seconds(measured),
                command,
            ]),
            None => table.row([of.row.title.clone(), String::new(), "not run".to_owned(), String::new(), command]),
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        eval::test_support::evaluation,
        frontend::ScalerScope,
        report::{published::PublishedFigure, reproduction::Row},
    };

    fn row(experiment: &str, part: Part, title: &str) -> Row {
        Row {
            experiment: experiment.into(),
            part,
            title: title.into(),
            config: "configs/x.toml".into(),
            targets: vec![],
            note: format!("About {experiment}."),
        }
    }

    #[test]
    fn each_part_has_its_section_and_what_is_not_run_is_said() {
        let figure = PublishedFigure {
            corpus: "c".into(),
            classes: 3,
            protocols: vec!["speaker-kfold".into()],
            folds: 1,
            fold: None,
            statistic: "folds pooled".into(),
            metric: Metric::Uar,
            value: 20.0,
            std: None,
            system: "theirs".into(),
            source: "somebody".into(),
            caveat: None,
        };
        let published =
            PublishedFile { preface: "One.\n\nTwo.".into(), published: vec![figure], ..PublishedFile::default() };
        let measured = |of: &crate::eval::Evaluation| Some(Measured::of(of).unwrap());
        let ours = || measured(&evaluation("a", 4, 60, &[1, 2], 0.8));
        let mut partial = evaluation("b", 4, 60, &[1], 0.8);
        partial.missing.push(crate::eval::FoldOfSeed { fold: "1".into(), seed: 1 });
        let altered = |alter: &dyn Fn(&mut Measured)| {
            let mut of = ours();
            of.iter_mut().for_each(alter);
            of
        };
        let by_speaker = altered(&|of| of.scaler = ScalerScope::Speaker.words().to_owned());
        let of_two = altered(&|of| of.speakers = 2);
        let seen = altered(&|of| of.speaker_independent = false);
        let found = [
            Found { row: row("scaled", Part::Best, "Scaled"), measured: by_speaker, kept: None, picture: None },
            Found { row: row("two", Part::Best, "Two"), measured: of_two, kept: None, picture: None },
            Found { row: row("seen", Part::Leak, "Seen"), measured: seen, kept: None, picture: None },
            Found { row: row("a", Part::Reference, "A"), measured: ours(), kept: None, picture: None },
            Found {
                row: row("b", Part::Best, "B"),
                measured: measured(&partial),
                kept: None,
                picture: Some("plots/b.svg".into()),
            },
            Found { row: row("none", Part::Reference, "None"), measured: None, kept: None, picture: None },
            Found { row: row("a", Part::Encoder, "over an encoder"), measured: ours(), kept: None, picture: None },
            Found { row: row("a", Part::Transfer, "from a"), measured: ours(), kept: None, picture: None },
            Found { row: row("a", Part::Ablation, "a step"), measured: ours(), kept: None, picture: None },
        ];
        let page = page(&published, &found);
        for part in [
            "One.\n\nTwo.\n",
            "20 UAR: beaten (+",
            "| B INCOMPLETE |",
            "Not run: none.",
            "| over an encoder | ",
            "| from a | 8",
            "| a step | 2 | 40.00 ± 0.00 |",
            "probabilities averaged over the 2 seeds",
            "About a.",
            "(plots/b.svg)",
            "20 UAR: not decided, 2 speakers (+",
            "| Seen SPEAKERS ON BOTH SIDES, NOT A RESULT |",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
        let scaled = page.lines().find(|line| line.starts_with("| Scaled |")).unwrap();
        assert!(scaled.ends_with("| another protocol |") && !scaled.contains("20 UAR"), "{scaled}");
    }
}
