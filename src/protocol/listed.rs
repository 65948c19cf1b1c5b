//! Lists of speakers: what the published protocols are made of.

use super::{Draft, task::Task};
use crate::error::{Error, Result};

/// Who is tested in a fold, by their names in the corpus; everybody else is on the training side.
pub(super) struct Speakers {
    pub test: &'static [&'static str],
    /// Empty where the protocol leaves it open.
    pub validation: &'static [&'static str],
}

impl Speakers {
    /// The fold over the clips of `corpus`.
    pub(super) fn draft(&self, task: &Task<'_>, corpus: &str, name: String) -> Draft {
        let of = |names: &[&str]| task.members(|clip| clip.corpus == corpus && names.contains(&clip.speaker.as_str()));
        let validation = (!self.validation.is_empty()).then(|| of(self.validation));
        Draft { validation, ..Draft::new(name, of(self.test)) }
    }
}

/// Refuses clips of corpora that the protocol has no list for.
pub(super) fn refuse_others(task: &Task<'_>, known: &[&str]) -> Result<()> {
    match task.corpora().iter().find(|corpus| !known.contains(corpus)) {
        None => Ok(()),
        Some(other) => Err(Error::Config(format!(
            "protocol.kind = {} lists the speakers of {}, and the clips hold {other} too: choose speaker-kfold, or leave \
             that corpus out (a list goes by the corpus's `name`)",
            task.config.kind,
            known.join(", ")
        ))),
    }
}
