//! Another microphone: the clip through a filter that is smooth over the octaves.

use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use realfft::RealFftPlanner;

/// The lowest and the highest of the frequencies, an octave apart, that a response is drawn at.
const LOWEST: f64 = 62.5;
const POINTS: usize = 9;

/// Filters the clip, in place and without delay: `tilt_db` more with each octave, and at each octave from 62.5 Hz to 16 kHz a
/// Gaussian number of `ripple_db` decibels more, straight between two of them over the logarithm of the frequency. At 1 kHz
/// the tilt adds nothing.
pub fn channel(samples: &mut [f32], sample_rate: u32, tilt_db: f64, ripple_db: f64, stream: &mut impl Rng) {
    let ripple: [f64; POINTS] = std::array::from_fn(|_| StandardNormal.sample(stream));
    let response = |hertz: f64| {
        let octave = (hertz / LOWEST).max(1.0).log2();
        let place = octave.min((POINTS - 1) as f64);
        let (below, above) = (place as usize, (place as usize + 1).min(POINTS - 1));
        let share = place - below as f64;
        let db = tilt_db * (octave - 4.0) + ripple_db * (ripple[below] * (1.0 - share) + ripple[above] * share);
        10f64.powf(db / 20.0)
    };
    let Some(length) = samples.len().checked_next_power_of_two().filter(|_| samples.len() > 1) else { return };
    // Twice as long, so that what the filter spreads does not come round to the other end.
    let length = 2 * length;
    let mut planner = RealFftPlanner::<f64>::new();
    let (forward, inverse) = (planner.plan_fft_forward(length), planner.plan_fft_inverse(length));
    let mut padded = forward.make_input_vec();
    padded.iter_mut().zip(samples.iter()).for_each(|(to, &from)| *to = f64::from(from));
    let mut spectrum = forward.make_output_vec();
    // They fail only on buffers of the wrong size or a spectrum that is none of real samples; these are not.
    let mut done = forward.process(&mut padded, &mut spectrum).is_ok();
    for (bin, value) in spectrum.iter_mut().enumerate() {
        *value *= response(bin as f64 * f64::from(sample_rate) / length as f64) / length as f64;
    }
    done &= inverse.process(&mut spectrum, &mut padded).is_ok();
    debug_assert!(done);
    samples.iter_mut().zip(&padded).for_each(|(to, &from)| *to = from as f32);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng;

    fn tone(hertz: f64) -> Vec<f32> {
        (0..16_000).map(|i| (std::f64::consts::TAU * hertz * f64::from(i) / 16_000.0).sin() as f32).collect()
    }

    fn db(from: &[f32], to: &[f32]) -> f64 {
        let power = |x: &[f32]| x.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>();
        10.0 * (power(to) / power(from)).log10()
    }

    #[test]
    fn a_tilt_is_so_many_decibels_an_octave() {
        for (hertz, expected) in [(500.0, -3.0), (1_000.0, 0.0), (2_000.0, 3.0), (4_000.0, 6.0)] {
            let mut samples = tone(hertz);
            channel(&mut samples, 16_000, 3.0, 0.0, &mut rng::stream(1, &[&"x"]));
            let reached = db(&tone(hertz), &samples);
            assert!((reached - expected).abs() < 0.05, "{hertz} Hz: {reached} dB");
        }
    }

    #[test]
    fn ripples_are_drawn_and_flat_ones_alter_nothing() {
        let (mut flat, mut one, mut other) = (tone(700.0), tone(700.0), tone(700.0));
        channel(&mut flat, 16_000, 0.0, 0.0, &mut rng::stream(1, &[&"x"]));
        assert!(flat.iter().zip(tone(700.0)).all(|(a, b)| (a - b).abs() < 1e-5));
        channel(&mut one, 16_000, 0.0, 6.0, &mut rng::stream(1, &[&"x"]));
        channel(&mut other, 16_000, 0.0, 6.0, &mut rng::stream(2, &[&"x"]));
        assert!((db(&one, &other)).abs() > 0.1);
    }
}
