//! Rate conversion, by `rubato`'s FFT resampler, whose rates are fixed: of a whole clip, or piece by piece.

use rubato::{Fft, FixedSync, Indexing, Resampler as _, audioadapter_buffers::direct::InterleavedSlice};

use super::Audio;

/// Input samples per block, at the least: long enough that a steep anti-aliasing filter fits.
const BLOCK: usize = 4096;

/// The audio at `rate` Hz: `ceil(n × rate / sample_rate)` samples. Alike rates leave it untouched.
///
/// # Errors
///
/// A sentence fragment naming the rates where they cannot be converted.
pub fn resample(audio: Audio, rate: u32) -> std::result::Result<Vec<f32>, String> {
    let Audio { samples, sample_rate } = audio;
    if sample_rate == rate || samples.is_empty() {
        return Ok(samples);
    }
    let mut resampler = Resampler::new(sample_rate, rate)?;
    let mut converted = resampler.push(&samples)?;
    converted.extend(resampler.finish()?);
    Ok(converted)
}

/// Converts a signal that comes piece by piece. Whatever the pieces, the samples are those of the whole at once.
pub struct Resampler {
    /// None where the rates are alike.
    filter: Option<Filter>,
    from: u32,
    to: u32,
    /// Samples pushed and samples handed out.
    counts: (u64, u64),
}

struct Filter {
    fft: Fft<f32>,
    /// Samples that do not fill a block yet.
    pending: Vec<f32>,
    /// What is still to be dropped of the filter's delay, in samples of its output.
    delay: usize,
}

impl Resampler {
    /// For a signal at `from` Hz that is wanted at `to` Hz.
    ///
    /// # Errors
    ///
    /// A sentence fragment naming the rates where they cannot be converted.
    pub fn new(from: u32, to: u32) -> std::result::Result<Self, String> {
        let mut resampler = Self { filter: None, from, to, counts: (0, 0) };
        if from != to {
            // The filter's delay is half a block: an even number of the shortest blocks makes that whole samples on both
            // sides, which can then be taken off exactly.
            let shortest = (from / gcd(from, to)) as usize;
            let block = shortest * (BLOCK / shortest).max(1).next_multiple_of(2);
            let fft = Fft::<f32>::new(from as usize, to as usize, block, 1, FixedSync::Both)
                .map_err(|e| resampler.problem(&e))?;
            let delay = fft.output_delay();
            resampler.filter = Some(Filter { fft, pending: Vec::with_capacity(block), delay });
        }
        Ok(resampler)
    }

    /// How much later than its input a sample comes out at the most, in seconds: a block and the filter's delay.
    #[must_use]
    pub fn latency(&self) -> f64 {
        self.filter.as_ref().map_or(0.0, |filter| {
            let blocks = filter.fft.input_frames_next() as f64 / f64::from(self.from);
            blocks + filter.fft.output_delay() as f64 / f64::from(self.to)
        })
    }

    /// Takes in more of the signal; what can be told by now of the converted one.
    ///
    /// # Errors
    ///
    /// As [`Resampler::new`].
    pub fn push(&mut self, samples: &[f32]) -> std::result::Result<Vec<f32>, String> {
        self.counts.0 += samples.len() as u64;
        let Some(filter) = &mut self.filter else { return Ok(samples.to_vec()) };
        let block = filter.fft.input_frames_next();
        let mut converted = Vec::new();
        let mut rest = samples;
        while filter.pending.len() + rest.len() >= block {
            let (first, others) = rest.split_at(block - filter.pending.len());
            filter.pending.extend_from_slice(first);
            rest = others;
            filter.convert(&mut converted).map_err(|e| problem(self.from, self.to, &e))?;
        }
        filter.pending.extend_from_slice(rest);
        self.counts.1 += converted.len() as u64;
        Ok(converted)
    }

    /// The end of the signal: what was held back of the converted one.
    ///
    /// # Errors
    ///
    /// As [`Resampler::new`].
    pub fn finish(&mut self) -> std::result::Result<Vec<f32>, String> {
        let (pushed, handed) = self.counts;
        let Some(filter) = &mut self.filter else { return Ok(Vec::new()) };
        let wanted = (filter.fft.resample_ratio() * pushed as f64).ceil() as u64 - handed;
        let mut converted = Vec::new();
        while (converted.len() as u64) < wanted {
            filter.convert(&mut converted).map_err(|e| problem(self.from, self.to, &e))?;
        }
        converted.truncate(wanted as usize);
        self.counts.1 += wanted;
        Ok(converted)
    }

    fn problem(&self, e: &dyn std::fmt::Display) -> String {
        problem(self.from, self.to, e)
    }
}

impl Filter {
    /// Converts what is pending as one block, padded with zeros, and appends it less the delay.
    fn convert(&mut self, to: &mut Vec<f32>) -> rubato::ResampleResult<()> {
        let given = self.pending.len();
        self.pending.resize(self.fft.input_frames_next(), 0.0);
        let indexing =
            Indexing { input_offset: 0, output_offset: 0, partial_len: Some(given), active_channels_mask: None };
        let mut block = vec![0.0; self.fft.output_frames_next()];
        let frames = block.len();
        let input = InterleavedSlice::new(&self.pending, 1, self.pending.len());
        let output = InterleavedSlice::new_mut(&mut block, 1, frames);
        if let (Ok(input), Ok(mut output)) = (input, output) {
            self.fft.process_into_buffer(&input, &mut output, Some(&indexing))?;
        }
        self.pending.clear();
        let dropped = self.delay.min(frames);
        self.delay -= dropped;
        to.extend_from_slice(&block[dropped..]);
        Ok(())
    }
}

fn problem(from: u32, to: u32, e: &dyn std::fmt::Display) -> String {
    format!("cannot be resampled from {from} Hz to {to} Hz: {e}")
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f32::consts::TAU;

    fn tone(hz: f32, sample_rate: u32, seconds: f32) -> Audio {
        let n = (seconds * sample_rate as f32) as usize;
        Audio { samples: (0..n).map(|i| (TAU * hz * i as f32 / sample_rate as f32).sin()).collect(), sample_rate }
    }

    fn rms(samples: &[f32]) -> f32 {
        (samples.iter().map(|s| s * s).sum::<f32>() / samples.len() as f32).sqrt()
    }

    #[test]
    fn a_tone_keeps_its_place_and_level() {
        for (from, to) in [(48_000, 22_050), (24_414, 22_050), (16_000, 22_050), (44_100, 16_000)] {
            let converted = resample(tone(1_000.0, from, 1.0), to).unwrap();
            let wanted = tone(1_000.0, to, 1.0).samples;
            assert!(converted.len().abs_diff(wanted.len()) <= 1, "{from} → {to}: {}", converted.len());
            // The filter rings at the ends; the middle must agree.
            let middle = to as usize / 10..to as usize * 9 / 10;
            let worst = middle.map(|i| (converted[i] - wanted[i]).abs()).fold(0.0, f32::max);
            assert!(worst < 1e-3, "{from} → {to}: {worst}");
        }
    }

    #[test]
    fn what_lies_above_half_the_new_rate_is_gone() {
        for (from, to) in [(48_000, 22_050), (24_414, 22_050), (44_100, 16_000)] {
            let above = tone(to as f32 / 2.0 * 1.08, from, 1.0);
            let converted = resample(above, to).unwrap();
            let left = rms(&converted[to as usize / 10..to as usize * 9 / 10]);
            assert!(left < 1e-3, "{from} → {to}: {left}");
        }
    }

    #[test]
    fn the_same_rate_is_the_same_samples() {
        let audio = tone(440.0, 22_050, 0.1);
        assert_eq!(resample(audio.clone(), 22_050).unwrap(), audio.samples);
    }

    #[test]
    fn pieces_of_any_length_make_the_same_samples() {
        for (from, to, n) in
            [(48_000, 22_050, 50_001), (8_000, 22_050, 9_000), (44_100, 22_050, 8_192), (96_000, 22_050, 7)]
        {
            let audio = tone(300.0, from, n as f32 / from as f32);
            let whole = resample(audio.clone(), to).unwrap();
            assert_eq!(whole.len(), (audio.samples.len() as f64 * f64::from(to) / f64::from(from)).ceil() as usize);
            for piece in [1, 997, 4_096, 1 << 20] {
                let mut resampler = Resampler::new(from, to).unwrap();
                let mut pieces: Vec<f32> =
                    audio.samples.chunks(piece).flat_map(|piece| resampler.push(piece).unwrap()).collect();
                pieces.extend(resampler.finish().unwrap());
                assert_eq!(pieces, whole, "{from} → {to} in pieces of {piece}");
            }
            let filter = Resampler::new(from, to).unwrap().filter.unwrap();
            let input = InterleavedSlice::new(&audio.samples, 1, audio.samples.len()).unwrap();
            let mut fft = filter.fft;
            assert_eq!(fft.process_all(&input, audio.samples.len(), None).unwrap().take_data(), whole);
            assert!(Resampler::new(from, to).unwrap().latency() < 0.8);
        }
    }
}
