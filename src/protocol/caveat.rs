//! What a figure of a split does not cover: facts that have to stand beside it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{Deserialize, Serialize};

use super::Plan;
use crate::corpus::Clip;

/// One thing that a figure does not cover.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Caveat {
    /// The corpus is not whole.
    PartOfCorpus {
        /// The corpus.
        corpus: String,
        /// Clips that are there.
        found: usize,
        /// Clips that it has as it is published.
        published: usize,
    },
    /// Clips of a corpus are missing or damaged, and the config lets training go on without them.
    ClipsLost {
        /// The corpus.
        corpus: String,
        /// How many.
        lost: usize,
    },
    /// No clip of a listed class can be used: the task lacks the class.
    ClassWithoutClips {
        /// The class.
        class: String,
    },
    /// A class is tested, and no clip of it is on the training side.
    ClassNeverLearnt {
        /// The class.
        class: String,
        /// The folds in which that is so.
        folds: Vec<String>,
    },
    /// A list of clips names some that are not there.
    ListedClipsMissing {
        /// How many.
        clips: usize,
        /// The first of them, as the list has it.
        first: String,
    },
    /// Every speaker of a corpus has one clip: the names may be those of the clips.
    SpeakersOfOneClip {
        /// The corpus.
        corpus: String,
        /// How many.
        speakers: usize,
    },
    /// Clips of one speaker say different things of the speaker.
    SpeakersContradicted {
        /// The corpus.
        corpus: String,
        /// What is said of them: sex, age, or a column's name.
        property: String,
        /// How many speakers.
        speakers: usize,
        /// The first of them.
        first: String,
        /// What the clips of the first say.
        values: Vec<String>,
    },
    /// Clips of several speakers, of one corpus or of two, are one recording.
    RecordingsOfSeveralSpeakers {
        /// How many recordings.
        recordings: usize,
        /// How many clips they are.
        clips: usize,
        /// Of how many.
        of: usize,
        /// Two clips that are one.
        first: [String; 2],
    },
    /// The config leaves clips of a corpus out.
    LeftOut {
        /// The corpus.
        corpus: String,
        /// Their names, as the config has them.
        clips: Vec<String>,
        /// Clips of the corpus, with them.
        of: usize,
    },
    /// The predictions were made elsewhere.
    MadeElsewhere,
    /// They were, and the split was audited.
    MadeElsewhereAudited,
    /// Test clips have no prediction.
    ClipsNotPredicted {
        /// How many.
        clips: usize,
        /// The first of them, as the split has it.
        first: String,
    },
    /// Test clips whose speaker nobody names.
    SpeakersNotKnown {
        /// How many.
        clips: usize,
        /// Of how many.
        of: usize,
    },
    /// The predictions are answers alone: of probabilities nothing can be said.
    NoProbabilities,
    /// The split that predictions were judged by has clips on two sides.
    SplitLeaks,
    /// How sure the answers are was fitted on test clips (`train.calibrate_on`).
    CalibratedOnTest {
        /// The corpora that the clips are of.
        corpora: Vec<String>,
    },
}

impl Caveat {
    /// Whether a published figure may not stand beside one with this caveat: they are not of the same data.
    #[must_use]
    pub fn bars_published(&self) -> bool {
        if let Self::LeftOut { clips, of, .. } = self {
            // So few alter an accuracy by no more than its last digit.
            return clips.len() * 1000 > *of;
        }
        if let Self::RecordingsOfSeveralSpeakers { clips, of, .. } = self {
            return clips * 1000 > *of;
        }
        !matches!(
            self,
            Self::ListedClipsMissing { .. }
                | Self::SpeakersOfOneClip { .. }
                | Self::SpeakersContradicted { .. }
                | Self::NoProbabilities
                | Self::SpeakersNotKnown { .. }
                | Self::CalibratedOnTest { .. }
        )
    }
}

impl fmt::Display for Caveat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PartOfCorpus { corpus, found, published } => {
                write!(f, "INCOMPLETE CORPUS: {corpus} has {found} of {published} clips.")
            }
            Self::ClipsLost { corpus, lost } => {
                write!(f, "CLIPS MISSING: {lost} of {corpus} are missing or damaged, and were left out.")
            }
            Self::ClassWithoutClips { class } => {
                write!(f, "CLASS MISSING: no clip of {class} can be used; the task is without it.")
            }
            Self::ClassNeverLearnt { class, folds } => {
                write!(f, "NEVER TRAINED: {class} is tested and has no training clips in fold {}.", folds.join(", "))
            }
            Self::ListedClipsMissing { clips, first } => {
                let are = if *clips == 1 { "clip is" } else { "clips are" };
                write!(f, "{clips} listed {are} not there, as {first}.")
            }
            Self::SpeakersOfOneClip { corpus, speakers } => {
                write!(
                    f,
                    "A SPEAKER A CLIP: each of the {speakers} speakers of {corpus} has one clip. If the column names clips and \
                     not who speaks, people are on several sides, and nothing here shows it."
                )
            }
            Self::SpeakersContradicted { corpus, property, speakers, first, values } => {
                write!(
                    f,
                    "CONTRADICTED: of {speakers} {} of {corpus} the clips name several values of {property}, as of {first} ({}). \
                     What is told by {property} counts such people more than once, or not at all: mend the table.",
                    if *speakers == 1 { "speaker" } else { "speakers" },
                    values.join(", ")
                )
            }
            Self::RecordingsOfSeveralSpeakers { recordings, clips, of, first: [one, other] } => {
                write!(
                    f,
                    "THE SAME RECORDINGS: {clips} of {of} clips are {recordings} that several speakers have, as {one} and \
                     {other}. Each counts as often as it is listed, and people as often as they are named: leave copies out, \
                     by leave_out in [[corpora]] or in the table."
                )
            }
            Self::LeftOut { corpus, clips, of } => {
                let (first, more) = (clips.first().map_or("", String::as_str), clips.len().saturating_sub(1));
                let and = if more > 0 { format!(" and {more} more") } else { String::new() };
                write!(f, "LEFT OUT by the config: {first}{and} of {of} clips of {corpus}.")
            }
            Self::MadeElsewhere => {
                write!(f, "PREDICTIONS FROM ELSEWHERE: training, selection and split were not looked at.")
            }
            Self::MadeElsewhereAudited => {
                write!(f, "PREDICTIONS FROM ELSEWHERE: the split was audited; training and selection could not be.")
            }
            Self::ClipsNotPredicted { clips, first } => {
                let have = if *clips == 1 { "clip has" } else { "clips have" };
                write!(
                    f,
                    "NOT PREDICTED: {clips} test {have} no prediction, as {first}; the figures are of the others."
                )
            }
            Self::CalibratedOnTest { corpora } => {
                write!(
                    f,
                    "CALIBRATED ON TEST CLIPS of {}: the temperature and the doubt were fitted on some of them; \
                     calibration, log loss and what is called uncertain are not independent of the test side.",
                    corpora.join(", ")
                )
            }
            Self::NoProbabilities => {
                write!(f, "NO PROBABILITIES: what depends on them (calibration, AUROC, log loss) is left out.")
            }
            Self::SpeakersNotKnown { clips, of } => {
                write!(
                    f,
                    "SPEAKERS NOT KNOWN of {clips} of {of} test clips: there are no intervals by speaker and no fairness."
                )
            }
            Self::SplitLeaks => {
                write!(f, "THE SPLIT LEAKS: clips are on two sides; the figures mean nothing.")
            }
        }
    }
}

/// Corpora each of whose speakers has one clip, of which there are so many that the names may well be those of clips.
pub(crate) fn speakers_of_one_clip(clips: &[Clip]) -> Vec<Caveat> {
    const MANY: usize = 20;
    let mut speakers: BTreeMap<&str, (usize, BTreeSet<&str>)> = BTreeMap::new();
    for clip in clips {
        let (count, names) = speakers.entry(&clip.corpus).or_default();
        *count += 1;
        names.insert(&clip.speaker);
    }
    let suspicious = speakers.into_iter().filter(|(_, (clips, names))| *clips >= MANY && names.len() == *clips);
    suspicious
        .map(|(corpus, (speakers, _))| Caveat::SpeakersOfOneClip { corpus: corpus.to_owned(), speakers })
        .collect()
}

/// The classes that a fold tests and does not learn.
pub(crate) fn never_learnt(plan: &Plan, labels: &[usize], classes: &[String]) -> Vec<Caveat> {
    let mut folds: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for fold in &plan.folds {
        let of = |rows: &[usize]| -> BTreeSet<usize> {
            rows.iter().filter_map(|&row| labels.get(plan.clip_and_copy(row).0).copied()).collect()
        };
        for class in of(&fold.test).difference(&of(&fold.train)) {
            folds.entry(*class).or_default().push(fold.name.clone());
        }
    }
    let name = |class: usize| classes.get(class).cloned().unwrap_or_default();
    folds.into_iter().map(|(class, folds)| Caveat::ClassNeverLearnt { class: name(class), folds }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Kind, ProtocolConfig, fake};

    #[test]
    fn speakers_who_have_one_clip_each_are_told_of() {
        let of = |speakers: usize, clips: &[&str]| -> Vec<Clip> {
            (0..speakers).flat_map(|i| fake::named("a", &format!("s{i}"), clips)).collect()
        };
        let found = speakers_of_one_clip(&of(20, &["1"]));
        assert_eq!(found, [Caveat::SpeakersOfOneClip { corpus: "a".into(), speakers: 20 }]);
        assert!(found[0].to_string().contains("each of the 20 speakers of a has one clip"), "{}", found[0]);
        assert!(
            speakers_of_one_clip(&of(19, &["1"])).is_empty() && speakers_of_one_clip(&of(20, &["1", "2"])).is_empty()
        );
    }

    #[test]
    fn clips_left_out_are_told_and_more_than_one_in_a_thousand_bar_published_figures() {
        let left_out = |clips: usize| Caveat::LeftOut { corpus: "c".into(), clips: vec!["a".into(); clips], of: 2000 };
        assert_eq!(left_out(2).to_string(), "LEFT OUT by the config: a and 1 more of 2000 clips of c.");
        assert_eq!([2, 3].map(|clips| left_out(clips).bars_published()), [false, true]);
    }

    #[test]
    fn a_class_that_is_tested_and_not_learnt_is_told_with_its_folds() {
        let clips = [fake::named("a", "s", &["1", "2", "3"]), fake::named("b", "t", &["4", "5", "6"])].concat();
        let config = ProtocolConfig { kind: Kind::CrossCorpus, ..ProtocolConfig::default() };
        let labels = [0, 1, 0, 0, 2, 0];
        let plan = fake::plan(&config, &clips, &labels).unwrap();
        let classes = ["sad", "joy", "happy"].map(str::to_owned);
        let found = never_learnt(&plan, &labels, &classes);
        let told = |class: &str, fold: &str| Caveat::ClassNeverLearnt { class: class.into(), folds: vec![fold.into()] };
        assert_eq!(found, [told("joy", "b-to-a"), told("happy", "a-to-b")]);
        assert!(found[0].to_string().contains("joy") && found[0].bars_published());
        let json = serde_json::to_string(&found).unwrap();
        assert_eq!(serde_json::from_str::<Vec<Caveat>>(&json).unwrap(), found);
    }
}
