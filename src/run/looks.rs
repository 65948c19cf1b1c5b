//! `looks.jsonl` in an experiment's folder: one line for each time that a run looked at its test side.
//!
//! Lines are only ever added, so that a run that is trained again, or with another setting in the same folder, does not take
//! back what was seen. A test side is known by the clips that are on it: experiments of other features, networks and
//! protocols that test the same clips look at one side.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{RunDir, RunRecord, SplitRow};
use crate::{
    error::{Error, Result},
    files::create_dir,
    protocol::Side,
};

/// The file's name.
const FILE: &str = "looks.jsonl";

/// One line: a run that looked at a test side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// The side, as [`test_side`].
    pub side: String,
    /// How often: once for the figures, and once an epoch where a demonstration of leaks picks its epoch by them.
    pub times: usize,
    /// The experiment's name.
    pub experiment: String,
    /// The fold.
    pub fold: String,
    /// The seed.
    pub seed: u64,
    /// The hash of the config.
    pub config: String,
    /// The run's digest, of config, fold, seed and data.
    pub run: String,
}

/// How often a test side was looked at by all runs beside one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Looks {
    /// In all.
    pub times: usize,
    /// By how many different runs.
    pub runs: usize,
    /// Of how many different configs.
    pub configs: usize,
    /// Of which experiments.
    pub experiments: BTreeSet<String>,
}

/// What a split tests, as a BLAKE3 hash of 16 digits of its test clips' ids.
#[must_use]
pub fn test_side(split: &[SplitRow]) -> String {
    let tested: BTreeSet<&str> =
        split.iter().filter(|row| row.side == Side::Test).map(|row| row.clip.as_str()).collect();
    let mut hasher = blake3::Hasher::new();
    for clip in tested {
        hasher.update(clip.as_bytes()).update(b"\n");
    }
    hasher.finalize().to_hex()[..16].to_owned()
}

impl Look {
    /// Of a run that looks so often.
    #[must_use]
    pub fn of(record: &RunRecord, split: &[SplitRow], times: usize) -> Self {
        Self {
            side: test_side(split),
            times,
            experiment: record.experiment.clone(),
            fold: record.fold.clone(),
            seed: record.seed,
            config: record.config_hash.clone(),
            run: record.id().digest,
        }
    }

    /// Adds the line to the log of an experiment's folder, as one piece. A line that a crash has torn stays behind it, alone.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where the file cannot be written.
    pub fn add(&self, experiment: &Path) -> Result<()> {
        create_dir(experiment)?;
        let path = experiment.join(FILE);
        let attempt = || -> std::io::Result<()> {
            let mut file = File::options().read(true).append(true).create(true).open(&path)?;
            let torn = file.seek(SeekFrom::End(-1)).is_ok() && {
                let mut last = [0];
                file.read_exact(&mut last)?;
                last != *b"\n"
            };
            let line = format!("{}{}\n", if torn { "\n" } else { "" }, serde_json::to_string(self)?);
            file.write_all(line.as_bytes())?;
            file.sync_all()
        };
        attempt().map_err(Error::io("write", &path))
    }
}

/// The looks at each test side by all runs of the experiment that `run` belongs to and of the experiments that lie beside
/// it, searches and their settings among them.
///
/// # Errors
///
/// [`Error::Io`] where a log cannot be read. A line that is torn is passed over.
pub(super) fn beside(run: &RunDir) -> Result<BTreeMap<String, Looks>> {
    let mut found: BTreeMap<String, (Looks, BTreeSet<String>, BTreeSet<String>)> = BTreeMap::new();
    for path in logs(run) {
        let text = crate::files::read_text(&path).map_err(Error::io("read", &path))?;
        for look in text.lines().filter_map(|line| serde_json::from_str::<Look>(line).ok()) {
            let (looks, runs, configs) = found.entry(look.side).or_default();
            looks.times += look.times;
            looks.experiments.insert(look.experiment);
            runs.insert(look.run);
            configs.insert(look.config);
        }
    }
    let counted = |(mut looks, runs, configs): (Looks, BTreeSet<String>, BTreeSet<String>)| {
        (looks.runs, looks.configs) = (runs.len(), configs.len());
        looks
    };
    Ok(found.into_iter().map(|(side, of)| (side, counted(of))).collect())
}

/// The logs of an experiment and those beside it. A setting of a search lies one folder deeper than other experiments.
fn logs(run: &RunDir) -> BTreeSet<PathBuf> {
    let Ok(run) = run.path().canonicalize() else { return BTreeSet::new() };
    let Some(experiment) = run.parent().and_then(Path::parent) else { return BTreeSet::new() };
    let search = experiment.parent().filter(|folder| folder.join(super::GridRecord::FILE).is_file());
    let Some(folder) = search.unwrap_or(experiment).parent() else { return BTreeSet::new() };
    let mut found = BTreeSet::new();
    for one in folders(folder) {
        let inside = if one.join(super::GridRecord::FILE).is_file() { folders(&one) } else { Vec::new() };
        found.extend(inside.into_iter().chain([one]).map(|folder| folder.join(FILE)).filter(|file| file.is_file()));
    }
    found
}

/// The folders in one; none where it may not be read.
fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(std::result::Result::ok);
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(experiment: &str, config: &str, run: &str) -> Look {
        let [experiment, config, run] = [experiment, config, run].map(str::to_owned);
        Look { side: "s".into(), times: 1, experiment, fold: "0".into(), seed: 1, config, run }
    }

    #[test]
    fn looks_are_counted_over_the_experiments_of_a_folder_and_a_torn_line_costs_none() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (dir.path().join("a"), dir.path().join("b"));
        let run = RunDir::of(&a, "0", 1);
        fs::create_dir_all(run.path()).unwrap();
        assert!(beside(&run).unwrap().is_empty());
        look("a", "1", "x").add(&a).unwrap();
        fs::write(a.join(FILE), fs::read_to_string(a.join(FILE)).unwrap() + "{\"side\": \"s\", \"tim").unwrap();
        look("a", "1", "x").add(&a).unwrap();
        look("b", "2", "y").add(&b).unwrap();
        // A setting of a search, one folder deeper.
        fs::create_dir_all(dir.path().join("c/setting")).unwrap();
        fs::write(dir.path().join("c/grid.json"), "{}").unwrap();
        look("c", "3", "z").add(&dir.path().join("c/setting")).unwrap();
        let looks = &beside(&run).unwrap()["s"];
        assert_eq!((looks.times, looks.runs, looks.configs, looks.experiments.len()), (4, 3, 3, 3));
        let setting = RunDir::of(&dir.path().join("c/setting"), "0", 1);
        fs::create_dir_all(setting.path()).unwrap();
        assert_eq!(&beside(&setting).unwrap()["s"], looks, "from inside the search");
    }

    #[test]
    fn a_side_is_known_by_its_test_clips_in_any_order() {
        let row = |clip: &str, side| SplitRow {
            clip: clip.into(),
            speaker: String::new(),
            emotion: String::new(),
            side,
            hash: None,
        };
        let one = [row("a", Side::Test), row("b", Side::Test), row("c", Side::Train)];
        let other = [row("b", Side::Test), row("a", Side::Test), row("d", Side::Train)];
        assert_eq!(test_side(&one), test_side(&other));
        assert_ne!(test_side(&one), test_side(&one[1..]));
    }
}
