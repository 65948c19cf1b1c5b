//! Who uses a cache: each process that does holds a lock on a file of its own in the cache's folder, so that others know
//! since when what is in it has been needed. The lock goes when the process goes, however it ends.

use std::{
    fs::{self, TryLockError},
    path::Path,
    time::{Duration, SystemTime},
};

use tempfile::TempPath;

/// The folder of the files.
const FOLDER: &str = ".users";
/// What names begin with once the file is locked: one of these without a lock was left by a process that was killed.
const USER: &str = "user-";
/// What they begin with before that, which takes no longer than [`LOCKING`].
const NEW: &str = "new-";
const LOCKING: Duration = Duration::from_secs(10);

/// This process's use of a cache, until it is dropped.
#[derive(Debug)]
pub(super) struct User {
    /// Removed before the lock goes.
    _path: TempPath,
    _locked: fs::File,
}

impl User {
    /// Begins to use the cache in `dir`. Nothing where files cannot be made or locked there: then nothing is evicted from
    /// here either. Other processes may then evict entries; the read that misses them reports it.
    pub(super) fn of(dir: &Path) -> Option<Self> {
        let folder = dir.join(FOLDER);
        fs::create_dir_all(&folder).ok()?;
        let file = tempfile::Builder::new().prefix(NEW).tempfile_in(&folder).ok()?;
        file.as_file().try_lock().ok()?;
        let name = file.path().file_name()?.to_string_lossy().replacen(NEW, USER, 1);
        let path = folder.join(name);
        let locked = file.persist_noclobber(&path).ok()?;
        Some(Self { _path: TempPath::try_from_path(path).ok()?, _locked: locked })
    }
}

/// Since when the cache in `dir` has been in use by processes that still run; nothing where none does. Files that are left
/// over are removed.
pub(super) fn in_use_since(dir: &Path) -> Option<SystemTime> {
    let files = fs::read_dir(dir.join(FOLDER)).ok()?.flatten();
    files
        .filter_map(|entry| {
            let path = entry.path();
            let file = crate::files::open(&path).ok()?;
            let begun = file.metadata().ok()?.modified().ok()?;
            let is_new = entry.file_name().to_string_lossy().starts_with(NEW);
            match file.try_lock() {
                Ok(()) if is_new && begun.elapsed().is_ok_and(|age| age <= LOCKING) => Some(begun),
                Ok(()) => {
                    let _ = fs::remove_file(path);
                    None
                }
                // A lock that cannot be looked at may be held.
                Err(TryLockError::WouldBlock | TryLockError::Error(_)) => Some(begun),
            }
        })
        .min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_known_while_it_lasts() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(in_use_since(dir.path()), None);
        let before = SystemTime::now() - Duration::from_secs(1);
        let first = User::of(dir.path()).unwrap();
        let second = User::of(dir.path()).unwrap();
        let since = in_use_since(dir.path()).unwrap();
        assert!(since > before && since <= SystemTime::now());
        drop((first, second));
        assert_eq!(in_use_since(dir.path()), None);

        // What a killed process leaves: a file, but no lock.
        let left = ["user-x", "new-x"].map(|name| dir.path().join(FOLDER).join(name));
        fs::File::create(&left[0]).unwrap();
        fs::File::create(&left[1]).unwrap().set_modified(before - LOCKING).unwrap();
        assert_eq!(in_use_since(dir.path()), None);
        assert!(!left[0].exists() && !left[1].exists());
        // One that is about to be locked.
        fs::File::create(&left[1]).unwrap();
        assert!(in_use_since(dir.path()).is_some());
    }
}
