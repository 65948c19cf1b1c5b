//! The audit of a split that others made: a table of paths and sides, however it came about.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::{Path, PathBuf},
};

use serde::Serialize;

use super::{Side, Sides, some};
use crate::{
    audio::Known,
    corpus::{
        of_recordings, recognise,
        spelling::{names_nobody, same_spelling, tidy},
        table::Table,
    },
    error::{Error, Result},
    protocol::{copies::original_stem, tables},
};

const ADVICE: &str = "a split needs the columns path and side, and may have speaker and fold";

/// Names of what tells a clip: a file's path, else a clip's id.
const PATH: &str = "path";
const CLIP: &str = "clip";
const FOLD: &str = "fold";

/// What a foreign split's sides share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Foreign {
    /// The table's rows on each side: train, validation, test.
    pub rows: [usize; 3],
    /// How many rows' names follow the rules of a public corpus, which then tell the speaker and the sentence.
    pub recognised: usize,
    /// How many rows' speakers are known: by the names, or by a column.
    pub speakers_known: usize,
    /// How many different files were there to compare their sound.
    pub files_compared: usize,
    /// How many different files are listed and could not be found or read.
    pub files_missing: usize,
    /// The first few of these.
    pub missing: Vec<String>,
    /// Whether files were to be compared at all.
    pub looked_at: LookedAt,
    /// The folds all of whose rows are on one side: in them nothing is compared. The whole split where there are no folds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub one_sided: Vec<OneSided>,
    /// What was looked for, and found or not.
    pub leakage: Vec<Leakage>,
}

/// A fold with one side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OneSided {
    /// Its name; empty where there are no folds.
    pub fold: String,
    /// The side of all its rows.
    pub side: Side,
    /// How many they are.
    pub rows: usize,
}

/// What an audit of a foreign split looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LookedAt {
    /// The names, and what the files hold.
    Files,
    /// The names alone.
    Names,
}

/// What came of the audit of a foreign split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Clips, copies or bytes are on two sides.
    Leaks,
    /// All rows of the split, or of one of its folds, are on one side.
    NotCompared,
    /// Nothing was found on two sides, and not all files could be looked at.
    NotChecked,
    /// No clip is on two sides; speakers are.
    SpeakerDependent,
    /// No clip is on two sides; not all speakers are known.
    SpeakersUnknown,
    /// No clip and no speaker is on two sides.
    SpeakerIndependent,
}

impl Verdict {
    /// Whether a figure from the split can be believed as far as leaks go.
    #[must_use]
    pub fn passes(self) -> bool {
        !matches!(self, Self::Leaks | Self::NotCompared | Self::NotChecked)
    }

    /// The verdict in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Leaks => "LEAKS; a figure from this split means nothing",
            Self::NotCompared => "NOT COMPARED; rows of one side have nothing to share: list the other sides as well",
            Self::NotChecked => {
                "NOT CHECKED; not all files could be compared: name their folder, or ask for names alone"
            }
            Self::SpeakerDependent => "no clip is on two sides; speaker-DEPENDENT",
            Self::SpeakersUnknown => "no clip is on two sides; not all speakers are known",
            Self::SpeakerIndependent => "no clip is on two sides; speaker-independent",
        }
    }
}

/// What the sides of a foreign split may share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shared {
    /// The same path.
    Paths,
    /// The same recording: the path again, another place of the same clip, or a copy by its name (`x_noise.wav`).
    Recordings,
    /// Files with the same bytes, or the same recording in other bytes, whatever they are called.
    Audio,
    /// The same speaker.
    Speakers,
    /// The same sentence of the same corpus.
    Sentences,
}

/// One thing that the sides may share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Leakage {
    /// What it is.
    pub shared: Shared,
    /// How many different ones are on two sides or more.
    pub items: usize,
    /// How many rows of the test side have theirs in training or validation.
    pub test_rows: usize,
    /// How many rows of the validation side have theirs in training.
    pub validation_rows: usize,
    /// The first few.
    pub examples: Vec<String>,
}

impl Shared {
    /// Whether it makes a figure meaningless under any protocol.
    #[must_use]
    pub fn is_always_a_leak(self) -> bool {
        matches!(self, Self::Paths | Self::Recordings | Self::Audio)
    }

    fn words(self) -> &'static str {
        match self {
            Self::Paths => "paths",
            Self::Recordings => "recordings (the same clip or a copy of it)",
            Self::Audio => "files with the same bytes or sound",
            Self::Speakers => "speakers",
            Self::Sentences => "sentences",
        }
    }
}

impl Foreign {
    /// What was found of one kind.
    #[must_use]
    pub fn of(&self, shared: Shared) -> Option<&Leakage> {
        self.leakage.iter().find(|leakage| leakage.shared == shared)
    }

    /// Whether clips, copies or bytes are on two sides: a figure from such a split means nothing.
    #[must_use]
    pub fn leaks(&self) -> bool {
        self.leakage.iter().any(|leakage| leakage.shared.is_always_a_leak() && leakage.items > 0)
    }

    /// What came of it.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        // Speakers that validation shares with training are another matter: the figure is the test side's, where there is one.
        let has_test = self.rows[Side::Test as usize] > 0;
        let shared = |speakers: &Leakage| if has_test { speakers.test_rows } else { speakers.validation_rows };
        let apart = self.of(Shared::Speakers).is_some_and(|speakers| shared(speakers) == 0);
        match (self.leaks(), self.files_missing > 0, apart) {
            (true, ..) => Verdict::Leaks,
            _ if !self.one_sided.is_empty() => Verdict::NotCompared,
            (false, true, _) => Verdict::NotChecked,
            (false, false, false) => Verdict::SpeakerDependent,
            (false, false, true) if self.speakers_known < self.rows.iter().sum() => Verdict::SpeakersUnknown,
            (false, false, true) => Verdict::SpeakerIndependent,
        }
    }

    /// The audit for people, a line for each thing that it looked at.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let [train, validation, test] = self.rows;
        let mut lines = vec![format!(
            "rows (train / validation / test): {train} / {validation} / {test}; {} named by a public corpus's rules, {} \
             with a known speaker; {} files compared",
            self.recognised, self.speakers_known, self.files_compared
        )];
        for leakage in &self.leakage {
            let Leakage { shared, items, test_rows, validation_rows, examples } = leakage;
            let words = shared.words();
            lines.push(match items {
                0 => format!("{words} on two sides: none found"),
                _ => format!(
                    "{words} on two sides: {items}; {test_rows} of {test} test rows ({:.1} %) and {validation_rows} of \
                     {validation} validation rows are trained or selected on, as {}",
                    100.0 * *test_rows as f64 / test.max(1) as f64,
                    some(examples)
                ),
            });
        }
        if let Some(OneSided { fold, side, rows }) = self.one_sided.first() {
            lines.push(match (fold.as_str(), self.one_sided.len()) {
                ("", 1) if *rows == train + validation + test => {
                    format!("all rows are on the {side} side: nothing was compared")
                }
                ("", 1) => format!("all rows without a fold are on the {side} side: with them nothing was compared"),
                (fold, folds) => format!(
                    "folds with one side alone: {folds}, as {fold}, whose {rows} rows are all on the {side} side: in them \
                     nothing was compared; a column fold is for tables that list all sides of each fold"
                ),
            });
        }
        if self.files_missing > 0 {
            let files = if self.files_missing == 1 { "file is" } else { "files are" };
            lines.push(format!(
                "{} listed {files} not there or cannot be read, as {}",
                self.files_missing,
                some(&self.missing)
            ));
        }
        if self.looked_at == LookedAt::Names {
            lines.push("the files were not compared, as was asked for: copies under other names are not seen".into());
        }
        lines.push(format!("verdict: {}", self.verdict().words()));
        lines
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines().iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// A row of the table with what is known of it. What makes two rows share something is a string, empty where unknown.
struct Row {
    side: Side,
    /// Sides are compared within a fold.
    fold: String,
    path: String,
    /// Whether the path is one of a file; else it is a clip's id.
    is_file: bool,
    recording: String,
    speaker: String,
    sentence: String,
    is_recognised: bool,
}

/// Reads a split from a table with the columns `path` and `side` and looks at what its sides share. A column `speaker`
/// says who speaks where the name does not; with a column `fold`, each fold is looked at by itself. Files are looked for
/// relative to `root` and compared by their sound, or by their bytes where they cannot be decoded; where one is not there, the split does not pass, unless `look` asks for
/// names alone. Speakers whose names differ in spelling alone count as one, and whoever is called `unknown` as unknown.
///
/// Two rows are the same recording if they name the same clip of a public corpus, wherever it lies; else if their paths
/// are the same but for what augmentation adds to a stem (`x_noise.wav`, `x_pitch2.wav`), or their speakers and stems
/// are.
///
/// # Errors
///
/// [`Error::Io`] and [`Error::File`] where the table cannot be read, lacks a column, or a row has no path or a side that
/// is none.
pub fn foreign(table: &Path, root: &Path, look: LookedAt) -> Result<Foreign> {
    shared_by(&read(&Table::read(table)?)?, root, look)
}

/// The same of a table in memory, its columns by name; rows are counted from 0 in messages.
///
/// # Errors
///
/// As [`foreign`].
pub fn foreign_columns(columns: Vec<(String, Vec<Option<String>>)>, root: &Path, look: LookedAt) -> Result<Foreign> {
    shared_by(&read(&Table::of_columns(Path::new("the split"), columns)?)?, root, look)
}

fn shared_by(rows: &[Row], root: &Path, look: LookedAt) -> Result<Foreign> {
    let (hashes, missing) = match look {
        LookedAt::Files => hashes(rows, root),
        LookedAt::Names => (BTreeMap::new(), Vec::new()),
    };
    let audio = |row: &Row| hashes.get(row.path.as_str()).map(|hash| format!("{} ({})", row.path, &hash.to_hex()[..8]));
    let leakage = vec![
        share(rows, Shared::Paths, |row| &row.path, |row| row.path.clone()),
        share(rows, Shared::Recordings, |row| &row.recording, |row| row.recording.clone()),
        share(
            rows,
            Shared::Audio,
            |row| hashes.get(row.path.as_str()).map(blake3::Hash::as_slice).unwrap_or_default(),
            |row| audio(row).unwrap_or_default(),
        ),
        share(rows, Shared::Speakers, |row| &row.speaker, |row| row.speaker.clone()),
        share(rows, Shared::Sentences, |row| &row.sentence, |row| row.sentence.clone()),
    ];
    Ok(Foreign {
        rows: Side::ALL.map(|side| rows.iter().filter(|row| row.side == side).count()),
        recognised: rows.iter().filter(|row| row.is_recognised).count(),
        speakers_known: rows.iter().filter(|row| !row.speaker.is_empty()).count(),
        files_compared: hashes.len(),
        files_missing: missing.len(),
        missing: missing.into_iter().take(4).map(str::to_owned).collect(),
        looked_at: look,
        one_sided: one_sided(rows),
        leakage,
    })
}

/// The folds that have one side.
fn one_sided(rows: &[Row]) -> Vec<OneSided> {
    let mut folds: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for row in rows {
        folds.entry(&row.fold).or_default()[row.side as usize] += 1;
    }
    let alone = |counts: &[usize; 3]| counts.iter().filter(|count| **count > 0).count() == 1;
    let of = |(fold, counts): (&str, [usize; 3])| {
        let side = Side::ALL.into_iter().find(|side| counts[*side as usize] > 0)?;
        Some(OneSided { fold: fold.to_owned(), side, rows: counts.iter().sum() })
    };
    folds.into_iter().filter(|(_, counts)| alone(counts)).filter_map(of).collect()
}

/// Counts what rows on different sides of a fold have the same `key` of; an empty one is unknown.
fn share<'a, K: AsRef<[u8]> + ?Sized + 'a>(
    rows: &'a [Row],
    shared: Shared,
    key: impl Fn(&'a Row) -> &'a K,
    example: impl Fn(&Row) -> String,
) -> Leakage {
    let place = |row: &'a Row| (row.fold.as_str(), key(row).as_ref());
    let known = || rows.iter().filter(|row| !key(row).as_ref().is_empty());
    let sides = Sides::on(known().map(|row| (row.side, place(row))));
    let twice: BTreeSet<_> = sides.twice().collect();
    let in_test: BTreeSet<_> = sides.in_test_too().collect();
    let in_validation: BTreeSet<_> = sides.in_validation_too().collect();
    let count =
        |side: Side, among: &BTreeSet<_>| known().filter(|row| row.side == side && among.contains(&place(row))).count();
    let mut told = BTreeSet::new();
    let first = known().filter(|row| twice.contains(&place(row)) && told.insert(place(row)));
    Leakage {
        shared,
        items: twice.len(),
        test_rows: count(Side::Test, &in_test),
        validation_rows: count(Side::Validation, &in_validation),
        examples: first.take(4).map(example).collect(),
    }
}

fn read(read: &Table) -> Result<Vec<Row>> {
    let table = read.path();
    let find = |name: &str| read.column(name, ADVICE).ok();
    if read.rows().next().is_none() {
        return Err(Error::file(table, format!("has no rows: {ADVICE}")));
    }
    let (fold, id) = (find(FOLD), find(CLIP));
    let path = tables::path(read)?.or(find(PATH)).or(id).map_or_else(|| read.column(PATH, ADVICE), Ok)?;
    let (side, speaker) = (tables::side(read, ADVICE)?, tables::speaker(read)?);
    let mut rows: Vec<Row> = read
        .rows()
        .map(|(number, row)| {
            let wrong = |problem: String| Error::file(table, format!("row {number} {problem}"));
            let cell = |column: &str| row.get(column).copied().ok_or_else(|| wrong(format!("has no {column}")));
            let optional =
                |column: Option<&str>| column.and_then(|column| row.get(column).copied()).unwrap_or_default();
            let name = cell(side)?;
            let side = Side::parse(name).ok_or_else(|| {
                wrong(format!("is on the side \"{name}\": a side is one of train, validation and test"))
            })?;
            // Clips that are not on disk have an id alone.
            let is_file = row.contains_key(path);
            let path = row.get(path).copied().or_else(|| row.get(id?).copied()).map_or_else(|| cell(path), Ok)?;
            let speaker = Some(tidy(optional(speaker))).filter(|name| !names_nobody(name)).unwrap_or_default();
            Ok(Row::new(path, is_file, side, &speaker, optional(fold)))
        })
        .collect::<Result<_>>()?;
    unify_speakers(&mut rows);
    Ok(rows)
}

/// Speakers whose names differ in spelling alone count as one: that they are two has to be shown, not hoped.
fn unify_speakers(rows: &mut [Row]) {
    let names: BTreeSet<&str> = rows.iter().map(|row| row.speaker.as_str()).filter(|name| !name.is_empty()).collect();
    let groups = same_spelling(names);
    let one: BTreeMap<String, String> = groups
        .iter()
        .flat_map(|group| group.iter().skip(1).map(|name| ((*name).to_owned(), group[0].to_owned())))
        .collect();
    for row in rows.iter_mut().filter(|_| !one.is_empty()) {
        if let Some(one) = one.get(&row.speaker) {
            row.speaker.clone_from(one);
        }
    }
}

impl Row {
    fn new(path: &str, is_file: bool, side: Side, speaker: &str, fold: &str) -> Self {
        let path = path.replace('\\', "/");
        let path = path.strip_prefix("./").unwrap_or(&path).to_owned();
        let written = Path::new(&path);
        let stem = written.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let extension = written.extension().and_then(|extension| extension.to_str()).unwrap_or("wav");
        let original = original_stem(stem);
        let clip = recognise(&written.with_file_name(format!("{original}.{extension}")));
        let is_recognised = clip.is_some();
        let (recording, known, sentence) = match clip {
            Some(clip) => {
                let sentence = clip.meta.sentence.as_ref().map(|sentence| format!("{}: {sentence}", clip.corpus));
                (clip.id.clone(), clip.speaker_key(), sentence.unwrap_or_default())
            }
            None if speaker.is_empty() => {
                (written.with_file_name(original).to_string_lossy().into_owned(), String::new(), String::new())
            }
            None => (format!("{speaker}/{original}"), String::new(), String::new()),
        };
        let speaker = if speaker.is_empty() { known } else { speaker.to_owned() };
        Self { side, fold: fold.to_owned(), path, is_file, recording, speaker, sentence, is_recognised }
    }
}

/// What tells the recording in every file, by the path as it is written; and the paths of those that are not there.
fn hashes<'a>(rows: &'a [Row], root: &Path) -> (BTreeMap<&'a str, blake3::Hash>, Vec<&'a str>) {
    let names: BTreeSet<&str> = rows.iter().filter(|row| row.is_file).map(|row| row.path.as_str()).collect();
    let paths: Vec<PathBuf> = names.iter().map(|path| root.join(path)).collect();
    let found = of_recordings(&paths, &Known::default());
    let missing = names.iter().zip(&found).filter(|(_, hash)| hash.is_none()).map(|(path, _)| *path).collect();
    (names.into_iter().zip(found).filter_map(|(path, hash)| Some((path, hash?))).collect(), missing)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rand::seq::SliceRandom;

    use super::*;
    use crate::{protocol::fake, rng};

    /// Audits a table that lies in a folder with these files, each with its own content.
    fn audit(table: &str, files: &[(&str, &str)]) -> Result<Foreign> {
        audit_of(table, files, if files.is_empty() { LookedAt::Names } else { LookedAt::Files })
    }

    fn audit_of(table: &str, files: &[(&str, &str)], look: LookedAt) -> Result<Foreign> {
        let folder = tempfile::tempdir().unwrap();
        for (file, content) in files {
            let file = folder.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, content).unwrap();
        }
        let path = folder.path().join("split.csv");
        fs::write(&path, table).unwrap();
        foreign(&path, folder.path(), look)
    }

    fn counts(found: &Foreign, shared: Shared) -> (usize, usize, usize) {
        let leakage = found.of(shared).unwrap();
        (leakage.items, leakage.test_rows, leakage.validation_rows)
    }

    #[test]
    fn four_copies_of_each_clip_split_by_row_are_found_and_counted() {
        let clips = fake::ravdess();
        let copies = ["", "_noise", "_stretch", "_pitch"];
        let mut rows: Vec<(usize, usize)> =
            (0..clips.len()).flat_map(|clip| (0..4).map(move |copy| (clip, copy))).collect();
        rows.shuffle(&mut rng::stream(0, &[&"incumbent"]));
        let (test, train) = rows.split_at(rows.len() / 4);
        // The table is written twice: with a name for every copy, and with the path of the clip again.
        for is_named in [true, false] {
            let path = |&(clip, copy): &(usize, usize)| {
                let copy = if is_named { copies[copy] } else { "" };
                clips[clip].source.to_string().replace(".wav", &format!("{copy}.wav"))
            };
            let lines = |rows: &[(usize, usize)], side: &str| {
                rows.iter().map(|row| format!("Actor/{},{side}\n", path(row))).collect::<String>()
            };
            let found = audit(&format!("path,side\n{}{}", lines(train, "train"), lines(test, "test")), &[]).unwrap();
            let is_in = |rows: &[(usize, usize)], clip: usize| rows.iter().any(|row| row.0 == clip);
            let leaking = (0..clips.len()).filter(|&clip| is_in(train, clip) && is_in(test, clip)).count();
            let leaking_rows = test.iter().filter(|row| is_in(train, row.0)).count();
            assert_eq!(counts(&found, Shared::Recordings), (leaking, leaking_rows, 0));
            assert_eq!(counts(&found, Shared::Paths), if is_named { (0, 0, 0) } else { (leaking, leaking_rows, 0) });
            assert_eq!(counts(&found, Shared::Speakers), (24, 1440, 0));
            assert_eq!(counts(&found, Shared::Sentences), (2, 1440, 0));
            assert!(found.leaks() && found.recognised == 5760 && found.rows == [4320, 0, 1440]);
            assert!(leaking_rows > 1380, "{leaking_rows} of 1440");
            println!("{found}");
        }
    }

    #[test]
    fn the_same_recording_in_other_bytes_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let whole = crate::corpus::fake::sound(8000, 1.0);
        let mut copy = whole.clone();
        copy.extend(*b"LIST\x04\0\0\0abcd");
        fs::write(folder.path().join("a.wav"), whole).unwrap();
        fs::write(folder.path().join("z.wav"), copy).unwrap();
        let table = folder.path().join("split.csv");
        fs::write(&table, "path,side\na.wav,train\nz.wav,test\n").unwrap();
        let found = foreign(&table, folder.path(), LookedAt::Files).unwrap();
        assert_eq!((counts(&found, Shared::Audio), found.leaks()), ((1, 1, 0), true), "{found:?}");
    }

    #[test]
    fn the_same_bytes_under_other_names_are_found() {
        let table = "file,split,speaker\na/1.wav,train,x\nb/2.wav,test,y\nc/3.wav,dev,z\nd/gone.wav,test,y\n";
        let found = audit(table, &[("a/1.wav", "same"), ("b/2.wav", "same"), ("c/3.wav", "other")]).unwrap();
        assert_eq!(counts(&found, Shared::Audio), (1, 1, 0));
        assert_eq!((found.files_compared, found.leaks(), found.speakers_known), (3, true, 4));
        assert_eq!((found.files_missing, &found.missing[..]), (1, &["d/gone.wav".to_owned()][..]));
        assert_eq!(counts(&found, Shared::Speakers), (0, 0, 0));
        assert!(found.to_string().contains("LEAKS"), "{found}");
    }

    #[test]
    fn a_split_whose_files_are_not_there_does_not_pass() {
        let table = "path,side,speaker\na.wav,train,x\nb.wav,test,y\n";
        let found = audit_of(table, &[("a.wav", "one"), ("b.wav", "two")], LookedAt::Files).unwrap();
        assert_eq!((found.verdict(), found.files_missing), (Verdict::SpeakerIndependent, 0));
        for files in [&[("a.wav", "one")][..], &[]] {
            let found = audit_of(table, files, LookedAt::Files).unwrap();
            assert_eq!((found.verdict(), found.files_missing), (Verdict::NotChecked, 2 - files.len()));
            assert!(!found.verdict().passes() && found.to_string().contains("b.wav"), "{found}");
        }
        let found = audit_of(table, &[], LookedAt::Names).unwrap();
        assert!(found.verdict().passes() && found.to_string().contains("not compared"), "{found}");
    }

    #[test]
    fn a_speaker_in_two_spellings_is_one_and_nobody_is_unknown() {
        let verdict = |speakers: [&str; 2]| {
            let [one, other] = speakers;
            let table = format!("path,side,speaker\na.wav,train,{one}\nb.wav,test,{other}\n");
            audit(&table, &[]).unwrap().verdict()
        };
        assert_eq!(verdict(["s00", "S00"]), Verdict::SpeakerDependent);
        assert_eq!(verdict(["1", "01"]), Verdict::SpeakerDependent);
        assert_eq!(verdict(["s00", "s01"]), Verdict::SpeakerIndependent);
        assert_eq!(verdict(["nan", "s01"]), Verdict::SpeakersUnknown);
        assert_eq!(verdict(["unknown", "unknown"]), Verdict::SpeakersUnknown);
    }

    #[test]
    fn names_that_no_corpus_has_are_told_apart_by_folder_or_speaker() {
        let found =
            audit("path,side\nx/001.wav,train\ny/001.wav,test\nx/002_aug1.wav,train\nx/002.wav,val\n", &[]).unwrap();
        assert_eq!(counts(&found, Shared::Recordings), (1, 0, 1));
        let table = "path,side,speaker\nraw/001.wav,train,x\naug/001_pitch.wav,test,x\naug/001.wav,test,y\n";
        let found = audit(table, &[]).unwrap();
        assert_eq!(counts(&found, Shared::Recordings), (1, 1, 0));
        assert_eq!(counts(&found, Shared::Speakers), (1, 1, 0));
    }

    #[test]
    fn a_clip_is_known_in_any_folder_and_by_its_corpus() {
        let table = "path,side\nAudioData\\DC\\a01.wav,train\nALL/DC_a01.wav,test\n./OAF_Fear/OAF_back_fear.wav,test\n";
        let found = audit(table, &[]).unwrap();
        assert_eq!(counts(&found, Shared::Recordings), (1, 1, 0));
        assert_eq!(found.of(Shared::Recordings).unwrap().examples, ["savee/DC/DC_a01"]);
        assert_eq!(counts(&found, Shared::Paths), (0, 0, 0));
    }

    #[test]
    fn where_nothing_was_compared_nothing_passes() {
        let rows = |sides: [&str; 3]| {
            let [a, b, c] = sides;
            format!("path,side,speaker\na.wav,{a},x\nb.wav,{b},y\nc.wav,{c},z\n")
        };
        for side in ["train", "dev", "test"] {
            let found = audit(&rows([side; 3]), &[]).unwrap();
            assert_eq!(found.verdict(), Verdict::NotCompared);
            assert!(!found.verdict().passes() && found.to_string().contains("nothing was compared"), "{found}");
        }
        assert_eq!(audit(&rows(["train", "dev", "dev"]), &[]).unwrap().verdict(), Verdict::SpeakerIndependent);
        let shared = rows(["train", "dev", "dev"]).replace(",y", ",x");
        assert_eq!(audit(&shared, &[]).unwrap().verdict(), Verdict::SpeakerDependent);
        let folds = "path,side,speaker,fold\na.wav,train,x,1\nb.wav,train,y,1\nc.wav,test,z,2\n";
        let found = audit(folds, &[]).unwrap();
        assert_eq!((found.verdict(), found.one_sided.len()), (Verdict::NotCompared, 2));
        assert!(found.to_string().contains("folds with one side alone: 2, as 1"), "{found}");
        let one = format!("{folds}d.wav,train,x,2\n");
        assert_eq!(audit(&one, &[]).unwrap().verdict(), Verdict::NotCompared);
    }

    #[test]
    fn columns_are_called_as_in_manifests_and_are_not_guessed_at() {
        for name in ["speakerID", "Subject", "participant_id", "spk"] {
            let table = format!("Audio_Path,Split,{name}\na.wav,train,x\nb.wav,test,x\n");
            assert_eq!(audit(&table, &[]).unwrap().verdict(), Verdict::SpeakerDependent, "{name}");
        }
        let table = "path,side,split,speaker\na.wav,train,test,x\nb.wav,test,train,y\n";
        assert!(audit(table, &[]).unwrap_err().to_string().contains("\"side\" and \"split\""));
    }

    #[test]
    fn folds_are_looked_at_each_by_itself() {
        let table = "path,side,fold\na.wav,train,1\nb.wav,test,1\nb.wav,train,2\na.wav,test,2\n";
        assert!(!audit(table, &[]).unwrap().leaks());
    }

    #[test]
    fn an_honest_split_is_called_so() {
        let table = "path,side\nALL/DC_a01.wav,train\nALL/JE_a01.wav,validation\nALL/KL_a01.wav,test\n";
        let found = audit(table, &[]).unwrap();
        assert!(found.to_string().ends_with("speaker-independent\n"), "{found}");
        assert_eq!(counts(&found, Shared::Sentences), (1, 1, 1));
        let found = audit("path,side\nALL/DC_a01.wav,train\nALL/DC_a02.wav,test\n", &[]).unwrap();
        assert!(found.to_string().ends_with("speaker-DEPENDENT\n"), "{found}");
        let table = "path,side\nALL/DC_a01.wav,train\nALL/DC_a02.wav,dev\nALL/JE_a01.wav,test\n";
        assert!(audit(table, &[]).unwrap().to_string().ends_with("speaker-independent\n"));
        let found = audit("path,side\na.wav,train\nb.wav,test\n", &[]).unwrap();
        assert!(found.to_string().ends_with("not all speakers are known\n"), "{found}");
        assert_eq!(serde_json::to_value(&found).unwrap()["leakage"][0]["shared"], "paths");
    }

    #[test]
    fn a_table_that_is_none_is_an_error_that_says_why() {
        for (table, problem) in [
            ("path,label\na.wav,sad\n", "no column side"),
            ("name,side\na.wav,test\n", "no column path"),
            ("path,side\na.wav,eval\n", "row 2 is on the side \"eval\""),
            ("path,side\n,test\n", "row 2 has no path"),
            ("path,side\n", "has no rows"),
        ] {
            let error = audit(table, &[]).unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
        }
    }
}
