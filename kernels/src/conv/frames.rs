//! Where the real frames of a padded batch lie once they are packed.
//!
//! Items follow one another in the order of the batch, with `half` rows of zeros (half a kernel) before the first, after
//! the last and between neighbours. A convolution's input for one frame is then one run of consecutive numbers, at a
//! clip's edges too: the convolution is a single matrix product whose left rows overlap, with nothing copied.

use std::ops::Range;

/// Frames of a piece at most: even, so that no pair of frames that are pooled is parted.
///
/// Pieces are what threads share out and what sums are taken over, so that neither depends on the number of threads.
/// Their numbers fit the second-level cache.
const PIECE: usize = 256;

/// Rows that the gradient of the weights is summed over in one go.
const GROUP: usize = 1024;

/// Frames of one item that are worked on together.
#[derive(Debug, Clone)]
pub struct Piece {
    /// The item in the batch.
    pub item: usize,
    /// Its frames, from an even one on.
    pub frames: Range<usize>,
    /// The packed row of the first frame.
    pub row: usize,
}

impl Piece {
    /// Number of frames.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// The pooled steps that its frames become.
    pub fn steps(&self) -> Range<usize> {
        self.frames.start / 2..self.frames.end / 2
    }

    /// The packed rows.
    pub fn rows(&self) -> Range<usize> {
        self.row..self.row + self.len()
    }
}

/// The packed frames of a batch.
#[derive(Debug, Clone)]
pub struct Frames {
    /// Items of the batch.
    pub items: usize,
    /// Real frames of all items together.
    pub real: usize,
    /// Packed rows, the zeros included.
    pub rows: usize,
    /// Pieces of the items in order, each item cut from its first frame on.
    pub pieces: Vec<Piece>,
}

impl Frames {
    /// Packs items of the given lengths with `half` rows of zeros around each.
    pub fn new(lengths: &[usize], half: usize) -> Self {
        let mut pieces = Vec::new();
        let mut row = half;
        for (item, &length) in lengths.iter().enumerate() {
            for start in (0..length).step_by(PIECE) {
                pieces.push(Piece { item, frames: start..length.min(start + PIECE), row: row + start });
            }
            row += length + half;
        }
        Self { items: lengths.len(), real: lengths.iter().sum(), rows: row, pieces }
    }

    /// Neighbouring pieces of about [`GROUP`] rows together.
    pub fn groups(&self) -> Vec<&[Piece]> {
        let mut groups = Vec::new();
        let (mut start, mut rows) = (0, 0);
        for (i, piece) in self.pieces.iter().enumerate() {
            rows += piece.len();
            if rows >= GROUP || i + 1 == self.pieces.len() {
                groups.push(&self.pieces[start..=i]);
                (start, rows) = (i + 1, 0);
            }
        }
        groups
    }

    /// Zeroes the rows of `stride` numbers that belong to no frame.
    pub fn clear_gaps(&self, stride: usize, numbers: &mut [f32]) {
        let mut end = 0;
        for piece in &self.pieces {
            numbers[end * stride..piece.row * stride].fill(0.0);
            end = piece.rows().end;
        }
        numbers[end * stride..self.rows * stride].fill(0.0);
    }

    /// Each piece's part of an array with a row of `stride` numbers per packed row.
    pub fn split_rows<'a>(&self, stride: usize, numbers: &'a mut [f32]) -> Vec<&'a mut [f32]> {
        split(numbers, self.pieces.iter().map(|piece| piece.row * stride..piece.rows().end * stride))
    }

    /// Each piece's part of an array `[items, frames, width]`.
    pub fn split_frames<'a>(&self, frames: usize, width: usize, numbers: &'a mut [f32]) -> Vec<&'a mut [f32]> {
        let at = |piece: &Piece, frame: usize| (piece.item * frames + frame) * width;
        split(numbers, self.pieces.iter().map(|piece| at(piece, piece.frames.start)..at(piece, piece.frames.end)))
    }

    /// Each piece's part of an array `[items, steps, width]` of pooled steps.
    pub fn split_steps<'a>(&self, steps: usize, width: usize, numbers: &'a mut [f32]) -> Vec<&'a mut [f32]> {
        let at = |piece: &Piece, step: usize| (piece.item * steps + step) * width;
        split(numbers, self.pieces.iter().map(|piece| at(piece, piece.steps().start)..at(piece, piece.steps().end)))
    }
}

/// The parts of `numbers` in the given ranges, which ascend and do not overlap.
fn split(mut numbers: &mut [f32], ranges: impl Iterator<Item = Range<usize>>) -> Vec<&mut [f32]> {
    let mut end = 0;
    ranges
        .map(|range| {
            let (part, rest) = std::mem::take(&mut numbers)[range.start - end..].split_at_mut(range.len());
            (numbers, end) = (rest, range.end);
            part
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_frame_has_a_row_and_zeros_stand_between_items() {
        let lengths = [3, 1, 700, 256, 2];
        for half in 0..4 {
            let frames = Frames::new(&lengths, half);
            let mut numbers = vec![1.0f32; frames.rows * 2];
            frames.clear_gaps(2, &mut numbers);
            assert_eq!(numbers.iter().sum::<f32>() as usize, 2 * frames.real);
            assert_eq!(frames.rows, frames.real + 6 * half);
            let mut row = half;
            for (item, &length) in lengths.iter().enumerate() {
                let rows: Vec<usize> = frames.pieces.iter().filter(|p| p.item == item).flat_map(Piece::rows).collect();
                assert_eq!(rows, (row..row + length).collect::<Vec<_>>());
                row += length + half;
            }
            assert_eq!(frames.groups().concat().len(), frames.pieces.len());
            assert!(frames.pieces.iter().all(|piece| piece.frames.start % 2 == 0));
        }
    }

    #[test]
    fn parts_are_each_piece_s_own() {
        let frames = Frames::new(&[3, 1, 515], 1);
        let mut numbers: Vec<f32> = (0..3 * 260 * 2).map(|i| i as f32).collect();
        for (piece, part) in frames.pieces.iter().zip(frames.split_steps(260, 2, &mut numbers)) {
            assert_eq!(part.len(), 2 * piece.steps().len());
            assert!(part.is_empty() || part[0] as usize == (piece.item * 260 + piece.steps().start) * 2);
        }
        let mut numbers: Vec<f32> = (0..3 * 515).map(|i| i as f32).collect();
        for (piece, part) in frames.pieces.iter().zip(frames.split_frames(515, 1, &mut numbers)) {
            assert_eq!((part.len(), part[0] as usize), (piece.len(), piece.item * 515 + piece.frames.start));
        }
    }
}
