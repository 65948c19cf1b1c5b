//! A database in audformat: `db.yaml` with tables `db.NAME.csv` beside it, which share their index `file`, or `file`, `start`
//! and `end`.
//!
//! The label is in the table that has a column for it (`columns.emotion`, or a usual name), the speaker there or in any table
//! by file. Where several tables have labels (parts of the corpus, the actors' and the listeners'), they are all read if they are
//! of different clips or agree, and the name of a clip's table is kept in the column `table`; else `path` names the one that
//! is meant. Tables that are saved as pickles cannot be read: audformat writes CSV with
//! `db.save(root, storage_format="csv")`.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
};

use super::{
    Cause, CorpusConfig, Exclusion, Metadata, Scan, Sex,
    db_yaml::Header,
    entries::{self, Entry, OLDEST, Part},
    manifest::{Times, times},
    table::Table,
};
use crate::{
    audio::Channel,
    error::{Error, Result},
};

const EMOTION: [&str; 4] = ["emotion", "emotion_label", "label", "emotions"];
const SPEAKER: [&str; 3] = ["speaker", "speaker_id", "spk"];

/// What a table labels: a file, or a part of it.
type Place = (String, Option<String>, Option<String>);

pub(super) fn scan(config: &CorpusConfig, data: &Path) -> Result<Scan> {
    let root = config.folder(data);
    let tables = tables(&root)?;
    let header = Header::read(&root.join("db.yaml"))?;
    let chosen = config.path.as_deref().map(|path| path.file_name().unwrap_or_default());
    let column = |table: &Table, set: &Option<String>, usual: &[&str]| {
        let names: Vec<&str> = set.as_deref().map_or(usual.to_vec(), |name| vec![name]);
        names.into_iter().find_map(|name| table.column(name, "").ok().map(str::to_owned))
    };
    let mut labelled: BTreeMap<Place, (String, String)> = BTreeMap::new();
    let mut of_file: HashMap<String, BTreeMap<String, String>> = HashMap::new();
    for table in &tables {
        let Ok(file) = table.column("file", "") else { continue };
        let emotion = column(table, &config.columns.emotion, &EMOTION);
        let emotion = emotion.filter(|_| chosen.is_none_or(|name| table.path().file_name() == Some(name)));
        let name = name_of(table.path());
        let allowed = emotion.as_deref().and_then(|column| header.labels(&name, column));
        for (number, mut row) in table.rows() {
            let Some(path) = row.remove(file).map(str::to_owned) else {
                return Err(Error::file(table.path(), format!("row {number} has no file")));
            };
            let mut time =
                |name: &str| table.column(name, "").ok().and_then(|column| row.remove(column)).map(str::to_owned);
            let place = (path.clone(), time("start"), time("end"));
            if let Some(label) = emotion.as_deref().and_then(|column| row.remove(column)) {
                if let Some(allowed) = allowed.as_ref().filter(|allowed| !allowed.contains(label)) {
                    let known: Vec<&str> = allowed.iter().map(String::as_str).collect();
                    let problem = format!(
                        "row {number}: \"{label}\" is not among the labels that db.yaml lists for this column: {}",
                        known.join(", ")
                    );
                    return Err(Error::file(table.path(), problem));
                }
                let label = entries::emotion(label);
                match labelled.insert(place.clone(), (label.clone(), name.clone())) {
                    Some((other, first)) if other != label => {
                        return Err(Error::Data(format!(
                            "{path} is \"{other}\" by the table {first} and \"{label}\" by {name}: set path = \"db.{name}.csv\" in \
                             the [[corpora]] table to the one that is meant"
                        )));
                    }
                    _ => {}
                }
            }
            let known = of_file.entry(path).or_default();
            for (column, cell) in row {
                known.entry(column.to_owned()).or_insert_with(|| cell.to_owned());
            }
        }
    }
    if labelled.is_empty() {
        return Err(Error::Data(format!(
            "no table under {} labels files with an emotion: set columns = {{ emotion = \"…\" }} in the [[corpora]] table to the \
             column that does",
            root.display()
        )));
    }
    let mut excluded = Vec::new();
    let mut found = Vec::new();
    for (number, ((path, start, end), (emotion, table))) in (1..).zip(labelled) {
        let file = root.join(&path);
        let mut cells = of_file.get(&path).cloned().unwrap_or_default();
        let names: Vec<&str> = config.columns.speaker.as_deref().map_or(SPEAKER.to_vec(), |name| vec![name]);
        let speaker = names.iter().find_map(|name| cells.remove(*name));
        let row = speaker
            .ok_or_else(|| "no table says who speaks".to_owned())
            .and_then(|speaker| Ok((entries::speaker(&speaker)?, times(start.as_deref(), end.as_deref(), None)?)));
        match row {
            Err(reason) => excluded.push(Exclusion { path: file, reason, cause: Cause::Row }),
            Ok(_) if !file.is_file() => {
                let reason = format!("no such file, though the table {table} lists it");
                excluded.push(Exclusion { path: file, reason, cause: Cause::Missing });
            }
            Ok((speaker, part)) => {
                // From the start to an open end is all of the file.
                let part = part.filter(|(start, end): &Times| !start.is_zero() || end.is_some());
                let part = Part::of(part, Channel::Mix);
                let meta = metadata(cells, table);
                found.push(Entry { number, written: path, file, part, emotion, speaker, meta });
            }
        }
    }
    if found.is_empty() {
        let first = excluded.first().map(|Exclusion { path, reason, .. }| format!("{}: {reason}", path.display()));
        return Err(Error::Data(format!(
            "no file that the tables under {} label can be used, as {}",
            root.display(),
            first.unwrap_or_default()
        )));
    }
    entries::clips(config, found, excluded)
}

/// The tables of the database.
fn tables(root: &Path) -> Result<Vec<Table>> {
    let header = root.join("db.yaml");
    if !header.is_file() {
        return Err(Error::Config(format!(
            "no {}: an audformat database has it beside its tables; set `root` in the [[corpora]] table",
            header.display()
        )));
    }
    let entries = std::fs::read_dir(root).map_err(Error::io("read the folder", root))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    let is = |path: &&PathBuf, extension: &str| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("db.") && name.ends_with(extension)
    };
    let extensions: &[&str] = if cfg!(feature = "parquet") { &[".csv", ".parquet"] } else { &[".csv"] };
    let mut tables: Vec<&PathBuf> =
        paths.iter().filter(|path| extensions.iter().any(|extension| is(path, extension))).collect();
    // A table that is there in both formats is read once.
    tables.dedup_by(|later, first| name_of(later) == name_of(first));
    if tables.is_empty() {
        let why = if paths.iter().any(|path| is(&path, ".pkl") || is(&path, ".parquet")) {
            "its tables are in a format that is not read here"
        } else {
            "it has no tables db.NAME.csv"
        };
        return Err(Error::Data(format!(
            "{}: {why}; audformat writes them with db.save(root, storage_format=\"csv\")",
            root.display()
        )));
    }
    tables.into_iter().map(|path| Table::read(path)).collect()
}

/// `db.emotion.csv` is the table `emotion`.
fn name_of(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    stem.strip_prefix("db.").unwrap_or(&stem).to_owned()
}

fn metadata(cells: BTreeMap<String, String>, table: String) -> Metadata {
    let mut meta = Metadata { extra: [("table".to_owned(), table)].into(), ..Metadata::default() };
    for (column, cell) in cells {
        match column.as_str() {
            "gender" | "sex" if Sex::parse(&cell).is_some() => meta.sex = Sex::parse(&cell),
            "age" => meta.age = cell.split('.').next().and_then(|age| age.parse().ok()).filter(|age| *age <= OLDEST),
            "sentence" | "transcription" => meta.sentence = Some(cell),
            _ => drop(meta.extra.insert(column, cell)),
        }
    }
    meta
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{ColumnsConfig, Kind, fake};

    fn database(tables: &[(&str, &str)]) -> tempfile::TempDir {
        let data = fake::tree(&["lab/audio/1.wav", "lab/audio/2.wav"]);
        fake::write(data.path(), "lab/db.yaml", b"name: lab\n");
        for (name, table) in tables {
            fake::write(data.path(), &format!("lab/db.{name}.csv"), table.as_bytes());
        }
        data
    }

    fn config() -> CorpusConfig {
        CorpusConfig { root: Some("lab".into()), ..CorpusConfig::new(Kind::Audformat) }
    }

    const FILES: (&str, &str) = (
        "files",
        "file,speaker,gender,duration\naudio/1.wav,a,female,0 days 00:00:01\naudio/2.wav,b,male,0 days 00:00:02\n",
    );

    fn told(scan: &Scan) -> Vec<String> {
        scan.clips.iter().map(|clip| format!("{} {} {:?}", clip.id, clip.emotion, clip.meta.sex)).collect()
    }

    #[test]
    fn labels_and_speakers_may_be_in_different_tables() {
        let data = database(&[FILES, ("emotion", "file,emotion\naudio/1.wav,Happy\naudio/2.wav,sad\n")]);
        let scan = crate::corpus::scan(&config(), data.path()).unwrap();
        assert_eq!(told(&scan), ["lab/a/1 happy Some(Female)", "lab/b/2 sad Some(Male)"]);
        assert_eq!(scan.clips[0].meta.extra["table"], "emotion");
    }

    #[test]
    fn segments_have_times_and_an_open_end_is_the_files() {
        let table = "file,start,end,emotion\naudio/1.wav,0 days,NaT,sad\naudio/2.wav,0 days 00:00:00.5,0 days 00:00:01.500000,sad\n\
                     audio/2.wav,0 days 00:00:01.5,NaT,angry\n";
        let data = database(&[FILES, ("emotion", table)]);
        let scan = crate::corpus::scan(&config(), data.path()).unwrap();
        let ids: Vec<&str> = scan.clips.iter().map(|clip| clip.id.as_str()).collect();
        assert_eq!(ids, ["lab/a/1", "lab/b/2_0.500-1.500", "lab/b/2_1.500-"]);
    }

    #[test]
    fn two_labels_of_a_file_are_refused_until_a_table_is_named() {
        let tables =
            [FILES, ("acted", "file,emotion\naudio/1.wav,sad\n"), ("perceived", "file,emotion\naudio/1.wav,angry\n")];
        let data = database(&tables);
        let error = crate::corpus::scan(&config(), data.path()).unwrap_err().to_string();
        assert!(error.contains("acted") && error.contains("path = \"db.perceived.csv\""), "{error}");
        let named = CorpusConfig { path: Some("db.perceived.csv".into()), name: Some("lab".into()), ..config() };
        assert_eq!(told(&crate::corpus::scan(&named, data.path()).unwrap()), ["lab/a/1 angry Some(Female)"]);
    }

    #[test]
    fn a_label_that_the_header_does_not_list_is_refused() {
        let data = database(&[FILES, ("emotion", "file,emotion\naudio/1.wav,happy\naudio/2.wav,sda\n")]);
        let header = |labels: &str| {
            let text = format!("name: lab\nschemes:\n  emotion:\n    labels: [{labels}]\n");
            fake::write(data.path(), "lab/db.yaml", text.as_bytes());
            crate::corpus::scan(&config(), data.path()).map(drop).map_err(|error| error.to_string())
        };
        let error = header("happy, sad").unwrap_err();
        assert!(error.contains("row 3: \"sda\"") && error.contains("happy, sad"), "{error}");
        assert_eq!(header("happy, sda"), Ok(()));
        fake::write(data.path(), "lab/db.yaml", b"\xff\xfe garbage");
        let error = crate::corpus::scan(&config(), data.path()).unwrap_err().to_string();
        assert!(error.contains("db.yaml") && error.contains("no header"), "{error}");
    }

    #[test]
    fn what_is_not_there_is_told() {
        let data = database(&[FILES]);
        let failed = |config: &CorpusConfig| crate::corpus::scan(config, data.path()).unwrap_err().to_string();
        assert!(failed(&config()).contains("columns = { emotion"));
        let columns = ColumnsConfig { emotion: Some("gender".into()), ..ColumnsConfig::default() };
        assert!(crate::corpus::scan(&CorpusConfig { columns, ..config() }, data.path()).is_ok());
        let bare = fake::tree(&["lab/db.yaml", "lab/db.files.pkl"]);
        let error = crate::corpus::scan(&config(), bare.path()).unwrap_err().to_string();
        assert!(error.contains("storage_format"), "{error}");
        let error = crate::corpus::scan(&config(), fake::tree(&["lab/a.wav"]).path()).unwrap_err().to_string();
        assert!(error.contains("db.yaml"), "{error}");
    }
}
