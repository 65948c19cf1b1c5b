//! Figures of predictions, by the definitions of the field.

pub mod confusion;
pub mod scores;

pub use confusion::Confusion;
