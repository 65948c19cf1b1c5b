//! Exponential functions and their like, as polynomials: the same bits at every level.

use crate::simd::{Lanes, ROUNDER};

/// `e^x - 1` on |x| ≤ ln 2 / 2 as `x + x² p(x)`, lowest coefficient last: the classical Cephes single-precision set.
const EXPONENTIAL: [f32; 6] = [1.987_569_1e-4, 1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5];

/// Splits `x` into `n ln 2 + r`; returns (`n` plus [`ROUNDER`], `n`, `e^r - 1`). |x| must be below 88.
#[inline(always)]
fn reduced_exponential<V: Lanes>(x: V) -> (V, V, V) {
    let rounder = x.same(ROUNDER);
    let shifted = x.mul_add(x.same(std::f32::consts::LOG2_E), rounder);
    let n = shifted.sub(rounder);
    // ln 2 in two parts, the first with few enough bits for `n` times it to be exact.
    let r = n.mul_add(x.same(-0.693_359_4), x);
    let r = n.mul_add(x.same(2.121_944_4e-4), r);
    let mut p = x.same(EXPONENTIAL[0]);
    p = p.mul_add(r, x.same(EXPONENTIAL[1]));
    p = p.mul_add(r, x.same(EXPONENTIAL[2]));
    p = p.mul_add(r, x.same(EXPONENTIAL[3]));
    p = p.mul_add(r, x.same(EXPONENTIAL[4]));
    p = p.mul_add(r, x.same(EXPONENTIAL[5]));
    (shifted, n, p.mul_add(r.mul(r), r))
}

/// `e^x`; beyond ±87 it stays at its value there. NaN stays NaN.
#[inline(always)]
pub fn exponential<V: Lanes>(x: V) -> V {
    let x = x.at_most(x.same(87.0)).at_least(x.same(-87.0));
    let (shifted, _, rest) = reduced_exponential(x);
    rest.add(x.same(1.0)).scale_by_power_of_two(shifted)
}

/// The logistic function `1 / (1 + e^-x)`; beyond ±87 it stays at its value there. NaN stays NaN.
#[inline(always)]
pub fn sigmoid<V: Lanes>(x: V) -> V {
    let one = x.same(1.0);
    let e = exponential(x.same(0.0).sub(x));
    one.div(one.add(e))
}

/// The hyperbolic tangent, as `(e^2x - 1) / (e^2x + 1)` with the numerator computed without cancellation near zero.
/// NaN stays NaN.
#[inline(always)]
pub fn tanh<V: Lanes>(x: V) -> V {
    let one = x.same(1.0);
    // Beyond ±10 the result is ±1 in single precision.
    let x = x.add(x).at_most(x.same(20.0)).at_least(x.same(-20.0));
    let (shifted, _, rest) = reduced_exponential(x);
    let power = one.scale_by_power_of_two(shifted);
    // e^2x - 1 = 2^n (e^r - 1) + (2^n - 1), the last term being exact.
    let numerator = power.mul_add(rest, power.sub(one));
    numerator.div(numerator.add(x.same(2.0)))
}

/// The error function on |x| ≤ 4, beyond which it is ±1 in single precision, as `x p(x²) / q(x²)`, lowest coefficient
/// last: the set that Eigen and XLA use.
const ERROR_ABOVE: [f32; 7] =
    [-2.726_142e-10, 2.770_681_4e-8, -2.101_024e-6, -5.692_506_3e-5, -7.349_906_3e-4, -2.954_6e-3, -1.609_603_3e-2];
const ERROR_BELOW: [f32; 5] = [-1.456_607_2e-5, -2.133_740_6e-4, -1.682_827e-3, -7.373_329e-3, -1.426_473_9e-2];

/// `erf(x / √2)`. NaN stays NaN.
#[inline(always)]
fn error_function<V: Lanes>(x: V) -> V {
    let z = x.mul(x.same(std::f32::consts::FRAC_1_SQRT_2)).at_most(x.same(4.0)).at_least(x.same(-4.0));
    let square = z.mul(z);
    let mut above = x.same(ERROR_ABOVE[0]);
    above = above.mul_add(square, x.same(ERROR_ABOVE[1]));
    above = above.mul_add(square, x.same(ERROR_ABOVE[2]));
    above = above.mul_add(square, x.same(ERROR_ABOVE[3]));
    above = above.mul_add(square, x.same(ERROR_ABOVE[4]));
    above = above.mul_add(square, x.same(ERROR_ABOVE[5]));
    above = above.mul_add(square, x.same(ERROR_ABOVE[6]));
    let mut below = x.same(ERROR_BELOW[0]);
    below = below.mul_add(square, x.same(ERROR_BELOW[1]));
    below = below.mul_add(square, x.same(ERROR_BELOW[2]));
    below = below.mul_add(square, x.same(ERROR_BELOW[3]));
    below = below.mul_add(square, x.same(ERROR_BELOW[4]));
    above.mul(z).div(below)
}

/// The Gaussian error linear unit, `x Φ(x)`. NaN stays NaN.
#[inline(always)]
pub fn gelu<V: Lanes>(x: V) -> V {
    let half = x.mul(x.same(0.5));
    half.mul_add(error_function(x), half)
}

/// The slope of [`gelu`], `Φ(x) + x φ(x)`. NaN stays NaN.
#[inline(always)]
pub fn gelu_slope<V: Lanes>(x: V) -> V {
    let half = x.same(0.5);
    let below = half.mul_add(error_function(x), half);
    // Beyond ±14 the density is 0 in single precision.
    let x = x.at_most(x.same(14.0)).at_least(x.same(-14.0));
    let density = exponential(x.mul(x.same(-0.5)).mul(x)).mul(x.same(0.398_942_3));
    x.mul_add(density, below)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::Level;
    use crate::simd::{LANES, per_level};

    per_level!(
        /// # Safety
        /// All are valid for [`LANES`] numbers.
        fn all(from: *const f32, exponentials: *mut f32, units: *mut f32, slopes: *mut f32) = all_body;
    );

    #[inline(always)]
    unsafe fn all_body<V: Lanes>(from: *const f32, exponentials: *mut f32, units: *mut f32, slopes: *mut f32) {
        for lane in (0..LANES).step_by(V::N) {
            // SAFETY: the caller guarantees as many numbers.
            unsafe {
                let x = V::load(from.add(lane));
                exponential(x).store(exponentials.add(lane));
                gelu(x).store(units.add(lane));
                gelu_slope(x).store(slopes.add(lane));
            }
        }
    }

    /// The error function by its series.
    fn error_function(x: f64) -> f64 {
        if x.abs() > 5.0 {
            return x.signum();
        }
        let (mut term, mut sum) = (x, x);
        for n in 1..200 {
            term *= -x * x / f64::from(n);
            sum += term / f64::from(2 * n + 1);
        }
        sum * std::f64::consts::FRAC_2_SQRT_PI
    }

    #[test]
    fn exponential_and_gelu_are_near_the_exact_functions_with_the_same_bits_at_every_level() {
        for start in (-1600..1600).step_by(16) {
            let x: [f32; LANES] = std::array::from_fn(|i| (start + i as i32) as f32 / 160.0);
            let mut first = None;
            for level in Level::all() {
                let (mut e, mut g, mut s) = ([0f32; LANES], [0f32; LANES], [0f32; LANES]);
                // SAFETY: four arrays of LANES numbers.
                unsafe { all(level, x.as_ptr(), e.as_mut_ptr(), g.as_mut_ptr(), s.as_mut_ptr()) };
                for (((&x, &e), &g), &s) in x.iter().zip(&e).zip(&g).zip(&s) {
                    let x = f64::from(x);
                    assert!((f64::from(e) / x.exp() - 1.0).abs() < 3e-7, "e^{x} = {e}");
                    let exact = 0.5 * x * (1.0 + error_function(x * std::f64::consts::FRAC_1_SQRT_2));
                    assert!((f64::from(g) - exact).abs() < 3e-7 * x.abs().max(0.1), "gelu({x}) = {g}, not {exact}");
                    let density = (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
                    let slope = 0.5 * (1.0 + error_function(x * std::f64::consts::FRAC_1_SQRT_2)) + x * density;
                    assert!((f64::from(s) - slope).abs() < 5e-7, "gelu'({x}) = {s}, not {slope}");
                }
                assert_eq!(*first.get_or_insert((e, g, s)), (e, g, s), "{level}");
            }
        }
        // Far out, and for what is no number.
        let x: [f32; LANES] = std::array::from_fn(|i| [-1e30, 1e30, -200.0, 200.0, f32::NAN][i % 5]);
        for level in Level::all() {
            let (mut e, mut g, mut s) = ([0f32; LANES], [0f32; LANES], [0f32; LANES]);
            // SAFETY: as above.
            unsafe { all(level, x.as_ptr(), e.as_mut_ptr(), g.as_mut_ptr(), s.as_mut_ptr()) };
            assert!(e[0] >= 0.0 && e[0] < 1e-37 && e[1].is_finite() && e[2] < 1e-37 && e[4].is_nan(), "{e:?}");
            // The error function is one unit in the last place off where it should be ±1.
            let near = |found: f32, exact: f32| (found / exact - 1.0).abs() < 2e-7;
            assert!(g[0].abs() < 1e25 && near(g[1], 1e30), "{g:?}");
            assert!(g[2].abs() < 1e-4 && near(g[3], 200.0) && g[4].is_nan(), "{g:?}");
            assert!(
                s[0].abs() < 1e-6 && near(s[1], 1.0) && s[2].abs() < 1e-6 && near(s[3], 1.0) && s[4].is_nan(),
                "{s:?}"
            );
        }
    }
}
