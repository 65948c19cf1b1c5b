//! Whole speakers dealt into k folds, at random and evenly by sex and corpus.

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
    about: "speakers dealt into folds at random, evenly by sex; test speakers are never in training",
    speakers: Speakers::Apart,
    keys: &[],
    deal,
};

fn deal(task: &Task<'_>) -> Result<Dealt> {
    let folds = task.config.folds;
    let voices = dealing_order(task, &task.all(), "folds");
    if voices.len() < 2 {
        return Err(Error::Config(format!(
            "protocol.kind = {}: the clips have one speaker only, or speakers who share recordings, so that nobody is left to \
             test unseen speakers: choose random, whose figure is speaker-dependent",
            task.config.kind
        )));
    }
    if voices.len() < folds {
        return Err(Error::Config(format!(
            "protocol.folds = {folds}: the clips have {} speakers only; ask for fewer folds",
            voices.len()
        )));
    }
    let mut tests = vec![Vec::new(); folds];
    for (at, voice) in voices.into_iter().enumerate() {
        tests[at % folds].extend(voice);
    }
    Ok(Draft::numbered(0, tests).into())
}

/// The voices among `members` in a random order, corpus by corpus and sex by sex: any stride through it is even in both.
pub(super) fn dealing_order(task: &Task<'_>, members: &[usize], purpose: &str) -> Vec<Vec<usize>> {
    let mut order = task.voices(members);
    order.shuffle(&mut rng::stream(task.config.seed, &[&"split", &purpose]));
    order.sort_by_key(|voice| {
        let clip = task.clips[voice[0]];
        (&clip.corpus, clip.meta.sex.map(|sex| format!("{sex:?}")))
    });
    order
}

#[cfg(test)]
mod tests {
    use crate::{
        corpus::Sex,
        protocol::{Kind, ProtocolConfig, fake},
    };

    fn config() -> ProtocolConfig {
        ProtocolConfig { kind: Kind::SpeakerKfold, ..ProtocolConfig::default() }
    }

    #[test]
    fn folds_are_even_by_sex_and_follow_the_splits_seed_alone() {
        let (clips, labels) = fake::corpus("any", 12, 2);
        let four = ProtocolConfig { folds: 4, ..config() };
        let first = fake::plan(&four, &clips, &labels).unwrap();
        for fold in &first.folds {
            let men = fold.test.iter().filter(|&&i| clips[i].meta.sex == Some(Sex::Male)).count();
            assert!((2..=4).contains(&men) && fold.test.len() == 6, "{men} of {}", fold.test.len());
        }
        assert_eq!(first, fake::plan(&four, &clips, &labels).unwrap());
        assert_ne!(first, fake::plan(&ProtocolConfig { seed: 1, ..four }, &clips, &labels).unwrap());
    }

    #[test]
    fn validation_is_whole_speakers_and_the_rule_names_their_number() {
        let (clips, labels) = fake::labelled(fake::ravdess());
        let plan = fake::plan(&config(), &clips, &labels).unwrap();
        assert!(plan.speaker_independent);
        assert_eq!(plan.validation_rule(), "whole speakers from the training side (3 of 19 to 20)");
        for fold in &plan.folds {
            assert_eq!((fold.validation.len(), fold.test.len() % 60), (180, 0));
        }
    }

    #[test]
    fn more_folds_than_speakers_is_an_error() {
        let (clips, labels) = fake::corpus("tess", 2, 10);
        let error = fake::plan(&config(), &clips, &labels).unwrap_err().to_string();
        assert!(error.contains("2 speakers"), "{error}");
        let (clips, labels) = fake::corpus("own", 1, 10);
        let error = fake::plan(&config(), &clips, &labels).unwrap_err().to_string();
        assert!(error.contains("one speaker only") && !error.contains("fewer folds"), "{error}");
    }
}
