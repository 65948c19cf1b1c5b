//! `serkit.Session` without its documentation and its comforts.

use std::path::PathBuf;

use numpy::PyReadonlyArray1;
use pyo3::prelude::*;
use ser::{
    audio::Decoder,
    error::{Error, Result},
    predict::{self, SessionState},
};

use crate::{
    errors::exception,
    pool::on_threads,
    recognizer::{Heard, Listener, Said, heard, how_far, listening, said},
    watch::watched,
};

/// A speaker of whom something may have been heard.
#[pyclass(frozen, module = "serkit._serkit")]
pub struct Session(predict::Session);

impl Session {
    /// One that goes on from `state`, or begins.
    pub(crate) fn of(recognizer: &predict::Recognizer, state: Option<&str>) -> Result<Self> {
        let inner = match state {
            None => recognizer.session()?,
            Some(text) => {
                let state: SessionState = serde_json::from_str(text)
                    .map_err(|e| Error::Data(format!("this is no state of a session: {e}")))?;
                recognizer.resume(state)?
            }
        };
        Ok(Self(inner))
    }
}

#[pymethods]
impl Session {
    /// What was heard, as text.
    #[getter]
    fn state(&self) -> PyResult<String> {
        serde_json::to_string(&self.0.state())
            .map_err(|e| exception(Error::Data(format!("the state cannot be written: {e}"))))
    }

    #[getter]
    fn adapted(&self) -> (f64, f64, Option<&'static str>) {
        how_far(&self.0.adapted())
    }

    fn enrol_file(&self, py: Python<'_>, path: PathBuf) -> PyResult<f64> {
        py.detach(|| on_threads(|| self.0.enrol_file(&path))).map_err(exception)
    }

    fn enrol(&self, py: Python<'_>, samples: PyReadonlyArray1<'_, f32>, rate: u32) -> PyResult<f64> {
        let samples = samples.as_slice()?;
        py.detach(|| on_threads(|| self.0.enrol(samples, rate))).map_err(exception)
    }

    fn file<'py>(&self, py: Python<'py>, path: PathBuf) -> PyResult<Said<'py>> {
        let answer = py.detach(|| on_threads(|| self.0.file(&path))).map_err(exception)?;
        Ok(said(py, &answer))
    }

    fn samples<'py>(&self, py: Python<'py>, samples: PyReadonlyArray1<'py, f32>, rate: u32) -> PyResult<Said<'py>> {
        let samples = samples.as_slice()?;
        let answer = py.detach(|| on_threads(|| self.0.samples(samples, rate))).map_err(exception)?;
        Ok(said(py, &answer))
    }

    #[expect(clippy::too_many_arguments, reason = "Python names them")]
    fn timeline<'py>(
        &self,
        py: Python<'py>,
        path: PathBuf,
        window: f64,
        hop: f64,
        gate: Option<f32>,
        running: bool,
        tell: Option<Bound<'py, PyAny>>,
    ) -> PyResult<(Vec<Heard<'py>>, Vec<String>)> {
        let listening = listening((window, hop), false, gate);
        let (windows, notes) = watched(py, tell.as_ref(), |observer| {
            // Wrong settings are better known before the file is opened.
            self.0.listen(48_000, listening, running)?;
            let mut windows = Vec::new();
            let decoder = Decoder::open(&path)?;
            let each = |window| {
                windows.push(window);
                Ok(())
            };
            let notes = self.0.timeline(decoder, &path, listening, running, observer, each)?;
            Ok((windows, notes))
        })?;
        Ok((heard(py, &windows), notes))
    }

    fn listen(
        &self,
        rate: u32,
        window: f64,
        hop: f64,
        growing: bool,
        gate: Option<f32>,
        running: bool,
    ) -> PyResult<Listener> {
        let listening = listening((window, hop), growing, gate);
        Ok(Listener::new(self.0.listen(rate, listening, running).map_err(exception)?))
    }
}
