//! Loops compiled three times: for any x86-64 processor, for those with AVX2, which nearly all in use are, and for those
//! with AVX-512.
//!
//! The loops that use it are written over arrays of partial sums, so that the order of additions is the same however
//! wide the registers are, and Rust never fuses a product with a sum by itself: all ways give the same bits.

use crate::level::{Level, Set};

/// Runs `f` as compiled for the current [`Level`]. What has no part in that is what is not inlined into `f`: hence the
/// `#[inline(always)]` wherever it is used.
#[inline]
pub fn wide<R>(f: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn avx2<R>(f: impl FnOnce() -> R) -> R {
        f()
    }
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    fn avx512<R>(f: impl FnOnce() -> R) -> R {
        f()
    }
    match Level::current().set() {
        Set::Portable => f(),
        // SAFETY: the function demands nothing but a processor with AVX2, which the level stands for.
        #[cfg(target_arch = "x86_64")]
        Set::Avx2 => unsafe { avx2(f) },
        // SAFETY: the function demands nothing but a processor with these four sets, which the level stands for.
        #[cfg(target_arch = "x86_64")]
        Set::Avx512 => unsafe { avx512(f) },
    }
}
