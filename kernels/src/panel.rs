//! The matrix product under everything: a panel of `4 * N` columns, its accumulators kept in registers.
//!
//! Every element of a product is one chain of multiply-adds over k in ascending order, wherever its row stands, however
//! many rows there are and however k is cut into runs: a result depends neither on the batch nor on the threads.

use crate::simd::{Lanes, per_level};

/// Columns of a panel, in registers.
pub const COLUMNS: usize = 4;

/// `C[rows, 4 N] = start + A[rows, depth] B[depth, 4 N]`
#[derive(Clone, Copy)]
pub struct Panel {
    /// Rows of A and C.
    pub rows: usize,
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
    /// A row of `4 * N` numbers, the same for every row: C is overwritten.
    Row(*const f32),
    /// What C holds.
    Sum,
}

per_level!(
    /// Computes a [`Panel`].
    ///
    /// # Safety
    /// The processor has the level's instruction set; every element that the pointers, strides and sizes describe is
    /// readable (A, B) or writable (C), and no other thread touches that part of C.
    fn multiply(panel: Panel) = multiply_body;
);

#[inline(always)]
unsafe fn multiply_body<V: Lanes>(panel: Panel) {
    let tiles = panel.rows.div_ceil(V::ROWS);
    let mut row = 0;
    for tile in 0..tiles {
        // Tiles of nearly the same height, rather than full ones and a small rest.
        let height = (panel.rows - row).div_ceil(tiles - tile);
        // SAFETY: rows `row..row + height` are within the panel. The guards are constant, and spare a level the tiles
        // that it has no registers for.
        unsafe {
            match height {
                6 if V::ROWS >= 6 => tile_of::<V, 6>(&panel, row),
                5 if V::ROWS >= 5 => tile_of::<V, 5>(&panel, row),
                4 if V::ROWS >= 4 => tile_of::<V, 4>(&panel, row),
                3 if V::ROWS >= 3 => tile_of::<V, 3>(&panel, row),
                2 => tile_of::<V, 2>(&panel, row),
                _ => tile_of::<V, 1>(&panel, row),
            }
        }
        row += height;
    }
}

#[inline(always)]
unsafe fn tile_of<V: Lanes, const ROWS: usize>(panel: &Panel, row: usize) {
    // SAFETY: the caller guarantees rows `row..row + ROWS` of A and C, and all of B.
    unsafe {
        let c = panel.c.add(row * panel.c_row);
        let mut sums = [[V::splat(0.0); COLUMNS]; ROWS];
        match panel.start {
            Start::Zero => {}
            Start::Row(from) => {
                for sums in &mut sums {
                    for (column, sum) in sums.iter_mut().enumerate() {
                        *sum = V::load(from.add(column * V::N));
                    }
                }
            }
            Start::Sum => {
                for (r, sums) in sums.iter_mut().enumerate() {
                    for (column, sum) in sums.iter_mut().enumerate() {
                        *sum = V::load(c.add(r * panel.c_row + column * V::N));
                    }
                }
            }
        }
        let mut a = panel.a.add(row * panel.a_row);
        let mut b = panel.b;
        for _ in 0..panel.depth {
            // Factors first, then one column after the other: with AVX2 that just fits the sixteen registers.
            let mut factors = [V::splat(0.0); ROWS];
            for (r, factor) in factors.iter_mut().enumerate() {
                *factor = V::splat(*a.add(r * panel.a_row));
            }
            for column in 0..COLUMNS {
                let numbers = V::load(b.add(column * V::N));
                for (sums, factor) in sums.iter_mut().zip(factors) {
                    sums[column] = factor.mul_add(numbers, sums[column]);
                }
            }
            a = a.wrapping_add(panel.a_column);
            b = b.wrapping_add(panel.b_row);
        }
        for (r, sums) in sums.iter().enumerate() {
            for (column, sum) in sums.iter().enumerate() {
                sum.store(c.add(r * panel.c_row + column * V::N));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{simd::Level, trial::Numbers};

    #[test]
    fn equals_the_plain_product_for_any_number_of_rows_and_either_layout_of_a() {
        for level in Level::all() {
            let width = COLUMNS * level.lanes();
            for rows in 1..20 {
                for transposed in [false, true] {
                    let depth = 3 * rows + 1;
                    let (a, b, start) =
                        (Numbers(1).take(rows * depth), Numbers(2).take(depth * width), Numbers(3).take(width));
                    let mut c = vec![0.0f32; rows * width];
                    let (a_row, a_column) = if transposed { (1, rows) } else { (depth, 1) };
                    let whole = Panel {
                        rows,
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
                    // SAFETY: the level is this processor's; sizes and strides describe the vectors above.
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
                }
            }
        }
    }
}
