//! `ser-eval power`: how many speakers and clips tell two systems apart.

use std::path::PathBuf;

use clap::Args;
use ser::{
    error::Result,
    eval::{Bootstrap, Power, compare, evaluate},
    report,
    run::load_finished,
    stdout::print,
};

#[derive(Args)]
#[command(after_help = "Examples:
  ser-eval power experiments/baseline experiments/better
      how many speakers it would take to find their difference
  ser-eval power experiments/baseline experiments/better --difference 2
      to find one of two points between systems like these
  ser-eval power --difference 3 --discordant 30 --speaker-deviation 5
      from stated figures")]
pub struct PowerArguments {
    /// Two finished experiments of one protocol.
    #[arg(value_name = "EXPERIMENT_DIR", num_args = 2, required_unless_present = "discordant")]
    dirs: Vec<PathBuf>,
    /// The difference of UAR to be found, in points [default: that of the two experiments].
    #[arg(long, value_name = "POINTS", required_unless_present = "dirs")]
    difference: Option<f64>,
    /// How many clips in a hundred one of both systems recognises alone.
    #[arg(long, value_name = "PERCENT", conflicts_with = "dirs", requires = "difference")]
    discordant: Option<f64>,
    /// How much the difference varies between speakers, in points of standard deviation.
    #[arg(long, value_name = "POINTS", conflicts_with = "dirs", default_value_t = 5.0)]
    speaker_deviation: f64,
}

impl PowerArguments {
    pub fn run(self) -> Result<()> {
        let share = |percent: f64| percent / 100.0;
        let difference = self.difference.map(share);
        let of = match (&self.dirs[..], self.discordant) {
            ([first, second], _) => {
                let of = |dir: &PathBuf| evaluate(load_finished(dir)?);
                Power::of(&compare(&of(first)?, &of(second)?, Bootstrap::default())?, difference)?
            }
            (_, discordant) => Power::stated(
                difference.unwrap_or_default(),
                share(discordant.unwrap_or_default()),
                share(self.speaker_deviation),
            )?,
        };
        print(&report::power(&of))
    }
}
