//! `ser-eval stress`: test clips altered and answered again.

use std::{path::PathBuf, sync::Arc};

use clap::Args;
use ser::{
    audio::Known,
    bundle::{Bundle, find_one},
    cache::cache_dir,
    config::{Experiment, data_dir},
    error::{Error, Result},
    eval::Bootstrap,
    experiment::prepare,
    frontend::encoder::models_dir,
    progress::Terminal,
    report,
    stdout::print,
    stress::{self, Suite},
};

#[derive(Args)]
pub struct StressArguments {
    /// A bundle's file or folder, or the folder of its run.
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,
    /// The config whose test side is answered: that of the bundle's training, or one of a corpus it has not seen.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Set a key of the config; may be given several times.
    #[arg(long, value_name = "TABLE.KEY=VALUE")]
    set: Vec<String>,
    /// Which tests.
    #[arg(long, value_enum, default_value_t)]
    suite: Suite,
    /// Answer at most so many clips, as many of each speaker and emotion as there is room for.
    #[arg(long, value_name = "CLIPS")]
    limit: Option<usize>,
    /// The fold whose test side is answered [default: the bundle's].
    #[arg(long, value_name = "NAME")]
    fold: Option<String>,
    /// The seed of everything that is drawn.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// A folder of recordings of noise, for tests of its own.
    #[arg(long, value_name = "DIR")]
    noises: Option<PathBuf>,
    /// A folder of impulse responses, for a test of its own.
    #[arg(long, value_name = "DIR")]
    rooms: Option<PathBuf>,
    /// The folder of stress.json, stress.md, stress.html and the pictures [default: stress/ in the run's folder, whose
    /// report then has a section of it].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// The folder that corpora's roots are relative to [default: $SER_DATASETS, else datasets].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The folder of the feature cache, for what is known of files [default: $SER_CACHE, else .ser-cache].
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// The folder of encoders [default: $SER_MODELS, else models].
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,
    /// Draws of the bootstrap.
    #[arg(long, value_name = "N", default_value_t = 2_000, value_parser = Bootstrap::draws)]
    bootstrap: usize,
}

impl StressArguments {
    pub fn run(self, terminal: &Terminal) -> Result<()> {
        let file = find_one(&self.bundle)?;
        let folder = match (self.out, file.parent().filter(|dir| dir.ends_with("bundle")).and_then(|dir| dir.parent()))
        {
            (Some(out), _) => out,
            (None, Some(run)) => run.join("stress"),
            (None, None) => {
                return Err(Error::Config(format!(
                    "--out DIR is needed: {} is not in the folder of a run",
                    file.display()
                )));
            }
        };
        let experiment = Experiment::load(&self.config, &self.set)?;
        let known = Arc::new(Known::open(&cache_dir(self.cache)));
        let prepared = prepare(experiment, &data_dir(self.data), &known, terminal)?;
        let settings = stress::Settings {
            suite: self.suite,
            limit: self.limit,
            fold: self.fold,
            seed: self.seed,
            noises: self.noises,
            rooms: self.rooms,
            bootstrap: Bootstrap { samples: self.bootstrap, ..Bootstrap::default() },
        };
        let found = stress::stress(Bundle::load(&file)?, &prepared, &models_dir(self.models), &settings, terminal)?;
        let text = report::stress::write(&found, &folder)?;
        print(&format!("{text}\nstress      {}\n", folder.join("stress.html").display()))
    }
}
