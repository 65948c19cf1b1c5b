//! The vector registers behind the kernels: AVX-512, AVX2 with FMA, or plain arrays that the compiler vectorises.
//!
//! A kernel body is written once, generic over [`Lanes`] and `#[inline(always)]`; [`per_level!`] wraps it in one
//! function per instruction set, each with its `#[target_feature]`, and picks one at run time. Everything that a body
//! calls must be `#[inline(always)]` too (no closures), or it would be compiled without the wider registers.
//!
//! Every level gives the same bits: arrays are laid out in blocks of [`LANES`] numbers whatever a register holds, a number
//! is computed by the same operations in the same order in whatever lane it stands, and [`Lanes::mul_add`] rounds once.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

/// Numbers in a block of memory: those of the widest register.
pub const LANES: usize = 16;

/// One vector register of `f32`.
///
/// Values come only from [`Lanes::load`] and [`Lanes::splat`], which are unsafe: whoever calls them vouches for the
/// processor, so that the arithmetic on an existing value can be safe.
pub trait Lanes: Copy {
    /// Numbers in one register: a divisor of [`LANES`].
    const N: usize;
    /// Rows of a matrix tile of four registers a row, such that the accumulators leave registers to spare.
    const ROWS: usize;

    /// Reads `N` numbers.
    ///
    /// # Safety
    /// `from` is readable for `N` numbers, and the processor has the instruction set.
    unsafe fn load(from: *const f32) -> Self;

    /// The same number in every lane.
    ///
    /// # Safety
    /// The processor has the instruction set.
    unsafe fn splat(value: f32) -> Self;

    /// Writes `N` numbers.
    ///
    /// # Safety
    /// `to` is writable for `N` numbers.
    unsafe fn store(self, to: *mut f32);

    /// The same number in every lane; `self` only proves that the processor has the instruction set.
    fn same(self, value: f32) -> Self;
    /// `self + other`
    fn add(self, other: Self) -> Self;
    /// `self - other`
    fn sub(self, other: Self) -> Self;
    /// `self * other`
    fn mul(self, other: Self) -> Self;
    /// `self / other`
    fn div(self, other: Self) -> Self;
    /// `self * factor + term`, rounded once.
    fn mul_add(self, factor: Self, term: Self) -> Self;
    /// The lesser of `self` and `limit`; a NaN in `self` stays.
    fn at_most(self, limit: Self) -> Self;
    /// The greater of `self` and `limit`; a NaN in `self` stays.
    fn at_least(self, limit: Self) -> Self;
    /// Per lane, `then` where `self` is greater than `than`, else (also for NaN) `otherwise`.
    fn if_greater(self, than: Self, then: Self, otherwise: Self) -> Self;
    /// `self * 2^n` where `shifted` is the integer `n` plus [`ROUNDER`].
    fn scale_by_power_of_two(self, shifted: Self) -> Self;
}

/// 1.5 · 2^23: adding it to a number below 2^22 rounds that number to an integer, kept in the low bits of the sum.
pub const ROUNDER: f32 = 12_582_912.0;

/// `a * b + c`, rounded once.
#[inline(always)]
pub fn fma(a: f32, b: f32, c: f32) -> f32 {
    // Where it is one instruction.
    if cfg!(any(target_feature = "fma", target_arch = "aarch64")) { a.mul_add(b, c) } else { fma_by_doubles(a, b, c) }
}

/// `a * b + c`, rounded once, without the instruction: elsewhere `f32::mul_add` is a call into the C library a number.
///
/// The product of two `f32` is exact in `f64`. Its sum with `c` is rounded to the odd of both neighbours where it is not
/// exact: then the second rounding, to `f32`, which has less than half as many bits, gives what one rounding would have
/// given (S. Boldo and G. Melquiond, "Emulation of FMA and correctly rounded sums", IEEE Transactions on Computers 57(4),
/// 2008).
#[inline(always)]
fn fma_by_doubles(a: f32, b: f32, c: f32) -> f32 {
    let (product, c) = (f64::from(a) * f64::from(b), f64::from(c));
    let sum = product + c;
    // What the sum lost (D. E. Knuth's TwoSum); NaN where the sum is not finite.
    let of_c = sum - product;
    let lost = (product - (sum - of_c)) + (c - of_c);
    let bits = sum.to_bits();
    // One step towards what was lost, from an even number to the odd one beside it.
    let away = (lost > 0.0) == (sum > 0.0);
    let inexact = lost.abs() > 0.0;
    let step = if inexact && bits & 1 == 0 { if away { 1 } else { u64::MAX } } else { 0 };
    f64::from_bits(bits.wrapping_add(step)) as f32
}

/// Four lanes of ordinary arithmetic.
#[derive(Debug, Clone, Copy)]
pub struct Quad([f32; 4]);

impl Quad {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        let (a, b) = (self.0, other.0);
        Self([f(a[0], b[0]), f(a[1], b[1]), f(a[2], b[2]), f(a[3], b[3])])
    }
}

impl Lanes for Quad {
    const N: usize = 4;
    const ROWS: usize = 2;

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller guarantees four readable numbers; the read makes no demand on alignment.
        Self(unsafe { from.cast::<[f32; 4]>().read_unaligned() })
    }

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self([value; 4])
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller guarantees four writable numbers; the write makes no demand on alignment.
        unsafe { to.cast::<[f32; 4]>().write_unaligned(self.0) }
    }

    #[inline(always)]
    fn same(self, value: f32) -> Self {
        Self([value; 4])
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }

    #[inline(always)]
    fn div(self, other: Self) -> Self {
        self.zip(other, |a, b| a / b)
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        let (a, b, c) = (self.0, factor.0, term.0);
        Self([fma(a[0], b[0], c[0]), fma(a[1], b[1], c[1]), fma(a[2], b[2], c[2]), fma(a[3], b[3], c[3])])
    }

    #[inline(always)]
    fn at_most(self, limit: Self) -> Self {
        self.zip(limit, |x, limit| if limit < x { limit } else { x })
    }

    #[inline(always)]
    fn at_least(self, limit: Self) -> Self {
        self.zip(limit, |x, limit| if limit > x { limit } else { x })
    }

    #[inline(always)]
    fn if_greater(self, than: Self, then: Self, otherwise: Self) -> Self {
        let pick = |i: usize| if self.0[i] > than.0[i] { then.0[i] } else { otherwise.0[i] };
        Self([pick(0), pick(1), pick(2), pick(3)])
    }

    #[inline(always)]
    fn scale_by_power_of_two(self, shifted: Self) -> Self {
        self.zip(shifted, |x, n| f32::from_bits(x.to_bits().wrapping_add(n.to_bits() << 23)))
    }
}

#[cfg(target_arch = "x86_64")]
macro_rules! x86_lanes {
    (
        $(#[$doc:meta])* $name:ident($register:ty), $n:literal lanes, $rows:literal rows,
        $load:ident, $store:ident, $splat:ident, $add:ident, $sub:ident, $mul:ident, $div:ident, $fma:ident,
        $min:ident, $max:ident, $if_greater:ident, $to_int:ident, $from_int:ident, $add_int:ident, $shift:ident
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name($register);

        impl Lanes for $name {
            const N: usize = $n;
            const ROWS: usize = $rows;

            #[inline(always)]
            unsafe fn load(from: *const f32) -> Self {
                // SAFETY: the caller vouches for the pointer and the processor.
                Self(unsafe { $load(from) })
            }

            #[inline(always)]
            unsafe fn splat(value: f32) -> Self {
                // SAFETY: the caller vouches for the processor.
                Self(unsafe { $splat(value) })
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut f32) {
                // SAFETY: the caller vouches for the pointer, the existence of `self` for the processor.
                unsafe { $store(to, self.0) }
            }

            #[inline(always)]
            fn same(self, value: f32) -> Self {
                // SAFETY: the existence of `self` proves that the processor has the instruction; so in all below.
                Self(unsafe { $splat(value) })
            }

            #[inline(always)]
            fn add(self, other: Self) -> Self {
                // SAFETY: as in `same`.
                Self(unsafe { $add(self.0, other.0) })
            }

            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                // SAFETY: as in `same`.
                Self(unsafe { $sub(self.0, other.0) })
            }

            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                // SAFETY: as in `same`.
                Self(unsafe { $mul(self.0, other.0) })
            }

            #[inline(always)]
            fn div(self, other: Self) -> Self {
                // SAFETY: as in `same`.
                Self(unsafe { $div(self.0, other.0) })
            }

            #[inline(always)]
            fn mul_add(self, factor: Self, term: Self) -> Self {
                // SAFETY: as in `same`.
                Self(unsafe { $fma(self.0, factor.0, term.0) })
            }

            #[inline(always)]
            fn at_most(self, limit: Self) -> Self {
                // The instruction returns its second operand where either is NaN.
                // SAFETY: as in `same`.
                Self(unsafe { $min(limit.0, self.0) })
            }

            #[inline(always)]
            fn at_least(self, limit: Self) -> Self {
                // SAFETY: as in `same`.
                Self(unsafe { $max(limit.0, self.0) })
            }

            #[inline(always)]
            fn if_greater(self, than: Self, then: Self, otherwise: Self) -> Self {
                // SAFETY: as in `same`.
                Self(unsafe { $if_greater(self.0, than.0, then.0, otherwise.0) })
            }

            #[inline(always)]
            fn scale_by_power_of_two(self, shifted: Self) -> Self {
                // SAFETY: as in `same`.
                Self(unsafe { $from_int($add_int($to_int(self.0), $shift::<23>($to_int(shifted.0)))) })
            }
        }
    };
}

/// # Safety
/// The processor has AVX2.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn if_greater_avx2(value: __m256, than: __m256, then: __m256, otherwise: __m256) -> __m256 {
    // SAFETY: the caller vouches for the processor.
    unsafe { _mm256_blendv_ps(otherwise, then, _mm256_cmp_ps::<_CMP_GT_OQ>(value, than)) }
}

/// # Safety
/// The processor has AVX-512.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn if_greater_avx512(value: __m512, than: __m512, then: __m512, otherwise: __m512) -> __m512 {
    // SAFETY: the caller vouches for the processor.
    unsafe { _mm512_mask_blend_ps(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(value, than), otherwise, then) }
}

#[cfg(target_arch = "x86_64")]
x86_lanes!(
    /// Eight lanes of AVX2 with FMA.
    Ymm(__m256), 8 lanes, 3 rows,
    _mm256_loadu_ps, _mm256_storeu_ps, _mm256_set1_ps, _mm256_add_ps, _mm256_sub_ps, _mm256_mul_ps, _mm256_div_ps,
    _mm256_fmadd_ps, _mm256_min_ps, _mm256_max_ps, if_greater_avx2, _mm256_castps_si256, _mm256_castsi256_ps, _mm256_add_epi32,
    _mm256_slli_epi32
);

#[cfg(target_arch = "x86_64")]
x86_lanes!(
    /// Sixteen lanes of AVX-512.
    Zmm(__m512), 16 lanes, 6 rows,
    _mm512_loadu_ps, _mm512_storeu_ps, _mm512_set1_ps, _mm512_add_ps, _mm512_sub_ps, _mm512_mul_ps, _mm512_div_ps,
    _mm512_fmadd_ps, _mm512_min_ps, _mm512_max_ps, if_greater_avx512, _mm512_castps_si512, _mm512_castsi512_ps, _mm512_add_epi32,
    _mm512_slli_epi32
);

/// `per_level!(/// docs  fn name(arguments) = body);` defines `unsafe fn name(level, arguments)`, which runs the generic
/// `body::<V: Lanes>(arguments)` compiled for that level.
macro_rules! per_level {
    ($(#[$doc:meta])* fn $name:ident($($argument:ident: $kind:ty),* $(,)?) = $body:ident;) => {
        $(#[$doc])*
        #[allow(clippy::too_many_arguments)]
        pub unsafe fn $name(level: $crate::level::Level, $($argument: $kind),*) {
            use $crate::{level::Set, simd::Quad};
            #[cfg(target_arch = "x86_64")]
            use $crate::simd::{Ymm, Zmm};

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
            #[allow(clippy::too_many_arguments)]
            unsafe fn avx512($($argument: $kind),*) {
                // SAFETY: passed on from the caller.
                unsafe { $body::<Zmm>($($argument),*) }
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            #[allow(clippy::too_many_arguments)]
            unsafe fn avx2($($argument: $kind),*) {
                // SAFETY: passed on from the caller.
                unsafe { $body::<Ymm>($($argument),*) }
            }

            // SAFETY: the caller vouches for the arguments, the level for the processor.
            unsafe {
                match level.set() {
                    Set::Portable => $body::<Quad>($($argument),*),
                    #[cfg(target_arch = "x86_64")]
                    Set::Avx2 => avx2($($argument),*),
                    #[cfg(target_arch = "x86_64")]
                    Set::Avx512 => avx512($($argument),*),
                }
            }
        }
    };
}
pub(crate) use per_level;

#[cfg(test)]
mod tests {
    use super::fma_by_doubles;
    use crate::trial::Numbers;

    #[test]
    fn a_product_and_sum_without_the_instruction_is_rounded_once_too() {
        let mut state = 1u64;
        let mut bits = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 32) as u32
        };
        let same = |a: f32, b: f32, c: f32| {
            let (ours, exact) = (fma_by_doubles(a, b, c), a.mul_add(b, c));
            assert!(
                ours.to_bits() == exact.to_bits() || ours.is_nan() && exact.is_nan(),
                "{a:e} {b:e} {c:e}: {ours:e}"
            );
        };
        const ROUNDS: usize = 1_000_000;
        for _ in 0..ROUNDS {
            // Any bits: infinities, NaN and subnormal numbers, too.
            same(f32::from_bits(bits()), f32::from_bits(bits()), f32::from_bits(bits()));
            // Sums of the same size as the product, halfway between two numbers.
            let few = |bits: u32| (bits >> 19) as f32;
            let (a, b) = (few(bits()), few(bits()));
            same(a, b, few(bits()) * 4096.0 + few(bits()));
            same(a, b, -(a * b));
            same(a + 0.5, b, few(bits()) * 65536.0);
        }
        let mut random = Numbers(1);
        for _ in 0..ROUNDS {
            let [a, b, c] = [random.next(), random.next(), random.next()];
            same(a, b, c);
            same(a, b, c * 1e-8);
            same(a * 1e-20, b * 1e-20, c * 1e-38);
        }
    }
}
