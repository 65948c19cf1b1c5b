//! What a row of a list stands for, as audio.

use std::{
    collections::HashMap,
    io::Read as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use super::open;
#[cfg(feature = "parquet")]
use crate::audio::Cutter;
use crate::{
    audio::{Audio, Channel, Content, Decoder, Fault, HEAD_BYTES, Segment, Source, load, sniff},
    corpus::walk::is_audio,
    error::{Error, Result},
};

/// The largest file of an archive that is taken for a recording, in bytes: it is held in memory.
const LARGEST: u64 = 1 << 32;

/// A recording of a list.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Item {
    /// As the list has it.
    pub(super) name: String,
    /// Where it is.
    pub(super) path: PathBuf,
    pub(super) place: Place,
    /// Who speaks, where a column of the list says so.
    pub(super) speaker: Option<String>,
}

/// Where a recording's samples are.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Place {
    /// All of a file.
    File,
    /// A part of a file.
    Segment(Part),
    /// All files in a tar archive.
    Archive,
    /// In memory: a file's bytes, of a table, or a part of it.
    #[cfg(feature = "parquet")]
    Bytes(Arc<[u8]>, Option<Part>),
    /// The same of a file in an archive.
    Member(Arc<[u8]>),
}

/// From when to when a recording is listened to, to its end where there is none, and what of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Part {
    pub(super) start: Duration,
    pub(super) end: Option<Duration>,
    pub(super) channel: Channel,
}

impl Part {
    /// Whether it is a channel from its beginning to its end.
    pub(super) fn is_whole(&self) -> bool {
        self.start.is_zero() && self.end.is_none()
    }
}

impl Item {
    /// The recording's decoder, from its beginning; of a part, the samples.
    pub(super) fn open(&self) -> Result<Opened> {
        let opened = |decoder| Opened::Decoder(Box::new(decoder));
        match &self.place {
            Place::File | Place::Archive => Decoder::open(&self.path).map(opened),
            // As it is decoded: a channel of an hour costs no more memory than one of a minute.
            Place::Segment(part) if part.is_whole() => {
                Decoder::open(&self.path).map(|decoder| opened(decoder.channel(part.channel)))
            }
            #[cfg(feature = "parquet")]
            Place::Bytes(bytes, None) => Decoder::of_bytes(bytes.clone(), &self.path).map(opened),
            #[cfg(feature = "parquet")]
            Place::Bytes(bytes, Some(part)) => {
                let decoder = || Decoder::of_bytes(bytes.clone(), &self.path);
                // Nothing is answered from a torn file.
                decoder()?.all()?;
                let audio = Cutter::of(decoder()?, &self.path, part.channel).cut(&self.segment(*part));
                audio.map(Opened::Samples).map_err(|fault| fault.at(&self.path))
            }
            Place::Member(bytes) => Decoder::of_bytes(bytes.clone(), &self.path).map(opened),
            Place::Segment(part) => load(&Source::Segment(self.segment(*part))).map(Opened::Samples),
        }
    }

    fn segment(&self, part: Part) -> Segment {
        Segment { path: self.path.clone(), start: part.start, end: part.end, channel: part.channel }
    }

    /// What a row is called: the list's path, with the times and channel of a part.
    pub(super) fn called(&self) -> String {
        let part = match &self.place {
            Place::Segment(part) => Some(part),
            #[cfg(feature = "parquet")]
            Place::Bytes(_, part) => part.as_ref(),
            _ => None,
        };
        let Some(Part { start, end, channel }) = part else { return self.name.clone() };
        let end = end.map(|end| end.as_secs_f64().to_string()).unwrap_or_default();
        let channel = channel.number().map(|channel| format!("#channel-{channel}")).unwrap_or_default();
        let times = match start.is_zero() && end.is_empty() && !channel.is_empty() {
            true => String::new(),
            false => format!("#{}-{end}", start.as_secs_f64()),
        };
        format!("{}{times}{channel}", self.name)
    }
}

/// Files of which segments were asked for, with what is wrong with them anywhere: nothing is answered from a torn file.
#[derive(Default)]
pub(super) struct Whole(Mutex<HashMap<PathBuf, Option<Fault>>>);

impl Whole {
    /// Files that are remembered at once.
    const MOST: usize = 10_000;

    /// Decodes the file, once for all of its segments.
    pub(super) fn check(&self, path: &Path) -> Result<()> {
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let remembered = known().get(path).map(|fault| fault.as_ref().map(Fault::again));
        let fault = remembered.unwrap_or_else(|| {
            let fault = Decoder::try_open(path)
                .and_then(|mut decoder| {
                    while decoder.try_next()?.is_some() {}
                    Ok(())
                })
                .err();
            let mut known = known();
            if known.len() >= Self::MOST {
                known.clear();
            }
            known.insert(path.to_owned(), fault.as_ref().map(Fault::again));
            fault
        });
        fault.map_or(Ok(()), |fault| Err(fault.at(path)))
    }
}

/// A recording that is ready to be listened to.
pub(super) enum Opened {
    Decoder(Box<Decoder>),
    Samples(Audio),
}

/// Calls `each` with the recordings in an archive in their order: files that are called so, or are so by their content.
/// Beside them archives hold labels and texts.
pub(super) fn members(archive: &Item, mut each: impl FnMut(Item) -> Result<()>) -> Result<()> {
    let path: &Path = &archive.path;
    let damaged = |error: std::io::Error| Error::file(path, format!("not a whole tar archive: {error}"));
    let mut tar = tar::Archive::new(std::io::BufReader::new(open(path)?));
    for entry in tar.entries().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let inside = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let name = format!("{}/{inside}", archive.name);
        let size = entry.size();
        if size > LARGEST {
            return Err(Error::file(path, format!("{inside} in it has {size} bytes: too large for a recording")));
        }
        let mut bytes = Vec::new();
        let read = entry.read_to_end(&mut bytes).map_err(damaged)?;
        if (read as u64) < size {
            return Err(Error::file(path, format!("not a whole tar archive: it ends in {inside}")));
        }
        let head = bytes.get(..HEAD_BYTES).unwrap_or(&bytes);
        if is_audio(Path::new(&inside)) || matches!(sniff(head), Content::Audio(_)) {
            let speaker = archive.speaker.clone();
            each(Item { path: path.join(&inside), name, place: Place::Member(bytes.into()), speaker })?;
        }
    }
    Ok(())
}
