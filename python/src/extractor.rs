//! `serkit.Extractor` without its documentation and its comforts.

use std::path::{Path, PathBuf};

use numpy::{PyArray2, PyArrayMethods, PyReadonlyArray1};
use pyo3::prelude::*;
use rayon::prelude::*;
use ser::{
    audio::{self, Audio},
    bundle::Chain,
    config::Experiment,
    corpus::Source,
    error::{Error, Result},
    events::Observer,
    frontend::{EncoderConfig, Matrix, Pool, encoder::models_dir},
};

use crate::{errors::exception, pool::on_threads, watch::watched};

#[pyclass(frozen, module = "serkit._serkit")]
pub struct Extractor {
    chain: Chain,
    pool: Pool,
    /// Whether a clip becomes one row.
    pooled: bool,
    columns: Vec<String>,
    step_seconds: f64,
}

#[pymethods]
impl Extractor {
    /// Of the config's text, its other tables absent where they are not given.
    #[new]
    fn new(py: Python<'_>, config: &str, pool: &str, models: Option<PathBuf>) -> PyResult<Self> {
        py.detach(|| on_threads(|| Self::open(config, pool, &models_dir(models)))).map_err(exception)
    }

    #[getter]
    fn columns(&self) -> Vec<String> {
        self.columns.clone()
    }

    #[getter]
    fn pooled(&self) -> bool {
        self.pooled
    }

    #[getter]
    fn step_seconds(&self) -> f64 {
        self.step_seconds
    }

    #[getter]
    fn sample_rate(&self) -> u32 {
        self.chain.sample_rate()
    }

    fn file<'py>(&self, py: Python<'py>, path: PathBuf) -> PyResult<Bound<'py, PyArray2<f32>>> {
        array(py, py.detach(|| on_threads(|| self.matrix_of(&path))).map_err(exception)?)
    }

    fn samples<'py>(
        &self,
        py: Python<'py>,
        samples: PyReadonlyArray1<'py, f32>,
        rate: u32,
    ) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let audio = Audio { samples: samples.as_slice()?.to_vec(), sample_rate: rate };
        array(py, py.detach(|| on_threads(|| self.matrix_of_samples(audio, Path::new("samples")))).map_err(exception)?)
    }

    /// All of the files, in their order; the first that cannot be used is raised.
    fn files<'py>(
        &self,
        py: Python<'py>,
        paths: Vec<PathBuf>,
        tell: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Vec<Bound<'py, PyArray2<f32>>>> {
        self.each(py, tell.as_ref(), &paths, |path| self.matrix_of(path))
    }

    /// All of the clips, in their order, at one rate.
    fn all_samples<'py>(
        &self,
        py: Python<'py>,
        clips: Vec<PyReadonlyArray1<'py, f32>>,
        rate: u32,
        tell: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Vec<Bound<'py, PyArray2<f32>>>> {
        let clips: Vec<&[f32]> = clips.iter().map(|clip| clip.as_slice()).collect::<std::result::Result<_, _>>()?;
        let clips: Vec<(usize, &[f32])> = clips.into_iter().enumerate().collect();
        self.each(py, tell.as_ref(), &clips, |(number, samples)| {
            let audio = Audio { samples: samples.to_vec(), sample_rate: rate };
            self.matrix_of_samples(audio, Path::new(&format!("clip {number}")))
        })
    }
}

impl Extractor {
    /// A matrix of each of the clips, in parallel.
    fn each<'py, C: Sync>(
        &self,
        py: Python<'py>,
        tell: Option<&Bound<'py, PyAny>>,
        clips: &[C],
        matrix: impl Fn(&C) -> Result<Matrix> + Sync + Send,
    ) -> PyResult<Vec<Bound<'py, PyArray2<f32>>>> {
        let matrices = watched(py, tell, |observer: &dyn Observer| {
            let work = observer.work("features", clips.len());
            let one = |clip: &C| {
                if observer.stop_requested() {
                    return Err(Error::Interrupted("stopped before this clip".into()));
                }
                let matrix = matrix(clip);
                work.step();
                matrix
            };
            clips.par_iter().map(one).collect::<Result<Vec<Matrix>>>()
        })?;
        matrices.into_iter().map(|matrix| array(py, matrix)).collect()
    }
}

impl Extractor {
    fn open(config: &str, pool: &str, models: &Path) -> Result<Self> {
        let experiment = Experiment::parse(config, &[])?;
        let pool = [Pool::None, Pool::Mean, Pool::MeanStd]
            .into_iter()
            .find(|known| known.name() == pool)
            .ok_or_else(|| Error::Config(format!("pool = \"{pool}\": none, mean or mean+std")))?;
        let by_itself = experiment.encoder.as_ref().is_some_and(EncoderConfig::gives_vectors);
        if by_itself && pool != Pool::None {
            return Err(Error::Config(format!(
                "pool = \"{}\": encoder.pool makes one row of a clip already; drop one of them",
                pool.name()
            )));
        }
        let frontend = experiment.frontend(models)?;
        let columns = pool.columns(frontend.columns());
        let step_seconds = frontend.step_seconds();
        Ok(Self {
            chain: Chain::of(experiment.audio, frontend),
            pool,
            pooled: by_itself || pool != Pool::None,
            columns,
            step_seconds,
        })
    }

    fn matrix_of(&self, path: &Path) -> Result<Matrix> {
        // The decoder has looked at every sample already.
        self.matrix(audio::load(&Source::File(path.to_owned()))?, path)
    }

    fn matrix_of_samples(&self, audio: Audio, path: &Path) -> Result<Matrix> {
        audio.check().map_err(|problem| Error::file(path, problem))?;
        self.matrix(audio, path)
    }

    fn matrix(&self, audio: Audio, path: &Path) -> Result<Matrix> {
        Ok(self.pool.apply(self.chain.matrix(audio, path)?))
    }
}

/// `[frames, dims]`.
fn array<'py>(py: Python<'py>, matrix: Matrix) -> PyResult<Bound<'py, PyArray2<f32>>> {
    let shape = [matrix.frames(), matrix.dims()];
    numpy::PyArray1::from_vec(py, matrix.into_vec()).reshape(shape)
}
