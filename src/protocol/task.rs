//! What a protocol sees: the clips in order of their ids, whatever order they came in, and which of them belong
//! together.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use super::{ProtocolConfig, duplicates::Duplicates, union::Union};
use crate::{
    corpus::Clip,
    error::{Error, Result},
};

/// The clips to deal. Members are indices into `clips`.
pub(super) struct Task<'a> {
    pub config: &'a ProtocolConfig,
    /// The data folder.
    pub data: &'a Path,
    /// In order of their ids, so that a split cannot depend on the order of files on a disk.
    pub clips: Vec<&'a Clip>,
    /// Each clip's class.
    pub labels: Vec<usize>,
    /// Where each clip was among those that came.
    order: Vec<usize>,
    pub duplicates: Duplicates,
}

impl<'a> Task<'a> {
    pub(super) fn new<'g>(
        config: &'a ProtocolConfig,
        data: &'a Path,
        clips: &'a [Clip],
        labels: &[usize],
        groups: impl IntoIterator<Item = &'g [String]>,
    ) -> Result<Self> {
        if clips.len() != labels.len() {
            return Err(Error::Data(format!("{} clips have {} labels: each needs one", clips.len(), labels.len())));
        }
        let mut order: Vec<usize> = (0..clips.len()).collect();
        order.sort_by(|&a, &b| clips[a].id.cmp(&clips[b].id));
        if let Some(twice) = order.windows(2).find(|pair| clips[pair[0]].id == clips[pair[1]].id) {
            return Err(Error::Data(format!(
                "two clips have the id {}: a split could not tell them apart",
                clips[twice[0]].id
            )));
        }
        let sorted: Vec<&Clip> = order.iter().map(|&i| &clips[i]).collect();
        let duplicates = Duplicates::find(&sorted, groups);
        let labels = order.iter().map(|&i| labels[i]).collect();
        Ok(Self { config, data, clips: sorted, labels, order, duplicates })
    }

    /// The members as indices into the clips as they came, ascending. Rows beyond the clips (copies) stay behind them.
    pub(super) fn as_they_came(&self, members: &[usize]) -> Vec<usize> {
        let n = self.clips.len();
        let mut indices: Vec<usize> = members.iter().map(|&row| row - row % n + self.order[row % n]).collect();
        indices.sort_unstable();
        indices
    }

    /// All members.
    pub(super) fn all(&self) -> Vec<usize> {
        (0..self.clips.len()).collect()
    }

    /// The members whose clip is as asked, ascending.
    pub(super) fn members(&self, is_wanted: impl Fn(&Clip) -> bool) -> Vec<usize> {
        (0..self.clips.len()).filter(|&i| is_wanted(self.clips[i])).collect()
    }

    /// The names of the corpora.
    pub(super) fn corpora(&self) -> BTreeSet<&'a str> {
        self.clips.iter().map(|clip| clip.corpus.as_str()).collect()
    }

    /// The recordings among `members`: the clips that must stay together, most of them alone.
    pub(super) fn recordings(&self, members: &[usize]) -> Vec<Vec<usize>> {
        let mut recordings: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for &i in members {
            recordings.entry(self.duplicates.recording(self.clips[i])).or_default().push(i);
        }
        recordings.into_values().collect()
    }

    /// Each speaker's clips among `members`, in order of the speakers. Speakers who share a recording cannot be told
    /// apart by it, and count as one.
    pub(super) fn voices(&self, members: &[usize]) -> Vec<Vec<usize>> {
        let mut speakers: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
        for &i in members {
            speakers.entry((&self.clips[i].corpus, &self.clips[i].speaker)).or_default().push(i);
        }
        let speaker_of: BTreeMap<usize, usize> = speakers
            .values()
            .enumerate()
            .flat_map(|(speaker, members)| members.iter().map(move |&i| (i, speaker)))
            .collect();
        let mut sets = Union::new(speakers.len());
        for recording in self.recordings(members).into_iter().filter(|recording| recording.len() > 1) {
            sets.join(recording.iter().map(|i| speaker_of[i]));
        }
        let mut voices: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (speaker, members) in speakers.into_values().enumerate() {
            voices.entry(sets.root(speaker)).or_default().extend(members);
        }
        voices.into_values().collect()
    }

    /// The names of the speakers of `members`, with their corpora where there are several.
    pub(super) fn speaker_names(&self, members: &[usize]) -> String {
        let several = self.corpora().len() > 1;
        let names: BTreeSet<String> = members
            .iter()
            .map(|&i| match self.clips[i] {
                Clip { corpus, speaker, .. } if several => format!("{corpus}-{speaker}"),
                Clip { speaker, .. } => speaker.clone(),
            })
            .collect();
        names.into_iter().collect::<Vec<_>>().join("+")
    }

    /// A file or folder that the config names by `key`: in the data folder, or else in the working folder.
    pub(super) fn place(&self, key: &str, path: &Path) -> Result<PathBuf> {
        let inside = self.data.join(path);
        if inside.exists() {
            return Ok(inside);
        }
        if path.exists() {
            return Ok(path.to_owned());
        }
        Err(Error::Config(format!(
            "{key} = {}: there is neither {} nor {}; it is relative to --data, else $SER_DATASETS, else datasets/, or to \
             the working folder",
            path.display(),
            inside.display(),
            path.display()
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::fake;

    #[test]
    fn clips_are_seen_in_the_order_of_their_ids_and_handed_back_as_they_came() {
        let mut clips = fake::named("c", "s", &["a", "b", "c"]);
        clips.rotate_left(1);
        let config = ProtocolConfig::default();
        let task = Task::new(&config, Path::new(""), &clips, &[5, 6, 7], []).unwrap();
        assert_eq!(task.labels, [7, 5, 6]);
        assert_eq!(task.as_they_came(&[0, 1]), [0, 2]);
        assert_eq!(task.as_they_came(&[3, 4]), [3, 5], "their first copies");
        clips[0].id = clips[1].id.clone();
        assert!(Task::new(&config, Path::new(""), &clips, &[0; 3], []).is_err());
        assert!(Task::new(&config, Path::new(""), &clips, &[0; 2], []).is_err());
    }

    #[test]
    fn speakers_who_share_a_recording_are_one_voice() {
        let (clips, labels) = fake::corpus("c", 4, 2);
        let config = ProtocolConfig::default();
        let group = ["c/02/000".to_owned(), "c/04/001".to_owned()];
        let task = Task::new(&config, Path::new(""), &clips, &labels, [&group[..]]).unwrap();
        assert_eq!(task.voices(&task.all()), [vec![0, 1], vec![2, 3, 6, 7], vec![4, 5]]);
        assert_eq!(task.speaker_names(&[2, 7]), "02+04");
    }
}
