use super::*;
use burn::module::{Param, RunningState};
use burn::tensor::Gradients;

use crate::model::trial::{Numbers, deviation, device, numbers};

/// A block with parameters from the stream, those of the normalisation included.
fn block(channels_in: usize, channels_out: usize, kernel: usize, random: &mut Numbers) -> ConvBlock {
    let device = device();
    let mut block = ConvBlock::new(channels_in, channels_out, kernel, &device);
    let weight = random.tensor([channels_out, channels_in, kernel], &device);
    block.conv.weight = Param::from_tensor(weight.div_scalar((channels_in as f32 * kernel as f32).sqrt()));
    block.conv.bias = Some(Param::from_tensor(random.tensor([channels_out], &device)));
    for parameter in [&mut block.norm.gamma, &mut block.norm.beta] {
        *parameter = Param::from_tensor(random.tensor([channels_out], &device));
    }
    block.norm.running_mean.update(random.tensor([channels_out], &device));
    block.norm.running_var.update(random.tensor([channels_out], &device).abs());
    block
}

fn stock(block: &ConvBlock, x: Tensor<3>, lengths: &[usize]) -> Tensor<3> {
    stock::forward(&block.conv, &block.norm, &block.pool, x, lengths)
}

fn gradients(block: &ConvBlock, grads: &Gradients) -> [Vec<f32>; 4] {
    let (conv, norm) = (&block.conv, &block.norm);
    let vector = |tensor: Tensor<1>| numbers(tensor.grad(grads).unwrap());
    [
        numbers(conv.weight.val().grad(grads).unwrap()),
        vector(norm.gamma.val()),
        vector(norm.beta.val()),
        vector(conv.bias.as_ref().unwrap().val()),
    ]
}

#[test]
fn fused_and_stock_agree_in_outputs_statistics_and_every_gradient() {
    let mut random = Numbers(7);
    let mut worst = [0.0f32; 4];
    let mut shapes = vec![
        (39, 64, 3, 256, vec![256; 8]),
        (4, 3, 3, 3, vec![1, 2, 3]),
        (2, 70, 1, 2, vec![2, 2]),
        (1, 1, 7, 1, vec![1, 1]),
    ];
    for kernel in [1, 3, 5, 7].repeat(6) {
        let (channels_in, channels_out, frames) = (random.up_to(70), random.up_to(140), random.up_to(40));
        let lengths = (0..random.up_to(12)).map(|_| random.up_to(frames)).collect();
        shapes.push((channels_in, channels_out, kernel, frames, lengths));
    }
    for (channels_in, channels_out, kernel, frames, lengths) in shapes {
        let at = format!("{channels_in} to {channels_out} channels, kernel {kernel}, {frames} frames, {lengths:?}");
        let device = device();
        let block = block(channels_in, channels_out, kernel, &mut random);
        let input = random.tensor([lengths.len(), frames, channels_in], &device);
        let wanted = random.tensor([lengths.len(), frames / 2, channels_out], &device);
        let other = block.clone().fork(&device);
        // A copy with running statistics of its own.
        let other = ConvBlock {
            norm: BatchNorm {
                running_mean: RunningState::new(block.norm.running_mean.value_sync()),
                running_var: RunningState::new(block.norm.running_var.value_sync()),
                ..other.norm
            },
            ..other
        };
        let run = |fused: bool| {
            let input = input.clone().require_grad();
            let (block, output) = if fused {
                (&block, block.forward(input.clone(), &lengths).0)
            } else {
                (&other, stock(&other, input.clone(), &lengths))
            };
            let running = [&block.norm.running_mean, &block.norm.running_var].map(|r| numbers(r.value_sync()));
            let validated = block.valid();
            let inferred = if fused {
                validated.forward(input.clone().inner(), &lengths).0
            } else {
                stock(&validated, input.clone().inner(), &lengths)
            };
            if frames < 2 {
                return (vec![], numbers(inferred), running, vec![]);
            }
            let grads = (output.clone() * wanted.clone()).sum().backward();
            let mut all = vec![numbers(input.grad(&grads).unwrap())];
            all.extend(gradients(block, &grads));
            (numbers(output), numbers(inferred), running, all)
        };
        let (ours, theirs) = (run(true), run(false));
        let off = deviation(&ours.0, &theirs.0);
        assert!(off < 1e-5, "outputs {off:e}: {at}");
        let running = deviation(&ours.2.concat(), &theirs.2.concat());
        assert!(running < 3e-6, "running statistics {running:e}: {at}");
        let inferred = deviation(&ours.1, &theirs.1);
        assert!(inferred < 1e-5, "inference {inferred:e}: {at}");
        worst = [worst[0].max(off), worst[1].max(inferred), worst[2].max(running), worst[3]];
        let scale = theirs.3.iter().take(4).flatten().fold(1.0f32, |most, x| most.max(x.abs()));
        for (i, (ours, theirs)) in ours.3.iter().zip(&theirs.3).enumerate() {
            // The bias' gradient is zero but for rounding errors of the others.
            let off = if i == 4 { deviation(ours, theirs) * 1e-3 / scale } else { deviation(ours, theirs) };
            assert!(off < 1e-4, "gradient {i}: {off:e}: {at}");
            worst[3] = worst[3].max(off);
        }
    }
    println!("largest deviation: outputs, inference, running statistics, gradients: {worst:?}");
}

#[test]
fn any_view_of_the_input_and_of_the_gradient_is_understood() {
    let mut random = Numbers(3);
    let (device, block) = (device(), block(5, 6, 3, &mut random));
    let lengths = [4, 7];
    let turned = random.tensor([2, 5, 7], &device).swap_dims(1, 2);
    let flipped = random.tensor([2, 7, 5], &device).flip([0, 1, 2]);
    let part = random.tensor([2, 9, 8], &device).slice([0..2, 1..8, 2..7]);
    let repeated = random.tensor([2, 1, 1], &device).expand([2, 7, 5]);
    for input in [turned, flipped, part, repeated] {
        let copy: Tensor<3> = Tensor::from_data(input.to_data(), &device);
        let run = |input: Tensor<3>| {
            let input = input.detach().require_grad();
            let (output, _) = block.forward(input.clone(), &lengths);
            let grads = output.clone().swap_dims(1, 2).mean_dim(2).sum().backward();
            (numbers(output), numbers(input.grad(&grads).unwrap()), gradients(&block, &grads))
        };
        assert!(run(input) == run(copy));
    }
}

#[test]
fn what_stands_in_the_padding_does_not_matter() {
    let mut random = Numbers(11);
    let (device, block) = (device(), block(6, 9, 3, &mut random));
    let lengths = [3, 8, 1];
    let clean = random.tensor([3, 8, 6], &device);
    let wanted = random.tensor([3, 4, 9], &device);
    for fused in [true, false] {
        let run = |garbage: f32| {
            let mut values = numbers(clean.clone());
            for (item, &length) in lengths.iter().enumerate() {
                values[(item * 8 + length) * 6..(item + 1) * 8 * 6].fill(garbage);
            }
            let input = Tensor::<3>::from_data(TensorData::new(values, [3, 8, 6]), &device).require_grad();
            let output =
                if fused { block.forward(input.clone(), &lengths).0 } else { stock(&block, input.clone(), &lengths) };
            let grads = (output.clone() * wanted.clone()).sum().backward();
            (numbers(output), numbers(input.grad(&grads).unwrap()), gradients(&block, &grads))
        };
        let (output, d_input, parameters) = run(0.0);
        for (item, &length) in lengths.iter().enumerate() {
            assert!(output[(item * 4 + length / 2) * 9..(item + 1) * 4 * 9].iter().all(|&x| x == 0.0));
            assert!(d_input[(item * 8 + length) * 6..(item + 1) * 8 * 6].iter().all(|&x| x == 0.0));
        }
        for garbage in [1e30, f32::INFINITY, f32::NAN] {
            assert!(run(garbage) == (output.clone(), d_input.clone(), parameters.clone()), "fused: {fused}");
        }
    }
}

#[test]
fn an_input_that_wants_no_gradient_still_trains_the_block() {
    let mut random = Numbers(9);
    let (device, block) = (device(), block(4, 5, 3, &mut random));
    let input = random.tensor([2, 6, 4], &device);
    let grads = block.forward(input.clone(), &[6, 5]).0.sum().backward();
    assert!(input.grad(&grads).is_none());
    assert!(gradients(&block, &grads)[0].iter().any(|&x| x != 0.0));
}

#[test]
fn a_frozen_normalisation_takes_the_stock_path() {
    let mut random = Numbers(13);
    let device = device();
    let mut block = block(4, 5, 3, &mut random);
    let input = random.tensor([2, 6, 4], &device);
    assert!(block.layer(&input).is_some());
    block.norm.training = Param::from_bool(false);
    assert!(block.layer(&input).is_none());
    let grads = block.forward(input, &[6, 5]).0.sum().backward();
    // With given statistics, the bias counts.
    assert!(gradients(&block, &grads)[3].iter().any(|&x| x != 0.0));
}

#[test]
#[should_panic(expected = "lengths of at most 3")]
fn a_length_beyond_the_frames_is_refused() {
    let block = ConvBlock::new(2, 2, 3, &Device::flex());
    block.forward(Tensor::zeros([2, 3, 2], &Device::flex()), &[3, 4]);
}
