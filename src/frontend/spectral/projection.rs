//! A dense table applied to every frame: the discrete cosine transform.

use std::sync::Arc;

use ser_kernels::wide;

/// A linear map from `inputs` to `outputs` values, laid out so that `W` outputs are summed at once in registers.
///
/// The sums are in double precision: decibels have a large mean, and in single its rounding would be a good part of what
/// parity with librosa allows.
#[derive(Clone, Debug)]
pub(super) struct Projection<const W: usize> {
    inputs: usize,
    /// Blocks of `W` outputs (the last padded with zeros), `[blocks, inputs]` rows of `W` weights.
    table: Arc<[[f64; W]]>,
}

impl<const W: usize> Projection<W> {
    /// The map whose weight from input `i` to output `o` is `weight(o, i)`.
    pub fn new(inputs: usize, outputs: usize, weight: impl Fn(usize, usize) -> f64) -> Self {
        let at = |o: usize, i: usize| if o < outputs { weight(o, i) } else { 0.0 };
        let blocks = (0..outputs).step_by(W);
        let table = blocks.flat_map(|o| (0..inputs).map(move |i| (o, i)));
        Self { inputs, table: table.map(|(o, i)| std::array::from_fn(|w| at(o + w, i))).collect() }
    }

    /// Writes the outputs of `input`, `[inputs]`.
    pub fn apply(&self, input: &[f32], out: &mut [f32]) {
        wide(
            #[inline(always)]
            || self.apply_here(input, out),
        );
    }

    #[inline(always)]
    fn apply_here(&self, input: &[f32], out: &mut [f32]) {
        for (rows, out) in self.table.chunks_exact(self.inputs).zip(out.chunks_mut(W)) {
            let mut sums = [0.0; W];
            for (row, &x) in rows.iter().zip(input) {
                for w in 0..W {
                    sums[w] += row[w] * f64::from(x);
                }
            }
            for (out, sum) in out.iter_mut().zip(sums) {
                *out = sum as f32;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_size_is_a_matrix_product() {
        for (inputs, outputs) in [(1, 1), (2, 4), (7, 5), (8, 9)] {
            let projection = Projection::<4>::new(inputs, outputs, |o, i| (10 * o + i) as f64);
            let input: Vec<f32> = (0..inputs).map(|i| i as f32 + 1.0).collect();
            let mut out = vec![9.0; outputs];
            projection.apply(&input, &mut out);
            for (o, out) in out.iter().enumerate() {
                let expected: f32 = input.iter().enumerate().map(|(i, x)| (10 * o + i) as f32 * x).sum();
                assert_eq!(*out, expected, "{inputs} → {outputs}, output {o}");
            }
        }
    }
}
