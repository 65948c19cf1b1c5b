//! The product of two matrices of any strides.

use rayon::prelude::*;

use crate::buffer::Buffer;
use crate::level::Level;
use crate::panel::{Panel, Start, multiply, panels};
use crate::simd::LANES;

/// Length of the runs into which k is cut, so that a panel of that many rows stays in the first-level cache.
const DEPTH: usize = 128;

/// Rows that a task takes.
const ROWS: usize = 48;

/// Multiplications from which on threads share a product.
const SHARED: usize = 1 << 20;

/// A matrix, read where it lies.
#[derive(Debug, Clone, Copy)]
pub struct Matrix<'a> {
    data: &'a [f32],
    rows: usize,
    columns: usize,
    /// Numbers from one row to the next, from one column to the next.
    strides: [usize; 2],
}

impl<'a> Matrix<'a> {
    /// The matrix of so many rows and columns whose first number is the first of `data`.
    ///
    /// # Panics
    ///
    /// If the last number is not within `data`.
    pub fn new(data: &'a [f32], [rows, columns]: [usize; 2], strides: [usize; 2]) -> Self {
        let last = rows.saturating_sub(1) * strides[0] + columns.saturating_sub(1) * strides[1];
        assert!(
            rows * columns == 0 || last < data.len(),
            "a matrix of {rows} × {columns} numbers lies within its data"
        );
        Self { data, rows, columns, strides }
    }

    /// Rows turned into columns.
    pub fn transposed(self) -> Self {
        let ([by_row, by_column], Self { data, rows, columns, .. }) = (self.strides, self);
        Self { data, rows: columns, columns: rows, strides: [by_column, by_row] }
    }
}

/// `start + a b`, row-major: every row of the sum starts from `start`, or from zero.
///
/// Every number is one chain of multiply-adds over k in ascending order: see [`crate::panel`].
///
/// # Panics
///
/// If the sizes do not fit each other.
pub fn product(level: Level, a: Matrix, b: Matrix, start: Option<&[f32]>) -> Vec<f32> {
    let (rows, depth, columns) = (a.rows, a.columns, b.columns);
    assert!(b.rows == depth, "{rows} × {depth} times {} × {columns}", b.rows);
    assert!(start.is_none_or(|start| start.len() == columns), "a number to start from for each of {columns} columns");
    let width = columns.next_multiple_of(LANES);
    let mut product = vec![0.0; rows * columns];
    if product.is_empty() {
        return product;
    }
    let packed = pack(b, width);
    let mut first = Buffer::zeros(width);
    if let Some(start) = start {
        first[..columns].copy_from_slice(start);
    }
    let task = |(i, to): (usize, &mut [f32])| {
        let rows = to.len() / columns;
        let mut padded = Buffer::new(if width == columns { 0 } else { rows * width });
        let whole: &mut [f32] = if width == columns { to } else { &mut padded };
        for part in panels(width) {
            for k in (0..depth.max(1)).step_by(DEPTH) {
                // SAFETY: A is within its data as its constructor saw, from row `i * ROWS` on, of which `rows` are left;
                // `packed` holds `depth` rows of each panel; `whole` and `first` hold rows of `width` numbers.
                unsafe {
                    let panel = Panel {
                        rows,
                        columns: part.len(),
                        depth: DEPTH.min(depth - k),
                        a: a.data.as_ptr().wrapping_add(i * ROWS * a.strides[0] + k * a.strides[1]),
                        a_row: a.strides[0],
                        a_column: a.strides[1],
                        b: packed.as_ptr().wrapping_add(part.start * depth + k * part.len()),
                        b_row: part.len(),
                        c: whole.as_mut_ptr().add(part.start),
                        c_row: width,
                        start: if k == 0 { Start::Row(first.as_ptr().add(part.start)) } else { Start::Sum },
                    };
                    multiply(level, panel);
                }
            }
        }
        if width != columns {
            for (to, from) in to.chunks_exact_mut(columns).zip(padded.chunks_exact(width)) {
                to.copy_from_slice(&from[..columns]);
            }
        }
    };
    if rows * depth * width < SHARED {
        product.chunks_mut(ROWS * columns).enumerate().for_each(task);
    } else {
        product.par_chunks_mut(ROWS * columns).enumerate().for_each(task);
    }
    product
}

/// The panels of a matrix whose columns are filled up with zeros to `width`: `[panel][row][columns of the panel]`.
fn pack(matrix: Matrix, width: usize) -> Buffer {
    let Matrix { data, rows, columns, strides: [by_row, by_column] } = matrix;
    let mut packed = Buffer::new(width * rows);
    for part in panels(width) {
        let real = columns.min(part.end) - part.start;
        let to = packed[part.start * rows..part.end * rows].chunks_exact_mut(part.len());
        for (row, to) in to.enumerate() {
            let from = row * by_row + part.start * by_column;
            for (to, from) in to[..real].iter_mut().zip(data[from..].iter().step_by(by_column.max(1))) {
                *to = *from;
            }
            to[real..].fill(0.0);
        }
    }
    packed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::Numbers;

    #[test]
    fn is_the_plain_chain_at_every_level_whatever_the_strides_and_threads() {
        let shapes =
            [(1, 1, 1), (3, 5, 7), (32, 256, 64), (50, 130, 65), (100, 300, 130), (7, 0, 3), (0, 3, 2), (200, 128, 1)];
        for (rows, depth, columns) in shapes {
            let mut random = Numbers(9);
            let (a, b, start) = (random.take(rows * depth), random.take(depth * columns), random.take(columns));
            let mut expected = vec![0.0; rows * columns];
            for (i, to) in expected.iter_mut().enumerate() {
                let (row, column) = (i / columns, i % columns);
                *to = (0..depth).fold(start[column], |sum, k| a[row * depth + k].mul_add(b[k * columns + column], sum));
            }
            let turned = |of: &[f32], rows: usize, columns: usize| -> Vec<f32> {
                (0..rows * columns).map(|i| of[i % rows * columns + i / rows]).collect()
            };
            let (a_turned, b_turned) = (turned(&a, rows, depth), turned(&b, depth, columns));
            let a = [
                Matrix::new(&a, [rows, depth], [depth, 1]),
                Matrix::new(&a_turned, [depth, rows], [rows, 1]).transposed(),
            ];
            let b = [
                Matrix::new(&b, [depth, columns], [columns, 1]),
                Matrix::new(&b_turned, [columns, depth], [depth, 1]).transposed(),
            ];
            for level in Level::all() {
                for (a, b) in [(a[0], b[0]), (a[1], b[1])] {
                    assert_eq!(product(level, a, b, Some(&start)), expected, "{level}, {rows} × {depth} × {columns}");
                }
            }
        }
    }
}
