//! Standard output: a reader that has seen enough (`| head`) is no error.

use std::{
    io::{self, Write},
    path::Path,
};

use crate::error::{Error, Result};

/// Prints the text as it is.
///
/// # Errors
///
/// [`Error::Io`] where standard output cannot be written, for another reason than that nobody reads on.
pub fn print(text: &str) -> Result<()> {
    read_on(io::stdout().lock().write_all(text.as_bytes())).map(drop)
}

/// What became of writing to standard output: whether somebody reads on.
///
/// # Errors
///
/// As [`print()`].
pub fn read_on(result: io::Result<()>) -> Result<bool> {
    match result {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Error::io("write to", Path::new("standard output"))(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_pipe_is_no_error_and_a_full_disk_is() {
        assert!(read_on(Ok(())).unwrap());
        assert!(!read_on(Err(io::ErrorKind::BrokenPipe.into())).unwrap());
        let full = read_on(Err(io::ErrorKind::StorageFull.into())).unwrap_err();
        assert!(full.to_string().contains("standard output"), "{full}");
    }
}
