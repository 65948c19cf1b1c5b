//! What the leak audit found, for people as text and for programs as JSON.

use serde::Serialize;

use super::scan::to_json;
use crate::{
    error::Result,
    escape,
    protocol::{
        Caveat,
        audit::{Audit, Foreign, Verdict, audit},
    },
    survey::Survey,
};

/// The schemas' names and versions; a change that breaks a reader raises them.
const SCHEMA: &str = "ser-audit/1";
const FOREIGN_SCHEMA: &str = "ser-foreign-audit/1";

/// The audits of all folds of an experiment.
#[derive(Debug, Serialize)]
pub struct Audits {
    schema: &'static str,
    experiment: String,
    protocol: &'static str,
    description: String,
    validation_rule: String,
    speaker_independent: bool,
    /// Whether any fold leaks, on purpose or not.
    leaks: bool,
    /// What a figure of this split does not cover.
    caveats: Vec<Caveat>,
    folds: Vec<FoldAudit>,
    #[serde(skip)]
    brand: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct FoldAudit {
    fold: String,
    /// Why training would refuse the fold; null where it would not.
    refused: Option<String>,
    audit: Audit,
}

impl Audits {
    /// Audits every fold; `scaler` says what the scaler is fitted on.
    #[must_use]
    pub fn of(experiment: &str, survey: &Survey, scaler: &str) -> Self {
        let plan = &survey.plan;
        let folds: Vec<FoldAudit> = plan
            .folds
            .iter()
            .map(|fold| {
                let audit = audit(&survey.clips, plan, fold, scaler);
                let refused = audit.check(plan, &fold.name).err().map(|error| error.to_string());
                FoldAudit { fold: fold.name.clone(), refused, audit }
            })
            .collect();
        Self {
            schema: SCHEMA,
            experiment: experiment.to_owned(),
            protocol: plan.kind.name(),
            description: plan.description.clone(),
            validation_rule: plan.validation_rule(),
            speaker_independent: plan.speaker_independent,
            leaks: plan.leak.is_some() || folds.iter().any(|fold| fold.refused.is_some()),
            caveats: plan.caveats.clone(),
            folds,
            brand: plan.brand(),
        }
    }

    /// Whether any fold leaks, on purpose or not.
    #[must_use]
    pub fn leaks(&self) -> bool {
        self.leaks
    }

    /// A paragraph for each fold, the verdict last.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        let mut line = |line: &str| text.push_str(&format!("{line}\n"));
        self.brand.iter().for_each(|brand| line(brand));
        line(&format!("{}: protocol {}: {}", self.experiment, self.protocol, self.description));
        line(&format!("validation: {}", self.validation_rule));
        self.caveats.iter().for_each(|caveat| line(&escape::text(&caveat.to_string())));
        for FoldAudit { fold, refused, audit } in &self.folds {
            line(&format!("\nfold {}", escape::text(fold)));
            audit.lines().iter().for_each(|of_fold| line(&format!("  {}", escape::text(of_fold))));
            refused.iter().for_each(|refused| line(&format!("  LEAK: {}", escape::text(refused))));
        }
        let speakers = if self.speaker_independent { "speaker-independent" } else { "speaker-DEPENDENT" };
        line(&match self.leaks {
            true => "\nverdict: LEAKS; a figure from this split means nothing".to_owned(),
            false => format!("\nverdict: no leak in any of {} folds; {speakers}", self.folds.len()),
        });
        text
    }

    /// As JSON: `schema` (`ser-audit/1`), `experiment`, `protocol`, `description`, `validation_rule`,
    /// `speaker_independent`, `leaks` and `folds` (`fold`, `refused`, `audit`).
    ///
    /// # Errors
    ///
    /// [`crate::error::Error::Data`] where a value cannot be written as JSON, which none is.
    pub fn to_json(&self) -> Result<String> {
        to_json(self)
    }
}

/// The audit of a split that others made, as JSON: `schema` (`ser-foreign-audit/1`), `split`, `leaks`, `verdict`, and the fields of
/// [`Foreign`].
///
/// # Errors
///
/// [`crate::error::Error::Data`] where a value cannot be written as JSON, which none is.
pub fn foreign_json(split: &str, foreign: &Foreign) -> Result<String> {
    #[derive(Serialize)]
    struct Document<'a> {
        schema: &'static str,
        split: &'a str,
        leaks: bool,
        verdict: Verdict,
        #[serde(flatten)]
        foreign: &'a Foreign,
    }
    to_json(&Document { schema: FOREIGN_SCHEMA, split, leaks: foreign.leaks(), verdict: foreign.verdict(), foreign })
}
