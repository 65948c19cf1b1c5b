//! `ser-train`: trains what a config describes, evaluates it and writes the report.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Parser;
use ser::{
    cache::{Size, cache_dir, cache_limit},
    config::{Experiment, Search, Setting, data_dir},
    device::DeviceKind,
    error::{Error, Result},
    eval::Bootstrap,
    events::Observer,
    experiment::{Options, Prepared, planned, prepare, sanity, train},
    files::create_dir,
    progress::Terminal,
    report,
    run::GridRecord,
    stdout::print,
};

/// Trains a speech-emotion recogniser as a config describes, evaluates it on speakers it never heard, and writes a
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
  ser-train --config configs/ravdess.toml --sanity
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
    /// The seeds, one run each and fold, in place of the config's.
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
    /// Check instead of training: does the network learn one batch by heart, and at which learning rates does it learn?
    #[arg(long, conflicts_with_all = ["resume", "overwrite", "tui"])]
    sanity: bool,
    /// Show Burn's terminal dashboard.
    #[arg(long)]
    tui: bool,
    /// Of a config with a [grid], train this setting alone.
    #[arg(long, value_name = "NAME")]
    setting: Option<String>,
    /// Print the commands that train one run each, and train nothing.
    #[arg(long, conflicts_with_all = ["sanity", "tui", "overwrite"])]
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
    /// What the cache may hold, as 20GB: what was used longest ago is removed [default: $SER_CACHE_LIMIT, else 20GB].
    #[arg(long, value_name = "SIZE")]
    cache_limit: Option<Size>,
    /// The experiment's folder [default: experiments/NAME, the config's name].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match watched(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_status())
        }
    }
}

/// An experiment to train: the config's, or one setting of its grid.
struct Task {
    experiment: Experiment,
    setting: Option<String>,
    out: PathBuf,
}

/// Runs under the terminal's eyes, or the dashboard's.
fn watched(arguments: Arguments) -> Result<()> {
    let terminal = Terminal::with_signals();
    if !arguments.tui {
        return run(arguments, &terminal);
    }
    #[cfg(feature = "tui")]
    return run(arguments, &ser::progress::Dashboard::over(&terminal)?);
    #[cfg(not(feature = "tui"))]
    Err(Error::Config("--tui: this build has no terminal dashboard; build it with --features tui".into()))
}

fn run(arguments: Arguments, observer: &dyn Observer) -> Result<()> {
    let data = data_dir(arguments.data.clone());
    let Some(search) = Search::load(&arguments.config, &arguments.set)? else {
        if let Some(setting) = &arguments.setting {
            return Err(Error::Config(format!("--setting {setting}: {} has no [grid]", arguments.config.display())));
        }
        let experiment = Experiment::load(&arguments.config, &arguments.set)?;
        let out = arguments.out.clone().unwrap_or_else(|| PathBuf::from("experiments").join(&experiment.name));
        return one(&arguments, &Task { experiment, setting: None, out }, &data, observer);
    };
    grid(&arguments, search, &data, observer)
}

fn one(arguments: &Arguments, task: &Task, data: &Path, observer: &dyn Observer) -> Result<()> {
    let (prepared, options) = (prepare(task.experiment.clone(), data, observer)?, options(arguments, &task.out)?);
    if arguments.list {
        return list(arguments, task, &prepared, &options);
    }
    eprint!("{}", prepared.summary());
    if arguments.sanity {
        let found = sanity(&prepared, &options, observer)?;
        print(&found.text)?;
        return if found.learns { Ok(()) } else { Err(Error::Data("the sanity check failed".into())) };
    }
    let outcomes = train(&prepared, &options, observer)?;
    eprint!("{}", report::runs(&prepared.experiment.name, &outcomes)?);
    if arguments.no_report {
        return Ok(());
    }
    let folder = task.out.join("report");
    let evaluation = report::gather(&task.out, &folder, data, Bootstrap::default(), observer)?;
    let figures = report::terminal(&evaluation, &report::beside(&evaluation)?, report::colour_wanted());
    print(&format!("{figures}report      {}\n", folder.join("report.html").display()))
}

/// Trains every setting, or the one that was asked for. A setting that cannot be trained is told and passed over: a search
/// is there to find out.
fn grid(arguments: &Arguments, search: Search, data: &Path, observer: &dyn Observer) -> Result<()> {
    let out = arguments.out.clone().unwrap_or_else(|| PathBuf::from("experiments").join(&search.name));
    let record = GridRecord::of(&search);
    let tasks: Vec<Task> = search
        .settings
        .into_iter()
        .filter(|setting| arguments.setting.as_ref().is_none_or(|only| *only == setting.name))
        .map(|Setting { name, experiment, .. }| Task { experiment, out: out.join(&name), setting: Some(name) })
        .collect();
    if let (Some(setting), true) = (&arguments.setting, tasks.is_empty()) {
        let names: Vec<&str> = record.settings.iter().map(|setting| setting.name.as_str()).collect();
        return Err(Error::Config(format!("--setting {setting}: the grid's settings are {}", names.join(", "))));
    }
    if !arguments.list {
        create_dir(&out)?;
        record.write(&out)?;
    }
    let mut failed = Vec::new();
    for (i, task) in tasks.iter().enumerate() {
        let name = task.setting.as_deref().unwrap_or_default();
        let (prepared, options) = (prepare(task.experiment.clone(), data, observer)?, options(arguments, &task.out)?);
        if arguments.list {
            list(arguments, task, &prepared, &options)?;
            continue;
        }
        if i == 0 {
            eprint!("{}", prepared.summary());
        }
        eprintln!("setting {} of {}: {name}", i + 1, tasks.len());
        if arguments.sanity {
            print(&sanity(&prepared, &options, observer)?.text)?;
            continue;
        }
        match train(&prepared, &options, observer) {
            Ok(_) => {}
            Err(Error::Data(problem)) => {
                eprintln!("error: setting {name}: {problem}");
                failed.push(name);
            }
            Err(other) => return Err(other),
        }
    }
    if !(arguments.list || arguments.sanity || arguments.no_report) {
        report::grid::say(&out, &out.join("report"), record)?;
    }
    if failed.is_empty() {
        return Ok(());
    }
    Err(Error::Data(format!(
        "{} of {} settings could not be trained: {}",
        failed.len(),
        tasks.len(),
        failed.join(", ")
    )))
}

fn options(arguments: &Arguments, out: &Path) -> Result<Options> {
    Ok(Options {
        cache: cache_dir(arguments.cache.clone()),
        cache_limit: Some(cache_limit(arguments.cache_limit)?),
        out: out.to_owned(),
        fold: Some(arguments.fold.clone()),
        seeds: arguments.seed.clone(),
        device: arguments.device,
        gpus: arguments.gpus.into(),
        resume: arguments.resume,
        overwrite: arguments.overwrite,
    })
}

/// One command a run, each fit for any shell: what was asked for in this call, with its fold, seed and folder spelt out.
fn list(arguments: &Arguments, task: &Task, prepared: &Prepared, options: &Options) -> Result<()> {
    for (fold, seed) in planned(prepared, options)? {
        let mut words = vec!["ser-train".to_owned(), "--config".into(), arguments.config.display().to_string()];
        let mut say = |flag: &str, value: String| words.extend([flag.to_owned(), value]);
        task.setting.iter().for_each(|setting| say("--setting", setting.clone()));
        arguments.set.iter().for_each(|set| say("--set", set.clone()));
        arguments.data.iter().for_each(|data| say("--data", data.display().to_string()));
        arguments.cache.iter().for_each(|cache| say("--cache", cache.display().to_string()));
        arguments.cache_limit.iter().for_each(|limit| say("--cache-limit", limit.to_string()));
        if arguments.device != DeviceKind::default() {
            say("--device", arguments.device.to_string());
        }
        if arguments.gpus > 1 {
            say("--gpus", arguments.gpus.to_string());
        }
        say("--fold", fold);
        say("--seed", seed.to_string());
        // The folder of a grid is that of all its settings.
        let out = if task.setting.is_some() { task.out.parent().unwrap_or(&task.out) } else { &task.out };
        say("--out", out.display().to_string());
        words.extend(["--resume".into(), "--no-report".into()]);
        let command = shlex::try_join(words.iter().map(String::as_str));
        print(&(command.map_err(|_| Error::Config("a path holds a NUL byte".into()))? + "\n"))?;
    }
    Ok(())
}
