//! Figures of predictions, by the definitions of the field.

pub mod concordance;
pub mod confusion;
pub mod divergence;
pub mod scores;

pub use concordance::{Concordance, Order, Sums, mean_ccc};
pub use confusion::Confusion;
