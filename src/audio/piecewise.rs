//! Rate conversion of a signal that comes piece by piece: the samples of [`resample`](super::resample()), to the bit.

use rubato::{Fft, Indexing, Resampler as _, audioadapter_buffers::direct::InterleavedSlice};

use super::resample::filter;

/// Converts a signal that comes piece by piece. Whatever the pieces, the samples are those of the whole at once.
pub struct Resampler {
    /// None where the rates are the same.
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
            let fft = filter(from, to).map_err(|e| problem(from, to, &e))?;
            let delay = fft.output_delay();
            resampler.filter = Some(Filter { fft, pending: Vec::new(), delay });
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::{Audio, resample};

    #[test]
    fn pieces_of_any_length_make_the_same_samples() {
        for (from, to, n) in
            [(48_000, 22_050, 50_001), (8_000, 22_050, 9_000), (44_100, 22_050, 8_192), (96_000, 22_050, 7)]
        {
            let samples = (0..n).map(|i| (i as f32 * 0.05).sin()).collect();
            let audio = Audio { samples, sample_rate: from };
            let whole = resample(audio.clone(), to).unwrap();
            assert_eq!(whole.len(), (audio.samples.len() as f64 * f64::from(to) / f64::from(from)).ceil() as usize);
            for piece in [1, 997, 4_096, 1 << 20] {
                let mut resampler = Resampler::new(from, to).unwrap();
                let mut pieces: Vec<f32> =
                    audio.samples.chunks(piece).flat_map(|piece| resampler.push(piece).unwrap()).collect();
                pieces.extend(resampler.finish().unwrap());
                assert_eq!(pieces, whole, "{from} → {to} in pieces of {piece}");
            }
            assert!(Resampler::new(from, to).unwrap().latency() < 0.8);
        }
    }
}
