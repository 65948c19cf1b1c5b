//! Pitch-class energy: librosa's `chroma_stft` with tuning 0, power 2 and the strongest class at 1.
//!
//! librosa estimates the tuning of a clip when it is given none; here it is a constant, because an estimate on speech is
//! noise that makes the same sound fall into other classes in another clip.

use super::{config::Frames, extractor::Feature, filterbank::FilterBank, stft::Frame};

/// Octave, above the one that starts at 27.5 Hz, on which the filters' weights are centred: 880 Hz.
const CENTRE_OCTAVE: f64 = 5.0;
/// Width of that weighting, octaves.
const OCTAVE_WIDTH: f64 = 2.0;
/// The lowest A of the scale, Hz: 440 / 16.
const LOWEST_A: f64 = 27.5;
/// A class gets nothing of a bin of which it would get less than this part: the bumps are bells without an end, and half
/// of their weights are too small to show in single precision.
const NEGLIGIBLE: f64 = 1e-8;

/// The pitch classes of a frame, from C upwards.
#[derive(Clone, Debug)]
pub(super) struct Chroma {
    filters: FilterBank,
}

impl Chroma {
    pub fn new(n_chroma: usize, frames: &Frames) -> Self {
        Self { filters: FilterBank::new(filters(n_chroma, frames)) }
    }
}

impl Feature for Chroma {
    fn frame(&mut self, frame: &Frame<'_>, out: &mut [f32]) {
        self.filters.apply(frame.power, out);
        let strongest = out.iter().copied().fold(0.0, f32::max);
        if strongest >= f32::MIN_POSITIVE {
            for x in out {
                *x /= strongest;
            }
        }
    }

    fn boxed(&self) -> Box<dyn Feature> {
        Box::new(self.clone())
    }
}

/// librosa's `filters.chroma`, `[n_chroma][bins]`: a Gaussian bump per class in every octave, each bin of unit norm, then
/// weighted by octave.
fn filters(n_chroma: usize, frames: &Frames) -> Vec<Vec<f32>> {
    let bins = frames.bins();
    let n = n_chroma as f64;
    let classes: Vec<f64> = {
        let above = |k: usize| n * (frames.frequency(k) / LOWEST_A).log2();
        // The bin at 0 Hz has no class: it is put one and a half octaves below the first.
        (0..=bins).map(|k| if k == 0 { above(1) - 1.5 * n } else { above(k) }).collect()
    };
    let half = (n / 2.0).round_ties_even();
    // The filters start at A; three semitones on is C.
    let shift = 3 * (n_chroma / 12);
    let mut weights = vec![vec![0.0; bins]; n_chroma];
    for k in 0..bins {
        let width = (classes[k + 1] - classes[k]).max(1.0);
        let octave = (classes[k] / n - CENTRE_OCTAVE) / OCTAVE_WIDTH;
        let bumps: Vec<f64> = (0..n_chroma)
            .map(|class| {
                let distance = (classes[k] - class as f64 + half + 10.0 * n).rem_euclid(n) - half;
                (-0.5 * (2.0 * distance / width).powi(2)).exp()
            })
            .collect();
        let norm = bumps.iter().map(|x| x * x).sum::<f64>().sqrt();
        let scale = (-0.5 * octave * octave).exp() / if norm < f64::MIN_POSITIVE { 1.0 } else { norm };
        for (class, bump) in bumps.into_iter().enumerate() {
            let weight = if bump < NEGLIGIBLE * norm { 0.0 } else { bump * scale };
            weights[(class + n_chroma - shift) % n_chroma][k] = weight as f32;
        }
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_falls_into_its_class() {
        let frames = Frames { sample_rate: 22_050, length: 2048, hop: 512 };
        let mut chroma = Chroma::new(12, &frames);
        for (hz, class) in [(440.0, 9), (523.25, 0), (1318.5, 4)] {
            let mut power = vec![0.0; frames.bins().next_multiple_of(16)];
            power[(hz / frames.frequency(1)).round() as usize] = 3.0;
            let mut out = [0.0; 12];
            chroma.frame(&Frame { index: 0, samples: &[], power: &power, magnitude: &[] }, &mut out);
            assert_eq!(out[class], 1.0, "{hz} Hz: {out:?}");
        }
    }
}
