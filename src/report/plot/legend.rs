//! A legend: samples of lines and markers with their meaning, in as many rows as they need.

use super::{
    COLUMN, MARGIN,
    canvas::{Canvas, Stroke},
    font::{Across, Along, Text, shortened, width},
    marker::{marker, point},
};

const TEXT: Text = Text::new(20.0).at(Along::Start, Across::Middle);
const SAMPLE: f64 = 46.0;
const GAP: f64 = 8.0;
const BETWEEN: f64 = 26.0;
const ROW: f64 = 30.0;
/// Entries of a legend: more are no help.
const MOST: usize = 48;

/// What an entry shows beside its text.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sample {
    /// A piece of a line.
    Line(Stroke),
    /// The marker of [`marker`], of this size.
    Marker(f64),
    /// A point of a scatter plot: the class's number.
    Point(usize),
}

/// Draws the entries in rows of a figure's width, from `top` on. Returns where the next thing may begin.
pub(super) fn legend(canvas: &mut Canvas<'_>, top: f64, entries: &[(Sample, String)]) -> f64 {
    let limit = COLUMN - 2.0 * MARGIN;
    let (mut x, mut y) = (MARGIN, top + ROW / 2.0);
    for (sample, text) in entries.iter().take(MOST) {
        let text = shortened(text, TEXT.size, limit - SAMPLE - GAP);
        let end = x + SAMPLE + GAP + width(&text, TEXT.size);
        if x > MARGIN && end > MARGIN + limit {
            (x, y) = (MARGIN, y + ROW);
        }
        match sample {
            Sample::Line(stroke) => canvas.line(&[(x, y), (x + SAMPLE, y)], stroke),
            Sample::Marker(size) => marker(canvas, (x + SAMPLE / 2.0, y), *size),
            Sample::Point(class) => point(canvas, (x + SAMPLE / 2.0, y), *class),
        }
        canvas.text(x + SAMPLE + GAP, y, &text, &TEXT);
        x += SAMPLE + GAP + width(&text, TEXT.size) + BETWEEN;
    }
    if let more @ 1.. = entries.len().saturating_sub(MOST) {
        y += ROW;
        canvas.text(MARGIN, y, &format!("and {more} more"), &TEXT);
    }
    if entries.is_empty() { top } else { y + ROW / 2.0 }
}
