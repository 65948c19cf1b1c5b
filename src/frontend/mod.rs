//! Samples → a matrix `[frames, dims]`: what a network sees of a clip.

mod matrix;
mod scaler;
pub mod spectral;

pub use self::{
    matrix::Matrix,
    scaler::{Scaler, ScalerFit, ScalerScope},
    spectral::{Extractor, FeaturesConfig},
};
