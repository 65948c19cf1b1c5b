//! The data that a run read, by digest: together with the config it is what a run is.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::SplitRow;
use crate::protocol::Side;

/// What was read. Digests are BLAKE3 in hexadecimal, the first 16 digits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataRecord {
    /// How many clips there are.
    pub clips: usize,
    /// The digest of every clip's id, content, class and speaker: equal for runs that may be pooled.
    pub digest: String,
    /// The digest of the sides that the fold's clips are on.
    pub split: String,
    /// The digests of whatever else was read, by what names it: recordings of noise, bundles that the run starts or learns
    /// from, [`PROPERTIES`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, String>,
}

impl DataRecord {
    /// The record of a run on these clips, in the order of their ids: those on a side, and those on none.
    #[must_use]
    pub fn of(clips: &[DataRow], inputs: BTreeMap<String, String>) -> Self {
        let mut all = blake3::Hasher::new();
        let mut sides = blake3::Hasher::new();
        for row in clips {
            let hash = row.hash.as_deref().unwrap_or_default();
            // The length before each text: no two tables have the same bytes.
            for text in [&row.clip, hash, &row.emotion, &row.speaker] {
                all.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
            }
            sides
                .update(row.clip.as_bytes())
                .update(&[0])
                .update(row.side.map_or("", Side::name).as_bytes())
                .update(&[0]);
        }
        Self { clips: clips.len(), digest: short(&all.finalize()), split: short(&sides.finalize()), inputs }
    }
}

/// The name, among [`DataRecord::inputs`], of what is known of clips and speakers besides their classes. Earlier versions did
/// not note it.
pub const PROPERTIES: &str = "properties";

impl DataRecord {
    /// What `other` has read differently, besides the clips.
    pub fn other_inputs<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = OtherInput<'a>> {
        let names: BTreeSet<&String> = self.inputs.keys().chain(other.inputs.keys()).collect();
        let differs = |name: &str| {
            let (ours, theirs) = (self.inputs.get(name), other.inputs.get(name));
            ours != theirs && !(name == PROPERTIES && (ours.is_none() || theirs.is_none()))
        };
        names.into_iter().filter(move |name| differs(name)).map(|name| OtherInput { name })
    }
}

/// Something that two runs have read differently.
pub struct OtherInput<'a> {
    /// Its name among [`DataRecord::inputs`].
    pub name: &'a str,
}

impl std::fmt::Display for OtherInput<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.name {
            PROPERTIES => f.write_str("what is said of clips or speakers (sex, age, sentence …) has changed"),
            "encoder" => f.write_str("the encoder is another"),
            name => write!(f, "what {name} names has changed"),
        }
    }
}

/// A clip as a run has read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataRow {
    /// The clip's id.
    pub clip: String,
    /// The speaker, `corpus/speaker`.
    pub speaker: String,
    /// The class.
    pub emotion: String,
    /// The fold's side that it is on.
    pub side: Option<Side>,
    /// The digest of its file, where it is known.
    pub hash: Option<String>,
}

impl DataRow {
    /// The row of `split.csv`; none of a clip that is on no side.
    #[must_use]
    pub fn on_a_side(&self) -> Option<SplitRow> {
        let Self { clip, speaker, emotion, side, hash } = self.clone();
        side.map(|side| SplitRow { clip, speaker, emotion, side, hash })
    }
}

/// A digest as records have it.
#[must_use]
pub fn short(hash: &blake3::Hash) -> String {
    hash.to_hex()[..16].to_owned()
}

/// How the data of one run differs from that of another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// Clips that only the second run has.
    pub added: Vec<String>,
    /// Clips that only the first run has.
    pub removed: Vec<String>,
    /// Clips whose files are others.
    pub audio: Vec<String>,
    /// Clips whose classes are others, with both.
    pub labels: Vec<String>,
    /// Clips whose speakers are others, with both.
    pub speakers: Vec<String>,
    /// Clips that are on another side, with both.
    pub sides: Vec<String>,
}

impl Difference {
    /// What has changed from the first table to the second. Hashes are compared where both have them.
    #[must_use]
    pub fn between(first: &[SplitRow], second: &[SplitRow]) -> Self {
        let by_clip = |rows: &'_ [SplitRow]| -> BTreeMap<String, SplitRow> {
            rows.iter().map(|row| (row.clip.clone(), row.clone())).collect()
        };
        let (before, after) = (by_clip(first), by_clip(second));
        let mut found = Self {
            added: after.keys().filter(|clip| !before.contains_key(*clip)).cloned().collect(),
            removed: before.keys().filter(|clip| !after.contains_key(*clip)).cloned().collect(),
            ..Self::default()
        };
        for (clip, old) in &before {
            let Some(new) = after.get(clip) else { continue };
            let changed = |from: &str, to: &str| format!("{clip}: {from} → {to}");
            if old.emotion != new.emotion {
                found.labels.push(changed(&old.emotion, &new.emotion));
            }
            if old.speaker != new.speaker {
                found.speakers.push(changed(&old.speaker, &new.speaker));
            }
            if old.side != new.side {
                found.sides.push(changed(old.side.name(), new.side.name()));
            }
            if old.hash.is_some() && new.hash.is_some() && old.hash != new.hash {
                found.audio.push(clip.clone());
            }
        }
        found
    }

    /// Whether nothing has changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl std::fmt::Display for Difference {
    /// "12 labels have changed (c/s00/a: sad → angry; …), 3 clips are new (…)".
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const SHOWN: usize = 3;
        let kinds = [
            (&self.labels, "label has changed", "labels have changed"),
            (&self.audio, "clip has another sound", "clips have another sound"),
            (&self.speakers, "clip has another speaker", "clips have another speaker"),
            (&self.sides, "clip is on another side", "clips are on another side"),
            (&self.added, "clip is new", "clips are new"),
            (&self.removed, "clip is gone", "clips are gone"),
        ];
        let told = kinds.iter().filter(|(clips, ..)| !clips.is_empty()).map(|(clips, one, many)| {
            let more = if clips.len() > SHOWN { "; …" } else { "" };
            let shown = clips.iter().take(SHOWN).cloned().collect::<Vec<_>>().join("; ");
            format!("{} {} ({shown}{more})", clips.len(), if clips.len() == 1 { one } else { many })
        });
        f.write_str(&told.collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(clip: &str, emotion: &str, side: Option<Side>, hash: &str) -> DataRow {
        let hash = Some(hash.to_owned());
        DataRow { clip: clip.into(), speaker: "c/s".into(), emotion: emotion.into(), side, hash }
    }

    #[test]
    fn every_part_of_a_row_is_in_a_digest() {
        let base = row("c/s/a", "sad", Some(Side::Train), "1");
        let of = |row: DataRow| DataRecord::of(&[row], BTreeMap::new());
        let plain = of(base.clone());
        let others = [
            DataRow { clip: "c/s/b".into(), ..base.clone() },
            DataRow { speaker: "c/t".into(), ..base.clone() },
            DataRow { emotion: "angry".into(), ..base.clone() },
            DataRow { hash: None, ..base.clone() },
        ];
        for other in others {
            assert_ne!(of(other.clone()).digest, plain.digest, "{other:?}");
        }
        let moved = of(DataRow { side: None, ..base });
        assert_eq!(moved.digest, plain.digest, "folds of one labelling may be pooled");
        assert_ne!(moved.split, plain.split);
    }

    #[test]
    fn a_difference_says_what_has_changed() {
        let rows = |rows: &[DataRow]| rows.iter().filter_map(DataRow::on_a_side).collect::<Vec<_>>();
        let (train, test) = (Some(Side::Train), Some(Side::Test));
        let before = rows(&[row("a", "sad", train, "1"), row("b", "sad", train, "2"), row("c", "sad", test, "3")]);
        let after = rows(&[row("a", "angry", train, "1"), row("b", "sad", test, "9"), row("d", "sad", test, "4")]);
        assert!(Difference::between(&before, &before).is_empty());
        let found = Difference::between(&before, &after).to_string();
        assert_eq!(
            found,
            "1 label has changed (a: sad → angry), 1 clip has another sound (b), 1 clip is on another side (b: train → \
             test), 1 clip is new (d), 1 clip is gone (c)"
        );
        let old: Vec<SplitRow> = before.iter().map(|row| SplitRow { hash: None, ..row.clone() }).collect();
        assert!(Difference::between(&old, &before).is_empty(), "a run of before there were hashes");
    }
}
