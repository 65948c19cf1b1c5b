//! What a bundle is, and the same in other forms.

use std::{
    fs,
    path::{Path, PathBuf},
};

use ser::{
    arrays::Precision,
    error::{Error, Result},
    frontend::encoder::models_dir,
    output::{check_not_read, check_replaceable},
    predict::{Bundle, inspect},
    stdout::print,
};

use crate::arguments::{Command, ExportFormat, TextOrJson};

pub fn run(command: Command) -> Result<()> {
    match command {
        Command::Inspect { bundle, format } => {
            let bundle = Bundle::load(&bundle)?;
            print(&match format {
                TextOrJson::Text => inspect(&bundle),
                TextOrJson::Json => format!("{}\n", bundle.to_json()?),
            })
        }
        Command::Export { bundle, out, format, precision, self_contained, encoder_precision, models } => {
            check_not_read(&out, Bundle::files(&bundle)?)?;
            let encoder = self_contained.then(|| (models_dir(models), encoder_precision.map(Precision::from)));
            let bundle = loaded(&bundle, encoder)?;
            match format {
                ExportFormat::Bundle => save(Bundle { precision: precision.into(), ..bundle }, &out),
                ExportFormat::Onnx => {
                    let beside = bundle.save_onnx(&out)?;
                    let bytes = size(&out)?;
                    eprintln!("{}: {bytes} bytes; how its input is made: {}", out.display(), beside.display());
                    if let Some(note) = bundle.onnx_note() {
                        eprintln!("note: {note}");
                    }
                    Ok(())
                }
            }
        }
    }
}

/// A bundle, with an encoder from a folder of models where it is to be put inside, in a precision where one is asked for.
fn loaded(bundle: &Path, encoder: Option<(PathBuf, Option<Precision>)>) -> Result<Bundle> {
    let bundle = Bundle::load(bundle)?;
    match encoder {
        Some((models, precision)) => {
            // One that is inside already is not kept otherwise unless that is asked for.
            let kept = || bundle.inside.as_ref().map(|inside| inside.manifest().precision);
            let precision = precision.or_else(kept).unwrap_or(Precision::F32);
            bundle.self_contained(&models, precision)
        }
        None => Ok(bundle),
    }
}

fn save(bundle: Bundle, out: &Path) -> Result<()> {
    let is_bundle = Bundle::files(out).is_ok_and(|files| files.iter().all(|file| Bundle::load(file).is_ok()));
    check_replaceable(out, "bundle", |_| is_bundle)?;
    bundle.save(out)?;
    let encoder = bundle.inside.map(|inside| format!("; inside {}", inside.words())).unwrap_or_default();
    eprintln!("{}: {} bytes, weights in {}{encoder}", out.display(), size(out)?, bundle.precision.name());
    Ok(())
}

fn size(file: &Path) -> Result<u64> {
    Ok(fs::metadata(file).map_err(Error::io("read", file))?.len())
}
