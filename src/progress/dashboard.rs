//! `--tui`: Burn's terminal dashboard over our loop.

use std::{
    io::IsTerminal,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use burn::train::{
    Interrupter,
    logger::TrainingProgressLogger,
    metric::{
        MetricAttributes, MetricDefinition, MetricEntry, MetricId, NumericAttributes, NumericEntry, SerializedEntry,
    },
    renderer::{MetricState, MetricsRenderer, MetricsRendererTraining, tui::TuiMetricsRendererWrapper},
};

use super::Terminal;
use crate::{
    error::{Error, Result},
    events::{EpochEnd, Observer, RunStart, Work},
};

const LOSS: &str = "Loss (nats)";
const UAR: &str = "UAR (%)";

/// An observer that shows runs on the dashboard, which takes the terminal while a run is trained, and everything else on
/// a [`Terminal`].
pub struct Dashboard<'a> {
    terminal: &'a Terminal,
    run: Mutex<Option<Screen>>,
}

impl<'a> Dashboard<'a> {
    /// One over the terminal.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where standard output is no terminal.
    pub fn over(terminal: &'a Terminal) -> Result<Self> {
        if std::io::stdout().is_terminal() {
            return Ok(Self { terminal, run: Mutex::default() });
        }
        Err(Error::Config("--tui needs a terminal: leave it out where the output is redirected".into()))
    }

    fn run(&self) -> MutexGuard<'_, Option<Screen>> {
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn draw(&self, talk: impl FnOnce(&mut TuiMetricsRendererWrapper)) {
        if let Some(screen) = &mut *self.run() {
            screen.draw(talk);
        }
    }
}

impl Observer for Dashboard<'_> {
    fn stop_requested(&self) -> bool {
        // Its `q` was pressed and the stop confirmed.
        self.terminal.stop_requested() || self.run().as_ref().is_some_and(|screen| screen.interrupter.should_stop())
    }

    fn log(&self, line: &str) {
        if self.run().is_none() {
            self.terminal.log(line);
        }
    }

    fn warn(&self, warning: &str) {
        if self.run().is_none() {
            self.terminal.warn(warning);
        }
    }

    fn work(&self, label: &str, total: usize) -> Box<dyn Work + '_> {
        self.terminal.work(label, total)
    }

    fn run_started(&self, run: &RunStart<'_>) -> Result<()> {
        *self.run() = Some(Screen::open(run.label, run.epochs, run.history.len()));
        Ok(())
    }

    fn epoch_started(&self, _: usize, utterances: usize) -> Result<()> {
        self.draw(|screen| screen.start_split("train", utterances));
        Ok(())
    }

    fn step(&self, seen: usize, loss: f64) -> Result<()> {
        self.draw(|screen| {
            screen.update_split(seen);
            screen.update_train(value(LOSS, loss));
        });
        Ok(())
    }

    fn epoch_ended(&self, epoch: &EpochEnd<'_>) -> Result<()> {
        self.draw(|screen| {
            screen.end_split();
            // The dashboard plots a split's values only while that split is under way.
            screen.start_split("valid", 1);
            screen.update_split(1);
            screen.update_valid(value(LOSS, epoch.record.validation_loss));
            screen.update_valid(value(UAR, 100.0 * epoch.record.validation.value()));
            screen.end_split();
            screen.update_epoch(epoch.record.epoch);
        });
        Ok(())
    }

    fn run_ended(&self) {
        *self.run() = None;
    }
}

/// The dashboard of one run.
struct Screen {
    screen: TuiMetricsRendererWrapper,
    interrupter: Interrupter,
}

impl Screen {
    /// Opens it for `epochs` epochs from the one after `done`.
    fn open(label: &str, epochs: usize, done: usize) -> Self {
        let interrupter = Interrupter::new();
        let mut screen = TuiMetricsRendererWrapper::new(interrupter.clone(), (done > 0).then_some(done));
        for (name, higher_is_better) in [(LOSS, false), (UAR, true)] {
            screen.register_metric(MetricDefinition {
                metric_id: id(name),
                name: Arc::new(name.to_owned()),
                description: None,
                attributes: MetricAttributes::Numeric(NumericAttributes { unit: None, higher_is_better }),
            });
        }
        screen.start(epochs, done + 1, None, Some(label));
        Self { screen, interrupter }
    }

    /// The dashboard's "kill" is a panic in whoever talks to it next: here it is the end of the process, with the
    /// terminal already restored by the dashboard's own hook.
    fn draw(&mut self, talk: impl FnOnce(&mut TuiMetricsRendererWrapper)) {
        if catch_unwind(AssertUnwindSafe(|| talk(&mut self.screen))).is_err() {
            std::process::exit(130);
        }
    }
}

fn id(name: &str) -> MetricId {
    MetricId::new(Arc::new(name.to_owned()))
}

fn value(name: &str, value: f64) -> MetricState {
    let text = format!("{value:.4}");
    let entry = MetricEntry::new(id(name), SerializedEntry::new(text.clone(), text));
    MetricState::Numeric(entry, Some(NumericEntry::Value(value)))
}
