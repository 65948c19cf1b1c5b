//! Training batches: which copy stands in for a clip, what is masked and mixed, and what the network should say.

use burn::tensor::{Device, Tensor, TensorData};
use rand::{RngExt, seq::SliceRandom};

use super::{
    data::{Dataset, Item},
    distil::Answers,
};
use crate::{
    augment::AugmentConfig,
    error::Result,
    model::{NetInput, pad},
    rng,
    task::Task,
};

/// What makes the training side's batches. All that is random in them is a function of the seed, the epoch and the clip or
/// the batch.
pub(crate) struct Batches<'a> {
    pub data: &'a Dataset<'a>,
    /// What the network should say of each clip.
    pub task: &'a dyn Task,
    /// What teachers who hear for themselves say of each clip, in place of its label.
    pub answers: Option<&'a Answers>,
    pub augment: &'a AugmentConfig,
    pub seed: u64,
}

impl Batches<'_> {
    /// Batch `index` of the epoch, and what the network should give, `[batch, outputs]`.
    pub(crate) fn batch(
        &self,
        items: &[Item],
        epoch: usize,
        index: usize,
        device: &Device,
    ) -> Result<(NetInput, Tensor<2>)> {
        let mut rows: Vec<Vec<f32>> = items.iter().map(|&item| self.rows(item, epoch)).collect::<Result<_>>()?;
        let target = |item: &Item| {
            let truth = self.task.target(item.clip);
            match self.answers {
                Some(answers) => answers.target(item.clip, self.copy(item.clip, epoch), truth),
                None => truth,
            }
        };
        let mut targets: Vec<Vec<f32>> = items.iter().map(target).collect();
        if let Some(mixup) = &self.augment.mixup {
            let mut stream = rng::stream(self.seed, &[&"mixup", &epoch, &index]);
            let weight = mixup.weight(&mut stream);
            let mut partners: Vec<usize> = (0..items.len()).collect();
            partners.shuffle(&mut stream);
            rows = partners.iter().zip(&rows).map(|(&i, own)| mix(own, &rows[i], weight)).collect();
            targets = partners.iter().zip(&targets).map(|(&i, own)| mix(own, &targets[i], weight)).collect();
        }
        let rows: Vec<&[f32]> = rows.iter().map(Vec::as_slice).collect();
        let input = pad(&rows, self.data.dims(), self.data.min_frames(), device);
        let columns = self.task.heads().all() + self.answers.map_or(0, Answers::hints);
        let targets = TensorData::new(targets.concat(), [items.len(), columns]);
        Ok((input, Tensor::from_data(targets, device)))
    }

    /// The copy that stands in for a clip in an epoch, if any does: all its windows are of the same.
    fn copy(&self, clip: usize, epoch: usize) -> Option<usize> {
        if self.data.copies(clip) == 0 {
            return None;
        }
        let mut stream = rng::stream(self.seed, &[&"copy", &epoch, &clip]);
        let stands_in = stream.random_bool(self.augment.share);
        stands_in.then(|| stream.random_range(0..self.data.copies(clip) as u64) as usize)
    }

    /// The window's scaled values or those of a copy, masked where the config says so.
    fn rows(&self, item: Item, epoch: usize) -> Result<Vec<f32>> {
        let Item { clip, window } = item;
        let mut rows = self.data.rows(item, self.copy(clip, epoch))?;
        if let Some(masks) = &self.augment.spec_augment {
            // A whole clip's masks are those from before there were windows.
            let mut stream = match window {
                0 => rng::stream(self.seed, &[&"masks", &epoch, &clip]),
                _ => rng::stream(self.seed, &[&"masks", &epoch, &clip, &window]),
            };
            masks.mask(&mut rows, self.data.dims(), &mut stream);
        }
        Ok(rows)
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
    use crate::{
        audio::Windows,
        augment::Mixup,
        cache::Entry,
        task::{Classification, ClassificationLoss},
        train::data::{Scaling, fake},
    };

    /// A clip's value in the middle of its 8 frames: clip `c` is 10 c + 1, its copy `n` 10 c + 2 + n, in parts of 2^13.
    fn value(c: usize, copy: Option<usize>) -> f32 {
        (10 * c + 1 + copy.map_or(0, |n| n + 1)) as f32 / 8_192.0
    }

    /// In a cache of its own: clips, each followed by its copies.
    fn entries(dir: &std::path::Path, clips: usize, copies: usize) -> Vec<Vec<Entry>> {
        let variants = |c| std::iter::once(None).chain((0..copies).map(Some)).map(move |copy| (7, value(c, copy)));
        let all = fake::entries(dir, &(0..clips).flat_map(variants).collect::<Vec<_>>());
        all.chunks(copies + 1).map(<[Entry]>::to_vec).collect()
    }

    fn data<'a>(clips: &'a [Entry], all: &'a [Vec<Entry>]) -> Dataset<'a> {
        let mut data = Dataset::new(clips, vec![Scaling::None; clips.len()], Windows::WHOLE, 1);
        all.iter().enumerate().for_each(|(clip, entries)| data.add_copies(clip, &entries[1..]));
        data
    }

    fn task(classes: usize, labels: Vec<usize>, label_smoothing: f64) -> Classification {
        let loss = ClassificationLoss { label_smoothing, ..ClassificationLoss::default() };
        Classification::new((0..classes).map(|class| class.to_string()).collect(), labels, loss)
    }

    fn items(clips: impl IntoIterator<Item = usize>) -> Vec<Item> {
        clips.into_iter().map(|clip| Item { clip, window: 0 }).collect()
    }

    fn values(of: &Batches, clips: &[Item], epoch: usize) -> (Vec<f32>, Vec<f32>) {
        let (input, targets) = of.batch(clips, epoch, 0, &Device::flex()).unwrap();
        (input.features.into_data().iter::<f32>().collect(), targets.into_data().iter::<f32>().collect())
    }

    #[test]
    fn copies_stand_in_as_often_as_they_should_and_alike() {
        let dir = tempfile::tempdir().unwrap();
        let all = entries(dir.path(), 400, 3);
        let clips: Vec<Entry> = all.iter().map(|entries| entries[0].clone()).collect();
        let data = data(&clips, &all);
        let augment = AugmentConfig { share: 0.25, ..AugmentConfig::default() };
        let (task, clips) = (task(3, vec![1; 400], 0.0), items(0..400));
        let of = Batches { data: &data, task: &task, answers: None, augment: &augment, seed: 1 };
        let (drawn, targets) = values(&of, &clips, 1);
        assert_eq!((drawn.clone(), targets.clone()), values(&of, &clips, 1));
        assert_ne!(drawn, values(&of, &clips, 2).0);
        assert_eq!(targets[..3], [0.0, 1.0, 0.0]);
        let mut counts = [0usize; 4];
        drawn.chunks_exact(16).enumerate().for_each(|(c, rows)| {
            counts[((rows[7] - value(c, None)) * 8_192.0).round() as usize] += 1;
        });
        assert!(counts[0].abs_diff(300) < 35 && counts[1..].iter().all(|n| n.abs_diff(33) < 20), "{counts:?}");
        // A clip's draw is its own, whatever else is in the batch.
        assert_eq!(values(&of, &items([7, 300]), 1).0[16..], drawn[300 * 16..][..16]);
    }

    #[test]
    fn mixup_mixes_values_and_truth_alike_and_smoothing_spreads_it() {
        let dir = tempfile::tempdir().unwrap();
        let all = entries(dir.path(), 8, 0);
        let clips: Vec<Entry> = all.iter().map(|entries| entries[0].clone()).collect();
        let data = data(&clips, &all);
        let augment = AugmentConfig { mixup: Some(Mixup { alpha: 1.0 }), ..AugmentConfig::default() };
        let task = task(8, (0..8).collect(), 0.1);
        let of = Batches { data: &data, task: &task, answers: None, augment: &augment, seed: 1 };
        let (rows, targets) = values(&of, &items(0..8), 1);
        for (row, target) in rows.chunks_exact(16).zip(targets.chunks_exact(8)) {
            approx::assert_relative_eq!(target.iter().sum::<f32>(), 1.0, max_relative = 1e-5);
            let truth = target.iter().map(|p| (p - 0.1 / 8.0) / 0.9);
            let expected: f32 = truth.enumerate().map(|(class, p)| p * value(class, None)).sum();
            approx::assert_relative_eq!(row[7], expected, max_relative = 1e-4);
        }
        assert!(targets.iter().all(|p| *p > 0.012));
    }

    #[test]
    fn what_is_shorter_is_filled_with_padding() {
        assert_eq!(mix(&[4.0], &[0.0, 8.0], 0.75), [3.0, 2.0]);
    }
}
