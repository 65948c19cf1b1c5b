//! Who uses a cache: each process that does holds a lock on a file of its own in the cache's folder, so that others know
//! since when what is in it has been needed. The lock goes when the process goes, however it ends.

use std::{
    fs::{self, TryLockError},
    path::Path,
    time::{Duration, SystemTime},
};

use tempfile::NamedTempFile;

/// The folder of the files.
const FOLDER: &str = ".users";
/// A file without a lock is left over only if it is older than it takes to lock a new one.
const LOCKING: Duration = Duration::from_secs(10);

/// This process's use of a cache, until it is dropped.
#[derive(Debug)]
pub(super) struct User {
    _file: NamedTempFile,
}

impl User {
    /// Begins to use the cache in `dir`. Nothing where files cannot be made or locked there: then nothing is evicted from
    /// here either, and what others evict is the worry of an error message.
    pub(super) fn of(dir: &Path) -> Option<Self> {
        let folder = dir.join(FOLDER);
        fs::create_dir_all(&folder).ok()?;
        let file = tempfile::Builder::new().prefix("user-").tempfile_in(folder).ok()?;
        file.as_file().try_lock().ok()?;
        Some(Self { _file: file })
    }
}

/// Since when the cache in `dir` has been in use by processes that still run; nothing where none does. Files that are left
/// over are removed.
pub(super) fn in_use_since(dir: &Path) -> Option<SystemTime> {
    let files = fs::read_dir(dir.join(FOLDER)).ok()?.flatten();
    files
        .filter_map(|entry| {
            let path = entry.path();
            let file = fs::File::open(&path).ok()?;
            let begun = file.metadata().ok()?.modified().ok()?;
            match file.try_lock() {
                Ok(()) if begun.elapsed().is_ok_and(|age| age > LOCKING) => {
                    let _ = fs::remove_file(path);
                    None
                }
                // A lock that cannot be looked at may be held.
                Ok(()) | Err(TryLockError::WouldBlock | TryLockError::Error(_)) => Some(begun),
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
        let left = dir.path().join(FOLDER).join("user-x");
        fs::File::create(&left).unwrap().set_modified(before - LOCKING).unwrap();
        assert_eq!(in_use_since(dir.path()), None);
        assert!(!left.exists());
    }
}
