//! A pretrained encoder as a front end: frozen, its states go through the cache like any feature.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use half::f16;

use super::{
    super::{Frontend, Matrix, Part, Pool, Worker},
    EncoderConfig, FRAMES_PER_SECOND, FrozenEncoder, Manifest, SAMPLE_RATE, UpperConfig, find, manifest,
};
use crate::error::Result;

/// The version of the numbers that encoders give: raised whenever a change of the code alters a value by more than
/// rounding.
const VERSION: u32 = 3;

/// Hidden states of an encoder, one part of the matrix for each layer.
pub struct StatesFrontend {
    shared: Arc<Shared>,
    parts: Vec<Part>,
}

/// What all workers share.
struct Shared {
    source: Origin,
    /// Read when the first clip is computed: a warm cache needs no weights.
    encoder: OnceLock<FrozenEncoder>,
    loading: Mutex<()>,
    layers: Vec<usize>,
    pool: Pool,
    config: EncoderConfig,
    dims: usize,
    name: String,
}

/// Where the encoder comes from.
enum Origin {
    /// Its folder, with the digest that it had when it was opened.
    Folder(PathBuf, String),
    /// It is there.
    Loaded,
}

impl StatesFrontend {
    /// The states that a config asks for, of an encoder that `models` has.
    ///
    /// # Errors
    ///
    /// As [`find`] and [`manifest()`]; as [`Layers::resolve`](super::Layers::resolve).
    pub fn open(config: &EncoderConfig, models: &Path) -> Result<Self> {
        let folder = find(&config.path, models)?;
        let manifest = manifest(&folder)?;
        Self::new(config, &manifest, Origin::Folder(folder, manifest.digest.clone()), OnceLock::new())
    }

    /// The states that a config asks for, of an encoder that is there.
    ///
    /// # Errors
    ///
    /// As [`Layers::resolve`](super::Layers::resolve).
    pub fn of(config: &EncoderConfig, encoder: FrozenEncoder) -> Result<Self> {
        let manifest = encoder.manifest().clone();
        Self::new(config, &manifest, Origin::Loaded, OnceLock::from(encoder.seen_as(config)))
    }

    fn new(
        config: &EncoderConfig,
        manifest: &Manifest,
        source: Origin,
        encoder: OnceLock<FrozenEncoder>,
    ) -> Result<Self> {
        config.fits(&manifest.architecture)?;
        let config = &config.below(UpperConfig::of(config, manifest)?.as_ref());
        let layers = config.layer.resolve(manifest.transformer.layers, &manifest.name)?;
        let width = config.pool.width(manifest.transformer.dims);
        let part = |(i, layer): (usize, &usize)| Part {
            version: VERSION,
            identity: format!("encoder {} state {layer} {}{}", manifest.digest, config.pool.name(), config.identity())
                .into_bytes(),
            columns: std::iter::once(i * width..(i + 1) * width).collect(),
        };
        let parts = layers.iter().enumerate().map(part).collect();
        let shared = Shared {
            source,
            encoder,
            loading: Mutex::default(),
            layers,
            pool: config.pool,
            config: config.clone(),
            dims: manifest.transformer.dims,
            name: manifest.name.clone(),
        };
        Ok(Self { shared: Arc::new(shared), parts })
    }
}

impl Shared {
    fn encoder(&self) -> Result<&FrozenEncoder> {
        if let Some(encoder) = self.encoder.get() {
            return Ok(encoder);
        }
        let _one = self.loading.lock().unwrap_or_else(PoisonError::into_inner);
        if let (None, Origin::Folder(folder, digest)) = (self.encoder.get(), &self.source) {
            let encoder = FrozenEncoder::load(folder)?;
            if encoder.manifest().digest != *digest {
                let problem = "has changed since this program began: start again";
                return Err(crate::error::Error::file(folder, problem));
            }
            return Ok(self.encoder.get_or_init(|| encoder.seen_as(&self.config)));
        }
        self.encoder.get().ok_or_else(|| crate::error::Error::Data(format!("{} is not loaded", self.name)))
    }
}

impl Frontend for StatesFrontend {
    fn columns(&self) -> Vec<String> {
        let Shared { layers, pool, dims, .. } = &*self.shared;
        let of = |layer: &usize| pool.columns((0..*dims).map(|i| format!("state{layer}_{i}")).collect());
        layers.iter().flat_map(of).collect()
    }

    fn parts(&self) -> &[Part] {
        &self.parts
    }

    fn step_seconds(&self) -> f64 {
        1.0 / f64::from(FRAMES_PER_SECOND)
    }

    fn frame_length(&self) -> usize {
        (SAMPLE_RATE / FRAMES_PER_SECOND) as usize
    }

    fn worker(&self) -> Box<dyn Worker> {
        Box::new(StatesWorker(self.shared.clone()))
    }
}

struct StatesWorker(Arc<Shared>);

impl Worker for StatesWorker {
    fn compute(&mut self, samples: &[f32], wanted: &[usize]) -> Result<Vec<Matrix>> {
        let Shared { layers, pool, config, .. } = &*self.0;
        let highest = wanted.iter().map(|&part| layers[part]).max().unwrap_or(0);
        let clips = self.0.encoder()?.hidden_states(&[samples], highest)?;
        let mut states: Vec<Option<Matrix>> = clips.into_iter().flatten().map(Some).collect();
        let mut take = |layer: usize| {
            let state = states.get_mut(layer).and_then(Option::take);
            state.ok_or_else(|| crate::error::Error::Data(format!("there is no hidden state {layer}")))
        };
        let kept = |state: Matrix| if config.rounds() { in_16_bits(state) } else { pool.apply(state) };
        wanted.iter().map(|&part| Ok(kept(take(layers[part])?))).collect()
    }
}

/// Frames rounded to numbers of 16 bits, in which the cache keeps them: whatever computes them gives what the cache would.
fn in_16_bits(mut state: Matrix) -> Matrix {
    let most = f16::MAX.to_f32();
    state.as_mut_slice().iter_mut().for_each(|x| *x = f16::from_f32(x.clamp(-most, most)).to_f32());
    state
}
