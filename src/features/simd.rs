//! Loops compiled twice: for any x86-64 processor, and for those with AVX2, which nearly all in use are.
//!
//! The loops of this module are written over arrays of partial sums, so that the order of additions is the same however
//! wide the registers are, and Rust never fuses a product with a sum by itself: both ways give the same bits.

/// Runs `f` as compiled for AVX2 where the processor has it. What has no part in that is what is not inlined
/// into `f`: hence the `#[inline(always)]` wherever it is used.
#[inline]
pub(crate) fn wide<R>(f: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2")]
        fn avx2<R>(f: impl FnOnce() -> R) -> R {
            f()
        }
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the function demands nothing but a processor with AVX2, and this is one.
            return unsafe { avx2(f) };
        }
    }
    f()
}
