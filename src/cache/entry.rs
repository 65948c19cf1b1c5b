//! A matrix in the cache: one file for each group of its columns.

use std::{ops::Deref, sync::Arc};

use super::{
    group::Layout,
    stored::{Mapped, Stored},
};
use crate::error::Result;

/// A matrix in the cache, `[frames, dims]`. Its values stay on disk until they are asked for.
#[derive(Debug, Clone)]
pub struct Entry {
    layout: Arc<Layout>,
    /// A file for each group of the layout.
    parts: Box<[Stored]>,
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
    pub(super) fn new(layout: &Arc<Layout>, parts: Vec<Stored>) -> Option<Self> {
        let frames = parts.first().map_or(0, Stored::frames);
        let alike =
            parts.iter().zip(layout.widths()).all(|(part, width)| part.frames() == frames && part.dims() == width);
        alike.then(|| Self { layout: layout.clone(), parts: parts.into_boxed_slice() })
    }

    /// Rows.
    #[must_use]
    pub fn frames(&self) -> usize {
        self.parts.first().map_or(0, Stored::frames)
    }

    /// Columns.
    #[must_use]
    pub fn dims(&self) -> usize {
        self.layout.dims()
    }

    /// The values.
    ///
    /// # Errors
    ///
    /// [`crate::error::Error::File`] where a file was removed or changed since it was found whole.
    pub fn values(&self) -> Result<Values> {
        if let [only] = &*self.parts {
            return only.read().map(|mapped| Values(Held::Mapped(mapped)));
        }
        let mapped: Vec<Mapped> = self.parts.iter().map(Stored::read).collect::<Result<_>>()?;
        let parts: Vec<&[f32]> = mapped.iter().map(Mapped::values).collect();
        Ok(Values(Held::Joined(self.layout.join(&parts, self.frames()))))
    }
}
