//! A legend: samples of lines and markers with their meaning, in as many rows as they need.

use plotters::backend::DrawingBackend;

use super::{
    canvas::{Canvas, Stroke},
    colour::{BLACK, WHITE},
    font::{Across, Along, Text, width},
    scatter::point,
};
use crate::error::Result;

const TEXT: Text = Text::new(20.0).at(Along::Start, Across::Middle);
const SAMPLE: f64 = 46.0;
const GAP: f64 = 8.0;
const BETWEEN: f64 = 26.0;
const ROW: f64 = 30.0;

/// What an entry shows beside its text.
#[derive(Debug, Clone, Copy)]
pub enum Sample {
    /// A piece of a line.
    Line(Stroke),
    /// The marker of [`marker`], of this size.
    Marker(f64),
    /// A point of a scatter plot: the class's number.
    Point(usize),
}

/// A legend to be laid out.
pub struct Legend {
    rows: Vec<Vec<(Sample, String)>>,
}

impl Legend {
    /// Lays out the entries in rows of at most `limit` units.
    #[must_use]
    pub fn new(entries: Vec<(Sample, String)>, limit: f64) -> Self {
        let mut rows: Vec<Vec<_>> = vec![];
        let mut used = f64::INFINITY;
        for (sample, text) in entries {
            let needed = SAMPLE + GAP + width(&text, TEXT.size) + BETWEEN;
            used += needed;
            match rows.last_mut() {
                Some(row) if used - BETWEEN <= limit => row.push((sample, text)),
                _ => {
                    rows.push(vec![(sample, text)]);
                    used = needed;
                }
            }
        }
        Self { rows }
    }

    /// The height of all rows.
    #[must_use]
    pub fn height(&self) -> f64 {
        ROW * self.rows.len() as f64
    }

    /// Draws it with its top left corner at `(left, top)`.
    pub fn draw<DB: DrawingBackend>(&self, canvas: &mut Canvas<'_, DB>, left: f64, top: f64) -> Result<()> {
        for (number, row) in self.rows.iter().enumerate() {
            let y = top + ROW * (number as f64 + 0.5);
            let mut x = left;
            for (sample, text) in row {
                match sample {
                    Sample::Line(stroke) => canvas.line(&[(x, y), (x + SAMPLE, y)], stroke)?,
                    Sample::Marker(size) => marker(canvas, (x + SAMPLE / 2.0, y), *size)?,
                    Sample::Point(class) => point(canvas, (x + SAMPLE / 2.0, y), *class)?,
                }
                canvas.text(x + SAMPLE + GAP, y, text, &TEXT)?;
                x += SAMPLE + GAP + width(text, TEXT.size) + BETWEEN;
            }
        }
        Ok(())
    }
}

/// The size of a marker that stands alone, in units.
pub const MARKER: f64 = 7.5;
/// The size of markers that may come close to one another, in units.
pub const SMALL_MARKER: f64 = 5.5;

/// A black diamond, `size` units from its centre to its corners, with a white rim to be seen on lines of any colour.
pub fn marker<DB: DrawingBackend>(canvas: &mut Canvas<'_, DB>, centre: (f64, f64), size: f64) -> Result<()> {
    canvas.diamond(centre, size * 1.33, WHITE)?;
    canvas.diamond(centre, size, BLACK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_that_do_not_fit_a_row_go_to_the_next() {
        let entries = |n| vec![(Sample::Marker(MARKER), "validation".to_owned()); n];
        assert_eq!(Legend::new(entries(3), 10_000.0).rows.len(), 1);
        assert_eq!(Legend::new(entries(3), 10.0).rows.len(), 3);
        assert_eq!(Legend::new(entries(0), 10.0).height(), 0.0);
    }
}
