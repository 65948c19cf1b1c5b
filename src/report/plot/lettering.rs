//! Text in an SVG as outlines, which look the same everywhere, whatever fonts a reader or a journal has.
//!
//! What a text says is in its `data-text`, so that it can be searched for. Each letter is drawn once and then
//! referred to.

use std::{collections::BTreeMap, fmt::Write};

use super::{
    colour::Rgb,
    font::{Text, letters, outline, units_per_em},
};
use crate::{error::Result, escape};

/// The texts of one figure.
#[derive(Debug)]
pub(super) struct Lettering {
    /// Keeps the letters of several pictures on one page apart.
    prefix: String,
    outlines: BTreeMap<u32, String>,
    texts: String,
}

impl Lettering {
    /// No text yet; what describes the picture tells its letters from those of others.
    pub(super) fn new(description: &str) -> Self {
        let prefix = format!("f{}", &blake3::hash(description.as_bytes()).to_hex()[..8]);
        Self { prefix, outlines: BTreeMap::new(), texts: String::new() }
    }

    /// Adds a text whose base line begins at `(x, y)`, in units.
    pub(super) fn add(&mut self, (x, y): (f64, f64), text: &str, style: &Text) -> Result<()> {
        let em = units_per_em()?;
        let (Rgb(r, g, b), turn) = (style.colour, if style.upwards { " rotate(-90)" } else { "" });
        // Writing to a String cannot fail, here and below.
        let _ = write!(
            self.texts,
            "<g data-text=\"{}\" fill=\"#{r:02x}{g:02x}{b:02x}\" stroke=\"#{r:02x}{g:02x}{b:02x}\" stroke-width=\"{:.0}\" \
             transform=\"translate({x:.2} {y:.2}){turn} scale({:.5})\">",
            escape::xml(text),
            style.thickening() * em,
            style.size / em
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

    /// The letters, then the texts.
    pub(super) fn elements(&self) -> String {
        let mut elements = "<defs>\n".to_owned();
        for (code, path) in &self.outlines {
            let _ = writeln!(elements, "<path id=\"{}-{code:x}\" d=\"{path}\"/>", self.prefix);
        }
        elements + "</defs>\n" + &self.texts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_letter_is_drawn_once_and_what_is_said_can_be_found() {
        let mut lettering = Lettering::new("a picture");
        lettering.add((10.0, 20.0), "anna & a", &Text::new(20.0)).unwrap();
        lettering.add((10.0, 90.0), "nan", &Text::new(20.0).upwards()).unwrap();
        let elements = lettering.elements();
        assert_eq!(elements.matches("<path").count(), 3, "{elements}");
        assert_eq!(elements.matches("<use").count(), 6 + 3);
        assert!(elements.contains("data-text=\"anna &amp; a\"") && elements.contains("rotate(-90)"));
    }
}
