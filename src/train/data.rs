//! A fold's clips as scaled matrices, and batches of them.

use std::borrow::Cow;

use burn::tensor::{Device, Tensor, TensorData};

use crate::{cache::Entry, features::Scaler, model::NetInput};

/// Clips ready for the network.
pub(super) struct Dataset {
    /// Scaled values of each clip, row after row.
    values: Vec<Vec<f32>>,
    /// The same of each clip's altered copies.
    copies: Vec<Vec<Vec<f32>>>,
    dims: usize,
    min_frames: usize,
}

impl Dataset {
    /// Scales each clip of `members` by the scaler that goes with it. Other clips stay empty, so that indices are those
    /// of the experiment.
    pub(super) fn new<'a>(
        entries: &[Entry],
        members: impl IntoIterator<Item = usize>,
        scaler_of: impl Fn(usize) -> Option<&'a Scaler>,
        min_frames: usize,
    ) -> Self {
        let mut values = vec![Vec::new(); entries.len()];
        for i in members {
            let mut rows = entries[i].values().to_vec();
            if let Some(scaler) = scaler_of(i) {
                scaler.apply(&mut rows);
            }
            values[i] = rows;
        }
        let copies = vec![Vec::new(); entries.len()];
        Self { values, copies, dims: entries.first().map_or(0, Entry::dims), min_frames }
    }

    /// Adds altered copies of a clip, each scaled by the scaler that goes with it.
    pub(super) fn add_copies<'a>(
        &mut self,
        clip: usize,
        copies: &[Entry],
        scaler_of: impl Fn(&Entry) -> Option<Cow<'a, Scaler>>,
    ) {
        for copy in copies {
            let mut rows = copy.values().to_vec();
            if let Some(scaler) = scaler_of(copy) {
                scaler.apply(&mut rows);
            }
            self.copies[clip].push(rows);
        }
    }

    /// The clip's scaled values, row after row.
    pub(super) fn values(&self, clip: usize) -> &[f32] {
        &self.values[clip]
    }

    /// The same of its altered copies.
    pub(super) fn copies(&self, clip: usize) -> &[Vec<f32>] {
        &self.copies[clip]
    }

    /// The fewest frames of a batch.
    pub(super) fn min_frames(&self) -> usize {
        self.min_frames
    }

    /// Clips of so many columns as they are.
    #[cfg(test)]
    pub(super) fn of_values(values: Vec<Vec<f32>>, copies: Vec<Vec<Vec<f32>>>, dims: usize) -> Self {
        Self { values, copies, dims, min_frames: 1 }
    }

    /// Feature columns.
    pub(super) fn dims(&self) -> usize {
        self.dims
    }

    /// Frames of a clip.
    fn frames(&self, clip: usize) -> usize {
        self.values[clip].len() / self.dims.max(1)
    }

    /// The clips as one padded batch.
    pub(super) fn batch(&self, clips: &[usize], device: &Device) -> NetInput {
        let matrices: Vec<&[f32]> = clips.iter().map(|&clip| self.values[clip].as_slice()).collect();
        pad(&matrices, self.dims, self.min_frames, device)
    }

    /// The members in batches for reading only: sorted by length, so that little is padded.
    pub(super) fn plain_batches(&self, members: &[usize], size: usize) -> Vec<Vec<usize>> {
        let mut order = members.to_vec();
        order.sort_by_key(|&clip| (self.frames(clip), clip));
        order.chunks(size).map(<[usize]>::to_vec).collect()
    }
}

/// Matrices of `dims` columns, row after row, as one batch padded with zeros to the longest, or to `min_frames`.
#[must_use]
pub fn pad(matrices: &[&[f32]], dims: usize, min_frames: usize, device: &Device) -> NetInput {
    let lengths: Vec<usize> = matrices.iter().map(|m| (m.len() / dims.max(1)).max(min_frames)).collect();
    let frames = lengths.iter().copied().max().unwrap_or(min_frames);
    let mut padded = vec![0f32; matrices.len() * frames * dims];
    for (item, matrix) in padded.chunks_exact_mut((frames * dims).max(1)).zip(matrices) {
        item[..matrix.len()].copy_from_slice(matrix);
    }
    let features = Tensor::from_data(TensorData::new(padded, [matrices.len(), frames, dims]), device);
    NetInput { features, lengths }
}
