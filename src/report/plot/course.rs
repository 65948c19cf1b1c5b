//! The course of values over the time of a recording: a line for each target, in a frame of its own from the least to the
//! greatest value that it can have. Silence interrupts the line.

use super::{
    COLUMN, Canvas, Figure,
    axes::{Axes, Axis, BELOW, left_of},
    canvas::Stroke,
    colour::LINES,
};
use crate::task::Scale;

/// Room for half of the last tick's label.
const RIGHT: f64 = 30.0;
/// Height of a target's frame.
const PANEL: f64 = 190.0;
const BETWEEN: f64 = 24.0;

/// A window of the recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Moment {
    /// Where it begins, in seconds.
    pub start: f64,
    /// Where it ends.
    pub end: f64,
    /// The value of every target; none of silence.
    pub values: Option<Vec<f32>>,
}

/// The picture of a recording's values.
#[derive(Debug, Clone, Copy)]
pub struct Course<'a> {
    /// The title.
    pub title: &'a str,
    /// The targets, a frame each.
    pub targets: &'a [String],
    /// Their ranges.
    pub scales: &'a [Scale],
    /// The windows, by their starts; they may overlap.
    pub moments: &'a [Moment],
}

impl Figure for Course<'_> {
    fn description(&self) -> String {
        format!("Course of {} over {} windows: {}", self.targets.join(", "), self.moments.len(), self.title)
    }

    fn draw(&self, canvas: &mut Canvas<'_>) -> (f64, f64) {
        let note = "A value stands in the middle of its window; the line is interrupted by silence.";
        let top = canvas.title(self.title, &[note]);
        let end = self.moments.iter().map(|of| of.end).filter(|end| end.is_finite()).fold(0.0, f64::max);
        let (unit, label) = if end > 600.0 { (60.0, "minutes") } else { (1.0, "seconds") };
        let mut x = Axis::around([0.0, end / unit], 0.1);
        // The picture ends with the recording, not with the next round number.
        x.high = (end / unit).max(0.1);
        x.ticks.retain(|&tick| tick <= x.high);
        let axes: Vec<Axis> = self
            .scales
            .iter()
            .map(|scale| Axis::around([scale.low, scale.high], (scale.high - scale.low) * 1e-3))
            .collect();
        let left = left_of(&axes.iter().collect::<Vec<_>>());
        let mut bottom = top;
        for (number, (name, y)) in self.targets.iter().zip(axes).enumerate() {
            let last = number + 1 == self.targets.len();
            let top = top + number as f64 * (PANEL + BETWEEN);
            let axes = Axes { left, top, width: COLUMN - RIGHT - left, height: PANEL, x: x.clone(), y };
            axes.draw(canvas, Some(name), last.then_some(label));
            let place = |of: &Moment| {
                let value =
                    of.values.as_ref().and_then(|values| values.get(number)).map_or(f64::NAN, |&v| f64::from(v));
                axes.place(f64::midpoint(of.start, of.end) / unit, value)
            };
            let line: Vec<_> = self.moments.iter().map(place).collect();
            canvas.line(&line, &Stroke::solid(LINES[number % LINES.len()], 3.0));
            bottom = axes.bottom();
        }
        (COLUMN, bottom + BELOW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::plot::{skeleton, to_svg};

    #[test]
    fn each_target_has_a_frame_and_silence_a_gap() {
        let moment = |at: f64, values: Option<[f32; 2]>| Moment {
            start: at,
            end: at + 3.0,
            values: values.map(|values| values.to_vec()),
        };
        let moments = [
            moment(0.0, Some([1.0, 0.5])),
            moment(1.0, Some([2.0, 0.25])),
            moment(2.0, None),
            moment(3.0, Some([7.0, -1.0])),
            moment(4.0, Some([3.0, 1.0])),
        ];
        let targets = ["arousal", "valence"].map(String::from);
        let scales = [Scale { low: 1.0, high: 7.0 }, Scale { low: -1.0, high: 1.0 }];
        let draw = |moments: &[Moment]| {
            skeleton(&to_svg(&Course { title: "t", targets: &targets, scales: &scales, moments }).unwrap())
        };
        let whole: Vec<Moment> = moments.iter().filter(|of| of.values.is_some()).cloned().collect();
        assert_eq!(draw(&moments).matches("<polyline").count(), draw(&whole).matches("<polyline").count() + 2);
        assert!(!draw(&[]).is_empty());
    }
}
