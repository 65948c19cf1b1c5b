//! Counts and quantiles of a card's clips.

use std::collections::{BTreeMap, BTreeSet};

use super::Card;
use crate::{audio::Measure, corpus::Sex, protocol::Side};

/// The corpora's names, in order.
pub(super) fn corpora<'c>(card: &'c Card<'_>) -> Vec<&'c str> {
    card.survey.clips.iter().map(|clip| clip.corpus.as_str()).collect::<BTreeSet<_>>().into_iter().collect()
}

/// The clips of a corpus and class.
pub(super) fn of(card: &Card<'_>, corpus: &str, class: usize) -> Vec<usize> {
    let survey = card.survey;
    (0..survey.clips.len()).filter(|&i| survey.clips[i].corpus == corpus && survey.labels[i] == class).collect()
}

/// A speaker with the clips that are theirs.
pub(super) struct Speaker<'c> {
    pub corpus: &'c str,
    pub name: &'c str,
    /// Indices of clips.
    pub clips: Vec<usize>,
}

/// The speakers in order of their corpora and names.
pub(super) fn speakers<'c>(card: &'c Card<'_>) -> Vec<Speaker<'c>> {
    let mut speakers: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    for (i, clip) in card.survey.clips.iter().enumerate() {
        speakers.entry((&clip.corpus, &clip.speaker)).or_default().push(i);
    }
    speakers.into_iter().map(|((corpus, name), clips)| Speaker { corpus, name, clips }).collect()
}

impl Speaker<'_> {
    /// The speaker's sex, where the corpus says one.
    pub(super) fn sex(&self, card: &Card<'_>) -> Option<Sex> {
        self.clips.iter().find_map(|&i| card.survey.clips[i].meta.sex)
    }

    /// The speaker's age in years, where the corpus says one.
    pub(super) fn age(&self, card: &Card<'_>) -> Option<u32> {
        self.clips.iter().find_map(|&i| card.survey.clips[i].meta.age)
    }
}

/// Fold, side, corpus, speaker and class.
pub(super) type Place<'c> = (usize, Side, &'c str, &'c str, usize);

/// How many clips (rows, where a demonstration of leaks copies them) there are at each place.
pub(super) fn by_side<'c>(card: &'c Card<'_>) -> BTreeMap<Place<'c>, usize> {
    let survey = card.survey;
    let mut counts = BTreeMap::new();
    for (fold, of) in survey.plan.folds.iter().enumerate() {
        for (side, rows) in of.sides() {
            for &row in rows {
                let (i, _) = survey.plan.clip_and_copy(row);
                let clip = &survey.clips[i];
                let place = (fold, side, clip.corpus.as_str(), clip.speaker.as_str(), survey.labels[i]);
                *counts.entry(place).or_insert(0) += 1;
            }
        }
    }
    counts
}

/// Least, middle and greatest of some numbers, and their sum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Quantiles {
    pub least: f64,
    pub median: f64,
    pub greatest: f64,
    pub sum: f64,
}

impl Quantiles {
    /// Of these; none where there are none.
    pub(super) fn of(numbers: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut numbers: Vec<f64> = numbers.into_iter().collect();
        numbers.sort_by(f64::total_cmp);
        let (&least, &greatest) = (numbers.first()?, numbers.last()?);
        let middle = numbers.len() / 2;
        let median =
            if numbers.len() % 2 == 1 { numbers[middle] } else { (numbers[middle - 1] + numbers[middle]) / 2.0 };
        Some(Self { least, median, greatest, sum: numbers.iter().sum() })
    }
}

/// What some clips measure, without those that cannot be decoded.
pub(super) fn spread(
    card: &Card<'_>,
    clips: impl IntoIterator<Item = usize>,
    what: impl Fn(&Measure) -> f64,
) -> Option<Quantiles> {
    Quantiles::of(clips.into_iter().filter_map(|i| card.measures[i].as_ref()).map(what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_or_between_the_two() {
        assert_eq!(Quantiles::of([]), None);
        let spread = |numbers: &[f64]| Quantiles::of(numbers.iter().copied()).unwrap();
        assert_eq!(spread(&[3.0, 1.0, 2.0]), Quantiles { least: 1.0, median: 2.0, greatest: 3.0, sum: 6.0 });
        assert_eq!(spread(&[4.0, 1.0, 2.0, 3.0]).median, 2.5);
    }
}
