//! `ser-serve`: what emotion is heard, over HTTP and WebSocket, with a page that listens.

use std::process::ExitCode;

use clap::Parser;
use ser::device::check_processor;
use ser_serve::{Options, run};

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
