//! A pair of axes: a frame, a grid at round numbers, and the way from data to the canvas.

use super::{
    COLUMN, MARGIN,
    canvas::{Canvas, Stroke},
    colour::{FAINT, FRAME},
    font::{Across, Along, Text, width},
};

/// The size of tick labels, in units.
pub(super) const TICK_SIZE: f64 = 20.0;
/// The size of axis labels, in units.
pub(super) const LABEL_SIZE: f64 = 22.0;
/// Room below a frame for the ticks and the label of its x axis, and the margin.
pub(super) const BELOW: f64 = 10.0 + TICK_SIZE + 10.0 + LABEL_SIZE + MARGIN;
/// Most room that names get beside a frame: more than half of a picture is for what it shows.
pub(super) const NAME_ROOM: f64 = 300.0;

/// One axis: the range of the data that it shows, and where it has ticks.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axis {
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
    pub(super) fn around(values: impl IntoIterator<Item = f64>, least_step: f64) -> Self {
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
    pub(super) fn counting(first: usize, last: usize) -> Self {
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
    pub(super) fn label(&self, tick: f64) -> String {
        // A loss that has diverged should not push the plot off the page.
        let label = match self.high.abs().max(self.low.abs()) >= 1e6 {
            true => format!("{tick:.0e}"),
            false => format!("{tick:.*}", self.decimals),
        };
        label.replace('-', "−")
    }

    fn fraction(&self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }
}

/// Two axes at a place on the canvas.
#[derive(Debug)]
pub(super) struct Axes {
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
    /// Axes whose y does not matter: what is drawn in them has its own rows.
    pub(super) fn of_rows(left: f64, right: f64, top: f64, height: f64, x: Axis) -> Self {
        Self { left, top, width: right - left, height, x, y: Axis::around([0.0, 1.0], 1.0) }
    }

    /// Where a point of the data is on the canvas.
    pub(super) fn place(&self, x: f64, y: f64) -> (f64, f64) {
        (self.across(x), self.top + self.height * (1.0 - self.y.fraction(y)))
    }

    /// Where a value of x is on the canvas.
    pub(super) fn across(&self, x: f64) -> f64 {
        self.left + self.width * self.x.fraction(x)
    }

    /// Lower end, in units.
    pub(super) fn bottom(&self) -> f64 {
        self.top + self.height
    }

    /// Draws the grid and the frame; the ticks and the label of y at the left margin if it has a label, those of x within
    /// [`BELOW`] if it has one.
    pub(super) fn draw(&self, canvas: &mut Canvas<'_>, y_label: Option<&str>, x_label: Option<&str>) {
        const TICK: Text = Text::new(TICK_SIZE);
        const LABEL: Text = Text::new(LABEL_SIZE);
        let (right, bottom) = (self.left + self.width, self.bottom());
        let grid = Stroke::solid(FAINT, 1.0);
        for &tick in self.y.ticks.iter().filter(|_| y_label.is_some()) {
            let (_, y) = self.place(self.x.low, tick);
            canvas.line(&[(self.left, y), (right, y)], &grid);
            canvas.text(self.left - 9.0, y, &self.y.label(tick), &TICK.at(Along::End, Across::Middle));
        }
        for &tick in &self.x.ticks {
            let x = self.across(tick);
            canvas.line(&[(x, self.top), (x, bottom)], &grid);
            if x_label.is_some() {
                canvas.text(x, bottom + 10.0, &self.x.label(tick), &TICK.at(Along::Middle, Across::Top));
            }
        }
        canvas.line(&[(self.left, self.top), (self.left, bottom), (right, bottom)], &Stroke::solid(FRAME, 1.5));
        if let Some(label) = y_label {
            let style = LABEL.upwards().at(Along::Middle, Across::Top);
            canvas.text(MARGIN, self.top + self.height / 2.0, label, &style);
        }
        if let Some(label) = x_label {
            // Beside long names an axis may be shorter than its label.
            let middle = (self.left + self.width / 2.0).min(COLUMN - MARGIN - width(label, LABEL_SIZE) / 2.0);
            canvas.text(middle, bottom + 10.0 + TICK_SIZE + 10.0, label, &LABEL.at(Along::Middle, Across::Top));
        }
    }
}

/// Where a frame begins that has the ticks and labels of these axes of y to its left.
pub(super) fn left_of(axes: &[&Axis]) -> f64 {
    let labels = axes.iter().flat_map(|axis| axis.ticks.iter().map(|&tick| width(&axis.label(tick), TICK_SIZE)));
    MARGIN + labels.fold(0.0, f64::max) + 21.0 + LABEL_SIZE
}

/// Where a frame begins that has these names to its left, each shortened to [`NAME_ROOM`].
pub(super) fn right_of<'a>(names: impl IntoIterator<Item = &'a str>, size: f64) -> f64 {
    MARGIN + names.into_iter().map(|name| width(name, size)).fold(0.0, f64::max).min(NAME_ROOM) + 10.0
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
