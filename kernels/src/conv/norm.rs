//! What happens to a convolution's output element by element: its moments, the normalisation with pooling and ReLU, and
//! their derivatives.
//!
//! With `v = y scale + shift` per channel, a pair of frames `a`, `b` becomes `max(v_a, v_b, 0)`. The backward pass works
//! out again which of the three it was: cheaper than the memory traffic of saving it. As in Burn and PyTorch, the earlier
//! frame wins a tie.

use crate::simd::{LANES, Lanes, per_level};

/// Reads `count` numbers, at most a register's; zero in the other lanes.
///
/// # Safety
/// `from` is readable for that many numbers, and the processor has the instruction set.
#[inline(always)]
unsafe fn load_part<V: Lanes>(from: *const f32, count: usize) -> V {
    // SAFETY: passed on from the caller; no register is wider than the array.
    unsafe {
        if count >= V::N {
            return V::load(from);
        }
        let mut part = [0.0; LANES];
        std::ptr::copy_nonoverlapping(from, part.as_mut_ptr(), count);
        V::load(part.as_ptr())
    }
}

/// Writes `count` numbers, at most a register's.
///
/// # Safety
/// `to` is writable for that many numbers.
#[inline(always)]
unsafe fn store_part<V: Lanes>(value: V, to: *mut f32, count: usize) {
    // SAFETY: passed on from the caller; no register is wider than the array.
    unsafe {
        if count >= V::N {
            return value.store(to);
        }
        let mut part = [0.0; LANES];
        value.store(part.as_mut_ptr());
        std::ptr::copy_nonoverlapping(part.as_ptr(), to, count);
    }
}

/// Rows whose moments are taken.
#[derive(Clone, Copy)]
pub struct Moments {
    /// Number of rows: at least one.
    pub rows: usize,
    /// Channels, a whole number of [`LANES`].
    pub width: usize,
    /// The first row, `width` numbers.
    pub y: *const f32,
    /// The mean of each channel, written.
    pub mean: *mut f32,
    /// The sum of squared deviations from that mean, written.
    pub squares: *mut f32,
}

per_level!(
    /// Mean and squared deviations of each channel.
    ///
    /// # Safety
    /// The pointers are valid for what the fields say, and no other thread touches what is written.
    fn moments(at: Moments) = moments_body;
);

#[inline(always)]
unsafe fn moments_body<V: Lanes>(at: Moments) {
    let mut column = 0;
    while column < at.width {
        // SAFETY: the caller guarantees rows of `at.width` numbers. Four registers side by side do not wait for one another.
        column += unsafe {
            if at.width - column >= 4 * V::N {
                moments_of::<V, 4>(&at, column)
            } else {
                moments_of::<V, 1>(&at, column)
            }
        };
    }
}

/// The moments of the channels in as many registers from `column` on; returns their number.
#[inline(always)]
unsafe fn moments_of<V: Lanes, const COLUMNS: usize>(at: &Moments, column: usize) -> usize {
    // SAFETY: the caller guarantees `at.rows` rows with so many channels.
    unsafe {
        let y = at.y.add(column);
        let zero = V::splat(0.0);
        let mut sums = [zero; COLUMNS];
        for row in 0..at.rows {
            for (i, sum) in sums.iter_mut().enumerate() {
                *sum = sum.add(V::load(y.add(row * at.width + i * V::N)));
            }
        }
        let share = V::splat(1.0 / at.rows as f32);
        let mut means = [zero; COLUMNS];
        for i in 0..COLUMNS {
            means[i] = sums[i].mul(share);
        }
        let mut squares = [zero; COLUMNS];
        for row in 0..at.rows {
            for i in 0..COLUMNS {
                let off = V::load(y.add(row * at.width + i * V::N)).sub(means[i]);
                squares[i] = off.mul_add(off, squares[i]);
            }
        }
        for i in 0..COLUMNS {
            means[i].store(at.mean.add(column + i * V::N));
            squares[i].store(at.squares.add(column + i * V::N));
        }
    }
    COLUMNS * V::N
}

/// The normalisation of each channel; every pointer is to `width` numbers.
#[derive(Clone, Copy)]
pub struct Affine {
    /// `gamma / sqrt(variance + epsilon)`
    pub scale: *const f32,
    /// `beta - mean scale`
    pub shift: *const f32,
}

/// Pairs of rows that are pooled.
#[derive(Clone, Copy)]
pub struct Pool {
    /// Number of pairs.
    pub steps: usize,
    /// Real channels.
    pub channels: usize,
    /// Channels of a row of `y`, a whole number of [`LANES`].
    pub width: usize,
    /// The first row of the convolution's output.
    pub y: *const f32,
    /// The normalisation.
    pub affine: Affine,
    /// The first pooled row, written: `channels` numbers, then the next.
    pub to: *mut f32,
}

per_level!(
    /// Normalises, takes the greater of two rows, and zero if that is greater still. NaN stays NaN.
    ///
    /// # Safety
    /// As [`moments`].
    fn pool(at: Pool) = pool_body;
);

#[inline(always)]
unsafe fn pool_body<V: Lanes>(at: Pool) {
    for step in 0..at.steps {
        for column in (0..at.channels).step_by(V::N) {
            // SAFETY: the caller guarantees two rows of `at.width` numbers per step, and `at.channels` numbers to write.
            unsafe {
                let y = at.y.add(2 * step * at.width + column);
                let (scale, shift) = (V::load(at.affine.scale.add(column)), V::load(at.affine.shift.add(column)));
                let zero = V::splat(0.0);
                let first = V::load(y).mul_add(scale, shift);
                let second = V::load(y.add(at.width)).mul_add(scale, shift);
                // The greater one keeps a NaN of the first only: zero times the second brings in the other.
                let greater = second.mul_add(zero, first.at_least(second)).at_least(zero);
                store_part(greater, at.to.add(step * at.channels + column), at.channels - column);
            }
        }
    }
}

/// Pairs of rows on the way back; those of `y` start at an even frame.
#[derive(Clone, Copy)]
pub struct Back {
    /// Number of pairs.
    pub steps: usize,
    /// Whether one row more follows, which was not pooled.
    pub odd: bool,
    /// Real channels.
    pub channels: usize,
    /// Channels of a row of `y`, a whole number of [`LANES`].
    pub width: usize,
    /// The normalisation.
    pub affine: Affine,
    /// The mean that was subtracted from each channel.
    pub mean: *const f32,
    /// The gradient of the first pooled row, `channels` numbers.
    pub d_pooled: *const f32,
    /// Numbers from one pooled row to the next.
    pub d_stride: usize,
}

/// Where the gradient of a pooled row goes.
struct Routed<V> {
    /// Less the mean.
    first: V,
    second: V,
    d_first: V,
    d_second: V,
}

impl Back {
    /// # Safety
    /// The processor has the instruction set; step and column are within what the fields say, and `y` is readable for
    /// two rows.
    #[inline(always)]
    unsafe fn route<V: Lanes>(&self, y: *const f32, step: usize, column: usize) -> Routed<V> {
        // SAFETY: passed on from the caller.
        unsafe {
            let zero = V::splat(0.0);
            let (scale, shift) = (V::load(self.affine.scale.add(column)), V::load(self.affine.shift.add(column)));
            let mean = V::load(self.mean.add(column));
            let (first, second) = (V::load(y), V::load(y.add(self.width)));
            let (v_first, v_second) = (first.mul_add(scale, shift), second.mul_add(scale, shift));
            let d = load_part::<V>(self.d_pooled.add(step * self.d_stride + column), self.channels - column);
            let d = v_first.at_least(v_second).if_greater(zero, d, zero);
            Routed {
                first: first.sub(mean),
                second: second.sub(mean),
                d_first: v_second.if_greater(v_first, zero, d),
                d_second: v_second.if_greater(v_first, d, zero),
            }
        }
    }
}

per_level!(
    /// Per channel the sum of the gradients of `v` (into `sums`, `width` numbers) and of the gradients times `y` less its
    /// mean (into `products`).
    ///
    /// # Safety
    /// As [`moments`]; `y` has the rows that `at` speaks of.
    fn gradient_sums(at: Back, y: *const f32, sums: *mut f32, products: *mut f32) = gradient_sums_body;
);

#[inline(always)]
unsafe fn gradient_sums_body<V: Lanes>(at: Back, y: *const f32, sums: *mut f32, products: *mut f32) {
    for column in (0..at.width).step_by(V::N) {
        // SAFETY: the caller guarantees the rows.
        unsafe {
            let zero = V::splat(0.0);
            let (mut sum, mut product) = (zero, zero);
            if column < at.channels {
                for step in 0..at.steps {
                    let routed = at.route::<V>(y.add(2 * step * at.width + column), step, column);
                    sum = sum.add(routed.d_first.add(routed.d_second));
                    product = routed.d_first.mul_add(routed.first, product);
                    product = routed.d_second.mul_add(routed.second, product);
                }
            }
            sum.store(sums.add(column));
            product.store(products.add(column));
        }
    }
}

/// What turns gradients of `v` into gradients of `y`; every pointer is to `width` numbers.
#[derive(Clone, Copy)]
pub struct Through {
    /// Times the gradient of `v`.
    pub scale: *const f32,
    /// Times `y` less its mean, subtracted: what comes back through the variance.
    pub slope: *const f32,
    /// Subtracted: what comes back through the mean.
    pub offset: *const f32,
}

per_level!(
    /// Replaces `y` by its gradient.
    ///
    /// # Safety
    /// As [`moments`]; `y` has the rows that `at` speaks of, writable.
    fn gradient_rows(at: Back, y: *mut f32, through: Through) = gradient_rows_body;
);

#[inline(always)]
unsafe fn gradient_rows_body<V: Lanes>(at: Back, y: *mut f32, through: Through) {
    // Whole registers of no channel are zero already: their weights are.
    let width = at.channels.next_multiple_of(V::N);
    for step in 0..at.steps {
        for column in (0..width).step_by(V::N) {
            // SAFETY: the caller guarantees the rows.
            unsafe {
                let y = y.add(2 * step * at.width + column);
                let Routed { first, second, d_first, d_second } = at.route::<V>(y, step, column);
                let scale = V::load(through.scale.add(column));
                d_first.mul_add(scale, rest(through, column, first)).store(y);
                d_second.mul_add(scale, rest(through, column, second)).store(y.add(at.width));
            }
        }
    }
    if at.odd {
        for column in (0..width).step_by(V::N) {
            // SAFETY: the caller guarantees one row more.
            unsafe {
                let y = y.add(2 * at.steps * at.width + column);
                rest(through, column, V::load(y).sub(V::load(at.mean.add(column)))).store(y);
            }
        }
    }
}

/// What comes back through mean and variance to a row, given less its mean.
///
/// # Safety
/// The column is within the width.
#[inline(always)]
unsafe fn rest<V: Lanes>(through: Through, column: usize, y: V) -> V {
    // SAFETY: the caller vouches for the column.
    unsafe {
        let (slope, offset) = (V::load(through.slope.add(column)), V::load(through.offset.add(column)));
        y.same(0.0).sub(y.mul_add(slope, offset))
    }
}
