//! Clips as the network's features are computed from them: prepared, and altered, as WAV files to listen to.

use std::{
    io::Cursor,
    path::{Path, PathBuf},
};

use super::Augmenter;
use crate::{
    audio::{self, AudioConfig},
    corpus::Source,
    error::{Error, Result},
    events::Observer,
    output::{check_not_read, write_new},
    rng,
};

/// Writes each file as `<stem>-prepared.wav`, prepared as `audio` says, and its altered copies as `<stem>-copy-<n>.wav`, into the
/// folder `out`; returns their paths. Samples are 32-bit floats, so that nothing is clipped. Copy `n` is altered as the
/// stream ("augment", the file's stem, `n`) of `seed` falls: in training the clip's id stands in that place, so these are
/// copies of the same kind, but not the same copies.
///
/// # Errors
///
/// [`Error::Config`] where two files have the same stem, or another file is there already; [`Error::Io`] and [`Error::File`] where a file cannot be read or
/// written; [`Error::Interrupted`] where a stop was asked for.
pub fn write_wavs(
    files: &[PathBuf],
    audio: &AudioConfig,
    augmenter: &Augmenter,
    seed: u64,
    out: &Path,
    observer: &dyn Observer,
) -> Result<Vec<PathBuf>> {
    let stem = |file: &PathBuf| file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let mut stems: Vec<String> = files.iter().map(stem).collect();
    stems.sort();
    if let Some(pair) = stems.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(Error::Config(format!("two files are called {}: write them into a folder each", pair[0])));
    }
    let work = observer.work("altering", files.len());
    let mut written = Vec::new();
    for file in files {
        let stem = stem(file);
        let clip = audio.prepare(audio::load(&Source::File(file.clone()))?, file)?;
        let mut write = |name: String, samples: &[f32]| -> Result<()> {
            let path = out.join(name);
            if observer.stop_requested() {
                return Err(Error::Interrupted(format!("stopped before {}", path.display())));
            }
            let bytes = wave(samples, audio.sample_rate).map_err(|e| Error::file(&path, e.to_string()))?;
            check_not_read(&path, files)?;
            write_new(&path, &bytes)?;
            written.push(path);
            Ok(())
        };
        write(format!("{stem}-prepared.wav"), &clip)?;
        for number in 0..augmenter.config().copies {
            let stream = &mut rng::stream(seed, &[&"augment", &stem, &number]);
            write(format!("{stem}-copy-{number}.wav"), &augmenter.augment(&clip, audio.sample_rate, stream)?)?;
        }
        work.step();
    }
    Ok(written)
}

fn wave(samples: &[f32], sample_rate: u32) -> std::result::Result<Vec<u8>, hound::Error> {
    let spec =
        hound::WavSpec { channels: 1, sample_rate, bits_per_sample: 32, sample_format: hound::SampleFormat::Float };
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec)?;
    samples.iter().try_for_each(|&sample| writer.write_sample(sample))?;
    writer.finalize()?;
    Ok(bytes.into_inner())
}
