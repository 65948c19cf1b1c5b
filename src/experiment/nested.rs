//! A nested choice: within each fold, all settings of a grid are compared on its validation side, and the one that it ranks
//! first alone looks at the test side.
//!
//! ```text
//! for each setting, fold and seed   OUT/SETTING/fold-F/seed-S/   trained; validation scored, test not looked at
//! for each fold and seed            the setting with the best validation figure
//!                                   OUT/chosen/fold-F/seed-S/    trained again to the same bits, test scored once
//! ```
//!
//! No figure of a test side can reach the choice, whatever is done with the report afterwards.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use super::{
    Jobs, Options, Prepared, Trained, planned, prepare,
    record::{hash, unseeded},
    runs::train_for,
};
use crate::{
    audio::Known,
    config::Experiment,
    error::{Error, Result},
    events::Observer,
    run::{Choice, Done, GridRecord, RunDir, SettingRecord},
};

/// What a run is for.
pub(super) enum Purpose<'a> {
    /// For its figures.
    Result,
    /// To be compared on validation: it does not look at its test side.
    Candidate,
    /// It has a setting that was chosen by fold and seed, of a grid with this hash.
    Chosen { grid: &'a str, choices: &'a BTreeMap<(String, u64), Choice> },
}

impl Purpose<'_> {
    pub(super) fn choice(&self, fold: &str, seed: u64) -> Option<&Choice> {
        match self {
            Self::Chosen { choices, .. } => choices.get(&(fold.to_owned(), seed)),
            Self::Result | Self::Candidate => None,
        }
    }
}

/// What the settings of a nested choice have come to on validation, by fold and seed.
#[derive(Default)]
pub(super) struct Compared<'a>(BTreeMap<(String, u64), Vec<(&'a SettingRecord, f64)>>);

impl<'a> Compared<'a> {
    /// Trains a setting without a look at test.
    pub(super) fn add(
        &mut self,
        setting: &'a SettingRecord,
        prepared: &Prepared,
        options: &Options,
        observer: &dyn Observer,
    ) -> Result<Vec<(RunDir, Done)>> {
        let wanted = planned(prepared, options)?;
        let outcomes = train_for(prepared, &wanted, &Purpose::Candidate, options, observer)?;
        for (of, (_, done)) in wanted.into_iter().zip(&outcomes) {
            self.0.entry(of).or_default().push((setting, done.validation));
        }
        Ok(outcomes)
    }

    /// Takes the best setting of each fold and seed, and trains it for its figures.
    pub(super) fn choose(
        self,
        jobs: &Jobs,
        record: &GridRecord,
        data: &Path,
        options: &Options,
        observer: &dyn Observer,
        trained: &mut Trained,
    ) -> Result<()> {
        let mut choices = BTreeMap::new();
        for ((fold, seed), settings) in self.0 {
            let choice = Choice::of(&settings).ok_or_else(|| {
                Error::Data(format!("no setting of the [grid] has a validation figure in fold {fold}, seed {seed}"))
            })?;
            let figure =
                choice.validation().map_or(String::new(), |figure| format!(" ({:.2} on validation)", 100.0 * figure));
            observer.log(&format!("fold {fold} seed {seed}: chosen {}{figure}", choice.setting.name));
            choices.insert((fold, seed), choice);
        }
        let mut all = String::new();
        for job in &jobs.jobs {
            all.push_str(&unseeded(&job.experiment)?);
        }
        let grid = hash(&all);
        let known = Arc::new(Known::open(&options.cache));
        for job in &jobs.jobs {
            let taken = |(_, choice): &(&(String, u64), &Choice)| Some(&choice.setting.name) == job.setting.as_ref();
            let wanted: Vec<(String, u64)> = choices.iter().filter(taken).map(|(of, _)| of.clone()).collect();
            if wanted.is_empty() {
                continue;
            }
            let experiment = Experiment { name: record.experiment.clone(), ..job.experiment.clone() };
            let prepared = prepare(experiment, data, &known, observer)?;
            let options = Options { out: jobs.out.join(GridRecord::CHOSEN), ..options.clone() };
            let purpose = Purpose::Chosen { grid: &grid, choices: &choices };
            trained.outcomes.extend(train_for(&prepared, &wanted, &purpose, &options, observer)?);
        }
        Ok(())
    }
}
