//! As many folds as speakers, each tested once.

use super::{
    Draft,
    contract::{Dealt, Protocol, Speakers},
    task::Task,
};
use crate::error::{Error, Result};

pub(super) const PROTOCOL: Protocol = Protocol {
    about: "one speaker tested in each fold, never in training",
    speakers: Speakers::Apart,
    keys: &[],
    deal,
};

fn deal(task: &Task<'_>) -> Result<Dealt> {
    let voices = task.voices(&task.all());
    if voices.len() < 2 {
        return Err(Error::Config(format!(
            "protocol.kind = {}: the clips have one speaker only; choose random",
            task.config.kind
        )));
    }
    let drafts = voices.into_iter().map(|test| Draft::new(task.speaker_names(&test), test));
    Ok(drafts.collect::<Vec<_>>().into())
}

#[cfg(test)]
mod tests {
    use crate::protocol::{Kind, ProtocolConfig, fake};

    #[test]
    fn every_speaker_is_a_fold() {
        let config = ProtocolConfig { kind: Kind::LeaveOneSpeakerOut, ..ProtocolConfig::default() };
        let (clips, labels) = fake::labelled([fake::savee(), fake::tess()].concat());
        let plan = fake::plan(&config, &clips, &labels).unwrap();
        let folds: Vec<_> = plan.folds.iter().map(|fold| (fold.name.as_str(), fold.test.len())).collect();
        let expected = [("savee-DC", 120), ("savee-JE", 120), ("savee-JK", 120), ("savee-KL", 120), ("tess-OAF", 1400)];
        assert_eq!(folds[..5], expected);
        let (clips, labels) = fake::labelled(fake::savee());
        let plan = fake::plan(&config, &clips, &labels).unwrap();
        assert_eq!(plan.folds[3].name, "KL");
        assert_eq!(
            plan.validation_rule(),
            "clips from the training side, stratified by class (54 of 360): too few speakers to take whole ones"
        );
        let (clips, labels) = fake::corpus("c", 1, 10);
        assert!(fake::plan(&config, &clips, &labels).unwrap_err().to_string().contains("one speaker"));
    }
}
