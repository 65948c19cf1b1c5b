//! Some corpora trained on, others tested. Where the config names none, each corpus is tested in turn.

use std::collections::{BTreeMap, BTreeSet};

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
    about: "some corpora trained on, others tested",
    speakers: Speakers::Apart,
    keys: &["train", "test", "balance"],
    deal,
};

fn deal(task: &Task<'_>) -> Result<Dealt> {
    let corpora = task.corpora();
    if corpora.len() < 2 {
        return Err(Error::Config(format!(
            "protocol.kind = {} needs two corpora or more, and the clips are of {} alone",
            task.config.kind,
            corpora.into_iter().collect::<String>()
        )));
    }
    let named = |key: &str, names: &'_ [String]| -> Result<BTreeSet<String>> {
        match names.iter().find(|name| !corpora.contains(name.as_str())) {
            None => Ok(names.iter().cloned().collect()),
            Some(name) => Err(Error::Config(format!(
                "protocol.{key} names {name}, and the corpora are {}",
                corpora.iter().copied().collect::<Vec<_>>().join(", ")
            ))),
        }
    };
    let others = |names: &BTreeSet<String>| -> BTreeSet<String> {
        corpora.iter().filter(|corpus| !names.contains(**corpus)).map(|corpus| (*corpus).to_owned()).collect()
    };
    let (train, test) = (named("train", &task.config.train)?, named("test", &task.config.test)?);
    let ways: Vec<(BTreeSet<String>, BTreeSet<String>)> = match (train.is_empty(), test.is_empty()) {
        (true, true) => {
            let alone = |corpus: &&str| BTreeSet::from([(*corpus).to_owned()]);
            corpora.iter().map(alone).map(|test| (others(&test), test)).collect()
        }
        (true, false) => vec![(others(&test), test)],
        (false, true) => vec![(train.clone(), others(&train))],
        (false, false) => vec![(train, test)],
    };
    let left_out = task.config.balance.map_or(Ok(Vec::new()), |balance| undrawn(task, balance))?;
    let drafts = ways.into_iter().map(|(train, test)| {
        let mut draft = draft(task, &train, &test)?;
        draft.test.retain(|i| left_out.binary_search(i).is_err());
        draft.left_out.clone_from(&left_out);
        Ok(draft)
    });
    let note = task.config.balance.map(|balance| format!("{balance} clips of each class and corpus, drawn at random"));
    Ok(Dealt { note, ..drafts.collect::<Result<Vec<Draft>>>()?.into() })
}

/// The clips that are not drawn where each class of each corpus has `balance` of them, ascending.
fn undrawn(task: &Task<'_>, balance: usize) -> Result<Vec<usize>> {
    let mut groups: BTreeMap<(&str, usize), Vec<usize>> = BTreeMap::new();
    for (i, clip) in task.clips.iter().enumerate() {
        groups.entry((&clip.corpus, task.labels[i])).or_default().push(i);
    }
    let mut undrawn = Vec::new();
    for ((corpus, class), mut members) in groups {
        if members.len() < balance {
            return Err(Error::Data(format!(
                "protocol.balance = {balance}: {corpus} has {} clips of {} only",
                members.len(),
                task.clips[members[0]].emotion
            )));
        }
        members.shuffle(&mut rng::stream(task.config.seed, &[&"split", &"balance", &corpus, &class]));
        undrawn.extend(members.split_off(balance));
    }
    undrawn.sort_unstable();
    Ok(undrawn)
}

fn draft(task: &Task<'_>, train: &BTreeSet<String>, test: &BTreeSet<String>) -> Result<Draft> {
    let problem = |corpus: &&str| match (train.contains(*corpus), test.contains(*corpus)) {
        (true, true) => Some(format!("{corpus} is in both protocol.train and protocol.test")),
        (false, false) => {
            Some(format!("{corpus} is neither in protocol.train nor in protocol.test; leave it out of [[corpora]]"))
        }
        _ => None,
    };
    if let Some(problem) = task.corpora().iter().find_map(problem) {
        return Err(Error::Config(problem));
    }
    if train.is_empty() || test.is_empty() {
        return Err(Error::Config("protocol.train and protocol.test: neither may hold all of the corpora".into()));
    }
    let joined = |names: &BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>().join("+");
    Ok(Draft::new(format!("{}-to-{}", joined(train), joined(test)), task.members(|clip| test.contains(&clip.corpus))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        corpus::Clip,
        protocol::{Kind, Plan, ProtocolConfig, fake},
    };

    fn clips() -> (Vec<Clip>, Vec<usize>) {
        fake::labelled([fake::ravdess(), fake::savee(), fake::tess()].concat())
    }

    fn plan(train: &[&str], test: &[&str]) -> Result<Plan> {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let config = ProtocolConfig {
            kind: Kind::CrossCorpus,
            train: names(train),
            test: names(test),
            ..ProtocolConfig::default()
        };
        let (clips, labels) = clips();
        fake::plan(&config, &clips, &labels)
    }

    fn folds(train: &[&str], test: &[&str]) -> Vec<(String, [usize; 3])> {
        let folds = plan(train, test).unwrap().folds;
        folds.iter().map(|fold| (fold.name.clone(), fold.sides().map(|side| side.1.len()))).collect()
    }

    #[test]
    fn corpora_are_on_the_sides_that_the_config_names() {
        let expected = [("ravdess+savee-to-tess".to_owned(), [1620, 300, 2800])];
        assert_eq!(folds(&["ravdess", "savee"], &["tess"]), expected);
        assert_eq!(folds(&["savee", "ravdess"], &[]), expected);
        assert_eq!(folds(&[], &["tess"]), expected);
    }

    #[test]
    fn a_balance_draws_as_many_of_each_class_and_corpus() {
        let config = ProtocolConfig { kind: Kind::CrossCorpus, balance: Some(30), ..ProtocolConfig::default() };
        let four = |clip: &Clip| ["angry", "happy", "neutral", "sad"].contains(&clip.emotion.as_str());
        let clips: Vec<Clip> = [fake::ravdess(), fake::savee()].concat().into_iter().filter(four).collect();
        let (clips, labels) = fake::labelled(clips);
        let plan = fake::plan(&config, &clips, &labels).unwrap();
        assert!(
            plan.description.ends_with("30 clips of each class and corpus, drawn at random"),
            "{}",
            plan.description
        );
        for fold in &plan.folds {
            for class in 0..4 {
                let count = |members: &[usize]| members.iter().filter(|&&i| labels[i] == class).count();
                assert_eq!(count(&fold.test), 30);
                assert_eq!(count(&fold.train) + count(&fold.validation), 30);
            }
        }
        let again = fake::plan(&ProtocolConfig { seed: 1, ..config.clone() }, &clips, &labels).unwrap();
        assert_ne!(plan.folds, again.folds);
        let error =
            fake::plan(&ProtocolConfig { balance: Some(90), ..config }, &clips, &labels).unwrap_err().to_string();
        assert!(error.contains("protocol.balance = 90: savee has 60 clips of angry only"), "{error}");
    }

    #[test]
    fn each_corpus_is_tested_in_turn_where_none_is_named() {
        let tested: Vec<_> = folds(&[], &[]).into_iter().map(|(name, sides)| (name, sides[2])).collect();
        let expected =
            [("savee+tess-to-ravdess", 1440), ("ravdess+tess-to-savee", 480), ("ravdess+savee-to-tess", 2800)];
        assert_eq!(tested, expected.map(|(name, n)| (name.to_owned(), n)));
    }

    #[test]
    fn a_corpus_that_has_no_place_is_an_error_that_names_it() {
        for (train, test, problem) in [
            (&["ravdess"][..], &["tess"][..], "savee is neither"),
            (&["ravdess", "savee", "tess"], &["tess"], "tess is in both"),
            (&["emodb"], &[], "names emodb"),
            (&["ravdess", "savee", "tess"], &[], "all of the corpora"),
        ] {
            let error = plan(train, test).unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
        }
    }
}
