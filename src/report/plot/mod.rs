//! The pictures, as PNG or SVG.
//!
//! A picture is a [`Figure`]: it knows its size and draws itself on a [`Canvas`] of any plotters backend. Sizes are in
//! units of 1/800 of a paper's column; text of 20 units is 7 point in a column of 84 mm. [`save`] writes a figure to
//! a file of the format that its name asks for, [`to_svg`] gives the SVG as text, to be put into a page.
//!
//! | module | what it draws |
//! |---|---|
//! | [`confusion`] | the confusion matrix: shares of each true emotion, and counts |
//! | [`bars`] | a horizontal bar each: UAR by speaker, clips by emotion |
//! | [`reliability`] | accuracy by confidence, before and after temperature scaling |
//! | [`scatter`] | clips as points of a plane: the principal components of the penultimate layer |
//! | [`spectrograms`] | spectrograms of one clip, altered in several ways |
//! | [`curves`] | loss and UAR over the epochs of one run or of many |
//! | [`timeline`] | the probability of every emotion over the time of a recording |
//! | [`distribution`] | clips by emotion, lengths of clips |
//! | [`canvas`], [`font`], `overlay`, [`colour`], [`axes`], [`header`], [`legend`] | what the pictures are made of |

pub mod axes;
pub mod bars;
pub mod canvas;
pub mod colour;
pub mod confusion;
pub mod curves;
pub mod distribution;
pub mod font;
pub mod header;
pub mod legend;
pub(crate) mod overlay;
pub mod reliability;
pub mod scatter;
pub mod spectrograms;
pub mod timeline;

use std::path::Path;

use plotters::backend::{BitMapBackend, DrawingBackend, SVGBackend};

use self::{
    canvas::{Canvas, SCALE},
    overlay::Overlay,
};
use crate::{
    error::{Error, Result},
    files::{write_whole, write_whole_at},
};

pub use self::{
    bars::Bars,
    confusion::ConfusionMatrix,
    curves::{Curve, EpochPoint, LearningCurves},
    distribution::{DurationSpread, EmotionBars, Series},
    reliability::Reliability,
    scatter::Scatter,
    spectrograms::{Panel, Spectrograms},
    timeline::Timeline,
};

/// Width of a figure unless its content needs more; in the units of the canvas.
pub const COLUMN: f64 = 800.0;

/// How many pixels of a PNG stand for one unit in either direction.
const PIXELS_PER_UNIT: u32 = 2;

/// How many drawn pixels are averaged into one pixel of a PNG in either direction: plotters draws hard edges.
const OVERSAMPLING: u32 = SCALE / PIXELS_PER_UNIT;

/// Something that can be drawn.
pub trait Figure {
    /// What the picture shows, for those who cannot see it.
    fn description(&self) -> String;

    /// Width and height, in the units of the canvas.
    fn size(&self) -> (f64, f64);

    /// Draws the figure on a canvas of that size.
    fn draw<DB: DrawingBackend>(&self, canvas: &mut Canvas<'_, DB>) -> Result<()>;
}

/// Draws `figure` to `path`, as PNG (1600 pixels wide for a column) or SVG by the extension. The file is written whole
/// or not at all.
pub fn save(figure: &impl Figure, path: &Path) -> Result<()> {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    match extension.as_deref() {
        Some("png") => save_png(figure, path),
        Some("svg") => {
            let svg = to_svg(figure).map_err(|error| Error::file(path, error.to_string()))?;
            write_whole(path, |file| file.write_all(svg.as_bytes()))
        }
        _ => Err(Error::Config(format!("{}: a figure is written as .png or .svg, name it so", path.display()))),
    }
}

/// The figure as an SVG document. Its text is outlines of the embedded font, so that it is the same for every reader;
/// what the figure shows is said in its label, and what each text says in its `data-text`.
pub fn to_svg(figure: &impl Figure) -> Result<String> {
    let (width, height) = drawn_size(figure)?;
    let mut svg = String::new();
    let mut overlay = Overlay::new(&figure.description());
    {
        let mut backend = SVGBackend::with_string(&mut svg, (width, height));
        draw_on(figure, &mut backend, Some(&mut overlay))?;
    }
    // Plotters has no way to say these: the size in units rather than in the finer grid on which it draws, the
    // description, and text that is no text. Nothing is drawn over text, so that it may come last.
    let grid = format!("<svg width=\"{width}\" height=\"{height}\"");
    let units = format!(
        "<svg role=\"img\" aria-label=\"{}\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" width=\"{}\" height=\"{}\"",
        escaped(&figure.description()),
        width / SCALE,
        height / SCALE
    );
    let mut svg = svg.replacen(&grid, &units, 1);
    if let Some(end) = svg.rfind("</svg>") {
        svg.insert_str(end, &overlay.elements());
    }
    Ok(svg)
}

fn save_png(figure: &impl Figure, path: &Path) -> Result<()> {
    let cannot = |error: String| Error::file(path, error);
    let (width, height) = drawn_size(figure).map_err(|error| cannot(error.to_string()))?;
    let mut drawn = vec![u8::MAX; width as usize * height as usize * 3];
    {
        let mut backend = BitMapBackend::with_buffer(&mut drawn, (width, height));
        draw_on(figure, &mut backend, None).map_err(|error| cannot(error.to_string()))?;
    }
    let pixels = averaged(&drawn, width as usize, OVERSAMPLING as usize);
    let size = (width / OVERSAMPLING, height / OVERSAMPLING);
    write_whole_at(path, |temporary| {
        let mut image = BitMapBackend::new(temporary, size);
        image
            .blit_bitmap((0, 0), size, &pixels)
            .and_then(|()| image.present())
            .map_err(|error| cannot(format!("cannot be written as PNG: {error}")))
    })
}

/// The size on the drawing grid, a multiple of [`SCALE`].
fn drawn_size(figure: &impl Figure) -> Result<(u32, u32)> {
    // Beyond this a bitmap would take gigabytes.
    const LARGEST: f64 = 8000.0;
    let (width, height) = figure.size();
    if !(1.0..=LARGEST).contains(&width) || !(1.0..=LARGEST).contains(&height) {
        return Err(Error::Data(format!(
            "the figure would be {width:.0} by {height:.0} units, more than {LARGEST:.0} cannot be drawn: \
             there are too many classes or the title is too long"
        )));
    }
    Ok((width.ceil() as u32 * SCALE, height.ceil() as u32 * SCALE))
}

fn draw_on<DB: DrawingBackend>(figure: &impl Figure, backend: &mut DB, overlay: Option<&mut Overlay>) -> Result<()> {
    backend.ensure_prepared().map_err(canvas::failed)?;
    let mut canvas = Canvas::new(backend, overlay);
    let (width, height) = figure.size();
    canvas.rectangle(0.0, 0.0, width.ceil(), height.ceil(), colour::WHITE)?;
    figure.draw(&mut canvas)?;
    backend.present().map_err(canvas::failed)
}

/// Each `factor` × `factor` pixels of an RGB image of `width` pixels as their mean.
fn averaged(drawn: &[u8], width: usize, factor: usize) -> Vec<u8> {
    let area = (factor * factor) as u32;
    let mut pixels = Vec::with_capacity(drawn.len() / (factor * factor));
    let mut sums = vec![0_u32; width / factor * 3];
    for band in drawn.chunks_exact(width * 3 * factor) {
        sums.fill(0);
        for line in band.chunks_exact(width * 3) {
            for (block, sum) in line.chunks_exact(3 * factor).zip(sums.chunks_exact_mut(3)) {
                for pixel in block.chunks_exact(3) {
                    for (channel, sum) in pixel.iter().zip(sum.iter_mut()) {
                        *sum += u32::from(*channel);
                    }
                }
            }
        }
        pixels.extend(sums.iter().map(|sum| ((sum + area / 2) / area) as u8));
    }
    pixels
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Square(f64);

    impl Figure for Square {
        fn description(&self) -> String {
            "a \"square\"".into()
        }

        fn size(&self) -> (f64, f64) {
            (self.0, 10.0)
        }

        fn draw<DB: DrawingBackend>(&self, canvas: &mut Canvas<'_, DB>) -> Result<()> {
            canvas.rectangle(0.0, 0.0, 5.0, 10.0, colour::BLACK)?;
            canvas.text(5.0, 5.0, "a < b", &font::Text::new(6.0))
        }
    }

    #[test]
    fn format_is_that_of_the_extension() {
        let folder = tempfile::tempdir().unwrap();
        let (png, svg) = (folder.path().join("a.PNG"), folder.path().join("a.svg"));
        save(&Square(20.0), &png).unwrap();
        save(&Square(20.0), &svg).unwrap();
        assert!(std::fs::read(png).unwrap().starts_with(b"\x89PNG"));
        let svg = std::fs::read_to_string(svg).unwrap();
        assert!(svg.starts_with("<svg role=\"img\" aria-label=\"a &quot;square&quot;\" xmlns:xlink="));
        assert!(svg.contains("width=\"20\" height=\"10\""));
        assert!(svg.contains("viewBox=\"0 0 80 40\"") && svg.contains("a &lt; b") && !svg.contains("<text"), "{svg}");
        let error = save(&Square(20.0), &folder.path().join("a.jpeg")).unwrap_err();
        assert_eq!(error.exit_status(), 2);
    }

    #[test]
    fn a_figure_too_large_to_draw_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        for width in [1e9, f64::NAN, 0.0] {
            assert!(save(&Square(width), &folder.path().join("a.png")).is_err());
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn pixels_are_the_mean_of_their_blocks() {
        let black_white = [[0; 3], [255; 3], [255; 3], [255; 3]].concat();
        let all_black = [0; 12];
        let drawn = [black_white.as_slice(), &all_black].concat();
        assert_eq!(averaged(&drawn, 4, 2), [64, 64, 64, 128, 128, 128]);
    }
}
