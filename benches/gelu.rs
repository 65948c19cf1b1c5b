//! GELU as one operation beside Burn's of several, forward and with its backward pass, in turn in one run:
//! `cargo bench --bench gelu` (also `--threads 1`, `--batch 16`, `--frames 185`, `--channels 1536`, `--steps 30`).
//!
//! The defaults are what lies between the two linear layers of one of Whisper tiny's, over sixteen clips of 3.7 s. The last line's
//! ratios are of the least times, ours over Burn's.

use std::{hint::black_box, time::Instant};

use burn::{
    backend::Dispatch,
    tensor::{Device, Distribution, Tensor, activation},
};
use ser_kernels::ops::FusedGelu;

/// Rounds before the clock starts.
const WARM_UP: usize = 3;

fn fused(x: Tensor<3>) -> Tensor<3> {
    Tensor::from_dispatch(<Dispatch as FusedGelu>::gelu(x.into_dispatch()))
}

/// Milliseconds that the work takes.
fn ms<T>(work: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    black_box(work());
    start.elapsed().as_secs_f64() * 1e3
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let number = |name: &str, default: usize| -> usize {
        let Some(at) = arguments.iter().position(|argument| argument == name) else { return default };
        let value = arguments.get(at + 1).and_then(|value| value.parse().ok()).filter(|&value| value > 0);
        value.unwrap_or_else(|| panic!("{name} needs a positive number after it"))
    };
    let shape = [number("--batch", 16), number("--frames", 185), number("--channels", 1536)];
    let steps = number("--steps", 30);
    rayon::ThreadPoolBuilder::new().num_threads(number("--threads", 1)).build_global().expect("a pool of threads");

    let plain = Device::flex();
    let learning = plain.clone().autodiff();
    let x = Tensor::<3>::random(shape, Distribution::Normal(0.0, 2.0), &plain);
    let forward = |f: fn(Tensor<3>) -> Tensor<3>| ms(|| f(x.clone()));
    let both = |f: fn(Tensor<3>) -> Tensor<3>| {
        let x = Tensor::<3>::from_data(x.to_data(), &learning).require_grad();
        ms(|| x.grad(&f(x.clone()).sum().backward()).expect("a gradient"))
    };
    // Least times of: Burn's forward, ours, Burn's with its backward pass, ours.
    let mut least = [f64::INFINITY; 4];
    for step in 0..WARM_UP + steps {
        let times = [forward(activation::gelu), forward(fused), both(activation::gelu), both(fused)];
        if step >= WARM_UP {
            least = std::array::from_fn(|i| least[i].min(times[i]));
        }
    }
    let [burn, ours, burn_both, ours_both] = least;
    println!(
        "GELU of {shape:?}, ms: forward {ours:.2}, Burn's {burn:.2}; with backward {ours_both:.2}, Burn's {burn_both:.2}"
    );
    println!("ratio: forward {:.3}, with backward {:.3}", ours / burn, ours_both / burn_both);
}
