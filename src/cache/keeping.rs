//! Keeping a cache: how much is in it, whether it is whole, and making room by removing what was used longest ago.

use std::{
    fs::{self, DirEntry},
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::Mutex,
    time::{Duration, SystemTime},
};

use rayon::prelude::*;

use super::{Size, stored, users::in_use_since};
use crate::{
    error::{Error, Result},
    events::Observer,
    files::PARTIAL,
};

/// A file that is still being written is younger than this; an older one was left by a process that was killed.
const WRITING: Duration = Duration::from_secs(3_600);

/// What is in a cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stat {
    /// Files with matrices.
    pub entries: usize,
    /// What they hold together.
    pub size: Size,
    /// When the one that was used longest ago was, and the one that was used last.
    pub used: Option<(SystemTime, SystemTime)>,
    /// Those that a running process may be using, which are never evicted.
    pub in_use: usize,
    /// Files that were begun and not finished.
    pub partial: usize,
}

/// What was removed to make room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evicted {
    /// Files that are gone.
    pub entries: usize,
    /// What they held.
    pub freed: Size,
    /// Files that are left.
    pub left: usize,
    /// What they hold: above what was asked for where a running process may be using them.
    pub size: Size,
}

struct File {
    path: PathBuf,
    size: u64,
    used: SystemTime,
}

/// The entries of a cache and the files that were begun. Only names that this program gives are looked at.
fn files(dir: &Path) -> Result<(Vec<File>, Vec<File>)> {
    let (mut entries, mut partial) = (Vec::new(), Vec::new());
    let missing = |e: std::io::Error| match e.kind() {
        ErrorKind::NotFound => Error::Config(format!(
            "{}: there is no such folder; --cache DIR or $SER_CACHE names the cache",
            dir.display()
        )),
        _ => Error::io("read", dir)(e),
    };
    let hex = |name: &str| name.bytes().all(|b| b.is_ascii_hexdigit());
    for folder in fs::read_dir(dir).map_err(missing)? {
        let folder = folder.map_err(Error::io("read", dir))?;
        let name = folder.file_name();
        if !name.to_str().is_some_and(|name| name.len() == 2 && hex(name)) {
            continue;
        }
        // An entry that another process removes meanwhile no longer counts.
        for file in fs::read_dir(folder.path()).into_iter().flatten().flatten() {
            let name = file.file_name().to_string_lossy().into_owned();
            let stem = name.strip_suffix(stored::EXTENSION).and_then(|stem| stem.strip_suffix('.'));
            let into = match stem {
                Some(stem) if stem.len() == 64 && hex(stem) => &mut entries,
                _ if name.starts_with(PARTIAL) => &mut partial,
                _ => continue,
            };
            into.extend(facts(&file));
        }
    }
    Ok((entries, partial))
}

fn facts(file: &DirEntry) -> Option<File> {
    let facts = file.metadata().ok()?;
    Some(File { path: file.path(), size: facts.len(), used: facts.modified().ok()? })
}

/// Counts what is in the cache in `dir`.
///
/// # Errors
///
/// [`Error::Config`] where there is no such folder, [`Error::Io`] where it cannot be read.
pub fn stat(dir: &Path) -> Result<Stat> {
    let (entries, partial) = files(dir)?;
    let since = in_use_since(dir);
    let used = entries.iter().map(|file| file.used);
    Ok(Stat {
        entries: entries.len(),
        size: Size(entries.iter().map(|file| file.size).sum()),
        used: used.clone().min().zip(used.clone().max()),
        in_use: used.filter(|used| since.is_some_and(|since| *used >= since)).count(),
        partial: partial.len(),
    })
}

/// What [`verify`] has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Files that were looked at.
    pub entries: usize,
    /// Those whose checksum was wrong, or that were another's under this name, now removed, in the order of their names.
    pub damaged: Vec<PathBuf>,
}

/// Reads every entry of the cache in `dir` and removes those whose checksum is wrong, to be made again when they are
/// wanted.
///
/// # Errors
///
/// As [`stat`]; [`Error::Interrupted`] where a stop was asked for.
pub fn verify(dir: &Path, observer: &dyn Observer) -> Result<Verified> {
    let (entries, _) = files(dir)?;
    let work = observer.work("verifying", entries.len());
    let damaged = Mutex::new(Vec::new());
    entries.par_iter().try_for_each(|file| {
        if observer.stop_requested() {
            return Err(Error::Interrupted("stopped before every entry was looked at".into()));
        }
        // One that is gone was evicted meanwhile.
        if !stored::is_whole(&file.path) && file.path.exists() {
            remove(&file.path)?;
            damaged.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(file.path.clone());
        }
        work.step();
        Ok(())
    })?;
    let mut damaged = damaged.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    damaged.sort();
    Ok(Verified { entries: entries.len(), damaged })
}

/// Removes entries from the cache in `dir`, those that were used longest ago first, until it holds no more than `limit`. What
/// a running process may be using stays: all that was used since the longest-running of them began. Files that a killed
/// process has left are removed too.
///
/// # Errors
///
/// As [`stat`]; [`Error::Io`] where an entry cannot be removed.
pub fn evict(dir: &Path, limit: Size) -> Result<Evicted> {
    let (mut entries, partial) = files(dir)?;
    for file in partial {
        if file.used.elapsed().is_ok_and(|age| age > WRITING) {
            remove(&file.path)?;
        }
    }
    let total: u64 = entries.iter().map(|file| file.size).sum();
    let mut evicted = Evicted { entries: 0, freed: Size(0), left: entries.len(), size: Size(total) };
    if total <= limit.0 {
        return Ok(evicted);
    }
    let since = in_use_since(dir);
    entries.sort_by(|a, b| (a.used, &a.path).cmp(&(b.used, &b.path)));
    for file in entries {
        if evicted.size <= limit {
            break;
        }
        // Looked at again: somebody may have begun to use it since the folder was read.
        let used = fs::metadata(&file.path).and_then(|facts| facts.modified()).unwrap_or(file.used);
        if since.is_some_and(|since| used >= since) || used != file.used {
            continue;
        }
        remove(&file.path)?;
        evicted.entries += 1;
        evicted.left -= 1;
        evicted.freed.0 += file.size;
        evicted.size.0 -= file.size;
    }
    Ok(evicted)
}

/// That it is gone already is as good.
fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(Error::io("remove", path)(e)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cache::users::User, frontend::Matrix};

    /// A cache of ten entries of 400 bytes and a header, entry `i` used `10 - i` hours ago.
    fn cache() -> (tempfile::TempDir, Vec<PathBuf>) {
        let dir = tempfile::tempdir().unwrap();
        let paths = (0..10u64).map(|i| {
            let key = blake3::hash(&i.to_le_bytes());
            stored::Stored::write(dir.path(), &key, &Matrix::zeros(10, 10)).unwrap();
            let name = key.to_hex();
            let path = dir.path().join(&name[..2]).join(format!("{name}.safetensors"));
            let used = SystemTime::now() - Duration::from_secs(3_600 * (10 - i));
            fs::File::open(&path).unwrap().set_modified(used).unwrap();
            path
        });
        let paths = paths.collect();
        (dir, paths)
    }

    #[test]
    fn the_longest_unused_goes_first() {
        let (dir, paths) = cache();
        let each = fs::metadata(&paths[0]).unwrap().len();
        assert_eq!(evict(dir.path(), Size(10 * each)).unwrap().entries, 0);
        let evicted = evict(dir.path(), Size(7 * each + 1)).unwrap();
        assert_eq!(
            (evicted.entries, evicted.left, evicted.freed, evicted.size),
            (3, 7, Size(3 * each), Size(7 * each))
        );
        assert_eq!(
            paths.iter().map(|path| path.exists()).collect::<Vec<_>>(),
            [[false; 3].as_slice(), &[true; 7]].concat()
        );
        let found = stat(dir.path()).unwrap();
        assert_eq!((found.entries, found.size, found.in_use), (7, Size(7 * each), 0));
    }

    #[test]
    fn what_a_running_process_uses_stays() {
        let (dir, paths) = cache();
        let user = User::of(dir.path()).unwrap();
        let touched = stored::Stored::open(&dir.path().into(), blake3::hash(&2u64.to_le_bytes())).unwrap();
        assert_eq!(touched.path(), paths[2]);
        assert_eq!(stat(dir.path()).unwrap().in_use, 1);
        let evicted = evict(dir.path(), Size(0)).unwrap();
        assert_eq!((evicted.entries, evicted.left), (9, 1));
        assert!(paths[2].exists() && touched.read().is_ok());
        drop(user);
        assert_eq!(evict(dir.path(), Size(0)).unwrap().left, 0);
        assert!(touched.read().err().unwrap().to_string().contains("start again"));
    }

    #[test]
    fn nothing_else_is_touched() {
        let (dir, paths) = cache();
        let folder = paths[0].parent().unwrap();
        let others = [dir.path().join("notes.txt"), folder.join("model.safetensors"), folder.join(".partial-new")];
        others.iter().for_each(|path| fs::write(path, b"x").unwrap());
        let left = folder.join(".partial-old");
        fs::write(&left, b"x").unwrap();
        fs::File::open(&left).unwrap().set_modified(SystemTime::now() - 2 * WRITING).unwrap();
        assert_eq!(stat(dir.path()).unwrap().partial, 2);
        evict(dir.path(), Size(0)).unwrap();
        assert!(others.iter().all(|path| path.exists()) && !left.exists());
        assert!(matches!(stat(&dir.path().join("nowhere")), Err(Error::Config(_))));
    }

    #[test]
    fn damage_is_found_by_the_checksum_and_removed() {
        let (dir, paths) = cache();
        let mut bytes = fs::read(&paths[4]).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        fs::write(&paths[4], &bytes).unwrap();
        fs::write(&paths[6], b"").unwrap();
        let found = verify(dir.path(), &()).unwrap();
        let mut damaged = vec![paths[4].clone(), paths[6].clone()];
        damaged.sort();
        assert_eq!((found.entries, found.damaged), (10, damaged));
        assert!(!paths[4].exists() && paths[5].exists());
    }
}
