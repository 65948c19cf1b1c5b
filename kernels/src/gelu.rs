//! The Gaussian error linear unit over many numbers, with its backward pass; the same bits at every level.

use rayon::prelude::*;

use crate::functions::{gelu, gelu_slope};
use crate::level::Level;
use crate::simd::{LANES, Lanes, per_level};

/// Numbers of one task: whole blocks.
const TASK: usize = 1024 * LANES;

/// `x Φ(x)` of each number.
pub fn forward(level: Level, x: &[f32]) -> Vec<f32> {
    each(x.len(), |start, y| {
        let x = &x[start..][..y.len()];
        // SAFETY: both are of that length, a multiple of LANES, and `y` is ours alone.
        blocks(y, [x], |y, [x], count| unsafe { units(level, x, y, count) });
    })
}

/// The gradient of [`forward`]'s input, from that of its output.
pub fn backward(level: Level, x: &[f32], d_y: &[f32]) -> Vec<f32> {
    assert_eq!(x.len(), d_y.len());
    each(x.len(), |start, d_x| {
        let of = [&x[start..][..d_x.len()], &d_y[start..][..d_x.len()]];
        // SAFETY: as above.
        blocks(d_x, of, |d_x, [x, d_y], count| unsafe { slopes(level, x, d_y, d_x, count) });
    })
}

/// `count` numbers, made a task at a time.
fn each(count: usize, task: impl Fn(usize, &mut [f32]) + Sync) -> Vec<f32> {
    let mut made = vec![0.0; count];
    made.par_chunks_mut(TASK).enumerate().for_each(|(index, made)| task(index * TASK, made));
    made
}

/// Calls `f` with as many numbers as make whole blocks, then with a block that holds the rest.
fn blocks<const N: usize>(to: &mut [f32], from: [&[f32]; N], f: impl Fn(*mut f32, [*const f32; N], usize)) {
    assert!(from.iter().all(|from| from.len() == to.len()));
    let whole = to.len() / LANES * LANES;
    f(to.as_mut_ptr(), from.map(<[f32]>::as_ptr), whole);
    let rest = to.len() - whole;
    if rest > 0 {
        let mut block = [0.0; LANES];
        let padded = from.map(|from| {
            let mut padded = [0.0; LANES];
            padded[..rest].copy_from_slice(&from[whole..]);
            padded
        });
        f(block.as_mut_ptr(), padded.each_ref().map(|padded| padded.as_ptr()), LANES);
        to[whole..].copy_from_slice(&block[..rest]);
    }
}

per_level!(
    /// GELU of `count` numbers, a multiple of [`LANES`].
    ///
    /// # Safety
    /// Both are valid for so many numbers, and no other thread touches `to`.
    fn units(x: *const f32, to: *mut f32, count: usize) = units_body;
);

#[inline(always)]
unsafe fn units_body<V: Lanes>(x: *const f32, to: *mut f32, count: usize) {
    for at in (0..count).step_by(V::N) {
        // SAFETY: the caller guarantees so many numbers.
        unsafe { gelu(V::load(x.add(at))).store(to.add(at)) };
    }
}

per_level!(
    /// GELU's slope at `count` numbers, a multiple of [`LANES`], times others.
    ///
    /// # Safety
    /// All are valid for so many numbers, and no other thread touches `to`.
    fn slopes(x: *const f32, times: *const f32, to: *mut f32, count: usize) = slopes_body;
);

#[inline(always)]
unsafe fn slopes_body<V: Lanes>(x: *const f32, times: *const f32, to: *mut f32, count: usize) {
    for at in (0..count).step_by(V::N) {
        // SAFETY: the caller guarantees so many numbers.
        unsafe { gelu_slope(V::load(x.add(at))).mul(V::load(times.add(at))).store(to.add(at)) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::Numbers;

    #[test]
    fn the_slope_is_what_a_small_step_changes_whatever_the_length() {
        for count in [0, 1, 15, 16, 17, TASK + 5] {
            let x: Vec<f32> = Numbers(3).take(count).iter().map(|x| 4.0 * x).collect();
            let d_y = Numbers(4).take(count);
            let mut first = None;
            for level in Level::all() {
                let (y, d_x) = (forward(level, &x), backward(level, &x, &d_y));
                let step = |by: f32| forward(level, &x.iter().map(|x| x + by).collect::<Vec<_>>());
                let (up, down) = (step(1e-2), step(-1e-2));
                for i in 0..count {
                    let slope = (up[i] - down[i]) / 2e-2;
                    assert!((d_x[i] - slope * d_y[i]).abs() < 2e-4, "{i} of {count}: {} {slope} {}", d_x[i], d_y[i]);
                    assert!(y[i] <= x[i].max(0.0) && y[i] > -0.18, "gelu({}) = {}", x[i], y[i]);
                }
                assert_eq!(first.get_or_insert((y.clone(), d_x.clone())), &(y, d_x), "{level}");
            }
        }
    }
}
