//! A split that somebody else made: a table of clips and sides, or a column of a manifest.
//!
//! The table has the columns `clip` (an id, `corpus/speaker/stem`, or a stem that only one clip has) or `path` (a file, or the
//! end of its path) and `side`; with a column `fold` it holds several folds. It may be the table of the audit of a foreign
//! split. A path stands for all segments of its file. That is what a run's `split.csv` looks like, so that any split can be used
//! again. Whether the speakers are apart is seen from the split, and said in the report. Without a validation side one
//! is cut from the training side.

use std::{
    collections::{BTreeMap, HashMap},
    ffi::OsStr,
    path::{Component, Path, PathBuf},
};

use super::{
    Side,
    contract::{Dealt, Protocol, Speakers},
    membership::{Lists, Missing},
    tables,
    task::Task,
};
use crate::{
    corpus::table::Table,
    error::{Error, Result},
};

pub(super) const PROTOCOL: Protocol =
    Protocol { about: "a given split", speakers: Speakers::AsListed, keys: &["path", "column"], deal };

const ADVICE: &str = "a split needs the columns clip (or path) and side, and may have fold";

fn deal(task: &Task<'_>) -> Result<Dealt> {
    match (&task.config.path, &task.config.column) {
        (Some(path), _) => {
            by_table(task, &Table::read(&task.place("protocol.path", path)?)?, &path.display().to_string())
        }
        (None, Some(column)) => by_column(task, column),
        // The config was checked for one of them.
        (None, None) => Err(Error::Config("protocol.kind = fixed needs protocol.path or protocol.column".into())),
    }
}

fn by_column(task: &Task<'_>, column: &str) -> Result<Dealt> {
    let mut lists = Lists::new(task.clips.len(), format!("protocol.column = {column}"));
    for (i, clip) in task.clips.iter().enumerate() {
        let cell = clip.meta.extra.iter().find(|(name, _)| name.eq_ignore_ascii_case(column)).map(|(_, cell)| cell);
        if let Some(cell) = cell {
            lists.put(task, i, side(&format!("protocol.column = {column}: {}", clip.id), cell)?)?;
        }
    }
    Ok(Dealt { note: Some(format!("column {column}")), ..vec![lists.draft(task, "0".into())?].into() })
}

fn by_table(task: &Task<'_>, table: &Table, origin: &str) -> Result<Dealt> {
    let find = |name: &str| table.column(name, ADVICE).ok();
    let side_ = tables::side(table, ADVICE)?;
    let (clip, path, fold) = (find("clip"), tables::path(table)?, find("fold"));
    if clip.is_none() && path.is_none() {
        table.column("clip", ADVICE)?;
    }
    let places = Places::of(task);
    let mut folds: Vec<(String, Lists)> = Vec::new();
    let mut place_of: HashMap<String, usize> = HashMap::new();
    let mut missing = Missing::default();
    for (number, row) in table.rows() {
        let cell = |column: &str| {
            row.get(column).copied().ok_or_else(|| Error::Data(format!("{origin}: row {number} has no {column}")))
        };
        let name = fold.map_or(Ok("0"), cell)?;
        let at = match place_of.get(name) {
            Some(&at) => at,
            None => {
                folds.push((fold_name(origin, name)?, Lists::new(task.clips.len(), format!("{origin}, fold {name}"))));
                place_of.insert(name.to_owned(), folds.len() - 1);
                folds.len() - 1
            }
        };
        let side = side(&format!("{origin}: row {number}"), cell(side_)?)?;
        let by_id = clip.and_then(|column| row.get(column).copied());
        let of_file = |name: &str| {
            let found = places.of_file(name);
            found.map_err(|problem| Error::Data(format!("{origin}: row {number} names {name}, {problem}")))
        };
        let (name, found) = match (by_id, path) {
            (Some(name), path) => {
                let found: Vec<usize> = places.find(name).into_iter().collect();
                // An id says enough; the file beside it may be of another machine, but not another clip's.
                let file = path.and_then(|column| row.get(column).copied());
                let files = file.map_or(Ok(Vec::new()), |file| places.of_file(file).or(Ok(Vec::new())))?;
                if let (Some(clip), Some(other)) = (found.first(), files.first())
                    && !files.contains(clip)
                {
                    return Err(Error::Data(format!(
                        "{origin}: row {number} names the clip {name} and the file {}, which is {}: leave the column that \
                         is not meant out",
                        file.unwrap_or_default(),
                        task.clips[*other].id
                    )));
                }
                (name, if found.is_empty() { files } else { found })
            }
            (None, Some(column)) => (cell(column)?, of_file(cell(column)?)?),
            (None, None) => (cell(clip.unwrap_or("clip"))?, Vec::new()),
        };
        if found.is_empty() {
            missing.note(name);
        }
        found.into_iter().try_for_each(|i| folds[at].1.put(task, i, side))?;
    }
    if folds.is_empty() {
        return Err(Error::Data(format!("{origin} has no rows: list one clip in each")));
    }
    let drafts: Result<Vec<_>> = folds.into_iter().map(|(name, lists)| lists.draft(task, name)).collect();
    Ok(Dealt { note: Some(origin.to_owned()), missing, ..drafts?.into() })
}

fn side(place: &str, cell: &str) -> Result<Side> {
    Side::parse(cell).ok_or_else(|| {
        Error::Data(format!("{place} is on the side \"{cell}\": a side is one of train, validation and test"))
    })
}

/// A fold's name becomes part of a folder's.
fn fold_name(origin: &str, name: &str) -> Result<String> {
    if name.chars().all(|c| c.is_alphanumeric() || "-_.+".contains(c)) {
        return Ok(name.to_owned());
    }
    Err(Error::Data(format!("{origin}: a fold is called \"{name}\": use letters, digits, '-', '_', '+' and '.' only")))
}

/// The clips by their ids, and by their stems where these are theirs alone.
struct Places<'a> {
    by_id: BTreeMap<&'a str, usize>,
    by_stem: BTreeMap<&'a str, Option<usize>>,
    /// By the name of the file without its folders.
    by_file: HashMap<&'a OsStr, Vec<(usize, &'a Path)>>,
}

impl<'a> Places<'a> {
    fn of(task: &Task<'a>) -> Self {
        let mut by_stem = BTreeMap::new();
        for (i, clip) in task.clips.iter().enumerate() {
            let stem = clip.id.rsplit('/').next().unwrap_or(&clip.id);
            by_stem.entry(stem).and_modify(|place| *place = None).or_insert(Some(i));
        }
        let mut by_file: HashMap<&OsStr, Vec<(usize, &Path)>> = HashMap::new();
        for (i, clip) in task.clips.iter().enumerate() {
            if let Some((name, path)) = clip.source.file().and_then(|path| Some((path.file_name()?, path))) {
                by_file.entry(name).or_default().push((i, path));
            }
        }
        Self { by_id: task.clips.iter().enumerate().map(|(i, clip)| (clip.id.as_str(), i)).collect(), by_stem, by_file }
    }

    /// The clips of the one file whose path ends so.
    fn of_file(&self, written: &str) -> std::result::Result<Vec<usize>, String> {
        let written = written.replace('\\', "/");
        let end: PathBuf = Path::new(&written).components().filter(|part| *part != Component::CurDir).collect();
        let Some(named) = end.file_name().and_then(|name| self.by_file.get(name)) else { return Ok(Vec::new()) };
        let fits: Vec<(usize, &Path)> = named.iter().filter(|(_, path)| path.ends_with(&end)).copied().collect();
        match fits.iter().find(|(_, path)| Some(path) != fits.first().map(|(_, path)| path)) {
            Some((_, other)) => Err(format!(
                "which may be {} or {}: write more of the path",
                fits.first().map_or(Path::new(""), |(_, path)| path).display(),
                other.display()
            )),
            None => Ok(fits.into_iter().map(|(i, _)| i).collect()),
        }
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.by_id.get(name).copied().or_else(|| self.by_stem.get(name).copied().flatten())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        corpus::Source,
        protocol::{Kind, Plan, ProtocolConfig, fake},
    };

    fn plan(table: &str) -> Result<Plan> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("split.csv"), table).unwrap();
        let config = ProtocolConfig { kind: Kind::Fixed, path: Some("split.csv".into()), ..ProtocolConfig::default() };
        let (clips, labels) = fake::corpus("c", 3, 2);
        super::super::plan(&config, folder.path(), &clips, &labels, [])
    }

    const ROWS: &str = "c/01/000,train\nc/01/001,train\nc/02/000,dev\nc/02/001,dev\nc/03/000,test\nc/03/001,test\n";

    #[test]
    fn a_table_says_who_is_on_which_side() {
        let plan_ = plan(&format!("clip,side\n{ROWS}c/04/000,test\n")).unwrap();
        let fold = &plan_.folds[0];
        assert_eq!((&fold.train[..], &fold.validation[..], &fold.test[..]), (&[0, 1][..], &[2, 3][..], &[4, 5][..]));
        assert!(plan_.speaker_independent, "as the split shows");
        assert_eq!(plan_.description, "a given split: split.csv");
        assert_eq!(plan_.caveats[0].to_string(), "1 listed clip is not there, as c/04/000.");
        let mixed = plan(&format!("clip,side\n{}", ROWS.replace("c/02/000,dev", "c/02/000,test"))).unwrap();
        assert!(!mixed.speaker_independent);
    }

    #[test]
    fn a_table_may_hold_several_folds() {
        let rows = |fold: &str, rows: &str| {
            rows.lines().map(|row| format!("{fold};{}\n", row.replace(',', ";"))).collect::<String>()
        };
        let text = format!("Fold;Clip;Side\n{}{}", rows("b", ROWS), rows("a", &ROWS.replace("dev", "train")));
        let plan = plan(&text).unwrap();
        assert_eq!(plan.folds.iter().map(|fold| fold.name.as_str()).collect::<Vec<_>>(), ["b", "a"]);
        assert_eq!(plan.folds[1].sides().map(|side| side.1.len()), [3, 1, 2]);
    }

    #[test]
    fn a_table_that_says_too_little_or_too_much_is_an_error() {
        for (table, problem) in [
            (format!("clip,side\n{ROWS}c/01/000,test\n"), "c/01/000 is on two sides, train and test"),
            ("clip,side\nc/01/000,train\n".into(), "5 clips are on no side, as c/01/001"),
            (format!("clip,side\n{ROWS}c/01/000,eval\n"), "row 8"),
            ("clip,part\na,train\n".into(), "no column side"),
            ("name,side\na,train\n".into(), "no column clip"),
            ("clip,side\n".into(), "no rows"),
            ("clip,side,fold\nc/01/000,train,a/b\n".into(), "a/b"),
        ] {
            let error = plan(&table).unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
        }
        let config =
            ProtocolConfig { kind: Kind::Fixed, path: Some("nowhere.csv".into()), ..ProtocolConfig::default() };
        let (clips, labels) = fake::corpus("c", 3, 2);
        let error = fake::plan(&config, &clips, &labels).unwrap_err().to_string();
        assert!(error.contains("protocol.path = nowhere.csv"), "{error}");
    }

    #[test]
    fn a_stem_names_a_clip_where_it_is_the_only_one() {
        let clips = fake::named("c", "s", &["a", "b", "c"]);
        let config = ProtocolConfig { kind: Kind::Fixed, path: Some("split.csv".into()), ..ProtocolConfig::default() };
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("split.csv"), "clip,side\na,train\nb,val\nc,test\n").unwrap();
        let plan = super::super::plan(&config, folder.path(), &clips, &[0, 0, 0], []).unwrap();
        assert_eq!(plan.folds[0].test, [2]);
    }

    #[test]
    fn the_table_of_an_audit_names_files_by_the_end_of_their_paths() {
        let mut clips = fake::named("c", "s", &["a", "b", "c", "d"]);
        for (clip, file) in
            clips.iter_mut().zip(["/data/x/1.wav", "/data/y/1.wav", "/data/z/long.wav", "/data/z/long.wav"])
        {
            clip.source = Source::File(file.into());
        }
        let config = ProtocolConfig { kind: Kind::Fixed, path: Some("split.csv".into()), ..ProtocolConfig::default() };
        let folder = tempfile::tempdir().unwrap();
        let plan = |table: &str| {
            std::fs::write(folder.path().join("split.csv"), table).unwrap();
            super::super::plan(&config, folder.path(), &clips, &[0; 4], [])
        };
        let table = "path,split\nx/1.wav,train\n./y\\1.wav,val\nz/long.wav,test\nold/copy.wav,test\n";
        let found = plan(table).unwrap();
        assert_eq!(found.folds[0].test, [2, 3], "both segments of the file");
        assert_eq!(found.caveats.len(), 1);
        let named = "clip,path,split\nc/s/a,x/1.wav,train\nc/s/b,old/b.wav,val\nc/s/c,z/long.wav,test\nc/s/d,,test\n";
        assert_eq!(plan(named).unwrap().folds[0].test, [2, 3], "what the file is elsewhere says nothing");
        let error = plan(&named.replace("old/b.wav", "x/1.wav")).unwrap_err().to_string();
        assert!(error.contains("row 3 names the clip c/s/b and the file x/1.wav, which is c/s/a"), "{error}");
        let error = plan(&table.replace("x/1.wav", "1.wav")).unwrap_err().to_string();
        assert!(error.contains("row 2 names 1.wav") && error.contains("write more of the path"), "{error}");
    }

    #[test]
    fn a_column_of_the_manifest_says_it_as_well() {
        let (mut clips, labels) = fake::corpus("c", 3, 2);
        for clip in &mut clips {
            let side = if clip.speaker == "03" { "Test" } else { "train" };
            clip.meta.extra.insert("Split".into(), side.into());
        }
        let config = ProtocolConfig { kind: Kind::Fixed, column: Some("split".into()), ..ProtocolConfig::default() };
        let plan = fake::plan(&config, &clips, &labels).unwrap();
        assert_eq!((plan.folds[0].test.clone(), plan.folds[0].validation.len()), (vec![4, 5], 1));
        clips[0].meta.extra.clear();
        let error = fake::plan(&config, &clips, &labels).unwrap_err().to_string();
        assert!(error.contains("1 clip is on no side, as c/01/000"), "{error}");
    }
}
