//! Another room: the clip with the reverberation of one that is made up.

use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use realfft::RealFftPlanner;

/// Adds reverberation: Gaussian noise that falls by 60 dB in `t60` seconds, whose power altogether is `direct_db` decibels
/// below that of the direct sound, which stays as it is (J. D. Polack's model). The clip keeps its length; what rings on
/// after it is lost.
pub fn room(samples: &mut [f32], sample_rate: u32, t60: f64, direct_db: f64, stream: &mut impl Rng) {
    let rate = f64::from(sample_rate);
    let tail = ((t60 * rate) as usize).min(10 * sample_rate as usize);
    if samples.is_empty() || tail == 0 {
        return;
    }
    let mut response: Vec<f64> = (0..=tail)
        .map(|i| match i {
            0 => 0.0,
            _ => {
                let noise: f64 = StandardNormal.sample(stream);
                noise * 10f64.powf(-3.0 * i as f64 / (t60 * rate))
            }
        })
        .collect();
    let power: f64 = response.iter().map(|x| x * x).sum();
    let factor = (10f64.powf(-direct_db / 10.0) / power.max(f64::MIN_POSITIVE)).sqrt();
    response.iter_mut().for_each(|x| *x *= factor);
    response[0] = 1.0;
    let length = (samples.len() + response.len()).next_power_of_two();
    let mut planner = RealFftPlanner::<f64>::new();
    let (forward, inverse) = (planner.plan_fft_forward(length), planner.plan_fft_inverse(length));
    let mut padded = forward.make_input_vec();
    padded.iter_mut().zip(samples.iter()).for_each(|(to, &from)| *to = f64::from(from));
    response.resize(length, 0.0);
    let (mut spectrum, mut filter) = (forward.make_output_vec(), forward.make_output_vec());
    // They fail only on buffers of the wrong size or a spectrum that is none of real samples; these are not.
    let mut done = forward.process(&mut padded, &mut spectrum).is_ok();
    done &= forward.process(&mut response, &mut filter).is_ok();
    spectrum.iter_mut().zip(&filter).for_each(|(value, filter)| *value *= filter / length as f64);
    done &= inverse.process(&mut spectrum, &mut padded).is_ok();
    debug_assert!(done);
    samples.iter_mut().zip(&padded).for_each(|(to, &from)| *to = from as f32);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng;

    #[test]
    fn an_impulse_rings_for_as_long_and_as_loud_as_asked() {
        let mut samples = vec![0f32; 16_000];
        samples[100] = 1.0;
        room(&mut samples, 16_000, 0.5, 6.0, &mut rng::stream(1, &[&"x"]));
        assert!((samples[100] - 1.0).abs() < 1e-5 && samples[..100].iter().all(|x| x.abs() < 1e-5));
        let power = |range: std::ops::Range<usize>| samples[range].iter().map(|&x| f64::from(x).powi(2)).sum::<f64>();
        let ratio = -10.0 * power(101..16_000).log10();
        assert!((ratio - 6.0).abs() < 0.01, "{ratio} dB");
        let fall = 10.0 * (power(101..1_701) / power(4_101..5_701)).log10();
        assert!((fall - 30.0).abs() < 2.0, "{fall} dB in a quarter of a second");
    }

    #[test]
    fn without_a_tail_nothing_changes() {
        let mut samples = vec![0.5f32; 10];
        room(&mut samples, 16_000, 0.0, 0.0, &mut rng::stream(1, &[&"x"]));
        assert_eq!(samples, [0.5; 10]);
    }
}
