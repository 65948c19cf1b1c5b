//! Lines and bars on standard error: bars on a terminal, a plain line now and then elsewhere.

use std::{
    io::{self, IsTerminal, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::stop_on_signal;
use crate::{
    error::Result,
    escape,
    events::{EpochEnd, Observer, RunStart, Stop, Work},
};

/// How often a plain line is written where there is no terminal.
const PLAIN_EVERY: Duration = Duration::from_secs(10);

/// An observer that writes to standard error and can be asked to stop.
#[derive(Clone)]
pub struct Terminal {
    stop: Stop,
    bars: MultiProgress,
    is_terminal: bool,
    /// The bar of the run that is trained.
    run: Arc<Mutex<Option<ProgressBar>>>,
}

impl Terminal {
    /// One that stops when `stop` is requested.
    #[must_use]
    pub fn new(stop: Stop) -> Self {
        let is_terminal = io::stderr().is_terminal();
        let target = if is_terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Self { stop, bars: MultiProgress::with_draw_target(target), is_terminal, run: Arc::default() }
    }

    /// One that stops on Ctrl-C, SIGTERM and SIGHUP, as [`stop_on_signal`] says.
    #[must_use]
    pub fn with_signals() -> Self {
        let stop = Stop::default();
        let terminal = Self::new(stop.clone());
        stop_on_signal(&stop, &terminal);
        terminal
    }

    fn bar(&self, label: &str, total: usize) -> ProgressBar {
        // Drawn once it belongs to the others; until then it must not draw by itself.
        let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::hidden());
        let bar = self.bars.add(bar.with_message(label.to_owned()));
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {human_pos}/{human_len} {eta}") {
            bar.set_style(style);
        }
        bar
    }

    fn run(&self) -> MutexGuard<'_, Option<ProgressBar>> {
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Terminal {
    fn stop_requested(&self) -> bool {
        self.stop.stop_requested()
    }

    fn log(&self, line: &str) {
        self.bars.suspend(|| write(line));
    }

    fn warn(&self, warning: &str) {
        self.log(&format!("warning: {warning}"));
    }

    fn work(&self, label: &str, total: usize) -> Box<dyn Work + '_> {
        Box::new(Bar {
            bar: self.bar(label, total),
            label: label.to_owned(),
            plain: (!self.is_terminal).then(|| Mutex::new(Instant::now())),
        })
    }

    fn run_started(&self, run: &RunStart<'_>) -> Result<()> {
        let bar = self.bar(run.label, run.epochs.saturating_sub(run.history.len()));
        *self.run() = Some(bar);
        Ok(())
    }

    fn epoch_ended(&self, epoch: &EpochEnd<'_>) -> Result<()> {
        self.run().iter().for_each(|bar| bar.inc(1));
        self.log(&epoch.line());
        Ok(())
    }

    fn run_ended(&self) {
        self.run().take().iter().for_each(ProgressBar::finish_and_clear);
    }
}

/// The bar of one piece of work.
struct Bar {
    bar: ProgressBar,
    label: String,
    /// When the last plain line was written, where there is no terminal.
    plain: Option<Mutex<Instant>>,
}

impl Work for Bar {
    fn step(&self) {
        self.bar.inc(1);
        let Some(last) = &self.plain else { return };
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.elapsed() >= PLAIN_EVERY {
            *last = Instant::now();
            let (done, total) = (self.bar.position(), self.bar.length().unwrap_or_default());
            write(&format!("{}: {done} of {total}, about {} s left", self.label, self.bar.eta().as_secs()));
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Writes a line. Nobody can be told where standard error is closed.
fn write(line: &str) {
    let _ = writeln!(io::stderr(), "{}", escape::lines(line));
}
