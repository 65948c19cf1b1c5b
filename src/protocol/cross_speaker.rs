//! One speaker trained on and the other tested, both ways: what two speakers can tell of a third.

use super::{
    Draft,
    contract::{Dealt, Protocol, Speakers},
    task::Task,
};
use crate::error::{Error, Result};

pub(super) const PROTOCOL: Protocol = Protocol {
    about: "one of two speakers trained on, the other tested; both ways",
    speakers: Speakers::Apart,
    keys: &[],
    deal,
};

fn deal(task: &Task<'_>) -> Result<Dealt> {
    let voices = task.voices(&task.all());
    let [one, other] = &voices[..] else {
        return Err(Error::Config(format!(
            "protocol.kind = {} is for two speakers, as TESS has them, and the clips have {}: choose leave-one-speaker-out",
            task.config.kind,
            voices.len()
        )));
    };
    let way = |from: &[usize], to: &[usize]| {
        Draft::new(format!("{}-to-{}", task.speaker_names(from), task.speaker_names(to)), to.to_vec())
    };
    Ok(vec![way(one, other), way(other, one)].into())
}

#[cfg(test)]
mod tests {
    use crate::protocol::{Kind, ProtocolConfig, fake};

    #[test]
    fn tess_is_tested_both_ways() {
        let config = ProtocolConfig { kind: Kind::CrossSpeaker, ..ProtocolConfig::default() };
        let (clips, labels) = fake::labelled(fake::tess());
        let plan = fake::plan(&config, &clips, &labels).unwrap();
        let folds: Vec<_> = plan
            .folds
            .iter()
            .map(|fold| (fold.name.as_str(), fake::actors(&clips, &fold.test), fold.sides().map(|side| side.1.len())))
            .collect();
        let expected = [("OAF-to-YAF", "YAF"), ("YAF-to-OAF", "OAF")];
        assert_eq!(folds, expected.map(|(name, test)| (name, test.to_owned(), [1190, 210, 1400])));
        let (clips, labels) = fake::labelled(fake::savee());
        let error = fake::plan(&config, &clips, &labels).unwrap_err().to_string();
        assert!(error.contains("have 4") && error.contains("leave-one-speaker-out"), "{error}");
    }
}
