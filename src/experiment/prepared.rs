//! An experiment's clips, classes and folds, before any audio is read.

use std::{borrow::Cow, collections::BTreeSet, path::Path, sync::Arc};

use crate::{
    audio::Known,
    augment::Augmenter,
    config::Experiment,
    corpus::{Clip, Exclusion, Findings, Source},
    error::{Error, Result},
    events::Observer,
    frontend::ScalerScope,
    protocol::{Fold, Plan, audit::audit},
    sex::Sex,
    survey::{Losses, Survey, survey},
    synthetic,
    task::{self, Classification, ClassificationLoss, Distribution, MultiTask, Part, Regression, Task},
    train::TrainOn,
};

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
    /// The task.
    pub task: Arc<dyn Task>,
    /// The digest of each clip's file, or of what makes it, where it is known.
    pub hashes: Vec<Option<blake3::Hash>>,
    /// Each clip's signal-to-noise ratio as its file has it; none of synthetic speech, whose figures are of nobody.
    pub snrs: Vec<Option<f64>>,
    /// How long each clip's file or part of one is, in seconds, where it is known; none of synthetic speech.
    pub seconds: Vec<Option<f64>>,
    /// The classes, in alphabetical order. Where the task is to learn numbers, splits and samples go by them all the same.
    pub classes: Vec<String>,
    /// The folds.
    pub plan: Plan,
    /// The files that were left out.
    pub excluded: Vec<Exclusion>,
    /// What alters copies of the training side's clips.
    pub augmenter: Augmenter,
    /// What is known of the files.
    pub known: Arc<Known>,
}

impl Prepared {
    /// The clips of a fold that weights and scaler are trained on.
    pub(super) fn training_side<'a>(&self, fold: &'a Fold) -> Cow<'a, [usize]> {
        self.experiment.train.train_on.members(fold)
    }

    /// What is about to be trained, for people: a few lines.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut counts = std::collections::BTreeMap::<&str, usize>::new();
        for clip in &self.clips {
            *counts.entry(&clip.corpus).or_default() += 1;
        }
        let rows = if self.plan.has_copies() { "rows, copies among them" } else { "clips" };
        let mut lines: Vec<String> = counts.iter().map(|(corpus, n)| format!("{corpus}: {n} {rows}")).collect();
        let segments = self.clips.iter().filter(|clip| clip.source.segment().is_some()).count();
        if segments > 0 {
            lines.push(format!("{segments} of them segments of longer files"));
        }
        if !self.excluded.is_empty() {
            lines.push(format!("{} files left out (excluded.csv says why)", self.excluded.len()));
        }
        format!(
            "{}{}\n{}\nprotocol {}: {}; {} folds; validation: {}\n",
            self.plan.brand().map(|brand| format!("{brand}\n")).unwrap_or_default(),
            lines.join(", "),
            self.task.words(),
            self.plan.kind.name(),
            self.plan.description,
            self.plan.folds.len(),
            self.plan.validation_rule()
        ) + &self.plan.caveats.iter().map(|caveat| format!("{caveat}\n")).collect::<String>()
    }
}

/// Finds the clips under the folder `data`, gives them classes and deals them into folds; refuses a split that leaks. Files that are
/// `known` are not decoded again.
///
/// # Errors
///
/// As [`survey`] and [`Audit::check`](crate::protocol::audit::Audit::check).
pub fn prepare(experiment: Experiment, data: &Path, known: &Arc<Known>, observer: &dyn Observer) -> Result<Prepared> {
    let augmenter = Augmenter::new(&experiment.augment, data, known)?;
    let Survey { mut clips, mut labels, classes, mut values, outputs, mut plan, excluded, findings, emotions, .. } =
        survey(&experiment, data, known, Losses::Refuse, observer)?;
    for fold in &plan.folds {
        audit(&clips, &plan, fold, experiment.features.scaler.words()).check(&plan, &fold.name)?;
    }
    if experiment.train.train_on == TrainOn::TrainAndValidation {
        if plan.leak.is_some_and(|leak| leak.selection_on_test) {
            return Err(Error::Config(format!(
                "train.train_on = \"train+validation\": the validation side of protocol.kind = {} is its test side",
                plan.kind
            )));
        }
        plan.validation_learnt = true;
    }
    if plan.leak.is_some_and(|leak| leak.scaler_on_all) && experiment.features.scaler != ScalerScope::Train {
        return Err(Error::Config(
            "protocol.leak = \"scaler\" fits the scaler of features.scaler = \"train\" on all clips; set that".into(),
        ));
    }
    if let Some(leak) = plan.leak.filter(|_| plan.has_copies()) {
        let copies = leak.copies_before_split - 1;
        if experiment.augment.copies != copies {
            return Err(Error::Config(format!(
                "augment.copies = {}: protocol.kind = {} is of {copies} altered copies of each clip, made before the \
                 split; set it to {copies} and name the alterations in [augment]",
                experiment.augment.copies, plan.kind
            )));
        }
        (clips, labels) = with_copies(&clips, &labels, copies);
        values = std::iter::repeat_n(values, copies + 1).flatten().collect();
    }
    let hashes = clips.iter().map(|clip| content(clip, &findings)).collect();
    let snrs = clips.iter().map(|clip| findings.facts(file_of(clip))?.snr_db).collect();
    let seconds = clips.iter().map(|clip| seconds_of(clip, &findings)).collect();
    let task: Arc<dyn Task> = match experiment.task.kind {
        task::Kind::Classification => {
            let class_of = |emotion: &str| experiment.labels.classes_of([emotion]).into_iter().next();
            let opinions = experiment.task.read_opinions(&clips, &labels, &classes, &class_of, &emotions)?;
            if let Some(opinions) = &opinions {
                check_taught(opinions, &plan, observer)?;
            }
            let class = Classification::new(classes.clone(), labels.clone(), experiment.train.classification());
            Arc::new(class.taught(opinions.map(|opinions| opinions.shares)))
        }
        task::Kind::Regression => {
            let (scales, loss) = (experiment.task.scales()?, experiment.task.loss.unwrap_or_default());
            Arc::new(Regression::new(outputs, scales, values, labels.clone(), loss))
        }
        task::Kind::Distribution => {
            let temperature = experiment.task.temperature.unwrap_or(1.0);
            Arc::new(Distribution::new(outputs, values, labels.clone(), temperature))
        }
        task::Kind::MultiTask => {
            let class = Classification::new(classes.clone(), labels.clone(), experiment.train.classification());
            Arc::new(several(&experiment, class, &clips, &labels, &values)?)
        }
    };
    let known = known.clone();
    Ok(Prepared { experiment, clips, labels, task, hashes, snrs, seconds, classes, plan, excluded, augmenter, known })
}

/// Says how many training clips others have an opinion of.
///
/// # Errors
///
/// [`Error::Config`] naming a fold where that is none.
fn check_taught(opinions: &task::Opinions, plan: &Plan, observer: &dyn Observer) -> Result<()> {
    for fold in &plan.folds {
        let given = fold.train.iter().filter(|&&clip| opinions.given[clip]).count();
        if given == 0 {
            return Err(Error::Config(format!(
                "task.opinions: nobody says anything of a training clip of fold {}: the columns are of other clips; drop it",
                fold.name
            )));
        }
        observer.log(&format!(
            "fold {}: others say what {given} of {} training clips are",
            fold.name,
            fold.train.len()
        ));
    }
    Ok(())
}

/// The class, and beside it what `task.weights` names.
fn several(
    experiment: &Experiment,
    class: Classification,
    clips: &[Clip],
    labels: &[usize],
    values: &[Vec<f64>],
) -> Result<MultiTask> {
    let config = &experiment.task;
    let weight = |name: &str| config.weights.get(name).copied().unwrap_or(1.0);
    let part = |name: &str, task: Arc<dyn Task>| {
        Part::new(name.to_owned(), weight(name), config.adversarial.iter().any(|of| of == name), task)
    };
    let mut parts = Vec::new();
    for (at, (name, scale)) in config.targets.iter().zip(config.scales()?).enumerate() {
        let values = values.iter().map(|row| vec![row[at]]).collect();
        let loss = config.loss.unwrap_or_default();
        parts.push(part(
            name,
            Arc::new(Regression::new(vec![name.clone()], vec![scale], values, labels.to_vec(), loss)),
        ));
    }
    let sexes = || clips.iter().map(|clip| clip.meta.sex.map_or("", Sex::name).to_owned()).collect();
    let speakers = || clips.iter().map(Clip::speaker_key).collect();
    let people: [(&str, &dyn Fn() -> Vec<String>); 2] = [(task::SEX, &sexes), (task::SPEAKER, &speakers)];
    for (name, of) in people.into_iter().filter(|(name, _)| config.learns(name)) {
        let each = of();
        let known: Vec<String> = each.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect();
        let labels = each.iter().map(|own| known.partition_point(|other| other < own)).collect();
        parts.push(part(name, Arc::new(Classification::new(known, labels, ClassificationLoss::default()))));
    }
    Ok(MultiTask::new(class, weight(task::EMOTION), parts))
}

/// How long a clip is as it lies on disk, in seconds.
fn seconds_of(clip: &Clip, findings: &Findings) -> Option<f64> {
    Some(findings.facts(file_of(clip))?.seconds())
}

/// The digest of what a clip is made of: its file's bytes, or the synthesiser's version and the utterance.
fn content(clip: &Clip, findings: &Findings) -> Option<blake3::Hash> {
    match &clip.source {
        Source::Synthetic(utterance) => {
            Some(blake3::hash(format!("synthetic v{} {}", synthetic::VERSION, utterance.stem()).as_bytes()))
        }
        Source::File(_) | Source::Segment(_) => findings.hash(file_of(clip)),
    }
}

/// The id of the clip whose file this one is made of: a copy (`ID#1`) has its clip's.
fn file_of(clip: &Clip) -> &str {
    clip.id.split('#').next().unwrap_or(&clip.id)
}

/// The clips and behind them their copies, as rows that a split may part, with their classes.
fn with_copies(clips: &[Clip], labels: &[usize], copies: usize) -> (Vec<Clip>, Vec<usize>) {
    let id = |clip: &Clip, copy| if copy == 0 { clip.id.clone() } else { format!("{}#{copy}", clip.id) };
    let rows = (0..=copies).flat_map(|copy| clips.iter().map(move |clip| Clip { id: id(clip, copy), ..clip.clone() }));
    (rows.collect(), labels.repeat(copies + 1))
}
