//! Where the audio of an experiment's clips is now, so that a report can show and play it.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
};

use super::ClipRecord;
use crate::{corpus::Source, synthetic};

/// The audio that is at hand, by clip.
#[derive(Debug, Clone, Default)]
pub struct Recordings {
    sources: BTreeMap<String, Source>,
    missing: Option<PathBuf>,
}

impl Recordings {
    /// Looks for each clip's file: where training found it and, where it is no longer there, below the folder `data`
    /// under as much of its former path as fits. Clips without a file are the embedded corpus's, by their names.
    #[must_use]
    pub fn find<'a>(clips: impl IntoIterator<Item = &'a ClipRecord>, data: Option<&Path>) -> Self {
        let synthetic: HashMap<String, synthetic::Utterance> =
            synthetic::utterances().map(|utterance| (utterance.stem(), utterance)).collect();
        let mut found = Self::default();
        for clip in clips {
            let source = match &clip.file {
                Some(file) => {
                    let file = Path::new(file);
                    let there = present(file, data);
                    if there.is_none() {
                        found.missing.get_or_insert_with(|| file.to_owned());
                    }
                    there.map(|path| clip.source(path))
                }
                None => {
                    let stem = clip.clip.rsplit('/').next().unwrap_or_default();
                    synthetic.get(stem).copied().map(Source::Synthetic)
                }
            };
            found.sources.extend(source.map(|source| (clip.clip.clone(), source)));
        }
        found
    }

    /// A clip's audio.
    #[must_use]
    pub fn get(&self, clip: &str) -> Option<&Source> {
        self.sources.get(clip)
    }

    /// The first file that is not where training found it, nor below the folder that was given.
    #[must_use]
    pub fn missing(&self) -> Option<&Path> {
        self.missing.as_deref()
    }
}

/// The file itself, or the one below `data` that shares the longest end of its path.
fn present(file: &Path, data: Option<&Path>) -> Option<PathBuf> {
    if file.is_file() {
        return Some(file.to_owned());
    }
    let parts: Vec<_> = file.components().collect();
    let ends = (0..parts.len()).map(|from| parts[from..].iter().collect::<PathBuf>());
    // An absolute path joined to a folder would be itself again.
    ends.filter(|end| end.is_relative()).find_map(|end| Some(data?.join(end)).filter(|path| path.is_file()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_corpus_that_has_moved_is_found_by_the_end_of_its_paths() {
        let dir = tempfile::tempdir().unwrap();
        let here = dir.path().join("ravdess/Actor_01/a.wav");
        std::fs::create_dir_all(here.parent().unwrap()).unwrap();
        std::fs::write(&here, b"").unwrap();
        let clip = |clip: &str, file: Option<&str>| ClipRecord {
            clip: clip.into(),
            file: file.map(str::to_owned),
            ..ClipRecord::default()
        };
        let stem = synthetic::utterances().next().unwrap().stem();
        let clips = [
            clip("r/01/a", Some("/gone/ravdess/Actor_01/a.wav")),
            clip("r/01/b", Some("/gone/ravdess/Actor_01/b.wav")),
            clip(&format!("s/01/{stem}"), None),
            clip("s/01/nobody", None),
        ];
        let found = Recordings::find(&clips, Some(dir.path()));
        assert_eq!(found.get("r/01/a").and_then(Source::file), Some(here.as_path()));
        assert_eq!(found.missing(), Some(Path::new("/gone/ravdess/Actor_01/b.wav")));
        assert!(matches!(found.get(&clips[2].clip), Some(Source::Synthetic(_))));
        assert!(found.get("r/01/b").is_none() && found.get("s/01/nobody").is_none());
        assert!(Recordings::find(&clips, None).get("r/01/a").is_none());
    }
}
