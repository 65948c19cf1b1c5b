//! What the programs show of long work, and how they are asked to stop.

#[cfg(feature = "tui")]
mod dashboard;
mod signals;
mod terminal;

#[cfg(feature = "tui")]
pub use dashboard::Dashboard;
pub use signals::stop_on_signal;
pub use terminal::Terminal;
