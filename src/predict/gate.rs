//! The gate: whether a window has enough sound, or enough speech, for an answer.

/// Length of the pieces whose level is measured, in seconds.
const PIECE: f64 = 0.025;

/// The part of a window that must be speech, or loud: in three seconds a word of 0.15 s opens the gate.
pub(super) const SHARE: f64 = 0.05;

/// What opens the gate.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Gate {
    /// Speech in at least a twentieth of the window, by the detector `earshot`.
    #[default]
    Speech,
    /// Sound above a level, in dB of full scale, in at least a twentieth of the window. It tells sound from silence, not
    /// speech from noise.
    Level(f32),
}

/// Whether the samples, at `sample_rate` Hz, have enough sound above a level in dB of full scale. Depends on nothing else, so
/// that the same samples pass in a file and in a stream.
pub(super) fn is_louder(level_db: f32, samples: &[f32], sample_rate: u32) -> bool {
    let piece = ((PIECE * f64::from(sample_rate)) as usize).max(1);
    let floor = 10f64.powf(f64::from(level_db) / 10.0);
    let power = |piece: &[f32]| piece.iter().map(|&s| f64::from(s) * f64::from(s)).sum::<f64>() / piece.len() as f64;
    let loud = samples.chunks(piece).filter(|piece| power(piece) > floor).count();
    loud > 0 && loud as f64 >= SHARE * samples.len().div_ceil(piece) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_opens_it_and_silence_and_a_click_do_not() {
        let opens = |samples: &[f32]| is_louder(-60.0, samples, 16_000);
        let mut window = vec![0.0004f32; 48_000];
        assert!(!opens(&window), "a floor of −68 dB");
        window[20_000] = 1.0;
        assert!(!opens(&window), "a click");
        for (i, s) in window[20_000..23_200].iter_mut().enumerate() {
            *s = 0.01 * (i as f32 * 0.1).sin();
        }
        assert!(opens(&window), "0.2 s at −43 dB");
        assert!(!opens(&[]));
        assert!(is_louder(f32::NEG_INFINITY, &[1e-9], 16_000));
    }
}
