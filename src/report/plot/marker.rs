//! Points: those of the classes of a scatter plot, and the diamond that marks a picked epoch.

use super::{
    canvas::{Canvas, Stroke},
    colour::{BLACK, BLUE, GREEN, ORANGE, PURPLE, Rgb, SKY, VERMILLION, WHITE},
};

/// The size of a marker that stands alone, in units.
pub(super) const MARKER: f64 = 7.5;
/// The size of markers that may come close to one another, in units.
pub(super) const SMALL_MARKER: f64 = 5.5;

/// A black diamond, `size` units from its centre to its corners, with a white rim to be seen on lines of any colour.
pub(super) fn marker(canvas: &mut Canvas<'_>, centre: (f64, f64), size: f64) {
    canvas.diamond(centre, size * 1.33, WHITE);
    canvas.diamond(centre, size, BLACK);
}

/// A point of the class with that number: eight colours and eight shapes, in steps of different length, so that 56
/// classes look different and the first eight differ in either.
pub(super) fn point(canvas: &mut Canvas<'_>, (x, y): (f64, f64), class: usize) {
    const COLOURS: [Rgb; 8] = [VERMILLION, BLUE, GREEN, BLACK, ORANGE, PURPLE, SKY, Rgb(0x7a, 0x5c, 0x00)];
    /// From a point's middle to its edge.
    const R: f64 = 6.5;
    let colour = COLOURS[(class + class / 8) % COLOURS.len()];
    let stroke = Stroke::solid(colour, 3.0);
    match class % 8 {
        0 => canvas.disc((x, y), R * 0.85, colour),
        1 => canvas.rectangle(x - 0.8 * R, y - 0.8 * R, 1.6 * R, 1.6 * R, colour),
        2 => canvas.polygon(&[(x, y - R), (x + R, y + 0.8 * R), (x - R, y + 0.8 * R)], colour),
        3 => {
            canvas.line(&[(x - R, y), (x + R, y)], &stroke);
            canvas.line(&[(x, y - R), (x, y + R)], &stroke);
        }
        4 => canvas.diamond((x, y), 1.15 * R, colour),
        5 => {
            let r = 0.8 * R;
            canvas.line(&[(x - r, y - r), (x + r, y + r)], &stroke);
            canvas.line(&[(x - r, y + r), (x + r, y - r)], &stroke);
        }
        6 => canvas.polygon(&[(x, y + R), (x + R, y - 0.8 * R), (x - R, y - 0.8 * R)], colour),
        _ => {
            canvas.disc((x, y), R, colour);
            canvas.disc((x, y), 0.5 * R, WHITE);
        }
    }
}
