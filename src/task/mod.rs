//! What a network learns to say of a clip, and how its answers are judged: one file a task.
//!
//! | task | target of a clip | loss | answer | figure that ranks epochs |
//! |---|---|---|---|---|
//! | [`Classification`] | its class | cross-entropy | log-probabilities | UAR |
//! | [`Regression`] | a number for each target | 1 − CCC, squared error or both | parts of each range | mean CCC |
//! | [`Distribution`] | the shares of its listeners' votes | Kullback-Leibler divergence | log-probabilities | 1 − JSD |
//! | [`MultiTask`] | its class, and numbers, its sex or its speaker | the weighted sum of theirs | those of each | UAR of the class |

mod activation;
mod class_weights;
mod classification;
mod config;
mod cross_entropy;
mod distribution;
mod kind;
mod multi_task;
mod opinions;
mod regression;
mod regression_loss;
mod scale;
mod targets;
mod votes;

use burn::tensor::Tensor;

pub use activation::Activation;
pub use class_weights::ClassWeights;
pub use classification::{Classification, ClassificationLoss};
pub(crate) use config::{EMOTION, SEX, SPEAKER};
pub use config::{Missing, Ranges, TaskConfig};
pub use cross_entropy::CrossEntropy;
pub use distribution::Distribution;
pub use kind::{Kind, Solver};
pub use multi_task::{MultiTask, Part};
pub use opinions::Opinions;
pub use regression::Regression;
pub use regression_loss::RegressionLoss;
pub use scale::Scale;
pub use targets::Targets;

use crate::{error::Result, events::Figure};

/// A task with the targets of an experiment's clips. Clips are named by their places in the experiment.
pub trait Task: std::fmt::Debug + Send + Sync {
    /// Which task it is, as bundles note it.
    fn kind(&self) -> Kind;

    /// What each output of the network is of, in their order: the classes, or the dimensions.
    fn outputs(&self) -> &[String];

    /// The range of each output, where outputs are numbers on one.
    fn scales(&self) -> &[Scale] {
        &[]
    }

    /// The outputs, for people.
    fn words(&self) -> String;

    /// What the network should give for a clip, `[outputs]`.
    fn target(&self, clip: usize) -> Vec<f32>;

    /// The group that balanced sampling draws a clip from.
    fn stratum(&self, clip: usize) -> usize;

    /// How many of these clips are of each of `classes` classes, for class weights.
    fn class_counts(&self, clips: &[usize], classes: usize) -> Vec<f64> {
        let mut counts = vec![0.0; classes];
        clips.iter().for_each(|&clip| counts[self.stratum(clip)] += 1.0);
        counts
    }

    /// A clip's target and how much the clip counts, for a head that is solved.
    fn weighed(&self, clip: usize, class_weights: Option<&[f32]>) -> (Vec<f32>, f32) {
        (self.target(clip), class_weights.map_or(1.0, |weights| weights[self.stratum(clip)]))
    }

    /// The loss, with class weights counted on these clips.
    ///
    /// # Errors
    ///
    /// [`Error::Config`](crate::error::Error::Config) where its settings do not fit the targets.
    fn loss(&self, clips: &[usize]) -> Result<Box<dyn Loss>>;

    /// What becomes of the network's outputs.
    fn activation(&self) -> Activation {
        self.kind().activation(self.outputs().len(), 0)
    }

    /// What is learnt beside it, each with outputs of its own behind those of [`Task::outputs`].
    fn beside(&self) -> &[Part] {
        &[]
    }

    /// How many outputs a network has.
    fn heads(&self) -> Heads {
        Heads { answers: self.outputs().len(), ..Heads::default() }
    }

    /// How good the `answers` to these clips are, a row of [`Activation::apply`] each.
    fn judge(&self, clips: &[usize], answers: &[Vec<f32>]) -> Judged;

    /// The task's columns of a table of predictions.
    fn columns(&self) -> Vec<String>;

    /// A clip's cells in them.
    fn cells(&self, clip: usize, answer: &[f32]) -> Vec<String>;

    /// The digest of the targets, where they are more than the clips' classes.
    fn digest(&self) -> Option<blake3::Hash> {
        None
    }

    /// The same task without regularisation, so that a check can overfit one batch.
    fn plain(&self) -> Box<dyn Task>;
}

/// How many outputs a network has, in their order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Heads {
    /// Those that it is there for.
    pub answers: usize,
    /// Those that help it to learn and that a bundle has not.
    pub auxiliary: usize,
    /// Those of what it is to forget.
    pub adversary: usize,
}

impl Heads {
    /// All of them.
    #[must_use]
    pub fn all(self) -> usize {
        self.answers + self.auxiliary + self.adversary
    }
}

/// What training makes small.
pub trait Loss: Send + Sync {
    /// Its mean over a batch, `[1]`; the network's `outputs` and the `targets` are `[batch, outputs]`.
    fn of(&self, outputs: Tensor<2>, targets: Tensor<2>) -> Tensor<1>;
}

/// How good the answers to some clips are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judged {
    /// The mean loss, without weights.
    pub loss: f64,
    /// The figure that ranks epochs.
    pub figure: Figure,
}
