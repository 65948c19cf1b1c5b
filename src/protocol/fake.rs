//! For tests: the public corpora by their names alone, and corpora that never were.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use super::{Plan, ProtocolConfig};
use crate::{
    corpus::{Clip, Metadata, Sex, Source, recognise},
    error::Result,
};

/// `speakers` × `per_speaker` clips of a corpus in two classes; speakers are numbered from 01, odd ones male.
pub(crate) fn corpus(name: &str, speakers: usize, per_speaker: usize) -> (Vec<Clip>, Vec<usize>) {
    let mut clips = Vec::new();
    for speaker in 1..=speakers {
        for i in 0..per_speaker {
            clips.push(Clip {
                id: format!("{name}/{speaker:02}/{i:03}"),
                corpus: name.into(),
                speaker: format!("{speaker:02}"),
                emotion: ["angry", "sad"][i % 2].into(),
                source: Source::File(format!("{speaker}-{i}.wav").into()),
                meta: Metadata {
                    sex: Some(if speaker % 2 == 1 { Sex::Male } else { Sex::Female }),
                    ..Metadata::default()
                },
            });
        }
    }
    labelled(clips)
}

/// Clips of one speaker, all of one emotion.
pub(super) fn named(corpus: &str, speaker: &str, stems: &[&str]) -> Vec<Clip> {
    let clip = |stem: &&str| Clip {
        id: format!("{corpus}/{speaker}/{stem}"),
        corpus: corpus.into(),
        speaker: speaker.into(),
        emotion: "sad".into(),
        source: Source::File(format!("{stem}.wav").into()),
        meta: Metadata::default(),
    };
    stems.iter().map(clip).collect()
}

/// The clips with their classes, which are their emotions in alphabetical order.
pub(super) fn labelled(clips: Vec<Clip>) -> (Vec<Clip>, Vec<usize>) {
    let emotions: BTreeSet<&str> = clips.iter().map(|clip| clip.emotion.as_str()).collect();
    let classes: BTreeMap<&str, usize> = emotions.into_iter().zip(0..).collect();
    let labels = clips.iter().map(|clip| classes[clip.emotion.as_str()]).collect();
    (clips, labels)
}

/// The plan without groups, and without files.
pub(super) fn plan(config: &ProtocolConfig, clips: &[Clip], labels: &[usize]) -> Result<Plan> {
    config.validate()?;
    super::plan(config, Path::new(""), clips, labels, [])
}

/// The speakers of the members, in order and without leading zeros: `1,4,12`.
pub(super) fn actors(clips: &[Clip], members: &[usize]) -> String {
    let speakers: BTreeSet<&str> = members.iter().map(|&i| clips[i].speaker.as_str()).collect();
    speakers.into_iter().map(|speaker| speaker.trim_start_matches('0')).collect::<Vec<_>>().join(",")
}

/// The clip that a public corpus has under this name.
pub(super) fn recognised(name: &str) -> Clip {
    recognise(Path::new(name)).unwrap()
}

fn all(names: Vec<String>) -> Vec<Clip> {
    let mut clips: Vec<Clip> = names.iter().map(|name| recognised(name)).collect();
    clips.sort_by(|a, b| a.id.cmp(&b.id));
    clips
}

/// RAVDESS's 1440 names.
pub(super) fn ravdess() -> Vec<Clip> {
    let mut names = Vec::new();
    for actor in 1..=24 {
        for emotion in 1..=8 {
            for intensity in 1..=if emotion == 1 { 1 } else { 2 } {
                for take in ["01-01", "01-02", "02-01", "02-02"] {
                    names.push(format!("03-01-{emotion:02}-{intensity:02}-{take}-{actor:02}.wav"));
                }
            }
        }
    }
    all(names)
}

/// CREMA-D's 7442 names.
pub(super) fn crema_d() -> Vec<Clip> {
    let mut names = Vec::new();
    for actor in 1001..=1091 {
        for sentence in ["IEO", "TIE", "IOM", "IWW", "TAI", "MTI", "IWL", "ITH", "DFA", "ITS", "TSI", "WSI"] {
            for emotion in ["ANG", "DIS", "FEA", "HAP", "NEU", "SAD"] {
                // Some actors lack all of a sentence, or its neutral reading.
                let is_missing = match (actor, sentence) {
                    (1008, "WSI") | (1009, "MTI") | (1019, "ITH") => true,
                    (1002, "TIE") | (1076, "ITS") => emotion == "NEU",
                    _ => false,
                };
                let levels: &[&str] = match (sentence, emotion) {
                    _ if is_missing => &[],
                    ("IEO", emotion) if emotion != "NEU" => &["LO", "MD", "HI"],
                    _ => &["XX"],
                };
                names.extend(levels.iter().map(|level| format!("{actor}_{sentence}_{emotion}_{level}.wav")));
            }
        }
    }
    all(names)
}

/// TESS's 2800 names, but for its words.
pub(super) fn tess() -> Vec<Clip> {
    let mut names = Vec::new();
    for actress in ["OAF", "YAF"] {
        for word in 0..200 {
            for emotion in ["angry", "disgust", "fear", "happy", "neutral", "ps", "sad"] {
                names.push(format!("{actress}_word{word:03}_{emotion}.wav"));
            }
        }
    }
    all(names)
}

/// SAVEE's 480 names.
pub(super) fn savee() -> Vec<Clip> {
    let mut names = Vec::new();
    for speaker in ["DC", "JE", "JK", "KL"] {
        for (emotion, sentences) in [("a", 15), ("d", 15), ("f", 15), ("h", 15), ("n", 30), ("sa", 15), ("su", 15)] {
            names.extend((1..=sentences).map(|number| format!("{speaker}_{emotion}{number:02}.wav")));
        }
    }
    all(names)
}

#[test]
fn the_corpora_have_their_published_sizes() {
    assert_eq!([ravdess(), crema_d(), tess(), savee()].map(|clips| clips.len()), [1440, 7442, 2800, 480]);
}
