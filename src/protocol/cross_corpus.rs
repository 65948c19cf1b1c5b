//! Some corpora learnt from, others tested. Where the config names none, each corpus is tested in turn.

use std::collections::BTreeSet;

use super::{
    Draft,
    contract::{Dealt, Protocol, Speakers},
    task::Task,
};
use crate::error::{Error, Result};

pub(super) const PROTOCOL: Protocol = Protocol {
    about: "some corpora learnt from, others tested",
    speakers: Speakers::Apart,
    keys: &["train", "test"],
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
    let drafts: Result<Vec<Draft>> = ways.into_iter().map(|(train, test)| draft(task, &train, &test)).collect();
    Ok(drafts?.into())
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
