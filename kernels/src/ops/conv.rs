//! The block as one operation of Burn's flex backend, with its own backward pass.
//!
//! `#[backend_extension]` writes the way through Burn's run-time dispatch; on a device that is not listed there, the
//! operation must not be called.

use std::sync::{Arc, Mutex, PoisonError};

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, ExtensionType, Flex, TensorMetadata, backend_extension};
use burn::tensor::TensorData;

use super::tensor::{FlexTensor, forward_strides, view, whole_rows};
use crate::buffer::Buffer;
use crate::conv::{self, Frames, Layer, Sizes, Statistics, Trained};
use crate::level::Level;

/// The parameters of a block.
#[derive(ExtensionType)]
pub struct LayerTensors<B: Backend> {
    /// `[d_output, d_input, taps]`
    pub weight: FloatTensor<B>,
    /// `[d_output]`, of the convolution
    pub bias: FloatTensor<B>,
    /// `[d_output]`
    pub gamma: FloatTensor<B>,
    /// `[d_output]`
    pub beta: FloatTensor<B>,
}

impl<B: Backend> LayerTensors<B> {
    fn into_array(self) -> [FloatTensor<B>; PARAMETERS] {
        [self.weight, self.bias, self.gamma, self.beta]
    }
}

const PARAMETERS: usize = 4;
/// Tensors that gradients may flow to: the input and the parameters.
const PARENTS: usize = 1 + PARAMETERS;

/// What the block normalises with.
#[derive(Debug, Clone)]
pub enum Normalisation {
    /// The batch's own statistics, which the operation leaves in here.
    Batch(Arc<Mutex<Statistics>>),
    /// These.
    Running(Statistics),
}

/// The fused block.
#[backend_extension(Autodiff, Flex)]
pub trait FusedConvBlock: Backend {
    /// `[batch, frames, d_input]` to `[batch, frames / 2, d_output]`, zero beyond half of each item's length. `epsilon`
    /// is added to variances. Given statistics leave no gradient.
    fn conv_block(
        input: FloatTensor<Self>,
        #[extension_type] layer: LayerTensors<Self>,
        lengths: Vec<usize>,
        normalisation: Normalisation,
        epsilon: f64,
    ) -> FloatTensor<Self>;
}

impl FusedConvBlock for Flex {
    fn conv_block(
        input: FloatTensor<Self>,
        layer: LayerTensors<Self>,
        lengths: Vec<usize>,
        normalisation: Normalisation,
        epsilon: f64,
    ) -> FloatTensor<Self> {
        compute(input, layer.into_array(), &lengths, &normalisation, epsilon).0
    }
}

impl<C: CheckpointStrategy> FusedConvBlock for Autodiff<Flex, C> {
    fn conv_block(
        input: FloatTensor<Self>,
        layer: LayerTensors<Self>,
        lengths: Vec<usize>,
        normalisation: Normalisation,
        epsilon: f64,
    ) -> FloatTensor<Self> {
        let parameters = layer.into_array();
        let [weight, bias, gamma, beta] = parameters.each_ref().map(|tensor| tensor.node());
        let nodes = [input.node(), weight, bias, gamma, beta];
        let input = input.into_primitive();
        let parameters = parameters.map(|tensor| tensor.into_primitive());
        match ThroughBlock.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let (output, computed) = compute(input, parameters, &lengths, &normalisation, epsilon);
                prepared.finish(computed, output)
            }
            OpsKind::UnTracked(prepared) => {
                prepared.finish(compute(input, parameters, &lengths, &normalisation, epsilon).0)
            }
        }
    }
}

/// A forward pass, with what the backward pass needs.
#[derive(Debug, Clone)]
struct Computed {
    sizes: Sizes,
    frames: Frames,
    /// Frames of the input, the padding included.
    length: usize,
    input: Buffer,
    parameters: [FlexTensor; PARAMETERS],
    epsilon: f64,
    /// Nothing where the statistics were given.
    trained: Option<Trained>,
}

/// Computes the block.
fn compute(
    input: FlexTensor,
    parameters: [FlexTensor; PARAMETERS],
    lengths: &[usize],
    normalisation: &Normalisation,
    epsilon: f64,
) -> (FlexTensor, Computed) {
    let [items, length, d_input] = input.shape().dims();
    let [d_output, _, taps] = parameters[0].shape().dims();
    let sizes = Sizes { level: Level::current(), d_input, d_output, taps };
    let frames = Frames::new(lengths, sizes.half());
    let parameters = parameters.map(|tensor| tensor.to_contiguous());
    let layer = layer(&parameters, epsilon);
    let input = conv::gather(&sizes, &frames, view(&forward_strides(input)));
    let steps = length / 2;
    let (output, trained) = match normalisation {
        Normalisation::Batch(statistics) => {
            let (output, trained) = conv::train(&sizes, &frames, &input, &layer, steps);
            statistics.lock().unwrap_or_else(PoisonError::into_inner).clone_from(trained.statistics());
            (output, Some(trained))
        }
        Normalisation::Running(statistics) => (conv::infer(&sizes, &frames, &input, &layer, statistics, steps), None),
    };
    let output = FlexTensor::from_data(TensorData::new(output, [items, steps, d_output]));
    (output, Computed { sizes, frames, length, input, parameters, epsilon, trained })
}

/// Backward through the block.
#[derive(Debug)]
struct ThroughBlock;

impl Backward<Flex, PARENTS> for ThroughBlock {
    type State = Computed;

    fn backward(self, ops: Ops<Computed, PARENTS>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let Computed { sizes, frames, length, input, parameters, epsilon, trained } = ops.state;
        let [to_input, to_parameters @ ..] = ops.parents;
        let d_pooled = whole_rows(grads.consume::<Flex>(&ops.node));
        let Some(trained) = trained else { return };
        let layer = layer(&parameters, epsilon);
        let wanted = to_input.as_ref().map(|_| length);
        let gradients = conv::backward(&sizes, &frames, &input, &layer, trained, view(&d_pooled), wanted);

        let Sizes { d_input, d_output, taps, .. } = sizes;
        if let (Some(node), Some(gradient)) = (to_input, gradients.input) {
            let gradient = TensorData::new(gradient, [frames.items, length, d_input]);
            grads.register::<Flex>(node.id, FlexTensor::from_data(gradient));
        }
        let gradients = [
            TensorData::new(gradients.weight, [d_output, d_input, taps]),
            TensorData::new(vec![0f32; d_output], [d_output]),
            TensorData::new(gradients.gamma, [d_output]),
            TensorData::new(gradients.beta, [d_output]),
        ];
        for (node, gradient) in to_parameters.into_iter().zip(gradients) {
            if let Some(node) = node {
                grads.register::<Flex>(node.id, FlexTensor::from_data(gradient));
            }
        }
    }
}

/// The parameters where they lie; the tensors are contiguous.
fn layer(parameters: &[FlexTensor; PARAMETERS], epsilon: f64) -> Layer<'_> {
    let [weight, bias, gamma, beta] = parameters.each_ref().map(|tensor| view(tensor).data);
    Layer { weight, bias, gamma, beta, epsilon }
}
