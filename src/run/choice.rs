//! A nested choice: which setting of a grid a fold and seed took, by its own validation side.

use serde::{Deserialize, Serialize};

use super::{Looks, SettingRecord};

/// The setting that a run took of a `[grid]` with `nested = true`, and what it was chosen from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// The chosen setting.
    pub setting: SettingRecord,
    /// All settings that were compared, in the grid's order.
    pub candidates: Vec<Candidate>,
}

/// A setting with its figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// The setting's name.
    pub name: String,
    /// Its figure over the fold's validation side; none where training gave no number.
    pub validation: Option<f64>,
}

/// How a run came to its setting, and how often its test side was looked at.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Selection {
    /// Of a nested choice, the setting that the run took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choice: Option<Choice>,
    /// How often its test side was looked at by all runs of its folder; never where earlier versions noted nothing.
    pub looks: Looks,
}

impl Choice {
    /// The setting with the best validation figure, the earliest of several; nothing where no figure is a number.
    #[must_use]
    pub fn of(settings: &[(&SettingRecord, f64)]) -> Option<Self> {
        let mut best: Option<(&SettingRecord, f64)> = None;
        for &(setting, figure) in settings.iter().filter(|(_, figure)| !figure.is_nan()) {
            if best.is_none_or(|(_, most)| figure > most) {
                best = Some((setting, figure));
            }
        }
        let candidate = |&(setting, figure): &(&SettingRecord, f64)| Candidate {
            name: setting.name.clone(),
            validation: Some(figure).filter(|figure| figure.is_finite()),
        };
        let candidates = settings.iter().map(candidate).collect();
        best.map(|(setting, _)| Self { setting: setting.clone(), candidates })
    }

    /// The figure by which the setting was chosen.
    #[must_use]
    pub fn validation(&self) -> Option<f64> {
        self.candidates.iter().find(|of| of.name == self.setting.name)?.validation
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_on_validation_is_chosen_and_the_earliest_of_equals() {
        let [a, b, c] = ["a", "b", "c"].map(|name| SettingRecord { name: name.into(), values: vec![] });
        let choice = Choice::of(&[(&a, f64::NAN), (&b, 0.5), (&c, 0.5)]).unwrap();
        assert_eq!((choice.setting.name.as_str(), choice.validation()), ("b", Some(0.5)));
        assert_eq!(choice.candidates.iter().map(|of| of.validation).collect::<Vec<_>>(), [None, Some(0.5), Some(0.5)]);
        assert_eq!(Choice::of(&[(&a, f64::NAN)]), None);
    }
}
