//! `ser-eval`: gathers experiments' finished runs into reports, and compares experiments.

mod draws;
mod ensemble;
mod judge;
mod power;
mod stress;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use ser::{
    config::data_dir,
    device::check_processor,
    error::{Error, Result},
    events::Stop,
    progress::Terminal,
    report,
    run::GridRecord,
    stdout::print,
};

use self::{
    draws::Draws, ensemble::EnsembleArguments, judge::JudgeArguments, power::PowerArguments, stress::StressArguments,
};

/// Gathers the finished runs of an experiment into a report: figures with intervals, confusion matrix, learning curves,
/// predictions, model card. Of several experiments, compares each with the first.
#[derive(Parser)]
#[command(
    version,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Examples:
  ser-eval experiments/ravdess
      every fold and seed together, into experiments/ravdess/report/
  ser-eval experiments/ravdess/fold-0/seed-42 --out /tmp/fold-0
      one run alone
  ser-eval experiments/search
      the settings of a [grid], ranked on validation: test is not used
  ser-eval experiments/baseline experiments/better --out /tmp/comparison
      a report of each in its own folder, and their differences
  ser-eval few/0 few/1 few/5 few/10 --out few/curve
      cross-lingual experiments with more and more shots: their curve, as a table, a picture and a page
  ser-eval --compare reports/published.toml experiments/reproduce
      reports/reproduction.md: what scripts/reproduce.sh trained, compared with published figures
  ser-eval ensemble experiments/a experiments/b --out experiments/a-and-b
      the mean of their answers, as an experiment of its own
  ser-eval stress experiments/ravdess/fold-0/seed-42 --config configs/ravdess.toml
      its test clips in noise, in rooms, on the telephone and so on: what it stands
  ser-eval judge predictions.csv --split split.csv
      what any other program has predicted: figures, audit, fairness, the page

Exit status: 0 done, 2 wrong usage or experiments of different protocols, 1 anything else."
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// A run's or an experiment's folder, as ser-train leaves it; several to compare them. With --compare, the folder that
    /// holds the rows' experiments.
    #[arg(value_name = "RUN_OR_EXPERIMENT_DIR", required = true)]
    dirs: Vec<PathBuf>,
    /// Write the page of reproduced figures: the experiments that this file names, compared with its published figures.
    #[arg(long, value_name = "FILE")]
    compare: Option<PathBuf>,
    /// The report's folder [default: report/ in the folder given]. Of several experiments, that of the comparison, which
    /// is only printed where this is not given. With --compare, that of the page [default: that of FILE].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Where the corpora are, if they are not where training found them: for the clips' pictures and players in
    /// report.html [default: $SER_DATASETS, else datasets].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(flatten)]
    draws: Draws,
}

#[derive(Subcommand)]
enum Command {
    /// Answers a fold's test clips again, altered as life alters them: noise, rooms, telephone, clipping, speed … Says of each
    /// alteration what it costs, and whether the recogniser stands it by stated limits.
    Stress(Box<StressArguments>),
    /// Averages the probabilities of several experiments, or of one's seeds, into an experiment of its own, and reports it.
    Ensemble(EnsembleArguments),
    /// Judges predictions that another program made by the split that they were made under: figures, intervals by speaker,
    /// audit of the split, fairness, comparison with other predictions, and the page.
    Judge(Box<JudgeArguments>),
    /// Says how many speakers and clips it takes to tell two systems apart: from two finished experiments, or from what is
    /// stated of them.
    Power(PowerArguments),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match check_processor().and_then(|()| run(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_status())
        }
    }
}

fn run(arguments: Arguments) -> Result<()> {
    if let Some(command) = arguments.command {
        let terminal = Terminal::with_signals();
        return match command {
            Command::Stress(arguments) => arguments.run(&terminal),
            Command::Ensemble(arguments) => arguments.run(),
            Command::Judge(arguments) => arguments.run(),
            Command::Power(arguments) => arguments.run(),
        };
    }
    let terminal = Terminal::new(Stop::default());
    if let Some(published) = &arguments.compare {
        let [experiments] = &arguments.dirs[..] else {
            return Err(Error::Config("--compare takes one folder, that holds the rows' experiments".into()));
        };
        let folder = arguments.out.as_deref().or(published.parent()).unwrap_or(experiments);
        let page = report::reproduction(published, experiments, folder, arguments.draws.bootstrap())?;
        return print(&format!("page        {}\n", page.display()));
    }
    if let [dir] = &arguments.dirs[..] {
        let folder = arguments.out.clone().unwrap_or_else(|| dir.join("report"));
        let data = data_dir(arguments.data.clone());
        if let Some(record) = GridRecord::read(dir)? {
            let bootstrap = arguments.draws.bootstrap();
            return print(&report::grid::gather_search(dir, &folder, record, &data, bootstrap, &terminal)?.0);
        }
        let gathered = report::gather_any(dir, &folder, &data, arguments.draws.bootstrap(), &terminal)?;
        let figures = gathered.terminal(report::colour_wanted())?;
        return print(&format!("{figures}\nreport      {}\n", folder.join("report.html").display()));
    }
    let (data, out) = (data_dir(arguments.data.clone()), arguments.out.as_deref());
    print(&report::comparison::of_folders(&arguments.dirs, &data, out, arguments.draws.bootstrap(), &terminal)?)
}
