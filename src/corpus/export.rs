//! The embedded corpus as files: WAV and a manifest, as any other corpus would come.

use std::{io::Cursor, path::Path};

use rayon::prelude::*;

use super::{Clip, CorpusConfig, Kind, Source, scan};
use crate::{
    csv_file::CsvWriter,
    error::{Error, Result},
    events::Observer,
    output::write_new,
    synthetic,
};

/// The name of the table beside the audio.
pub const MANIFEST: &str = "manifest.csv";

/// How many clips [`export`] writes.
#[must_use]
pub fn clips() -> usize {
    synthetic::utterances().count()
}

/// Writes the embedded corpus into a folder: `<speaker>/<stem>.wav` (mono, 16 bits, 22,050 Hz) and, last, the table
/// [`MANIFEST`], which `kind = "manifest"` reads.
///
/// # Errors
///
/// [`Error::Config`] where another file is there already; [`Error::Io`] naming the file that cannot be written; [`Error::Interrupted`] where a stop was asked for.
pub fn export(folder: &Path, observer: &dyn Observer) -> Result<()> {
    let clips = scan(&CorpusConfig::new(Kind::Synthetic), folder)?.clips;
    let work = observer.work("synthesising", clips.len());
    clips.par_iter().try_for_each(|clip| {
        if observer.stop_requested() {
            let problem = format!("stopped; what was written is under {}: start again to go on", folder.display());
            return Err(Error::Interrupted(problem));
        }
        if let Source::Synthetic(utterance) = &clip.source {
            let path = folder.join(name(clip));
            let bytes = wave(&utterance.samples()).map_err(|e| Error::file(&path, e.to_string()))?;
            write_new(&path, &bytes)?;
        }
        work.step();
        Ok(())
    })?;
    let header = ["path", "emotion", "speaker", "sex", "sentence", "repetition"];
    let mut table = Vec::new();
    let mut rows = || -> std::io::Result<()> {
        let mut csv = CsvWriter::new(&mut table);
        csv.row(header)?;
        for clip in &clips {
            let sex = match clip.meta.sex {
                Some(super::Sex::Female) => "female",
                Some(super::Sex::Male) => "male",
                None => "",
            };
            let repetition = clip.meta.repetition.map(|n| n.to_string()).unwrap_or_default();
            let sentence = clip.meta.sentence.as_deref().unwrap_or_default();
            csv.row([&name(clip), &clip.emotion, &clip.speaker, sex, sentence, &repetition])?;
        }
        csv.flush()
    };
    let path = folder.join(MANIFEST);
    rows().map_err(Error::io("write", &path))?;
    write_new(&path, &table)
}

fn name(clip: &Clip) -> String {
    format!("{}/{}.wav", clip.speaker, clip.id.rsplit('/').next().unwrap_or(&clip.id))
}

fn wave(samples: &[f32]) -> std::result::Result<Vec<u8>, hound::Error> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: synthetic::SAMPLE_RATE,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec)?;
    for &sample in samples {
        // Rounds and, beyond full scale, saturates.
        writer.write_sample((sample * 32_768.0).round() as i16)?;
    }
    writer.finalize()?;
    Ok(bytes.into_inner())
}
