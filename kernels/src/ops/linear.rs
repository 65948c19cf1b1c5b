//! A dense layer as one operation of Burn's flex backend, with its own backward pass.
//!
//! Flex's own product of matrices changes its order of sums with the processor's instructions and caches; this one is the
//! same everywhere.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Flex, TensorMetadata, backend_extension};
use burn::tensor::TensorData;

use super::tensor::{FlexTensor, view, whole_rows};
use crate::level::Level;
use crate::product::{Matrix, product};

/// The fused dense layer.
#[backend_extension(Autodiff, Flex)]
pub trait FusedLinear: Backend {
    /// `input weight + bias`: `[rows, d_input]`, `[d_input, d_output]` and `[d_output]` to `[rows, d_output]`.
    fn linear(input: FloatTensor<Self>, weight: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl FusedLinear for Flex {
    fn linear(input: FloatTensor<Self>, weight: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self> {
        compute(&whole_rows(input), &whole_rows(weight), &whole_rows(bias))
    }
}

impl<C: CheckpointStrategy> FusedLinear for Autodiff<Flex, C> {
    fn linear(input: FloatTensor<Self>, weight: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self> {
        let nodes = [input.node(), weight.node(), bias.node()];
        let [input, weight, bias] = [input, weight, bias].map(|tensor| whole_rows(tensor.into_primitive()));
        let output = compute(&input, &weight, &bias);
        match ThroughLinear.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish([input, weight], output),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        }
    }
}

/// A tensor `[rows, columns]` whose rows lie in one piece each.
fn matrix(tensor: &FlexTensor) -> Matrix<'_> {
    let view = view(tensor);
    Matrix::new(view.data, tensor.shape().dims(), [view.strides[0], view.strides[1]])
}

fn compute(input: &FlexTensor, weight: &FlexTensor, bias: &FlexTensor) -> FlexTensor {
    let [rows, _] = input.shape().dims();
    let [_, d_output] = weight.shape().dims();
    let output = product(Level::current(), matrix(input), matrix(weight), Some(&view(bias).data[..d_output]));
    FlexTensor::from_data(TensorData::new(output, [rows, d_output]))
}

/// Backward through the layer.
#[derive(Debug)]
struct ThroughLinear;

impl Backward<Flex, 3> for ThroughLinear {
    /// Input and weight.
    type State = [FlexTensor; 2];

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let [input, weight] = ops.state;
        let [to_input, to_weight, to_bias] = ops.parents;
        let d_output = whole_rows(grads.consume::<Flex>(&ops.node));
        let [rows, d_input] = input.shape().dims();
        let [_, d_output_columns] = weight.shape().dims();
        let level = Level::current();
        if let Some(node) = to_input {
            let gradient = product(level, matrix(&d_output), matrix(&weight).transposed(), None);
            grads.register::<Flex>(node.id, FlexTensor::from_data(TensorData::new(gradient, [rows, d_input])));
        }
        if let Some(node) = to_weight {
            let gradient = product(level, matrix(&input).transposed(), matrix(&d_output), None);
            let gradient = TensorData::new(gradient, [d_input, d_output_columns]);
            grads.register::<Flex>(node.id, FlexTensor::from_data(gradient));
        }
        if let Some(node) = to_bias {
            let ones = Matrix::new(&[1.0], [1, rows], [0, 0]);
            let gradient = product(level, ones, matrix(&d_output), None);
            grads.register::<Flex>(node.id, FlexTensor::from_data(TensorData::new(gradient, [d_output_columns])));
        }
    }
}
