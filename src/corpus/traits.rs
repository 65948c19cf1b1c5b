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
    columns_of_speakers(clips)
        .into_iter()
        .filter(|(_, values, of)| parts(*values, *of))
        .map(|(name, ..)| name)
        .collect()
}

/// Why columns that hold one value for each speaker part no groups of them: a sentence fragment for each reason.
pub(crate) fn no_traits(clips: &[Clip]) -> Vec<String> {
    let columns: Vec<_> =
        columns_of_speakers(clips).into_iter().filter(|(_, values, of)| !parts(*values, *of)).collect();
    let fragment = |holds: &dyn Fn(usize) -> bool, why: &str| {
        let of: Vec<&str> = columns.iter().filter(|(_, values, _)| holds(*values)).map(|(name, ..)| *name).collect();
        (!of.is_empty()).then(|| format!("no fairness by {}: {why}", of.join(", ")))
    };
    let alone = fragment(&|values| values == 1, "one value for all speakers");
    let many = fragment(&|values| values > 1, "as many values as speakers, or more than twelve");
    alone.into_iter().chain(many).collect()
}

/// Whether so many values part so many speakers.
fn parts(values: usize, speakers: usize) -> bool {
    (2..=MOST_VALUES).contains(&values) && values < speakers
}

/// The extra columns that hold one value for each speaker, how many values these are, and of how many speakers.
fn columns_of_speakers(clips: &[Clip]) -> Vec<(&str, usize, usize)> {
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
    let counted = |(name, of): (_, Option<BTreeMap<String, &str>>)| {
        let of = of?;
        let values: BTreeSet<&str> = of.values().copied().collect();
        Some((name, values.len(), of.len()))
    };
    columns.into_iter().filter_map(counted).collect()
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
        let why = ["no fairness by corpus, seldom: one value", "no fairness by name: as many values as speakers"];
        let said = no_traits(&clips);
        assert!(said.len() == 2 && said.iter().zip(why).all(|(said, why)| said.starts_with(why)), "{said:?}");
    }
}
