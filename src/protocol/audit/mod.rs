//! The leak audit: what the sides of a fold share. It looks at the clips of the sides and trusts no protocol's word.
//!
//! | shared by test with training or validation, or by these | what happens |
//! |---|---|
//! | a clip, a copy of it, a file with the same audio | an error; nothing overrides it |
//! | the choice of the epoch | an error |
//! | a speaker | an error, unless the protocol is speaker-dependent: then the report says so |
//! | a file, by different segments of it | told: no split that is dealt here does so |
//! | a sentence, a corpus | told: corpora of acted speech share their sentences by design |
//!
//! A demonstration of leaks is let pass, and branded ([`Plan::brand`]). [`foreign()`] looks at splits that others made.

mod foreign;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{Deserialize, Serialize};

pub use foreign::{Foreign, Leakage, LookedAt, OneSided, Shared, Verdict, foreign, foreign_columns};

use super::{Fold, Plan, Side};
use crate::{
    corpus::Clip,
    error::{Error, Result},
};

/// What a fold's training and validation sides share with its test side, and with each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    /// Clips on each side: train, validation, test.
    pub clips: [usize; 3],
    /// Speakers on each side: train, validation, test.
    pub speakers: [usize; 3],
    /// Sentences on each side, as far as the corpora name them: train, validation, test.
    pub sentences: [usize; 3],
    /// Clips that stand on two sides: always a leak.
    pub shared_clips: Vec<String>,
    /// Recordings that are on two sides in different copies, each by the least id of its clips: always a leak.
    pub shared_copies: Vec<String>,
    /// Files with the same audio on two sides (the same bytes, or the same samples but for dither), each by the least id of
    /// its clips: always a leak.
    pub shared_audio: Vec<String>,
    /// Files of which segments are on two sides, each by the least id of its clips: the room and the microphone of a
    /// conversation are then known. A published split may part them; it is told.
    #[serde(default)]
    pub shared_files: Vec<String>,
    /// Speakers on the test side that are also in training or validation: what "speaker-dependent" means.
    pub shared_speakers: Vec<String>,
    /// Speakers in both training and validation: the epoch is then picked on known voices.
    pub shared_validation_speakers: Vec<String>,
    /// Sentences on the test side that are also in training or validation. Corpora of acted speech share them by
    /// design (RAVDESS has two); disclosed, not refused.
    pub shared_sentences: usize,
    /// Corpora on the test side that are also in training or validation: all, except across corpora.
    pub shared_corpora: Vec<String>,
    /// Recordings that clips of several speakers have in common: who speaks there cannot be known.
    pub recordings_across_speakers: usize,
    /// What the scaler is fitted on, in a sentence fragment.
    pub scaler: String,
    /// Whether the epoch is picked on clips of the test side.
    pub selection_on_test: bool,
}

/// The sides that each thing is on.
struct Sides<K>(BTreeMap<K, [bool; 3]>);

impl<K: Ord> Sides<K> {
    fn on(rows: impl Iterator<Item = (Side, K)>) -> Self {
        let mut sides: BTreeMap<K, [bool; 3]> = BTreeMap::new();
        for (side, what) in rows {
            sides.entry(what).or_default()[side as usize] = true;
        }
        Self(sides)
    }

    /// How many are on each side.
    fn counts(&self) -> [usize; 3] {
        Side::ALL.map(|side| self.0.values().filter(|on| on[side as usize]).count())
    }

    /// Those on two sides or more.
    fn twice(&self) -> impl Iterator<Item = &K> {
        self.0.iter().filter(|(_, on)| on.iter().filter(|on| **on).count() > 1).map(|(what, _)| what)
    }

    /// Those in test and in training or validation.
    fn in_test_too(&self) -> impl Iterator<Item = &K> {
        self.0.iter().filter(|(_, [train, validation, test])| *test && (*train || *validation)).map(|(what, _)| what)
    }

    /// Those in both training and validation.
    fn in_validation_too(&self) -> impl Iterator<Item = &K> {
        self.0.iter().filter(|(_, [train, validation, _])| *train && *validation).map(|(what, _)| what)
    }
}

/// Looks at what the sides of a fold of `plan` over `clips` share; `scaler` says what the scaler is fitted on.
#[must_use]
pub fn audit(clips: &[Clip], plan: &Plan, fold: &Fold, scaler: &str) -> Audit {
    let tested: BTreeSet<usize> = fold.test.iter().copied().collect();
    let selection_on_test = fold.validation.iter().any(|row| tested.contains(row));
    // If validation is the test side under another name, skip it: that they share clips says nothing.
    let sides = fold.sides().into_iter().filter(|(side, _)| *side != Side::Validation || fold.validation != fold.test);
    let rows: Vec<(Side, &Clip)> =
        sides.flat_map(|(side, rows)| rows.iter().map(move |&row| (side, &clips[plan.clip_and_copy(row).0]))).collect();
    let each = || rows.iter().copied();
    let speakers = Sides::on(each().map(|(side, clip)| (side, (&clip.corpus, &clip.speaker))));
    let sentences =
        Sides::on(each().filter_map(|(side, clip)| Some((side, (&clip.corpus, clip.meta.sentence.as_ref()?)))));
    let ids = Sides::on(each().map(|(side, clip)| (side, clip.id.as_str())));
    let copies = Sides::on(each().filter_map(|(side, clip)| Some((side, plan.duplicates.copies(clip)?))));
    let audio = Sides::on(each().filter_map(|(side, clip)| Some((side, plan.duplicates.audio(clip)?))));
    let files = Sides::on(each().filter_map(|(side, clip)| Some((side, plan.duplicates.file(clip)?))));
    let corpora = Sides::on(each().map(|(side, clip)| (side, clip.corpus.as_str())));
    let owned = |what: &&str| (*what).to_owned();
    let key = |(corpus, speaker): &(&String, &String)| format!("{corpus}/{speaker}");
    Audit {
        clips: fold.sides().map(|(_, members)| members.len()),
        speakers: speakers.counts(),
        sentences: sentences.counts(),
        shared_clips: ids.twice().map(owned).collect(),
        shared_copies: copies.twice().map(owned).collect(),
        shared_audio: audio.twice().map(owned).collect(),
        shared_files: files.twice().map(owned).collect(),
        shared_speakers: speakers.in_test_too().map(key).collect(),
        shared_validation_speakers: speakers.in_validation_too().map(key).collect(),
        shared_sentences: sentences.in_test_too().count(),
        shared_corpora: corpora.in_test_too().map(owned).collect(),
        recordings_across_speakers: across_speakers(clips, plan),
        scaler: scaler.to_owned(),
        selection_on_test,
    }
}

fn across_speakers(clips: &[Clip], plan: &Plan) -> usize {
    let mut speaker_of: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    let mut across = BTreeSet::new();
    for clip in clips {
        let recording = plan.duplicates.recording(clip);
        let speaker = (clip.corpus.as_str(), clip.speaker.as_str());
        if *speaker_of.entry(recording).or_insert(speaker) != speaker {
            across.insert(recording);
        }
    }
    across.len()
}

impl Audit {
    /// Refuses a split that leaks under the protocol of `plan`; a demonstration of leaks passes.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] where a clip, a copy of it or its bytes are on two sides, where the epoch is picked on the test
    /// side, or where a test speaker is sides under a speaker-independent protocol.
    pub fn check(&self, plan: &Plan, fold: &str) -> Result<()> {
        if plan.leak.is_some() {
            return Ok(());
        }
        let refuse = |problem: String| {
            Err(Error::Data(format!("fold {fold} leaks: {problem}; a figure from it would mean nothing")))
        };
        for (what, items) in [
            ("clips are", &self.shared_clips),
            ("recordings, in different copies, are", &self.shared_copies),
            ("recordings, in files with the same audio, are", &self.shared_audio),
        ] {
            if !items.is_empty() {
                return refuse(format!(
                    "{} {what} on two sides ({}): leave all but one out, by leave_out in [[corpora]] (ser-data scan lists \
                     the files that are one recording)",
                    items.len(),
                    some(items)
                ));
            }
        }
        if self.selection_on_test {
            return refuse("the epoch is picked on clips of the test side".into());
        }
        if plan.speaker_independent && !self.shared_speakers.is_empty() {
            return refuse(format!(
                "{} speakers are on the test side and in training or validation ({})",
                self.shared_speakers.len(),
                some(&self.shared_speakers)
            ));
        }
        Ok(())
    }

    /// The audit for people, a line for each thing that it looked at.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let sides = |counts: [usize; 3]| counts.map(|count| count.to_string()).join(" / ");
        let none_or = |items: &[String]| match items.len() {
            0 => "none".to_owned(),
            n => format!("{n} ({})", some(items)),
        };
        let mut lines = vec![
            format!("clips (train / validation / test): {}", sides(self.clips)),
            format!("speakers: {}", sides(self.speakers)),
            format!("clips on two sides: {}", none_or(&self.shared_clips)),
            format!("copies on two sides: {}", none_or(&self.shared_copies)),
            format!("files with the same audio on two sides: {}", none_or(&self.shared_audio)),
            format!("test speakers also in training or validation: {}", none_or(&self.shared_speakers)),
            format!("validation speakers also in training: {}", none_or(&self.shared_validation_speakers)),
            format!(
                "test sentences also in training or validation: {} of {}",
                self.shared_sentences,
                self.sentences[Side::Test as usize]
            ),
            format!("test corpora also in training or validation: {}", none_or(&self.shared_corpora)),
            format!("scaler: {}", self.scaler),
            format!("epoch picked on the test side: {}", if self.selection_on_test { "YES" } else { "no" }),
        ];
        if !self.shared_files.is_empty() {
            lines.push(format!("files with segments on two sides: {}", none_or(&self.shared_files)));
        }
        if self.recordings_across_speakers > 0 {
            lines.push(format!("recordings that several speakers have in common: {}", self.recordings_across_speakers));
        }
        lines
    }
}

impl fmt::Display for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines().iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// The first few, and whether there are more.
fn some(items: &[String]) -> String {
    let more = if items.len() > 3 { ", …" } else { "" };
    format!("{}{more}", items.iter().take(3).cloned().collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Kind, ProtocolConfig, fake, plan};

    fn fold(train: &[usize], validation: &[usize], test: &[usize]) -> Fold {
        Fold { name: "0".into(), train: train.to_vec(), validation: validation.to_vec(), test: test.to_vec() }
    }

    /// Four speakers with two clips each, under this protocol.
    fn planned(kind: Kind, groups: &[&[String]]) -> (Vec<Clip>, Plan) {
        let (clips, labels) = fake::corpus("c", 4, 2);
        let config = ProtocolConfig { kind, folds: 2, ..ProtocolConfig::default() };
        let plan = plan(&config, "".as_ref(), &clips, &labels, groups.iter().copied()).unwrap();
        (clips, plan)
    }

    fn refusal(audit: &Audit, plan: &Plan) -> String {
        audit.check(plan, "0").unwrap_err().to_string()
    }

    #[test]
    fn a_clip_on_two_sides_is_refused_under_every_protocol() {
        let (clips, plan) = planned(Kind::Random, &[]);
        let found = audit(&clips, &plan, &fold(&[0, 1, 2], &[4], &[2, 6]), "");
        assert_eq!(found.shared_clips, ["c/02/000"]);
        assert!(refusal(&found, &plan).contains("c/02/000"));
        let found = audit(&clips, &plan, &fold(&[0, 1, 4], &[4], &[2, 6]), "");
        assert_eq!(found.shared_clips, ["c/03/000"], "validation is a side as well");
    }

    #[test]
    fn a_shared_speaker_is_refused_where_the_protocol_promises_none() {
        let shared = fold(&[0, 1, 2], &[4], &[3, 6]);
        let (clips, plan) = planned(Kind::Random, &[]);
        let found = audit(&clips, &plan, &shared, "");
        assert_eq!(found.shared_speakers, ["c/02"]);
        found.check(&plan, "0").unwrap();
        let (_, plan) = planned(Kind::SpeakerKfold, &[]);
        assert!(refusal(&found, &plan).contains("c/02"));
    }

    #[test]
    fn the_same_bytes_on_two_sides_are_refused() {
        let group = ["c/01/000".to_owned(), "c/04/000".to_owned()];
        let (clips, plan) = planned(Kind::Random, &[&group]);
        let found = audit(&clips, &plan, &fold(&[0, 1], &[2, 3], &[4, 6]), "");
        assert_eq!((&found.shared_audio[..], found.recordings_across_speakers), (&["c/01/000".to_owned()][..], 1));
        assert!(refusal(&found, &plan).contains("same audio"));
        audit(&clips, &plan, &fold(&[0, 6], &[2, 3], &[4]), "").check(&plan, "0").unwrap();
    }

    #[test]
    fn copies_on_two_sides_are_refused() {
        let clips = fake::named("c", "s", &["a", "a_noise", "b", "c", "d"]);
        let config = ProtocolConfig { kind: Kind::Random, folds: 2, ..ProtocolConfig::default() };
        let plan = fake::plan(&config, &clips, &[0; 5]).unwrap();
        let found = audit(&clips, &plan, &fold(&[0, 2], &[3], &[1]), "");
        assert_eq!(found.shared_copies, ["c/s/a"]);
        assert!(refusal(&found, &plan).contains("copies"));
    }

    #[test]
    fn an_epoch_that_is_picked_on_the_test_side_is_refused() {
        let (clips, plan) = planned(Kind::Random, &[]);
        let found = audit(&clips, &plan, &fold(&[0, 1, 2], &[4, 6], &[4, 6]), "");
        assert!(found.shared_clips.is_empty() && found.selection_on_test);
        assert!(refusal(&found, &plan).contains("epoch"));
    }

    #[test]
    fn what_is_shared_by_design_is_told() {
        let (clips, labels) = fake::labelled([fake::ravdess(), fake::savee()].concat());
        let config = ProtocolConfig { kind: Kind::SpeakerKfold, ..ProtocolConfig::default() };
        let plan = fake::plan(&config, &clips, &labels).unwrap();
        let found = audit(&clips, &plan, &plan.folds[0], "training side alone");
        found.check(&plan, "0").unwrap();
        assert_eq!(found.speakers.iter().sum::<usize>(), 28);
        assert_eq!(found.shared_corpora, ["ravdess", "savee"]);
        let text = found.to_string();
        for line in [
            "clips on two sides: none",
            "test sentences also in training or validation: 122 of 122",
            "scaler: training side alone",
            "epoch picked on the test side: no",
        ] {
            assert!(text.lines().any(|found| found == line), "{text}");
        }
        let json = serde_json::to_string(&found).unwrap();
        assert_eq!(serde_json::from_str::<Audit>(&json).unwrap(), found);
    }
}
