//! Finds the audio files and tables under a folder, however it was packed and linked.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

use walkdir::{DirEntry, WalkDir};

use super::{Cause, Exclusion};
use crate::files;

/// Extensions of audio files, in lower case, and whether the format loses something. The extension decides what is
/// looked at; what it is, is decided by its content.
const EXTENSIONS: [(&str, bool); 18] = [
    ("wav", false),
    ("wave", false),
    ("bwf", false),
    ("rf64", false),
    ("flac", false),
    ("aif", false),
    ("aiff", false),
    ("aifc", false),
    ("caf", false),
    ("mp3", true),
    ("mp2", true),
    ("mpga", true),
    ("ogg", true),
    ("oga", true),
    ("m4a", true),
    ("m4b", true),
    ("aac", true),
    ("mka", true),
];

/// Extensions of other files with sound, in lower case, and whether they are recordings without a picture. Corpora are not
/// read from them: some cannot be decoded here, and videos lie beside the recordings that were made of them.
const OTHERS: [(&str, bool); 36] = [
    ("opus", true),
    ("spx", true),
    ("webm", true),
    ("weba", true),
    ("amr", true),
    ("awb", true),
    ("3gp", true),
    ("3ga", true),
    ("wma", true),
    ("au", true),
    ("snd", true),
    ("w64", true),
    ("wv", true),
    ("ape", true),
    ("tta", true),
    ("mpc", true),
    ("ac3", true),
    ("gsm", true),
    ("sph", true),
    ("nist", true),
    ("voc", true),
    ("ra", true),
    ("dsf", true),
    ("vox", true),
    ("mp4", false),
    ("m4v", false),
    ("mov", false),
    ("mkv", false),
    ("avi", false),
    ("flv", false),
    ("wmv", false),
    ("asf", false),
    ("mpg", false),
    ("mpeg", false),
    ("ogv", false),
    ("ts", false),
];

/// What is under a folder, each list in order of its paths.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The audio files, relative to the folder.
    pub audio: Vec<PathBuf>,
    /// Other files with sound, relative to the folder, and whether they are recordings without a picture.
    pub others: Vec<(PathBuf, bool)>,
    /// The files of text that may be tables (CSV, TSV, TXT), relative to the folder.
    pub tables: Vec<PathBuf>,
    /// What could not be looked at: a broken link, a folder without permission, a pipe.
    pub unreadable: Vec<Exclusion>,
}

/// Walks the whole of `root`. Hidden files and folders, and those that macOS adds to archives, are passed over. Links
/// are followed, but no folder is walked twice on their account, so that a loop of links comes to an end.
pub(crate) fn walk(root: &Path) -> Found {
    let mut found = Found::default();
    let place = root.canonicalize().ok();
    let mut folders = Folders { walked: place.iter().cloned().collect(), root: place };
    let mut entries = WalkDir::new(root).follow_links(true).sort_by_file_name().into_iter();
    while let Some(entry) = entries.next() {
        match entry {
            Ok(entry) if is_litter(&entry) => {
                if entry.file_type().is_dir() {
                    entries.skip_current_dir();
                }
            }
            Ok(entry) if entry.file_type().is_dir() => {
                if entry.depth() > 0 && !folders.is_new_ground(&entry) {
                    entries.skip_current_dir();
                }
            }
            // Pipes and devices would be waited for.
            Ok(entry) => match files::other_than_file(entry.file_type()) {
                None => found.sort_in(root, entry.path()),
                Some(reason) if is_audio(entry.path()) => {
                    let reason = reason.to_owned();
                    found.unreadable.push(Exclusion { path: entry.into_path(), reason, cause: Cause::Damaged });
                }
                Some(_) => {}
            },
            // A loop holds nothing that was not seen on the way to it.
            Err(error) if error.loop_ancestor().is_some() => {}
            Err(error) => {
                // An error without a path has no file to be listed with; none is known to occur below an existing root.
                let Some(path) = error.path().map(Path::to_owned) else { continue };
                let is_link = fs::symlink_metadata(&path).is_ok_and(|meta| meta.is_symlink());
                if is_link && !is_audio(&path) {
                    continue;
                }
                let reason = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
                let reason = match is_link {
                    true => format!("link to a file that is not there ({reason})"),
                    false => format!("cannot be read: {reason}"),
                };
                found.unreadable.push(Exclusion { path, reason, cause: Cause::Damaged });
            }
        }
    }
    // The walk sorts siblings; whole paths sort a little differently (`a-b/` and `a/`).
    found.audio.sort();
    found.others.sort();
    found.tables.sort();
    found
}

impl Found {
    fn sort_in(&mut self, root: &Path, path: &Path) {
        let relative = path.strip_prefix(root).unwrap_or(path).to_owned();
        if is_audio(&relative) {
            self.audio.push(relative);
        } else if matches!(extension(&relative).as_deref(), Some("csv" | "tsv" | "txt")) {
            self.tables.push(relative);
        } else if let Some(is_recording) = is_other(&relative) {
            self.others.push((relative, is_recording));
        }
    }

    /// The first table of this name, in any case of letters; the one nearest to the folder comes first.
    pub(super) fn table(&self, name: &str) -> Option<&Path> {
        let fits = |path: &&PathBuf| path.file_name().is_some_and(|found| found.eq_ignore_ascii_case(name));
        self.tables.iter().filter(fits).min_by_key(|path| path.components().count()).map(PathBuf::as_path)
    }
}

/// Whether the name is that of an audio file.
pub(crate) fn is_audio(path: &Path) -> bool {
    extension(path).is_some_and(|found| EXTENSIONS.iter().any(|(known, _)| *known == found))
}

/// Whether the name is that of another file with sound: of a recording without a picture, or of a video.
fn is_other(path: &Path) -> Option<bool> {
    let found = extension(path)?;
    OTHERS.iter().find(|(known, _)| *known == found).map(|(_, is_recording)| *is_recording)
}

/// Whether the name is that of a lossy format.
pub(super) fn is_lossy(path: &Path) -> bool {
    extension(path).is_some_and(|found| EXTENSIONS.iter().any(|(known, lossy)| *known == found && *lossy))
}

fn extension(path: &Path) -> Option<String> {
    path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase)
}

/// Hidden files, macOS resource forks (`._x.wav`) and the folder that its archiver keeps them in.
fn is_litter(entry: &DirEntry) -> bool {
    let name = entry.file_name().as_encoded_bytes();
    entry.depth() > 0 && (name.starts_with(b".") || name == b"__MACOSX")
}

/// Where the walk has been.
struct Folders {
    root: Option<PathBuf>,
    walked: HashSet<PathBuf>,
}

impl Folders {
    /// Whether this folder is to be walked: not a link to what the walk meets anyway, and not met before.
    fn is_new_ground(&mut self, folder: &DirEntry) -> bool {
        let Ok(place) = folder.path().canonicalize() else { return false };
        let leads_inside = self.root.as_ref().is_some_and(|root| place.starts_with(root));
        !(folder.path_is_symlink() && leads_inside) && self.walked.insert(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::fake;

    #[test]
    fn audio_is_found_in_any_depth_and_case_and_litter_is_passed_over() {
        let root = fake::tree(&[
            "b.WAV",
            "a/c.flac",
            "a/d.Mp3",
            "a/b/e.aifc",
            "a/b/f.AIFF",
            "a/b/g.aif",
            "h.ogg",
            "votes.CSV",
            "x/votes.csv",
            "notes.txt",
            "video.mp4",
            "n/i.opus",
            ".hidden.wav",
            ".git/x.wav",
            "._b.WAV",
            "__MACOSX/a/._c.wav",
            "__MACOSX/a/c.wav",
        ]);
        let found = walk(root.path());
        let names: Vec<_> = found.audio.iter().map(|path| path.to_str().unwrap()).collect();
        assert_eq!(names, ["a/b/e.aifc", "a/b/f.AIFF", "a/b/g.aif", "a/c.flac", "a/d.Mp3", "b.WAV", "h.ogg"]);
        assert_eq!(found.table("Votes.csv"), Some(Path::new("votes.CSV")));
        assert_eq!(found.table("other.csv"), None);
        assert_eq!(found.others, [("n/i.opus".into(), true), ("video.mp4".into(), false)]);
        assert!(found.unreadable.is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn pipes_are_told_of_and_not_waited_for() {
        let root = fake::tree(&["a.wav"]);
        let made = std::process::Command::new("mkfifo").arg(root.path().join("b.wav")).status();
        std::os::unix::fs::symlink("/dev/zero", root.path().join("c.wav")).unwrap();
        let found = walk(root.path());
        assert_eq!(found.audio, [Path::new("a.wav")]);
        assert_eq!(found.unreadable.len(), 1 + usize::from(made.is_ok_and(|status| status.success())));
        assert!(found.unreadable.iter().all(|lost| lost.reason.contains("not a file")));
    }

    #[test]
    fn a_hidden_root_is_walked() {
        let root = fake::tree(&[".data/a.wav"]);
        assert_eq!(walk(&root.path().join(".data")).audio, [Path::new("a.wav")]);
    }

    #[cfg(unix)]
    #[test]
    fn loops_of_links_come_to_an_end_and_broken_links_are_listed() {
        use std::os::unix::fs::symlink;
        let root = fake::tree(&["in/a/x.wav", "in/b/y.wav", "out/z.wav"]);
        let inside = root.path().join("in");
        symlink(&inside, inside.join("a/loop")).unwrap();
        symlink(inside.join("a"), inside.join("b/to_a")).unwrap();
        symlink(inside.join("b"), inside.join("a/to_b")).unwrap();
        symlink(root.path(), inside.join("up")).unwrap();
        symlink(root.path().join("out"), inside.join("out")).unwrap();
        symlink("nowhere.wav", inside.join("broken.wav")).unwrap();
        symlink("nowhere.txt", inside.join("broken.txt")).unwrap();
        symlink(inside.join("a/x.wav"), inside.join("file.wav")).unwrap();
        let found = walk(&inside);
        let names: Vec<_> = found.audio.iter().map(|path| path.to_str().unwrap()).collect();
        assert_eq!(names, ["a/x.wav", "b/y.wav", "file.wav", "out/z.wav"]);
        assert_eq!(found.unreadable.len(), 1);
        assert!(found.unreadable[0].path.ends_with("broken.wav"), "{found:?}");
        assert!(found.unreadable[0].reason.contains("not there"), "{found:?}");
    }
}
