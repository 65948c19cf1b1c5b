//! A bidirectional LSTM over sequences of unlike length.
//!
//! The recurrence is that of S. Hochreiter and J. Schmidhuber, "Long Short-Term Memory", Neural Computation 9(8), 1997
//! (<https://doi.org/10.1162/neco.1997.9.8.1735>), with the forget gate that is usual since; running it over the
//! sequence in both directions goes back to M. Schuster and K. K. Paliwal, "Bidirectional Recurrent Neural Networks",
//! IEEE Transactions on Signal Processing 45(11), 1997 (<https://doi.org/10.1109/78.650093>).
//!
//! [`BiLstm`] holds two of Burn's stock modules and hence their parameters, so that a checkpoint runs on any device. On
//! the flex device it is computed by one fused operation ([`FusedBiLstm`]), many times as fast as
//! the stock modules, which serve every other device (`stock`). Both agree to rounding. On flex, moreover,
//!
//! - an item's output and the gradient of its input are bit-identical alone, in any batch, and with any padding;
//! - no result depends on the number of threads;
//! - padding takes no time, and what stands in it, NaN included, has no effect.
//!
//! Parameter gradients are sums over the batch, in the order of its lengths. Bits may differ between processors with
//! different vector instructions.

mod stock;

use burn::backend::Dispatch;
use burn::config::Config;
use burn::module::Module;
use burn::nn::activation::Activation;
use burn::nn::{GateController, Initializer, Lstm, LstmConfig};
use burn::tensor::{Device, Tensor};

use ser_kernels::ops::{DirectionTensors, FusedBiLstm, GateTensors, Ragged, is_fused};

/// Sizes of a [`BiLstm`].
#[derive(Config, Debug)]
pub struct BiLstmConfig {
    /// Numbers per step of the input.
    pub d_input: usize,
    /// Hidden units of each direction.
    pub d_hidden: usize,
}

impl BiLstmConfig {
    /// A new layer. As in PyTorch's `nn.LSTM`, every weight and bias is drawn uniformly from ±1/√`d_hidden`.
    pub fn init(&self, device: &Device) -> BiLstm {
        let bound = 1.0 / (self.d_hidden.max(1) as f64).sqrt();
        let direction = LstmConfig::new(self.d_input, self.d_hidden, true)
            .with_initializer(Initializer::Uniform { min: -bound, max: bound });
        BiLstm { forward: direction.init(device), reverse: direction.init(device) }
    }
}

/// A bidirectional LSTM with a length per item.
#[derive(Module, Debug)]
pub struct BiLstm {
    /// Reads an item from its first step to its last.
    pub forward: Lstm,
    /// Reads an item from its last valid step to its first.
    pub reverse: Lstm,
}

impl BiLstm {
    /// Runs both directions over a batch.
    ///
    /// `input` is `[batch, steps, d_input]`, `lengths` the number of valid steps of each item. The result is
    /// `[batch, steps, 2 * d_hidden]`, the forward direction's hidden states before those of the reverse direction;
    /// beyond an item's length it is exactly zero, and no gradient flows to or from there. An item's last states are
    /// the forward half at its last valid step and the reverse half at step 0.
    ///
    /// # Panics
    /// If there is not one length per item, or a length is not within `1..=steps`.
    pub fn forward(&self, input: Tensor<3>, lengths: &[usize]) -> Tensor<3> {
        let [batch, steps, _] = input.dims();
        assert!(
            lengths.len() == batch && lengths.iter().all(|length| (1..=steps).contains(length)),
            "a batch of {batch} items and {steps} steps needs {batch} lengths within 1..={steps}, not {lengths:?}"
        );
        if let (true, Some(forward), Some(reverse)) = (is_fused(&input), usual(&self.forward), usual(&self.reverse)) {
            let output =
                <Dispatch as FusedBiLstm>::bilstm(input.into_dispatch(), forward, reverse, Ragged::new(lengths));
            return Tensor::from_dispatch(output);
        }
        stock::forward(&self.forward, &self.reverse, input, lengths)
    }
}

/// The parameters of a module with the usual gates and biases; none for the variants that only the stock module knows.
fn usual(lstm: &Lstm) -> Option<DirectionTensors<Dispatch>> {
    let activations = [&lstm.gate_activation, &lstm.cell_activation, &lstm.hidden_activation];
    let usual = matches!(activations, [Activation::Sigmoid(_), Activation::Tanh(_), Activation::Tanh(_)])
        && lstm.clip.is_none()
        && lstm.batch_first
        && !lstm.reverse;
    let forget = lstm.forget_gate.as_ref().filter(|_| usual && !lstm.input_forget)?;
    Some(DirectionTensors {
        input: gate(&lstm.input_gate)?,
        forget: gate(forget)?,
        cell: gate(&lstm.cell_gate)?,
        output: gate(&lstm.output_gate)?,
    })
}

fn gate(gate: &GateController) -> Option<GateTensors<Dispatch>> {
    let (input, hidden) = (&gate.input_transform, &gate.hidden_transform);
    Some(GateTensors {
        input: input.weight.val().into_dispatch(),
        hidden: hidden.weight.val().into_dispatch(),
        input_bias: input.bias.as_ref()?.val().into_dispatch(),
        hidden_bias: hidden.bias.as_ref()?.val().into_dispatch(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::module::Param;
    use burn::tensor::{Gradients, TensorData};

    use crate::model::trial::{Numbers, deviation, device, numbers};

    fn parameter<const D: usize>(parameter: &Param<Tensor<D>>, grads: &Gradients) -> Vec<f32> {
        numbers(parameter.val().grad(grads).unwrap())
    }

    /// Every parameter's gradient, one direction after the other.
    fn gradients(layer: &BiLstm, grads: &Gradients) -> Vec<Vec<f32>> {
        let mut all = Vec::new();
        for lstm in [&layer.forward, &layer.reverse] {
            for gate in [&lstm.input_gate, lstm.forget_gate.as_ref().unwrap(), &lstm.cell_gate, &lstm.output_gate] {
                for linear in [&gate.input_transform, &gate.hidden_transform] {
                    all.push(parameter(&linear.weight, grads));
                    all.push(parameter(linear.bias.as_ref().unwrap(), grads));
                }
            }
        }
        all
    }

    fn assert_agrees(
        d_input: usize,
        d_hidden: usize,
        steps: usize,
        lengths: &[usize],
        random: &mut Numbers,
    ) -> [f32; 2] {
        let device = device();
        let layer = BiLstmConfig::new(d_input, d_hidden).init(&device);
        let input = random.tensor([lengths.len(), steps, d_input], &device);
        let wanted = random.tensor([lengths.len(), steps, 2 * d_hidden], &device);
        let run = |fused: bool| {
            let input = input.clone().require_grad();
            let output = if fused {
                layer.forward(input.clone(), lengths)
            } else {
                stock::forward(&layer.forward, &layer.reverse, input.clone(), lengths)
            };
            let grads = (output.clone() * wanted.clone()).sum().backward();
            let mut all = vec![numbers(input.grad(&grads).unwrap())];
            all.extend(gradients(&layer, &grads));
            (numbers(output), all)
        };
        let ((ours, our_gradients), (theirs, their_gradients)) = (run(true), run(false));
        let off = deviation(&ours, &theirs);
        assert!(off < 2e-6, "outputs {off:e} at {d_input} {d_hidden} {steps} {lengths:?}");
        let mut worst = 0.0f32;
        for (i, (ours, theirs)) in our_gradients.iter().zip(&their_gradients).enumerate() {
            let off = deviation(ours, theirs);
            assert!(off < 1e-5, "gradient {i}: {off:e} at {d_input} {d_hidden} {steps} {lengths:?}");
            worst = worst.max(off);
        }
        [off, worst]
    }

    #[test]
    fn fused_and_stock_agree_in_outputs_and_every_gradient() {
        let mut random = Numbers(7);
        let mut worst = [0.0f32; 2];
        let mut shapes = vec![(1, 1, 1, vec![1]), (4, 3, 5, vec![1, 1]), (128, 128, 64, vec![64; 32])];
        for _ in 0..24 {
            let (d_input, d_hidden, steps) = (random.up_to(90), random.up_to(70), random.up_to(30));
            let lengths = (0..random.up_to(20)).map(|_| random.up_to(steps)).collect();
            shapes.push((d_input, d_hidden, steps, lengths));
        }
        for (d_input, d_hidden, steps, lengths) in shapes {
            let off = assert_agrees(d_input, d_hidden, steps, &lengths, &mut random);
            worst = [worst[0].max(off[0]), worst[1].max(off[1])];
        }
        println!("largest deviation: outputs {:e}, gradients {:e}", worst[0], worst[1]);
    }

    #[test]
    fn any_view_of_the_input_and_of_the_gradient_is_understood() {
        let (device, mut random) = (device(), Numbers(3));
        let layer = BiLstmConfig::new(5, 6).init(&device);
        let lengths = [4, 7];
        let turned = random.tensor([2, 5, 7], &device).swap_dims(1, 2);
        let flipped = random.tensor([2, 7, 5], &device).flip([0, 1, 2]);
        let part = random.tensor([2, 9, 8], &device).slice([0..2, 1..8, 2..7]);
        let repeated = random.tensor([2, 1, 1], &device).expand([2, 7, 5]);
        for input in [turned, flipped, part, repeated] {
            let copy: Tensor<3> = Tensor::from_data(input.to_data(), &device);
            let run = |input: Tensor<3>| {
                let input = input.detach().require_grad();
                let output = layer.forward(input.clone(), &lengths);
                let grads = output.clone().swap_dims(1, 2).mean_dim(2).sum().backward();
                (numbers(output), numbers(input.grad(&grads).unwrap()), gradients(&layer, &grads))
            };
            assert!(run(input) == run(copy));
        }
    }

    #[test]
    fn what_stands_in_the_padding_does_not_matter() {
        let (device, mut random) = (device(), Numbers(11));
        let layer = BiLstmConfig::new(6, 9).init(&device);
        let lengths = [3, 8, 1];
        let clean = random.tensor([3, 8, 6], &device);
        let wanted = random.tensor([3, 8, 18], &device);
        for fused in [true, false] {
            let run = |garbage: f32| {
                let mut values = numbers(clean.clone());
                for (item, &length) in lengths.iter().enumerate() {
                    values[(item * 8 + length) * 6..(item + 1) * 8 * 6].fill(garbage);
                }
                let input = Tensor::<3>::from_data(TensorData::new(values, [3, 8, 6]), &device).require_grad();
                let output = if fused {
                    layer.forward(input.clone(), &lengths)
                } else {
                    stock::forward(&layer.forward, &layer.reverse, input.clone(), &lengths)
                };
                let grads = (output.clone() * wanted.clone()).sum().backward();
                (numbers(output), numbers(input.grad(&grads).unwrap()), gradients(&layer, &grads))
            };
            let (output, d_input, parameters) = run(0.0);
            for (item, &length) in lengths.iter().enumerate() {
                assert!(output[(item * 8 + length) * 18..(item + 1) * 8 * 18].iter().all(|&x| x == 0.0));
                assert!(d_input[(item * 8 + length) * 6..(item + 1) * 8 * 6].iter().all(|&x| x == 0.0));
            }
            for garbage in [1e30, f32::INFINITY, f32::NAN] {
                assert!(run(garbage) == (output.clone(), d_input.clone(), parameters.clone()), "fused: {fused}");
            }
        }
    }

    #[test]
    fn validation_and_training_devices_give_the_same_bits() {
        let (device, mut random) = (device(), Numbers(5));
        let layer = BiLstmConfig::new(7, 20).init(&device);
        let input = random.tensor([4, 9, 7], &device);
        let lengths = [9, 2, 5, 9];
        let tracked = numbers(layer.forward(input.clone(), &lengths));
        assert_eq!(tracked, numbers(layer.valid().forward(input.inner(), &lengths)));
    }

    #[test]
    fn an_input_that_wants_no_gradient_still_trains_the_layer() {
        let (device, mut random) = (device(), Numbers(9));
        let layer = BiLstmConfig::new(4, 5).init(&device);
        let input = random.tensor([2, 3, 4], &device);
        let grads = layer.forward(input.clone(), &[3, 2]).sum().backward();
        assert!(input.grad(&grads).is_none());
        assert!(gradients(&layer, &grads).iter().flatten().any(|&x| x != 0.0));
    }

    #[test]
    fn variants_of_the_stock_module_take_the_stock_path() {
        let (device, mut random) = (device(), Numbers(13));
        let mut layer = BiLstmConfig::new(4, 5).init(&device);
        let input = random.tensor([2, 3, 4], &device);
        let plain = numbers(layer.forward(input.clone(), &[3, 2]));
        layer.forward.clip = Some(1e-3);
        assert!(usual(&layer.forward).is_none() && usual(&layer.reverse).is_some());
        assert_ne!(plain, numbers(layer.forward(input, &[3, 2])));
    }

    #[test]
    fn parameters_start_within_pytorch_s_bounds() {
        let layer = BiLstmConfig::new(30, 64).init(&Device::flex());
        for lstm in [&layer.forward, &layer.reverse] {
            let gate = &lstm.cell_gate;
            for linear in [&gate.input_transform, &gate.hidden_transform] {
                let values = [numbers(linear.weight.val()), numbers(linear.bias.as_ref().unwrap().val())].concat();
                let (low, high) = values.iter().fold((0.0f32, 0.0f32), |(low, high), &x| (low.min(x), high.max(x)));
                assert!((-0.125..-0.12).contains(&low) && (0.12..=0.125).contains(&high), "{low} {high}");
            }
        }
    }

    #[test]
    #[should_panic(expected = "lengths within 1..=3")]
    fn a_length_beyond_the_steps_is_refused() {
        let layer = BiLstmConfig::new(2, 2).init(&Device::flex());
        layer.forward(Tensor::zeros([2, 3, 2], &Device::flex()), &[3, 4]);
    }
}
