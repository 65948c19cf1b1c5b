//! A content-addressed store of feature matrices: built in parallel, read without copying.
//!
//! ```text
//! the clip's bytes ┐
//! [audio]          ├─ BLAKE3 ─► key ─► <cache>/ab/abc….safetensors, one for each part of the columns
//! a copy's stream  │
//! [features]       ┘
//! ```
//!
//! A key is the hash of the clip's audio, of the settings of every stage before it and of the versions of their numbers,
//! so that a changed setting misses and a renamed file hits. Settings that are idle are no part of it, and a matrix is kept
//! as a file for each part of its columns: what is made again is what depends on the setting that changed. Windowing
//! and scaling happen after the cache and are not part of the key.
//!
//! A file is a safetensors file (Python opens it too), written whole or not at all, with a checksum of its data and its key: several
//! processes may build at once, one that is stopped or killed loses at most the file that it was writing, and a damaged
//! file is made again. [`evict`] keeps the cache within its size.

mod entry;
mod keeping;
mod reading;
mod size;
mod stored;
mod users;

use std::{
    borrow::Cow,
    collections::BTreeMap,
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use rayon::prelude::*;

pub use entry::Entry;
pub use keeping::{Evicted, Stat, Verified, evict, stat, verify};
pub use size::Size;

use crate::{
    audio::{self, AudioConfig, Channel, Known, Segment},
    augment::Augmenter,
    corpus::{Clip, Source},
    error::{Error, Result},
    events::Observer,
    frontend::{Frontend, Part, Worker},
    rng, synthetic,
};
use reading::Reading;
use stored::Stored;
use users::User;

/// What a cache may hold where nothing is said.
pub const DEFAULT_LIMIT: Size = Size(20_000_000_000);

/// The folder of the cache: the program's `--cache`, else `$SER_CACHE`, else `.ser-cache`.
#[must_use]
pub fn cache_dir(flag: Option<PathBuf>) -> PathBuf {
    flag.or_else(|| std::env::var_os("SER_CACHE").filter(|v| !v.is_empty()).map(PathBuf::from))
        .unwrap_or_else(|| PathBuf::from(".ser-cache"))
}

/// What the cache may hold: the program's `--cache-limit`, else `$SER_CACHE_LIMIT`, else [`DEFAULT_LIMIT`].
///
/// # Errors
///
/// [`Error::Config`] where the variable is no size.
pub fn cache_limit(flag: Option<Size>) -> Result<Size> {
    match (flag, std::env::var("SER_CACHE_LIMIT")) {
        (Some(size), _) => Ok(size),
        (None, Ok(text)) if !text.is_empty() => {
            text.parse().map_err(|problem| Error::Config(format!("$SER_CACHE_LIMIT: {problem}")))
        }
        (None, _) => Ok(DEFAULT_LIMIT),
    }
}

/// Makes and finds the matrices of one chain of settings.
pub struct Cache {
    dir: Arc<Path>,
    limit: Size,
    audio: AudioConfig,
    frontend: Arc<dyn Frontend>,
    known: Arc<Known>,
    /// The front end's, shared by all entries.
    parts: Arc<[Part]>,
    /// What the keys of each part have in common: the settings of the stages before it.
    settings: Vec<blake3::Hash>,
    user: OnceLock<Option<User>>,
    found: AtomicUsize,
    made: AtomicUsize,
}

/// Matrices that are wanted: a clip's, or those of its copies.
struct Job<'a> {
    clip: &'a Clip,
    copies: Option<Copies<'a>>,
}

/// Which copies of a clip.
#[derive(Clone, Copy)]
struct Copies<'a> {
    count: usize,
    seed: u64,
    augmenter: &'a Augmenter,
    /// [`Augmenter::identity`].
    identity: blake3::Hash,
}

impl Job<'_> {
    /// The clip itself, or the numbers of its copies.
    fn variants(&self) -> Vec<Option<usize>> {
        self.copies.map_or_else(|| vec![None], |copies| (0..copies.count).map(Some).collect())
    }
}

/// What is wrong where a clip's matrices cannot be had.
enum Trouble {
    /// The cache cannot be written: that concerns every clip.
    Cache(Error),
    /// The clip's own.
    Clip(Error),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Clip(error)
    }
}

/// How many files were there and how many were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Files that were found whole.
    pub found: usize,
    /// Files that were made: missing or damaged before.
    pub made: usize,
}

impl Cache {
    /// The cache in `dir` for one chain of settings, which is brought to `limit` whenever something was added. The folder is
    /// made when the first entry is written. Files whose hash is `known` are read only where something is missing.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] where the settings cannot be written as JSON, which no valid ones are.
    pub fn new(
        dir: &Path,
        limit: Size,
        audio: &AudioConfig,
        frontend: Arc<dyn Frontend>,
        known: Arc<Known>,
    ) -> Result<Self> {
        let parts: Arc<[Part]> = frontend.parts().into();
        Ok(Self {
            dir: dir.into(),
            limit,
            audio: audio.clone(),
            settings: parts.iter().map(|part| settings(audio, part)).collect::<Result<_>>()?,
            frontend,
            known,
            parts,
            user: OnceLock::new(),
            found: AtomicUsize::new(0),
            made: AtomicUsize::new(0),
        })
    }

    /// How many files this cache has found and made since it was opened.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts { found: self.found.load(Ordering::Relaxed), made: self.made.load(Ordering::Relaxed) }
    }

    /// The matrix of every clip, in their order; those that are missing are made, in parallel.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] listing every clip whose audio cannot be used, after all others were made and kept, or where the
    /// disk is full; [`Error::Io`] where the cache cannot be written; [`Error::Interrupted`] where a stop was asked for.
    pub fn matrices(&self, clips: &[Clip], observer: &dyn Observer) -> Result<Vec<Entry>> {
        let jobs: Vec<Job> = clips.iter().map(|clip| Job { clip, copies: None }).collect();
        Ok(self.build("features", &jobs, observer)?.into_iter().flatten().collect())
    }

    /// The matrices of each clip's altered copies, in the clips' order. Copy `n` of a clip is altered as the stream
    /// ("augment", the clip's id, `n`) of `seed` falls.
    ///
    /// # Errors
    ///
    /// As [`Cache::matrices`].
    pub fn copies(
        &self,
        clips: &[&Clip],
        augmenter: &Augmenter,
        seed: u64,
        observer: &dyn Observer,
    ) -> Result<Vec<Vec<Entry>>> {
        let count = augmenter.config().copies;
        if count == 0 {
            return Ok(clips.iter().map(|_| Vec::new()).collect());
        }
        let copies = Copies { count, seed, augmenter, identity: augmenter.identity()? };
        let jobs: Vec<Job> = clips.iter().map(|clip| Job { clip, copies: Some(copies) }).collect();
        self.build("altered copies", &jobs, observer)
    }

    fn build(&self, label: &str, jobs: &[Job], observer: &dyn Observer) -> Result<Vec<Vec<Entry>>> {
        self.user.get_or_init(|| User::of(&self.dir));
        let before = self.counts();
        let work = observer.work(label, jobs.len());
        let unusable = Mutex::new(Vec::new());
        let one = |worker: &mut dyn Worker, reading: &mut Reading, job: &Job| {
            if observer.stop_requested() {
                return Err(Error::Interrupted(
                    "stopped while making features; those that are made are kept: start again to go on".into(),
                ));
            }
            let entries = match self.entries(worker, reading, job) {
                Ok(entries) => Some(entries),
                // The cache's own trouble concerns every clip; a clip's trouble concerns that clip.
                Err(Trouble::Cache(e)) => return Err(advise(e)),
                Err(Trouble::Clip(e)) => {
                    unusable.lock().unwrap_or_else(PoisonError::into_inner).push(e.to_string());
                    None
                }
            };
            work.step();
            Ok(entries)
        };
        let made: Vec<Vec<(usize, Option<Vec<Entry>>)>> = together(jobs)
            .into_par_iter()
            .map_init(
                || self.frontend.worker(),
                |worker, group| {
                    let mut reading = Reading::default();
                    let found = group.into_iter().map(|at| Ok((at, one(worker.as_mut(), &mut reading, &jobs[at])?)));
                    found.collect()
                },
            )
            .collect::<Result<_>>()?;
        let mut entries: Vec<Option<Vec<Entry>>> = jobs.iter().map(|_| None).collect();
        made.into_iter().flatten().for_each(|(at, found)| entries[at] = found);
        drop(work);
        let now = self.counts();
        let (found, made) = (now.found - before.found, now.made - before.made);
        observer.log(&format!("{label}: {found} files found in the cache, {made} made"));
        if made > 0 {
            self.keep_within_limit(observer)?;
        }
        let mut unusable = unusable.into_inner().unwrap_or_else(PoisonError::into_inner);
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

    fn keep_within_limit(&self, observer: &dyn Observer) -> Result<()> {
        let evicted = evict(&self.dir, self.limit)?;
        if evicted.entries > 0 {
            observer.log(&format!(
                "cache: {} files ({}) that were used longest ago removed",
                evicted.entries, evicted.freed
            ));
        }
        if evicted.size > self.limit {
            observer
                .log(&format!("cache: {} are in use, above the limit of {} (--cache-limit)", evicted.size, self.limit));
        }
        Ok(())
    }

    /// The matrices of a job, each found or made. The audio is read only if something is missing, and then once.
    fn entries(
        &self,
        worker: &mut dyn Worker,
        reading: &mut Reading,
        job: &Job,
    ) -> std::result::Result<Vec<Entry>, Trouble> {
        let source = &job.clip.source;
        let identity = self.identity(source)?;
        let mut samples = None;
        let mut entries = Vec::new();
        for copy in job.variants() {
            let keys: Vec<blake3::Hash> =
                self.settings.iter().map(|settings| key(settings, &identity, job, copy)).collect();
            let mut parts: Vec<Option<Stored>> = keys.iter().map(|key| Stored::open(&self.dir, *key)).collect();
            let missing = parts.iter().filter(|part| part.is_none()).count();
            self.found.fetch_add(parts.len() - missing, Ordering::Relaxed);
            if missing > 0 {
                let clip = match &samples {
                    Some(samples) => samples,
                    None => samples.insert(self.audio.prepare(reading.read(source, identity)?, name(job.clip))?),
                };
                let altered = match (copy, &job.copies) {
                    (Some(number), Some(Copies { augmenter, seed, .. })) => {
                        let stream = &mut rng::stream(*seed, &[&"augment", &job.clip.id, &number]);
                        Cow::Owned(augmenter.augment(clip, self.audio.sample_rate, stream)?)
                    }
                    _ => Cow::Borrowed(clip),
                };
                self.make(worker, &altered, &keys, &mut parts)?;
            }
            let made = Entry::new(&self.parts, parts.into_iter().flatten().collect());
            entries.push(made.ok_or_else(|| {
                Error::file(&job.clip.id, "has features of unequal length in the cache: ser-data cache clear helps")
            })?);
        }
        Ok(entries)
    }

    /// What tells the audio of a clip from any other.
    fn identity(&self, source: &Source) -> Result<blake3::Hash> {
        match source {
            Source::File(path) | Source::Segment(Segment { path, .. }) => {
                let (hash, _) = self.known.hash(path).map_err(|fault| fault.at(path))?;
                Ok(source.identity(hash))
            }
            Source::Synthetic(utterance) => {
                Ok(blake3::hash(format!("synthetic v{} {}", synthetic::VERSION, utterance.stem()).as_bytes()))
            }
        }
    }

    /// Makes the parts that are missing.
    fn make(
        &self,
        worker: &mut dyn Worker,
        samples: &[f32],
        keys: &[blake3::Hash],
        parts: &mut [Option<Stored>],
    ) -> std::result::Result<(), Trouble> {
        let missing: Vec<usize> = (0..parts.len()).filter(|&part| parts[part].is_none()).collect();
        for (part, matrix) in missing.iter().zip(worker.compute(samples, &missing)?) {
            let key = keys[*part];
            Stored::write(&self.dir, &key, &matrix).map_err(Trouble::Cache)?;
            let gone = || Error::file(self.dir.as_ref(), "a cache entry cannot be read back right after writing");
            parts[*part] = Some(Stored::open(&self.dir, key).ok_or_else(gone)?);
            self.made.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// The jobs in groups that one thread works off: the segments of a stretch of a file in the order of their starts, any other
/// by itself.
fn together(jobs: &[Job]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut files: BTreeMap<(&Path, Channel), Vec<usize>> = BTreeMap::new();
    for (at, job) in jobs.iter().enumerate() {
        match job.clip.source.segment() {
            Some(segment) => files.entry((&segment.path, segment.channel)).or_default().push(at),
            None => groups.push(vec![at]),
        }
    }
    groups.extend(files.into_values().map(|mut members| {
        members.sort_by_key(|&at| jobs[at].clip.source.segment().map(|segment| (segment.start, segment.end)));
        members
    }));
    groups
}

/// What messages call a clip.
fn name(clip: &Clip) -> &Path {
    clip.source.file().unwrap_or(Path::new(&clip.id))
}

/// What the keys of a part's files have in common.
fn settings(audio: &AudioConfig, part: &Part) -> Result<blake3::Hash> {
    let json = |value: serde_json::Result<Vec<u8>>| {
        value.map_err(|e| Error::Data(format!("cannot write the settings as JSON: {e}")))
    };
    let versions = json(serde_json::to_vec(&(audio::VERSION, part.version)))?;
    let audio = json(serde_json::to_vec(&audio.of_samples()))?;
    let mut hasher = blake3::Hasher::new_derive_key("ser feature cache v2");
    for bytes in [&versions, &audio, &part.identity] {
        hasher.update(&(bytes.len() as u64).to_le_bytes()).update(bytes);
    }
    Ok(hasher.finalize())
}

fn key(settings: &blake3::Hash, clip: &blake3::Hash, job: &Job, copy: Option<usize>) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(settings.as_bytes()).update(clip.as_bytes());
    if let (Some(Copies { seed, identity, .. }), Some(number)) = (&job.copies, copy) {
        // The stream's name is the clip's id with the copy's number.
        hasher.update(identity.as_bytes()).update(format!("{seed} {number} {}", job.clip.id).as_bytes());
    }
    hasher.finalize()
}

/// Says what helps where there is no room for the cache.
fn advise(error: Error) -> Error {
    match error {
        Error::Io { source, path, .. }
            if matches!(source.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge) =>
        {
            Error::Data(format!(
                "no room for the cache: cannot write {}: {source}. What is made is kept; make room (ser-data cache clear \
                 --to SIZE), or name another folder with --cache, and start again",
                path.display()
            ))
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        corpus::Metadata,
        frontend::{Extractor, FeaturesConfig, Spectral, spectral},
    };

    fn open(dir: &Path, audio: &AudioConfig, features: &FeaturesConfig) -> Cache {
        let frontend = Spectral::new(features, audio.sample_rate).unwrap();
        Cache::new(dir, DEFAULT_LIMIT, audio, Arc::new(frontend), Arc::default()).unwrap()
    }

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
        open(&dir.join("cache"), &AudioConfig::default(), &FeaturesConfig::default())
    }

    fn entries(dir: &Path) -> Vec<PathBuf> {
        walkdir::WalkDir::new(dir.join("cache"))
            .into_iter()
            .map(|e| e.unwrap().into_path())
            .filter(|p| p.is_file() && p.extension().is_some())
            .collect()
    }

    #[test]
    fn a_second_build_finds_what_the_first_made() {
        let dir = tempfile::tempdir().unwrap();
        let clips = clips(dir.path());
        let first = cache(dir.path()).matrices(&clips, &()).unwrap();
        assert_eq!(entries(dir.path()).len(), 3);
        assert_eq!(first.iter().map(Entry::frames).collect::<Vec<_>>(), [12, 24, 36]);
        let second = cache(dir.path()).matrices(&clips, &()).unwrap();
        assert!(first.iter().zip(&second).all(|(a, b)| *a.values().unwrap() == *b.values().unwrap()));
        assert_eq!(entries(dir.path()).len(), 3);
    }

    #[test]
    fn a_changed_setting_misses_and_a_renamed_file_hits() {
        let dir = tempfile::tempdir().unwrap();
        let mut clips = clips(dir.path());
        cache(dir.path()).matrices(&clips, &()).unwrap();
        let moved = dir.path().join("renamed.wav");
        std::fs::rename(dir.path().join("1.wav"), &moved).unwrap();
        clips[0].source = Source::File(moved);
        cache(dir.path()).matrices(&clips, &()).unwrap();
        assert_eq!(entries(dir.path()).len(), 3);
        let other = AudioConfig { trim: true, ..AudioConfig::default() };
        let other = open(&dir.path().join("cache"), &other, &FeaturesConfig::default());
        other.matrices(&clips, &()).unwrap();
        assert_eq!(entries(dir.path()).len(), 6);
    }

    #[test]
    fn copies_are_entries_of_their_own() {
        use crate::augment::{AugmentConfig, Gain, Speed};
        let dir = tempfile::tempdir().unwrap();
        let clips = clips(dir.path());
        let clips: Vec<&Clip> = clips.iter().collect();
        let augmenter = |config: &AugmentConfig| Augmenter::new(config, Path::new(""), &Known::default()).unwrap();
        let speed = Speed { rate: [1.2, 1.2], probability: 1.0 };
        let faster = AugmentConfig { copies: 2, speed: Some(speed), ..AugmentConfig::default() };
        let copies = cache(dir.path()).copies(&clips, &augmenter(&faster), 1, &()).unwrap();
        assert_eq!(copies.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 2]);
        assert_eq!(copies.iter().map(|c| c[0].frames()).collect::<Vec<_>>(), [10, 20, 30], "5/6 of 12, 24 and 36");
        assert_eq!(entries(dir.path()).len(), 6);
        // One more copy: the first two are found. Another seed, or other settings: all are made.
        let more = AugmentConfig { copies: 3, ..faster.clone() };
        cache(dir.path()).copies(&clips, &augmenter(&more), 1, &()).unwrap();
        assert_eq!(entries(dir.path()).len(), 9);
        cache(dir.path()).copies(&clips, &augmenter(&faster), 2, &()).unwrap();
        assert_eq!(entries(dir.path()).len(), 15);
        let louder = AugmentConfig { gain: Some(Gain { db: [6.0, 6.0], probability: 1.0 }), ..faster.clone() };
        cache(dir.path()).copies(&clips, &augmenter(&louder), 1, &()).unwrap();
        assert_eq!(entries(dir.path()).len(), 21);
        let none = AugmentConfig { copies: 0, ..faster };
        assert!(cache(dir.path()).copies(&clips, &augmenter(&none), 1, &()).unwrap().iter().all(Vec::is_empty));
    }

    #[test]
    fn a_damaged_entry_is_built_again() {
        let dir = tempfile::tempdir().unwrap();
        let clips = clips(dir.path());
        let whole = cache(dir.path()).matrices(&clips, &()).unwrap();
        let whole: Vec<Vec<f32>> = whole.iter().map(|e| e.values().unwrap()).collect();
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
        let again = cache(dir.path()).matrices(&clips, &()).unwrap();
        assert!(again.iter().zip(&whole).all(|(a, b)| *a.values().unwrap() == **b));
    }

    #[test]
    fn every_unusable_file_is_named_and_the_others_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let clips = clips(dir.path());
        std::fs::write(dir.path().join("1.wav"), b"").unwrap();
        std::fs::write(dir.path().join("3.wav"), b"RIFF....nonsense").unwrap();
        let error = cache(dir.path()).matrices(&clips, &()).err().unwrap().to_string();
        assert!(error.contains("2 of 3") && error.contains("1.wav") && error.contains("3.wav"), "{error}");
        assert_eq!(entries(dir.path()).len(), 1);
    }

    #[test]
    fn odd_clips_have_their_matrices_and_what_is_no_number_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 22_050,
            bits_per_sample: 32,
            sample_format: hound::SampleFormat::Float,
        };
        let template = clips(dir.path()).remove(0);
        let clip = |name: &str, samples: &[f32]| {
            let path = dir.path().join(name);
            let mut writer = hound::WavWriter::create(&path, spec).unwrap();
            samples.iter().for_each(|&x| writer.write_sample(x).unwrap());
            writer.finalize().unwrap();
            Clip { source: Source::File(path), ..template.clone() }
        };
        let tone: Vec<f32> = (0..4_000).map(|i| 0.3 * (i as f32 * 0.1).sin()).collect();
        let odd = [
            clip("one sample", &[0.5]),
            clip("shorter than a frame", &tone[..1_000]),
            clip("fewer than nine frames", &tone),
            clip("zeros", &[0.0; 9_000]),
        ];
        let features = FeaturesConfig { kinds: spectral::Kind::ALL.to_vec(), ..FeaturesConfig::default() };
        for audio in [
            AudioConfig::default(),
            AudioConfig {
                sample_rate: 16_000,
                trim: true,
                denoise: audio::Denoise::Adaptive,
                normalise: audio::Normalise::Loudness,
                ..AudioConfig::default()
            },
        ] {
            let cache = open(&dir.path().join("cache"), &audio, &features);
            let entries = cache.matrices(&odd, &()).unwrap();
            assert_eq!(cache.counts(), Counts { found: 0, made: 3 * odd.len() });
            assert!(entries[0].frames() == 1 && entries[2].frames() < 9);
            for entry in entries {
                let values = entry.values().unwrap();
                assert_eq!(values.len(), entry.frames() * features.dims());
                assert!(values.iter().all(|x| x.is_finite()));
            }
            let bad = clip("bad", &[0.0, f32::NAN, 0.0]);
            let error = cache.matrices(&[odd[0].clone(), bad], &()).err().unwrap().to_string();
            assert!(error.contains("bad") && error.contains("sample 1 is NaN"), "{error}");
        }
    }

    #[test]
    fn groups_made_apart_are_those_made_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let clips = clips(dir.path());
        let kinds = [spectral::Kind::Rms, spectral::Kind::Mfcc, spectral::Kind::Pitch, spectral::Kind::Chroma];
        let of = |kinds: &[spectral::Kind], folder: &str| {
            let features = FeaturesConfig { kinds: kinds.to_vec(), ..FeaturesConfig::default() };
            open(&dir.path().join(folder), &AudioConfig::default(), &features)
        };
        let at_once = of(&kinds, "cache").matrices(&clips, &()).unwrap();
        of(&kinds[1..2], "other").matrices(&clips, &()).unwrap();
        let rest = of(&kinds, "other");
        let apart = rest.matrices(&clips, &()).unwrap();
        assert_eq!(rest.counts(), Counts { found: 3, made: 6 });
        for ((at_once, apart), clip) in at_once.iter().zip(&apart).zip(&clips) {
            let (at_once, apart) = (at_once.values().unwrap(), apart.values().unwrap());
            assert_eq!(*at_once, *apart);
            let features = FeaturesConfig { kinds: kinds.to_vec(), ..FeaturesConfig::default() };
            let samples = audio::load(&clip.source).unwrap().samples;
            assert_eq!(*at_once, *Extractor::new(&features, 22_050).unwrap().extract(&samples).as_slice());
        }
    }
}
