//! Clips → folds of train, validation and test: one file per protocol, the leak audit beside them.
//!
//! ```text
//! clips, labels ─► a protocol: who is tested ─► validation: cut from the rest ─► folds ─► audit: what they share
//! ```
//!
//! A protocol says who is tested in each fold; everybody else is on the training side, and validation is always cut
//! from there, never from test, unless the protocol names its own. The [`audit`] then looks at what came out, whoever
//! made it.
//!
//! Clips that are one recording (files with the same audio; copies, known by their names or by a manifest's column
//! `copy_of`) stay together wherever the dealing is done here, and speakers who share a recording count as one. Where a
//! published list parts them, the audit refuses the split. A split is a function of the clips' ids, what is known of
//! the clips, and the config: the order of files on a disk has no part in it.
//!
//! To add a protocol, write its file, give it a `mod` line here, and list it in `kind.rs`.

pub mod audit;
mod caveat;
mod config;
mod contract;
mod copies;
mod cross_corpus;
mod cross_lingual;
mod cross_speaker;
mod duplicates;
mod emobox;
mod emobox_cross;
mod fixed;
mod kind;
mod leak;
mod leak_demo;
mod leave_one_speaker_out;
mod listed;
mod luna;
mod membership;
mod people;
mod random;
mod side;
mod speaker_kfold;
mod tables;
mod task;
mod tfds;
mod union;
mod validation;

#[cfg(test)]
pub(crate) mod fake;
#[cfg(test)]
mod properties;

use std::{collections::BTreeSet, path::Path};

use serde::{Deserialize, Serialize};

pub use caveat::Caveat;
pub(crate) use caveat::{never_learnt, speakers_of_one_clip};
pub use config::{Learn, ProtocolConfig};
pub use kind::Kind;
pub use leak::{LeakKind, Sentences};
pub(crate) use people::{contradicted, heard_twice};
pub use side::Side;
pub use validation::ValidationRule;

use self::{
    contract::{Dealt, Speakers},
    duplicates::Duplicates,
    leak::Sides,
    task::Task,
};
use crate::{
    corpus::Clip,
    error::{Error, Result},
};

/// One fold: every clip on one side at most (on exactly one, where the protocol leaves none out), as indices into the experiment's clips, ascending. Under a protocol that
/// leaks on purpose ([`Plan::leak`]) they are rows instead; see [`Plan::clip_and_copy`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fold {
    /// The fold's name, as `0` or the left-out speaker's.
    pub name: String,
    /// What is trained on.
    pub train: Vec<usize>,
    /// What the epoch is picked on: cut from the training side.
    pub validation: Vec<usize>,
    /// What is reported.
    pub test: Vec<usize>,
}

impl Fold {
    /// The sides with their members, in their order.
    #[must_use]
    pub fn sides(&self) -> [(Side, &[usize]); 3] {
        [(Side::Train, &self.train), (Side::Validation, &self.validation), (Side::Test, &self.test)]
    }
}

/// A protocol's folds over a set of clips, with what a report must say of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The protocol.
    pub kind: Kind,
    /// What the protocol is, in a sentence fragment.
    pub description: String,
    /// How each fold's validation was cut.
    pub validation: Vec<ValidationRule>,
    /// Whether the validation side is trained on, too.
    pub validation_learnt: bool,
    /// Whether no test speaker is in training or validation: the protocol promises it, or the list that it reads
    /// turned out so. The audit holds a split to it.
    pub speaker_independent: bool,
    /// What leaks on purpose; nothing does but in a demonstration.
    pub leak: Option<Leak>,
    /// What a figure of this split does not cover.
    pub caveats: Vec<Caveat>,
    /// The folds.
    pub folds: Vec<Fold>,
    /// How many clips were dealt.
    clips: usize,
    duplicates: Duplicates,
}

/// What a demonstration of leaks does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leak {
    /// Rows of each clip that were made before the split, the clip itself among them.
    pub copies_before_split: usize,
    /// Whether the epoch is picked on the test side: validation is then the same as test.
    pub selection_on_test: bool,
    /// Whether the scaler is fitted on all clips, those of the test side among them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub scaler_on_all: bool,
    /// Whether what is learnt is of the tested sentences alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sentences: bool,
}

impl Plan {
    /// The clip that a row of a fold is, or is a copy of, and which copy: 0 for the clip itself. Rows are clips where
    /// nothing leaks on purpose; else the first copies come after all clips, then the second ones, and so on.
    #[must_use]
    pub fn clip_and_copy(&self, row: usize) -> (usize, usize) {
        // No plan is made for no clips.
        (row % self.clips.max(1), row / self.clips.max(1))
    }

    /// How many clips were dealt: in a demonstration of leaks, fewer than there are rows.
    #[must_use]
    pub fn clips(&self) -> usize {
        self.clips
    }

    /// How validation was cut, in a sentence fragment.
    #[must_use]
    pub fn validation_rule(&self) -> String {
        let words = ValidationRule::words(&self.validation);
        match self.validation_learnt {
            true => format!("{words}; TRAINED ON, too, the recipe being settled: its figures say nothing"),
            false => words,
        }
    }

    /// What the folds test, as a BLAKE3 hash of 16 digits: equal for two splits of `clips` that have the same folds with
    /// the same test sides, whoever made them.
    #[must_use]
    pub fn test_sides(&self, clips: &[Clip]) -> String {
        let mut hasher = blake3::Hasher::new();
        for fold in &self.folds {
            let mut ids: Vec<(&str, usize)> = fold
                .test
                .iter()
                .map(|&row| self.clip_and_copy(row))
                .filter_map(|(clip, copy)| Some((clips.get(clip)?.id.as_str(), copy)))
                .collect();
            ids.sort_unstable();
            hasher.update(format!("fold {} {}\n", fold.name, ids.len()).as_bytes());
            for (id, copy) in ids {
                hasher.update(format!("{copy} {id}\n").as_bytes());
            }
        }
        hasher.finalize().to_hex()[..16].to_owned()
    }

    /// Whether a fold's members are rows of clips and their copies, which were made before the split.
    #[must_use]
    pub fn has_copies(&self) -> bool {
        self.leak.is_some_and(|leak| leak.copies_before_split > 1)
    }

    /// What has to stand on every line and picture of a figure that leaks on purpose.
    #[must_use]
    pub fn brand(&self) -> Option<&'static str> {
        self.leak.map(|_| "LEAK DEMONSTRATION, NOT A RESULT")
    }
}

/// What a protocol's file says of a fold, in members of its [`Task`].
struct Draft {
    name: String,
    test: Vec<usize>,
    /// Validation, where the protocol names its own.
    validation: Option<Vec<usize>>,
    /// What is on no side.
    left_out: Vec<usize>,
}

impl Draft {
    fn new(name: String, test: Vec<usize>) -> Self {
        Self { name, test, validation: None, left_out: Vec::new() }
    }

    /// Folds that are called by their number.
    fn numbered(from: usize, tests: Vec<Vec<usize>>) -> Vec<Self> {
        (from..).zip(tests).map(|(k, test)| Self::new(k.to_string(), test)).collect()
    }
}

/// Deals the clips into the protocol's folds.
///
/// `labels` are the clips' classes; `groups` are ids of clips whose files are one recording
/// ([`Findings::groups`](crate::corpus::Findings::groups)). What the config names on disk is looked for in the folder
/// `data`, else in the working folder.
///
/// ```
/// use std::path::Path;
/// use ser::{audio::Known, corpus::{CorpusConfig, Kind, inspect, scan}, protocol::{ProtocolConfig, audit::audit, plan}};
///
/// let data = Path::new("datasets");
/// let (found, findings) = inspect(scan(&CorpusConfig::new(Kind::Synthetic), data)?, &Known::default(), || {});
/// let labels: Vec<usize> = found.clips.iter().map(|clip| clip.emotion.len()).collect();
/// let plan = plan(&ProtocolConfig::default(), data, &found.clips, &labels, findings.groups())?;
/// for fold in &plan.folds {
///     audit(&found.clips, &plan, fold, "training side alone").check(&plan, &fold.name)?;
/// }
/// # Ok::<(), ser::error::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::Config`] where the protocol does not fit the clips (a list of RAVDESS's actors for another corpus, more
/// folds than speakers) or a file that the config names is not there; [`Error::Io`] and [`Error::File`] where it cannot
/// be read; [`Error::Data`] where it does not fit the clips, where two clips have one id, or a side would be empty.
pub fn plan<'g>(
    config: &ProtocolConfig,
    data: &Path,
    clips: &[Clip],
    labels: &[usize],
    groups: impl IntoIterator<Item = &'g [String]>,
) -> Result<Plan> {
    let task = Task::new(config, data, clips, labels, groups)?;
    let protocol = config.kind.protocol();
    let Dealt { mut drafts, note, leak, missing } = (protocol.deal)(&task)?;
    // A demonstration of its own comes before one that is laid over another protocol.
    let leak = leak.or(config.leak.map(LeakKind::leak));
    drafts.iter_mut().for_each(Draft::sort);
    let rows: Vec<usize> = (0..clips.len() * leak.map_or(1, |leak| leak.copies_before_split)).collect();
    let speaker_independent = match protocol.speakers {
        Speakers::Apart => true,
        Speakers::Shared => false,
        Speakers::AsListed => {
            let rest = |draft: &Draft| without(&without(&rows, &draft.test), &draft.left_out);
            drafts.iter().all(|draft| speakers_apart(&task, &rest(draft), &draft.test))
        }
    };
    let mut rules = Vec::new();
    let mut folds = Vec::new();
    for Draft { name, test, validation, left_out } in drafts {
        let rest = without(&without(&rows, &test), &left_out);
        let (mut validation, rule) = match validation {
            Some(validation) if leak.is_some_and(|leak| leak.selection_on_test) => (validation, ValidationRule::Test),
            Some(validation) => (validation, ValidationRule::Named),
            None => validation::cut(&task, &rest, &name, speaker_independent),
        };
        validation.sort_unstable();
        let train = without(&rest, &validation);
        for Sides { name, train, validation, test, rule } in
            leak::lay_over(config, &task, Sides { name, train, validation, test, rule })?
        {
            for (side, members) in [(Side::Train, &train), (Side::Validation, &validation), (Side::Test, &test)] {
                if members.is_empty() {
                    let kind = config.kind;
                    return Err(Error::Data(format!(
                        "protocol {kind}: fold {name} has no clip on the {side} side; see [protocol]"
                    )));
                }
            }
            let [train, validation, test] = [train, validation, test].map(|members| task.as_they_came(&members));
            folds.push(Fold { name, train, validation, test });
            rules.push(rule);
        }
    }
    let apart = (config.sentences == Sentences::Apart).then(|| "tested sentences are never learnt from".to_owned());
    let leaking = config.leak.map(|leak| leak.words().to_owned());
    let description = [Some(protocol.about.to_owned()), note, apart, leaking].into_iter().flatten().collect::<Vec<_>>();
    Ok(Plan {
        kind: config.kind,
        description: description.join(": "),
        validation: rules,
        validation_learnt: false,
        speaker_independent,
        leak,
        caveats: missing.caveat().into_iter().collect(),
        folds,
        clips: clips.len(),
        duplicates: task.duplicates,
    })
}

impl Draft {
    fn sort(&mut self) {
        self.test.sort_unstable();
        self.left_out.sort_unstable();
    }
}

/// Whether no speaker is on both sides.
fn speakers_apart(task: &Task<'_>, some: &[usize], others: &[usize]) -> bool {
    let speaker = |&i: &usize| (&task.clips[i].corpus, &task.clips[i].speaker);
    let those: BTreeSet<_> = some.iter().map(speaker).collect();
    !others.iter().any(|i| those.contains(&speaker(i)))
}

/// The members of ascending `all` that are not in ascending `some`.
fn without(all: &[usize], some: &[usize]) -> Vec<usize> {
    all.iter().copied().filter(|i| some.binary_search(i).is_err()).collect()
}
