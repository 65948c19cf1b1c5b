//! The runs of one experiment are of one labelling: the same clips with the same sound, class and speaker, the same folds, and
//! whatever else was read the same.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    config::Experiment,
    error::{Error, Result},
    run::{DataRecord, Difference, RunDir, RunRecord, SettingRecord, SplitRow},
};

/// What the runs so far have read.
#[derive(Default)]
pub(super) struct Labelling {
    data: Option<DataRecord>,
    test_sides: Option<String>,
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
        let elsewhere = match (&self.data, &record.data) {
            (Some(theirs), Some(ours)) if theirs.digest != ours.digest => Some("clips have come or gone".to_owned()),
            (Some(theirs), Some(ours)) => other_input(dir, theirs, ours),
            _ => None,
        };
        let what = match (found.is_empty(), elsewhere, &self.test_sides, &record.protocol.test_sides) {
            (false, ..) => found.to_string(),
            (true, Some(what), ..) => what,
            (true, None, Some(theirs), Some(ours)) if theirs != ours => "its folds test other clips".to_owned(),
            _ => {
                self.data = self.data.take().or_else(|| record.data.clone());
                self.test_sides = self.test_sides.take().or_else(|| record.protocol.test_sides.clone());
                self.rows.extend(split.iter().map(|row| (row.clip.clone(), row.clone())));
                return Ok(());
            }
        };
        Err(Error::Config(format!(
            "{} was trained on other data than the runs beside it ({what}): figures of both would be of neither. Train the \
             runs again that are of the data as it was, or evaluate them apart",
            dir.path().display()
        )))
    }

    /// The clips of all runs.
    pub(super) fn rows(self) -> Vec<SplitRow> {
        self.rows.into_values().collect()
    }
}

/// Refuses settings of one search that were trained on different data, where no setting's key is of data: the figures that they
/// are ranked by would not be of one validation side.
///
/// # Errors
///
/// [`Error::Config`] that says what is different.
pub(super) fn one_data<'a>(
    settings: &[SettingRecord],
    runs: impl Iterator<Item = (&'a SettingRecord, &'a RunRecord)>,
) -> Result<()> {
    let tables: BTreeSet<&str> = settings
        .iter()
        .flat_map(|setting| setting.values.iter().filter_map(|(key, _)| key.split('.').next()))
        .collect();
    let is_of = |table: &str| tables.contains(table);
    let mut first: Option<(&SettingRecord, &DataRecord)> = None;
    for (setting, run) in runs {
        let Some(ours) = &run.data else { continue };
        let Some((other, theirs)) = first else {
            first = Some((setting, ours));
            continue;
        };
        let of_clips = !["corpora", "labels", "task", "protocol", "audio"].into_iter().any(is_of);
        let what = if of_clips && theirs.digest != ours.digest {
            Some("its clips have other labels, speakers or sound".to_owned())
        } else {
            // What is named for each run by its fold and seed, or by a key of the search, is another of itself.
            let mut found = theirs.other_inputs(ours).filter(|input| !is_lineage(input.name));
            found.find(|input| !input.name.split('.').next().is_some_and(is_of)).map(|input| input.to_string())
        };
        if let Some(what) = what {
            return Err(Error::Config(format!(
                "the setting {} was trained on other data than {} ({what}): what ranks them would be the data. Train the settings \
                 again that are of the data as it was",
                setting.name, other.name
            )));
        }
    }
    Ok(())
}

/// Whether something that was read is a bundle to start or to learn from.
fn is_lineage(name: &str) -> bool {
    name.starts_with("train.init") || name.starts_with("distil.")
}

/// What a run has read besides its clips that another run has read differently. What a config names by `{fold}` or `{seed}` is
/// another for each run.
fn other_input(dir: &RunDir, theirs: &DataRecord, ours: &DataRecord) -> Option<String> {
    let other = theirs.other_inputs(ours).collect::<Vec<_>>();
    let (lineage, rest): (Vec<_>, Vec<_>) = other.into_iter().partition(|input| is_lineage(input.name));
    if let Some(input) = rest.first() {
        return Some(input.to_string());
    }
    let input = lineage.first()?;
    // Configs of earlier versions may not be read any more: of these it is not known.
    let config = Experiment::load(&dir.config(), &[]).ok()?;
    let named = config.train.init.iter().chain(config.distil.iter().flat_map(|distil| &distil.bundles));
    (!{ named }.any(|path| path.contains('{'))).then(|| input.to_string())
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
    use crate::{
        bundle::made_up,
        protocol::Side,
        run::{PROPERTIES, ProtocolRecord},
    };

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

    #[test]
    fn what_else_was_read_and_what_is_tested_is_the_same_too() {
        let folder = tempfile::tempdir().unwrap();
        let dir = RunDir::of(folder.path(), "0", 1);
        let record = |name: &str, digest: &str| {
            let inputs = [(name.to_owned(), digest.to_owned())].into();
            RunRecord { data: Some(DataRecord { inputs, ..DataRecord::default() }), ..made_up::bundle(1).record }
        };
        let check = |first: &RunRecord, second: &RunRecord| {
            let mut runs = Labelling::default();
            runs.check(&dir, first, &[]).unwrap();
            runs.check(&dir, second, &[]).map_err(|error| error.to_string())
        };
        for name in ["encoder", "augment.noise.folder", "task.targets", PROPERTIES] {
            check(&record(name, "1"), &record(name, "1")).unwrap();
            let refused = check(&record(name, "1"), &record(name, "2")).unwrap_err();
            assert!(refused.contains("trained on other data"), "{name}: {refused}");
        }
        check(&record(PROPERTIES, "1"), &record("encoder", "1")).unwrap_err();
        let unknown = RunRecord { data: Some(DataRecord::default()), ..record("", "") };
        check(&unknown, &record(PROPERTIES, "1")).unwrap();
        // A bundle to start from is another for each fold where the config says so, and not where it does not.
        let config = |init: &str| {
            std::fs::create_dir_all(dir.path()).unwrap();
            let text = format!("name = \"a\"\n[[corpora]]\nkind = \"synthetic\"\n[train]\ninit = \"{init}\"\n");
            std::fs::write(dir.config(), text).unwrap();
        };
        config("other/fold-{fold}/bundle");
        check(&record("train.init", "1"), &record("train.init", "2")).unwrap();
        config("other/bundle");
        let refused = check(&record("train.init", "1"), &record("train.init", "2")).unwrap_err();
        assert!(refused.contains("what train.init names has changed"), "{refused}");

        let tests = |sides: &str| {
            let record = record("encoder", "1");
            let protocol = ProtocolRecord { test_sides: Some(sides.into()), ..record.protocol.clone() };
            RunRecord { protocol, ..record }
        };
        check(&tests("1"), &tests("1")).unwrap();
        assert!(check(&tests("1"), &tests("2")).unwrap_err().contains("its folds test other clips"));
    }
}
