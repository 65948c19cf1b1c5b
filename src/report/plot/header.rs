//! The title of a figure and the lines below it, wrapped to its width.

use plotters::backend::DrawingBackend;

use super::{
    canvas::Canvas,
    colour::{BLACK, GREY},
    font::{Across, Along, Text, wrapped},
};
use crate::error::Result;

const MARGIN: f64 = 14.0;
const TITLE: Text = Text::new(28.0).at(Along::Start, Across::Top).bold();
const FIGURES: Text = Text::new(21.0).at(Along::Start, Across::Top).coloured(BLACK).bold();
const SUBTITLE: Text = Text::new(21.0).at(Along::Start, Across::Top).coloured(GREY);
/// From the top of one line to the top of the next, by em.
const LINE: f64 = 1.3;

/// A laid-out title.
pub struct Header {
    lines: Vec<(String, Text)>,
}

impl Header {
    /// Lays out a title, the subtitle lines and, to stand out below them, the `figures` for a figure `width` units wide.
    pub fn new<'a>(title: &str, subtitle: impl IntoIterator<Item = &'a str>, figures: &str, width: f64) -> Self {
        let parts = [(title, TITLE)].into_iter().chain(subtitle.into_iter().map(|line| (line, SUBTITLE)));
        let lines = parts
            .chain([(figures, FIGURES)])
            .flat_map(|(text, style)| {
                wrapped(text, style.size, width - 2.0 * MARGIN).into_iter().map(move |line| (line, style))
            })
            .collect();
        Self { lines }
    }

    /// The height that it takes, margins included.
    #[must_use]
    pub fn height(&self) -> f64 {
        2.0 * MARGIN + self.lines.iter().map(|(_, style)| style.size * LINE).sum::<f64>()
    }

    /// Draws it at the top of the canvas.
    pub fn draw<DB: DrawingBackend>(&self, canvas: &mut Canvas<'_, DB>) -> Result<()> {
        let mut y = MARGIN;
        for (line, style) in &self.lines {
            canvas.text(MARGIN, y, line, style)?;
            y += style.size * LINE;
        }
        Ok(())
    }
}
