//! What `ser` computes on the processor: the fused operations of its networks, with their backward passes, for Burn's flex
//! device. **All of `ser`'s unsafe code is in this crate.**
//!
//! ```text
//! ops      operations of Burn's flex backend, with autodiff           (feature `burn`, on by default)
//! conv     convolution → batch normalisation → ReLU → max-pooling    ┐
//! bilstm   a bidirectional LSTM over sequences of unlike length      │ on plain slices,
//! product  the product of two matrices                               ┘ cut into tasks for rayon
//! panel    a panel of a product: what is under all three
//! level    the instruction set that everything runs with: SER_SIMD
//! simd     vector registers: AVX-512, AVX2 with FMA, or plain arrays
//! wide     plain loops compiled for each instruction set
//! ```
//!
//! What crosses the border of the crate is safe: slices are checked against sizes before a pointer is taken from them, and
//! a [`Level`] exists only for a processor that has its instructions.

#![warn(missing_docs)]
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

// Without Burn, as under sanitizers, only the tests use all of it.
#[cfg_attr(not(feature = "burn"), allow(dead_code, unused_imports))]
mod bilstm;
mod buffer;
#[cfg_attr(not(feature = "burn"), allow(dead_code, unused_imports))]
mod conv;
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
