//! Which frames of a padded batch are real.

use burn::tensor::{Bool, Tensor, TensorData};

/// The real frames of each item of a batch that is padded to `frames`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lengths {
    frames: usize,
    items: Vec<usize>,
}

impl Lengths {
    /// Of items padded to the longest.
    pub fn new(items: Vec<usize>) -> Self {
        Self { frames: items.iter().copied().max().unwrap_or(0), items }
    }

    /// After a layer that leaves `count(n)` of `n` frames.
    pub fn map(&self, count: impl Fn(usize) -> usize) -> Self {
        Self { frames: count(self.frames), items: self.items.iter().map(|&length| count(length)).collect() }
    }

    /// Each item's real frames.
    pub fn items(&self) -> &[usize] {
        &self.items
    }

    /// Whether any item is shorter than the batch.
    pub fn padded(&self) -> bool {
        self.items.iter().any(|&length| length < self.frames)
    }

    /// A value for each frame of each item, from the frame's index and the item's length.
    pub fn each<T>(&self, value: impl Fn(usize, usize) -> T) -> Vec<T> {
        let value = &value;
        self.items.iter().flat_map(|&length| (0..self.frames).map(move |frame| value(frame, length))).collect()
    }

    /// `x`, `[batch, frames, channels]`, with zeros in the padding, whatever stood there.
    pub fn zeroed(&self, x: Tensor<3>) -> Tensor<3> {
        if !self.padded() {
            return x;
        }
        let beyond = TensorData::new(self.each(|frame, length| frame >= length), [self.items.len(), self.frames, 1]);
        let beyond = Tensor::<3, Bool>::from_data(beyond, &x.device()).expand(x.dims());
        x.mask_fill(beyond, 0.0)
    }

    /// Mean and variance of each channel over the item's real frames, `[batch, 1, channels]` each. `x` is
    /// `[batch, frames, channels]`.
    pub fn moments(&self, x: Tensor<3>) -> (Tensor<3>, Tensor<3>) {
        let share: Vec<f32> = self.items.iter().map(|&length| 1.0 / length.max(1) as f32).collect();
        let share = Tensor::<3>::from_data(TensorData::new(share, [self.items.len(), 1, 1]), &x.device());
        let mean = self.zeroed(x.clone()).sum_dim(1) * share.clone();
        let centred = self.zeroed(x - mean.clone());
        (mean, (centred.clone() * centred).sum_dim(1) * share)
    }
}
