//! Additions of low rank to matrices that stay as they are (Hu et al. 2022, "LoRA", <https://arxiv.org/abs/2106.09685>).

use burn::{
    module::{Module, Param},
    tensor::{Device, Distribution, Tensor},
};
use serde::{Deserialize, Serialize};

use super::ops;
use crate::error::{Error, Result};

/// `encoder.lora`: what the layers' matrices learn through.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LoraConfig {
    /// The addition's rank.
    pub rank: usize,
    /// The addition counts `alpha / rank`.
    pub alpha: f64,
}

impl LoraConfig {
    /// Checks the values.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] with the key, its value and the rule that it breaks.
    pub(super) fn validate(&self) -> Result<()> {
        if !(1..=1024).contains(&self.rank) {
            return Err(Error::Config(format!("encoder.lora.rank = {}: from 1 to 1024", self.rank)));
        }
        if !(self.alpha > 0.0 && self.alpha <= 1e4) {
            return Err(Error::Config(format!("encoder.lora.alpha = {}: above 0 and up to 10000", self.alpha)));
        }
        Ok(())
    }
}

/// The addition to one matrix: `x · downᵀ · upᵀ`, scaled.
#[derive(Module, Debug)]
pub(super) struct Lora {
    /// `[rank, inputs]`: random at first.
    down: Param<Tensor<2>>,
    /// `[outputs, rank]`: zeros at first, so that nothing is added.
    up: Param<Tensor<2>>,
    scale: f64,
}

impl Lora {
    /// Drawn from the device's current seed.
    pub fn new(LoraConfig { rank, alpha }: LoraConfig, inputs: usize, outputs: usize, device: &Device) -> Self {
        let most = 1.0 / (inputs.max(1) as f64).sqrt();
        Self {
            down: Param::from_tensor(Tensor::random([rank, inputs], Distribution::Uniform(-most, most), device)),
            up: Param::from_tensor(Tensor::zeros([outputs, rank], device)),
            scale: alpha / rank as f64,
        }
    }

    /// `[batch, frames, inputs]` → `[batch, frames, outputs]`.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        ops::linear(ops::linear(x, self.down.val(), None), self.up.val(), None) * self.scale
    }
}
