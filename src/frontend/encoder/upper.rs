//! The upper layers of an encoder as a part of a network, where they learn: from a hidden state of the frozen layers below to
//! what the rest of the network sees.

use burn::{
    module::{Module, Param},
    tensor::{Device, Tensor},
};
use serde::{Deserialize, Serialize};

use super::{
    EncoderConfig, Manifest, TransformerConfig, folder,
    layer::Transformer,
    lengths::Lengths,
    lora::LoraConfig,
    manifest::within,
    weights::{Blank, Builder, Own},
};
use crate::{
    error::{Error, Result},
    frontend::Pool,
};

/// Which layers of an encoder learn, and what becomes of their states.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpperConfig {
    /// The hidden state that goes into the lowest of them.
    pub from: usize,
    /// The states that come out, side by side.
    pub states: Vec<usize>,
    /// How their frames become one vector.
    pub pool: Pool,
    /// Additions of low rank, where they learn in place of the layers' weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lora: Option<LoraConfig>,
    /// The layers. `total_layers` is `layers` where the last is the encoder's last, which a normalisation closes.
    pub transformer: TransformerConfig,
}

/// The most layers: no encoder has more.
const MOST: usize = 256;

impl UpperConfig {
    /// What an encoder's config asks for; none where the encoder is frozen.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where the encoder lacks such layers, or states are asked for that lie below those that learn.
    pub fn of(config: &EncoderConfig, manifest: &Manifest) -> Result<Option<Self>> {
        if !config.learns() {
            return Ok(None);
        }
        let TransformerConfig { layers, total_layers, .. } = manifest.transformer;
        let mut states = config.layer.resolve(layers, &manifest.name)?;
        let highest = states.iter().copied().max().unwrap_or(0);
        let Some(from) = highest.checked_sub(config.train_layers) else {
            return Err(Error::Config(format!(
                "encoder.train_layers = {}: there are {highest} layers below the state {highest} of {}",
                config.train_layers, manifest.name
            )));
        };
        if config.layer.is_mixed() {
            states.retain(|&state| state >= from);
        }
        if let Some(below) = states.iter().find(|&&state| state < from) {
            return Err(Error::Config(format!(
                "encoder.layer asks for the state {below}, and with encoder.train_layers = {} the network sees the states \
                 {from} to {highest}: raise one or drop the other",
                config.train_layers
            )));
        }
        let closed = highest == total_layers;
        let transformer = TransformerConfig {
            layers: highest - from,
            total_layers: highest - from + usize::from(!closed),
            ..manifest.transformer.clone()
        };
        Ok(Some(Self { from, states, pool: config.pool, lora: config.lora, transformer }))
    }

    /// Columns of what comes out.
    #[must_use]
    pub fn width(&self) -> usize {
        self.states.len() * self.pool.width(self.transformer.dims)
    }

    /// Looks for contradictions.
    ///
    /// # Errors
    ///
    /// What is wrong, in words.
    pub fn check(&self) -> std::result::Result<(), String> {
        let TransformerConfig { dims, heads, feed_forward, layers, total_layers, .. } = self.transformer;
        within("from", self.from, 0, MOST)?;
        within("layers", layers, 1, MOST)?;
        within("total_layers", total_layers, layers, layers + 1)?;
        within("dims", dims, 1, 16_384)?;
        within("heads", heads, 1, dims)?;
        within("feed_forward", feed_forward, 1, 131_072)?;
        if !dims.is_multiple_of(heads) {
            return Err(format!("{dims} channels cannot be shared among {heads} attention heads"));
        }
        within("states", self.states.len(), 1, layers + 1)?;
        self.states.iter().try_for_each(|&state| within("state", state, self.from, self.from + layers))?;
        self.lora.as_ref().map_or(Ok(()), LoraConfig::validate).map_err(|e| e.to_string())
    }
}

/// The layers with what makes one matrix of their states.
#[derive(Module, Debug)]
pub struct Upper {
    transformer: Transformer,
    /// What standardises the columns, fitted before anything is learnt; it does not learn.
    mean: Param<Tensor<1>>,
    std: Param<Tensor<1>>,
    #[module(skip)]
    config: UpperConfig,
}

impl Upper {
    /// A place for weights that come later.
    ///
    /// # Errors
    ///
    /// None that the config's check did not find.
    pub fn blank(config: &UpperConfig, device: &Device) -> Result<Self> {
        Self::new(config, 0, &mut Builder::new(&mut Blank, device), device)
    }

    /// With the weights of the encoder in a folder. Additions of low rank are drawn from the device's current seed.
    ///
    /// # Errors
    ///
    /// As [`Encoder::load`](super::Encoder::load).
    pub fn load(config: &UpperConfig, folder: &std::path::Path, device: &Device) -> Result<Self> {
        let folder::Stored { path, arrays, .. } = folder::read(folder)?;
        Self::new(config, config.from, &mut Builder::new(&mut Own::new(&path, arrays), device), device)
    }

    pub(super) fn new(config: &UpperConfig, first: usize, builder: &mut Builder, device: &Device) -> Result<Self> {
        let transformer = Transformer::above(&config.transformer, first, builder)?.with_fixed_distances();
        let transformer = match config.lora {
            Some(lora) => transformer.adapted(lora, device),
            None => transformer,
        };
        let still = |value: f32| Param::from_tensor(Tensor::full([config.width()], value, device)).no_grad();
        Ok(Self { transformer, mean: still(0.0), std: still(1.0), config: config.clone() })
    }

    /// What it is.
    #[must_use]
    pub fn config(&self) -> &UpperConfig {
        &self.config
    }

    /// State `from` of a batch, `[batch, frames, dims]` with zeros in the padding, and its items' frames → the columns of
    /// the states asked for, `[batch, frames or 1, width]`, and their frames.
    #[must_use]
    pub fn forward(&self, state: Tensor<3>, lengths: Vec<usize>) -> (Tensor<3>, Vec<usize>) {
        let UpperConfig { from, states, pool, transformer, .. } = &self.config;
        let lengths = Lengths::new(lengths);
        let above = self.transformer.forward(state.clone(), &lengths, 0, transformer.layers);
        let columns = states.iter().map(|&wanted| match wanted.checked_sub(from + 1).and_then(|i| above.get(i)) {
            Some(state) => state.clone(),
            None => state.clone(),
        });
        let pooled = columns.flat_map(|x| match pool {
            Pool::None => vec![x],
            Pool::Mean => vec![lengths.moments(x).0],
            Pool::MeanStd => {
                let (mean, variance) = lengths.moments(x);
                vec![mean, variance.add_scalar(EPSILON).sqrt()]
            }
        });
        let x = Tensor::cat(pooled.collect(), 2);
        let row = |values: &Param<Tensor<1>>| values.val().reshape([1, 1, self.config.width()]);
        let x = (x - row(&self.mean)) / row(&self.std);
        match pool {
            Pool::None => (lengths.zeroed(x), lengths.items().to_vec()),
            _ => (x, vec![1; lengths.items().len()]),
        }
    }
}

/// What is added to a variance, whose root has no slope at zero.
const EPSILON: f32 = 1e-6;
