//! Filters without delay: a gain for each frequency, on the spectrum of the whole clip; and convolution.

use realfft::{RealFftPlanner, num_complex::Complex};

/// Each frequency (in Hz) times its gain, phases as they are: nothing moves in time. Half a second of zeros behind the clip
/// takes what would wrap around.
pub(crate) fn shape(samples: &[f32], rate: u32, gain: impl Fn(f64) -> f64) -> Vec<f32> {
    let length = (samples.len() + rate as usize / 2).next_power_of_two();
    transformed(samples, length, |spectrum| {
        for (bin, x) in spectrum.iter_mut().enumerate() {
            *x *= gain(bin as f64 * f64::from(rate) / length as f64) as f32;
        }
    })
}

/// The clip convolved with a response, cut to the clip's length.
pub(crate) fn convolve(samples: &[f32], response: &[f32]) -> Vec<f32> {
    let length = (samples.len() + response.len()).next_power_of_two();
    let forward = RealFftPlanner::<f32>::new().plan_fft_forward(length);
    let mut padded = forward.make_input_vec();
    padded[..response.len()].copy_from_slice(response);
    let mut of_response = forward.make_output_vec();
    // It fails only on buffers of the wrong size.
    let done = forward.process(&mut padded, &mut of_response);
    debug_assert!(done.is_ok());
    transformed(samples, length, |spectrum| spectrum.iter_mut().zip(&of_response).for_each(|(x, y)| *x *= y))
}

fn transformed(samples: &[f32], length: usize, alter: impl FnOnce(&mut [Complex<f32>])) -> Vec<f32> {
    let length = length.max(2);
    let mut planner = RealFftPlanner::<f32>::new();
    let (forward, inverse) = (planner.plan_fft_forward(length), planner.plan_fft_inverse(length));
    let mut time = forward.make_input_vec();
    time[..samples.len()].copy_from_slice(samples);
    let mut spectrum = forward.make_output_vec();
    let there = forward.process(&mut time, &mut spectrum);
    alter(&mut spectrum);
    // What a gain made of it is real at both ends, where a rounding may have left something.
    let last = spectrum.len() - 1;
    spectrum[0].im = 0.0;
    spectrum[last].im = 0.0;
    let back = inverse.process(&mut spectrum, &mut time);
    debug_assert!(there.is_ok() && back.is_ok());
    let scale = 1.0 / length as f32;
    time[..samples.len()].iter().map(|x| x * scale).collect()
}

/// A low pass as steep as Butterworth's of order 8, −3 dB at `edge` Hz.
pub(crate) fn low_pass(frequency: f64, edge: f64) -> f64 {
    (1.0 + (frequency / edge).powi(16)).sqrt().recip()
}

/// A high pass as steep as Butterworth's of order 8, −3 dB at `edge` Hz.
pub(crate) fn high_pass(frequency: f64, edge: f64) -> f64 {
    if frequency <= 0.0 { 0.0 } else { (1.0 + (edge / frequency).powi(16)).sqrt().recip() }
}

/// The long-term spectrum of speech, roughly (D. Byrne et al., 1994): level to 500 Hz, 9 dB less with each octave above,
/// little below 80 Hz.
pub(crate) fn speech_like(frequency: f64) -> f64 {
    high_pass(frequency, 80.0) * (500.0 / frequency.max(500.0)).powf(1.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hz: f64, n: usize) -> Vec<f32> {
        (0..n).map(|i| (std::f64::consts::TAU * hz * i as f64 / 16_000.0).sin() as f32).collect()
    }

    fn level(samples: &[f32]) -> f64 {
        (samples.iter().map(|x| f64::from(x * x)).sum::<f64>() / samples.len() as f64).sqrt()
    }

    #[test]
    fn what_passes_is_as_it_was_and_what_does_not_is_gone() {
        for (hz, kept) in [(500.0, 1.0), (2_000.0, std::f64::consts::FRAC_1_SQRT_2), (4_000.0, 0.004)] {
            let clip = tone(hz, 16_000);
            let heard = shape(&clip, 16_000, |f| low_pass(f, 2_000.0));
            let gain = level(&heard[4_000..12_000]) / level(&clip[4_000..12_000]);
            assert!((gain - kept).abs() < 0.02, "{hz}: {gain}");
        }
        let through = shape(&tone(500.0, 8_000), 16_000, |_| 1.0);
        assert!(through.iter().zip(tone(500.0, 8_000)).all(|(a, b)| (a - b).abs() < 1e-5));
    }

    #[test]
    fn convolution_is_that_of_the_sum() {
        let clip = tone(440.0, 300);
        let response = [0.5, 0.0, -0.25, 0.125];
        let heard = convolve(&clip, &response);
        for i in 0..clip.len() {
            let sum: f32 = (0..response.len().min(i + 1)).map(|k| response[k] * clip[i - k]).sum();
            assert!((heard[i] - sum).abs() < 1e-5, "{i}");
        }
        assert_eq!(heard.len(), clip.len());
    }
}
