//! What every front end promises: the way from a clip's samples to its matrix.

use std::ops::Range;

use super::Matrix;
use crate::error::Result;

/// Computes a matrix `[frames, dims]` of a clip's samples. The cache, training and prediction know front ends by this
/// alone.
///
/// A matrix consists of [parts](Part): groups of columns that are computed together and cached apart, so that a setting
/// which decides one part leaves the others' cached values in use.
pub trait Frontend: Send + Sync {
    /// The names of the columns, in order.
    fn columns(&self) -> Vec<String>;

    /// The parts of the matrix. Each column is in one of them.
    fn parts(&self) -> &[Part];

    /// How many columns there are.
    fn dims(&self) -> usize {
        self.parts().iter().map(Part::width).sum()
    }

    /// From one frame to the next, in seconds.
    fn step_seconds(&self) -> f64;

    /// The shortest clip that fills a frame, in samples. A shorter one is computed too, padded.
    fn frame_length(&self) -> usize;

    /// The whole matrix `[frames, dims]` of a clip.
    ///
    /// # Errors
    ///
    /// As [`Worker::compute`].
    fn whole(&self, worker: &mut dyn Worker, samples: &[f32]) -> Result<Matrix> {
        let parts = self.parts();
        let mut each = worker.compute(samples, &(0..parts.len()).collect::<Vec<_>>())?;
        if let ([part], [_]) = (parts, &each[..])
            && part.columns.len() == 1
        {
            return Ok(each.swap_remove(0));
        }
        let frames = each.first().map_or(0, Matrix::frames);
        let values: Vec<&[f32]> = each.iter().map(Matrix::as_slice).collect();
        Matrix::new(frames, self.dims(), join(parts, &values, frames))
    }

    /// What a thread needs to compute with: buffers of its own over shared tables and weights.
    fn worker(&self) -> Box<dyn Worker>;
}

/// Buffers at work for one thread. The same samples give the same bits, whichever worker computes them and whatever it
/// computed before.
pub trait Worker: Send {
    /// The matrices `[frames, width]` of the parts `wanted`, which are indices in ascending order into
    /// [`Frontend::parts`].
    ///
    /// # Errors
    ///
    /// What the front end cannot compute; the spectral one computes all.
    fn compute(&mut self, samples: &[f32], wanted: &[usize]) -> Result<Vec<Matrix>>;
}

/// Columns that are computed together and cached apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The version of the numbers: raised whenever a change of the code alters a value by more than rounding.
    pub version: u32,
    /// Everything that decides the numbers, but for the samples: settings, and the digest of weights.
    pub identity: Vec<u8>,
    /// Where its columns are in the whole matrix, in order.
    pub columns: Vec<Range<usize>>,
}

impl Part {
    /// How many columns it has.
    #[must_use]
    pub fn width(&self) -> usize {
        self.columns.iter().map(Range::len).sum()
    }

    /// The part's columns out of a whole matrix.
    #[must_use]
    pub fn cut(&self, matrix: &Matrix) -> Matrix {
        let mut part = Matrix::zeros(matrix.frames(), self.width());
        for (t, row) in matrix.rows().enumerate() {
            let mut out = part.row_mut(t);
            for columns in &self.columns {
                let (head, tail) = out.split_at_mut(columns.len());
                head.copy_from_slice(&row[columns.clone()]);
                out = tail;
            }
        }
        part
    }
}

/// The values of a whole matrix of so many frames, row after row, out of those of each part.
#[must_use]
pub fn join(parts: &[Part], values: &[&[f32]], frames: usize) -> Vec<f32> {
    let dims: usize = parts.iter().map(Part::width).sum();
    let mut joined = vec![0f32; frames * dims];
    for (part, values) in parts.iter().zip(values) {
        for (row, own) in joined.chunks_exact_mut(dims.max(1)).zip(values.chunks_exact(part.width().max(1))) {
            let mut own = own;
            for columns in &part.columns {
                let (head, tail) = own.split_at(columns.len());
                row[columns.clone()].copy_from_slice(head);
                own = tail;
            }
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_are_cut_are_joined_again() {
        let part = |columns: &[(usize, usize)]| Part {
            version: 1,
            identity: Vec::new(),
            columns: columns.iter().map(|&(from, to)| from..to).collect(),
        };
        let parts = [part(&[(1, 3), (8, 9)]), part(&[(0, 1), (3, 7)]), part(&[(7, 8)])];
        let matrix = Matrix::new(5, 9, (0..45).map(|i| i as f32).collect()).unwrap();
        let cut: Vec<Matrix> = parts.iter().map(|part| part.cut(&matrix)).collect();
        assert_eq!(cut[0].row(1), [10.0, 11.0, 17.0]);
        let values: Vec<&[f32]> = cut.iter().map(Matrix::as_slice).collect();
        assert_eq!(join(&parts, &values, 5), matrix.as_slice());
    }
}
