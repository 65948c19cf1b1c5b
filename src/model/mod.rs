//! The CNN + BiLSTM as Burn modules. Padding is masked in every layer, so that a clip's output is the same alone and in
//! any batch.

mod attending;
mod bands;
pub mod bilstm;
pub mod block;
mod input;
mod linear;
mod mask;
mod mix;
mod net;
mod penalty;
mod pool;
#[cfg(test)]
mod trial;
pub mod weights;

use serde::{Deserialize, Serialize};

pub use input::{NetInput, pad};
pub use net::Net;
pub use penalty::Penalty;
pub(crate) use pool::EPSILON as DEVIATION_EPSILON;
pub use pool::Pool;

use crate::{
    error::{Error, Result},
    setting::out_of_range,
};

/// `[model]`: the network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelConfig {
    /// The architecture.
    pub kind: Kind,
    /// Output channels of each convolution block, first to last; every block halves the frames, and a two-dimensional one
    /// the bands too.
    pub channels: Vec<usize>,
    /// Frames (and bands) that a convolution sees: odd, so that it is centred.
    pub kernel: usize,
    /// Hidden units of the LSTM in each direction, or channels of the transformer.
    pub hidden: usize,
    /// `transformer`: its layers.
    #[serde(skip_serializing_if = "is_default_layers")]
    pub layers: usize,
    /// `transformer`: attention heads of each layer, which share its channels.
    #[serde(skip_serializing_if = "is_default_heads")]
    pub heads: usize,
    /// The probability that training zeroes a unit before the dense layer.
    pub dropout: f64,
    /// Units of the dense layer before the classes.
    pub dense: usize,
    /// How the steps become one vector. Without an LSTM `last` is the mean for `linear` and `mlp`.
    pub pool: Pool,
    /// `linear`: the inverse strength of the penalty.
    #[serde(skip_serializing_if = "Penalty::is_default")]
    pub c: Penalty,
}

const DEFAULT_LAYERS: usize = 2;
const DEFAULT_HEADS: usize = 4;

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn is_default_layers(layers: &usize) -> bool {
    *layers == DEFAULT_LAYERS
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn is_default_heads(heads: &usize) -> bool {
    *heads == DEFAULT_HEADS
}

/// The architectures by their names in a config.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Convolution blocks, then a bidirectional LSTM.
    #[default]
    CnnBilstm,
    /// Convolution blocks alone: what the LSTM adds can be told from it.
    Cnn,
    /// A bidirectional LSTM over the frames themselves: `channels` and `kernel` are not used.
    Bilstm,
    /// Two-dimensional convolution blocks over frames and mel bands, then a bidirectional LSTM.
    #[serde(rename = "cnn2d-bilstm")]
    Cnn2dBilstm,
    /// Multinomial logistic regression over the mean frame, with the L2 penalty that [`ModelConfig::c`] says: convex, and
    /// solved to convergence in place of epochs.
    Linear,
    /// One hidden layer over the pooled frames.
    Mlp,
    /// Layers of self-attention over the frames.
    Transformer,
}

impl Kind {
    /// The name in a config.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CnnBilstm => "cnn-bilstm",
            Self::Cnn => "cnn",
            Self::Bilstm => "bilstm",
            Self::Cnn2dBilstm => "cnn2d-bilstm",
            Self::Linear => "linear",
            Self::Mlp => "mlp",
            Self::Transformer => "transformer",
        }
    }

    /// Whether there is an LSTM.
    #[must_use]
    pub fn is_recurrent(self) -> bool {
        matches!(self, Self::CnnBilstm | Self::Bilstm | Self::Cnn2dBilstm)
    }
}

impl Default for ModelConfig {
    fn default() -> Self {
        Self {
            kind: Kind::CnnBilstm,
            channels: vec![64, 128],
            kernel: 3,
            hidden: 128,
            layers: DEFAULT_LAYERS,
            heads: DEFAULT_HEADS,
            dropout: 0.5,
            dense: 64,
            pool: Pool::Last,
            c: Penalty::default(),
        }
    }
}

impl ModelConfig {
    /// Checks every value, and whether the network fits its input: `bands` is how many mel bands the columns are, where
    /// they are nothing else.
    pub(crate) fn validate(&self, bands: Option<usize>) -> Result<()> {
        if self.channels.is_empty() || self.channels.len() > 6 || self.channels.iter().any(|c| !(1..=4096).contains(c))
        {
            let value = format!("{:?}", self.channels);
            return Err(out_of_range("model.channels", value, "one to six blocks of 1 to 4096 channels"));
        }
        if self.kernel.is_multiple_of(2) || self.kernel > 31 {
            return Err(out_of_range("model.kernel", self.kernel, "an odd number of frames up to 31"));
        }
        for (key, value) in [("model.hidden", self.hidden), ("model.dense", self.dense)] {
            if !(1..=4096).contains(&value) {
                return Err(out_of_range(key, value, "units, from 1 to 4096"));
            }
        }
        if !(1..=24).contains(&self.layers) {
            return Err(out_of_range("model.layers", self.layers, "layers of the transformer, from 1 to 24"));
        }
        let shared = self.heads > 0 && (self.kind != Kind::Transformer || self.hidden.is_multiple_of(self.heads));
        if !shared || self.heads > 64 {
            return Err(out_of_range(
                "model.heads",
                self.heads,
                "from 1 to 64, which share model.hidden channels evenly",
            ));
        }
        if !(0.0..1.0).contains(&self.dropout) {
            return Err(out_of_range("model.dropout", self.dropout, "a probability from 0 to below 1"));
        }
        self.c.validate()?;
        if matches!(self.kind, Kind::Cnn | Kind::Transformer) && self.pool == Pool::Last {
            return Err(Error::Config(format!(
                "model.pool = \"last\": the last state is an LSTM's, and model.kind = \"{}\" has none; set it to \
                 \"mean\" or \"attention\"",
                self.kind.name()
            )));
        }
        if self.kind == Kind::Cnn2dBilstm {
            let Some(bands) = bands else {
                return Err(Error::Config(
                    "features.kinds: model.kind = \"cnn2d-bilstm\" convolves over neighbouring mel bands; set it to \
                     [\"mel\"]"
                        .into(),
                ));
            };
            if bands >> self.channels.len() == 0 {
                let rule = format!("model.channels has {} blocks, each of which halves the bands", self.channels.len());
                return Err(out_of_range("features.n_mels", bands, &rule));
            }
        }
        Ok(())
    }

    /// The fewest frames the network can work on: every block halves them. A shorter clip is padded up to it.
    #[must_use]
    pub fn min_frames(&self) -> usize {
        match self.kind {
            Kind::Bilstm | Kind::Linear | Kind::Mlp | Kind::Transformer => 1,
            Kind::CnnBilstm | Kind::Cnn | Kind::Cnn2dBilstm => 1 << self.channels.len(),
        }
    }
}
