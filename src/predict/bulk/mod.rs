//! A list of recordings of any length → parts of a table, in one process or in many that share nothing but a folder.
//!
//! ```text
//! DIR/part-00000.csv …  the rows of a stretch of the list, whole or not at all     part.rs
//! DIR/_parts/*.json     what each part holds: rows, seconds, failures, its digest  record.rs
//!                       and what its recordings were                              inputs.rs
//! DIR/_parts/*.heard    where answers are adapted to speakers: what was heard in a part's recordings  voices.rs
//! DIR/_job.json         what the parts are of: list, bundles, settings             job.rs
//! DIR/_failures.csv     the recordings that could not be used, once all is done
//! DIR/_SUCCESS          the sums of it, written last
//! ```
//!
//! What a part holds depends on the list alone, not on how many shards there are: the files of N shards are those of one.
//! Names that begin with an underscore are no data to Spark, Arrow and their like.

#[cfg(feature = "parquet")]
mod columns;
mod inputs;
mod job;
mod kept;
mod list;
#[cfg(feature = "parquet")]
mod parquet;
mod part;
mod read;
mod record;
mod voices;

use std::{
    fmt,
    fs::File,
    io,
    path::{Path, PathBuf},
    str::FromStr,
};

use serde::Serialize;

use self::{
    inputs::digest,
    job::Job,
    kept::{Kept, Standing},
    list::{List, Stretch},
    part::Work,
    record::{Adapted, Done},
    voices::Known,
};
use super::{Listening, Recognizer};
use crate::{
    bundle,
    csv_file::write_csv,
    error::{Error, Result},
    events::Observer,
    files::{create_dir, write_json},
    names::known_by_name,
};

pub use voices::Voices;

/// Rows of the list in a part, where nothing else is asked for: minutes of work, which is what an interruption costs.
pub const PART_ROWS: usize = 1000;

/// The folder of what each part holds.
const PARTS: &str = "_parts";
const FAILURES: &str = "_failures.csv";
const SUCCESS: &str = "_SUCCESS";

/// Which of several equal shares of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// From 1.
    number: usize,
    of: usize,
}

impl Shard {
    /// All of it.
    pub const WHOLE: Self = Self { number: 1, of: 1 };

    fn has(self, part: usize) -> bool {
        part % self.of == self.number - 1
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let numbers = text.split_once('/').and_then(|(k, n)| Some((k.parse().ok()?, n.parse().ok()?)));
        match numbers {
            Some((number, of)) if (1..=of).contains(&number) => Ok(Self { number, of }),
            _ => Err(format!("\"{text}\" is no shard: write K/N with K from 1 to N, as 3/8")),
        }
    }
}

/// How parts are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PartFormat {
    /// As `ser-predict --format csv`.
    #[default]
    Csv,
    /// The same columns with their types; in a build with that feature.
    Parquet,
}

impl PartFormat {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Csv, Self::Parquet];

    /// The format's name on a command line, and the extension of its files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        }
    }
}

known_by_name!(PartFormat, "no format of parts");

/// What is asked for beside list and bundles.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The folder of the parts.
    pub out: PathBuf,
    /// The share of this process.
    pub shard: Shard,
    /// Rows of the list in a part.
    pub part_rows: usize,
    /// How parts are written.
    pub format: PartFormat,
    /// The confidence below which the emotion is "uncertain".
    pub threshold: f32,
    /// Whether probabilities are calibrated; that the recogniser does so is the caller's.
    pub calibrated: bool,
    /// Windows of this kind in place of an answer a recording.
    pub timeline: Option<Listening>,
    /// Whose voices answers are adapted to, over the whole list.
    pub voices: Option<Voices>,
}

/// What a process has done, and what is there now.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Summary {
    /// Parts of the whole list.
    pub parts: usize,
    /// Of them, those that are there.
    pub there: usize,
    /// Parts that this call has written.
    pub written: usize,
    /// Parts whose recordings were listened to, where answers wait for those of all speakers.
    pub heard: Option<usize>,
    /// The sums over all parts, once all are there.
    pub totals: Option<Totals>,
}

impl fmt::Display for Summary {
    /// Lines for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { parts, there, written, heard, totals } = self;
        writeln!(f, "{there} of {parts} parts are there, {written} of them written now")?;
        if let Some(heard) = heard.filter(|heard| heard < parts) {
            writeln!(f, "{heard} of {parts} parts are heard: whoever hears the last one writes the answers of all")?;
        }
        let Some(of) = totals else { return Ok(()) };
        let hours = of.audio_seconds / 3600.0;
        writeln!(f, "{} recordings, {} could not be used; {hours:.2} hours of audio", of.recordings, of.failed)
    }
}

/// The sums over all parts: what `_SUCCESS` holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Totals {
    schema: &'static str,
    ser: &'static str,
    /// Parts.
    pub parts: usize,
    /// Recordings, members of archives among them.
    pub recordings: usize,
    /// Of them, those that could not be used.
    pub failed: usize,
    /// Rows of the parts: recordings, or windows.
    pub rows: usize,
    /// Seconds of audio that were recognised.
    pub audio_seconds: f64,
    /// Seconds that the parts took, one after the other.
    pub seconds: f64,
    job: Job,
}

/// Answers for the recordings of `list`: a table as CSV, JSON lines or Parquet, a text file with a path a line, or `-`, the
/// same on standard input. Parts that are there already are kept.
///
/// # Errors
///
/// [`Error::Config`] where the folder holds parts of another list, bundle or setting; [`Error::File`] where the list cannot
/// be used; [`Error::Interrupted`] once a stop is asked for. Recordings that cannot be used are rows with their error.
pub fn bulk(
    recognizer: &Recognizer,
    bundles: &[PathBuf],
    list: &Path,
    settings: &Settings,
    observer: &dyn Observer,
) -> Result<Summary> {
    if settings.format == PartFormat::Parquet && cfg!(not(feature = "parquet")) {
        return Err(Error::Config(
            "--parts parquet: this build writes no Parquet; build it with --features parquet, or take csv".into(),
        ));
    }
    // Better known before the work than after it.
    if let Some(listening) = settings.timeline {
        recognizer.listen(48_000, listening)?;
    }
    if settings.voices.is_some() {
        if settings.timeline.is_some() {
            return Err(Error::Config(
                "--speaker with --manifest is for rows that are clips, as a speaker's answers are adapted to all of them: leave \
                 --timeline out, or give the list columns start and end"
                    .into(),
            ));
        }
        recognizer.session()?;
    }
    let list = List::open(list, settings.part_rows, settings.voices.as_ref().and_then(Voices::column))?;
    let job = Job::of(&list, &bundle::digest(bundles)?, settings);
    create_dir(&settings.out.join(PARTS))?;
    job.claim(&settings.out)?;
    let parts = list.stretches().len();
    let mut kept = Kept::of(&list, settings)?;
    // What was heard before is not listened to again; a speaker's answers take all that was heard.
    let complete = settings.voices.is_some() && kept.are_made();
    if !complete {
        kept.tell(settings, observer);
    }
    let is_missing = |number: usize| !complete && kept.parts[number] != Standing::Whole;
    if (0..parts).any(is_missing) {
        // Whoever finds it takes the table for whole.
        remove(&settings.out.join(SUCCESS))?;
    }
    let missing: Vec<(usize, Stretch)> = list
        .stretches()
        .iter()
        .copied()
        .enumerate()
        .filter(|(number, _)| settings.shard.has(*number) && is_missing(*number))
        .collect();
    let rows = missing.iter().map(|(_, stretch)| stretch.rows).sum();
    let progress = observer.work("recognising", rows);
    let mut reader = list.reader()?;
    for (number, stretch) in &missing {
        let work = Work::new(recognizer, settings, observer, &*progress);
        let items = &mut reader.items(*stretch);
        // Without its part it says nothing, and is written again with it.
        remove(&record_path(settings, *number))?;
        let done = match &settings.voices {
            None => work.write(&part_path(settings, *number), items)?,
            Some(voices) => work.listen(&heard_path(settings, *number), voices, items)?,
        };
        done.save(&record_path(settings, *number))?;
    }
    drop(progress);
    if !complete {
        kept.look_again(&list, settings)?;
    }
    let whole = kept.parts.iter().filter(|standing| **standing == Standing::Whole).count();
    let (there, written, heard) = match (&settings.voices, complete) {
        (None, _) => (whole, missing.len(), None),
        (Some(_), true) => (parts, 0, None),
        (Some(_), false) if whole == parts => (parts, adapt(recognizer, settings, &kept, observer)?, Some(whole)),
        // A part that is answered again has other answers.
        (Some(_), false) => (0, 0, Some(whole)),
    };
    let totals = (there == parts).then(|| finish(settings, parts, job)).transpose()?;
    Ok(Summary { parts, there, written, heard, totals })
}

/// Removes a file, where it is there.
fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::io("remove", path)(error)),
        _ => Ok(()),
    }
}

fn part_path(settings: &Settings, number: usize) -> PathBuf {
    settings.out.join(format!("part-{number:05}.{}", settings.format.name()))
}

fn heard_path(settings: &Settings, number: usize) -> PathBuf {
    settings.out.join(PARTS).join(format!("part-{number:05}.heard"))
}

/// Writes the parts that are missing, once all recordings of all speakers are heard: how many. It takes little beside listening, and so
/// the last process does it for all.
fn adapt(recognizer: &Recognizer, settings: &Settings, kept: &Kept, observer: &dyn Observer) -> Result<usize> {
    let parts = kept.parts.len();
    let missing: Vec<usize> = (0..parts).filter(|&number| !kept.is_made(number)).collect();
    let heard: Vec<PathBuf> = (0..parts).map(|number| heard_path(settings, number)).collect();
    let known = Known::of(recognizer, &heard)?;
    let progress = observer.work("adapting", missing.len());
    let of = kept.all_heard();
    for &number in &missing {
        if observer.stop_requested() {
            return Err(Error::Interrupted("stopped: the same command goes on where the parts end".into()));
        }
        let (part, record) = (part_path(settings, number), record_path(settings, number));
        let work = Work::new(recognizer, settings, observer, &*progress);
        work.adapted(&part, &heard[number], &known)?;
        let digest = digest(&part).map_err(Error::io("read", &part))?.to_hex().to_string();
        let adapted = Some(Adapted { digest, heard: of.clone() });
        let mut done = Done::load(&record).ok_or_else(|| changed(&record))?;
        done.adapted = adapted;
        done.save(&record)?;
        progress.step();
    }
    Ok(missing.len())
}

/// What is said of a part was changed between two looks.
fn changed(record: &Path) -> Error {
    Error::file(record, "was changed or removed meanwhile: start the same command again")
}

fn record_path(settings: &Settings, number: usize) -> PathBuf {
    settings.out.join(PARTS).join(format!("part-{number:05}.json"))
}

/// Writes the table of failures and the sums. Whoever finds all parts there writes them, with the same content.
fn finish(settings: &Settings, parts: usize, job: Job) -> Result<Totals> {
    let mut totals = Totals {
        schema: "ser-bulk/1",
        ser: env!("CARGO_PKG_VERSION"),
        parts,
        recordings: 0,
        failed: 0,
        rows: 0,
        audio_seconds: 0.0,
        seconds: 0.0,
        job,
    };
    let mut failed: Result<()> = Ok(());
    write_csv(&settings.out.join(FAILURES), ["path", "part", "error"], |csv| {
        for number in 0..parts {
            let record = record_path(settings, number);
            let Some(done) = Done::load(&record) else {
                failed = Err(changed(&record));
                return Err(io::Error::other("a part's record cannot be read"));
            };
            totals.recordings += done.recordings;
            totals.failed += done.failures.len();
            totals.rows += done.rows;
            totals.audio_seconds += done.audio_seconds;
            totals.seconds += done.seconds;
            for (path, error) in &done.failures {
                csv.row([path.as_str(), &number.to_string(), error])?;
            }
        }
        Ok(())
    })
    .or_else(|error| std::mem::replace(&mut failed, Ok(())).and(Err(error)))?;
    write_json(&settings.out.join(SUCCESS), &totals)?;
    Ok(totals)
}

/// Opens a file of the list.
fn open(path: &Path) -> Result<File> {
    crate::files::open(path).map_err(Error::io("read", path))
}
