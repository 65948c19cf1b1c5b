//! The checkpoints of a run: the last ones and the best epoch's, and which of them a run goes on from.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    error::{Error, Result},
    events::Observer,
    files::remove_partial,
    run::RunDir,
    train::{Checkpoint, RunId, State},
};

/// The checkpoints of one run.
pub(super) struct Checkpoints<'a> {
    pub dir: &'a RunDir,
    /// The run.
    pub run: RunId,
    /// How many of the last ones are kept.
    pub keep: usize,
}

/// The error to report if the run's folder was deleted during training, whatever failed first because of it.
pub(super) fn removed(dir: &RunDir) -> Option<Error> {
    let gone = !dir.record().exists();
    let place = dir.path().display();
    gone.then(|| Error::Data(format!("{place} was removed while its run was trained: stopped; start it again")))
}

impl Checkpoints<'_> {
    /// Writes the checkpoint as the last one, and as the best one where it is the end of the best epoch.
    ///
    /// Each step leaves every file whole; a kill between any two of them leaves a run that resumes to the same bits,
    /// since training is a function of the checkpoint that it starts from.
    pub(super) fn save(&self, checkpoint: &Checkpoint) -> Result<()> {
        if let Some(error) = removed(self.dir) {
            return Err(error);
        }
        let saved = || {
            if checkpoint.state.is_best() {
                // What comes of the run: a spare of it is kept as of the last ones.
                if self.keep > 1 {
                    checkpoint.save(&self.spare_best())?;
                }
                checkpoint.save(&self.dir.best_checkpoint())?;
            }
            self.rotate();
            checkpoint.save(&self.dir.last_checkpoint())
        };
        saved().map_err(|e| match e {
            Error::Io { .. } => Error::Data(format!(
                "{e}; the checkpoints before it are whole: make room, then go on with the same command and --resume"
            )),
            other => other,
        })
    }

    /// The spare of the best epoch's.
    fn spare_best(&self) -> PathBuf {
        self.dir.best_checkpoint().with_file_name("best-spare.safetensors")
    }

    /// Reads a checkpoint, which must be this run's.
    fn load(&self, path: &Path) -> Result<Checkpoint> {
        let checkpoint = Checkpoint::load(path)?;
        match &checkpoint.state.run {
            Some(other) if *other != self.run => Err(Error::Config(format!(
                "{} is of another run: {other}, not {}; remove it to go on from another checkpoint, or pass --overwrite to \
                 start again",
                path.display(),
                self.run
            ))),
            _ => Ok(checkpoint),
        }
    }

    /// Makes the last checkpoint the one before the last, and so on. It stays the last one, too, until it is replaced.
    fn rotate(&self) {
        // What cannot be kept is a spare only: the disk's troubles are told by the writing that follows.
        for ago in (1..self.keep.saturating_sub(1)).rev() {
            let _ = fs::rename(self.dir.earlier_checkpoint(ago), self.dir.earlier_checkpoint(ago + 1));
        }
        if self.keep > 1 {
            let (last, spare) = (self.dir.last_checkpoint(), self.dir.earlier_checkpoint(1));
            let _ = fs::remove_file(&spare);
            if fs::hard_link(&last, &spare).is_err() {
                let _ = fs::copy(&last, &spare);
            }
        }
    }

    /// The newest checkpoint that can be gone on from; damaged ones are passed over with a warning. Nothing where there is none.
    ///
    /// A checkpoint needs its best epoch's, too, unless it is that one itself. One that is newer than the checkpoint will do:
    /// to go on leads to it again.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] that names a checkpoint of another run.
    pub(super) fn newest(&self, observer: &dyn Observer) -> Result<Option<Checkpoint>> {
        remove_partial(&self.dir.checkpoints());
        let best = self.dir.best_checkpoint();
        let best_epoch = match self.load(&best) {
            Ok(checkpoint) => checkpoint.state.best,
            Err(e @ Error::Config(_)) => return Err(e),
            Err(e) => {
                if best.exists() {
                    observer.warn(&format!("{e}; looking for another"));
                }
                match self.load(&self.spare_best()) {
                    Ok(checkpoint) => {
                        observer.log("going on with the spare of the best epoch's checkpoint");
                        checkpoint.save(&best)?;
                        checkpoint.state.best
                    }
                    Err(e @ Error::Config(_)) => return Err(e),
                    Err(_) => None,
                }
            }
        };
        let mut without_best = None;
        let mut passed_over = false;
        let ago = (0..self.keep).map(|ago| self.dir.earlier_checkpoint(ago));
        for path in ago.chain(best_epoch.map(|_| best.clone())).filter(|path| path.exists()) {
            let usable = |state: &State| state.best <= best_epoch || state.is_best();
            match self.load(&path) {
                Ok(checkpoint) if usable(&checkpoint.state) => {
                    if passed_over {
                        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                        observer.log(&format!("going on from {name} (epoch {}) instead", checkpoint.state.epoch));
                    }
                    if checkpoint.state.best > best_epoch {
                        checkpoint.save(&best)?;
                    }
                    return Ok(Some(checkpoint));
                }
                Ok(checkpoint) => {
                    without_best.get_or_insert((path.clone(), checkpoint.state.epoch, checkpoint.state.best));
                }
                Err(e @ Error::Config(_)) => return Err(e),
                Err(e) => observer.warn(&format!("{e}; going back to the one before")),
            }
            passed_over = true;
        }
        if let Some((path, epoch, of)) = without_best {
            observer.warn(&format!(
                "{} is whole (epoch {epoch}), but the checkpoint of the best epoch before it, {}, is damaged or gone, and what \
                 comes of the run may be in it: starting again, to the same result",
                path.display(),
                of.unwrap_or(0)
            ));
            return Ok(None);
        }
        if passed_over || (best.exists() && best_epoch.is_none()) {
            let checkpoints = self.dir.checkpoints();
            observer.warn(&format!("no checkpoint in {} is whole: starting again", checkpoints.display()));
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        events::{EpochRecord, Figure},
        model::weights::Weights,
    };

    /// The state at the end of an epoch, of which `best` was the best.
    fn checkpoint(epoch: usize, best: usize) -> Checkpoint {
        let record = |epoch| EpochRecord {
            epoch,
            train_loss: 1.0,
            validation_loss: 1.0,
            validation: Figure::Uar(0.5),
            learning_rate: 1e-3,
        };
        let state = State {
            epoch: epoch + 1,
            history: (1..=epoch).map(record).collect(),
            best: Some(best),
            run: Some(run_id(1)),
            ..State::default()
        };
        Checkpoint { state, weights: Weights::new(), optimiser: [vec![], vec![]], average: None }
    }

    fn run_id(seed: u64) -> RunId {
        RunId { experiment: "x".into(), fold: "0".into(), seed, digest: format!("d{seed}") }
    }

    #[test]
    fn a_checkpoint_of_another_run_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let dir = RunDir::of(folder.path(), "0", 1);
        fs::create_dir_all(dir.path()).unwrap();
        fs::write(dir.record(), "{}").unwrap();
        let ours = Checkpoints { dir: &dir, run: run_id(1), keep: 2 };
        ours.save(&checkpoint(1, 1)).unwrap();
        assert_eq!(epoch(&ours), Some(1));
        let theirs = Checkpoints { dir: &dir, run: run_id(2), keep: 2 };
        let refused = theirs.newest(&()).unwrap_err().to_string();
        assert!(
            refused.contains("best.safetensors") && refused.contains("seed 1") && refused.contains("d2"),
            "{refused}"
        );
        // One of an earlier version does not say what it is of.
        let mut old = checkpoint(1, 1);
        old.state.run = None;
        theirs.save(&old).unwrap();
        assert_eq!(epoch(&theirs), Some(1));
    }

    fn epoch(checkpoints: &Checkpoints) -> Option<usize> {
        checkpoints.newest(&()).unwrap().map(|checkpoint| checkpoint.state.epoch - 1)
    }

    #[test]
    fn damage_falls_back_one_by_one_and_at_last_to_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let dir = RunDir::of(folder.path(), "0", 1);
        let checkpoints = Checkpoints { dir: &dir, run: run_id(1), keep: 3 };
        let removed = checkpoints.save(&checkpoint(1, 1)).unwrap_err().to_string();
        assert!(removed.contains("was removed") && removed.contains("fold-0/seed-1"), "{removed}");
        fs::create_dir_all(dir.path()).unwrap();
        fs::write(dir.record(), "{}").unwrap();
        assert_eq!(epoch(&checkpoints), None);
        for (epoch, best) in [(1, 1), (2, 2), (3, 2), (4, 2)] {
            checkpoints.save(&checkpoint(epoch, best)).unwrap();
        }
        assert_eq!(fs::read_dir(dir.checkpoints()).unwrap().count(), 5);
        for (ago, left) in [(0, 3), (1, 2), (2, 2)] {
            assert_eq!(epoch(&checkpoints), Some(4 - ago));
            fs::write(dir.earlier_checkpoint(ago), b"no").unwrap();
            assert_eq!(epoch(&checkpoints), Some(left), "the last one is the best epoch's own");
        }
        // Without the best epoch's, only that epoch's end will do.
        for (epoch, best) in [(1, 1), (2, 2), (3, 2)] {
            checkpoints.save(&checkpoint(epoch, best)).unwrap();
        }
        fs::write(dir.best_checkpoint(), b"no").unwrap();
        assert_eq!(epoch(&checkpoints), Some(3), "its spare is whole");
        fs::remove_file(dir.best_checkpoint()).unwrap();
        assert_eq!(epoch(&checkpoints), Some(3), "likewise where it is gone");
        for path in [dir.best_checkpoint(), checkpoints.spare_best()] {
            fs::write(path, b"no").unwrap();
        }
        assert_eq!(epoch(&checkpoints), Some(2));
        assert_eq!(epoch(&checkpoints), Some(3), "the best epoch's is there again");
        for path in [dir.best_checkpoint(), checkpoints.spare_best(), dir.earlier_checkpoint(1)] {
            fs::write(path, b"no").unwrap();
        }
        assert_eq!(epoch(&checkpoints), Some(1), "a best one of its own");
        assert_eq!(epoch(&checkpoints), Some(1), "which is not that of the last one");
        for path in [dir.best_checkpoint(), checkpoints.spare_best(), dir.earlier_checkpoint(2)] {
            fs::write(path, b"no").unwrap();
        }
        assert_eq!(epoch(&checkpoints), None);
    }
}
