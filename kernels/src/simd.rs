//! The vector registers behind the kernels: AVX-512, AVX2 with FMA, or plain arrays that the compiler vectorises.
//!
//! A kernel body is written once, generic over [`Lanes`] and `#[inline(always)]`; [`per_level!`] wraps it in one
//! function per instruction set, each with its `#[target_feature]`, and picks one at run time. Everything that a body
//! calls must be `#[inline(always)]` too (no closures), or it would be compiled without the wider registers.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

/// An instruction set that this processor has: only [`Level::best`] and its kin make one, which is why a kernel may take it
/// at its word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level(Set);

/// The instruction sets that kernels are compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Set {
    /// Four lanes of ordinary arithmetic, for any processor.
    Portable,
    /// Eight lanes with fused multiply-add.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// Sixteen lanes with fused multiply-add.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Level {
    /// The widest instruction set of this processor.
    #[must_use]
    pub fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if has_avx512() {
                return Self(Set::Avx512);
            }
            if has_avx2() {
                return Self(Set::Avx2);
            }
        }
        Self(Set::Portable)
    }

    /// Every instruction set of this processor, narrowest first.
    #[cfg(test)]
    pub(crate) fn all() -> Vec<Self> {
        let mut levels = vec![Self(Set::Portable)];
        #[cfg(target_arch = "x86_64")]
        {
            if has_avx2() {
                levels.push(Self(Set::Avx2));
            }
            if has_avx512() {
                levels.push(Self(Set::Avx512));
            }
        }
        levels
    }

    /// The set itself: this processor has it.
    pub(crate) fn set(self) -> Set {
        self.0
    }

    /// Numbers in one register.
    pub(crate) fn lanes(self) -> usize {
        match self.0 {
            Set::Portable => Quad::N,
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => Ymm::N,
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => Zmm::N,
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")
}

#[cfg(target_arch = "x86_64")]
fn has_avx512() -> bool {
    is_x86_feature_detected!("avx512f")
}

/// One vector register of `f32`.
///
/// Values come only from [`Lanes::load`] and [`Lanes::splat`], which are unsafe: whoever calls them vouches for the
/// processor, so that the arithmetic on an existing value can be safe.
pub trait Lanes: Copy {
    /// Numbers in one register.
    const N: usize;
    /// Rows of a matrix tile, such that `4 * ROWS` accumulators leave registers to spare.
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
    /// `self * factor + term`, rounded once where the processor can, twice elsewhere.
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
        // Only where it is one instruction: elsewhere `f32::mul_add` would be a call into the C library per number.
        if cfg!(any(target_feature = "fma", target_arch = "aarch64")) {
            let (a, b, c) = (self.0, factor.0, term.0);
            Self([
                a[0].mul_add(b[0], c[0]),
                a[1].mul_add(b[1], c[1]),
                a[2].mul_add(b[2], c[2]),
                a[3].mul_add(b[3], c[3]),
            ])
        } else {
            self.mul(factor).add(term)
        }
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
        pub unsafe fn $name(level: $crate::simd::Level, $($argument: $kind),*) {
            use $crate::simd::{Quad, Set};
            #[cfg(target_arch = "x86_64")]
            use $crate::simd::{Ymm, Zmm};

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f")]
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
