//! Cutting validation from the training side: whole speakers where the test speakers are apart and there are enough
//! others, stratified clips otherwise. The rule that was followed is part of the report.

use serde::{Deserialize, Serialize};

use super::{
    random::{every, stratified_share},
    speaker_kfold::dealing_order,
    task::Task,
};

/// With fewer training speakers than this, taking one away for validation costs more than it tells.
const ENOUGH_SPEAKERS: usize = 4;

/// How a fold's validation came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ValidationRule {
    /// The protocol names it.
    Named,
    /// There is none: the epoch is picked on the test side.
    Test,
    /// Whole speakers: how many, of how many.
    Speakers(usize, usize),
    /// Clips, stratified by class: how many, of how many.
    Clips(usize, usize),
    /// The same because there were too few speakers.
    ClipsOfFewSpeakers(usize, usize),
}

/// The validation members of the training side `rest` of the fold, and the rule.
pub(super) fn cut(task: &Task<'_>, rest: &[usize], fold: &str, speakers_apart: bool) -> (Vec<usize>, ValidationRule) {
    let purpose = format!("validation {fold}");
    let share = task.config.validation;
    if speakers_apart {
        let voices = dealing_order(task, rest, &purpose);
        if voices.len() >= ENOUGH_SPEAKERS {
            let wanted = ((voices.len() as f64 * share).round() as usize).max(1);
            let members = every(&voices, wanted).flatten().copied().collect();
            return (members, ValidationRule::Speakers(wanted, voices.len()));
        }
    }
    let members = stratified_share(task, rest, share, &purpose);
    let (taken, of) = (members.len(), rest.len());
    (
        members,
        if speakers_apart { ValidationRule::ClipsOfFewSpeakers(taken, of) } else { ValidationRule::Clips(taken, of) },
    )
}

impl ValidationRule {
    /// The rules of all folds, in a sentence fragment.
    pub(super) fn words(rules: &[Self]) -> String {
        let mut fragments: Vec<String> = Vec::new();
        for rule in rules {
            let same_kind = rules.iter().filter(|other| std::mem::discriminant(*other) == std::mem::discriminant(rule));
            let fragment = rule.fragment(&counts(same_kind));
            if !fragments.contains(&fragment) {
                fragments.push(fragment);
            }
        }
        fragments.join("; ")
    }

    fn fragment(self, counts: &str) -> String {
        match self {
            Self::Named => "named by the protocol".into(),
            Self::Test => "the test side itself".into(),
            Self::Speakers(..) => format!("whole speakers from the training side ({counts})"),
            Self::Clips(..) => format!("clips from the training side, stratified by class ({counts})"),
            Self::ClipsOfFewSpeakers(..) => format!(
                "clips from the training side, stratified by class ({counts}): too few speakers to take whole ones"
            ),
        }
    }

    fn numbers(self) -> (usize, usize) {
        match self {
            Self::Named | Self::Test => (0, 0),
            Self::Speakers(taken, of) | Self::Clips(taken, of) | Self::ClipsOfFewSpeakers(taken, of) => (taken, of),
        }
    }
}

/// `3 of 19 to 20`: folds differ a little.
fn counts<'a>(rules: impl Iterator<Item = &'a ValidationRule>) -> String {
    let (taken, of): (Vec<_>, Vec<_>) = rules.map(|rule| rule.numbers()).unzip();
    let range = |numbers: &[usize]| match (numbers.iter().min(), numbers.iter().max()) {
        (Some(least), Some(most)) if least < most => format!("{least} to {most}"),
        (least, _) => least.map(usize::to_string).unwrap_or_default(),
    };
    format!("{} of {}", range(&taken), range(&of))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_of_all_folds_are_told_in_one_sentence() {
        let words = ValidationRule::words(&[
            ValidationRule::Speakers(3, 20),
            ValidationRule::Speakers(3, 19),
            ValidationRule::Clips(5, 50),
        ]);
        assert_eq!(
            words,
            "whole speakers from the training side (3 of 19 to 20); clips from the training side, stratified by class \
             (5 of 50)"
        );
        assert_eq!(ValidationRule::words(&[ValidationRule::Named, ValidationRule::Named]), "named by the protocol");
    }
}
