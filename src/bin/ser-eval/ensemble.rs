//! `ser-eval ensemble`: the mean answer of several experiments.

use std::path::PathBuf;

use clap::Args;
use ser::{config::data_dir, error::Result, events::Stop, progress::Terminal, report, stdout::print};

use super::draws::Draws;

#[derive(Args)]
#[command(
    after_help = "Every run counts as much as another: of two experiments with five seeds each, ten runs are averaged. Of one experiment \
with several seeds, they are. What is chosen, such as which experiments to name, is chosen by you: by their validation figures, not by \
their test figures.

Examples:
  ser-eval ensemble experiments/tiny experiments/base --out experiments/both
      the mean of both, fold by fold, and its report in experiments/both/report/
  ser-eval experiments/tiny experiments/both
      what the ensemble adds
  ser-predict A/bundle --ensemble B/bundle clip.wav
      answers of several bundles"
)]
pub struct EnsembleArguments {
    /// The folders of runs or experiments that answer the same clips of the same folds.
    #[arg(value_name = "RUN_OR_EXPERIMENT_DIR", required = true)]
    dirs: Vec<PathBuf>,
    /// The ensemble's folder, an experiment like any other: ser-eval compares it, and ser-eval --compare finds it.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Where the corpora are, if they are not where training found them [default: $SER_DATASETS, else datasets].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(flatten)]
    draws: Draws,
}

impl EnsembleArguments {
    pub fn run(self) -> Result<()> {
        report::ensemble(&self.dirs, &self.out)?;
        let bootstrap = self.draws.bootstrap();
        let folder = self.out.join("report");
        let gathered =
            report::gather_any(&self.out, &folder, &data_dir(self.data), bootstrap, &Terminal::new(Stop::default()))?;
        let figures = gathered.terminal(report::colour_wanted())?;
        print(&format!("{figures}\nreport      {}\n", folder.join("report.html").display()))
    }
}
