//! The options of the bootstrap, which several commands have.

use clap::Args;
use ser::eval::Bootstrap;

#[derive(Args)]
pub struct Draws {
    /// Draws of the bootstrap; 0 for no intervals.
    #[arg(long, value_name = "N", default_value_t = Bootstrap::default().samples, value_parser = Bootstrap::draws)]
    bootstrap: usize,
    /// Seed of the bootstrap's draws.
    #[arg(long, value_name = "N", default_value_t = Bootstrap::default().seed)]
    bootstrap_seed: u64,
}

impl Draws {
    pub fn bootstrap(&self) -> Bootstrap {
        Bootstrap { samples: self.bootstrap, seed: self.bootstrap_seed }
    }
}
