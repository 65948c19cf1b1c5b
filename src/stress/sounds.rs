//! Sounds that disturb: babble of other clips, music, a steady noise like speech, bursts like a cough.

use rand::{Rng, RngExt};

use crate::augment::{filter, white};

/// Voices that speak at once in babble, as in ser-tests.
pub(super) const VOICES: usize = 6;

/// Voices at once, each as loud as the others, from another place in its clip; short ones are repeated.
pub(super) fn babble(n: usize, voices: &[Vec<f32>], stream: &mut impl Rng) -> Vec<f32> {
    let mut sum = vec![0.0; n];
    for voice in voices.iter().filter(|voice| !voice.is_empty()) {
        let start = stream.random_range(0..voice.len() as u64) as usize;
        let power = voice.iter().map(|x| f64::from(x * x)).sum::<f64>() / voice.len() as f64;
        let level = if power > 0.0 { power.sqrt().recip() as f32 } else { 0.0 };
        let voice = voice.iter().cycle().skip(start);
        sum.iter_mut().zip(voice).for_each(|(sum, x)| *sum += level * x);
    }
    sum
}

/// A steady noise with the long-term spectrum of speech.
pub(super) fn speech_noise(n: usize, rate: u32, stream: &mut impl Rng) -> Vec<f32> {
    filter::shape(&white(n, stream), rate, filter::speech_like)
}

/// Chords, a bass, a tune and a beat: no music, but harmonic, rhythmic and loud in the same bands.
pub(super) fn music(n: usize, rate: u32, stream: &mut impl Rng) -> Vec<f32> {
    /// Of major triads: tonic, dominant, relative minor, subdominant, in semitones.
    const CHORDS: [[i32; 3]; 4] = [[0, 4, 7], [7, 11, 14], [9, 12, 16], [5, 9, 12]];
    let rate_hz = f64::from(rate);
    let beat = 60.0 / stream.random_range(90.0..140.0);
    let key = 48 + stream.random_range(0..12);
    let first = stream.random_range(0..4_usize);
    let beats = (n as f64 / rate_hz / beat).ceil() as usize;
    let mut sum = vec![0_f32; n];
    let mut note = |semitone: i32, begin: f64, length: f64, level: f64| {
        let hz = 440.0 * (f64::from(semitone - 69) / 12.0).exp2();
        let from = (begin * rate_hz) as usize;
        let to = ((begin + length) * rate_hz) as usize;
        for (i, out) in sum.iter_mut().enumerate().take(to).skip(from) {
            let t = (i - from) as f64 / rate_hz;
            let envelope = (t / 0.01).min(1.0) * (-2.5 * t / length).exp();
            let tone: f64 = (1..=6)
                .map(f64::from)
                .filter(|k| k * hz < rate_hz / 2.0)
                .map(|k| (std::f64::consts::TAU * k * hz * t).sin() / k)
                .sum();
            *out += (level * envelope * tone) as f32;
        }
    };
    for at in 0..beats {
        let chord = CHORDS[(first + at / 4) % CHORDS.len()];
        let begin = at as f64 * beat;
        chord.iter().for_each(|step| note(key + step, begin, beat, 0.3));
        note(key + chord[0] - 12, begin, beat, 0.6);
        for half in 0..2 {
            let tune = key + 12 + chord[stream.random_range(0..3_usize)];
            note(tune, begin + f64::from(half) * beat / 2.0, beat / 2.0, 0.5);
        }
    }
    let hiss = white(n, stream);
    for (i, (out, hiss)) in sum.iter_mut().zip(hiss).enumerate() {
        let since = (i as f64 / rate_hz) % (beat / 2.0);
        *out += (0.5 * (-since / 0.03).exp()) as f32 * hiss;
    }
    sum
}

/// A burst of a third of a second in every second, like a cough: speech-like noise with a sharp beginning.
pub(super) fn bursts(n: usize, rate: u32, stream: &mut impl Rng) -> Vec<f32> {
    let mut noise = speech_noise(n, rate, stream);
    let second = rate as usize;
    let starts: Vec<usize> =
        (0..n.div_ceil(second.max(1))).map(|_| (stream.random::<f64>() * 0.6 * second as f64) as usize).collect();
    for (i, x) in noise.iter_mut().enumerate() {
        let since = (i % second) as f64 - starts[i / second] as f64;
        let t = since / f64::from(rate);
        *x *= if (0.0..0.33).contains(&t) { (-t / 0.1).exp() as f32 } else { 0.0 };
    }
    noise
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng;

    #[test]
    fn sounds_are_functions_of_their_streams_and_as_long_as_asked() {
        let make = |seed| {
            let stream = &mut rng::stream(seed, &[&"sounds"]);
            let voices = [vec![0.1, -0.2, 0.3], vec![], vec![0.0; 5]];
            [
                babble(1_000, &voices, stream),
                speech_noise(1_000, 8_000, stream),
                music(20_000, 8_000, stream),
                bursts(20_000, 8_000, stream),
            ]
        };
        assert_eq!(make(1), make(1));
        for (a, b) in make(1).iter().zip(make(2)) {
            assert!(*a != b && a.len() == b.len() && a.iter().all(|x| x.is_finite()) && a.iter().any(|x| *x != 0.0));
        }
    }
}
