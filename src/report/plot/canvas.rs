//! What figures are drawn on: rectangles, lines, discs and text at places given in units, as an SVG by plotters.
//!
//! Plotters' own charts clip long labels and cannot say where a text's base line is, hence the level of primitives. Text
//! is set here too: plotters would refer to fonts that a reader may not have.

use std::fmt::Write;

use plotters::{
    backend::{DrawingBackend, SVGBackend},
    style::{Color, RGBColor, ShapeStyle},
};

use super::{
    COLUMN, Figure, MARGIN,
    colour::{BLACK, GREY, Rgb, shade},
    font::{Across, Along, Text, width, wrapped},
    lettering::Lettering,
};
use crate::{
    error::{Error, Result},
    escape,
};

/// Steps of plotters' whole-numbered grid per unit.
const SCALE: f64 = 4.0;

/// How a line is drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stroke {
    pub colour: Rgb,
    /// Its width in units.
    pub width: f64,
    /// Lengths of dash and gap in units; `None` for a line without gaps.
    pub dash: Option<(f64, f64)>,
}

impl Stroke {
    /// A line without gaps.
    pub(super) const fn solid(colour: Rgb, width: f64) -> Self {
        Self { colour, width, dash: None }
    }

    /// A line of dashes and gaps of the given lengths in units.
    pub(super) const fn dashed(colour: Rgb, width: f64, dash: f64, gap: f64) -> Self {
        Self { colour, width, dash: Some((dash, gap)) }
    }
}

/// A drawing surface; the origin is at the top left, y points down. Text and cells are drawn over everything else.
pub struct Canvas<'a> {
    backend: SVGBackend<'a>,
    lettering: Lettering,
    cells: String,
    /// The first thing that went wrong.
    failure: Option<String>,
}

/// The figure as an SVG document. Its text is outlines of the embedded font; what the figure shows is in its label, and
/// what each text says in its `data-text`.
///
/// # Errors
///
/// [`Error::Data`] where the figure would be larger than 8000 units in either direction, or cannot be drawn.
pub fn to_svg(figure: &impl Figure) -> Result<String> {
    const LARGEST: f64 = 8000.0;
    let description = figure.description();
    let mut drawn = String::new();
    let (width, height, lettering, cells, failure) = {
        let backend = SVGBackend::with_string(&mut drawn, (1, 1));
        let lettering = Lettering::new(&description);
        let mut canvas = Canvas { backend, lettering, cells: String::new(), failure: None };
        let (width, height) = figure.draw(&mut canvas);
        // The end of the backend closes the document.
        (width, height, canvas.lettering, canvas.cells, canvas.failure)
    };
    if let Some(failure) = failure {
        return Err(Error::Data(format!("the figure cannot be drawn: {failure}")));
    }
    if !(1.0..=LARGEST).contains(&width) || !(1.0..=LARGEST).contains(&height) {
        return Err(Error::Data(format!(
            "the figure would be {width:.0} by {height:.0} units, and more than {LARGEST:.0} cannot be drawn"
        )));
    }
    let (width, height) = (width.ceil(), height.ceil());
    let (wide, high) = (width * SCALE, height * SCALE);
    let label = escape::xml(&description);
    // Plotters writes the size first, which only the drawing tells, and has no way to say the rest: the size in units
    // rather than in steps of its grid, the label, text as outlines.
    let shapes =
        drawn.split_once('\n').and_then(|(_, rest)| rest.rsplit_once("</svg>")).map_or("", |(shapes, _)| shapes);
    Ok(format!(
        "<svg role=\"img\" aria-label=\"{label}\" xmlns=\"http://www.w3.org/2000/svg\" \
         xmlns:xlink=\"http://www.w3.org/1999/xlink\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {wide} {high}\">\n\
         <rect width=\"{wide}\" height=\"{high}\" fill=\"#ffffff\"/>\n{shapes}<g transform=\"scale({SCALE})\">\n\
         {cells}{}</g>\n</svg>\n",
        lettering.elements()
    ))
}

impl Canvas<'_> {
    fn keep<E: std::fmt::Display>(&mut self, drawn: std::result::Result<(), E>) {
        if let Err(error) = drawn {
            self.failure.get_or_insert(error.to_string());
        }
    }

    /// A filled rectangle from its top left corner.
    pub(super) fn rectangle(&mut self, x: f64, y: f64, width: f64, height: f64, colour: Rgb) {
        let drawn = self.backend.draw_rect(grid((x, y)), grid((x + width, y + height)), &filled(colour), true);
        self.keep(drawn);
    }

    /// A filled disc.
    pub(super) fn disc(&mut self, centre: (f64, f64), radius: f64, colour: Rgb) {
        let drawn = self.backend.draw_circle(grid(centre), length(radius), &filled(colour), true);
        self.keep(drawn);
    }

    /// A filled diamond, `radius` units from its centre to its corners.
    pub(super) fn diamond(&mut self, (x, y): (f64, f64), radius: f64, colour: Rgb) {
        self.polygon(&[(x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y)], colour);
    }

    /// A filled polygon.
    pub(super) fn polygon(&mut self, corners: &[(f64, f64)], colour: Rgb) {
        let drawn = self.backend.fill_polygon(corners.iter().copied().map(grid), &filled(colour));
        self.keep(drawn);
    }

    /// Cells in a rectangle from its top left corner, `[rows × columns]` levels as [`crate::audio::picture`] gives:
    /// neighbours of one level are drawn together, a path for each level.
    pub(super) fn cells(&mut self, (x, y): (f64, f64), (width, height): (f64, f64), levels: &[u8], columns: usize) {
        let columns = columns.max(1);
        let rows = levels.len().div_ceil(columns).max(1);
        let mut paths = vec![String::new(); usize::from(crate::audio::LEVELS)];
        for (row, levels) in levels.chunks(columns).enumerate() {
            let mut column = 0;
            for run in levels.chunk_by(|a, b| a == b) {
                // Writing to a String cannot fail, here and below.
                let path = run.first().and_then(|&level| paths.get_mut(usize::from(level)));
                let _ = path.map(|path| write!(path, "M{column} {row}h{}v1h-{0}z", run.len()));
                column += run.len();
            }
        }
        // Without crisp edges hairlines would show between neighbours.
        let _ = writeln!(
            self.cells,
            "<g shape-rendering=\"crispEdges\" transform=\"translate({x:.2} {y:.2}) scale({:.5} {:.5})\">",
            width / columns as f64,
            height / rows as f64
        );
        for (level, path) in (0..).zip(&paths).filter(|(_, path)| !path.is_empty()) {
            let Rgb(r, g, b) = shade(level);
            let _ = writeln!(self.cells, "<path fill=\"#{r:02x}{g:02x}{b:02x}\" d=\"{path}\"/>");
        }
        self.cells.push_str("</g>\n");
    }

    /// A line through `points`. Points that are not finite break it; one that stands alone becomes a dot.
    pub(super) fn line(&mut self, points: &[(f64, f64)], stroke: &Stroke) {
        for piece in points.split(|&(x, y)| !x.is_finite() || !y.is_finite()) {
            match (piece, stroke.dash) {
                ([], _) => {}
                ([point], _) => self.disc(*point, stroke.width * 1.8, stroke.colour),
                (_, None) => self.path(piece, stroke),
                (_, Some((dash, gap))) => dashes(piece, dash, gap).iter().for_each(|piece| self.path(piece, stroke)),
            }
        }
    }

    fn path(&mut self, points: &[(f64, f64)], stroke: &Stroke) {
        let style = ShapeStyle { filled: false, stroke_width: length(stroke.width), ..filled(stroke.colour) };
        let drawn = self.backend.draw_path(points.iter().copied().map(grid), &style);
        self.keep(drawn);
    }

    /// A closed frame.
    pub(super) fn frame(&mut self, x: f64, y: f64, width: f64, height: f64, stroke: &Stroke) {
        self.line(&[(x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y)], stroke);
    }

    /// A text; which part of it is at `(x, y)` is for `style` to say.
    pub(super) fn text(&mut self, x: f64, y: f64, text: &str, style: &Text) {
        let before = match style.along {
            Along::Start => 0.0,
            Along::Middle => width(text, style.size) / 2.0,
            Along::End => width(text, style.size),
        };
        // "Below" the place is to its right for text that runs upwards.
        let start = match style.upwards {
            true => (x + style.drop(), y + before),
            false => (x - before, y + style.drop()),
        };
        let drawn = self.lettering.add(start, text, style);
        self.keep(drawn);
    }

    /// The title at the top, the lines below it and, to stand out, the `figures`, wrapped to a figure `wide` units wide.
    /// Returns where the next thing may begin.
    pub(super) fn header<S: AsRef<str>>(&mut self, title: &str, subtitle: &[S], figures: &str, wide: f64) -> f64 {
        const TITLE: Text = Text::new(28.0).at(Along::Start, Across::Top).bold();
        const SUBTITLE: Text = Text::new(21.0).at(Along::Start, Across::Top).coloured(GREY);
        const FIGURES: Text = Text::new(21.0).at(Along::Start, Across::Top).coloured(BLACK).bold();
        /// From the top of one line to the top of the next, by em.
        const LINE: f64 = 1.3;
        /// Lines of one text: names may be of any length.
        const MOST: usize = 6;
        let mut y = MARGIN;
        let lines = subtitle.iter().map(|line| (line.as_ref(), SUBTITLE));
        for (text, style) in std::iter::once((title, TITLE)).chain(lines).chain([(figures, FIGURES)]) {
            let mut lines = wrapped(text, style.size, wide - 2.0 * MARGIN);
            if lines.len() > MOST {
                lines.truncate(MOST);
                lines.iter_mut().last().into_iter().for_each(|line| line.push('…'));
            }
            for line in lines {
                self.text(MARGIN, y, &line, &style);
                y += style.size * LINE;
            }
        }
        y + MARGIN
    }

    /// As [`Self::header`], without figures and for a figure of a column's width.
    pub(super) fn title<S: AsRef<str>>(&mut self, title: &str, subtitle: &[S]) -> f64 {
        self.header(title, subtitle, "", COLUMN)
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

fn filled(colour: Rgb) -> ShapeStyle {
    ShapeStyle { color: RGBColor::from(colour).to_rgba(), filled: true, stroke_width: 1 }
}

/// A place on plotters' grid. What lies far outside any canvas is drawn just outside it.
fn grid((x, y): (f64, f64)) -> (i32, i32) {
    const FAR: f64 = 100_000.0;
    let whole = |value: f64| (value * SCALE).round().clamp(-FAR, FAR) as i32;
    (whole(x), whole(y))
}

/// A length on plotters' grid, at least one step.
fn length(units: f64) -> u32 {
    (units * SCALE).round().clamp(1.0, 1000.0) as u32
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
    fn places_are_always_on_the_grid() {
        assert_eq!(grid((f64::INFINITY, f64::NEG_INFINITY)), (100_000, -100_000));
        assert_eq!(grid((f64::NAN, 0.5)), (0, 2));
    }

    #[test]
    fn cells_of_one_level_are_drawn_together() {
        struct Cells;
        impl Figure for Cells {
            fn description(&self) -> String {
                "cells".into()
            }
            fn draw(&self, canvas: &mut Canvas<'_>) -> (f64, f64) {
                canvas.cells((10.0, 20.0), (30.0, 10.0), &[0, 0, 15, 15, 15, 0], 3);
                (50.0, 50.0)
            }
        }
        let svg = to_svg(&Cells).unwrap();
        assert!(svg.contains("translate(10.00 20.00) scale(10.00000 5.00000)"), "{svg}");
        assert!(
            svg.contains("d=\"M0 0h2v1h-2zM2 1h1v1h-1z\"") && svg.contains("d=\"M2 0h1v1h-1zM0 1h2v1h-2z\""),
            "{svg}"
        );
    }
}
