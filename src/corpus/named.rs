//! Corpora whose file names say who speaks and how: what their loaders share. A loader is a function from a path to
//! what the path says; finding the files, leaving out second copies and explaining what went wrong happen here.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rayon::prelude::*;

pub(super) use super::parsed::{Parsed, Reading};
use super::{
    Cause, Clip, Content, CorpusConfig, Exclusion, Extent, Kind, Scan, Source,
    copies::{self, Candidate, OneEach},
    walk::{self, Found},
};
use crate::error::{Error, Result};

/// A corpus whose file names say everything that is needed.
pub(super) struct Naming {
    /// The corpus's name as people write it.
    pub title: &'static str,
    /// A path as its official layout has it.
    pub example: &'static str,
    /// Where to get it.
    pub obtain: &'static str,
    /// How many clips it has as it is published, where that is known.
    pub published: Option<usize>,
    /// Reads a path that is relative to the corpus's folder.
    pub parse: fn(&Path) -> Reading<Parsed>,
}

/// A corpus that was found: its clips, and what else its folder holds.
pub(super) struct Named {
    /// The corpus's folder.
    pub root: PathBuf,
    /// The clips by their names alone, and the files that were left out.
    pub scan: Scan,
    /// The files of the folder.
    pub found: Found,
}

/// Finds the clips of a corpus.
pub(super) fn find(naming: &Naming, config: &CorpusConfig, data: &Path) -> Result<Named> {
    let root = config.folder(data);
    check_folder(naming, config, &root)?;
    let folder = walk::walk(&root);
    if folder.audio.is_empty() {
        return Err(Error::Data(no_audio(naming, &root, &folder)));
    }
    let mut excluded = folder.unreadable.clone();
    let others = folder.others.iter().filter(|(_, is_recording)| *is_recording);
    excluded.extend(others.map(|(path, _)| Exclusion {
        path: root.join(path),
        reason: "in a format that corpora are not read from: convert it to WAV".to_owned(),
        cause: Cause::NotOfTheCorpus,
    }));
    let mut candidates = Vec::with_capacity(folder.audio.len());
    for path in &folder.audio {
        match (naming.parse)(path) {
            Ok(parsed) => candidates.push(Candidate { path: path.clone(), parsed }),
            Err(reason) => excluded.push(Exclusion { path: root.join(path), reason, cause: Cause::NotOfTheCorpus }),
        }
    }
    if candidates.is_empty() {
        return Err(Error::Data(no_names(naming, config, &root, &folder, &excluded)));
    }
    refuse_pointers(naming, &root, &candidates)?;
    let OneEach { kept, excluded: others, copies } = copies::keep_one(&root, candidates);
    excluded.extend(others);
    let name = config.name();
    let found = kept.len();
    let clips = kept.into_iter().map(|candidate| clip(&name, &root, candidate)).collect();
    let extents = naming.published.map(|published| (name, Extent { found, published })).into_iter().collect();
    Ok(Named { scan: Scan { clips, excluded, extents, copies, ..Scan::default() }, root, found: folder })
}

/// What the public corpora's rules for names say of a path, whoever wrote it down and wherever the file is: a clip whose
/// corpus is called by its kind. None where the name follows none of them.
#[must_use]
pub fn recognise(path: &Path) -> Option<Clip> {
    Kind::ALL.iter().find_map(|kind| {
        let parsed = (kind.naming()?.parse)(path).ok()?;
        Some(clip(kind.name(), Path::new(""), Candidate { path: path.to_owned(), parsed }))
    })
}

/// Gives the clips of a corpus whose labels are in tables their emotions, by `read`, which may also say why one has none.
pub(super) fn label(scan: &mut Scan, mut read: impl FnMut(&mut Clip) -> std::result::Result<String, (Cause, String)>) {
    let mut excluded = Vec::new();
    scan.clips.retain_mut(|clip| match read(clip) {
        Ok(emotion) => {
            clip.emotion = emotion;
            true
        }
        Err((cause, reason)) => {
            excluded.extend(clip.source.file().map(|path| Exclusion { path: path.to_owned(), reason, cause }));
            false
        }
    });
    scan.excluded.append(&mut excluded);
}

fn clip(corpus: &str, root: &Path, Candidate { path, parsed }: Candidate) -> Clip {
    Clip {
        id: format!("{corpus}/{}", parsed.key()),
        corpus: corpus.to_owned(),
        speaker: parsed.speaker,
        emotion: parsed.emotion,
        source: Source::File(root.join(path)),
        meta: parsed.meta,
    }
}

fn check_folder(naming: &Naming, config: &CorpusConfig, root: &Path) -> Result<()> {
    let Naming { title, example, obtain, .. } = naming;
    let problem = match fs::metadata(root) {
        Ok(meta) if meta.is_dir() => return Ok(()),
        Ok(_) => format!(
            "{} is a file, not the folder of {title}. Unpack it, or name the folder that holds the corpus",
            root.display()
        ),
        Err(error) => format!("no folder {} for {title} ({error}). {obtain}, and unpack it there", root.display()),
    };
    let key = if config.root.is_some() { "change" } else { "set" };
    Err(Error::Config(format!(
        "{problem}; or {key} `root` in its [[corpora]] table, which is relative to --data, else $SER_DATASETS, else \
         datasets/. Its files are named as {example}"
    )))
}

fn no_audio(naming: &Naming, root: &Path, found: &Found) -> String {
    let Naming { title, example, obtain, .. } = naming;
    let unreadable = match found.unreadable.first() {
        Some(Exclusion { path, reason, .. }) => format!(" ({}: {reason})", path.display()),
        None => String::new(),
    };
    format!(
        "no audio file under {}{unreadable}: expected {title}, with files named as {example}. {obtain}, and unpack it there",
        root.display()
    )
}

fn no_names(naming: &Naming, config: &CorpusConfig, root: &Path, found: &Found, excluded: &[Exclusion]) -> String {
    let Naming { title, example, obtain, .. } = naming;
    let first = excluded.iter().find(|exclusion| walk::is_audio(&exclusion.path));
    let first = first.map_or(String::new(), |Exclusion { path, reason, .. }| format!(" {}: {reason}.", path.display()));
    let is_of = |kind: &&Kind| {
        **kind != config.kind
            && kind.naming().is_some_and(|other| found.audio.iter().any(|path| (other.parse)(path).is_ok()))
    };
    let advice = match Kind::ALL.iter().find(is_of) {
        Some(kind) => format!("They look like kind = \"{kind}\""),
        None => format!("{obtain}; for a corpus of your own, list its files in a table (kind = \"manifest\")"),
    };
    format!(
        "none of the {} audio files under {} is a clip of {title}, whose files are named as {example}.{first} {advice}",
        found.audio.len(),
        root.display()
    )
}

/// A clone without Git LFS has all the names and none of the sounds: better one error than thousands of exclusions.
fn refuse_pointers(naming: &Naming, root: &Path, candidates: &[Candidate]) -> Result<()> {
    let is_pointer = |candidate: &&Candidate| {
        copies::hollow(&root.join(&candidate.path)).is_ok_and(|content| content == Some(Content::LfsPointer))
    };
    let pointers = candidates.par_iter().filter(is_pointer).count();
    if pointers * 2 <= candidates.len() {
        return Ok(());
    }
    Err(Error::Data(format!(
        "{pointers} of the {} files of {} under {} are Git-LFS pointers, text that stands for audio which was not \
         fetched: run `git lfs install` once, then `git lfs pull` in that folder",
        candidates.len(),
        naming.title,
        root.display()
    )))
}
