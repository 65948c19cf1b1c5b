//! Which files are meant by what stands on the command line.

use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use crate::{
    audio::{Content, HEAD_BYTES, sniff},
    bundle::{self, BuiltIn},
    corpus::walk::{is_audio, walk},
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

/// Whether the first thing on a command line is a bundle, or a model in the program by its name; else it is what is to be
/// listened to. What cannot be told is taken for a bundle, whose reader says what is wrong with it.
#[must_use]
pub fn is_bundle(path: &Path) -> bool {
    if BuiltIn::named(path).is_some() {
        return true;
    }
    if path == Path::new(STDIN) {
        return false;
    }
    if path.is_dir() {
        return bundle::find(path).is_ok() || !expand(path).iter().any(Result::is_ok);
    }
    let head = if path.is_file() { head(path) } else { Vec::new() };
    // Safetensors: the length of a JSON object, then the object.
    let is_arrays = head.get(8) == Some(&b'{');
    is_arrays || !(matches!(sniff(&head), Content::Audio(_)) || is_audio(path))
}

/// A file's first bytes; none where it cannot be read.
fn head(path: &Path) -> Vec<u8> {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(HEAD_BYTES as u64).read_to_end(&mut head));
    if read.is_ok() { head } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{bundle::made_up, corpus::fake};

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

    #[test]
    fn a_bundle_is_told_from_what_is_to_be_listened_to() {
        let root = fake::tree(&["b.wav", "a/c.flac", "none/notes.txt", "text"]);
        let at = |name: &str| root.path().join(name);
        made_up::bundle(1).save(&at("model")).unwrap();
        made_up::bundle(1).save(&at("named.wav")).unwrap();
        made_up::bundle(1).save_in(&at("run/bundle")).unwrap();
        std::fs::write(at("sound"), b"RIFF\0\0\0\0WAVEfmt ").unwrap();
        let bundles = ["model", "named.wav", "run", "none", "text", "nothing"].map(at);
        for path in bundles.iter().map(PathBuf::as_path).chain(["box", "box-small"].map(Path::new)) {
            assert!(is_bundle(path), "{}", path.display());
        }
        let heard = ["b.wav", "a", "a/c.flac", "sound", "nothing.mp3"].map(at);
        for path in heard.iter().map(PathBuf::as_path).chain([Path::new("-")]) {
            assert!(!is_bundle(path), "{}", path.display());
        }
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
