//! A fold as somebody else's list has it: clip by clip.

use std::collections::BTreeSet;

use super::{Caveat, Draft, Side, task::Task};
use crate::error::{Error, Result};

/// Each clip's side in one fold, as far as it was read.
pub(super) struct Lists {
    sides: Vec<Option<Side>>,
    /// Where the list is from, for messages.
    origin: String,
}

impl Lists {
    /// For `n` clips, none of which has a side.
    pub(super) fn new(n: usize, origin: String) -> Self {
        Self { sides: vec![None; n], origin }
    }

    /// Puts a clip on a side; it must not be on another.
    pub(super) fn put(&mut self, task: &Task<'_>, clip: usize, side: Side) -> Result<()> {
        match self.sides[clip].replace(side) {
            Some(before) if before != side => Err(Error::Data(format!(
                "{}: {} is on two sides, {before} and {side}",
                self.origin, task.clips[clip].id
            ))),
            _ => Ok(()),
        }
    }

    /// The fold, where every clip has a side. Without a validation side, one is cut as for any protocol.
    pub(super) fn draft(self, task: &Task<'_>, name: String) -> Result<Draft> {
        let on = |side: Option<Side>| -> Vec<usize> {
            (0..self.sides.len()).filter(|&clip| self.sides[clip] == side).collect()
        };
        let lost = on(None);
        if let Some(&first) = lost.first() {
            return Err(Error::Data(format!(
                "{}: {} on no side, as {}: list them, or leave them out of the corpus",
                self.origin,
                if lost.len() == 1 { "1 clip is".to_owned() } else { format!("{} clips are", lost.len()) },
                task.clips[first].id
            )));
        }
        let validation = on(Some(Side::Validation));
        let validation = (!validation.is_empty()).then_some(validation);
        Ok(Draft { validation, ..Draft::new(name, on(Some(Side::Test))) })
    }
}

/// What a list names and the clips lack: excluded files, another edition of the corpus.
#[derive(Default)]
pub(super) struct Missing(BTreeSet<String>);

impl Missing {
    pub(super) fn note(&mut self, name: &str) {
        self.0.insert(name.to_owned());
    }

    /// For those who read the figure.
    pub(super) fn caveat(&self) -> Option<Caveat> {
        Some(Caveat::ListedClipsMissing { clips: self.0.len(), first: self.0.first()?.clone() })
    }
}
