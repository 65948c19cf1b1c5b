//! An experiment: corpus → split → features, then a run for every fold and seed.

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
    time::Instant,
};

use rayon::prelude::*;

use super::{Averaging, LearnFrom, Select, fit::Run, init::Start, teachers::Teachers};
use crate::{
    audio::{load, snr_db},
    augment::Augmenter,
    cache::{Cache, DEFAULT_LIMIT, Entry, Size},
    config::Experiment,
    corpus::{Clip, Exclusion, Findings, Flaw, Source},
    device::DeviceKind,
    duration::duration,
    error::{Error, Result},
    events::Observer,
    files::{create_dir, read_json},
    protocol::{Fold, Plan, audit::audit},
    run::{Done, Lock, ProtocolRecord, RunDir, RunRecord, Versions},
    survey::{Survey, survey},
};

/// What the command line adds to a config.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The folder of the feature cache.
    pub cache: PathBuf,
    /// What the cache may hold; [`crate::cache::DEFAULT_LIMIT`] where absent.
    pub cache_limit: Option<Size>,
    /// The experiment's folder.
    pub out: PathBuf,
    /// The one fold to run, by name; all where absent.
    pub fold: Option<String>,
    /// The seeds, one run each and fold; the config's where empty.
    pub seeds: Vec<u64>,
    /// What computes.
    pub device: DeviceKind,
    /// How many of its GPUs share each batch; 0 and 1 are one.
    pub gpus: usize,
    /// Go on from checkpoints.
    pub resume: bool,
    /// Start again where a run was begun or finished.
    pub overwrite: bool,
}

/// An experiment with its clips and folds: all that is known before any audio is read.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The config.
    pub experiment: Experiment,
    /// The clips of the task, in the order of their ids. Under a demonstration of leaks, its rows: behind all clips come
    /// their first copies (`ID#1`), then the second ones, and so on.
    pub clips: Vec<Clip>,
    /// Each clip's class.
    pub labels: Vec<usize>,
    /// The classes, in alphabetical order.
    pub classes: Vec<String>,
    /// The folds.
    pub plan: Plan,
    /// The files that were left out.
    pub excluded: Vec<Exclusion>,
    /// What alters copies of the training side's clips.
    pub augmenter: Augmenter,
}

impl Prepared {
    /// The clips of a fold that weights and scaler are learnt from.
    pub(super) fn learnt<'a>(&self, fold: &'a Fold) -> Cow<'a, [usize]> {
        self.experiment.train.learn_from.members(fold)
    }

    /// What is about to be trained, for people: a few lines.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut counts = std::collections::BTreeMap::<&str, usize>::new();
        for clip in &self.clips {
            *counts.entry(&clip.corpus).or_default() += 1;
        }
        let rows = if self.plan.leak.is_some() { "rows, copies among them" } else { "clips" };
        let mut lines: Vec<String> = counts.iter().map(|(corpus, n)| format!("{corpus}: {n} {rows}")).collect();
        if !self.excluded.is_empty() {
            lines.push(format!("{} files left out (excluded.csv says why)", self.excluded.len()));
        }
        format!(
            "{}{}\n{} classes: {}\nprotocol {}: {}; {} folds; validation: {}\n",
            self.plan.brand().map(|brand| format!("{brand}\n")).unwrap_or_default(),
            lines.join(", "),
            self.classes.len(),
            self.classes.join(", "),
            self.plan.kind.name(),
            self.plan.description,
            self.plan.folds.len(),
            self.plan.validation_rule
        )
    }
}

/// Finds the clips under the folder `data`, gives them classes and deals them into folds; refuses a split that leaks.
///
/// # Errors
///
/// As [`survey`] and [`Audit::check`](crate::protocol::audit::Audit::check).
pub fn prepare(experiment: Experiment, data: &Path, observer: &dyn Observer) -> Result<Prepared> {
    let augmenter = Augmenter::new(&experiment.augment, data)?;
    let Survey { mut clips, mut labels, classes, mut plan, excluded, .. } =
        survey(&experiment, data, refuse_damage, observer)?;
    for fold in &plan.folds {
        audit(&clips, &plan, fold, experiment.features.scaler.words()).check(&plan, &fold.name)?;
    }
    if experiment.train.learn_from == LearnFrom::TrainAndValidation {
        if plan.leak.is_some_and(|leak| leak.selection_on_test) {
            return Err(Error::Config(format!(
                "train.learn_from = \"train+validation\": the validation side of protocol.kind = {} is its test side",
                plan.kind
            )));
        }
        plan.validation_rule.push_str("; LEARNT FROM, too, the recipe being settled: its figures say nothing");
    }
    if let Some(leak) = plan.leak {
        let copies = leak.copies_before_split - 1;
        if experiment.augment.copies != copies {
            return Err(Error::Config(format!(
                "augment.copies = {}: protocol.kind = {} is of {copies} altered copies of each clip, made before the \
                 split; set it to {copies} and name the alterations in [augment]",
                experiment.augment.copies, plan.kind
            )));
        }
        (clips, labels) = with_copies(&clips, &labels, copies);
    }
    Ok(Prepared { experiment, clips, labels, classes, plan, excluded, augmenter })
}

/// The clips and behind them their copies, as rows that a split may part, with their classes.
fn with_copies(clips: &[Clip], labels: &[usize], copies: usize) -> (Vec<Clip>, Vec<usize>) {
    let id = |clip: &Clip, copy| if copy == 0 { clip.id.clone() } else { format!("{}#{copy}", clip.id) };
    let rows = (0..=copies).flat_map(|copy| clips.iter().map(move |clip| Clip { id: id(clip, copy), ..clip.clone() }));
    (rows.collect(), labels.repeat(copies + 1))
}

/// Damaged files are an error: leaving them out in silence would change what the protocol's figure is of. What a corpus
/// is known for (a silent clip, identical clips with different labels) is left out and listed instead.
fn refuse_damage(findings: &Findings) -> Result<()> {
    let damaged: Vec<String> = findings
        .faults
        .iter()
        .filter(|fault| !matches!(fault.flaw, Flaw::Silent | Flaw::ConflictingLabels))
        .map(|fault| format!("{}: {}", fault.path.display(), fault.reason))
        .collect();
    if damaged.is_empty() {
        return Ok(());
    }
    const SHOWN: usize = 20;
    let more = damaged.len().saturating_sub(SHOWN);
    Err(Error::Data(format!(
        "{} of {} files cannot be used:\n  {}{}\nfetch them again, or remove them to train without",
        damaged.len(),
        findings.files,
        damaged.iter().take(SHOWN).cloned().collect::<Vec<_>>().join("\n  "),
        if more > 0 { format!("\n  and {more} more") } else { String::new() }
    )))
}

/// Runs what the options ask for and returns each run's folder with its outcome. A finished run of the same config is
/// kept as it is: the same seed would end in the same bits.
///
/// # Errors
///
/// [`Error::Config`] where a fold is not known, or a run's folder holds something that this call would destroy;
/// [`Error::Interrupted`] where a stop was asked for; otherwise what the stages report.
pub fn train(prepared: &Prepared, options: &Options, observer: &dyn Observer) -> Result<Vec<(RunDir, Done)>> {
    let devices = options.device.open_several(options.gpus.max(1))?;
    // A class that is not there is better known now than after the features are made.
    let settings = &prepared.experiment.train;
    settings.class_weights.resolve(&prepared.classes, &vec![1; prepared.classes.len()])?;
    // An unwritable folder is better known now than after the features are made.
    create_dir(&options.out)?;
    let folds = chosen_folds(prepared, options.fold.as_deref())?;
    let seeds = seeds(prepared, options);

    // Look at every folder before the first long step.
    let mut runs = Vec::new();
    for &seed in &seeds {
        for fold in &folds {
            let dir = RunDir::of(&options.out, &fold.name, seed);
            let start = Start::load(prepared, fold, seed)?;
            let teachers = Teachers::load(prepared, fold, seed)?;
            let before = start.iter().flat_map(|start| &start.heard).chain(teachers.iter().flat_map(Teachers::heard));
            let record = record(prepared, fold, seed, before, options)?;
            let mut state = look_at(&dir, &record, options)?;
            let lock = match state {
                Found::Finished(_) => None,
                _ => Some(Lock::take(&dir, observer)?),
            };
            if lock.is_some() {
                // Another process may have written up to the moment that the folder became ours.
                state = look_at(&dir, &record, options)?;
            }
            runs.push((*fold, dir, record, state, start, teachers, lock));
        }
    }
    let (started, to_do) = (Instant::now(), runs.iter().filter(|run| !matches!(run.3, Found::Finished(_))).count());
    let mut trained = 0;
    let mut outcomes = Vec::new();
    let limit = options.cache_limit.unwrap_or(DEFAULT_LIMIT);
    let cache = Cache::new(&options.cache, limit, &prepared.experiment.audio, prepared.experiment.frontend()?)?;
    let mut entries = None;
    let mut snrs = None;
    for (fold, dir, record, state, start, teachers, lock) in runs {
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
            None => entries.insert(matrices(prepared, &cache, observer)?),
        };
        let snrs: &Vec<_> = match &snrs {
            Some(snrs) => snrs,
            None => snrs.insert(snrs_of(&prepared.clips, observer)?),
        };
        // Made after the split and for its training side alone, unless what comes of the contrary is to be shown.
        let training: Vec<&Clip> = prepared.learnt(fold).iter().map(|&clip| &prepared.clips[clip]).collect();
        let copies = match prepared.plan.leak {
            Some(_) => training.iter().map(|_| Vec::new()).collect(),
            None => cache.copies(&training, &prepared.augmenter, record.seed, observer)?,
        };
        if matches!(state, Found::ToReplace) {
            clear(&dir)?;
        }
        let run = Run {
            prepared,
            entries,
            snrs,
            copies,
            fold,
            record,
            dir,
            devices: devices.clone(),
            start,
            teachers,
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
    if options.seeds.is_empty() { vec![prepared.experiment.seed] } else { options.seeds.clone() }
}

/// The matrix of each of the experiment's clips; of rows that are copies, too.
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
    Ok(entries)
}

/// Empties a run's folder but for its lock, which is ours.
fn clear(dir: &RunDir) -> Result<()> {
    for entry in std::fs::read_dir(dir.path()).map_err(Error::io("read", dir.path()))? {
        let path = entry.map_err(Error::io("read", dir.path()))?.path();
        if path != dir.lock() {
            let removed = if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
            removed.map_err(Error::io("remove", &path))?;
        }
    }
    Ok(())
}

/// The clips' signal-to-noise ratios, as their files have them; none of synthetic speech, whose figures are of nobody.
fn snrs_of(clips: &[Clip], observer: &dyn Observer) -> Result<Vec<Option<f64>>> {
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

/// What stands in a run's folder.
enum Found {
    /// Nothing of note, or something to go on from.
    Open,
    /// A finished run of the same config.
    Finished(Done),
    /// What `--overwrite` gives up.
    ToReplace,
}

fn look_at(dir: &RunDir, record: &RunRecord, options: &Options) -> Result<Found> {
    if !dir.record().exists() {
        return Ok(Found::Open);
    }
    if options.overwrite {
        return Ok(Found::ToReplace);
    }
    let place = dir.path().display();
    let ways = "pass --overwrite to start again, or --out DIR to keep both";
    let there: RunRecord = read_json(&dir.record())?;
    if there.config_hash != record.config_hash {
        return Err(Error::Config(format!("{place} holds a run of another config: {ways}")));
    }
    if dir.done().exists() {
        return Ok(Found::Finished(read_json(&dir.done())?));
    }
    if (dir.last_checkpoint().exists() || dir.best_checkpoint().exists()) && !options.resume {
        return Err(Error::Config(format!("{place} holds a run that was stopped: pass --resume to go on, or {ways}")));
    }
    Ok(Found::Open)
}

/// What a run is; `before` are the corpora that the networks have heard which it comes from.
fn record<'a>(
    prepared: &Prepared,
    fold: &Fold,
    seed: u64,
    before: impl Iterator<Item = &'a String>,
    options: &Options,
) -> Result<RunRecord> {
    let experiment = &prepared.experiment;
    let plan = &prepared.plan;
    let mut corpora: Vec<String> = prepared.clips.iter().map(|clip| clip.corpus.clone()).collect();
    corpora.dedup();
    let heard =
        |corpus: &&String| fold.train.iter().chain(&fold.validation).any(|&i| prepared.clips[i].corpus == **corpus);
    let mut trained_on: Vec<String> = corpora.iter().filter(heard).cloned().collect();
    for corpus in before {
        if !trained_on.contains(corpus) {
            trained_on.push(corpus.clone());
        }
    }
    let unseeded = Experiment { seed: 0, ..experiment.clone() }.to_toml()?;
    let scaler = experiment.features.scaler.words();
    let selection = match (experiment.train.select, plan.leak) {
        (Select::Last, _) => "the last epoch, whatever its figures",
        (Select::Best, Some(leak)) if leak.selection_on_test => "epoch with the best UAR ON THE TEST SIDE",
        (Select::Best, _) => "epoch with the best validation UAR; test is never looked at",
    };
    let averaged = match experiment.train.averaging {
        Averaging::None(_) => "",
        Averaging::Ema(_) => "; weights averaged over steps",
        Averaging::Swa(_) => "; weights averaged over epochs",
    };
    let started = if experiment.train.init.is_some() { "; started from a trained network" } else { "" };
    let taught = match &experiment.train.teachers {
        Some(teachers) => format!("; taught by {} trained networks", teachers.bundles.len()),
        None => String::new(),
    };
    Ok(RunRecord {
        // Every table and picture names its experiment, and with it what it is not.
        experiment: match plan.brand() {
            Some(brand) => format!("{} [{brand}]", experiment.name),
            None => experiment.name.clone(),
        },
        fold: fold.name.clone(),
        seed,
        classes: prepared.classes.clone(),
        protocol: ProtocolRecord {
            name: plan.kind.name().to_owned(),
            speaker_independent: plan.speaker_independent,
            description: plan.description.clone(),
            validation_rule: plan.validation_rule.clone(),
            selection: format!("{selection}{averaged}{started}{taught}"),
            scaler: scaler.to_owned(),
            corpora,
            split_seed: experiment.protocol.seed,
            folds: plan.folds.iter().map(|fold| fold.name.clone()).collect(),
            brand: plan.brand().map(str::to_owned),
            validation_learnt: experiment.train.learn_from == LearnFrom::TrainAndValidation,
        },
        trained_on,
        audit: audit(&prepared.clips[..plan.clips()], plan, fold, scaler),
        synthetic: prepared.clips.iter().any(|clip| matches!(clip.source, Source::Synthetic(_))),
        config_hash: blake3::hash(unseeded.as_bytes()).to_hex()[..16].to_owned(),
        versions: Versions {
            ser: env!("CARGO_PKG_VERSION").to_owned(),
            burn: burn_version(),
            device: match options.gpus {
                0 | 1 => options.device.name().to_owned(),
                gpus => format!("{} x {gpus}", options.device),
            },
            platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        },
    })
}

/// Burn's version, as Cargo.toml pins it.
fn burn_version() -> String {
    let manifest: toml::Table = include_str!("../../Cargo.toml").parse().unwrap_or_default();
    let version = manifest.get("dependencies").and_then(|all| all.get("burn")?.get("version")?.as_str());
    version.unwrap_or("unknown").trim_start_matches('=').to_owned()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_version_of_burn_is_the_manifests() {
        assert!(super::burn_version().starts_with("0."), "{}", super::burn_version());
    }
}
