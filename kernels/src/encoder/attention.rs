//! Self-attention of some frames of a clip over all of them, one head after the other. Scores exist for a block of frames
//! at a time.

use crate::buffer::Buffer;
use crate::encoder::rows::{scale_rows, softmax_rows};
use crate::level::Level;
use crate::panel::{PANEL, Panel, Start, multiply};
use crate::simd::LANES;

/// Scores that exist at a time, in numbers: with the keys and values of a head they fit the second-level cache.
const SCORES: usize = 32 << 10;

/// Keys that a run over the values takes: their rows and the scores' fit the first-level cache.
const KEYS: usize = 96;

/// The sizes of a clip's attention.
#[derive(Clone, Copy)]
pub struct Heads {
    /// How many heads there are.
    pub count: usize,
    /// Channels of each, filled up to a multiple of [`LANES`].
    pub width: usize,
    /// Frames of the clip.
    pub frames: usize,
}

impl Heads {
    /// Numbers that the clip's keys take.
    pub fn keys(self) -> usize {
        self.count * self.width * self.frames.next_multiple_of(PANEL)
    }

    /// Numbers that the clip's values take.
    pub fn values(self) -> usize {
        self.count * self.width * self.frames
    }

    /// Numbers of all heads of a frame.
    pub fn channels(self) -> usize {
        self.count * self.width
    }

    /// Puts the keys and values of `rows` frames from `first` on in their places: keys as
    /// `[head][panel of frames][channel][frame]`, values as `[head][frame][channel]`.
    ///
    /// # Safety
    /// `projected` has so many rows of three times [`Heads::channels`] numbers (queries, keys, values); `keys` and `values`
    /// have room for the clip's, and no other thread touches what belongs to these frames.
    pub unsafe fn place(self, projected: *const f32, (first, rows): (usize, usize), keys: *mut f32, values: *mut f32) {
        let Self { count, width, frames } = self;
        let (channels, padded) = (self.channels(), frames.next_multiple_of(PANEL));
        for row in 0..rows {
            let frame = first + row;
            // SAFETY: frame `first + row` is one of the clip's, and the places are within what the caller vouches for.
            unsafe {
                let from = projected.add(row * 3 * channels + channels);
                let within = frame / PANEL * PANEL * width + frame % PANEL;
                for head in 0..count {
                    let to = keys.add(head * width * padded + within);
                    for channel in 0..width {
                        *to.add(channel * PANEL) = *from.add(head * width + channel);
                    }
                    let to = values.add((head * frames + frame) * width);
                    std::ptr::copy_nonoverlapping(from.add(channels + head * width), to, width);
                }
            }
        }
    }

    /// The attention of `rows` frames: their queries, each `stride` numbers from the one before, over all keys and values,
    /// into rows of [`Heads::channels`] numbers.
    ///
    /// # Safety
    /// `queries` has so many rows, `keys` and `values` are as [`Heads::place`] lays them out, `to` is writable for so many
    /// rows, and no other thread touches what is written or writes what is read.
    pub unsafe fn attend(
        self,
        level: Level,
        (queries, stride): (*const f32, usize),
        rows: usize,
        keys: *const f32,
        values: *const f32,
        to: *mut f32,
    ) {
        let Self { count, width, frames } = self;
        let (channels, padded) = (self.channels(), frames.next_multiple_of(PANEL));
        let block = (SCORES / padded).clamp(6, rows.max(6)).min(rows);
        let mut scores = Buffer::new(block * padded);
        let mut inverse = Buffer::new(block);
        for head in 0..count {
            for first in (0..rows).step_by(block.max(1)) {
                let rows = block.min(rows - first);
                // SAFETY: panels of keys and values of this head, which has `frames` of them; rows `first..first + rows`
                // of queries and results; scores for `rows` rows of `padded` numbers.
                unsafe {
                    let to = to.add(first * channels + head * width);
                    for panel in (0..frames).step_by(PANEL) {
                        let panel = Panel {
                            rows,
                            columns: PANEL.min((frames - panel).next_multiple_of(LANES)),
                            depth: width,
                            a: queries.add(first * stride + head * width),
                            a_row: stride,
                            a_column: 1,
                            b: keys.add((head * padded + panel) * width),
                            b_row: PANEL,
                            c: scores.as_mut_ptr().add(panel),
                            c_row: padded,
                            start: Start::Zero,
                        };
                        multiply(level, panel);
                    }
                    softmax_rows(level, scores.as_mut_ptr(), rows, frames, padded, inverse.as_mut_ptr());
                    for key in (0..frames).step_by(KEYS) {
                        let panel = Panel {
                            rows,
                            columns: width,
                            depth: KEYS.min(frames - key),
                            a: scores.as_ptr().add(key),
                            a_row: padded,
                            a_column: 1,
                            b: values.add((head * frames + key) * width),
                            b_row: width,
                            c: to,
                            c_row: channels,
                            start: if key == 0 { Start::Zero } else { Start::Sum },
                        };
                        multiply(level, panel);
                    }
                    scale_rows(level, to, rows, width, channels, inverse.as_ptr());
                }
            }
        }
    }
}
