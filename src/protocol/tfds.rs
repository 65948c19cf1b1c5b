//! One split by lists of speakers: CREMA-D's and SAVEE's as TensorFlow Datasets (and SERAB after it) have them, and
//! RAVDESS's as SERAB has it. Several of these corpora in one experiment are split each by its own list.
//!
//! TensorFlow Datasets lacks four clips of CREMA-D: 1006_TIE_NEU_XX and 1017_IWW_FEA_XX on the training side,
//! 1013_WSI_DIS_XX and 1040_ITH_SAD_XX on the test side. They are not left out here, so that a full CREMA-D has
//! 5146/738/1558 clips (train, validation, test) instead of 5144/738/1556; without the clips that
//! [`inspect`](crate::corpus::inspect()) excludes it has 5141/738/1556.

use super::{
    Draft,
    contract::{self, Dealt, Protocol},
    listed::{self, Speakers},
    task::Task,
};
use crate::error::Result;

pub(super) const PROTOCOL: Protocol = Protocol {
    about: "one split by speaker: CREMA-D and SAVEE as in TensorFlow Datasets, RAVDESS as in SERAB",
    speakers: contract::Speakers::Apart,
    keys: &[],
    deal,
};

const LISTS: [(&str, Speakers); 3] = [
    (
        "crema_d",
        Speakers {
            test: &[
                "1010", "1013", "1022", "1026", "1037", "1038", "1040", "1045", "1047", "1048", "1059", "1065", "1066",
                "1068", "1071", "1073", "1084", "1086", "1088",
            ],
            validation: &["1015", "1020", "1021", "1030", "1050", "1070", "1079", "1089", "1090"],
        },
    ),
    ("savee", Speakers { test: &["DC"], validation: &["JE"] }),
    ("ravdess", Speakers { test: &["01", "04", "13", "16", "22"], validation: &["06", "08", "10", "19", "20"] }),
];

fn deal(task: &Task<'_>) -> Result<Dealt> {
    listed::refuse_others(task, &LISTS.each_ref().map(|(corpus, _)| *corpus))?;
    let parts = LISTS.iter().map(|(corpus, list)| list.draft(task, corpus, String::new()));
    let (tests, validations): (Vec<_>, Vec<_>) = parts.map(|part| (part.test, part.validation)).unzip();
    let validation = Some(validations.into_iter().flatten().flatten().collect());
    let note = "the four clips of CREMA-D that TensorFlow Datasets lacks are not left out".to_owned();
    let note = task.corpora().contains("crema_d").then_some(note);
    Ok(Dealt { note, ..vec![Draft { validation, ..Draft::new("0".into(), tests.concat()) }].into() })
}

#[cfg(test)]
mod tests {
    use crate::{
        corpus::Clip,
        protocol::{Kind, ProtocolConfig, fake},
    };

    fn split(clips: Vec<Clip>) -> (Vec<Clip>, crate::protocol::Fold) {
        let config = ProtocolConfig { kind: Kind::Tfds, ..ProtocolConfig::default() };
        let (clips, labels) = fake::labelled(clips);
        let mut plan = fake::plan(&config, &clips, &labels).unwrap();
        assert!(plan.folds.len() == 1 && plan.speaker_independent);
        (clips, plan.folds.remove(0))
    }

    fn counts(clips: Vec<Clip>) -> [usize; 3] {
        split(clips).1.sides().map(|(_, members)| members.len())
    }

    #[test]
    fn crema_d_has_the_published_speakers_and_counts() {
        let (clips, fold) = split(fake::crema_d());
        // As they are published.
        let validation = "1015 1020 1021 1030 1050 1070 1079 1089 1090";
        let test = "1010 1013 1022 1026 1037 1038 1040 1045 1047 1048 1059 1065 1066 1068 1071 1073 1084 1086 1088";
        assert_eq!(fake::actors(&clips, &fold.validation).replace(',', " "), validation);
        assert_eq!(fake::actors(&clips, &fold.test).replace(',', " "), test);
        assert_eq!(fold.sides().map(|(_, members)| members.len()), [5146, 738, 1558]);
        let lacking = |stems: &[&str]| {
            let is_there = |clip: &Clip| !stems.iter().any(|stem| clip.id.ends_with(stem));
            fake::crema_d().into_iter().filter(is_there).collect()
        };
        let tfds = lacking(&["1040_ITH_SAD_XX", "1006_TIE_NEU_XX", "1013_WSI_DIS_XX", "1017_IWW_FEA_XX"]);
        assert_eq!(counts(tfds), [5144, 738, 1556]);
        let inspected = lacking(&[
            "1006_TIE_HAP_XX",
            "1006_TIE_NEU_XX",
            "1013_WSI_DIS_XX",
            "1013_WSI_SAD_XX",
            "1017_IWW_ANG_XX",
            "1017_IWW_FEA_XX",
            "1076_MTI_SAD_XX",
        ]);
        assert_eq!(counts(inspected), [5141, 738, 1556]);
    }

    #[test]
    fn savee_and_ravdess_have_the_published_speakers() {
        let (clips, fold) = split(fake::savee());
        let sides = fold.sides().map(|(_, members)| (fake::actors(&clips, members), members.len()));
        assert_eq!(sides, [("JK,KL".to_owned(), 240), ("JE".to_owned(), 120), ("DC".to_owned(), 120)]);
        let (clips, fold) = split(fake::ravdess());
        assert_eq!(fake::actors(&clips, &fold.validation), "6,8,10,19,20");
        assert_eq!(fake::actors(&clips, &fold.test), "1,4,13,16,22");
        assert_eq!(fold.sides().map(|(_, members)| members.len()), [840, 300, 300]);
    }

    #[test]
    fn several_corpora_are_split_each_by_its_list() {
        assert_eq!(counts([fake::crema_d(), fake::savee(), fake::ravdess()].concat()), [6226, 1158, 1978]);
    }
}
