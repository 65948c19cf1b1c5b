//! The figures of groups of clips: by speaker, sex, intensity and whatever else is known of them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Tally;
use crate::{
    corpus::Sex,
    run::{ClipRecord, Prediction, Predictions},
};

/// The figures by one property of the clips.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Breakdown {
    /// The property.
    pub by: &'static str,
    /// The groups: in the order of their names, durations in that of seconds.
    pub groups: Vec<Group>,
    /// Predictions of clips whose property is not known; they are in no group.
    pub unknown: usize,
}

/// The figures of one group, all folds and seeds pooled.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// What its clips have in common.
    pub name: String,
    /// Predictions in it.
    pub n: u64,
    /// Classes that it has clips of; its UAR is over these alone.
    pub classes: usize,
    /// Unweighted average recall, 0 to 1.
    pub uar: f64,
    /// Accuracy, 0 to 1.
    pub wa: f64,
    /// Macro F1 over all classes of the task, 0 to 1.
    pub macro_f1: f64,
}

/// Groups sort by the number, then by the name.
pub(super) type Key = (u32, String);

/// How a group is read off a clip's id, its speaker and what is known of it.
type Property = fn(&str, &str, Option<&ClipRecord>) -> Option<Key>;

/// The properties, by name; those that no clip has are left out of a report.
const PROPERTIES: [(&str, Property); 9] = [
    ("speaker", |_, speaker, _| Some((0, speaker.to_owned()))),
    ("corpus", |id, _, _| id.split_once('/').map(|(corpus, _)| (0, corpus.to_owned()))),
    ("sex", |_, _, clip| clip?.sex.map(|sex| (0, Sex::name(sex).to_owned()))),
    ("age", |_, _, clip| clip?.age.map(|age| (age / 10, format!("{} to {}", age / 10 * 10, age / 10 * 10 + 9)))),
    ("intensity", |_, _, clip| clip?.intensity.clone().map(|intensity| (0, intensity))),
    ("sentence", |_, _, clip| clip?.sentence.clone().map(|sentence| (0, sentence))),
    ("repetition", |_, _, clip| clip?.repetition.map(|repetition| (repetition, repetition.to_string()))),
    ("duration", |_, _, clip| clip?.seconds.map(seconds)),
    ("signal-to-noise ratio", |_, _, clip| clip?.snr_db.map(decibels)),
];

/// Whole seconds, and all longer clips together.
fn seconds(seconds: f64) -> Key {
    const LONG: u32 = 8;
    let whole = (seconds as u32).min(LONG);
    (whole, if whole == LONG { format!("{LONG} s or more") } else { format!("{whole} to {} s", whole + 1) })
}

/// Steps of 10 dB: the estimate is no finer.
fn decibels(snr: f64) -> Key {
    const MOST: u32 = 8;
    let step = (snr / 10.0).floor().clamp(0.0, f64::from(MOST)) as u32;
    let name = match (step, snr < 0.0) {
        (_, true) => return (0, "below 0 dB".to_owned()),
        (MOST, _) => format!("{} dB or more", 10 * MOST),
        (step, _) => format!("{} to {} dB", 10 * step, 10 * step + 10),
    };
    (step + 1, name)
}

/// The figures by all properties that some clip has. One that has more groups than a quarter of the predictions (the
/// words of TESS) says nothing and is left out, unless it is the speaker.
#[must_use]
pub fn breakdowns(predictions: &Predictions, clips: &BTreeMap<String, ClipRecord>) -> Vec<Breakdown> {
    let classes = predictions.classes.len();
    grouped(&predictions.rows, |row| (&row.clip, &row.speaker), clips)
        .into_iter()
        .map(|Grouped { by, known, unknown }| Breakdown {
            by,
            groups: known.chunk_by(|(a, _), (b, _)| a == b).map(|rows| group(rows, classes)).collect(),
            unknown,
        })
        .collect()
}

/// Rows by one property of their clips.
pub(super) struct Grouped<'a, R> {
    pub by: &'static str,
    /// The rows whose property is known, in the order of the groups.
    pub known: Vec<(Key, &'a R)>,
    pub unknown: usize,
}

/// The rows by all properties that say something; `of` gives a row's clip and speaker.
pub(super) fn grouped<'a, R>(
    rows: &'a [R],
    of: impl Fn(&'a R) -> (&'a str, &'a str),
    clips: &BTreeMap<String, ClipRecord>,
) -> Vec<Grouped<'a, R>> {
    PROPERTIES
        .iter()
        .filter_map(|&(by, property)| {
            let key = |row| {
                let (clip, speaker) = of(row);
                Some((property(clip, speaker, clips.get(clip))?, row))
            };
            let mut known: Vec<(Key, &R)> = rows.iter().filter_map(key).collect();
            known.sort_by(|(a, _), (b, _)| a.cmp(b));
            let groups = known.chunk_by(|(a, _), (b, _)| a == b).count();
            let telling = by == "speaker" || 4 * groups <= rows.len();
            let unknown = rows.len() - known.len();
            (telling && !known.is_empty()).then_some(Grouped { by, known, unknown })
        })
        .collect()
}

fn group(rows: &[(Key, &Prediction)], classes: usize) -> Group {
    let mut tally = Tally::new(classes);
    rows.iter().for_each(|(_, row)| tally.add(row.truth, row.prediction, 1));
    let [uar, wa, macro_f1] = tally.figures();
    let name = rows.first().map(|((_, name), _)| name.clone()).unwrap_or_default();
    Group { name, n: rows.len() as u64, classes: tally.classes(), uar, wa, macro_f1 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::eval::{Confusion, Scores, test_support};

    #[test]
    fn groups_part_the_predictions_and_what_is_unknown_is_counted() {
        let predictions = test_support::predictions(4, 30, 3, &[1, 2], 0.7);
        let mut clips = BTreeMap::new();
        for row in &predictions.rows {
            let record = ClipRecord {
                clip: row.clip.clone(),
                sex: (row.speaker != "c/3").then_some(if row.speaker == "c/0" { Sex::Female } else { Sex::Male }),
                seconds: Some(if row.speaker == "c/1" { 12.5 } else { 2.5 }),
                snr_db: Some(if row.speaker == "c/1" { -3.0 } else { 35.0 }),
                ..ClipRecord::default()
            };
            clips.insert(row.clip.clone(), record);
        }
        let found = breakdowns(&predictions, &clips);
        let by: Vec<_> =
            found.iter().map(|breakdown| (breakdown.by, breakdown.groups.len(), breakdown.unknown)).collect();
        assert_eq!(
            by,
            [("speaker", 4, 0), ("corpus", 1, 0), ("sex", 2, 60), ("duration", 2, 0), ("signal-to-noise ratio", 2, 0)]
        );
        for breakdown in &found {
            let n: u64 = breakdown.groups.iter().map(|group| group.n).sum();
            assert_eq!(n as usize + breakdown.unknown, predictions.rows.len());
        }
        let female = &found[2].groups[0];
        let of: Vec<_> = predictions.rows.iter().filter(|row| row.speaker == "c/0").collect();
        let right = of.iter().filter(|row| row.truth == row.prediction).count();
        assert_eq!((female.name.as_str(), female.n, female.classes), ("female", 60, 3));
        assert!((female.wa - right as f64 / 60.0).abs() < 1e-12);
        let names: Vec<_> = found[3].groups.iter().map(|group| group.name.as_str()).collect();
        assert_eq!(names, ["2 to 3 s", "8 s or more"]);
        let names: Vec<_> = found[4].groups.iter().map(|group| group.name.as_str()).collect();
        assert_eq!(names, ["below 0 dB", "30 to 40 dB"]);
    }

    proptest! {
        #[test]
        fn a_groups_figures_are_those_of_its_predictions_alone(
            ages in prop::collection::vec(prop::option::of(20..50_u32), 12), right in 0.0..1.0_f64
        ) {
            let predictions = test_support::predictions(3, 4, 3, &[1], right);
            let ages: BTreeMap<&str, Option<u32>> =
                predictions.rows.iter().map(|row| row.clip.as_str()).zip(ages).collect();
            let clips = ages.iter().map(|(&clip, &age)| {
                (clip.to_owned(), ClipRecord { clip: clip.to_owned(), age, ..ClipRecord::default() })
            });
            let found = breakdowns(&predictions, &clips.collect());
            let known = ages.values().flatten().count() as u64;
            let grouped: u64 = found.iter().filter(|of| of.by == "age").flat_map(|of| &of.groups).map(|group| group.n).sum();
            prop_assert_eq!(known, grouped);
            for group in found.iter().filter(|of| of.by == "age").flat_map(|of| &of.groups) {
                let low: u32 = group.name.split(' ').next().unwrap().parse().unwrap();
                let of = |row: &&Prediction| ages[row.clip.as_str()].is_some_and(|age| (low..low + 10).contains(&age));
                let pairs: Vec<_> = predictions.rows.iter().filter(of).map(|row| (row.truth, row.prediction)).collect();
                prop_assert_eq!(group.n, pairs.len() as u64);
                let scores = Scores::of(&Confusion::from_pairs(predictions.classes.clone(), pairs).unwrap()).unwrap();
                prop_assert!((group.uar - scores.uar).abs() < 1e-12 && (group.wa - scores.wa).abs() < 1e-12);
                prop_assert!((group.macro_f1 - scores.macro_f1).abs() < 1e-12);
            }
        }
    }
}
