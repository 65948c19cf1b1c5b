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
        Command::Export {
            bundle,
            out,
            format,
            precision,
            with,
            near_weight,
            temperature_factor,
            self_contained,
            encoder_precision,
            models,
        } => {
            let read = std::iter::once(&bundle)
                .chain(&with)
                .map(|bundle| Bundle::files(bundle))
                .collect::<Result<Vec<_>>>()?;
            check_not_read(&out, read.concat())?;
            let encoder = self_contained.then(|| (models_dir(models), encoder_precision.map(Precision::from)));
            let bundle = loaded(&bundle, &with, encoder)?;
            let bundle = match temperature_factor {
                Some(factor) => bundle.tempered(factor)?,
                None => bundle,
            };
            let bundle = match near_weight {
                Some(near) => bundle.leaning(near)?,
                None => bundle,
            };
            match format {
                ExportFormat::Bundle => save(bundle.in_precision(precision.into()), &out),
                ExportFormat::Onnx => save_graphs(bundle, &out),
            }
        }
    }
}

/// Writes the graph of a bundle; of several in one file a graph each, the others beside the first as `NAME-2.onnx` and so on.
fn save_graphs(bundle: Bundle, out: &Path) -> Result<()> {
    let voters = bundle.voters();
    for (at, bundle) in voters.iter().enumerate() {
        let name = out.file_stem().unwrap_or_default().to_string_lossy();
        let extension = out.extension().map(|of| format!(".{}", of.to_string_lossy())).unwrap_or_default();
        let path = if at == 0 { out.to_owned() } else { out.with_file_name(format!("{name}-{}{extension}", at + 1)) };
        let recipe = bundle.save_onnx(&path)?;
        eprintln!("{}: {} bytes; how its input is made: {}", path.display(), size(&path)?, recipe.display());
        if let Some(note) = bundle.onnx_note() {
            eprintln!("note: {note}");
        }
    }
    if voters.len() > 1 {
        let weights =
            if voters.iter().any(|of| of.vote.is_some()) { ", each as often as its output weight says" } else { "" };
        eprintln!(
            "note: these are {} networks that vote: the answer is the mean of their probabilities{weights}",
            voters.len()
        );
    }
    Ok(())
}

/// A bundle with others beside it, with an encoder from a folder of models where it is to be put inside, in a precision where one is asked for.
fn loaded(bundle: &Path, with: &[PathBuf], encoder: Option<(PathBuf, Option<Precision>)>) -> Result<Bundle> {
    let mut bundle = Bundle::load(bundle)?;
    if !with.is_empty() {
        bundle = bundle.with_others(with.iter().map(|other| Bundle::load(other)).collect::<Result<_>>()?)?;
    }
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
