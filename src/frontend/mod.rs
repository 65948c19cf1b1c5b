//! Samples → a matrix `[frames, dims]`: what a network sees of a clip.
//!
//! [`Frontend`] is the contract, [`Spectral`] the short-time features. [`Scaler`] standardises what a front end gives.

mod contract;
pub mod encoder;
mod matrix;
mod scaler;
pub mod spectral;

pub use self::{
    contract::{Frontend, Part, Worker, join},
    matrix::Matrix,
    scaler::{Scaler, ScalerFit, ScalerScope},
    spectral::{Extractor, FeaturesConfig, Spectral},
};
