//! What is computed of each clip before the first run: its matrix and its signal-to-noise ratio.

use rayon::prelude::*;

use super::Prepared;
use crate::{
    audio::{load, snr_db},
    cache::{Cache, Entry},
    corpus::Clip,
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
    if prepared.plan.leak.is_some() {
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

/// The clips' signal-to-noise ratios, as their files have them; none of synthetic speech, whose figures are of nobody.
pub(super) fn snrs(clips: &[Clip], observer: &dyn Observer) -> Result<Vec<Option<f64>>> {
    let files = clips.iter().filter(|clip| clip.source.file().is_some()).count();
    let work = observer.work("signal-to-noise ratios", files);
    let of = |clip: &Clip| {
        if clip.source.file().is_none() {
            return Ok(None);
        }
        if observer.stop_requested() {
            return Err(Error::Interrupted("stopped before training began: start again".into()));
        }
        let snr = snr_db(&load(&clip.source)?);
        work.step();
        Ok(snr)
    };
    clips.par_iter().map(of).collect()
}
