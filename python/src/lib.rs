//! The compiled half of the Python package `serkit`: what the library knows, in Python's terms. What a user sees, with its
//! documentation, is in `serkit/*.py`; here are the conversions, the errors, the threads and Ctrl-C.
//!
//! PyO3's macros write the unsafe code that an extension module needs, marked as their own, so that `forbid(unsafe_code)`
//! holds here as everywhere.

#![forbid(unsafe_code)]

mod config;
mod data;
mod errors;
mod evaluation;
mod extractor;
mod pool;
mod recognizer;
mod session;
mod training;
mod watch;

use pyo3::prelude::*;

#[pymodule]
mod _serkit {
    #[pymodule_export]
    use super::{
        config::config_text,
        data::{audit_experiment, audit_split, scan_corpus, split_of},
        evaluation::{Evaluation, evaluate, gather},
        extractor::Extractor,
        recognizer::{Listener, Recognizer, is_built_in},
        session::Session,
        training::train,
    };

    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        // As every program does before it begins: SER_SIMD may name instructions that the processor lacks.
        ser::device::check_processor().map_err(crate::errors::exception)?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
