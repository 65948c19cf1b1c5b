//! Predictions of other programs → the report that our own get.

use std::path::Path;

use super::{
    colour_wanted, comparison, published, stale, terminal,
    write::{More, write},
};
use crate::{
    error::Result,
    eval::{Bootstrap, Evaluation, Given, compare, evaluate_given},
    output::{check_no_run, check_not_read},
    run::{ElsewhereFiles, Recordings, read_elsewhere},
};

/// Judges predictions by their split, alone or compared with another program's of the same test side, and writes the report
/// into `folder`: the files of [`write()`], and `comparison.txt` and `comparison.json` where there are others. Returns what a
/// terminal shows.
///
/// # Errors
///
/// As [`read_elsewhere`], [`evaluate_given`], [`compare`] and [`write()`].
pub fn judge(
    name: &str,
    files: &ElsewhereFiles,
    against: Option<(&str, &ElsewhereFiles)>,
    folder: &Path,
    bootstrap: Bootstrap,
) -> Result<String> {
    check_no_run(folder)?;
    let inputs = [Some(files), against.map(|(_, files)| files)].into_iter().flatten();
    let inputs: Vec<_> = inputs.flat_map(|of| [&of.predictions[..], &of.split].concat()).collect();
    stale::FILES.into_iter().try_for_each(|name| check_not_read(&folder.join(name), &inputs))?;
    let evaluation = evaluated(name, files, bootstrap)?;
    let other = against.map(|(name, files)| evaluated(name, files, bootstrap)).transpose()?;
    let compared = match &other {
        // The other first: a difference is what ours gains.
        Some(other) => vec![compare(other, &evaluation, bootstrap)?],
        None => vec![],
    };
    let recordings = Recordings::find(evaluation.clips.values(), files.root.as_deref());
    write(&evaluation, &recordings, &[], More { stressed: &[], compared: &compared }, folder)?;
    let mut text = terminal(&evaluation, &published(&evaluation)?, colour_wanted());
    if let Some(other) = other {
        comparison::write(&compared, &[other, evaluation], folder)?;
    }
    for of in &compared {
        text.push_str(&format!("\n{}", comparison::text(of)));
    }
    Ok(text)
}

fn evaluated(name: &str, files: &ElsewhereFiles, bootstrap: Bootstrap) -> Result<Evaluation> {
    let (given, predictions) = read_elsewhere(files)?.into();
    evaluate_given(Given { name: name.to_owned(), ..given }, predictions, bootstrap)
}
