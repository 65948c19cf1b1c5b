//! The matrix of one clip's features.

use crate::error::{Error, Result};

/// Features of one clip, `[frames, dims]`, row-major: a row is a frame, a column a feature.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matrix {
    frames: usize,
    dims: usize,
    data: Vec<f32>,
}

impl Matrix {
    /// A matrix of zeros.
    #[must_use]
    pub fn zeros(frames: usize, dims: usize) -> Self {
        Self { frames, dims, data: vec![0.0; frames * dims] }
    }

    /// Wraps row-major data.
    ///
    /// # Errors
    /// [`Error::Data`] if `data` does not hold `frames × dims` values.
    pub fn new(frames: usize, dims: usize, data: Vec<f32>) -> Result<Self> {
        if frames.checked_mul(dims) != Some(data.len()) {
            return Err(Error::Data(format!("{} values cannot make a matrix of {frames} × {dims}", data.len())));
        }
        Ok(Self { frames, dims, data })
    }

    /// How many frames (rows) there are.
    #[must_use]
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// How many features (columns) a frame has.
    #[must_use]
    pub fn dims(&self) -> usize {
        self.dims
    }

    /// Frame `i`, `[dims]`.
    ///
    /// # Panics
    /// As slice indexing does, if there is no such frame.
    #[must_use]
    pub fn row(&self, i: usize) -> &[f32] {
        &self.data[i * self.dims..(i + 1) * self.dims]
    }

    /// Frame `i`, to write to.
    ///
    /// # Panics
    /// As slice indexing does, if there is no such frame.
    pub fn row_mut(&mut self, i: usize) -> &mut [f32] {
        &mut self.data[i * self.dims..(i + 1) * self.dims]
    }

    /// The frames in order, each `[dims]`.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.data.chunks_exact(self.dims.max(1))
    }

    /// All values, row after row.
    #[must_use]
    pub fn as_slice(&self) -> &[f32] {
        &self.data
    }

    /// All values, row after row, to write to.
    pub fn as_mut_slice(&mut self) -> &mut [f32] {
        &mut self.data
    }

    /// All values, row after row, without a copy.
    #[must_use]
    pub fn into_vec(self) -> Vec<f32> {
        self.data
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_frames() -> Result<()> {
        let m = Matrix::new(2, 3, vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0])?;
        assert_eq!(m.row(1), [3.0, 4.0, 5.0]);
        assert_eq!(m.rows().collect::<Vec<_>>(), [m.row(0), m.row(1)]);
        Ok(())
    }

    #[test]
    fn refuses_data_of_another_size() {
        assert!(Matrix::new(2, 3, vec![0.0; 5]).is_err());
        assert!(Matrix::new(usize::MAX, 2, Vec::new()).is_err());
    }
}
