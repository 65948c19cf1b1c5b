//! A pair of axes: a frame, a grid at round numbers, and the way from data to the canvas.

use plotters::backend::DrawingBackend;

use super::{
    canvas::{Canvas, Stroke},
    colour::{FAINT, FRAME},
    font::{Across, Along, Text},
};
use crate::error::Result;

/// The size of tick labels, in units.
pub const TICK_SIZE: f64 = 20.0;
/// The size of axis labels, in units.
pub const LABEL_SIZE: f64 = 22.0;

/// One axis: the range of the data that it shows, and where it has ticks.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// The least value shown.
    pub low: f64,
    /// The greatest value shown, above `low`.
    pub high: f64,
    /// The values that have a grid line and a label.
    pub ticks: Vec<f64>,
    decimals: usize,
}

impl Axis {
    /// An axis that shows all `values`, from one tick to another; values that are not finite do not count.
    #[must_use]
    pub fn around(values: impl IntoIterator<Item = f64>, least_step: f64) -> Self {
        let (low, high) = range(values);
        let step = step((high - low).max(least_step) / 5.0, least_step);
        let (mut first, mut last) = ((low / step).floor(), (high / step).ceil());
        if first == last {
            // A measure that starts at 0 has nothing below.
            (first, last) = (if low == 0.0 { 0.0 } else { first - 1.0 }, last + 1.0);
        }
        Self { low: first * step, high: last * step, ticks: ticks(first, last, step), decimals: decimals(step) }
    }

    /// An axis of whole numbers from `first` to `last`, with a little room on either side.
    #[must_use]
    pub fn counting(first: usize, last: usize) -> Self {
        let (first, last) = (first as f64, last.max(first) as f64);
        let step = step((last - first) / 8.0, 1.0);
        let room = ((last - first) * 0.02).max(0.3);
        let ticks = if last - first < 8.0 {
            ticks(first, last, 1.0)
        } else {
            ticks((first / step).ceil(), (last / step).floor(), step)
        };
        Self { low: first - room, high: last + room, ticks, decimals: 0 }
    }

    /// How a tick is labelled.
    #[must_use]
    pub fn label(&self, tick: f64) -> String {
        // A loss that has gone astray should not push the plot off the page.
        if self.high.abs().max(self.low.abs()) >= 1e6 {
            format!("{tick:.0e}")
        } else {
            format!("{tick:.*}", self.decimals)
        }
    }

    fn fraction(&self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }
}

/// Two axes at a place on the canvas.
#[derive(Debug)]
pub struct Axes {
    /// Left end, in units.
    pub left: f64,
    /// Upper end, in units.
    pub top: f64,
    /// Width of the frame, in units.
    pub width: f64,
    /// Height of the frame, in units.
    pub height: f64,
    /// To the right.
    pub x: Axis,
    /// Upwards.
    pub y: Axis,
}

impl Axes {
    /// Where a point of the data is on the canvas.
    #[must_use]
    pub fn place(&self, x: f64, y: f64) -> (f64, f64) {
        (self.left + self.width * self.x.fraction(x), self.top + self.height * (1.0 - self.y.fraction(y)))
    }

    /// Draws the grid, the ticks of both axes and the label of y, `label_room` units left of the frame; x is labelled
    /// only if `x_label` is given.
    pub fn draw<DB: DrawingBackend>(
        &self,
        canvas: &mut Canvas<'_, DB>,
        y_label: &str,
        label_room: f64,
        x_label: Option<&str>,
    ) -> Result<()> {
        const TICK: Text = Text::new(TICK_SIZE);
        const LABEL: Text = Text::new(LABEL_SIZE);
        let (right, bottom) = (self.left + self.width, self.top + self.height);
        let grid = Stroke::solid(FAINT, 1.0);
        for &tick in &self.y.ticks {
            let (_, y) = self.place(self.x.low, tick);
            canvas.line(&[(self.left, y), (right, y)], &grid)?;
            canvas.text(self.left - 9.0, y, &self.y.label(tick), &TICK.at(Along::End, Across::Middle))?;
        }
        for &tick in &self.x.ticks {
            let (x, _) = self.place(tick, self.y.low);
            canvas.line(&[(x, self.top), (x, bottom)], &grid)?;
            if x_label.is_some() {
                canvas.text(x, bottom + 10.0, &self.x.label(tick), &TICK.at(Along::Middle, Across::Top))?;
            }
        }
        let frame = Stroke::solid(FRAME, 1.5);
        canvas.line(&[(self.left, self.top), (self.left, bottom)], &frame)?;
        canvas.line(&[(self.left, bottom), (right, bottom)], &frame)?;
        let middle = self.top + self.height / 2.0;
        canvas.text(self.left - label_room, middle, y_label, &LABEL.upwards().at(Along::Middle, Across::Top))?;
        if let Some(label) = x_label {
            let y = bottom + 10.0 + TICK_SIZE + 10.0;
            canvas.text(self.left + self.width / 2.0, y, label, &LABEL.at(Along::Middle, Across::Top))?;
        }
        Ok(())
    }
}

fn range(values: impl IntoIterator<Item = f64>) -> (f64, f64) {
    let finite = values.into_iter().filter(|value| value.is_finite());
    let (low, high) =
        finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    if low <= high { (low, high) } else { (0.0, 1.0) }
}

/// The round step (1, 2 or 5 times a power of ten) nearest above `wanted`.
fn step(wanted: f64, least: f64) -> f64 {
    let wanted = wanted.max(least);
    if !wanted.is_finite() || wanted <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(wanted.log10().floor());
    // 1e-9: 5.000000000001 is 5.
    [1.0, 2.0, 5.0].into_iter().map(|m| m * power).find(|step| *step >= wanted * (1.0 - 1e-9)).unwrap_or(10.0 * power)
}

fn ticks(first: f64, last: f64, step: f64) -> Vec<f64> {
    // 1000: whatever the numbers, the number of ticks is bounded.
    let count = (last - first).clamp(0.0, 1000.0) as u32;
    if last < first {
        return vec![];
    }
    (0..=count).map(|i| (first + f64::from(i)) * step).collect()
}

fn decimals(step: f64) -> usize {
    (-step.log10().floor()).clamp(0.0, 12.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_enclose_the_data() {
        let axis = Axis::around([0.31, 2.02], 0.01);
        assert_eq!((axis.low, axis.high), (0.0, 2.5));
        assert_eq!(
            axis.ticks.iter().map(|tick| axis.label(*tick)).collect::<Vec<_>>(),
            ["0.0", "0.5", "1.0", "1.5", "2.0", "2.5"]
        );
    }

    #[test]
    fn axis_of_odd_data_is_still_an_axis() {
        for values in [vec![], vec![f64::NAN], vec![0.0], vec![5.0, 5.0], vec![-1e300, 1e300], vec![f64::INFINITY, 3.0]]
        {
            let axis = Axis::around(values.clone(), 0.01);
            assert!(axis.low < axis.high && axis.low.is_finite() && axis.high.is_finite(), "{values:?}: {axis:?}");
            assert!((2..20).contains(&axis.ticks.len()), "{values:?}: {axis:?}");
        }
    }

    #[test]
    fn epochs_are_whole_numbers_within_the_axis() {
        for last in [1, 2, 7, 9, 60, 200, 100_000] {
            let axis = Axis::counting(1, last);
            assert!(!axis.ticks.is_empty() && axis.ticks.len() <= 11, "{last}: {axis:?}");
            assert!(
                axis.ticks.iter().all(|tick| tick.fract() == 0.0 && (1.0..=last as f64).contains(tick)),
                "{axis:?}"
            );
        }
    }
}
