//! Any other corpus, by a table of its clips.
//!
//! The table needs the columns `path`, `emotion` and `speaker`. Known besides are `sex`, `age`, `sentence`, `intensity`
//! and `repetition`; every other column is kept under its own name in [`Metadata::extra`], where a protocol may read
//! it. Case does not matter in the names of columns, order and separator (comma, semicolon, tab) do not either.
//!
//! - Paths are relative to the corpus's `root`, or to the folder that holds the table; absolute paths are taken as they
//!   are. A row whose file is missing is excluded; a table none of whose files is there is an error.
//! - An emotion that is one of [`EMOTIONS`] but for its case is that one; any other keeps its spelling.
//! - A clip's stem is its file's, unless another clip of the speaker has the same: then both are called by the path.
//! - A file that several rows name counts once if they agree on emotion and speaker, and not at all if they do not.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::{Path, PathBuf},
};

use super::{
    Clip, CorpusConfig, EMOTIONS, Exclusion, Metadata, Scan, Sex, Source,
    table::{Row, Table},
};
use crate::error::{Error, Result};

/// What a message says to a table that lacks a column.
const ADVICE: &str = "a manifest needs the columns path, emotion and speaker, and may have sex, age, sentence, \
                      intensity, repetition and any others";

/// Above this nobody's age is, and the number means something else.
const OLDEST: u32 = 130;

pub(super) fn scan(config: &CorpusConfig, data: &Path) -> Result<Scan> {
    let path = find_table(config, data)?;
    let table = Table::read(&path)?;
    let columns = Columns {
        path: table.column("path", ADVICE)?,
        emotion: table.column("emotion", ADVICE)?,
        speaker: table.column("speaker", ADVICE)?,
    };
    let base = match &config.root {
        Some(root) => data.join(root),
        None => path.parent().map(Path::to_owned).unwrap_or_default(),
    };
    let mut excluded = Vec::new();
    let mut listed = Vec::new();
    // The header is the first row, as in a spreadsheet.
    for (number, row) in (2..).zip(table.rows()) {
        match columns.read(number, row, &base) {
            Ok(entry) => listed.push(entry),
            Err((file, reason)) => {
                excluded.push(Exclusion { path: file.unwrap_or_else(|| path.clone()), reason });
            }
        }
    }
    if listed.is_empty() {
        return Err(Error::Data(nothing_there(&path, &base, &excluded)));
    }
    let listed = one_row_a_file(listed, &mut excluded);
    Ok(Scan { clips: name_clips(&config.name(), listed, &mut excluded), excluded })
}

/// The table, in the data folder or else in the working folder.
fn find_table(config: &CorpusConfig, data: &Path) -> Result<PathBuf> {
    // That there is one was validated.
    let path = config.path.as_deref().unwrap_or(Path::new(""));
    let places = [data.join(path), path.to_owned()];
    places.iter().find(|place| place.is_file()).cloned().ok_or_else(|| {
        Error::Config(format!(
            "no table {} for kind = \"manifest\" (looked for {} and {}): `path` in its [[corpora]] table is relative to \
             --data, else $SER_DATASETS, else datasets/, or to the working folder",
            path.display(),
            places[0].display(),
            places[1].display()
        ))
    })
}

fn nothing_there(table: &Path, base: &Path, excluded: &[Exclusion]) -> String {
    let Some(Exclusion { path, reason }) = excluded.first() else {
        return format!("the table {} has no rows: list one clip in each", table.display());
    };
    format!(
        "none of the {} rows of {} can be used, as {}: {reason}. Paths are relative to {}; `root` in the [[corpora]] \
         table sets another folder",
        excluded.len(),
        table.display(),
        path.display(),
        base.display()
    )
}

/// The needed columns, as the table spells them.
struct Columns<'a> {
    path: &'a str,
    emotion: &'a str,
    speaker: &'a str,
}

/// A row with all that is needed, whose file is there.
struct Entry {
    number: usize,
    /// The path as the table has it.
    written: String,
    file: PathBuf,
    emotion: String,
    speaker: String,
    meta: Metadata,
}

impl Columns<'_> {
    /// Reads a row; where it cannot be used, says why, with the file where it names one.
    fn read(
        &self,
        number: usize,
        mut row: Row<'_>,
        base: &Path,
    ) -> std::result::Result<Entry, (Option<PathBuf>, String)> {
        let Some(written) = row.remove(self.path) else {
            return Err((None, format!("row {number} has no path")));
        };
        let file = base.join(written);
        let mut need = |column: &str| {
            row.remove(column).ok_or_else(|| (Some(file.clone()), format!("no {column} in row {number} of the table")))
        };
        let (emotion, speaker) = (need(self.emotion)?, need(self.speaker)?);
        if !file.is_file() {
            return Err((Some(file), format!("no such file, though row {number} of the table lists it")));
        }
        let known = EMOTIONS.iter().find(|known| known.eq_ignore_ascii_case(emotion));
        Ok(Entry {
            number,
            written: written.to_owned(),
            emotion: known.map_or(emotion, |known| known).to_owned(),
            speaker: in_an_id(speaker),
            meta: metadata(row),
            file,
        })
    }
}

/// Sorts the other cells into what is known and what is kept as it is; so is a known one that cannot be understood.
fn metadata(row: Row<'_>) -> Metadata {
    let mut meta = Metadata::default();
    for (column, value) in row {
        let text = || Some(value.to_owned());
        let understood = match column.to_ascii_lowercase().as_str() {
            "sex" => fill(&mut meta.sex, Sex::parse(value)),
            "age" => fill(&mut meta.age, whole_number(value).filter(|age| *age <= OLDEST)),
            "sentence" => fill(&mut meta.sentence, text()),
            "intensity" => fill(&mut meta.intensity, text()),
            "repetition" => fill(&mut meta.repetition, whole_number(value)),
            _ => false,
        };
        if !understood {
            meta.extra.insert(column.to_owned(), value.to_owned());
        }
    }
    meta
}

/// Fills a field; whether there was something to fill it with.
fn fill<T>(field: &mut Option<T>, value: Option<T>) -> bool {
    *field = value;
    field.is_some()
}

/// A whole number, also as programs write it that keep columns with gaps as fractions: `31.0`.
fn whole_number(text: &str) -> Option<u32> {
    let whole = text.split_once('.').map_or(text, |(whole, zeros)| match zeros.bytes().all(|byte| byte == b'0') {
        true => whole,
        false => text,
    });
    whole.parse().ok()
}

/// Slashes part the three names of an id, so none of them can have one.
fn in_an_id(name: &str) -> String {
    name.replace(['/', '\\'], "_")
}

/// Keeps the first of the rows that name the same file, or none where they contradict each other.
fn one_row_a_file(listed: Vec<Entry>, excluded: &mut Vec<Exclusion>) -> Vec<Entry> {
    let mut by_file: HashMap<PathBuf, Vec<Entry>> = HashMap::new();
    for entry in listed {
        // Rows may write the same file in several ways, as `a.wav` and `./a.wav`.
        let place = entry.file.canonicalize().unwrap_or_else(|_| entry.file.clone());
        by_file.entry(place).or_default().push(entry);
    }
    let mut kept = Vec::new();
    for mut rows in by_file.into_values() {
        let first = (rows[0].number, rows[0].emotion.clone(), rows[0].speaker.clone());
        let agree = rows.iter().all(|row| (&row.emotion, &row.speaker) == (&first.1, &first.2));
        let left_out = rows.split_off(usize::from(agree));
        kept.append(&mut rows);
        excluded.extend(left_out.into_iter().map(|row| {
            let reason = match agree {
                true => format!("row {} lists it again (row {} is kept)", row.number, first.0),
                false => format!(
                    "the rows that list it disagree: row {} says {} by {}, which another does not",
                    row.number, row.emotion, row.speaker
                ),
            };
            Exclusion { path: row.file, reason }
        }));
    }
    kept.sort_by_key(|entry| entry.number);
    kept
}

/// Gives every clip its id.
fn name_clips(corpus: &str, entries: Vec<Entry>, excluded: &mut Vec<Exclusion>) -> Vec<Clip> {
    let stem = |entry: &Entry| entry.file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let mut bearers: BTreeMap<(String, String), usize> = BTreeMap::new();
    for entry in &entries {
        *bearers.entry((entry.speaker.clone(), stem(entry))).or_default() += 1;
    }
    let mut taken = HashSet::new();
    let mut clips = Vec::with_capacity(entries.len());
    for entry in entries {
        let short = (entry.speaker.clone(), stem(&entry));
        let name = if bearers.get(&short) == Some(&1) { short.1 } else { in_an_id(&entry.written) };
        let id = format!("{corpus}/{}/{name}", entry.speaker);
        if taken.insert(id.clone()) {
            let Entry { file, emotion, speaker, meta, .. } = entry;
            clips.push(Clip { id, corpus: corpus.to_owned(), speaker, emotion, source: Source::File(file), meta });
        } else {
            let reason = format!("row {} would be called {id}, as another clip is: rename the file", entry.number);
            excluded.push(Exclusion { path: entry.file, reason });
        }
    }
    clips
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{Kind, fake};

    fn config() -> CorpusConfig {
        CorpusConfig { path: Some("lab/mine.csv".into()), ..CorpusConfig::new(Kind::Manifest) }
    }

    /// The files, and a table of them in `lab/mine.csv`.
    fn corpus(files: &[&str], table: &str) -> tempfile::TempDir {
        let data = fake::tree(files);
        fake::write(data.path(), "lab/mine.csv", table.as_bytes());
        data
    }

    fn scanned(files: &[&str], table: &str) -> Scan {
        super::super::scan(&config(), corpus(files, table).path()).unwrap()
    }

    fn ids(scan: &Scan) -> Vec<&str> {
        scan.clips.iter().map(|clip| clip.id.as_str()).collect()
    }

    #[test]
    fn a_row_is_a_clip_and_unknown_columns_are_kept() {
        let scan = scanned(
            &["lab/wavs/a.wav", "lab/wavs/b.wav"],
            "Speaker;Emotion;Path;sex;age;fold;Sentence;repetition\n\
             01;Happy;wavs/a.wav;F;31.0;3;Hello;2\n\
             02;Boredom;./wavs/b.wav;unknown;old;;;1.5\n",
        );
        assert_eq!(ids(&scan), ["mine/01/a", "mine/02/b"]);
        let [a, b] = &scan.clips[..] else { panic!("{scan:?}") };
        assert_eq!((a.emotion.as_str(), b.emotion.as_str()), ("happy", "Boredom"));
        assert_eq!((a.meta.sex, a.meta.age, a.meta.repetition), (Some(Sex::Female), Some(31), Some(2)));
        assert_eq!(a.meta.sentence.as_deref(), Some("Hello"));
        assert_eq!(a.meta.extra, BTreeMap::from([("fold".into(), "3".into())]));
        assert_eq!((b.meta.sex, b.meta.age, b.meta.repetition), (None, None, None));
        let kept: Vec<_> = b.meta.extra.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(kept, [("age", "old"), ("repetition", "1.5"), ("sex", "unknown")]);
        assert!(a.source.file().unwrap().ends_with("lab/wavs/a.wav"));
    }

    #[test]
    fn the_root_says_what_paths_are_relative_to() {
        let data = corpus(&["audio/a.wav"], "path,emotion,speaker\na.wav,sad,x\n");
        let with_root = CorpusConfig { root: Some("audio".into()), name: Some("lab".into()), ..config() };
        let scan = super::super::scan(&with_root, data.path()).unwrap();
        assert_eq!(ids(&scan), ["lab/x/a"]);
        let error = super::super::scan(&config(), data.path()).unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, Error::Data(_)) && text.contains("no such file") && text.contains("`root`"), "{text}");
    }

    #[test]
    fn rows_that_cannot_be_used_are_listed_with_their_number() {
        let scan = scanned(
            &["lab/a.wav", "lab/b.wav", "lab/c.wav"],
            "path,emotion,speaker\na.wav,sad,x\nb.wav,,x\nc.wav,sad,\n,sad,x\ngone.wav,sad,x\n",
        );
        assert_eq!(ids(&scan), ["mine/x/a"]);
        let reasons: Vec<_> = scan.excluded.iter().map(|exclusion| exclusion.reason.as_str()).collect();
        assert_eq!(
            reasons,
            [
                "no emotion in row 3 of the table",
                "no speaker in row 4 of the table",
                "no such file, though row 6 of the table lists it",
                "row 5 has no path",
            ]
        );
    }

    #[test]
    fn files_of_the_same_name_are_called_by_their_paths() {
        let files = ["lab/1/a.wav", "lab/2/a.wav", "lab/1/b.wav", "lab/3/a.wav"];
        let scan =
            scanned(&files, "path,emotion,speaker\n1/a.wav,sad,x\n2/a.wav,sad,x\n1/b.wav,sad,x\n3/a.wav,sad,y/z\n");
        assert_eq!(ids(&scan), ["mine/x/1_a.wav", "mine/x/2_a.wav", "mine/x/b", "mine/y_z/a"]);
    }

    #[test]
    fn a_file_listed_twice_counts_once_or_not_at_all() {
        let scan = scanned(
            &["lab/a.wav", "lab/b.wav", "lab/c.wav"],
            "path,emotion,speaker\na.wav,sad,x\n./a.wav,Sad,x\nb.wav,sad,x\nb.wav,angry,x\nc.wav,sad,x\n",
        );
        assert_eq!(ids(&scan), ["mine/x/a", "mine/x/c"]);
        let reasons: Vec<_> = scan.excluded.iter().map(|exclusion| exclusion.reason.as_str()).collect();
        assert_eq!(reasons[0], "row 3 lists it again (row 2 is kept)");
        assert!(reasons[1].contains("disagree") && reasons[2].contains("disagree"), "{reasons:?}");
    }

    #[test]
    fn a_table_that_is_missing_empty_or_lacks_a_column_is_an_error() {
        let data = fake::tree(&["a.wav"]);
        let error = super::super::scan(&config(), data.path()).unwrap_err();
        assert!(matches!(error, Error::Config(_)) && error.to_string().contains("lab/mine.csv"), "{error}");
        let failed = |table| super::super::scan(&config(), corpus(&[], table).path()).unwrap_err().to_string();
        assert!(failed("path,emotion,speaker\n").contains("has no rows"));
        let error = failed("file,emotion,speaker\na.wav,sad,x\n");
        assert!(error.contains("no column path among \"file\""), "{error}");
    }
}
