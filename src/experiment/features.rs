//! What is computed of each clip before the first run: its matrix.

use rayon::prelude::*;

use super::Prepared;
use crate::{
    cache::{Cache, Entry},
    error::{Error, Result},
    events::Observer,
};

/// The matrix of each of the experiment's clips; of rows that are copies, too. All their values are finite.
///
/// # Errors
///
/// As [`Cache::matrices`]; [`Error::Data`] that names the clips whose features are not all finite.
pub(super) fn matrices(prepared: &Prepared, cache: &Cache, observer: &dyn Observer) -> Result<Vec<Entry>> {
    let clips = &prepared.clips[..prepared.plan.clips()];
    let mut entries = cache.matrices(clips, observer)?;
    if prepared.plan.has_copies() {
        // Not of a run's seed: they are there before the split.
        let seed = prepared.experiment.protocol.seed;
        let copies = cache.copies(&clips.iter().collect::<Vec<_>>(), &prepared.augmenter, seed, observer)?;
        let mut copies: Vec<_> = copies.into_iter().map(Vec::into_iter).collect();
        for _ in 0..prepared.augmenter.config().copies {
            entries.extend(copies.iter_mut().filter_map(Iterator::next));
        }
    }
    let ids: Vec<&str> = prepared.clips.iter().map(|clip| clip.id.as_str()).collect();
    check_finite(&ids, &entries)?;
    Ok(entries)
}

/// Refuses matrices that hold values which are not finite, of all clips at once.
///
/// # Errors
///
/// [`Error::Data`] that names the clips; [`Error::File`] where the cache cannot be read.
pub(super) fn check_finite(ids: &[&str], entries: &[Entry]) -> Result<()> {
    const SHOWN: usize = 20;
    let found: Vec<Option<String>> = ids
        .par_iter()
        .zip(entries)
        .map(|(id, entry)| {
            let values = entry.values()?;
            let at = values.iter().position(|value| !value.is_finite());
            Ok(at.map(|at| format!("{id}: {} in frame {}", values[at], at / entry.dims().max(1))))
        })
        .collect::<Result<_>>()?;
    let found: Vec<String> = found.into_iter().flatten().collect();
    if found.is_empty() {
        return Ok(());
    }
    let more = if found.len() > SHOWN { format!("\n  and {} more", found.len() - SHOWN) } else { String::new() };
    Err(Error::Data(format!(
        "{} of {} clips have features that are not finite:\n  {}{more}\ntheir samples are out of all proportion: mend or remove \
         these files",
        found.len(),
        ids.len(),
        found.iter().take(SHOWN).cloned().collect::<Vec<_>>().join("\n  ")
    )))
}
