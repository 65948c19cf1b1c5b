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
    /// `regression`, `multi-task`: the columns that hold the numbers, of a corpus's table; `intensity` is known of RAVDESS and CREMA-D
    /// without one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<String>,
    /// `regression`, `multi-task`: the columns that a target is read from, where not from the one of its name: of several, the first that a clip
    /// has a number in.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, Vec<String>>,
    /// `regression`, `multi-task`: the least and the greatest value, of all targets or of each. From 0 to 1 for intensities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<Ranges>,
    /// `regression`, `multi-task`: what is made small in steps, of numbers. A linear head is solved by least squares and has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss: Option<RegressionLoss>,
    /// `distribution`: the column of each class's votes, counts or shares; else those that are called `votes_CLASS`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub votes: BTreeMap<String, String>,
    /// `distribution`: shares are raised to its inverse: below 1 the most voted class gets more, above 1 all become more alike.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// `classification`: columns that say what others hold a clip's class to be, as listeners or other annotators. A clip is taught
    /// as the mean of its class and of them; what is right stays its class.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub opinions: Vec<String>,
    /// `multi-task`: how much the loss of each part counts: of `emotion`, of each target, of `sex` and of `speaker`, each of the last
    /// two learnt where it is named.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub weights: BTreeMap<String, f64>,
    /// `multi-task`: `sex` or `speaker`, where the network is to forget it: its gradient is reversed on its way from its own head into
    /// the network (Ganin et al. 2016).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub adversarial: Vec<String>,
    /// All but `classification`: what becomes of clips that lack a number or the sex, or that nobody voted on.
    #[serde(skip_serializing_if = "Missing::is_default")]
    pub missing: Missing,
}

/// The parts of a multi-task beside targets, as `task.weights` calls them.
pub(crate) const EMOTION: &str = "emotion";
pub(crate) const SEX: &str = "sex";
pub(crate) const SPEAKER: &str = "speaker";

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
        let Self { targets, columns, range, loss, missing, votes, temperature, opinions, weights, adversarial, .. } =
            self;
        const NUMBERS: &[Kind] = &[Kind::Regression, Kind::MultiTask];
        const VOTES: &[Kind] = &[Kind::Distribution];
        const SEVERAL: &[Kind] = &[Kind::MultiTask];
        let set = [
            ("targets", !targets.is_empty(), NUMBERS),
            ("columns", !columns.is_empty(), NUMBERS),
            ("range", range.is_some(), NUMBERS),
            ("loss", loss.is_some(), NUMBERS),
            ("votes", !votes.is_empty(), VOTES),
            ("temperature", temperature.is_some(), VOTES),
            ("opinions", !opinions.is_empty(), &[Kind::Classification]),
            ("weights", !weights.is_empty(), SEVERAL),
            ("adversarial", !adversarial.is_empty(), SEVERAL),
            ("missing", *missing != Missing::default(), &[Kind::Regression, Kind::Distribution, Kind::MultiTask]),
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
            Kind::Classification => self.validate_opinions(),
            Kind::Regression => self.validate_numbers(),
            Kind::Distribution => self.validate_votes(),
            Kind::MultiTask => self.validate_parts(),
        }
    }

    /// Whether the sex or the speaker, or any other part of several, is learnt.
    pub(crate) fn learns(&self, part: &str) -> bool {
        self.kind == Kind::MultiTask && self.weights.contains_key(part)
    }

    fn validate_parts(&self) -> Result<()> {
        let wrong = |problem: String| Err(Error::Config(problem));
        if !self.targets.is_empty() {
            self.validate_numbers()?;
        }
        const OWN: [&str; 3] = [EMOTION, SEX, SPEAKER];
        if let Some(name) = self.targets.iter().find(|name| OWN.contains(&name.to_lowercase().as_str())) {
            return wrong(format!(
                "task.targets: {name} is what task.weights calls another part by; give the column another name"
            ));
        }
        let parts = || [EMOTION].into_iter().chain(self.targets.iter().map(String::as_str));
        if let Some(name) = parts().find(|name| !self.weights.contains_key(*name)) {
            return wrong(format!(
                "task.weights: {name} has none; say how much each part counts, as weights = {{ {} }}, and sex or speaker where they \
                 are to be learnt",
                parts().map(|name| format!("{name} = 1.0")).collect::<Vec<_>>().join(", ")
            ));
        }
        let known: Vec<&str> = parts().chain([SEX, SPEAKER]).collect();
        if let Some(name) = self.weights.keys().find(|name| !known.contains(&name.as_str())) {
            return wrong(format!(
                "task.weights.{name}: no such part; there are {}, and each column of task.targets",
                known.join(", ")
            ));
        }
        if let Some((name, weight)) = self.weights.iter().find(|(_, weight)| !(weight.is_finite() && **weight > 0.0)) {
            return Err(out_of_range(&format!("task.weights.{name}"), weight, "a number above 0; or drop the part"));
        }
        if self.weights.len() < 2 {
            return wrong(
                "task.weights names emotion alone, and task.kind = \"multi-task\" learns something beside it: name task.targets, sex or \
                 speaker; or set task.kind = \"classification\""
                    .into(),
            );
        }
        for (at, name) in self.adversarial.iter().enumerate() {
            if name != SEX && name != SPEAKER {
                return wrong(format!("task.adversarial: {name} is not sex or speaker, which alone can be forgotten"));
            }
            if !self.weights.contains_key(name) {
                return wrong(format!(
                    "task.adversarial names {name}, and task.weights.{name} says not how strongly; set it"
                ));
            }
            if self.adversarial[..at].contains(name) {
                return wrong(format!("task.adversarial names {name} twice"));
            }
        }
        Ok(())
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
            ("weights = { emotion = 1 }", "task.weights: task.kind = \"classification\""),
            (
                "kind = 'multi-task'",
                "task.weights: emotion has none; say how much each part counts, as weights = { emotion = 1.0 }",
            ),
            ("kind = 'multi-task'\nweights = { emotion = 1 }", "learns something beside it"),
            (
                "kind = 'multi-task'\ntargets = ['intensity']\nweights = { emotion = 1, sex = 1 }",
                "task.weights: intensity has none",
            ),
            (
                "kind = 'multi-task'\nweights = { emotion = 1, sexx = 1 }",
                "task.weights.sexx: no such part; there are emotion, sex",
            ),
            ("kind = 'multi-task'\nweights = { emotion = 1, sex = 0 }", "task.weights.sex = 0"),
            ("kind = 'multi-task'\nweights = { emotion = 1, sex = inf }", "task.weights.sex = inf"),
            (
                "kind = 'multi-task'\nweights = { emotion = 1, sex = 1 }\nadversarial = ['emotion']",
                "emotion is not sex or speaker",
            ),
            (
                "kind = 'multi-task'\nweights = { emotion = 1, sex = 1 }\nadversarial = ['speaker']",
                "task.adversarial names speaker, and task.weights.speaker",
            ),
            (
                "kind = 'multi-task'\nweights = { emotion = 1, sex = 1 }\nadversarial = ['sex', 'sex']",
                "task.adversarial names sex twice",
            ),
            (
                "kind = 'multi-task'\ntargets = ['Sex']\nrange = [0, 1]\nweights = { emotion = 1, Sex = 1 }",
                "task.targets: Sex is what task.weights calls another part",
            ),
        ] {
            let error = read(text).validate().unwrap_err();
            assert!(matches!(error, Error::Config(_)) && error.to_string().contains(expected), "{text}: {error}");
        }
        let error = toml::from_str::<TaskConfig>("range = [1, 2, 3]").unwrap_err().to_string();
        assert!(error.contains("[1, 7]"), "{error}");
    }
}
