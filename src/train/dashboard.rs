//! `--tui`: Burn's terminal dashboard over our loop.

use std::{
    io::IsTerminal,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use burn::train::{
    Interrupter,
    logger::TrainingProgressLogger,
    metric::{
        MetricAttributes, MetricDefinition, MetricEntry, MetricId, NumericAttributes, NumericEntry, SerializedEntry,
    },
    renderer::{MetricState, MetricsRenderer, MetricsRendererTraining, tui::TuiMetricsRendererWrapper},
};

use crate::{
    error::{Error, Result},
    run::EpochRecord,
};

const LOSS: &str = "Loss (nats)";
const UAR: &str = "UAR (%)";

/// The dashboard of one run. It takes the terminal while it lives.
pub(super) struct Dashboard {
    screen: TuiMetricsRendererWrapper,
    interrupter: Interrupter,
}

impl Dashboard {
    /// Whether it can be opened.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where standard output is no terminal.
    pub(super) fn check() -> Result<()> {
        if std::io::stdout().is_terminal() {
            return Ok(());
        }
        Err(Error::Config("--tui needs a terminal: leave it out where the output is redirected".into()))
    }

    /// Opens it for `epochs` epochs from the one after `done`.
    ///
    /// # Errors
    ///
    /// As [`Dashboard::check`].
    pub(super) fn open(label: &str, epochs: usize, done: usize) -> Result<Self> {
        Self::check()?;
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
        Ok(Self { screen, interrupter })
    }

    pub(super) fn start_epoch(&mut self, utterances: usize) {
        self.draw(|screen| screen.start_split("train", utterances));
    }

    pub(super) fn batch(&mut self, seen: usize, loss: f64) {
        self.draw(|screen| {
            screen.update_split(seen);
            screen.update_train(value(LOSS, loss));
        });
    }

    pub(super) fn end_epoch(&mut self, record: &EpochRecord) {
        self.draw(|screen| {
            screen.end_split();
            // The dashboard plots a split's values only while that split is under way.
            screen.start_split("valid", 1);
            screen.update_split(1);
            screen.update_valid(value(LOSS, record.validation_loss));
            screen.update_valid(value(UAR, 100.0 * record.validation_uar));
            screen.end_split();
            screen.update_epoch(record.epoch);
        });
    }

    /// Whether its `q` was pressed and the stop confirmed.
    pub(super) fn stop_requested(&self) -> bool {
        self.interrupter.should_stop()
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
