//! What a run reads besides its config.

use std::collections::BTreeMap;

use super::{Prepared, distillation::Distillation, init::Start};
use crate::{
    corpus::{Clip, speaker_traits},
    protocol::{Fold, Side},
    run::{ClipRecord, DataRecord, DataRow, PROPERTIES, SplitRow, short},
};

impl Prepared {
    /// The record of the clips that a run on this fold reads.
    #[must_use]
    pub fn data(&self, fold: &Fold) -> DataRecord {
        of(self, fold, None, None).0
    }
}

/// The record of what a run reads, and the rows of its `split.csv`.
pub(super) fn of(
    prepared: &Prepared,
    fold: &Fold,
    start: Option<&Start>,
    distillation: Option<&Distillation>,
) -> (DataRecord, Vec<SplitRow>) {
    let mut sides = vec![None; prepared.clips.len()];
    for (side, members) in [(Side::Train, &fold.train), (Side::Validation, &fold.validation), (Side::Test, &fold.test)]
    {
        members.iter().for_each(|&clip| sides[clip] = Some(side));
    }
    let rows: Vec<DataRow> = prepared
        .clips
        .iter()
        .enumerate()
        .map(|(i, clip)| DataRow {
            clip: clip.id.clone(),
            speaker: clip.speaker_key(),
            emotion: prepared.classes[prepared.labels[i]].clone(),
            side: sides[i],
            hash: prepared.hashes[i].as_ref().map(short),
        })
        .collect();
    let noises = prepared.augmenter.noises().map(|hash| ("augment.noise.folder".to_owned(), short(&hash)));
    let start = start.map(|start| ("train.init".to_owned(), short(&start.digest)));
    let teachers = distillation.into_iter().flat_map(Distillation::digests).enumerate();
    let teachers = teachers.map(|(i, digest)| (format!("{}[{i}]", super::distillation::KEY), short(&digest)));
    let targets = prepared.task.digest().map(|digest| ("task.targets".to_owned(), short(&digest)));
    let properties = Some((PROPERTIES.to_owned(), short(&properties(&prepared.clips))));
    let inputs: BTreeMap<String, String> =
        noises.into_iter().chain(start).chain(teachers).chain(targets).chain(properties).collect();
    (DataRecord::of(&rows, inputs), rows.iter().filter_map(DataRow::on_a_side).collect())
}

/// The digest of all that reports group the clips by and that is no class: speakers' sex and age, sentences, intensities.
fn properties(clips: &[Clip]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    let traits = speaker_traits(clips);
    for clip in clips {
        let of = traits.iter().filter_map(|&name| Some((name, clip.meta.extra.get(name)?.as_str())));
        let ClipRecord { clip, sex, age, sentence, intensity, repetition, traits, .. } =
            ClipRecord::of(clip, None, None).with_traits(of);
        let text = format!("{:?}\n", (clip, sex, age, sentence, intensity, repetition, traits));
        hasher.update(text.as_bytes());
    }
    hasher.finalize()
}
