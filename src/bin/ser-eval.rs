//! `ser-eval`: gathers an experiment's finished runs into a report.

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use ser::{error::Result, eval::evaluate, report, run::load_finished};

/// Gathers the finished runs of an experiment into a report: figures, confusion matrix, learning curves, predictions.
#[derive(Parser)]
#[command(
    version,
    after_help = "Examples:
  ser-eval experiments/ravdess
      every fold and seed together, into experiments/ravdess/report/
  ser-eval experiments/ravdess/fold-0/seed-42 --out /tmp/fold-0
      one run alone

Exit status: 0 done, 2 wrong usage, 1 anything else."
)]
struct Arguments {
    /// A run's or an experiment's folder, as ser-train leaves it.
    #[arg(value_name = "RUN_OR_EXPERIMENT_DIR")]
    dir: PathBuf,
    /// The report's folder [default: report/ in the folder given].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_status())
        }
    }
}

fn run(arguments: Arguments) -> Result<()> {
    let evaluation = evaluate(load_finished(&arguments.dir)?)?;
    let folder = arguments.out.unwrap_or_else(|| arguments.dir.join("report"));
    report::write(&evaluation, &folder)?;
    print!("{}", report::headline(&evaluation));
    println!("report      {}", folder.join("report.txt").display());
    Ok(())
}
