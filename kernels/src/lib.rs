//! What `ser` computes on the processor: the fused operations of its networks, with their backward passes, for Burn's flex
//! device. **All of `ser`'s unsafe code is in this crate.**
//!
//! ```text
//! ops      operations of Burn's flex backend, with autodiff           (feature `burn`, on by default)
//! conv     convolution → batch normalisation → ReLU → max-pooling    ┐
//! bands    neighbouring bands, and the greater of two        │
//! bilstm   a bidirectional LSTM over sequences of unlike length      │ on plain slices,
//! gelu     the Gaussian error linear unit                            │ cut into tasks for rayon
//! encoder  a frozen transformer encoder, forward alone               │
//! product  the product of two matrices                               ┘
//! panel    a panel of a product: what is under all four
//! functions  exponential functions as polynomials
//! level    the instruction set that everything runs with: SER_SIMD
//! simd     vector registers: AVX-512, AVX2 with FMA, or plain arrays
//! wide     plain loops compiled for each instruction set
//! ```
//!
//! What crosses the border of the crate is safe: slices are checked against sizes before a pointer is taken from them, and
//! a [`Level`] exists only for a processor that has its instructions.
//!
//! # The same bits on every processor
//!
//! Every level gives the same bits, in training and in prediction, with any number of threads: `tests/levels.rs` of `ser`
//! trains at each level that the machine has. What that rests on:
//!
//! - arrays are laid out in blocks of sixteen numbers whatever a register holds; a sum over rows is one chain per column,
//!   a sum over columns does not occur;
//! - a product and its sum are rounded once everywhere; without the instruction this is computed in double precision;
//! - products of matrices are ours ([`ops`]), since Burn's flex device takes them from the `gemm` crate, whose order
//!   follows the processor's instructions and caches. Flex's sums are plain loops as long as its feature `simd` is off
//!   (sums of more than four million numbers, of which there are none here, would follow the number of threads);
//! - the exponential functions of the LSTM, and those of an encoder's softmax and GELU, are polynomials of ours.
//!
//! What is left to others, and the same on all processors with AVX2 and FMA, that is on nearly all x86-64 ones in use:
//!
//! - `exp`, `ln`, `pow`, `sin` and their like (softmax and loss, decibels, mel bands, augmentation) come from the C library,
//!   and glibc has variants with and without FMA, which may differ in the last bit;
//! - `rustfft` has plans for AVX with FMA and for SSE, which differ by 2e-7 of a spectrum's largest number (random input of
//!   200 to 4410 numbers);
//! - the attention of an encoder's layers that learn is Burn's, with products of matrices from `gemm`, which `SER_SIMD` does not
//!   reach.
//!
//! So a processor without FMA may give other figures than one with it, and so may another C library (macOS, musl). On Arm
//! the portable level compiles to its fused instruction and gives the same bits as here; its C library and `rustfft`'s
//! plan for NEON are what would have to be replaced. That has not been tried.
//!
//! # What the unsafe code is checked with
//!
//! `scripts/check-kernels.sh` runs the tests on plain slices, at every level that the machine has, under AddressSanitizer
//! with the standard library's checks of unsafe preconditions and with buffers of just the size asked for, filled with NaN.
//! Miri could not be had where this was written (no component for the toolchain, nor does it know AVX-512), nor could
//! ThreadSanitizer, which wants a standard library built for it.

#![warn(missing_docs)]
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

// Without Burn, as under sanitizers, only the tests use all of it.
#[cfg_attr(not(feature = "burn"), allow(dead_code))]
mod bands;
#[cfg_attr(not(feature = "burn"), allow(dead_code, unused_imports))]
mod bilstm;
mod buffer;
#[cfg_attr(not(feature = "burn"), allow(dead_code, unused_imports))]
mod conv;
pub mod encoder;
mod functions;
#[cfg_attr(not(feature = "burn"), allow(dead_code))]
mod gelu;
mod level;
#[cfg(feature = "burn")]
pub mod ops;
mod panel;
#[cfg_attr(not(feature = "burn"), allow(dead_code))]
mod product;
mod shared;
mod simd;
#[cfg(test)]
mod trial;
#[cfg_attr(not(feature = "burn"), allow(dead_code))]
mod view;
mod wide;

pub use level::{Level, processor};
pub use wide::wide;
