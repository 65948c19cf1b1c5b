//! Hidden states of one clip through a pretrained encoder, from samples, in milliseconds:
//! `cargo bench --bench encoder -- --encoder models/whisper-tiny.en --layers 3 --threads 2` (also `--seconds 3.7`,
//! `--steps 20`). `scripts/bench-encoder.sh` runs it and PyTorch in turn.

use std::{path::Path, time::Instant};

use ser::frontend::encoder::{FrozenEncoder, SAMPLE_RATE};

/// Rounds before the clock starts.
const WARM_UP: usize = 3;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    let number = |name: &str, default: f64| -> f64 {
        value(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} needs a number after it")))
    };
    let Some(folder) = value("--encoder") else {
        println!("skipped: --encoder DIR names the folder that ser-data encoder import wrote");
        return;
    };
    let (threads, steps) = (number("--threads", 2.0) as usize, number("--steps", 20.0) as usize);
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().expect("a pool of threads");
    let encoder = FrozenEncoder::load(Path::new(&folder)).expect("an encoder's folder");
    let layers = value("--layers").map_or(encoder.layers(), |_| number("--layers", 0.0) as usize);
    let samples = (number("--seconds", 3.7) * f64::from(SAMPLE_RATE)) as usize;
    let clip: Vec<f32> = (0..samples).map(|i| 0.3 * (i as f32 * 0.05).sin() + 0.05 * (i as f32 * 1.7).sin()).collect();
    let mut times = Vec::new();
    let mut before = 0.0;
    for step in 0..WARM_UP + steps {
        if step == WARM_UP {
            before = processor_ms();
        }
        let start = Instant::now();
        let states = encoder.hidden_states(&[&clip], layers).expect("so many layers");
        let sum: f32 = states[0][layers].as_slice().iter().sum();
        assert!(sum.is_finite());
        if step >= WARM_UP {
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
    }
    let spent = (processor_ms() - before) / steps as f64;
    times.sort_by(f64::total_cmp);
    let [min, median] = [times[0], times[times.len() / 2]];
    println!("ours ms: min {min:.3} median {median:.3} processor {spent:.3} peak-MB {:.0}", peak_mb());
}

/// Processor time of all threads so far, which counts hundredths of a second.
fn processor_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // User and system time: the 14th and 15th fields, of which the second is a name in brackets.
    let rest = stat.rsplit(')').next().unwrap_or_default();
    rest.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() * 10.0
}

/// The most memory that the process has had.
fn peak_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse::<f64>().ok()).unwrap_or(f64::NAN) / 1024.0
}
