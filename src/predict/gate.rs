//! The voice gate: whether a window has enough sound for an answer.

/// Length of the pieces whose level is measured, in seconds.
const PIECE: f64 = 0.025;

/// The part of the pieces that must be loud: in three seconds a word of 0.15 s opens the gate.
const SHARE: f64 = 0.05;

/// Opens on windows of which some part is louder than a level. It tells sound from silence, not speech from noise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gate {
    /// The level in dB of full scale.
    pub level_db: f32,
}

impl Default for Gate {
    /// −60 dB of full scale: above what many microphones make of a quiet room, below the softest speech of RAVDESS, all of
    /// whose clips and whose windows of 3 s pass (at −55 dB seven clips do not).
    fn default() -> Self {
        Self { level_db: -60.0 }
    }
}

impl Gate {
    /// Whether the samples, at `sample_rate` Hz, are worth an answer. Depends on nothing else, so that the same samples
    /// pass in a file and in a stream.
    #[must_use]
    pub fn opens(self, samples: &[f32], sample_rate: u32) -> bool {
        let piece = ((PIECE * f64::from(sample_rate)) as usize).max(1);
        let floor = 10f64.powf(f64::from(self.level_db) / 10.0);
        let power =
            |piece: &[f32]| piece.iter().map(|&s| f64::from(s) * f64::from(s)).sum::<f64>() / piece.len() as f64;
        let loud = samples.chunks(piece).filter(|piece| power(piece) > floor).count();
        loud > 0 && loud as f64 >= SHARE * samples.len().div_ceil(piece) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_opens_it_and_silence_and_a_click_do_not() {
        let gate = Gate::default();
        let mut window = vec![0.0004f32; 48_000];
        assert!(!gate.opens(&window, 16_000), "a floor of −68 dB");
        window[20_000] = 1.0;
        assert!(!gate.opens(&window, 16_000), "a click");
        for (i, s) in window[20_000..23_200].iter_mut().enumerate() {
            *s = 0.01 * (i as f32 * 0.1).sin();
        }
        assert!(gate.opens(&window, 16_000), "0.2 s at −43 dB");
        assert!(!gate.opens(&[], 16_000));
        assert!(Gate { level_db: f32::NEG_INFINITY }.opens(&[1e-9], 16_000));
    }
}
