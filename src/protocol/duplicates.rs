//! Which clips are one recording: files with the same audio, and copies of one clip.

use std::{collections::BTreeMap, path::Path};

use super::{copies::original_stem, union::Union};
use crate::corpus::Clip;

/// The column of a manifest that names the clip which a row is a copy of, by its file or its stem.
const COPY_OF: &str = "copy_of";

/// For each clip that is a recording which another clip is too: the least id among them.
type Relation = BTreeMap<String, String>;

/// Which clips are one recording and must therefore be on one side of a split.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Duplicates {
    audio: Relation,
    copies: Relation,
    files: Relation,
    either: Relation,
}

impl Duplicates {
    /// Looks for copies among the clips and adds the `groups` of ids whose files have the same audio. Ids that are not
    /// among the clips are passed over.
    ///
    /// Copies are clips of one speaker and emotion with the same stem but for the words that augmentation adds
    /// (`x_noise`), and those that name their original in a column `copy_of`.
    pub(super) fn find<'g>(clips: &[&Clip], groups: impl IntoIterator<Item = &'g [String]>) -> Self {
        let places: BTreeMap<&str, usize> = clips.iter().enumerate().map(|(i, clip)| (clip.id.as_str(), i)).collect();
        let audio: Vec<Vec<usize>> = groups
            .into_iter()
            .map(|group| group.iter().filter_map(|id| places.get(id.as_str()).copied()).collect())
            .collect();
        let copies = copies(clips);
        let files = files(clips);
        let either = audio.iter().chain(&copies).chain(&files).cloned().collect::<Vec<_>>();
        Self {
            audio: relate(clips, audio),
            copies: relate(clips, copies),
            files: relate(clips, files),
            either: relate(clips, either),
        }
    }

    /// What all clips with the audio of this one have in common; none where it has them alone.
    pub(super) fn audio(&self, clip: &Clip) -> Option<&str> {
        self.audio.get(&clip.id).map(String::as_str)
    }

    /// What this clip and its copies, or its original, have in common; none where there are no copies.
    pub(super) fn copies(&self, clip: &Clip) -> Option<&str> {
        self.copies.get(&clip.id).map(String::as_str)
    }

    /// What all segments of this clip's file have in common; none where it is alone in its file.
    pub(super) fn file(&self, clip: &Clip) -> Option<&str> {
        self.files.get(&clip.id).map(String::as_str)
    }

    /// What all clips that must be on this one's side have in common.
    pub(super) fn recording<'a>(&'a self, clip: &'a Clip) -> &'a str {
        self.either.get(&clip.id).map_or(&clip.id, String::as_str)
    }
}

fn copies(clips: &[&Clip]) -> Vec<Vec<usize>> {
    let mut groups: BTreeMap<(&str, &str, &str, &str, _), Vec<usize>> = BTreeMap::new();
    for (i, clip) in clips.iter().enumerate() {
        let segment = clip.source.segment();
        // A segment's stem ends on its times: a copy of the file is known by the file's.
        let of_file = segment.and_then(|segment| segment.path.file_stem()?.to_str());
        let stem = of_file.unwrap_or_else(|| clip.id.rsplit('/').next().unwrap_or(&clip.id));
        let times = segment.map(|segment| (segment.start, segment.end, segment.channel));
        let named = clip.meta.extra.get(COPY_OF).and_then(|of| Path::new(of).file_stem()?.to_str());
        let original = original_stem(named.unwrap_or(stem));
        groups.entry((&clip.corpus, &clip.speaker, &clip.emotion, original, times)).or_default().push(i);
    }
    groups.into_values().collect()
}

/// The clips that are segments of one file: segments share the room and the microphone.
fn files(clips: &[&Clip]) -> Vec<Vec<usize>> {
    if clips.iter().all(|clip| clip.source.segment().is_none()) {
        return Vec::new();
    }
    let mut groups: BTreeMap<&Path, Vec<usize>> = BTreeMap::new();
    for (i, clip) in clips.iter().enumerate() {
        if let Some(path) = clip.source.file() {
            groups.entry(path).or_default().push(i);
        }
    }
    groups.into_values().collect()
}

/// Groups that overlap become one; those of a single clip are dropped.
fn relate(clips: &[&Clip], groups: Vec<Vec<usize>>) -> Relation {
    let mut sets = Union::new(clips.len());
    let mut members: Vec<usize> = groups.iter().filter(|group| group.len() > 1).flatten().copied().collect();
    groups.into_iter().for_each(|group| sets.join(group));
    members.sort_unstable();
    // The least clip is the least id: the clips come in order of their ids.
    members.into_iter().map(|i| (clips[i].id.clone(), clips[sets.root(i)].id.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::fake;

    #[test]
    fn groups_that_overlap_are_one_recording_and_strangers_are_passed_over() {
        let clips = fake::named("c", "s", &["a", "b", "c", "d", "e"]);
        let group = |stems: &[&str]| stems.iter().map(|stem| format!("c/s/{stem}")).collect::<Vec<_>>();
        let groups = [group(&["b", "c"]), group(&["e", "c"]), group(&["d", "z"])];
        let duplicates = Duplicates::find(&clips.iter().collect::<Vec<_>>(), groups.iter().map(Vec::as_slice));
        let recordings: Vec<_> = clips.iter().map(|clip| duplicates.recording(clip)).collect();
        assert_eq!(recordings, ["c/s/a", "c/s/b", "c/s/b", "c/s/d", "c/s/b"]);
        assert_eq!(
            (duplicates.audio(&clips[4]), duplicates.audio(&clips[3]), duplicates.copies(&clips[4])),
            (Some("c/s/b"), None, None)
        );
    }

    #[test]
    fn segments_of_one_file_belong_together() {
        let mut clips = fake::named("c", "s", &["a_0-1", "a_1-2", "b_0-1", "a_noise_0-1"]);
        for (clip, (file, start)) in clips.iter_mut().zip([("a", 0), ("a", 1), ("b", 0), ("a_noise", 0)]) {
            let start = std::time::Duration::from_secs(start);
            let segment = crate::audio::Segment {
                path: format!("{file}.wav").into(),
                start,
                end: None,
                channel: crate::audio::Channel::Mix,
            };
            clip.source = crate::corpus::Source::Segment(segment);
        }
        let duplicates = Duplicates::find(&clips.iter().collect::<Vec<_>>(), std::iter::empty());
        let files: Vec<_> = clips.iter().map(|clip| duplicates.file(clip)).collect();
        assert_eq!(files, [Some("c/s/a_0-1"), Some("c/s/a_0-1"), None, None]);
        assert_eq!(duplicates.copies(&clips[3]), Some("c/s/a_0-1"), "the same segment of an altered file");
        let recordings: Vec<_> = clips.iter().map(|clip| duplicates.recording(clip)).collect();
        assert_eq!(recordings, ["c/s/a_0-1", "c/s/a_0-1", "c/s/b_0-1", "c/s/a_0-1"]);
    }

    #[test]
    fn copies_are_known_by_name_or_by_a_column() {
        let mut clips = fake::named("c", "s", &["a", "a_noise", "b", "take7"]);
        clips[3].meta.extra.insert("copy_of".into(), "wavs/b.wav".into());
        let duplicates = Duplicates::find(&clips.iter().collect::<Vec<_>>(), std::iter::empty());
        let recordings: Vec<_> = clips.iter().map(|clip| duplicates.recording(clip)).collect();
        assert_eq!(recordings, ["c/s/a", "c/s/a", "c/s/b", "c/s/b"]);
        clips[1].emotion = "another".into();
        let duplicates = Duplicates::find(&clips.iter().collect::<Vec<_>>(), std::iter::empty());
        assert_eq!(duplicates.copies(&clips[1]), None, "a copy has its original's label");
    }
}
