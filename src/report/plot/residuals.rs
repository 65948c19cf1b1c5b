//! How far predicted numbers are off, over what is predicted. A line that leaves 0 is a bias that depends on the prediction;
//! bars of unlike length, an error that does.

use super::{
    COLUMN, Canvas, Figure,
    axes::{Axes, Axis, BELOW, left_of},
    canvas::Stroke,
    colour::GREY,
    legend::{Sample, legend},
    numbers::{Cloud, MEAN, Numbers, bars},
};
use crate::eval::{CalibrationBin, Target};

const RIGHT: f64 = 30.0;
const PANEL: f64 = 420.0;

/// The picture.
#[derive(Debug, Clone, Copy)]
pub struct Residuals<'a>(pub Numbers<'a>);

impl Residuals<'_> {
    /// Prediction, and how far it lies above the truth.
    fn pairs(&self) -> impl Iterator<Item = (f64, f64)> {
        self.0.rows.iter().map(|row| {
            let prediction = row.prediction[self.0.number];
            (prediction, prediction - row.truth[self.0.number])
        })
    }

    /// An axis of residuals: 0 is in its middle, and the farthest one is on it.
    fn off(&self, least_step: f64) -> Axis {
        let farthest = self.pairs().fold(0.0, |most: f64, (_, off)| most.max(off.abs()));
        Axis::around([-farthest, farthest], least_step)
    }
}

impl Figure for Residuals<'_> {
    fn description(&self) -> String {
        let Target { name, figures, .. } = self.0.target;
        format!(
            "{}: predicted less true {name} over what is predicted, {} predictions; bias {:.3}, RMSE {:.3}",
            self.0.title, figures.n, figures.bias, figures.rmse
        )
    }

    fn draw(&self, canvas: &mut Canvas<'_>) -> (f64, f64) {
        let Target { name, range, figures, calibration, .. } = self.0.target;
        let bias = format!("{:+.3}", figures.bias).replace('-', "−");
        let what = format!("{name}, {} predictions: bias {bias}, RMSE {:.3}", figures.n, figures.rmse);
        let top = canvas.title(self.0.title, &self.0.subtitle.iter().chain([&what]).collect::<Vec<_>>());
        let right = Stroke::dashed(GREY, 1.5, 2.0, 5.0);
        let entries = [
            (Sample::Line(right), "right".to_owned()),
            (Sample::Line(MEAN), "mean of alike predictions, ± s.d.".to_owned()),
        ];
        let top = legend(canvas, top - 4.0, &entries) + 16.0;
        let step = (range.high - range.low) * 1e-3;
        let (x, y) = (Axis::around([range.low, range.high], step), self.off(step));
        let left = left_of(&[&y]);
        let axes = Axes { left, top, width: COLUMN - RIGHT - left, height: PANEL, x, y };
        let cloud = Cloud::of(self.pairs());
        cloud.behind(canvas, &axes);
        axes.draw(canvas, Some(&format!("predicted less true {name}")), Some(&format!("predicted {name}")));
        canvas.line(&[axes.place(axes.x.low, 0.0), axes.place(axes.x.high, 0.0)], &right);
        cloud.before(canvas, &axes);
        let bar = |bin: &CalibrationBin| {
            let at = |off: f64| (bin.prediction, off.clamp(axes.y.low, axes.y.high));
            let off = bin.prediction - bin.truth;
            [at(off - bin.truth_std), at(off), at(off + bin.truth_std)]
        };
        bars(canvas, &axes, calibration.iter().map(bar));
        (COLUMN, axes.bottom() + BELOW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        eval::{Bootstrap, evaluate_numbers, test_support::number_runs},
        report::plot::{skeleton, to_svg},
    };

    #[test]
    fn many_clips_are_a_density_and_the_farthest_is_on_an_axis_with_0_in_its_middle() {
        let found = evaluate_numbers(number_runs(2, 400, &[1], 0.4), Bootstrap { samples: 0, seed: 1 }).unwrap();
        let mut rows = found.numbers.rows.clone();
        // One prediction that is sixty too high.
        rows[0].prediction[0] = rows[0].truth[0] + 60.0;
        let numbers = Numbers { target: &found.targets[0], number: 0, rows: &rows, title: "t", subtitle: &[] };
        let axis = Residuals(numbers).off(0.01);
        assert!(axis.low <= -60.0 && axis.high >= 60.0 && axis.low == -axis.high, "{axis:?}");
        let svg = |rows| skeleton(&to_svg(&Residuals(Numbers { rows, ..numbers })).unwrap()).matches("<rect").count();
        assert!(svg(&found.numbers.rows) > 100 && svg(&rows) < svg(&found.numbers.rows));
    }
}
