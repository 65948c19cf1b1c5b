//! The split that predictions are judged by: one table of all sides, or a list for each side of each fold, as EmoBox has
//! them.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    columns::{Columns, Role},
    names::part,
};
use crate::{
    audio::Source,
    corpus::{
        Clip, Metadata, recognise, seconds,
        spelling::{names_nobody, tidy},
        table::{Row, Table},
    },
    error::{Error, Result},
    protocol::Side,
    sex::Sex,
};

/// A row of the split.
#[derive(Debug, Clone)]
pub(super) struct SplitClip {
    /// What is known of the clip; its speaker is empty where it is not known.
    pub clip: Clip,
    /// The file's path as it is written, or a clip's id.
    pub path: String,
    /// Other names of the clip: an id beside the path.
    pub others: Vec<String>,
    pub side: Side,
    pub fold: String,
    /// Whether the corpus is known by the name, which then says who speaks.
    pub recognised: bool,
}

/// The files of a split: what is given, and of a folder the lists `*_fold_*.jsonl` in it, as EmoBox has them.
pub(super) fn files(given: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in given {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let entries = walkdir::WalkDir::new(path).max_depth(2).sort_by_file_name().into_iter().flatten();
        let lists: Vec<PathBuf> = entries
            .map(walkdir::DirEntry::into_path)
            .filter(|file| file.extension().is_some_and(|extension| extension == "jsonl"))
            .filter(|file| fold_of(file).is_some() && side_of(file).is_some())
            .collect();
        if lists.is_empty() {
            return Err(Error::Config(format!(
                "{} holds no lists such as fold_1/NAME_test_fold_1.jsonl: give the split's table",
                path.display()
            )));
        }
        files.extend(lists);
    }
    Ok(files)
}

/// Whether the tables list parts of recordings: one path with several starts.
pub(super) fn is_cut<'a>(tables: impl IntoIterator<Item = &'a Table>, named: &[(String, String)]) -> Result<bool> {
    let mut starts = HashMap::new();
    for table in tables {
        let columns = Columns::find(table, named)?;
        let (Some(path), Some(start)) = (columns.get(Role::Path), columns.get(Role::Start)) else { continue };
        for (_, row) in table.rows() {
            let (Some(path), Some(text)) = (row.get(path), row.get(start)) else { continue };
            // Another thing may be called start.
            let Ok(start) = seconds(text) else { continue };
            if *starts.entry(*path).or_insert(start) != start {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Where a row's part begins; nothing where recordings are whole.
pub(super) fn start_of(columns: &Columns<'_>, row: &Row<'_>, cut: bool) -> Option<Duration> {
    let text = columns.get(Role::Start).filter(|_| cut).and_then(|column| row.get(column))?;
    seconds(text).ok().flatten()
}

/// Reads one table. Where it has no column of the side, the file's name tells it, else all is test. `cut`: rows are parts of
/// recordings, named by where they begin.
pub(super) fn read(
    table: &Table,
    named: &[(String, String)],
    cut: bool,
    read_label: &mut dyn FnMut(&str) -> std::result::Result<String, String>,
) -> Result<Vec<SplitClip>> {
    let columns = Columns::find(table, named)?;
    let path = columns.need(Role::Path)?;
    let truth = columns.get(Role::Truth);
    let side_of_file = side_of(table.path()).unwrap_or(Side::Test);
    let fold_of_file = fold_of(table.path()).unwrap_or_default();
    let extra: Vec<&str> = columns.others().collect();
    let mut clips = Vec::new();
    // A blank line is no row.
    for (number, row) in table.rows().filter(|(_, row)| !row.is_empty()) {
        let wrong = |problem: String| Error::file(table.path(), format!("row {number}: {problem}"));
        let cell = |role: Role| columns.get(role).and_then(|column| row.get(column).copied());
        let written = row.get(path).copied().ok_or_else(|| wrong(format!("has no {path}")))?;
        let side = match cell(Role::Side) {
            Some(name) => Side::parse(name)
                .ok_or_else(|| wrong(format!("the side \"{name}\" is none of train, validation and test")))?,
            None if columns.get(Role::Side).is_some() => return Err(wrong("is on no side".into())),
            None => side_of_file,
        };
        let emotion = match truth.and_then(|column| row.get(column)) {
            Some(label) => read_label(label).map_err(wrong)?,
            None => String::new(),
        };
        let fold = cell(Role::Fold).map_or_else(|| fold_of_file.clone(), str::to_owned);
        let mut others = Vec::new();
        // EmoBox's lists have a key beside the path; ours of synthetic speech have an id alone.
        for name in ["key", "clip", "id"] {
            let other =
                extra.iter().find(|column| column.eq_ignore_ascii_case(name)).and_then(|column| row.get(column));
            others.extend(other.map(|other| (*other).to_owned()));
        }
        let written = written.replace('\\', "/");
        let written = written.strip_prefix("./").unwrap_or(&written).to_owned();
        let known = recognise(Path::new(&written));
        let recognised = known.is_some();
        let speaker = cell(Role::Speaker).map(tidy).filter(|name| !names_nobody(name)).or_else(|| of_id(&written));
        let mut clip = known.unwrap_or_else(|| Clip {
            id: written.clone(),
            corpus: String::new(),
            speaker: String::new(),
            emotion: String::new(),
            source: Source::File(PathBuf::from(&written)),
            meta: Metadata::default(),
        });
        if let Some(speaker) = speaker {
            // Ours are written with the corpus before them.
            clip.speaker = speaker.strip_prefix(&format!("{}/", clip.corpus)).unwrap_or(&speaker).to_owned();
        }
        clip.emotion = emotion;
        if let Some(sex) = cell(Role::Sex).and_then(Sex::parse) {
            clip.meta.sex = Some(sex);
        }
        // Data frames write whole numbers as 31.0 once one is missing.
        if let Some(age) =
            cell(Role::Age).and_then(|age| age.parse::<f64>().ok()).filter(|age| (0.0..150.0).contains(age))
        {
            clip.meta.age = Some(age as u32);
        }
        let more = extra.iter().filter_map(|column| Some(((*column).to_owned(), (*row.get(column)?).to_owned())));
        clip.meta.extra.extend(more);
        let mut path = written;
        if cut && columns.get(Role::Start).is_some() {
            let start = start_of(&columns, &row, cut);
            (clip.id, path) = (part(&clip.id, start), part(&path, start));
        }
        clips.push(SplitClip { clip, path, others, side, fold, recognised });
    }
    if clips.is_empty() {
        return Err(Error::file(table.path(), "has no rows"));
    }
    Ok(clips)
}

/// The speaker of an id of ours, `corpus/speaker/stem`, which has no extension.
fn of_id(path: &str) -> Option<String> {
    let parts: Vec<&str> = path.split('/').collect();
    match parts[..] {
        [_, speaker, stem] if !stem.contains('.') => Some(speaker.to_owned()),
        _ => None,
    }
}

fn parts_of(path: &Path) -> Vec<String> {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().to_lowercase()).unwrap_or_default();
    stem.split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect()
}

/// The side that a file's name tells: `ravdess_test_fold_1.jsonl`.
fn side_of(path: &Path) -> Option<Side> {
    parts_of(path).iter().rev().find_map(|part| Side::parse(part))
}

/// The fold that a file's name tells.
fn fold_of(path: &Path) -> Option<String> {
    let parts = parts_of(path);
    let at = parts.iter().position(|part| part == "fold")?;
    parts.get(at + 1).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_lists_tell_side_and_fold() {
        let path = Path::new("data/ravdess/fold_3/ravdess_test_fold_3.jsonl");
        assert_eq!((side_of(path), fold_of(path)), (Some(Side::Test), Some("3".into())));
        let path = Path::new("a/my_split.csv");
        assert_eq!((side_of(path), fold_of(path)), (None, None));
        assert_eq!(side_of(Path::new("valid.csv")), Some(Side::Validation));
        assert_eq!(of_id("synthetic/03/a_b"), Some("03".into()));
        assert_eq!(of_id("Actor_01/x/a.wav"), None);
    }
}
