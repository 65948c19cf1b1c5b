//! The Gaussian error linear unit as one operation of Burn's flex backend, with its own backward pass.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Flex, TensorMetadata, backend_extension};
use burn::tensor::TensorData;

use super::tensor::{FlexTensor, numbers};
use crate::gelu::{backward, forward};
use crate::level::Level;

/// The unit over all numbers of a tensor.
#[backend_extension(Autodiff, Flex)]
pub trait FusedGelu: Backend {
    /// `x Φ(x)`, with the error function itself: of the input's shape.
    fn gelu(input: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl FusedGelu for Flex {
    fn gelu(input: FloatTensor<Self>) -> FloatTensor<Self> {
        compute(&input.to_contiguous())
    }
}

impl<C: CheckpointStrategy> FusedGelu for Autodiff<Flex, C> {
    fn gelu(input: FloatTensor<Self>) -> FloatTensor<Self> {
        let node = input.node();
        let input = input.into_primitive().to_contiguous();
        let output = compute(&input);
        match ThroughGelu.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(input, output),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        }
    }
}

fn compute(input: &FlexTensor) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(forward(Level::current(), numbers(input)), input.shape()))
}

/// Backward through the unit.
#[derive(Debug)]
struct ThroughGelu;

impl Backward<Flex, 1> for ThroughGelu {
    /// The input.
    type State = FlexTensor;

    fn backward(self, ops: Ops<FlexTensor, 1>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let input = ops.state;
        let gradient = grads.consume::<Flex>(&ops.node).to_contiguous();
        let [Some(node)] = ops.parents else { return };
        let gradient = backward(Level::current(), numbers(&input), numbers(&gradient));
        grads.register::<Flex>(node.id, FlexTensor::from_data(TensorData::new(gradient, input.shape())));
    }
}
