//! Tables in Parquet, read with polars; those with the recordings themselves in a column, too, as Hugging Face's data sets have
//! them.
//!
//! Recordings are written out once, into a folder beside the table, each under the name of its content: from then on the corpus
//! is one of files, whose identity, copies and audit are those of any other. A column of whole numbers that the file says are
//! names (`ClassLabel`) is read as the names.

use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
};

use polars::prelude::{
    Column as Series, DataFrame, DataType, FileMetadataRef, ParquetReader, PolarsError, PolarsResult, SerReader,
};
use serde::Deserialize;

use super::{
    spelling::tidy,
    table::{Column, filled},
};
use crate::{
    audio::{Content, HEAD_BYTES, sniff},
    error::{Error, Result},
    files::write_cached,
};

/// What a column of bytes must be called to be one of recordings. Structures of bytes and path are, whatever they are called.
const RECORDINGS: [&str; 5] = ["audio", "bytes", "wav", "file", "path"];

/// Rows whose recordings are held at once.
const AT_ONCE: usize = 32;

/// The columns of a file.
pub(super) struct Columns {
    /// Each as text whatever its type, that of recordings as their files.
    pub columns: Vec<Column>,
    /// The name of the column of recordings, where there is one.
    pub recordings: Option<String>,
}

/// Reads a file. Recordings are written into `into`; where it is absent they are passed over.
pub(super) fn read(path: &Path, into: Option<&Path>) -> Result<Columns> {
    let wrong = |error: PolarsError| Error::file(path, format!("not a table in Parquet: {error}"));
    let mut reader = reader(path)?;
    let metadata = reader.get_metadata().map_err(wrong)?.clone();
    let schema = reader.schema().map_err(wrong)?;
    let (mut plain, mut recordings) = (Vec::new(), Vec::new());
    for (name, field) in schema.iter() {
        let kind = DataType::from_arrow_field(field);
        match &kind {
            _ if has_recordings(name, &kind) => recordings.push(name.to_string()),
            // Bytes that are no recordings say nothing that a table could.
            DataType::Binary => {}
            DataType::Struct(fields) if fields.iter().any(|field| field.name() == "array") => {
                let problem = format!(
                    "the column {name} has samples in place of files: write it with Audio(decode=False), or list files"
                );
                return Err(Error::file(path, problem));
            }
            _ => plain.push(name.to_string()),
        }
    }
    if let [first, second, ..] = &recordings[..]
        && into.is_some()
    {
        let problem = format!("the columns {first} and {second} have recordings, and a row is one: leave one out");
        return Err(Error::file(path, problem));
    }
    let frame = match plain.is_empty() {
        true => DataFrame::empty(),
        false => part(path, &metadata, plain.clone(), 0, metadata.num_rows).map_err(|error| {
            let fails = |name: &&String| part(path, &metadata, vec![(*name).clone()], 0, 1).is_err();
            match plain.iter().find(fails) {
                Some(name) => Error::file(
                    path,
                    format!(
                        "the column {name} is of a type that is not read here ({error}): write it as text, or as numbers of 32 \
                         or 64 bits"
                    ),
                ),
                None => wrong(error),
            }
        })?,
    };
    let mut columns = columns_of(&frame).map_err(|error| Error::file(path, format!("not a table of text: {error}")))?;
    name_classes(path, &metadata, &mut columns)?;
    let recordings = recordings.into_iter().next().filter(|_| into.is_some());
    if let (Some(name), Some(into)) = (&recordings, into) {
        columns.push(Column { name: name.trim().to_owned(), cells: unpack(path, &metadata, name, into)? });
    }
    Ok(Columns { columns, recordings })
}

fn reader(path: &Path) -> Result<ParquetReader<File>> {
    let file = crate::files::open(path).map_err(Error::io("read the table", path))?;
    Ok(ParquetReader::new(file))
}

/// Columns of some rows.
fn part(
    path: &Path,
    metadata: &FileMetadataRef,
    columns: Vec<String>,
    first: usize,
    rows: usize,
) -> PolarsResult<DataFrame> {
    let file = crate::files::open(path)?;
    let mut reader = ParquetReader::new(file).with_columns(Some(columns)).with_slice(Some((first, rows)));
    reader.set_metadata(metadata.clone());
    reader.finish()
}

fn has_recordings(name: &str, kind: &DataType) -> bool {
    match kind {
        DataType::Binary => RECORDINGS.contains(&name.trim().to_lowercase().as_str()),
        DataType::Struct(fields) => {
            fields.iter().any(|field| field.name() == "bytes" && *field.dtype() == DataType::Binary)
        }
        _ => false,
    }
}

fn columns_of(frame: &DataFrame) -> PolarsResult<Vec<Column>> {
    let column = |column: &Series| {
        let cells = match column.dtype() {
            DataType::List(_) | DataType::Struct(_) => (0..column.len())
                .map(|row| {
                    let cell = column.get(row)?;
                    Ok(if cell.is_null() { None } else { filled(&cell.to_string()) })
                })
                .collect::<PolarsResult<_>>()?,
            _ => {
                let text = column.cast(&DataType::String)?;
                text.str()?.iter().map(|cell| cell.and_then(filled)).collect()
            }
        };
        Ok(Column { name: column.name().trim().to_owned(), cells })
    };
    frame.columns().iter().map(column).collect()
}

/// What Hugging Face's `datasets` says of a file's columns.
#[derive(Deserialize)]
struct Described {
    info: Info,
}

#[derive(Deserialize)]
struct Info {
    features: BTreeMap<String, serde_json::Value>,
}

/// Puts the names of classes where the file says which number has which.
fn name_classes(path: &Path, metadata: &FileMetadataRef, columns: &mut [Column]) -> Result<()> {
    let described = metadata.key_value_metadata().iter().flatten().find(|pair| pair.key == "huggingface");
    let described = described.and_then(|pair| serde_json::from_str::<Described>(pair.value.as_deref()?).ok());
    let Some(Described { info }) = described else { return Ok(()) };
    for column in columns {
        let Some(feature) = info.features.get(&column.name) else { continue };
        let names: Option<Vec<String>> =
            feature.get("names").and_then(|names| serde_json::from_value(names.clone()).ok());
        let (Some("ClassLabel"), Some(names)) = (feature.get("_type").and_then(|kind| kind.as_str()), names) else {
            continue;
        };
        for (row, cell) in column.cells.iter_mut().enumerate() {
            let Some(number) = cell.as_deref().and_then(|text| text.parse::<i64>().ok()) else { continue };
            // What is not labelled has -1.
            let name = usize::try_from(number).ok().map(|at| names.get(at).ok_or(at)).transpose().map_err(|at| {
                let problem =
                    format!("row {} has {} = {at}, and the file names {} classes", row + 1, column.name, names.len());
                Error::file(path, problem)
            })?;
            *cell = name.and_then(|name| filled(name));
        }
    }
    Ok(())
}

/// Writes recordings out; the file of each row.
fn unpack(path: &Path, metadata: &FileMetadataRef, column: &str, into: &Path) -> Result<Vec<Option<String>>> {
    let wrong = |error: PolarsError| Error::file(path, format!("the recordings in it cannot be read: {error}"));
    let mut cells = Vec::with_capacity(metadata.num_rows);
    while cells.len() < metadata.num_rows {
        let rows = AT_ONCE.min(metadata.num_rows - cells.len());
        let frame = part(path, metadata, vec![column.to_owned()], cells.len(), rows).map_err(wrong)?;
        let found = frame.columns().first().map(recordings).transpose().map_err(wrong)?.unwrap_or_default();
        if found.len() != rows {
            return Err(Error::file(path, "the recordings in it end before its rows do: fetch it again"));
        }
        for (bytes, name) in found {
            let cell = match bytes {
                Some(bytes) => Some(write(into, &bytes, name.as_deref()).map_err(|error| {
                    let problem = format!(
                        "{error}; the recordings of {} are written there once: make room, or copy the table to where there \
                         is",
                        path.display()
                    );
                    Error::Data(problem)
                })?),
                None => name,
            };
            cells.push(cell);
        }
    }
    Ok(cells)
}

/// Recordings with their names, where they have them.
type Recording = (Option<Vec<u8>>, Option<String>);

fn recordings(column: &Series) -> PolarsResult<Vec<Recording>> {
    let owned = |bytes: Option<&[u8]>| bytes.map(<[u8]>::to_vec);
    if !matches!(column.dtype(), DataType::Struct(_)) {
        return Ok(column.binary()?.iter().map(|bytes| (owned(bytes), None)).collect());
    }
    let fields = column.struct_()?;
    let bytes = fields.field_by_name("bytes")?;
    let names = fields.field_by_name("path").and_then(|names| names.cast(&DataType::String)).ok();
    let names = names.as_ref().map(|names| names.str()).transpose()?;
    let name = |row: usize| names.and_then(|names| names.get(row)).and_then(filled);
    Ok(bytes.binary()?.iter().enumerate().map(|(row, bytes)| (owned(bytes), name(row))).collect())
}

/// Writes a recording under its name and its content's, unless it is there; where it is, from the folder above `into`.
fn write(into: &Path, bytes: &[u8], name: Option<&str>) -> Result<String> {
    let name = name.map(|name| PathBuf::from(name.replace('\\', "/"))).unwrap_or_default();
    let stem = tidy(&name.file_stem().unwrap_or_default().to_string_lossy());
    let extension = match sniff(&bytes[..bytes.len().min(HEAD_BYTES)]) {
        Content::Audio(format) => format.extension(),
        _ => "wav",
    };
    let hash = &blake3::hash(bytes).to_hex()[..16];
    let separator = if stem.is_empty() { "" } else { "-" };
    // A name in the table may be as long as it likes; one of a file may not.
    let stem: String = stem.chars().take(60).collect();
    let file = into.join(format!("{stem}{separator}{hash}.{extension}"));
    let is_there = file.metadata().is_ok_and(|known| known.is_file() && known.len() == bytes.len() as u64);
    // The name says what it was, not what it is: somebody may have written to it.
    if !is_there || !crate::files::read(&file).is_ok_and(|known| known == bytes) {
        write_cached(&file, |to| to.write_all(bytes))?;
    }
    Ok(file.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, process::Command};

    use polars::prelude::{IntoColumn, NamedFrom, ParquetWriter, Series, StructChunked};

    use super::*;
    use crate::{
        audio::Known,
        corpus::{CorpusConfig, Kind, fake, inspect, scan, table::Table},
    };

    fn save(path: &Path, columns: Vec<Series>) {
        let columns = columns.into_iter().map(IntoColumn::into_column).collect();
        let mut frame = DataFrame::new_infer_height(columns).unwrap();
        ParquetWriter::new(File::create(path).unwrap()).with_row_group_size(Some(7)).finish(&mut frame).unwrap();
    }

    fn config(path: &str) -> CorpusConfig {
        CorpusConfig { path: Some(path.into()), ..CorpusConfig::new(Kind::Manifest) }
    }

    #[test]
    fn cells_of_any_type_are_read_as_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        let columns = vec![
            Series::new("path".into(), ["a.wav", "b.wav"]),
            Series::new("speaker".into(), ["01", " "]),
            Series::new("age".into(), [Some(31_i64), None]),
        ];
        save(&path, columns);
        let table = Table::read(&path).unwrap();
        let rows: Vec<Vec<(&str, &str)>> = table.rows().map(|(_, row)| row.into_iter().collect()).collect();
        assert_eq!(rows, [vec![("age", "31"), ("path", "a.wav"), ("speaker", "01")], vec![("path", "b.wav")]]);
        fs::write(&path, "PAR1").unwrap();
        let error = Table::read(&path).unwrap_err().to_string();
        assert!(error.contains("a.parquet: not a table in Parquet"), "{error}");
    }

    /// A WAVE file of a voice.
    fn voice(seed: u64) -> Vec<u8> {
        let sample_format = hound::SampleFormat::Int;
        let spec = hound::WavSpec { channels: 1, sample_rate: 8_000, bits_per_sample: 16, sample_format };
        let mut bytes = std::io::Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
        for x in crate::audio::voice(seed, 8_000) {
            writer.write_sample((20_000.0 * x) as i16).unwrap();
        }
        writer.finalize().unwrap();
        bytes.into_inner()
    }

    /// A table of 40 recordings, every one with another sound but the last, which is the first's; row 5 is on disk.
    fn hub(path: &Path) {
        let sounds: Vec<Vec<u8>> = (0..40).map(|i| voice(i % 39)).collect();
        fs::write(path.parent().unwrap().join("five.wav"), &sounds[5]).unwrap();
        let bytes: Vec<Option<&[u8]>> = sounds.iter().enumerate().map(|(i, s)| (i != 5).then_some(&s[..])).collect();
        let names: Vec<String> =
            (0..40).map(|i| if i == 5 { "five.wav".into() } else { format!("clips/{}.wav", i % 11) }).collect();
        let fields = [Series::new("bytes".into(), bytes), Series::new("path".into(), names)];
        let audio = StructChunked::from_series("audio".into(), 40, fields.iter()).unwrap();
        save(
            path,
            vec![
                audio.into_column().take_materialized_series(),
                Series::new("path".into(), (0..40).map(|i| format!("gone/{i}.mp3")).collect::<Vec<_>>()),
                Series::new("emotion".into(), (0..40).map(|i| ["sad", "happy"][i % 2]).collect::<Vec<_>>()),
                Series::new("speaker_id".into(), (0..40).map(|i| i % 4).collect::<Vec<i64>>()),
            ],
        );
    }

    #[test]
    fn recordings_in_a_column_are_a_corpus_of_files() {
        let data = tempfile::tempdir().unwrap();
        let table = data.path().join("train.parquet");
        hub(&table);
        let found = scan(&config("train.parquet"), data.path()).unwrap();
        assert_eq!((found.clips.len(), found.excluded.len()), (40, 0), "{:?}", found.excluded);
        let ids: BTreeSet<&str> = found.clips.iter().map(|clip| clip.id.as_str()).collect();
        assert_eq!(ids.len(), 40);
        assert!(ids.iter().all(|id| id.starts_with("train/")), "{ids:?}");
        assert_eq!(found.clips[0].meta.extra["path"], "gone/0.mp3");
        let (usable, findings) = inspect(found, &Known::default(), || {});
        // The first and the last are one recording with two labels.
        assert_eq!((usable.clips.len(), findings.files), (38, 40));
        assert_eq!(findings.identical.len(), 1);

        // Once more: nothing is written again, and the same clips are found; a row less leaves the others' ids.
        let folder = data.path().join("train.recordings");
        let times = || -> Vec<_> {
            let entries = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().metadata().unwrap());
            entries.map(|metadata| metadata.modified().unwrap()).collect()
        };
        let before = times();
        assert_eq!(before.len(), 39);
        let again = scan(&config("train.parquet"), data.path()).unwrap();
        assert_eq!(again.clips.iter().map(|clip| clip.id.as_str()).collect::<BTreeSet<_>>().len(), 40);
        assert_eq!(times(), before);

        // A recording that was damaged on disk is written again.
        let first = again.clips[0].source.file().unwrap().to_owned();
        let mut torn = fs::read(&first).unwrap();
        let whole = torn.clone();
        torn[1_000] ^= 1;
        for damaged in [&torn[..], b"RIFF"] {
            fs::write(&first, damaged).unwrap();
            scan(&config("train.parquet"), data.path()).unwrap();
            assert_eq!(fs::read(&first).unwrap(), whole);
        }
    }

    #[test]
    fn recordings_are_found_from_wherever_the_folder_is_named() {
        let data = tempfile::tempdir_in(".").unwrap();
        hub(&data.path().join("train.parquet"));
        let relative = Path::new(".").join(data.path().file_name().unwrap());
        let found = scan(&config("train.parquet"), &relative).unwrap();
        assert_eq!((found.clips.len(), found.excluded.len()), (40, 0), "{:?}", found.excluded);
        let of_table = CorpusConfig::at(Kind::Manifest, Some(relative.join("train.parquet"))).unwrap();
        assert_eq!(scan(&of_table, Path::new("")).unwrap().clips.len(), 40);
    }

    #[test]
    fn several_files_are_one_table_and_their_speakers_one_person_each() {
        let data = tempfile::tempdir().unwrap();
        hub(&data.path().join("train-00000-of-00002.parquet"));
        hub(&data.path().join("train-00001-of-00002.parquet"));
        let found = scan(&config("train-*.parquet"), data.path()).unwrap();
        let speakers: BTreeSet<String> = found.clips.iter().map(|clip| clip.speaker_key()).collect();
        assert_eq!(speakers, ["train/0", "train/1", "train/2", "train/3"].map(str::to_owned).into());
        save(&data.path().join("train-2.parquet"), vec![Series::new("path".into(), ["a"])]);
        let error = scan(&config("train-*.parquet"), data.path()).unwrap_err().to_string();
        assert!(error.contains("train-2.parquet") && error.contains("emotion"), "{error}");
        let error = scan(&config("test-*.parquet"), data.path()).unwrap_err().to_string();
        assert!(error.contains("test-*.parquet"), "{error}");
    }

    /// What `datasets` writes, from Python where it has pyarrow.
    #[test]
    fn numbers_of_classes_are_read_as_their_names() {
        let python = std::env::var("SER_PYTHON").unwrap_or_else(|_| "python3".into());
        let data = tempfile::tempdir().unwrap();
        let script = r#"
import sys, json, pyarrow as pa, pyarrow.parquet as pq
sound = open(sys.argv[1], "rb").read()
audio = pa.array([{"bytes": sound, "path": f"{i}.wav"} for i in range(4)])
features = {"audio": {"_type": "Audio"}, "label": {"names": ["anger", "joy"], "_type": "ClassLabel"}}
for name, labels in (("a", [0, 1, 1, -1]), ("b", [0, 1, 1, 2])):
    table = pa.table({"audio": audio, "label": pa.array(labels), "speaker": ["x", "y", "x", "y"], "age": pa.array([31, 2, 3, None], pa.int32()),
        "votes": [[1, 2], [3], [], None]})
    if name == "b": pq.write_table(table.append_column("small", pa.array([1, 2, 3, None], pa.int8())), f"{sys.argv[2]}/c.parquet")
    table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    pq.write_table(table, f"{sys.argv[2]}/{name}.parquet")
"#;
        fs::write(data.path().join("a.wav"), fake::sound(8_000, 0.5)).unwrap();
        let made = Command::new(python).arg("-c").arg(script).arg(data.path().join("a.wav")).arg(data.path()).output();
        if !made.is_ok_and(|made| made.status.success()) {
            eprintln!("no Python with pyarrow: what it writes is not read here");
            return;
        }
        let found = scan(&config("a.parquet"), data.path()).unwrap();
        let emotions: Vec<&str> = found.clips.iter().map(|clip| clip.emotion.as_str()).collect();
        assert_eq!((emotions, found.excluded.len()), (vec!["anger", "joy", "joy"], 1));
        assert!(found.excluded[0].reason.contains("no emotion in row 4"), "{:?}", found.excluded);
        assert_eq!((found.clips[0].meta.age, found.clips[0].meta.extra["votes"].as_str()), (Some(31), "[1, 2]"));
        let error = scan(&config("c.parquet"), data.path()).unwrap_err().to_string();
        assert!(error.contains("the column small is of a type that is not read here"), "{error}");
        let error = scan(&config("b.parquet"), data.path()).unwrap_err().to_string();
        assert!(error.contains("row 4 has label = 2, and the file names 2 classes"), "{error}");
    }
}
