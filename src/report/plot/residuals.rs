//! How far predicted numbers are off, over what is predicted. A line that leaves 0 is a bias that depends on the prediction;
//! bars of unlike length, an error that does.

use super::{
    COLUMN, Canvas, Figure,
    axes::{Axes, Axis, BELOW, left_of},
    canvas::Stroke,
    cloud::Cloud,
    colour::{BLACK, GREY, VERMILLION},
    legend::{Sample, legend},
    marker::{SMALL_MARKER, marker},
};
use crate::{eval::Target, run::NumberRow};

const RIGHT: f64 = 30.0;
const PANEL: f64 = 420.0;

/// The picture.
#[derive(Debug, Clone, Copy)]
pub struct Residuals<'a> {
    /// The target's figures.
    pub target: &'a Target,
    /// Its place among the targets.
    pub number: usize,
    /// The predictions.
    pub rows: &'a [NumberRow],
    /// The title.
    pub title: &'a str,
    /// Lines below the title.
    pub subtitle: &'a [String],
}

impl Residuals<'_> {
    /// Prediction, and how far it lies above the truth.
    fn pairs(&self) -> impl Iterator<Item = (f64, f64)> {
        self.rows.iter().map(|row| {
            let prediction = row.prediction[self.number];
            (prediction, prediction - row.truth[self.number])
        })
    }
}

impl Figure for Residuals<'_> {
    fn description(&self) -> String {
        let Target { name, figures, .. } = self.target;
        format!(
            "{}: predicted less true {name} over what is predicted, {} predictions; bias {:.3}, RMSE {:.3}",
            self.title, figures.n, figures.bias, figures.rmse
        )
    }

    fn draw(&self, canvas: &mut Canvas<'_>) -> (f64, f64) {
        let Target { name, range, figures, calibration, .. } = self.target;
        let bias = format!("{:+.3}", figures.bias).replace('-', "−");
        let what = format!("{name}, {} predictions: bias {bias}, RMSE {:.3}", figures.n, figures.rmse);
        let top = canvas.title(self.title, &self.subtitle.iter().chain([&what]).collect::<Vec<_>>());
        let right = Stroke::dashed(GREY, 1.5, 2.0, 5.0);
        let mean = Stroke::solid(VERMILLION, 3.0);
        let entries = [
            (Sample::Line(right), "right".to_owned()),
            (Sample::Line(mean), "mean of alike predictions, ± s.d.".to_owned()),
        ];
        let top = legend(canvas, top - 4.0, &entries) + 16.0;
        let step = (range.high - range.low) * 1e-3;
        let farthest = self.pairs().fold(0.0, |most: f64, (_, off)| most.max(off.abs()));
        let x = Axis::around([range.low, range.high], step);
        let y = Axis::around([-farthest, farthest], step);
        let left = left_of(&[&y]);
        let axes = Axes { left, top, width: COLUMN - RIGHT - left, height: PANEL, x, y };
        let cloud = Cloud::of(self.pairs());
        cloud.behind(canvas, &axes);
        axes.draw(canvas, Some(&format!("predicted less true {name}")), Some(&format!("predicted {name}")));
        canvas.line(&[axes.place(axes.x.low, 0.0), axes.place(axes.x.high, 0.0)], &right);
        cloud.before(canvas, &axes);
        for bin in calibration {
            let off = bin.prediction - bin.truth;
            let ends = [off - bin.truth_std, off + bin.truth_std];
            let ends = ends.map(|end| axes.place(bin.prediction, end.clamp(axes.y.low, axes.y.high)));
            canvas.line(&ends, &Stroke::solid(BLACK, 1.2));
        }
        let line: Vec<_> =
            calibration.iter().map(|bin| axes.place(bin.prediction, bin.prediction - bin.truth)).collect();
        canvas.line(&line, &mean);
        line.into_iter().for_each(|place| marker(canvas, place, SMALL_MARKER));
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
    fn the_axis_has_room_for_the_largest_error_on_both_sides() {
        let found = evaluate_numbers(number_runs(2, 400, &[1], 0.4), Bootstrap { samples: 0, seed: 1 }).unwrap();
        let figure =
            Residuals { target: &found.targets[0], number: 0, rows: &found.numbers.rows, title: "t", subtitle: &[] };
        let svg = skeleton(&to_svg(&figure).unwrap());
        assert!(svg.contains("predicted less true") && svg.contains("RMSE"), "{svg}");
        assert!(svg.matches("<rect").count() > 100, "{svg}");
        let farthest = figure.pairs().fold(0.0, |most: f64, (_, off)| most.max(off.abs()));
        assert!(farthest > 0.0 && figure.pairs().all(|(at, _)| at.is_finite()));
    }
}
