//! RAVDESS in the five folds of C. Luna-Jiménez et al., "Multimodal Emotion Recognition on RAVDESS Dataset Using
//! Transfer Learning", Sensors 21(22), 2021. The validation actors are those of ResLSTM-SER.

use super::{
    contract::{self, Dealt, Protocol},
    listed::{self, Speakers},
    task::Task,
};
use crate::error::Result;

pub(super) const PROTOCOL: Protocol = Protocol {
    about: "RAVDESS by actor in the five folds of Luna-Jiménez et al. 2021; validation actors as in ResLSTM-SER",
    speakers: contract::Speakers::Apart,
    keys: &[],
    deal,
};

const CORPUS: &str = "ravdess";

const FOLDS: [Speakers; 5] = [
    Speakers { test: &["02", "05", "14", "15", "16"], validation: &["03", "06"] },
    Speakers { test: &["03", "06", "07", "13", "18"], validation: &["10", "11"] },
    Speakers { test: &["10", "11", "12", "19", "20"], validation: &["08", "17"] },
    Speakers { test: &["08", "17", "21", "23", "24"], validation: &["01", "14"] },
    Speakers { test: &["01", "04", "09", "22"], validation: &["02", "05"] },
];

fn deal(task: &Task<'_>) -> Result<Dealt> {
    listed::refuse_others(task, &[CORPUS])?;
    let drafts = FOLDS.iter().enumerate().map(|(k, fold)| fold.draft(task, CORPUS, k.to_string()));
    Ok(drafts.collect::<Vec<_>>().into())
}

#[cfg(test)]
mod tests {
    use crate::protocol::{Kind, ProtocolConfig, fake};

    #[test]
    fn the_actors_are_the_published_ones() {
        let config = ProtocolConfig { kind: Kind::Luna5Fold, ..ProtocolConfig::default() };
        let (clips, labels) = fake::labelled(fake::ravdess());
        let plan = fake::plan(&config, &clips, &labels).unwrap();
        assert!(plan.speaker_independent);
        assert_eq!(plan.validation_rule(), "named by the protocol");
        // As they are published.
        let published = [
            ("2,5,14,15,16", "3,6"),
            ("3,6,7,13,18", "10,11"),
            ("10,11,12,19,20", "8,17"),
            ("8,17,21,23,24", "1,14"),
            ("1,4,9,22", "2,5"),
        ];
        for (fold, (test, validation)) in plan.folds.iter().zip(published) {
            assert_eq!(fake::actors(&clips, &fold.test), test);
            assert_eq!(fake::actors(&clips, &fold.validation), validation);
        }
        let counts = plan.folds.iter().map(|fold| (fold.train.len(), fold.validation.len(), fold.test.len()));
        assert_eq!(
            counts.collect::<Vec<_>>(),
            [(1020, 120, 300), (1020, 120, 300), (1020, 120, 300), (1020, 120, 300), (1080, 120, 240)]
        );
    }

    #[test]
    fn another_corpus_is_an_error_that_names_it() {
        let config = ProtocolConfig { kind: Kind::Luna5Fold, ..ProtocolConfig::default() };
        let (clips, labels) = fake::corpus("tess", 2, 10);
        let error = fake::plan(&config, &clips, &labels).unwrap_err().to_string();
        assert!(error.contains("ravdess") && error.contains("tess"), "{error}");
    }
}
