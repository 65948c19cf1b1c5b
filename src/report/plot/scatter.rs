//! Clips as points of a plane, each emotion in a colour and a shape of its own.

use super::{
    COLUMN, Canvas, Figure,
    axes::{Axes, Axis, BELOW, left_of},
    legend::{Sample, legend},
    marker::point,
};
use crate::eval::Projection;

const RIGHT: f64 = 24.0;
const PANEL: f64 = 620.0;
/// Points that are drawn: more cover each other.
const MOST: usize = 10_000;

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

impl Scatter<'_> {
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

    fn draw(&self, canvas: &mut Canvas<'_>) -> (f64, f64) {
        let Projection { fold, seed, points, .. } = self.projection;
        let what = format!(
            "The penultimate layer, fold {fold}, seed {seed}: {} test clips along its principal components",
            points.len()
        );
        let top = canvas.title(self.title, &self.subtitle.iter().chain([&what]).collect::<Vec<_>>());
        let entries = self.classes.iter().enumerate().map(|(class, name)| (Sample::Point(class), name.clone()));
        let top = legend(canvas, top - 4.0, &entries.collect::<Vec<_>>()) + 16.0;
        let (x, y) = (self.axis(0), self.axis(1));
        let left = left_of(&[&y]);
        let axes = Axes { left, top, width: COLUMN - RIGHT - left, height: PANEL, x, y };
        axes.draw(canvas, Some(&self.label(1)), Some(&self.label(0)));
        // In a random order: of classes drawn one after the other the last would hide the rest.
        let mut points: Vec<_> = points.iter().collect();
        points.sort_by_key(|point| *blake3::hash(point.clip.as_bytes()).as_bytes());
        points.truncate(MOST);
        points.into_iter().for_each(|of| point(canvas, axes.place(of.place[0], of.place[1]), of.truth));
        (COLUMN, axes.bottom() + BELOW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        eval::projection::Point,
        report::plot::{skeleton, to_svg},
    };

    fn svg(n: usize, classes: usize, explained: [f64; 2]) -> String {
        let point = |i: usize| Point {
            clip: i.to_string(),
            truth: i % classes.max(1),
            place: [(i as f64).sin() * 1e3, (i * i) as f64],
        };
        let projection = Projection { fold: "0".into(), seed: 1, explained, points: (0..n).map(point).collect() };
        let classes: Vec<String> = (0..classes).map(|class| format!("a_class_of_name_{class}")).collect();
        skeleton(&to_svg(&Scatter { projection: &projection, classes: &classes, title: "t", subtitle: &[] }).unwrap())
    }

    #[test]
    fn every_class_has_its_marker_in_the_legend_and_in_the_plane() {
        insta::assert_snapshot!(svg(10, 10, [0.5, 0.2]));
    }

    #[test]
    fn no_points_or_a_thousand_classes_still_make_a_picture() {
        assert!(svg(0, 0, [0.5, 0.0]).contains("component 1 (50.0 % of the variance)"));
        assert!(svg(1_000, 1_000, [0.5, 0.2]).contains("and 952 more"));
    }
}
