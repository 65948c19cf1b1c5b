//! Whisper's spectrogram, to the number: windows of 25 ms every 10 ms, mel bands on Slaney's scale, logarithm, a floor
//! eight decades below the clip's loudest value.

use std::{f64::consts::TAU, sync::Arc};

use realfft::{RealFftPlanner, RealToComplex};

use super::super::{
    Level, Matrix, level,
    spectral::{FeaturesConfig, FilterBank, Frames, LANES, mel_bank},
};

/// Samples of a window.
const WINDOW: usize = 400;
/// Samples from one frame to the next.
const HOP: usize = 160;
/// The least power that a logarithm is taken of.
const LEAST: f32 = 1e-10;
/// The same where no level is kept: below what any recording holds, at whatever gain.
const LEAST_FREE: f32 = 1e-30;
/// Decades from the clip's loudest value to the floor, as Whisper has it.
pub(super) const RANGE: f32 = 8.0;

/// The transform, planned.
#[derive(Clone)]
pub(super) struct LogMel {
    bands: usize,
    fft: Arc<dyn RealToComplex<f64>>,
    window: Arc<[f64]>,
    bank: FilterBank,
    level: Level,
    snr: Option<f64>,
    range: f32,
}

impl LogMel {
    pub fn new(bands: usize) -> Self {
        let frames = Frames { sample_rate: super::SAMPLE_RATE, length: WINDOW, hop: HOP };
        let config = FeaturesConfig { n_mels: bands, ..FeaturesConfig::default() };
        Self {
            bands,
            fft: RealFftPlanner::new().plan_fft_forward(WINDOW),
            window: (0..WINDOW).map(|i| 0.5 - 0.5 * (TAU * i as f64 / WINDOW as f64).cos()).collect(),
            bank: mel_bank(&config, &frames),
            level: Level::Kept,
            snr: None,
            range: RANGE,
        }
    }

    /// The same with another treatment of a clip's level, noise laid so many decibels under it, and its floor so many decades
    /// below the loudest value.
    pub fn levelled(self, level: Level, snr: Option<f64>, range: f32) -> Self {
        Self { level, snr, range, ..self }
    }

    /// The numbers of it, for whoever computes it by other means.
    pub fn seen(&self) -> Seen {
        let bins = WINDOW / 2 + 1;
        Seen {
            window: self.window.to_vec(),
            hop: HOP,
            bins,
            bands: self.bands,
            bank: self.bank.dense(bins),
            least: f64::from(if self.level.is_free() { LEAST_FREE } else { LEAST }),
            level: self.level,
            reference: level::reference(self.bands),
            active: level::ACTIVE,
            noise: self.snr.map(|snr| level::noise(self.bands, snr)),
            range: f64::from(self.range),
            longest: 0,
            least_samples: 0,
            step: 0,
        }
    }

    /// Mel bands of a frame.
    pub fn bands(&self) -> usize {
        self.bands
    }

    /// Frames in a clip of `samples`: the window around its end is left out.
    pub fn frames(samples: usize) -> usize {
        samples / HOP
    }

    /// `[frames, bands]` of a clip at 16 kHz of more than half a window. Beyond its ends it is continued by its mirror
    /// image.
    pub fn extract(&self, clip: &[f32]) -> Matrix {
        let mut matrix = Matrix::zeros(Self::frames(clip.len()), self.bands);
        let (mut windowed, mut spectrum) = (self.fft.make_input_vec(), self.fft.make_output_vec());
        let mut scratch = self.fft.make_scratch_vec();
        let mut power = vec![0f32; spectrum.len().next_multiple_of(LANES)];
        let mut mirrored = [0f32; WINDOW];
        let least = if self.level.is_free() { LEAST_FREE } else { LEAST };
        for frame in 0..matrix.frames() {
            let samples = around(clip, frame * HOP, &mut mirrored);
            for ((out, &x), &w) in windowed.iter_mut().zip(samples).zip(self.window.iter()) {
                *out = f64::from(x) * w;
            }
            // It fails only on buffers of the wrong size, and these were made for it.
            let done = self.fft.process_with_scratch(&mut windowed, &mut spectrum, &mut scratch);
            debug_assert!(done.is_ok());
            for (p, x) in power.iter_mut().zip(&spectrum) {
                *p = (x.re * x.re + x.im * x.im) as f32;
            }
            let bands = matrix.row_mut(frame);
            self.bank.apply(&power, bands);
            for band in bands {
                *band = band.max(least).log10();
            }
        }
        self.level.bring(&mut matrix);
        if let Some(snr) = self.snr {
            level::mask(&mut matrix, snr);
        }
        let floor = matrix.as_slice().iter().copied().fold(f32::MIN, f32::max) - self.range;
        for value in matrix.as_mut_slice() {
            *value = (value.max(floor) + 4.0) / 4.0;
        }
        matrix
    }
}

/// The numbers that stand between a clip at 16 kHz and Whisper's stem.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// What a frame's samples are multiplied with.
    pub(crate) window: Vec<f64>,
    /// Samples from one frame to the next.
    pub(crate) hop: usize,
    /// Frequencies of a frame.
    pub(crate) bins: usize,
    /// Mel bands.
    pub(crate) bands: usize,
    /// `[bins, bands]`, by which powers become bands.
    pub(crate) bank: Vec<f64>,
    /// The least power that a logarithm is taken of.
    pub(crate) least: f64,
    pub(crate) level: Level,
    /// The decimal logarithm of each band's power at the reference's level.
    pub(crate) reference: Vec<f64>,
    /// Decades of power below the loudest frame at which a frame is active.
    pub(crate) active: f64,
    /// The power of the noise that is laid under each band once the level is the reference's.
    pub(crate) noise: Option<Vec<f64>>,
    /// Decades from the loudest value to the floor.
    pub(crate) range: f64,
    /// Samples of the longest window, of the shortest, and what the lengths of others are multiples of.
    pub(crate) longest: usize,
    pub(crate) least_samples: usize,
    pub(crate) step: usize,
}

impl std::fmt::Debug for LogMel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogMel").field("bands", &self.bands).finish_non_exhaustive()
    }
}

/// The window centred on a sample: a slice of the clip where it lies within, else a copy with the mirror image.
fn around<'a>(clip: &'a [f32], centre: usize, mirrored: &'a mut [f32; WINDOW]) -> &'a [f32] {
    let half = WINDOW / 2;
    if centre >= half && centre + half <= clip.len() {
        return &clip[centre - half..centre + half];
    }
    let last = clip.len() as isize - 1;
    for (i, out) in mirrored.iter_mut().enumerate() {
        let at = (centre + i) as isize - half as isize;
        let at = if at < 0 { -at } else { at };
        let at = if at > last { 2 * last - at } else { at };
        *out = clip.get(at.max(0) as usize).copied().unwrap_or(0.0);
    }
    mirrored
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_are_mirrored() {
        let clip: Vec<f32> = (0..420).map(|i| i as f32).collect();
        let mut mirrored = [0.0; WINDOW];
        let first = around(&clip, 0, &mut mirrored);
        assert_eq!((first[0], first[199], first[200], first[399]), (200.0, 1.0, 0.0, 199.0));
        let last = around(&clip, 320, &mut mirrored);
        assert_eq!((last[0], last[299], last[300], last[399]), (120.0, 419.0, 418.0, 319.0));
        assert_eq!(around(&clip, 210, &mut mirrored)[0], 10.0);
    }

    #[test]
    fn the_floor_lies_eight_decades_below_the_loudest_value() {
        // Silence, then a tone: silence is lifted to the floor.
        let clip: Vec<f32> =
            (0..16_000).map(|i| if i < 8_000 { 0.0 } else { (TAU * 0.1 * f64::from(i)).sin() as f32 }).collect();
        let matrix = LogMel::new(80).extract(&clip);
        assert_eq!((matrix.frames(), matrix.dims()), (100, 80));
        let (least, most) =
            matrix.as_slice().iter().fold((f32::MAX, f32::MIN), |(least, most), &x| (least.min(x), most.max(x)));
        approx::assert_abs_diff_eq!(most - least, 2.0, epsilon = 1e-6);
        assert!(matrix.row(10).iter().all(|&x| x == least));
    }
}
