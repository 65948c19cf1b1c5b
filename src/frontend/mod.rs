//! Samples → a matrix `[frames, dims]`: what a network sees of a clip.
//!
//! [`Frontend`] is the contract. [`Spectral`] has the short-time features, [`encoder::StatesFrontend`] the hidden states of a
//! pretrained encoder; [`open`] makes what a config asks for, one of them or both. [`Scaler`] standardises what a front
//! end gives.

mod beside;
mod contract;
pub mod encoder;
mod level;
mod matrix;
mod pool;
mod scaler;
pub mod spectral;
mod view;

use std::{path::Path, sync::Arc};

pub use self::{
    beside::Beside,
    contract::{Frontend, Part, Worker, join},
    encoder::EncoderConfig,
    level::Level,
    matrix::Matrix,
    pool::{Pool, Pooled},
    scaler::{Scaler, ScalerFit, ScalerScope},
    spectral::{Extractor, FeaturesConfig, Spectral},
    view::SpeakerView,
};
use crate::error::{Error, Result};

/// The front end of `[features]` and `[encoder]`, for clips at `sample_rate` (Hz). Beside a pooled encoder the features
/// are pooled as it is.
///
/// # Errors
///
/// [`Error::Config`] where the settings contradict each other or the encoder is not in `models`.
pub fn open(
    features: &FeaturesConfig,
    encoder: Option<&EncoderConfig>,
    sample_rate: u32,
    models: &Path,
) -> Result<Arc<dyn Frontend>> {
    let Some(config) = encoder else { return Ok(Arc::new(Spectral::new(features, sample_rate)?)) };
    config.validate(sample_rate)?;
    beside(features, config, encoder::StatesFrontend::open(config, models)?, sample_rate)
}

/// The states alone of an encoder that is loaded.
///
/// # Errors
///
/// As [`open`].
pub fn states_of(
    config: &EncoderConfig,
    encoder: encoder::FrozenEncoder,
    sample_rate: u32,
) -> Result<Arc<dyn Frontend>> {
    config.validate(sample_rate)?;
    Ok(Arc::new(encoder::StatesFrontend::of(config, encoder)?))
}

/// The front end of an encoder's states alone.
///
/// # Errors
///
/// As [`open`].
pub fn open_states(config: &EncoderConfig, sample_rate: u32, models: &Path) -> Result<Arc<dyn Frontend>> {
    config.validate(sample_rate)?;
    Ok(Arc::new(encoder::StatesFrontend::open(config, models)?))
}

/// The front end of `[features]` and `[encoder]` for an encoder that is loaded.
///
/// # Errors
///
/// As [`open`].
pub fn with_encoder(
    features: &FeaturesConfig,
    config: &EncoderConfig,
    encoder: encoder::FrozenEncoder,
    sample_rate: u32,
) -> Result<Arc<dyn Frontend>> {
    config.validate(sample_rate)?;
    beside(features, config, encoder::StatesFrontend::of(config, encoder)?, sample_rate)
}

fn beside(
    features: &FeaturesConfig,
    config: &EncoderConfig,
    states: encoder::StatesFrontend,
    sample_rate: u32,
) -> Result<Arc<dyn Frontend>> {
    if features.kinds.is_empty() {
        return Ok(Arc::new(states));
    }
    if !config.gives_vectors() {
        return Err(Error::Config(
            "encoder.pool = \"none\" beside features.kinds: their frames differ; pool the encoder (\"mean+std\"), or set \
             features.kinds to []"
                .into(),
        ));
    }
    let spectral = Pooled::new(Spectral::new(features, sample_rate)?, config.pool);
    Ok(Arc::new(Beside::new(Arc::new(spectral), Arc::new(states))))
}
