//! `serkit.Recognizer` and `serkit.Stream` without their documentation and their comforts, and what is said of answers.

use std::{
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
};

use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::{prelude::*, types::PyList};
use ser::{
    adapt::Off,
    audio::Decoder,
    bundle,
    error::{Error, Result},
    events::Observer,
    frontend::encoder::models_dir,
    predict::{self, Adapted, Answer, Gate, Listening, Vocabulary, Window, expand, load_all},
};

use crate::{errors::exception, pool::on_threads, session::Session, watch::watched};

/// Seconds heard, how far adapted, and why not.
type HowFar = (f64, f64, Option<&'static str>);

pub(crate) fn how_far(adapted: &Adapted) -> HowFar {
    (adapted.seconds, adapted.degree, adapted.off.map(Off::words))
}

/// An answer as Python builds its own of: probabilities, values of targets, seconds, notes, and how far it is adapted.
pub(crate) type Said<'py> = (Bound<'py, PyArray1<f32>>, Bound<'py, PyArray1<f32>>, f64, Vec<String>, Option<HowFar>);

pub(crate) fn said<'py>(py: Python<'py>, answer: &Answer) -> Said<'py> {
    let [probabilities, values] = [answer.probabilities(), answer.values()].map(|of| PyArray1::from_slice(py, of));
    (probabilities, values, answer.seconds(), answer.notes().to_vec(), answer.adapted().map(how_far))
}

/// A window: start, end, and the answer where the gate opened.
pub(crate) type Heard<'py> = (f64, f64, Option<Said<'py>>);

pub(crate) fn heard<'py>(py: Python<'py>, windows: &[Window]) -> Vec<Heard<'py>> {
    let one = |window: &Window| (window.start, window.end, window.answer.as_ref().map(|answer| said(py, answer)));
    windows.iter().map(one).collect()
}

/// How a signal is cut, lengths in seconds.
pub(crate) fn listening((window, hop): (f64, f64), growing: bool, gate: Option<f32>) -> Listening {
    let gate = gate.map_or(Gate::Speech, Gate::Level);
    Listening { window, hop, growing, gate, ..Listening::timeline() }
}

/// Whether a model in the package is meant, and not a path.
#[pyfunction]
pub fn is_built_in(path: PathBuf) -> bool {
    bundle::BuiltIn::named(&path).is_some()
}

#[pyclass(frozen, module = "serkit._serkit")]
pub struct Recognizer {
    inner: predict::Recognizer,
    digest: String,
}

#[pymethods]
impl Recognizer {
    #[new]
    fn new(py: Python<'_>, paths: Vec<PathBuf>, models: Option<PathBuf>, calibrated: bool) -> PyResult<Self> {
        let open = || -> Result<Self> {
            let digest = bundle::digest(&paths)?;
            let inner = predict::Recognizer::with_models(load_all(&paths)?, &models_dir(models))?;
            Ok(Self { inner: if calibrated { inner } else { inner.uncalibrated() }, digest })
        };
        py.detach(|| on_threads(open)).map_err(exception)
    }

    #[getter]
    fn classes(&self) -> Vec<String> {
        self.inner.vocabulary().emotions.to_vec()
    }

    /// The numbers that are answered, each with the ends of its range.
    #[getter]
    fn targets(&self) -> Vec<(String, f64, f64)> {
        let Vocabulary { targets, scales, .. } = self.inner.vocabulary();
        targets.iter().zip(scales).map(|(name, scale)| (name.clone(), scale.low, scale.high)).collect()
    }

    /// Somebody who is listened to, of whom nothing was heard yet, or what `state` says.
    fn session(&self, state: Option<&str>) -> PyResult<Session> {
        Session::of(&self.inner, state).map_err(exception)
    }

    #[getter]
    fn bundles(&self) -> usize {
        self.inner.bundles()
    }

    /// The confidence below which an answer is "uncertain".
    #[getter]
    fn threshold(&self) -> f32 {
        self.inner.threshold()
    }

    #[getter]
    fn notes(&self) -> Vec<String> {
        self.inner.notes()
    }

    #[getter]
    fn digest(&self) -> &str {
        &self.digest
    }

    fn file<'py>(&self, py: Python<'py>, path: PathBuf) -> PyResult<Said<'py>> {
        let answer = py.detach(|| on_threads(|| self.inner.file(&path))).map_err(exception)?;
        Ok(said(py, &answer))
    }

    fn samples<'py>(&self, py: Python<'py>, samples: PyReadonlyArray1<'py, f32>, rate: u32) -> PyResult<Said<'py>> {
        let samples = samples.as_slice()?;
        let answer = py.detach(|| on_threads(|| self.inner.samples(samples, rate))).map_err(exception)?;
        Ok(said(py, &answer))
    }

    /// The files that are meant, each with its answer or its exception. Unless `keep`, the first exception is raised.
    #[pyo3(signature = (paths, keep, tell))]
    fn files<'py>(
        &self,
        py: Python<'py>,
        paths: Vec<PathBuf>,
        keep: bool,
        tell: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyList>> {
        let work = |observer: &dyn Observer| {
            let found: Vec<Result<PathBuf>> = paths.iter().flat_map(|path| expand(path)).collect();
            self.answers(found, keep, observer)
        };
        let rows = PyList::empty(py);
        for (path, answer) in watched(py, tell.as_ref(), work)? {
            let path = path.into_pyobject(py)?.into_any();
            match answer {
                Ok(answer) => rows.append((path, said(py, &answer)))?,
                Err(error) if keep => rows.append((path, exception(error).into_value(py)))?,
                Err(error) => return Err(exception(error)),
            }
        }
        Ok(rows)
    }

    fn timeline<'py>(
        &self,
        py: Python<'py>,
        path: PathBuf,
        window: f64,
        hop: f64,
        gate: Option<f32>,
        tell: Option<Bound<'py, PyAny>>,
    ) -> PyResult<(Vec<Heard<'py>>, Vec<String>)> {
        let listening = listening((window, hop), false, gate);
        let (windows, notes) = watched(py, tell.as_ref(), |observer| {
            // Wrong settings are better known before the file is opened.
            self.inner.listen(48_000, listening)?;
            let mut windows = Vec::new();
            let decoder = Decoder::open(&path)?;
            let each = |window| {
                windows.push(window);
                Ok(())
            };
            let notes = predict::timeline(&self.inner, decoder, &path, listening, observer, each)?;
            Ok((windows, notes))
        })?;
        Ok((heard(py, &windows), notes))
    }

    fn listen(&self, rate: u32, window: f64, hop: f64, growing: bool, gate: Option<f32>) -> PyResult<Listener> {
        let listening = listening((window, hop), growing, gate);
        Ok(Listener::new(self.inner.listen(rate, listening).map_err(exception)?))
    }
}

impl Recognizer {
    /// Each file with its answer. Unless `keep`, what comes after a file that cannot be used need not be worked on.
    fn answers(
        &self,
        found: Vec<Result<PathBuf>>,
        keep: bool,
        observer: &dyn Observer,
    ) -> Result<Vec<(PathBuf, Result<Answer>)>> {
        let work = observer.work("recognising", found.len());
        let usable: Vec<PathBuf> = found.iter().filter_map(|file| file.as_ref().ok().cloned()).collect();
        let mut rows = Vec::with_capacity(found.len());
        let mut answers = Vec::new().into_iter();
        let mut rest = &usable[..];
        for file in found {
            let (path, answer) = match file {
                Err(error @ (Error::File { .. } | Error::Io { .. })) => (path_of(&error), Err(error)),
                Err(error) => return Err(error),
                Ok(path) => {
                    if answers.len() == 0 {
                        // Enough at once that no thread waits for long, few enough that progress is seen.
                        let (now, later) = rest.split_at(rest.len().min(16 * rayon::current_num_threads()));
                        answers = self.inner.files(now, observer).into_iter();
                        rest = later;
                    }
                    (path, answers.next().unwrap_or_else(|| Err(Error::Interrupted("stopped".into()))))
                }
            };
            work.step();
            if let Err(stopped @ Error::Interrupted(_)) = answer {
                return Err(stopped);
            }
            let failed = answer.is_err();
            rows.push((path, answer));
            if failed && !keep {
                break;
            }
        }
        Ok(rows)
    }
}

fn path_of(error: &Error) -> PathBuf {
    match error {
        Error::File { path, .. } | Error::Io { path, .. } => path.clone(),
        _ => PathBuf::new(),
    }
}

/// A stream. Threads that push at once take turns: the interpreter is free while one waits.
#[pyclass(frozen, module = "serkit._serkit")]
pub struct Listener(Mutex<Stream>);

struct Stream {
    listener: predict::Listener,
    ended: bool,
}

#[pymethods]
impl Listener {
    #[getter]
    fn notes(&self, py: Python<'_>) -> Vec<String> {
        py.detach(|| self.lock().listener.notes().to_vec())
    }

    #[getter]
    fn latency(&self, py: Python<'_>) -> f64 {
        py.detach(|| self.lock().listener.latency())
    }

    fn push<'py>(&self, py: Python<'py>, samples: PyReadonlyArray1<'py, f32>) -> PyResult<Vec<Heard<'py>>> {
        let samples = samples.as_slice()?;
        self.work(py, |stream| stream.listener.push(samples))
    }

    fn finish<'py>(&self, py: Python<'py>) -> PyResult<Vec<Heard<'py>>> {
        self.work(py, |stream| {
            stream.ended = true;
            stream.listener.finish()
        })
    }
}

impl Listener {
    pub(crate) fn new(listener: predict::Listener) -> Self {
        Self(Mutex::new(Stream { listener, ended: false }))
    }

    fn lock(&self) -> MutexGuard<'_, Stream> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The windows that come of work on a stream that has not ended.
    fn work<'py>(
        &self,
        py: Python<'py>,
        work: impl FnOnce(&mut Stream) -> Result<Vec<Window>> + Send,
    ) -> PyResult<Vec<Heard<'py>>> {
        let done = py.detach(|| {
            let mut stream = self.lock();
            let stream = &mut *stream;
            if stream.ended {
                return Err(Error::Data("the stream has ended: start another with Recognizer.stream".into()));
            }
            on_threads(|| work(stream))
        });
        Ok(heard(py, &done.map_err(exception)?))
    }
}
