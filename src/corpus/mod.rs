//! Folders on disk → [`Clip`]s: one file per corpus, one for any other corpus (a table), one that synthesises the
//! embedded corpus.
//!
//! ```text
//! [[corpora]] ─► scan: names and tables ─► inspect: contents ─► clips, each id once
//!                      └────────────┬────────────┘
//!                      exclusions, each with its reason
//! ```
//!
//! A loader reads names and tables only ([`scan`]); whatever is on disk, it gives clips, exclusions or an error that
//! says what to do:
//!
//! | found | what happens |
//! |---|---|
//! | a hidden file, a macOS resource fork, a file that is not audio by its extension | passed over |
//! | a loop of links | walked once |
//! | an audio file whose name the corpus does not know, or that is another recording (song, video) | excluded |
//! | a second copy: a doubled corpus, two layouts, two formats | the best one stays, the others are excluded |
//! | mostly Git-LFS pointers, no audio, no name that fits, no folder | an error |
//!
//! What is wrong with the contents is the business of [`inspect`](inspect()), by rules of its own:
//!
//! | found | what happens |
//! |---|---|
//! | unreadable, empty, a Git-LFS pointer, a format that is not read here, truncated, damaged, no samples, digital silence | excluded |
//! | copies of one file with different labels | all excluded |
//! | the same recording | kept as a group that no split may break |
//! | another format than the extension says | kept: content decides |
//!
//! To add a corpus, write its file, give it a `mod` line here, and list it in `kind.rs`.

mod audformat;
mod cafe;
pub(crate) mod channel;
pub(crate) mod columns;
mod copies;
mod crema_d;
mod db_yaml;
mod duplicates;
mod embedded;
mod emodb;
mod emovo;
mod entries;
mod esd;
mod excerpts;
pub mod export;
mod folder;
mod iemocap;
mod inspect;
mod kind;
pub(crate) mod manifest;
mod meld;
mod msp_podcast;
mod named;
mod nemo;
mod number;
#[cfg(feature = "parquet")]
mod parquet;
mod parsed;
pub(crate) mod parts;
mod pattern;
mod ravdess;
mod savee;
mod settings;
pub(crate) mod spelling;
mod subesco;
pub(crate) mod table;
mod tess;
mod traits;
pub(crate) mod walk;

#[cfg(test)]
pub(crate) mod fake;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

pub use columns::ColumnsConfig;
pub(crate) use duplicates::of_recordings;
pub use inspect::{Fault, Findings, Flaw, Identical, Misnamed, inspect};
pub(crate) use inspect::{STEPS, look_into};
pub use kind::Kind;
pub(crate) use manifest::seconds;
pub use named::recognise;
pub use number::{INTENSITY, LISTENERS, Number, VOTES_PREFIX, level, nearest_column, settled, with_a_point};
pub use settings::{AlikeSpeakers, CorpusConfig, LabelSource};
pub(crate) use traits::no_traits;
pub use traits::speaker_traits;

use crate::error::{Error, Result};
pub use crate::{
    audio::{Content, Format, HEAD_BYTES, Source, sniff},
    sex::Sex,
};

/// The emotions' names in this project, whatever a corpus calls them. A corpus may bring others (a manifest's own
/// labels); these are the ones that the four public corpora share, with RAVDESS's `calm`.
pub const EMOTIONS: [&str; 8] = ["angry", "calm", "disgust", "fear", "happy", "neutral", "sad", "surprise"];

/// One utterance: who says what with which emotion, and where its audio is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clip {
    /// `corpus/speaker/stem`, unique in an experiment; the clip's name in the split, the cache and the predictions.
    pub id: String,
    /// The corpus's name, as `ravdess`.
    pub corpus: String,
    /// The speaker within the corpus, as `01`, `1001`, `OAF`, `DC`.
    pub speaker: String,
    /// The emotion: one of [`EMOTIONS`] for the public corpora.
    pub emotion: String,
    /// Where the audio comes from.
    pub source: Source,
    /// What else the file's name and the corpus's tables say.
    pub meta: Metadata,
}

impl Clip {
    /// `corpus/speaker`: unique where several corpora share speaker names.
    #[must_use]
    pub fn speaker_key(&self) -> String {
        format!("{}/{}", self.corpus, self.speaker)
    }
}

/// What a corpus says of a clip besides speaker and emotion. Absent where the corpus does not say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// The speaker's sex.
    pub sex: Option<Sex>,
    /// The speaker's age in years.
    pub age: Option<u32>,
    /// The sentence or word spoken, by the corpus's code or in full.
    pub sentence: Option<String>,
    /// The acted intensity, as `normal`, `strong`, `low`, `medium`, `high`.
    pub intensity: Option<String>,
    /// The repetition, from 1.
    pub repetition: Option<u32>,
    /// Anything else, by column name: listeners' votes, a manifest's own columns.
    pub extra: BTreeMap<String, String>,
    /// The number of its row in a manifest's table, for messages.
    #[serde(skip)]
    pub row: Option<usize>,
    /// The columns in which another row that lists the clip again says something else: that row's number, and what it says.
    #[serde(skip)]
    pub contested: BTreeMap<String, (usize, String)>,
}

/// What a loader found under a folder.
#[derive(Debug, Clone, Default)]
pub struct Scan {
    /// The usable clips, in order of their [`Clip::id`], each id once.
    pub clips: Vec<Clip>,
    /// The audio files that were left out, in order of their path.
    pub excluded: Vec<Exclusion>,
    /// How much of a published corpus was found, by the corpus's name here.
    pub extents: BTreeMap<String, Extent>,
    /// Clips that are segments of one file and have a stretch of it in common, by id.
    pub overlaps: Vec<Vec<String>>,
    /// The emotions of all that was found or listed, whether its audio can be used or not.
    pub listed: BTreeSet<String>,
    /// How many clips of each corpus are missing, as far as names and tables tell; see [`Scan::lost`].
    lost: BTreeMap<String, usize>,
    /// Files that are excluded as second copies of one that is kept, each with that one: [`inspect()`] compares them.
    copies: BTreeMap<PathBuf, PathBuf>,
}

impl Scan {
    /// How many clips of each corpus are missing or damaged, by the scan and by what the contents have shown; corpora that
    /// have lost none are left out.
    #[must_use]
    pub fn lost(&self, findings: &Findings) -> BTreeMap<String, usize> {
        let mut lost = self.lost.clone();
        for fault in findings.faults.iter().filter(|fault| !fault.flaw.is_known()) {
            let corpus = fault.clip.split('/').next().unwrap_or_default();
            *lost.entry(corpus.to_owned()).or_default() += 1;
        }
        lost
    }
}

/// How much of a published corpus there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extent {
    /// Clips that were found, whether they can be used or not.
    pub found: usize,
    /// Clips that the corpus has as it is published.
    pub published: usize,
}

/// A file that was left out, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exclusion {
    /// The file.
    pub path: PathBuf,
    /// The reason, as a sentence fragment: "second copy of …", "Git-LFS pointer: run `git lfs pull`".
    pub reason: String,
    /// What kind of reason it is.
    pub cause: Cause,
}

/// Why a file or a row was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// It is no clip of the corpus: another name, another recording (song, video), no agreed label.
    NotOfTheCorpus,
    /// Another file or row is the same clip.
    Copy,
    /// What a table says of it is not enough or not possible: no emotion, no speaker, two labels.
    Row,
    /// It is listed, and there is no such file.
    Missing,
    /// It is there and cannot be used: unreadable, cut, no audio.
    Damaged,
    /// It is a known fault of the corpus: silent, or the same recording with two labels.
    Known,
    /// The config says so (`leave_out`).
    LeftOut,
}

impl Cause {
    /// Whether the clip was meant to be used and its audio is not to be had.
    #[must_use]
    pub fn is_loss(self) -> bool {
        matches!(self, Self::Missing | Self::Damaged)
    }
}

/// Finds the clips of one corpus, by names and tables; the roots of `config` are relative to the folder `data`.
///
/// # Errors
///
/// [`Error::Config`] where the table or the folder it names is wrong, [`Error::Data`] where the folder holds no clip
/// of this corpus (or Git-LFS pointers only), [`Error::File`] where a table beside the audio cannot be read. The
/// message names the folder, what was expected there and what to do.
pub fn scan(config: &CorpusConfig, data: &Path) -> Result<Scan> {
    config.validate()?;
    let mut scan = config.kind.loader()(config, data)?;
    if scan.clips.is_empty() {
        return Err(Error::Data(nothing_left(config, &scan)));
    }
    entries::unify_emotions(&mut scan);
    leave_out(config, &mut scan)?;
    let lost = scan.excluded.iter().filter(|exclusion| exclusion.cause.is_loss()).count();
    scan.lost = (lost > 0).then(|| (config.name(), lost)).into_iter().collect();
    scan.listed.extend(scan.clips.iter().map(|clip| clip.emotion.clone()).collect::<BTreeSet<_>>());
    scan.clips.sort_by(|a, b| a.id.cmp(&b.id));
    scan.excluded.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(scan)
}

/// Takes the clips out that the config names.
fn leave_out(config: &CorpusConfig, scan: &mut Scan) -> Result<()> {
    for name in &config.leave_out {
        let is_named = |clip: &&Clip| {
            clip.id == *name || clip.id.strip_suffix(name.as_str()).is_some_and(|rest| rest.ends_with('/'))
        };
        let named: Vec<String> = scan.clips.iter().filter(is_named).map(|clip| clip.id.clone()).collect();
        let problem = match &named[..] {
            [_] => None,
            [] => Some(format!("no clip of {} is called so; `ser-data scan` lists the ids", config.name())),
            [first, second, ..] => Some(format!("{first} and {second} are called so: give the whole id of one")),
        };
        if let Some(problem) = problem {
            return Err(Error::Config(format!("[[corpora]] leave_out = [\"{name}\"]: {problem}")));
        }
        scan.clips.retain(|clip| {
            let stays = clip.id != named[0];
            if !stays {
                let path = clip.source.file().map_or_else(|| clip.id.clone().into(), Path::to_owned);
                let reason = "left out by leave_out in [[corpora]]".to_owned();
                scan.excluded.push(Exclusion { path, reason, cause: Cause::LeftOut });
            }
            stays
        });
    }
    if scan.clips.is_empty() {
        return Err(Error::Data(nothing_left(config, scan)));
    }
    Ok(())
}

/// Finds the clips of all of an experiment's corpora.
///
/// # Errors
///
/// As [`scan`]; and [`Error::Config`] where there is no corpus, or two have the same name and their clips could not be
/// told apart.
pub fn scan_all(configs: &[CorpusConfig], data: &Path) -> Result<Scan> {
    if configs.is_empty() {
        return Err(Error::Config("[[corpora]] is empty: an experiment needs at least one corpus".into()));
    }
    let mut names = BTreeSet::new();
    if let Some(twice) = configs.iter().map(CorpusConfig::name).find(|name| !names.insert(name.clone())) {
        return Err(Error::Config(format!(
            "two [[corpora]] are called \"{twice}\": give one of them another `name`, or leave it out"
        )));
    }
    let mut all = Scan::default();
    for config in configs {
        let Scan { clips, excluded, extents, overlaps, listed, lost, copies } = scan(config, data)?;
        all.lost.extend(lost);
        all.copies.extend(copies);
        all.clips.extend(clips);
        all.excluded.extend(excluded);
        all.extents.extend(extents);
        all.overlaps.extend(overlaps);
        all.listed.extend(listed);
    }
    entries::unify_emotions(&mut all);
    all.clips.sort_by(|a, b| a.id.cmp(&b.id));
    all.excluded.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(all)
}

fn nothing_left(config: &CorpusConfig, scan: &Scan) -> String {
    let first = scan.excluded.first();
    let first =
        first.map_or(String::new(), |Exclusion { path, reason, .. }| format!(", as {}: {reason}", path.display()));
    format!("no clip of the corpus {} can be used: {} files are excluded{first}", config.name(), scan.excluded.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ravdess() -> CorpusConfig {
        CorpusConfig::new(Kind::Ravdess)
    }

    /// The error's text, after asserting that it names all of `expected`.
    fn assert_says(error: &Error, expected: &[&str]) {
        let text = error.to_string();
        for word in expected {
            assert!(text.contains(word), "no \"{word}\" in: {text}");
        }
    }

    #[test]
    fn a_folder_that_is_not_there_is_a_wrong_configuration() {
        let data = fake::tree(&["ravdess.wav"]);
        let error = scan(&ravdess(), data.path()).unwrap_err();
        assert!(matches!(error, Error::Config(_)));
        let root = data.path().join("ravdess").display().to_string();
        assert_says(&error, &["no folder", &root, "zenodo.org", "`root`", "SER_DATASETS", "03-01-05"]);
        let config = CorpusConfig { root: Some("ravdess.wav".into()), ..ravdess() };
        let error = scan(&config, data.path()).unwrap_err();
        assert!(matches!(error, Error::Config(_)));
        assert_says(&error, &["ravdess.wav is a file", "RAVDESS"]);
    }

    #[test]
    fn clips_that_the_config_names_are_left_out_and_a_wrong_name_is_an_error() {
        let data = fake::tree(&[
            "ravdess/Actor_01/03-01-05-01-02-01-01.wav",
            "ravdess/Actor_01/03-01-04-01-02-01-01.wav",
            "ravdess/Actor_02/03-01-05-01-02-01-02.wav",
        ]);
        let left_out = |names: &[&str]| {
            let names = names.iter().map(|&name| name.to_owned()).collect();
            scan(&CorpusConfig { leave_out: names, ..ravdess() }, data.path())
        };
        for name in ["03-01-05-01-02-01-01", "01/03-01-05-01-02-01-01", "ravdess/01/03-01-05-01-02-01-01"] {
            let found = left_out(&[name]).unwrap();
            let ids: Vec<_> = found.clips.iter().map(|clip| clip.id.as_str()).collect();
            assert_eq!(ids, ["ravdess/01/03-01-04-01-02-01-01", "ravdess/02/03-01-05-01-02-01-02"], "{name}");
            let [Exclusion { path, cause, .. }] = &found.excluded[..] else { panic!("{:?}", found.excluded) };
            assert_eq!((path.ends_with("03-01-05-01-02-01-01.wav"), *cause), (true, Cause::LeftOut));
        }
        assert_says(&left_out(&["03-01-05"]).unwrap_err(), &["leave_out", "03-01-05", "no clip of ravdess"]);
        let all = ["03-01-05-01-02-01-01", "03-01-04-01-02-01-01", "03-01-05-01-02-01-02"];
        assert_says(&left_out(&all).unwrap_err(), &["no clip of the corpus ravdess", "leave_out"]);
    }

    #[test]
    fn a_folder_without_audio_says_what_belongs_there() {
        let data = fake::tree(&["ravdess/readme.txt"]);
        let error = scan(&ravdess(), data.path()).unwrap_err();
        assert!(matches!(error, Error::Data(_)));
        assert_says(&error, &["no audio file under", "RAVDESS", "03-01-05", "zenodo.org"]);
    }

    #[test]
    fn audio_of_another_corpus_is_recognised() {
        let data = fake::tree(&["ravdess/a.wav", "ravdess/AudioWAV/1001_IEO_ANG_HI.wav"]);
        let error = scan(&ravdess(), data.path()).unwrap_err();
        assert!(matches!(error, Error::Data(_)));
        assert_says(&error, &["none of the 2 audio files", "not a RAVDESS name", "kind = \"crema_d\""]);
        let data = fake::tree(&["ravdess/a.wav"]);
        assert_says(&scan(&ravdess(), data.path()).unwrap_err(), &["manifest", "zenodo.org"]);
    }

    #[test]
    fn a_clone_without_git_lfs_is_told_to_pull() {
        let data = fake::tree(&[]);
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n";
        for actor in 1..=3 {
            let file = format!("ravdess/Actor_{actor:02}/03-01-01-01-01-01-{actor:02}.wav");
            fake::write(data.path(), &file, if actor == 3 { b"RIFF" } else { pointer });
        }
        let error = scan(&ravdess(), data.path()).unwrap_err();
        assert!(matches!(error, Error::Data(_)));
        assert_says(&error, &["2 of the 3 files", "git lfs pull", &data.path().display().to_string()]);
        fake::write(data.path(), "ravdess/Actor_01/03-01-01-01-01-01-01.wav", b"RIFF");
        assert_eq!(scan(&ravdess(), data.path()).unwrap().clips.len(), 3, "a single one is found by its content");
    }

    #[test]
    fn a_copy_with_sound_is_kept_before_a_pointer() {
        let data = fake::tree(&["ravdess/a/b/03-01-01-01-01-01-01.wav"]);
        fake::write(data.path(), "ravdess/03-01-01-01-01-01-01.wav", b"version https://git-lfs.github.com/spec/v1\n");
        fake::write(data.path(), "ravdess/a/03-01-01-01-01-01-01.wav", b"");
        fake::write(data.path(), "ravdess/c/d/03-01-01-01-01-01-01.wav", b"ravdess/a/b/03-01-01-01-01-01-01.wav");
        let scan = scan(&ravdess(), data.path()).unwrap();
        assert_eq!(scan.clips[0].source.file().unwrap(), data.path().join("ravdess/a/b/03-01-01-01-01-01-01.wav"));
        let (scan, _) = inspect(scan, &crate::audio::Known::default(), || {});
        let copies = scan.excluded.iter().filter(|exclusion| exclusion.cause == Cause::Copy);
        let reasons: Vec<_> = copies.map(|exclusion| exclusion.reason.as_str()).collect();
        assert_eq!(reasons.iter().filter(|reason| reason.contains("NOT the same bytes")).count(), 2, "{reasons:?}");
        assert!(reasons.iter().all(|reason| reason.contains("a/b/03-01-01-01-01-01-01.wav is kept")), "{reasons:?}");
    }

    #[test]
    fn corpora_of_an_experiment_are_told_apart_by_name() {
        let data = fake::tree(&["ravdess/03-01-01-01-01-01-01.wav", "savee/DC_a01.wav"]);
        let savee = CorpusConfig::new(Kind::Savee);
        let scan = scan_all(&[savee.clone(), ravdess()], data.path()).unwrap();
        let ids: Vec<_> = scan.clips.iter().map(|clip| clip.id.as_str()).collect();
        assert_eq!(ids, ["ravdess/01/03-01-01-01-01-01-01", "savee/DC/DC_a01"]);
        assert_says(&scan_all(&[savee.clone(), savee], data.path()).unwrap_err(), &["savee", "`name`"]);
        assert_says(&scan_all(&[], data.path()).unwrap_err(), &["[[corpora]]"]);
    }
}
