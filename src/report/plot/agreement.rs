//! Predicted numbers over true ones: a density of many clips, points of few, and what was true on average where predictions are
//! alike. On the diagonal predictions are right; a line that is flatter than it keeps to the middle.

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
const PANEL: f64 = 620.0;

/// The picture.
#[derive(Debug, Clone, Copy)]
pub struct Agreement<'a>(pub Numbers<'a>);

impl Agreement<'_> {
    fn pairs(&self) -> impl Iterator<Item = (f64, f64)> {
        self.0.rows.iter().map(|row| (row.truth[self.0.number], row.prediction[self.0.number]))
    }
}

impl Figure for Agreement<'_> {
    fn description(&self) -> String {
        let Target { name, figures, .. } = self.0.target;
        format!(
            "{}: predicted {name} over the true one, {} predictions; CCC {:.3}, mean absolute error {:.3}",
            self.0.title,
            figures.n,
            figures.ccc.unwrap_or(0.0),
            figures.mae
        )
    }

    fn draw(&self, canvas: &mut Canvas<'_>) -> (f64, f64) {
        let Target { name, range, figures, calibration, .. } = self.0.target;
        let bias = format!("{:+.3}", figures.bias).replace('-', "−");
        let what = format!(
            "{name}, {} predictions: CCC {:.3}, MAE {:.3}, RMSE {:.3}, bias {bias}",
            figures.n,
            figures.ccc.unwrap_or(0.0),
            figures.mae,
            figures.rmse
        );
        let top = canvas.title(self.0.title, &self.0.subtitle.iter().chain([&what]).collect::<Vec<_>>());
        let diagonal = Stroke::dashed(GREY, 1.5, 2.0, 5.0);
        let entries = [
            (Sample::Line(diagonal), "right".to_owned()),
            (Sample::Line(MEAN), "mean truth of alike predictions, ± s.d.".to_owned()),
        ];
        let top = legend(canvas, top - 4.0, &entries) + 16.0;
        let axis = || Axis::around([range.low, range.high], (range.high - range.low) * 1e-3);
        let (x, y) = (axis(), axis());
        let left = left_of(&[&y]);
        let axes = Axes { left, top, width: COLUMN - RIGHT - left, height: PANEL, x, y };
        let cloud = Cloud::of(self.pairs());
        cloud.behind(canvas, &axes);
        axes.draw(canvas, Some(&format!("predicted {name}")), Some(&format!("true {name}")));
        canvas.line(&[axes.place(axes.x.low, axes.y.low), axes.place(axes.x.high, axes.y.high)], &diagonal);
        cloud.before(canvas, &axes);
        let bar = |bin: &CalibrationBin| {
            let at = |truth: f64| (truth.clamp(axes.x.low, axes.x.high), bin.prediction);
            [at(bin.truth - bin.truth_std), at(bin.truth), at(bin.truth + bin.truth_std)]
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

    fn svg(clips: usize) -> String {
        let found = evaluate_numbers(number_runs(2, clips, &[1], 0.4), Bootstrap { samples: 0, seed: 1 }).unwrap();
        let figure = Agreement(Numbers {
            target: &found.targets[0],
            number: 0,
            rows: &found.numbers.rows,
            title: "t",
            subtitle: &[],
        });
        skeleton(&to_svg(&figure).unwrap())
    }

    #[test]
    fn few_clips_are_points_and_many_a_density() {
        let (few, many) = (svg(20), svg(400));
        let count = |svg: &str, what: &str| svg.matches(what).count();
        assert!(few.contains("CCC") && count(&few, "<circle") + count(&few, "<polygon") >= 40, "{few}");
        assert!(count(&many, "<rect") > count(&few, "<rect") + 100, "{many}");
    }
}
