//! Ctrl-C, SIGTERM and SIGHUP.

use super::Terminal;
use crate::events::{Observer as _, Stop};

/// From now on Ctrl-C, SIGTERM and SIGHUP request `stop`, which long work looks for between its steps. A second one ends
/// the process at once: it loses at most the step under way, since files are written whole or not at all.
pub fn stop_on_signal(stop: &Stop, terminal: &Terminal) {
    let (stop, told) = (stop.clone(), terminal.clone());
    let handler = move || {
        if stop.request() {
            std::process::exit(130);
        }
        told.log("stopping after the step under way (once more to stop at once)");
    };
    if let Err(e) = ctrlc::set_handler(handler) {
        terminal.warn(&format!("signals will end the program at once: {e}"));
    }
}
