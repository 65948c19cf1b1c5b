//! `labels.set`: labels that corpora share. Each set maps the emotions of the corpora that are read here to its classes, or leaves
//! them out.
//!
//! | set | classes | source |
//! |---|---|---|
//! | `four` | angry, happy (with excited), neutral (with calm), sad | the four that IEMOCAP (Busso et al. 2008) is mostly reported on, where excited is happy |
//! | `ekman` | angry, disgust, fear, happy, sad, surprise | the six basic emotions (Ekman 1992) |
//! | `ekman-neutral` | the six, and neutral (with calm) | what SAVEE, TESS, EMOVO (Costantini et al. 2014) and MELD (Poria et al. 2019) have in common |
//! | `ravdess` | the seven, and calm | RAVDESS (Livingstone and Russo 2018) |
//! | `quadrants` | active-negative, active-positive, passive-negative, passive-positive | the signs of arousal and valence of the emotion's word among the 28 of the circumplex (Russell 1980): happy, excited, angry, afraid, frustrated, sad, bored, calm; what is not among them (contempt, disgust), or lies on an axis (surprise, neutral), is left out |

use serde::{Deserialize, Serialize};

/// A set of classes that corpora share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LabelSet {
    /// Angry, happy, neutral, sad.
    Four,
    /// The six basic emotions.
    Ekman,
    /// The six basic emotions and neutral.
    EkmanNeutral,
    /// RAVDESS's eight.
    Ravdess,
    /// Quadrants of arousal and valence.
    Quadrants,
}

/// The sets, in the order of the table's columns.
const SETS: [LabelSet; 5] =
    [LabelSet::Four, LabelSet::Ekman, LabelSet::EkmanNeutral, LabelSet::Ravdess, LabelSet::Quadrants];

/// What each emotion becomes in each set; nothing where it is left out.
type Row = (&'static str, [Option<&'static str>; 5]);

const ACTIVE_NEGATIVE: Option<&str> = Some("active-negative");
const ACTIVE_POSITIVE: Option<&str> = Some("active-positive");
const PASSIVE_NEGATIVE: Option<&str> = Some("passive-negative");
const PASSIVE_POSITIVE: Option<&str> = Some("passive-positive");

const TABLE: [Row; 13] = [
    ("angry", [Some("angry"), Some("angry"), Some("angry"), Some("angry"), ACTIVE_NEGATIVE]),
    ("boredom", [None, None, None, None, PASSIVE_NEGATIVE]),
    ("calm", [Some("neutral"), None, Some("neutral"), Some("calm"), PASSIVE_POSITIVE]),
    ("contempt", [None, None, None, None, None]),
    ("disgust", [None, Some("disgust"), Some("disgust"), Some("disgust"), None]),
    ("excited", [Some("happy"), None, None, None, ACTIVE_POSITIVE]),
    ("fear", [None, Some("fear"), Some("fear"), Some("fear"), ACTIVE_NEGATIVE]),
    ("frustrated", [None, None, None, None, ACTIVE_NEGATIVE]),
    ("happy", [Some("happy"), Some("happy"), Some("happy"), Some("happy"), ACTIVE_POSITIVE]),
    ("neutral", [Some("neutral"), None, Some("neutral"), Some("neutral"), None]),
    ("other", [None, None, None, None, None]),
    ("sad", [Some("sad"), Some("sad"), Some("sad"), Some("sad"), PASSIVE_NEGATIVE]),
    ("surprise", [None, Some("surprise"), Some("surprise"), Some("surprise"), None]),
];

impl LabelSet {
    /// Its name in configs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Four => "four",
            Self::Ekman => "ekman",
            Self::EkmanNeutral => "ekman-neutral",
            Self::Ravdess => "ravdess",
            Self::Quadrants => "quadrants",
        }
    }

    /// The class of an emotion in any case: nothing where the set leaves it out; an outer nothing where the table does not know it.
    pub(super) fn class_of(self, emotion: &str) -> Option<Option<&'static str>> {
        let column = SETS.iter().position(|set| *set == self)?;
        TABLE.iter().find(|(name, _)| name.eq_ignore_ascii_case(emotion)).map(|(_, classes)| classes[column])
    }

    /// The emotions that the table knows.
    pub(super) fn emotions() -> impl Iterator<Item = &'static str> {
        TABLE.iter().map(|(name, _)| *name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn classes(set: LabelSet) -> Vec<&'static str> {
        let classes: BTreeSet<&str> = LabelSet::emotions().filter_map(|name| set.class_of(name)?).collect();
        classes.into_iter().collect()
    }

    #[test]
    fn sets_have_the_classes_of_their_sources() {
        assert_eq!(classes(LabelSet::Four), ["angry", "happy", "neutral", "sad"]);
        assert_eq!(classes(LabelSet::Ekman), ["angry", "disgust", "fear", "happy", "sad", "surprise"]);
        assert_eq!(classes(LabelSet::EkmanNeutral).len(), 7);
        assert_eq!(classes(LabelSet::Ravdess).len(), 8);
        let quadrants = ["active-negative", "active-positive", "passive-negative", "passive-positive"];
        assert_eq!(classes(LabelSet::Quadrants), quadrants);
        assert_eq!(LabelSet::Four.class_of("Excited"), Some(Some("happy")));
        assert_eq!((LabelSet::Ekman.class_of("calm"), LabelSet::Ekman.class_of("bliss")), (Some(None), None));
        for set in SETS {
            let written = serde_json::to_string(&set).unwrap();
            assert_eq!(written, format!("\"{}\"", set.name()));
        }
    }
    #[test]
    fn the_page_has_the_table_and_where_each_quadrant_comes_from() {
        let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/config.md")).unwrap();
        for (emotion, classes) in TABLE {
            let cells = classes.map(|class| class.unwrap_or("—")).join(" | ");
            assert!(page.contains(&format!("\n| {emotion} | {cells} |\n")), "{emotion}: {cells}");
            let quadrant = classes[4].unwrap_or("—");
            let sourced = page.lines().filter(|line| line.starts_with("| ") && line.matches(" | ").count() == 3);
            let mut rows = sourced.filter(|line| {
                line.split(" | ").next().is_some_and(|name| name[2..].split(", ").any(|n| n == emotion))
            });
            assert!(rows.any(|row| row.ends_with(&format!(" | {quadrant} |"))), "{emotion}: {quadrant}");
        }
    }
}
