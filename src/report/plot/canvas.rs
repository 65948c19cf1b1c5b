//! What figures are drawn on: rectangles, lines, discs and text at places given in units, on any plotters backend.
//!
//! Plotters' own charts clip long labels and cannot say where a text's base line is, hence the level of primitives.

use plotters::{
    backend::DrawingBackend,
    style::{Color, RGBColor, ShapeStyle},
};

use super::{
    colour::Rgb,
    font::{Along, Text, rasterise, width},
    overlay::{Overlay, shade},
};
use crate::error::{Error, Result};

/// Steps of the backend's whole-numbered grid per unit.
pub const SCALE: u32 = 4;

/// How a line is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Stroke {
    /// The colour.
    pub colour: Rgb,
    /// Its width in units.
    pub width: f64,
    /// Lengths of dash and gap in units; `None` for a line without gaps.
    pub dash: Option<(f64, f64)>,
}

impl Stroke {
    /// A line without gaps.
    #[must_use]
    pub const fn solid(colour: Rgb, width: f64) -> Self {
        Self { colour, width, dash: None }
    }

    /// A line of dashes and gaps of the given lengths in units.
    #[must_use]
    pub const fn dashed(colour: Rgb, width: f64, dash: f64, gap: f64) -> Self {
        Self { colour, width, dash: Some((dash, gap)) }
    }
}

/// A drawing surface; the origin is at the top left, y points down.
pub struct Canvas<'a, DB> {
    backend: &'a mut DB,
    /// Where the text goes if not into pixels.
    overlay: Option<&'a mut Overlay>,
}

impl<'a, DB: DrawingBackend> Canvas<'a, DB> {
    /// A canvas on `backend`, which has [`SCALE`] pixels per unit. On one for an SVG, `overlay` takes the text.
    pub const fn new(backend: &'a mut DB, overlay: Option<&'a mut Overlay>) -> Self {
        Self { backend, overlay }
    }

    /// A filled rectangle from its top left corner.
    pub fn rectangle(&mut self, x: f64, y: f64, width: f64, height: f64, colour: Rgb) -> Result<()> {
        self.backend.draw_rect(grid((x, y)), grid((x + width, y + height)), &filled(colour), true).map_err(failed)
    }

    /// A filled disc.
    pub fn disc(&mut self, centre: (f64, f64), radius: f64, colour: Rgb) -> Result<()> {
        self.backend.draw_circle(grid(centre), length(radius), &filled(colour), true).map_err(failed)
    }

    /// A filled diamond, `radius` units from its centre to its corners.
    pub fn diamond(&mut self, (x, y): (f64, f64), radius: f64, colour: Rgb) -> Result<()> {
        self.polygon(&[(x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y)], colour)
    }

    /// A filled polygon.
    pub fn polygon(&mut self, corners: &[(f64, f64)], colour: Rgb) -> Result<()> {
        self.backend.fill_polygon(corners.iter().copied().map(grid), &filled(colour)).map_err(failed)
    }

    /// Cells in a rectangle from its top left corner, `[rows × columns]` levels as [`crate::audio::picture`] gives.
    pub fn cells(
        &mut self,
        (x, y): (f64, f64),
        (width, height): (f64, f64),
        levels: &[u8],
        columns: usize,
    ) -> Result<()> {
        if let Some(overlay) = &mut self.overlay {
            overlay.add_cells((x, y), (width, height), levels, columns);
            return Ok(());
        }
        let rows = levels.len() / columns.max(1);
        let (wide, high) = (width / columns.max(1) as f64, height / rows.max(1) as f64);
        for (i, &level) in levels.iter().enumerate() {
            let (row, column) = (i / columns.max(1), i % columns.max(1));
            self.rectangle(x + wide * column as f64, y + high * row as f64, wide, high, shade(level))?;
        }
        Ok(())
    }

    /// A line through `points`. Points that are not finite break it; one that stands alone becomes a dot.
    pub fn line(&mut self, points: &[(f64, f64)], stroke: &Stroke) -> Result<()> {
        for piece in points.split(|&(x, y)| !x.is_finite() || !y.is_finite()) {
            match (piece, stroke.dash) {
                ([], _) => {}
                ([point], _) => self.disc(*point, stroke.width * 1.8, stroke.colour)?,
                (_, None) => self.path(piece, stroke)?,
                (_, Some((dash, gap))) => {
                    for piece in dashes(piece, dash, gap) {
                        self.path(&piece, stroke)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn path(&mut self, points: &[(f64, f64)], stroke: &Stroke) -> Result<()> {
        let style = ShapeStyle {
            color: RGBColor::from(stroke.colour).to_rgba(),
            filled: false,
            stroke_width: length(stroke.width),
        };
        if self.overlay.is_some() {
            return self.backend.draw_path(points.iter().copied().map(grid), &style).map_err(failed);
        }
        // Plotters fills the outline of the whole line, which goes wrong where the line crosses itself or turns
        // sharply. Piece by piece, with a disc at each turn, it cannot.
        for pair in points.windows(2) {
            if let [from, to] = pair {
                self.backend.draw_line(grid(*from), grid(*to), &style).map_err(failed)?;
            }
        }
        for turn in points.iter().skip(1).take(points.len().saturating_sub(2)) {
            self.backend
                .draw_circle(grid(*turn), style.stroke_width / 2, &filled(stroke.colour), true)
                .map_err(failed)?;
        }
        Ok(())
    }

    /// A text; which part of it is at `(x, y)` is for `style` to say.
    pub fn text(&mut self, x: f64, y: f64, text: &str, style: &Text) -> Result<()> {
        // "Below" the place is to its right for text that runs upwards.
        let base = if style.upwards { (x + style.drop(), y) } else { (x, y + style.drop()) };
        match &mut self.overlay {
            Some(overlay) => overlay.add(base, text, style),
            None => self.text_in_pixels(base, text, style),
        }
    }

    fn text_in_pixels(&mut self, base: (f64, f64), text: &str, style: &Text) -> Result<()> {
        let before = match style.along {
            Along::Start => 0.0,
            Along::Middle => width(text, style.size) / 2.0,
            Along::End => width(text, style.size),
        };
        let start = if style.upwards { (base.0, base.1 + before) } else { (base.0 - before, base.1) };
        let (x0, y0) = grid(start);
        let em = style.size * f64::from(SCALE);
        let colour = RGBColor::from(style.colour);
        // Strokes are thickened by setting the text again, a pixel aside at a time.
        let thickening = (style.thickening() * em).round() as i32;
        for aside in 0..=thickening {
            let aside = aside - thickening / 2;
            rasterise(text, em, |x, y, coverage| {
                let (x, y) = (x + aside, y);
                let place = if style.upwards { (x0 + y, y0 - x) } else { (x0 + x, y0 + y) };
                self.backend.draw_pixel(place, colour.mix(coverage).to_backend_color()).map_err(failed)
            })?;
        }
        Ok(())
    }
}

/// The dashes of a line through `points`.
fn dashes(points: &[(f64, f64)], dash: f64, gap: f64) -> Vec<Vec<(f64, f64)>> {
    let (dash, gap) = (dash.max(0.5), gap.max(0.5));
    let Some(&first) = points.first() else {
        return vec![];
    };
    let mut dashes = vec![];
    let mut current = vec![first];
    let (mut drawing, mut left) = (true, dash);
    for pair in points.windows(2) {
        let [(x0, y0), (x1, y1)] = *pair else { continue };
        let whole = (x1 - x0).hypot(y1 - y0);
        let mut done = 0.0;
        while whole - done > left {
            done += left;
            let point = (x0 + (x1 - x0) * done / whole, y0 + (y1 - y0) * done / whole);
            if drawing {
                current.push(point);
                dashes.push(std::mem::take(&mut current));
            } else {
                current = vec![point];
            }
            drawing = !drawing;
            left = if drawing { dash } else { gap };
        }
        left -= whole - done;
        if drawing {
            current.push((x1, y1));
        }
    }
    if drawing && current.len() > 1 {
        dashes.push(current);
    }
    dashes
}

/// Plotters' error, of whatever backend, as ours.
pub(super) fn failed(error: impl std::fmt::Display) -> Error {
    Error::Data(format!("the figure cannot be drawn: {error}"))
}

fn filled(colour: Rgb) -> ShapeStyle {
    ShapeStyle { color: RGBColor::from(colour).to_rgba(), filled: true, stroke_width: 1 }
}

/// A place on the backend's grid. What lies far outside any canvas is drawn just outside it: plotters' polygon filler
/// walks through every row between.
fn grid((x, y): (f64, f64)) -> (i32, i32) {
    const FAR: f64 = 100_000.0;
    let whole = |value: f64| (value * f64::from(SCALE)).round().clamp(-FAR, FAR) as i32;
    (whole(x), whole(y))
}

/// A length on the backend's grid, at least one step.
fn length(units: f64) -> u32 {
    (units * f64::from(SCALE)).round().clamp(1.0, 1000.0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_cover_the_line_at_the_rate_asked_for() {
        let points: Vec<_> = (0..=100).map(|i| (f64::from(i), 0.0)).collect();
        let dashes = dashes(&points, 6.0, 4.0);
        assert_eq!(dashes.len(), 10);
        for (number, dash) in dashes.iter().enumerate() {
            let (first, last) = (dash.first().unwrap().0, dash.last().unwrap().0);
            assert!((first - 10.0 * number as f64).abs() < 1e-9 && (last - first - 6.0).abs() < 1e-9, "{dash:?}");
        }
    }

    #[test]
    fn dashes_of_nothing_are_nothing() {
        assert!(dashes(&[], 6.0, 4.0).is_empty());
        assert!(dashes(&[(1.0, 1.0)], 6.0, 4.0).is_empty());
        assert!(dashes(&[(1.0, 1.0), (1.0, 1.0)], 0.0, 0.0).iter().all(|dash| dash.len() == 2));
    }

    #[test]
    fn places_are_always_on_a_grid_that_can_be_walked() {
        assert_eq!(grid((f64::INFINITY, f64::NEG_INFINITY)), (100_000, -100_000));
        assert_eq!(grid((f64::NAN, 0.5)), (0, 2));
    }
}
