//! The fused operations, with autodiff. Each serves the flex device alone: see [`is_fused`].

mod bands;
mod bilstm;
mod conv;
mod gelu;
mod linear;
mod tensor;

pub use crate::{bilstm::Ragged, conv::Statistics};
pub use bands::FusedBands;
pub use bilstm::{DirectionTensors, FusedBiLstm, GateTensors};
pub use conv::{FusedConvBlock, LayerTensors, Normalisation};
pub use gelu::FusedGelu;
pub use linear::FusedLinear;
pub use tensor::is_fused;
