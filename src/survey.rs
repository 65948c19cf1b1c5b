//! An experiment's data as its config describes it: found, looked into, given classes and dealt into folds. All that is
//! known before any audio is decoded; what training starts from and what a data card is of.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use crate::{
    audio::{AudioConfig, Known},
    config::{Experiment, Labelled},
    corpus::{self, Cause, Clip, CorpusConfig, Exclusion, Extent, Findings, Scan},
    error::{Error, Result},
    events::Observer,
    frontend::FeaturesConfig,
    protocol::{self, Caveat, Plan},
    task,
};

/// Of so many files comparing them is told of.
const MANY: usize = 1_000;

/// An experiment's clips and folds.
#[derive(Debug, Clone)]
pub struct Survey {
    /// The clips of the task, in the order of their ids.
    pub clips: Vec<Clip>,
    /// Each clip's class.
    pub labels: Vec<usize>,
    /// The classes, in alphabetical order.
    pub classes: Vec<String>,
    /// Each clip's numbers or votes, where the task is to learn such.
    pub values: Vec<Vec<f64>>,
    /// What they are of, each: the targets, or the classes that are voted for.
    pub outputs: Vec<String>,
    /// The folds.
    pub plan: Plan,
    /// The files that were left out.
    pub excluded: Vec<Exclusion>,
    /// Clips that are segments of one file and have a stretch of it in common, by id.
    pub overlaps: Vec<Vec<String>>,
    /// How many clips of each emotion the label map dropped.
    pub dropped: BTreeMap<String, usize>,
    /// The emotions of each corpus, as its clips have them, those that the label map drops among them.
    pub emotions: BTreeMap<String, BTreeSet<String>>,
    /// What the contents of the files have shown.
    pub findings: Findings,
}

/// What becomes of clips that are missing or damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Losses {
    /// They are told of.
    Tell,
    /// More of them than a corpus's `allow_missing` are an error that names them all: leaving them out in silence would
    /// change what the protocol's figure is of. What a corpus is known for (a silent clip, identical clips with different
    /// labels) is left out and listed instead.
    Refuse,
}

/// Finds the clips under the folder `data`, gives them classes and deals them into folds. Files that are `known` are not
/// decoded again; what is found is kept there.
///
/// # Errors
///
/// [`Error::Data`] where clips are missing or damaged that may not be; otherwise as [`corpus::scan_all`],
/// [`crate::config::LabelsConfig::apply`] and [`protocol::plan`].
pub fn survey(
    experiment: &Experiment,
    data: &Path,
    known: &Known,
    losses: Losses,
    observer: &dyn Observer,
) -> Result<Survey> {
    let scan = corpus::scan_all(&experiment.corpora, data)?;
    let (scan, findings) = inspected(scan, known, experiment.shortest(), observer);
    let lost = scan.lost(&findings);
    if losses == Losses::Refuse {
        refuse(experiment, &scan, &lost)?;
    }
    let Scan { clips, mut excluded, extents, overlaps, listed, .. } = scan;
    let left_out: Vec<Caveat> = experiment
        .corpora
        .iter()
        .filter(|corpus| !corpus.leave_out.is_empty())
        .map(|corpus| {
            let (corpus, names) = (corpus.name(), corpus.leave_out.clone());
            let of = clips.iter().filter(|clip| clip.corpus == corpus).count() + names.len();
            Caveat::LeftOut { corpus, clips: names, of }
        })
        .collect();
    let mut emotions = BTreeMap::<String, BTreeSet<String>>::new();
    for clip in &clips {
        emotions.entry(clip.corpus.clone()).or_default().insert(clip.emotion.clone());
    }
    let (labelled, values, outputs) = match experiment.task.kind {
        task::Kind::Classification => (experiment.labels.apply(clips, &listed)?, Vec::new(), Vec::new()),
        task::Kind::MultiTask => numbers(experiment, experiment.labels.apply(clips, &listed)?, &mut excluded)?,
        task::Kind::Regression | task::Kind::Distribution => {
            numbers(experiment, experiment.labels.keep(clips, &listed)?, &mut excluded)?
        }
    };
    let Labelled { clips, labels, classes, dropped } = labelled;
    let groups = findings.groups().chain(overlaps.iter().map(Vec::as_slice));
    let mut plan = protocol::plan(&experiment.protocol, data, &clips, &labels, groups)?;
    let parts = extents.into_iter().filter_map(|(corpus, Extent { found, published })| {
        let found = found.saturating_sub(lost.get(&corpus).copied().unwrap_or(0));
        (found < published).then_some(Caveat::PartOfCorpus { corpus, found, published })
    });
    let told = experiment.labels.classes_of(listed.iter().map(String::as_str));
    let gone = told.into_iter().filter(|class| !classes.contains(class));
    let mut caveats: Vec<Caveat> = parts.collect();
    caveats.extend(left_out);
    caveats.extend(lost.into_iter().map(|(corpus, lost)| Caveat::ClipsLost { corpus, lost }));
    caveats.extend(gone.map(|class| Caveat::ClassWithoutClips { class }));
    caveats.extend(protocol::speakers_of_one_clip(&clips));
    caveats.extend(protocol::contradicted(&clips));
    caveats.extend(protocol::heard_twice(&clips, findings.groups()));
    caveats.extend(protocol::never_learnt(&plan, &labels, &classes));
    plan.caveats.splice(0..0, caveats);
    Ok(Survey { clips, labels, classes, values, outputs, plan, excluded, overlaps, dropped, emotions, findings })
}

/// The clips that have a number for every target, or votes, with them and what they are of; the others are excluded with the reason.
fn numbers(
    experiment: &Experiment,
    labelled: Labelled,
    excluded: &mut Vec<Exclusion>,
) -> Result<(Labelled, Vec<Vec<f64>>, Vec<String>)> {
    let Labelled { clips, labels, classes, dropped } = labelled;
    let task = &experiment.task;
    let (outputs, found) = match task.kind {
        task::Kind::Distribution => task.read_votes(&clips)?,
        _ => (task.targets.clone(), task.read(&clips)?),
    };
    if found.kept.len() < 2 {
        return Err(Error::Data(format!(
            "{} of {} clips have all of {}: fill the columns of more clips",
            found.kept.len(),
            clips.len(),
            if outputs.is_empty() { "what task.weights names".to_owned() } else { outputs.join(", ") }
        )));
    }
    excluded.extend(found.lacking.iter().map(|(at, target)| Exclusion {
        path: clips[*at].source.file().map_or_else(|| clips[*at].id.clone().into(), Path::to_owned),
        reason: format!("no {target} (task.missing = \"drop\")"),
        cause: Cause::Row,
    }));
    let mut wanted = found.kept.iter().copied().peekable();
    let (mut kept, mut their) = (Vec::with_capacity(found.kept.len()), Vec::with_capacity(found.kept.len()));
    for (at, (clip, label)) in clips.into_iter().zip(labels).enumerate() {
        if wanted.next_if_eq(&at).is_some() {
            kept.push(clip);
            their.push(label);
        }
    }
    // A class whose clips have all gone is none.
    let left: Vec<usize> = (0..classes.len()).filter(|class| their.contains(class)).collect();
    let labels = their.iter().map(|class| left.partition_point(|known| known < class)).collect();
    let classes: Vec<String> = left.into_iter().map(|class| classes[class].clone()).collect();
    if let (task::Kind::MultiTask, [alone]) = (task.kind, &classes[..]) {
        return Err(Error::Data(format!(
            "all {} clips that have what task.weights names are of one class, {alone}: fill the columns of clips of others",
            kept.len()
        )));
    }
    Ok((Labelled { clips: kept, labels, classes, dropped }, found.values, outputs))
}

/// Lists one corpus and looks into its files, as an experiment with the usual features would; `data` is the folder that its root is relative to. Files
/// that are `known` are not decoded again; what is found is kept there.
///
/// # Errors
///
/// As [`corpus::scan`].
pub fn look_into(
    corpus: &CorpusConfig,
    data: &Path,
    known: &Known,
    observer: &dyn Observer,
) -> Result<(Scan, Findings)> {
    let usual = FeaturesConfig::default().shortest(AudioConfig::default().sample_rate);
    Ok(inspected(corpus::scan(corpus, data)?, known, usual, observer))
}

/// What is known of files: what the folder of the cache keeps, where there is one.
#[must_use]
pub fn known(cache: &Path) -> Known {
    if cache.is_dir() { Known::open(cache) } else { Known::default() }
}

fn inspected(scan: Scan, known: &Known, shortest: f64, observer: &dyn Observer) -> (Scan, Findings) {
    let files = scan.clips.len();
    let work = observer.work("checking files", files);
    let looked = corpus::look_into(scan, known, shortest, || work.step());
    drop(work);
    // Of few it takes a moment.
    let work = (files >= MANY).then(|| observer.work("comparing recordings", corpus::STEPS));
    let found = looked.compare(known, || work.iter().for_each(|work| work.step()));
    drop(work);
    // What was found is there, whether or not it can be kept.
    if let Err(error) = known.save() {
        observer.log(&format!("note: {error}; files are decoded again next time"));
    }
    found
}

/// Refuses more losses than the config allows, and names all of them at once.
fn refuse(experiment: &Experiment, scan: &Scan, lost: &BTreeMap<String, usize>) -> Result<()> {
    let allowed = |name: &str| {
        experiment.corpora.iter().find(|corpus| corpus.name() == name).map_or(0, |corpus| corpus.allow_missing)
    };
    let over: Vec<String> = lost
        .iter()
        .filter(|(corpus, lost)| **lost > allowed(corpus))
        .map(|(corpus, lost)| format!("{lost} of {corpus}, where allow_missing = {}", allowed(corpus)))
        .collect();
    if over.is_empty() {
        return Ok(());
    }
    const SHOWN: usize = 200;
    let losses: Vec<&Exclusion> = scan.excluded.iter().filter(|exclusion| exclusion.cause.is_loss()).collect();
    let shown = losses.iter().take(SHOWN).map(|file| format!("\n  {}: {}", file.path.display(), file.reason));
    let more = losses.len().saturating_sub(SHOWN);
    Err(Error::Data(format!(
        "{} clips are missing or damaged ({}):{}{}\nfetch them again, or set allow_missing in the [[corpora]] table to go on \
         without them, which every report then says",
        losses.len(),
        over.join("; "),
        shown.collect::<String>(),
        if more > 0 { format!("\n  and {more} more") } else { String::new() }
    )))
}
