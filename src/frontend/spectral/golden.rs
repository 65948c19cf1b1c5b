//! Parity with librosa 0.11, on arrays that `scripts/golden_features.py` made. The signals are made again here, sample for
//! sample; the script describes them.

use std::{collections::BTreeMap, f64::consts::TAU, fs, path::Path};

use serde::Deserialize;

use super::{Extractor, FeaturesConfig, Kind, MelUnit};
use crate::synthetic;

/// One golden matrix: what it was made from, and where it is.
#[derive(Deserialize)]
struct Golden {
    signal: String,
    samples: usize,
    sample_rate: u32,
    features: FeaturesConfig,
    frames: usize,
    offset: usize,
}

fn noise(n: usize, mut seed: u32) -> Vec<f64> {
    let mut next = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(seed) / 2_f64.powi(31) - 1.0
    };
    (0..n).map(|_| next()).collect()
}

/// An utterance of the embedded corpus as `ser-data synth` writes it: rounded to 16 bits.
fn utterance(stem: &str) -> Vec<f32> {
    let found = synthetic::utterances().find(|utterance| utterance.stem() == stem);
    let samples = found.unwrap_or_else(|| panic!("no utterance is called {stem}")).samples();
    samples.into_iter().map(|x| f32::from((x * 32_768.0).round() as i16) / 32_768.0).collect()
}

/// The signal that the scripts of golden arrays call `name`.
pub(crate) fn signal(name: &str, n: usize, sample_rate: u32) -> Vec<f32> {
    if let Some(stem) = name.strip_prefix("embedded ") {
        return utterance(stem);
    }
    let (length, rate) = (n as f64, f64::from(sample_rate));
    let x: Vec<f64> = match name {
        "chirp" => {
            let growth = 80_f64.ln();
            let seconds = length / rate;
            let phase = |i| TAU * 100.0 * seconds / growth * ((growth * f64::from(i) / length).exp() - 1.0);
            (0..n as u32).map(|i| 0.5 * phase(i).sin()).collect()
        }
        "voice" => {
            let hiss = noise(n, 1);
            let sample = |i: usize| {
                let t = i as f64 / rate;
                let phase = TAU * (150.0 * t + 40.0 * t * t);
                let tone: f64 = (1..16).map(|h| (f64::from(h) * phase).sin() / f64::from(h)).sum();
                (0.1 + 0.15 * (TAU / 2.0 * i as f64 / length).sin()) * tone + 0.005 * hiss[i]
            };
            (0..n).map(sample).collect()
        }
        "noise" => noise(n, 7).into_iter().map(|x| 0.3 * x).collect(),
        "impulses" => (0..n).map(|i| if i % 221 == 60 { 0.8 } else { 0.0 }).collect(),
        "silence" => vec![0.0; n],
        "half" => (0..n).map(|i| if 2 * i < n { 0.4 * (TAU * 440.0 * i as f64 / rate).sin() } else { 0.0 }).collect(),
        _ => panic!("no signal is called {name}"),
    };
    x.into_iter().map(|x| ((x * 32768.0).round() / 32768.0) as f32).collect()
}

/// How far a value may be from librosa's: (part of it, plus so much in its own unit).
fn tolerance(kind: Kind, unit: MelUnit) -> (f32, f32) {
    match kind {
        // Below the smallest power told apart from none, nothing is promised.
        Kind::Mel if unit == MelUnit::Power => (1e-4, 1e-10),
        Kind::Mel => (0.0, 4e-4), // dB: the same 1e-4 of the power
        Kind::Mfcc | Kind::Delta | Kind::Delta2 | Kind::Contrast => (0.0, 1e-3),
        Kind::Chroma | Kind::Flatness => (1e-4, 1e-6),
        Kind::Centroid | Kind::Bandwidth | Kind::Rolloff => (0.0, 1e-2), // Hz
        Kind::Zcr | Kind::Rms => (0.0, 1e-6),
        Kind::Pitch => (1e-4, 0.0),
    }
}

#[test]
fn every_feature_has_librosas_numbers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/features");
    let read = |name| fs::read(folder.join(name)).expect("the golden arrays are there");
    let index: Vec<Golden> = serde_json::from_slice(&read("index.json")).expect("the index parses");
    let bytes = read("features.f32");
    let values: Vec<f32> = bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect();

    let mut worst = BTreeMap::<String, (f32, f32)>::new();
    let mut failures = Vec::new();
    for golden in index {
        let config = &golden.features;
        let mut extractor = Extractor::new(config, golden.sample_rate).expect("the config is right");
        let ours = extractor.extract(&signal(&golden.signal, golden.samples, golden.sample_rate));
        assert_eq!((ours.frames(), ours.dims()), (golden.frames, config.dims()), "{}", golden.signal);
        let theirs = &values[golden.offset..golden.offset + golden.frames * config.dims()];
        let kinds: Vec<Kind> = config.kinds.iter().flat_map(|&kind| vec![kind; kind.width(config)]).collect();
        let names = config.columns();
        for (i, (&a, &b)) in ours.as_slice().iter().zip(theirs).enumerate() {
            let (frame, column) = (i / config.dims(), i % config.dims());
            let (relative, absolute) = tolerance(kinds[column], config.mel_unit);
            let apart = (a - b).abs();
            let unit = if kinds[column] == Kind::Mel { format!("{:?}", config.mel_unit) } else { String::new() };
            let entry = worst.entry(format!("{} {unit}", kinds[column])).or_default();
            *entry = (entry.0.max(apart), entry.1.max(apart / (relative * b.abs() + absolute)));
            if !(a.is_finite() && apart <= relative * b.abs() + absolute) {
                let (signal, name) = (&golden.signal, &names[column]);
                failures.push(format!("{signal}, {} samples, frame {frame}, {name}: {a}, librosa {b}", golden.samples));
            }
        }
    }
    for (kind, (apart, share)) in worst {
        println!("{kind:14} {apart:.1e} apart at worst, {:.1} % of the tolerance", 100.0 * share);
    }
    assert!(
        failures.is_empty(),
        "{} values differ:\n{}",
        failures.len(),
        failures[..failures.len().min(40)].join("\n")
    );
}
