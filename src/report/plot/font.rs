//! The embedded font: how wide a text comes out, and its outlines. No font of the system is ever asked for.

use std::sync::OnceLock;

use ab_glyph::{Font, FontRef, OutlineCurve, Point};
use epaint_default_fonts::UBUNTU_LIGHT;

use crate::{
    error::{Error, Result},
    report::plot::colour::{BLACK, Rgb},
};

/// Height of a capital by em of the embedded font.
const CAPITAL: f64 = 0.693;

/// The embedded font, read once.
fn embedded() -> Result<&'static FontRef<'static>> {
    static FONT: OnceLock<Option<FontRef<'static>>> = OnceLock::new();
    FONT.get_or_init(|| FontRef::try_from_slice(UBUNTU_LIGHT).ok())
        .as_ref()
        .ok_or_else(|| Error::Data("the embedded font cannot be read: this build is broken".into()))
}

/// Which part of a text is at the given place, along the line of writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Along {
    /// Its beginning.
    Start,
    /// Its middle.
    Middle,
    /// Its end.
    End,
}

/// Which part of a text is at the given place, across the line of writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Across {
    /// The top of its capitals.
    Top,
    /// Half the height of its capitals.
    Middle,
    /// Its base line.
    Base,
}

/// How a text is set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text {
    /// The em, in units of the canvas.
    pub size: f64,
    /// The colour.
    pub colour: Rgb,
    /// Heavier strokes, for what should be read first.
    pub bold: bool,
    /// What is at the given place along the line.
    pub along: Along,
    /// What is at the given place across the line.
    pub across: Across,
    /// Runs upwards rather than to the right.
    pub upwards: bool,
}

impl Text {
    /// Black text of `size` units that begins at the given place, on its base line.
    pub(super) const fn new(size: f64) -> Self {
        Self { size, colour: BLACK, bold: false, along: Along::Start, across: Across::Base, upwards: false }
    }

    /// The same with other anchors.
    pub(super) const fn at(self, along: Along, across: Across) -> Self {
        Self { along, across, ..self }
    }

    /// The same in another size.
    pub(super) const fn sized(self, size: f64) -> Self {
        Self { size, ..self }
    }

    /// The same in another colour.
    pub(super) const fn coloured(self, colour: Rgb) -> Self {
        Self { colour, ..self }
    }

    /// The same in bold.
    pub(super) const fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    /// The same running upwards.
    pub(super) const fn upwards(self) -> Self {
        Self { upwards: true, ..self }
    }

    /// How far below the given place the base line is (for text that runs to the right), in units of the canvas.
    pub(super) fn drop(&self) -> f64 {
        match self.across {
            Across::Top => CAPITAL * self.size,
            Across::Middle => CAPITAL * self.size / 2.0,
            Across::Base => 0.0,
        }
    }

    /// By how much strokes are thickened, by em. The embedded font is a light one: too light for a printed page.
    pub(super) const fn thickening(&self) -> f64 {
        if self.bold { 0.045 } else { 0.015 }
    }
}

/// The length of `text` along its line at `size` units per em, in units of the canvas.
pub(super) fn width(text: &str, size: f64) -> f64 {
    // Without a font nothing will be drawn, and the length is of no consequence.
    embedded().map_or(0.0, |font| {
        let end = places(font, text).last().map_or(0.0, |(_, _, end)| end);
        f64::from(end / font.units_per_em().unwrap_or(1.0)) * size
    })
}

/// The units of the font in an em.
pub(super) fn units_per_em() -> Result<f64> {
    Ok(f64::from(embedded()?.units_per_em().unwrap_or(1.0)))
}

/// Each letter of a text with where it starts, in units of the font.
pub(super) fn letters(text: &str) -> Result<Vec<(char, f32)>> {
    Ok(places(embedded()?, text).map(|(letter, start, _)| (letter, start)).collect())
}

/// A letter's outline as the data of an SVG path, in units of the font, y downwards; none of a space.
pub(super) fn outline(letter: char) -> Result<Option<String>> {
    let font = embedded()?;
    let Some(outline) = font.outline(font.glyph_id(letter)) else { return Ok(None) };
    let round = |p: Point| (p.x.round() as i32, -p.y.round() as i32);
    let mut path = String::new();
    let mut pen = None;
    for curve in outline.curves {
        let (from, through, to) = match curve {
            OutlineCurve::Line(from, to) => (from, vec![], to),
            OutlineCurve::Quad(from, through, to) => (from, vec![through], to),
            OutlineCurve::Cubic(from, first, second, to) => (from, vec![first, second], to),
        };
        let (x, y) = round(from);
        if pen != Some((x, y)) {
            path.push_str(if pen.is_some() { "z" } else { "" });
            path.push_str(&format!("M{x} {y}"));
        }
        path.push(match through.len() {
            0 => 'l',
            1 => 'q',
            _ => 'c',
        });
        let steps = through.into_iter().chain([to]).map(round).map(|(to_x, to_y)| format!("{} {}", to_x - x, to_y - y));
        path.push_str(&steps.collect::<Vec<_>>().join(" "));
        pen = Some(round(to));
    }
    path.push('z');
    Ok(Some(path))
}

/// Each letter with where it starts and ends, in units of the font.
fn places(font: &FontRef<'static>, text: &str) -> impl Iterator<Item = (char, f32, f32)> {
    let mut end = 0.0;
    let mut previous = None;
    text.chars().map(move |letter| {
        let glyph = font.glyph_id(letter);
        let start = end + previous.map_or(0.0, |previous| font.kern_unscaled(previous, glyph));
        end = start + font.h_advance_unscaled(glyph);
        previous = Some(glyph);
        (letter, start, end)
    })
}

/// `text`, or as much of its beginning as fits `limit` units, with an ellipsis.
pub(super) fn shortened(text: &str, size: f64, limit: f64) -> String {
    if width(text, size) <= limit {
        return text.to_owned();
    }
    let limit = limit - width("…", size);
    let mut used = 0.0;
    let fits = |letter: &char| {
        used += width(letter.encode_utf8(&mut [0; 4]), size);
        used <= limit
    };
    text.chars().take_while(fits).chain(['…']).collect()
}

/// Breaks `text` into lines of at most `limit` units: at spaces, or inside a word that is longer than a line.
pub(super) fn wrapped(text: &str, size: f64, limit: f64) -> Vec<String> {
    let mut lines = vec![];
    let mut line = String::new();
    for word in text.split_whitespace() {
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if width(&longer, size) <= limit {
            line = longer;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for character in word.chars() {
            if !line.is_empty() && width(&line, size) + width(character.encode_utf8(&mut [0; 4]), size) > limit {
                lines.push(std::mem::take(&mut line));
            }
            line.push(character);
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_font_is_there_for_all_threads_and_has_the_letters_needed() {
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let font = embedded().unwrap();
                    assert!("aZ09–−±×·µéü".chars().all(|letter| font.glyph_id(letter).0 != 0));
                });
            }
        });
    }

    #[test]
    fn capitals_stand_on_the_base_line_as_high_as_said() {
        let em = units_per_em().unwrap();
        let font = embedded().unwrap();
        let bounds = font.outline(font.glyph_id('H')).unwrap().bounds;
        let (top, bottom) = (bounds.min.y.max(bounds.max.y), bounds.min.y.min(bounds.max.y));
        assert!((f64::from(top) / em - CAPITAL).abs() < 0.003 && bottom.abs() < 3.0, "{bounds:?}");
    }

    #[test]
    fn a_shortened_text_fits() {
        assert_eq!(shortened("short", 20.0, 100.0), "short");
        let short = shortened(&"long".repeat(300), 20.0, 100.0);
        assert!(short.ends_with('…') && short.starts_with("long") && width(&short, 20.0) <= 100.0, "{short}");
    }

    #[test]
    fn width_grows_with_text_and_size() {
        assert!(width("fear", 20.0) > 20.0);
        assert!((width("fear", 40.0) / width("fear", 20.0) - 2.0).abs() < 1e-9);
        assert!(width("fearful", 20.0) > width("fear", 20.0));
    }

    #[test]
    fn lines_are_no_longer_than_asked_and_lose_nothing() {
        let text = "luna-5fold, speaker-independent and a_very_long_word_without_any_space_at_all_in_it";
        let lines = wrapped(text, 20.0, 150.0);
        assert!(lines.iter().all(|line| width(line, 20.0) <= 151.0), "{lines:?}");
        assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""));
        assert!(wrapped("", 20.0, 150.0).is_empty());
    }
}
