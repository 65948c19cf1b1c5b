//! The second look at a corpus: the contents of its files. Names lie, and some files of the public corpora are broken.
//!
//! | found | what happens |
//! |---|---|
//! | a file that cannot be opened or read | excluded |
//! | an empty file, a Git-LFS pointer, a format that is not read here | excluded |
//! | WAVE or AIFF that ends before its samples do, or has none | excluded |
//! | WAVE with nothing but digital silence | excluded: there is no emotion in it |
//! | files of one recording with **different** labels | all excluded: nobody can know which label is right |
//! | files of one recording with the same label | kept, and reported as a group that no split may break |
//! | a format other than the extension says | kept and reported: content decides |
//!
//! Files are one recording if they have the same bytes, or if they are WAVE of 16 bits with the same rate, channels and
//! length (1024 samples or more), and no sample is further than [`DITHER_STEPS`] steps from the other file's. The latter
//! is what is left of two equal files after each was resampled with dither of its own; two takes of one sentence differ by
//! hundreds of steps.
//!
//! Labels are compared as the corpora give them, before a label map merges any. Nothing is decoded; damage inside of
//! compressed audio shows only when it is.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{self, Seek},
    path::{Path, PathBuf},
};

use rayon::prelude::*;
use serde::Serialize;

pub use super::alike::DITHER_STEPS;
use super::{
    Cause, Clip, Exclusion, Scan, alike,
    alike::Print,
    chunks::{self, Sound},
    sniff::{Content, Format, HEAD_BYTES, sniff},
};

/// How much is read at a time: much for the disk, little for the memory.
const READ_BYTES: usize = 1 << 17;

/// What the contents of a corpus's files have shown.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Findings {
    /// How many files were looked into.
    pub files: usize,
    /// How many bytes they have.
    pub bytes: u64,
    /// How many usable files there are of each format, by content.
    pub formats: BTreeMap<Format, usize>,
    /// The clips that were excluded, in order of id.
    pub faults: Vec<Fault>,
    /// Files of the same recording as another one, in order of their first id.
    pub identical: Vec<Identical>,
    /// Files whose extension names another format than their content has, in order of id. They are kept.
    pub misnamed: Vec<Misnamed>,
    /// The BLAKE3 hash of every file that could be read, by clip id.
    #[serde(skip)]
    pub hashes: BTreeMap<String, blake3::Hash>,
}

/// A clip that was excluded for its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The clip's id.
    pub clip: String,
    /// Its file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub flaw: Flaw,
    /// The same in words.
    pub reason: String,
}

/// What can be wrong with a clip's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flaw {
    /// It cannot be opened or read.
    Unreadable,
    /// It has no bytes.
    Empty,
    /// It stands for a file that Git LFS has not fetched.
    LfsPointer,
    /// It is nothing that is read here.
    UnknownFormat,
    /// It ends before its samples do.
    Truncated,
    /// It has headers and no samples.
    NoSamples,
    /// All its samples are zero.
    Silent,
    /// Another clip is the same recording and has another label.
    ConflictingLabels,
}

impl Flaw {
    /// Whether it is what corpora are known for, and no damage: the clip is left out and listed.
    #[must_use]
    pub fn is_known(self) -> bool {
        matches!(self, Self::Silent | Self::ConflictingLabels)
    }
}

/// Clips whose files are one recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Identical {
    /// The BLAKE3 hash of the first one's bytes, in hexadecimal.
    pub hash: String,
    /// Whether the others have the same bytes; if not, they have the same samples but for dither.
    pub same_bytes: bool,
    /// The clips' ids, in order.
    pub clips: Vec<String>,
    /// Their labels, each once.
    pub emotions: BTreeSet<String>,
}

impl Identical {
    /// Whether the clips stayed: they did if they agree on the label.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.emotions.len() == 1
    }
}

/// A file whose extension names another format than its content has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Misnamed {
    /// The clip's id.
    pub clip: String,
    /// Its file.
    pub path: PathBuf,
    /// What it is.
    pub format: Format,
}

impl Findings {
    /// The groups of kept clips that are one recording: each must be on one side of a split.
    pub fn groups(&self) -> impl Iterator<Item = &[String]> {
        self.identical.iter().filter(|group| group.is_kept()).map(|group| group.clips.as_slice())
    }
}

/// What one file's content says.
struct Look {
    bytes: u64,
    hash: Option<blake3::Hash>,
    verdict: std::result::Result<Format, (Flaw, String)>,
    print: Option<Print>,
}

/// Looks into the files of `scan` on all cores, and moves those that cannot be used to its exclusions. Clips without a
/// file (the embedded corpus) pass. `tick` is called once for each file looked at, from any thread.
///
/// ```
/// use std::path::Path;
/// use ser::corpus::{CorpusConfig, Kind, inspect, scan};
///
/// let found = scan(&CorpusConfig::new(Kind::Synthetic), Path::new("datasets"))?;
/// let clips = found.clips.len();
/// let (usable, findings) = inspect(found, || {});
/// assert_eq!((usable.clips.len(), findings.faults.len()), (clips, 0));
/// # Ok::<(), ser::error::Error>(())
/// ```
#[must_use]
pub fn inspect(scan: Scan, tick: impl Fn() + Sync) -> (Scan, Findings) {
    let Scan { mut clips, mut excluded, extents, overlaps, listed, lost } = scan;
    let looks: Vec<Option<Look>> = clips
        .par_iter()
        .map(|clip| {
            let mut look = clip.source.file().map(look_into);
            if let (Some(look), Some(_)) = (&mut look, clip.source.segment()) {
                look.hash = look.hash.map(|hash| clip.source.identity(hash));
                // The print is of the whole file, and the file's segments are no copies of each other.
                look.print = None;
            }
            tick();
            look
        })
        .collect();
    let mut findings = Findings::default();
    let mut prints = Vec::new();
    for (clip, look) in clips.iter().zip(looks) {
        if let (Some(path), Some(mut look)) = (clip.source.file(), look) {
            prints.extend(look.print.take().map(|print| (clip, path, print)));
            findings.note(clip, path, look);
        }
    }
    let same_bytes = |a: &Clip, b: &Clip| findings.hashes.get(&a.id) == findings.hashes.get(&b.id);
    let alike = alike::pairs(&prints, same_bytes);
    findings.compare(&clips, alike);
    findings.faults.sort_by(|a, b| a.clip.cmp(&b.clip));
    let at_fault: BTreeSet<&str> = findings.faults.iter().map(|fault| fault.clip.as_str()).collect();
    clips.retain(|clip| !at_fault.contains(clip.id.as_str()));
    excluded.extend(findings.faults.iter().map(Fault::exclusion));
    excluded.sort_by(|a, b| a.path.cmp(&b.path));
    (Scan { clips, excluded, extents, overlaps, listed, lost }, findings)
}

impl Fault {
    fn exclusion(&self) -> Exclusion {
        let cause = if self.flaw.is_known() { Cause::Known } else { Cause::Damaged };
        Exclusion { path: self.path.clone(), reason: self.reason.clone(), cause }
    }
}

impl Findings {
    /// Takes down what one file's content says.
    fn note(&mut self, clip: &Clip, path: &Path, look: Look) {
        self.files += 1;
        self.bytes += look.bytes;
        self.hashes.extend(look.hash.map(|hash| (clip.id.clone(), hash)));
        let (clip, path) = (clip.id.clone(), path.to_owned());
        match look.verdict {
            Ok(format) => {
                *self.formats.entry(format).or_default() += 1;
                if !format.has_extension(&path) {
                    self.misnamed.push(Misnamed { clip, path, format });
                }
            }
            Err((flaw, reason)) => self.faults.push(Fault { clip, path, flaw, reason }),
        }
    }

    /// Groups the files that are one recording (those with the same bytes, and the pairs `alike`), and finds fault with
    /// those that disagree on the label.
    fn compare(&mut self, clips: &[Clip], alike: Vec<(&str, &str)>) {
        let broken: BTreeSet<&str> = self.faults.iter().map(|fault| fault.clip.as_str()).collect();
        let mut by_hash: BTreeMap<&[u8; 32], Vec<&Clip>> = BTreeMap::new();
        for clip in clips.iter().filter(|clip| !broken.contains(clip.id.as_str())) {
            if let Some(hash) = self.hashes.get(&clip.id) {
                by_hash.entry(hash.as_bytes()).or_default().push(clip);
            }
        }
        let mut groups: Vec<Vec<&Clip>> = by_hash.into_values().collect();
        for (a, b) in alike {
            let place = |id: &str| groups.iter().position(|group| group.iter().any(|clip| clip.id == id));
            if let (Some(a), Some(b)) = (place(a), place(b))
                && a != b
            {
                let joined = groups.swap_remove(a.max(b));
                groups[a.min(b)].extend(joined);
            }
        }
        let mut faults = Vec::new();
        for mut group in groups.into_iter().filter(|group| group.len() > 1) {
            group.sort_by(|a, b| a.id.cmp(&b.id));
            let hash = |clip: &Clip| self.hashes.get(&clip.id);
            let identical = Identical {
                hash: hash(group[0]).map(|hash| hash.to_hex().to_string()).unwrap_or_default(),
                same_bytes: group.iter().all(|clip| hash(clip) == hash(group[0])),
                clips: group.iter().map(|clip| clip.id.clone()).collect(),
                emotions: group.iter().map(|clip| clip.emotion.clone()).collect(),
            };
            if !identical.is_kept() {
                faults.extend(group.iter().filter_map(|clip| conflict(clip, &group, identical.same_bytes)));
            }
            self.identical.push(identical);
        }
        self.identical.sort_by(|a, b| a.clips.cmp(&b.clips));
        self.faults.extend(faults);
    }
}

fn conflict(clip: &Clip, group: &[&Clip], same_bytes: bool) -> Option<Fault> {
    let others = group.iter().filter(|other| other.id != clip.id);
    let others: Vec<_> = others.map(|other| format!("{} ({})", other.id, other.emotion)).collect();
    let reason = format!(
        "labelled {}, with the same {} as {}: which label is right cannot be known",
        clip.emotion,
        if same_bytes { "bytes" } else { "samples (but for dither)" },
        others.join(", ")
    );
    let path = clip.source.file()?.to_owned();
    Some(Fault { clip: clip.id.clone(), path, flaw: Flaw::ConflictingLabels, reason })
}

/// Reads a file once from end to end, for its hash, and again where its chunks say that its sound is.
fn look_into(path: &Path) -> Look {
    let unreadable = |error: io::Error| (Flaw::Unreadable, format!("cannot be read: {error}"));
    let (mut file, hash, bytes, head) = match File::open(path).and_then(digest) {
        Ok(read) => read,
        Err(error) => return Look { bytes: 0, hash: None, verdict: Err(unreadable(error)), print: None },
    };
    let mut print = None;
    let verdict = match sniff(&head) {
        Content::Empty => Err((Flaw::Empty, "empty file: fetch it again".to_owned())),
        Content::LfsPointer => {
            Err((Flaw::LfsPointer, "Git-LFS pointer: run `git lfs pull` in the corpus's folder".to_owned()))
        }
        Content::Unknown(guess) => Err((Flaw::UnknownFormat, format!("not audio that is read here, but {guess}"))),
        Content::Audio(format) => {
            chunks::judge(&mut file, format).map_err(unreadable).and_then(|(sound, extent)| match sound {
                Sound::Whole => {
                    // Where the samples cannot be read twice, there is nothing to compare.
                    print = extent.and_then(|extent| Print::take(&mut file, extent).ok().flatten());
                    Ok(format)
                }
                Sound::Silent => Err((Flaw::Silent, "digital silence: there is nothing to hear".to_owned())),
                Sound::Cut(there, length) => Err((
                    Flaw::Truncated,
                    format!("truncated: {there} of {length} bytes of samples are there; fetch it again"),
                )),
                Sound::Missing(problem) => Err((Flaw::NoSamples, format!("no samples: {problem}"))),
            })
        }
    };
    Look { bytes, hash: Some(hash), verdict, print }
}

/// Hashes a file, and gives it back with its length and its first bytes.
fn digest(mut file: File) -> io::Result<(File, blake3::Hash, u64, Vec<u8>)> {
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; READ_BYTES];
    let mut head = Vec::new();
    loop {
        let filled = chunks::fill(&mut file, &mut buffer)?;
        if hasher.count() == 0 {
            head.extend_from_slice(&buffer[..filled.min(HEAD_BYTES)]);
        }
        hasher.update(&buffer[..filled]);
        if filled < buffer.len() {
            break;
        }
    }
    file.rewind()?;
    let bytes = hasher.count();
    Ok((file, hasher.finalize(), bytes, head))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::corpus::{CorpusConfig, Kind, Metadata, Source, fake};

    /// A WAVE file of 16 bits with these samples.
    fn wave(samples: &[i16]) -> Vec<u8> {
        let data: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        let length = u32::try_from(data.len()).unwrap().to_le_bytes();
        let head = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3E\0\0\0\x7D\0\0\x02\0\x10\0data";
        [&head[..], &length, &data].concat()
    }

    /// Files with their emotions and contents, as a scan.
    fn scanned(files: &[(&str, &str, &[u8])]) -> (tempfile::TempDir, Scan) {
        let folder = fake::tree(&[]);
        let clip = |&(name, emotion, content): &(&str, &str, &[u8])| {
            fake::write(folder.path(), name, content);
            Clip {
                id: format!("c/s/{name}"),
                corpus: "c".into(),
                speaker: "s".into(),
                emotion: emotion.into(),
                source: Source::File(folder.path().join(name)),
                meta: Metadata::default(),
            }
        };
        let clips = files.iter().map(clip).collect();
        (folder, Scan { clips, ..Scan::default() })
    }

    fn ids(scan: &Scan) -> Vec<&str> {
        scan.clips.iter().map(|clip| clip.id.as_str()).collect()
    }

    #[test]
    fn what_cannot_be_used_is_excluded_with_its_reason() {
        let mut cut = wave(&[9; 100]);
        cut.truncate(100);
        let (folder, mut found) = scanned(&[
            ("cut.wav", "sad", &cut),
            ("empty.wav", "sad", b""),
            ("good.wav", "sad", &wave(&[9; 100])),
            ("page.wav", "sad", b"<html>"),
            ("pointer.wav", "sad", b"version https://git-lfs.github.com/spec/v1\n"),
            ("silent.wav", "sad", &wave(&[0; 100])),
            ("soundless.wav", "sad", &wave(&[])),
        ]);
        let gone = Clip {
            id: "c/s/gone".into(),
            source: Source::File(folder.path().join("gone.wav")),
            ..found.clips[0].clone()
        };
        found.clips.push(gone);
        let ticks = AtomicUsize::new(0);
        let tick = || {
            ticks.fetch_add(1, Ordering::Relaxed);
        };
        let (usable, findings) = inspect(found, tick);
        assert_eq!(ids(&usable), ["c/s/good.wav"]);
        assert_eq!(ticks.into_inner(), 8);
        let flaws: Vec<_> = findings.faults.iter().map(|fault| fault.flaw).collect();
        use Flaw::*;
        assert_eq!(flaws, [Truncated, Empty, Unreadable, UnknownFormat, LfsPointer, Silent, NoSamples]);
        assert_eq!(usable.excluded.len(), 7);
        assert!(usable.excluded[0].reason.contains("56 of 200 bytes"), "{:?}", usable.excluded);
        assert!(findings.faults[4].reason.contains("git lfs pull"));
        assert_eq!(findings.formats, BTreeMap::from([(Format::Wav, 1)]));
    }

    #[test]
    fn the_same_bytes_with_one_label_are_kept_as_a_group() {
        let (_folder, found) =
            scanned(&[("a.wav", "sad", &wave(&[9])), ("b.wav", "sad", &wave(&[9])), ("c.wav", "sad", &wave(&[8]))]);
        let (usable, findings) = inspect(found, || {});
        assert_eq!(usable.clips.len(), 3);
        assert_eq!(findings.groups().collect::<Vec<_>>(), [["c/s/a.wav", "c/s/b.wav"]]);
        assert_eq!(findings.hashes["c/s/a.wav"], findings.hashes["c/s/b.wav"]);
        assert_eq!(findings.identical[0].hash, blake3::hash(&wave(&[9])).to_string());
    }

    #[test]
    fn the_same_bytes_with_different_labels_are_all_excluded() {
        let (_folder, found) = scanned(&[
            ("a.wav", "sad", &wave(&[9])),
            ("b.wav", "angry", &wave(&[9])),
            ("c.wav", "sad", &wave(&[9])),
            ("d.wav", "sad", &wave(&[8])),
        ]);
        let (usable, findings) = inspect(found, || {});
        assert_eq!(ids(&usable), ["c/s/d.wav"]);
        assert_eq!(findings.groups().count(), 0);
        assert!(!findings.identical[0].is_kept());
        assert!(usable.excluded[0].reason.contains("c/s/b.wav (angry)"), "{:?}", usable.excluded);
    }

    #[test]
    fn the_same_samples_but_for_dither_are_one_recording() {
        let tone: Vec<i16> = (0..40_000).map(|i| ((f64::from(i) * 0.03).sin() * 9e3) as i16).collect();
        let moved = |by: i16, at: usize| {
            let mut samples: Vec<i16> = tone.iter().enumerate().map(|(i, s)| s + (i % 3) as i16 - 1).collect();
            samples[at] = tone[at] + by;
            wave(&samples)
        };
        let chunk = [&wave(&tone)[..], b"LIST\x04\0\0\0abcd"].concat();
        let (_folder, found) = scanned(&[
            ("a.wav", "sad", &wave(&tone)),
            ("b.wav", "sad", &moved(4, 39_999)),
            // Nine steps from the first file, five from the second.
            ("c.wav", "sad", &moved(9, 39_999)),
            ("d.wav", "sad", &wave(&tone[1..])),
            ("e.wav", "sad", &chunk),
        ]);
        let (usable, findings) = inspect(found, || {});
        assert_eq!(usable.clips.len(), 5);
        assert_eq!(findings.groups().collect::<Vec<_>>(), [["c/s/a.wav", "c/s/b.wav", "c/s/e.wav"]]);
        assert!(!findings.identical[0].same_bytes);
        let (_folder, found) = scanned(&[("a.wav", "sad", &wave(&tone)), ("b.wav", "angry", &moved(4, 0))]);
        let (usable, findings) = inspect(found, || {});
        assert!(usable.clips.is_empty() && findings.faults[0].reason.contains("but for dither"), "{findings:?}");
    }

    #[test]
    fn a_pair_of_ravdess_is_one_recording_in_any_copy_and_no_other_clips_are() {
        let Some(found) = fake::real(&CorpusConfig::new(Kind::Ravdess)) else { return };
        let pair = ["ravdess/07/03-01-03-01-02-01-07", "ravdess/07/03-01-03-01-02-02-07"];
        assert_eq!(inspect(found, || {}).1.groups().collect::<Vec<_>>(), [pair]);
        for kind in [Kind::CremaD, Kind::Tess, Kind::Savee] {
            let Some(found) = fake::real(&CorpusConfig::new(kind)) else { continue };
            assert_eq!(inspect(found, || {}).1.groups().count(), 0, "{kind}");
        }
    }

    #[test]
    fn content_decides_and_a_wrong_extension_is_reported() {
        let (_folder, found) =
            scanned(&[("a.wav", "sad", b"fLaC\0\0\0\x22"), ("b.AIF", "sad", b"fLaC"), ("c.FLAC", "sad", b"fLaC1")]);
        let (usable, findings) = inspect(found, || {});
        assert_eq!(usable.clips.len(), 3);
        assert_eq!(
            findings.misnamed.iter().map(|file| file.clip.as_str()).collect::<Vec<_>>(),
            ["c/s/a.wav", "c/s/b.AIF"]
        );
        let json = serde_json::to_value(&findings).unwrap();
        assert_eq!(json["formats"]["flac"], 3);
        assert_eq!(json["misnamed"][0]["format"], "flac");
    }

    #[test]
    fn longer_files_than_the_buffer_are_hashed_whole() {
        let mut long = wave(&[7; READ_BYTES]);
        let (_folder, found) = scanned(&[("a.wav", "sad", &long)]);
        let (_, findings) = inspect(found, || {});
        assert_eq!(findings.hashes["c/s/a.wav"], blake3::hash(&long));
        assert_eq!(findings.bytes, long.len() as u64);
        long.truncate(READ_BYTES);
        let (_folder, found) = scanned(&[("a.wav", "sad", &long)]);
        assert_eq!(inspect(found, || {}).1.hashes["c/s/a.wav"], blake3::hash(&long));
    }

    #[test]
    fn the_odd_originals_of_the_public_corpora_are_found() {
        let quirks = |kind, folder: &str| {
            let config = CorpusConfig { root: Some(Path::new("quirks").join(folder)), ..CorpusConfig::new(kind) };
            fake::real(&config).map(|found| inspect(found, || {}))
        };
        let Some((usable, findings)) = quirks(Kind::CremaD, "cremad") else { return };
        assert_eq!(ids(&usable), ["crema_d/1040/1040_ITH_SAD_XX"]);
        let flaws: Vec<_> = findings.faults.iter().map(|fault| fault.flaw).collect();
        assert_eq!(flaws[0], Flaw::LfsPointer);
        assert_eq!(flaws[1..7], [Flaw::ConflictingLabels; 6]);
        assert_eq!(flaws[7..], [Flaw::Silent]);
        let Some((usable, findings)) = quirks(Kind::Ravdess, "ravdess") else { return };
        assert_eq!((usable.clips.len(), usable.excluded.len()), (8, 0));
        let pair = ["ravdess/07/03-01-03-01-02-01-07", "ravdess/07/03-01-03-01-02-02-07"];
        assert_eq!(findings.groups().collect::<Vec<_>>(), [pair]);
        let Some((usable, findings)) = quirks(Kind::Tess, "tess") else { return };
        assert_eq!((usable.clips.len(), usable.excluded.len()), (5, 0));
        let misnamed: Vec<_> = findings.misnamed.iter().map(|file| (file.clip.as_str(), file.format)).collect();
        assert_eq!(misnamed, [("tess/YAF/YAF_germ_angry", Format::Aiff), ("tess/YAF/YAF_neat_fear", Format::Aiff)]);
        let Some((usable, _)) = quirks(Kind::Savee, "savee") else { return };
        assert_eq!((usable.clips.len(), usable.excluded.len()), (3, 0));
    }

    #[test]
    fn the_real_crema_d_has_one_silent_clip_and_three_pairs_of_two_labels() {
        let config = CorpusConfig::new(Kind::CremaD);
        let Some(found) = fake::real(&config) else { return };
        let (usable, findings) = inspect(found, || {});
        assert_eq!(usable.clips.len(), 7442 - 7);
        let silent: Vec<_> = findings.faults.iter().filter(|fault| fault.flaw == Flaw::Silent).collect();
        assert_eq!(
            silent.iter().map(|fault| fault.clip.as_str()).collect::<Vec<_>>(),
            ["crema_d/1076/1076_MTI_SAD_XX"]
        );
        assert_eq!(findings.identical.len(), 3);
    }
}
