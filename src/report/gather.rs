//! A folder's finished runs → their report.

use std::path::Path;

use super::{examples, write};
use crate::{
    error::Result,
    eval::{Bootstrap, Evaluation, evaluate_with},
    events::Observer,
    run::{Recordings, load_finished},
};

/// Evaluates the finished runs that `dir` is or holds and writes their report into `folder`. Recordings that have moved
/// are looked for in `data`; without them the report has no player and no examples of augmentation, and the same figures.
///
/// # Errors
///
/// As [`load_finished`], [`evaluate_with`] and [`write()`].
pub fn gather(
    dir: &Path,
    folder: &Path,
    data: &Path,
    bootstrap: Bootstrap,
    observer: &dyn Observer,
) -> Result<Evaluation> {
    let finished = load_finished(dir)?;
    let recordings = Recordings::find(finished.iter().flat_map(|run| &run.clips), Some(data));
    let examples = finished.first().map_or(Ok(vec![]), |run| examples(run, &recordings, data));
    // The figures do not depend on them.
    let examples = examples.unwrap_or_else(|error| {
        observer.warn(&format!("no examples of augmentation: {error}"));
        vec![]
    });
    let evaluation = evaluate_with(finished, bootstrap)?;
    write(&evaluation, &recordings, &examples, folder)?;
    Ok(evaluation)
}
