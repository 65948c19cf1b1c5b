//! A matrix in the cache: one file for each part of its columns.

use std::{ops::Deref, sync::Arc};

use super::stored::{Mapped, Stored};
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

/// The values of an [`Entry`], row after row: mapped and not copied where one file holds them all.
pub struct Values(Held);

enum Held {
    Mapped(Mapped),
    Joined(Vec<f32>),
}

impl Deref for Values {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        match &self.0 {
            Held::Mapped(mapped) => mapped.values(),
            Held::Joined(values) => values,
        }
    }
}

impl Values {
    /// The values to change: a copy where they are mapped.
    #[must_use]
    pub fn into_vec(self) -> Vec<f32> {
        match self.0 {
            Held::Mapped(mapped) => mapped.values().to_vec(),
            Held::Joined(values) => values,
        }
    }
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

    /// The values.
    ///
    /// # Errors
    ///
    /// [`crate::error::Error::File`] where a file was removed or changed since it was found whole.
    pub fn values(&self) -> Result<Values> {
        if let [only] = &*self.files {
            return only.read().map(|mapped| Values(Held::Mapped(mapped)));
        }
        let mapped: Vec<Mapped> = self.files.iter().map(Stored::read).collect::<Result<_>>()?;
        let values: Vec<&[f32]> = mapped.iter().map(Mapped::values).collect();
        Ok(Values(Held::Joined(join(&self.parts, &values, self.frames()))))
    }
}
