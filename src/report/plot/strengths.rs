//! Figures over the strength of what was done to the clips: a line for each kind, with its interval at every strength.

use super::{
    COLUMN, Canvas, Figure,
    axes::{Axes, Axis, BELOW, left_of},
    canvas::Stroke,
    colour::{GREY, LINES},
    legend::{Sample, legend},
};

const RIGHT: f64 = 22.0;
const PANEL: f64 = 320.0;

/// A strength, the figure there, and the ends of its interval.
pub type Point = (f64, f64, Option<(f64, f64)>);

/// A line.
#[derive(Debug, Clone, PartialEq)]
pub struct Strength {
    /// What is done to the clips.
    pub name: String,
    /// Strength, figure and its interval, in the order of strengths.
    pub points: Vec<Point>,
}

/// The picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Strengths<'a> {
    /// The title.
    pub title: String,
    /// Lines below the title.
    pub subtitle: &'a [String],
    /// What the strengths are, with their unit.
    pub x: String,
    /// What is measured, with its unit.
    pub y: String,
    /// The lines.
    pub lines: Vec<Strength>,
    /// A figure to read them against, and what it is.
    pub references: Vec<(f64, String)>,
}

impl Strengths<'_> {
    fn stroke(number: usize) -> Stroke {
        let colour = LINES[number % LINES.len()];
        match number / LINES.len() {
            0 => Stroke::solid(colour, 2.5),
            _ => Stroke::dashed(colour, 2.5, 9.0, 4.0),
        }
    }
}

impl Figure for Strengths<'_> {
    fn description(&self) -> String {
        let line = |line: &Strength| {
            let points: Vec<String> = line.points.iter().map(|(x, y, _)| format!("{y:.1} at {x}")).collect();
            format!("{} {}", line.name, points.join(", "))
        };
        let lines: Vec<String> = self.lines.iter().map(line).collect();
        format!("{}: {} over {}: {}", self.title, self.y, self.x, lines.join("; "))
    }

    fn draw(&self, canvas: &mut Canvas<'_>) -> (f64, f64) {
        let top = canvas.header(&self.title, self.subtitle, "", COLUMN);
        let reference = |number: usize| Stroke::dashed(GREY, 2.0, if number == 0 { 12.0 } else { 3.0 }, 5.0);
        let lines = self.lines.iter().enumerate().map(|(i, line)| (Sample::Line(Self::stroke(i)), line.name.clone()));
        let against =
            self.references.iter().enumerate().map(|(i, (_, name))| (Sample::Line(reference(i)), name.clone()));
        let top = legend(canvas, top - 4.0, &lines.chain(against).collect::<Vec<_>>()) + 16.0;
        let all = || self.lines.iter().flat_map(|line| &line.points);
        let ends = all().flat_map(|(_, y, interval)| {
            let (low, high) = interval.unwrap_or((*y, *y));
            [*y, low, high]
        });
        let y = Axis::around(ends.chain(self.references.iter().map(|(value, _)| *value)), 1e-3);
        let x = Axis::around(all().map(|(x, ..)| *x), 1e-3);
        let left = left_of(&[&y]);
        let axes = Axes { left, top, width: COLUMN - RIGHT - left, height: PANEL, x, y };
        axes.draw(canvas, Some(&self.y), Some(&self.x));
        for (number, (value, _)) in self.references.iter().enumerate().filter(|(_, (value, _))| value.is_finite()) {
            let (_, y) = axes.place(axes.x.low, *value);
            canvas.line(&[(axes.left, y), (axes.left + axes.width, y)], &reference(number));
        }
        // Lines of one strength would hide each other's intervals: each stands a little beside the strength itself.
        let half = (self.lines.len() as f64 - 1.0) / 2.0 * 7.0;
        // None of them on the numbers beside the axis, or off the picture.
        let (first, last) = (axes.left + 7.0 + half, axes.left + axes.width - 7.0 - half);
        let beside = |number: usize, x: f64| x.clamp(first, last.max(first)) + number as f64 * 7.0 - half;
        for (number, line) in self.lines.iter().enumerate() {
            let stroke = Self::stroke(number);
            let place = |x: f64, y: f64| {
                let (x, y) = axes.place(x, y);
                (beside(number, x), y)
            };
            canvas.line(&line.points.iter().map(|(x, y, _)| place(*x, *y)).collect::<Vec<_>>(), &stroke);
            for (x, y, interval) in line.points.iter().filter(|(_, y, _)| y.is_finite()) {
                if let Some((low, high)) = interval {
                    canvas.line(&[place(*x, *low), place(*x, *high)], &Stroke::solid(stroke.colour, 1.3));
                }
                canvas.disc(place(*x, *y), 5.0, stroke.colour);
            }
        }
        (COLUMN, axes.bottom() + BELOW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::plot::{skeleton, to_svg};

    #[test]
    fn every_kind_has_a_line() {
        let line = |name: &str, fall: f64| Strength {
            name: name.into(),
            points: [0.0, 10.0, 20.0].map(|x| (x, 60.0 - fall * (20.0 - x), Some((50.0 - fall, 65.0)))).into(),
        };
        let figure = Strengths {
            title: "Noise".into(),
            subtitle: &[],
            x: "dB".into(),
            y: "UAR (%)".into(),
            lines: (0..7).map(|i| line(&format!("noise {i}"), f64::from(i))).collect(),
            references: vec![(60.0, "as they are".into())],
        };
        let svg = skeleton(&to_svg(&figure).unwrap());
        assert!(
            (0..7).all(|i| svg.contains(&format!("data-text=\"noise {i}\""))) && svg.contains("as they are"),
            "{svg}"
        );
        let discs = to_svg(&figure).unwrap();
        let places: Vec<f64> =
            discs.split("cx=\"").skip(1).map(|rest| rest.split('"').next().unwrap().parse().unwrap()).collect();
        let least = places.iter().copied().fold(f64::INFINITY, f64::min);
        let numbers = left_of(&[&Axis::around([43.0, 65.0], 1e-3)]);
        assert!(places.len() == 21 && least > numbers, "{least} is left of the axis at {numbers}");
        let none = Strengths { lines: vec![], references: vec![], ..figure };
        assert!(to_svg(&none).is_ok());
    }
}
