//! Clips as points of a plane, each emotion in a colour and a shape of its own.

use plotters::backend::DrawingBackend;

use super::{
    COLUMN, Figure,
    axes::{Axes, Axis, LABEL_SIZE, TICK_SIZE},
    canvas::{Canvas, Stroke},
    colour::{BLACK, BLUE, GREEN, ORANGE, PURPLE, Rgb, SKY, VERMILLION, WHITE},
    font::width,
    header::Header,
    legend::{Legend, Sample},
};
use crate::{error::Result, eval::Projection};

const MARGIN: f64 = 14.0;
const RIGHT: f64 = 24.0;
const PANEL: f64 = 620.0;
/// From a point's middle to its edge.
const RADIUS: f64 = 6.5;

/// The picture.
#[derive(Debug, Clone, Copy)]
pub struct Scatter<'a> {
    /// The points.
    pub projection: &'a Projection,
    /// The names of their classes.
    pub classes: &'a [String],
    /// The title.
    pub title: &'a str,
    /// Lines below the title.
    pub subtitle: &'a [String],
}

/// A point of the class with that number: eight colours and eight shapes, in steps of different length, so that 56
/// classes look different and the first eight differ in either.
pub fn point<DB: DrawingBackend>(canvas: &mut Canvas<'_, DB>, (x, y): (f64, f64), class: usize) -> Result<()> {
    const COLOURS: [Rgb; 8] = [VERMILLION, BLUE, GREEN, BLACK, ORANGE, PURPLE, SKY, Rgb(0x7a, 0x5c, 0x00)];
    let colour = COLOURS[(class + class / 8) % COLOURS.len()];
    let r = RADIUS;
    let stroke = Stroke::solid(colour, 3.0);
    match class % 8 {
        0 => canvas.disc((x, y), r * 0.85, colour),
        1 => canvas.rectangle(x - 0.8 * r, y - 0.8 * r, 1.6 * r, 1.6 * r, colour),
        2 => canvas.polygon(&[(x, y - r), (x + r, y + 0.8 * r), (x - r, y + 0.8 * r)], colour),
        3 => {
            canvas.line(&[(x - r, y), (x + r, y)], &stroke)?;
            canvas.line(&[(x, y - r), (x, y + r)], &stroke)
        }
        4 => canvas.diamond((x, y), 1.15 * r, colour),
        5 => {
            let r = 0.8 * r;
            canvas.line(&[(x - r, y - r), (x + r, y + r)], &stroke)?;
            canvas.line(&[(x - r, y + r), (x + r, y - r)], &stroke)
        }
        6 => canvas.polygon(&[(x, y + r), (x + r, y - 0.8 * r), (x - r, y - 0.8 * r)], colour),
        _ => {
            canvas.disc((x, y), r, colour)?;
            canvas.disc((x, y), 0.5 * r, WHITE)
        }
    }
}

impl Scatter<'_> {
    fn header(&self) -> Header {
        let Projection { fold, seed, points, .. } = self.projection;
        let what = format!(
            "The penultimate layer, fold {fold}, seed {seed}: {} test clips along its principal components",
            points.len()
        );
        Header::new(self.title, self.subtitle.iter().map(String::as_str).chain([what.as_str()]), "", COLUMN)
    }

    fn legend(&self) -> Legend {
        let entries = self.classes.iter().enumerate().map(|(class, name)| (Sample::Point(class), name.clone()));
        Legend::new(entries.collect(), COLUMN - 2.0 * MARGIN)
    }

    fn axis(&self, component: usize) -> Axis {
        Axis::around(self.projection.points.iter().map(|point| point.place[component]), 1e-6)
    }

    fn label(&self, component: usize) -> String {
        let share = 100.0 * self.projection.explained[component];
        format!("component {} ({share:.1} % of the variance)", component + 1)
    }
}

impl Figure for Scatter<'_> {
    fn description(&self) -> String {
        let [first, second] = self.projection.explained;
        format!(
            "{}: the penultimate layer of fold {}, seed {}: {} test clips as points by their first two principal \
             components, {:.1} and {:.1} % of the variance",
            self.title,
            self.projection.fold,
            self.projection.seed,
            self.projection.points.len(),
            100.0 * first,
            100.0 * second
        )
    }

    fn size(&self) -> (f64, f64) {
        let below = 10.0 + TICK_SIZE + 10.0 + LABEL_SIZE + MARGIN;
        (COLUMN, self.header().height() + self.legend().height() + 12.0 + PANEL + below)
    }

    fn draw<DB: DrawingBackend>(&self, canvas: &mut Canvas<'_, DB>) -> Result<()> {
        let (header, legend) = (self.header(), self.legend());
        header.draw(canvas)?;
        legend.draw(canvas, MARGIN, header.height() - 4.0)?;
        let (x, y) = (self.axis(0), self.axis(1));
        let ticks = y.ticks.iter().map(|&tick| width(&y.label(tick), TICK_SIZE)).fold(0.0, f64::max);
        let label_room = ticks + 16.0 + LABEL_SIZE;
        let axes = Axes {
            left: MARGIN + label_room,
            top: header.height() + legend.height() + 12.0,
            width: COLUMN - MARGIN - label_room - RIGHT,
            height: PANEL,
            x,
            y,
        };
        axes.draw(canvas, &self.label(1), label_room, Some(&self.label(0)))?;
        // In an order that is nobody's: of classes drawn one after the other the last would hide the rest.
        let mut points: Vec<_> = self.projection.points.iter().collect();
        points.sort_by_key(|point| *blake3::hash(point.clip.as_bytes()).as_bytes());
        for of in points {
            point(canvas, axes.place(of.place[0], of.place[1]), of.truth)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        eval::projection::Point,
        report::plot::{save, to_svg},
    };

    #[test]
    fn any_points_of_any_number_of_classes_can_be_drawn() {
        let folder = tempfile::tempdir().unwrap();
        for (n, classes) in [(0, 0), (3, 1), (300, 8), (40, 20)] {
            let point = |i: usize| Point {
                clip: i.to_string(),
                truth: i % classes.max(1),
                place: [(i as f64).sin() * 1e3, (i * i) as f64],
            };
            let projection = Projection {
                fold: "0".into(),
                seed: 1,
                explained: [0.5, f64::from(n.min(1)) * 0.2],
                points: (0..n as usize).map(point).collect(),
            };
            let classes: Vec<String> = (0..classes).map(|class| format!("a_class_of_name_{class}")).collect();
            let figure = Scatter { projection: &projection, classes: &classes, title: "t", subtitle: &[] };
            let svg = to_svg(&figure).unwrap();
            assert!(svg.contains("component 1 (50.0 % of the variance)") && !svg.contains("NaN"));
            save(&figure, &folder.path().join("scatter.png")).unwrap();
        }
    }
}
