//! A trained bundle + audio → emotions.

mod bundle;

pub use bundle::Bundle;
