//! Two experiments under one protocol, compared clip by clip.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{
    Evaluation, McNemar, Tally,
    bootstrap::{Bootstrap, Counts, Interval, Units, counts, percentiles},
};
use crate::{
    error::{Error, Result},
    run::{Difference, Prediction},
};

/// What two experiments differ by on the clips that both predict.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The protocol of both: corpora, name, whether speaker-independent.
    pub protocol: String,
    /// The first experiment's figures on these clips.
    pub first: Compared,
    /// The second's.
    pub second: Compared,
    /// Clips that both predict.
    pub clips: usize,
    /// Clips that only one of both predicts; they are left out.
    pub left_out: usize,
    /// Speakers of the clips.
    pub speakers: usize,
    /// UAR of the second less that of the first, seeds pooled; −1 to 1.
    pub difference: f64,
    /// Its 95 % interval by paired bootstrap: speakers are drawn, each with all its predictions by both experiments.
    /// None of a single speaker.
    pub interval: Option<Interval>,
    /// Two-sided probability by that bootstrap of no difference: twice the share of draws on the rarer side of 0.
    pub p: Option<f64>,
    /// How it was drawn.
    pub bootstrap: Bootstrap,
    /// McNemar's test. It needs one prediction a clip: of several seeds, those of the first of each experiment.
    pub mcnemar: McNemar,
    /// What is different in the data that the two have read: classes, speakers or sound of clips that both know.
    pub data_differs: Option<String>,
    /// Whether the scalers were fitted on different data, which is a difference of protocol that has to be told.
    pub scalers_differ: bool,
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    /// The experiment's name.
    pub experiment: String,
    /// Its seeds.
    pub seeds: Vec<u64>,
    /// Unweighted average recall, 0 to 1.
    pub uar: f64,
    /// Accuracy, 0 to 1.
    pub wa: f64,
    /// Macro F1, 0 to 1.
    pub macro_f1: f64,
}

/// Compares two experiments.
///
/// # Errors
///
/// [`Error::Config`] where they are not of one protocol: other corpora, classes, rules or folds, or a clip that is in
/// different folds or of different classes. [`Error::Data`] where they have no clip in common.
pub fn compare(first: &Evaluation, second: &Evaluation, bootstrap: Bootstrap) -> Result<Comparison> {
    same_protocol(first, second)?;
    let classes = first.confusion.classes.len();
    let (of_first, of_second) = (clips(first), clips(second));
    let shared: BTreeSet<&str> = of_first.intersection(&of_second).copied().collect();
    if shared.is_empty() {
        return Err(Error::Data(format!(
            "{} and {} have no test clip in common: finish the same folds of both",
            first.experiment, second.experiment
        )));
    }

    let cells = classes * classes;
    let mut outcomes = vec![];
    for (side, evaluation) in [first, second].into_iter().enumerate() {
        for row in evaluation.predictions.rows.iter().filter(|row| shared.contains(row.clip.as_str())) {
            outcomes.push((row.speaker.as_str(), (side * cells + row.truth * classes + row.prediction) as u64));
        }
    }
    // Of both experiments, from how often each outcome is counted.
    let tallies = |counts: &mut dyn Iterator<Item = (u64, u64)>| {
        let mut tallies = [Tally::new(classes), Tally::new(classes)];
        for (outcome, times) in counts {
            let (side, cell) = (outcome as usize / cells, outcome as usize % cells);
            tallies[side].add(cell / classes, cell % classes, times);
        }
        tallies.map(|tally| tally.figures())
    };
    let [of_all_first, of_all_second] = tallies(&mut outcomes.iter().map(|&(_, outcome)| (outcome, 1)));
    let nameless = outcomes.iter().any(|(speaker, _)| speaker.is_empty());
    let units = Units::new(counts(outcomes));
    let speakers = units.len();
    let difference_of = |draw: &mut dyn Iterator<Item = (&Counts, u64)>| {
        let weighted = draw.flat_map(|(counts, times)| counts.iter().map(move |&(outcome, n)| (outcome, times * n)));
        let [first, second] = tallies(&mut { weighted });
        second[0] - first[0]
    };
    let drawn = if speakers > 1 && !nameless { units.draw(bootstrap, "paired", difference_of) } else { vec![] };
    let p = (!drawn.is_empty()).then(|| {
        let (below, above) = drawn.iter().fold((0_usize, 0_usize), |(below, above), &d| {
            (below + usize::from(d <= 0.0), above + usize::from(d >= 0.0))
        });
        // The figure itself counts as a draw: no finite number of draws shows a probability of 0.
        (2.0 * (below.min(above) + 1) as f64 / (drawn.len() + 1) as f64).min(1.0)
    });
    let compared = |evaluation: &Evaluation, [uar, wa, macro_f1]: [f64; 3]| Compared {
        experiment: evaluation.experiment.clone(),
        seeds: evaluation.seeds.clone(),
        uar,
        wa,
        macro_f1,
    };
    let protocol = &first.protocol;
    let speakers_are = if protocol.speaker_independent { "speaker-independent" } else { "speaker-DEPENDENT" };
    Ok(Comparison {
        protocol: format!("{}, {}, {speakers_are}", protocol.corpora.join(" and "), protocol.name),
        first: compared(first, of_all_first),
        second: compared(second, of_all_second),
        clips: shared.len(),
        left_out: of_first.symmetric_difference(&of_second).count(),
        speakers,
        difference: of_all_second[0] - of_all_first[0],
        interval: (!drawn.is_empty()).then(|| percentiles(drawn)),
        p,
        bootstrap,
        mcnemar: mcnemar(first, second, &shared),
        data_differs: data_differs(first, second),
        scalers_differ: first.protocol.scaler != second.protocol.scaler,
    })
}

fn data_differs(first: &Evaluation, second: &Evaluation) -> Option<String> {
    let mut found = Difference::between(&first.data, &second.data);
    // Protocols with one test side may share the rest out otherwise.
    found.sides.clear();
    found.added.clear();
    found.removed.clear();
    (!found.is_empty()).then(|| found.to_string())
}

/// What the folds of `of` test, where both runs have noted it; the words that describe the protocol where not.
fn test_sides(of: &crate::run::ProtocolRecord, other: &crate::run::ProtocolRecord) -> String {
    match (&of.test_sides, &other.test_sides) {
        (Some(sides), Some(_)) => sides.clone(),
        _ => of.description.clone(),
    }
}

fn clips(evaluation: &Evaluation) -> BTreeSet<&str> {
    evaluation.predictions.rows.iter().map(|row| row.clip.as_str()).collect()
}

fn same_protocol(first: &Evaluation, second: &Evaluation) -> Result<()> {
    let refuse = |what: String| {
        Err(Error::Config(format!(
            "{} and {} cannot be compared, for a figure means something under its own protocol alone: {what}",
            first.experiment, second.experiment
        )))
    };
    let (a, b) = (&first.protocol, &second.protocol);
    for (what, a, b) in [
        ("protocol", a.name.clone(), b.name.clone()),
        ("corpora", a.corpora.join(", "), b.corpora.join(", ")),
        ("classes", first.confusion.classes.join(", "), second.confusion.classes.join(", ")),
        ("folds", a.folds.join(", "), b.folds.join(", ")),
    ] {
        if a != b {
            return refuse(format!("{what}: \"{a}\" and \"{b}\""));
        }
    }
    if test_sides(a, b) != test_sides(b, a) {
        return refuse("their folds test other clips".to_owned());
    }
    let known: BTreeMap<&str, &Prediction> =
        first.predictions.rows.iter().map(|row| (row.clip.as_str(), row)).collect();
    for row in &second.predictions.rows {
        if let Some(other) = known.get(row.clip.as_str())
            && (&other.fold, other.truth) != (&row.fold, row.truth)
        {
            return refuse(format!("{} is in different folds or of different classes", row.clip));
        }
    }
    Ok(())
}

fn mcnemar(first: &Evaluation, second: &Evaluation, shared: &BTreeSet<&str>) -> McNemar {
    let (first, second) = (recognised(first), recognised(second));
    let (mut only_first, mut only_second) = (0, 0);
    for clip in shared {
        match (first.get(clip), second.get(clip)) {
            (Some(true), Some(false)) => only_first += 1,
            (Some(false), Some(true)) => only_second += 1,
            _ => {}
        }
    }
    McNemar::of(only_first, only_second)
}

/// Whether each clip is recognised. Rows are by seed: of each clip the first row counts.
fn recognised(evaluation: &Evaluation) -> BTreeMap<&str, bool> {
    let mut recognised = BTreeMap::new();
    for row in &evaluation.predictions.rows {
        recognised.entry(row.clip.as_str()).or_insert(row.truth == row.prediction);
    }
    recognised
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::test_support::evaluation;

    const BOOTSTRAP: Bootstrap = Bootstrap { samples: 2000, seed: 1 };

    #[test]
    fn an_experiment_does_not_differ_from_itself() {
        let a = evaluation("a", 6, 60, &[1], 0.5);
        let found = compare(&a, &a, BOOTSTRAP).unwrap();
        assert_eq!((found.difference, found.p, found.mcnemar.p), (0.0, Some(1.0), 1.0));
        assert_eq!(found.interval, Some(Interval { low: 0.0, high: 0.0 }));
        assert_eq!((found.clips, found.left_out, found.speakers), (360, 0, 6));
    }

    #[test]
    fn a_clear_difference_is_found_whichever_comes_first() {
        let (a, b) = (evaluation("a", 8, 60, &[1, 2], 0.3), evaluation("b", 8, 60, &[3], 0.8));
        let (forth, back) = (compare(&a, &b, BOOTSTRAP).unwrap(), compare(&b, &a, BOOTSTRAP).unwrap());
        assert!((forth.difference - (b.scores.uar - a.scores.uar)).abs() < 1e-12);
        assert!((forth.difference + back.difference).abs() < 1e-12);
        let interval = forth.interval.unwrap();
        assert!(interval.low > 0.0 && interval.low < forth.difference && forth.difference < interval.high);
        assert!(forth.p.unwrap() < 0.01 && forth.mcnemar.p < 0.01);
        assert_eq!(forth.mcnemar.only_first, back.mcnemar.only_second);
    }

    #[test]
    fn experiments_of_two_protocols_are_not_compared() {
        let a = evaluation("a", 3, 30, &[1], 0.5);
        let differ: [fn(&mut Evaluation); 4] = [
            |e| e.protocol.name = "random".into(),
            |e| e.protocol.corpora.push("tess".into()),
            |e| e.confusion.classes[0] = "bored".into(),
            |e| e.predictions.rows[0].fold = "7".into(),
        ];
        for change in differ {
            let mut b = a.clone();
            change(&mut b);
            assert_eq!(compare(&a, &b, BOOTSTRAP).unwrap_err().exit_status(), 2);
        }
        let mut b = a.clone();
        b.predictions.rows.retain(|row| row.speaker != "c/0");
        assert_eq!(compare(&a, &b, BOOTSTRAP).unwrap().left_out, 30);
        b.predictions.rows.clear();
        assert!(compare(&a, &b, BOOTSTRAP).unwrap_err().to_string().contains("no test clip in common"));
    }
}
