//! A matrix in the cache: one file for each part of its columns.

use std::sync::Arc;

use super::stored::Stored;
use crate::{
    error::Result,
    frontend::{Part, join},
};

/// A matrix in the cache, `[frames, dims]`. Its values stay on disk until they are asked for.
#[derive(Debug, Clone)]
pub struct Entry {
    parts: Arc<[Part]>,
    /// A file for each part.
    files: Box<[Stored]>,
}

impl Entry {
    /// Nothing where the files do not belong together.
    pub(super) fn new(parts: &Arc<[Part]>, files: Vec<Stored>) -> Option<Self> {
        let frames = files.first().map_or(0, Stored::frames);
        let same =
            files.iter().zip(parts.iter()).all(|(file, part)| file.frames() == frames && file.dims() == part.width());
        same.then(|| Self { parts: parts.clone(), files: files.into_boxed_slice() })
    }

    /// Rows.
    #[must_use]
    pub fn frames(&self) -> usize {
        self.files.first().map_or(0, Stored::frames)
    }

    /// Columns.
    #[must_use]
    pub fn dims(&self) -> usize {
        self.parts.iter().map(Part::width).sum()
    }

    /// The values, row after row, read from disk.
    ///
    /// # Errors
    ///
    /// [`crate::error::Error::File`] where a file was removed or changed since it was found whole.
    pub fn values(&self) -> Result<Vec<f32>> {
        if let [only] = &*self.files {
            return only.read();
        }
        let values: Vec<Vec<f32>> = self.files.iter().map(Stored::read).collect::<Result<_>>()?;
        let values: Vec<&[f32]> = values.iter().map(Vec::as_slice).collect();
        Ok(join(&self.parts, &values, self.frames()))
    }
}
