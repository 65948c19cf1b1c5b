//! What the recordings of a part were when they were heard: a part is made again where one of them is another now.
//!
//! A file is known by its size and time, and where these differ (a copy on another machine) by what is in it. One that is
//! gone says nothing: its answers stay.

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use rayon::prelude::*;

use super::read::{Item, Place};

/// Letters for one row: eight of the time and the size, sixteen of the content.
const WIDTH: usize = 24;
/// A row without a file of its own: the list's digest knows it.
const NONE: &str = "------------------------";
/// A row whose file was not there, or changed while it was heard.
const GONE: &str = "xxxxxxxxxxxxxxxxxxxxxxxx";

/// Looks at files; segments of one file read it once.
#[derive(Default)]
pub(super) struct Inputs(Mutex<HashMap<PathBuf, (u32, u64)>>);

impl Inputs {
    /// Files that are remembered at once.
    const MOST: usize = 10_000;

    /// What a row's file is now.
    pub(super) fn of(&self, item: &Item) -> String {
        let Some(path) = file(item) else { return NONE.to_owned() };
        let Some(stamp) = stamp(path) else { return GONE.to_owned() };
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let remembered = known().get(path).filter(|(at, _)| *at == stamp).map(|(_, content)| *content);
        let content = remembered.unwrap_or_else(|| {
            let content = content(path);
            let mut known = known();
            if known.len() >= Self::MOST {
                known.clear();
            }
            known.insert(path.to_owned(), (stamp, content));
            content
        });
        format!("{stamp:08x}{content:016x}")
    }

    /// The same after it was heard: nothing that a later call could find again where it was changed meanwhile.
    pub(super) fn still(&self, item: &Item, before: String) -> String {
        let now = file(item).and_then(stamp);
        match now.is_none_or(|stamp| before.starts_with(&format!("{stamp:08x}"))) {
            true => before,
            false => GONE.to_owned(),
        }
    }
}

/// Whether the files of these rows are what they were.
pub(super) fn are_unchanged(items: &[Item], written: &str) -> bool {
    let rows: Vec<Option<&str>> = (0..items.len()).map(|at| written.get(at * WIDTH..(at + 1) * WIDTH)).collect();
    written.len() == items.len() * WIDTH
        && items.par_iter().zip(rows).all(|(item, row)| row.is_some_and(|row| is_unchanged(item, row)))
}

fn is_unchanged(item: &Item, written: &str) -> bool {
    let Some((path, stamp)) = file(item).and_then(|path| Some((path, stamp(path)?))) else { return true };
    written != GONE && (written[..8] == format!("{stamp:08x}") || written[8..] == format!("{:016x}", content(path)))
}

fn file(item: &Item) -> Option<&Path> {
    match item.place {
        Place::File | Place::Segment(_) | Place::Archive => Some(&item.path),
        Place::Member(_) => None,
        #[cfg(feature = "parquet")]
        Place::Bytes(..) => None,
    }
}

/// A file's size and time in a few bits; none where there is no file.
fn stamp(path: &Path) -> Option<u32> {
    let found = std::fs::metadata(path).ok()?;
    let time = found.modified().ok().and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
    let text = format!("{} {}", found.len(), time.unwrap_or_default().as_nanos());
    let [a, b, c, d, ..] = *blake3::hash(text.as_bytes()).as_bytes();
    Some(u32::from_le_bytes([a, b, c, d]))
}

/// What is in a file, in a few bits; 0 where it cannot be read.
fn content(path: &Path) -> u64 {
    digest(path).ok().and_then(|hash| hash.as_bytes().first_chunk().copied()).map_or(0, u64::from_le_bytes)
}

/// BLAKE3 of a file.
pub(super) fn digest(path: &Path) -> io::Result<blake3::Hash> {
    let mut hasher = blake3::Hasher::new();
    io::copy(&mut crate::files::open(path)?, &mut hasher)?;
    Ok(hasher.finalize())
}

#[cfg(test)]
mod tests {
    use std::{fs, time::Duration};

    use super::*;

    #[test]
    fn a_file_is_another_by_its_content_and_not_by_its_time_alone() {
        let dir = tempfile::tempdir().unwrap();
        let item =
            |name: &str| Item { name: name.into(), path: dir.path().join(name), place: Place::File, speaker: None };
        let items = [item("a"), item("b"), item("gone")];
        fs::write(&items[0].path, "one").unwrap();
        fs::write(&items[1].path, "two").unwrap();
        let inputs = Inputs::default();
        let written: String = items.iter().map(|item| inputs.still(item, inputs.of(item))).collect();
        assert!(are_unchanged(&items, &written) && written.ends_with(GONE));
        assert!(!are_unchanged(&items[..2], &written) && !are_unchanged(&items, ""));

        let later = |path: &Path| {
            let file = fs::File::options().append(true).open(path).unwrap();
            file.set_modified(SystemTime::now() + Duration::from_secs(9)).unwrap();
        };
        later(&items[0].path);
        assert!(are_unchanged(&items, &written), "the same in another time");
        fs::write(&items[0].path, "eno").unwrap();
        later(&items[0].path);
        assert!(!are_unchanged(&items, &written));
        assert_eq!(inputs.still(&items[0], written[..WIDTH].to_owned()), GONE, "changed while it was heard");
        fs::remove_file(&items[0].path).unwrap();
        assert!(are_unchanged(&items, &written), "what is gone says nothing");
        fs::write(&items[2].path, "new").unwrap();
        assert!(!are_unchanged(&items, &written), "what was not there can be heard now");
    }
}
