//! Loops compiled three times: for any x86-64 processor, for those with AVX2, which nearly all in use are, and for those
//! with AVX-512.
//!
//! The loops of this module are written over arrays of partial sums, so that the order of additions is the same however
//! wide the registers are, and Rust never fuses a product with a sum by itself: all ways give the same bits.

/// Runs `f` as compiled for AVX-512 or AVX2 where the processor has it. What has no part in that is what is not inlined
/// into `f`: hence the `#[inline(always)]` wherever it is used.
#[inline]
pub fn wide<R>(f: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2")]
        fn avx2<R>(f: impl FnOnce() -> R) -> R {
            f()
        }
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
        fn avx512<R>(f: impl FnOnce() -> R) -> R {
            f()
        }
        use std::arch::is_x86_feature_detected as has;
        if has!("avx512f") && has!("avx512bw") && has!("avx512dq") && has!("avx512vl") {
            // SAFETY: the function demands nothing but a processor with these four, and this is one.
            return unsafe { avx512(f) };
        }
        if has!("avx2") {
            // SAFETY: the function demands nothing but a processor with AVX2, and this is one.
            return unsafe { avx2(f) };
        }
    }
    f()
}
