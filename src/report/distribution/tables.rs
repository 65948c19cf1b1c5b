//! The figures of votes as tables.

use crate::{
    eval::{Distribution, Likeness, LikenessGroups, Unit, VotedClip},
    report::{
        table::Table,
        tables::{audit_of, or_dash, points, selections_of, three},
    },
};

/// How many groups a table lists.
const GROUPS: usize = 200;

/// A figure by its name: of `figures.csv`, in words, in per cent, how it is read.
pub(super) type Named = (&'static str, &'static str, bool, fn(&Likeness) -> Option<f64>);

/// All figures, in the order of the report.
pub(super) const FIGURES: [Named; 11] = [
    ("jsd", "JSD, bits", false, |of| Some(of.jsd)),
    ("panel_jsd", "… of a second panel of listeners", false, |of| of.panel_jsd),
    ("constant_jsd", "… of validation's mean votes", false, |of| of.constant_jsd),
    ("kl", "KL, nats", false, |of| Some(of.kl)),
    ("cosine", "cosine", false, |of| Some(of.cosine)),
    ("top1", "top-1 accuracy %", true, |of| Some(of.top1)),
    ("constant_top1", "… of validation's mean votes", true, |of| of.constant_top1),
    ("rest", "most votes of the rest, network %", true, |of| of.rest),
    ("rest_human", "… a listener against the same", true, |of| of.rest_human),
    ("one_listener", "one listener, network %", true, |of| Some(of.one_listener)),
    ("listeners", "… another listener", true, |of| of.listeners),
];

fn shown(value: Option<f64>, percent: bool) -> String {
    or_dash(value.filter(|value| value.is_finite()).map(|value| if percent { points(value) } else { three(value) }))
}

/// All figures of all predictions together.
pub(super) fn figures(evaluation: &Distribution) -> Table {
    let mut table =
        Table::new("All folds and seeds pooled", ["figure", "value", "95 % by speakers", "95 % by utterances"]);
    for (_, name, percent, figure) in FIGURES {
        let over = |unit| {
            let of = evaluation.intervals.iter().find(|of| of.unit == unit)?;
            let (low, high) = (figure(&of.low)?, figure(&of.high)?);
            Some(format!("{} to {}", shown(Some(low), percent), shown(Some(high), percent)))
        };
        let value = shown(figure(&evaluation.figures), percent);
        table.row([name.to_owned(), value, or_dash(over(Unit::Speakers)), or_dash(over(Unit::Utterances))]);
    }
    table.note(note(evaluation))
}

fn note(evaluation: &Distribution) -> String {
    let drawn: Vec<String> = evaluation.intervals.iter().map(|of| format!("{} {}", of.units, of.unit.name())).collect();
    let bootstrap = evaluation.intervals.first().map(|of| {
        let (samples, seed) = (of.bootstrap.samples, of.bootstrap.seed);
        format!("Intervals: percentile bootstrap over {}; {samples} draws, seed {seed}. ", drawn.join(" and "))
    });
    format!(
        "{}Of several classes with the most votes each is right by its part. The rest: all listeners of a clip but one, each left \
         out in turn; that one and the network are held against the same votes. A second panel: as many votes drawn from the \
         clip's.",
        bootstrap.unwrap_or_default()
    )
}

/// The figures by how much listeners agree.
pub(super) fn by_agreement(evaluation: &Distribution) -> Table {
    let rows = evaluation.by_agreement.iter().map(|at| {
        let of = &at.figures;
        let level = if at.from >= at.below {
            "all agree".to_owned()
        } else {
            format!("{:.0} to {:.0}", 100.0 * at.from, 100.0 * at.below)
        };
        vec![
            level,
            of.n.to_string(),
            shown(Some(of.jsd), false),
            shown(of.panel_jsd, false),
            shown(Some(of.top1), true),
            shown(of.rest, true),
            shown(of.rest_human, true),
        ]
    });
    let columns = ["agreement %", "n", "JSD", "panel", "top-1 %", "rest %", "listener %"];
    Table::new("By agreement of the listeners", columns)
        .rows(rows)
        .note("Agreement: the share of the class with most votes. Rest, listener: the most votes of all but one, by the network and by that one.")
}

/// What is heard and what is predicted, by the class with the most votes.
pub(super) fn shares(evaluation: &Distribution) -> Table {
    let classes = &evaluation.numbers.targets;
    let columns = ["most votes", "n", "of"].into_iter().map(str::to_owned).chain(classes.iter().cloned());
    let mut table = Table::new("Where listeners disagree: mean shares, %", columns);
    for of in &evaluation.shares {
        for (name, shares) in [("votes", &of.votes), ("network", &of.predicted)] {
            let first = [of.class.clone(), of.n.to_string(), name.to_owned()];
            let cells =
                shares.iter().map(|share| if of.n == 0 { "—".to_owned() } else { format!("{:.1}", 100.0 * share) });
            table.row(first.into_iter().chain(cells));
        }
    }
    table
}

/// The figures of groups of clips, a table each property.
pub(super) fn groups(evaluation: &Distribution) -> Vec<Table> {
    let group = |LikenessGroups { by, groups, unknown }: &LikenessGroups| {
        let rows = groups.iter().take(GROUPS).map(|group| {
            let of = &group.figures;
            vec![
                group.name.clone(),
                of.n.to_string(),
                shown(Some(of.jsd), false),
                shown(Some(of.top1), true),
                shown(of.rest, true),
                shown(of.rest_human, true),
            ]
        });
        let mut notes = Vec::new();
        if groups.len() > GROUPS {
            notes.push(format!("The first {GROUPS} of {}; all are in figures.csv.", groups.len()));
        }
        if *unknown > 0 {
            notes.push(format!("Not known of {unknown} predictions."));
        }
        let columns = ["group", "predictions", "JSD", "top-1 %", "rest %", "listener %"];
        Table::new(format!("By {by}"), columns).rows(rows).note(notes.join(" "))
    };
    evaluation.groups.iter().map(group).collect()
}

/// The clips to listen to first.
pub(super) fn named(evaluation: &Distribution) -> Vec<Table> {
    let classes = &evaluation.numbers.targets;
    let most = |shares: &[f64]| {
        let mut order: Vec<usize> = (0..shares.len()).collect();
        order.sort_by(|&a, &b| shares[b].total_cmp(&shares[a]).then(a.cmp(&b)));
        let each = order.iter().filter(|&&class| shares[class] >= 0.005).take(3);
        each.map(|&class| format!("{} {:.0}", classes[class], 100.0 * shares[class])).collect::<Vec<_>>().join(", ")
    };
    let of = |title: &str, clips: &[VotedClip]| {
        let rows =
            clips.iter().map(|clip| vec![clip.clip.clone(), most(&clip.votes), most(&clip.predicted), three(clip.jsd)]);
        Table::new(title, ["clip", "votes %", "predicted %", "JSD"]).rows(rows).note("The three largest shares.")
    };
    vec![
        of("Clips that listeners disagree most on", &evaluation.disputed),
        of("Clips whose predictions are farthest from the votes", &evaluation.worst),
    ]
}

/// The runs.
pub(super) fn runs(evaluation: &Distribution) -> Table {
    let rows = evaluation.runs.iter().map(|run| {
        vec![
            run.fold.clone(),
            run.seed.to_string(),
            run.figures.n.to_string(),
            three(1.0 - run.figures.jsd),
            three(run.done.validation),
            run.done.kept(),
            format!("{:.0}", run.done.seconds),
        ]
    });
    let columns = ["fold", "seed", "n", "1 − JSD", "validation", "kept epoch", "s"];
    Table::new("Runs", columns).rows(rows).note("1 − JSD: on the test side and on validation.")
}

/// What the sides of each fold share.
pub(super) fn audit(evaluation: &Distribution) -> Table {
    audit_of(evaluation.runs.iter().map(|run| (run.fold.as_str(), &run.audit)))
}

/// How the runs' settings were chosen, and how often their test sides were looked at.
pub(super) fn selections(evaluation: &Distribution) -> Vec<Table> {
    selections_of(evaluation.runs.iter().map(|run| (run.fold.as_str(), run.seed, &run.selection, run.done.c)))
}
