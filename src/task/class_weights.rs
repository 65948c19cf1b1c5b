//! `train.class_weights`: how much an utterance of each class counts in the loss.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The weights, by name or as a table of classes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "toml::Value", into = "toml::Value")]
pub enum ClassWeights {
    /// The same for all.
    #[default]
    None,
    /// In inverse proportion to the class's clips on the training side: n / (k n_c), as scikit-learn's `balanced`.
    Balanced,
    /// As named; what is not named counts 1.
    Each(BTreeMap<String, f64>),
}

impl TryFrom<toml::Value> for ClassWeights {
    type Error = String;

    fn try_from(value: toml::Value) -> std::result::Result<Self, String> {
        match value {
            toml::Value::String(name) => match name.as_str() {
                "none" => Ok(Self::None),
                "balanced" => Ok(Self::Balanced),
                _ => {
                    Err(format!("unknown variant `{name}`, expected one of `none`, `balanced`, or a table of classes"))
                }
            },
            toml::Value::Table(table) => {
                let weights = table.into_iter().map(|(class, weight)| {
                    let weight = weight.as_float().or_else(|| Some(weight.as_integer()? as f64));
                    weight.map(|weight| (class.clone(), weight)).ok_or_else(|| format!("{class} needs a number"))
                });
                Ok(Self::Each(weights.collect::<std::result::Result<_, _>>()?))
            }
            _ => Err("expected \"none\", \"balanced\" or a table of classes and numbers".into()),
        }
    }
}

impl From<ClassWeights> for toml::Value {
    fn from(weights: ClassWeights) -> Self {
        match weights {
            ClassWeights::None => Self::from("none"),
            ClassWeights::Balanced => Self::from("balanced"),
            ClassWeights::Each(weights) => {
                toml::Table::from_iter(weights.into_iter().map(|(class, weight)| (class, weight.into()))).into()
            }
        }
    }
}

impl ClassWeights {
    /// Whether all have the same weight.
    pub(crate) fn is_none(&self) -> bool {
        *self == Self::None
    }

    pub(crate) fn validate(&self) -> Result<()> {
        let Self::Each(weights) = self else { return Ok(()) };
        match weights.iter().find(|(_, weight)| !(**weight > 0.0 && weight.is_finite())) {
            Some((class, weight)) => {
                Err(Error::Config(format!("train.class_weights.{class} = {weight}: a number above 0")))
            }
            None => Ok(()),
        }
    }

    /// The weight of each class; nothing where all have the same weight. `counts` are the clips of each on the training side,
    /// in parts where a clip is taught as several classes.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] naming a class that the task does not have.
    pub(crate) fn resolve(&self, classes: &[String], counts: &[f64]) -> Result<Option<Vec<f32>>> {
        match self {
            Self::None => Ok(None),
            Self::Balanced => {
                let present = counts.iter().filter(|&&n| n > 0.0).count() as f64;
                let all: f64 = counts.iter().sum();
                let weight = |&n: &f64| if n > 0.0 { (all / (present * n)) as f32 } else { 0.0 };
                Ok(Some(counts.iter().map(weight).collect()))
            }
            Self::Each(weights) => {
                if let Some(unknown) = weights.keys().find(|class| !classes.contains(class)) {
                    return Err(Error::Config(format!(
                        "train.class_weights.{unknown}: no such class; the task has {}",
                        classes.join(", ")
                    )));
                }
                Ok(Some(classes.iter().map(|class| weights.get(class).copied().unwrap_or(1.0) as f32).collect()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn balanced_weights_are_scikit_learns() {
        let classes = ["a", "b", "c"].map(String::from);
        let weights = ClassWeights::Balanced.resolve(&classes, &[6.0, 3.0, 0.0]).unwrap().unwrap();
        assert_eq!(weights, [0.75, 1.5, 0.0]);
        let each = ClassWeights::Each(BTreeMap::from([("b".into(), 2.0)]));
        assert_eq!(each.resolve(&classes, &[1.0; 3]).unwrap().unwrap(), [1.0, 2.0, 1.0]);
        let other = ClassWeights::Each(BTreeMap::from([("d".into(), 2.0)]));
        assert!(other.resolve(&classes, &[1.0; 3]).unwrap_err().to_string().contains("train.class_weights.d"));
    }
}
