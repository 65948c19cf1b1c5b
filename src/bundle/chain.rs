//! The way from a clip's audio to an answer, as a bundle has it.

use std::{
    ops::Range,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use burn::tensor::Device;

use super::{Bundle, Clips, Doubt, Scoring, Vote, distance};
use crate::{
    adapt::Adaptation,
    audio::{Audio, AudioConfig, Windows},
    error::{Error, Result},
    frontend::{Frontend, Matrix, Scaler, ScalerFit, ScalerScope, Worker},
    model::{Net, weights},
    task::Activation,
};

/// How many windows of a clip the network is shown at once: memory is bounded by it, results are not changed.
const BATCH: usize = 32;

/// From a clip's audio to its matrix: the stages `[audio]` and the front end. Threads share it.
pub struct Chain {
    audio: AudioConfig,
    frontend: Arc<dyn Frontend>,
    /// Workers that are not in use: each has buffers of its own.
    idle: Mutex<Vec<Box<dyn Worker>>>,
}

impl Chain {
    /// The chain of a bundle, whose encoder is found in the folder `models`.
    ///
    /// # Errors
    ///
    /// As [`Bundle::frontend`].
    pub fn new(bundle: &Bundle, models: &Path) -> Result<Self> {
        Ok(Self::of(bundle.audio.clone(), bundle.frontend(models)?))
    }

    /// The chain of a front end for clips as `audio` prepares them.
    #[must_use]
    pub fn of(audio: AudioConfig, frontend: Arc<dyn Frontend>) -> Self {
        Self { audio, frontend, idle: Mutex::default() }
    }

    /// The names of its matrices' columns.
    #[must_use]
    pub fn columns(&self) -> Vec<String> {
        self.frontend.columns()
    }

    /// The rate that clips are brought to, in Hz.
    #[must_use]
    pub fn sample_rate(&self) -> u32 {
        self.audio.sample_rate
    }

    /// The shortest clip that fills a frame, in seconds.
    #[must_use]
    pub fn shortest(&self) -> f64 {
        self.frontend.frame_length() as f64 / f64::from(self.audio.sample_rate)
    }

    /// The matrix of a clip; `path` serves the messages alone.
    ///
    /// # Errors
    ///
    /// As [`AudioConfig::prepare`] and [`Worker::compute`]; [`Error::File`] where a feature is not a number.
    pub fn matrix(&self, audio: Audio, path: &Path) -> Result<Matrix> {
        let samples = self.audio.prepare(audio, path)?;
        let lock = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = lock().pop();
        let mut worker = idle.unwrap_or_else(|| self.frontend.worker());
        let matrix = self.frontend.whole(worker.as_mut(), &samples);
        lock().push(worker);
        let matrix = matrix?;
        match matrix.as_slice().iter().position(|value| !value.is_finite()) {
            None => Ok(matrix),
            Some(at) => {
                let column = &self.frontend.columns()[at % matrix.dims()];
                Err(Error::file(path, format!("gives a value of {column} that is not a number: is it audio at all?")))
            }
        }
    }
}

/// From a matrix to an answer: the scaler and the network of one bundle.
pub struct Member {
    net: Net,
    scaler: Option<Scaler>,
    scope: ScalerScope,
    windows: Windows,
    dims: usize,
    min_frames: usize,
    temperature: Option<f64>,
    doubt: Option<Doubt>,
    vote: Option<Vote>,
    adaptation: Option<Adaptation>,
    activation: Activation,
}

impl Member {
    /// The network of a bundle, on the CPU.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] where the weights do not fit the network.
    pub fn new(bundle: Bundle) -> Result<Self> {
        let dims = bundle.dims();
        let windows = bundle.windows();
        let activation = bundle.task.activation(bundle.classes.len(), bundle.targets.len());
        let net = bundle.blank(&Device::flex())?;
        Ok(Self {
            net: weights::write(net, bundle.weights)?,
            scaler: bundle.scaler,
            scope: bundle.features.scaler,
            windows,
            dims,
            min_frames: bundle.model.min_frames(),
            temperature: bundle.temperature,
            doubt: bundle.doubt,
            vote: bundle.vote,
            adaptation: bundle.adaptation,
            activation,
        })
    }

    /// What the matrices were standardised on in training.
    #[must_use]
    pub fn scope(&self) -> ScalerScope {
        self.scope
    }

    /// What divides the logits of a clip, and what of it is for the clip's distance from training; none where it was not fitted.
    #[must_use]
    pub fn temperature(&self, matrix: &Matrix) -> Option<(f64, f64)> {
        let doubt = self.doubt.map_or(1.0, |doubt| doubt.factor(distance(&self.scaled(matrix))));
        self.temperature.map(|temperature| (temperature * doubt, doubt))
    }

    /// How many times its vote on a clip counts.
    #[must_use]
    pub fn vote(&self, matrix: &Matrix) -> f64 {
        self.vote.map_or(1.0, |vote| vote.at(distance(&self.scaled(matrix))))
    }

    /// The confidence below which an answer is "uncertain"; none where the training was not asked for it.
    #[must_use]
    pub fn threshold(&self) -> Option<f64> {
        self.doubt.map(|doubt| doubt.threshold)
    }

    /// What it knows of speakers; none where its bundle does not say.
    #[must_use]
    pub fn adaptation(&self) -> Option<&Adaptation> {
        self.adaptation.as_ref()
    }

    /// The log-probability of every class, before the temperature, or the part of every target's range, or both in this order; `name` serves the
    /// messages alone.
    ///
    /// # Errors
    ///
    /// As [`Scoring::answers`].
    pub fn answer(&self, matrix: &Matrix, name: &Path) -> Result<Vec<f32>> {
        let clip = One { rows: self.scaled(matrix), dims: self.dims, name };
        let device = Device::flex();
        Ok(self.scoring(&device).answers(&clip, &[0])?.pop().unwrap_or_default())
    }

    /// The same, and what the second head that knows speakers makes of the clip: of `view`, where there is something else that it
    /// sees; nothing of a bundle without one.
    ///
    /// # Errors
    ///
    /// As [`Scoring::answers`].
    pub fn answer_and_scores(
        &self,
        matrix: &Matrix,
        view: Option<&Matrix>,
        name: &Path,
    ) -> Result<(Vec<f32>, Vec<f32>)> {
        let Some(head) = self.adaptation.as_ref().and_then(|adaptation| adaptation.centred.as_ref()) else {
            return Ok((self.answer(matrix, name)?, vec![]));
        };
        if let Some(view) = view {
            return Ok((self.answer(matrix, name)?, head.scores(view.as_slice())));
        }
        let clip = One { rows: self.scaled(matrix), dims: self.dims, name };
        let device = Device::flex();
        let (answer, embedding) = self.scoring(&device).both(&clip, 0)?;
        Ok((answer, head.scores(&embedding)))
    }

    fn scoring<'a>(&'a self, device: &'a Device) -> Scoring<'a> {
        Scoring {
            net: &self.net,
            windows: self.windows,
            dims: self.dims,
            min_frames: self.min_frames,
            batch_size: BATCH,
            device,
            activation: self.activation.clone(),
        }
    }

    /// The mean over time of a clip's values, standardised as the network's were.
    pub(crate) fn mean(&self, matrix: &Matrix) -> Vec<f32> {
        let rows = self.scaled(matrix);
        let mut mean = vec![0f32; matrix.dims()];
        for row in rows.chunks_exact(matrix.dims().max(1)) {
            mean.iter_mut().zip(row).for_each(|(sum, value)| *sum += value / matrix.frames() as f32);
        }
        mean
    }

    /// A clip's values, standardised as the network's were.
    fn scaled(&self, matrix: &Matrix) -> Vec<f32> {
        let mut rows = matrix.as_slice().to_vec();
        match (&self.scaler, self.scope) {
            (Some(scaler), _) => scaler.apply(&mut rows),
            (None, ScalerScope::Speaker | ScalerScope::Utterance) => {
                let mut fit = ScalerFit::new(matrix.dims());
                fit.add(&rows);
                fit.finish().apply(&mut rows);
            }
            (None, _) => {}
        }
        rows
    }
}

/// A single clip's scaled values.
struct One<'a> {
    rows: Vec<f32>,
    dims: usize,
    name: &'a Path,
}

impl Clips for One<'_> {
    fn frames(&self, _clip: usize) -> usize {
        self.rows.len() / self.dims.max(1)
    }

    fn rows(&self, _clip: usize, frames: Range<usize>) -> Result<Vec<f32>> {
        Ok(self.rows[frames.start * self.dims..frames.end * self.dims].to_vec())
    }

    fn name(&self, _clip: usize) -> String {
        self.name.display().to_string()
    }
}
