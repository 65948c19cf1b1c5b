//! `[task]`: what is to be learnt of a clip.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Kind, RegressionLoss, Scale};
use crate::{
    corpus::INTENSITY,
    error::{Error, Result},
    setting::out_of_range,
};

/// `[task]`: what is to be learnt of a clip. Left out of the resolved config where it is the class.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TaskConfig {
    /// Classes, numbers or the shares of listeners' votes.
    pub kind: Kind,
    /// `regression`: the columns that hold the numbers, of a corpus's table; `intensity` is known of RAVDESS and CREMA-D
    /// without one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<String>,
    /// `regression`: the columns that a target is read from, where not from the one of its name: of several, the first that a clip
    /// has a number in.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, Vec<String>>,
    /// `regression`: the least and the greatest value, of all targets or of each. From 0 to 1 for intensities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<Ranges>,
    /// `regression`: what is made small in steps. A linear head is solved by least squares and has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss: Option<RegressionLoss>,
    /// `distribution`: the column of each class's votes, counts or shares; else those that are called `votes_CLASS`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub votes: BTreeMap<String, String>,
    /// `distribution`: shares are raised to its inverse: below 1 the most voted class gets more, above 1 all become more alike.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// `regression`, `distribution`: what becomes of clips that lack a number, or that nobody voted on.
    #[serde(skip_serializing_if = "Missing::is_default")]
    pub missing: Missing,
}

/// What becomes of clips that lack a target.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Missing {
    /// An error names them.
    #[default]
    Refuse,
    /// They are left out, and listed with the reason.
    Drop,
}

impl Missing {
    #[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// One range for all targets, or one each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "toml::Value", into = "toml::Value")]
pub enum Ranges {
    /// Of all.
    All(Scale),
    /// By target.
    Each(BTreeMap<String, Scale>),
}

impl TryFrom<toml::Value> for Ranges {
    type Error = String;

    fn try_from(value: toml::Value) -> std::result::Result<Self, String> {
        let scale = |value: &toml::Value| match value.as_array().map(Vec::as_slice) {
            Some([low, high]) => {
                let number = |of: &toml::Value| of.as_float().or_else(|| Some(of.as_integer()? as f64));
                Some(Scale { low: number(low)?, high: number(high)? })
            }
            _ => None,
        };
        const WRONG: &str = "expected the least and the greatest value, as [1, 7], or a table of them by target";
        match &value {
            toml::Value::Table(table) => {
                let each = table.iter().map(|(name, value)| Some((name.clone(), scale(value)?)));
                each.collect::<Option<_>>().map(Self::Each).ok_or_else(|| WRONG.to_owned())
            }
            other => scale(other).map(Self::All).ok_or_else(|| WRONG.to_owned()),
        }
    }
}

impl From<Ranges> for toml::Value {
    fn from(ranges: Ranges) -> Self {
        let list = |scale: Scale| Self::from(vec![scale.low, scale.high]);
        match ranges {
            Ranges::All(scale) => list(scale),
            Ranges::Each(each) => {
                toml::Table::from_iter(each.into_iter().map(|(name, scale)| (name, list(scale)))).into()
            }
        }
    }
}

impl TaskConfig {
    /// The columns that a target is read from.
    pub(super) fn columns_of<'a>(&'a self, target: &'a String) -> &'a [String] {
        self.columns.get(target).map_or(std::slice::from_ref(target), Vec::as_slice)
    }

    /// Whether it says no more than a config without the table.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The range of each target.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] naming the target that has none.
    pub fn scales(&self) -> Result<Vec<Scale>> {
        let of = |target: &String| {
            let set = match &self.range {
                Some(Ranges::All(scale)) => Some(*scale),
                Some(Ranges::Each(each)) => each.get(target).copied(),
                None => None,
            };
            let known = target.to_lowercase().ends_with(INTENSITY).then_some(Scale::UNIT);
            set.or(known).ok_or_else(|| {
                Error::Config(format!(
                    "task.range: the target {target} has none; write the least and the greatest value that it can have, as \
                     range = [1, 7], or range = {{ {target} = [1, 7] }}"
                ))
            })
        };
        self.targets.iter().map(of).collect()
    }

    /// Checks what needs no clips.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] naming the key, its value and the rule.
    pub fn validate(&self) -> Result<()> {
        let wrong = |problem: String| Err(Error::Config(problem));
        let Self { targets, columns, range, loss, missing, votes, temperature, .. } = self;
        const NUMBERS: &[Kind] = &[Kind::Regression];
        const VOTES: &[Kind] = &[Kind::Distribution];
        let set = [
            ("targets", !targets.is_empty(), NUMBERS),
            ("columns", !columns.is_empty(), NUMBERS),
            ("range", range.is_some(), NUMBERS),
            ("loss", loss.is_some(), NUMBERS),
            ("votes", !votes.is_empty(), VOTES),
            ("temperature", temperature.is_some(), VOTES),
            ("missing", *missing != Missing::default(), &[Kind::Regression, Kind::Distribution]),
        ];
        if let Some((key, _, of)) = set.iter().find(|(_, set, of)| *set && !of.contains(&self.kind)) {
            let of: Vec<String> = of.iter().map(|kind| format!("\"{}\"", kind.name())).collect();
            return wrong(format!(
                "task.{key}: task.kind = \"{}\" learns {}, and this would have no effect; set task.kind = {}, or drop it",
                self.kind.name(),
                self.kind.learns(),
                of.join(" or ")
            ));
        }
        match self.kind {
            Kind::Classification => Ok(()),
            Kind::Regression => self.validate_numbers(),
            Kind::Distribution => self.validate_votes(),
        }
    }

    fn validate_votes(&self) -> Result<()> {
        if let Some(temperature) = self.temperature.filter(|t| !(t.is_finite() && *t > 0.0)) {
            return Err(out_of_range("task.temperature", temperature, "a number above 0"));
        }
        if self.votes.len() == 1 {
            return Err(Error::Config(
                "task.votes names one class: votes are shared between two or more; name the column of each".into(),
            ));
        }
        let mut columns = BTreeMap::new();
        for (class, column) in &self.votes {
            if let Some(other) = columns.insert(column.to_lowercase(), class) {
                return Err(Error::Config(format!(
                    "task.votes: {class} and {other} are both read from the column {column}; give each its own"
                )));
            }
        }
        Ok(())
    }

    fn validate_numbers(&self) -> Result<()> {
        let wrong = |problem: String| Err(Error::Config(problem));
        if self.targets.is_empty() {
            return wrong(
                "task.targets is empty: task.kind = \"regression\" learns the numbers of columns; name them, as targets = \
                 [\"arousal\", \"valence\"]"
                    .into(),
            );
        }
        let mut names = BTreeSet::new();
        for target in &self.targets {
            if target.trim().is_empty() || target.trim() != target {
                return wrong(format!("task.targets: \"{target}\" is no column's name"));
            }
            if !names.insert(target.to_lowercase()) {
                return wrong(format!("task.targets names {target} twice"));
            }
        }
        for (target, columns) in &self.columns {
            if !self.targets.contains(target) {
                return wrong(format!("task.columns.{target}: no such target; there are {}", self.targets.join(", ")));
            }
            if columns.is_empty() {
                return wrong(format!(
                    "task.columns.{target} is empty: name the columns that it is read from, or drop it"
                ));
            }
        }
        if let Some(Ranges::Each(each)) = &self.range
            && let Some(unknown) = each.keys().find(|name| !self.targets.contains(name))
        {
            return wrong(format!("task.range.{unknown}: no such target; there are {}", self.targets.join(", ")));
        }
        for (target, scale) in self.targets.iter().zip(self.scales()?) {
            if !scale.is_valid() {
                return wrong(format!(
                    "task.range of {target} = [{}, {}]: the least value, then a greater one",
                    scale.low, scale.high
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> TaskConfig {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn ranges_are_of_all_or_of_each_and_of_intensities_known() {
        let all = read("kind = 'regression'\ntargets = ['arousal', 'valence']\nrange = [1, 7]");
        assert_eq!(all.scales().unwrap(), [Scale { low: 1.0, high: 7.0 }; 2]);
        let each = read("kind = 'regression'\ntargets = ['a', 'b']\nrange = { a = [-1, 1.5], b = [0, 100] }");
        assert_eq!(each.scales().unwrap(), [Scale { low: -1.0, high: 1.5 }, Scale { low: 0.0, high: 100.0 }]);
        let known = read("kind = 'regression'\ntargets = ['intensity', 'perceived_intensity']");
        assert_eq!(known.scales().unwrap(), [Scale::UNIT; 2]);
        for config in [all, each, known] {
            config.validate().unwrap();
            assert_eq!(read(&toml::to_string(&config).unwrap()), config);
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_the_way_out() {
        for (text, expected) in [
            ("targets = ['a']", "task.targets: task.kind = \"classification\""),
            ("missing = 'drop'", "task.missing"),
            ("kind = 'regression'", "task.targets is empty"),
            ("kind = 'regression'\ntargets = ['a']", "the target a has none"),
            ("kind = 'regression'\ntargets = ['a', 'A']\nrange = [0, 1]", "names A twice"),
            ("kind = 'regression'\ntargets = [' a']\nrange = [0, 1]", "no column's name"),
            ("kind = 'regression'\ntargets = ['a']\nrange = [1, 1]", "a greater one"),
            ("kind = 'regression'\ntargets = ['a']\nrange = [nan, 1]", "a greater one"),
            (
                "kind = 'regression'\ntargets = ['a']\nrange = { a = [0, 1], b = [0, 1] }",
                "task.range.b: no such target",
            ),
            (
                "kind = 'regression'\ntargets = ['a']\nrange = [0, 1]\ncolumns = { b = ['c'] }",
                "task.columns.b: no such target",
            ),
            ("kind = 'regression'\ntargets = ['a']\nrange = [0, 1]\ncolumns = { a = [] }", "task.columns.a is empty"),
        ] {
            let error = read(text).validate().unwrap_err();
            assert!(matches!(error, Error::Config(_)) && error.to_string().contains(expected), "{text}: {error}");
        }
        let error = toml::from_str::<TaskConfig>("range = [1, 2, 3]").unwrap_err().to_string();
        assert!(error.contains("[1, 7]"), "{error}");
    }
}
