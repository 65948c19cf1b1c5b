//! A dense layer, its weights in 32 or in 8 bits.

use std::ops::Range;

use crate::encoder::bytes::{Bytes, Rounded};
use crate::encoder::packed::{Begin, Packed, Rows};
use crate::level::Level;

/// A dense layer `x · weightᵀ + bias`, ready for its product.
#[derive(Clone)]
pub enum Dense {
    /// In 32 bits.
    Numbers(Packed),
    /// In 8 bits.
    Bytes(Bytes),
}

/// Rows as a layer sees them.
pub enum Seen {
    /// Where they lie, so many numbers of each.
    Numbers(Rows, usize),
    /// Rounded.
    Bytes(Rounded),
}

impl Dense {
    /// A layer whose weights to output `o` are those that `row` writes into zeros, with `bytes` rounded to 8 bits.
    pub fn new(bytes: bool, sizes: [usize; 2], row: impl Fn(usize, &mut [f32]), bias: impl Fn(usize) -> f32) -> Self {
        if bytes { Self::Bytes(Bytes::new(sizes, row, bias)) } else { Self::Numbers(Packed::new(sizes, row, bias)) }
    }

    /// Numbers that a row gives, a whole number of registers.
    pub fn width(&self) -> usize {
        match self {
            Self::Numbers(packed) => packed.width(),
            Self::Bytes(bytes) => bytes.width(),
        }
    }

    /// The bias, zeros behind it up to the width.
    pub fn bias(&self) -> &[f32] {
        match self {
            Self::Numbers(packed) => packed.bias(),
            Self::Bytes(bytes) => bytes.bias(),
        }
    }

    /// Rows of `columns` numbers as this layer sees them.
    ///
    /// # Safety
    /// There are so many, which no other thread writes, for as long as the result is in use.
    pub unsafe fn sees(&self, rows: Rows, columns: usize) -> Seen {
        match self {
            Self::Numbers(_) => Seen::Numbers(rows, columns),
            // SAFETY: as the caller guarantees.
            Self::Bytes(_) => Seen::Bytes(unsafe { Rounded::new(rows, columns) }),
        }
    }

    /// The outputs `columns` of the layer for rows that are the inputs from `first` on: see [`Packed::multiply`] and
    /// [`Bytes::multiply`].
    ///
    /// # Safety
    ///
    /// As those.
    ///
    /// # Panics
    ///
    /// As those; also if the rows are what another kind of layer sees.
    pub unsafe fn multiply(
        &self,
        level: Level,
        x: &Seen,
        (columns, first): (Range<usize>, usize),
        to: (*mut f32, usize),
        begin: Begin,
    ) {
        // SAFETY: as the caller guarantees.
        unsafe {
            match (self, x) {
                (Self::Numbers(packed), &Seen::Numbers(rows, inputs)) => {
                    packed.multiply(level, rows, (columns, first..first + inputs), to, begin);
                }
                (Self::Bytes(bytes), Seen::Bytes(rounded)) => {
                    bytes.multiply(level, rounded, (columns, first), to, begin);
                }
                _ => unreachable!("rows that another kind of layer sees"),
            }
        }
    }
}
