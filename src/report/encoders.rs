//! What `ser-data encoder` says of pretrained encoders, and the hidden states that it writes.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use super::features::write_npy;
use crate::{
    audio::{self, AudioConfig},
    corpus::Source,
    error::{Error, Result},
    escape,
    events::Observer,
    files::{create_dir, write_whole},
    frontend::encoder::{self, Encoder, FrozenEncoder, Manifest, TransformerConfig},
};

/// What an encoder is, a line each.
#[must_use]
pub fn inspect(encoder: &Encoder) -> String {
    let Manifest { name, source, precision, licence, architecture, transformer, .. } = encoder.manifest();
    let TransformerConfig { dims, heads, feed_forward, layers, total_layers, .. } = transformer;
    let mut text = String::new();
    let mut line = |key: &str, value: &str| {
        let _ = writeln!(text, "{key:<13}{value}");
    };
    line("name", name);
    line("architecture", architecture.name());
    line("source", source);
    line("layers", &format!("{layers} of {total_layers}"));
    line("dims", &format!("{dims} ({heads} heads, {feed_forward} in the feed-forward part)"));
    line("rate", &format!("{} Hz, {} frames a second", encoder::SAMPLE_RATE, encoder::FRAMES_PER_SECOND));
    line("weights", &format!("{:.1} million, kept as {}", encoder.weights() as f64 / 1e6, precision.name()));
    line("digest", encoder.digest());
    line("licence", licence.lines().find(|line| !line.trim().is_empty()).unwrap_or_default());
    text
}

/// The encoders of a folder, a row each; those that cannot be read, with the reason.
///
/// # Errors
///
/// [`Error::Io`] where the folder cannot be read.
pub fn list(models: &Path) -> Result<String> {
    let found = encoder::list(models)?;
    if found.is_empty() {
        return Ok(format!("no encoder in {}; ser-data encoder import --help says how to get one\n", models.display()));
    }
    let width = found.iter().map(|found| found.name.len()).max().unwrap_or(0).min(escape::WIDEST);
    let mut text = String::new();
    for encoder::Found { name, folder } in found {
        let _ = match encoder::manifest(&folder) {
            Ok(Manifest { architecture, transformer, precision, digest, .. }) => writeln!(
                text,
                "{name:<width$}  {:<11}  {:>4} dims  {:>2} of {:>2} layers  {:<4}  {}",
                architecture.name(),
                transformer.dims,
                transformer.layers,
                transformer.total_layers,
                precision.name(),
                digest.get(..16).unwrap_or_default()
            ),
            Err(error) => writeln!(text, "{name:<width$}  {error}"),
        };
    }
    Ok(text)
}

/// Writes hidden states of audio files into `out`, a file each: `<stem>.npy`, float32 `[layers, frames, dims]` with the
/// `layers` in the order given. `batch` files go through the encoder at once. `observer` is told of each file.
///
/// # Errors
///
/// [`Error::Config`] where two files would be written under one name; [`Error::Data`] where the encoder has no such layer;
/// [`Error::Io`] and [`Error::File`] where a file cannot be read or written.
pub fn states(
    files: &[PathBuf],
    encoder: &FrozenEncoder,
    layers: &[usize],
    batch: usize,
    out: &Path,
    observer: &dyn Observer,
) -> Result<()> {
    create_dir(out)?;
    let mut names = std::collections::BTreeMap::new();
    for file in files {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        let path = out.join(format!("{stem}.npy"));
        if let Some(other) = names.insert(path.clone(), file) {
            return Err(Error::Config(format!(
                "{} and {} would both be written to {}: name them apart",
                other.display(),
                file.display(),
                path.display()
            )));
        }
    }
    let config = AudioConfig { sample_rate: encoder::SAMPLE_RATE, ..AudioConfig::default() };
    let highest = layers.iter().copied().max().unwrap_or(0);
    let names: Vec<(PathBuf, &PathBuf)> = names.into_iter().collect();
    let work = observer.work("encoding", files.len());
    for names in names.chunks(batch.max(1)) {
        if observer.stop_requested() {
            return Err(Error::Interrupted(format!("stopped; what was computed lies in {}", out.display())));
        }
        let mut clips = Vec::with_capacity(names.len());
        for (_, file) in names {
            clips.push(config.prepare(audio::load(&Source::File((*file).clone()))?, file)?);
        }
        let clips: Vec<&[f32]> = clips.iter().map(Vec::as_slice).collect();
        let states = encoder.hidden_states(&clips, highest)?;
        for (item, (path, _)) in names.iter().enumerate() {
            let mut values = Vec::new();
            for &layer in layers {
                values.extend_from_slice(states[item][layer].as_slice());
            }
            let shape = format!("{}, {}, {}", layers.len(), states[item][highest].frames(), encoder.dims());
            write_whole(path, |writer| write_npy(writer, &shape, &values))?;
            work.step();
        }
    }
    Ok(())
}
