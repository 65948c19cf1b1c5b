//! The pictures of reports, as SVG and PNG.
//!
//! A picture is a [`Figure`]: it draws itself on a [`Canvas`] and says how large it has become. Sizes are in units of
//! 1/800 of a paper's column; text of 20 units is 7 point in a column of 84 mm. [`to_svg`] draws it with plotters,
//! [`to_png`] rasterises that SVG with resvg, [`save`] writes either to a file, by the file's extension.
//!
//! | module | what it draws |
//! |---|---|
//! | [`confusion`] | the confusion matrix: shares of each true emotion, and counts |
//! | [`bars`] | a horizontal bar each: UAR by speaker, clips by emotion and corpus |
//! | [`reliability`] | accuracy by confidence, before and after temperature scaling |
//! | [`scatter`] | clips as points of a plane: the principal components of the penultimate layer |
//! | [`spectrograms`] | spectrograms of one clip, altered in several ways |
//! | [`curves`] | loss and UAR over the epochs of one run or of many |
//! | [`agreement`] | predicted numbers over true ones, as a density, with the mean truth of alike predictions |
//! | [`residuals`] | how far predicted numbers are off, over what is predicted |
//! | [`by_agreement`] | accuracy of network and listeners by how much listeners agree |
//! | [`course`] | values of targets over the time of a recording |
//! | [`timeline`] | the probability of every emotion over the time of a recording |
//! | [`forest`] | figures with intervals one below the other: robustness, fairness, reproduced figures |
//! | [`strengths`] | a figure over the strength of noise or of a room |
//! | [`durations`] | durations of clips by corpus and emotion |
//! | `canvas`, `lettering`, `font`, [`colour`], `axes`, `legend`, `marker`, `numbers` | what the pictures are made of |

pub mod agreement;
mod axes;
pub mod bars;
pub mod by_agreement;
mod canvas;
pub mod colour;
pub mod confusion;
pub mod course;
pub mod curves;
pub mod durations;
mod font;
pub mod forest;
mod legend;
mod lettering;
mod marker;
mod numbers;
pub mod reliability;
pub mod residuals;
pub mod scatter;
pub mod spectrograms;
pub mod strengths;
pub mod timeline;

use std::path::Path;

use resvg::{
    tiny_skia::{Pixmap, Transform},
    usvg::{Options, Tree},
};

use crate::{
    error::{Error, Result},
    files::write_whole,
};

pub use self::{
    agreement::Agreement,
    bars::{Bar, Bars},
    by_agreement::ByAgreement,
    canvas::{Canvas, to_svg},
    confusion::ConfusionMatrix,
    course::Course,
    curves::{Curve, EpochPoint, LearningCurves},
    durations::Durations,
    forest::{Forest, ForestRow, Mood},
    numbers::Numbers,
    reliability::Reliability,
    residuals::Residuals,
    scatter::Scatter,
    spectrograms::{Panel, Spectrograms},
    strengths::{Strength, Strengths},
    timeline::Timeline,
};

/// Width of a figure unless its content needs more; in the units of the canvas.
const COLUMN: f64 = 800.0;
/// Left and right of everything, in units.
const MARGIN: f64 = 14.0;

/// Something that can be drawn.
pub trait Figure {
    /// What the picture shows, for those who cannot see it.
    fn description(&self) -> String;

    /// Draws the figure from the origin to the right and down. Returns its width and height in the units of the canvas.
    fn draw(&self, canvas: &mut Canvas<'_>) -> (f64, f64);
}

/// One corpus's part of a distribution.
#[derive(Debug, Clone, PartialEq)]
pub struct Series<'a, T> {
    /// The corpus's name.
    pub name: &'a str,
    /// What it has of each class.
    pub of_class: Vec<T>,
}

/// Draws `figure` to `path`, as PNG (1600 pixels wide for a column) or SVG by the extension. The file is written whole
/// or not at all.
///
/// # Errors
///
/// [`Error::Config`] where the extension is another one, [`Error::Io`] where the file cannot be written, otherwise as
/// [`to_svg`].
pub fn save(figure: &impl Figure, path: &Path) -> Result<()> {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    let bytes = match extension.as_deref() {
        Some("png") => to_svg(figure).and_then(|svg| to_png(&svg)),
        Some("svg") => to_svg(figure).map(String::into_bytes),
        _ => return Err(Error::Config(format!("{}: a figure is written as .png or .svg, name it so", path.display()))),
    };
    let bytes = bytes.map_err(|error| Error::file(path, error.to_string()))?;
    write_whole(path, |file| file.write_all(&bytes))
}

/// An SVG of [`to_svg`] as a PNG of two pixels a unit, fewer where it would have more than 40 million.
///
/// # Errors
///
/// [`Error::Data`] where it cannot be rasterised.
pub fn to_png(svg: &str) -> Result<Vec<u8>> {
    const PIXELS_PER_UNIT: f32 = 2.0;
    const MOST_PIXELS: f32 = 4e7;
    let cannot = |error: String| Error::Data(format!("the figure cannot be rasterised: {error}"));
    let tree = Tree::from_str(svg, &Options::default()).map_err(|error| cannot(error.to_string()))?;
    let (width, height) = (tree.size().width(), tree.size().height());
    let scale = PIXELS_PER_UNIT.min((MOST_PIXELS / (width * height)).sqrt());
    let pixels = |length: f32| (length * scale).ceil().max(1.0) as u32;
    let mut pixmap = Pixmap::new(pixels(width), pixels(height)).ok_or_else(|| cannot("it is too large".into()))?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    pixmap.encode_png().map_err(|error| cannot(error.to_string()))
}

/// The parts of an SVG that snapshots compare: without outlines of letters, a text as what it says and where it is.
#[cfg(test)]
fn skeleton(svg: &str) -> String {
    let lines = svg.lines().filter(|line| !line.starts_with("<path id=") && !line.contains("defs>"));
    lines.map(|line| line.split("<use").next().unwrap_or(line).to_owned() + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::{
        canvas::Stroke,
        font::{Across, Along, Text},
        *,
    };

    struct Square(f64);

    impl Figure for Square {
        fn description(&self) -> String {
            "a \"square\"".into()
        }

        fn draw(&self, canvas: &mut Canvas<'_>) -> (f64, f64) {
            canvas.rectangle(0.0, 0.0, 5.0, 10.0, colour::BLUE);
            canvas.line(&[(5.0, 9.0), (20.0, 9.0)], &Stroke::solid(colour::BLACK, 2.0));
            canvas.text(5.0, 5.0, "a < b", &Text::new(6.0).at(Along::Start, Across::Base));
            (self.0, 10.0)
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
        assert!(svg.starts_with("<svg role=\"img\" aria-label=\"a &quot;square&quot;\" xmlns="), "{svg}");
        assert!(svg.contains("width=\"20\" height=\"10\""));
        assert!(svg.contains("viewBox=\"0 0 80 40\"") && svg.contains("a &lt; b") && !svg.contains("<text"), "{svg}");
        let error = save(&Square(20.0), &folder.path().join("a.jpeg")).unwrap_err();
        assert_eq!(error.exit_status(), 2);
    }

    #[test]
    fn pixels_are_those_of_the_svg() {
        let pixmap = Pixmap::decode_png(&to_png(&to_svg(&Square(20.0)).unwrap()).unwrap()).unwrap();
        assert_eq!((pixmap.width(), pixmap.height()), (40, 20));
        let at = |x, y| pixmap.pixel(x, y).map(|p| (p.red(), p.green(), p.blue(), p.alpha())).unwrap();
        assert_eq!(at(4, 4), (0x00, 0x72, 0xb2, 255), "the rectangle");
        assert_eq!(at(30, 18), (0x1a, 0x1a, 0x1a, 255), "the line");
        assert_eq!(at(38, 2), (255, 255, 255, 255), "the paper");
        // The stem of the b is about at 5 units + 3.4 em of text of 6 units.
        assert!((10..36).any(|x| at(x, 8).0 < 200), "the text");
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
    fn a_large_picture_has_no_more_pixels_than_can_be_held() {
        struct Large;
        impl Figure for Large {
            fn description(&self) -> String {
                String::new()
            }
            fn draw(&self, _: &mut Canvas<'_>) -> (f64, f64) {
                (8_000.0, 8_000.0)
            }
        }
        let pixmap = Pixmap::decode_png(&to_png(&to_svg(&Large).unwrap()).unwrap()).unwrap();
        assert!((39_000_000..41_000_000).contains(&(pixmap.width() * pixmap.height())));
    }
}
