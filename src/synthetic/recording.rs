//! What the voice goes through before it is a file: a room, a microphone, a noise floor. They belong to the speaker,
//! as each was recorded in one session, and keep the level alone from telling the emotion.

use rand::Rng;

use super::{
    SAMPLE_RATE, SEED,
    filter::{DcBlock, Tilt},
    math::{db, uniform, white},
    voice::Speaker,
};
use crate::rng::stream;

/// Where samples stop, so that no file clips.
const CEILING: f64 = 0.95;

/// The recording of `voice` by the microphone of `speaker`'s session, `gain` dB above the usual; the noise is drawn
/// from `rng`.
pub fn record(voice: &[f64], speaker: &Speaker, gain: f64, rng: &mut impl Rng) -> Vec<f32> {
    let mut session = stream(SEED, &[&"synthetic session", &speaker.name]);
    // A few early reflections: from 3 to 35 ms, weaker the later they come.
    let absorption = uniform(&mut session, 0.15, 0.4);
    let reflections: [(usize, f64); 5] = std::array::from_fn(|_| {
        let seconds = uniform(&mut session, 0.003, 0.035);
        let strength = absorption * (1.0 - seconds / 0.05) * if session.next_u32() & 1 == 0 { 1.0 } else { -1.0 };
        ((seconds * f64::from(SAMPLE_RATE)) as usize, strength)
    });
    let floor = db(uniform(&mut session, -68.0, -56.0));
    let mut microphone = Tilt::default();
    microphone.tune(uniform(&mut session, 0.0, 3.0));
    let mut hiss = Tilt::default();
    hiss.tune(uniform(&mut session, 6.0, 14.0));
    let mut dc = DcBlock::default();

    let gain = db(gain + speaker.level);
    let mut samples: Vec<f64> = (0..voice.len())
        .map(|i| {
            let echo = |(delay, strength): &(usize, f64)| i.checked_sub(*delay).map_or(0.0, |j| strength * voice[j]);
            let received = voice[i] + reflections.iter().map(echo).sum::<f64>();
            dc.step(microphone.step(gain * received) + hiss.step(floor * white(rng)))
        })
        .collect();
    let peak = samples.iter().fold(0.0_f64, |peak, sample| peak.max(sample.abs()));
    if peak > CEILING {
        samples.iter_mut().for_each(|sample| *sample *= CEILING / peak);
    }
    samples.into_iter().map(|sample| sample as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::speakers;

    #[test]
    fn a_silent_room_is_not_quite_silent_and_a_shout_does_not_clip() {
        let rng = || stream(0, &[&"test"]);
        let silence = record(&[0.0; 4000], &speakers()[0], 0.0, &mut rng());
        let rms = (silence.iter().map(|s| s * s).sum::<f32>() / 4000.0).sqrt();
        assert!((1e-5..2e-3).contains(&rms), "{rms}");
        let shout: Vec<f64> = (0..4000).map(|i| if i / 50 % 2 == 0 { 9.0 } else { -9.0 }).collect();
        assert!(record(&shout, &speakers()[0], 20.0, &mut rng()).iter().all(|s| s.abs() <= 0.951));
    }
}
