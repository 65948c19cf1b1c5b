//! Files that a user names to be written: never what is read, never what somebody else has made.

use std::{fs, io::Read, path::Path};

use crate::{
    error::{Error, Result},
    files::{self, write_whole},
};

/// How much of a file tells what it is.
const HEAD: u64 = 4096;

/// Refuses to write over what is read.
///
/// # Errors
///
/// [`Error::Config`] that names both where one of `inputs` is the file that `out` leads to.
pub fn check_not_read(out: &Path, inputs: impl IntoIterator<Item = impl AsRef<Path>>) -> Result<()> {
    let Ok(there) = fs::metadata(out) else { return Ok(()) };
    for input in inputs {
        let input = input.as_ref();
        if fs::metadata(input).is_ok_and(|read| is_same(out, &there, input, &read)) {
            return Err(Error::Config(format!(
                "{} would be written over {}, which is read: name another file",
                out.display(),
                input.display()
            )));
        }
    }
    Ok(())
}

#[cfg(unix)]
fn is_same(_: &Path, a: &fs::Metadata, _: &Path, b: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

#[cfg(not(unix))]
fn is_same(a: &Path, _: &fs::Metadata, b: &Path, _: &fs::Metadata) -> bool {
    fs::canonicalize(a).ok().is_some_and(|a| fs::canonicalize(b).is_ok_and(|b| a == b))
}

/// Refuses to write over a file that is not of the kind that is written, by its first bytes. One that is empty or not there may
/// be written, and so may a pipe.
///
/// # Errors
///
/// [`Error::Config`] that names the file, `what` would be written and what to do; [`Error::Io`] where it cannot be read.
pub fn check_replaceable(out: &Path, what: &str, is_ours: impl Fn(&[u8]) -> bool) -> Result<()> {
    if !fs::metadata(out).is_ok_and(|there| there.is_file()) {
        return Ok(());
    }
    let mut head = Vec::new();
    files::open(out).and_then(|file| file.take(HEAD).read_to_end(&mut head)).map_err(Error::io("read", out))?;
    if head.is_empty() || is_ours(&head) {
        return Ok(());
    }
    Err(Error::Config(format!(
        "{} is there and is no {what}, and would be lost: remove it, or name another file",
        out.display()
    )))
}

/// Writes a file that is made the same each time. One that is there and is the same is left.
///
/// # Errors
///
/// [`Error::Config`] where another is there; otherwise as [`write_whole`].
pub fn write_new(out: &Path, bytes: &[u8]) -> Result<()> {
    match fs::metadata(out) {
        Ok(there) if there.is_file() && there.len() > 0 => {
            if there.len() == bytes.len() as u64 && files::read(out).map_err(Error::io("read", out))? == bytes {
                return Ok(());
            }
            Err(Error::Config(format!(
                "{} is there, is another than would be written, and would be lost: remove it, or name another folder",
                out.display()
            )))
        }
        _ => write_whole(out, |file| file.write_all(bytes)),
    }
}

/// Refuses to write a report among the files of a run, some of which have the same names.
///
/// # Errors
///
/// [`Error::Config`] that says where a report may go.
pub fn check_no_run(folder: &Path) -> Result<()> {
    if !folder.join("run.json").exists() {
        return Ok(());
    }
    Err(Error::Config(format!(
        "--out {} is the folder of a run, whose files the report would be written over: name another, such as {}",
        folder.display(),
        folder.join("report").display()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_not_written_over_by_whatever_name() {
        let dir = tempfile::tempdir().unwrap();
        let (input, other) = (dir.path().join("a.wav"), dir.path().join("b.npy"));
        fs::write(&input, "x").unwrap();
        check_not_read(&other, [&input]).unwrap();
        fs::write(&other, "y").unwrap();
        check_not_read(&other, [&input]).unwrap();
        let refused = check_not_read(&dir.path().join("./a.wav"), [&other, &input]).unwrap_err().to_string();
        assert!(refused.contains("which is read: name another"), "{refused}");
        #[cfg(unix)]
        {
            let (soft, hard) = (dir.path().join("soft"), dir.path().join("hard"));
            std::os::unix::fs::symlink(&input, &soft).unwrap();
            fs::hard_link(&input, &hard).unwrap();
            for link in [soft, hard] {
                check_not_read(&link, [&input]).unwrap_err();
            }
        }
    }

    #[test]
    fn only_what_was_made_here_is_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out");
        let check = || check_replaceable(&out, "table of a split", |head| head.starts_with(b"clip,"));
        check().unwrap();
        for (text, fine) in [("", true), ("clip,path", true), ("path,emotion", false)] {
            fs::write(&out, text).unwrap();
            assert_eq!(check().is_ok(), fine, "{text}");
        }
        assert!(check().unwrap_err().to_string().contains("is no table of a split, and would be lost"));

        let new = dir.path().join("new");
        write_new(&new, b"1").unwrap();
        write_new(&new, b"1").unwrap();
        assert!(write_new(&new, b"2").unwrap_err().to_string().contains("remove it"));
        assert_eq!(fs::read(&new).unwrap(), b"1");
    }

    #[test]
    fn a_report_is_not_written_among_the_files_of_a_run() {
        let dir = tempfile::tempdir().unwrap();
        check_no_run(dir.path()).unwrap();
        fs::write(dir.path().join("run.json"), "{}").unwrap();
        assert!(check_no_run(dir.path()).unwrap_err().to_string().contains("report"));
    }
}
