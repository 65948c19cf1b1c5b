//! `ser-train`: trains what a config describes, evaluates it and writes the report.

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use ser::{
    cache::{Size, cache_dir, cache_limit},
    config::{Experiment, data_dir},
    device::DeviceKind,
    error::Result,
    eval::evaluate,
    progress::stop_on_signal,
    report,
    run::load_finished,
    train::{Options, prepare, train},
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
    /// Go on from the last checkpoint of each run.
    #[arg(long)]
    resume: bool,
    /// Train again what was begun or finished before, and replace it.
    #[arg(long, conflicts_with = "resume")]
    overwrite: bool,
    /// Show Burn's terminal dashboard.
    #[arg(long)]
    tui: bool,
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
    stop_on_signal();
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_status())
        }
    }
}

fn run(arguments: Arguments) -> Result<()> {
    let experiment = Experiment::load(&arguments.config, &arguments.set)?;
    let out = arguments.out.unwrap_or_else(|| PathBuf::from("experiments").join(&experiment.name));
    let options = Options {
        cache: cache_dir(arguments.cache),
        cache_limit: Some(cache_limit(arguments.cache_limit)?),
        out: out.clone(),
        fold: Some(arguments.fold),
        seeds: arguments.seed,
        device: arguments.device,
        resume: arguments.resume,
        overwrite: arguments.overwrite,
        dashboard: arguments.tui,
    };
    let prepared = prepare(experiment, &data_dir(arguments.data))?;
    eprint!("{}", prepared.summary());
    train(&prepared, &options)?;

    let evaluation = evaluate(load_finished(&out)?)?;
    let folder = out.join("report");
    report::write(&evaluation, &folder)?;
    print!("{}", report::terminal(&evaluation, &report::beside(&evaluation)?, report::colour_wanted()));
    println!("report      {}", folder.join("report.txt").display());
    Ok(())
}
