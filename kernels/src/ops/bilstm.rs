//! The layer as one operation of Burn's flex backend, with its own backward pass.
//!
//! `#[backend_extension]` writes the way through Burn's run-time dispatch; on a device that is not listed there, the
//! operation must not be called.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, ExtensionType, Flex, TensorMetadata, backend_extension};
use burn::tensor::TensorData;

use super::tensor::{FlexTensor, forward_strides, view, whole_rows};
use crate::bilstm::{self, GATES, Gate, GateGradient, Gates, Ragged, Side, Sizes};
use crate::buffer::Buffer;
use crate::level::Level;

/// The parameters of one gate.
#[derive(ExtensionType)]
pub struct GateTensors<B: Backend> {
    /// `[d_input, d_hidden]`
    pub input: FloatTensor<B>,
    /// `[d_hidden, d_hidden]`
    pub hidden: FloatTensor<B>,
    /// `[d_hidden]`, of the input's transformation
    pub input_bias: FloatTensor<B>,
    /// `[d_hidden]`, of the hidden state's transformation
    pub hidden_bias: FloatTensor<B>,
}

/// The parameters of one direction.
#[derive(ExtensionType)]
pub struct DirectionTensors<B: Backend> {
    /// Input gate.
    #[extension_type]
    pub input: GateTensors<B>,
    /// Forget gate.
    #[extension_type]
    pub forget: GateTensors<B>,
    /// Cell gate.
    #[extension_type]
    pub cell: GateTensors<B>,
    /// Output gate.
    #[extension_type]
    pub output: GateTensors<B>,
}

impl<B: Backend> DirectionTensors<B> {
    fn into_gates(self) -> [[FloatTensor<B>; PER_GATE]; GATES] {
        [self.input, self.forget, self.cell, self.output]
            .map(|gate| [gate.input, gate.hidden, gate.input_bias, gate.hidden_bias])
    }
}

/// Tensors of one gate.
const PER_GATE: usize = 4;
/// Tensors of one direction.
const PER_DIRECTION: usize = GATES * PER_GATE;
/// Tensors that gradients may flow to: the input and the parameters of both directions.
const PARENTS: usize = 1 + 2 * PER_DIRECTION;

/// The fused bidirectional LSTM.
#[backend_extension(Autodiff, Flex)]
pub trait FusedBiLstm: Backend {
    /// `[batch, steps, d_input]` to `[batch, steps, 2 * d_hidden]`, both directions side by side; zero where `batch`
    /// has no row.
    fn bilstm(
        input: FloatTensor<Self>,
        #[extension_type] forward: DirectionTensors<Self>,
        #[extension_type] reverse: DirectionTensors<Self>,
        batch: Ragged,
    ) -> FloatTensor<Self>;
}

/// The parameters of both directions, in the order of [`DirectionTensors`] and [`GateTensors`].
type Parameters = [[[FlexTensor; PER_GATE]; GATES]; 2];

/// A forward pass, with what the backward pass needs.
#[derive(Debug, Clone)]
struct Computed {
    sizes: Sizes,
    batch: Ragged,
    /// Steps of the input, the padding included.
    steps: usize,
    input: Buffer,
    parameters: Parameters,
    sides: [Side; 2],
}

impl FusedBiLstm for Flex {
    fn bilstm(
        input: FloatTensor<Self>,
        forward: DirectionTensors<Self>,
        reverse: DirectionTensors<Self>,
        batch: Ragged,
    ) -> FloatTensor<Self> {
        let parameters = [forward.into_gates(), reverse.into_gates()];
        output_of(&compute(input, parameters, batch, false))
    }
}

impl<C: CheckpointStrategy> FusedBiLstm for Autodiff<Flex, C> {
    fn bilstm(
        input: FloatTensor<Self>,
        forward: DirectionTensors<Self>,
        reverse: DirectionTensors<Self>,
        batch: Ragged,
    ) -> FloatTensor<Self> {
        let parameters = [forward.into_gates(), reverse.into_gates()];
        let nodes = std::array::from_fn(|parent| match parent.checked_sub(1) {
            None => input.node(),
            Some(i) => parameters[i / PER_DIRECTION][i % PER_DIRECTION / PER_GATE][i % PER_GATE].node(),
        });
        let input = input.into_primitive();
        let parameters = parameters.map(|gates| gates.map(|tensors| tensors.map(|tensor| tensor.into_primitive())));
        match ThroughTime.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let computed = compute(input, parameters, batch, true);
                let output = output_of(&computed);
                prepared.finish(computed, output)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(output_of(&compute(input, parameters, batch, false))),
        }
    }
}

/// Computes the layer; without `keep`, the result will not do for the backward pass.
fn compute(input: FlexTensor, parameters: Parameters, batch: Ragged, keep: bool) -> Computed {
    let [_, steps, d_input] = input.shape().dims();
    let [_, d_hidden] = parameters[0][0][1].shape().dims();
    let sizes = Sizes { level: Level::current(), d_input, d_hidden };
    let parameters = parameters.map(|gates| gates.map(|tensors| tensors.map(|tensor| tensor.to_contiguous())));
    let input = bilstm::gather(&sizes, &batch, view(&forward_strides(input)));
    let sides = bilstm::forward(&sizes, &batch, &input, &parameters.each_ref().map(gates), keep);
    Computed { sizes, batch, steps, input, parameters, sides }
}

/// `[batch, steps, 2 * d_hidden]`
fn output_of(computed: &Computed) -> FlexTensor {
    let Computed { sizes, batch, steps, sides, .. } = computed;
    let (width, stride) = (sizes.d_hidden, sizes.state_stride());
    let output = bilstm::scatter(batch, *steps, 2 * width, |row, to| {
        let (ahead, back) = to.split_at_mut(width);
        ahead.copy_from_slice(&sides[0].hidden[row * stride..][..width]);
        back.copy_from_slice(&sides[1].hidden[row * stride..][..width]);
    });
    FlexTensor::from_data(TensorData::new(output, [batch.order.len(), *steps, 2 * width]))
}

/// Backward through time.
#[derive(Debug)]
struct ThroughTime;

impl Backward<Flex, PARENTS> for ThroughTime {
    type State = Computed;

    fn backward(self, ops: Ops<Computed, PARENTS>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let Computed { sizes, batch, steps, input, parameters, sides } = ops.state;
        let [to_input, to_parameters @ ..] = ops.parents;
        let d_output = whole_rows(grads.consume::<Flex>(&ops.node));
        let weights = parameters.each_ref().map(gates);
        let [ahead, back] =
            bilstm::backward(&sizes, &batch, &input, &weights, sides, view(&d_output), to_input.is_some());

        if let (Some(node), Some(ahead), Some(back)) = (to_input, &ahead.input, &back.input) {
            let (width, stride) = (sizes.d_input, sizes.d_input_stride());
            let d_input = bilstm::scatter(&batch, steps, width, |row, to| {
                let parts = ahead[row * stride..][..width].iter().zip(&back[row * stride..]);
                for (to, (ahead, back)) in to.iter_mut().zip(parts) {
                    *to = ahead + back;
                }
            });
            let shape = [batch.order.len(), steps, width];
            grads.register::<Flex>(node.id, FlexTensor::from_data(TensorData::new(d_input, shape)));
        }
        let gradients = ahead.gates.into_iter().chain(back.gates).flat_map(|gate| {
            let GateGradient { input, hidden, bias } = gate;
            [
                TensorData::new(input, [sizes.d_input, sizes.d_hidden]),
                TensorData::new(hidden, [sizes.d_hidden, sizes.d_hidden]),
                TensorData::new(bias.clone(), [sizes.d_hidden]),
                TensorData::new(bias, [sizes.d_hidden]),
            ]
        });
        for (node, gradient) in to_parameters.into_iter().zip(gradients) {
            if let Some(node) = node {
                grads.register::<Flex>(node.id, FlexTensor::from_data(gradient));
            }
        }
    }
}

/// The gates of a direction whose tensors are contiguous.
fn gates(direction: &[[FlexTensor; PER_GATE]; GATES]) -> Gates<'_> {
    direction.each_ref().map(|tensors| {
        let [input, hidden, first, second] = tensors.each_ref().map(|tensor| view(tensor).data);
        Gate { input, hidden, bias: [first, second] }
    })
}
