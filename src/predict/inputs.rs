//! Which files are meant by what stands on the command line.

use std::path::{Path, PathBuf};

use crate::{
    corpus::walk::walk,
    error::{Error, Result},
};

/// The name that stands for standard input.
pub const STDIN: &str = "-";

/// The audio files that a path stands for: itself, or all below a folder, in the order of their paths, those that can only
/// be told of among them. Folders that
/// links lead to are walked once, so that loops come to an end. What cannot be looked at is an error in its place.
#[must_use]
pub fn expand(path: &Path) -> Vec<Result<PathBuf>> {
    if path == Path::new(STDIN) || !path.is_dir() {
        return vec![Ok(path.to_owned())];
    }
    let found = walk(path);
    let mut files: Vec<PathBuf> =
        found.audio.into_iter().chain(found.others.into_iter().map(|(file, _)| file)).collect();
    files.sort();
    if files.is_empty() && found.unreadable.is_empty() {
        return vec![Err(Error::file(path, "is a folder without audio files (wav, flac, mp3, ogg, m4a, …)"))];
    }
    let unreadable = found.unreadable.into_iter().map(|lost| Err(Error::file(lost.path, lost.reason)));
    files.into_iter().map(|file| Ok(path.join(file))).chain(unreadable).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::fake;

    #[test]
    fn folders_are_walked_and_files_stay_whatever_their_names() {
        let root = fake::tree(&["b.wav", "a/c.flac", "a/d.opus", "notes.txt", "a/.hidden.wav"]);
        let names = |path: &Path| -> Vec<PathBuf> { expand(path).into_iter().map(Result::unwrap).collect() };
        assert_eq!(names(root.path()), ["a/c.flac", "a/d.opus", "b.wav"].map(|name| root.path().join(name)));
        assert_eq!(names(&root.path().join("notes.txt")), [root.path().join("notes.txt")]);
        assert_eq!(names(Path::new("-")), [Path::new("-")]);
        let empty = tempfile::tempdir().unwrap();
        let error = expand(empty.path()).remove(0).unwrap_err().to_string();
        assert!(error.contains("without audio files"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_loop_of_links_ends_and_a_broken_link_is_told_of() {
        let root = fake::tree(&["a/c.wav"]);
        std::os::unix::fs::symlink(root.path(), root.path().join("a/up")).unwrap();
        std::os::unix::fs::symlink("nowhere.wav", root.path().join("gone.wav")).unwrap();
        let found = expand(root.path());
        assert_eq!(found.len(), 2);
        assert!(found[1].as_ref().unwrap_err().to_string().contains("link to a file that is not there"));
    }
}
