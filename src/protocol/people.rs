//! What clips say of people that cannot be so, or counts people twice: told beside every figure.

use std::collections::{BTreeMap, BTreeSet};

use super::Caveat;
use crate::corpus::{Clip, spelling::tidy};

/// Years that may pass while somebody is recorded.
const YEARS: u32 = 2;

/// Columns of what people do not change between two clips, without case and separators.
const LASTING: [&str; 14] = [
    "accent",
    "country",
    "dialect",
    "ethnicgroup",
    "ethnicity",
    "firstlanguage",
    "l1",
    "language",
    "mothertongue",
    "nationality",
    "nativelanguage",
    "origin",
    "race",
    "speakerlanguage",
];

/// What speakers have several of: two sexes, ages years apart, two ethnicities.
pub(crate) fn contradicted(clips: &[Clip]) -> Vec<Caveat> {
    let mut of: BTreeMap<(&str, String), BTreeMap<&str, BTreeSet<String>>> = BTreeMap::new();
    for clip in clips {
        let meta = &clip.meta;
        let mut note = |property: String, value: String| {
            of.entry((&clip.corpus, property)).or_default().entry(&clip.speaker).or_default().insert(value);
        };
        if let Some(sex) = meta.sex {
            note("sex".into(), sex.name().to_owned());
        }
        if let Some(age) = meta.age {
            // As text they are in the order of the numbers.
            note("age".into(), format!("{age:03}"));
        }
        for (name, value) in &meta.extra {
            let letters: String = name.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
            if LASTING.contains(&letters.as_str()) && !value.trim().is_empty() {
                note(name.clone(), tidy(value).to_lowercase());
            }
        }
    }
    let differ = |property: &str, values: &BTreeSet<String>| match property {
        "age" => {
            let years = |value: Option<&String>| value.and_then(|value| value.parse::<u32>().ok()).unwrap_or(0);
            years(values.last()) - years(values.first()) > YEARS
        }
        _ => values.len() > 1,
    };
    let mut found = Vec::new();
    for ((corpus, property), speakers) in of {
        let contradicted: Vec<_> = speakers.iter().filter(|(_, values)| differ(&property, values)).collect();
        if let Some((first, values)) = contradicted.first() {
            let values = values.iter().map(|value| value.trim_start_matches('0').to_owned()).collect();
            found.push(Caveat::SpeakersContradicted {
                corpus: corpus.to_owned(),
                speakers: contradicted.len(),
                first: (**first).to_owned(),
                property,
                values,
            });
        }
    }
    found
}

/// Recordings that several speakers have, by `groups` of ids of clips that are one recording: people who are counted as
/// often as they are named.
pub(crate) fn heard_twice<'g>(clips: &[Clip], groups: impl IntoIterator<Item = &'g [String]>) -> Option<Caveat> {
    let mut by_id: Option<BTreeMap<&str, &Clip>> = None;
    let (mut recordings, mut count, mut first) = (0, 0, None);
    for group in groups {
        let by_id = by_id.get_or_insert_with(|| clips.iter().map(|clip| (clip.id.as_str(), clip)).collect());
        let members: Vec<&Clip> = group.iter().filter_map(|id| by_id.get(id.as_str()).copied()).collect();
        // Two who speak in one file are two, each in a part of it; with one sound they are not.
        let other = members.first().and_then(|first| {
            let are_parts = |other: &Clip| match (first.source.segment(), other.source.segment()) {
                (Some(one), Some(other)) => one.path == other.path && one != other,
                _ => false,
            };
            let is_other = |other: &&&Clip| {
                (&other.corpus, &other.speaker) != (&first.corpus, &first.speaker) && !are_parts(other)
            };
            members.iter().find(is_other).map(|other| [first.id.clone(), other.id.clone()])
        });
        if let Some(pair) = other {
            recordings += 1;
            count += members.len();
            first.get_or_insert(pair);
        }
    }
    first.map(|first| Caveat::RecordingsOfSeveralSpeakers { recordings, clips: count, of: clips.len(), first })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        audio::{Channel, Segment},
        corpus::{Sex, Source},
        protocol::fake,
    };

    #[test]
    fn people_of_whom_two_things_are_said_are_told_of() {
        let mut clips = [fake::named("c", "x", &["1", "2"]), fake::named("c", "y", &["1", "2"])].concat();
        for (clip, age) in clips.iter_mut().zip([20, 22, 9, 31]) {
            clip.meta.sex = Some(Sex::Female);
            clip.meta.age = Some(age);
            clip.meta.extra.insert("Ethnicity".into(), "A".into());
            clip.meta.extra.insert("take".into(), age.to_string());
        }
        let told = |clips: &[Clip]| contradicted(clips).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert!(told(&clips).contains("age") && told(&clips).contains("y (9, 31)"), "{}", told(&clips));
        assert_eq!(contradicted(&clips).len(), 1);
        clips[1].meta.sex = Some(Sex::Male);
        clips[1].meta.extra.insert("Ethnicity".into(), "b".into());
        let told = told(&clips);
        assert!(told.contains("x (female, male)") && told.contains("Ethnicity") && told.contains("x (a, b)"), "{told}");
    }

    #[test]
    fn recordings_under_two_names_are_told_of() {
        let mut clips = [fake::named("c", "x", &["1", "2"]), fake::named("d", "y", &["1", "2"])].concat();
        clips.iter_mut().for_each(|clip| clip.source = Source::File("one.wav".into()));
        let group = |ids: [&str; 2]| ids.map(str::to_owned).to_vec();
        let groups = [group(["c/x/1", "d/y/1"]), group(["c/x/1", "c/x/2"]), group(["c/x/2", "e/z/2"])];
        let found = heard_twice(&clips, groups.iter().map(Vec::as_slice)).unwrap();
        let text = found.to_string();
        assert!(text.contains("2 of 4 clips") && text.contains("c/x/1 and d/y/1") && found.bars_published(), "{text}");
        assert_eq!(heard_twice(&clips, groups[1..].iter().map(Vec::as_slice)), None);
        for (start, clip) in (0..).zip(&mut clips) {
            let start = Duration::from_secs(start);
            let segment = Segment { path: "one.wav".into(), start, end: None, channel: Channel::Mix };
            clip.source = Source::Segment(segment);
        }
        assert_eq!(heard_twice(&clips, groups.iter().map(Vec::as_slice)), None, "two who speak in one file");
    }
}
