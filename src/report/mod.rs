//! Figures → what people read. One file per format; nothing is computed here that [`eval`](crate::eval) could say.
//!
//! | module | what it writes |
//! |---|---|
//! | [`text`] | the classification report in scikit-learn's layout |
//! | [`csv`] | the confusion matrix as CSV |
//! | [`plot`] | the pictures, as PNG or SVG: confusion matrix, learning curves, distributions of the data |
//! | [`json`] | all figures with their protocol, for programs |
//! | [`headline()`] | the few lines that stand on top |
//! | [`write()`] | all of these into one folder |
//! | [`card`] | the data card of an experiment: text, Markdown, pictures, counts as CSV |
//! | [`scan`] | what a scan found: text, JSON |
//! | [`audits`] | what the leak audit found: text, JSON |
//! | [`split`] | who is on which side, as CSV |
//! | [`document`] | headings, lists and tables as plain text or Markdown |

pub mod audits;
pub mod card;
pub mod csv;
pub mod document;
mod headline;
pub mod json;
pub mod plot;
pub mod scan;
pub mod split;
pub mod text;
mod write;

pub use headline::headline;
pub use write::write;
