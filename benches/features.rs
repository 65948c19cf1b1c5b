//! The signal chain in milliseconds a clip, on one thread: `cargo bench --bench features -- --wavs DIR` (also `--n 100`,
//! `--repeats 5`).
//!
//! The work is that of librosa's in `shared/peers/librosa_features.py`, in clips at 22,050 Hz and frames of 2048 samples
//! every 512; `scripts/bench-features.sh` runs both in turn. Beside each stage stands what its Fourier transforms alone cost.

use std::{hint::black_box, path::PathBuf, time::Instant};

use realfft::{RealFftPlanner, num_complex::Complex};
use ser::{
    audio::{AudioConfig, decode},
    augment::{Method, pitch_shift, time_stretch},
    frontend::{Extractor, FeaturesConfig, spectral::Kind},
};

const RATE: u32 = 22_050;
const FRAME: usize = 2048;
const HOP: usize = 512;
const STRETCH: f64 = 0.8;
const SEMITONES: f64 = 0.7;

struct Options {
    wavs: PathBuf,
    clips: usize,
    repeats: usize,
}

fn options() -> Options {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        Some(arguments.get(at + 1).unwrap_or_else(|| panic!("{name} needs a value after it")).clone())
    };
    let number = |name: &str, default: usize| {
        value(name).map_or(default, |text| {
            text.parse().ok().filter(|&n| n > 0).unwrap_or_else(|| panic!("{name} {text}: not a positive number"))
        })
    };
    Options {
        // Without a folder there is nothing to time, which `cargo bench` on everything must survive.
        wavs: value("--wavs").map_or_else(PathBuf::new, PathBuf::from),
        clips: number("--n", 100),
        repeats: number("--repeats", 5),
    }
}

/// Runs the stage on every clip, some times over, and prints its mean time a clip: median and least.
fn time<T>(name: &str, repeats: usize, clips: &[T], mut stage: impl FnMut(&T)) {
    let mut times: Vec<f64> = (0..repeats)
        .map(|_| {
            let start = Instant::now();
            clips.iter().for_each(&mut stage);
            start.elapsed().as_secs_f64() * 1e3 / clips.len() as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!("{name:16} wall median {:8.4}  min {:8.4} ms/clip", times[times.len() / 2], times[0]);
}

fn load(audio: &AudioConfig, path: &PathBuf) -> Vec<f32> {
    let bytes = std::fs::read(path).expect("the file was listed");
    audio.prepare(decode(&bytes, path).expect("the file is audio"), path).expect("its rate can be converted")
}

fn extractor(kinds: &[Kind]) -> Extractor {
    let config = FeaturesConfig { kinds: kinds.to_vec(), ..FeaturesConfig::default() };
    Extractor::new(&config, RATE).expect("these settings are valid")
}

/// Transforms alone: so many forward in double precision, as the features have them.
fn forward(frames: usize) {
    let fft = RealFftPlanner::<f64>::new().plan_fft_forward(FRAME);
    let (mut frame, mut bins, mut scratch) = (fft.make_input_vec(), fft.make_output_vec(), fft.make_scratch_vec());
    for i in 0..frames {
        frame.iter_mut().enumerate().for_each(|(k, x)| *x = ((k + i) % 7) as f64);
        fft.process_with_scratch(&mut frame, &mut bins, &mut scratch).expect("the buffers fit");
        black_box(&mut bins);
    }
}

/// Transforms alone: so many forward and so many back in single precision, as the phase vocoder has them.
fn there_and_back(forward: usize, back: usize) {
    let mut planner = RealFftPlanner::<f32>::new();
    let (there, inverse) = (planner.plan_fft_forward(FRAME), planner.plan_fft_inverse(FRAME));
    let (mut frame, mut bins) = (there.make_input_vec(), there.make_output_vec());
    let mut scratch = vec![Complex::default(); there.get_scratch_len().max(inverse.get_scratch_len())];
    for i in 0..forward.max(back) {
        if i < forward {
            frame.iter_mut().enumerate().for_each(|(k, x)| *x = ((k + i) % 7) as f32);
            there.process_with_scratch(&mut frame, &mut bins, &mut scratch).expect("the buffers fit");
        }
        if i < back {
            // A real frame's spectrum is real at both ends, whatever the last transform left there.
            let last = bins.len() - 1;
            (bins[0].im, bins[last].im) = (0.0, 0.0);
            inverse.process_with_scratch(&mut bins, &mut frame, &mut scratch).expect("the buffers fit");
        }
        black_box(&mut frame);
    }
}

fn main() {
    let Options { wavs, clips, repeats } = options();
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&wavs).into_iter().flatten().flatten().map(|e| e.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "wav"));
    paths.sort();
    paths.truncate(clips);
    if paths.is_empty() {
        println!("no .wav file in \"{}\": name a folder with --wavs DIR", wavs.display());
        return;
    }
    let audio = AudioConfig { sample_rate: RATE, ..AudioConfig::default() };
    let samples: Vec<Vec<f32>> = paths.iter().map(|path| load(&audio, path)).collect();
    let seconds = samples.iter().map(Vec::len).sum::<usize>() as f64 / f64::from(RATE);
    println!("ser clips {} audio {seconds:.1} s", paths.len());

    use Kind::{Centroid, Chroma, Delta, Delta2, Mel, Mfcc, Rms, Rolloff, Zcr};
    let mut readme = extractor(&[Mfcc, Mel, Chroma, Centroid, Rolloff, Zcr, Rms]);
    let mut mfcc39 = extractor(&[Mfcc, Delta, Delta2]);
    time("load", repeats, &paths, |path| drop(black_box(load(&audio, path))));
    time("features", repeats, &samples, |clip| drop(black_box(readme.extract(clip))));
    time("end_to_end", repeats, &paths, |path| drop(black_box(readme.extract(&load(&audio, path)))));
    time("mfcc39", repeats, &samples, |clip| drop(black_box(mfcc39.extract(clip))));
    time("fft_features", repeats, &samples, |clip| forward(1 + clip.len() / HOP));
    for (name, method) in [("vocoder", Method::PhaseVocoder), ("wsola", Method::Wsola)] {
        time(&format!("stretch_{name}"), repeats, &samples, |clip| {
            black_box(time_stretch(clip, RATE, STRETCH, method));
        });
        time(&format!("pitch_{name}"), repeats, &samples, |clip| {
            black_box(pitch_shift(clip, RATE, SEMITONES, method));
        });
    }
    let frames = |clip: &Vec<f32>| 1 + clip.len() / HOP;
    let steps = |clip: &Vec<f32>, rate: f64| (frames(clip) as f64 / rate).ceil() as usize;
    time("fft_stretch", repeats, &samples, |clip| there_and_back(frames(clip), steps(clip, STRETCH)));
    let rate = 2f64.powf(-SEMITONES / 12.0);
    time("fft_pitch", repeats, &samples, |clip| there_and_back(frames(clip), steps(clip, rate)));
}
