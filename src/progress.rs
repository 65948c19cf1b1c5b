//! Progress of long work: a bar on a terminal, now and then a plain line elsewhere. All of it goes to standard error.

use std::{
    io::IsTerminal,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How often a plain line is written where there is no terminal.
const PLAIN_EVERY: Duration = Duration::from_secs(10);

/// The progress of one piece of work with a known number of steps.
pub struct Progress {
    bar: ProgressBar,
    label: String,
    plain: Option<Mutex<Instant>>,
}

impl Progress {
    /// Starts showing `label` with `total` steps.
    #[must_use]
    pub fn new(label: impl Into<String>, total: usize) -> Self {
        let label = label.into();
        let terminal = std::io::stderr().is_terminal();
        let target = if terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(total as u64), target).with_message(label.clone());
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {human_pos}/{human_len} {eta}") {
            bar.set_style(style);
        }
        Self { bar, label, plain: (!terminal).then(|| Mutex::new(Instant::now())) }
    }

    /// The same without plain lines, for work that writes lines of its own.
    #[must_use]
    pub fn bar_only(label: impl Into<String>, total: usize) -> Self {
        let mut progress = Self::new(label, total);
        progress.plain = None;
        progress
    }

    /// One step further.
    pub fn step(&self) {
        self.bar.inc(1);
        let Some(last) = &self.plain else { return };
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.elapsed() >= PLAIN_EVERY {
            *last = Instant::now();
            let (done, total) = (self.bar.position(), self.bar.length().unwrap_or_default());
            eprintln!("{}: {done} of {total}, about {} s left", self.label, self.bar.eta().as_secs());
        }
    }

    /// Writes a line above the bar.
    pub fn say(&self, line: &str) {
        self.bar.suspend(|| eprintln!("{line}"));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// A time to be waited for, in words: "40 s", "7 min", "2 h 10 min".
#[must_use]
pub fn duration(seconds: f64) -> String {
    let seconds = seconds.max(0.0).round() as u64;
    match seconds {
        0..=99 => format!("{seconds} s"),
        100..=5999 => format!("{} min", (seconds + 30) / 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

static STOP: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C, SIGTERM and SIGHUP ask for a stop that long work looks for between its steps; a second one ends
/// the process at once, which loses at most the step under way, since files are written whole or not at all.
pub fn stop_on_signal() {
    let handler = || {
        if STOP.swap(true, Ordering::SeqCst) {
            std::process::exit(130);
        }
        eprintln!("stopping after the step under way (once more to stop at once)");
    };
    if let Err(e) = ctrlc::set_handler(handler) {
        eprintln!("warning: signals will end the program at once: {e}");
    }
}

/// Whether a stop was asked for.
#[must_use]
pub fn stop_requested() -> bool {
    STOP.load(Ordering::SeqCst)
}

#[cfg(test)]
mod tests {
    #[test]
    fn durations_are_as_long_as_they_need_be() {
        assert_eq!(
            [0.4, 99.0, 110.0, 5400.0, 7860.0].map(super::duration),
            ["0 s", "99 s", "2 min", "90 min", "2 h 11 min"]
        );
    }
}
