//! `[labels]`: how a corpus's emotions become the task's classes.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    corpus::Clip,
    error::{Error, Result},
};

/// The word in a label map that drops an emotion's clips.
const DROP: &str = "drop";

/// What becomes of RAVDESS's `calm`, which the other corpora do not have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Calm {
    /// A class of its own.
    #[default]
    Keep,
    /// Merged into `neutral`.
    Neutral,
    /// Its clips are left out.
    Drop,
}

/// How a corpus's emotions become the task's classes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LabelsConfig {
    /// What becomes of RAVDESS's `calm`.
    pub calm: Calm,
    /// Other mergers, as `{ boredom = "neutral", song = "drop" }`; an emotion that is not named keeps its name.
    pub map: BTreeMap<String, String>,
}

/// The clips that a task keeps, with their classes.
#[derive(Debug, Clone)]
pub struct Labelled {
    /// The kept clips, in the order they came.
    pub clips: Vec<Clip>,
    /// Each kept clip's class, an index into `classes`.
    pub labels: Vec<usize>,
    /// The task's classes, in alphabetical order.
    pub classes: Vec<String>,
    /// How many clips of each emotion were dropped by the map.
    pub dropped: BTreeMap<String, usize>,
}

impl LabelsConfig {
    pub(super) fn validate(&self) -> Result<()> {
        match self.map.iter().find(|(from, to)| from.is_empty() || to.trim().is_empty()) {
            Some((from, to)) => Err(Error::Config(format!(
                "labels.map.{from} = \"{to}\": name the class that \"{from}\" becomes, or \"{DROP}\""
            ))),
            None if self.map.contains_key("calm") && self.calm != Calm::Keep => Err(Error::Config(
                "labels.calm and labels.map.calm both say what becomes of \"calm\": set one of them".into(),
            )),
            None => Ok(()),
        }
    }

    /// The rule in words, as a report says it: `calm → neutral, song dropped`.
    #[must_use]
    pub fn words(&self) -> String {
        let calm = match self.calm {
            Calm::Keep => None,
            Calm::Neutral => Some("calm → neutral".to_owned()),
            Calm::Drop => Some("calm dropped".to_owned()),
        };
        let map = self.map.iter().map(|(from, to)| match to.as_str() {
            DROP => format!("{from} dropped"),
            to => format!("{from} → {to}"),
        });
        let changes: Vec<String> = calm.into_iter().chain(map).collect();
        if changes.is_empty() { "each emotion is a class".to_owned() } else { changes.join(", ") }
    }

    /// Gives every clip its class.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] where fewer than two classes remain.
    pub fn apply(&self, clips: Vec<Clip>) -> Result<Labelled> {
        let mut dropped = BTreeMap::new();
        let kept: Vec<(Clip, String)> = clips
            .into_iter()
            .filter_map(|clip| match self.class_of(&clip.emotion) {
                Some(class) => Some((clip, class)),
                None => {
                    *dropped.entry(clip.emotion).or_insert(0) += 1;
                    None
                }
            })
            .collect();
        let classes: Vec<String> =
            kept.iter().map(|(_, class)| class.clone()).collect::<BTreeSet<_>>().into_iter().collect();
        if classes.len() < 2 {
            return Err(Error::Data(format!(
                "the {} clips have {} class ({}): a task needs two or more; see [labels] and [[corpora]]",
                kept.len(),
                classes.len(),
                classes.join(", ")
            )));
        }
        let labels = kept.iter().map(|(_, class)| classes.partition_point(|known| known < class)).collect();
        Ok(Labelled { clips: kept.into_iter().map(|(clip, _)| clip).collect(), labels, classes, dropped })
    }

    fn class_of(&self, emotion: &str) -> Option<String> {
        let class = match (emotion, self.calm) {
            ("calm", Calm::Neutral) => "neutral",
            ("calm", Calm::Drop) => DROP,
            _ => self.map.get(emotion).map_or(emotion, String::as_str),
        };
        (class != DROP).then(|| class.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{Metadata, Source};

    fn clip(emotion: &str) -> Clip {
        Clip {
            id: format!("c/s/{emotion}"),
            corpus: "c".into(),
            speaker: "s".into(),
            emotion: emotion.into(),
            source: Source::File(emotion.into()),
            meta: Metadata::default(),
        }
    }

    fn classes(config: &LabelsConfig) -> (Vec<String>, Vec<usize>) {
        let labelled = config.apply(["sad", "calm", "neutral", "angry"].map(clip).to_vec()).unwrap();
        (labelled.classes, labelled.labels)
    }

    #[test]
    fn the_rule_is_said_in_words() {
        assert_eq!(LabelsConfig::default().words(), "each emotion is a class");
        let map = [("song", "drop"), ("boredom", "neutral")].map(|(from, to)| (from.to_owned(), to.to_owned()));
        let rule = LabelsConfig { calm: Calm::Neutral, map: map.into() };
        assert_eq!(rule.words(), "calm → neutral, boredom → neutral, song dropped");
    }

    #[test]
    fn calm_is_kept_merged_or_dropped() {
        let with = |calm| classes(&LabelsConfig { calm, ..Default::default() });
        assert_eq!(
            with(Calm::Keep),
            (["angry", "calm", "neutral", "sad"].map(String::from).to_vec(), vec![3, 1, 2, 0])
        );
        assert_eq!(with(Calm::Neutral), (["angry", "neutral", "sad"].map(String::from).to_vec(), vec![2, 1, 1, 0]));
        assert_eq!(with(Calm::Drop), (["angry", "neutral", "sad"].map(String::from).to_vec(), vec![2, 1, 0]));
    }

    #[test]
    fn a_map_merges_and_drops() {
        let map = BTreeMap::from([("calm".into(), "low".into()), ("sad".into(), "low".into())]);
        let config = LabelsConfig { map, ..Default::default() };
        assert_eq!(classes(&config), (["angry", "low", "neutral"].map(String::from).to_vec(), vec![1, 1, 2, 0]));
        let map = BTreeMap::from([("sad".into(), "drop".into())]);
        let labelled = LabelsConfig { map, ..Default::default() }.apply(["sad", "angry", "calm"].map(clip).to_vec());
        assert_eq!(labelled.unwrap().dropped, BTreeMap::from([("sad".into(), 1)]));
    }

    #[test]
    fn fewer_than_two_classes_is_an_error() {
        let error = LabelsConfig::default().apply(vec![clip("sad")]).unwrap_err();
        assert!(error.to_string().contains("sad"));
    }
}
