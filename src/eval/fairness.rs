//! Whether groups of people are recognised alike: sex, age, ethnicity, native language and whatever else is known of speakers.
//!
//! Each group is compared with all other speakers of whom the same is known. Speakers are drawn within the group and within the
//! others, each with all clips, so that both sides are there in every draw. A gap is decided by its interval against a limit:
//! the limits of UAR, recall and precision are those that the field uses (audEERING's ser-tests), the others are ours.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{
    Bootstrap, Interval,
    bootstrap::{Units, percentiles},
    decision::{Decision, LEAST_SPEAKERS},
    power,
};
use crate::{
    corpus::spelling::names_nobody,
    run::{ClipRecord, Prediction},
};

/// The most that the UAR of a group may differ by, either way.
pub const UAR_LIMIT: f64 = 0.075;
/// The same of the recall of one emotion.
pub const RECALL_LIMIT: f64 = 0.175;
/// The same of the precision of one emotion.
pub const PRECISION_LIMIT: f64 = 0.075;
/// The same of overconfidence: mean probability of the answers less their accuracy. The limit is ours.
pub const CALIBRATION_LIMIT: f64 = 0.075;
/// The same of the share of answers whose probability is below one half. The limit is ours.
pub const UNCERTAIN_LIMIT: f64 = 0.1;
/// An answer is uncertain below this probability.
pub const UNCERTAIN: f32 = 0.5;

/// Groups that hold fewer clips of an emotion say nothing of its recall and precision.
const LEAST_CLIPS: u64 = 5;
/// More groups than this are no groups of people.
const MOST_GROUPS: usize = 12;
/// Draws, at most: there are many gaps, and their intervals need not be finer.
const MOST_DRAWS: usize = 2_000;

/// The verdict by one property of speakers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fairness {
    /// The property: `sex`, `age`, `Ethnicity`.
    pub by: String,
    /// The groups, each against all others.
    pub groups: Vec<FairGroup>,
    /// Failed where one gap is, passed where all are.
    pub decision: Decision,
    /// Predictions of speakers of whom it is not known.
    pub unknown: usize,
}

/// One group against all others.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FairGroup {
    /// The group: `female`.
    pub name: String,
    /// Its speakers.
    pub speakers: usize,
    /// The speakers of all other groups.
    pub others: usize,
    /// Its predictions.
    pub n: usize,
    /// The gaps.
    pub gaps: Vec<Gap>,
}

/// What differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Figure {
    /// Unweighted average recall, over the emotions that both sides have.
    Uar,
    /// Mean probability of the answers less their accuracy.
    Overconfidence,
    /// The share of answers with a probability below [`UNCERTAIN`].
    Uncertain,
    /// The recall of one emotion.
    Recall,
    /// The precision of one emotion.
    Precision,
}

impl Figure {
    /// The most that it may differ by.
    #[must_use]
    pub const fn limit(self) -> f64 {
        match self {
            Self::Uar => UAR_LIMIT,
            Self::Overconfidence => CALIBRATION_LIMIT,
            Self::Uncertain => UNCERTAIN_LIMIT,
            Self::Recall => RECALL_LIMIT,
            Self::Precision => PRECISION_LIMIT,
        }
    }
}

/// A difference between a group and all others, from −1 to 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gap {
    /// Of what.
    pub figure: Figure,
    /// The emotion, of recall and precision.
    pub class: Option<usize>,
    /// The group's figure.
    pub group: f64,
    /// The group's figure less that of the others.
    pub gap: f64,
    /// Its 95 % interval by speaker; none where a side has fewer than two.
    pub interval: Option<Interval>,
    /// The most that it may be, either way.
    pub limit: f64,
    /// Whether it is.
    pub decision: Decision,
    /// Of an undecided one: about how many speakers of the side with fewer would decide it four times in five (the formula of
    /// [`Power`](super::Power)), if the gap stays what it is; none
    /// where it lies so near to the limit, or comes from so few, that this cannot be said.
    pub speakers_to_decide: Option<usize>,
}

/// Verdicts by all properties of speakers that part them in groups; none where a speaker is not known. Of answers without
/// probabilities nothing is said that depends on them.
#[must_use]
pub fn fairness(
    classes: usize,
    rows: &[Prediction],
    clips: &BTreeMap<String, ClipRecord>,
    has_probabilities: bool,
    bootstrap: Bootstrap,
) -> Vec<Fairness> {
    if rows.iter().any(|row| row.speaker.is_empty()) {
        return vec![];
    }
    // The first record of a speaker that says it, for each property.
    let mut properties = BTreeMap::<String, BTreeMap<&str, String>>::new();
    for row in rows {
        let Some(record) = clips.get(&row.clip) else { continue };
        for (by, group) in properties_of(record) {
            properties.entry(by).or_default().entry(&row.speaker).or_insert(group);
        }
    }
    properties
        .into_iter()
        .filter_map(|(by, of)| verdict(by, &of, classes, rows, has_probabilities, bootstrap))
        .collect()
}

/// What a clip's record says of its speaker.
fn properties_of(record: &ClipRecord) -> Vec<(String, String)> {
    let sex = record.sex.map(|sex| ("sex".to_owned(), format!("{sex:?}").to_lowercase()));
    let age = record.age.map(|age| {
        let group = if age < 30 {
            "under 30"
        } else if age < 50 {
            "30 to 49"
        } else {
            "50 or older"
        };
        ("age".to_owned(), group.to_owned())
    });
    // People of whom it is not known are no group.
    let traits = record.traits().filter(|(_, group)| !names_nobody(group));
    sex.into_iter().chain(age).chain(traits.map(|(by, group)| (by.to_owned(), group.to_owned()))).collect()
}

fn verdict(
    by: String,
    of: &BTreeMap<&str, String>,
    classes: usize,
    rows: &[Prediction],
    has_probabilities: bool,
    bootstrap: Bootstrap,
) -> Option<Fairness> {
    let known: Vec<(&str, &Prediction)> =
        rows.iter().filter_map(|row| Some((of.get(row.speaker.as_str())?.as_str(), row))).collect();
    let names: BTreeSet<&str> = known.iter().map(|(group, _)| *group).collect();
    if !(2..=MOST_GROUPS).contains(&names.len()) {
        return None;
    }
    // Of two groups each is the other's other.
    let compared = if names.len() == 2 { 1 } else { names.len() };
    let figures: &[Figure] = match has_probabilities {
        true => &[Figure::Uar, Figure::Overconfidence, Figure::Uncertain],
        false => &[Figure::Uar],
    };
    let groups: Vec<FairGroup> = names
        .into_iter()
        .take(compared)
        .map(|name| {
            let side = |inside: bool| {
                Side::new(known.iter().filter(|(group, _)| (*group == name) == inside).map(|(_, row)| *row))
            };
            let n = known.iter().filter(|(group, _)| *group == name).count();
            compare(name, n, [&side(true), &side(false)], classes, figures, &by, bootstrap)
        })
        .collect();
    let decisions = groups.iter().flat_map(|group| &group.gaps).map(|gap| gap.decision);
    let decision = decisions.min().unwrap_or(Decision::NotDecided);
    Some(Fairness { by, groups, decision, unknown: rows.len() - known.len() })
}

/// The speakers of one side.
struct Side {
    units: Units<Vec<(u64, u64)>>,
}

/// Millionths: sums of integers do not depend on their order.
const MILLION: f64 = 1e6;

impl Side {
    fn new<'a>(rows: impl Iterator<Item = &'a Prediction>) -> Self {
        let mut speakers = BTreeMap::<&str, Vec<(u64, u64)>>::new();
        for row in rows {
            let confidence = row.probabilities.get(row.prediction).copied().unwrap_or_default();
            let outcome = (row.truth as u64) << 32 | (row.prediction as u64) << 1 | u64::from(confidence < UNCERTAIN);
            speakers.entry(&row.speaker).or_default().push((outcome, (f64::from(confidence) * MILLION) as u64));
        }
        speakers.values_mut().for_each(|outcomes| outcomes.sort_unstable());
        Self { units: Units::new(speakers.into_values().collect()) }
    }
}

/// What is counted of a side.
struct Counts {
    support: Vec<u64>,
    predicted: Vec<u64>,
    hits: Vec<u64>,
    uncertain: u64,
    confidence: u64,
}

impl Counts {
    fn of<'a>(classes: usize, drawn: impl Iterator<Item = (&'a Vec<(u64, u64)>, u64)>) -> Self {
        let none = || vec![0; classes];
        let mut counts = Self { support: none(), predicted: none(), hits: none(), uncertain: 0, confidence: 0 };
        for (outcomes, times) in drawn {
            for &(outcome, confidence) in outcomes {
                let (truth, prediction) = ((outcome >> 32) as usize, (outcome as u32 >> 1) as usize);
                counts.support[truth] += times;
                counts.predicted[prediction] += times;
                counts.hits[truth] += if truth == prediction { times } else { 0 };
                counts.uncertain += (outcome & 1) * times;
                counts.confidence += confidence * times;
            }
        }
        counts
    }

    fn figure(&self, figure: Figure, class: Option<usize>, other: &Self) -> Option<f64> {
        let share = |part: u64, of: u64| (of > 0).then(|| part as f64 / of as f64);
        let all: u64 = self.support.iter().sum();
        match (figure, class) {
            (Figure::Uar, _) => {
                let both = (0..self.support.len()).filter(|&class| self.support[class] > 0 && other.support[class] > 0);
                let recalls: Vec<f64> =
                    both.map(|class| self.hits[class] as f64 / self.support[class] as f64).collect();
                (!recalls.is_empty()).then(|| recalls.iter().sum::<f64>() / recalls.len() as f64)
            }
            (Figure::Overconfidence, _) => {
                let right = share(self.hits.iter().sum(), all)?;
                Some(self.confidence as f64 / MILLION / all as f64 - right)
            }
            (Figure::Uncertain, _) => share(self.uncertain, all),
            (Figure::Recall, Some(class)) => share(self.hits[class], self.support[class]),
            (Figure::Precision, Some(class)) => share(self.hits[class], self.predicted[class]),
            (Figure::Recall | Figure::Precision, None) => None,
        }
    }
}

fn compare(
    name: &str,
    n: usize,
    [inside, outside]: [&Side; 2],
    classes: usize,
    figures: &[Figure],
    by: &str,
    bootstrap: Bootstrap,
) -> FairGroup {
    let bootstrap = Bootstrap { samples: bootstrap.samples.min(MOST_DRAWS), ..bootstrap };
    let speakers = [inside.units.len(), outside.units.len()];
    let fewest = speakers[0].min(speakers[1]);
    let whole = |side: &Side| Counts::of(classes, side.units.all());
    let (group, others) = (whole(inside), whole(outside));
    let drawn: Vec<(Counts, Counts)> = if fewest < 2 {
        vec![]
    } else {
        let draw = |side: &Side, which: &str| {
            let purpose = format!("fairness/{by}/{name}/{which}");
            side.units.draw(bootstrap, &purpose, |drawn| Counts::of(classes, drawn))
        };
        draw(inside, "group").into_iter().zip(draw(outside, "others")).collect()
    };
    let of_class = (0..classes).flat_map(|class| [(Figure::Recall, Some(class)), (Figure::Precision, Some(class))]);
    let enough = |class: Option<usize>| {
        class.is_none_or(|class| group.support[class] >= LEAST_CLIPS && others.support[class] >= LEAST_CLIPS)
    };
    let gaps = figures
        .iter()
        .map(|&figure| (figure, None))
        .chain(of_class)
        .filter(|(_, class)| enough(*class))
        .filter_map(|(figure, class)| {
            let of = |group: &Counts, others: &Counts| {
                Some((group.figure(figure, class, others)?, others.figure(figure, class, group)?))
            };
            let (value, other) = of(&group, &others)?;
            let gap = value - other;
            let gaps: Vec<f64> =
                drawn.iter().filter_map(|(group, others)| of(group, others)).map(|(a, b)| a - b).collect();
            // A draw without an answer of that emotion says nothing of its precision; where most are so, nothing is known.
            let interval = (!gaps.is_empty() && 2 * gaps.len() >= drawn.len()).then(|| percentiles(gaps));
            let limit = figure.limit();
            let decision = Decision::within(limit, interval, fewest);
            let wanted = (decision == Decision::NotDecided).then(|| speakers_to_decide(gap, interval?, limit, fewest));
            Some(Gap {
                figure,
                class,
                group: value,
                gap,
                interval,
                limit,
                decision,
                speakers_to_decide: wanted.flatten(),
            })
        })
        .collect();
    FairGroup { name: name.to_owned(), speakers: speakers[0], others: speakers[1], n, gaps }
}

/// How many speakers tell the gap from its limit four times in five, as [`power`] counts them: the variance of the gap
/// falls with the number of speakers.
fn speakers_to_decide(gap: f64, interval: Interval, limit: f64, speakers: usize) -> Option<usize> {
    /// Nearer to the limit than this, the number says more of chance than of speakers.
    const TOO_NEAR: f64 = 0.005;
    /// With this probability the limit is told apart.
    const POWER: f64 = 0.8;
    /// Beyond so many, the same.
    const MOST_WANTED: usize = 5_000;
    let (room, deviation) = ((limit - gap.abs()).abs(), power::deviation(interval.low, interval.high));
    if speakers < LEAST_SPEAKERS || room < TOO_NEAR || deviation <= 0.0 {
        return None;
    }
    let of_one = speakers as f64 * deviation * deviation;
    // An interval that is off its middle may hold the limit though it is narrow enough: one more is asked for.
    let wanted = power::units(of_one, room, POWER).max(speakers + 1);
    (wanted <= MOST_WANTED).then_some(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{corpus::Sex, eval::test_support};

    /// Ten speakers, five of each sex; men are recognised as often as `men` says, women as often as `women`.
    fn found(men: f64, women: f64, per_sex: usize) -> Vec<Fairness> {
        let mut rows = vec![];
        let mut clips = BTreeMap::new();
        for (right, sex) in [(men, Sex::Male), (women, Sex::Female)] {
            for mut row in test_support::predictions(per_sex, 90, 3, &[1], right).rows {
                row.speaker = format!("{}-{sex:?}", row.speaker);
                row.clip = format!("{}-{sex:?}", row.clip);
                let record =
                    ClipRecord { clip: row.clip.clone(), sex: Some(sex), age: Some(25), ..ClipRecord::default() };
                clips.insert(row.clip.clone(), record);
                rows.push(row);
            }
        }
        fairness(3, &rows, &clips, true, Bootstrap { samples: 500, seed: 1 })
    }

    fn uar(found: &[Fairness]) -> &Gap {
        assert_eq!(
            (found.len(), found[0].by.as_str(), found[0].groups.len()),
            (1, "sex", 1),
            "of age there is one group"
        );
        &found[0].groups[0].gaps[0]
    }

    #[test]
    fn who_is_recognised_worse_is_found_and_who_is_not_is_cleared() {
        let unfair = found(0.9, 0.5, 8);
        let gap = uar(&unfair);
        assert!(gap.figure == Figure::Uar && gap.decision == Decision::Failed && gap.gap < -0.2, "{gap:?}");
        assert_eq!(unfair[0].decision, Decision::Failed);
        assert_eq!(unfair[0].groups[0].name, "female");
        let fair = found(0.9, 0.9, 10);
        let gap = uar(&fair);
        assert!(
            gap.decision == Decision::Passed && gap.gap.abs() < 0.05 && gap.speakers_to_decide.is_none(),
            "{gap:?}"
        );
        let interval = gap.interval.unwrap();
        assert!(interval.low <= gap.gap && gap.gap <= interval.high);
        let figures: BTreeSet<&str> = fair[0].groups[0]
            .gaps
            .iter()
            .map(|gap| match gap.figure {
                Figure::Uar => "uar",
                Figure::Overconfidence => "over",
                Figure::Uncertain => "uncertain",
                Figure::Recall => "recall",
                Figure::Precision => "precision",
            })
            .collect();
        assert_eq!(figures.len(), 5);
        assert_eq!(fair[0].groups[0].gaps.len(), 3 + 2 * 3);
    }

    #[test]
    fn people_of_whom_it_is_not_known_are_no_group() {
        let rows = test_support::predictions(6, 60, 3, &[1], 0.7).rows;
        let groups = ["Asian", "Asian", "Caucasian", "Caucasian", "Unknown", "n/a"];
        let record = |row: &Prediction| {
            let speaker: usize = row.speaker[2..].parse().unwrap();
            let traits = Some(format!("race={}", groups[speaker]));
            (row.clip.clone(), ClipRecord { clip: row.clip.clone(), traits, ..ClipRecord::default() })
        };
        let clips = rows.iter().map(record).collect();
        let found = fairness(3, &rows, &clips, true, Bootstrap { samples: 50, seed: 1 });
        assert_eq!((found.len(), found[0].groups.len(), found[0].unknown), (1, 1, 120));
        assert_eq!(
            (found[0].groups[0].name.as_str(), found[0].groups[0].speakers, found[0].groups[0].others),
            ("Asian", 2, 2)
        );
    }

    #[test]
    fn two_speakers_decide_nothing() {
        for men in [0.9, 0.1] {
            let few = found(men, 0.9, 2);
            assert!(few[0].groups[0].gaps.iter().all(|gap| gap.decision == Decision::NotDecided), "{few:?}");
            assert_eq!((few[0].decision, uar(&few).speakers_to_decide), (Decision::NotDecided, None));
        }
        let one = found(0.9, 0.2, 1);
        assert_eq!((uar(&one).interval, one[0].decision), (None, Decision::NotDecided));
    }

    #[test]
    fn the_number_of_speakers_follows_the_width() {
        let interval = Interval { low: -0.1, high: 0.1 };
        // (1.960 + 0.842)² · 10 · (0.1 / 1.960)² / 0.05²
        assert_eq!(speakers_to_decide(0.0, interval, 0.05, 10), Some(82));
        assert_eq!(speakers_to_decide(0.048, interval, 0.05, 10), None, "too near to the limit");
        assert_eq!(speakers_to_decide(0.0, interval, 0.05, 3), None, "three speakers");
        assert_eq!(speakers_to_decide(0.044, interval, 0.05, 100), None, "27778 speakers");
        assert_eq!(speakers_to_decide(0.0, interval, 0.2, 10), Some(11));
        assert_eq!(speakers_to_decide(0.0, interval, 0.1, 10), Some(21), "1.43² times as many");
    }

    #[test]
    fn nothing_is_said_where_speakers_are_not_known() {
        let mut rows = test_support::predictions(4, 30, 3, &[1], 0.5).rows;
        rows[3].speaker.clear();
        assert_eq!(fairness(3, &rows, &BTreeMap::new(), true, Bootstrap::default()), vec![]);
    }
}
