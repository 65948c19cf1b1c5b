//! An experiment: corpus → split → features, then a run for every fold and seed.

use std::path::{Path, PathBuf};

use super::fit::Run;
use crate::{
    augment::Augmenter,
    cache::{Cache, DEFAULT_LIMIT, Size},
    config::Experiment,
    corpus::{Clip, Exclusion, Findings, Flaw, Source},
    device::DeviceKind,
    error::{Error, Result},
    files::{create_dir, read_json},
    protocol::{Fold, Plan, audit::audit},
    run::{Done, ProtocolRecord, RunDir, RunRecord, Versions},
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
    /// Go on from checkpoints.
    pub resume: bool,
    /// Start again where a run was begun or finished.
    pub overwrite: bool,
    /// Show Burn's terminal dashboard.
    pub dashboard: bool,
}

/// An experiment with its clips and folds: all that is known before any audio is read.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The config.
    pub experiment: Experiment,
    /// The clips of the task, in the order of their ids.
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
    /// What is about to be trained, for people: a few lines.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut counts = std::collections::BTreeMap::<&str, usize>::new();
        for clip in &self.clips {
            *counts.entry(&clip.corpus).or_default() += 1;
        }
        let mut lines: Vec<String> = counts.iter().map(|(corpus, n)| format!("{corpus}: {n} clips")).collect();
        if !self.excluded.is_empty() {
            lines.push(format!("{} files left out (excluded.csv says why)", self.excluded.len()));
        }
        format!(
            "{}\n{} classes: {}\nprotocol {}: {}; {} folds; validation: {}\n",
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
pub fn prepare(experiment: Experiment, data: &Path) -> Result<Prepared> {
    let augmenter = Augmenter::new(&experiment.augment, data)?;
    let Survey { clips, labels, classes, plan, excluded, .. } = survey(&experiment, data, refuse_damage)?;
    if plan.leak.is_some() {
        // Its folds are rows, copies among them, which nothing makes yet.
        return Err(Error::Config(format!("protocol.kind = {}: copies cannot be trained on yet", plan.kind)));
    }
    for fold in &plan.folds {
        audit(&clips, &plan, fold, experiment.features.scaler.words()).check(&plan, &fold.name)?;
    }
    Ok(Prepared { experiment, clips, labels, classes, plan, excluded, augmenter })
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
pub fn train(prepared: &Prepared, options: &Options) -> Result<Vec<(RunDir, Done)>> {
    let device = options.device.open()?;
    // An unwritable folder is better known now than after the features are made.
    create_dir(&options.out)?;
    let folds = chosen_folds(prepared, options.fold.as_deref())?;
    let seeds = if options.seeds.is_empty() { vec![prepared.experiment.seed] } else { options.seeds.clone() };

    // Look at every folder before the first long step.
    let mut runs = Vec::new();
    for &seed in &seeds {
        for fold in &folds {
            let dir = RunDir::of(&options.out, &fold.name, seed);
            let record = record(prepared, fold, seed, options.device)?;
            let state = look_at(&dir, &record, options)?;
            runs.push((*fold, dir, record, state));
        }
    }
    let mut outcomes = Vec::new();
    let limit = options.cache_limit.unwrap_or(DEFAULT_LIMIT);
    let cache = Cache::new(&options.cache, limit, &prepared.experiment.audio, &prepared.experiment.features)?;
    let mut entries = None;
    for (fold, dir, record, state) in runs {
        if let Found::Finished(done) = state {
            eprintln!("fold {} seed {}: finished already, kept (--overwrite trains it again)", fold.name, record.seed);
            outcomes.push((dir, done));
            continue;
        }
        let entries: &Vec<_> = match &entries {
            Some(entries) => entries,
            None => entries.insert(cache.matrices(&prepared.clips)?),
        };
        // Made after the split and for its training side alone.
        let training: Vec<&Clip> = fold.train.iter().map(|&clip| &prepared.clips[clip]).collect();
        let copies = cache.copies(&training, &prepared.augmenter, record.seed)?;
        if matches!(state, Found::ToReplace) {
            std::fs::remove_dir_all(dir.path()).map_err(Error::io("remove", dir.path()))?;
        }
        let run = Run {
            prepared,
            entries,
            copies,
            fold,
            record,
            dir,
            device: device.clone(),
            resume: options.resume,
            dashboard: options.dashboard,
        };
        let done = run.go()?;
        outcomes.push((run.dir, done));
    }
    Ok(outcomes)
}

fn chosen_folds<'a>(prepared: &'a Prepared, wanted: Option<&str>) -> Result<Vec<&'a Fold>> {
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
    if dir.last_checkpoint().exists() && !options.resume {
        return Err(Error::Config(format!("{place} holds a run that was stopped: pass --resume to go on, or {ways}")));
    }
    Ok(Found::Open)
}

fn record(prepared: &Prepared, fold: &Fold, seed: u64, device: DeviceKind) -> Result<RunRecord> {
    let experiment = &prepared.experiment;
    let plan = &prepared.plan;
    let mut corpora: Vec<String> = prepared.clips.iter().map(|clip| clip.corpus.clone()).collect();
    corpora.dedup();
    let unseeded = Experiment { seed: 0, ..experiment.clone() }.to_toml()?;
    let scaler = experiment.features.scaler.words();
    Ok(RunRecord {
        experiment: experiment.name.clone(),
        fold: fold.name.clone(),
        seed,
        classes: prepared.classes.clone(),
        protocol: ProtocolRecord {
            name: plan.kind.name().to_owned(),
            speaker_independent: plan.speaker_independent,
            description: plan.description.clone(),
            validation_rule: plan.validation_rule.clone(),
            selection: "epoch with the best validation UAR; test is never looked at".to_owned(),
            scaler: scaler.to_owned(),
            corpora,
            split_seed: experiment.protocol.seed,
            folds: plan.folds.iter().map(|fold| fold.name.clone()).collect(),
        },
        audit: audit(&prepared.clips, plan, fold, scaler),
        synthetic: prepared.clips.iter().any(|clip| matches!(clip.source, Source::Synthetic(_))),
        config_hash: blake3::hash(unseeded.as_bytes()).to_hex()[..16].to_owned(),
        versions: Versions {
            ser: env!("CARGO_PKG_VERSION").to_owned(),
            burn: "0.22.1".to_owned(),
            device: device.name().to_owned(),
            platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        },
    })
}
