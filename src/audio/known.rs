//! Facts of files that were decoded before, kept on disk: what was found once is not decoded again.
//!
//! A file is known by the hash of its bytes, and its hash by its path, size and times: a renamed or copied file needs
//! hashing alone, an untouched one is not opened. The store is one file, JSON by lines with a checksum in the last, written whole
//! or not at all; one that is damaged or of another version is as none.

use std::{
    collections::{BTreeMap, HashMap},
    fs::Metadata,
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};

use super::{
    Channel, Cutter, Decoder, Facts, Segment, Source, Waveform, facts,
    fault::{Fault, Flaw},
};
use crate::{error::Result, files::write_whole};

/// The store's name in the cache's folder.
const NAME: &str = "facts.jsonl";

/// Raised whenever the same file gives other facts or another fault.
const SCHEMA: &str = "ser-facts/3";

/// A file that changed within this time before it was looked at may change again without its times showing it.
const UNSETTLED: Duration = Duration::from_secs(2);

/// What is known of files, and where it is kept.
#[derive(Debug, Default)]
pub struct Known {
    path: Option<PathBuf>,
    all: Mutex<All>,
}

#[derive(Debug, Default)]
struct All {
    files: HashMap<PathBuf, Quick>,
    /// Of files by their hash, of segments by their identity.
    facts: HashMap<blake3::Hash, Arc<Facts>>,
    /// What is wrong with the content of a file. The words may name it: another one with the same bytes has its own.
    faults: HashMap<PathBuf, Broken>,
    /// Of two sounds, the lesser first, their correlation.
    pairs: HashMap<(blake3::Hash, blake3::Hash), f64>,
    /// The same over the stretch that they may have in common.
    stretches: HashMap<(blake3::Hash, blake3::Hash), f64>,
    /// Whether there is more than on disk.
    is_new: bool,
}

/// What tells an untouched file, and its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Quick {
    size: u64,
    /// When its content and its entry were changed last, in nanoseconds.
    times: [u64; 2],
    #[serde(with = "hexadecimal")]
    hash: blake3::Hash,
}

/// What is wrong with the bytes of a file, by their hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Broken {
    #[serde(with = "hexadecimal")]
    hash: blake3::Hash,
    flaw: Flaw,
    problem: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Line {
    Schema(String),
    File(PathBuf, Quick),
    Facts(#[serde(with = "hexadecimal")] blake3::Hash, Facts),
    Fault(PathBuf, Broken),
    Pair(#[serde(with = "hexadecimal")] blake3::Hash, #[serde(with = "hexadecimal")] blake3::Hash, f64),
    Stretch(#[serde(with = "hexadecimal")] blake3::Hash, #[serde(with = "hexadecimal")] blake3::Hash, f64),
    /// Of all lines before.
    Checksum(#[serde(with = "hexadecimal")] blake3::Hash),
}

/// Hashes as people write them.
pub(super) mod hexadecimal {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(hash: &blake3::Hash, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&hash.to_hex())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<blake3::Hash, D::Error> {
        blake3::Hash::from_hex(String::deserialize(from)?).map_err(D::Error::custom)
    }
}

/// A file's hash and size, and what is known of its audio.
pub type Looked = (blake3::Hash, u64, std::result::Result<Arc<Facts>, Fault>);

impl Known {
    /// What the cache folder `dir` keeps.
    #[must_use]
    pub fn open(dir: &Path) -> Self {
        let path = dir.join(NAME);
        let all = All::read(&path).unwrap_or_default();
        Self { path: Some(path), all: Mutex::new(all) }
    }

    /// The hash of a file's bytes, and how many there are. A file that is untouched since it was known is not opened.
    ///
    /// # Errors
    ///
    /// Where it cannot be read, or is no regular file.
    pub fn hash(&self, path: &Path) -> std::result::Result<(blake3::Hash, u64), Fault> {
        let name = absolute(path);
        let untouched = Quick::of(&std::fs::metadata(path)?);
        let quick = self.with(|all| all.files.get(&name).copied());
        if let (Some(quick), Some((size, times))) = (quick, untouched)
            && (quick.size, quick.times) == (size, times)
        {
            return Ok((quick.hash, size));
        }
        let (hash, bytes) = facts::hash(path)?;
        if let Some((size, times)) = untouched.filter(|(size, _)| *size == bytes) {
            self.with(|all| {
                all.files.insert(name, Quick { size, times, hash });
                all.is_new = true;
            });
        }
        Ok((hash, bytes))
    }

    /// The hash of a file's bytes, and its facts or what is wrong with it.
    ///
    /// # Errors
    ///
    /// Where it cannot be read.
    pub fn look(&self, path: &Path) -> std::result::Result<Looked, Fault> {
        let (hash, bytes) = self.hash(path)?;
        let name = absolute(path);
        let before = self.with(|all| {
            let fault = || {
                let Broken { flaw, problem, .. } = all.faults.get(&name).filter(|fault| fault.hash == hash)?;
                Some(Err(Fault::new(*flaw, problem.clone())))
            };
            all.facts.get(&hash).cloned().map(Ok).or_else(fault)
        });
        if let Some(before) = before {
            return Ok((hash, bytes, before));
        }
        let found = Facts::take(path).map(Arc::new);
        self.with(|all| match &found {
            Ok(facts) => {
                all.facts.insert(hash, facts.clone());
                all.is_new = true;
            }
            // That it cannot be read is the system's matter, and may be another next time.
            Err(Fault { flaw: Flaw::Unreadable, .. }) => {}
            Err(Fault { flaw, problem, .. }) => {
                all.faults.insert(name, Broken { hash, flaw: *flaw, problem: problem.clone() });
                all.is_new = true;
            }
        });
        Ok((hash, bytes, found))
    }

    /// The same of segments of one file, which come in any order: the identity of each stands for its hash, and its facts are
    /// its own. The bytes are the file's. What is not known yet of them is found in one pass a channel; where the file is
    /// damaged anywhere, so are they.
    #[must_use]
    pub fn look_at_segments(&self, path: &Path, segments: &[&Segment]) -> Vec<std::result::Result<Looked, Fault>> {
        let (hash, bytes, whole) = match self.look(path) {
            Ok(looked) => looked,
            // Whatever keeps the file from being read keeps each segment.
            Err(fault) => return segments.iter().map(|_| Err(fault.again())).collect(),
        };
        let identity = |segment: &Segment| Source::Segment(segment.clone()).identity(hash);
        let format = match whole {
            Ok(facts) => facts.format,
            Err(fault) if !matches!(fault.flaw, Flaw::Silent | Flaw::Cancelling) => {
                return segments.iter().map(|segment| Ok((identity(segment), bytes, Err(fault.again())))).collect();
            }
            // The mean of the channels may be silent where each of them is not.
            Err(_) => match Decoder::try_open(path) {
                Ok(decoder) => decoder.format(),
                Err(fault) => return segments.iter().map(|_| Err(fault.again())).collect(),
            },
        };
        let mut looks: Vec<_> = segments
            .iter()
            .map(|segment| {
                let facts = self.with(|all| all.facts.get(&of_segment(identity(segment))).cloned());
                facts.map(|facts| Ok((identity(segment), bytes, Ok(facts))))
            })
            .collect();
        let mut unknown: Vec<usize> = (0..segments.len()).filter(|&at| looks[at].is_none()).collect();
        unknown.sort_by_key(|&at| (segments[at].channel, segments[at].start, segments[at].end));
        let mut cutter: Option<(Channel, Cutter)> = None;
        for at in unknown {
            let segment = segments[at];
            let cut = match &mut cutter {
                Some((channel, cutter)) if *channel == segment.channel => cutter.cut(segment),
                _ => Cutter::open(path, segment.channel)
                    .and_then(|opened| cutter.insert((segment.channel, opened)).1.cut(segment)),
            };
            let facts = cut.and_then(|audio| Facts::of(audio, format)).map(Arc::new);
            match &facts {
                Ok(facts) => self.with(|all| {
                    all.facts.insert(of_segment(identity(segment)), facts.clone());
                    all.is_new = true;
                }),
                // After one the decoder is at its end.
                Err(_) => cutter = None,
            }
            looks[at] = Some(Ok((identity(segment), bytes, facts)));
        }
        looks.into_iter().flatten().collect()
    }

    /// The correlation of two clips' waveforms; they are decoded where it is not known.
    #[must_use]
    pub fn correlation(&self, a: (&Source, &Facts), b: (&Source, &Facts)) -> f64 {
        if a.1.sound == b.1.sound {
            return 1.0;
        }
        self.compared(|all| &mut all.pairs, a, b, Waveform::correlation)
    }

    /// The correlation of two clips over the stretch that they have in common where it stands `later` steps of a
    /// [`Print`](super::Print) behind in the first; they are decoded where it is not known.
    #[must_use]
    pub(crate) fn correlation_over(&self, a: (&Source, &Facts), b: (&Source, &Facts), later: i64) -> f64 {
        let hop = super::PRINT_HOP as i64;
        self.compared(|all| &mut all.stretches, a, b, |a, b| a.correlation_over(b, hop * later))
    }

    /// What `compare` says of two clips, kept where `place` says.
    fn compared(
        &self,
        place: impl Fn(&mut All) -> &mut HashMap<(blake3::Hash, blake3::Hash), f64>,
        a: (&Source, &Facts),
        b: (&Source, &Facts),
        compare: impl Fn(&Waveform, &Waveform) -> f64,
    ) -> f64 {
        let key = match a.1.sound.as_bytes() <= b.1.sound.as_bytes() {
            true => (a.1.sound, b.1.sound),
            false => (b.1.sound, a.1.sound),
        };
        if let Some(known) = self.with(|all| place(all).get(&key).copied()) {
            return known;
        }
        let waveform = |source: &Source| Waveform::of(super::load(source).ok()?);
        let correlation = match (waveform(a.0), waveform(b.0)) {
            (Some(a), Some(b)) => compare(&a, &b),
            _ => 0.0,
        };
        self.with(|all| {
            place(all).insert(key, correlation);
            all.is_new = true;
        });
        correlation
    }

    /// Writes what is new to disk, together with what other processes wrote meanwhile.
    ///
    /// # Errors
    ///
    /// [`Error::Io`](crate::error::Error::Io) where the folder cannot be written.
    pub fn save(&self) -> Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        self.with(|all| {
            if !all.is_new {
                return Ok(());
            }
            if let Some(theirs) = All::read(path) {
                theirs.files.into_iter().for_each(|(name, quick)| _ = all.files.entry(name).or_insert(quick));
                theirs.facts.into_iter().for_each(|(hash, facts)| _ = all.facts.entry(hash).or_insert(facts));
                theirs.faults.into_iter().for_each(|(name, fault)| _ = all.faults.entry(name).or_insert(fault));
                all.pairs.extend(theirs.pairs);
                all.stretches.extend(theirs.stretches);
            }
            write_whole(path, |file| all.write(file))?;
            all.is_new = false;
            Ok(())
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut All) -> T) -> T {
        work(&mut self.all.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What the facts of a segment are kept under. Under its identity earlier versions kept those of its file.
fn of_segment(identity: blake3::Hash) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"facts of a segment").update(identity.as_bytes());
    hasher.finalize()
}

/// A file's name wherever the program is started.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

impl Quick {
    /// What tells that a file is untouched; none where it was changed a moment ago.
    fn of(found: &Metadata) -> Option<(u64, [u64; 2])> {
        let modified = found.modified().ok()?;
        #[cfg(unix)]
        let changed = {
            use std::os::unix::fs::MetadataExt;
            UNIX_EPOCH + Duration::new(u64::try_from(found.ctime()).ok()?, u32::try_from(found.ctime_nsec()).ok()?)
        };
        #[cfg(not(unix))]
        let changed = modified;
        let is_settled = |at: SystemTime| SystemTime::now().duration_since(at).is_ok_and(|age| age > UNSETTLED);
        if !is_settled(modified) || !is_settled(changed) {
            return None;
        }
        let nanoseconds = |at: SystemTime| u64::try_from(at.duration_since(UNIX_EPOCH).ok()?.as_nanos()).ok();
        Some((found.len(), [nanoseconds(modified)?, nanoseconds(changed)?]))
    }
}

impl All {
    /// What a store holds, line by line: one of a million files is not held as text beside.
    fn read(path: &Path) -> Option<Self> {
        let mut lines = BufReader::with_capacity(1 << 16, crate::files::open(path).ok()?);
        let (mut all, mut hasher) = (Self::default(), blake3::Hasher::new());
        let mut text = String::new();
        loop {
            text.clear();
            lines.read_line(&mut text).ok()?;
            let is_first = hasher.count() == 0;
            match serde_json::from_str(&text).ok()? {
                Line::Schema(schema) if is_first && schema == SCHEMA => {}
                Line::Schema(_) => return None,
                _ if is_first => return None,
                Line::File(name, quick) => drop(all.files.insert(name, quick)),
                Line::Facts(hash, facts) => drop(all.facts.insert(hash, Arc::new(facts))),
                Line::Fault(name, fault) => drop(all.faults.insert(name, fault)),
                Line::Pair(a, b, correlation) => drop(all.pairs.insert((a, b), correlation)),
                Line::Stretch(a, b, correlation) => drop(all.stretches.insert((a, b), correlation)),
                // It is the last.
                Line::Checksum(checksum) => {
                    let is_last = lines.fill_buf().ok()?.is_empty();
                    return (is_last && hasher.finalize() == checksum).then_some(all);
                }
            }
            hasher.update(text.as_bytes());
        }
    }

    /// In an order that the content alone decides.
    fn write(&self, to: &mut dyn Write) -> io::Result<()> {
        let mut hasher = blake3::Hasher::new();
        let mut line = |line: Line| -> io::Result<()> {
            // A path that is no text is not kept.
            let Ok(text) = serde_json::to_string(&line) else { return Ok(()) };
            let text = text + "\n";
            hasher.update(text.as_bytes());
            to.write_all(text.as_bytes())
        };
        line(Line::Schema(SCHEMA.to_owned()))?;
        let files: BTreeMap<_, _> = self.files.iter().collect();
        files.into_iter().try_for_each(|(name, quick)| line(Line::File(name.clone(), *quick)))?;
        let facts: BTreeMap<_, _> = self.facts.iter().map(|(hash, facts)| (hash.as_bytes(), facts)).collect();
        facts.into_iter().try_for_each(|(hash, facts)| line(Line::Facts((*hash).into(), Facts::clone(facts))))?;
        let faults: BTreeMap<_, _> = self.faults.iter().collect();
        faults.into_iter().try_for_each(|(name, fault)| line(Line::Fault(name.clone(), fault.clone())))?;
        type Made = fn(blake3::Hash, blake3::Hash, f64) -> Line;
        for (pairs, of) in [(&self.pairs, Line::Pair as Made), (&self.stretches, Line::Stretch)] {
            let pairs: BTreeMap<_, _> = pairs.iter().map(|((a, b), is)| ((a.as_bytes(), b.as_bytes()), is)).collect();
            pairs.into_iter().try_for_each(|((a, b), is)| line(of((*a).into(), (*b).into(), *is)))?;
        }
        to.write_all(serde_json::to_string(&Line::Checksum(hasher.finalize()))?.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(path: &Path, hertz: f32) {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 8_000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(path, spec).unwrap();
        (0..8_000).for_each(|i| writer.write_sample((9e3 * (i as f32 * hertz * 7.853_98e-4).sin()) as i16).unwrap());
        writer.finalize().unwrap();
    }

    /// Makes a file's times those of an hour ago; the entry's own cannot be set.
    fn age(path: &Path) {
        let file = std::fs::File::options().write(true).open(path).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(3_600)).unwrap();
    }

    #[test]
    fn what_was_found_once_is_found_again_whatever_the_file_is_called() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (dir.path().join("a.wav"), dir.path().join("b.wav"));
        tone(&a, 440.0);
        let known = Known::open(dir.path());
        let (hash, bytes, facts) = known.look(&a).unwrap();
        let facts = facts.unwrap();
        assert_eq!((bytes, facts.samples, facts.seconds()), (16_044, 8_000, 1.0));
        known.save().unwrap();
        std::fs::rename(&a, &b).unwrap();
        let again = Known::open(dir.path());
        assert_eq!(again.with(|all| all.facts.clone()), HashMap::from([(hash, facts.clone())]));
        assert_eq!(again.look(&b).unwrap().2.unwrap(), facts);
        // Nothing to write, so nothing is written.
        std::fs::remove_file(dir.path().join(NAME)).unwrap();
        again.with(|all| all.is_new = false);
        again.save().unwrap();
        assert!(!dir.path().join(NAME).exists());
    }

    #[test]
    fn a_changed_file_is_looked_at_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.wav");
        tone(&path, 440.0);
        age(&path);
        let known = Known::open(dir.path());
        let first = known.look(&path).unwrap().0;
        tone(&path, 660.0);
        age(&path);
        assert_ne!(known.look(&path).unwrap().0, first);
    }

    #[test]
    fn an_untouched_file_is_not_opened_and_what_is_wrong_with_it_is_known_too() {
        let dir = tempfile::tempdir().unwrap();
        let (whole, broken) = (dir.path().join("a.wav"), dir.path().join("b.wav"));
        tone(&whole, 440.0);
        std::fs::write(&broken, b"RIFF\0\0\0\0WAVEfmt ").unwrap();
        [&whole, &broken].into_iter().for_each(|path| age(path));
        std::thread::sleep(UNSETTLED + Duration::from_millis(50));
        let known = Known::open(dir.path());
        let (hash, bytes) = known.hash(&whole).unwrap();
        let fault = known.look(&broken).unwrap().2.unwrap_err();
        known.save().unwrap();

        let known = Known::open(dir.path());
        // A hash and a fault that no reading would give.
        let other = blake3::hash(b"another");
        known.with(|all| {
            assert_eq!(all.files.len(), 2);
            assert_eq!(all.files[&whole].hash, hash);
            all.files.get_mut(&whole).unwrap().hash = other;
            assert_eq!(all.faults[&broken].problem, fault.problem);
            all.faults.get_mut(&broken).unwrap().problem = "as it was told before".into();
        });
        assert_eq!(known.hash(&whole).unwrap(), (other, bytes));
        assert_eq!(known.look(&broken).unwrap().2.unwrap_err().problem, "as it was told before");
        tone(&whole, 660.0);
        tone(&broken, 440.0);
        let (changed, _) = known.hash(&whole).unwrap();
        assert!(changed != other && changed != hash);
        assert!(known.look(&broken).unwrap().2.is_ok());
    }

    #[test]
    fn a_damaged_store_is_as_none() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.wav");
        tone(&path, 440.0);
        let known = Known::open(dir.path());
        let _ = known.look(&path).unwrap();
        known.save().unwrap();
        let whole = std::fs::read(dir.path().join(NAME)).unwrap();
        let facts = || Known::open(dir.path()).with(|all| all.facts.len());
        assert_eq!(facts(), 1);
        for at in (0..whole.len()).step_by(7) {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            std::fs::write(dir.path().join(NAME), &damaged).unwrap();
            assert_eq!(facts(), 0, "byte {at}");
            std::fs::write(dir.path().join(NAME), &whole[..at]).unwrap();
            assert_eq!(facts(), 0, "cut at {at}");
        }
    }
}
