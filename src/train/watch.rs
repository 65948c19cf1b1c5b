//! What a person sees of a run while it goes on: lines and a bar, or the dashboard; and whether they asked it to stop.

use super::dashboard::Dashboard;
use crate::{
    error::Result,
    progress::{self, Progress},
    run::EpochRecord,
};

/// The eyes on one run.
pub(super) enum Watch {
    Lines(Progress),
    Dashboard(Box<Dashboard>),
}

impl Watch {
    /// Starts showing a run of `epochs` epochs of which `done` are done.
    pub(super) fn new(dashboard: bool, label: &str, epochs: usize, done: usize) -> Result<Self> {
        if dashboard {
            return Ok(Self::Dashboard(Box::new(Dashboard::open(label, epochs, done)?)));
        }
        Ok(Self::Lines(Progress::bar_only(label, epochs.saturating_sub(done))))
    }

    pub(super) fn start_epoch(&mut self, utterances: usize) {
        if let Self::Dashboard(dashboard) = self {
            dashboard.start_epoch(utterances);
        }
    }

    pub(super) fn batch(&mut self, seen: usize, loss: f64) {
        if let Self::Dashboard(dashboard) = self {
            dashboard.batch(seen, loss);
        }
    }

    /// An epoch is done; `line` says so where lines are shown.
    pub(super) fn end_epoch(&mut self, record: &EpochRecord, line: &str) {
        match self {
            Self::Lines(progress) => {
                progress.step();
                progress.say(line);
            }
            Self::Dashboard(dashboard) => dashboard.end_epoch(record),
        }
    }

    /// Says a line where lines are shown.
    pub(super) fn say(&self, line: &str) {
        if let Self::Lines(progress) = self {
            progress.say(line);
        }
    }

    pub(super) fn stop_requested(&self) -> bool {
        progress::stop_requested() || matches!(self, Self::Dashboard(dashboard) if dashboard.stop_requested())
    }
}
