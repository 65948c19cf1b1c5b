//! The audio of clips whose entries are missing. A file must be the one that the key was made of: under the name of another
//! its features would be found for ever.

use std::{
    path::{Path, PathBuf},
    time::SystemTime,
};

use crate::{
    audio::{self, Audio, Channel, Cutter, Known, Segment, Source},
    error::{Error, Result},
};

/// Reads clips one after the other; of segments of one file, in the order of their starts, in one pass.
#[derive(Default)]
pub(super) struct Reading {
    open: Option<Open>,
}

/// A file of which segments are being cut.
struct Open {
    path: PathBuf,
    channel: Channel,
    hash: blake3::Hash,
    stamp: Stamp,
    cutter: Cutter,
}

/// What tells that a file was changed.
type Stamp = (u64, Option<SystemTime>);

impl Reading {
    /// The audio of a clip that has this identity.
    pub(super) fn read(&mut self, source: &Source, identity: blake3::Hash) -> Result<Audio> {
        match source {
            Source::Synthetic(_) => audio::load(source),
            Source::Segment(segment) => self.cut(source, segment, identity),
            Source::File(path) => {
                let bytes = crate::files::read(path).map_err(Error::io("read", path))?;
                if source.identity(blake3::hash(&bytes)) != identity {
                    return Err(changed(path));
                }
                audio::decode(&bytes, path)
            }
        }
    }

    fn cut(&mut self, source: &Source, segment: &Segment, identity: blake3::Hash) -> Result<Audio> {
        let Segment { path, channel, .. } = segment;
        let open = match self.open.take() {
            Some(open) if open.path == *path && open.channel == *channel => open,
            _ => Open::new(path, *channel)?,
        };
        let open = self.open.insert(open);
        let audio = open.cutter.cut(segment).map_err(|fault| fault.at(path));
        if source.identity(open.hash) != identity || stamp(path)? != open.stamp {
            self.open = None;
            return Err(changed(path));
        }
        if audio.is_err() {
            self.open = None;
        }
        audio
    }
}

impl Open {
    fn new(path: &Path, channel: Channel) -> Result<Self> {
        let stamp = stamp(path)?;
        // What is known of files by their times is not enough here: the bytes are read.
        let (hash, _) = Known::default().hash(path).map_err(|fault| fault.at(path))?;
        let cutter = Cutter::open(path, channel).map_err(|fault| fault.at(path))?;
        Ok(Self { path: path.to_owned(), channel, hash, stamp, cutter })
    }
}

fn stamp(path: &Path) -> Result<Stamp> {
    let found = std::fs::metadata(path).map_err(Error::io("read", path))?;
    Ok((found.len(), found.modified().ok()))
}

fn changed(path: &Path) -> Error {
    Error::file(path, "was changed while it was in use: start again")
}
