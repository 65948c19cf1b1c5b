//! What adapting to a test speaker without labels is worth, by how much was heard of them: a protocol of its own, from saved
//! predictions.

use std::collections::{BTreeMap, BTreeSet};

use rand::seq::SliceRandom;
use serde::Serialize;

use super::{
    Bootstrap, Interval,
    robustness::{Robustness, Twice},
};
use crate::{
    adapt::{Adaptation, Estimate, Heard},
    numeric::softmax,
    rng,
    run::{ClipRecord, Embeddings, Prediction},
};

/// Seconds of a speaker that are heard before the answers.
const SECONDS: [f64; 4] = [0.0, 10.0, 30.0, 60.0];
/// How often each speaker's clips are put into another order, at random.
const DRAWS: usize = 10;
/// Of a skewed side, clips of the one emotion and of the other.
const SKEWED: [usize; 2] = [8, 2];

/// What was heard of a speaker, and what is answered.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "side", content = "seconds")]
pub enum Enrolment {
    /// Clips drawn without regard to their labels until so many seconds are there; others are answered.
    Seconds(f64),
    /// All of the speaker's clips, those that are answered among them.
    All,
    /// Ten clips of two emotions, eight to two, which are answered, too.
    Skewed,
    /// Eight clips of one emotion; all others are answered.
    OneEmotionEnrolled,
    /// All clips of one emotion, which are answered, too.
    OneEmotion,
}

impl Enrolment {
    /// What it is, for people.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Seconds(seconds) => format!("{seconds} s"),
            Self::All => "all of the speaker's clips".into(),
            Self::Skewed => "side of two emotions, 8 clips to 2".into(),
            Self::OneEmotionEnrolled => "8 clips of one emotion, others answered".into(),
            Self::OneEmotion => "side of one emotion".into(),
        }
    }
}

/// One point: answers adapted to what was heard, compared with the same answers as they come.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AdaptedPoint {
    /// What was heard.
    #[serde(flatten)]
    pub enrolment: Enrolment,
    /// Seconds that were heard of a speaker, on average: less than was asked for where a speaker has not as much.
    pub heard: f64,
    /// The part of speakers and draws where the adaptation was not left off.
    pub adapted: f64,
    /// How far it was adapted, on average; 0 where it was left off.
    pub degree: f64,
    /// Answers, of all draws.
    pub answers: usize,
    /// Speakers.
    pub speakers: usize,
    /// Unweighted average recall, adapted.
    pub uar: f64,
    /// Its interval, by speaker.
    pub uar_interval: Option<Interval>,
    /// The UAR less that of the same clips as they come.
    pub difference: f64,
    /// Its interval, paired, by speaker.
    pub difference_interval: Option<Interval>,
}

/// Adaptation as a protocol: UAR over seconds heard, then sides on which a plain mean would lose.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AdaptedCurve {
    /// Orders that each speaker's clips were put into.
    pub draws: usize,
    /// The seed of the draws.
    pub seed: u64,
    /// The points; those over seconds are of the same clips.
    pub points: Vec<AdaptedPoint>,
}

/// What a run's bundle knows of speakers.
#[derive(Debug, Clone, PartialEq)]
pub struct Adapting {
    /// How it adapts.
    pub adaptation: Adaptation,
    /// What its second head makes of each test clip; nothing without one.
    pub scores: BTreeMap<String, Vec<f32>>,
}

impl Adapting {
    /// With the embeddings of the test side, which a second head is asked about.
    ///
    /// # Errors
    ///
    /// What is wrong with the embeddings, in words.
    pub fn new(adaptation: Adaptation, embeddings: Option<&Embeddings>) -> Result<Self, String> {
        let scores = match (&adaptation.centred, embeddings) {
            (Some(head), Some(Embeddings { clips, vectors })) => {
                if let Some(vector) = vectors.iter().find(|vector| vector.len() != head.width()) {
                    return Err(format!("has rows of {} numbers, and the bundle's are {}", vector.len(), head.width()));
                }
                clips.iter().cloned().zip(vectors.iter().map(|vector| head.scores(vector))).collect()
            }
            _ => BTreeMap::new(),
        };
        Ok(Self { adaptation, scores })
    }

    /// With what the second head made of the test side.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in words.
    pub fn scored(adaptation: Adaptation, scores: Embeddings) -> Result<Self, String> {
        let classes = adaptation.means.len();
        if let Some(row) = scores.vectors.iter().find(|row| row.len() != classes) {
            return Err(format!("has rows of {} numbers, and the bundle knows {classes} emotions", row.len()));
        }
        Ok(Self { adaptation, scores: scores.clips.into_iter().zip(scores.vectors).collect() })
    }
}

/// A test clip's answer.
struct Clip<'a> {
    row: &'a Prediction,
    heard: Heard,
}

/// A speaker's clips under one run, with what its bundle knows.
struct Speaker<'a> {
    adaptation: &'a Adaptation,
    key: &'a str,
    clips: Vec<Clip<'a>>,
}

/// What is answered and heard of one speaker, once: places in [`Speaker::clips`].
struct Trial {
    speaker: usize,
    heard: Vec<usize>,
    answered: Vec<usize>,
}

impl AdaptedCurve {
    /// Of the predictions of runs, each with what its bundle knows, by fold and seed; `None` where no speaker has ten clips of
    /// a run that can adapt.
    #[must_use]
    pub fn of(
        classes: usize,
        rows: &[Prediction],
        clips: &BTreeMap<String, ClipRecord>,
        adaptations: &BTreeMap<(String, u64), Adapting>,
        bootstrap: Bootstrap,
    ) -> Option<Self> {
        let mut by_speaker: BTreeMap<(&str, u64, &str), Vec<&Prediction>> = BTreeMap::new();
        rows.iter().for_each(|row| by_speaker.entry((&row.fold, row.seed, &row.speaker)).or_default().push(row));
        let speakers: Vec<Speaker> = by_speaker
            .into_iter()
            .filter(|(_, rows)| rows.len() >= 10)
            .filter_map(|((fold, seed, key), rows)| {
                let adapting = adaptations.get(&(fold.to_owned(), seed))?;
                let clip = |row| clip(row, clips, adapting);
                Some(Speaker { adaptation: &adapting.adaptation, key, clips: rows.into_iter().map(clip).collect() })
            })
            .collect();
        if speakers.is_empty() {
            return None;
        }
        let seed = bootstrap.seed;
        let over_seconds = SECONDS.map(Enrolment::Seconds).into_iter().chain([Enrolment::All]);
        let sides = [Enrolment::Skewed, Enrolment::OneEmotionEnrolled, Enrolment::OneEmotion];
        let points = over_seconds
            .chain(sides)
            .filter_map(|enrolment| {
                let trials = (0..speakers.len()).flat_map(|at| trials(at, &speakers[at], enrolment, seed)).collect();
                point(classes, &speakers, enrolment, trials, bootstrap)
            })
            .collect();
        Some(Self { draws: DRAWS, seed, points })
    }
}

fn clip<'a>(row: &'a Prediction, clips: &BTreeMap<String, ClipRecord>, of: &Adapting) -> Clip<'a> {
    let seconds = clips.get(&row.clip).and_then(|clip| clip.seconds).unwrap_or(of.adaptation.seconds);
    let logs = row.probabilities.iter().map(|p| p.max(f32::MIN_POSITIVE).ln()).collect();
    let scores = of.scores.get(&row.clip).cloned().unwrap_or_default();
    Clip { row, heard: Heard { logs, scores, seconds } }
}

fn trials(at: usize, speaker: &Speaker, enrolment: Enrolment, seed: u64) -> Vec<Trial> {
    let all: Vec<usize> = (0..speaker.clips.len()).collect();
    let truth = |clip: &usize| speaker.clips[*clip].row.truth;
    let emotions: Vec<usize> = all.iter().map(truth).collect::<BTreeSet<_>>().into_iter().collect();
    let trial = |heard: Vec<usize>, answered: Vec<usize>| {
        (!answered.is_empty()).then_some(Trial { speaker: at, heard, answered })
    };
    let one_draw = |draw: usize| -> Vec<Trial> {
        let mut stream = rng::stream(seed, &[&"adaptation", &speaker.key, &draw]);
        let mut order = all.clone();
        order.shuffle(&mut stream);
        let of = |emotion: usize, most: usize| -> Vec<usize> {
            order.iter().copied().filter(|clip| truth(clip) == emotion).take(most).collect()
        };
        let found = match enrolment {
            Enrolment::Seconds(seconds) => {
                let longest = SECONDS.last().copied().unwrap_or_default();
                let (heard, answered) = (prefix(speaker, &order, seconds), prefix(speaker, &order, longest));
                vec![trial(order[..heard].to_vec(), order[answered..].to_vec())]
            }
            Enrolment::All => {
                let answered = prefix(speaker, &order, SECONDS.last().copied().unwrap_or_default());
                vec![trial(all.clone(), order[answered..].to_vec())]
            }
            Enrolment::Skewed => {
                let mut emotions = emotions.clone();
                emotions.shuffle(&mut stream);
                let [one, other] = [(0, SKEWED[0]), (1, SKEWED[1])]
                    .map(|(at, most)| emotions.get(at).map(|&emotion| of(emotion, most)).unwrap_or_default());
                let side = (one.len() == SKEWED[0] && other.len() == SKEWED[1]).then(|| [one, other].concat());
                vec![side.and_then(|side| trial(side.clone(), side))]
            }
            Enrolment::OneEmotionEnrolled => {
                let one = |&emotion: &usize| {
                    let heard = of(emotion, SKEWED[0]);
                    let rest = order.iter().copied().filter(|clip| !heard.contains(clip)).collect();
                    if heard.len() == SKEWED[0] { trial(heard, rest) } else { None }
                };
                emotions.iter().map(one).collect()
            }
            Enrolment::OneEmotion => {
                let one = |&emotion: &usize| {
                    let side = of(emotion, usize::MAX);
                    if side.len() >= SKEWED[0] { trial(side.clone(), side) } else { None }
                };
                emotions.iter().map(one).collect()
            }
        };
        found.into_iter().flatten().collect()
    };
    // All clips of an emotion are the same in every draw.
    let draws = if enrolment == Enrolment::OneEmotion { 1 } else { DRAWS };
    (0..draws).flat_map(one_draw).collect()
}

/// How many clips of the order make so many seconds: at most half of them, so that others are left to be answered.
fn prefix(speaker: &Speaker, order: &[usize], seconds: f64) -> usize {
    let mut sum = 0.0;
    let enough = order.iter().position(|&clip| {
        let there = sum >= seconds;
        sum += speaker.clips[clip].heard.seconds;
        there
    });
    enough.unwrap_or(order.len()).min(order.len() / 2)
}

fn point(
    classes: usize,
    speakers: &[Speaker],
    enrolment: Enrolment,
    trials: Vec<Trial>,
    bootstrap: Bootstrap,
) -> Option<AdaptedPoint> {
    let estimates: Vec<Estimate> = trials
        .iter()
        .map(|trial| {
            let speaker = &speakers[trial.speaker];
            speaker.adaptation.estimate(trial.heard.iter().map(|&clip| &speaker.clips[clip].heard))
        })
        .collect();
    let mut answers: Vec<(&Speaker, &Clip, Vec<f32>)> = Vec::new();
    for (trial, estimate) in trials.iter().zip(&estimates) {
        let speaker = &speakers[trial.speaker];
        for &at in &trial.answered {
            let clip = &speaker.clips[at];
            let adapted = match estimate.off {
                None => softmax(&estimate.adapted(&clip.heard.logs, &clip.heard.scores))
                    .into_iter()
                    .map(|p| p as f32)
                    .collect(),
                Some(_) => clip.row.probabilities.clone(),
            };
            answers.push((speaker, clip, adapted));
        }
    }
    let twice: Vec<Twice> = answers
        .iter()
        .map(|(speaker, clip, adapted)| Twice {
            speaker: speaker.key,
            truth: clip.row.truth,
            clean: &clip.row.probabilities,
            altered: Some(adapted),
        })
        .collect();
    let found = Robustness::of(classes, &twice, bootstrap)?;
    let mean = |of: &dyn Fn(&Estimate) -> f64| estimates.iter().map(of).sum::<f64>() / estimates.len() as f64;
    Some(AdaptedPoint {
        enrolment,
        heard: mean(&|estimate| estimate.seconds),
        adapted: mean(&|estimate| f64::from(u8::from(estimate.off.is_none()))),
        degree: mean(&|estimate| estimate.degree),
        answers: found.clips,
        speakers: found.speakers,
        uar: found.uar,
        uar_interval: found.uar_interval,
        difference: found.difference,
        difference_interval: found.difference_interval,
    })
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;
    use crate::adapt::CentredHead;

    const BOOTSTRAP: Bootstrap = Bootstrap { samples: 200, seed: 1 };

    fn adaptation() -> Adaptation {
        let unit = |by: f64| vec![vec![by, 0.0], vec![0.0, by]];
        // Where log-probabilities of 4 for the class and 0 for the others lie.
        let (x, y) = (4.0 / 2f64.sqrt(), 4.0 / 6f64.sqrt());
        let means = vec![vec![x, y], vec![-x, y], vec![0.0, -2.0 * y]];
        Adaptation {
            seconds: 2.5,
            speakers: 5,
            means,
            within: unit(0.8),
            prior: unit(4.0),
            centred: None,
            second: None,
            sharpness: None,
        }
    }

    /// 90 clips of each of four speakers, each moved by an offset of its own.
    fn rows() -> Vec<Prediction> {
        let stream = &mut rng::stream(8, &[&"adapted"]);
        let offsets = [[3.5, -2.0, 0.0], [-2.0, 3.0, 0.0], [-3.0, 0.0, 3.0], [3.0, -1.0, -3.0]];
        (0..360)
            .map(|i| {
                let (speaker, truth) = (i / 90, i % 3);
                let logits: Vec<f64> = (0..3)
                    .map(|k| {
                        let own = if k == truth { 4.0 } else { 0.0 };
                        own + offsets[speaker][k] + stream.random_range(-1.5..1.5)
                    })
                    .collect();
                let probabilities: Vec<f32> = softmax(&logits).into_iter().map(|p| p as f32).collect();
                Prediction {
                    clip: format!("c/{speaker}/{i:03}"),
                    speaker: format!("c/{speaker}"),
                    fold: "0".into(),
                    seed: 1,
                    truth,
                    prediction: crate::numeric::argmax(&probabilities),
                    probabilities,
                }
            })
            .collect()
    }

    fn adapting(fold: &str, adaptation: Adaptation) -> BTreeMap<(String, u64), Adapting> {
        BTreeMap::from([((fold.to_owned(), 1), Adapting::new(adaptation, None).unwrap())])
    }

    fn curve(rows: &[Prediction]) -> Option<AdaptedCurve> {
        let of = adapting("0", adaptation());
        AdaptedCurve::of(3, rows, &BTreeMap::new(), &of, BOOTSTRAP)
    }

    #[test]
    fn the_curve_rises_and_skewed_sides_lose_nothing() {
        let curve = curve(&rows()).unwrap();
        let by: BTreeMap<String, &AdaptedPoint> =
            curve.points.iter().map(|point| (point.enrolment.words(), point)).collect();
        let uars: Vec<f64> = ["0 s", "10 s", "60 s", "all of the speaker's clips"].map(|name| by[name].uar).into();
        assert!(uars[0] < uars[1] && uars[1] < uars[2] && uars[3] > uars[0] + 0.05, "{uars:?}");
        let none = by["0 s"];
        assert_eq!((none.difference, none.adapted, none.heard, none.degree), (0.0, 0.0, 0.0, 0.0));
        assert!((by["60 s"].heard - 60.0).abs() < 2.6 && by["60 s"].speakers == 4);
        assert_eq!(none.answers, by["60 s"].answers, "the same clips at each point");
        for point in curve.points.iter().rev().take(3) {
            assert!(point.difference > -0.02, "{point:?}");
        }
        assert!(by["side of one emotion"].adapted < 0.2);
    }

    #[test]
    fn a_second_head_answers_where_many_emotions_are_heard() {
        // The embeddings say the class to a second head that tells them from the mean; probabilities say nothing.
        let rows: Vec<Prediction> = rows()
            .into_iter()
            .map(|row| Prediction { probabilities: vec![0.34, 0.33, 0.33], prediction: 0, ..row })
            .collect();
        let (clips, vectors) = rows
            .iter()
            .map(|row| (row.clip.clone(), (0..3).map(|k| 9.0 + f32::from(u8::from(k == row.truth))).collect()))
            .unzip();
        let embeddings = Embeddings { clips, vectors };
        let weight = vec![40.0, 0.0, 0.0, 0.0, 40.0, 0.0, 0.0, 0.0, 40.0];
        // Where classes lie is not what is tried here: all emotions seem to be heard.
        let head = CentredHead::new(weight, vec![0.0; 3]);
        let adaptation = Adaptation { centred: head, within: vec![vec![90.0, 0.0], vec![0.0, 90.0]], ..adaptation() };
        let of = |embeddings| {
            let of = Adapting::new(adaptation.clone(), embeddings).unwrap();
            AdaptedCurve::of(3, &rows, &BTreeMap::new(), &BTreeMap::from([(("0".to_owned(), 1), of)]), BOOTSTRAP)
        };
        let all = |curve: Option<AdaptedCurve>| {
            curve.unwrap().points.into_iter().find(|point| point.enrolment == Enrolment::All).unwrap().uar
        };
        assert!(all(of(Some(&embeddings))) > 0.99 && all(of(None)) < 0.4);
        let narrow = Embeddings { clips: vec!["c/0/000".into()], vectors: vec![vec![1.0; 2]] };
        assert!(Adapting::new(adaptation.clone(), Some(&narrow)).unwrap_err().contains("rows of 2 numbers"));
    }

    #[test]
    fn draws_are_the_seed_s_and_few_clips_have_no_curve() {
        let rows = rows();
        let mut turned = rows.clone();
        turned.rotate_left(100);
        turned.sort_by(|a, b| (&a.speaker, &a.clip).cmp(&(&b.speaker, &b.clip)));
        assert_eq!(curve(&rows), curve(&turned));
        assert_eq!(curve(&rows[..9]), None);
        let elsewhere = adapting("1", adaptation());
        assert_eq!(AdaptedCurve::of(3, &rows, &BTreeMap::new(), &elsewhere, BOOTSTRAP), None);
    }
}
