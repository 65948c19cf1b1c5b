//! Parity with librosa 0.11's `time_stretch` and `pitch_shift`, on arrays that `scripts/golden_augment.py` made.

use std::{fs, path::Path};

use serde::Deserialize;

use super::{Method, pitch_shift, time_stretch};
use crate::frontend::spectral::golden::signal;

/// One golden clip: what was done to which signal.
#[derive(Deserialize)]
struct Golden {
    signal: String,
    samples: usize,
    sample_rate: u32,
    rate: Option<f64>,
    semitones: Option<f64>,
    length: usize,
}

#[test]
fn the_phase_vocoder_has_librosas_numbers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/augment");
    let read = |name| fs::read(folder.join(name)).expect("the golden arrays are there");
    let index: Vec<Golden> = serde_json::from_slice(&read("index.json")).expect("the index parses");
    let bytes = read("augment.i16");
    let mut values = bytes.as_chunks().0.iter().map(|b| f32::from(i16::from_le_bytes(*b)) / 32768.0);
    for golden in index {
        let clip = signal(&golden.signal, golden.samples, golden.sample_rate);
        let method = Method::PhaseVocoder;
        let (ours, name) = match (golden.rate, golden.semitones) {
            (Some(rate), _) => (time_stretch(&clip, golden.sample_rate, rate, method), format!("rate {rate}")),
            (_, Some(semitones)) => {
                (pitch_shift(&clip, golden.sample_rate, semitones, method), format!("{semitones} semitones"))
            }
            _ => panic!("neither rate nor semitones"),
        };
        assert_eq!(ours.len(), golden.length, "{} {name}", golden.signal);
        let theirs: Vec<f32> = values.by_ref().take(golden.length).collect();
        // librosa's resampler gives a sample less than asked for at times, and a zero stands there.
        let shared = golden.length - usize::from(golden.semitones.is_some());
        let apart: Vec<f32> = ours.iter().zip(&theirs).take(shared).map(|(a, b)| a - b).collect();
        let power = |x: &[f32]| x.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>();
        let worst = apart.iter().fold(0f32, |worst, x| worst.max(x.abs()));
        let below = 10.0 * (power(&theirs) / power(&apart)).log10();
        println!("{} {name}: {worst:.1e} apart at worst, the difference {below:.1} dB below", golden.signal);
        // librosa adds up its angles in single precision, which loses as much.
        assert!(worst < 2e-3 && below > 60.0, "{} {name}: {worst:.1e} apart, {below:.1} dB below", golden.signal);
    }
    assert_eq!(values.count(), 0);
}
