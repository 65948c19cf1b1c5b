//! Which files are meant by what stands on the command line.

use std::{
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    audio::{Content, Decoder, Format, HEAD_BYTES, sniff},
    bundle::{self, BuiltIn},
    corpus::walk::{is_audio, walk},
    error::{Error, Result},
    escape,
    events::Observer,
    files,
};

/// The name that stands for standard input.
pub const STDIN: &str = "-";

/// The audio files that a path stands for: itself, or all below a folder, in the order of their paths, those that can only
/// be told of among them. Folders that links lead to are walked once, so that loops come to an end. What cannot be looked at is an error in its place.
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

/// What to say of files whose names have the extension of another format than what is in them, as an M4A called `.wav`;
/// nothing where there are none. They are read by what is in them.
#[must_use]
pub fn misnamed<'a>(files: impl IntoIterator<Item = &'a Path>) -> Option<String> {
    // A pipe has no first bytes to spare.
    let found = files.into_iter().filter(|file| file.is_file() && file.extension().is_some()).filter_map(|file| {
        match sniff(&head(file)) {
            Content::Audio(format) if !format.has_extension(file) => Some((file, format)),
            _ => None,
        }
    });
    let found: Vec<(&Path, Format)> = found.collect();
    let (file, format) = found.first()?;
    let inside = format!("{format:?}").to_uppercase();
    let path = file.to_string_lossy();
    let name = escape::text(&path);
    Some(match found.len() {
        1 => format!("{name} is {inside}, whatever its name says, and is read as that"),
        several => format!(
            "{several} files are of another format than their names say, and are read by what is in them: {name} is \
             {inside}, for one"
        ),
    })
}

/// A file that is meant.
pub(super) struct Input {
    pub path: PathBuf,
    /// Why it cannot be looked at.
    pub lost: Option<Error>,
}

/// The files that paths stand for, in order, with what is wrong with those that cannot be looked at; names that say another
/// format are told of.
pub(super) fn inputs(paths: &[PathBuf], observer: &dyn Observer) -> Vec<Input> {
    let named = |found, path: &Path| match found {
        Ok(path) => Input { path, lost: None },
        Err(error) => {
            let at = match &error {
                Error::File { path, .. } | Error::Io { path, .. } => path,
                _ => path,
            };
            Input { path: at.to_owned(), lost: Some(error) }
        }
    };
    let found: Vec<Input> =
        paths.iter().flat_map(|path| expand(path).into_iter().map(move |found| named(found, path))).collect();
    let files = found.iter().filter(|input| input.lost.is_none()).map(|input| input.path.as_path());
    misnamed(files).iter().for_each(|note| observer.log(&format!("note: {note}")));
    found
}

/// What opens a file, as often as it is wanted; standard input and pipes are read once.
pub(super) fn opener(path: &Path) -> Result<Box<dyn Fn() -> Result<Decoder>>> {
    // What the shell gives as `<(sox …)`.
    let is_pipe = files::is_given_pipe(path);
    if path != Path::new(STDIN) && !is_pipe {
        let path = path.to_owned();
        return Ok(Box::new(move || Decoder::open(&path)));
    }
    let (name, bytes) = match is_pipe {
        true => (path, files::read(path)),
        false => {
            let mut bytes = Vec::new();
            (Path::new("standard input"), io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes))
        }
    };
    let (name, bytes): (PathBuf, Arc<[u8]>) = (name.to_owned(), bytes.map_err(Error::io("read", name))?.into());
    Ok(Box::new(move || Decoder::of_bytes(bytes.clone(), &name)))
}

/// A file's first bytes; none where it cannot be read.
fn head(path: &Path) -> Vec<u8> {
    let mut head = Vec::new();
    let read = crate::files::open(path).and_then(|file| file.take(HEAD_BYTES as u64).read_to_end(&mut head));
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
    fn names_that_say_another_format_are_told_of_once() {
        let root = fake::tree(&["notes.txt"]);
        let at = |name: &str| root.path().join(name);
        for name in ["a.wav", "b.m4a", "c.flac", "sound"] {
            std::fs::write(at(name), b"RIFF\0\0\0\0WAVEfmt ").unwrap();
        }
        let said = |names: &[&str]| {
            let files: Vec<PathBuf> = names.iter().map(|name| at(name)).collect();
            misnamed(files.iter().map(PathBuf::as_path))
        };
        assert_eq!(said(&["a.wav", "sound", "notes.txt", "gone.mp3"]), None);
        assert!(said(&["a.wav", "b.m4a"]).unwrap().contains("b.m4a is WAV"));
        let several = said(&["a.wav", "b.m4a", "c.flac"]).unwrap();
        assert!(several.starts_with("2 files are of another format than their names say"), "{several}");
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
