//! The library's errors as Python's.

use std::{io, path::PathBuf};

use pyo3::{PyErr, exceptions::PyOSError, prelude::*};
use ser::error::Error;

/// The exception that Python expects of an error: one of `OSError`'s kinds where the system refused a file, else one of
/// `serkit`'s own, most of which are `ValueError`s.
pub fn exception(error: Error) -> PyErr {
    let message = error.to_string();
    match error {
        // OSError picks its own subclass by the number: FileNotFoundError, PermissionError, …
        Error::Io { action, path, source } => match source.raw_os_error() {
            Some(number) => {
                PyOSError::new_err((number, format!("cannot {action}: {}", reason(&source)), path.into_os_string()))
            }
            None => own("FileError", message, Some((path, format!("cannot {action}: {source}")))),
        },
        Error::File { path, problem } => own("FileError", message, Some((path, problem))),
        Error::Config(_) => own("ConfigError", message, None),
        Error::Data(_) => own("DataError", message, None),
        Error::Interrupted(_) => own("Interrupted", message, None),
    }
}

/// The system's words without the number that `std` adds.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

/// An exception of `serkit._errors`: the message, and the file with what is wrong with it, where there is one.
fn own(name: &str, message: String, file: Option<(PathBuf, String)>) -> PyErr {
    let raise = |py: Python<'_>| -> PyResult<PyErr> {
        let kind = py.import("serkit._errors")?.getattr(name)?;
        Ok(PyErr::from_value(match file {
            Some((path, problem)) => kind.call1((message, path, problem))?,
            None => kind.call1((message,))?,
        }))
    };
    Python::attach(|py| raise(py).unwrap_or_else(|error| error))
}
