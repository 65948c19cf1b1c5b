//! Neighbouring bands and pairs of bands as operations of Burn's flex backend, with their backward passes.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Flex, TensorMetadata, backend_extension};
use burn::tensor::TensorData;

use super::tensor::{FlexTensor, numbers};
use crate::bands::{Planes, greater, greater_backward, neighbours, neighbours_backward};

/// What a two-dimensional convolution needs beside the one over frames.
#[backend_extension(Autodiff, Flex)]
pub trait FusedBands: Backend {
    /// `[batch, bands, frames, channels]` to `[batch × bands, frames, kernel × channels]`: each band beside its neighbours, low
    /// to high; `kernel` is odd.
    fn neighbours(input: FloatTensor<Self>, kernel: usize) -> FloatTensor<Self>;

    /// `[batch, bands, frames, channels]` to `[batch, bands / 2, frames, channels]`: the greater of each pair.
    fn greater_of_pairs(input: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl FusedBands for Flex {
    fn neighbours(input: FloatTensor<Self>, kernel: usize) -> FloatTensor<Self> {
        beside(&input.to_contiguous(), kernel)
    }

    fn greater_of_pairs(input: FloatTensor<Self>) -> FloatTensor<Self> {
        paired(&input.to_contiguous())
    }
}

impl<C: CheckpointStrategy> FusedBands for Autodiff<Flex, C> {
    fn neighbours(input: FloatTensor<Self>, kernel: usize) -> FloatTensor<Self> {
        let node = input.node();
        let input = input.into_primitive().to_contiguous();
        let output = beside(&input, kernel);
        match ThroughNeighbours.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish((planes(&input), kernel), output),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        }
    }

    fn greater_of_pairs(input: FloatTensor<Self>) -> FloatTensor<Self> {
        let node = input.node();
        let input = input.into_primitive().to_contiguous();
        let output = paired(&input);
        match ThroughPairs.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(input, output),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        }
    }
}

fn planes(tensor: &FlexTensor) -> Planes {
    let [batch, bands, frames, channels] = tensor.shape().dims();
    Planes { batch, bands, frames, channels }
}

fn beside(input: &FlexTensor, kernel: usize) -> FlexTensor {
    let of = planes(input);
    let shape = [of.batch * of.bands, of.frames, kernel * of.channels];
    FlexTensor::from_data(TensorData::new(neighbours(numbers(input), of, kernel), shape))
}

fn paired(input: &FlexTensor) -> FlexTensor {
    let of = planes(input);
    let shape = [of.batch, of.bands / 2, of.frames, of.channels];
    FlexTensor::from_data(TensorData::new(greater(numbers(input), of), shape))
}

/// Backward through the neighbours.
#[derive(Debug)]
struct ThroughNeighbours;

impl Backward<Flex, 1> for ThroughNeighbours {
    type State = (Planes, usize);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let (planes, kernel) = ops.state;
        let gradient = grads.consume::<Flex>(&ops.node).to_contiguous();
        let [Some(node)] = ops.parents else { return };
        let gradient = neighbours_backward(numbers(&gradient), planes, kernel);
        grads.register::<Flex>(node.id, FlexTensor::from_data(TensorData::new(gradient, shape(planes))));
    }
}

/// Backward through the pairs.
#[derive(Debug)]
struct ThroughPairs;

impl Backward<Flex, 1> for ThroughPairs {
    /// The input.
    type State = FlexTensor;

    fn backward(self, ops: Ops<FlexTensor, 1>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let input = ops.state;
        let gradient = grads.consume::<Flex>(&ops.node).to_contiguous();
        let [Some(node)] = ops.parents else { return };
        let planes = planes(&input);
        let gradient = greater_backward(numbers(&input), planes, numbers(&gradient));
        grads.register::<Flex>(node.id, FlexTensor::from_data(TensorData::new(gradient, shape(planes))));
    }
}

fn shape(planes: Planes) -> [usize; 4] {
    [planes.batch, planes.bands, planes.frames, planes.channels]
}
