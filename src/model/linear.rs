//! A dense layer, computed by one fused operation where the device has it: the same bits on every processor.

use burn::{backend::Dispatch, nn::Linear, tensor::Tensor};
use ser_kernels::ops::{FusedLinear, is_fused};

/// `[rows, d_input]` → `[rows, d_output]`
pub(super) fn linear(layer: &Linear, x: Tensor<2>) -> Tensor<2> {
    match &layer.bias {
        Some(bias) if is_fused(&x) => {
            let (weight, bias) = (layer.weight.val().into_dispatch(), bias.val().into_dispatch());
            Tensor::from_dispatch(<Dispatch as FusedLinear>::linear(x.into_dispatch(), weight, bias))
        }
        _ => layer.forward(x),
    }
}

#[cfg(test)]
mod tests {
    use burn::{module::Module, nn::LinearConfig};

    use super::*;
    use crate::model::trial::{Numbers, deviation, device, numbers};

    #[test]
    fn fused_and_stock_agree_in_outputs_and_every_gradient() {
        let (device, mut random) = (device(), Numbers(5));
        for (rows, d_input, d_output) in [(1, 1, 1), (32, 256, 64), (300, 130, 1), (7, 20, 70)] {
            let layer = LinearConfig::new(d_input, d_output).init(&device);
            let input = random.tensor([d_input, rows], &device).swap_dims(0, 1);
            let wanted = random.tensor([rows, d_output], &device);
            let run = |fused: bool| {
                let input = input.clone().detach().require_grad();
                let output = if fused { linear(&layer, input.clone()) } else { layer.forward(input.clone()) };
                let grads = (output.clone() * wanted.clone()).sum().backward();
                let bias = layer.bias.as_ref().unwrap().val();
                [
                    numbers(output),
                    numbers(input.grad(&grads).unwrap()),
                    numbers(layer.weight.val().grad(&grads).unwrap()),
                    numbers(bias.grad(&grads).unwrap()),
                ]
            };
            for (ours, theirs) in run(true).iter().zip(&run(false)) {
                assert!(deviation(ours, theirs) < 2e-6, "{rows} {d_input} {d_output}");
            }
            let valid = layer.valid();
            let (ours, theirs) = (linear(&valid, input.clone().inner()), valid.forward(input.clone().inner()));
            assert!(deviation(&numbers(ours), &numbers(theirs)) < 2e-6);
        }
    }
}
