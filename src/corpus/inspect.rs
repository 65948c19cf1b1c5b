//! The second look at a corpus: the contents of its files. Names lie, and some files of the public corpora are broken.
//!
//! | found | what happens |
//! |---|---|
//! | a file that cannot be opened or read, a pipe, a device | excluded |
//! | an empty file, a Git-LFS pointer, a format or coding that is not read here | excluded |
//! | a file that is cut off, damaged, or has no samples | excluded |
//! | nothing but digital silence | excluded: there is no emotion in it |
//! | channels that cancel each other out where they are mixed | excluded: one of them is to be chosen |
//! | shorter than a frame of the features | excluded: it is not analysed |
//! | copies of one file with **different** labels | all excluded: nobody can know which label is right |
//! | files of one recording | kept, and reported as a group that no split may break |
//! | a format other than the extension says | kept and reported: content decides |
//!
//! Every file is decoded, once: what [`Known`] remembers of it is not decoded again. What training and prediction would
//! refuse is refused here, by the same code. Files are copies if they have the same bytes or samples, or if their waveforms are
//! the same but for level, dither, rate, channels or what a lossy codec takes; one recording are also takes that were cut
//! twice, of which CREMA-D has five, excerpts with what they were cut from, and what went through a telephone or a low-pass.
//!
//! Labels are compared as the corpora give them, before a label map merges any.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use rayon::prelude::*;
use serde::Serialize;

use super::{
    Cause, Clip, Exclusion, Format, Scan, Source, copies,
    duplicates::{self, File},
};
use crate::audio::{self, Facts, Known, Segment};

pub(crate) use duplicates::STEPS;

/// How many of the other clips a clip's reason names.
const MOST_NAMED: usize = 3;

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
    /// Every file that could be read, by clip id: what [`hash`](Self::hash) and [`facts`](Self::facts) answer from.
    #[serde(skip)]
    read: BTreeMap<Box<str>, Read>,
}

/// The BLAKE3 hash of a file that could be read, and what is known of its audio where it can be used.
type Read = (blake3::Hash, Option<Arc<Facts>>);

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
    /// What it holds contradicts itself: checksums, lengths, samples that are not finite.
    Damaged,
    /// It has headers and no samples.
    NoSamples,
    /// All its samples are zero.
    Silent,
    /// Its channels cancel each other out.
    Cancelling,
    /// It is shorter than what is analysed at once.
    TooShort,
    /// Another clip is the same recording and has another label.
    ConflictingLabels,
}

impl Flaw {
    /// Whether it is what corpora are known for, and no damage: the clip is left out and listed.
    #[must_use]
    pub fn is_known(self) -> bool {
        matches!(self, Self::Silent | Self::TooShort | Self::ConflictingLabels)
    }
}

impl From<audio::Flaw> for Flaw {
    fn from(flaw: audio::Flaw) -> Self {
        match flaw {
            audio::Flaw::Unreadable => Self::Unreadable,
            audio::Flaw::Empty => Self::Empty,
            audio::Flaw::LfsPointer => Self::LfsPointer,
            audio::Flaw::UnknownFormat => Self::UnknownFormat,
            audio::Flaw::Truncated => Self::Truncated,
            audio::Flaw::Damaged => Self::Damaged,
            audio::Flaw::NoSamples => Self::NoSamples,
            audio::Flaw::Silent => Self::Silent,
            audio::Flaw::Cancelling => Self::Cancelling,
            audio::Flaw::TooShort => Self::TooShort,
        }
    }
}

/// Clips whose files are one recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Identical {
    /// The BLAKE3 hash of the first one's bytes, in hexadecimal.
    pub hash: String,
    /// Whether the others have the same bytes; if not, they have the same sound.
    pub same_bytes: bool,
    /// The clips' ids, in order.
    pub clips: Vec<String>,
    /// Their labels, each once.
    pub emotions: BTreeSet<String>,
    /// Whether the clips stayed: they did unless they are copies of one file that disagree on the label.
    pub kept: bool,
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
    /// The BLAKE3 hash of a clip's file, where it could be read. The identity of a segment stands for it.
    #[must_use]
    pub fn hash(&self, clip: &str) -> Option<blake3::Hash> {
        self.read.get(clip).map(|(hash, _)| *hash)
    }

    /// What is known of the audio of a clip's file, where it can be used.
    #[must_use]
    pub fn facts(&self, clip: &str) -> Option<&Facts> {
        self.read.get(clip)?.1.as_deref()
    }

    /// The groups of kept clips that are one recording: each must be on one side of a split.
    pub fn groups(&self) -> impl Iterator<Item = &[String]> {
        self.identical.iter().filter(|group| group.kept).map(|group| group.clips.as_slice())
    }
}

/// Looks into the files of `scan` on all cores, and moves those that cannot be used to its exclusions. Clips without a
/// file (the embedded corpus) pass. What `known` has of a file is taken from there, and what is new added to it. `tick` is
/// called once for each file looked at, from any thread.
///
/// ```
/// use std::path::Path;
/// use ser::{audio::Known, corpus::{CorpusConfig, Kind, inspect, scan}};
///
/// let found = scan(&CorpusConfig::new(Kind::Synthetic), Path::new("datasets"))?;
/// let clips = found.clips.len();
/// let (usable, findings) = inspect(found, &Known::default(), || {});
/// assert_eq!((usable.clips.len(), findings.faults.len()), (clips, 0));
/// # Ok::<(), ser::error::Error>(())
/// ```
#[must_use]
pub fn inspect(scan: Scan, known: &Known, tick: impl Fn() + Sync) -> (Scan, Findings) {
    look_into(scan, known, 0.0, tick).compare(known, || {})
}

/// Files that were looked into, one by one.
pub(crate) struct LookedInto {
    scan: Scan,
    findings: Findings,
}

/// So many files are looked into before what was found is taken down: looks at a million at once take half a gigabyte.
const AT_ONCE: usize = 4_096;

/// The first half of [`inspect`], file by file. What is shorter than `shortest`, in seconds, cannot be used.
pub(crate) fn look_into(scan: Scan, known: &Known, shortest: f64, tick: impl Fn() + Sync) -> LookedInto {
    let mut findings = Findings::default();
    let long_enough = |look: Looked| {
        look.map(|(hash, bytes, facts)| (hash, bytes, facts.and_then(|facts| facts.fills(shortest).map(|()| facts))))
    };
    let clips = &scan.clips;
    let mut together: BTreeMap<&Path, Vec<(&Clip, &Segment)>> = BTreeMap::new();
    let mut alone: Vec<(&Clip, &Path)> = Vec::new();
    for clip in clips {
        match &clip.source {
            Source::Segment(segment) => together.entry(&segment.path).or_default().push((clip, segment)),
            Source::File(path) => alone.push((clip, path)),
            Source::Synthetic(_) => tick(),
        }
    }
    for some in alone.chunks(AT_ONCE) {
        let look = |&(_, path): &(&Clip, &Path)| {
            let look = known.look(path);
            tick();
            look
        };
        let looks: Vec<Looked> = some.par_iter().map(look).collect();
        some.iter().zip(looks).for_each(|((clip, path), look)| findings.note(clip, path, long_enough(look)));
    }
    // All segments of a file are looked at together.
    let together: Vec<_> = together.into_iter().collect();
    for some in together.chunks(AT_ONCE) {
        let look = |(path, members): &(&Path, Vec<(&Clip, &Segment)>)| {
            let segments: Vec<&Segment> = members.iter().map(|(_, segment)| *segment).collect();
            let looks = known.look_at_segments(path, &segments);
            members.iter().for_each(|_| tick());
            looks
        };
        let looks: Vec<Vec<Looked>> = some.par_iter().map(look).collect();
        for ((path, members), looks) in some.iter().zip(looks) {
            members.iter().zip(looks).for_each(|((clip, _), look)| findings.note(clip, path, long_enough(look)));
        }
    }
    LookedInto { scan, findings }
}

impl LookedInto {
    /// The second half, files beside files; `compared` is called once for each of the [`STEPS`].
    pub(crate) fn compare(self, known: &Known, compared: impl Fn()) -> (Scan, Findings) {
        let Self { scan, mut findings } = self;
        let Scan { mut clips, mut excluded, extents, overlaps, listed, lost, copies } = scan;
        copies::compare(&mut excluded, &copies, known);
        findings.compare(&clips, known, compared);
        findings.faults.sort_by(|a, b| a.clip.cmp(&b.clip));
        findings.misnamed.sort_by(|a, b| a.clip.cmp(&b.clip));
        let at_fault: BTreeSet<&str> = findings.faults.iter().map(|fault| fault.clip.as_str()).collect();
        clips.retain(|clip| !at_fault.contains(clip.id.as_str()));
        excluded.extend(findings.faults.iter().map(Fault::exclusion));
        excluded.sort_by(|a, b| a.path.cmp(&b.path));
        (Scan { clips, excluded, extents, overlaps, listed, lost, copies: BTreeMap::new() }, findings)
    }
}

/// What is known of a clip's file, or why it cannot be read.
type Looked = Result<audio::Looked, audio::Fault>;

impl Fault {
    fn exclusion(&self) -> Exclusion {
        let cause = if self.flaw.is_known() { Cause::Known } else { Cause::Damaged };
        Exclusion { path: self.path.clone(), reason: self.reason.clone(), cause }
    }
}

impl Findings {
    /// Takes down what one file's content says.
    fn note(&mut self, clip: &Clip, path: &Path, look: Result<audio::Looked, audio::Fault>) {
        self.files += 1;
        let found = look.and_then(|(hash, bytes, facts)| {
            self.bytes += bytes;
            let known = facts.as_ref().ok().cloned();
            self.read.insert(clip.id.as_str().into(), (hash, known));
            facts
        });
        let named = || (clip.id.clone(), path.to_owned());
        match found {
            Ok(facts) => {
                let format = facts.format;
                *self.formats.entry(format).or_default() += 1;
                if !format.has_extension(path) {
                    let (clip, path) = named();
                    self.misnamed.push(Misnamed { clip, path, format });
                }
            }
            Err(fault) => {
                let (clip, path) = named();
                self.faults.push(Fault { clip, path, flaw: fault.flaw.into(), reason: fault.problem });
            }
        }
    }

    /// Groups the files that are one recording, and finds fault with those that disagree on the label.
    fn compare(&mut self, clips: &[Clip], known: &Known, compared: impl Fn()) {
        let files: Vec<(&Clip, File)> = clips
            .iter()
            .filter_map(|clip| {
                let (hash, facts) = self.read.get(clip.id.as_str())?;
                Some((clip, File { source: &clip.source, hash: *hash, facts: facts.as_deref()? }))
            })
            .collect();
        let (clips, files): (Vec<&Clip>, Vec<File>) = files.into_iter().unzip();
        let groups = duplicates::groups(&files, known, compared);
        let identical = |members: &[usize], kept: Option<bool>| {
            let hash = files[members[0]].hash;
            let mut group: Vec<&Clip> = members.iter().map(|&i| clips[i]).collect();
            group.sort_by(|a, b| a.id.cmp(&b.id));
            let emotions: BTreeSet<String> = group.iter().map(|clip| clip.emotion.clone()).collect();
            let kept = kept.unwrap_or(emotions.len() == 1);
            let same_bytes = members.iter().all(|&i| files[i].hash == hash);
            let ids = group.iter().map(|clip| clip.id.clone()).collect();
            (Identical { hash: hash.to_hex().to_string(), same_bytes, clips: ids, emotions, kept }, group)
        };
        let mut out: BTreeSet<usize> = BTreeSet::new();
        for members in &groups.copies {
            let (identical, group) = identical(members, None);
            if !identical.kept {
                let shown = shown(&group);
                let same_bytes = identical.same_bytes;
                self.faults.extend(group.iter().filter_map(|clip| conflict(clip, &shown, group.len(), same_bytes)));
                self.identical.push(identical);
                out.extend(members);
            }
        }
        // What is left of a recording stays together, whatever its labels: takes that were cut twice are no copies.
        for members in &groups.recordings {
            let members: Vec<usize> = members.iter().copied().filter(|i| !out.contains(i)).collect();
            if members.len() > 1 {
                self.identical.push(identical(&members, Some(true)).0);
            }
        }
        self.identical.sort_by(|a, b| a.clips.cmp(&b.clips));
    }
}

/// The clips of a group that reasons name: a few of a few labels, so that what is said of a large group stays short.
fn shown<'a>(group: &[&'a Clip]) -> Vec<&'a Clip> {
    let mut by_emotion: BTreeMap<&str, Vec<&Clip>> = BTreeMap::new();
    for clip in group {
        let of_label = by_emotion.entry(&clip.emotion).or_default();
        if of_label.len() <= MOST_NAMED {
            of_label.push(clip);
        }
    }
    by_emotion.into_values().take(MOST_NAMED + 1).flatten().collect()
}

fn conflict(clip: &Clip, shown: &[&Clip], size: usize, same_bytes: bool) -> Option<Fault> {
    // Those of another label first: they are the conflict.
    let with = |same: bool| shown.iter().filter(move |other| (other.emotion == clip.emotion) == same);
    let others = with(false).chain(with(true)).filter(|other| other.id != clip.id);
    let named: Vec<_> = others.take(MOST_NAMED).map(|other| format!("{} ({})", other.id, other.emotion)).collect();
    let more = match size - 1 - named.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let reason = format!(
        "labelled {}, with the same {} as {}{more}: which label is right cannot be known",
        clip.emotion,
        if same_bytes { "bytes" } else { "sound" },
        named.join(", "),
    );
    let path = clip.source.file()?.to_owned();
    Some(Fault { clip: clip.id.clone(), path, flaw: Flaw::ConflictingLabels, reason })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use rand::RngExt;

    use super::*;
    use crate::corpus::{CorpusConfig, Kind, Metadata, fake};

    /// A WAVE file of 16 bits with these samples.
    fn wave(samples: &[i16]) -> Vec<u8> {
        let data: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        let length = u32::try_from(data.len()).unwrap().to_le_bytes();
        let head = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3E\0\0\0\x7D\0\0\x02\0\x10\0data";
        [&head[..], &length, &data].concat()
    }

    /// A sound of `n` samples, another one for each `pitch`.
    fn tone(pitch: u16, n: usize) -> Vec<i16> {
        (0..n).map(|i| ((i as f64 * 0.01 * f64::from(pitch)).sin() * 9e3) as i16).collect()
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
        let mut cut = wave(&tone(9, 100));
        cut.truncate(100);
        let (folder, mut found) = scanned(&[
            ("cut.wav", "sad", &cut),
            ("empty.wav", "sad", b""),
            ("good.wav", "sad", &wave(&tone(9, 100))),
            ("page.wav", "sad", b"<html>"),
            ("pointer.wav", "sad", b"version https://git-lfs.github.com/spec/v1\n"),
            ("offset.wav", "sad", &wave(&[900; 100])),
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
        let (usable, findings) = inspect(found, &Known::default(), tick);
        assert_eq!(ids(&usable), ["c/s/good.wav"]);
        assert_eq!(ticks.into_inner(), 9);
        let flaws: Vec<_> = findings.faults.iter().map(|fault| fault.flaw).collect();
        use Flaw::*;
        assert_eq!(flaws, [Truncated, Empty, Unreadable, Silent, UnknownFormat, LfsPointer, Silent, NoSamples]);
        assert_eq!(usable.excluded.len(), 8);
        assert!(usable.excluded[0].reason.contains("56 of 200 bytes"), "{:?}", usable.excluded);
        assert!(findings.faults[5].reason.contains("git lfs pull"));
        assert_eq!(findings.formats, BTreeMap::from([(Format::Wav, 1)]));
    }

    #[test]
    fn the_same_bytes_with_one_label_are_kept_as_a_group() {
        let (_folder, found) = scanned(&[
            ("a.wav", "sad", &wave(&tone(9, 500))),
            ("b.wav", "sad", &wave(&tone(9, 500))),
            ("c.wav", "sad", &wave(&tone(8, 500))),
        ]);
        let (usable, findings) = inspect(found, &Known::default(), || {});
        assert_eq!(usable.clips.len(), 3);
        assert_eq!(findings.groups().collect::<Vec<_>>(), [["c/s/a.wav", "c/s/b.wav"]]);
        assert_eq!(findings.hash("c/s/a.wav").unwrap(), findings.hash("c/s/b.wav").unwrap());
        assert_eq!(findings.identical[0].hash, blake3::hash(&wave(&tone(9, 500))).to_string());
    }

    #[test]
    fn what_is_shorter_than_a_frame_is_left_out_as_silence_is() {
        let (_folder, found) =
            scanned(&[("long.wav", "sad", &wave(&tone(9, 512))), ("short.wav", "sad", &wave(&tone(9, 511)))]);
        let known = Known::default();
        let (usable, findings) = look_into(found, &known, 0.032, || {}).compare(&known, || {});
        assert_eq!(ids(&usable), ["c/s/long.wav"]);
        let Exclusion { reason, cause, .. } = &usable.excluded[0];
        assert_eq!(
            (reason.as_str(), *cause),
            ("lasts 0.032 s: too short to analyse (a frame is 0.032 s)", Cause::Known)
        );
        assert_eq!(findings.faults[0].flaw, Flaw::TooShort);
    }

    #[test]
    fn the_same_bytes_with_different_labels_are_all_excluded() {
        let (_folder, found) = scanned(&[
            ("a.wav", "sad", &wave(&tone(9, 500))),
            ("b.wav", "angry", &wave(&tone(9, 500))),
            ("c.wav", "sad", &wave(&tone(9, 500))),
            ("d.wav", "sad", &wave(&tone(8, 500))),
        ]);
        let (usable, findings) = inspect(found, &Known::default(), || {});
        assert_eq!(ids(&usable), ["c/s/d.wav"]);
        assert_eq!(findings.groups().count(), 0);
        assert!(!findings.identical[0].kept);
        assert!(usable.excluded[0].reason.contains("c/s/b.wav (angry)"), "{:?}", usable.excluded);
    }

    #[test]
    fn copies_are_one_recording_and_other_takes_are_not() {
        let voice = |seed, rate| -> Vec<i16> {
            crate::audio::voice(seed, rate).into_iter().map(|x| (20_000.0 * x) as i16).collect()
        };
        let one = voice(1, 16_000);
        let dithered: Vec<i16> = one.iter().enumerate().map(|(i, x)| x + (i % 3) as i16 - 1).collect();
        let quiet: Vec<i16> = one.iter().map(|x| x / 5).collect();
        let chunk = [&wave(&one)[..], b"LIST\x04\0\0\0abcd"].concat();
        let (_folder, found) = scanned(&[
            ("a.wav", "sad", &wave(&one)),
            ("b.wav", "sad", &wave(&dithered)),
            ("c.wav", "sad", &wave(&voice(2, 16_000))),
            ("d.wav", "sad", &chunk),
            ("e.wav", "sad", &wave(&quiet)),
            ("f.wav", "sad", &wave(&one[500..])),
        ]);
        let (usable, findings) = inspect(found, &Known::default(), || {});
        assert_eq!(usable.clips.len(), 6);
        let group = ["c/s/a.wav", "c/s/b.wav", "c/s/d.wav", "c/s/e.wav", "c/s/f.wav"];
        assert_eq!(findings.groups().collect::<Vec<_>>(), [group]);
        assert!(!findings.identical[0].same_bytes);
        let (_folder, found) = scanned(&[("a.wav", "sad", &wave(&one)), ("b.wav", "angry", &wave(&dithered))]);
        let (usable, findings) = inspect(found, &Known::default(), || {});
        assert!(usable.clips.is_empty() && findings.faults[0].reason.contains("the same sound"), "{findings:?}");
    }

    #[test]
    fn excerpts_and_telephone_copies_are_of_one_recording_whatever_their_labels() {
        let speech = |seed: u64| -> Vec<i16> {
            let mut stream = crate::rng::stream(seed, &[&"breath"]);
            let breath = |x| x + stream.random_range(-0.01..0.01);
            crate::audio::voice(seed, 16_000).into_iter().map(breath).map(|x| (20_000.0 * x) as i16).collect()
        };
        let one = speech(1);
        // What a poor line leaves: differences fall towards low frequencies, means towards high ones.
        let line: Vec<i16> =
            one.windows(3).map(|x| ((i32::from(x[2]) + i32::from(x[1]) - 2 * i32::from(x[0])) / 3) as i16).collect();
        let (first, second, other) = (&one[..20_000], &one[10_000..30_000], speech(2));
        let (_folder, found) = scanned(&[
            ("excerpt.wav", "angry", &wave(&one[7_003..23_000])),
            ("first.wav", "sad", &wave(first)),
            ("line.wav", "sad", &wave(&line)),
            ("other.wav", "sad", &wave(&other)),
            ("part-of-other.wav", "sad", &wave(&other[9_000..24_000])),
            ("second.wav", "sad", &wave(second)),
        ]);
        let (usable, findings) = inspect(found, &Known::default(), || {});
        assert_eq!(usable.clips.len(), 6, "an excerpt may have a label of its own");
        let groups = [
            &["c/s/excerpt.wav", "c/s/first.wav", "c/s/line.wav", "c/s/second.wav"][..],
            &["c/s/other.wav", "c/s/part-of-other.wav"],
        ];
        assert_eq!(findings.groups().collect::<Vec<_>>(), groups);
    }

    #[test]
    fn what_is_said_of_many_copies_stays_short() {
        let names: Vec<String> = (0..200).map(|i| format!("{i:03}.wav")).collect();
        let content = wave(&tone(9, 500));
        let label = |i: usize| if i == 199 { "angry" } else { "sad" };
        let files: Vec<_> = names.iter().enumerate().map(|(i, name)| (name.as_str(), label(i), &content[..])).collect();
        let (_folder, found) = scanned(&files);
        let (_, findings) = inspect(found, &Known::default(), || {});
        assert_eq!((findings.faults.len(), findings.identical.len()), (200, 1));
        assert!(findings.faults.iter().all(|fault| fault.reason.len() < 200), "{}", findings.faults[0].reason);
        assert!(
            findings.faults[0]
                .reason
                .contains("c/s/199.wav (angry), c/s/001.wav (sad), c/s/002.wav (sad) and 196 more")
        );
    }

    #[test]
    fn a_pair_of_ravdess_is_one_recording_in_any_copy_and_no_other_clips_are() {
        let Some(found) = fake::real(&CorpusConfig::new(Kind::Ravdess)) else { return };
        let pair = ["ravdess/07/03-01-03-01-02-01-07", "ravdess/07/03-01-03-01-02-02-07"];
        assert_eq!(inspect(found, &Known::default(), || {}).1.groups().collect::<Vec<_>>(), [pair]);
        for kind in [Kind::Tess, Kind::Savee] {
            let Some(found) = fake::real(&CorpusConfig::new(kind)) else { continue };
            assert_eq!(inspect(found, &Known::default(), || {}).1.groups().count(), 0, "{kind}");
        }
    }

    #[test]
    fn content_decides_and_a_wrong_extension_is_reported() {
        let content = wave(&tone(9, 500));
        let (_folder, found) =
            scanned(&[("a.wav", "sad", &content), ("b.AIF", "sad", &content), ("c.flac", "sad", &content)]);
        let (usable, findings) = inspect(found, &Known::default(), || {});
        assert_eq!(usable.clips.len(), 3);
        let misnamed: Vec<_> = findings.misnamed.iter().map(|file| file.clip.as_str()).collect();
        assert_eq!(misnamed, ["c/s/b.AIF", "c/s/c.flac"]);
        let json = serde_json::to_value(&findings).unwrap();
        assert_eq!(json["formats"]["wav"], 3);
        assert_eq!(json["misnamed"][0]["format"], "wav");
    }

    #[test]
    fn the_odd_originals_of_the_public_corpora_are_found() {
        let quirks = |kind, folder: &str| {
            let config = CorpusConfig { root: Some(Path::new("quirks").join(folder)), ..CorpusConfig::new(kind) };
            fake::real(&config).map(|found| inspect(found, &Known::default(), || {}))
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
        let (usable, findings) = inspect(found, &Known::default(), || {});
        assert_eq!(usable.clips.len(), 7442 - 7);
        let silent: Vec<_> = findings.faults.iter().filter(|fault| fault.flaw == Flaw::Silent).collect();
        assert_eq!(
            silent.iter().map(|fault| fault.clip.as_str()).collect::<Vec<_>>(),
            ["crema_d/1076/1076_MTI_SAD_XX"]
        );
        assert_eq!(findings.identical.iter().filter(|group| !group.kept).count(), 3);
        // Takes that were cut twice, their files named as two: nobody knew.
        let mut twice = findings.identical.iter().filter(|group| group.kept).map(|group| group.clips.join(" "));
        assert_eq!(twice.next().unwrap(), "crema_d/1017/1017_IWL_ANG_XX crema_d/1017/1017_IWL_FEA_XX");
        assert_eq!(twice.count(), 4);
    }
}
