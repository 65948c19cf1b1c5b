//! A content-addressed store of feature matrices: built in parallel, read without copying.
//!
//! An entry's key is the BLAKE3 hash of the clip's audio, of the settings of every stage before it and of the versions
//! of their numbers, so that a changed setting misses and a renamed file hits. An entry is a safetensors file of its
//! own (Python opens it too), written whole or not at all, with a checksum of its data: several processes may build at
//! once, and a damaged entry is built again.

mod entry;

use std::{
    path::{Path, PathBuf},
    sync::Mutex,
};

use rayon::prelude::*;

pub use entry::Entry;

use crate::{
    audio::{self, AudioConfig},
    augment::Augmenter,
    corpus::{Clip, Source, synthetic},
    error::{Error, Result},
    features::{self, Extractor, FeaturesConfig},
    progress::{Progress, stop_requested},
    rng,
};

/// The folder of the cache: the program's `--cache`, else `$SER_CACHE`, else `.ser-cache`.
#[must_use]
pub fn cache_dir(flag: Option<PathBuf>) -> PathBuf {
    flag.or_else(|| std::env::var_os("SER_CACHE").filter(|v| !v.is_empty()).map(PathBuf::from))
        .unwrap_or_else(|| PathBuf::from(".ser-cache"))
}

/// Makes and finds the matrices of one chain of settings.
pub struct Cache {
    dir: PathBuf,
    audio: AudioConfig,
    extractor: Extractor,
    settings: blake3::Hash,
}

/// A matrix that is wanted: of a clip, or of a copy of it.
struct Job<'a> {
    clip: &'a Clip,
    copy: Option<Copy<'a>>,
}

/// Which copy of a clip.
struct Copy<'a> {
    number: usize,
    seed: u64,
    augmenter: &'a Augmenter,
    /// [`Augmenter::identity`].
    identity: blake3::Hash,
}

impl Cache {
    /// The cache in `dir` for one chain of settings. The folder is made when the first entry is written.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where the settings contradict each other.
    pub fn new(dir: &Path, audio: &AudioConfig, features: &FeaturesConfig) -> Result<Self> {
        // The scaler works on what the cache holds, so its scope is none of the key's business.
        let features = FeaturesConfig { scaler: features::ScalerScope::None, ..features.clone() };
        let mut hasher = blake3::Hasher::new_derive_key("ser feature cache v1");
        for part in [
            serde_json::to_vec(&(audio::VERSION, features::VERSION)),
            serde_json::to_vec(audio),
            serde_json::to_vec(&features),
        ] {
            let part = part.map_err(|e| Error::Data(format!("cannot write the settings as JSON: {e}")))?;
            hasher.update(&(part.len() as u64).to_le_bytes()).update(&part);
        }
        Ok(Self {
            dir: dir.to_owned(),
            audio: audio.clone(),
            extractor: Extractor::new(&features, audio.sample_rate)?,
            settings: hasher.finalize(),
        })
    }

    /// The matrix of every clip, in their order; those that are missing are made, in parallel.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] listing every clip whose audio cannot be used, after all others were made and kept;
    /// [`Error::Io`] where the cache cannot be written; [`Error::Interrupted`] where a stop was asked for.
    pub fn matrices(&self, clips: &[Clip]) -> Result<Vec<Entry>> {
        let jobs: Vec<Job> = clips.iter().map(|clip| Job { clip, copy: None }).collect();
        self.build("features", &jobs)
    }

    /// The matrices of each clip's altered copies, in the clips' order. Copy `n` of a clip is altered as the stream
    /// ("augment", the clip's id, `n`) of `seed` falls.
    ///
    /// # Errors
    ///
    /// As [`Cache::matrices`].
    pub fn copies(&self, clips: &[&Clip], augmenter: &Augmenter, seed: u64) -> Result<Vec<Vec<Entry>>> {
        let count = augmenter.config().copies;
        if count == 0 {
            return Ok(clips.iter().map(|_| Vec::new()).collect());
        }
        let identity = augmenter.identity()?;
        let of =
            |clip| (0..count).map(move |number| Job { clip, copy: Some(Copy { number, seed, augmenter, identity }) });
        let jobs: Vec<Job> = clips.iter().flat_map(|clip| of(clip)).collect();
        let mut entries = self.build("altered copies", &jobs)?.into_iter();
        Ok(clips.iter().map(|_| entries.by_ref().take(count).collect()).collect())
    }

    fn build(&self, label: &str, jobs: &[Job]) -> Result<Vec<Entry>> {
        let progress = Progress::new(label, jobs.len());
        let unusable = Mutex::new(Vec::new());
        let entries: Vec<Option<Entry>> = jobs
            .par_iter()
            .map_init(
                || self.extractor.clone(),
                |extractor, job| {
                    if stop_requested() {
                        return Err(Error::Interrupted(
                            "stopped while making features; those that are made are kept: start again to go on".into(),
                        ));
                    }
                    let entry = match self.matrix(extractor, job) {
                        Ok(entry) => Some(entry),
                        // The cache's own trouble concerns every clip; a clip's trouble concerns that clip.
                        Err(e @ Error::Io { action: "write" | "create the folder", .. }) => return Err(e),
                        Err(e) => {
                            unusable.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(e.to_string());
                            None
                        }
                    };
                    progress.step();
                    Ok(entry)
                },
            )
            .collect::<Result<_>>()?;
        drop(progress);
        let mut unusable = unusable.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        if unusable.is_empty() {
            return Ok(entries.into_iter().flatten().collect());
        }
        unusable.sort();
        Err(Error::Data(format!(
            "{} of {} clips cannot be used (the others' features are kept):\n  {}\nmend or remove these files",
            unusable.len(),
            jobs.len(),
            unusable.join("\n  ")
        )))
    }

    fn matrix(&self, extractor: &mut Extractor, job: &Job) -> Result<Entry> {
        let clip = job.clip;
        let (bytes, identity) = match &clip.source {
            Source::File(path) => {
                let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
                let identity = blake3::hash(&bytes);
                (Some(bytes), identity)
            }
            Source::Synthetic(utterance) => {
                let name = format!("synthetic v{} {}", synthetic::VERSION, utterance.stem());
                (None, blake3::hash(name.as_bytes()))
            }
        };
        let path = self.path(&identity, job);
        if let Some(entry) = Entry::open(&path) {
            return Ok(entry);
        }
        let (audio, name) = match (&clip.source, bytes) {
            (Source::File(path), Some(bytes)) => (audio::decode(&bytes, path)?, path.clone()),
            (source, _) => (audio::load(source)?, PathBuf::from(&clip.id)),
        };
        let mut samples = self.audio.prepare(audio, &name)?;
        if let Some(copy) = &job.copy {
            let stream = &mut rng::stream(copy.seed, &[&"augment", &clip.id, &copy.number]);
            samples = copy.augmenter.augment(&samples, self.audio.sample_rate, stream)?;
        }
        let matrix = extractor.extract(&samples);
        Entry::write(&path, &matrix)?;
        Entry::open(&path).ok_or_else(|| Error::file(&path, "a cache entry cannot be read back right after writing"))
    }

    fn path(&self, identity: &blake3::Hash, job: &Job) -> PathBuf {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.settings.as_bytes()).update(identity.as_bytes());
        if let Some(Copy { number, seed, identity, .. }) = &job.copy {
            // The stream's name is the clip's id with the copy's number.
            hasher.update(identity.as_bytes()).update(format!("{seed} {number} {}", job.clip.id).as_bytes());
        }
        let key = hasher.finalize().to_hex();
        self.dir.join(&key[..2]).join(format!("{key}.safetensors"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Metadata;

    fn clips(dir: &Path) -> Vec<Clip> {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 22_050,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        (1..=3)
            .map(|i| {
                let path = dir.join(format!("{i}.wav"));
                let mut writer = hound::WavWriter::create(&path, spec).unwrap();
                (0..6_000 * i).for_each(|n| writer.write_sample(((n * n * i) % 4_000) as i16).unwrap());
                writer.finalize().unwrap();
                Clip {
                    id: format!("c/s/{i}"),
                    corpus: "c".into(),
                    speaker: "s".into(),
                    emotion: "sad".into(),
                    source: Source::File(path),
                    meta: Metadata::default(),
                }
            })
            .collect()
    }

    fn cache(dir: &Path) -> Cache {
        Cache::new(&dir.join("cache"), &AudioConfig::default(), &FeaturesConfig::default()).unwrap()
    }

    fn entries(dir: &Path) -> Vec<PathBuf> {
        walkdir::WalkDir::new(dir.join("cache"))
            .into_iter()
            .map(|e| e.unwrap().into_path())
            .filter(|p| p.is_file())
            .collect()
    }

    #[test]
    fn a_second_build_finds_what_the_first_made() {
        let dir = tempfile::tempdir().unwrap();
        let clips = clips(dir.path());
        let first = cache(dir.path()).matrices(&clips).unwrap();
        assert_eq!(entries(dir.path()).len(), 3);
        assert_eq!(first.iter().map(Entry::frames).collect::<Vec<_>>(), [12, 24, 36]);
        let second = cache(dir.path()).matrices(&clips).unwrap();
        assert!(first.iter().zip(&second).all(|(a, b)| a.values() == b.values()));
        assert_eq!(entries(dir.path()).len(), 3);
    }

    #[test]
    fn a_changed_setting_misses_and_a_renamed_file_hits() {
        let dir = tempfile::tempdir().unwrap();
        let mut clips = clips(dir.path());
        cache(dir.path()).matrices(&clips).unwrap();
        let moved = dir.path().join("renamed.wav");
        std::fs::rename(dir.path().join("1.wav"), &moved).unwrap();
        clips[0].source = Source::File(moved);
        cache(dir.path()).matrices(&clips).unwrap();
        assert_eq!(entries(dir.path()).len(), 3);
        let other = AudioConfig { trim: true, ..AudioConfig::default() };
        Cache::new(&dir.path().join("cache"), &other, &FeaturesConfig::default()).unwrap().matrices(&clips).unwrap();
        assert_eq!(entries(dir.path()).len(), 6);
    }

    #[test]
    fn copies_are_entries_of_their_own() {
        use crate::augment::{AugmentConfig, Gain, Speed};
        let dir = tempfile::tempdir().unwrap();
        let clips = clips(dir.path());
        let clips: Vec<&Clip> = clips.iter().collect();
        let augmenter = |config: &AugmentConfig| Augmenter::new(config, Path::new("")).unwrap();
        let speed = Speed { rate: [1.2, 1.2], probability: 1.0 };
        let faster = AugmentConfig { copies: 2, speed: Some(speed), ..AugmentConfig::default() };
        let copies = cache(dir.path()).copies(&clips, &augmenter(&faster), 1).unwrap();
        assert_eq!(copies.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 2]);
        assert_eq!(copies.iter().map(|c| c[0].frames()).collect::<Vec<_>>(), [10, 20, 30], "5/6 of 12, 24 and 36");
        assert_eq!(entries(dir.path()).len(), 6);
        // One more copy: the first two are found. Another seed, or other settings: all are made.
        let more = AugmentConfig { copies: 3, ..faster.clone() };
        cache(dir.path()).copies(&clips, &augmenter(&more), 1).unwrap();
        assert_eq!(entries(dir.path()).len(), 9);
        cache(dir.path()).copies(&clips, &augmenter(&faster), 2).unwrap();
        assert_eq!(entries(dir.path()).len(), 15);
        let louder = AugmentConfig { gain: Some(Gain { db: [6.0, 6.0], probability: 1.0 }), ..faster.clone() };
        cache(dir.path()).copies(&clips, &augmenter(&louder), 1).unwrap();
        assert_eq!(entries(dir.path()).len(), 21);
        let none = AugmentConfig { copies: 0, ..faster };
        assert!(cache(dir.path()).copies(&clips, &augmenter(&none), 1).unwrap().iter().all(Vec::is_empty));
    }

    #[test]
    fn a_damaged_entry_is_built_again() {
        let dir = tempfile::tempdir().unwrap();
        let clips = clips(dir.path());
        let whole = cache(dir.path()).matrices(&clips).unwrap();
        let whole: Vec<Vec<f32>> = whole.iter().map(|e| e.values().to_vec()).collect();
        for (i, path) in entries(dir.path()).into_iter().enumerate() {
            let mut bytes = std::fs::read(&path).unwrap();
            let end = bytes.len() - 1;
            match i {
                0 => bytes.truncate(end / 2),
                1 => bytes[end] ^= 1,
                _ => bytes.clear(),
            }
            std::fs::write(&path, bytes).unwrap();
        }
        let again = cache(dir.path()).matrices(&clips).unwrap();
        assert!(again.iter().zip(&whole).all(|(a, b)| a.values() == b));
    }

    #[test]
    fn every_unusable_file_is_named_and_the_others_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let clips = clips(dir.path());
        std::fs::write(dir.path().join("1.wav"), b"").unwrap();
        std::fs::write(dir.path().join("3.wav"), b"RIFF....nonsense").unwrap();
        let error = cache(dir.path()).matrices(&clips).err().unwrap().to_string();
        assert!(error.contains("2 of 3") && error.contains("1.wav") && error.contains("3.wav"), "{error}");
        assert_eq!(entries(dir.path()).len(), 1);
    }
}
