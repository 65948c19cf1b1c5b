//! A run folder belongs to one process at a time.

use std::{
    fs::{File, TryLockError},
    io::{Read, Seek, Write},
};

use super::RunDir;
use crate::{
    error::{Error, Result},
    events::Observer,
    files::create_dir,
};

/// The right to write into a run folder. The system takes it back with the process, however that ends.
#[derive(Debug)]
pub struct Lock {
    _file: Option<File>,
}

impl Lock {
    /// Takes the folder, which is made where it is missing.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] naming the folder and the process that has it; [`Error::Io`] where the folder cannot be written.
    pub fn take(dir: &RunDir, observer: &dyn Observer) -> Result<Self> {
        create_dir(dir.path())?;
        let path = dir.lock();
        let opened = File::options().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = opened.map_err(Error::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => {
                let pid = std::process::id();
                // Only for the other process's message: a full disk must not matter here.
                let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| write!(file, "{pid}"));
                Ok(Self { _file: Some(file) })
            }
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let holder = match file.read_to_string(&mut holder) {
                    Ok(_) if !holder.is_empty() => format!(" (process {holder})"),
                    _ => String::new(),
                };
                Err(Error::Config(format!(
                    "{} is being trained by another ser-train{holder}: wait for it, or pass --out DIR to train elsewhere",
                    dir.path().display()
                )))
            }
            Err(TryLockError::Error(e)) => {
                observer.warn(&format!("{} cannot be locked ({e}): start nothing else on this run", path.display()));
                Ok(Self { _file: None })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_one_holders_until_that_lets_go() {
        let dir = tempfile::tempdir().unwrap();
        let run = RunDir::of(dir.path(), "0", 1);
        let first = Lock::take(&run, &()).unwrap();
        let refused = Lock::take(&run, &()).unwrap_err().to_string();
        assert!(refused.contains("fold-0/seed-1") && refused.contains(&std::process::id().to_string()), "{refused}");
        drop(first);
        Lock::take(&run, &()).unwrap();
    }
}
