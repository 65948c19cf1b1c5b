//! From samples to the matrix: one transform per frame, every feature reading from it.

use super::{
    super::{
        level::{self, Level},
        matrix::Matrix,
    },
    Kind,
    config::{FeaturesConfig, Frames, MelUnit},
    db::power_to_db,
    delta::differentiate,
    filterbank::FilterBank,
    mel::mel_bank,
    mfcc::{Dct, dct},
    stft::{Frame, Stft},
};
use crate::error::Result;

/// A feature that is computed frame by frame. One that looks at the whole clip does so before or after.
pub(super) trait Feature: Send + Sync {
    /// Whether it reads [`Frame::magnitude`].
    fn needs_magnitude(&self) -> bool {
        false
    }

    /// Called once, before the first frame.
    fn begin(&mut self, _clip: &[f32]) {}

    /// Writes the feature's columns of one frame.
    fn frame(&mut self, frame: &Frame<'_>, out: &mut [f32]);

    /// Called once, after the last frame, with the whole matrix and the index of the feature's first column.
    fn finish(&mut self, _matrix: &mut Matrix, _column: usize) {}

    /// A copy that shares the tables.
    fn boxed(&self) -> Box<dyn Feature>;
}

/// Features made ready to run: the transform planned, the tables computed, the buffers allocated.
///
/// Made once per thread: [`Clone`] shares the plan and the tables, and copies only the buffers. The same samples give the
/// same bits, whichever copy they go through and whatever went through it before.
pub struct Extractor {
    frames: Frames,
    dims: usize,
    stft: Stft,
    cepstrum: Option<Cepstrum>,
    features: Vec<(usize, usize, Box<dyn Feature>)>,
}

impl Extractor {
    /// Prepares the features of `config` for clips at `sample_rate` (Hz).
    ///
    /// # Errors
    /// What [`FeaturesConfig::validate`] finds wrong.
    pub fn new(config: &FeaturesConfig, sample_rate: u32) -> Result<Self> {
        let frames = config.check(sample_rate)?;
        let mut cepstrum = None;
        let mut features = Vec::new();
        let mut column = 0;
        for &kind in &config.kinds {
            match kind.feature(config, &frames) {
                Some(feature) => features.push((column, kind.width(config), feature)),
                None => cepstrum.get_or_insert_with(|| Cepstrum::new(config, &frames)).place(kind, column),
            }
            column += kind.width(config);
        }
        let with_magnitude = features.iter().any(|(_, _, feature)| feature.needs_magnitude());
        Ok(Self { frames, dims: column, stft: Stft::new(&frames, with_magnitude), cepstrum, features })
    }

    /// How many columns a matrix will have.
    #[must_use]
    pub fn dims(&self) -> usize {
        self.dims
    }

    /// Length of a frame and step to the next, in samples.
    #[must_use]
    pub fn frame_and_hop(&self) -> (usize, usize) {
        (self.frames.length, self.frames.hop)
    }

    /// The features of a mono clip, `[frames, dims]`; the columns are [`FeaturesConfig::columns`].
    ///
    /// Samples are expected finite, within [-1, 1] or thereabouts; the caller rejects others. They cause no panic, but the
    /// numbers then mean nothing.
    pub fn extract(&mut self, samples: &[f32]) -> Matrix {
        let mut matrix = Matrix::zeros(self.frames.count(samples.len()), self.dims);
        if let Some(cepstrum) = &mut self.cepstrum {
            cepstrum.begin(matrix.frames());
        }
        for (_, _, feature) in &mut self.features {
            feature.begin(samples);
        }
        for t in 0..matrix.frames() {
            let frame = self.stft.frame(samples, t);
            let row = matrix.row_mut(t);
            if let Some(cepstrum) = &mut self.cepstrum {
                cepstrum.frame(&frame);
            }
            for (column, width, feature) in &mut self.features {
                feature.frame(&frame, &mut row[*column..*column + *width]);
            }
        }
        if let Some(cepstrum) = &mut self.cepstrum {
            cepstrum.finish(&mut matrix);
        }
        for (column, _, feature) in &mut self.features {
            feature.finish(&mut matrix, *column);
        }
        matrix
    }
}

impl Clone for Extractor {
    fn clone(&self) -> Self {
        Self {
            frames: self.frames,
            dims: self.dims,
            stft: self.stft.clone(),
            cepstrum: self.cepstrum.clone(),
            features: self.features.iter().map(|(column, width, feature)| (*column, *width, feature.boxed())).collect(),
        }
    }
}

impl std::fmt::Debug for Extractor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Extractor").field("frames", &self.frames).field("dims", &self.dims).finish_non_exhaustive()
    }
}

/// The chain of features that hang on the mel spectrum: its decibels, the MFCC, their derivatives. The floor of the
/// decibels depends on the whole clip, so all but the mel spectrum waits for the last frame.
#[derive(Clone, Debug)]
struct Cepstrum {
    bank: FilterBank,
    dct: Dct,
    unit: MelUnit,
    top_db: f32,
    level: Level,
    snr: Option<f64>,
    n_mels: usize,
    n_mfcc: usize,
    /// The first column of each kind that is wanted.
    mel_at: Option<usize>,
    mfcc_at: Option<usize>,
    delta_at: [Option<usize>; 2],
    /// Mel spectrum of the clip, `[frames, n_mels]`.
    mel: Vec<f32>,
    /// How much of it is filled.
    filled: usize,
    /// MFCC of the clip, `[frames, n_mfcc]`.
    mfcc: Vec<f32>,
}

impl Cepstrum {
    fn new(config: &FeaturesConfig, frames: &Frames) -> Self {
        Self {
            bank: mel_bank(config, frames),
            dct: dct(config.n_mels, config.n_mfcc, config.lifter),
            unit: config.mel_unit,
            top_db: config.top_db,
            level: config.level,
            snr: config.snr,
            n_mels: config.n_mels,
            n_mfcc: config.n_mfcc,
            mel_at: None,
            mfcc_at: None,
            delta_at: [None; 2],
            mel: Vec::new(),
            filled: 0,
            mfcc: Vec::new(),
        }
    }

    fn place(&mut self, kind: Kind, column: usize) {
        match kind {
            Kind::Mel => self.mel_at = Some(column),
            Kind::Delta => self.delta_at[0] = Some(column),
            Kind::Delta2 => self.delta_at[1] = Some(column),
            _ => self.mfcc_at = Some(column),
        }
    }

    fn begin(&mut self, frames: usize) {
        self.filled = 0;
        self.mel.resize(frames * self.n_mels, 0.0);
    }

    fn frame(&mut self, frame: &Frame<'_>) {
        self.bank.apply(frame.power, &mut self.mel[self.filled..self.filled + self.n_mels]);
        self.filled += self.n_mels;
    }

    fn finish(&mut self, matrix: &mut Matrix) {
        level::of_powers(&mut self.mel, self.n_mels, self.level, self.snr);
        if self.unit == MelUnit::Power {
            self.write_mel(matrix);
        }
        power_to_db(&mut self.mel, self.top_db);
        if self.unit == MelUnit::Db {
            self.write_mel(matrix);
        }
        if self.mfcc_at.is_none() && self.delta_at == [None; 2] {
            return;
        }
        self.mfcc.resize(matrix.frames() * self.n_mfcc, 0.0);
        for (mel, mfcc) in self.mel.chunks_exact(self.n_mels).zip(self.mfcc.chunks_exact_mut(self.n_mfcc)) {
            self.dct.apply(mel, mfcc);
        }
        if let Some(column) = self.mfcc_at {
            write(&self.mfcc, self.n_mfcc, matrix, column);
        }
        for (order, column) in [1, 2].into_iter().zip(self.delta_at) {
            if let Some(column) = column {
                let dims = matrix.dims();
                differentiate(&self.mfcc, self.n_mfcc, order, matrix.as_mut_slice(), dims, column);
            }
        }
    }

    fn write_mel(&self, matrix: &mut Matrix) {
        if let Some(column) = self.mel_at {
            write(&self.mel, self.n_mels, matrix, column);
        }
    }
}

/// Copies `rows`, `[frames, width]`, to the columns of `matrix` from `column` on.
fn write(rows: &[f32], width: usize, matrix: &mut Matrix, column: usize) {
    for (t, row) in rows.chunks_exact(width).enumerate() {
        matrix.row_mut(t)[column..column + width].copy_from_slice(row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: u32 = 22_050;

    fn all() -> FeaturesConfig {
        FeaturesConfig { kinds: Kind::ALL.to_vec(), ..FeaturesConfig::default() }
    }

    fn clip(n: usize) -> Vec<f32> {
        (0..n).map(|i| (i as f32 * 0.05).sin() * (i as f32 * 0.0007).cos()).collect()
    }

    #[test]
    fn a_clip_of_any_length_has_finite_features() -> Result<()> {
        let mut extractor = Extractor::new(&all(), RATE)?;
        for n in [1, 2, 511, 512, 1024, 2047, 2048, 2049, 4608, 5000] {
            for samples in [clip(n), vec![0.0; n], vec![1.0; n]] {
                let matrix = extractor.extract(&samples);
                assert_eq!((matrix.frames(), matrix.dims()), (1 + n / 512, all().dims()));
                assert!(matrix.as_slice().iter().all(|x| x.is_finite()), "{n} samples");
            }
        }
        Ok(())
    }

    #[test]
    fn no_samples_make_no_frames() -> Result<()> {
        let matrix = Extractor::new(&all(), RATE)?.extract(&[]);
        assert_eq!((matrix.frames(), matrix.dims()), (0, all().dims()));
        Ok(())
    }

    #[test]
    fn the_shortest_frames_work() -> Result<()> {
        let kinds: Vec<Kind> =
            Kind::ALL.into_iter().filter(|kind| !matches!(kind, Kind::Contrast | Kind::Pitch)).collect();
        for (frame_length, n_mels, n_chroma) in [(2, 1, 1), (3, 2, 5), (17, 128, 24)] {
            let config = FeaturesConfig {
                kinds: kinds.clone(),
                frame_length,
                hop_length: 1,
                n_mels,
                n_mfcc: 1,
                n_chroma,
                ..all()
            };
            let matrix = Extractor::new(&config, RATE)?.extract(&clip(40));
            assert!(matrix.as_slice().iter().all(|x| x.is_finite()), "{frame_length}");
        }
        Ok(())
    }

    #[test]
    fn samples_that_are_not_finite_spoil_their_own_clip_alone() -> Result<()> {
        let mut extractor = Extractor::new(&all(), RATE)?;
        let before = extractor.extract(&clip(9000));
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX] {
            let mut samples = clip(9000);
            samples[4000] = bad;
            extractor.extract(&samples);
            extractor.extract(&[bad; 3000]);
            assert_eq!(extractor.extract(&clip(9000)), before);
        }
        Ok(())
    }

    #[test]
    fn copies_and_other_columns_change_no_bit() -> Result<()> {
        let mut extractor = Extractor::new(&all(), RATE)?;
        let mut copy = extractor.clone();
        copy.extract(&clip(20_000));
        let whole = extractor.extract(&clip(9000));
        assert_eq!(copy.extract(&clip(9000)), whole);
        let names = all().columns();
        for kind in Kind::ALL {
            let config = FeaturesConfig { kinds: vec![kind], ..all() };
            let part = Extractor::new(&config, RATE)?.extract(&clip(9000));
            let at = names.iter().position(|name| *name == config.columns()[0]).unwrap_or_default();
            for t in 0..whole.frames() {
                assert_eq!(part.row(t), &whole.row(t)[at..at + part.dims()], "{kind}, frame {t}");
            }
        }
        Ok(())
    }

    #[test]
    fn a_free_level_hears_no_gain_and_noise_hides_what_is_soft() -> Result<()> {
        let toml =
            "kinds = ['mel']\nn_mels = 40\nframe_length = 512\nhop_length = 320\ntop_db = 1000.0\nlevel = 'free'";
        let free: FeaturesConfig = toml::from_str(toml).expect("the TOML parses");
        let masked = FeaturesConfig { snr: Some(12.0), ..free.clone() };
        let kept = FeaturesConfig { level: Level::Kept, ..free.clone() };
        let of = |config: &FeaturesConfig, gain: f32, soft: f32| -> Result<Matrix> {
            let part = |i: usize| if i < 8_000 { gain } else { gain * soft };
            let samples: Vec<f32> = clip(12_000).iter().enumerate().map(|(i, x)| x * part(i)).collect();
            Ok(Extractor::new(config, 16_000)?.extract(&samples))
        };
        let apart = |one: &Matrix, other: &Matrix| {
            one.as_slice().iter().zip(other.as_slice()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
        };
        for (config, most) in [(&free, 0.01), (&masked, 0.01)] {
            assert!(apart(&of(config, 1.0, 0.1)?, &of(config, 0.016, 0.1)?) < most);
        }
        assert!(apart(&of(&kept, 1.0, 0.1)?, &of(&kept, 0.016, 0.1)?) > 30.0);
        // 60 dB below the loud part or 80: told apart without the noise, not with it.
        assert!(apart(&of(&free, 1.0, 1e-3)?, &of(&free, 1.0, 1e-4)?) > 15.0);
        let (sixty, eighty) = (of(&masked, 1.0, 1e-3)?, of(&masked, 1.0, 1e-4)?);
        let last = sixty.frames() - 1;
        assert!(sixty.row(last).iter().zip(eighty.row(last)).all(|(a, b)| (a - b).abs() < 0.1));
        assert!(FeaturesConfig { level: Level::Kept, ..masked }.validate(16_000).is_err());
        Ok(())
    }

    #[test]
    fn columns_follow_the_order_of_the_kinds() -> Result<()> {
        let config = FeaturesConfig { kinds: vec![Kind::Rms, Kind::Delta, Kind::Zcr], ..all() };
        let matrix = Extractor::new(&config, RATE)?.extract(&[0.5; 8192]);
        assert_eq!(config.columns()[..2], ["rms", "delta_mfcc_0"]);
        approx::assert_abs_diff_eq!(matrix.row(8)[0], 0.5, epsilon = 1e-6);
        assert_eq!(matrix.row(8)[14], 0.0);
        Ok(())
    }
}
