//! The runs of an experiment: one a fold and seed.

use std::{collections::BTreeSet, time::Instant};

use super::{
    Options, Prepared, data,
    distillation::Distillation,
    features,
    fit::Run,
    found::{Found, Wanted, clear},
    init::Start,
    nested::Purpose,
    record::record,
    view::SpeakerViews,
};
use crate::{
    bundle::BundleEncoder,
    cache::{Cache, DEFAULT_LIMIT},
    corpus::Clip,
    duration::duration,
    error::{Error, Result},
    events::Observer,
    files::create_dir,
    protocol::Fold,
    run::{Done, ENSEMBLE, Lock, RunDir},
    train::Calibration,
};

/// Runs what the options ask for and returns each run's folder with its outcome. A finished run of the same config is
/// kept as it is: the same seed would end in the same bits.
///
/// # Errors
///
/// [`Error::Config`] where a fold is not known, or a run's folder holds something that this call would destroy;
/// [`Error::Interrupted`] where a stop was asked for; otherwise what the stages report.
pub fn train(prepared: &Prepared, options: &Options, observer: &dyn Observer) -> Result<Vec<(RunDir, Done)>> {
    train_for(prepared, &planned(prepared, options)?, &Purpose::Result, options, observer)
}

/// The same of some folds, by name, and seeds.
///
/// # Errors
///
/// As [`train`].
pub(super) fn train_for(
    prepared: &Prepared,
    wanted: &[(String, u64)],
    purpose: &Purpose<'_>,
    options: &Options,
    observer: &dyn Observer,
) -> Result<Vec<(RunDir, Done)>> {
    let devices = options.device.open_several(options.gpus.max(1))?;
    // A class that is not there is better known now than after the features are made.
    prepared.task.loss(&[])?;
    if options.out.join(ENSEMBLE).exists() {
        return Err(Error::Config(format!(
            "{} is an ensemble of trained runs, and nothing is trained into it: name another --out",
            options.out.display()
        )));
    }
    // An unwritable folder is better known now than after the features are made.
    create_dir(&options.out)?;
    let encoder = prepared.experiment.encoder.as_ref();
    let encoder = encoder.map(|config| BundleEncoder::of(config, &options.models)).transpose()?;

    // Look at every folder before the first long step.
    let mut runs = Vec::new();
    for (name, seed) in wanted {
        let seed = *seed;
        for fold in prepared.plan.folds.iter().filter(|fold| fold.name == *name) {
            let dir = RunDir::of(&options.out, &fold.name, seed);
            let start = Start::load(prepared, fold, seed, encoder.as_ref())?;
            let distillation = Distillation::load(prepared, fold, seed, encoder.as_ref())?;
            let before =
                start.iter().flat_map(|start| &start.seen).chain(distillation.iter().flat_map(Distillation::seen));
            let (mut data, split) = data::of(prepared, fold, start.as_ref(), distillation.as_ref());
            data.inputs.extend(encoder.iter().map(|of| ("encoder".to_owned(), of.digest.clone())));
            let record = record(prepared, fold, seed, data, before, options, purpose)?;
            let looked_for = Wanted { prepared, record: &record, split: &split, options };
            let mut state = looked_for.look_at(&dir)?;
            let lock = match state {
                Found::Finished(_) => None,
                _ => Some(Lock::take(&dir, observer)?),
            };
            if lock.is_some() {
                // Another process may have written up to the moment that the folder became ours.
                state = looked_for.look_at(&dir)?;
            }
            runs.push((fold, dir, record, split, state, start, distillation, lock));
        }
    }
    let (started, to_do) = (Instant::now(), runs.iter().filter(|run| !matches!(run.4, Found::Finished(_))).count());
    let mut trained = 0;
    let mut outcomes = Vec::new();
    let limit = options.cache_limit.unwrap_or(DEFAULT_LIMIT);
    let frontend = prepared.experiment.frontend(&options.models)?;
    let cache = Cache::new(&options.cache, limit, &prepared.experiment.audio, frontend, prepared.known.clone())?;
    let views = SpeakerViews::open(prepared, options)?;
    let mut entries = None;
    for (fold, dir, record, split, state, start, distillation, lock) in runs {
        if let Found::Finished(done) = state {
            observer.log(&format!(
                "fold {} seed {}: finished already, kept (--overwrite trains it again)",
                fold.name, record.seed
            ));
            outcomes.push((dir, done));
            continue;
        }
        let entries: &Vec<_> = match &entries {
            Some(entries) => entries,
            None => entries.insert(features::matrices(prepared, &cache, observer)?),
        };
        // Made after the split and for its training side alone, unless what comes of the contrary is to be shown.
        let training: Vec<&Clip> = prepared.training_side(fold).iter().map(|&clip| &prepared.clips[clip]).collect();
        let copies = match prepared.plan.has_copies() {
            true => training.iter().map(|_| Vec::new()).collect(),
            false => cache.copies(&training, &prepared.augmenter, record.seed, observer)?,
        };
        for (clip, copies) in training.iter().zip(&copies) {
            features::check_finite(&vec![clip.id.as_str(); copies.len()], copies)?;
        }
        let validation_copies =
            match prepared.experiment.train.calibration == Calibration::Altered && !prepared.plan.has_copies() {
                false => Vec::new(),
                true => {
                    let clips: Vec<&Clip> = fold.validation.iter().map(|&clip| &prepared.clips[clip]).collect();
                    cache.copies(&clips, &prepared.augmenter, record.seed, observer)?
                }
            };
        let view = views.as_ref().map(|views| views.of(prepared, &training, record.seed, observer)).transpose()?;
        let hear = |of: &Distillation| of.hear(prepared, &prepared.training_side(fold), record.seed, options, observer);
        let answers = distillation.as_ref().map(hear).transpose()?.flatten();
        if matches!(state, Found::ToReplace) {
            clear(&dir)?;
        }
        let run = Run {
            prepared,
            entries,
            copies,
            validation_copies,
            view,
            fold,
            record,
            split,
            dir,
            experiment: &options.out,
            devices: devices.clone(),
            start,
            distillation,
            answers,
            encoder: encoder.clone(),
            models: &options.models,
            runs_left: to_do - trained,
            resume: options.resume,
            observer,
        };
        let done = run.go()?;
        drop(lock);
        trained += 1;
        if trained < to_do {
            let each = started.elapsed().as_secs_f64() / trained as f64;
            let left = duration(each * (to_do - trained) as f64);
            observer.log(&format!("{trained} of {to_do} runs done, about {left} left"));
        }
        outcomes.push((run.dir, done));
    }
    Ok(outcomes)
}

/// The runs that the options ask for: folds by name, with seeds, in the order that [`train`] runs them.
///
/// # Errors
///
/// [`Error::Config`] where a fold is not known.
pub fn planned(prepared: &Prepared, options: &Options) -> Result<Vec<(String, u64)>> {
    let folds = chosen_folds(prepared, options.fold.as_deref())?;
    let seeds = seeds(prepared, options);
    Ok(seeds.iter().flat_map(|&seed| folds.iter().map(move |fold| (fold.name.clone(), seed))).collect())
}

fn seeds(prepared: &Prepared, options: &Options) -> Vec<u64> {
    // A seed that is named twice is one run.
    let mut known = BTreeSet::new();
    let wanted: Vec<u64> = options.seeds.iter().copied().filter(|seed| known.insert(*seed)).collect();
    if wanted.is_empty() { vec![prepared.experiment.seed] } else { wanted }
}

pub(super) fn chosen_folds<'a>(prepared: &'a Prepared, wanted: Option<&str>) -> Result<Vec<&'a Fold>> {
    let all = &prepared.plan.folds;
    let Some(wanted) = wanted.filter(|name| *name != "all") else { return Ok(all.iter().collect()) };
    let chosen: Vec<&Fold> = all.iter().filter(|fold| fold.name == wanted).collect();
    if chosen.is_empty() {
        let names: Vec<&str> = all.iter().map(|fold| fold.name.as_str()).collect();
        return Err(Error::Config(format!("--fold {wanted}: the protocol's folds are {}, or all", names.join(", "))));
    }
    Ok(chosen)
}
