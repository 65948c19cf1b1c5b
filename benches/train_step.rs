//! The reference network's training step and its parts, and the steps of the other networks, in milliseconds: `cargo bench --bench train_step -- --threads 2`
//! (also `--batch 32`, `--frames 256`, `--steps 40`; `--step-only` leaves the parts and the other networks out, and `--bands-only` all but
//! the two-dimensional networks).
//!
//! The work is that of PyTorch's in `shared/peers/torch_train_step.py`: a batch of 32 clips of 256 frames of 39 features,
//! two convolution blocks of 64 and 128 channels, a bidirectional LSTM of 128 units, the mean over its steps, dropout, 64
//! units, 7 classes, cross-entropy, Adam. `scripts/bench-train-step.sh` runs both in turn.

use std::time::Instant;

use burn::module::Module;
use burn::tensor::{Device, Distribution, Int, Tensor, TensorData, activation::log_softmax};
use ser::model::{Kind, ModelConfig, Net, NetInput, Pool, bilstm::BiLstmConfig, block::ConvBlock};
use ser::rng;
use ser::train::{Optimiser, TrainConfig};

/// Rounds before the clock starts.
const WARM_UP: usize = 5;
const DIMS: usize = 39;
const CLASSES: usize = 7;
/// Mel bands of the two-dimensional network's input.
const BANDS: usize = 64;

struct Options {
    threads: usize,
    batch: usize,
    frames: usize,
    steps: usize,
    layers: bool,
    bands_only: bool,
}

fn options() -> Options {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let number = |name: &str, default: usize| -> usize {
        let Some(at) = arguments.iter().position(|argument| argument == name) else { return default };
        let value = arguments.get(at + 1).and_then(|value| value.parse().ok()).filter(|&value| value > 0);
        value.unwrap_or_else(|| panic!("{name} needs a positive number after it"))
    };
    Options {
        threads: number("--threads", 2),
        batch: number("--batch", 32),
        frames: number("--frames", 256),
        steps: number("--steps", 40),
        layers: !arguments.iter().any(|argument| argument == "--step-only"),
        bands_only: arguments.iter().any(|argument| argument == "--bands-only"),
    }
}

/// Times in milliseconds.
#[derive(Default)]
struct Times(Vec<f64>);

impl Times {
    /// Runs and times the work.
    fn time<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = work();
        self.0.push(start.elapsed().as_secs_f64() * 1e3);
        result
    }

    fn report(mut self, name: &str) {
        let times = &mut self.0[WARM_UP..];
        times.sort_by(f64::total_cmp);
        println!("{name:46} ms: min {:8.3} median {:8.3}", times[0], times[times.len() / 2]);
    }
}

fn random<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::random(shape, Distribution::Normal(0.0, 1.0), device)
}

/// Times a layer forward and backward: once with and once without the gradient of its input.
fn layer(name: &str, input: [usize; 3], options: &Options, forward: impl Fn(Tensor<3>) -> Tensor<3>) {
    let device = Device::flex().autodiff();
    for wants_input in [true, false] {
        let (mut ahead, mut back) = (Times::default(), Times::default());
        for _ in 0..options.steps + WARM_UP {
            let x = random(input, &device);
            let x = if wants_input { x.require_grad() } else { x };
            let y = ahead.time(|| forward(x));
            // Gradients that differ, as they do in the network.
            let loss = (y.clone() * random(y.dims(), &device)).sum();
            back.time(|| loss.backward());
        }
        if wants_input {
            ahead.report(&format!("{name} forward"));
            back.report(&format!("{name} backward"));
        } else {
            back.report(&format!("{name} backward, no input"));
        }
    }
}

fn layers(options: &Options) {
    let device = Device::flex().autodiff();
    let &Options { batch, frames, .. } = options;
    let (first, second) = (ConvBlock::new(DIMS, 64, 3, &device), ConvBlock::new(64, 128, 3, &device));
    let rnn = BiLstmConfig::new(128, 128).init(&device);
    layer("convolution block 39 to 64", [batch, frames, DIMS], options, |x| first.forward(x, &vec![frames; batch]).0);
    layer("convolution block 64 to 128", [batch, frames / 2, 64], options, |x| {
        second.forward(x, &vec![frames / 2; batch]).0
    });
    layer("BiLSTM 128 to 2 x 128", [batch, frames / 4, 128], options, |x| rnn.forward(x, &vec![frames / 4; batch]));
}

fn step(net: Net, dims: usize, options: &Options) -> (Net, [Times; 4]) {
    let device = Device::flex().autodiff();
    let &Options { batch, frames, .. } = options;
    let mut net = net;
    let mut optimiser = Optimiser::new(&TrainConfig::default());
    let features = random([batch, frames, dims], &device);
    let [mut whole, mut ahead, mut back, mut update] = [(); 4].map(|()| Times::default());
    for i in 0..options.steps + WARM_UP {
        let mut dropout = rng::stream(1, &[&"dropout", &i]);
        net = whole.time(|| {
            let loss = ahead.time(|| {
                let logits = net
                    .forward(NetInput { features: features.clone(), lengths: vec![frames; batch] }, Some(&mut dropout));
                let targets: Vec<i32> = (0..batch).map(|clip| (clip % CLASSES) as i32).collect();
                let targets = Tensor::<2, Int>::from_data(TensorData::new(targets, [batch, 1]), &device);
                let loss = log_softmax(logits, 1).gather(1, targets).mean().neg();
                assert!(loss.clone().into_data().iter::<f32>().all(f32::is_finite));
                loss
            });
            let gradients = back.time(|| loss.backward());
            update.time(|| optimiser.step(1e-3, net, &gradients).0)
        });
    }
    (net, [ahead, back, update, whole])
}

/// The networks that are there to compare with, over log-mel where they need it.
fn others(options: &Options) {
    for (name, kind, dims, channels) in [
        ("cnn", Kind::Cnn, DIMS, vec![64, 128]),
        ("bilstm", Kind::Bilstm, DIMS, vec![]),
        ("cnn2d-bilstm, 64 bands, 16 and 32", Kind::Cnn2dBilstm, BANDS, vec![16, 32]),
        ("cnn2d-bilstm, 64 bands, 32 and 64", Kind::Cnn2dBilstm, BANDS, vec![32, 64]),
    ] {
        let config = ModelConfig { kind, channels, pool: Pool::Mean, ..ModelConfig::default() };
        let net = Net::new(&config, dims, CLASSES, &Device::flex().autodiff());
        let (_, [ahead, back, _, whole]) = step(net, dims, options);
        ahead.report(&format!("{name}: forward"));
        back.report(&format!("{name}: backward"));
        whole.report(&format!("{name}: train step"));
    }
}

/// The two-dimensional networks' steps alone.
fn bands(options: &Options) {
    for channels in [[16, 32], [32, 64]] {
        let name = format!("bands {},{}: train step", channels[0], channels[1]);
        let config = ModelConfig {
            kind: Kind::Cnn2dBilstm,
            channels: channels.to_vec(),
            pool: Pool::Mean,
            ..ModelConfig::default()
        };
        let net = Net::new(&config, BANDS, CLASSES, &Device::flex().autodiff());
        let (_, [.., whole]) = step(net, BANDS, options);
        whole.report(&name);
    }
}

fn inference(net: &Net, options: &Options) {
    let device = Device::flex();
    let net = net.valid();
    for batch in [1, options.batch] {
        let mut times = Times::default();
        for _ in 0..60 {
            let features = random([batch, options.frames, DIMS], &device);
            let lengths = vec![options.frames; batch];
            times.time(|| net.forward(NetInput { features, lengths }, None).into_data());
        }
        times.report(&format!("inference batch {batch}"));
    }
}

/// Linux: the most memory that the process had, in MB.
fn peak_memory() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<usize>().ok().map(|kilobytes| kilobytes / 1024)
}

fn main() {
    let options = options();
    rayon::ThreadPoolBuilder::new().num_threads(options.threads).build_global().expect("no thread pool is built yet");
    if options.bands_only {
        bands(&options);
        return;
    }
    let device = Device::flex().autodiff();
    let config = ModelConfig { pool: Pool::Mean, ..ModelConfig::default() };
    let net = Net::new(&config, DIMS, CLASSES, &device);
    let Options { threads, batch, frames, .. } = options;
    println!("ser threads {threads} batch {batch} frames {frames} parameters {}", net.num_params());
    let (net, times) = step(net, DIMS, &options);
    for (times, name) in
        times.into_iter().zip(["network forward and loss", "network backward", "optimiser", "train step"])
    {
        times.report(name);
    }
    inference(&net, &options);
    if let Some(megabytes) = peak_memory() {
        println!("peak RSS {megabytes} MB");
    }
    if options.layers {
        layers(&options);
        others(&options);
    }
}
