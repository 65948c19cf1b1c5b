//! Figures → what people read. One file per format; nothing is computed here that [`eval`](crate::eval) could say.
//!
//! | module | what it writes |
//! |---|---|
//! | `headline` | the lines at the top of every report |
//! | [`terminal()`] | headline and figures for a terminal of 80 columns |
//! | `text` | the classification report in scikit-learn's layout |
//! | `tables`, `table` | the figures as tables, for text, Markdown and pages |
//! | `markdown`, `latex`, `model_card` | `report.md`, `report.tex`, `model_card.md` |
//! | `csv` | the confusion matrix, and all figures one a row |
//! | `json` | all figures with their protocol, for programs |
//! | [`examples()`] | what augmentation does to a clip |
//! | `html` | one page with everything, with clips to look at and listen to |
//! | [`plot`], `pictures` | the pictures, as PNG and SVG; which of them a report has |
//! | [`published()`] | what others and people reach under the same protocol |
//! | [`reproduction()`] | the page of our experiments compared with what is published |
//! | [`ensemble()`] | an experiment of the mean answers of others |
//! | [`comparison`] | two experiments or more |
//! | `regression` | the report of an experiment that has learnt numbers |
//! | `distribution` | the report of one that has learnt listeners' votes |
//! | `sheet` | a report in sections, in all formats: what those two are made with |
//! | [`gather()`], [`gather_any()`] | the report of a folder's finished runs |
//! | [`power()`] | how many speakers and clips tell two systems apart: text |
//! | [`judge()`] | the report of predictions that another program wrote |
//! | [`write()`] | all of one experiment's into one folder |
//! | [`card`] | the data card of an experiment: text, Markdown, pictures, counts as CSV |
//! | [`stress`] | what altered clips do to a recogniser: text, JSON, pictures, a page and a section of the report's |
//! | [`grid`] | a search's settings, ranked on validation |
//! | [`scan`] | what a scan found: text, JSON |
//! | [`audits`] | what the leak audit found: text, JSON |
//! | [`split`] | who is on which side, as CSV |
//! | [`runs()`] | the runs of one call of training, a row each |
//! | [`cache`] | what is in the feature cache: text |
//! | [`encoders`] | pretrained encoders: text; hidden states of files, as NPY |
//! | [`features`] | the features of files, as CSV or NPY |
//! | `document` | headings, lists and tables as plain text or Markdown |

pub mod audits;
pub mod cache;
pub mod card;
pub mod comparison;
mod csv;
mod distribution;
mod document;
pub mod encoders;
mod ensemble;
mod examples;
pub mod features;
mod gather;
pub mod grid;
mod headline;
mod html;
mod json;
mod judge;
mod latex;
mod markdown;
mod model_card;
mod pictures;
pub mod plot;
mod power;
mod published;
mod regression;
mod reproduction;
mod runs;
pub mod scan;
mod sheet;
pub mod shots;
pub mod split;
mod stale;
pub mod stress;
mod table;
mod tables;
mod terminal;
mod text;
mod write;

pub use ensemble::ensemble;
pub use examples::examples;
pub use gather::{Gathered, gather, gather_any};
pub use json::json;
pub use judge::judge;
pub use power::power;
pub use published::{Published, published};
pub use reproduction::{Part, Row, Target, Verdict, reproduction};
pub use runs::runs;
pub use terminal::{colour_wanted, terminal};
pub use write::{More, write};
