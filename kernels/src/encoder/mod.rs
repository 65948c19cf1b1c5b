//! Transformer encoders of speech, frozen: the forward pass alone, on plain slices, over weights that are laid out once.
//!
//! ```text
//! stem       Whisper's two convolutions                                    ┐ what the outside calls
//! layers     transformer layers over clips of unlike length                ┘
//! attention  of a block of frames over a clip
//! dense      a dense layer, its weights in 32 or in 8 bits
//! packed     ... in 32 bits: its weights and its product
//! bytes      ... in 8 bits
//! rows       layer normalisation, GELU, softmax
//! ```
//!
//! Clips follow one another without padding, so that what a frame's state is does not depend on the batch, nor on the
//! threads: blocks of frames are tasks of their own, which meet once a layer, where keys and values must be whole.

mod attention;
mod bytes;
mod dense;
mod layers;
mod packed;
mod rows;
mod stem;
#[cfg(test)]
mod tests;

pub use layers::{LayerWeights, Layers, LayersConfig, Linear, Norm, UNITS};
pub use stem::{Convolution, Stem};

use crate::simd::LANES;

/// Rows of a block at most: its numbers stay in the second-level cache.
const ROWS: usize = 192;

/// Some frames of a clip.
#[derive(Clone, Copy, Debug)]
struct Block {
    /// Which clip.
    item: usize,
    /// The first of them in the clip.
    first: usize,
    /// How many.
    rows: usize,
}

/// Cuts clips of so many frames into blocks, enough for all threads. No result depends on how.
fn blocks(lengths: &[usize]) -> Vec<Block> {
    let share = lengths.iter().sum::<usize>().div_ceil(rayon::current_num_threads());
    // Whole tiles of a product.
    let most = share.next_multiple_of(6).clamp(24, ROWS);
    let cut = |(item, &frames): (usize, &usize)| {
        let rows = frames.div_ceil(frames.div_ceil(most).max(1)).next_multiple_of(6);
        (0..frames).step_by(rows.max(1)).map(move |first| Block { item, first, rows: rows.min(frames - first) })
    };
    lengths.iter().enumerate().flat_map(cut).collect()
}

/// Whether the kernels here serve states of so many channels: whole registers.
#[must_use]
pub fn serves(dims: usize) -> bool {
    dims > 0 && dims.is_multiple_of(LANES)
}
