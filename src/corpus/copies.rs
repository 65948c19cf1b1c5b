//! One clip for one id: re-distributions hold corpora twice, nested in themselves or sorted differently, and the same
//! utterance on both sides of a split is a leak.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
};

use rayon::prelude::*;

use super::{Cause, Content, Exclusion, HEAD_BYTES, parsed::Parsed, sniff, walk};

/// A file whose name the corpus's naming explains.
pub(super) struct Candidate {
    /// The file, relative to the corpus's folder.
    pub path: PathBuf,
    pub parsed: Parsed,
}

/// Keeps one file for each id and excludes the others, each with the reason.
///
/// The one that stays is, in this order: one with audio in it rather than a Git-LFS pointer or nothing, a lossless
/// format rather than a lossy one, the one in the fewest folders, the first in order of path. The reason says whether
/// the copy's bytes are those of the file that stays: where they are not, somebody ought to look.
pub(super) fn keep_one(root: &Path, candidates: Vec<Candidate>) -> (Vec<Candidate>, Vec<Exclusion>) {
    let mut by_id: BTreeMap<String, Vec<Candidate>> = BTreeMap::new();
    for candidate in candidates {
        by_id.entry(candidate.parsed.key()).or_default().push(candidate);
    }
    let mut kept = Vec::with_capacity(by_id.len());
    let mut copies = Vec::new();
    for mut group in by_id.into_values() {
        if group.len() > 1 {
            group.sort_by_cached_key(|candidate| rank(root, &candidate.path));
        }
        let mut group = group.into_iter();
        let Some(first) = group.next() else { continue };
        copies.extend(group.map(|copy| (first.path.clone(), copy)));
        kept.push(first);
    }
    let excluded = copies
        .into_par_iter()
        .map(|(kept, copy)| {
            let comparison = match same_bytes(&root.join(&kept), &root.join(&copy.path)) {
                Ok(true) => "the same bytes".to_owned(),
                Ok(false) => "but NOT the same bytes".to_owned(),
                Err(error) => format!("not compared: {error}"),
            };
            let reason = format!("second copy of {}: {} is kept ({comparison})", copy.parsed.key(), kept.display());
            Exclusion { path: root.join(&copy.path), reason, cause: Cause::Copy }
        })
        .collect();
    (kept, excluded)
}

/// Orders the copies of a clip; the least stays.
fn rank(root: &Path, path: &Path) -> (bool, bool, usize, PathBuf) {
    let is_hollow = matches!(content(&root.join(path)), Ok(Content::Empty | Content::LfsPointer) | Err(_));
    (is_hollow, walk::is_lossy(path), path.components().count(), path.to_owned())
}

/// What a file is by its first bytes.
pub(super) fn content(path: &Path) -> io::Result<Content> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    File::open(path)?.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    Ok(sniff(&head))
}

fn same_bytes(a: &Path, b: &Path) -> io::Result<bool> {
    let (a, b) = (File::open(a)?, File::open(b)?);
    if a.metadata()?.len() != b.metadata()?.len() {
        return Ok(false);
    }
    let (mut a, mut b) = (BufReader::new(a).bytes(), BufReader::new(b).bytes());
    loop {
        match (a.next().transpose()?, b.next().transpose()?) {
            (None, None) => return Ok(true),
            (x, y) if x == y => {}
            _ => return Ok(false),
        }
    }
}
