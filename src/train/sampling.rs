//! Which utterances make up an epoch, and in which batches.

use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use super::data::Item;
use crate::rng;

/// `train.sampling`: how an epoch's windows are drawn (clips, where they are not cut into windows).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sampling {
    /// Every clip once, in random order.
    #[default]
    Shuffled,
    /// As many draws, but the same number from every class: clips of rare classes several times, of frequent ones not in
    /// every epoch. No clip is drawn again before all others of its class were.
    Balanced,
}

impl Sampling {
    /// Whether it is what a config without one means.
    #[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
    pub(super) fn is_default(&self) -> bool {
        *self == Self::Shuffled
    }

    /// Random batches of `size` for the epoch: a function of the seed and the epoch alone. `stratum` is the group of a clip that balanced
    /// sampling draws from.
    ///
    /// Batches are not sorted by length: in acted speech length goes with emotion, and batches of few classes learn worse
    /// (RAVDESS, Luna's folds, one seed: 43.6 UAR with sorting in pools of eight batches, 47.3 without). Padding is nearly
    /// free, since the fused operations pass over it.
    pub(crate) fn batches(
        self,
        items: &[Item],
        stratum: impl Fn(usize) -> usize,
        size: usize,
        seed: u64,
        epoch: usize,
    ) -> Vec<Vec<Item>> {
        let mut order = match self {
            Self::Shuffled => items.to_vec(),
            Self::Balanced => balanced(items, stratum, seed, epoch),
        };
        order.shuffle(&mut rng::stream(seed, &[&"order", &epoch]));
        let mut batches: Vec<Vec<Item>> = order.chunks(size).map(<[Item]>::to_vec).collect();
        // Batch statistics of a lone clip are no statistics: it joins the batch before it.
        if let [.., before, last] = batches.as_mut_slice()
            && last.len() == 1
        {
            before.append(last);
            batches.pop();
        }
        batches
    }
}

/// As many draws as there are items, spread evenly over the classes that they have.
fn balanced(items: &[Item], stratum: impl Fn(usize) -> usize, seed: u64, epoch: usize) -> Vec<Item> {
    let mut classes = std::collections::BTreeMap::<usize, Vec<Item>>::new();
    for &item in items {
        classes.entry(stratum(item.clip)).or_default().push(item);
    }
    let mut stream = rng::stream(seed, &[&"balance", &epoch]);
    let mut classes: Vec<Vec<Item>> = classes.into_values().collect();
    // What cannot be spread evenly goes to other classes in other epochs.
    classes.shuffle(&mut stream);
    let (count, all) = (classes.len().max(1), items.len());
    let mut drawn = Vec::with_capacity(all);
    for (i, mut clips) in classes.into_iter().enumerate() {
        let mut wanted = all / count + usize::from(i < all % count);
        while wanted > 0 {
            clips.shuffle(&mut stream);
            drawn.extend(clips.iter().take(wanted));
            wanted -= wanted.min(clips.len());
        }
    }
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(clips: impl Iterator<Item = usize>) -> Vec<Item> {
        clips.map(|clip| Item { clip, window: 0 }).collect()
    }

    #[test]
    fn an_epoch_has_every_clip_once_and_no_batch_of_one() {
        let members = items(10..27);
        let batches = Sampling::Shuffled.batches(&members, |_| 0, 4, 1, 3);
        assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [4, 4, 4, 5]);
        assert_ne!(batches, Sampling::Shuffled.batches(&members, |_| 0, 4, 1, 4));
        let mut all = batches.concat();
        all.sort_unstable();
        assert_eq!(all, members);
    }

    #[test]
    fn balanced_epochs_draw_every_class_alike_and_every_clip_of_it_in_turn() {
        // 3 clips of class 0, 1 of class 1, 20 of class 2.
        let labels: Vec<usize> = (0..24).map(|clip| [0, 0, 0, 1].get(clip).copied().unwrap_or(2)).collect();
        let members = items(0..24);
        let drawn = Sampling::Balanced.batches(&members, |clip| labels[clip], 8, 1, 1).concat();
        let times = |clip: usize| drawn.iter().filter(|item| item.clip == clip).count();
        assert_eq!(drawn.len(), 24);
        assert_eq!((0..4).map(times).collect::<Vec<_>>().iter().sum::<usize>(), 16);
        assert!((0..3).all(|clip| (2..=3).contains(&times(clip))) && times(3) == 8);
        assert!((4..24).all(|clip| times(clip) <= 1));
        assert_ne!(drawn, Sampling::Balanced.batches(&members, |clip| labels[clip], 8, 1, 2).concat());
    }
}
