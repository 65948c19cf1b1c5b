//! Some languages trained on, another tested, with or without a few clips of the tested language to learn from. Where the config
//! names none, each language is tested in turn.

use std::collections::{BTreeMap, BTreeSet};

use rand::seq::SliceRandom;

use super::{
    Draft,
    contract::{Dealt, Protocol, Speakers},
    task::Task,
    validation,
};
use crate::{
    corpus::Clip,
    error::{Error, Result},
    rng,
};

pub(super) const PROTOCOL: Protocol = Protocol {
    about: "some languages trained on, others tested",
    speakers: Speakers::Apart,
    keys: &["train", "test", "shots", "shot_speakers"],
    deal,
};

/// The column of a clip's language.
const COLUMN: &str = "language";

/// The languages of corpora that have one, by their kinds' names.
const LANGUAGES: [(&str, &str); 12] = [
    ("cafe", "fr"),
    ("crema_d", "en"),
    ("emodb", "de"),
    ("emovo", "it"),
    ("iemocap", "en"),
    ("meld", "en"),
    ("msp_podcast", "en"),
    ("nemo", "pl"),
    ("ravdess", "en"),
    ("savee", "en"),
    ("subesco", "bn"),
    ("tess", "en"),
];

/// A clip's language: what its row says, else its corpus's.
fn language(clip: &Clip) -> Option<&str> {
    let named = clip.meta.extra.iter().find(|(column, _)| column.eq_ignore_ascii_case(COLUMN));
    let named = named.map(|(_, language)| language.trim()).filter(|language| !language.is_empty());
    named.or_else(|| LANGUAGES.iter().find(|(corpus, _)| *corpus == clip.corpus).map(|(_, language)| *language))
}

fn deal(task: &Task<'_>) -> Result<Dealt> {
    let mut of_clip = Vec::with_capacity(task.clips.len());
    for clip in &task.clips {
        of_clip.push(language(clip).ok_or_else(|| {
            Error::Data(format!(
                "protocol.kind = {}: the language of {} is not known: give its table a column {COLUMN}, as en or de",
                task.config.kind,
                clip.place()
            ))
        })?);
    }
    let languages: BTreeSet<&str> = of_clip.iter().copied().collect();
    let list = || languages.iter().copied().collect::<Vec<_>>().join(", ");
    if languages.len() < 2 {
        return Err(Error::Config(format!(
            "protocol.kind = {} needs two languages or more, and all clips are of {}",
            task.config.kind,
            list()
        )));
    }
    for (key, names) in [("train", &task.config.train), ("test", &task.config.test)] {
        if let Some(name) = names.iter().find(|name| !languages.contains(name.as_str())) {
            return Err(Error::Config(format!("protocol.{key} names {name}, and the languages are {}", list())));
        }
    }
    let (train, test): (BTreeSet<&str>, BTreeSet<&str>) =
        (task.config.train.iter().map(String::as_str).collect(), task.config.test.iter().map(String::as_str).collect());
    if let Some(both) = train.intersection(&test).next() {
        return Err(Error::Config(format!("{both} is in both protocol.train and protocol.test")));
    }
    let tested: BTreeSet<&str> = match (test.is_empty(), train.is_empty()) {
        (false, _) => test,
        (true, false) if languages.iter().all(|language| train.contains(language)) => {
            return Err(Error::Config("protocol.train: it may not hold all of the languages".into()));
        }
        (true, false) => languages.difference(&train).copied().collect(),
        (true, true) => languages.clone(),
    };
    // Each language is a fold: figures of several would be of none.
    let drafts = tested.iter().map(|&test| {
        let learnt: BTreeSet<&str> = match train.is_empty() {
            true => languages.iter().copied().filter(|language| *language != test).collect(),
            false => train.clone(),
        };
        draft(task, &of_clip, &learnt, test)
    });
    let drafts = drafts.collect::<Result<Vec<Draft>>>()?;
    let note = task.config.shot_speakers.map(|speakers| {
        let shots = task.config.shots.unwrap_or(0);
        format!("{shots} clips of each class of {speakers} speakers of the tested language are learnt from; these are not tested")
    });
    Ok(Dealt { note, ..drafts.into() })
}

fn draft(task: &Task<'_>, of_clip: &[&str], learnt: &BTreeSet<&str>, test: &str) -> Result<Draft> {
    let members =
        |wanted: &dyn Fn(&str) -> bool| -> Vec<usize> { (0..of_clip.len()).filter(|&i| wanted(of_clip[i])).collect() };
    let source = members(&|language| learnt.contains(language));
    let mut tested = members(&|language| language == test);
    let mut left_out = members(&|language| language != test && !learnt.contains(language));
    let name = format!("{}-to-{test}", learnt.iter().copied().collect::<Vec<_>>().join("+"));
    if let Some(speakers) = task.config.shot_speakers {
        let mut voices = task.voices(&tested);
        if voices.len() <= speakers {
            return Err(Error::Data(format!(
                "protocol.shot_speakers = {speakers}: {test} has {} speakers, and some must be left to be tested",
                voices.len()
            )));
        }
        voices.shuffle(&mut rng::stream(task.config.seed, &[&"split", &"shot speakers", &test]));
        let mut of_class = BTreeMap::<usize, Vec<usize>>::new();
        for &clip in voices.iter().take(speakers).flatten() {
            of_class.entry(task.labels[clip]).or_default().push(clip);
        }
        tested = voices.iter().skip(speakers).flatten().copied().collect();
        tested.sort_unstable();
        // More shots are those of fewer, and some more.
        for (class, mut clips) in of_class {
            clips.sort_unstable();
            clips.shuffle(&mut rng::stream(task.config.seed, &[&"split", &"shots", &test, &class]));
            let shots = task.config.shots.unwrap_or(0);
            if clips.len() < shots {
                return Err(Error::Data(format!(
                    "protocol.shots = {shots}: the {speakers} speakers of {test} have {} clips of {} only",
                    clips.len(),
                    task.clips[clips[0]].emotion
                )));
            }
            left_out.extend(clips.split_off(shots));
        }
        left_out.sort_unstable();
    }
    // Validation is of the languages that are known: of the tested one there are no clips to spare.
    let (validation, _) = validation::cut(task, &source, &name, true);
    Ok(Draft { validation: Some(validation), left_out, ..Draft::new(name, tested) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Kind, Plan, ProtocolConfig, fake};

    /// Two languages in one table, eight speakers each, and a corpus whose language is known.
    fn clips() -> (Vec<Clip>, Vec<usize>) {
        let (mut table, _) = fake::corpus("t", 16, 12);
        for clip in &mut table {
            let language = if clip.speaker.as_str() <= "08" { "xx" } else { "yy" };
            clip.meta.extra.insert("Language".into(), language.into());
        }
        let (ravdess, _) = fake::corpus("ravdess", 4, 6);
        fake::labelled([table, ravdess].concat())
    }

    fn plan(set: impl Fn(&mut ProtocolConfig)) -> Result<(Vec<Clip>, Vec<usize>, Plan)> {
        let mut config = ProtocolConfig { kind: Kind::CrossLingual, ..ProtocolConfig::default() };
        set(&mut config);
        let (clips, labels) = clips();
        let plan = fake::plan(&config, &clips, &labels)?;
        Ok((clips, labels, plan))
    }

    #[test]
    fn each_language_is_tested_in_turn_or_as_named() {
        let (clips, _, all) = plan(|_| ()).unwrap();
        let names: Vec<&str> = all.folds.iter().map(|fold| fold.name.as_str()).collect();
        assert_eq!(names, ["xx+yy-to-en", "en+yy-to-xx", "en+xx-to-yy"]);
        for fold in &all.folds {
            let tested = language(&clips[fold.test[0]]).unwrap();
            assert!(fold.test.iter().all(|&i| language(&clips[i]) == Some(tested)));
            assert!(fold.train.iter().chain(&fold.validation).all(|&i| language(&clips[i]) != Some(tested)));
            assert_eq!(fold.train.len() + fold.validation.len() + fold.test.len(), clips.len());
        }
        let (clips, _, one) =
            plan(|config| (config.train, config.test) = (vec!["xx".into()], vec!["yy".into()])).unwrap();
        let [fold] = &one.folds[..] else { panic!("{one:?}") };
        assert_eq!((fold.name.as_str(), fold.test.len()), ("xx-to-yy", 96));
        assert!(fold.train.iter().chain(&fold.validation).all(|&i| language(&clips[i]) == Some("xx")));
    }

    #[test]
    fn shots_are_of_speakers_who_are_not_tested_and_more_hold_fewer() {
        let of = |shots: usize| {
            let (clips, labels, plan) = plan(|config| {
                (config.train, config.test) = (vec!["xx".into()], vec!["yy".into()]);
                (config.shots, config.shot_speakers) = (Some(shots), Some(2));
            })
            .unwrap();
            let fold = plan.folds[0].clone();
            let shot: Vec<usize> = fold.train.iter().copied().filter(|&i| language(&clips[i]) == Some("yy")).collect();
            for class in 0..2 {
                assert_eq!(shot.iter().filter(|&&i| labels[i] == class).count(), shots);
            }
            assert!(fold.validation.iter().all(|&i| language(&clips[i]) == Some("xx")));
            let shooters: BTreeSet<&str> = shot.iter().map(|&i| clips[i].speaker.as_str()).collect();
            assert!(fold.test.iter().all(|&i| !shooters.contains(clips[i].speaker.as_str())));
            (shot, fold.test)
        };
        let (none, one, four) = (of(0), of(1), of(4));
        assert!(none.0.is_empty() && one.0.iter().all(|i| four.0.contains(i)), "{one:?} {four:?}");
        assert!(none.1 == one.1 && one.1 == four.1 && four.1.len() == 6 * 12, "the test side is one");
    }

    #[test]
    fn what_cannot_be_dealt_is_named() {
        type Set = fn(&mut ProtocolConfig);
        let wrong: [(Set, &str); 6] = [
            (|config| config.test = vec!["zz".into()], "protocol.test names zz, and the languages are en, xx, yy"),
            (|config| (config.train, config.test) = (vec!["xx".into()], vec!["xx".into()]), "xx is in both"),
            (
                |config| (config.train, config.test) = (["en", "xx", "yy"].map(String::from).into(), vec![]),
                "all of the languages",
            ),
            (|config| (config.shots, config.shot_speakers) = (Some(1), Some(8)), "has 8 speakers"),
            (|config| (config.shots, config.shot_speakers) = (Some(7), Some(1)), "have 6 clips of angry only"),
            (|config| config.shots = Some(1), "protocol.shot_speakers"),
        ];
        for (set, expected) in wrong {
            let test = |config: &mut ProtocolConfig| {
                (config.train, config.test) = (vec!["xx".into()], vec!["yy".into()]);
                set(config);
            };
            let error = plan(test).unwrap_err().to_string();
            assert!(error.contains(expected), "{expected}: {error}");
        }
        let (clips, labels) = fake::corpus("mine", 4, 4);
        let config = ProtocolConfig { kind: Kind::CrossLingual, ..ProtocolConfig::default() };
        let error = fake::plan(&config, &clips, &labels).unwrap_err().to_string();
        assert!(
            error.contains("the language of mine/01/000 is not known: give its table a column language"),
            "{error}"
        );
    }
}
