//! One leak at a time, laid over a protocol that has none: everything else stays as it is, so that the difference of two
//! figures is what that leak is worth.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Leak, ProtocolConfig, ValidationRule, task::Task};
use crate::error::{Error, Result};

/// `protocol.leak`: what is to leak on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeakKind {
    /// The epoch is picked on the test side. Training is of the same clips as without the leak.
    Epoch,
    /// The scaler is fitted on all clips, those of the test side among them.
    Scaler,
    /// Test clips' sentences are learnt from, of other speakers: the other half of what `sentences = "apart"` learns from.
    Sentences,
    /// `leak-demo`: copies are made before a random split, and the epoch is picked on a validation side of its own.
    Copies,
}

/// `protocol.sentences`: whether test sentences may be learnt from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sentences {
    /// As the protocol deals the clips.
    #[default]
    AsDealt,
    /// Each fold becomes two: the clips of one half of the sentences are tested, and what is learnt is of the other half.
    Apart,
}

/// A fold's sides, in members of its task.
pub(super) struct Sides {
    pub name: String,
    pub train: Vec<usize>,
    pub validation: Vec<usize>,
    pub test: Vec<usize>,
    pub rule: ValidationRule,
}

impl LeakKind {
    /// What is wrong, in a sentence fragment that cannot be overlooked.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Epoch => "EPOCH PICKED ON THE TEST SIDE",
            Self::Scaler => "SCALER FITTED ON ALL CLIPS, TEST INCLUDED",
            Self::Sentences => "LEARNT FROM THE TESTED SENTENCES ALONE",
            Self::Copies => "COPIES MADE BEFORE THE SPLIT",
        }
    }

    pub(super) fn leak(self) -> Leak {
        let none = Leak { copies_before_split: 1, selection_on_test: false, scaler_on_all: false, sentences: false };
        match self {
            Self::Epoch => Leak { selection_on_test: true, ..none },
            Self::Scaler => Leak { scaler_on_all: true, ..none },
            Self::Sentences => Leak { sentences: true, ..none },
            Self::Copies => none,
        }
    }
}

/// What a fold becomes under the config's `leak` and `sentences`: itself, or two of half the sentences each.
pub(super) fn lay_over(config: &ProtocolConfig, task: &Task<'_>, fold: Sides) -> Result<Vec<Sides>> {
    let apart = config.sentences == Sentences::Apart;
    if apart || config.leak == Some(LeakKind::Sentences) {
        return halves(task, fold, apart);
    }
    Ok(vec![match config.leak {
        Some(LeakKind::Epoch) => Sides { validation: fold.test.clone(), rule: ValidationRule::Test, ..fold },
        _ => fold,
    }])
}

/// Two folds, each of which tests the clips of half the sentences of each corpus and learns from one half: the other where
/// sentences are to be `apart`, else the same.
fn halves(task: &Task<'_>, fold: Sides, apart: bool) -> Result<Vec<Sides>> {
    let mut sentences: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for clip in &task.clips {
        let Some(sentence) = &clip.meta.sentence else {
            return Err(Error::Config(format!(
                "protocol.sentences, protocol.leak = \"sentences\": nothing says which sentence {} is of; a manifest has it in a \
                 column `sentence`",
                clip.id
            )));
        };
        sentences.entry(&clip.corpus).or_default().insert(sentence);
    }
    let half = |&member: &usize| {
        let clip = task.clips[member];
        let sentence = clip.meta.sentence.as_deref().unwrap_or_default();
        sentences.get(clip.corpus.as_str()).map_or(0, |all| all.range(..sentence).count() % 2)
    };
    let of = |members: &[usize], wanted: usize| members.iter().copied().filter(|i| half(i) == wanted).collect();
    Ok((0..2)
        .map(|tested| {
            let learnt = if apart { 1 - tested } else { tested };
            Sides {
                name: format!("{}-{}", fold.name, tested + 1),
                train: of(&fold.train, learnt),
                validation: of(&fold.validation, learnt),
                test: of(&fold.test, tested),
                rule: fold.rule,
            }
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Kind, Plan, audit::audit, fake};

    fn plan(leak: Option<LeakKind>, sentences: Sentences) -> (Vec<crate::corpus::Clip>, Plan) {
        let config = ProtocolConfig { kind: Kind::Luna5Fold, leak, sentences, ..ProtocolConfig::default() };
        config.validate().unwrap();
        let (clips, labels) = fake::labelled(fake::ravdess());
        let plan = fake::plan(&config, &clips, &labels).unwrap();
        (clips, plan)
    }

    #[test]
    fn one_leak_leaves_the_rest_of_the_split_as_it_is() {
        let (clips, honest) = plan(None, Sentences::AsDealt);
        let (_, epoch) = plan(Some(LeakKind::Epoch), Sentences::AsDealt);
        let (_, scaler) = plan(Some(LeakKind::Scaler), Sentences::AsDealt);
        for (k, fold) in honest.folds.iter().enumerate() {
            let (of_epoch, of_scaler) = (&epoch.folds[k], &scaler.folds[k]);
            assert_eq!((&of_epoch.train, &of_epoch.test, &of_epoch.validation), (&fold.train, &fold.test, &fold.test));
            assert_eq!(of_scaler, fold);
            let found = audit(&clips, &epoch, of_epoch, "x");
            assert!(found.selection_on_test && found.shared_speakers.is_empty());
            found.check(&epoch, "0").unwrap();
        }
        assert_eq!(epoch.validation_rule(), "the test side itself");
        for (plan, words) in [(&epoch, "EPOCH PICKED"), (&scaler, "SCALER FITTED ON ALL")] {
            assert!(plan.brand().is_some_and(|brand| brand.contains("NOT A RESULT")) && plan.speaker_independent);
            assert!(plan.description.contains(words) && !plan.has_copies(), "{}", plan.description);
        }
        assert!(honest.brand().is_none());
    }

    #[test]
    fn sentences_are_known_or_not_and_everything_else_is_the_same() {
        let (clips, apart) = plan(None, Sentences::Apart);
        let (_, shared) = plan(Some(LeakKind::Sentences), Sentences::AsDealt);
        assert!(apart.brand().is_none() && shared.brand().is_some());
        assert_eq!((apart.folds.len(), shared.folds.len()), (10, 10));
        let mut tested = 0;
        for (a, b) in apart.folds.iter().zip(&shared.folds) {
            assert_eq!((&a.name, &a.test, a.train.len()), (&b.name, &b.test, b.train.len()));
            tested += a.test.len();
            let [a, b] = [(&apart, a), (&shared, b)].map(|(plan, fold)| audit(&clips, plan, fold, "x"));
            assert_eq!((a.shared_sentences, b.shared_sentences), (0, 1));
            assert!(a.shared_speakers.is_empty() && b.shared_speakers.is_empty());
        }
        assert_eq!(tested, clips.len(), "each clip is tested once");
    }
}
