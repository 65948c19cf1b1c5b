//! Stress: the test clips of a protocol, altered as life alters them, answered again by a trained bundle.
//!
//! ```text
//! bundle + config ─► test clips ─┬─────────────────────► answers ─┐
//!                                └─► a test's alteration ─► answers ─┴─► figures, paired by clip ─► passed, failed, not decided
//! ```
//!
//! | module | what it holds |
//! |---|---|
//! | `suite` | the tests: what is altered and how much, and the limits |
//! | `alter` | what becomes of a clip |
//! | `sounds`, `room` | what alterations are made of, with the codecs and filters of `augment`; nothing is downloaded |
//!
//! Everything is drawn from one seed by streams that are named by test and clip, so that neither threads nor the choice of
//! tests or clips changes a single answer. A limit is judged by the 95 % interval over speakers, not by the figure: what
//! too few speakers cannot tell is not decided.

mod alter;
mod room;
mod sounds;
mod suite;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub use suite::{Suite, UAR_LOSS};

use self::{
    alter::{Alteration, Material},
    suite::Test,
};
use crate::{
    audio::{self, Audio, resample},
    augment::Recordings,
    bundle::Bundle,
    error::{Error, Result},
    eval::{
        Bootstrap, Decision, LEAST_SPEAKERS, Scores,
        robustness::{Robustness, Twice},
    },
    events::Observer,
    experiment::Prepared,
    metrics::Confusion,
    numeric::argmax,
    predict::Recognizer,
    rng,
};

/// The schema's name and version of `stress.json`.
const SCHEMA: &str = "ser-stress/1";

/// What to do.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The tests.
    pub suite: Suite,
    /// Answer at most so many clips: as many of each speaker and emotion as there is room for.
    pub limit: Option<usize>,
    /// The fold whose test side is answered; that of the bundle where absent.
    pub fold: Option<String>,
    /// The seed of all that is drawn.
    pub seed: u64,
    /// A folder of recordings of noise, for tests of its own.
    pub noises: Option<PathBuf>,
    /// A folder of impulse responses, for a test of its own.
    pub rooms: Option<PathBuf>,
    /// How intervals are drawn.
    pub bootstrap: Bootstrap,
}

/// What came out: `stress.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stress {
    /// `ser-stress/1`.
    pub schema: String,
    /// The experiment that the bundle comes from.
    pub experiment: String,
    /// The fold whose test side was answered.
    pub fold: String,
    /// The protocol of the test side.
    pub protocol: String,
    /// The corpora of the clips.
    pub corpora: Vec<String>,
    /// What a reader must know first.
    pub warnings: Vec<String>,
    /// The emotions.
    pub classes: Vec<String>,
    /// The tests that were made.
    pub suite: Suite,
    /// The seed of all that was drawn.
    pub seed: u64,
    /// How intervals were drawn.
    pub bootstrap: Bootstrap,
    /// Clips, as they are and altered.
    pub clips: usize,
    /// Test clips that were left out by `--limit`.
    pub left_out: usize,
    /// Speakers of the clips.
    pub speakers: usize,
    /// The clips as they are.
    pub clean: Clean,
    /// The limit of the difference of UAR, below 0.
    pub uar_limit: f64,
    /// The tests.
    pub tests: Vec<Tested>,
}

/// The clips as they are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Clean {
    /// Unweighted average recall, 0 to 1.
    pub uar: f64,
    /// Accuracy, 0 to 1.
    pub wa: f64,
    /// The figures of an alteration that alters nothing.
    pub figures: Robustness,
}

/// A test with its figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tested {
    /// Its name: `white-20db`.
    pub name: String,
    /// What tests of other strengths are called as well: `white noise`.
    pub kind: String,
    /// The strength, where there is one …
    pub strength: Option<f64>,
    /// … and its unit.
    pub unit: String,
    /// The least share of unchanged answers, where there is such a limit.
    pub unchanged_limit: Option<f64>,
    /// The figures.
    #[serde(flatten)]
    pub figures: Robustness,
    /// Of the difference of UAR against its limit.
    pub uar_decision: Decision,
    /// Of the share of unchanged answers against its limit.
    pub unchanged_decision: Option<Decision>,
    /// Of both.
    pub decision: Decision,
}

impl Stress {
    /// How many tests came out so.
    #[must_use]
    pub fn count(&self, decision: Decision) -> usize {
        self.tests.iter().filter(|test| test.decision == decision).count()
    }
}

/// A clip to answer.
struct Subject<'a> {
    id: &'a str,
    speaker: String,
    truth: usize,
    source: &'a audio::Source,
}

/// Answers a fold's test clips as they are and altered.
///
/// # Errors
///
/// [`Error::Config`] where the bundle was trained on clips of the test side, knows other emotions, or the fold is not known;
/// [`Error::File`] where a clip as it is cannot be answered; [`Error::Interrupted`] where a stop was asked for.
pub fn stress(
    bundle: Bundle,
    prepared: &Prepared,
    models: &Path,
    settings: &Settings,
    observer: &dyn Observer,
) -> Result<Stress> {
    if !bundle.task.has_classes() && !bundle.scales.is_empty() {
        return Err(Error::Config(format!(
            "{} has learnt numbers, and what is counted here is answers that are emotions: give a bundle of emotions",
            bundle.record.experiment
        )));
    }
    let record = bundle.record.clone();
    let mut warnings = Vec::new();
    let wanted = settings.fold.as_deref().unwrap_or(&record.fold);
    let folds: Vec<&str> = prepared.plan.folds.iter().map(|fold| fold.name.as_str()).collect();
    let fold = prepared.plan.folds.iter().find(|fold| fold.name == wanted).ok_or_else(|| {
        Error::Config(format!("--fold {wanted} is not a fold of {}: {}", prepared.experiment.name, folds.join(", ")))
    })?;
    if prepared.plan.leak.is_some() {
        return Err(Error::Config(format!(
            "protocol.kind = {}: its test side leaks on purpose, and nothing can be said of a recogniser by it",
            prepared.plan.kind
        )));
    }
    let sides = prepared.plan.test_sides(&prepared.clips);
    let corpora: BTreeSet<&str> = fold.test.iter().map(|&clip| prepared.clips[clip].corpus.as_str()).collect();
    let trained: Vec<&str> =
        record.seen().iter().map(String::as_str).filter(|corpus| corpora.contains(corpus)).collect();
    let same_fold = record.protocol.test_sides.as_ref() == Some(&sides) && record.fold == fold.name;
    if !trained.is_empty() && !same_fold {
        if record.protocol.test_sides.is_some() {
            return Err(Error::Config(format!(
                "the bundle was trained on {} with fold {} of other test sides than fold {} of this config: what is tested \
                 may have been learnt. Give the config that it was trained with, or test it on another corpus",
                trained.join(", "),
                record.fold,
                fold.name
            )));
        }
        warnings.push(format!(
            "The bundle is of an earlier version, which did not note what its fold tests: clips of {} may have been learnt.",
            trained.join(", ")
        ));
    }
    // Their ids say nothing of their labels.
    let ours = prepared.data(fold);
    if same_fold
        && let Some(data) = &record.data
        && data.digest != ours.digest
    {
        return Err(Error::Config(format!(
            "the clips of {} have other labels, speakers or sound than when the bundle was trained: answers would be judged by \
             what it has not learnt. Train it again, or give the data as they were",
            prepared.experiment.name
        )));
    }
    if record.synthetic || prepared.clips.iter().any(|clip| clip.source.file().is_none()) {
        warnings.push("SYNTHETIC SPEECH: these figures say nothing of people.".to_owned());
    }
    let recognizer = Recognizer::with_models(vec![bundle], models)?;
    let classes = recognizer.classes().to_vec();
    let all = known(prepared, &fold.test, &classes, &mut warnings)?;
    let subjects = chosen(&all, settings)?;
    let left_out = all.len() - subjects.len();
    let speakers = subjects.iter().map(|subject| &subject.speaker).collect::<BTreeSet<_>>().len();
    if speakers < LEAST_SPEAKERS {
        warnings.push(format!("{speakers} speakers: fewer than {LEAST_SPEAKERS} decide nothing."));
    }
    let folder = |path: &Option<PathBuf>, named| {
        path.as_ref().map(|path| Recordings::open(path, named, &prepared.known)).transpose()
    };
    let (noises, responses) = (folder(&settings.noises, "--noises")?, folder(&settings.rooms, "--rooms")?);
    let tests = suite::tests(settings.suite, noises.is_some(), responses.is_some());
    let sources = Sources { others: &all, noises, responses, seed: settings.seed, rooms: Mutex::default() };
    let work = observer.work("answering altered clips", subjects.len() * (tests.len() + 1));
    let answered: Vec<Answered> = (0..subjects.len())
        .into_par_iter()
        .map(|at| {
            if observer.stop_requested() {
                return Err(Error::Interrupted(format!("stopped before {}", subjects[at].id)));
            }
            answer(&recognizer, &sources, &tests, subjects[at], &|| work.step())
        })
        .collect::<Result<_>>()?;
    drop(work);
    figures(
        Stress {
            schema: SCHEMA.to_owned(),
            experiment: record.experiment,
            fold: fold.name.clone(),
            protocol: prepared.plan.kind.name().to_owned(),
            corpora: corpora.into_iter().map(str::to_owned).collect(),
            warnings,
            classes,
            suite: settings.suite,
            seed: settings.seed,
            bootstrap: settings.bootstrap,
            clips: subjects.len(),
            left_out,
            speakers,
            clean: Clean { uar: 0.0, wa: 0.0, figures: empty() },
            uar_limit: -UAR_LOSS,
            tests: vec![],
        },
        &tests,
        &subjects,
        &answered,
    )
}

/// The answers to a clip: as it is, and in each test; none where there was none.
struct Answered {
    clean: Vec<f32>,
    altered: Vec<Option<Vec<f32>>>,
}

type Rooms = BTreeMap<(u32, u32), Arc<[f32]>>;

/// What alterations draw from, of all clips.
struct Sources<'a> {
    /// All test clips, whichever are answered: voices do not depend on `--limit`.
    others: &'a [Subject<'a>],
    noises: Option<Recordings>,
    responses: Option<Recordings>,
    seed: u64,
    /// Responses by reverberation time in milliseconds and rate.
    rooms: Mutex<Rooms>,
}

impl Sources<'_> {
    fn room(&self, rt60: f64, rate: u32) -> Arc<[f32]> {
        // Computed in the lock, so that it is once; a poisoned one holds what is whole.
        let mut rooms = self.rooms.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let key = ((1000.0 * rt60).round() as u32, rate);
        Arc::clone(rooms.entry(key).or_insert_with(|| room::response(rt60, rate, self.seed).into()))
    }

    /// Other clips for babble, at a rate: of other speakers as far as there are any.
    fn voices(&self, subject: &Subject<'_>, rate: u32) -> Result<Vec<Vec<f32>>> {
        use rand::RngExt;
        let others: Vec<&Subject<'_>> = self.others.iter().filter(|other| other.speaker != subject.speaker).collect();
        let all: Vec<&Subject<'_>> = self.others.iter().filter(|other| other.id != subject.id).collect();
        let from = if others.is_empty() { all } else { others };
        let stream = &mut rng::stream(self.seed, &[&"stress", &"voices", &subject.id]);
        let count = if from.is_empty() { 0 } else { sounds::VOICES };
        (0..count)
            .map(|_| {
                let other = from[stream.random_range(0..from.len() as u64) as usize];
                resample(audio::load(other.source)?, rate)
                    .map_err(|problem| Error::Data(format!("{}: {problem}", other.id)))
            })
            .collect()
    }
}

fn answer(
    recognizer: &Recognizer,
    sources: &Sources<'_>,
    tests: &[Test],
    subject: &Subject<'_>,
    step: &dyn Fn(),
) -> Result<Answered> {
    let clip = audio::load(subject.source)?;
    let said = |audio: &Audio| recognizer.samples(&audio.samples, audio.sample_rate);
    let clean = said(&clip).map_err(|error| Error::Data(format!("{}: {error}", subject.id)))?.probabilities().to_vec();
    step();
    let babbles = tests.iter().any(|test| matches!(test.alteration, Alteration::Noise(alter::Sound::Babble, _)));
    let voices = if babbles { sources.voices(subject, clip.sample_rate)? } else { vec![] };
    let room = |rt60: f64| sources.room(rt60, clip.sample_rate);
    let material = Material {
        voices: &voices,
        room: &room,
        noises: sources.noises.as_ref(),
        responses: sources.responses.as_ref(),
    };
    let mut altered = Vec::with_capacity(tests.len());
    for test in tests {
        // Of one kind all strengths draw alike: what differs between them is the strength.
        let stream = &mut rng::stream(sources.seed, &[&"stress", &test.kind, &subject.id]);
        let heard = test.alteration.apply(&clip, &material, stream)?;
        altered.push(said(&heard).ok().map(|answer| answer.probabilities().to_vec()));
        step();
    }
    Ok(Answered { clean, altered })
}

/// The test clips whose emotion the bundle knows.
fn known<'a>(
    prepared: &'a Prepared,
    test: &[usize],
    classes: &[String],
    warnings: &mut Vec<String>,
) -> Result<Vec<Subject<'a>>> {
    let mut unknown = BTreeMap::<&str, usize>::new();
    let mut subjects = Vec::new();
    for &member in test {
        let (clip, class) = (&prepared.clips[member], &prepared.classes[prepared.labels[member]]);
        match classes.iter().position(|known| known == class) {
            Some(truth) => {
                subjects.push(Subject { id: &clip.id, speaker: clip.speaker_key(), truth, source: &clip.source });
            }
            None => *unknown.entry(class).or_default() += 1,
        }
    }
    if subjects.is_empty() {
        return Err(Error::Config(format!(
            "the bundle knows {}, and no test clip is of these: the config's classes are {}",
            classes.join(", "),
            prepared.classes.join(", ")
        )));
    }
    if !unknown.is_empty() {
        let of: Vec<String> = unknown.iter().map(|(class, n)| format!("{n} of {class}")).collect();
        warnings.push(format!("Test clips whose emotion the bundle does not know are left out: {}.", of.join(", ")));
    }
    Ok(subjects)
}

/// As many of the clips as are wanted: of each speaker and emotion alike.
fn chosen<'a>(all: &'a [Subject<'a>], settings: &Settings) -> Result<Vec<&'a Subject<'a>>> {
    let Some(limit) = settings.limit.filter(|limit| *limit < all.len()) else { return Ok(all.iter().collect()) };
    if limit == 0 {
        return Err(Error::Config("--limit 0: nothing would be answered".into()));
    }
    // Each speaker's clips of each emotion in an order of their own; then the first of every such group, the second …
    let mut groups = BTreeMap::<(&str, usize), Vec<&Subject<'_>>>::new();
    for subject in all {
        groups.entry((&subject.speaker, subject.truth)).or_default().push(subject);
    }
    let place = |id: &str| rand::RngExt::random::<u64>(&mut rng::stream(settings.seed, &[&"stress", &"limit", &id]));
    let mut ranked: Vec<(usize, u64, &Subject<'_>)> = Vec::new();
    for mut group in groups.into_values() {
        group.sort_by_key(|subject| place(subject.id));
        ranked.extend(group.into_iter().enumerate().map(|(rank, subject)| (rank, place(subject.id), subject)));
    }
    ranked.sort_by_key(|(rank, place, _)| (*rank, *place));
    ranked.truncate(limit);
    let mut kept: Vec<&Subject<'_>> = ranked.into_iter().map(|(_, _, subject)| subject).collect();
    kept.sort_by_key(|subject| subject.id);
    Ok(kept)
}

fn empty() -> Robustness {
    Robustness {
        clips: 0,
        speakers: 0,
        unanswered: 0,
        uar: 0.0,
        uar_interval: None,
        difference: 0.0,
        difference_interval: None,
        unchanged: 0.0,
        unchanged_interval: None,
        calibration_error: None,
        calibration_change: None,
        confidence: None,
    }
}

fn figures(mut found: Stress, tests: &[Test], subjects: &[&Subject<'_>], answered: &[Answered]) -> Result<Stress> {
    let classes = found.classes.len();
    let none = || Error::Data("there is no clip to answer".into());
    let robustness = |which: Option<usize>| {
        let clips: Vec<Twice<'_>> = subjects
            .iter()
            .zip(answered)
            .map(|(subject, answered)| Twice {
                speaker: &subject.speaker,
                truth: subject.truth,
                clean: &answered.clean,
                altered: match which {
                    None => Some(&answered.clean),
                    Some(test) => answered.altered[test].as_deref(),
                },
            })
            .collect();
        Robustness::of(classes, &clips, found.bootstrap).ok_or_else(none)
    };
    let pairs = subjects.iter().zip(answered).map(|(subject, answered)| (subject.truth, argmax(&answered.clean)));
    let scores = Scores::of(&Confusion::from_pairs(found.classes.clone(), pairs)?)?;
    let clean = Clean { uar: scores.uar, wa: scores.wa, figures: robustness(None)? };
    // Who says the same of every clip stands everything.
    let present = subjects.iter().map(|subject| subject.truth).collect::<BTreeSet<_>>().len();
    let knows = clean.figures.uar_interval.is_some_and(|within| within.low > 1.0 / present as f64);
    if !knows && found.speakers >= LEAST_SPEAKERS {
        found.warnings.push(
            "As they are, the clips are not recognised better than by chance, as far as can be told: nothing is lost that was \
             not there, and no test is passed."
                .to_owned(),
        );
    }
    let judged = |limit: f64, within, speakers| match Decision::at_least(limit, within, speakers) {
        Decision::Passed if !knows => Decision::NotDecided,
        decision => decision,
    };
    let tested = tests
        .iter()
        .enumerate()
        .map(|(number, test)| {
            let figures = robustness(Some(number))?;
            let uar = judged(found.uar_limit, figures.difference_interval, figures.speakers);
            let unchanged = test.unchanged.map(|limit| judged(limit, figures.unchanged_interval, figures.speakers));
            Ok(Tested {
                name: test.name.clone(),
                kind: test.kind.to_owned(),
                strength: test.strength,
                unit: test.unit.to_owned(),
                unchanged_limit: test.unchanged,
                figures,
                uar_decision: uar,
                unchanged_decision: unchanged,
                decision: unchanged.map_or(uar, |unchanged| uar.and(unchanged)),
            })
        })
        .collect::<Result<_>>()?;
    found.clean = clean;
    found.tests = tested;
    Ok(found)
}
