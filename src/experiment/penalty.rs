//! Which of several penalties a linear head takes: by cross-validation over the speakers that it learns from.

use std::collections::BTreeMap;

use super::{fit::Run, score::Scorer, solve::Rows};
use crate::{
    error::{Error, Result},
    events::Observer,
    train::{Dataset, NEARLY_SOLVED},
};

/// Parts that the speakers are dealt into.
const PARTS: usize = 5;

/// The candidate of `model.c` whose heads answer speakers best that they have not learnt from; the strongest penalty of equals.
///
/// The speakers of `members` are dealt in the order of their names into five parts, or as many as there are speakers. Each
/// part is answered by a head that has learnt from the others, and the answers of all parts are judged together. The scaler has
/// seen all parts; it knows no labels.
///
/// # Errors
///
/// [`Error::Data`] where the clips have one speaker only, or no candidate has a figure; [`Error::Interrupted`] where the observer stops it; as [`Rows::teach`].
pub(super) fn picked(
    run: &Run,
    data: &Dataset,
    rows: &Rows,
    members: &[usize],
    observer: &dyn Observer,
) -> Result<f64> {
    let prepared = run.prepared;
    let penalty = &prepared.experiment.model.c;
    let mut speakers = BTreeMap::<String, Vec<usize>>::new();
    for &clip in members {
        speakers.entry(prepared.clips[clip].speaker_key()).or_default().push(clip);
    }
    if speakers.len() < 2 {
        return Err(Error::Data(format!(
            "{}: model.c = {penalty}: one of several is picked by holding speakers out, and what the head learns from has one \
             speaker only; name one number",
            run.label()
        )));
    }
    let count = PARTS.min(speakers.len());
    let mut parts = vec![Vec::new(); count];
    let part_of: BTreeMap<usize, usize> = speakers
        .values()
        .enumerate()
        .flat_map(|(at, clips)| clips.iter().map(move |&clip| (clip, at % count)))
        .collect();
    part_of.iter().for_each(|(&clip, &part)| parts[part].push(clip));
    let mut candidates = penalty.candidates().to_vec();
    candidates.sort_by(f64::total_cmp);
    let mut answers = vec![Vec::new(); candidates.len()];
    let work = observer.work("penalties", count * candidates.len());
    for (part, held_out) in parts.iter().enumerate() {
        let others = rows.only(|clip| part_of[&clip] != part);
        for (&c, answers) in candidates.iter().zip(&mut answers) {
            if observer.stop_requested() {
                return Err(Error::Interrupted(format!(
                    "{}: stopped before its head was solved for; the same command with --resume begins it again",
                    run.label()
                )));
            }
            let (net, ..) = others.teach(run, c, NEARLY_SOLVED)?;
            answers.extend(Scorer::new(prepared, data, &net, &run.devices[0]).score(held_out)?.answers);
            work.step();
        }
    }
    drop(work);
    let answered = parts.concat();
    let figures: Vec<f64> =
        answers.iter().map(|answers| prepared.task.judge(&answered, answers).figure.value()).collect();
    let mut best = 0;
    for at in 1..candidates.len() {
        // Also where the first has no figure.
        if figures[at] > figures[best] || figures[best].is_nan() {
            best = at;
        }
    }
    if figures[best].is_nan() {
        return Err(Error::Data(format!(
            "{}: model.c = {penalty}: no penalty has a figure on the speakers that are held out; name one number",
            run.label()
        )));
    }
    let each: Vec<String> =
        candidates.iter().zip(&figures).map(|(c, figure)| format!("{c}: {:.2}", 100.0 * figure)).collect();
    observer.log(&format!(
        "{}  penalty C = {} picked on {} training speakers in {count} parts, {} % of each: {}",
        run.label(),
        candidates[best],
        speakers.len(),
        prepared.task.kind().figure(),
        each.join(", ")
    ));
    Ok(candidates[best])
}
