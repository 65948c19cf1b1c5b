//! Which columns of a corpus say something of its speakers, rather than of clips: they part people in groups.

use std::collections::{BTreeMap, BTreeSet};

use super::Clip;

/// More values than this are no groups.
const MOST_VALUES: usize = 12;

/// The extra columns that hold one value for each speaker, and two to twelve in all, one of them at least of two speakers: the
/// ethnicity of CREMA-D's actors, the language of ESD's. What differs between a speaker's clips (votes) and what each speaker
/// has alone (a name) is none.
#[must_use]
pub fn speaker_traits(clips: &[Clip]) -> Vec<&str> {
    let mut columns = BTreeMap::<&str, Option<BTreeMap<String, &str>>>::new();
    for clip in clips {
        for (name, value) in clip.meta.extra.iter().filter(|(_, value)| !value.trim().is_empty()) {
            let column = columns.entry(name).or_insert_with(|| Some(BTreeMap::new()));
            if let Some(of) = column
                && *of.entry(clip.speaker_key()).or_insert(value) != value.as_str()
            {
                *column = None;
            }
        }
    }
    let parts = |of: &BTreeMap<String, &str>| {
        let values: BTreeSet<&str> = of.values().copied().collect();
        (2..=MOST_VALUES).contains(&values.len()) && values.len() < of.len()
    };
    columns.into_iter().filter_map(|(name, of)| of.filter(|of| parts(of)).map(|_| name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{audio::Source, corpus::Metadata};

    #[test]
    fn columns_of_speakers_are_told_from_those_of_clips_and_names() {
        let clip = |speaker: usize, number: usize| {
            let extra = [
                ("Race", if speaker == 0 { "A" } else { "B" }.to_owned()),
                ("name", format!("speaker {speaker}")),
                ("votes", number.to_string()),
                ("corpus", "the same".to_owned()),
                ("seldom", if speaker == 2 { String::new() } else { "x".to_owned() }),
            ];
            Clip {
                id: format!("c/{speaker}/{number}"),
                corpus: "c".into(),
                speaker: speaker.to_string(),
                emotion: "sad".into(),
                source: Source::File("x.wav".into()),
                meta: Metadata {
                    extra: extra.map(|(name, value)| (name.to_owned(), value)).into(),
                    ..Metadata::default()
                },
            }
        };
        let clips: Vec<Clip> = (0..3).flat_map(|speaker| (0..2).map(move |number| clip(speaker, number))).collect();
        assert_eq!(speaker_traits(&clips), ["Race"]);
    }
}
