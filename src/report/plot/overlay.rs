//! What an SVG needs and plotters has not: text as outlines, and pictures of many small cells.
//!
//! Outlines look the same everywhere, whatever fonts a reader or a journal has. What a text says stands beside it
//! (`data-text`), so that it can still be searched for.

use std::{collections::BTreeMap, fmt::Write};

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    canvas::SCALE,
    colour::{Rgb, ramp},
    escaped,
    font::{Along, Text, letters, outline, units_per_em, width},
};
use crate::{audio::LEVELS, error::Result};

/// The pictures and texts of one figure, on top of everything else, texts last. Each letter is drawn once and then
/// referred to.
#[derive(Debug)]
pub struct Overlay {
    /// Keeps the letters of several pictures on one page apart.
    prefix: String,
    outlines: BTreeMap<u32, String>,
    texts: String,
    pictures: String,
}

impl Overlay {
    /// No text yet; what describes the picture tells its letters from those of others.
    #[must_use]
    pub fn new(description: &str) -> Self {
        let prefix = format!("f{}", &blake3::hash(description.as_bytes()).to_hex()[..8]);
        Self { prefix, outlines: BTreeMap::new(), texts: String::new(), pictures: String::new() }
    }

    /// Adds a text whose base line is at `(x, y)`, in units of the canvas.
    pub(super) fn add(&mut self, (x, y): (f64, f64), text: &str, style: &Text) -> Result<()> {
        let before = match style.along {
            Along::Start => 0.0,
            Along::Middle => width(text, style.size) / 2.0,
            Along::End => width(text, style.size),
        };
        let (x, y) = if style.upwards { (x, y + before) } else { (x - before, y) };
        let em = units_per_em()?;
        let grid = f64::from(SCALE);
        let (Rgb(r, g, b), turn) = (style.colour, if style.upwards { " rotate(-90)" } else { "" });
        // Writing to a String cannot fail, here and below.
        let _ = write!(
            self.texts,
            "<g data-text=\"{}\" fill=\"#{r:02x}{g:02x}{b:02x}\" stroke=\"#{r:02x}{g:02x}{b:02x}\" stroke-width=\"{:.0}\" \
             transform=\"translate({:.1} {:.1}){turn} scale({:.5})\">",
            escaped(text),
            style.thickening() * em,
            x * grid,
            y * grid,
            style.size * grid / em
        );
        for (letter, start) in letters(text)? {
            let Some(path) = outline(letter)? else { continue };
            let code = u32::from(letter);
            self.outlines.entry(code).or_insert(path);
            let _ = write!(self.texts, "<use xlink:href=\"#{}-{code:x}\" x=\"{start:.0}\"/>", self.prefix);
        }
        self.texts.push_str("</g>\n");
        Ok(())
    }

    /// Adds a picture of cells, `[rows × columns]` levels, in the rectangle from `(x, y)` on, in units of the canvas.
    pub(super) fn add_cells(&mut self, (x, y): (f64, f64), (width, height): (f64, f64), levels: &[u8], columns: usize) {
        let grid = f64::from(SCALE);
        let Some(data) = png(levels, columns) else { return };
        let _ = writeln!(
            self.pictures,
            "<image x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" preserveAspectRatio=\"none\" \
             xlink:href=\"data:image/png;base64,{data}\"/>",
            x * grid,
            y * grid,
            width * grid,
            height * grid
        );
    }

    /// The letters, then the pictures and the texts.
    #[must_use]
    pub(super) fn elements(&self) -> String {
        let mut elements = "<defs>\n".to_owned();
        for (code, path) in &self.outlines {
            let _ = writeln!(elements, "<path id=\"{}-{code:x}\" d=\"{path}\"/>", self.prefix);
        }
        elements + "</defs>\n" + &self.pictures + &self.texts
    }
}

/// Levels of `[rows × columns]` cells (`columns` even) as a PNG in base 64, in the colours of the matrices' ramp.
pub(crate) fn png(levels: &[u8], columns: usize) -> Option<String> {
    let rows = levels.len() / columns.max(1);
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, u32::try_from(columns).ok()?, u32::try_from(rows).ok()?);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Four);
    encoder.set_compression(png::Compression::Best);
    encoder.set_palette((0..LEVELS).map(shade).flat_map(|colour| [colour.0, colour.1, colour.2]).collect::<Vec<u8>>());
    let pixels: Vec<u8> = levels.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1] & 15).collect();
    // Writing to memory fails on wrong sizes alone.
    encoder.write_header().ok()?.write_image_data(&pixels).ok()?;
    Some(STANDARD.encode(bytes))
}

/// The colour of a level.
pub(super) fn shade(level: u8) -> Rgb {
    ramp(f64::from(level) / f64::from(LEVELS - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_letter_is_drawn_once_and_what_is_said_can_be_found() {
        let mut lettering = Overlay::new("a picture");
        lettering.add((10.0, 20.0), "anna & a", &Text::new(20.0)).unwrap();
        lettering.add((10.0, 90.0), "nan", &Text::new(20.0).upwards()).unwrap();
        let elements = lettering.elements();
        assert_eq!(elements.matches("<path").count(), 3, "{elements}");
        assert_eq!(elements.matches("<use").count(), 6 + 3);
        assert!(elements.contains("data-text=\"anna &amp; a\"") && elements.contains("rotate(-90)"));
    }
}
