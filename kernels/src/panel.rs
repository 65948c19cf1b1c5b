//! The matrix product under everything: a panel of up to [`PANEL`] columns, its accumulators kept in registers.
//!
//! Every element of a product is one chain of multiply-adds over k in ascending order, wherever its row stands, however
//! many rows there are, however k is cut into runs and however wide a register is: a result depends neither on the batch
//! nor on the threads nor on the processor.

use std::ops::Range;

use crate::simd::{LANES, Lanes, per_level};

/// Columns of a panel at most.
pub const PANEL: usize = 4 * LANES;

/// The panels of a matrix of `columns` columns, a multiple of [`LANES`]: full ones, then what is left.
pub fn panels(columns: usize) -> impl Iterator<Item = Range<usize>> {
    (0..columns).step_by(PANEL).map(move |first| first..columns.min(first + PANEL))
}

/// `C[rows, columns] = start + A[rows, depth] B[depth, columns]`
#[derive(Clone, Copy)]
pub struct Panel {
    /// Rows of A and C.
    pub rows: usize,
    /// Columns of B and C: a multiple of [`LANES`].
    pub columns: usize,
    /// Columns of A, rows of B.
    pub depth: usize,
    /// The first element of A.
    pub a: *const f32,
    /// Numbers from one row of A to the next.
    pub a_row: usize,
    /// Numbers from one column of A to the next.
    pub a_column: usize,
    /// The first element of B.
    pub b: *const f32,
    /// Numbers from one row of B to the next.
    pub b_row: usize,
    /// The first element of C.
    pub c: *mut f32,
    /// Numbers from one row of C to the next.
    pub c_row: usize,
    /// What the sums start from.
    pub start: Start,
}

/// What the sums of a [`Panel`] start from.
#[derive(Clone, Copy)]
pub enum Start {
    /// Nothing: C is overwritten.
    Zero,
    /// A row of `columns` numbers, the same for every row: C is overwritten.
    Row(*const f32),
    /// What C holds.
    Sum,
}

per_level!(
    /// Computes a [`Panel`].
    ///
    /// # Safety
    /// Every element that the pointers, strides and sizes describe is readable (A, B) or writable (C), and no other thread
    /// touches that part of C.
    fn multiply(panel: Panel) = multiply_body;
);

#[inline(always)]
unsafe fn multiply_body<V: Lanes>(panel: Panel) {
    let mut column = 0;
    while column < panel.columns {
        let registers = (panel.columns - column) / V::N;
        // SAFETY: columns `column..column + 4 N` (2 N, N) are within the panel.
        column += unsafe {
            if registers >= 4 {
                strip::<V, 4>(&panel, column)
            } else if registers >= 2 {
                strip::<V, 2>(&panel, column)
            } else {
                strip::<V, 1>(&panel, column)
            }
        };
    }
}

/// Computes the columns of as many registers from `column` on; returns their number.
#[inline(always)]
unsafe fn strip<V: Lanes, const COLUMNS: usize>(panel: &Panel, column: usize) -> usize {
    let most = if COLUMNS == 4 { V::ROWS } else { 6 };
    let tiles = panel.rows.div_ceil(most);
    let mut row = 0;
    for tile in 0..tiles {
        // Tiles of nearly the same height, rather than full ones and a small rest.
        let height = (panel.rows - row).div_ceil(tiles - tile);
        // SAFETY: rows `row..row + height` are within the panel. The guards are constant, and spare a level the tiles
        // that it has no registers for.
        unsafe {
            match height {
                6 if most >= 6 => tile_of::<V, 6, COLUMNS>(panel, row, column),
                5 if most >= 5 => tile_of::<V, 5, COLUMNS>(panel, row, column),
                4 if most >= 4 => tile_of::<V, 4, COLUMNS>(panel, row, column),
                3 if most >= 3 => tile_of::<V, 3, COLUMNS>(panel, row, column),
                2 => tile_of::<V, 2, COLUMNS>(panel, row, column),
                _ => tile_of::<V, 1, COLUMNS>(panel, row, column),
            }
        }
        row += height;
    }
    COLUMNS * V::N
}

#[inline(always)]
unsafe fn tile_of<V: Lanes, const ROWS: usize, const COLUMNS: usize>(panel: &Panel, row: usize, column: usize) {
    // SAFETY: the caller guarantees rows `row..row + ROWS` of A and C, and `COLUMNS` registers from `column` on of B and C.
    unsafe {
        let c = panel.c.add(row * panel.c_row + column);
        let mut sums = [[V::splat(0.0); COLUMNS]; ROWS];
        match panel.start {
            Start::Zero => {}
            Start::Row(from) => {
                for sums in &mut sums {
                    for (i, sum) in sums.iter_mut().enumerate() {
                        *sum = V::load(from.add(column + i * V::N));
                    }
                }
            }
            Start::Sum => {
                for (r, sums) in sums.iter_mut().enumerate() {
                    for (i, sum) in sums.iter_mut().enumerate() {
                        *sum = V::load(c.add(r * panel.c_row + i * V::N));
                    }
                }
            }
        }
        let mut a = panel.a.add(row * panel.a_row);
        let mut b = panel.b.wrapping_add(column);
        for _ in 0..panel.depth {
            // Factors first, then one column after the other: with AVX2 that just fits the sixteen registers.
            let mut factors = [V::splat(0.0); ROWS];
            for (r, factor) in factors.iter_mut().enumerate() {
                *factor = V::splat(*a.add(r * panel.a_row));
            }
            for i in 0..COLUMNS {
                let numbers = V::load(b.add(i * V::N));
                for (sums, factor) in sums.iter_mut().zip(factors) {
                    sums[i] = factor.mul_add(numbers, sums[i]);
                }
            }
            a = a.wrapping_add(panel.a_column);
            b = b.wrapping_add(panel.b_row);
        }
        for (r, sums) in sums.iter().enumerate() {
            for (i, sum) in sums.iter().enumerate() {
                sum.store(c.add(r * panel.c_row + i * V::N));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{level::Level, trial::Numbers};

    #[test]
    fn equals_the_plain_product_for_any_number_of_rows_and_either_layout_of_a_with_the_same_bits_at_every_level() {
        for rows in 1..20 {
            for (transposed, width) in [(false, 64), (true, 64), (false, 48), (true, 32), (false, 16)] {
                let depth = 3 * rows + 1;
                let (a, b, start) =
                    (Numbers(1).take(rows * depth), Numbers(2).take(depth * width), Numbers(3).take(width));
                let (a_row, a_column) = if transposed { (1, rows) } else { (depth, 1) };
                let mut results = Vec::new();
                for level in Level::all() {
                    let mut c = vec![0.0f32; rows * width];
                    let whole = Panel {
                        rows,
                        columns: width,
                        depth,
                        a: a.as_ptr(),
                        a_row,
                        a_column,
                        b: b.as_ptr(),
                        b_row: width,
                        c: c.as_mut_ptr(),
                        c_row: width,
                        start: Start::Row(start.as_ptr()),
                    };
                    // SAFETY: sizes and strides describe the vectors above.
                    unsafe { multiply(level, whole) };
                    for (i, &value) in c.iter().enumerate() {
                        let (row, column) = (i / width, i % width);
                        let term =
                            |k: usize| f64::from(a[row * a_row + k * a_column]) * f64::from(b[k * width + column]);
                        let exact = f64::from(start[column]) + (0..depth).map(term).sum::<f64>();
                        assert!((f64::from(value) - exact).abs() < 1e-5, "{level:?} {rows} {value} {exact}");
                    }
                    // One row alone and k cut in two: the same bits.
                    let row = rows / 2;
                    let half = depth / 2;
                    let mut alone = vec![0.0f32; width];
                    let first =
                        Panel { rows: 1, depth: half, a: a[row * a_row..].as_ptr(), c: alone.as_mut_ptr(), ..whole };
                    let second = Panel {
                        depth: depth - half,
                        a: a[row * a_row + half * a_column..].as_ptr(),
                        b: b[half * width..].as_ptr(),
                        start: Start::Sum,
                        ..first
                    };
                    // SAFETY: as above.
                    unsafe {
                        multiply(level, first);
                        multiply(level, second);
                    }
                    assert_eq!(alone, c[row * width..][..width]);
                    results.push(c);
                }
                assert!(results.iter().all(|c| *c == results[0]), "{rows} rows, {width} columns");
            }
        }
    }
}
