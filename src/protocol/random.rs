//! Utterances dealt at random, stratified by class, into k folds or a single held-out one. Speaker-dependent, and said
//! so in every report.

use std::{cmp::Reverse, collections::BTreeMap};

use rand::seq::SliceRandom;

use super::{
    Draft,
    contract::{Dealt, Protocol, Speakers},
    task::Task,
};
use crate::{
    error::{Error, Result},
    rng,
};

pub(super) const PROTOCOL: Protocol = Protocol {
    about: "random utterances, stratified by class; the same speakers on every side",
    speakers: Speakers::Shared,
    keys: &["holdout"],
    deal,
};

fn deal(task: &Task<'_>) -> Result<Dealt> {
    let tests = match task.config.holdout {
        Some(share) => vec![stratified_share(task, &task.all(), share, "holdout")],
        None => folds(task)?,
    };
    Ok(Draft::numbered(0, tests).into())
}

fn folds(task: &Task<'_>) -> Result<Vec<Vec<usize>>> {
    let folds = task.config.folds;
    let mut recordings = stratified_order(task, &task.all(), "folds");
    if recordings.len() < 2 {
        return Err(Error::Config(format!(
            "protocol.kind = {}: the clips are one recording, or segments of one file, which cannot be parted",
            task.config.kind
        )));
    }
    if recordings.len() < folds {
        return Err(Error::Config(format!(
            "protocol.folds = {folds}: there are {} clips only that may be parted; ask for fewer folds",
            recordings.len()
        )));
    }
    // What cannot be divided comes first, so that single clips even out what it leaves uneven.
    recordings.sort_by_key(|recording| Reverse(recording.len()));
    let mut tests = vec![Vec::new(); folds];
    let mut of_class = vec![BTreeMap::<usize, usize>::new(); folds];
    for recording in recordings {
        let class = task.labels[recording[0]];
        let emptiest = |&fold: &usize| (of_class[fold].get(&class).copied(), tests[fold].len());
        let fold = (0..folds).min_by_key(emptiest).unwrap_or(0);
        for &i in &recording {
            *of_class[fold].entry(task.labels[i]).or_default() += 1;
        }
        tests[fold].extend(recording);
    }
    Ok(tests)
}

/// About this share of the members and one recording at least, stratified by class.
pub(super) fn stratified_share(task: &Task<'_>, members: &[usize], share: f64, purpose: &str) -> Vec<usize> {
    let recordings = stratified_order(task, members, purpose);
    let wanted = (recordings.len() as f64 * share).round() as usize;
    every(&recordings, wanted.max(1)).flatten().copied().collect()
}

/// The recordings among `members` class by class, shuffled within a class: any stride through it is stratified.
fn stratified_order(task: &Task<'_>, members: &[usize], purpose: &str) -> Vec<Vec<usize>> {
    let mut order = task.recordings(members);
    order.shuffle(&mut rng::stream(task.config.seed, &[&"split", &purpose]));
    order.sort_by_key(|recording| task.labels[recording[0]]);
    order
}

/// `wanted` items at even distances.
pub(super) fn every<T>(items: &[T], wanted: usize) -> impl Iterator<Item = &T> {
    (0..wanted.min(items.len())).map(move |k| &items[(2 * k + 1) * items.len() / (2 * wanted.max(1))])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::protocol::{Kind, ProtocolConfig, fake};

    fn config() -> ProtocolConfig {
        ProtocolConfig { kind: Kind::Random, ..ProtocolConfig::default() }
    }

    #[test]
    fn folds_and_validation_are_stratified() {
        let (clips, labels) = fake::corpus("any", 5, 20);
        let plan = fake::plan(&config(), &clips, &labels).unwrap();
        assert!(!plan.speaker_independent);
        assert_eq!(plan.validation_rule(), "clips from the training side, stratified by class (12 of 80)");
        for fold in plan.folds {
            for (side, size) in [(&fold.test, 20), (&fold.validation, 12)] {
                assert_eq!(side.len(), size);
                assert_eq!(side.iter().filter(|&&i| labels[i] == 0).count(), size / 2);
            }
        }
    }

    #[test]
    fn a_holdout_is_one_stratified_fold() {
        let (clips, labels) = fake::corpus("any", 5, 20);
        let config = ProtocolConfig { holdout: Some(0.25), ..config() };
        let plan = fake::plan(&config, &clips, &labels).unwrap();
        let [fold] = &plan.folds[..] else { panic!("{plan:?}") };
        assert_eq!((fold.test.len(), fold.validation.len(), fold.train.len()), (25, 11, 64));
        assert!((12..=13).contains(&fold.test.iter().filter(|&&i| labels[i] == 0).count()));
    }

    #[test]
    fn the_five_folds_of_ravdess_are_even_in_every_class() {
        let (clips, labels) = fake::labelled(fake::ravdess());
        let plan = fake::plan(&config(), &clips, &labels).unwrap();
        for fold in &plan.folds {
            assert_eq!((fold.train.len(), fold.validation.len(), fold.test.len()), (979, 173, 288));
            for class in 0..8 {
                let tested = fold.test.iter().filter(|&&i| labels[i] == class).count();
                assert!((19..=20).contains(&tested) || (38..=39).contains(&tested), "class {class}: {tested}");
            }
        }
    }

    #[test]
    fn the_same_recording_is_never_parted() {
        let (clips, labels) = fake::labelled(fake::ravdess());
        let pair = ["ravdess/07/03-01-03-01-02-01-07", "ravdess/07/03-01-03-01-02-02-07"].map(str::to_owned);
        let at = pair.each_ref().map(|id| clips.iter().position(|clip| clip.id == *id).unwrap());
        for seed in 0..50 {
            let config = ProtocolConfig { seed, ..config() };
            let plan = super::super::plan(&config, "".as_ref(), &clips, &labels, [&pair[..]]).unwrap();
            for fold in &plan.folds {
                let sides: BTreeSet<_> = fold
                    .sides()
                    .into_iter()
                    .filter(|(_, side)| at.iter().any(|i| side.contains(i)))
                    .map(|s| s.0)
                    .collect();
                assert_eq!(sides.len(), 1);
            }
        }
    }

    #[test]
    fn more_folds_than_recordings_is_an_error() {
        let (clips, labels) = fake::corpus("any", 1, 4);
        let error = fake::plan(&config(), &clips, &labels).unwrap_err().to_string();
        assert!(error.contains("4 clips only"), "{error}");
    }
}
