//! Figures → what people read. One file per format; nothing is computed here that [`eval`](crate::eval) could say.
//!
//! | module | what it writes |
//! |---|---|
//! | [`text`] | the classification report in scikit-learn's layout |
//! | [`csv`] | the confusion matrix as CSV |
//! | [`plot`] | the pictures, as PNG or SVG: confusion matrix, learning curves |
//! | [`json`] | all figures with their protocol, for programs |
//! | [`headline()`] | the few lines that stand on top |
//! | [`write()`] | all of these into one folder |

pub mod csv;
mod headline;
pub mod json;
pub mod plot;
pub mod text;
mod write;

pub use headline::headline;
pub use write::write;
