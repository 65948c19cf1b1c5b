//! Devices other than flex, where they are built in: the same predictions and the same training.
#![cfg(any(feature = "ndarray", feature = "wgpu", feature = "cuda"))]

use burn::{
    module::Module,
    tensor::{Device, Tensor, TensorData, activation::softmax},
};
use rand::RngExt;
use ser::{
    device::DeviceKind,
    model::{Kind, ModelConfig, Net, NetInput, Pool, weights},
    rng,
    train::{Optimiser, TrainConfig},
};

const DIMS: usize = 12;
const CLASSES: usize = 5;
/// The most that probabilities may differ, before and after a step of training.
const CLOSE: f32 = 1e-4;

fn input(lengths: &[usize], device: &Device) -> NetInput {
    let frames = lengths.iter().copied().max().unwrap();
    let mut values = vec![0f32; lengths.len() * frames * DIMS];
    let mut stream = rng::stream(1, &[&"input"]);
    for (item, &length) in lengths.iter().enumerate() {
        values[item * frames * DIMS..][..length * DIMS].fill_with(|| stream.random_range(-2.0..2.0));
    }
    let features = Tensor::from_data(TensorData::new(values, [lengths.len(), frames, DIMS]), device);
    NetInput { features, lengths: lengths.to_vec() }
}

/// Probabilities before and after a step of SGD from the given weights.
fn run(config: &ModelConfig, given: &weights::Weights, device: &Device) -> [Vec<f32>; 2] {
    let lengths = [32, 9, 21, 4];
    let probabilities = |net: &Net| -> Vec<f32> {
        let logits = net.valid().forward(input(&lengths, device), None);
        softmax(logits, 1).into_data().iter::<f32>().collect()
    };
    let training = device.clone().autodiff();
    let net = weights::write(Net::new(config, DIMS, CLASSES, &training), given.clone()).unwrap();
    let before = probabilities(&net);
    let loss = net.forward(input(&lengths, &training), None).powi_scalar(2).mean();
    let mut optimiser =
        Optimiser::new(&TrainConfig { optimiser: ser::train::OptimizerKind::Sgd, ..TrainConfig::default() });
    let (net, _) = optimiser.step(0.1, net, &loss.backward());
    [before, probabilities(&net)]
}

#[test]
fn every_device_predicts_and_learns_as_flex_does() {
    let kinds = [
        (Kind::CnnBilstm, Pool::Last),
        (Kind::CnnBilstm, Pool::Attention),
        (Kind::Cnn, Pool::Mean),
        (Kind::Bilstm, Pool::Last),
        (Kind::Cnn2dBilstm, Pool::Mean),
    ];
    let others: Vec<DeviceKind> = vec![
        #[cfg(feature = "ndarray")]
        DeviceKind::Ndarray,
        #[cfg(feature = "wgpu")]
        DeviceKind::Wgpu,
        #[cfg(feature = "cuda")]
        DeviceKind::Cuda,
    ];
    for (kind, pool) in kinds {
        let config = ModelConfig { kind, pool, channels: vec![8, 6], hidden: 7, dense: 9, ..ModelConfig::default() };
        let given = weights::read(&Net::new(&config, DIMS, CLASSES, &Device::flex()));
        let flex = run(&config, &given, &Device::flex());
        for &other in &others {
            let theirs = run(&config, &given, &other.open().unwrap());
            for (when, (ours, theirs)) in ["before", "after"].iter().zip(flex.iter().zip(&theirs)) {
                let off = ours.iter().zip(theirs).fold(0.0f32, |most, (a, b)| most.max((a - b).abs()));
                println!("{other}, {kind:?}, {pool:?}, {when} a step: largest difference {off:e}");
                assert!(off <= CLOSE, "{other}, {kind:?}, {pool:?}, {when} a step: {off:e}");
            }
        }
    }
}
