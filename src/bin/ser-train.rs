//! `ser-train`: trains what a config describes, evaluates it and writes the report.

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use ser::{
    cache::{Size, cache_dir, cache_limit},
    config::data_dir,
    device::{DeviceKind, check_processor},
    error::{Error, Result},
    eval::Bootstrap,
    events::Observer,
    experiment::{Call, Jobs, Options},
    frontend::encoder::models_dir,
    progress::Terminal,
    report,
    stdout::print,
};

/// Trains a speech-emotion recogniser as a config describes, evaluates it on speakers it has never seen, and writes a
/// report.
#[derive(Parser)]
#[command(
    version,
    after_help = "Examples:
  ser-train --config configs/quickstart.toml
      the whole way on the embedded synthetic corpus: no data needed
  ser-train --config configs/ravdess.toml --data /corpora --seed 1,2,3
      all folds on RAVDESS under /corpora/ravdess, once for each of three seeds
  ser-train --config configs/ravdess.toml --fold 0 --set train.epochs=2
      one fold, two epochs: does everything work?
  ser-train --config configs/ravdess.toml --resume
      go on after Ctrl-C, a crash or a power cut
  ser-train --config configs/ravdess.toml --seed 1,2,3 --list | parallel -j 4
      the same as independent commands, spread by GNU parallel; then: ser-eval experiments/ravdess
  ser-train --config configs/ravdess.toml --overfit-one-batch
      before training: does the network learn at all, and at which learning rates?

Exit status: 0 done, 2 wrong usage or config, 1 anything else."
)]
struct Arguments {
    /// The experiment's config, a TOML file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The fold to run, by name, or all.
    #[arg(long, value_name = "K", default_value = "all")]
    fold: String,
    /// Seeds, comma-separated; replaces the config's; one run per seed and fold.
    #[arg(long, value_name = "N", value_delimiter = ',')]
    seed: Vec<u64>,
    /// What computes: flex (the processor), ndarray, wgpu or cuda.
    #[arg(long, default_value_t)]
    device: DeviceKind,
    /// Share each batch among the first N GPUs of the device.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..))]
    gpus: u8,
    /// Go on from the last checkpoint of each run.
    #[arg(long)]
    resume: bool,
    /// Train again what was begun or finished before, and replace it.
    #[arg(long, conflicts_with = "resume")]
    overwrite: bool,
    /// Check instead of training: can the network overfit one batch, and at which learning rates does it learn?
    #[arg(long, alias = "sanity", conflicts_with_all = ["resume", "overwrite", "tui"])]
    overfit_one_batch: bool,
    /// Show Burn's terminal dashboard.
    #[arg(long)]
    tui: bool,
    /// Of a config with a `[grid]`, train this setting alone.
    #[arg(long, value_name = "NAME")]
    setting: Option<String>,
    /// Print the commands that train one run each, and train nothing.
    #[arg(long, conflicts_with_all = ["overfit_one_batch", "tui", "overwrite"])]
    list: bool,
    /// Leave the report to ser-eval: for runs of one experiment that are spread over processes or machines.
    #[arg(long)]
    no_report: bool,
    /// Set a key of the config, as train.epochs=10; may be given several times.
    #[arg(long, value_name = "TABLE.KEY=VALUE")]
    set: Vec<String>,
    /// The folder that corpora's roots are relative to [default: $SER_DATASETS, else datasets].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The folder of the feature cache [default: $SER_CACHE, else .ser-cache].
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// The folder of encoders [default: $SER_MODELS, else models].
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,
    /// What the cache may hold, as 20GB: what was used longest ago is removed [default: $SER_CACHE_LIMIT, else 20GB].
    #[arg(long, value_name = "SIZE")]
    cache_limit: Option<Size>,
    /// The experiment's folder [default: experiments/NAME, the config's name].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match check_processor().and_then(|()| watched(&arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_status())
        }
    }
}

/// Runs with a terminal as the observer, or with the dashboard.
fn watched(arguments: &Arguments) -> Result<()> {
    let terminal = Terminal::with_signals();
    if !arguments.tui {
        return run(arguments, &terminal);
    }
    #[cfg(feature = "tui")]
    return run(arguments, &ser::progress::Dashboard::over(&terminal)?);
    #[cfg(not(feature = "tui"))]
    Err(Error::Config("--tui: this build has no terminal dashboard; build it with --features tui".into()))
}

fn run(arguments: &Arguments, observer: &dyn Observer) -> Result<()> {
    let data = data_dir(arguments.data.clone());
    let jobs = Jobs::load(&arguments.config, &arguments.set, arguments.setting.as_deref(), arguments.out.as_deref())?;
    let options = arguments.options()?;
    if arguments.list {
        let commands = jobs.commands(&arguments.call(), &data, &options, observer)?;
        return commands.iter().try_for_each(|command| print(&format!("{command}\n")));
    }
    if arguments.overfit_one_batch {
        let found = jobs.overfit_one_batch(&data, &options, observer)?;
        found.iter().try_for_each(|one| print(&one.text))?;
        let failed = jobs.grid.is_none() && found.iter().any(|one| !one.learns);
        return if failed { Err(Error::Data("the network did not overfit one batch".into())) } else { Ok(()) };
    }
    let trained = jobs.train(&data, &options, observer)?;
    let folder = jobs.out.join("report");
    match jobs.grid {
        Some(_) if arguments.no_report => {}
        Some(record) => {
            let drawn = Bootstrap::default();
            print(&report::grid::gather_search(&jobs.out, &folder, record, &data, drawn, observer)?.0)?;
        }
        None => {
            let name = jobs.jobs.first().map_or("", |job| &job.experiment.name);
            observer.log(report::runs(name, &trained.outcomes)?.trim_end());
            if !arguments.no_report {
                let gathered = report::gather_any(&jobs.out, &folder, &data, Bootstrap::default(), observer)?;
                let figures = gathered.terminal(report::colour_wanted())?;
                print(&format!("{figures}report      {}\n", folder.join("report.html").display()))?;
            }
        }
    }
    if trained.failed.is_empty() {
        return Ok(());
    }
    Err(Error::Data(format!(
        "{} of {} settings could not be trained: {}",
        trained.failed.len(),
        jobs.jobs.len(),
        trained.failed.join(", ")
    )))
}

impl Arguments {
    fn options(&self) -> Result<Options> {
        Ok(Options {
            cache: cache_dir(self.cache.clone()),
            models: models_dir(self.models.clone()),
            cache_limit: Some(cache_limit(self.cache_limit)?),
            // Each experiment has its own.
            out: PathBuf::new(),
            fold: Some(self.fold.clone()),
            seeds: self.seed.clone(),
            device: self.device,
            gpus: self.gpus.into(),
            resume: self.resume,
            overwrite: self.overwrite,
        })
    }

    fn call(&self) -> Call {
        Call {
            config: self.config.clone(),
            set: self.set.clone(),
            data: self.data.clone(),
            cache: self.cache.clone(),
            models: self.models.clone(),
            cache_limit: self.cache_limit,
        }
    }
}
