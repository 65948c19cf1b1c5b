//! `ser-serve`: what emotion is heard, over HTTP and WebSocket, with a page that listens.

#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod accept;
mod app;
mod asked;
mod guard;
mod metrics;
mod models;
mod openapi;
mod options;
mod page;
mod pool;
mod problem;
mod recognize;
mod stream;
mod upload;

use std::process::ExitCode;

use clap::Parser;
use ser::{device::check_processor, error::Result};

use options::Options;

fn main() -> ExitCode {
    let options = Options::parse();
    match check_processor().and_then(|()| run(options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_status())
        }
    }
}

fn run(options: Options) -> Result<()> {
    let address = options.address()?;
    let app = app::App::new(options)?;
    accept::run(app, address)
}
