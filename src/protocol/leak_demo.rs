//! A leak on purpose: the recipe behind the field's highest figures, beside which the honest one can be shown.
//!
//! Each clip is copied before the split, and the rows (clips and copies) are dealt at random, so that nearly every
//! tested row has a sibling that was trained on. The epoch is picked on the test side on top of that. Nothing that
//! comes of it is a result: [`Plan::brand`](super::Plan::brand) goes on every line and picture.

use rand::seq::SliceRandom;

use super::{
    Draft, Leak,
    contract::{Dealt, Protocol, Speakers},
    task::Task,
};
use crate::{error::Result, rng};

pub(super) const PROTOCOL: Protocol = Protocol {
    about: "four copies of each clip split at random by row, epoch picked on the test side",
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
    rows.truncate(tested);
    let draft = Draft { validation: Some(rows.clone()), ..Draft::new("0".into(), rows) };
    Ok(Dealt { leak: Some(Leak { copies_before_split: COPIES, selection_on_test: true }), ..vec![draft].into() })
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
        assert_eq!(plan.leak, Some(Leak { copies_before_split: 4, selection_on_test: true }));
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
    }
}
