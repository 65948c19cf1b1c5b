//! `ser-train --list`: a command for each run, to be spread over processes or machines.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{Jobs, Options, planned, prepare};
use crate::{
    audio::Known,
    cache::Size,
    device::DeviceKind,
    error::{Error, Result},
    events::Observer,
};

/// What a call was given, and each of its commands is given again.
#[derive(Debug, Clone, Default)]
pub struct Call {
    /// The config.
    pub config: PathBuf,
    /// The overrides.
    pub set: Vec<String>,
    /// The folder of the corpora.
    pub data: Option<PathBuf>,
    /// The folder of the cache.
    pub cache: Option<PathBuf>,
    /// The folder of encoders.
    pub models: Option<PathBuf>,
    /// What the cache may hold.
    pub cache_limit: Option<Size>,
}

impl Jobs {
    /// A command for each run, in the order that one call would train them. Each is one line, quoted for any shell.
    ///
    /// # Errors
    ///
    /// As [`prepare`] and [`planned`]; [`Error::Config`] where a name holds a line break or a NUL byte.
    pub fn commands(
        &self,
        call: &Call,
        data: &Path,
        options: &Options,
        observer: &dyn Observer,
    ) -> Result<Vec<String>> {
        let mut commands = Vec::new();
        let known = Arc::new(Known::open(&options.cache));
        for job in &self.jobs {
            let prepared = prepare(job.experiment.clone(), data, &known, observer)?;
            for (fold, seed) in planned(&prepared, options)? {
                commands.push(self.command(call, job.setting.as_deref(), options, &fold, seed)?);
            }
        }
        Ok(commands)
    }

    fn command(&self, call: &Call, setting: Option<&str>, options: &Options, fold: &str, seed: u64) -> Result<String> {
        let mut words = vec!["ser-train".to_owned()];
        let mut say = |flag: &str, value: String| {
            // A value that begins with a dash is read as a flag if it stands by itself.
            match value.starts_with('-') {
                true => words.push(format!("{flag}={value}")),
                false => words.extend([flag.to_owned(), value]),
            }
        };
        say("--config", call.config.display().to_string());
        setting.iter().for_each(|setting| say("--setting", (*setting).to_owned()));
        call.set.iter().for_each(|set| say("--set", set.clone()));
        call.data.iter().for_each(|data| say("--data", data.display().to_string()));
        call.cache.iter().for_each(|cache| say("--cache", cache.display().to_string()));
        call.models.iter().for_each(|models| say("--models", models.display().to_string()));
        call.cache_limit.iter().for_each(|limit| say("--cache-limit", limit.to_string()));
        if options.device != DeviceKind::default() {
            say("--device", options.device.to_string());
        }
        if options.gpus > 1 {
            say("--gpus", options.gpus.to_string());
        }
        say("--fold", fold.to_owned());
        say("--seed", seed.to_string());
        say("--out", self.out.display().to_string());
        words.extend(["--resume".into(), "--no-report".into()]);
        if let Some(word) = words.iter().find(|word| word.chars().any(char::is_control)) {
            return Err(Error::Config(format!("--list: {word:?} holds a line break or another control character")));
        }
        shlex::try_join(words.iter().map(String::as_str)).map_err(|e| Error::Config(format!("--list: {e}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_and_never_read_as_flags() {
        let jobs = Jobs { out: "x".into(), jobs: vec![], grid: None };
        let call = Call { config: "my config.toml".into(), set: vec!["a.b='c'".into()], ..Call::default() };
        let command = |fold: &str| jobs.command(&call, None, &Options::default(), fold, 7);
        assert_eq!(
            command("$(rm x)").unwrap(),
            "ser-train --config 'my config.toml' --set \"a.b='c'\" --fold '$(rm x)' --seed 7 --out x --resume --no-report"
        );
        assert!(command("--overwrite").unwrap().contains("'--fold=--overwrite' --seed 7 "));
        assert!(command("a\nb").unwrap_err().to_string().contains("line break"));
    }
}
