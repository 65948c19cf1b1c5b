//! An encoder's own folder, and where such folders lie.
//!
//! `encoder.safetensors` holds the weights and, as its text, the [`Manifest`]; a checksum covers both. Beside
//! it, for people, lie the same manifest as `encoder.json` and the licence notice as `LICENSE`: nothing reads them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::Serialize as _;

use super::manifest::{Manifest, SCHEMA};
use crate::{
    arrays::{self, Arrays, Precision},
    error::{Error, Result},
    files::{create_dir, write_whole},
};

const WEIGHTS: &str = "encoder.safetensors";

/// What a folder holds.
pub(super) struct Stored {
    pub path: PathBuf,
    pub manifest: Manifest,
    pub arrays: Arrays,
}

/// Whether `folder` is one that [`write()`] wrote.
pub(super) fn is_one(folder: &Path) -> bool {
    folder.join(WEIGHTS).is_file()
}

/// Writes a folder.
pub(super) fn write(folder: &Path, manifest: &Manifest, arrays: &Arrays) -> Result<()> {
    create_dir(folder)?;
    let path = folder.join(WEIGHTS);
    let unwritable = |e: serde_json::Error| Error::file(&path, format!("its manifest cannot be written: {e}"));
    let text = serde_json::to_string(manifest).map_err(unwritable)?;
    arrays::save_by(&path, &text, arrays, |name| kept(name, manifest.precision))?;
    let mut pretty = Vec::new();
    let mut serializer =
        serde_json::Serializer::with_formatter(&mut pretty, serde_json::ser::PrettyFormatter::with_indent(b"    "));
    manifest.serialize(&mut serializer).map_err(unwritable)?;
    pretty.push(b'\n');
    write_whole(&folder.join("encoder.json"), |file| file.write_all(&pretty))?;
    write_whole(&folder.join("LICENSE"), |file| file.write_all(manifest.licence.as_bytes()))
}

/// How the array `name` of an encoder is kept whose matrices are kept in `precision`.
pub(crate) fn kept(name: &str, precision: Precision) -> Precision {
    match precision {
        // The stem's arrays are few, and all layers see their rounding: 8 bits are for the layers' matrices alone.
        Precision::Int8 if !name.starts_with("transformer.layers.") => Precision::F16,
        precision => precision,
    }
}

/// Reads a folder.
pub(super) fn read(folder: &Path) -> Result<Stored> {
    let path = folder.join(WEIGHTS);
    let (text, arrays) = arrays::load(&path)?;
    let manifest: Manifest = serde_json::from_str(&text)
        .map_err(|e| Error::file(&path, format!("its description is not that of an encoder ({e}): import it again")))?;
    if manifest.schema != SCHEMA {
        let problem = format!("has the layout {}, and this program reads {SCHEMA}: import it again", manifest.schema);
        return Err(Error::file(path, problem));
    }
    Ok(Stored { path, manifest, arrays })
}

/// What an encoder in its folder is.
///
/// # Errors
///
/// As [`Encoder::load`](super::Encoder::load).
pub fn manifest(folder: &Path) -> Result<Manifest> {
    read(folder).map(|stored| stored.manifest)
}

/// The folder of encoders: the flag, else `$SER_MODELS`, else `models`.
#[must_use]
pub fn models_dir(flag: Option<PathBuf>) -> PathBuf {
    flag.or_else(|| std::env::var_os("SER_MODELS").filter(|v| !v.is_empty()).map(PathBuf::from))
        .unwrap_or_else(|| PathBuf::from("models"))
}

/// The folder of the encoder called `name`: of that name in `models`, or at that path.
///
/// # Errors
///
/// [`Error::Config`] saying what there is, where to get encoders and the command that imports one.
pub fn find(name: &str, models: &Path) -> Result<PathBuf> {
    for folder in [models.join(name), PathBuf::from(name)] {
        if is_one(&folder) {
            return Ok(folder);
        }
    }
    let there = match list(models)?.iter().map(|found| found.name.as_str()).collect::<Vec<_>>() {
        names if names.is_empty() => "has no encoder".to_owned(),
        names => format!("has {}", names.join(", ")),
    };
    let short = Path::new(name).file_name().map_or_else(|| name.into(), |name| name.to_string_lossy());
    Err(Error::Config(format!(
        "there is no encoder {name}: {} {there}. Get the model (Hugging Face: openai/{short}, facebook/{short} or \
         microsoft/{short}; or OpenAI's .pt, or faster-whisper's model.bin) and import it: ser-data encoder import SRC \
         --out {}",
        models.display(),
        models.join(short.as_ref()).display()
    )))
}

/// An encoder in a folder of encoders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The folder's name, which a config asks for.
    pub name: String,
    /// The folder.
    pub folder: PathBuf,
}

/// The encoders in `models`, by name; none where there is no such folder.
///
/// # Errors
///
/// [`Error::Io`] where the folder cannot be read.
pub fn list(models: &Path) -> Result<Vec<Found>> {
    let entries = match fs::read_dir(models) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(Error::io("read the folder", models)(e)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(Error::io("read the folder", models))?;
        if is_one(&entry.path()) {
            found.push(Found { name: entry.file_name().to_string_lossy().into_owned(), folder: entry.path() });
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}
