//! One clip for one id: re-distributions hold corpora twice, nested in themselves or sorted differently, and the same
//! utterance on both sides of a split is a leak.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use rayon::prelude::*;

use super::{Cause, Content, Exclusion, HEAD_BYTES, parsed::Parsed, sniff, walk};
use crate::audio::{Fault, Known};

/// Git-LFS pointers are shorter than this.
const POINTER_BYTES: u64 = 1024;

/// A file whose name the corpus's naming explains.
pub(super) struct Candidate {
    /// The file, relative to the corpus's folder.
    pub path: PathBuf,
    pub parsed: Parsed,
}

/// What keeps one file for each id.
#[derive(Default)]
pub(super) struct OneEach {
    pub kept: Vec<Candidate>,
    /// The others, each with its reason.
    pub excluded: Vec<Exclusion>,
    /// The others, each with the file that is kept: [`compare`] says whether they are the same.
    pub copies: BTreeMap<PathBuf, PathBuf>,
}

/// Keeps one file for each id and excludes the others.
///
/// The one that stays is, in this order: one with audio in it rather than a Git-LFS pointer or nothing, a lossless
/// format rather than a lossy one, the one in the fewest folders, the first in order of path.
pub(super) fn keep_one(root: &Path, candidates: Vec<Candidate>) -> OneEach {
    let mut by_id: BTreeMap<String, Vec<Candidate>> = BTreeMap::new();
    for candidate in candidates {
        by_id.entry(candidate.parsed.key()).or_default().push(candidate);
    }
    let mut found = OneEach::default();
    for (id, mut group) in by_id {
        if group.len() > 1 {
            group.sort_by_cached_key(|candidate| rank(root, &candidate.path));
        }
        let mut group = group.into_iter();
        let Some(first) = group.next() else { continue };
        for Candidate { path, .. } in group {
            let reason = format!("second copy of {id}: {} is kept", first.path.display());
            found.excluded.push(Exclusion { path: root.join(&path), reason, cause: Cause::Copy });
            found.copies.insert(root.join(path), root.join(&first.path));
        }
        found.kept.push(first);
    }
    found
}

/// Adds to the reasons of the excluded `copies` whether their bytes are those of the file that stays: where they are not,
/// somebody ought to look.
pub(super) fn compare(excluded: &mut [Exclusion], copies: &BTreeMap<PathBuf, PathBuf>, known: &Known) {
    excluded.par_iter_mut().filter(|one| one.cause == Cause::Copy).for_each(|Exclusion { path, reason, .. }| {
        let Some(kept) = copies.get(path) else { return };
        let comparison = match same_bytes(kept, path, known) {
            Ok(true) => "the same bytes".to_owned(),
            Ok(false) => "but NOT the same bytes".to_owned(),
            Err(fault) => format!("not compared: {}", fault.problem),
        };
        reason.push_str(&format!(" ({comparison})"));
    });
}

/// Orders the copies of a clip; the least stays.
fn rank(root: &Path, path: &Path) -> (bool, bool, usize, PathBuf) {
    let is_hollow = !matches!(hollow(&root.join(path)), Ok(None));
    (is_hollow, walk::is_lossy(path), path.components().count(), path.to_owned())
}

/// What a file is by its first bytes that has no audio in it: empty, or a Git-LFS pointer. Larger ones are not opened.
pub(super) fn hollow(path: &Path) -> io::Result<Option<Content>> {
    if fs::metadata(path)?.len() >= POINTER_BYTES {
        return Ok(None);
    }
    let mut head = Vec::with_capacity(HEAD_BYTES);
    crate::files::open(path)?.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    Ok(Some(sniff(&head)).filter(|content| matches!(content, Content::Empty | Content::LfsPointer)))
}

fn same_bytes(a: &Path, b: &Path, known: &Known) -> Result<bool, Fault> {
    if fs::metadata(a)?.len() != fs::metadata(b)?.len() {
        return Ok(false);
    }
    Ok(known.hash(a)?.0 == known.hash(b)?.0)
}
