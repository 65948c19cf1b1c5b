//! Files that are written whole or not at all.

use std::{
    fs,
    io::{BufWriter, Write},
    path::Path,
};

use tempfile::NamedTempFile;

use crate::error::{Error, Result};

/// Writes a file through `fill` into a temporary neighbour, flushes it to the disk and renames it into place: a reader
/// meets the old file or the new one, and a crash or a full disk leaves the old one.
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
    let folder = folder_of(path);
    create_dir(folder)?;
    let attempt = || -> std::io::Result<()> {
        let mut writer = BufWriter::new(temporary(folder, "")?);
        fill(&mut writer)?;
        put_in_place(writer.into_inner().map_err(std::io::IntoInnerError::into_error)?, path, sync)
    };
    attempt().map_err(Error::io("write", path))
}

/// As [`write_whole`], for what can only write to a path: `fill` is given that of the temporary neighbour, which has the
/// extension of `path`.
///
/// # Errors
///
/// What `fill` returns; otherwise as [`write_whole`].
pub fn write_whole_at(path: &Path, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let folder = folder_of(path);
    create_dir(folder)?;
    let extension = path.extension().map(|extension| format!(".{}", extension.to_string_lossy())).unwrap_or_default();
    let temporary = temporary(folder, &extension).map_err(Error::io("write", path))?;
    fill(temporary.path())?;
    put_in_place(temporary, path, true).map_err(Error::io("write", path))
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
    let bytes = fs::read(path).map_err(Error::io("read", path))?;
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
