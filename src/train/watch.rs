//! What a person sees of a run while it goes on: lines and a bar, or the dashboard; and whether they asked it to stop.

#[cfg(feature = "tui")]
use super::dashboard::Dashboard;
use crate::{
    error::Result,
    progress::{self, Progress},
    run::EpochRecord,
};

/// The eyes on one run.
pub(super) enum Watch {
    Lines(Progress),
    #[cfg(feature = "tui")]
    Dashboard(Box<Dashboard>),
}

impl Watch {
    /// Starts showing a run of `epochs` epochs of which `done` are done.
    pub(super) fn new(dashboard: bool, label: &str, epochs: usize, done: usize) -> Result<Self> {
        #[cfg(feature = "tui")]
        if dashboard {
            return Ok(Self::Dashboard(Box::new(Dashboard::open(label, epochs, done)?)));
        }
        #[cfg(not(feature = "tui"))]
        let _ = dashboard;
        Ok(Self::Lines(Progress::bar_only(label, epochs.saturating_sub(done))))
    }

    pub(super) fn start_epoch(&mut self, utterances: usize) {
        #[cfg(not(feature = "tui"))]
        let _ = utterances;
        #[cfg(feature = "tui")]
        if let Self::Dashboard(dashboard) = self {
            dashboard.start_epoch(utterances);
        }
    }

    pub(super) fn batch(&mut self, seen: usize, loss: f64) {
        #[cfg(not(feature = "tui"))]
        let _ = (seen, loss);
        #[cfg(feature = "tui")]
        if let Self::Dashboard(dashboard) = self {
            dashboard.batch(seen, loss);
        }
    }

    /// An epoch is done; `line` says so where lines are shown.
    pub(super) fn end_epoch(&mut self, record: &EpochRecord, line: &str) {
        #[cfg(not(feature = "tui"))]
        let _ = record;
        match self {
            Self::Lines(progress) => {
                progress.step();
                progress.say(line);
            }
            #[cfg(feature = "tui")]
            Self::Dashboard(dashboard) => dashboard.end_epoch(record),
        }
    }

    /// Says a line where lines are shown.
    pub(super) fn say(&self, line: &str) {
        match self {
            Self::Lines(progress) => progress.say(line),
            #[cfg(feature = "tui")]
            Self::Dashboard(_) => {}
        }
    }

    pub(super) fn stop_requested(&self) -> bool {
        #[cfg(feature = "tui")]
        if matches!(self, Self::Dashboard(dashboard) if dashboard.stop_requested()) {
            return true;
        }
        progress::stop_requested()
    }
}
