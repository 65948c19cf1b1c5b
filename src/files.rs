//! Files that are read where they are files, and written whole or not at all.

use std::{
    fs::{self, File, FileType},
    io::{self, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use crate::error::{Error, Result};

/// Opens a file to read from it. Whatever else has a name waits for somebody who writes (a named pipe, a terminal), has no end
/// (a device) or no bytes (a folder, a socket): it is refused before it is opened.
///
/// # Errors
///
/// What the system says, or what the thing is and what to do instead.
pub fn open(path: impl AsRef<Path>) -> io::Result<File> {
    let path = path.as_ref();
    check(path)?;
    File::open(path)
}

/// The bytes of a file. A pipe that the shell has given this process by its number is read too, once: the table of
/// `ser-eval judge <(zcat table.csv.gz)`, or `/dev/stdin` behind a `|`.
///
/// # Errors
///
/// As [`open`].
pub fn read(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    let path = path.as_ref();
    if !is_given_pipe(path) {
        check(path)?;
        return fs::read(path);
    }
    let mut bytes = Vec::new();
    File::open(path)?.read_to_end(&mut bytes)?;
    if bytes.is_empty() {
        let problem = "the pipe is empty: nothing was written to it, or it was read before; save what comes through it \
                       as a file, and name that";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
    }
    Ok(bytes)
}

/// The text of a file, as [`read`] reads it.
///
/// # Errors
///
/// As [`open`], and where it is not in UTF-8.
pub fn read_text(path: impl AsRef<Path>) -> io::Result<String> {
    String::from_utf8(read(path)?).map_err(|error| {
        let problem = format!("it is not text in UTF-8, from byte {} on", error.utf8_error().valid_up_to());
        io::Error::new(io::ErrorKind::InvalidData, problem)
    })
}

/// Whether what a path leads to is a file that ends; nothing is opened.
///
/// # Errors
///
/// As [`open`].
pub(crate) fn check(path: &Path) -> io::Result<()> {
    match other_than_file(fs::metadata(path)?.file_type()) {
        None => Ok(()),
        Some(problem) => Err(io::Error::new(io::ErrorKind::InvalidInput, problem)),
    }
}

/// What something is that is no file, and what to do; nothing of a file.
pub(crate) fn other_than_file(kind: FileType) -> Option<&'static str> {
    if kind.is_file() {
        return None;
    }
    if kind.is_dir() {
        return Some("it is a folder, and a file is read here: name the file in it");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return Some("it is a pipe, not a file: save what comes through it as a file, and name that");
        }
        if kind.is_socket() {
            return Some("it is a socket, not a file: save what comes through it as a file, and name that");
        }
        if kind.is_char_device() || kind.is_block_device() {
            return Some("it is a device or a terminal, not a file: save what comes from it as a file, and name that");
        }
    }
    Some("it is no file")
}

/// Whether the path is that of a pipe which this process holds already: somebody else's end of it is open, or was.
pub(crate) fn is_given_pipe(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        let given = path == Path::new("/dev/stdin") || path.starts_with("/dev/fd") || path.starts_with("/proc/self/fd");
        given && fs::metadata(path).is_ok_and(|found| found.file_type().is_fifo())
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

/// Writes a file through `fill` into a temporary neighbour, flushes it to the disk and renames it into place: a reader
/// meets the old file or the new one, and a crash or a full disk leaves the old one. A link stays, and what it leads to is
/// written; a pipe or a terminal is written through.
///
/// # Errors
///
/// [`Error::Io`] naming the file where any step fails; the temporary file is gone then.
pub fn write_whole(path: &Path, fill: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<()> {
    write(path, true, fill)
}

/// As [`write_whole`], but leaves it to the system when the bytes reach the disk: for files that carry a checksum and
/// can be made again.
///
/// # Errors
///
/// As [`write_whole`].
pub fn write_cached(path: &Path, fill: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<()> {
    write(path, false, fill)
}

fn write(path: &Path, sync: bool, fill: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<()> {
    let place = Place::of(path).map_err(Error::io("write", path))?;
    if let Place::File(file) = &place {
        create_dir(folder_of(file))?;
    }
    let attempt = || match place {
        Place::File(file) => {
            let mut writer = BufWriter::new(temporary(folder_of(&file), "")?);
            fill(&mut writer)?;
            put_in_place(writer.into_inner().map_err(std::io::IntoInnerError::into_error)?, &file, sync)
        }
        Place::Through => {
            let mut writer = BufWriter::new(File::options().write(true).open(path)?);
            fill(&mut writer)?;
            writer.flush()
        }
    };
    attempt().map_err(Error::io("write", path))
}

/// Where what is written to a path goes.
enum Place {
    /// A file, which the path names or a link at it leads to: it is written beside and put in place.
    File(PathBuf),
    /// A pipe or a terminal, which is not a file to be replaced: somebody reads from it.
    Through,
}

impl Place {
    fn of(path: &Path) -> io::Result<Self> {
        let link = fs::symlink_metadata(path).is_ok_and(|there| there.is_symlink());
        match fs::metadata(path) {
            Ok(there) if there.is_file() && link => fs::canonicalize(path).map(Self::File),
            // Of a folder the system says what it is.
            Ok(there) if there.is_file() || there.is_dir() => Ok(Self::File(path.to_owned())),
            Ok(there) if is_written_through(there.file_type()) => Ok(Self::Through),
            Ok(_) => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a device or a socket, not a file")),
            // A link to what is not there yet: the file that it names.
            Err(_) if link => {
                let target = fs::read_link(path)?;
                Ok(Self::File(folder_of(path).join(target)))
            }
            Err(_) => Ok(Self::File(path.to_owned())),
        }
    }
}

fn is_written_through(kind: FileType) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        kind.is_fifo() || kind.is_char_device()
    }
    #[cfg(not(unix))]
    {
        let _ = kind;
        false
    }
}

/// As [`write_whole`], for what can only write to a path: `fill` is given that of the temporary neighbour, which has the
/// extension of `path`.
///
/// # Errors
///
/// What `fill` returns; otherwise as [`write_whole`].
pub fn write_whole_at(path: &Path, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let (place, wrong) = (Place::of(path).map_err(Error::io("write", path))?, Error::io("write", path));
    let extension = path.extension().map(|extension| format!(".{}", extension.to_string_lossy())).unwrap_or_default();
    let folder = match &place {
        Place::File(file) => folder_of(file).to_owned(),
        Place::Through => std::env::temp_dir(),
    };
    create_dir(&folder)?;
    let temporary = match temporary(&folder, &extension) {
        Ok(temporary) => temporary,
        Err(error) => return Err(wrong(error)),
    };
    fill(temporary.path())?;
    match place {
        Place::File(file) => put_in_place(temporary, &file, true),
        Place::Through => File::open(temporary.path())
            .and_then(|mut from| io::copy(&mut from, &mut File::options().write(true).open(path)?))
            .map(drop),
    }
    .map_err(wrong)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// What the name of a file begins with while it is written.
pub(crate) const PARTIAL: &str = ".partial-";

/// Removes what writers that were killed have left in the folder. Nobody may be writing into it; what cannot be removed
/// does no harm and stays.
pub fn remove_partial(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.filter_map(std::result::Result::ok) {
        if entry.file_name().to_string_lossy().starts_with(PARTIAL) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn temporary(folder: &Path, suffix: &str) -> std::io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PARTIAL).suffix(suffix);
    // Temporary files are private by default, which results should not be; the umask still applies.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

fn put_in_place(temporary: NamedTempFile, path: &Path, sync: bool) -> std::io::Result<()> {
    if sync {
        // Without this a power cut could leave the new name with no content behind it.
        temporary.as_file().sync_all()?;
    }
    temporary.persist(path)?;
    Ok(())
}

/// Creates the folder and those above it.
///
/// # Errors
///
/// [`Error::Io`] naming the folder.
pub fn create_dir(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(Error::io("create the folder", path))
}

/// Writes a value as indented JSON, whole or not at all.
///
/// # Errors
///
/// As [`write_whole`].
pub fn write_json(path: &Path, value: &impl serde::Serialize) -> Result<()> {
    write_whole(path, |file| {
        serde_json::to_writer_pretty(&mut *file, value)?;
        writeln!(file)
    })
}

/// Reads a JSON file.
///
/// # Errors
///
/// [`Error::Io`] where it cannot be read, [`Error::File`] where it is not what it should be.
pub fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T> {
    let bytes = read(path).map_err(Error::io("read", path))?;
    serde_json::from_slice(&bytes).map_err(|e| Error::file(path, format!("is not as this program writes it: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b.txt");
        write_whole(&path, |f| f.write_all(b"old")).unwrap();
        let failed = write_whole(&path, |f| {
            f.write_all(b"new")?;
            Err(std::io::Error::other("disk full"))
        });
        assert!(failed.unwrap_err().to_string().contains("disk full"));
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_refused_by_what_it_is_and_never_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let (pipe, socket) = (dir.path().join("pipe"), dir.path().join("socket"));
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let _socket = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for (path, word) in [
            (pipe.as_path(), "it is a pipe"),
            (&socket, "it is a socket"),
            (dir.path(), "it is a folder"),
            (Path::new("/dev/zero"), "it is a device"),
        ] {
            for refusal in [open(path).unwrap_err(), read(path).unwrap_err(), read_text(path).unwrap_err()] {
                assert!(refusal.to_string().contains(word), "{}: {refusal}", path.display());
            }
        }
        fs::write(dir.path().join("latin"), b"caf\xe9").unwrap();
        assert!(read_text(dir.path().join("latin")).unwrap_err().to_string().contains("byte 3"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_pipe_that_the_process_was_given_is_read_once() {
        use std::os::fd::AsRawFd;
        let (reader, mut writer) = io::pipe().unwrap();
        let path = Path::new("/dev/fd").join(reader.as_raw_fd().to_string());
        writer.write_all(b"path,emotion\n").unwrap();
        drop(writer);
        assert_eq!(read_text(&path).unwrap(), "path,emotion\n");
        assert!(read(&path).unwrap_err().to_string().contains("read before"));
        assert!(open(&path).unwrap_err().to_string().contains("it is a pipe"), "it cannot be sought in");
    }

    #[cfg(unix)]
    #[test]
    fn links_and_pipes_stay_what_they_are() {
        use std::os::unix::fs::{FileTypeExt, symlink};
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let hello = |path: &Path| write_whole(path, |file| file.write_all(b"hello"));
        let hello_at =
            |path: &Path| write_whole_at(path, |path| fs::write(path, "hello").map_err(Error::io("write", path)));
        fs::create_dir(at("sub")).unwrap();
        fs::write(at("sub/old"), "old").unwrap();
        for (number, target) in ["sub/old", "sub/new"].into_iter().enumerate() {
            let link = at(&format!("link-{number}"));
            symlink(target, &link).unwrap();
            hello(&link).unwrap();
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
            assert_eq!(fs::read(at(target)).unwrap(), b"hello");
            fs::remove_file(at(target)).unwrap();
            hello_at(&link).unwrap();
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
            assert_eq!(fs::read(at(target)).unwrap(), b"hello");
        }
        let pipe = at("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        for write in [&hello as &dyn Fn(&Path) -> Result<()>, &hello_at] {
            let reader = std::thread::spawn({
                let pipe = pipe.clone();
                move || fs::read(pipe).unwrap()
            });
            write(&pipe).unwrap();
            assert_eq!(reader.join().unwrap(), b"hello");
            assert!(fs::symlink_metadata(&pipe).unwrap().file_type().is_fifo());
        }
        hello(Path::new("/dev/null")).unwrap();
        assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
        let socket = at("socket");
        let _socket = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        assert!(hello(&socket).unwrap_err().to_string().contains("not a file"));
    }

    #[cfg(unix)]
    #[test]
    fn others_may_read_what_the_umask_lets_them() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let (ours, plain) = (dir.path().join("ours"), dir.path().join("plain"));
        write_whole_at(&ours, |temporary| fs::write(temporary, b"x").map_err(Error::io("write", temporary))).unwrap();
        fs::write(&plain, b"").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&ours), mode(&plain));
        assert_eq!(fs::read(&ours).unwrap(), b"x");
    }
}
