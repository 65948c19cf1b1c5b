//! A leak on purpose: the recipe behind the field's highest figures, beside which the honest one can be shown.
//!
//! Each clip is copied before the split, and the rows (clips and copies) are dealt at random, so that nearly every
//! tested row has a sibling that was trained on. The epoch is picked on the test side on top of that, unless
//! `protocol.leak = "copies"`. Nothing that comes of it is a result: [`Plan::brand`](super::Plan::brand) goes on every line and picture.

use rand::seq::SliceRandom;

use super::{
    Draft, Leak, LeakKind,
    contract::{Dealt, Protocol, Speakers},
    task::Task,
};
use crate::{error::Result, rng};

pub(super) const PROTOCOL: Protocol = Protocol {
    about: "four copies of each clip split at random by row",
    speakers: Speakers::Shared,
    keys: &["holdout"],
    deal,
};

/// Rows of each clip, itself among them: as it is, with noise, stretched, shifted in pitch.
const COPIES: usize = 4;

/// The tested share where the config names none: the one that scikit-learn takes for granted.
const HOLDOUT: f64 = 0.25;

#[allow(clippy::unnecessary_wraps)] // the signature that all protocols share
fn deal(task: &Task<'_>) -> Result<Dealt> {
    let mut rows: Vec<usize> = (0..task.clips.len() * COPIES).collect();
    rows.shuffle(&mut rng::stream(task.config.seed, &[&"split", &"leak"]));
    let tested = (rows.len() as f64 * task.config.holdout.unwrap_or(HOLDOUT)).round() as usize;
    let rest = rows.split_off(tested.min(rows.len()));
    let selection_on_test = task.config.leak != Some(LeakKind::Copies);
    let validation = match selection_on_test {
        true => rows.clone(),
        false => rest.iter().copied().take((rest.len() as f64 * task.config.validation).round() as usize).collect(),
    };
    let draft = Draft { validation: Some(validation), ..Draft::new("0".into(), rows) };
    let leak = Leak { copies_before_split: COPIES, selection_on_test, scaler_on_all: false, sentences: false };
    Ok(Dealt { leak: Some(leak), ..vec![draft].into() })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::protocol::{Kind, ProtocolConfig, audit::audit, fake};

    #[test]
    fn copies_are_on_both_sides_and_the_audit_counts_them() {
        let config = ProtocolConfig { kind: Kind::LeakDemo, ..ProtocolConfig::default() };
        let (clips, labels) = fake::labelled(fake::ravdess());
        let plan = fake::plan(&config, &clips, &labels).unwrap();
        let fold = &plan.folds[0];
        let leak = Leak { copies_before_split: 4, selection_on_test: true, scaler_on_all: false, sentences: false };
        assert_eq!(plan.leak, Some(leak));
        assert_eq!(plan.validation_rule(), "the test side itself");
        assert!(plan.brand().is_some_and(|brand| brand.contains("LEAK")) && !plan.speaker_independent);
        assert_eq!((fold.train.len(), fold.test.len()), (4320, 1440));
        assert_eq!(fold.validation, fold.test);
        let of = |rows: &[usize]| rows.iter().map(|&row| plan.clip_and_copy(row).0).collect::<BTreeSet<_>>();
        let (train, test) = (of(&fold.train), of(&fold.test));
        let audit = audit(&clips, &plan, fold, "all data");
        let leaking = train.intersection(&test).count();
        assert!(leaking > 900, "{leaking} of {} tested clips", test.len());
        assert_eq!(audit.shared_clips.len(), leaking);
        assert!(audit.selection_on_test && audit.shared_speakers.len() == 24);
        audit.check(&plan, "0").unwrap();
        // Copies alone: the epoch is picked on rows of the training side.
        let alone = ProtocolConfig { leak: Some(LeakKind::Copies), ..config };
        let other = fake::plan(&alone, &clips, &labels).unwrap();
        assert!(other.folds[0].test == fold.test && !other.leak.unwrap().selection_on_test);
        assert_eq!((other.folds[0].train.len(), other.folds[0].validation.len()), (3672, 648));
    }
}
