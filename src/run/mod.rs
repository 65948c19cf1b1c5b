//! The run folder: what training leaves behind for one fold and one seed, and what evaluation reads.
//!
//! ```text
//! experiments/<name>/looks.jsonl    how often its runs looked at their test sides: lines are only ever added
//! experiments/<name>/ensemble.json  of an ensemble: the runs whose mean it is
//! experiments/<name>/<fold>/seed-<n>/
//!   config.toml       the resolved config
//!   run.json          protocol, classes, audit, versions: written before training
//!   split.csv         what was read: each clip with its speaker, class, side and digest; written before training
//!   clips.csv         what is known of each clip: sex, sentence, length …
//!   excluded.csv      the files that were left out, with their reasons
//!   metrics.jsonl     one line an epoch
//!   train.log         what was said
//!   tensorboard/      the same for TensorBoard
//!   checkpoints/      the last ones and the best epoch's
//!   predictions.csv   the test side
//!   validation.csv    the validation side, predicted by the same network
//!   numbers.csv       the test side's numbers, where such are learnt beside a class …
//!   validation_numbers.csv … and the validation side's
//!   parts.json        a figure of each part that is learnt beside a class
//!   embeddings.csv    the penultimate layer's vectors of the test side
//!   speaker_scores.csv what the head that knows speakers makes of the test side, where it sees clips otherwise
//!   temperatures.csv  what divides the test clips' logits, where it depends on the clip
//!   bundle/           what prediction needs, in the one file model.safetensors
//!   done.json         the mark of a finished run, written last
//!   .lock             held by the process that trains the run
//! ```

mod choice;
mod clips;
mod data;
mod elsewhere;
mod embeddings;
mod finished;
mod grid;
mod lock;
mod looks;
mod numbers;
mod parts;
mod predictions;
mod record;
mod recordings;
mod split;
mod temperatures;
mod versions;

use std::path::{Path, PathBuf};

/// The file in an experiment's folder that says that its runs are the mean of others, whose names it has.
pub const ENSEMBLE: &str = "ensemble.json";

pub use crate::events::EpochRecord;
pub use choice::{Candidate, Choice, Selection};
pub use clips::ClipRecord;
pub use data::{DataRecord, DataRow, Difference, OtherInput, PROPERTIES, short};
pub use elsewhere::{Elsewhere, ElsewhereFiles, Scores, read_elsewhere};
pub use embeddings::Embeddings;
pub use finished::{Finished, load_beside, load_finished, load_finished_numbers, task_of};
pub use grid::{GridRecord, SettingRecord};
pub use lock::Lock;
pub use looks::{Look, Looks, test_side};
pub use numbers::{NumberRow, Numbers};
pub use parts::PartRecord;
pub use predictions::{Prediction, Predictions, write_predictions};
pub use record::{Done, ProtocolRecord, RunRecord, Shots};
pub use recordings::Recordings;
pub use split::SplitRow;
pub use temperatures::Temperatures;
pub use versions::Versions;

use crate::error::{Error, Result};

/// The folder of one run, by its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDir(PathBuf);

impl RunDir {
    /// The folder of a fold and seed in an experiment's folder.
    #[must_use]
    pub fn of(experiment: &Path, fold: &str, seed: u64) -> Self {
        Self(experiment.join(format!("fold-{fold}")).join(format!("seed-{seed}")))
    }

    /// The run folders that `path` is or holds, in the order of their names; a run is known by its `run.json`.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where `path` is no folder or holds no run.
    pub fn find(path: &Path) -> Result<Vec<Self>> {
        if !path.is_dir() {
            return Err(Error::Config(format!(
                "{} is not a folder: give a run's or an experiment's, as ser-train leaves it",
                path.display()
            )));
        }
        let mut found: Vec<PathBuf> = walkdir::WalkDir::new(path)
            .max_depth(3)
            .into_iter()
            .filter_map(std::result::Result::ok)
            .filter(|entry| entry.file_name() == "run.json")
            .filter_map(|entry| entry.path().parent().map(Path::to_owned))
            .collect();
        if found.is_empty() {
            return Err(Error::Config(format!(
                "{} holds no run (a folder with a run.json): give a run's or an experiment's folder",
                path.display()
            )));
        }
        found.sort();
        Ok(found.into_iter().map(Self).collect())
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The resolved config.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.0.join("config.toml")
    }

    /// The run's record.
    #[must_use]
    pub fn record(&self) -> PathBuf {
        self.0.join("run.json")
    }

    /// The split.
    #[must_use]
    pub fn split(&self) -> PathBuf {
        self.0.join("split.csv")
    }

    /// What is known of each clip; absent in runs of earlier versions.
    #[must_use]
    pub fn clips(&self) -> PathBuf {
        self.0.join("clips.csv")
    }

    /// The files that were left out, with their reasons; absent where there are none.
    #[must_use]
    pub fn excluded(&self) -> PathBuf {
        self.0.join("excluded.csv")
    }

    /// One line an epoch.
    #[must_use]
    pub fn metrics(&self) -> PathBuf {
        self.0.join("metrics.jsonl")
    }

    /// TensorBoard's event files.
    #[must_use]
    pub fn tensorboard(&self) -> PathBuf {
        self.0.join("tensorboard")
    }

    /// What was said.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.0.join("train.log")
    }

    /// The folder of the checkpoints.
    #[must_use]
    pub fn checkpoints(&self) -> PathBuf {
        self.0.join("checkpoints")
    }

    /// The training's state after its last step on disk.
    #[must_use]
    pub fn last_checkpoint(&self) -> PathBuf {
        self.earlier_checkpoint(0)
    }

    /// The checkpoint that was the last one `ago` checkpoints ago.
    #[must_use]
    pub fn earlier_checkpoint(&self, ago: usize) -> PathBuf {
        let name = if ago == 0 { "last.safetensors".to_owned() } else { format!("last-{ago}.safetensors") };
        self.checkpoints().join(name)
    }

    /// The training's state after the best epoch.
    #[must_use]
    pub fn best_checkpoint(&self) -> PathBuf {
        self.checkpoints().join("best.safetensors")
    }

    /// The test side's predictions.
    #[must_use]
    pub fn predictions(&self) -> PathBuf {
        self.0.join("predictions.csv")
    }

    /// The validation side's predictions.
    #[must_use]
    pub fn validation(&self) -> PathBuf {
        self.0.join("validation.csv")
    }

    /// The test side's numbers, where such are learnt beside a class.
    #[must_use]
    pub fn numbers(&self) -> PathBuf {
        self.0.join("numbers.csv")
    }

    /// The same of the validation side.
    #[must_use]
    pub fn validation_numbers(&self) -> PathBuf {
        self.0.join("validation_numbers.csv")
    }

    /// A figure of each part that is learnt beside a class; absent where none is.
    #[must_use]
    pub fn parts(&self) -> PathBuf {
        self.0.join("parts.json")
    }

    /// The penultimate layer's vectors of the test side; absent in runs of earlier versions.
    #[must_use]
    pub fn embeddings(&self) -> PathBuf {
        self.0.join("embeddings.csv")
    }

    /// What the head that knows speakers makes of the test side; absent where it sees what the network sees, and can be asked
    /// of [`RunDir::embeddings`].
    #[must_use]
    pub fn speaker_scores(&self) -> PathBuf {
        self.0.join("speaker_scores.csv")
    }

    /// What divides the logits of the test side's clips; absent where it is the same for all.
    #[must_use]
    pub fn temperatures(&self) -> PathBuf {
        self.0.join("temperatures.csv")
    }

    /// What prediction needs.
    #[must_use]
    pub fn bundle(&self) -> PathBuf {
        self.0.join("bundle")
    }

    /// What the process that trains the run holds locked.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.0.join(".lock")
    }

    /// The mark of a finished run.
    #[must_use]
    pub fn done(&self) -> PathBuf {
        self.0.join("done.json")
    }

    /// The epochs of `metrics.jsonl`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where it cannot be read, [`Error::File`] naming the line that is not as training writes it.
    pub fn epochs(&self) -> Result<Vec<EpochRecord>> {
        let path = self.metrics();
        let text = crate::files::read_text(&path).map_err(Error::io("read", &path))?;
        text.lines()
            .enumerate()
            .map(|(i, line)| serde_json::from_str(line).map_err(|e| Error::file(&path, format!("line {}: {e}", i + 1))))
            .collect()
    }
}
