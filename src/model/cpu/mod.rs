//! What the fused operations of the CPU device share: vector registers, the matrix product, working memory, and the way
//! from Burn's tensors to slices.

pub mod buffer;
pub mod panel;
pub mod shared;
pub mod simd;
pub mod tensor;
