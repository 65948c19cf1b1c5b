//! The runs of one experiment are of one labelling: the same clips with the same sound, class and speaker.

use std::collections::BTreeMap;

use crate::{
    error::{Error, Result},
    run::{Difference, RunDir, RunRecord, SplitRow},
};

/// What the runs so far have read.
#[derive(Default)]
pub(super) struct Labelling {
    digest: Option<String>,
    rows: BTreeMap<String, SplitRow>,
}

impl Labelling {
    /// Refuses a run of other data than those before it.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] that says what is different.
    pub(super) fn check(&mut self, dir: &RunDir, record: &RunRecord, split: &[SplitRow]) -> Result<()> {
        let known: Vec<SplitRow> = split.iter().filter_map(|row| self.rows.get(&row.clip).cloned()).collect();
        let mut found = Difference::between(&known, split);
        // Folds part the clips otherwise, and may leave some out.
        found.sides.clear();
        found.added.clear();
        let digest = record.data.as_ref().map(|data| data.digest.clone());
        let same = match (&self.digest, &digest) {
            (Some(theirs), Some(ours)) => theirs == ours,
            _ => true,
        };
        if found.is_empty() && same {
            self.digest = self.digest.take().or(digest);
            self.rows.extend(split.iter().map(|row| (row.clip.clone(), row.clone())));
            return Ok(());
        }
        let what = if found.is_empty() { "clips have come or gone".to_owned() } else { found.to_string() };
        Err(Error::Config(format!(
            "{} was trained on other data than the runs beside it ({what}): figures of both would be of neither. Train the \
             runs again that are of the data as it was, or evaluate them apart",
            dir.path().display()
        )))
    }
}

/// Refuses a run of another config than the first.
///
/// # Errors
///
/// [`Error::Config`] that names both.
pub(super) fn same_config(dir: &RunDir, record: &RunRecord, first: &RunRecord) -> Result<()> {
    if record.config_hash == first.config_hash {
        return Ok(());
    }
    Err(Error::Config(format!(
        "{} was trained with another config than the runs beside it ({} and {}): evaluate them apart",
        dir.path().display(),
        record.config_hash,
        first.config_hash
    )))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{bundle::made_up, protocol::Side, run::DataRecord};

    fn row(clip: &str, emotion: &str, side: Side) -> SplitRow {
        SplitRow { clip: clip.into(), speaker: "c/s".into(), emotion: emotion.into(), side, hash: None }
    }

    #[test]
    fn folds_of_one_labelling_are_pooled_and_those_of_two_are_not() {
        let dir = RunDir::of(Path::new("x"), "0", 1);
        let record = |digest: &str| RunRecord {
            data: Some(DataRecord { digest: digest.into(), ..DataRecord::default() }),
            ..made_up::bundle(1).record
        };
        let old = RunRecord { data: None, ..record("") };
        let mut runs = Labelling::default();
        runs.check(&dir, &old, &[row("a", "sad", Side::Test), row("b", "sad", Side::Train)]).unwrap();
        runs.check(&dir, &record("1"), &[row("a", "sad", Side::Train), row("b", "sad", Side::Test)]).unwrap();
        let relabelled = [row("a", "angry", Side::Train)];
        for record in [&old, &record("1")] {
            let refused = runs.check(&dir, record, &relabelled).unwrap_err().to_string();
            assert!(refused.contains("1 label has changed (a: sad → angry)"), "{refused}");
        }
        let refused = runs.check(&dir, &record("2"), &[row("a", "sad", Side::Test)]).unwrap_err().to_string();
        assert!(refused.contains("come or gone"), "{refused}");
    }
}
