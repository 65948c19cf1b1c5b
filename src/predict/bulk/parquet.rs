//! Lists in Parquet: a column of paths, or one of the recordings themselves. A stretch of rows is held at a time.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    vec,
};

use polars::prelude::{
    Column, DataFrame, DataType, FileMetadataRef, ParquetReader, PolarsError, PolarsResult, SerReader, StringChunked,
};

use super::{
    list::{check_parts, item, no_column, part, speaker},
    open,
    read::{Item, Place},
};
use crate::error::{Error, Result};

/// What a column of recordings may be called.
const BYTES: [&str; 3] = ["bytes", "audio", "wav"];
/// Rows that are read at once: of recordings, which may be long, and of paths.
const RECORDINGS: usize = 32;
const PATHS: usize = 1 << 14;

/// A list in Parquet that was looked at: which of its columns are read.
#[derive(Debug, Clone)]
pub(super) struct Table {
    path: PathBuf,
    /// The words for it in messages.
    name: PathBuf,
    /// What relative paths are relative to.
    base: PathBuf,
    metadata: FileMetadataRef,
    pub(super) height: usize,
    /// Whether it has the recordings themselves.
    pub(super) has_recordings: bool,
    /// Those that are read, as the file spells them.
    columns: Vec<String>,
    /// The one that says who speaks, where one does, in lower case.
    speaker: Option<String>,
}

impl Table {
    pub(super) fn open(path: &Path, name: &Path, base: &Path, speaker: Option<&str>) -> Result<Self> {
        let wrong = |error: PolarsError| Error::file(name, format!("not a list in Parquet: {error}"));
        let mut reader = ParquetReader::new(open(path)?);
        let metadata = reader.get_metadata().map_err(wrong)?.clone();
        let schema = reader.schema().map_err(wrong)?;
        let names: Vec<&str> = schema.iter_names().map(|name| name.as_str()).collect();
        let named = |wanted: &str| names.iter().find(|name| name.to_lowercase() == wanted).map(ToString::to_string);
        let is_bytes = |name: &String| {
            let field = schema.get(name.as_str()).map(|field| DataType::from_arrow_field(field));
            match field {
                Some(DataType::Binary) => true,
                Some(DataType::Struct(fields)) => {
                    fields.iter().any(|field| field.name() == "bytes" && *field.dtype() == DataType::Binary)
                }
                _ => false,
            }
        };
        let bytes = BYTES.iter().find_map(|wanted| named(wanted).filter(is_bytes));
        if bytes.is_none() && named("path").is_none() {
            let problem = format!(
                "neither a column path nor one of bytes called {} among \"{}\"",
                BYTES.join(", "),
                names.join("\", \"")
            );
            return Err(Error::file(name, problem));
        }
        let has_recordings = bytes.is_some();
        let lower: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
        check_parts(&lower).map_err(|problem| Error::file(name, problem))?;
        let speaker = speaker.map(str::to_lowercase);
        let said = speaker.as_deref().map(|column| named(column).ok_or_else(|| no_column(name, Some(column), &lower)));
        let read = ["path", "start", "end", "duration", "channel"];
        // Once, where one of those says who speaks; the recordings come last.
        let said = said.transpose()?.filter(|_| !speaker.as_deref().is_some_and(|column| read.contains(&column)));
        let columns = read.into_iter().filter_map(named).chain(said).chain(bytes).collect();
        let height = metadata.num_rows;
        Ok(Self {
            path: path.to_owned(),
            name: name.to_owned(),
            base: base.to_owned(),
            metadata,
            height,
            has_recordings,
            columns,
            speaker,
        })
    }

    /// The rows from `first` to before `end`, as items.
    fn items(&self, first: usize, end: usize) -> Result<Vec<Item>> {
        let wrong = |error: PolarsError| Error::file(&self.name, format!("not a list in Parquet: {error}"));
        let mut reader = ParquetReader::new(open(&self.path)?)
            .with_columns(Some(self.columns.clone()))
            .with_slice(Some((first, end - first)));
        reader.set_metadata(self.metadata.clone());
        let frame = reader.finish().map_err(wrong)?;
        let text = |column| text(&frame, column).map_err(wrong);
        let names = text("path")?;
        let parts = [text("start")?, text("end")?, text("duration")?, text("channel")?];
        let speakers = self.speaker.as_deref().map(text).transpose()?.flatten();
        // It is the last of the columns.
        let recordings = match (self.has_recordings, frame.columns().last()) {
            (true, Some(column)) => Recordings::of(column).map_err(wrong)?,
            _ => Recordings::default(),
        };
        let row = |row: usize| {
            let number = first + row;
            let wrong = |problem: String| Error::file(&self.name, format!("row {number}, from 0: {problem}"));
            let cells = parts.each_ref().map(|cells| cells.as_ref().and_then(|cells| cells.get(row)));
            let part = part(cells).map_err(wrong)?;
            let speaker = speakers.as_ref().and_then(|cells| cells.get(row)).and_then(speaker);
            let given = names.as_ref().and_then(|names| names.get(row)).map(str::trim).filter(|name| !name.is_empty());
            let name = given.or_else(|| recordings.name(row));
            match (recordings.bytes(row), name) {
                (Some(bytes), name) => {
                    let name = name.map_or_else(|| format!("row {number}"), str::to_owned);
                    let place = Place::Bytes(bytes, part);
                    Ok(Item { path: name.clone().into(), name, place, speaker })
                }
                (None, Some(name)) => Ok(item(&self.base, name, part, speaker)),
                (None, None) if self.has_recordings => {
                    let name = format!("row {number}");
                    let place = Place::Bytes(Arc::from([]), part);
                    Ok(Item { path: name.clone().into(), name, place, speaker })
                }
                (None, None) => Err(wrong("no path".into())),
            }
        };
        (0..frame.height()).map(row).collect()
    }
}

/// The rows of a table, one after the other.
pub(super) struct Rows<'a> {
    table: &'a Table,
    /// Those that are read already.
    read: vec::IntoIter<Item>,
    /// The next row that is not.
    at: usize,
}

impl<'a> Rows<'a> {
    pub(super) fn new(table: &'a Table) -> Self {
        Self { table, read: Vec::new().into_iter(), at: 0 }
    }

    /// The next row, of which no more than `end` are asked for in this stretch.
    pub(super) fn next(&mut self, end: usize) -> Result<Option<Item>> {
        if self.read.as_slice().is_empty() && self.at < self.table.height {
            let at_once = if self.table.has_recordings { RECORDINGS } else { PATHS };
            let until = (self.at + at_once).min(end.max(self.at + 1)).min(self.table.height);
            self.read = self.table.items(self.at, until)?.into_iter();
            self.at = until;
        }
        Ok(self.read.next())
    }

    pub(super) fn skip_to(&mut self, row: usize) {
        self.read = Vec::new().into_iter();
        self.at = row;
    }
}

fn text(frame: &DataFrame, wanted: &str) -> PolarsResult<Option<StringChunked>> {
    let found = frame.columns().iter().find(|column| column.name().to_lowercase() == wanted);
    found.map(|column| Ok(column.cast(&DataType::String)?.str()?.clone())).transpose()
}

/// A column of bytes, or of structures with the fields `bytes` and `path`, as Hugging Face's data sets have them.
#[derive(Default)]
struct Recordings {
    bytes: Vec<Option<Arc<[u8]>>>,
    names: Option<StringChunked>,
}

impl Recordings {
    fn of(column: &Column) -> PolarsResult<Self> {
        let shared = |column: &Column| -> PolarsResult<Vec<Option<Arc<[u8]>>>> {
            Ok(column.binary()?.iter().map(|bytes| bytes.map(Arc::from)).collect())
        };
        if !matches!(column.dtype(), DataType::Struct(_)) {
            return Ok(Self { bytes: shared(column)?, names: None });
        }
        let fields = column.struct_()?;
        let names = match fields.field_by_name("path") {
            Ok(names) => Some(names.cast(&DataType::String)?.str()?.clone()),
            Err(_) => None,
        };
        Ok(Self { bytes: shared(&fields.field_by_name("bytes")?.into())?, names })
    }

    fn bytes(&self, row: usize) -> Option<Arc<[u8]>> {
        self.bytes.get(row)?.clone()
    }

    fn name(&self, row: usize) -> Option<&str> {
        self.names.as_ref()?.get(row).filter(|name| !name.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, fs, io::Cursor};

    use polars::prelude::{IntoColumn, NamedFrom, ParquetWriter, Series, StructChunked};

    use super::*;
    use crate::{
        bundle::made_up,
        predict::{
            Recognizer,
            bulk::{PartFormat, Settings, Shard, Totals, bulk},
        },
    };

    const RATE: u32 = 16_000;

    /// A WAVE file of a sound of its own for each number, about half a second long.
    fn wav(number: u32) -> Vec<u8> {
        let sample_format = hound::SampleFormat::Int;
        let spec = hound::WavSpec { channels: 1, sample_rate: RATE, bits_per_sample: 16, sample_format };
        let mut bytes = Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
        for i in 0..RATE / 2 + 997 * number {
            let pitch = f64::from((100 + 40 * number) * i) * std::f64::consts::TAU / f64::from(RATE);
            writer.write_sample((9_000.0 * (pitch + 3.0 * (pitch / 30.0).sin()).sin()) as i16).unwrap();
        }
        writer.finalize().unwrap();
        bytes.into_inner()
    }

    fn save(path: &Path, columns: Vec<Series>) {
        let columns = columns.into_iter().map(IntoColumn::into_column).collect();
        let mut frame = DataFrame::new_infer_height(columns).unwrap();
        let file = fs::File::create(path).unwrap();
        ParquetWriter::new(file).with_row_group_size(Some(3)).finish(&mut frame).unwrap();
    }

    /// What a call over the list leaves: the sums and the files of data.
    fn parts(list: &Path, out: &str, format: PartFormat, shards: usize) -> (Totals, BTreeMap<String, Vec<u8>>) {
        let recognizer = Recognizer::new(vec![made_up::bundle(1)]).unwrap();
        let folder = list.parent().unwrap();
        made_up::bundle(1).save(&folder.join("model.safetensors")).unwrap();
        let out = folder.join(out);
        let mut totals = None;
        for number in 1..=shards {
            let settings = Settings {
                out: out.clone(),
                shard: Shard { number, of: shards },
                part_rows: 4,
                format,
                threshold: 0.0,
                calibrated: true,
                timeline: None,
                voices: None,
            };
            let bundles = [folder.join("model.safetensors")];
            totals = bulk(&recognizer, &bundles, list, &settings, &()).unwrap().totals;
        }
        let files = fs::read_dir(out).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
        let named = files.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), path));
        let data = named.filter(|(name, _)| name.starts_with("part-") || name.ends_with(".csv"));
        (totals.unwrap(), data.map(|(name, path)| (name, fs::read(path).unwrap())).collect())
    }

    /// The rows of parts in CSV, without headers and the names of the recordings.
    fn answers(parts: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
        let texts = parts.iter().filter(|(name, _)| name.starts_with("part-"));
        texts
            .flat_map(|(_, text)| {
                String::from_utf8(text.clone()).unwrap().lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
            })
            .map(|row| row.split_once(',').unwrap().1.to_owned())
            .collect()
    }

    #[test]
    fn recordings_in_a_column_have_the_answers_of_their_files_and_parts_those_of_one_process() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let sounds: Vec<Vec<u8>> = (0..9).map(wav).collect();
        let names: Vec<String> = (0..9).map(|number| format!("{number}.wav")).collect();
        names.iter().zip(&sounds).for_each(|(name, sound)| fs::write(at(name), sound).unwrap());
        fs::write(at("list.csv"), format!("path\n{}\n", names.join("\n"))).unwrap();
        let (expected, text) = parts(&at("list.csv"), "text", PartFormat::Csv, 1);

        // A list of paths is the same list.
        save(&at("paths.parquet"), vec![Series::new("Path".into(), &names), Series::new("x".into(), 0..9_i32)]);
        assert_eq!(parts(&at("paths.parquet"), "paths", PartFormat::Csv, 2).1, text);

        // Bytes, with names and without; as data sets of Hugging Face have them, some of them on disk.
        let bytes = || Series::new("bytes".into(), &sounds);
        save(&at("named.parquet"), vec![bytes(), Series::new("path".into(), &names)]);
        assert_eq!(parts(&at("named.parquet"), "named", PartFormat::Csv, 3).1, text);
        save(&at("nameless.parquet"), vec![bytes().with_name("wav".into())]);
        assert_eq!(answers(&parts(&at("nameless.parquet"), "nameless", PartFormat::Csv, 1).1), answers(&text));
        let some: Vec<Option<&[u8]>> = sounds.iter().enumerate().map(|(i, s)| (i != 5).then_some(&s[..])).collect();
        let fields = [Series::new("bytes".into(), some), Series::new("path".into(), &names)];
        let audio = StructChunked::from_series("audio".into(), 9, fields.iter()).unwrap();
        let row = Series::new("label".into(), 0..9_i32);
        save(&at("hub.parquet"), vec![row, audio.into_column().take_materialized_series()]);
        assert_eq!(parts(&at("hub.parquet"), "hub", PartFormat::Csv, 2).1, text);

        // Parts in Parquet: the same numbers with their types, and the same files from any number of shards.
        let (totals, whole) = parts(&at("named.parquet"), "whole", PartFormat::Parquet, 1);
        assert_eq!(parts(&at("named.parquet"), "spread", PartFormat::Parquet, 2).1, whole);
        assert_eq!((totals.recordings, totals.rows, totals.audio_seconds), (9, 9, expected.audio_seconds));
        let frames = whole.iter().filter(|(name, _)| name.ends_with(".parquet"));
        let rows: Vec<String> = frames.flat_map(|(_, bytes)| rows(bytes)).collect();
        assert_eq!(rows, answers(&text));
    }

    /// The rows of a part as the CSV has them, without the first column.
    fn rows(part: &[u8]) -> Vec<String> {
        let frame = ParquetReader::new(Cursor::new(part.to_vec())).finish().unwrap();
        let types: Vec<String> = frame.dtypes().iter().map(ToString::to_string).collect();
        assert_eq!(types, ["str", "f64", "str", "f32", "f32", "f32", "f32", "str"]);
        let cells = |column: &Column| -> Vec<String> {
            match column.dtype() {
                DataType::Float64 => column.f64().unwrap().iter().map(|x| x.unwrap().to_string()).collect(),
                DataType::Float32 => column.f32().unwrap().iter().map(|x| x.unwrap().to_string()).collect(),
                _ => column.str().unwrap().iter().map(|x| x.unwrap_or_default().to_owned()).collect(),
            }
        };
        let columns: Vec<Vec<String>> = frame.columns()[1..].iter().map(cells).collect();
        (0..frame.height())
            .map(|row| columns.iter().map(|column| column[row].as_str()).collect::<Vec<_>>().join(","))
            .collect()
    }

    #[test]
    fn a_row_may_be_a_part_of_a_recording_or_what_cannot_be_used() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let sound = wav(3);
        fs::write(at("a.wav"), &sound).unwrap();
        fs::write(at("list.csv"), "path,start,end\na.wav,0.1,0.5\na.wav,0.2,\n").unwrap();
        let text = parts(&at("list.csv"), "text", PartFormat::Csv, 1).1;
        let recordings = [Some(&sound[..]), Some(&sound), Some(b"RIFF"), None];
        let table = |start: [Option<f64>; 4], bytes: bool| {
            let mut columns = vec![
                Series::new("path".into(), [Some("a.wav"), Some("a.wav"), Some("b.wav"), None]),
                Series::new("start".into(), start),
                Series::new("end".into(), [Some(0.5), None, None, None]),
            ];
            columns.extend(bytes.then(|| Series::new("bytes".into(), recordings)));
            columns
        };
        let starts = [Some(0.1), Some(0.2), None, None];
        save(&at("parts.parquet"), table(starts, true));
        let (totals, found) = parts(&at("parts.parquet"), "parts", PartFormat::Csv, 1);
        assert_eq!(answers(&found)[..2], answers(&text)[..]);
        assert_eq!(totals.failed, 2);
        let failures = String::from_utf8(found["_failures.csv"].clone()).unwrap();
        assert!(failures.contains("\nb.wav,0,") && failures.contains("\nrow 3,0,"), "{failures}");

        for (columns, words) in [
            (table(starts, false), "row 3, from 0: no path"),
            (table([Some(0.7), None, None, None], false), "row 0, from 0: it ends at 0.5 s, and begins at 0.7 s"),
            (vec![Series::new("file".into(), ["a.wav"])], "neither a column path nor one of bytes"),
            (vec![Series::new("bytes".into(), ["a.wav"])], "among \"bytes\""),
            (vec![Series::new("path".into(), [""; 0])], "no rows"),
        ] {
            save(&at("wrong.parquet"), columns);
            let error = super::super::list::List::open(&at("wrong.parquet"), 2, None).err().unwrap().to_string();
            assert!(error.contains("wrong.parquet") && error.contains(words), "{error}");
        }
        fs::write(at("wrong.parquet"), "PAR1").unwrap();
        let error = super::super::list::List::open(&at("wrong.parquet"), 2, None).err().unwrap().to_string();
        assert!(error.contains("not a list in Parquet"), "{error}");
    }
}
