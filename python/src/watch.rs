//! Long work with Python looking on: it runs on other threads, the interpreter free, while the caller's thread hands on what
//! the work tells and looks for Ctrl-C.

use std::{
    panic::resume_unwind,
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread,
    time::Duration,
};

use pyo3::{prelude::*, types::PyDict};
use ser::{
    error::{Error, Result},
    events::{EpochEnd, Observer, RunStart, Stop, Work},
};

use crate::{errors::exception, pool::on_threads};

/// How often Ctrl-C is looked for.
const LOOK: Duration = Duration::from_millis(50);

/// What work tells.
enum Event {
    Log(String),
    Warn(String),
    Work { label: String, total: usize },
    Worked { label: String },
    Run { label: String, epochs: usize, done: usize },
    Epoch { label: String, record: String, best: bool },
}

impl Event {
    /// Calls `tell(kind, values)`.
    fn hand_to(self, py: Python<'_>, tell: &Bound<'_, PyAny>) -> PyResult<()> {
        let values = PyDict::new(py);
        let kind = match self {
            Self::Log(line) => {
                values.set_item("line", line)?;
                "log"
            }
            Self::Warn(line) => {
                values.set_item("line", line)?;
                "warning"
            }
            Self::Work { label, total } => {
                values.set_item("label", label)?;
                values.set_item("total", total)?;
                "work"
            }
            Self::Worked { label } => {
                values.set_item("label", label)?;
                "step"
            }
            Self::Run { label, epochs, done } => {
                values.set_item("label", label)?;
                values.set_item("epochs", epochs)?;
                values.set_item("done", done)?;
                "run"
            }
            Self::Epoch { label, record, best } => {
                values.set_item("label", label)?;
                values.set_item("record", record)?;
                values.set_item("best", best)?;
                "epoch"
            }
        };
        tell.call1((kind, values)).map(drop)
    }
}

/// Hands events to the thread that waits.
struct Teller {
    to: Sender<Event>,
    stop: Stop,
}

impl Teller {
    fn tell(&self, event: Event) {
        // Whoever waits is there until the work is done.
        let _ = self.to.send(event);
    }
}

impl Observer for Teller {
    fn stop_requested(&self) -> bool {
        self.stop.stop_requested()
    }

    fn log(&self, line: &str) {
        self.tell(Event::Log(line.to_owned()));
    }

    fn warn(&self, warning: &str) {
        self.tell(Event::Warn(warning.to_owned()));
    }

    fn work(&self, label: &str, total: usize) -> Box<dyn Work + '_> {
        self.tell(Event::Work { label: label.to_owned(), total });
        Box::new(Steps { of: self, label: label.to_owned() })
    }

    fn run_started(&self, run: &RunStart<'_>) -> Result<()> {
        self.tell(Event::Run { label: run.label.to_owned(), epochs: run.epochs, done: run.history.len() });
        Ok(())
    }

    fn epoch_ended(&self, epoch: &EpochEnd<'_>) -> Result<()> {
        let record = serde_json::to_string(epoch.record).map_err(|e| Error::Data(e.to_string()))?;
        self.tell(Event::Epoch { label: epoch.label.to_owned(), record, best: epoch.best });
        Ok(())
    }
}

struct Steps<'a> {
    of: &'a Teller,
    label: String,
}

impl Work for Steps<'_> {
    fn step(&self) {
        self.of.tell(Event::Worked { label: self.label.clone() });
    }
}

/// Does `work` on this process's threads, and hands what it tells to `tell(kind, values)`. Ctrl-C and an exception of `tell`
/// ask the work to stop; once it has, they are raised.
pub fn watched<T: Send>(
    py: Python<'_>,
    tell: Option<&Bound<'_, PyAny>>,
    work: impl FnOnce(&dyn Observer) -> Result<T> + Send,
) -> PyResult<T> {
    let (to, events) = channel();
    let stop = Stop::default();
    let teller = Teller { to, stop: stop.clone() };
    thread::scope(|scope| {
        // The teller ends with the work: that no more can be received is how the end is known.
        let at_work = scope.spawn(move || on_threads(move || work(&teller)));
        let mut raised = None;
        let mut events = events;
        loop {
            let (received, back) = py.detach(move || next(events));
            events = back;
            let handed = match (received, tell) {
                (Err(RecvTimeoutError::Disconnected), _) => break,
                (Ok(event), Some(tell)) if raised.is_none() => event.hand_to(py, tell),
                _ => Ok(()),
            };
            if let Err(error) = handed.and_then(|()| py.check_signals()) {
                stop.request();
                raised.get_or_insert(error);
            }
        }
        let done = at_work.join().unwrap_or_else(|panic| resume_unwind(panic));
        match raised {
            Some(error) => Err(error),
            None => done.map_err(exception),
        }
    })
}

fn next(events: Receiver<Event>) -> (std::result::Result<Event, RecvTimeoutError>, Receiver<Event>) {
    (events.recv_timeout(LOOK), events)
}
