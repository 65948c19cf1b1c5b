//! Time stretch by waveform similarity overlap-add (WSOLA: Verhelst & Roelands 1993), the better form for speech: pieces
//! of the clip are laid down at another pace, each one taken from where it continues the one before it best. Pitch
//! periods and bursts stay as they were spoken, where the phase vocoder smears them over its frame.

use std::{cell::RefCell, sync::Arc};

use realfft::{ComplexToReal, RealFftPlanner, RealToComplex, num_complex::Complex};
use ser_kernels::wide;

/// Length of a piece: two periods of a low voice, and short beside a syllable.
const PIECE_SECONDS: f64 = 0.03;
/// How far from its nominal place a piece may be taken: a period of a low voice in all.
const REACH_SECONDS: f64 = 0.008;

/// The clip at `rate` times its pace, with its pitch: `round(n / rate)` samples.
pub(super) fn stretch(samples: &[f32], sample_rate: u32, rate: f64) -> Vec<f32> {
    KEPT.with_borrow_mut(|kept| {
        let kept = match kept {
            Some(kept) if kept.sample_rate == sample_rate => kept,
            other => other.insert(Wsola::new(sample_rate)),
        };
        kept.stretch(samples, rate)
    })
}

thread_local! {
    /// The sizes, the window and the transforms of the last sample rate, and memory to work in: for any pace.
    static KEPT: RefCell<Option<Wsola>> = const { RefCell::new(None) };
}

struct Wsola {
    sample_rate: u32,
    hop: usize,
    reach: usize,
    window: Vec<f32>,
    likeness: Likeness,
    clip: Vec<f32>,
}

impl Wsola {
    fn new(sample_rate: u32) -> Self {
        let hop = ((PIECE_SECONDS / 2.0 * f64::from(sample_rate)).round() as usize).max(1);
        let reach = (REACH_SECONDS * f64::from(sample_rate)).round() as usize;
        let piece = 2 * hop;
        let window = |i| (0.5 - 0.5 * (std::f64::consts::TAU * i as f64 / piece as f64).cos()) as f32;
        Self {
            sample_rate,
            hop,
            reach,
            window: (0..piece).map(window).collect(),
            likeness: Likeness::new(piece, 2 * reach + 1),
            clip: Vec::new(),
        }
    }

    fn stretch(&mut self, samples: &[f32], rate: f64) -> Vec<f32> {
        let Self { hop, reach, window, likeness, clip, .. } = self;
        let (hop, reach, piece) = (*hop, *reach, window.len());
        let length = (samples.len() as f64 / rate).round_ties_even() as usize;
        // Zeros on both sides, so that every piece lies within.
        let margin = piece + reach;
        let pieces = length / hop + 2;
        let nominal = |k: usize| (k as f64 * hop as f64 * rate).round() as usize;
        clip.clear();
        clip.resize(margin, 0.0);
        clip.extend_from_slice(samples);
        clip.resize((nominal(pieces) + 2 * margin + piece).max(samples.len() + 2 * margin), 0.0);

        let mut out = vec![0f32; (pieces + 1) * hop];
        let mut previous = 0;
        for k in 0..pieces {
            // Piece k is centred on sample k · hop of the result: it begins half a piece, one hop, before.
            let earliest = nominal(k) + margin - hop - reach;
            let start = if k == 0 {
                earliest + reach
            } else {
                let continuation = previous + hop;
                earliest + likeness.best(&clip[continuation..][..piece], &clip[earliest..][..piece + 2 * reach], reach)
            };
            for ((out, x), window) in out[k * hop..].iter_mut().zip(&clip[start..][..piece]).zip(&*window) {
                *out += x * window;
            }
            previous = start;
        }
        // Moved rather than copied: fresh memory costs more than the move.
        out.drain(..hop);
        out.truncate(length);
        out
    }
}

/// Finds where in a region a template fits best: the highest normalised cross-correlation.
struct Likeness {
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    template: Vec<f32>,
    region: Vec<f32>,
    template_spectrum: Vec<Complex<f32>>,
    region_spectrum: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
    /// For each lag the energy of the piece that begins there, then how well it fits.
    score: Vec<f64>,
}

impl Likeness {
    fn new(piece: usize, lags: usize) -> Self {
        // Lags that are not looked at may wrap around.
        let length = (piece + lags - 1).next_power_of_two().max(2);
        let mut planner = RealFftPlanner::new();
        let (forward, inverse) = (planner.plan_fft_forward(length), planner.plan_fft_inverse(length));
        Self {
            template: forward.make_input_vec(),
            region: forward.make_input_vec(),
            template_spectrum: forward.make_output_vec(),
            region_spectrum: forward.make_output_vec(),
            scratch: vec![Complex::default(); forward.get_scratch_len().max(inverse.get_scratch_len())],
            forward,
            inverse,
            score: vec![0.0; lags],
        }
    }

    /// The place of the best fit in `region`, from 0; `middle` where nothing fits better than that.
    fn best(&mut self, template: &[f32], region: &[f32], middle: usize) -> usize {
        let fill = |buffer: &mut [f32], with: &[f32]| {
            let (head, tail) = buffer.split_at_mut(with.len());
            head.copy_from_slice(with);
            tail.fill(0.0);
        };
        fill(&mut self.template, template);
        fill(&mut self.region, region);
        // They fail only on buffers of the wrong size or a spectrum that is none of real samples; this one is.
        let scratch = &mut self.scratch;
        let done = [
            self.forward.process_with_scratch(&mut self.template, &mut self.template_spectrum, scratch),
            self.forward.process_with_scratch(&mut self.region, &mut self.region_spectrum, scratch),
        ];
        debug_assert!(done.iter().all(Result::is_ok));
        wide(
            #[inline(always)]
            || {
                for (region, template) in self.region_spectrum.iter_mut().zip(&self.template_spectrum) {
                    *region *= template.conj();
                }
            },
        );
        let last = self.region_spectrum.len() - 1;
        self.region_spectrum[0].im = 0.0;
        self.region_spectrum[last].im = 0.0;
        let done = self.inverse.process_with_scratch(&mut self.region_spectrum, &mut self.region, scratch);
        debug_assert!(done.is_ok());

        let square = |x: f32| f64::from(x) * f64::from(x);
        let piece = template.len();
        let mut energy: f64 = region[..piece].iter().copied().map(square).sum();
        self.score[0] = energy;
        for ((score, &next), &last) in self.score[1..].iter_mut().zip(&region[piece..]).zip(region) {
            energy += square(next) - square(last);
            *score = energy;
        }
        let scale = 1.0 / self.region.len() as f64;
        // The energy below which a piece is silence, and any place is as good as another.
        let silence = 1e-10 * piece as f64;
        wide(
            #[inline(always)]
            || {
                for (score, &product) in self.score.iter_mut().zip(&self.region) {
                    *score = scale * f64::from(product) / (score.max(0.0) + silence).sqrt();
                }
            },
        );
        let mut best = middle;
        for (lag, score) in self.score.iter().enumerate() {
            if *score > self.score[best] {
                best = lag;
            }
        }
        best
    }
}
