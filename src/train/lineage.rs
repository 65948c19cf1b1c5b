//! What a bundle has heard, itself or through the bundles that it comes from: none of it may be tested on.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use super::experiment::Prepared;
use crate::{
    config::Experiment,
    corpus::Clip,
    error::{Error, Result},
    predict::Bundle,
    protocol::{Fold, Side},
    run::SplitRow,
};

/// Bundles that come from bundles, and so on: no more generations than this.
const GENERATIONS: usize = 16;

/// The place that a config names, in which `{fold}` and `{seed}` stand for the run's.
pub(super) fn place(named: &str, fold: &str, seed: u64) -> PathBuf {
    PathBuf::from(named.replace("{fold}", fold).replace("{seed}", &seed.to_string()))
}

/// The bundle at `path`, which the config's `key` names, cannot be used.
pub(super) fn refused(key: &str, path: &Path, problem: &str) -> Error {
    Error::Config(format!("{key} = {}: {problem}", path.display()))
}

/// Names the first key of a table in which two settings differ.
pub(super) fn differ<T: serde::Serialize>(table: &str, theirs: &T, ours: &T) -> std::result::Result<(), String> {
    let keys = |value: &T| toml::Table::try_from(value).map_err(|e| e.to_string());
    let (theirs, ours) = (keys(theirs)?, keys(ours)?);
    let shown = |table: &toml::Table, key: &str| table.get(key).map_or("nothing".to_owned(), ToString::to_string);
    match theirs.keys().chain(ours.keys()).find(|key| theirs.get(*key) != ours.get(*key)) {
        None => Ok(()),
        Some(key) => Err(format!(
            "its {table}.{key} is {}, this experiment's {}: they must be the same",
            shown(&theirs, key),
            shown(&ours, key)
        )),
    }
}

/// Refuses a bundle that has heard, itself or through those that it was started from or taught by, speakers (under a
/// speaker-dependent protocol: clips) that the fold tests on; also one of which that cannot be known.
///
/// # Errors
///
/// [`Error::Config`] that names `key` and the bundle; otherwise as [`Bundle::load`].
pub(super) fn check_heard(key: &str, path: &Path, bundle: &Bundle, prepared: &Prepared, fold: &Fold) -> Result<()> {
    generation(key, path, bundle, prepared, fold, GENERATIONS)
}

fn generation(key: &str, path: &Path, bundle: &Bundle, prepared: &Prepared, fold: &Fold, left: usize) -> Result<()> {
    if left == 0 {
        return Err(refused(key, path, "its line of bundles that come from bundles does not end"));
    }
    let run = path.parent().unwrap_or(Path::new("."));
    let (split, config) = (run.join("split.csv"), run.join("config.toml"));
    let tested = || fold.test.iter().map(|&clip| &prepared.clips[clip]);
    if let Some(shared) = bundle.record.heard().iter().find(|corpus| tested().any(|clip| clip.corpus == **corpus)) {
        if !split.exists() {
            let problem = format!(
                "it was trained on {shared}, which fold {} tests on, and there is no {} to show that these speakers were \
                 not among it: leave the bundle in its run's folder",
                fold.name,
                split.display()
            );
            return Err(refused(key, path, &problem));
        }
        let by_speaker = prepared.plan.speaker_independent;
        let heard: HashSet<String> = SplitRow::read_all(&split)?
            .into_iter()
            .filter(|row| row.side != Side::Test)
            .map(|row| if by_speaker { row.speaker } else { row.clip })
            .collect();
        let of_ours = |clip: &Clip| if by_speaker { clip.speaker_key() } else { clip.id.clone() };
        if let Some(one) = tested().map(of_ours).find(|id| heard.contains(id)) {
            let problem = format!(
                "it has heard {one} in training or validation, which fold {} tests on; name a bundle of the same fold \
                 ({key} may hold {{fold}} and {{seed}})",
                fold.name
            );
            return Err(refused(key, path, &problem));
        }
    }
    if !config.exists() {
        return Ok(());
    }
    let theirs = Experiment::load(&config, &[])?;
    let name = run.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
    let name = name.strip_prefix("fold-").unwrap_or(&name);
    let teachers = theirs.train.teachers.iter().flat_map(|teachers| &teachers.bundles);
    for named in theirs.train.init.iter().chain(teachers) {
        let path = place(named, name, theirs.seed);
        generation(key, &path, &Bundle::load(&path)?, prepared, fold, left - 1)?;
    }
    Ok(())
}
