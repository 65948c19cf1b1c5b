//! What holds for every protocol over every corpus: who is dealt is dealt once, and nothing else decides.

use std::{collections::BTreeSet, path::Path};

use proptest::{collection::vec, prelude::*, sample::select};

use super::{Fold, Kind, Plan, ProtocolConfig, audit::audit, plan};
use crate::corpus::{Clip, Metadata, Sex, Source};

/// A corpus that never was, with what is asked of it.
#[derive(Debug)]
struct Case {
    clips: Vec<Clip>,
    labels: Vec<usize>,
    groups: Vec<Vec<String>>,
    config: ProtocolConfig,
}

impl Case {
    fn plan(&self) -> crate::error::Result<Plan> {
        plan(&self.config, Path::new(""), &self.clips, &self.labels, self.groups.iter().map(Vec::as_slice))
    }
}

/// A clip by the numbers of its corpus, speaker, emotion and copy.
fn clip(i: usize, (corpus, speaker, emotion, is_copy): (usize, usize, usize, bool)) -> Clip {
    let (corpus, speaker) = (format!("corpus{corpus}"), format!("{speaker:02}"));
    // Every copy is one of the clip before it, if that is of the same speaker and emotion.
    let stem = if is_copy { format!("{:04}_noise", i.saturating_sub(1)) } else { format!("{i:04}") };
    Clip {
        id: format!("{corpus}/{speaker}/{stem}"),
        emotion: format!("emotion{emotion}"),
        source: Source::File(stem.into()),
        meta: Metadata { sex: [None, Some(Sex::Male), Some(Sex::Female)][i % 3], ..Metadata::default() },
        corpus,
        speaker,
    }
}

/// The protocols that deal by themselves whatever the corpus.
const DEALING: [Kind; 5] =
    [Kind::Random, Kind::SpeakerKfold, Kind::LeaveOneSpeakerOut, Kind::CrossCorpus, Kind::CrossSpeaker];

fn cases() -> impl Strategy<Value = Case> {
    let sizes = (1..4usize, 1..9usize, 1..5usize);
    let of = |(corpora, speakers, emotions): (usize, usize, usize)| {
        let clips = vec((0..corpora, 0..speakers, 0..emotions, prop::bool::weighted(0.1)), 1..120);
        let groups = vec(vec(0..120usize, 2..4), 0..4);
        (clips, groups, select(&DEALING[..]), 2..7usize, any::<u64>(), prop::option::of(0.1..0.9f64))
    };
    sizes.prop_flat_map(of).prop_map(|(numbers, groups, kind, folds, seed, holdout)| {
        let clips: Vec<Clip> = numbers.iter().enumerate().map(|(i, &numbers)| clip(i, numbers)).collect();
        let id = |i: usize| clips.get(i).map_or("a clip that is not there".to_owned(), |clip| clip.id.clone());
        Case {
            labels: numbers.iter().map(|numbers| numbers.2).collect(),
            groups: groups.into_iter().map(|group| group.into_iter().map(id).collect()).collect(),
            config: ProtocolConfig {
                kind,
                folds,
                seed,
                holdout: holdout.filter(|_| kind == Kind::Random),
                ..ProtocolConfig::default()
            },
            clips,
        }
    })
}

/// The ids on each side.
fn ids(clips: &[Clip], fold: &Fold) -> [BTreeSet<String>; 3] {
    fold.sides().map(|(_, members)| members.iter().map(|&i| clips[i].id.clone()).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_clip_is_on_exactly_one_side_and_is_tested_once(case in cases()) {
        let Ok(plan) = case.plan() else { return Ok(()) };
        let all: Vec<usize> = (0..case.clips.len()).collect();
        let mut tested: Vec<usize> = Vec::new();
        for fold in &plan.folds {
            for (_, members) in fold.sides() {
                prop_assert!(!members.is_empty() && members.is_sorted());
            }
            let mut dealt = [&fold.train[..], &fold.validation, &fold.test].concat();
            dealt.sort_unstable();
            prop_assert_eq!(&dealt, &all);
            tested.extend(&fold.test);
        }
        tested.sort_unstable();
        if case.config.holdout.is_some() {
            tested.dedup();
            prop_assert_eq!(tested.len(), plan.folds[0].test.len());
        } else {
            prop_assert_eq!(tested, all);
        }
    }

    #[test]
    fn groups_are_never_broken_and_speakers_are_apart_where_that_is_promised(case in cases()) {
        let Ok(plan) = case.plan() else { return Ok(()) };
        for fold in &plan.folds {
            let found = audit(&case.clips, &plan, fold, "");
            // Whole corpora cannot be joined because they share a recording: that is refused instead.
            let is_refused = plan.kind == Kind::CrossCorpus && !found.shared_audio.is_empty();
            prop_assert_eq!(found.check(&plan, &fold.name).is_err(), is_refused);
            let sides = ids(&case.clips, fold);
            for group in case.groups.iter().filter(|_| !is_refused) {
                let on = sides.iter().filter(|side| group.iter().any(|id| side.contains(id))).count();
                prop_assert!(on <= 1);
            }
            prop_assert!(found.shared_copies.is_empty() && found.shared_clips.is_empty() && !found.selection_on_test);
            prop_assert!(!plan.speaker_independent || found.shared_speakers.is_empty());
        }
    }

    #[test]
    fn the_order_of_the_clips_does_not_change_the_split(case in cases(), turn in any::<prop::sample::Index>()) {
        let turn = turn.index(case.clips.len());
        let mut other = Case { clips: case.clips.clone(), labels: case.labels.clone(), groups: case.groups.clone(), config: case.config.clone() };
        other.clips.reverse();
        other.labels.reverse();
        other.clips.rotate_left(turn);
        other.labels.rotate_left(turn);
        other.groups.reverse();
        match (case.plan(), other.plan()) {
            (Ok(plan), Ok(again)) => {
                prop_assert_eq!(&plan.validation_rule(), &again.validation_rule());
                prop_assert_eq!(plan.folds.len(), again.folds.len());
                for (fold, same) in plan.folds.iter().zip(&again.folds) {
                    prop_assert_eq!(&fold.name, &same.name);
                    prop_assert_eq!(ids(&case.clips, fold), ids(&other.clips, same));
                }
            }
            (Err(error), Err(again)) => prop_assert_eq!(error.to_string(), again.to_string()),
            (plan, again) => prop_assert!(false, "{plan:?} but {again:?}"),
        }
    }
}

#[test]
fn most_random_corpora_are_dealt() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let mut dealt = || cases().new_tree(&mut runner).unwrap().current().plan().is_ok();
    assert!((0..200).filter(|_| dealt()).count() > 80, "else the properties above are about nothing");
}
