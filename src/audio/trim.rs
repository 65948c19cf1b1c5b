//! Cutting silence off both ends, as librosa's `effects.trim`: a frame is silent where its RMS lies `top_db` below that
//! of the loudest frame.

use std::ops::Range;

/// Frame and hop of the level, in samples: librosa's defaults.
pub(crate) const FRAME: usize = 2048;
pub(crate) const HOP: usize = 512;

/// The range of samples between the first and the last frame that is not silent. A clip that is silent throughout, or
/// shorter than a hop, is left whole: what to do with silence is not this function's business.
#[must_use]
pub fn trim(samples: &[f32], top_db: f32) -> Range<usize> {
    let levels = frame_power(samples);
    let loudest = levels.iter().copied().fold(0.0, f64::max);
    if loudest <= 0.0 {
        return 0..samples.len();
    }
    // librosa floors levels at amin = 1e-5 in amplitude; both sides of the comparison have the same floor.
    let db = |power: f64| 10.0 * power.max(1e-10).log10();
    let loud = |power: &f64| db(*power) - db(loudest) > -f64::from(top_db);
    let (first, last) = (levels.iter().position(loud), levels.iter().rposition(loud));
    match (first, last) {
        (Some(first), Some(last)) => first * HOP..((last + 1) * HOP).min(samples.len()),
        _ => 0..samples.len(),
    }
}

/// Mean power of each centred, zero-padded frame.
fn frame_power(samples: &[f32]) -> Vec<f64> {
    (0..=samples.len() / HOP)
        .map(|i| {
            let start = (i * HOP).saturating_sub(FRAME / 2);
            let end = (i * HOP + FRAME / 2).min(samples.len());
            samples[start.min(end)..end].iter().map(|&s| f64::from(s) * f64::from(s)).sum::<f64>() / FRAME as f64
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_around_a_tone_is_cut_to_the_frame() {
        let mut samples = vec![0.0f32; 22_050];
        for (i, s) in samples[8_000..14_000].iter_mut().enumerate() {
            *s = (i as f32 * 0.1).sin();
        }
        let range = trim(&samples, 60.0);
        // librosa 0.11's own answer on this signal.
        assert_eq!(range, 7_168..15_360);
    }

    #[test]
    fn a_silent_or_tiny_clip_is_left_whole() {
        assert_eq!(trim(&[0.0; 5_000], 60.0), 0..5_000);
        assert_eq!(trim(&[0.5], 60.0), 0..1);
        assert_eq!(trim(&[], 60.0), 0..0);
    }
}
