//! What emotion is heard, over HTTP and WebSocket, with a page that listens: what `ser-serve` is made of.

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

mod spoken;

use ser::error::Result;

pub use options::Options;
pub use spoken::Spoken;

/// Runs the server until a signal ends it.
///
/// # Errors
///
/// Where bundles cannot be read, the address cannot be listened on, or the system gives no threads or signals.
pub fn run(options: Options) -> Result<()> {
    let address = options.address()?;
    accept::run(app::App::new(options)?, address)
}
