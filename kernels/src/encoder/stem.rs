//! Whisper's stem: two convolutions over three frames each, GELU behind both, positions.
//!
//! A convolution over time is a product whose rows overlap: the three frames that it sees lie side by side.

use rayon::prelude::*;

use crate::buffer::Buffer;
use crate::encoder::packed::{Begin, Packed, Rows};
use crate::encoder::rows::{add_rows, gelu_rows};
use crate::encoder::{Block, blocks};
use crate::level::Level;
use crate::shared::Shared;
use crate::simd::LANES;

/// Frames that a convolution sees.
const KERNEL: usize = 3;

/// A convolution's weights.
#[derive(Clone, Debug)]
pub struct Convolution {
    /// `[outputs, inputs, 3]`, row-major.
    pub weight: Vec<f32>,
    /// `[outputs]`.
    pub bias: Vec<f32>,
}

impl Convolution {
    fn pack(&self, outputs: usize, inputs: usize) -> Packed {
        assert!(
            self.weight.len() == outputs * inputs * KERNEL && self.bias.len() == outputs,
            "a convolution's weights are of its size"
        );
        let row = |output: usize, row: &mut [f32]| {
            for (at, to) in row.iter_mut().enumerate() {
                let (frame, channel) = (at / inputs, at % inputs);
                *to = self.weight[(output * inputs + channel) * KERNEL + frame];
            }
        };
        Packed::new([outputs, KERNEL * inputs], row, |to| self.bias[to])
    }
}

/// Whisper's stem, ready to compute.
#[derive(Clone)]
pub struct Stem {
    bands: usize,
    dims: usize,
    first: Packed,
    second: Packed,
    /// `[frames, dims]`.
    positions: Vec<f32>,
}

impl Stem {
    /// Lays out the weights of convolutions from `bands` to `dims` and from `dims` to `dims`, the latter at every second
    /// frame; `positions` is `[frames, dims]`.
    ///
    /// # Panics
    ///
    /// If weights are not of those sizes, or `dims` is no multiple of sixteen.
    #[must_use]
    pub fn new([bands, dims]: [usize; 2], first: &Convolution, second: &Convolution, positions: Vec<f32>) -> Self {
        assert!(dims.is_multiple_of(LANES) && positions.len().is_multiple_of(dims), "a stem of such sizes");
        Self { bands, dims, first: first.pack(dims, bands), second: second.pack(dims, dims), positions }
    }

    /// State 0 of clips, `[frames of all clips, dims]`, from each one's `[its frames × 2, bands]`, or one frame fewer; and
    /// the clips' frames.
    ///
    /// # Panics
    ///
    /// If a clip's numbers are no whole frames, or more than there are positions for.
    #[must_use]
    pub fn forward(&self, clips: &[&[f32]]) -> (Vec<f32>, Vec<usize>) {
        self.forward_at(Level::current(), clips)
    }

    pub(super) fn forward_at(&self, level: Level, clips: &[&[f32]]) -> (Vec<f32>, Vec<usize>) {
        let Self { bands, dims, .. } = *self;
        assert!(clips.iter().all(|clip| clip.len().is_multiple_of(bands)), "whole frames");
        let lengths: Vec<usize> = clips.iter().map(|clip| (clip.len() / bands).div_ceil(2)).collect();
        assert!(lengths.iter().all(|&frames| frames * dims <= self.positions.len()), "a position for each frame");
        let rows: Vec<usize> =
            lengths.iter().scan(0, |sum, &frames| Some(std::mem::replace(sum, *sum + frames))).collect();
        let mut x = vec![0.0; lengths.iter().sum::<usize>() * dims];
        let to = Shared::new(&mut x);
        blocks(&lengths).par_iter().for_each(|&block| {
            let to = to.at((rows[block.item] + block.first) * dims);
            // SAFETY: every block is a task of its own, and its rows lie behind `to`, within the array whose size `Shared`
            // saw.
            unsafe { self.block(level, clips[block.item], block, to) };
        });
        (x, lengths)
    }

    /// A block of frames of a clip.
    ///
    /// # Safety
    /// `to` is writable for the block's rows of `dims` numbers, and no other thread touches them.
    unsafe fn block(&self, level: Level, clip: &[f32], Block { first, rows, .. }: Block, to: *mut f32) {
        let Self { bands, dims, .. } = *self;
        let frames = clip.len() / bands;
        // What the second convolution sees: from the frame before the block's first on. And what the first one does, from
        // one more before. Beyond the clip both see zeros.
        let middle = 2 * rows + 1;
        let mut input = Buffer::zeros((middle + 2) * bands);
        let before = (2 * first).checked_sub(2);
        let (skip, from) = if let Some(from) = before { (0, from) } else { (2, 0) };
        let real = (middle + 2 - skip).min(frames - from);
        input[skip * bands..(skip + real) * bands].copy_from_slice(&clip[from * bands..(from + real) * bands]);
        let mut between = Buffer::new(middle * dims);
        // SAFETY: buffers have room for the rows, of which the last ones reach to their ends; `to` is the caller's.
        unsafe {
            let rows_of = |first: *const f32, count: usize, stride: usize| Rows { first, count, stride };
            let sees = rows_of(input.as_ptr(), middle, bands);
            self.first.multiply(level, sees, (0..dims, 0..KERNEL * bands), (between.as_mut_ptr(), dims), Begin::Bias);
            gelu_rows(level, between.as_mut_ptr(), middle, dims, dims);
            // Row r is frame 2 first + r - 1.
            if first == 0 {
                between[..dims].fill(0.0);
            }
            let real = middle.min(frames + 1 - 2 * first);
            between[real * dims..].fill(0.0);
            let sees = rows_of(between.as_ptr(), rows, 2 * dims);
            self.second.multiply(level, sees, (0..dims, 0..KERNEL * dims), (to, dims), Begin::Bias);
            gelu_rows(level, to, rows, dims, dims);
            add_rows(level, self.positions[first * dims..].as_ptr(), to, rows, dims, dims, dims);
        }
    }
}

impl std::fmt::Debug for Stem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stem").field("bands", &self.bands).field("dims", &self.dims).finish_non_exhaustive()
    }
}
