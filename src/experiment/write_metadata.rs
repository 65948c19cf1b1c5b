//! What is known of a run before it starts: config, record, clips and split, in its folder before the long work.

use super::Prepared;
use crate::{
    cache::Entry,
    corpus::speaker_traits,
    csv_file::write_csv,
    error::Result,
    files::{create_dir, write_json, write_whole},
    run::{ClipRecord, RunDir, RunRecord, SplitRow},
};

/// Writes config, record, clips, what was left out, and the split.
pub(super) fn write_metadata(
    dir: &RunDir,
    prepared: &Prepared,
    entries: &[Entry],
    split: &[SplitRow],
    record: &RunRecord,
) -> Result<()> {
    create_dir(dir.path())?;
    let mut resolved = prepared.experiment.clone();
    resolved.seed = record.seed;
    let text = resolved.to_toml()?;
    write_whole(&dir.config(), |file| file.write_all(text.as_bytes()))?;
    write_json(&dir.record(), record)?;
    if !prepared.excluded.is_empty() {
        write_csv(&dir.excluded(), ["path", "reason"], |csv| {
            let mut files = prepared.excluded.iter();
            files.try_for_each(|file| csv.row([file.path.to_string_lossy().as_ref(), &file.reason]))
        })?;
    }
    write_clips(dir, prepared, entries)?;
    SplitRow::write_all(&dir.split(), split)
}

/// What is known of each clip; of how long it is, what its frames say or, where they are pooled, its file.
fn write_clips(dir: &RunDir, prepared: &Prepared, entries: &[Entry]) -> Result<()> {
    let experiment = &prepared.experiment;
    let step = experiment.step_seconds();
    let pooled = experiment.encoder.as_ref().is_some_and(|encoder| encoder.gives_vectors());
    let traits = speaker_traits(&prepared.clips);
    let records: Vec<ClipRecord> = prepared
        .clips
        .iter()
        .zip(entries.iter().zip(&prepared.snrs).zip(&prepared.seconds))
        .map(|(clip, ((entry, &snr), &of_file))| {
            let seconds = if pooled { of_file } else { Some(step * entry.frames().saturating_sub(1) as f64) };
            ClipRecord::of(clip, seconds, snr)
                .with_traits(traits.iter().filter_map(|&name| Some((name, clip.meta.extra.get(name)?.as_str()))))
        })
        .collect();
    ClipRecord::write_all(&dir.clips(), &records)
}
