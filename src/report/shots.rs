//! Few-shot curves: experiments that test one language and have learnt from more and more of its clips, as a table, a picture and a page.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use super::{
    headline::{Kind, Line, many, percent, protocol_line, warnings},
    pictures::{all, drawn},
    plot::{Strength, Strengths},
    sheet::{Part, Sheet, made_with},
    table::Table,
    tables::{interval, or_dash, points, signed, signed_interval},
};
use crate::{
    error::Result,
    eval::{AdaptedPoint, Comparison, Enrolment, Evaluation, Unit},
    files::create_dir,
    run::Shots,
};

/// The experiments of one curve: of one draw of speakers, by how many clips of each class they have learnt from.
struct Curve<'a> {
    /// The seed that drew them.
    seed: u64,
    speakers: usize,
    steps: Vec<(usize, &'a Evaluation)>,
}

/// The curves that the experiments make: two or more that differ in shots. Nothing where one of them has none.
fn curves(evaluations: &[Evaluation]) -> Vec<Curve<'_>> {
    let mut of = BTreeMap::<(u64, usize, String), Vec<(usize, &Evaluation)>>::new();
    for evaluation in evaluations {
        let Some(Shots { clips, speakers }) = evaluation.protocol.shots else { return Vec::new() };
        let protocol = &evaluation.protocol;
        let tested = protocol.test_sides.clone().unwrap_or_default();
        of.entry((protocol.split_seed, speakers, tested)).or_default().push((clips, evaluation));
    }
    let mut curves = Vec::new();
    for ((seed, speakers, _), mut steps) in of {
        steps.sort_by_key(|(clips, _)| *clips);
        if steps.iter().map(|(clips, _)| *clips).collect::<BTreeSet<_>>().len() > 1 {
            curves.push(Curve { seed, speakers, steps });
        }
    }
    curves
}

/// The table; nothing where the experiments make no curve. Differences are those of `comparisons` with the first experiment.
#[must_use]
pub fn table(evaluations: &[Evaluation], comparisons: &[Comparison]) -> Option<Table> {
    let curves = curves(evaluations);
    if curves.is_empty() {
        return None;
    }
    let rows = curves.iter().flat_map(|curve| curve.steps.iter().map(move |step| (curve, step))).map(
        |(curve, (clips, of))| {
            let within = of.intervals_over(Unit::Speakers).map(|of| interval(of.uar));
            let found = comparisons.iter().find(|found| found.second.experiment == of.experiment);
            let difference = found.map(|found| {
                let within = found.interval.map(|of| format!(" ({})", signed_interval(of, 2)));
                signed(found.difference, 2) + &within.unwrap_or_default()
            });
            vec![
                clips.to_string(),
                curve.speakers.to_string(),
                curve.seed.to_string(),
                percent(of.over_seeds(|s| s.uar)),
                or_dash(within),
                or_dash(difference),
                points(of.scores.wa),
                of.scores.n.to_string(),
            ]
        },
    );
    let columns = ["shots", "speakers", "draw", "UAR %", "95 % by speakers", "beside the first", "WA %", "tested"];
    Some(Table::new("Few-shot curve", columns).rows(rows).note(
        "Shots: clips of each class of the tested language that are learnt from, of so many of its speakers, whom no experiment of the \
         curve tests; more hold fewer. Beside the first experiment: points of UAR, paired bootstrap over speakers.",
    ))
}

/// What adapting to the tested speakers without labels is worth at each number of shots; nothing where no experiment's bundles can.
#[must_use]
pub fn adapted(evaluations: &[Evaluation]) -> Option<Table> {
    let curves = curves(evaluations);
    let steps = || curves.iter().flat_map(|curve| curve.steps.iter().map(move |step| (curve, step)));
    if steps().all(|(_, (_, of))| of.adaptation.is_none()) {
        return None;
    }
    let rows = steps().flat_map(|(curve, (clips, of))| {
        let which = [clips.to_string(), curve.seed.to_string()];
        let found = over_speech(of).map(|point| {
            let adapted = [
                point.enrolment.words(),
                format!("{:.1}", point.heard),
                format!("{:.0}", 100.0 * point.adapted),
                points(point.uar),
                or_dash(point.uar_interval.map(interval)),
                signed(point.difference, 2),
                or_dash(point.difference_interval.map(|of| signed_interval(of, 1))),
            ];
            which.iter().cloned().chain(adapted).collect::<Vec<String>>()
        });
        let none = || [&which[..], &std::array::from_fn::<_, 7, _>(|_| "–".to_owned())].concat();
        let found: Vec<Vec<String>> = found.collect();
        if found.is_empty() { vec![none()] } else { found }
    });
    let columns = [
        "shots",
        "draw",
        "heard of each speaker, without labels",
        "seconds heard",
        "adapted %",
        "UAR %",
        "95 % by speakers",
        "less none",
        "95 % by speakers, paired",
    ];
    Some(Table::new("Adapted to the tested speakers, without labels", columns).rows(rows.collect::<Vec<_>>()).note(
        "A protocol of its own: answers to the same clips, apart from those heard, but for \"all\", where they are heard, too; so the row of \
         0 s is not the figure of the curve, which is of all clips. A dash: fewer than three speakers in validation say nothing of how \
         speakers differ. The experiments' own reports have skewed sides, too.",
    ))
}

/// The points over seconds and of all of a speaker's clips, without the skewed sides.
fn over_speech(of: &Evaluation) -> impl Iterator<Item = &AdaptedPoint> {
    let points = of.adaptation.iter().flat_map(|curve| &curve.points);
    points.filter(|point| matches!(point.enrolment, Enrolment::Seconds(_) | Enrolment::All))
}

/// A picture of what adapting is worth for each draw of speakers: a line for each number of shots.
fn adapted_pictures<'a>(curves: &[Curve<'_>], title: &str, subtitle: &'a [String]) -> Vec<(u64, Strengths<'a>)> {
    let percent = |share: f64| 100.0 * share;
    let line = |(clips, of): &(usize, &Evaluation)| {
        let seconds = over_speech(of).filter(|point| matches!(point.enrolment, Enrolment::Seconds(_)));
        let points = seconds.map(|point| {
            let within = point.uar_interval.map(|of| (percent(of.low), percent(of.high)));
            (point.heard, percent(point.uar), within)
        });
        Strength { name: many(*clips, "shot"), points: points.collect() }
    };
    let figure = |curve: &Curve<'_>| {
        let lines: Vec<Strength> = curve.steps.iter().map(line).filter(|line| !line.points.is_empty()).collect();
        let drawn = Strengths {
            title: format!("{title}, draw {}: adapted without labels", curve.seed),
            subtitle,
            x: "seconds heard of the speaker, without labels".into(),
            y: "UAR (%), 95 % by speakers".into(),
            references: Vec::new(),
            lines,
        };
        (!drawn.lines.is_empty()).then_some((curve.seed, drawn))
    };
    curves.iter().filter_map(figure).collect()
}

/// Writes the curve into the folder, as `report.txt`, `report.md`, `report.html` and the picture `shots`; the page, where there is a
/// curve.
///
/// # Errors
///
/// [`crate::error::Error::Io`] naming the file that cannot be written.
pub fn write(evaluations: &[Evaluation], comparisons: &[Comparison], folder: &Path) -> Result<Option<PathBuf>> {
    let (Some(table), Some(first)) = (table(evaluations, comparisons), evaluations.first()) else { return Ok(None) };
    create_dir(folder)?;
    let curves = curves(evaluations);
    let line = |curve: &Curve<'_>| {
        let points = curve.steps.iter().map(|(clips, of)| {
            let within = of.intervals_over(Unit::Speakers).map(|of| (100.0 * of.uar.low, 100.0 * of.uar.high));
            (*clips as f64, 100.0 * of.scores.uar, within)
        });
        Strength {
            name: format!("of {}, draw {}", many(curve.speakers, "speaker"), curve.seed),
            points: points.collect(),
        }
    };
    let of = first.protocol.folds.join(", ");
    let title = format!("{of}: few-shot curve");
    let known: BTreeSet<String> = evaluations.iter().flat_map(warnings).collect();
    let subtitle: Vec<String> = known.iter().cloned().chain([protocol_line(first)]).collect();
    let figure = Strengths {
        title: title.clone(),
        subtitle: &subtitle,
        x: "clips of each class of the tested language that are learnt from".into(),
        y: "UAR (%), 95 % by speakers".into(),
        lines: curves.iter().map(line).collect(),
        references: Vec::new(),
    };
    let mut drawings = vec![drawn("shots", "UAR by clips of each class that are learnt from", figure)];
    for (seed, figure) in adapted_pictures(&curves, &of, &subtitle) {
        let caption = "UAR over the seconds heard of a speaker, without labels";
        drawings.push(drawn(format!("adapted-{seed}"), caption, figure));
    }
    let pictures = all(drawings, folder)?;
    let warning = known.into_iter().map(|value| Line { label: "", value, kind: Kind::Warning });
    let settings = [("protocol", protocol_line(first)), ("corpora", first.protocol.corpora.join(", "))];
    let settings = settings.into_iter().map(|(label, value)| Line { label, value, kind: Kind::Setting });
    let sheet = Sheet {
        title,
        lines: warning.chain(settings).collect(),
        rule: first.protocol.description.clone(),
        sections: [
            ("shots", "Few-shot curve", Some(table)),
            ("adapted", "Adapted without labels", adapted(evaluations)),
        ]
        .into_iter()
        .filter_map(|(id, heading, table)| Some(Part { id, heading, tables: vec![table?], main: true }))
        .collect(),
        made_with: made_with(&first.versions, &first.config_hash, &first.protocol),
    };
    sheet.write(&pictures, folder)?;
    Ok(Some(folder.join("report.html")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::{Bootstrap, compare, test_support::evaluation};

    fn step(clips: usize, right: f64, seed: u64) -> Evaluation {
        let mut of = evaluation(&format!("shots {clips} of {seed}"), 6, 40, &[1], right);
        of.protocol.shots = Some(Shots { clips, speakers: 2 });
        of.protocol.split_seed = seed;
        of
    }

    #[test]
    fn a_curve_is_by_shots_whatever_the_order_and_has_what_each_step_brings() {
        let steps = [step(5, 0.8, 7), step(0, 0.3, 7), step(1, 0.5, 7)];
        let comparisons: Vec<Comparison> =
            steps[..2].iter().map(|of| compare(&steps[2], of, Bootstrap::default()).unwrap()).collect();
        let found = table(&steps, &comparisons).unwrap();
        assert_eq!(found.rows.iter().map(|row| row[0].as_str()).collect::<Vec<_>>(), ["0", "1", "5"]);
        assert_eq!(found.rows[2][3], percent(steps[0].over_seeds(|s| s.uar)));
        assert!(found.rows[2][5].starts_with('+') && found.rows[0][5].starts_with('-'), "{:?}", found.rows);
        assert_eq!(found.rows[1][5], "–", "the first has no difference");
        let dir = tempfile::tempdir().unwrap();
        let page = write(&steps, &comparisons, dir.path()).unwrap().unwrap();
        let page = std::fs::read_to_string(page).unwrap();
        assert!(page.contains("Few-shot curve") && page.contains("of 2 speakers, draw 7"), "{page}");
        assert!(dir.path().join("shots.png").exists() && dir.path().join("report.md").exists());
    }

    #[test]
    fn draws_are_lines_of_their_own_and_what_is_no_curve_makes_none() {
        let two = [step(0, 0.3, 7), step(5, 0.8, 7), step(0, 0.3, 8), step(5, 0.7, 8)];
        assert_eq!(
            curves(&two).iter().map(|curve| (curve.seed, curve.steps.len())).collect::<Vec<_>>(),
            [(7, 2), (8, 2)]
        );
        assert!(table(&[step(5, 0.8, 7), step(5, 0.3, 7)], &[]).is_none(), "the same shots twice");
        assert!(table(&[step(0, 0.3, 7), step(5, 0.7, 8)], &[]).is_none(), "of different speakers");
        let plain = evaluation("plain", 6, 40, &[1], 0.5);
        assert!(table(&[step(0, 0.3, 7), step(5, 0.8, 7), plain], &[]).is_none());
    }
}
