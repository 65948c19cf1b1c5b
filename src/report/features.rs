//! Features written out for other programs: as CSV, a row a frame, or as NumPy's NPY.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use crate::{
    audio::{self, AudioConfig},
    corpus::Source,
    csv_file::CsvWriter,
    error::{Error, Result},
    events::Observer,
    files::write_whole,
    frontend::{Frontend, Matrix},
    output::{check_not_read, check_replaceable},
};

/// What a dump is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// The columns `frame`, `time_s` (the middle of the frame, in seconds from the start of what trimming left) and those
    /// of [`Frontend::columns`], under a header; before them `file`, where there are several.
    Csv,
    /// `[frames, dims]` of 32-bit floats, row-major, NPY format 1.0: one file's alone.
    Npy,
}

/// Computes the features of `files`, as a config's `[audio]` and the `frontend` of its `[features]` and `[encoder]` say, and
/// writes them to `out`. They are not standardised: a scaler is fitted on a training side.
///
/// # Errors
///
/// [`Error::Config`] where the settings contradict each other, or several files are to be one NPY; [`Error::Io`] and
/// [`Error::File`] where a file cannot be read or `out` not be written. Nothing is left behind then.
pub fn dump(
    files: &[PathBuf],
    audio: &AudioConfig,
    frontend: &dyn Frontend,
    format: Format,
    out: &Path,
    observer: &dyn Observer,
) -> Result<()> {
    check_not_read(out, files)?;
    match format {
        Format::Npy => check_replaceable(out, "NPY file", |head| head.starts_with(b"\x93NUMPY")),
        Format::Csv => check_replaceable(out, "table of features", |head| {
            [&b"frame,time_s"[..], b"file,frame,time_s"].iter().any(|ours| head.starts_with(ours))
        }),
    }?;
    let mut worker = frontend.worker();
    let work = observer.work("features", files.len());
    let mut extract = |file: &PathBuf| -> Result<Matrix> {
        let samples = audio.prepare(audio::load(&Source::File(file.clone()))?, file)?;
        let matrix = frontend.whole(worker.as_mut(), &samples)?;
        work.step();
        Ok(matrix)
    };
    match (format, files) {
        (Format::Npy, [file]) => {
            let matrix = extract(file)?;
            let shape = format!("{}, {}", matrix.frames(), matrix.dims());
            write_whole(out, |writer| write_npy(writer, &shape, matrix.as_slice()))
        }
        (Format::Npy, _) => Err(Error::Config(format!(
            "an NPY file holds one matrix, but {} audio files were named: name one, or write them as CSV",
            files.len()
        ))),
        (Format::Csv, _) => {
            let step = frontend.step_seconds();
            let mut failed = None;
            let written = write_whole(out, |writer| {
                let mut csv = CsvWriter::new(writer);
                let several = files.len() > 1;
                let first = several.then_some("file").into_iter().chain(["frame", "time_s"]).map(str::to_owned);
                csv.row(first.chain(frontend.columns()))?;
                for file in files {
                    let matrix = extract(file).map_err(|error| {
                        failed = Some(error);
                        io::Error::other("a file cannot be used")
                    })?;
                    write_rows(&mut csv, several.then_some(file), step, &matrix)?;
                }
                csv.flush()
            });
            match failed {
                Some(error) => Err(error),
                None => written,
            }
        }
    }
}

fn write_rows(csv: &mut CsvWriter<impl Write>, file: Option<&PathBuf>, step: f64, matrix: &Matrix) -> io::Result<()> {
    for (frame, row) in matrix.rows().enumerate() {
        let file = file.map(|file| file.to_string_lossy().into_owned());
        let place = [frame.to_string(), format!("{:.6}", frame as f64 * step)];
        // The shortest decimal that reads back to the same bits.
        let values = row.iter().map(ToString::to_string);
        csv.row(file.into_iter().chain(place).chain(values))?;
    }
    Ok(())
}

/// Writes NPY format 1.0 (<https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>). By hand: the format
/// is a header of one line, and a crate for it would bring more to build than these lines. `shape` is two numbers or more,
/// outermost first, with commas between them.
pub(super) fn write_npy(writer: &mut dyn Write, shape: &str, values: &[f32]) -> io::Result<()> {
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({shape}), }}");
    // The data begins at a multiple of 64 bytes; before it come 10 bytes, the header, blanks and a newline.
    let blanks = (64 - (10 + header.len() + 1) % 64) % 64;
    header.extend(std::iter::repeat_n(' ', blanks));
    header.push('\n');
    let length = u16::try_from(header.len()).map_err(io::Error::other)?;
    writer.write_all(b"\x93NUMPY\x01\x00")?;
    writer.write_all(&length.to_le_bytes())?;
    writer.write_all(header.as_bytes())?;
    values.iter().try_for_each(|value| writer.write_all(&value.to_le_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_npy_file_is_header_and_values() {
        let mut bytes = Vec::new();
        write_npy(&mut bytes, "2, 3", &[0.0, 1.0, 2.0, 3.0, 4.0, 5.5]).unwrap();
        assert_eq!(bytes.len(), 128 + 6 * 4);
        assert!(
            bytes.starts_with(b"\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }")
        );
        assert_eq!((bytes[127], &bytes[148..]), (b'\n', &5.5f32.to_le_bytes()[..]));
    }
}
