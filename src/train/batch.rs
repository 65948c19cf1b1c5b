//! Training batches: which copy stands in for a clip, what is masked and mixed, and what the network should say.

use std::borrow::Cow;

use burn::tensor::{Device, Tensor, TensorData};
use rand::{RngExt, seq::SliceRandom};

use super::data::{Dataset, pad};
use crate::{augment::AugmentConfig, model::NetInput, rng};

/// What makes the training side's batches. All that is random in them is a function of the seed, the epoch and the clip or
/// the batch.
pub(super) struct Batches<'a> {
    pub data: &'a Dataset,
    /// Each clip's class.
    pub labels: &'a [usize],
    /// How many classes there are.
    pub classes: usize,
    pub augment: &'a AugmentConfig,
    pub label_smoothing: f64,
    pub seed: u64,
}

impl Batches<'_> {
    /// Batch `index` of the epoch, and the probabilities that the network should give, `[batch, classes]`.
    pub(super) fn batch(&self, clips: &[usize], epoch: usize, index: usize, device: &Device) -> (NetInput, Tensor<2>) {
        let mut rows: Vec<Cow<[f32]>> = clips.iter().map(|&clip| self.rows(clip, epoch)).collect();
        let mut targets: Vec<Vec<f32>> = clips.iter().map(|&clip| self.target(self.labels[clip])).collect();
        if let Some(mixup) = &self.augment.mixup {
            let mut stream = rng::stream(self.seed, &[&"mixup", &epoch, &index]);
            let weight = mixup.weight(&mut stream);
            let mut partners: Vec<usize> = (0..clips.len()).collect();
            partners.shuffle(&mut stream);
            rows = partners.iter().zip(&rows).map(|(&i, own)| Cow::Owned(mix(own, &rows[i], weight))).collect();
            targets = partners.iter().zip(&targets).map(|(&i, own)| mix(own, &targets[i], weight)).collect();
        }
        let rows: Vec<&[f32]> = rows.iter().map(Cow::as_ref).collect();
        let input = pad(&rows, self.data.dims(), self.data.min_frames(), device);
        let targets = TensorData::new(targets.concat(), [clips.len(), self.classes]);
        (input, Tensor::from_data(targets, device))
    }

    /// The clip's scaled values or those of a copy, masked where the config says so.
    fn rows(&self, clip: usize, epoch: usize) -> Cow<'_, [f32]> {
        let copies = self.data.copies(clip);
        let mut rows = Cow::Borrowed(self.data.values(clip));
        if !copies.is_empty() {
            let mut stream = rng::stream(self.seed, &[&"copy", &epoch, &clip]);
            if stream.random_bool(self.augment.share) {
                rows = Cow::Borrowed(&copies[stream.random_range(0..copies.len() as u64) as usize]);
            }
        }
        if let Some(masks) = &self.augment.spec_augment {
            masks.mask(rows.to_mut(), self.data.dims(), &mut rng::stream(self.seed, &[&"masks", &epoch, &clip]));
        }
        rows
    }

    /// All for the class, less what is spread over all classes.
    fn target(&self, class: usize) -> Vec<f32> {
        let spread = self.label_smoothing / self.classes as f64;
        let mut target = vec![spread as f32; self.classes];
        target[class] = (1.0 - self.label_smoothing + spread) as f32;
        target
    }
}

/// The weighted mean of two rows of values; what the shorter one lacks is zero, as in the padding.
fn mix(own: &[f32], other: &[f32], weight: f32) -> Vec<f32> {
    let at = |values: &[f32], i: usize| values.get(i).copied().unwrap_or(0.0);
    (0..own.len().max(other.len())).map(|i| weight * at(own, i) + (1.0 - weight) * at(other, i)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::augment::{Mixup, SpecAugment};

    /// Clips of 8 frames of 2 columns: clip `c` is 10 c + 1 throughout, its copy `n` 10 c + 2 + n.
    fn data(clips: usize, copies: usize) -> Dataset {
        let value = |x: usize| vec![x as f32; 16];
        Dataset::of_values(
            (0..clips).map(|c| value(10 * c + 1)).collect(),
            (0..clips).map(|c| (0..copies).map(|n| value(10 * c + 2 + n)).collect()).collect(),
            2,
        )
    }

    fn values(of: &Batches, clips: &[usize], epoch: usize) -> (Vec<f32>, Vec<f32>) {
        let (input, targets) = of.batch(clips, epoch, 0, &Device::flex());
        (input.features.into_data().iter::<f32>().collect(), targets.into_data().iter::<f32>().collect())
    }

    #[test]
    fn copies_stand_in_as_often_as_they_should_and_alike() {
        let data = data(400, 3);
        let augment = AugmentConfig { share: 0.25, ..AugmentConfig::default() };
        let (labels, clips) = (vec![1; 400], (0..400).collect::<Vec<_>>());
        let of = Batches { data: &data, labels: &labels, classes: 3, augment: &augment, label_smoothing: 0.0, seed: 1 };
        let (drawn, targets) = values(&of, &clips, 1);
        assert_eq!((drawn.clone(), targets.clone()), values(&of, &clips, 1));
        assert_ne!(drawn, values(&of, &clips, 2).0);
        assert_eq!(targets[..3], [0.0, 1.0, 0.0]);
        let mut counts = [0usize; 4];
        drawn.chunks_exact(16).enumerate().for_each(|(c, rows)| counts[rows[0] as usize - 10 * c - 1] += 1);
        assert!(counts[0].abs_diff(300) < 35 && counts[1..].iter().all(|n| n.abs_diff(33) < 20), "{counts:?}");
        // A clip's draw is its own, whatever else is in the batch.
        assert_eq!(values(&of, &[7, 300], 1).0[16..], drawn[300 * 16..][..16]);
    }

    #[test]
    fn mixup_mixes_values_and_truth_alike_and_smoothing_spreads_it() {
        let data = data(8, 0);
        let augment = AugmentConfig {
            mixup: Some(Mixup { alpha: 1.0 }),
            spec_augment: Some(SpecAugment::default()), // masks constants by their own mean
            ..AugmentConfig::default()
        };
        let labels: Vec<usize> = (0..8).collect();
        let of = Batches { data: &data, labels: &labels, classes: 8, augment: &augment, label_smoothing: 0.1, seed: 1 };
        let (rows, targets) = values(&of, &labels, 1);
        for (row, target) in rows.chunks_exact(16).zip(targets.chunks_exact(8)) {
            approx::assert_relative_eq!(target.iter().sum::<f32>(), 1.0, max_relative = 1e-5);
            let truth = target.iter().map(|p| (p - 0.1 / 8.0) / 0.9);
            let expected: f32 = truth.enumerate().map(|(class, p)| p * (10 * class + 1) as f32).sum();
            approx::assert_relative_eq!(row[5], expected, max_relative = 1e-4);
        }
        assert!(targets.iter().all(|p| *p > 0.012));
    }

    #[test]
    fn what_is_shorter_is_filled_with_padding() {
        assert_eq!(mix(&[4.0], &[0.0, 8.0], 0.75), [3.0, 2.0]);
    }
}
