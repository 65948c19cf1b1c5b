//! What one call of `ser-train` is about: an experiment, or the settings of a grid one after the other.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{OneBatch, Options, Prepared, nested::Compared, overfit_one_batch, prepare, train};
use crate::{
    audio::Known,
    config::{Experiment, Search, Setting},
    error::{Error, Result},
    events::Observer,
    files::create_dir,
    run::{Done, GridRecord, RunDir},
};

/// An experiment to train.
#[derive(Debug, Clone)]
pub struct Job {
    /// The config.
    pub experiment: Experiment,
    /// The setting of the grid that it is; absent where there is no grid.
    pub setting: Option<String>,
    /// Its folder.
    pub out: PathBuf,
}

/// The experiments of one call.
#[derive(Debug, Clone)]
pub struct Jobs {
    /// The folder of all of them.
    pub out: PathBuf,
    /// In the grid's order.
    pub jobs: Vec<Job>,
    /// The grid, where there is one.
    pub grid: Option<GridRecord>,
}

/// What came of the experiments of a call.
#[derive(Debug, Clone, Default)]
pub struct Trained {
    /// Each run's folder with its outcome.
    pub outcomes: Vec<(RunDir, Done)>,
    /// The settings that could not be trained.
    pub failed: Vec<String>,
}

impl Jobs {
    /// Reads a config with its overrides. `setting` picks one of a grid; `out` is `experiments/NAME` where absent.
    ///
    /// # Errors
    ///
    /// As [`Experiment::load`] and [`Search::load`]; [`Error::Config`] where there is no such setting.
    pub fn load(config: &Path, overrides: &[String], setting: Option<&str>, out: Option<&Path>) -> Result<Self> {
        let search = Search::load(config, overrides)?;
        Self::of(search, || Experiment::load(config, overrides), setting, out)
    }

    /// The same from the text of a config.
    ///
    /// # Errors
    ///
    /// As [`Jobs::load`].
    pub fn parse(text: &str, overrides: &[String], setting: Option<&str>, out: Option<&Path>) -> Result<Self> {
        let search = Search::parse(text, overrides)?;
        Self::of(search, || Experiment::parse(text, overrides), setting, out)
    }

    /// The settings of a search, or the one experiment where there is none.
    fn of(
        search: Option<Search>,
        experiment: impl FnOnce() -> Result<Experiment>,
        setting: Option<&str>,
        out: Option<&Path>,
    ) -> Result<Self> {
        let folder = |name: &str| out.map_or_else(|| PathBuf::from("experiments").join(name), Path::to_owned);
        let Some(search) = search else {
            if let Some(setting) = setting {
                return Err(Error::Config(format!("--setting {setting}: the config has no [grid]")));
            }
            let experiment = experiment()?;
            let out = folder(&experiment.name);
            return Ok(Self { jobs: vec![Job { experiment, setting: None, out: out.clone() }], out, grid: None });
        };
        let out = folder(&search.name);
        let record = GridRecord::of(&search);
        let jobs: Vec<Job> = search
            .settings
            .into_iter()
            .filter(|one| setting.is_none_or(|only| only == one.name))
            .map(|Setting { name, experiment, .. }| Job { experiment, out: out.join(&name), setting: Some(name) })
            .collect();
        if let (Some(setting), true) = (setting, jobs.is_empty()) {
            let names: Vec<&str> = record.settings.iter().map(|setting| setting.name.as_str()).collect();
            return Err(Error::Config(format!("--setting {setting}: the grid's settings are {}", names.join(", "))));
        }
        Ok(Self { out, jobs, grid: Some(record) })
    }

    /// Trains all. A setting of a grid that cannot be trained is reported and passed over: a search is there to find out. Where
    /// the choice is nested and all settings are there, each fold and seed then takes the best on its own validation side.
    ///
    /// # Errors
    ///
    /// As [`prepare`] and [`train`].
    pub fn train(&self, data: &Path, options: &Options, observer: &dyn Observer) -> Result<Trained> {
        if let Some(grid) = &self.grid {
            create_dir(&self.out)?;
            grid.write(&self.out)?;
        }
        let mut trained = Trained::default();
        let nested = self.grid.as_ref().filter(|grid| grid.nested);
        let mut compared = Compared::default();
        self.each(data, options, observer, |job, prepared, options| {
            let setting =
                nested.and_then(|grid| grid.settings.iter().find(|of| Some(&of.name) == job.setting.as_ref()));
            let outcomes = match setting {
                Some(setting) => compared.add(setting, prepared, options, observer),
                None => train(prepared, options, observer),
            };
            match (outcomes, &job.setting) {
                (Ok(outcomes), _) => trained.outcomes.extend(outcomes),
                (Err(Error::Data(problem)), Some(name)) => {
                    observer.log(&format!("error: setting {name}: {problem}"));
                    trained.failed.push(name.clone());
                }
                (Err(error), _) => return Err(error),
            }
            Ok(())
        })?;
        match nested {
            Some(record) if self.jobs.len() == record.settings.len() => {
                compared.choose(self, record, data, options, observer, &mut trained)?;
            }
            Some(_) => observer.log("one setting of a nested choice: call ser-train without --setting to choose"),
            None => {}
        }
        Ok(trained)
    }

    /// Checks all instead of training: can the network overfit one batch?
    ///
    /// # Errors
    ///
    /// As [`prepare`] and [`overfit_one_batch`].
    pub fn overfit_one_batch(&self, data: &Path, options: &Options, observer: &dyn Observer) -> Result<Vec<OneBatch>> {
        let mut found = Vec::new();
        self.each(data, options, observer, |_, prepared, options| {
            found.push(overfit_one_batch(prepared, options, observer)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// Does something with each experiment and its options.
    fn each(
        &self,
        data: &Path,
        options: &Options,
        observer: &dyn Observer,
        mut act: impl FnMut(&Job, &Prepared, &Options) -> Result<()>,
    ) -> Result<()> {
        let known = Arc::new(Known::open(&options.cache));
        for (i, job) in self.jobs.iter().enumerate() {
            let prepared = prepare(job.experiment.clone(), data, &known, observer)?;
            if i == 0 {
                job.experiment.notes.iter().for_each(|note| observer.log(&format!("note: {note}")));
                observer.log(prepared.summary().trim_end());
            }
            if let Some(name) = &job.setting {
                observer.log(&format!("setting {} of {}: {name}", i + 1, self.jobs.len()));
            }
            act(job, &prepared, &Options { out: job.out.clone(), ..options.clone() })?;
        }
        Ok(())
    }
}
