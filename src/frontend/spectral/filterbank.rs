//! Sparse filters over the bins of a power spectrum: the mel bands, the chroma classes.

use std::sync::Arc;

use ser_kernels::wide;

use super::stft::LANES;

/// Weights are kept and applied in blocks of this many bins.
const BLOCK: usize = 8;
const _: () = assert!(LANES.is_multiple_of(BLOCK), "a padded spectrum is a whole number of blocks");

/// Filters of which only the blocks of bins with a weight are kept.
#[derive(Clone, Debug)]
pub(in crate::frontend) struct FilterBank {
    /// How many runs each filter has.
    runs_of: Arc<[u32]>,
    runs: Arc<[Run]>,
    /// The weights of all runs, one after the other.
    weights: Arc<[[f32; BLOCK]]>,
}

/// Consecutive blocks of bins that a filter has weights for.
#[derive(Clone, Copy, Debug)]
struct Run {
    /// The bin at which the first of them begins.
    first: u32,
    blocks: u32,
}

impl FilterBank {
    /// A bank of the filters given, each as its weights, `[bins]`. A weight of 0 costs nothing.
    pub fn new(filters: impl IntoIterator<Item = Vec<f32>>) -> Self {
        let (mut runs_of, mut runs, mut weights) = (Vec::new(), Vec::<Run>::new(), Vec::new());
        for mut filter in filters {
            filter.resize(filter.len().next_multiple_of(LANES), 0.0);
            let before = runs.len();
            let mut bin = 0;
            while let Some(gap) = filter[bin..].iter().position(|&w| w != 0.0) {
                // A block begins at its first weight, or where the last block of the spectrum does.
                bin = (bin + gap).min(filter.len() - BLOCK);
                weights.push(std::array::from_fn(|i| std::mem::take(&mut filter[bin + i])));
                match runs[before..].last_mut() {
                    Some(run) if run.first as usize + run.blocks as usize * BLOCK == bin => run.blocks += 1,
                    _ => runs.push(Run { first: bin as u32, blocks: 1 }),
                }
            }
            runs_of.push((runs.len() - before) as u32);
        }
        Self { runs_of: runs_of.into(), runs: runs.into(), weights: weights.into() }
    }

    /// The weights as a table, `[bins, filters]`.
    pub fn dense(&self, bins: usize) -> Vec<f64> {
        let filters = self.runs_of.len();
        let (mut power, mut out) = (vec![0f32; bins.next_multiple_of(LANES)], vec![0f32; filters]);
        let mut row = |bin: usize| {
            power[bin] = 1.0;
            self.apply(&power, &mut out);
            power[bin] = 0.0;
            out.iter().map(|&weight| f64::from(weight)).collect::<Vec<_>>()
        };
        (0..bins).flat_map(&mut row).collect()
    }

    /// Writes what each filter lets through of a power spectrum, `[bins]` padded with zeros to a multiple of [`LANES`].
    pub fn apply(&self, power: &[f32], out: &mut [f32]) {
        wide(
            #[inline(always)]
            || self.apply_here(power, out),
        );
    }

    #[inline(always)]
    fn apply_here(&self, power: &[f32], out: &mut [f32]) {
        let (mut runs, mut weights) = (&self.runs[..], &self.weights[..]);
        // Several filters' partial sums are stored before any is added up: else the compiler shapes the loop over the bins
        // after the additions at its end, which are few, and works on two bins at a time.
        let mut sums = [[0.0_f32; BLOCK]; 16];
        for (counts, out) in self.runs_of.chunks(sums.len()).zip(out.chunks_mut(sums.len())) {
            for (&count, sums) in counts.iter().zip(&mut sums) {
                let (own, other_runs) = runs.split_at(count as usize);
                runs = other_runs;
                // Two sums, so that one addition need not wait for the other.
                let (mut even, mut odd) = ([0.0_f32; BLOCK], [0.0_f32; BLOCK]);
                for run in own {
                    let (own, others) = weights.split_at(run.blocks as usize);
                    weights = others;
                    let (power, _) = power[run.first as usize..].as_chunks::<BLOCK>();
                    let (pairs, last) = own.as_chunks::<2>();
                    let (power, last_power) = power[..own.len()].as_chunks::<2>();
                    for ([p, q], [w, v]) in power.iter().zip(pairs) {
                        for i in 0..BLOCK {
                            even[i] += p[i] * w[i];
                            odd[i] += q[i] * v[i];
                        }
                    }
                    for (p, w) in last_power.iter().zip(last) {
                        for i in 0..BLOCK {
                            even[i] += p[i] * w[i];
                        }
                    }
                }
                *sums = std::array::from_fn(|i| even[i] + odd[i]);
            }
            for (out, s) in out.iter_mut().zip(&sums) {
                *out = ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_blocks_with_weights_are_kept_and_nothing_is_lost() {
        let filter = |at: &[usize]| (0..45).map(|k| if at.contains(&k) { k as f32 } else { 0.0 }).collect::<Vec<f32>>();
        let places: [&[usize]; 4] = [&[1, 2, 44], &[], &[7, 8], &[20, 40]];
        let bank = FilterBank::new(places.map(filter));
        assert_eq!(bank.weights.len(), 2 + 1 + 2);
        assert_eq!(*bank.runs_of, [2, 0, 1, 2]);
        let mut power = vec![2.0; 45];
        power.resize(48, 0.0);
        let mut out = [9.0; 4];
        bank.apply(&power, &mut out);
        assert_eq!(out, [94.0, 0.0, 30.0, 120.0]);
    }
}
